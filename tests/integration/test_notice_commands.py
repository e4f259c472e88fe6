"""``reporter notice`` as administrators and their scripts meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

Ended = subprocess.CompletedProcess[str]
Run = Callable[..., Ended]


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Run:
    def started(*arguments: str, **environment: str) -> Ended:
        ended = subprocess.run(
            [sys.executable, "-m", "reporter", "notice", *arguments],
            env={
                **os.environ,
                "REPORTER_HOME": str(tmp_path / "home"),
                "REPORTER_SETTINGS": os.devnull,
                **environment,
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )
        assert "Traceback" not in ended.stderr
        return ended

    return started


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> str:
    return str(tmp_path / "notice.json")


def test_written_checked_and_cleared(run: Run, file: str) -> None:
    given = ("--message", "Closing.", "--message-ru", "Закрываем.", "--language", "de=Zu.", "--until", "+2h")
    options = ("--target", "https://erp.example.org", "--cause", "tcp", "--url", "https://s.example/")
    written = run("write", file, *given, *options, "--language-url", "ru=https://s.example/ru")
    assert (written.returncode, written.stderr) == (0, "")
    document = json.loads(Path(file).read_bytes())
    until = datetime.fromisoformat(document.pop("until"))
    assert timedelta(minutes=110) < until - datetime.now(UTC) <= timedelta(hours=2)
    assert document == {
        "userMessage": "Closing.",
        "cause": "tcp",
        "url": "https://s.example/",
        "target": ["https://erp.example.org"],
        "ru": {"userMessage": "Закрываем.", "url": "https://s.example/ru"},
        "de": {"userMessage": "Zu."},
    }
    checked = run("check", file, "--json")
    found = json.loads(checked.stdout)
    assert (checked.returncode, found["is_shown"], found["faults"]) == (0, True, [])
    assert {words["language"]: words["message"] for words in found["words"]}["ru"] == "Закрываем."
    assert "Закрываем." in run("check", file).stdout
    assert not json.loads(run("check", file, "--target", "https://other.example", "--json").stdout)[
        "is_shown"
    ]
    assert run("clear", file).returncode == 0
    assert json.loads(Path(file).read_bytes()) == {"userMessage": ""}
    assert "Not shown" in run("check", file).stdout


def test_a_bare_time_is_written_with_the_offset_of_this_place(run: Run, file: str) -> None:
    written = run("write", file, "--message", "x", "--until", "14:00", "--json", TZ="Asia/Tokyo")
    assert written.returncode == 0
    assert json.loads(written.stdout)["is_shown"]
    until = json.loads(Path(file).read_bytes())["until"]
    assert until.endswith("T14:00:00+09:00")
    left = datetime.fromisoformat(until) - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(days=1)


def test_the_check_ends_with_the_status_of_what_it_found(run: Run, file: str) -> None:
    Path(file).write_text('{"userMessage": "x",\n "until": "tomorrow"}', encoding="utf-8")
    checked = run("check", file)
    assert checked.returncode == 1
    assert "Line 2, column 2: until is no moment" in checked.stdout
    assert (
        json.loads(run("check", "http://127.0.0.1:1/notice.json", "--json").stdout)["outcome"]
        == "unreachable"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("write", "FILE", "--message", "x", "--until", "soon"), "is no moment; write a time such as 14:00"),
        (("write", "FILE", "--message", "x", "--until", "2020-01-01T00:00Z"), "is over already"),
        (("write", "FILE", "--message", "x", "--until", "+1h", "--cause", "tpc"), "did you mean tcp?"),
        (("write", "FILE", "--message", "x", "--until", "+1h", "--url", "javascript:1"), "cannot be used"),
        (("write", "FILE", "--message", "x", "--until", "+1h", "--language", "ru"), "an equals sign"),
        (("write", "FILE/x/y", "--message", "x", "--until", "+1h"), "cannot be written"),
        (("write", "FILE", "--message", "x"), "--until"),
        (("clear", "/etc/passwd"), "is there and is not a notice"),
        (("check", "/nonexistent"), "is no file that can be read"),
        (("check", "ftp://h/n.json"), "begins with ftp://"),
        (("check", "FILE", "--target", "h:p:q"), "The target"),
    ],
)
def test_bad_usage_gets_a_sentence(run: Run, file: str, arguments: tuple[str, ...], sentence: str) -> None:
    ended = run(*(argument.replace("FILE", file) for argument in arguments))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert sentence in ended.stderr
    assert not Path(file).exists()
