"""What the dialog's process loads only when somebody needs it: its memory and its start hang on that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reporter.demo import servers

# Whatever the first window and the verdict on a refused connection can do without.
HEAVY = (
    *("dataclasses", "http.client", "importlib.metadata", "inspect", "logging", "reporter.report.scrub"),
    *("requests", "rich", "click", "sqlite3", "ssl", "typing_extensions"),
)
STORY = """
import sys, types

def show(argument):
    from reporter import agent
    from reporter.capture.failure import Failure
    from reporter.case import Case

    case = Case(Failure(target=argument, message="refused"), loaded=agent.load_settings(argument))
    case.first_notice()
    print(case.diagnose(lambda notice: None).headline)
    print(sorted({heavy!r} & sys.modules.keys()))
    print("Measured" in case.details(), "reporter.report.scrub" in sys.modules)
    return 0

import reporter.__main__

reporter.showing = sys.modules["reporter.showing"] = types.ModuleType("reporter.showing")
reporter.showing.main = show
sys.argv = ["reporter", "show", "https://127.0.0.1:{port}/base"]
reporter.__main__.main()
"""


def test_until_details_are_asked_for_nothing_heavy_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTER_HOME", str(tmp_path))
    # What measures the tests' coverage would load much of it.
    for name in [name for name in os.environ if name.startswith(("COV_", "COVERAGE_"))]:
        monkeypatch.delenv(name)
    story = STORY.format(heavy=set(HEAVY), port=servers.closed_port())
    done = subprocess.run([sys.executable, "-c", story], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    headline, heavy, details = done.stdout.splitlines()
    assert "127.0.0.1" in headline
    assert heavy == "[]"
    assert details == "True True"
