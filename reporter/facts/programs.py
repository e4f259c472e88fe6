"""Programs: which of the known ones run, by allow-list; no other program is ever told.

Known are what guards a computer, for it may stand between a program and its server, and what sets its clock.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from reporter.facts.files import Files

NAME_LIMIT_CHARS = 15
"""As many characters of a program's name does Linux keep."""

# What Linux calls the process → the product.
PROTECTION = {
    "falcon-sensor": "CrowdStrike Falcon",
    "falcon-sensor-bpf": "CrowdStrike Falcon",
    "wdavdaemon": "Microsoft Defender for Endpoint",
    "mdatp": "Microsoft Defender for Endpoint",
    "mdatp_audisp_pl": "Microsoft Defender for Endpoint",
    "clamd": "ClamAV",
    "clamonacc": "ClamAV",
    "freshclam": "ClamAV",
    "ds_agent": "Trend Micro Deep Security",
    "ds_am": "Trend Micro Deep Security",
    "s1-agent": "SentinelOne",
    "sentinelone-agent": "SentinelOne",
    "cbagentd": "Carbon Black",
    "cbdaemon": "Carbon Black",
    "pmd": "Cortex XDR",
    "traps_pmd": "Cortex XDR",
    "sophos-spl": "Sophos",
    "sophos_threat_detector": "Sophos",
    "savd": "Sophos",
    "esets_daemon": "ESET",
    "oaeventd": "ESET",
    "kesl": "Kaspersky Endpoint Security",
    "klnagent": "Kaspersky Security Center agent",
    "drweb-configd": "Dr.Web",
    "drweb-spider": "Dr.Web",
    "bdsecd": "Bitdefender",
    "bdagentd": "Bitdefender",
    "mfetpd": "Trellix",
    "masvc": "Trellix",
    "elastic-agent": "Elastic Agent",
    "elastic-endpoint": "Elastic Defend",
    "wazuh-agentd": "Wazuh",
    "ossec-agentd": "OSSEC",
    "auditd": "Linux Audit",
    "osqueryd": "osquery",
    "qualys-cloud-agent": "Qualys",
    "nessusd": "Nessus",
    "ir_agent": "Rapid7 Insight Agent",
    "snort": "Snort",
    "suricata": "Suricata",
    "zstunnel": "Zscaler",
    "zsaservice": "Zscaler",
    "stAgentSvc": "Netskope",
    "usbguard-daemon": "USBGuard",
    "fail2ban-server": "Fail2ban",
    "firewalld": "firewalld",
}
CLOCK = {
    "chronyd": "chrony",
    "ntpd": "ntpd",
    "ntpsec": "NTPsec",
    "systemd-timesyncd": "systemd-timesyncd",
    "ptp4l": "linuxptp",
}


class Programs:
    """The names of the programs that run, read once from /proc."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self._sees_all: bool | None = None

    def running(self, known: Mapping[str, str]) -> list[str]:
        """The products of the known programs that run, each once, in the order of ``known``.

        Raises PermissionError where the system hides the programs of others: then the absence of one
        would tell nothing.
        """
        with self._lock:
            if self._sees_all is None:
                numbers = [name for name in self._files.names("proc") if name.isdigit()]
                self._names = {self._files.line(f"proc/{number}/comm") for number in numbers}
                self._sees_all = "1" in numbers
        found = [product for name, product in known.items() if name[:NAME_LIMIT_CHARS] in self._names]
        if not found and not self._sees_all:
            raise PermissionError(None, "The programs of others are hidden")
        return list(dict.fromkeys(found))
