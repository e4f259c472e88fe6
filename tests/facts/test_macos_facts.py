"""MacOS as its property lists and sysctl describe it: recorded ones."""

from __future__ import annotations

import plistlib
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from reporter.facts.collect import collect
from reporter.facts.macos import MacOS
from reporter.facts.quartz import Display

APPLE = """hw.model: Mac14,9
machdep.cpu.brand_string: Apple M2 Pro
hw.optional.arm64: 1
kern.hv_vmm_present: 0
"""
NETSTAT = """Routing tables

Internet:
Destination        Gateway            Flags           Netif Expire
default            10.20.0.1          UGScg             en0
"""
# A MacBook Pro beside an ordinary monitor.
DISPLAYS = [Display(3456, 2234, 1728, is_primary=True), Display(1920, 1080, 1920, is_primary=False)]
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
    def ask(command: Sequence[str]) -> str:
        return sysctl if "sysctl" in command[0] else NETSTAT

    return MacOS(environ, root=root, home=root, ask=ask, displays=lambda: DISPLAYS)


def put(root: Path, path: str, content: dict[str, object]) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(plistlib.dumps(content, fmt=plistlib.FMT_BINARY))


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
    assert mac(root).display() == {"session": "Aqua", "is_remote": False, "remote_protocol": ""}
    assert mac(root, SSH_CONNECTION="x").display() == {
        "session": "no display",
        "is_remote": True,
        "remote_protocol": "SSH",
    }


def test_the_proxy_of_the_network_settings(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"http": "http://u:geheim@proxy:3128"})
    assert mac(root).proxy() == {"http": "http://proxy:3128", "source": "system settings"}
    assert mac(root, http_proxy="http://env:1").proxy() == {"http": "http://env:1", "source": "environment"}


def test_maker_model_and_monitors(root: Path) -> None:
    assert mac(root).machine() == {"maker": "Apple", "hardware_model": "Mac14,9"}
    assert mac(root).monitors() == {
        "monitors": [
            {"width_px": 3456, "height_px": 2234, "scale_percent": 200, "is_primary": True},
            {"width_px": 1920, "height_px": 1080, "scale_percent": 100, "is_primary": False},
        ]
    }


def test_whether_it_belongs_to_a_domain_never_to_which(root: Path) -> None:
    assert mac(root).domain() == {"is_domain_joined": False}
    put(root, "Library/Preferences/OpenDirectory/Configurations/Active Directory/CORP.plist", {})
    assert mac(root).domain() == {"is_domain_joined": True}


def test_keyboard_layouts_as_the_person_chose_them(root: Path) -> None:
    sources = [
        {"InputSourceKind": "Keyboard Layout", "KeyboardLayout ID": 0, "KeyboardLayout Name": "U.S."},
        {"InputSourceKind": "Keyboard Layout", "KeyboardLayout Name": "Ukrainian-PC"},
        {"Bundle ID": "com.apple.CharacterPaletteIM", "InputSourceKind": "Non Keyboard Input Method"},
        "odd",
    ]
    put(root, "Library/Preferences/com.apple.HIToolbox.plist", {"AppleEnabledInputSources": sources})
    assert mac(root).keyboard() == {"keyboard_layouts": ["U.S.", "Ukrainian-PC"]}


@pytest.mark.parametrize(
    ("told", "setter"), [(True, "time server"), (False, "nothing"), ("odd", ""), (None, "")]
)
def test_who_sets_the_clock(root: Path, told: object, setter: str) -> None:
    content: dict[str, object] = {} if told is None else {"TMAutomaticTimeOnlyEnabled": told}
    put(root, "private/var/db/timed/com.apple.timed.plist", content)
    assert mac(root).clock() == {"clock_services": ["timed"], "clock_set_by": setter}


def test_gateways_name_servers_and_the_kinds_of_interfaces(root: Path) -> None:
    assert mac(root).gateways() == {
        "gateways": [{"address": "10.20.0.1", "interface": "en0", "metric": None}]
    }
    (root / "etc/resolv.conf").write_text("search corp.example\nnameserver 10.20.0.53\n")
    assert mac(root).name_servers() == {"name_servers": ["10.20.0.53"]}
    interfaces = [
        {"BSD Name": "en0", "SCNetworkInterfaceType": "IEEE80211"},
        {"BSD Name": "en5", "SCNetworkInterfaceType": "Ethernet"},
        {"BSD Name": "bridge0", "SCNetworkInterfaceType": "Bridge"},
    ]
    put(
        root,
        "Library/Preferences/SystemConfiguration/NetworkInterfaces.plist",
        {"Interfaces": interfaces},
    )
    assert mac(root).interface_kinds() == {"en0": "wireless", "en5": "wired"}


def test_authorities_that_administrators_added(root: Path) -> None:
    assert mac(root).trust() == {"kind": "operating system", "private_ca_count": 0}
    added = {"trustList": {"AA": {}, "BB": {}}, "trustVersion": 1}
    put(root, "Library/Security/Trust Settings/Admin.plist", added)
    assert mac(root).trust()["private_ca_count"] == 2


def test_xprotect_and_known_extensions_alone(root: Path) -> None:
    put(
        root,
        "Library/Apple/System/Library/CoreServices/XProtect.bundle/Contents/Info.plist",
        {"CFBundleShortVersionString": "5284"},
    )
    xprotect = {"name": "XProtect", "version": "5284", "is_on": True}
    assert mac(root).protection() == {"products": [xprotect]}
    extensions = [
        {"identifier": "com.crowdstrike.falcon.Agent", "state": "activated_enabled"},
        {"identifier": "com.microsoft.wdav.epsext", "state": "activated_waiting_for_user"},
        {"identifier": "com.microsoft.wdav.netext", "state": "activated_enabled"},
        {"identifier": "com.cisco.anyconnect.macos.acsockext", "state": "terminated_waiting_to_uninstall"},
        {"identifier": "com.planted.extension", "state": "activated_enabled"},
        "odd",
    ]
    put(root, "Library/SystemExtensions/db.plist", {"extensions": extensions})
    assert mac(root).protection() == {
        "products": [
            xprotect,
            {"name": "CrowdStrike Falcon", "is_on": True},
            {"name": "Microsoft Defender for Endpoint", "is_on": True},
            {"name": "Cisco Secure Client", "is_on": False},
        ]
    }


def test_the_firewall_where_the_system_tells_it(root: Path) -> None:
    assert mac(root).hardening() == {}
    put(root, "Library/Preferences/com.apple.alf.plist", {"globalstate": 1})
    assert mac(root).hardening() == {"is_firewall_on": True}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/Applications/1cv8c.app/Contents/MacOS/1cv8c", "program files"),
        ("/Users/ivan/Applications/ERP.app", "home folder"),
        ("/private/var/folders/x/AppTranslocation/ERP.app", "temporary folder"),
        ("/Volumes/share/ERP.app", "network drive"),
        ("/Volumes/ERP 3/ERP.app", "other folder"),
        ("/usr/bin/erp", "system folder"),
    ],
)
def test_where_a_program_lies(root: Path, monkeypatch: pytest.MonkeyPatch, path: str, place: str) -> None:
    mounted = {"/": "apfs", "/Volumes/share": "smbfs", "/Volumes/ERP 3": "hfs"}
    partitions = [SimpleNamespace(mountpoint=point, fstype=kind) for point, kind in mounted.items()]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: partitions)  # noqa: A006 - psutil's
    assert mac(root, HOME="/Users/ivan").places.of(path) == place


@pytest.mark.parametrize(
    "content", [b"", b"bplist00\xff\xff", b"<?xml version='1.0'?><plist><dict>", b"\xff" * 99]
)
def test_damaged_property_lists_are_gaps(root: Path, content: bytes) -> None:
    for path in root.rglob("*.plist"):
        path.write_bytes(content)
    facts = collect(environ={}, system=mac(root))
    assert {gap.reason.partition(":")[0] for gap in facts.gaps} >= {"operating system", "format"}
    assert facts.sections["system"]["hardware_model"] == "Mac14,9"
