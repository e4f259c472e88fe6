"""The demo does the main job in every scenario, without questions where there is nobody to ask."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

LIMIT_S = 90

CAUSES = {
    "expired": {"tls.expired"},
    "wrong-name": {"tls.wrong_name"},
    "refused": {"tcp.refused"},
    # Which of the two depends on whether the machine that runs the test can ask a name server.
    "unknown-name": {"dns.not_found", "dns.no_answer"},
    "plain-http": {"tls.not_tls"},
    "maintenance": {"app.maintenance"},
    "locked": {"app.session_locked"},
    "endpoint-down": {"tls.expired"},
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY") and not name.startswith("REPORTER_")
    }
    return subprocess.run(
        [sys.executable, "-m", "reporter", "demo", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        timeout=LIMIT_S,
        check=False,
    )


@pytest.mark.parametrize("scenario", CAUSES)
def test_a_scenario_ends_with_its_verdict_and_a_delivered_report(scenario: str) -> None:
    ended = run("--json", "--scenario", scenario)
    assert ended.returncode == 0, ended.stderr
    result: dict[str, Any] = json.loads(ended.stdout)
    assert result["verdict"]["cause"] in CAUSES[scenario]
    assert result["receipt"]["state"] == "accepted"
    assert result["receipt"]["reference"] == result["report"]["reference"]
    assert result["receipt"]["page"].endswith(result["report"]["reference"])
    assert "Traceback" not in ended.stderr


def test_the_endpoint_that_is_down_is_told_before_the_flush_delivers() -> None:
    ended = run("--scenario", "endpoint-down", "--language", "en")
    assert ended.returncode == 0, ended.stderr
    assert "(tls.expired)" in ended.stdout
    waits, has = ended.stdout.find("waits on this computer"), ended.stdout.find("support has it")
    assert 0 < waits < has


def test_the_demo_speaks_russian() -> None:
    ended = run("--scenario", "refused", "--language", "ru")
    assert "отчёт" in ended.stdout.lower()


def test_every_scenario_is_listed_and_an_unknown_one_is_a_sentence() -> None:
    listed = run("--scenario", "list").stdout
    assert all(scenario in listed for scenario in CAUSES)
    ended = run("--scenario", "earthquake")
    assert ended.returncode == 2
    assert "earthquake" in ended.stderr
