"""``reporter policies``: value, source and lock of every setting, and what is ignored and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reporter.cli.administration import policies
from reporter.cli.common import load_or_refuse
from reporter.settings import policy
from reporter.settings.model import TABLE
from tests.settings.policy_systems import LinuxRoot


@pytest.fixture(name="root")
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LinuxRoot:
    root = LinuxRoot(tmp_path / "root")
    monkeypatch.setattr(policy, "select", lambda: root.policies)
    monkeypatch.setenv("REPORTER_SETTINGS", "/dev/null")
    monkeypatch.setenv("REPORTER_HELP_URL", "https://own.example/")
    return root


def run(*arguments: str) -> Result:
    return CliRunner().invoke(policies, arguments)


def test_every_setting_is_listed_with_value_source_and_lock(root: LinuxRoot) -> None:
    path = root.write('{"help_text": "Call 1."}')
    ended = run()
    assert ended.exit_code == 0
    lines = ended.stdout.splitlines()
    assert len(lines) == len(TABLE)
    assert lines[0].split(None, 1) == [
        "help_text",
        f"Call 1.  (machine policy, {path}, line 1, column 2, locked)",
    ]
    assert "https://own.example/  (environment, the variable REPORTER_HELP_URL)" in lines[1]


def test_each_ignored_key_is_listed_with_its_reason(root: LinuxRoot) -> None:
    path = root.write('{"endpont": 1, "submission": "sure"}')
    ended = run()
    assert ended.exit_code == 2
    ignored = [line for line in ended.stdout.splitlines() if line.startswith("Ignored: ")]
    assert len(ignored) == 2
    assert f"In {path}, line 1, column 2: there is no setting endpont (did you mean endpoint?)" in ignored[0]
    assert "the closed choice applies" in ignored[1]


def test_json_is_one_document_with_all_of_it(root: LinuxRoot) -> None:
    path = root.write('{"endpont": 1, "help_text": "Call 1."}')
    ended = run("--json")
    assert ended.exit_code == 2
    document = json.loads(ended.stdout)
    assert document["settings"][0] == {
        "name": "help_text",
        "value": "Call 1.",
        "origin": f"machine policy, {path}, line 1, column 16",
        "layer": "machine policy",
        "place": f"{path}, line 1, column 16",
        "locked": True,
    }
    assert document["ignored"] == [
        {
            "name": "endpont",
            "place": f"{path}, line 1, column 2",
            "reason": "there is no such setting",
            "remedy": "correct it or remove it",
            "meant": "endpoint",
            "layer": "machine policy",
        }
    ]
    assert len(document["problems"]) == 1


def test_an_option_that_a_policy_overrules_is_said(
    root: LinuxRoot, capsys: pytest.CaptureFixture[str]
) -> None:
    root.write('{"endpoint": "https://a.example/reports"}')
    given = {"endpoint": "https://b.example/reports", "help_text": "Call 1.", "help_url": None}
    settings = load_or_refuse("", given).settings
    assert (settings.endpoint, settings.help_text) == ("https://a.example/reports", "Call 1.")
    said = capsys.readouterr().err
    assert said == "--endpoint is not used, for this is managed by your organisation.\n"
