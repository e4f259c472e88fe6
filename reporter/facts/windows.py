"""Windows: facts from the registry and the session's variables; no program is started.

Not yet run on Windows: written from the documentation, tested with a registry of recorded values.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from reporter.facts.guard import Section
from reporter.facts.operating_system import OperatingSystem, system_proxies, virtual_machine

FIRST_BUILD_OF_WINDOWS_11 = 22_000

_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_PROCESSOR = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
_FIRMWARE = r"HARDWARE\DESCRIPTION\System\BIOS"
_ENVIRONMENT = r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
_TIME_ZONE = r"SYSTEM\CurrentControlSet\Control\TimeZoneInformation"
_INTERNATIONAL = r"Control Panel\International"
_INTERNET = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"


class Windows(OperatingSystem):
    """``winreg`` is the module of that name, a fake in tests."""

    def __init__(self, environ: Mapping[str, str], winreg: Any = None) -> None:
        super().__init__(environ)
        self._winreg = winreg or importlib.import_module("winreg")
        self.system_drive = environ.get("SystemDrive", "C:") + "\\"

    def system(self) -> Section:
        """Windows 11 still calls itself Windows 10 in the registry; its build number tells it."""
        version = self._machine(_VERSION)
        build = version("CurrentBuildNumber")
        name = version("ProductName")
        if name.startswith("Windows 10") and build.isdigit() and int(build) >= FIRST_BUILD_OF_WINDOWS_11:
            name = name.replace("Windows 10", "Windows 11", 1)
        revision = version("UBR")
        return {
            "name": f"{name} {version('DisplayVersion') or version('ReleaseId')}".strip(),
            "family": "Windows",
            "version": version("DisplayVersion") or version("ReleaseId"),
            "edition": version("EditionID"),
            "build": f"{build}.{revision}" if revision else build,
        }

    def processor(self) -> Section:
        """The registry tells the machine's architecture, also to an emulated process."""
        return {
            "model": self._machine(_PROCESSOR)("ProcessorNameString").strip(),
            "architecture": self._machine(_ENVIRONMENT)("PROCESSOR_ARCHITECTURE"),
        }

    def virtualization(self) -> Section:
        """From the names in the firmware."""
        firmware = self._machine(_FIRMWARE)
        hardware = f"{firmware('SystemManufacturer')} {firmware('SystemProductName')}"
        return {"virtual_machine": virtual_machine(hardware)}

    def locale(self) -> Section:
        """The regional format the person chose."""
        return {"format": self._person(_INTERNATIONAL)("LocaleName")}

    def time_zone(self) -> str:
        """Windows' own name, in English on every Windows: "FLE Standard Time"."""
        return self._machine(_TIME_ZONE)("TimeZoneKeyName").partition("\0")[0]

    def display(self) -> Section:
        """The session's name tells remote desktops."""
        session = self.environ.get("SESSIONNAME", "")
        return {"session": session.partition("#")[0], "is_remote": session.startswith(("RDP-", "ICA-"))}

    def proxy(self) -> Section:
        """The environment, else the person's Internet settings, with the automatic configuration."""
        section = super().proxy()
        if not section:
            from urllib.request import getproxies

            section = system_proxies(getproxies())
        internet = self._person(_INTERNET)
        script = internet("AutoConfigURL")
        if script:
            from reporter.texts.safe import without_secrets

            section["auto_config_url"] = without_secrets(script)
        if "bypass" not in section and section.get("source") == "system settings":
            section["bypass"] = ", ".join(internet("ProxyOverride").split(";"))
        return section

    def _machine(self, path: str) -> _Key:
        return _Key(self._winreg, self._winreg.HKEY_LOCAL_MACHINE, path)

    def _person(self, path: str) -> _Key:
        return _Key(self._winreg, self._winreg.HKEY_CURRENT_USER, path)


class _Key:
    """Reads values of one key as text; what does not exist is empty."""

    def __init__(self, winreg: Any, root: Any, path: str) -> None:
        self._winreg = winreg
        self._root = root
        self._path = path

    def __call__(self, name: str) -> str:
        # A 32-bit process would otherwise be shown its own copy of the registry.
        access = self._winreg.KEY_READ | self._winreg.KEY_WOW64_64KEY
        try:
            with self._winreg.OpenKey(self._root, self._path, 0, access) as key:
                return str(self._winreg.QueryValueEx(key, name)[0])
        except FileNotFoundError:
            return ""
