"""What is collected, what is not, and what no damage to the system can spoil."""

from __future__ import annotations

import getpass
import json
import os
import platform
import socket
import threading
from pathlib import Path

import msgspec
import psutil
import pytest

from reporter.facts.collect import collect
from reporter.facts.guard import Row, Section
from reporter.facts.linux import Linux
from reporter.facts.model import Facts, Value
from reporter.facts.operating_system import OperatingSystem
from reporter.facts.places import Folder, Places
from reporter.settings.model import FACT_SECTIONS

USER = "ivan.petrenko"
COMPUTER = "pc-of-ivan"


class Quiet(OperatingSystem):
    """A system that tells the same on every machine."""

    def system(self) -> Section:
        return {"name": "Example OS 1", "build": "", "kernel": "evil\x1b[2J\nname"}

    def processor(self) -> Section:
        return {"model": "Example CPU", "usable_count": None}

    def virtualization(self) -> Section:
        return {}

    def locale(self) -> Section:
        return {"format": "uk_UA.UTF-8"}

    def time_zone(self) -> str:
        return "Europe/Kyiv"

    def display(self) -> Section:
        return {"session": "X11"}

    def machine(self) -> Section:
        return {"maker": "Example"}

    def domain(self) -> Section:
        return {"is_domain_joined": False}

    def keyboard(self) -> Section:
        return {"keyboard_layouts": ["us", "ru"]}

    def clock(self) -> Section:
        return {"is_clock_synchronized": True}

    def monitors(self) -> Section:
        return {"monitors": [{"width_px": 1920, "height_px": 1080}]}

    def gateways(self) -> Section:
        return {"gateways": [{"address": "192.0.2.1"}]}

    def name_servers(self) -> Section:
        return {"name_servers": ["192.0.2.53"]}

    def trust(self) -> Section:
        return {"kind": "operating system"}

    def protection(self) -> Section:
        return {"products": [{"name": "Example Guard", "is_on": True}]}

    def folders(self) -> list[Folder]:
        return [("/opt", "program files")]

    def is_remote(self, path: str) -> bool:
        return path.startswith("/net/")


class Broken(Quiet):
    """A system on which nothing answers."""

    def system(self) -> Section:
        raise OSError(5, "Input/output error", "/etc/os-release")

    processor = virtualization = locale = display = proxy = machine = domain = keyboard = system
    clock = monitors = gateways = name_servers = trust = protection = hardening = system

    def time_zone(self) -> str:
        raise LookupError


@pytest.fixture(autouse=True)
def _somebody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: USER)
    monkeypatch.setattr(socket, "gethostname", lambda: COMPUTER)
    home = tmp_path / USER
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))


def text_of(facts: Facts) -> str:
    return msgspec.json.encode(facts).decode()


def test_every_section_is_there_in_its_order() -> None:
    facts = collect(
        application_name="ERP",
        application_version="3.1",
        application_path="/opt/erp/erp",
        connection={"database": "Accounting"},
        settings_in_force=[{"name": "face", "value": "auto", "layer": "built-in", "place": ""}],
        include_user_name=True,
        include_host_name=True,
        environ={"https_proxy": "http://proxy:3128"},
        system=Quiet({"https_proxy": "http://proxy:3128"}),
    )
    assert facts.gaps == []
    assert tuple(facts.sections) == FACT_SECTIONS
    assert facts.sections["application"] == {"name": "ERP", "version": "3.1", "place": "program files"}
    assert facts.sections["connection"] == {"database": "Accounting"}
    assert facts.sections["identity"] == {"user_name": USER, "host_name": COMPUTER}
    assert facts.sections["time"]["zone"] == "Europe/Kyiv"
    assert facts.collected_at.tzinfo is not None


def test_facts_travel_as_json() -> None:
    facts = collect(environ={}, system=Quiet({}))
    assert msgspec.json.decode(msgspec.json.encode(facts), type=Facts) == facts


def test_this_system_can_be_asked() -> None:
    facts = collect()
    assert {"system", "processor", "memory", "storage", "time", "runtime"} <= set(facts.sections)
    assert facts.sections["runtime"]["python"] == platform.python_version()
    assert isinstance(facts.sections["system"]["name"], str)
    uptime: Value = facts.sections["system"]["uptime_seconds"]
    assert isinstance(uptime, int)
    assert uptime >= 0


def test_the_names_of_person_and_computer_stay_here_unless_included() -> None:
    facts = collect(environ={"USER": USER, "HOSTNAME": COMPUTER}, system=Quiet({}))
    assert "identity" not in facts.sections
    assert USER not in text_of(facts)
    assert COMPUTER not in text_of(facts)


def test_one_name_can_be_included_without_the_other() -> None:
    facts = collect(include_host_name=True, environ={}, system=Quiet({}))
    assert facts.sections["identity"] == {"host_name": COMPUTER}


def test_arguments_and_the_rest_of_the_environment_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["program", "--password=planted-argument"])
    environ = {
        "API_KEY": "planted-variable",
        "DISPLAY": "planted-display:10.0",
        "SSH_CONNECTION": "203.0.113.9 1",
    }
    text = text_of(collect(environ=environ, system=Linux(environ)))
    assert "planted" not in text
    assert "203.0.113.9" not in text


def test_settings_lose_secrets_and_the_home_folder() -> None:
    rows = [
        {
            "name": "endpoint",
            "value": "https://h.example/r?token=geheim#x",
            "layer": "user settings",
            "place": f"{Path.home()}/settings.toml, line 1",
        },
        {
            "name": "destinations",
            "value": "https://a.example/?k=geheim, http://u:geheim@b/",
            "layer": "environment",
        },
        {"name": "help", "value": '{"tls":{"url":"https://c.example/?geheim"}}', "layer": "environment"},
        {"name": "attach_logs", "value": f"{Path.home()}/erp.log", "layer": "environment"},
    ]
    facts = collect(settings_in_force=rows, environ={}, system=Quiet({}))
    told = facts.sections["settings"]["in_force"]
    assert isinstance(told, list)
    values = [row["value"] for row in told if isinstance(row, dict)]
    assert values == [
        "https://h.example/r",
        "https://a.example/, http://b/",
        '{"tls":{"url":"https://c.example/"}}',
        "~/erp.log",
    ]
    assert told[0] == {
        "name": "endpoint",
        "value": "https://h.example/r",
        "layer": "user settings",
        "place": "~/settings.toml, line 1",
    }
    assert USER not in text_of(facts)


def test_texts_from_outside_are_made_safe_and_empty_facts_left_out() -> None:
    facts = collect(application_name="ERP\u202e\x00" + "x" * 5000, environ={}, system=Quiet({}))
    assert facts.sections["system"]["kernel"] == "evil[2J name"
    assert "build" not in facts.sections["system"]
    assert "usable_count" not in facts.sections["processor"]
    name = facts.sections["application"]["name"]
    assert isinstance(name, str)
    assert name.startswith("ERPx")
    assert len(name) < 600


def test_a_system_on_which_nothing_answers_leaves_gaps() -> None:
    facts = collect(environ={}, system=Broken({}))
    assert {gap.section for gap in facts.gaps} == {
        *("system", "processor", "locale", "time", "network", "proxy", "trust", "security", "display"),
    }
    assert "interfaces" in facts.sections["network"], "psutil tells them on every system"
    assert "locale" in facts.sections, "the language comes from elsewhere"
    assert "/etc/os-release" not in text_of(facts)


@pytest.mark.skipif(not hasattr(psutil, "PROCFS_PATH"), reason="a matter of Linux")
def test_a_broken_procfs_leaves_gaps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    facts = collect(environ={}, system=Linux({}, root=tmp_path))
    assert {(gap.section, gap.reason.partition(":")[0]) for gap in facts.gaps} >= {
        ("memory", "memory"),
        ("processor", "model"),
        ("network", "gateways"),
        ("network", "name servers"),
    }
    assert "time" in facts.sections
    json.loads(text_of(facts))


@pytest.mark.skipif(not hasattr(psutil, "PROCFS_PATH"), reason="a matter of Linux")
@pytest.mark.parametrize("damage", ["garbage", "folders", "huge", "pipes"])
def test_damaged_files_of_the_system_cost_only_themselves(tmp_path: Path, damage: str) -> None:
    for name in ALL_FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if damage == "garbage":
            path.write_bytes(b"\xff\xfe\0=\xc3\x28\n\t\x80 : \x1b[2J " * 400)
        elif damage == "folders":
            path.mkdir()
        elif damage == "pipes":
            os.mkfifo(path)
        else:
            with path.open("wb") as file:
                file.truncate(2 * 1024**3)
    environ = {"SSL_CERT_FILE": "/etc/ssl/cert.pem", "HOME": "/home/x"}
    facts = collect(environ=environ, system=Linux(environ, root=tmp_path, is_clock_set=lambda: True))
    assert not [gap for gap in facts.gaps if "no answer within" in gap.reason]
    assert facts.sections["system"]["family"] == "Linux"
    assert len(msgspec.json.encode(facts)) < 100_000
    assert "\x1b" not in text_of(facts)


ALL_FILES = (
    "etc/os-release", "proc/cpuinfo", "proc/net/route", "proc/net/ipv6_route", "etc/resolv.conf",
    "etc/timezone", "proc/self/mounts", "proc/1/comm", "proc/77/comm", "etc/samba/smb.conf",
    "etc/default/keyboard", "sys/class/drm/card0-DP-1/modes", "sys/class/drm/card0-DP-1/status",
    "sys/class/net/eth0/uevent",
    "sys/fs/selinux/enforce", "sys/class/dmi/id/sys_vendor", "sys/class/dmi/id/product_name",
    "etc/ssl/certs/ca-certificates.crt", "etc/ssl/cert.pem", "run/systemd/container",
    "sys/devices/system/clocksource/clocksource0/current_clocksource",
)  # fmt: skip


def test_hanging_collectors_are_told_and_the_rest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    class Hanging(Quiet):
        def monitors(self) -> Section:
            released.wait()
            return {}

        clock = gateways = monitors

    monkeypatch.setattr("reporter.facts.collect.SLOW_LIMIT_MS", 30)
    monkeypatch.setattr("reporter.facts.guard.Collector.__new__.__defaults__", (30,))
    try:
        facts = collect(environ={}, system=Hanging({}))
    finally:
        released.set()
    assert {gap.reason for gap in facts.gaps} >= {
        "monitors: no answer within 30 ms",
        "clock: no answer within 30 ms",
        "gateways: no answer within 30 ms",
    }
    assert facts.sections["display"] == {"session": "X11"}


def test_what_the_caller_knows_of_the_connection_is_told_without_secrets() -> None:
    facts = collect(
        connection={
            "database": "Accounting\x1b[2J",
            "address": "https://me:geheim@erp.example.org/base?token=geheim",
            "password": "geheim",
            "empty": "",
            "servers": [{"address": "http://u:geheim@a/", "pwd": "geheim"}, "http://u:geheim@b/"],
        },
        environ={},
        system=Quiet({}),
    )
    assert facts.sections["connection"] == {
        "database": "Accounting[2J",
        "address": "https://erp.example.org/base",
        "servers": [{"address": "http://a/"}, "http://b/"],
    }


def test_configuration_files_are_told_by_size_and_time_alone(tmp_path: Path) -> None:
    (tmp_path / "conf.cfg").write_text("planted=geheim\n")
    paths = [str(tmp_path / "conf.cfg"), str(tmp_path / "none.cfg"), "~/own.cfg", "/net/share/far.cfg"]
    facts = collect(application_files=paths, environ={}, system=Quiet({}))
    told = facts.sections["application"]["files"]
    assert isinstance(told, list)
    rows = [row for row in told if isinstance(row, dict)]
    assert [row["name"] for row in rows] == ["conf.cfg", "none.cfg", "own.cfg", "far.cfg"]
    assert [row.get("exists") for row in rows] == [True, False, False, None]
    assert rows[0]["size_bytes"] == 15
    assert "planted" not in text_of(facts)
    assert str(tmp_path) not in text_of(facts)


def test_there_are_at_most_so_many_configuration_files() -> None:
    paths = [f"/opt/erp/{number}.cfg" for number in range(500)]
    told = collect(application_files=paths, environ={}, system=Quiet({})).sections["application"]["files"]
    assert isinstance(told, list)
    assert len(told) == 30


def test_a_file_that_hangs_costs_only_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    released = threading.Event()
    looked_at = Places.file

    def file(places: Places, path: str) -> Row:
        if path.endswith("dead.cfg"):
            released.wait()
        return looked_at(places, path)

    monkeypatch.setattr(Places, "file", file)
    monkeypatch.setattr("reporter.facts.collect.FILE_LIMIT_MS", 30)
    try:
        facts = collect(
            application_files=["/opt/dead.cfg", str(tmp_path / "a.cfg")], environ={}, system=Quiet({})
        )
    finally:
        released.set()
    told = facts.sections["application"]["files"]
    assert isinstance(told, list)
    assert told[0] == {"name": "dead.cfg", "remark": "no answer within 30 ms"}
    assert told[1] == {"name": "a.cfg", "place": "other folder", "exists": False}
