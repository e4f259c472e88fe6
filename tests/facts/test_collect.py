"""What is collected, what is not, and what no damage to the system can spoil."""

from __future__ import annotations

import getpass
import json
import platform
import socket
from pathlib import Path

import msgspec
import psutil
import pytest

from reporter.facts.collect import collect
from reporter.facts.guard import Section
from reporter.facts.linux import Linux
from reporter.facts.model import Facts, Value
from reporter.facts.operating_system import OperatingSystem
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


class Broken(Quiet):
    """A system on which nothing answers."""

    def system(self) -> Section:
        raise OSError(5, "Input/output error", "/etc/os-release")

    processor = virtualization = locale = display = proxy = system

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
        settings_in_force=[{"name": "face", "value": "auto", "layer": "built-in", "place": ""}],
        include_user_name=True,
        include_host_name=True,
        environ={"https_proxy": "http://proxy:3128"},
        system=Quiet({"https_proxy": "http://proxy:3128"}),
    )
    assert facts.gaps == []
    assert tuple(facts.sections) == FACT_SECTIONS
    assert facts.sections["application"] == {"name": "ERP", "version": "3.1"}
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
        "system",
        "processor",
        "locale",
        "time",
        "proxy",
        "display",
    }
    assert "locale" in facts.sections, "the language comes from elsewhere"
    assert "/etc/os-release" not in text_of(facts)


@pytest.mark.skipif(not hasattr(psutil, "PROCFS_PATH"), reason="a matter of Linux")
def test_a_broken_procfs_leaves_gaps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    facts = collect(environ={}, system=Linux({}, root=tmp_path))
    assert {(gap.section, gap.reason.partition(":")[0]) for gap in facts.gaps} >= {
        ("memory", "memory"),
        ("processor", "model"),
    }
    assert "time" in facts.sections
    json.loads(text_of(facts))
