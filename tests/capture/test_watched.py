"""A watched program keeps its streams and its status; its crashes and its own words become a Failure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reporter.capture import watched
from reporter.errors import UsageError
from tests.capture.hosts import INSTALL, PREAMBLE, Stage


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


REPORTS = """
import os
with open(os.environ['REPORTER_FAILURE_FILE'], 'w') as file:
    file.write({document!r})
raise SystemExit({status})
"""
DIES = """
import os, signal
if signal.{name} != signal.SIGKILL:
    signal.signal(signal.{name}, signal.SIG_DFL)
os.kill(os.getpid(), signal.{name})
"""


def test_a_program_that_ends_well_is_no_failure() -> None:
    assert watched.run(python("pass")) == watched.Ended(status=0, failure=None)


def test_a_status_of_its_own_is_no_failure_without_a_target() -> None:
    assert watched.run(python("raise SystemExit(3)")) == watched.Ended(status=3, failure=None)


def test_with_a_target_any_status_is_a_failed_login() -> None:
    ended = watched.run(python("raise SystemExit(3)"), target="tcp://127.0.0.1:9")
    assert ended.status == 3
    assert ended.failure is not None
    assert ended.failure.target == "tcp://127.0.0.1:9"
    assert "status 3" in ended.failure.message


def test_a_crash_is_a_failure_and_the_status_is_the_shells() -> None:
    ended = watched.run(python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))
    assert ended.status == 128 + 11
    assert ended.failure is not None
    assert ended.failure.action == "run"
    assert ended.failure.exception is not None
    assert ended.failure.exception.type == "SIGSEGV"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_a_signal_that_was_meant_is_no_crash(name: str) -> None:
    code = DIES.format(name=name)
    assert watched.run(python(code)).failure is None


def test_what_the_program_reports_is_taken_and_completed() -> None:
    code = REPORTS.format(document='{"message": "cannot sign in"}', status=0)
    ended = watched.run(python(code), target="https://erp.example.org")
    assert ended.failure is not None
    assert ended.failure.message == "cannot sign in"
    assert ended.failure.target == "https://erp.example.org"
    assert ended.failure.occurred_at is not None
    assert ended.failure.application is not None


def test_a_report_that_cannot_be_read_is_told_with_its_reason() -> None:
    ended = watched.run(python(REPORTS.format(document="{broken", status=1)))
    assert ended.status == 1
    assert ended.failure is not None
    assert "not valid JSON" in ended.failure.message


@pytest.mark.parametrize("program", ["/nonexistent/program", "/etc"])
def test_a_program_that_cannot_be_started_is_a_sentence(program: str) -> None:
    with pytest.raises(UsageError, match=program):
        watched.run([program])


def test_a_crash_that_the_program_has_shown_itself_is_not_shown_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path)
    for name, value in stage.environ().items():
        monkeypatch.setenv(name, value)
    code = f"{PREAMBLE}{INSTALL}raise KeyError('lost')"
    ended = watched.run(python(code), target="tcp://127.0.0.1:9")
    assert ended == watched.Ended(status=1, failure=None)
    assert stage.failure()["message"] == "'lost'"


CODE = "2468"


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("", ["ENTERPRISE", "/S{}"]),
        (CODE, ["ENTERPRISE", "/UC2468", "--code=2468", "/S{}"]),
        ("a b$HOME", ["ENTERPRISE", "/UCa b$HOME", "--code=a b$HOME", "/S{}"]),
        ("{access_code}", ["ENTERPRISE", "/UC{access_code}", "--code={access_code}", "/S{}"]),
    ],
)
def test_the_code_takes_its_place_or_the_argument_is_left_out(code: str, arguments: list[str]) -> None:
    command = ["1cv8", "ENTERPRISE", "/UC{access_code}", "--code={access_code}", "/S{}"]
    assert watched.filled(command, code) == ["1cv8", *arguments]


def test_only_a_program_with_a_place_for_it_is_given_a_code() -> None:
    assert watched.Restart(["1cv8", "/UC{access_code}"]).accepts_access_code
    plain = watched.Restart(["1cv8", "/S{}"])
    assert not plain.accepts_access_code
    plain.ask(CODE)
    assert plain.access_code == ""


def test_a_program_that_quotes_its_code_is_not_repeated() -> None:
    says = '{"message": "code %s was wrong", "response": {"status": 423, "problem": {"detail": "%s"}}}'
    code = (
        "import os, sys\n"
        f"open(os.environ['REPORTER_FAILURE_FILE'], 'w').write({says!r} % (sys.argv[1], sys.argv[1]))"
    )
    ended = watched.run([*python(code), "{access_code}"], access_code="423")
    assert ended.failure is not None
    assert ended.failure.message == "code <access code> was wrong"
    assert ended.failure.response is not None
    assert ended.failure.response.status == 423
    assert ended.failure.response.problem == {"detail": "<access code>"}
