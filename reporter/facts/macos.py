"""MacOS: facts from property lists, and one call each of sysctl, netstat and CoreGraphics.

Not yet run on macOS: written from the documentation, tested with recorded property lists and answers.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reporter.facts import places, quartz, routes
from reporter.facts.files import Files
from reporter.facts.guard import Row, Section
from reporter.facts.operating_system import OperatingSystem, remote_protocol, system_proxies, zone_of_link
from reporter.texts import N_

PROGRAM_LIMIT_S = 1
PROPERTY_LIST_LIMIT_BYTES = 4 * 1024 * 1024

_NAMES = {
    "11": "Big Sur",
    "12": "Monterey",
    "13": "Ventura",
    "14": "Sonoma",
    "15": "Sequoia",
    "26": "Tahoe",
}
_SYSCTL = (
    "/usr/sbin/sysctl",
    *("machdep.cpu.brand_string", "hw.optional.arm64", "hw.model", "kern.hv_vmm_present"),
)
_NETSTAT = ("/usr/sbin/netstat", "-rn")
_SYSTEM = "System/Library/CoreServices/SystemVersion.plist"
_XPROTECT = "Library/Apple/System/Library/CoreServices/XProtect.bundle/Contents/Info.plist"
_EXTENSIONS = "Library/SystemExtensions/db.plist"
_FIREWALL = "Library/Preferences/com.apple.alf.plist"
_CLOCK = "private/var/db/timed/com.apple.timed.plist"
_INTERFACES = "Library/Preferences/SystemConfiguration/NetworkInterfaces.plist"
_ADDED_ROOTS = "Library/Security/Trust Settings/Admin.plist"
_DIRECTORIES = "Library/Preferences/OpenDirectory/Configurations/Active Directory"
_KINDS = {"IEEE80211": "wireless", "Ethernet": "wired", "Bluetooth": "Bluetooth", "WWAN": "mobile"}
# What products call their system extensions begins so; no other extension is told.
_PROTECTION = {
    "com.crowdstrike.falcon.": "CrowdStrike Falcon",
    "com.microsoft.wdav.": "Microsoft Defender for Endpoint",
    "com.sentinelone.": "SentinelOne",
    "com.vmware.carbonblack.": "Carbon Black",
    "com.paloaltonetworks.traps.": "Cortex XDR",
    "com.paloaltonetworks.GlobalProtect.": "GlobalProtect",
    "com.cisco.anyconnect.": "Cisco Secure Client",
    "com.eset.": "ESET",
    "com.kaspersky.": "Kaspersky",
    "com.drweb.": "Dr.Web",
    "com.sophos.": "Sophos",
    "com.bitdefender.": "Bitdefender",
    "com.jamf.protect.": "Jamf Protect",
    "com.symantec.": "Symantec Endpoint Protection",
    "com.trendmicro.": "Trend Micro",
    "com.zscaler.": "Zscaler",
    "com.netskope.": "Netskope",
    "com.fortinet.": "FortiClient",
    "at.obdev.littlesnitch.": "Little Snitch",
}
_REMOTE_FILE_SYSTEMS = {"smbfs", "nfs", "afpfs", "webdav", "ftp", "macfuse", "osxfuse", "autofs"}
_FOLDERS = (
    *((path, places.SYSTEM_FOLDER) for path in ("/System", "/usr", "/bin", "/sbin", "/Library", "/private")),
    *((path, places.PROGRAM_FILES) for path in ("/Applications", "/opt", "/usr/local")),
    *(
        (path, places.TEMPORARY_FOLDER)
        for path in ("/tmp", "/private/tmp", "/private/var/folders", "/var/folders")  # noqa: S108 - told
    ),
)

Ask = Callable[[Sequence[str]], str]
"""Starts a program and gives what it prints."""


def _ask(command: Sequence[str]) -> str:
    # The exit status of sysctl is 1 when one of the names is unknown on this machine; the others are told.
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=PROGRAM_LIMIT_S, check=False
    ).stdout


class MacOS(OperatingSystem):
    """``root``, ``home``: folders; ``ask``: what programs answer; ``displays``: what CoreGraphics does;
    others in tests."""

    def __init__(
        self,
        environ: Mapping[str, str],
        root: Path = Path("/"),
        home: Path | None = None,
        ask: Ask = _ask,
        displays: Callable[[], list[quartz.Display]] = quartz.displays,
    ) -> None:
        super().__init__(environ)
        self._files = Files(root)
        self._home = home
        self._ask = ask
        self._displays = displays

    def system(self) -> Section:
        """From SystemVersion.plist; the name people use stands in a table here."""
        version = self._property_list(_SYSTEM)
        number = str(version.get("ProductVersion", ""))
        name = f"{version.get('ProductName', 'macOS')} {number}".strip()
        called = _NAMES.get(number.partition(".")[0], "")
        return {
            "name": f"{name} ({called})" if called else name,
            "family": "macOS",
            "version": number,
            "build": str(version.get("ProductBuildVersion", "")),
            "kernel": os.uname().release,
        }

    def machine(self) -> Section:
        """The model as Apple numbers it, such as MacBookPro18,3."""
        return {"maker": "Apple", "hardware_model": self._sysctl().get("hw.model", "")}

    def domain(self) -> Section:
        """From the folder where a directory of Active Directory is configured; unknown where it is closed."""
        there = self._files.is_there(_DIRECTORIES)
        return {"is_domain_joined": bool(self._files.names(_DIRECTORIES)) if there else there}

    def processor(self) -> Section:
        """The machine's architecture is told also to a process that Rosetta translates."""
        told = self._sysctl()
        is_arm = told.get("hw.optional.arm64") == "1"
        return {
            "model": told.get("machdep.cpu.brand_string", ""),
            "architecture": "arm64" if is_arm else "x86_64",
        }

    def virtualization(self) -> Section:
        """Whether a hypervisor runs below."""
        is_virtual = self._sysctl().get("kern.hv_vmm_present") == "1"
        return {"virtual_machine": "unknown hypervisor" if is_virtual else ""}

    def locale(self) -> Section:
        """The regional format the person chose."""
        return {"format": str(self._preferences(".GlobalPreferences").get("AppleLocale", ""))}

    def keyboard(self) -> Section:
        """The layouts that the person switches between."""
        enabled = self._preferences("com.apple.HIToolbox").get("AppleEnabledInputSources")
        sources = [source for source in _items(enabled) if isinstance(source, dict)]
        names = [source.get("KeyboardLayout Name") or source.get("Input Mode") for source in sources]
        return {"keyboard_layouts": list(dict.fromkeys(str(name) for name in names if name))}

    def time_zone(self) -> str:
        """From the link /etc/localtime."""
        return zone_of_link(self._files.root / "etc/localtime")

    def clock(self) -> Section:
        """Whether the system sets its clock by itself."""
        told = self._property_list(_CLOCK).get("TMAutomaticTimeOnlyEnabled")
        is_automatic = told if isinstance(told, bool) else None
        named = {True: N_("time server"), False: N_("nothing")}
        return {
            "clock_services": ["timed"],
            "clock_set_by": "" if is_automatic is None else named[is_automatic],
        }

    def display(self) -> Section:
        """There is one desktop; over ssh there is none."""
        protocol = remote_protocol(self.environ)
        return {
            "session": "no display" if protocol else "Aqua",
            "is_remote": bool(protocol),
            "remote_protocol": protocol,
        }

    def monitors(self) -> Section:
        """Displays with their real pixels, and how much bigger than those things are drawn."""
        return {
            "monitors": [
                {
                    "width_px": one.width_px,
                    "height_px": one.height_px,
                    "scale_percent": round(one.width_px * 100 / one.width_points)
                    if one.width_points
                    else None,
                    "is_primary": one.is_primary,
                }
                for one in self._displays()
            ]
        }

    def gateways(self) -> Section:
        """From the routing table."""
        return {"gateways": routes.gateways_of_netstat(self._ask(_NETSTAT))}

    def name_servers(self) -> Section:
        """From resolv.conf, which the system keeps for programs of other systems."""
        return {"name_servers": routes.name_servers_of(self._files.required("etc/resolv.conf"))}

    def trust(self) -> Section:
        """The system's own store, and how many authorities administrators added to it."""
        section: Section = {"kind": N_("operating system")}
        try:
            added = self._property_list(_ADDED_ROOTS).get("trustList")
        except FileNotFoundError:
            added = {}
        return section | {"private_ca_count": len(added) if isinstance(added, dict) else None}

    def protection(self) -> Section:
        """XProtect, and the known ones among the system extensions that are switched on."""
        version = self._property_list(_XPROTECT).get("CFBundleShortVersionString")
        rows: list[Row] = [{"name": "XProtect", "version": str(version or ""), "is_on": True}]
        try:
            listed = _items(self._property_list(_EXTENSIONS).get("extensions"))
        except FileNotFoundError:
            listed = []
        states: dict[str, bool] = {}
        for extension in listed:
            told = extension if isinstance(extension, dict) else {}
            identifier = str(told.get("identifier", ""))
            for beginning, product in _PROTECTION.items():
                if identifier.startswith(beginning):
                    is_on = told.get("state") == "activated_enabled"
                    states[product] = states.get(product, False) or is_on
        rows += [{"name": name, "is_on": is_on} for name, is_on in states.items()]
        return {"products": rows}

    def hardening(self) -> Section:
        """The firewall for applications; newer systems keep its state from programs."""
        try:
            state = self._property_list(_FIREWALL).get("globalstate")
        except FileNotFoundError:
            return {}
        return {"is_firewall_on": state > 0 if isinstance(state, int) else None}

    def folders(self) -> list[places.Folder]:
        """As Apple lays them out."""
        own = [
            (self.environ.get("HOME", ""), places.HOME_FOLDER),
            (self.environ.get("TMPDIR", ""), places.TEMPORARY_FOLDER),
        ]
        return [*_FOLDERS, *own]

    def is_remote(self, path: str) -> bool:
        """By the kind of the volume that is mounted there, as the kernel remembers it."""
        import psutil

        mounted = [(one.mountpoint.rstrip("/"), one.fstype) for one in psutil.disk_partitions(all=True)]
        found = [one for one in mounted if path == one[0] or path.startswith(f"{one[0]}/")]
        return bool(found) and max(found, key=lambda one: len(one[0]))[1] in _REMOTE_FILE_SYSTEMS

    def interface_kinds(self) -> Mapping[str, str]:
        """From the list that the system keeps; en0 is Wi-Fi on one Mac and Ethernet on another."""
        kinds = {}
        for interface in _items(self._property_list(_INTERFACES).get("Interfaces")):
            told = interface if isinstance(interface, dict) else {}
            kind = _KINDS.get(str(told.get("SCNetworkInterfaceType")))
            if kind:
                kinds[str(told.get("BSD Name"))] = kind
        return kinds

    def proxy(self) -> Section:
        """The environment, else the network settings."""
        section = super().proxy()
        if section:
            return section
        from urllib.request import getproxies

        return system_proxies(getproxies())

    def _sysctl(self) -> dict[str, str]:
        lines = (line.partition(": ") for line in self._ask(_SYSCTL).splitlines())
        return {name: value.strip() for name, _, value in lines}

    def _property_list(self, path: str) -> dict[str, Any]:
        import plistlib

        content = plistlib.loads(self._files.content(path, PROPERTY_LIST_LIMIT_BYTES))
        return content if isinstance(content, dict) else {}

    def _preferences(self, name: str) -> dict[str, Any]:
        home = self._home or Path.home()
        # A path from the root stays itself below any root.
        return self._property_list(str(home / f"Library/Preferences/{name}.plist"))


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
