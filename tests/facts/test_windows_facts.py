"""Windows as its registry describes it: a fake registry with values as machines have them."""

from __future__ import annotations

import urllib.request
from types import TracebackType

import pytest

from reporter.facts.windows import Windows

VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
INTERNET = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"

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
}
PERSON: dict[str, dict[str, object]] = {
    r"Control Panel\International": {"LocaleName": "uk-UA"},
    INTERNET: {
        "AutoConfigURL": "http://me:geheim@wpad.corp/proxy.pac?k=geheim",
        "ProxyOverride": "*.corp;<local>",
    },
}


class FakeKey:
    def __init__(self, values: dict[str, object]) -> None:
        self.values = values

    def __enter__(self) -> FakeKey:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class FakeRegistry:
    """The part of the module ``winreg`` that is used, over dictionaries."""

    HKEY_LOCAL_MACHINE = "machine"
    HKEY_CURRENT_USER = "person"
    KEY_READ = 0x20019
    KEY_WOW64_64KEY = 0x0100

    def __init__(self, machine: dict[str, dict[str, object]], person: dict[str, dict[str, object]]) -> None:
        self.hives = {"machine": machine, "person": person}

    def OpenKey(self, root: str, path: str, reserved: int, access: int) -> FakeKey:  # noqa: N802 - winreg's
        assert access & self.KEY_WOW64_64KEY, "a 32-bit process would read another registry"
        if path not in self.hives[root]:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return FakeKey(self.hives[root][path])

    def QueryValueEx(self, key: FakeKey, name: str) -> tuple[object, int]:  # noqa: N802 - winreg's
        if name not in key.values:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return key.values[name], 1


def windows(**environ: str) -> Windows:
    return Windows(environ, FakeRegistry(MACHINE, PERSON))


def with_version(**values: object) -> Windows:
    return Windows({}, FakeRegistry({VERSION: dict(values)}, {}))


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
    empty = Windows({}, FakeRegistry({}, {}))
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
    assert windows().virtualization() == {"virtual_machine": "VMware"}
    assert windows().locale() == {"format": "uk-UA"}
    assert windows().time_zone() == "FLE Standard Time"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Console", {"session": "Console", "is_remote": False}),
        ("RDP-Tcp#12", {"session": "RDP-Tcp", "is_remote": True}),
        ("ICA-CGP#3", {"session": "ICA-CGP", "is_remote": True}),
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
