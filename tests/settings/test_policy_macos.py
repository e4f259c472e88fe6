"""Policies on macOS: what a profile forces, and what a property list recommends."""

from __future__ import annotations

import os
import plistlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporter.settings.layers import Layer, Loaded, load
from reporter.settings.model import Settings
from reporter.settings.policy.macos import MANAGED, RECOMMENDED, MacPolicies
from reporter.settings.policy.trusted import Trust
from tests.settings.policy_systems import NO_FILE, FakeFoundation

FILE = "org.reporter.agent.plist"


class Mac:
    """A Mac: values that are forced, and files in the library."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.foundation = FakeFoundation({})
        for folder in (MANAGED / "anna", RECOMMENDED):
            (top / folder).mkdir(parents=True)
        for path in (top, *top.rglob("*")):
            path.chmod(0o755)

    def write(self, folder: Path, content: object) -> Path:
        path = self.top / folder / FILE
        path.write_bytes(content if isinstance(content, bytes) else plistlib.dumps(content))  # type: ignore[arg-type]
        path.chmod(0o644)
        return path

    def force(self, values: Mapping[str, object], *, person: bool = False) -> None:
        self.foundation.forced_values |= values
        self.write(MANAGED / "anna" if person else MANAGED, values)

    def load(self, **environ: str) -> Loaded:
        policies = MacPolicies(foundation=self.foundation, trust=Trust(self.top, os.getuid()), user="anna")
        loaded = load(environ={**NO_FILE, **environ}, policies=policies)
        assert self.foundation.alive == {}, "everything that was made is released"
        return loaded


@pytest.fixture(name="mac")
def _mac(tmp_path: Path) -> Mac:
    return Mac(tmp_path / "root")


def test_a_mac_without_profiles_says_nothing(mac: Mac) -> None:
    loaded = mac.load()
    assert (loaded.settings, loaded.problems) == (Settings(), [])


def test_what_is_forced_is_locked_and_of_its_type(mac: Mac) -> None:
    mac.force(
        {
            "help_text": "Call 1.",
            "include_host_name": True,
            "retention_days": 5,
            "control_urls": ["https://a.example/"],
            "help": {"tls": {"text": "x"}},
        }
    )
    loaded = mac.load(REPORTER_HELP_TEXT="mine")
    assert loaded.problems == []
    assert loaded.settings.help_text == "Call 1."
    assert loaded.settings.include_host_name is True
    assert loaded.settings.control_urls == ("https://a.example/",)
    assert loaded.settings.help_for("tls.expired", "tls", "en").text == "x"
    assert loaded.origins["help_text"].layer is Layer.MACHINE_POLICY
    assert loaded.is_locked("retention_days")


def test_what_is_forced_for_the_person_alone_is_a_policy_for_the_person(mac: Mac) -> None:
    mac.force({"help_text": "both"})
    mac.force({"help_text": "both", "retention_days": 3}, person=True)
    loaded = mac.load()
    assert loaded.origins["help_text"].layer is Layer.MACHINE_POLICY
    assert loaded.origins["retention_days"].layer is Layer.USER_POLICY
    assert loaded.is_locked("retention_days")


def test_what_the_system_forces_counts_where_no_file_can_be_read(mac: Mac) -> None:
    mac.foundation.forced_values["submission"] = "off"
    mac.write(MANAGED, b"junk")
    assert mac.load(REPORTER_SUBMISSION="auto").settings.submission == "off"


def test_what_a_file_manages_and_the_system_does_not_force_does_not_count(mac: Mac) -> None:
    mac.write(MANAGED, {"help_text": "left behind"})
    assert mac.load().settings == Settings()


def test_a_property_list_recommends(mac: Mac) -> None:
    path = mac.write(RECOMMENDED, {"help_text": "Call 2.", "language": "ru"})
    loaded = mac.load(REPORTER_LANGUAGE="uk")
    assert (loaded.settings.help_text, loaded.settings.language) == ("Call 2.", "uk")
    assert str(loaded.origins["help_text"]) == f"recommended policy, {path}"
    assert not loaded.is_locked("help_text")


def test_bad_keys_are_ignored_alone_and_names_of_the_profile_left_alone(mac: Mac) -> None:
    mac.force(
        {
            "endpont": "x",
            "retention_days": "7",
            "submission": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None),
            "PayloadUUID": "1",
            "help_text": "kept",
        }
    )
    mac.write(RECOMMENDED, {"helptext": "x"})
    loaded = mac.load()
    assert (loaded.settings.help_text, loaded.settings.submission) == ("kept", "off")
    assert [(each.name, each.meant, each.layer) for each in loaded.ignored] == [
        ("submission", "", "machine policy"),
        ("retention_days", "", "machine policy"),
        ("endpont", "endpoint", "machine policy"),
        ("helptext", "help_text", "recommended policy"),
    ]


def test_a_forced_value_that_cannot_be_read_closes_what_is_private(mac: Mac) -> None:
    mac.foundation.forced_values["submission"] = object()
    mac.foundation.forced_values["help_url"] = object()
    loaded = mac.load()
    assert loaded.settings.submission == "off"
    assert loaded.is_locked("submission")
    assert len(loaded.problems) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"bplist00",
        b"bplist00" + b"\xff" * 400,
        plistlib.dumps(["no", "dictionary"]),
        b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><plist><string>&a;</string></plist>",
        b"<plist>" + b"<array>" * 50_000,
        b"x" * 10_000_000,
    ],
    ids=["empty", "cut", "wild", "list", "entity", "deep", "long"],
)
def test_what_is_no_property_list_closes_privacy(mac: Mac, content: bytes) -> None:
    path = mac.write(RECOMMENDED, content)
    loaded = mac.load()
    assert loaded.settings.submission == "off"
    assert loaded.problems[0].startswith(f"In {path}: ")


def test_a_property_list_that_others_can_write_is_refused(mac: Mac) -> None:
    path = mac.write(RECOMMENDED, {"submission": "auto"})
    path.chmod(0o666)
    loaded = mac.load()
    assert loaded.settings.submission == "off"
    assert f"{path} can be written by others" in loaded.problems[0]


@pytest.mark.parametrize("user", ["", "..", "a/b"])
def test_an_odd_name_of_the_person_leads_nowhere_else(mac: Mac, user: str) -> None:
    policies = MacPolicies(foundation=mac.foundation, trust=Trust(mac.top, os.getuid()), user=user)
    assert load(environ=NO_FILE, policies=policies).problems == []
