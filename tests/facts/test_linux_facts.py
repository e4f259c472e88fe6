"""Linux as its files describe it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reporter.facts.files import Files
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
    return Linux(environ, root, is_clock_set=lambda: True)


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
    assert told == {
        "session": session,
        "desktop": "GNOME",
        "is_remote": False,
        "remote_protocol": "",
        "scaling": [],
    }


def test_the_regional_format_follows_the_order_of_the_variables(tmp_path: Path) -> None:
    assert linux(tmp_path, LANG="en_US.UTF-8", LC_TIME="uk_UA.UTF-8").locale() == {"format": "uk_UA.UTF-8"}
    assert linux(tmp_path, LANG="en_US.UTF-8", LC_ALL="C").locale() == {"format": "C"}
    assert linux(tmp_path).locale() == {"format": ""}


@pytest.mark.parametrize(
    ("variable", "protocol"),
    [("SSH_CONNECTION", "SSH"), ("XRDP_SESSION", "RDP"), ("X2GO_SESSION", "X2Go"), ("VNCDESKTOP", "VNC")],
)
def test_a_session_from_afar_is_told_by_what_carries_it(tmp_path: Path, variable: str, protocol: str) -> None:
    told = linux(tmp_path, None, **{variable: "planted 203.0.113.9"}).display()
    assert (told["is_remote"], told["remote_protocol"]) == (True, protocol)
    assert "planted" not in str(told)


def test_scaling_is_told_where_it_is_a_number(tmp_path: Path) -> None:
    told = linux(tmp_path, None, GDK_SCALE="2", QT_SCALE_FACTOR="1.25", GDK_DPI_SCALE="planted").display()
    assert told["scaling"] == ["GDK_SCALE=2", "QT_SCALE_FACTOR=1.25"]


def test_maker_and_model_without_numbers(tmp_path: Path) -> None:
    firmware = {
        "sys/class/dmi/id/sys_vendor": "LENOVO\n",
        "sys/class/dmi/id/product_name": "21HMCTO1WW\n",
        "sys/class/dmi/id/product_version": "ThinkPad X1 Carbon Gen 11\n",
        "sys/class/dmi/id/product_serial": "PLANTED\n",
    }
    told = linux(tmp_path, firmware).machine()
    assert told == {"maker": "LENOVO", "hardware_model": "ThinkPad X1 Carbon Gen 11 (21HMCTO1WW)"}
    board = linux(tmp_path / "board", {"proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0"})
    assert board.machine() == {"maker": "", "hardware_model": "Raspberry Pi 4 Model B Rev 1.5"}


@pytest.mark.parametrize(
    ("files", "is_joined"),
    [
        ({}, False),
        ({"etc/sssd/sssd.conf": "[sssd]\ndomains = corp.example\n"}, True),
        ({"etc/krb5.keytab": "\x05\x02"}, True),
        ({"etc/samba/smb.conf": "[global]\n  security = ADS\n  realm = CORP\n"}, True),
        ({"etc/samba/smb.conf": "[global]\n  # security = ads\n  security = user\n"}, False),
    ],
)
def test_whether_it_belongs_to_a_domain_never_to_which(
    tmp_path: Path, files: dict[str, str], is_joined: bool
) -> None:
    assert linux(tmp_path, files).domain() == {"is_domain_joined": is_joined}


def test_a_folder_that_may_not_be_looked_into_leaves_the_domain_open(tmp_path: Path) -> None:
    class Closed(Files):
        def is_there(self, path: str) -> bool | None:
            return None if "sssd" in path else False

    system = linux(tmp_path)
    system.files = Closed(tmp_path)
    assert system.domain() == {"is_domain_joined": None}


@pytest.mark.parametrize(
    ("files", "layouts"),
    [
        ({"etc/default/keyboard": 'XKBMODEL="pc105"\nXKBLAYOUT="us,ru"\n'}, ["us", "ru"]),
        ({"etc/vconsole.conf": "KEYMAP=de-latin1\n"}, ["de-latin1"]),
        ({"etc/vconsole.conf": "KEYMAP=ua\n"}, ["ua"]),
        ({"etc/default/keyboard": 'XKBLAYOUT="planted;$(reboot)"\n'}, []),
        ({}, []),
    ],
)
def test_keyboard_layouts_of_the_system(tmp_path: Path, files: dict[str, str], layouts: list[str]) -> None:
    assert linux(tmp_path, files, DISPLAY="far.example:0").keyboard() == {"keyboard_layouts": layouts}


def processes(*names: str) -> dict[str, str]:
    return {f"proc/{number}/comm": f"{name}\n" for number, name in enumerate(["systemd", *names], 1)}


def test_who_sets_the_clock(tmp_path: Path) -> None:
    files = processes("chronyd", "bash") | {
        "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n"
    }
    assert linux(tmp_path, files).clock() == {
        "clock_hardware": "tsc",
        "is_clock_synchronized": True,
        "clock_services": ["chrony"],
    }


def test_the_clock_of_this_kernel_answers() -> None:
    assert isinstance(Linux({}).clock()["is_clock_synchronized"], bool)


def test_only_known_products_are_told_of_all_that_runs(tmp_path: Path) -> None:
    files = processes("falcon-sensor", "falcon-sensor-b", "clamd", "planted-secret", "wdavdaemon")
    told = linux(tmp_path, files).protection()["products"]
    assert told == [
        {"name": "CrowdStrike Falcon", "is_on": True},
        {"name": "Microsoft Defender for Endpoint", "is_on": True},
        {"name": "ClamAV", "is_on": True},
    ]


def test_hidden_processes_are_not_absent_products(tmp_path: Path) -> None:
    with pytest.raises(PermissionError):
        linux(tmp_path, {"proc/812/comm": "bash\n"}).protection()
    assert "clock_services" not in linux(tmp_path).clock()


def test_how_the_system_restrains_programs(tmp_path: Path) -> None:
    files = {
        "sys/fs/selinux/enforce": "1",
        "sys/module/apparmor/parameters/enabled": "Y\n",
        "proc/sys/crypto/fips_enabled": "0\n",
        "etc/crypto-policies/state/current": "FUTURE\n",
    }
    assert linux(tmp_path, files).hardening() == {
        "selinux": "enforcing",
        "apparmor": "enabled",
        "is_fips": False,
        "crypto_policy": "FUTURE",
    }
    assert linux(tmp_path / "none").hardening() == {
        "selinux": "",
        "apparmor": "",
        "is_fips": None,
        "crypto_policy": "",
    }


def test_connected_outputs_of_the_graphics_card(tmp_path: Path) -> None:
    files = {
        "sys/class/drm/card0-eDP-1/status": "connected\n",
        "sys/class/drm/card0-eDP-1/modes": "2880x1800\n1920x1200\n",
        "sys/class/drm/card0-HDMI-A-1/status": "disconnected\n",
        "sys/class/drm/card0-HDMI-A-1/modes": "",
        "sys/class/drm/version": "drm 1.1.0\n",
    }
    assert linux(tmp_path, files).monitors() == {
        "monitors": [{"output": "eDP-1", "width_px": 2880, "height_px": 1800}]
    }


def test_the_name_server_behind_the_stub(tmp_path: Path) -> None:
    files = {"etc/resolv.conf": "nameserver 127.0.0.53\nsearch corp.example\n"}
    assert linux(tmp_path, files).name_servers()["name_servers"] == ["127.0.0.53"]
    behind = {"run/systemd/resolve/resolv.conf": "nameserver 10.1.1.1\nnameserver 10.1.1.2\n"}
    assert linux(tmp_path, behind).name_servers() == {
        "name_servers": ["10.1.1.1", "10.1.1.2"],
        "resolver": "systemd-resolved",
    }


def test_kinds_of_interfaces_as_their_drivers_say(tmp_path: Path) -> None:
    files = {
        "sys/class/net/office/uevent": "DEVTYPE=wireguard\nINTERFACE=office\n",
        "sys/class/net/wl0/uevent": "DEVTYPE=wlan\n",
        "sys/class/net/x0/uevent": "INTERFACE=x0\n",
        "sys/class/net/x0/phy80211": "",
        "sys/class/net/eth0/uevent": "INTERFACE=eth0\n",
    }
    assert linux(tmp_path, files).interface_kinds() == {"office": "VPN", "wl0": "wireless", "x0": "wireless"}


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def test_authorities_are_counted(tmp_path: Path) -> None:
    files = {
        "etc/ssl/certs/ca-certificates.crt": CERTIFICATE * 3,
        "usr/local/share/ca-certificates/planted-corp.crt": CERTIFICATE,
        "usr/local/share/ca-certificates/more/second.crt": CERTIFICATE,
        "usr/local/share/ca-certificates/README.txt": "",
    }
    told = linux(tmp_path, files).trust()
    assert told == {"kind": "files of the system", "ca_count": 3, "private_ca_count": 2}


def test_a_bundle_of_the_environment_takes_the_place_of_the_systems(tmp_path: Path) -> None:
    files = {"etc/ssl/certs/ca-certificates.crt": CERTIFICATE * 3, "own/ca.pem": CERTIFICATE}
    told = linux(tmp_path, files, SSL_CERT_FILE="/own/ca.pem").trust()
    assert (told["kind"], told["ca_count"]) == ("files of the environment", 1)
    mounted = {"proc/self/mounts": "srv:/x /own nfs4 rw 0 0\n"}
    far = linux(tmp_path, mounted, SSL_CERT_FILE="/own/ca.pem").trust()
    assert "ca_count" not in far, "a file on another computer is not waited for"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/opt/1cv8/x86_64/1cv8c", "program files"),
        ("/usr/local/bin/erp", "program files"),
        ("/usr/bin/erp", "system folder"),
        ("/home/ivan/bin/erp", "home folder"),
        ("/home/olena/bin/erp", "other folder"),
        ("/tmp/.mount_x/erp", "temporary folder"),  # noqa: S108 - a name alone
        ("/mnt/share/erp/erp", "network drive"),
        ("/mnt/with space/erp", "network drive"),
        ("/mnt/sharedisk/erp", "other folder"),
        ("/opt/../home/ivan/erp", "home folder"),
        ("", ""),
    ],
)
def test_where_a_program_lies(tmp_path: Path, path: str, place: str) -> None:
    mounts = (
        "/dev/sda1 / ext4 rw 0 0\nsystemd-1 /mnt/share autofs rw 0 0\n//srv/s /mnt/share cifs rw 0 0\n"
        "srv:/x /mnt/with\\040space nfs4 rw 0 0\nodd\n"
    )
    system = linux(tmp_path, {"proc/self/mounts": mounts}, HOME="/home/ivan")
    assert system.places.of(path) == place


def test_links_are_told_and_not_followed_to_other_folders(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "shadow").write_text("x" * 77)
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "v2.conf").write_text("abc")
    (folder / "near.conf").symlink_to("v2.conf")
    (folder / "far.conf").symlink_to(tmp_path / "secret" / "shadow")
    (folder / "twice.conf").symlink_to("far.conf")
    (folder / "gone.conf").symlink_to("nothing")
    (folder / "round.conf").symlink_to("round.conf")
    (folder / "folder.conf").mkdir()
    os.mkfifo(folder / "pipe.conf")
    names = ("near", "far", "twice", "gone", "round", "folder", "pipe")
    told = {name: linux(tmp_path).places.file(str(folder / f"{name}.conf")) for name in names}
    assert told["near"]["size_bytes"] == 3
    assert {name: row.get("remark") for name, row in told.items()} == {
        "near": None,
        "far": "a link to another folder",
        "twice": "a link to another folder",
        "gone": "a link to nothing",
        "round": "a link to another folder",
        "folder": "not a file",
        "pipe": "not a file",
    }
    assert all("size_bytes" not in row for name, row in told.items() if name != "near")
