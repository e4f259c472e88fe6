"""Exceptions nobody caught open the dialog; the hooks that were there keep their effect."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import wait_until

# The agent is replaced by a program that writes what it heard to a file.
HOST = """
import json, sys, threading
from reporter.capture import handover
log = sys.argv[1]
listener = "import sys; line = sys.stdin.readline(); open(sys.argv[1], 'w').write(line)"
handover.agent_command = lambda: [sys.executable, "-c", listener, log]
before = sys.excepthook
def mine(*arguments):
    print("my own hook", file=sys.stderr)
    before(*arguments)
sys.excepthook = mine
import reporter
reporter.install(application="ERP", version="3.1")
reporter.install(application="ERP", version="3.2")
{body}
"""

THREAD = """
def work():
    raise OSError("in a thread")
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def run(body: str, log: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HOST.format(body=body), str(log)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def heard(log: Path) -> dict[str, object]:
    """What the agent was told; the host may end before the agent has written it."""
    wait_until(lambda: log.exists() and log.read_text().endswith("\n"))
    opening: dict[str, object] = json.loads(log.read_text())
    return opening


def test_an_unhandled_exception_is_told_after_the_hosts_own_hook(tmp_path: Path) -> None:
    ended = run("raise KeyError('lost')", tmp_path / "log")
    assert ended.returncode == 1
    assert "my own hook" in ended.stderr
    assert "KeyError: 'lost'" in ended.stderr
    opening = heard(tmp_path / "log")
    failure = opening["failure"]
    assert isinstance(failure, dict)
    assert failure["action"] == "run"
    assert failure["exception"]["type"] == "KeyError"
    assert failure["application"] == {"name": "ERP", "version": "3.2"}


def test_a_thread_too(tmp_path: Path) -> None:
    ended = run(THREAD, tmp_path / "log")
    assert ended.returncode == 0
    failure = heard(tmp_path / "log")["failure"]
    assert isinstance(failure, dict)
    assert failure["message"] == "in a thread"


@pytest.mark.parametrize(
    ("body", "status"), [("raise SystemExit(5)", 5), ("raise KeyboardInterrupt", -2), ("pass", 0)]
)
def test_an_end_that_was_meant_is_no_crash(body: str, status: int, tmp_path: Path) -> None:
    ended = run(body, tmp_path / "log")
    assert ended.returncode == status
    assert not (tmp_path / "log").exists()


def test_an_agent_that_cannot_be_started_is_no_second_crash(tmp_path: Path) -> None:
    ended = run("handover.agent_command = lambda: ['/nonexistent']\nraise KeyError('lost')", tmp_path / "log")
    assert ended.returncode == 1
    assert ended.stderr.count("Traceback") == 1
