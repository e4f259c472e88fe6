"""Settings that cannot be used: they are told, and never keep a command from its work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from reporter.cli import reporter as main
from reporter.demo.servers import closed_port


@pytest.fixture
def malformed(home: Path) -> str:
    """A setting that nobody at this computer may be able to correct."""
    (home / "settings.toml").write_text('retention_days = "ten"\n', encoding="utf-8")
    return "line 1, column 1: retention_days"


def test_a_diagnosis_is_made_all_the_same(malformed: str) -> None:
    done = CliRunner().invoke(main, ["diagnose", "--json", f"tcp://127.0.0.1:{closed_port()}"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["cause"] == "tcp.refused"
    assert malformed in done.stderr


def test_a_report_is_built_all_the_same(malformed: str, tmp_path: Path) -> None:
    failure = tmp_path / "failure.json"
    failure.write_text(json.dumps({"target": f"tcp://127.0.0.1:{closed_port()}", "message": "m"}))
    done = CliRunner().invoke(main, ["report", "--preview", str(failure)])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["failure"]["message"] == "m"
    assert malformed in done.stderr


def test_an_option_that_cannot_be_used_ends_the_command(malformed: str) -> None:
    done = CliRunner().invoke(main, ["diagnose", "--language", "!", "tcp://127.0.0.1:9"])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "--language" in done.stderr
    assert done.stderr.count(malformed) == 1
