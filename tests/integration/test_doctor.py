"""``reporter doctor`` as IT runs it: real destinations of every kind, broken computers, and scripts."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from reporter.demo.servers import closed_port
from reporter.inbox.server import Inbox
from tests.delivery.mail_relays import post_office

LIMIT_S = 20


class Computer:
    """Runs ``reporter`` in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.settings = home / "settings.toml"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("REPORTER_")},
            "REPORTER_HOME": str(home / "reporter"),
            "REPORTER_SETTINGS": str(self.settings),
            "REPORTER_LANGUAGE": "en",
            "REPORTER_FACE": "none",
            "HOME": str(home),
        }
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "DISPLAY"):
            self.environment.pop(name, None)
            self.environment.pop(name.lower(), None)
        self.settings.touch()

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """It ends within the documented twenty seconds, and without a traceback."""
        ended = subprocess.run(
            [sys.executable, "-m", "reporter", *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**self.environment, **environment},
            timeout=LIMIT_S,
            check=False,
        )
        assert "Traceback" not in ended.stdout + ended.stderr, ended.stderr
        return ended

    def doctor(self, *destinations: str, arguments: tuple[str, ...] = ()) -> tuple[int, dict[str, list[Any]]]:
        """The exit status, and the findings by section."""
        self.settings.write_text(f"destinations = {json.dumps(list(destinations))}\n", encoding="utf-8")
        ended = self("doctor", "--json", *arguments)
        document = json.loads(ended.stdout)
        assert document["schema"] == "checkup/1"
        assert document["status"] == ended.returncode
        return ended.returncode, {each["name"]: each["findings"] for each in document["sections"]}


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    home = tmp_path / "home"
    home.mkdir()
    return Computer(home)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    listen = f"127.0.0.1:{closed_port()}"
    running = Inbox(tmp_path / "inbox.sqlite", listen)
    running.start()
    yield tmp_path / "inbox.sqlite", f"http://{listen}/reports"
    running.stop()


@pytest.fixture
def closed_door() -> Iterator[str]:
    """The address of an endpoint that answers 401 whatever it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def refuse(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_HEAD = do_GET = refuse  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/reports"
    server.shutdown()
    server.server_close()
    thread.join()


def test_every_kind_is_looked_at_and_nothing_is_sent(
    computer: Computer, inbox: tuple[Path, str], tmp_path: Path
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    with post_office() as (relay, port):
        mail = f"smtp://127.0.0.1:{port}/help@example.org"
        status, sections = computer.doctor(inbox[1], share.as_uri(), mail)
        assert relay.envelopes == []
    assert status == 0, sections
    native, folder, post = sections["destinations"]
    assert (native["subject"], native["facts"]["is_reached"], native["facts"]["is_let_in"]) == (
        inbox[1],
        True,
        True,
    )
    assert folder["facts"]["is_let_in"] is True
    assert (post["facts"]["is_reached"], post["facts"]["is_let_in"]) == (True, None)
    assert list(share.iterdir()) == []
    assert reports(inbox[0]) == []


def test_each_destination_takes_a_marked_test_report(
    computer: Computer, inbox: tuple[Path, str], tmp_path: Path
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    with post_office() as (relay, port):
        mail = f"smtp://127.0.0.1:{port}/help@example.org"
        status, sections = computer.doctor(inbox[1], share.as_uri(), mail, arguments=("--send-test",))
        [letter] = relay.mails()
    assert status == 0, sections
    tests = [each for each in sections["destinations"] if "reference" in each["facts"]]
    assert [each["facts"]["outcome"] for each in tests] == ["accepted"] * 3
    first, second, third = (each["facts"]["reference"] for each in tests)
    [report] = reports(inbox[0])
    assert report["reference"] == first
    assert report["failure"]["application"]["name"] == "Test"
    assert report["story"]["wanted"].startswith("Test: ")
    assert [file.name for file in share.iterdir()] == [f"{second}.zip"]
    assert third in letter["Subject"]
    assert not (computer.home / "reporter" / "spool").exists()  # the queue has no part in it


def test_what_is_wrong_is_told_for_each_destination(
    computer: Computer, inbox: tuple[Path, str], closed_door: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}/reports"
        dead = f"http://127.0.0.1:{closed_port()}/reports"
        status, sections = computer.doctor(inbox[1], dead, hanging, closed_door)
    assert status == 1
    told = {each["subject"]: each for each in sections["destinations"]}
    assert told[inbox[1]]["state"] == "good"
    assert "refuses the connection" in told[dead]["facts"]["reason"]
    assert told[hanging]["facts"]["is_reached"] is False
    assert told[closed_door]["facts"] | {"elapsed_ms": 0} == {
        "is_reached": True,
        "is_let_in": False,
        "reason": told[closed_door]["facts"]["reason"],
        "elapsed_ms": 0,
        "paused_since": None,
        "paused_reason": "",
        "rests_until": None,
    }


def test_a_pause_is_told_with_since_when_and_why(computer: Computer, closed_door: str) -> None:
    computer.settings.write_text(f'endpoint = "{closed_door}"\n', encoding="utf-8")
    failure = computer.home / "failure.json"
    failure.write_text('{"message": "Connection refused"}', encoding="utf-8")
    computer("report", str(failure), "--send", REPORTER_SUBMISSION="ask")
    try:
        status, sections = computer.doctor(closed_door)
    finally:
        for file in (computer.home / "reporter" / "spool").iterdir():
            file.unlink()  # which ends the courier
    [told] = sections["destinations"]
    assert status == 1
    assert told["facts"]["paused_since"].endswith("Z")
    assert "answered 401" in told["facts"]["paused_reason"]
    assert sections["spool"][0]["facts"]["states"] == {"queued": 1}


def test_the_page_for_a_person_has_headings_and_a_last_word(computer: Computer) -> None:
    computer.settings.write_text('endpont = "x"\nface = \n', encoding="utf-8")
    ended = computer("doctor")
    assert ended.returncode == 2
    lines = ended.stdout.splitlines()
    for heading in ("Settings", "Destinations", "Trust store", "Versions"):
        assert heading in lines
    assert f"In {computer.settings}, line 2, column" in " ".join(ended.stdout.split())
    assert lines[-1].endswith("things are wrong.")
    assert ended.stderr == ""


@pytest.mark.parametrize("hostile", ["home", "file", "settings", "binary", "spool", "newer"])
def test_a_broken_computer_still_gets_a_page(computer: Computer, hostile: str) -> None:
    home = computer.home / "reporter"
    if hostile == "home":
        computer.environment |= {"REPORTER_HOME": "/proc/nothing/here", "HOME": "/proc/nothing"}
    elif hostile == "file":
        home.touch()
    elif hostile == "settings":
        computer.settings.unlink()
        os.mkfifo(computer.settings)
    elif hostile == "binary":
        computer.settings.write_bytes(os.urandom(100_000))
    elif hostile == "spool":
        (home / "spool").mkdir(parents=True)
        (home / "spool" / "spool.sqlite").mkdir()
    else:
        (home / "spool").mkdir(parents=True)
        with contextlib.closing(sqlite3.connect(home / "spool" / "spool.sqlite")) as db:
            db.execute("PRAGMA user_version = 999")
    ended = computer("doctor", "--json")
    document = json.loads(ended.stdout)
    assert ended.returncode == document["status"] != 0
    assert [section["name"] for section in document["sections"]][-1] == "versions"
    wrong = {section["name"] for section in document["sections"] for each in section["findings"] if bad(each)}
    assert wrong & ({"settings"} if hostile in ("settings", "binary") else {"spool"})


def bad(finding: dict[str, Any]) -> bool:
    return finding["state"] in ("wrong", "malformed")


def reports(inbox_file: Path) -> list[dict[str, Any]]:
    """Every report that the inbox keeps."""
    with contextlib.closing(sqlite3.connect(inbox_file)) as db:
        return [json.loads(row[0]) for row in db.execute("SELECT report_json FROM reports")]
