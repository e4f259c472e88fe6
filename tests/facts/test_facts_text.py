"""The facts as text for an e-mail."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from reporter.facts.collect import collect
from reporter.facts.labels import LABELS
from reporter.facts.model import Facts, Gap, Scalar, Value
from reporter.facts.text import about, as_text, groups
from reporter.settings.layers import load
from reporter.texts import Translator
from reporter.ui.about import Group, Row


def facts(gaps: list[Gap] | None = None, **sections: dict[str, Value]) -> Facts:
    return Facts(
        collected_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
        elapsed_ms=5,
        sections=sections,
        gaps=gaps or [],
    )


def english(told: Facts) -> str:
    return as_text(told, Translator("en"))


def test_sections_lines_and_gaps() -> None:
    told = facts(
        gaps=[Gap(section="memory", reason="memory: PermissionError: Permission denied")],
        system={"name": "Debian GNU/Linux 12", "uptime_seconds": 273_700},
        locale={"language": "ru"},
    )
    assert (
        english(told)
        == """\
Information about this computer, 2026-11-22 09:00:00 +0000

Operating system
  Name: Debian GNU/Linux 12
  Running for: 3 d 4 h

Language and region
  Language: ru

Could not be determined
  Memory: memory: PermissionError: Permission denied
"""
    )


@pytest.mark.parametrize(
    ("fact", "value", "line"),
    [
        ("total_bytes", 16 * 1024**3, "Total: 16.0 GiB"),
        ("total_bytes", 1_717_986_918, "Total: 1.6 GiB"),
        ("total_bytes", 300 * 1024**2, "Total: 300 MiB"),
        ("total_bytes", 1025, "Total: 2 KiB"),
        ("total_bytes", 0, "Total: 0 KiB"),
        ("uptime_seconds", 0, "Running for: 0 h 0 min"),
        ("uptime_seconds", 86_399, "Running for: 23 h 59 min"),
        ("uptime_seconds", 86_400, "Running for: 1 d 0 h"),
        ("utc_offset_minutes", 330, "Offset: UTC+05:30"),
        ("utc_offset_minutes", -210, "Offset: UTC-03:30"),
        ("utc_offset_minutes", 0, "Offset: UTC+00:00"),
        ("is_remote", True, "Remote session: yes"),
        ("is_frozen", False, "Part of an installed package: no"),
        ("bits", 64, "Bits: 64"),
        ("virtual_machine", "unknown hypervisor", "Virtual machine: unknown hypervisor"),
        ("of_the_future", "x", "of_the_future: x"),
        ("list_of_the_future", ["a", "b"], "list_of_the_future: a, b"),
        ("rows_of_the_future", [{"name": "x", "y": 2, "z": None}], "rows_of_the_future: Name: x, y: 2"),
    ],
)
def test_a_fact_is_readable(fact: str, value: Value, line: str) -> None:
    assert english(facts(memory={fact: value})).endswith(f"Memory\n  {line}\n")


def test_an_interface_takes_one_line() -> None:
    rows: Value = [
        {"name": "eth0", "kind": "wired", "is_up": True, "speed_mbps": 1000, "addresses": "IPv4 private"},
        {"name": "wlan0", "kind": "wireless", "is_up": False, "speed_mbps": None, "addresses": ""},
    ]
    text = english(facts(network={"interfaces": rows}))
    assert "  eth0: wired, connected, 1000 Mbit/s, IPv4 private\n  wlan0: wireless, not connected\n" in text


def test_settings_tell_their_origin_and_defaults_are_named_together() -> None:
    loaded = load(environ={"REPORTER_FACE": "none", "REPORTER_SETTINGS": "", "REPORTER_LANGUAGE": "ru"})
    told = collect(settings_in_force=loaded.rows(), environ={})
    text = english(told)
    assert "  face: none (environment, the variable REPORTER_FACE)\n" in text
    assert "  Built-in values: help_text, help_url" in text
    assert "endpoint:" not in text


def test_sections_of_the_future_keep_their_names() -> None:
    assert "quantum\n  qubits: 3\n" in english(facts(quantum={"qubits": 3}))


def test_values_of_the_host_are_not_translated() -> None:
    class Shouting(Translator):
        def say(self, message: str, /, **values: object) -> str:
            return super().say(message, **values).upper()

    text = as_text(
        facts(application={"name": "Network"}, connection={"base": "web"}, network={"left_out_count": 3}),
        Shouting("en"),
    )
    assert "  NAME: Network" in text
    assert "  DATABASE: web" in text
    assert "NETWORK\n" in text


def test_empty_facts_are_a_heading() -> None:
    assert english(facts()) == "Information about this computer, 2026-11-22 09:00:00 +0000\n"


@pytest.mark.parametrize(
    ("fact", "row", "line"),
    [
        (
            "gateways",
            {"address": "192.0.2.1", "interface": "eth0", "metric": 100},
            "Gateway: 192.0.2.1, eth0",
        ),
        (
            "monitors",
            {"width_px": 3840, "height_px": 2160, "scale_percent": 150, "is_primary": True},
            "Monitor: 3840 × 2160, 150 %, main monitor",
        ),
        ("monitors", {"output": "HDMI-A-1", "width_px": 1, "height_px": 2}, "Monitor: HDMI-A-1, 1 × 2"),
        (
            "files",
            {
                "name": "conf.cfg",
                "place": "program files",
                "exists": True,
                "size_bytes": 2048,
                "modified": "2026-11-20T10:30:00+02:00",
            },
            "conf.cfg: 2 KiB, 2026-11-20 10:30, program files",
        ),
        (
            "files",
            {"name": "a", "place": "home folder", "exists": False},
            "a: does not exist, home folder",
        ),
        (
            "stores_of_environment",
            {"variable": "SSL_CERT_FILE", "place": "home folder", "exists": False},
            "SSL_CERT_FILE: does not exist, home folder",
        ),
        (
            "products",
            {"name": "Kaspersky", "kind": "antivirus", "is_on": True, "is_current": False},
            "Kaspersky: antivirus, switched on, out of date",
        ),
        ("products", {"name": "XProtect", "version": "5284", "is_on": False}, "XProtect: 5284, switched off"),
    ],
)
def test_a_row_takes_one_line(fact: str, row: dict[str, Scalar], line: str) -> None:
    assert english(facts(memory={fact: [row]})).endswith(f"Memory\n  {line}\n")


def test_the_window_and_the_text_say_the_same() -> None:
    told = facts(gaps=[Gap(section="time", reason="clock: odd")], system={"name": "X"}, quantum={"qubits": 3})
    shown = about(told, Translator("en"))
    assert shown.groups == groups(told, Translator("en"))
    assert shown.groups == [
        Group(heading="Operating system", rows=[Row(label="Name", value="X")]),
        Group(heading="quantum", rows=[Row(label="qubits", value="3")]),
        Group(heading="Could not be determined", rows=[Row(label="Time", value="clock: odd")]),
    ]
    assert shown.text == english(told)


def test_the_document_of_the_window_is_that_of_the_command() -> None:
    told = facts(system={"name": "X"})
    document = about(told, Translator("en")).json
    assert msgspec.json.decode(document, type=Facts) == told
    assert document.startswith('{\n  "schema": "facts/1",\n')


def test_every_fact_of_this_system_has_a_label() -> None:
    told = collect(environ={})
    assert {fact for section in told.sections.values() for fact in section} <= {
        *LABELS, "interfaces", "in_force", "stores_of_environment", "selinux", "apparmor",
    }  # fmt: skip
