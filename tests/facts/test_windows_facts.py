"""Windows as its registry describes it: a fake registry with values as machines have them."""

from __future__ import annotations

import urllib.request
from types import SimpleNamespace, TracebackType

import psutil
import pytest

from reporter.facts.collect import collect
from reporter.facts.win32 import Monitor, Win32
from reporter.facts.windows import Windows

VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
INTERNET = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
LAYOUTS = r"SYSTEM\CurrentControlSet\Control\Keyboard Layouts"
SERVICES = r"SYSTEM\CurrentControlSet\Services"
ADAPTERS = r"SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"
CLASS = r"SYSTEM\CurrentControlSet\Control\Class\{4D36E972-E325-11CE-BFC1-08002BE10318}"
CENTER = r"SOFTWARE\Microsoft\Security Center\Provider"
FIREWALL = rf"{SERVICES}\SharedAccess\Parameters\FirewallPolicy"
CERTIFICATES = r"SOFTWARE\Microsoft\SystemCertificates"
WIFI = "{0B1B2B3B-0000-4000-8000-00000000000A}"
TUNNEL = "{0C1C2C3C-0000-4000-8000-00000000000B}"
OLD = "{0D1D2D3D-0000-4000-8000-00000000000C}"

MACHINE: dict[str, dict[str, object]] = {
    VERSION: {
        "ProductName": "Windows 10 Pro",
        "CurrentBuildNumber": "22631",
        "UBR": 4169,
        "DisplayVersion": "23H2",
        "EditionID": "Professional",
    },
    r"HARDWARE\DESCRIPTION\System\CentralProcessor\0": {
        "ProcessorNameString": "11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz   "
    },
    r"HARDWARE\DESCRIPTION\System\BIOS": {
        "SystemManufacturer": "VMware, Inc.",
        "SystemProductName": "VMware7,1",
    },
    r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment": {"PROCESSOR_ARCHITECTURE": "AMD64"},
    r"SYSTEM\CurrentControlSet\Control\TimeZoneInformation": {"TimeZoneKeyName": "FLE Standard Time\0\0"},
    rf"{LAYOUTS}\00000409": {"Layout Text": "US"},
    rf"{LAYOUTS}\00020422": {"Layout Text": "Ukrainian (Enhanced)"},
    rf"{SERVICES}\W32Time": {"Start": 2},
    rf"{SERVICES}\W32Time\Parameters": {"Type": "NT5DS", "NtpServer": "planted-time.corp,0x9"},
    rf"{SERVICES}\Tcpip\Parameters\Interfaces\{WIFI.lower()}": {
        "DhcpDefaultGateway": ["192.168.1.1"],
        "DhcpNameServer": "192.168.1.1 192.168.1.2",
        "NameServer": "",
        "DhcpDomain": "planted.corp",
    },
    rf"{SERVICES}\Tcpip\Parameters\Interfaces\{TUNNEL}": {
        "DefaultGateway": ["0.0.0.0", ""],
        "NameServer": "10.0.0.53,10.0.0.54",
    },
    rf"{SERVICES}\Tcpip\Parameters\Interfaces\{OLD}": {"DhcpDefaultGateway": ["172.16.0.1"]},
    rf"{ADAPTERS}\{WIFI}\Connection": {"Name": "WLAN"},
    rf"{ADAPTERS}\{TUNNEL}\Connection": {"Name": "Ethernet 3"},
    rf"{ADAPTERS}\{OLD}\Connection": {"Name": "Ethernet"},
    rf"{ADAPTERS}\Descriptions": {},
    rf"{CLASS}\0001": {"DriverDesc": "Intel(R) Wi-Fi 6 AX201 160MHz", "NetCfgInstanceId": WIFI},
    rf"{CLASS}\0002": {"DriverDesc": "PANGP Virtual Ethernet Adapter", "NetCfgInstanceId": TUNNEL},
    rf"{CLASS}\0003": {"DriverDesc": "Realtek PCIe GbE Family Controller", "NetCfgInstanceId": OLD},
    rf"{CLASS}\Properties": {},
    rf"{CENTER}\Av\{{D68DDC3A-831F-4fae-9E44-DA132C1ACF46}}": {
        "DISPLAYNAME": "Windows Defender",
        "STATE": 0x060100,
    },
    rf"{CENTER}\Av\{{86355677-4064-3EA7-ABB3-1B136EB04637}}": {
        "DISPLAYNAME": "Kaspersky Endpoint Security",
        "STATE": 0x041010,
    },
    rf"{SERVICES}\CSFalconService": {"Start": 2},
    rf"{SERVICES}\SentinelAgent": {"Start": 4},
    rf"{SERVICES}\PlantedService": {"Start": 2},
    rf"{FIREWALL}\DomainProfile": {"EnableFirewall": 1},
    rf"{FIREWALL}\PublicProfile": {"EnableFirewall": 0},
    rf"{CERTIFICATES}\ROOT\Certificates\AA": {},
    rf"{CERTIFICATES}\ROOT\Certificates\BB": {},
    rf"{CERTIFICATES}\AuthRoot\Certificates\CC": {},
    r"SOFTWARE\Policies\Microsoft\SystemCertificates\Root\Certificates\DD": {},
}
PERSON: dict[str, dict[str, object]] = {
    r"Control Panel\International": {"LocaleName": "uk-UA"},
    r"Keyboard Layout\Preload": {"1": "00000409", "2": "d0010422", "3": "00000419"},
    r"Keyboard Layout\Substitutes": {"d0010422": "00020422"},
    INTERNET: {
        "AutoConfigURL": "http://me:geheim@wpad.corp/proxy.pac?k=geheim",
        "ProxyOverride": "*.corp;<local>",
    },
}


class FakeKey:
    def __init__(self, values: dict[str, object], names: list[str]) -> None:
        self.values = values
        self.names = names

    def __enter__(self) -> FakeKey:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def _folded(keys: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    return {path.lower(): values for path, values in keys.items()}


class FakeRegistry:
    """The part of the module ``winreg`` that is used, over dictionaries of whole paths in any case."""

    HKEY_LOCAL_MACHINE = "machine"
    HKEY_CURRENT_USER = "person"
    KEY_READ = 0x20019
    KEY_WOW64_64KEY = 0x0100

    def __init__(self, machine: dict[str, dict[str, object]], person: dict[str, dict[str, object]]) -> None:
        self.hives = {"machine": _folded(machine), "person": _folded(person)}

    def OpenKey(self, root: str, path: str, reserved: int, access: int) -> FakeKey:  # noqa: N802 - winreg's
        assert access & self.KEY_WOW64_64KEY, "a 32-bit process would read another registry"
        path = path.lower()
        below = [name[len(path) + 1 :] for name in self.hives[root] if name.startswith(path + "\\")]
        if path not in self.hives[root] and not below:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        names = dict.fromkeys(name.partition("\\")[0] for name in below)
        return FakeKey(self.hives[root].get(path, {}), list(names))

    def QueryInfoKey(self, key: FakeKey) -> tuple[int, int, int]:  # noqa: N802 - winreg's
        return len(key.names), len(key.values), 0

    def EnumKey(self, key: FakeKey, number: int) -> str:  # noqa: N802 - winreg's
        return key.names[number]

    def QueryValueEx(self, key: FakeKey, name: str) -> tuple[object, int]:  # noqa: N802 - winreg's
        if name not in key.values:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return key.values[name], 1


class FakeCalls(Win32):
    """What Windows answers on a laptop of a company: two monitors, a share as drive Z."""

    is_remote = False

    def join_status(self) -> int:
        return 3

    def is_remote_session(self) -> bool:
        return self.is_remote

    def drive_type(self, root: str) -> int:
        return 4 if root == "Z:\\" else 3

    def monitors(self) -> list[Monitor]:
        return [Monitor(3840, 2160, 150, is_primary=True), Monitor(1920, 1080, 100, is_primary=False)]


def windows(**environ: str) -> Windows:
    return Windows(environ, FakeRegistry(MACHINE, PERSON), FakeCalls())


def with_machine(keys: dict[str, dict[str, object]], **environ: str) -> Windows:
    return Windows(environ, FakeRegistry(keys, {}), FakeCalls())


def with_version(**values: object) -> Windows:
    return with_machine({VERSION: dict(values)})


@pytest.fixture(autouse=True)
def _no_system_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "getproxies", dict)


def test_windows_11_is_called_by_its_name() -> None:
    assert windows().system() == {
        "name": "Windows 11 Pro 23H2",
        "family": "Windows",
        "version": "23H2",
        "edition": "Professional",
        "build": "22631.4169",
    }


def test_windows_10_and_servers_keep_theirs() -> None:
    ten = with_version(
        ProductName="Windows 10 Enterprise LTSC 2019", CurrentBuildNumber="17763", ReleaseId="1809"
    )
    assert ten.system()["name"] == "Windows 10 Enterprise LTSC 2019 1809"
    server = with_version(
        ProductName="Windows Server 2025 Standard", CurrentBuildNumber="26100", DisplayVersion="24H2"
    )
    assert server.system()["name"] == "Windows Server 2025 Standard 24H2"


def test_an_empty_registry_gives_empty_facts() -> None:
    empty = with_machine({})
    assert empty.system()["name"] == ""
    assert empty.processor() == {"model": "", "architecture": ""}
    assert empty.locale() == {"format": ""}
    assert empty.time_zone() == ""
    assert empty.proxy() == {}


def test_processor_machine_region_and_zone() -> None:
    assert windows().processor() == {
        "model": "11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz",
        "architecture": "AMD64",
    }
    assert windows().virtualization() == {"virtual_machine": "VMware", "container": ""}
    assert windows().locale() == {"format": "uk-UA"}
    assert windows().time_zone() == "FLE Standard Time"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Console", {"session": "Console", "is_remote": False, "remote_protocol": ""}),
        ("RDP-Tcp#12", {"session": "RDP-Tcp", "is_remote": True, "remote_protocol": "RDP"}),
        ("ICA-CGP#3", {"session": "ICA-CGP", "is_remote": True, "remote_protocol": "Citrix"}),
    ],
)
def test_the_session_tells_remote_desktops(name: str, told: dict[str, object]) -> None:
    assert windows(SESSIONNAME=name).display() == told


def test_the_system_drive_is_not_always_c() -> None:
    assert windows().system_drive == "C:\\"
    assert windows(SystemDrive="D:").system_drive == "D:\\"


def test_the_persons_proxy_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    proxies = {"http": "http://me:geheim@proxy.corp:8080", "https": "http://proxy.corp:8080"}
    monkeypatch.setattr(urllib.request, "getproxies", lambda: proxies)
    assert windows().proxy() == {
        "http": "http://proxy.corp:8080",
        "https": "http://proxy.corp:8080",
        "source": "system settings",
        "auto_config_url": "http://wpad.corp/proxy.pac",
        "bypass": "*.corp, <local>",
    }


def test_the_environment_comes_before_the_system() -> None:
    told = windows(HTTPS_PROXY="http://other:3128").proxy()
    assert (told["https"], told["source"]) == ("http://other:3128", "environment")


def test_a_session_with_a_name_of_its_own_is_remote_by_the_systems_word() -> None:
    system = windows(SESSIONNAME="31C5CE94259D4006A9E4#0")
    assert system.display()["is_remote"] is False
    system._calls.is_remote = True  # type: ignore[attr-defined]
    assert system.display()["is_remote"] is True


def test_a_session_of_horizon() -> None:
    told = windows(SESSIONNAME="Console", ViewClient_Protocol="Blast").display()
    assert (told["is_remote"], told["remote_protocol"]) == (True, "Horizon Blast")
    assert windows(SESSIONNAME="Console", ViewClient_Protocol="planted").display()["remote_protocol"] == ""


def test_maker_model_and_membership() -> None:
    assert windows().machine() == {"maker": "VMware, Inc.", "hardware_model": "VMware7,1"}
    lenovo: dict[str, object] = {
        "SystemManufacturer": "LENOVO",
        "SystemProductName": "20XW00AAUS",
        "SystemFamily": "ThinkPad X1 Carbon Gen 9",
    }
    told = with_machine({r"HARDWARE\DESCRIPTION\System\BIOS": lenovo}).machine()
    assert told["hardware_model"] == "ThinkPad X1 Carbon Gen 9 (20XW00AAUS)"
    assert windows().domain() == {"is_domain_joined": True, "is_cloud_joined": False}


def test_containers_and_wine() -> None:
    control = r"SYSTEM\CurrentControlSet\Control"
    assert with_machine({control: {"ContainerType": 2}}).virtualization()["container"] == "Windows container"
    assert with_machine({r"SOFTWARE\Wine": {}}).virtualization()["virtual_machine"] == "Wine"


def test_keyboard_layouts_by_their_names() -> None:
    assert windows().keyboard() == {"keyboard_layouts": ["US", "Ukrainian (Enhanced)", "00000419"]}


def test_what_the_clock_follows_without_the_name_of_the_server() -> None:
    assert windows().clock() == {"clock_services": ["W32Time"], "clock_set_by": "domain controller"}
    disabled = with_machine({rf"{SERVICES}\W32Time": {"Start": 4}})
    assert disabled.clock() == {"clock_set_by": "nothing"}


def test_monitors_and_their_scaling() -> None:
    told = windows().monitors()["monitors"]
    assert isinstance(told, list)
    assert told[0] == {"width_px": 3840, "height_px": 2160, "scale_percent": 150, "is_primary": True}
    assert len(told) == 2


@pytest.fixture(name="_adapters_up")
def _up(monkeypatch: pytest.MonkeyPatch) -> None:
    states = {"WLAN": True, "Ethernet 3": True, "Ethernet": False}
    monkeypatch.setattr(
        psutil, "net_if_stats", lambda: {name: SimpleNamespace(isup=up) for name, up in states.items()}
    )


@pytest.mark.usefixtures("_adapters_up")
def test_gateways_and_name_servers_of_the_adapters_that_are_up() -> None:
    assert windows().gateways() == {
        "gateways": [{"address": "192.168.1.1", "interface": "WLAN", "metric": None}]
    }
    assert windows().name_servers() == {
        "name_servers": ["192.168.1.1", "192.168.1.2", "10.0.0.53", "10.0.0.54"]
    }


def test_a_vpn_is_known_by_its_driver() -> None:
    kinds = windows().interface_kinds()
    assert (kinds["Ethernet 3"], kinds["WLAN"]) == ("VPN", "wireless")
    assert "Ethernet" not in kinds


def test_security_products_of_the_center_and_known_services() -> None:
    assert windows().protection()["products"] == [
        {"name": "Windows Defender", "kind": "antivirus", "is_on": False, "is_current": True},
        {"name": "Kaspersky Endpoint Security", "kind": "antivirus", "is_on": True, "is_current": False},
        {"name": "CrowdStrike Falcon", "kind": "service", "is_on": True},
    ]
    assert windows().hardening() == {
        "is_fips": False,
        "is_firewall_on_in_domain": True,
        "is_firewall_on_in_private": None,
        "is_firewall_on_in_public": False,
    }


def test_authorities_are_counted_and_those_of_the_organisation_too() -> None:
    assert windows().trust() == {"kind": "operating system", "ca_count": 4, "private_ca_count": 1}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (r"C:\Program Files\1cv8\8.3.24\bin\1cv8c.exe", "program files"),
        (r"c:\program files (x86)\erp\erp.exe", "program files"),
        (r"C:\Users\ivan\AppData\Local\erp\erp.exe", "home folder"),
        (r"C:\Users\ivan\AppData\Local\Temp\x\erp.exe", "temporary folder"),
        (r"C:\Windows\System32\erp.exe", "system folder"),
        (r"\\srv\share\erp.exe", "network drive"),
        (r"\\?\UNC\srv\share\erp.exe", "network drive"),
        (r"\\?\D:\erp\erp.exe", "other folder"),
        (r"Z:\erp\erp.exe", "network drive"),
        (r"D:\erp\erp.exe", "other folder"),
        (r"C:\Program Files\..\Users\ivan\erp.exe", "home folder"),
    ],
)
def test_where_a_program_lies(path: str, place: str) -> None:
    environ = {
        "USERPROFILE": r"C:\Users\ivan",
        "SystemRoot": r"C:\Windows",
        "ProgramFiles": r"C:\Program Files",
        "ProgramFiles(x86)": r"C:\Program Files (x86)",
        "TEMP": r"C:\Users\ivan\AppData\Local\Temp",
    }
    assert windows(**environ).places.of(path) == place


@pytest.mark.usefixtures("_adapters_up")
def test_all_of_it_in_one_collection_without_a_planted_word() -> None:
    environ = {"SESSIONNAME": "Console", "COMPUTERNAME": "planted", "USERDOMAIN": "planted"}
    facts = collect(environ=environ, system=windows(**environ))
    assert "planted" not in str(facts)
    assert "PlantedService" not in str(facts)
    assert facts.sections["system"]["build"] == "22631.4169"
    assert {gap.section for gap in facts.gaps} <= {"network", "storage"}, "psutil is that of this system"


def test_calls_that_this_windows_does_not_know_are_gaps() -> None:
    """On another system every call is such a one."""
    facts = collect(environ={}, system=Windows({}, FakeRegistry(MACHINE, PERSON)))
    assert {gap.reason.partition(":")[0] for gap in facts.gaps} >= {"domain", "monitors", "session"}
