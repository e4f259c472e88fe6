"""MacOS as its property lists and sysctl describe it: recorded ones."""

from __future__ import annotations

import plistlib
import urllib.request
from pathlib import Path

import pytest

from reporter.facts.macos import MacOS

APPLE = "machdep.cpu.brand_string: Apple M2 Pro\nhw.optional.arm64: 1\nkern.hv_vmm_present: 0\n"
INTEL = "machdep.cpu.brand_string: Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz\nkern.hv_vmm_present: 1\n"


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    version = tmp_path / "System/Library/CoreServices/SystemVersion.plist"
    version.parent.mkdir(parents=True)
    version.write_bytes(
        plistlib.dumps({"ProductName": "macOS", "ProductVersion": "14.6.1", "ProductBuildVersion": "23G93"})
    )
    preferences = tmp_path / "Library/Preferences/.GlobalPreferences.plist"
    preferences.parent.mkdir(parents=True)
    preferences.write_bytes(plistlib.dumps({"AppleLocale": "uk_UA"}, fmt=plistlib.FMT_BINARY))
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/localtime").symlink_to("/var/db/timezone/zoneinfo/Europe/Kyiv")
    return tmp_path


def mac(root: Path, sysctl: str = APPLE, **environ: str) -> MacOS:
    return MacOS(environ, root=root, home=root, ask_sysctl=lambda: sysctl)


def test_a_version_by_the_name_people_know(root: Path) -> None:
    system = mac(root).system()
    assert (system["name"], system["build"]) == ("macOS 14.6.1 (Sonoma)", "23G93")


def test_a_version_of_the_future_has_no_name_yet(root: Path) -> None:
    version = root / "System/Library/CoreServices/SystemVersion.plist"
    version.write_bytes(plistlib.dumps({"ProductName": "macOS", "ProductVersion": "99.0"}))
    assert mac(root).system()["name"] == "macOS 99.0"


def test_the_machine_below_rosetta_is_arm(root: Path) -> None:
    assert mac(root).processor() == {"model": "Apple M2 Pro", "architecture": "arm64"}


def test_an_older_machine_is_intel(root: Path) -> None:
    assert mac(root, INTEL).processor() == {
        "model": "Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz",
        "architecture": "x86_64",
    }


def test_a_virtual_machine(root: Path) -> None:
    assert mac(root, APPLE).virtualization() == {"virtual_machine": ""}
    assert mac(root, INTEL).virtualization() == {"virtual_machine": "unknown hypervisor"}


def test_region_and_zone(root: Path) -> None:
    assert mac(root).locale() == {"format": "uk_UA"}
    assert mac(root).time_zone() == "Europe/Kyiv"


def test_a_session_over_ssh_has_no_display(root: Path) -> None:
    assert mac(root).display() == {"session": "Aqua", "is_remote": False}
    assert mac(root, SSH_CONNECTION="x").display() == {"session": "no display", "is_remote": True}


def test_the_proxy_of_the_network_settings(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"http": "http://u:geheim@proxy:3128"})
    assert mac(root).proxy() == {"http": "http://proxy:3128", "source": "system settings"}
    assert mac(root, http_proxy="http://env:1").proxy() == {"http": "http://env:1", "source": "environment"}
