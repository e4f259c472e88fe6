"""Policies in the registry: who is heard, in which form, and that a bad value disables no other."""

from __future__ import annotations

import json

import pytest

from reporter.settings.layers import Layer, Loaded, load
from reporter.settings.model import TABLE, Settings
from reporter.settings.policy.base import Vendor
from reporter.settings.policy.windows import WindowsPolicies
from tests.settings.policy_systems import NO_FILE, FakeWinreg

POLICIES = r"Software\Policies\Reporter\Reporter"
RECOMMENDED = POLICIES + r"\Recommended"
INSTALLER = r"Software\Reporter\Reporter"


@pytest.fixture(name="winreg")
def _winreg() -> FakeWinreg:
    return FakeWinreg()


def loaded(winreg: FakeWinreg, **environ: str) -> Loaded:
    return load(environ={**NO_FILE, **environ}, policies=WindowsPolicies(winreg=winreg))


def test_an_empty_registry_says_nothing(winreg: FakeWinreg) -> None:
    found = loaded(winreg)
    assert (found.settings, found.problems) == (Settings(), [])


def test_each_key_is_its_layer_and_the_machine_comes_first(winreg: FakeWinreg) -> None:
    places = {
        Layer.INSTALLER: ("HKLM", INSTALLER),
        Layer.RECOMMENDED_POLICY: ("HKLM", RECOMMENDED),
        Layer.USER_POLICY: ("HKCU", POLICIES),
        Layer.MACHINE_POLICY: ("HKLM", POLICIES),
    }
    for layer, (hive, path) in places.items():
        winreg.write(hive, path, "HelpText", str(layer), winreg.REG_SZ)
        found = loaded(winreg)
        assert found.settings.help_text == str(layer)
        assert found.origins["help_text"].layer is layer
        assert found.origins["help_text"].place == rf"{hive}\{path}, value HelpText"
        assert found.is_locked("help_text") == (layer in (Layer.USER_POLICY, Layer.MACHINE_POLICY))
    assert found.problems == []


def test_of_recommendations_those_of_the_computer_win(winreg: FakeWinreg) -> None:
    winreg.write_raw("HKCU", RECOMMENDED, "HelpText", "person")
    winreg.write_raw("HKCU", RECOMMENDED, "RetentionDays", 5)
    winreg.write_raw("HKLM", RECOMMENDED, "HelpText", "computer")
    found = loaded(winreg)
    assert (found.settings.help_text, found.settings.retention_days) == ("computer", 5)


def test_nobody_can_overrule_a_policy_and_everybody_an_installer(winreg: FakeWinreg) -> None:
    winreg.write_raw("HKCU", POLICIES, "HelpText", "policy")
    winreg.write_raw("HKLM", INSTALLER, "Endpoint", "https://installed.example/")
    found = loaded(winreg, REPORTER_HELP_TEXT="mine", REPORTER_ENDPOINT="https://mine.example/")
    assert found.settings.help_text == "policy"
    assert found.settings.endpoint == "https://mine.example/"


def test_values_have_the_form_of_their_kind(winreg: FakeWinreg) -> None:
    winreg.write("HKLM", POLICIES, "INCLUDEHOSTNAME", 1, winreg.REG_DWORD)
    winreg.write("HKLM", POLICIES, "SpoolLimitMb", 500, winreg.REG_QWORD)
    winreg.write("HKLM", POLICIES, "HelpText", ["Call 1.", "Or 2."], winreg.REG_MULTI_SZ)
    winreg.write("HKLM", POLICIES, "Submission", "AUTO\0", winreg.REG_SZ)
    winreg.write("HKLM", POLICIES, "Help", '{"tls": {"ru": {"text": "x"}}}', winreg.REG_SZ)
    for number, host in ((10, "c"), (2, "b"), (1, "a")):
        winreg.write(
            "HKLM", POLICIES + r"\controlurls", str(number), f"https://{host}.example/", winreg.REG_SZ
        )
    found = loaded(winreg)
    assert found.problems == []
    settings = found.settings
    assert settings.include_host_name is True
    assert settings.spool_limit_mb == 500
    assert settings.help_text == "Call 1.\nOr 2."
    assert settings.submission == "auto"
    assert settings.help_for("tls.expired", "tls", "ru").text == "x"
    assert settings.control_urls == ("https://a.example/", "https://b.example/", "https://c.example/")


def test_unknown_names_are_told_with_the_nearest(winreg: FakeWinreg) -> None:
    winreg.write_raw("HKLM", POLICIES, "HelpUlr", "https://help.example/")
    winreg.write_raw("HKLM", POLICIES, "ContolUrls", ["https://a.example/"])
    winreg.write_raw("HKLM", POLICIES, "HelpText", "kept")
    found = loaded(winreg)
    assert found.settings.help_text == "kept"
    assert [(each.name.lower(), each.meant, each.layer) for each in found.ignored] == [
        ("helpulr", "HelpUrl", "machine policy"),
        ("contolurls", "ControlUrls", "machine policy"),
    ]
    assert rf"In HKLM\{POLICIES}, value HelpUlr: there is no setting HelpUlr" in found.problems[0]


@pytest.mark.parametrize(
    ("name", "data", "kind", "part"),
    [
        ("IncludeHostName", 2, "REG_DWORD", "include_host_name is 2"),
        ("IncludeHostName", "1", "REG_SZ", "write a DWORD, 0 or 1"),
        ("RetentionDays", "7", "REG_SZ", "write a DWORD, a whole number from 1 to 3650"),
        ("RetentionDays", 0, "REG_DWORD", "retention_days is 0"),
        ("RetentionDays", b"\x07", "REG_BINARY", "retention_days is a"),
        ("HelpText", 1, "REG_DWORD", "help_text is no text"),
        ("ClientKey", "%TEMP%\\k.pem", "REG_EXPAND_SZ", "client_key is no text"),
        ("HelpText", "x" * 70_000, "REG_SZ", "more than 65,536 characters"),
        ("HelpText", "a\0b", "REG_SZ", "holds NUL characters"),
        ("HelpUrl", r"\\evil.example\x", "REG_SZ", "help_url"),
        ("ClientKey", r"\\evil.example\x\k", "REG_SZ", "network share"),
        ("ControlUrls", "https://a.example/", "REG_SZ", "control_urls is a single value"),
        ("Help", "{", "REG_SZ", "help cannot be used: this is not valid JSON"),
        ("Help", '{"tls": {"text": "a", "text": "b"}}', "REG_SZ", "help.tls.text is written twice"),
        ("Help", "[" * 50_000, "REG_SZ", "help cannot be used"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_malformed_value_is_ignored_alone(
    winreg: FakeWinreg, name: str, data: object, kind: str, part: str
) -> None:
    winreg.write("HKLM", POLICIES, name, data, getattr(winreg, kind))
    winreg.write_raw("HKLM", POLICIES, "SpoolLimitMb", 7)
    found = loaded(winreg)
    assert found.settings == Settings(spool_limit_mb=7)
    assert len(found.problems) == 1
    assert part in found.problems[0]
    assert "evil" not in found.problems[0]


def test_malformed_means_closed_and_locked_where_privacy_is_concerned(winreg: FakeWinreg) -> None:
    for name in ("Submission", "IncludeUserName", "IncludeHostName", "IncludeServerNames"):
        winreg.write("HKLM", POLICIES, name, b"?", winreg.REG_BINARY)
    winreg.write_raw("HKCU", POLICIES, "IncludeScreenshot", "yes")
    winreg.write_raw("HKLM", POLICIES, "AllowedSections", ["facts", "fact"])
    found = loaded(winreg, REPORTER_SUBMISSION="auto", REPORTER_INCLUDE_SCREENSHOT="yes")
    for row in TABLE:
        if row.is_private:
            assert getattr(found.settings, row.name) == row.closed
            assert found.is_locked(row.name)


def test_a_list_that_is_also_a_value_is_not_used(winreg: FakeWinreg) -> None:
    winreg.write_raw("HKLM", POLICIES, "AllowedSections", ["facts"])
    winreg.write("HKLM", POLICIES, "AllowedSections", "facts", winreg.REG_SZ)
    assert loaded(winreg).settings.allowed_sections == ()


@pytest.mark.parametrize("name", ["first", "1a", "-1", "²", "1" * 30])
def test_values_of_a_list_are_numbered(winreg: FakeWinreg, name: str) -> None:
    winreg.write_raw("HKLM", POLICIES, "ControlUrls", ["https://a.example/"])
    winreg.write("HKLM", POLICIES + r"\ControlUrls", name, "https://b.example/", winreg.REG_SZ)
    found = loaded(winreg)
    assert found.settings.control_urls == ()
    assert "number the values: 1, 2 and so on" in found.problems[0]


def test_an_item_that_cannot_be_used_leaves_the_others(winreg: FakeWinreg) -> None:
    winreg.write_raw(
        "HKLM", POLICIES, "ControlUrls", ["https://a.example/", "ftp://b/", "https://c.example/"]
    )
    winreg.write("HKLM", POLICIES + r"\ControlUrls", "4", 4, winreg.REG_DWORD)
    found = loaded(winreg)
    assert found.settings.control_urls == ("https://a.example/", "https://c.example/")
    assert ["item 2" in found.problems[0], "item 4" in found.problems[1]] == [True, True]


def test_a_key_where_a_value_belongs_is_ignored(winreg: FakeWinreg) -> None:
    winreg.write_raw("HKLM", POLICIES, "HelpText", ["a"])
    assert "help_text is a key" in loaded(winreg).problems[0]


def test_a_key_that_may_not_be_read_closes_privacy(winreg: FakeWinreg) -> None:
    winreg.denied.add(POLICIES.lower())
    found = loaded(winreg, REPORTER_SUBMISSION="auto")
    assert found.settings.submission == "off"
    assert rf"In HKLM\{POLICIES}: it cannot be read (Access is denied)" in found.problems[0]


def test_thousands_of_values_are_refused(winreg: FakeWinreg) -> None:
    for number in range(1_001):
        winreg.write("HKLM", POLICIES, f"Value{number}", 1, winreg.REG_DWORD)
    found = loaded(winreg)
    assert found.settings.submission == "off"
    assert "more than 1,000 items" in found.problems[0]


def test_another_vendor_has_other_keys(winreg: FakeWinreg) -> None:
    vendor = Vendor(name="Example", product="Helper", bundle_id="org.example.helper")
    winreg.write_raw("HKLM", r"Software\Policies\Example\Helper", "HelpText", "theirs")
    winreg.write_raw("HKLM", r"Software\Example\Helper", "RetentionDays", 3)
    winreg.write_raw("HKLM", POLICIES, "HelpUrl", "https://not.theirs.example/")
    settings = load(environ=NO_FILE, policies=WindowsPolicies(vendor, winreg)).settings
    assert settings == Settings(help_text="theirs", retention_days=3)


def test_what_is_written_as_json_is_what_is_read(winreg: FakeWinreg) -> None:
    table = {"dns": {"text": "Zeile", "url": "https://x.example/", "de": {"text": "ä"}}}
    winreg.write_raw("HKLM", POLICIES, "Help", json.dumps(table))
    assert loaded(winreg).settings.help["dns"].languages["de"].text == "ä"
