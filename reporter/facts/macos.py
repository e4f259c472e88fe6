"""MacOS: facts from property lists and one call of sysctl.

Not yet run on macOS: written from the documentation, tested with recorded property lists and answers.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reporter.facts.guard import Section
from reporter.facts.operating_system import OperatingSystem, system_proxies, zone_of_link

SYSCTL_LIMIT_S = 1

_NAMES = {
    "11": "Big Sur",
    "12": "Monterey",
    "13": "Ventura",
    "14": "Sonoma",
    "15": "Sequoia",
    "26": "Tahoe",
}
_SYSCTL = ["/usr/sbin/sysctl", "machdep.cpu.brand_string", "hw.optional.arm64", "kern.hv_vmm_present"]


def _ask_sysctl() -> str:
    # Its exit status is 1 when one of the names is unknown on this machine; the others are told.
    return subprocess.run(
        _SYSCTL, capture_output=True, text=True, errors="replace", timeout=SYSCTL_LIMIT_S, check=False
    ).stdout


class MacOS(OperatingSystem):
    """``root``, ``home``: folders, and ``ask_sysctl`` the answer of sysctl; others in tests."""

    def __init__(
        self,
        environ: Mapping[str, str],
        root: Path = Path("/"),
        home: Path | None = None,
        ask_sysctl: Callable[[], str] = _ask_sysctl,
    ) -> None:
        super().__init__(environ)
        self.root = root
        self._home = home
        self._ask_sysctl = ask_sysctl

    def system(self) -> Section:
        """From SystemVersion.plist; the name people use stands in a table here."""
        version = _property_list(self.root / "System/Library/CoreServices/SystemVersion.plist")
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
        return {
            "virtual_machine": "unknown hypervisor"
            if self._sysctl().get("kern.hv_vmm_present") == "1"
            else ""
        }

    def locale(self) -> Section:
        """The regional format the person chose."""
        home = self._home or Path.home()
        chosen = _property_list(home / "Library/Preferences/.GlobalPreferences.plist")
        return {"format": str(chosen.get("AppleLocale", ""))}

    def time_zone(self) -> str:
        """From the link /etc/localtime."""
        return zone_of_link(self.root / "etc/localtime")

    def display(self) -> Section:
        """There is one desktop; over ssh there is none."""
        is_remote = bool(self.environ.get("SSH_CONNECTION"))
        return {"session": "no display" if is_remote else "Aqua", "is_remote": is_remote}

    def proxy(self) -> Section:
        """The environment, else the network settings."""
        section = super().proxy()
        if section:
            return section
        from urllib.request import getproxies

        return system_proxies(getproxies())

    def _sysctl(self) -> dict[str, str]:
        lines = (line.partition(": ") for line in self._ask_sysctl().splitlines())
        return {name: value.strip() for name, _, value in lines}


def _property_list(path: Path) -> dict[str, Any]:
    import plistlib

    with path.open("rb") as file:
        content = plistlib.load(file)
    return content if isinstance(content, dict) else {}
