"""“Will be sent by itself” is true: nobody does anything, and support has the report."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from reporter.demo.servers import closed_port
from reporter.inbox.server import Inbox
from tests.waiting import wait_until

LIMIT_S = 60


class Computer:
    """A person's computer with an endpoint set up that is down at first."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        (self.home / "settings.toml").touch()
        self.spool = self.home / "spool" / "spool.sqlite"
        listen = f"127.0.0.1:{closed_port()}"
        self.endpoint = f"http://{listen}/reports"
        self.inbox_file = folder / "inbox.sqlite"
        self.inbox = Inbox(self.inbox_file, listen)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("REPORTER_")},
            "REPORTER_HOME": str(self.home),
            "REPORTER_SETTINGS": str(self.home / "settings.toml"),
            "REPORTER_FACE": "none",
            "REPORTER_ENDPOINT": self.endpoint,
        }

    def run(self, *arguments: str, given: object = None, **environment: str) -> Any:
        """What ``reporter … --json`` prints; its pipes are at their end, whoever was started behind it."""
        ended = subprocess.run(
            [sys.executable, "-m", "reporter", *arguments, "--json"],
            input=json.dumps(given).encode(),
            capture_output=True,
            env={**self.environment, **environment},
            timeout=LIMIT_S,
            check=False,
        )
        assert b"Traceback" not in ended.stderr, ended.stderr.decode()
        return json.loads(ended.stdout)

    def send(self, *arguments: str, **environment: str) -> Any:
        failure = {"target": f"tcp://127.0.0.1:{closed_port()}", "message": "Connection refused"}
        return self.run("report", "-", "--send", *arguments, given=failure, **environment)["receipt"]

    def couriers(self) -> list[psutil.Process]:
        """The processes that wait to send for this person."""
        return [process for process in psutil.process_iter() if self._is_courier(process)]

    def _is_courier(self, process: psutil.Process) -> bool:
        try:
            of_this_person = process.environ().get("REPORTER_HOME") == str(self.home)
            return of_this_person and "--wait" in process.cmdline()
        except psutil.Error:
            return False

    def time_passes(self) -> None:
        """Every planned time has come."""
        self._write("UPDATE reports SET next_try_at = strftime('%s', 'now')")

    def state(self) -> str:
        db = sqlite3.connect(self.spool)
        [(state,)] = db.execute("SELECT state FROM reports").fetchall()
        db.close()
        return str(state)

    def arrivals(self) -> list[tuple[str, int]]:
        """What the endpoint has: reference, and how often it came again."""
        db = sqlite3.connect(self.inbox_file)
        found = db.execute("SELECT reference, repeats FROM reports").fetchall()
        db.close()
        return found

    def _write(self, statement: str) -> None:
        db = sqlite3.connect(self.spool)
        with db:
            db.execute(statement)
        db.close()


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    computer = Computer(tmp_path)
    yield computer
    computer.inbox.stop()

    def is_alone() -> bool:
        shutil.rmtree(computer.spool.parent, ignore_errors=True)
        return computer.couriers() == []

    wait_until(is_alone)


def test_a_report_that_was_put_off_arrives_once_the_endpoint_is_back(computer: Computer) -> None:
    receipt = computer.send()
    assert receipt["state"] == "queued"
    wait_until(lambda: len(computer.couriers()) == 1)
    computer.inbox.start()
    computer.time_passes()
    wait_until(lambda: computer.state() == "accepted")
    assert computer.arrivals() == [(receipt["reference"], 0)]
    wait_until(lambda: computer.couriers() == [])


def test_an_endpoint_of_the_command_line_is_remembered_by_the_one_that_waits(computer: Computer) -> None:
    del computer.environment["REPORTER_ENDPOINT"]
    assert computer.send("--endpoint", computer.endpoint)["state"] == "queued"
    computer.inbox.start()
    computer.time_passes()
    wait_until(lambda: computer.state() == "accepted")


def test_what_was_only_saved_is_sent_after_an_endpoint_was_set(computer: Computer) -> None:
    computer.inbox.start()
    receipt = computer.send(REPORTER_ENDPOINT="")
    assert (receipt["state"], receipt["reason"]) == ("saved", "no destination is set up: set `endpoint`")
    assert computer.couriers() == []
    [listed] = computer.run("queue")
    assert listed["reference"] == receipt["reference"]
    wait_until(lambda: computer.state() == "accepted")


def test_a_later_command_starts_it_again_and_only_one_stays(computer: Computer) -> None:
    computer.send()
    wait_until(lambda: len(computer.couriers()) == 1)
    [first] = computer.couriers()
    first.kill()
    wait_until(lambda: computer.couriers() == [])
    computer.run("queue")
    computer.run("queue")
    wait_until(lambda: len(computer.couriers()) == 1)
    assert computer.run("queue", "flush", "--wait") == []


def test_it_ends_by_itself_when_its_spool_is_gone(computer: Computer) -> None:
    computer.send()
    wait_until(lambda: len(computer.couriers()) == 1)

    def is_alone() -> bool:
        shutil.rmtree(computer.home, ignore_errors=True)
        return computer.couriers() == []

    wait_until(is_alone)
    assert not computer.home.exists()


def test_an_automatic_report_waits_first_and_is_sent(computer: Computer) -> None:
    computer.inbox.start()
    failure = {"target": f"tcp://127.0.0.1:{closed_port()}", "message": "Connection refused"}
    receipt = computer.run("show", "-", given=failure, REPORTER_SUBMISSION="auto")["receipt"]
    assert receipt["state"] == "queued"
    assert receipt["next_try_at"] is not None
    computer.time_passes()
    wait_until(lambda: computer.state() == "accepted")


def test_a_damaged_spool_is_told_and_the_status_says_so(computer: Computer) -> None:
    computer.spool.parent.mkdir()
    computer.spool.write_bytes(b"this was a database once" * 500)
    ended = subprocess.run(
        [sys.executable, "-m", "reporter", "queue", "--json"],
        capture_output=True,
        env=computer.environment,
        timeout=LIMIT_S,
        check=False,
    )
    assert (ended.returncode, json.loads(ended.stdout)) == (1, [])
    assert b"was damaged and has been moved to" in ended.stderr

    computer.spool.write_bytes(b"this was a database once" * 500)
    failure = {"target": f"tcp://127.0.0.1:{closed_port()}", "message": "Connection refused"}
    ended = subprocess.run(
        [sys.executable, "-m", "reporter", "report", "-", "--send", "--json"],
        input=json.dumps(failure).encode(),
        capture_output=True,
        env=computer.environment,
        timeout=LIMIT_S,
        check=False,
    )
    assert json.loads(ended.stdout)["receipt"]["state"] == "queued"
    assert b"was damaged and has been moved to" in ended.stderr


def test_the_queue_is_listed_newest_first(computer: Computer) -> None:
    first, second = computer.send(REPORTER_ENDPOINT=""), computer.send(REPORTER_ENDPOINT="")
    listed = computer.run("queue", REPORTER_ENDPOINT="")
    assert [receipt["reference"] for receipt in listed] == [second["reference"], first["reference"]]
