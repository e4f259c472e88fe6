"""Windows: facts from the registry, the session's variables and a few calls; no program is started.

Not yet run on Windows: written from the documentation, tested with a registry of recorded values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PureWindowsPath
from typing import Any

from reporter.facts import network, places, routes
from reporter.facts.guard import Row, Section
from reporter.facts.operating_system import OperatingSystem, system_proxies, virtual_machine
from reporter.facts.registry import Key, Registry
from reporter.facts.win32 import DRIVE_REMOTE, JOINED_TO_DOMAIN, Win32
from reporter.texts import N_

FIRST_BUILD_OF_WINDOWS_11 = 22_000
KEYBOARDS_LIMIT_ITEMS = 16

_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_PROCESSOR = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
_FIRMWARE = r"HARDWARE\DESCRIPTION\System\BIOS"
_CONTROL = r"SYSTEM\CurrentControlSet\Control"
_ENVIRONMENT = rf"{_CONTROL}\Session Manager\Environment"
_TIME_ZONE = rf"{_CONTROL}\TimeZoneInformation"
_LAYOUTS = rf"{_CONTROL}\Keyboard Layouts"
_CLOUD_JOIN = rf"{_CONTROL}\CloudDomainJoin\JoinInfo"
_ADAPTER_NAMES = rf"{_CONTROL}\Network\{{4D36E972-E325-11CE-BFC1-08002BE10318}}"
_ADAPTERS = rf"{_CONTROL}\Class\{{4D36E972-E325-11CE-BFC1-08002BE10318}}"
_SERVICES = r"SYSTEM\CurrentControlSet\Services"
_ADDRESSES = (rf"{_SERVICES}\Tcpip\Parameters\Interfaces", rf"{_SERVICES}\Tcpip6\Parameters\Interfaces")
_FIREWALL = rf"{_SERVICES}\SharedAccess\Parameters\FirewallPolicy"
_SECURITY_CENTER = r"SOFTWARE\Microsoft\Security Center\Provider"
_FIPS = rf"{_CONTROL}\Lsa\FipsAlgorithmPolicy"
_INTERNATIONAL = r"Control Panel\International"
_INTERNET = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
# Where Windows keeps the authorities it trusts, and where administrators and group policies add theirs.
_ROOTS = r"SOFTWARE\Microsoft\SystemCertificates\ROOT\Certificates"
_BUILT_IN_ROOTS = r"SOFTWARE\Microsoft\SystemCertificates\AuthRoot\Certificates"
_ADDED_ROOTS = (
    r"SOFTWARE\Policies\Microsoft\SystemCertificates\Root\Certificates",
    r"SOFTWARE\Microsoft\EnterpriseCertificates\Root\Certificates",
)
_SESSIONS = {"RDP-": "RDP", "ICA-": "Citrix"}
# Horizon leaves its protocol in a variable, and the session its ordinary name.
_HORIZON = {"BLAST": "Horizon Blast", "PCOIP": "PCoIP", "RDP": "RDP"}
_CLOCKS = {
    "NT5DS": N_("domain controller"),
    "NTP": N_("time server"),
    "AllSync": N_("domain controller or time server"),
    "NoSync": N_("nothing"),
}
_DISABLED = "4"
# What products register as a service, by allow-list. Antivirus programs also name themselves to the
# Security Center, which Windows for servers does not have.
_PROTECTION = {
    "CSFalconService": "CrowdStrike Falcon",
    "Sense": "Microsoft Defender for Endpoint",
    "WinDefend": "Microsoft Defender Antivirus",
    "SentinelAgent": "SentinelOne",
    "CbDefense": "Carbon Black",
    "cyserver": "Cortex XDR",
    "ekrn": "ESET",
    "klnagent": "Kaspersky Security Center agent",
    "DrWebAVService": "Dr.Web",
    "Sophos Endpoint Defense Service": "Sophos",
    "SepMasterService": "Symantec Endpoint Protection",
    "mfemms": "Trellix",
    "ds_agent": "Trend Micro Deep Security",
    "EPProtectedService": "Bitdefender",
    "ZSAService": "Zscaler",
    "stAgentSvc": "Netskope",
    "PanGPS": "GlobalProtect",
    "csc_vpnagent": "Cisco Secure Client",
    "vpnagent": "Cisco AnyConnect",
    "FA_Scheduler": "FortiClient",
    "TracSrvWrapper": "Check Point Endpoint Security",
}
_PROFILES = {
    "DomainProfile": "is_firewall_on_in_domain",
    "StandardProfile": "is_firewall_on_in_private",
    "PublicProfile": "is_firewall_on_in_public",
}
_PROGRAM_FILES = ("ProgramFiles", "ProgramFiles(x86)", "ProgramW6432")
_PROVIDERS = {"Av": N_("antivirus"), "Fw": N_("firewall")}


class Windows(OperatingSystem):
    """``winreg`` is the module of that name, ``calls`` what the system answers; fakes in tests."""

    path_kind = PureWindowsPath

    def __init__(self, environ: Mapping[str, str], winreg: Any = None, calls: Win32 | None = None) -> None:
        super().__init__(environ)
        registry = Registry(winreg)
        self._machine, self._person = registry.machine, registry.person
        self._calls = calls or Win32()
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

    def machine(self) -> Section:
        """From the firmware. Lenovo writes the name that people know into the family."""
        firmware = self._machine(_FIRMWARE)
        maker, model = firmware("SystemManufacturer").strip(), firmware("SystemProductName").strip()
        family = firmware("SystemFamily").strip()
        if maker == "LENOVO" and family.startswith("Think"):
            model = f"{family} ({model})"
        return {"maker": maker, "hardware_model": model}

    def domain(self) -> Section:
        """Of Active Directory by the system's word; of Entra by the key that joining leaves."""
        return {
            "is_domain_joined": self._calls.join_status() == JOINED_TO_DOMAIN,
            "is_cloud_joined": self._machine(_CLOUD_JOIN).count() > 0,
        }

    def processor(self) -> Section:
        """The registry tells the machine's architecture, also to an emulated process."""
        return {
            "model": self._machine(_PROCESSOR)("ProcessorNameString").strip(),
            "architecture": self._machine(_ENVIRONMENT)("PROCESSOR_ARCHITECTURE"),
        }

    def virtualization(self) -> Section:
        """From the names in the firmware, and the marks of containers and of Wine."""
        firmware = self._machine(_FIRMWARE)
        machine = virtual_machine(f"{firmware('SystemManufacturer')} {firmware('SystemProductName')}")
        if self._machine(r"SOFTWARE\Wine").exists() or self._person(r"SOFTWARE\Wine").exists():
            machine = "Wine"
        container = self._machine(_CONTROL)("ContainerType")
        return {"virtual_machine": machine, "container": "Windows container" if container else ""}

    def locale(self) -> Section:
        """The regional format the person chose."""
        return {"format": self._person(_INTERNATIONAL)("LocaleName")}

    def keyboard(self) -> Section:
        """The layouts that the person switches between, as Windows calls them in English."""
        loaded, replaced = (
            self._person(r"Keyboard Layout\Preload"),
            self._person(r"Keyboard Layout\Substitutes"),
        )
        numbers = [loaded(str(place)) for place in range(1, KEYBOARDS_LIMIT_ITEMS + 1)]
        layouts = [replaced(number) or number for number in numbers if number]
        named = [self._machine(_LAYOUTS).below(layout)("Layout Text") or layout for layout in layouts]
        return {"keyboard_layouts": list(dict.fromkeys(named))}

    def time_zone(self) -> str:
        """Windows' own name, in English on every Windows: "FLE Standard Time"."""
        return self._machine(_TIME_ZONE)("TimeZoneKeyName").partition("\0")[0]

    def clock(self) -> Section:
        """What the time service follows; the server's name stays here."""
        service = self._machine(rf"{_SERVICES}\W32Time")
        if service("Start") == _DISABLED:
            return {"clock_set_by": N_("nothing")}
        told = service.below("Parameters")("Type")
        return {"clock_services": ["W32Time"] if told else [], "clock_set_by": _CLOCKS.get(told, "")}

    def display(self) -> Section:
        """The session's name tells remote desktops; the system's word those with a name of their own."""
        session = self.environ.get("SESSIONNAME", "").partition("#")[0]
        protocol = next((name for sign, name in _SESSIONS.items() if session.startswith(sign)), "")
        protocol = protocol or _HORIZON.get(self.environ.get("ViewClient_Protocol", "").upper(), "")
        is_remote = bool(protocol) or self._calls.is_remote_session()
        return {"session": session, "is_remote": is_remote, "remote_protocol": protocol}

    def monitors(self) -> Section:
        """Monitors and the scaling that the person chose for each."""
        return {
            "monitors": [
                {
                    "width_px": one.width_px,
                    "height_px": one.height_px,
                    "scale_percent": one.scale_percent,
                    "is_primary": one.is_primary,
                }
                for one in self._calls.monitors()
            ]
        }

    def gateways(self) -> Section:
        """Of the adapters that are up: what is configured, else what was leased."""
        rows: list[Row] = []
        for name, settings in self._adapters_up():
            found = _lines(settings, "DefaultGateway") or _lines(settings, "DhcpDefaultGateway")
            rows += [{"address": one, "interface": name, "metric": None} for one in found]
        return {"gateways": rows[: routes.ROUTES_LIMIT_ITEMS]}

    def name_servers(self) -> Section:
        """Of the adapters that are up: what is configured, else what was leased."""
        found = []
        for _, settings in self._adapters_up():
            found += _lines(settings, "NameServer") or _lines(settings, "DhcpNameServer")
        return {"name_servers": routes.addresses(found)}

    def trust(self) -> Section:
        """The system's own store; Windows loads what Microsoft ships as it is needed, so few are counted."""
        added = sum(self._machine(path).count() for path in _ADDED_ROOTS)
        count = self._machine(_ROOTS).count() + self._machine(_BUILT_IN_ROOTS).count() + added
        return {"kind": N_("operating system"), "ca_count": count, "private_ca_count": added}

    def protection(self) -> Section:
        """What the Security Center lists, then the known services that are not switched off."""
        rows: list[Row] = []
        for provider, kind in _PROVIDERS.items():
            products = self._machine(rf"{_SECURITY_CENTER}\{provider}")
            for name in products.names():
                product = products.below(name)
                rows.append({"name": product("DISPLAYNAME"), "kind": kind, **_state(product("STATE"))})
        services = self._machine(_SERVICES)
        for name, product_name in _PROTECTION.items():
            start = services.below(name)("Start")
            if start and start != _DISABLED:
                rows.append({"name": product_name, "kind": N_("service"), "is_on": True})
        return {"products": [row for row in rows if row["name"]]}

    def hardening(self) -> Section:
        """The firewall of Windows per kind of network, and whether old encryption is forbidden."""
        section: Section = {"is_fips": self._machine(_FIPS)("Enabled") == "1"}
        for profile, fact in _PROFILES.items():
            told = self._machine(_FIREWALL).below(profile)("EnableFirewall")
            section[fact] = told == "1" if told else None
        return section

    def folders(self) -> list[places.Folder]:
        """From the variables that Windows gives to every program."""
        return [
            (self.environ.get("USERPROFILE", ""), places.HOME_FOLDER),
            (self.environ.get("SystemRoot", r"C:\Windows"), places.SYSTEM_FOLDER),
            *((self.environ.get(name, ""), places.PROGRAM_FILES) for name in _PROGRAM_FILES),
            *((self.environ.get(name, ""), places.TEMPORARY_FOLDER) for name in ("TEMP", "TMP")),
        ]

    def is_remote(self, path: str) -> bool:
        """A share, or a drive letter that stands for one."""
        drive = PureWindowsPath(path).drive
        if drive.startswith("\\\\"):
            is_device = drive[:4] in ("\\\\?\\", "\\\\.\\")
            return not is_device or drive[4:7].upper() == "UNC"
        return bool(drive) and self._calls.drive_type(f"{drive}\\") == DRIVE_REMOTE

    def interface_kinds(self) -> Mapping[str, str]:
        """From the names of the drivers: people call a VPN "Ethernet 3"."""
        names = self._adapter_names()
        kinds = {}
        adapters = self._machine(_ADAPTERS)
        for number in adapters.names():
            if number.isdigit():
                adapter = adapters.below(number)
                kind = network.kind_of(adapter("DriverDesc"))
                name = names.get(adapter("NetCfgInstanceId").upper())
                if name and kind != network.OTHER:
                    kinds[name] = kind
        return kinds

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

    def _adapter_names(self) -> dict[str, str]:
        """GUID of an adapter → the name that people see."""
        adapters = self._machine(_ADAPTER_NAMES)
        guids = [name for name in adapters.names() if name.startswith("{")]
        return {guid.upper(): adapters.below(rf"{guid}\Connection")("Name") for guid in guids}

    def _adapters_up(self) -> list[tuple[str, Key]]:
        """Name and addresses of those adapters that are up, in both families."""
        up = network.names_up()
        named = [(guid, name) for guid, name in self._adapter_names().items() if name in up]
        return [(name, self._machine(path).below(guid)) for guid, name in named for path in _ADDRESSES]


def _lines(key: Key, name: str) -> list[str]:
    """Addresses, which the registry writes as several lines or as one with spaces or commas."""
    found = key.value(name)
    texts = map(str, found) if isinstance(found, list) else re.split(r"[\s,]+", str(found or ""))
    return routes.addresses(texts)


def _state(told: str) -> Row:
    """The Security Center's number: its second byte says whether the product is on, the lowest whether it
    is up to date."""
    if not told.isdigit():
        return {}
    state = int(told)
    return {"is_on": (state >> 12) & 0xF == 1, "is_current": (state >> 4) & 0xF == 0}
