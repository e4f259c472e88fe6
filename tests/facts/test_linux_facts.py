"""Linux as its files describe it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.facts.linux import Linux

UBUNTU = """PRETTY_NAME="Ubuntu 24.04.1 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION="24.04.1 LTS (Noble Numbat)"
ID=ubuntu
LOGO=ubuntu-logo
"""
INTEL = """processor\t: 0
vendor_id\t: GenuineIntel
model\t\t: 154
model name\t: 12th Gen Intel(R) Core(TM) i5-1240P
flags\t\t: fpu vme de pse tsc msr
"""
RASPBERRY = """processor\t: 0
BogoMIPS\t: 108.00
CPU part\t: 0xd08

Model\t\t: Raspberry Pi 4 Model B Rev 1.5
"""


def linux(root: Path, files: dict[str, str] | None = None, **environ: str) -> Linux:
    for name, content in (files or {}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return Linux(environ, root)


def test_a_distribution_by_the_name_people_know(tmp_path: Path) -> None:
    system = linux(tmp_path, {"etc/os-release": UBUNTU}).system()
    assert (system["name"], system["version"], system["family"]) == ("Ubuntu 24.04.1 LTS", "24.04", "Linux")
    assert system["kernel"]


def test_edition_build_and_quotes(tmp_path: Path) -> None:
    release = 'NAME=\'Odd \\$ Linux\'\nVARIANT="Workstation \\"Pro\\""\nBUILD_ID=rolling\n'
    system = linux(tmp_path, {"usr/lib/os-release": release}).system()
    assert (system["name"], system["edition"], system["build"]) == (
        "Odd $ Linux",
        'Workstation "Pro"',
        "rolling",
    )


@pytest.mark.parametrize("content", ["", "\0\0\0", "=\n=\n", "PRETTY_NAME=\n", "x" * 100_000])
def test_without_a_usable_os_release_it_is_linux(tmp_path: Path, content: str) -> None:
    assert linux(tmp_path, {"etc/os-release": content}).system()["name"] == "Linux"
    assert linux(tmp_path / "none").system()["name"] == "Linux"


@pytest.mark.parametrize(
    ("cpuinfo", "model"),
    [
        (INTEL, "12th Gen Intel(R) Core(TM) i5-1240P"),
        (RASPBERRY, "Raspberry Pi 4 Model B Rev 1.5"),
        ("cpu\t\t: POWER9, altivec supported\n", "POWER9, altivec supported"),
    ],
)
def test_the_model_of_the_processor(tmp_path: Path, cpuinfo: str, model: str) -> None:
    assert linux(tmp_path, {"proc/cpuinfo": cpuinfo}).processor()["model"] == model


def test_a_board_names_itself_in_the_device_tree(tmp_path: Path) -> None:
    files = {"proc/cpuinfo": "processor : 0\n", "proc/device-tree/model": "Pine64 RockPro64\0"}
    assert linux(tmp_path, files).processor()["model"] == "Pine64 RockPro64"


@pytest.mark.parametrize(
    ("files", "machine"),
    [
        ({"sys/class/dmi/id/sys_vendor": "LENOVO\n", "proc/cpuinfo": INTEL}, ""),
        ({"sys/class/dmi/id/sys_vendor": "VMware, Inc.\n"}, "VMware"),
        ({"sys/class/dmi/id/sys_vendor": "innotek GmbH\n"}, "VirtualBox"),
        ({"sys/class/dmi/id/product_name": "Virtual Machine\n"}, "Hyper-V"),
        ({"sys/class/dmi/id/sys_vendor": "QEMU\n"}, "QEMU/KVM"),
        ({"proc/cpuinfo": INTEL + "flags : fpu hypervisor\n"}, "unknown hypervisor"),
        ({"proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2\n"}, "WSL"),
    ],
)
def test_signs_of_a_virtual_machine(tmp_path: Path, files: dict[str, str], machine: str) -> None:
    assert linux(tmp_path, files).virtualization()["virtual_machine"] == machine


@pytest.mark.parametrize(
    ("files", "environ", "container"),
    [
        ({}, {}, ""),
        ({".dockerenv": ""}, {}, "Docker"),
        ({"run/.containerenv": ""}, {"container": "podman"}, "Podman"),
        ({}, {"container": "flatpak"}, "flatpak"),
        ({"run/systemd/container": "lxc\n"}, {}, "lxc"),
    ],
)
def test_signs_of_a_container(
    tmp_path: Path, files: dict[str, str], environ: dict[str, str], container: str
) -> None:
    assert linux(tmp_path, files, **environ).virtualization()["container"] == container


def test_the_time_zone_has_three_sources(tmp_path: Path) -> None:
    assert linux(tmp_path).time_zone() == ""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "localtime").symlink_to("../usr/share/zoneinfo/Europe/Kyiv")
    assert linux(tmp_path).time_zone() == "Europe/Kyiv"
    assert linux(tmp_path, {"etc/timezone": "Asia/Tbilisi\n"}).time_zone() == "Asia/Tbilisi"
    assert linux(tmp_path, TZ=":America/Lima").time_zone() == "America/Lima"


@pytest.mark.parametrize(
    ("environ", "session"),
    [
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "Wayland"),
        ({"DISPLAY": "otherhost:10.0"}, "X11"),
        ({}, "no display"),
    ],
)
def test_the_display_is_told_by_its_kind(tmp_path: Path, environ: dict[str, str], session: str) -> None:
    told = linux(tmp_path, None, **environ, XDG_CURRENT_DESKTOP="GNOME").display()
    assert told == {"session": session, "desktop": "GNOME", "is_remote": False}


def test_the_regional_format_follows_the_order_of_the_variables(tmp_path: Path) -> None:
    assert linux(tmp_path, LANG="en_US.UTF-8", LC_TIME="uk_UA.UTF-8").locale() == {"format": "uk_UA.UTF-8"}
    assert linux(tmp_path, LANG="en_US.UTF-8", LC_ALL="C").locale() == {"format": "C"}
    assert linux(tmp_path).locale() == {"format": ""}
