"""Connections that neither ask nor listen: ended, while everybody else is served."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from reporter.inbox import connections, intake, upload
from reporter.inbox.connections import HEAD_LIMIT_S, REQUEST_LIMIT_S, Sweeper
from reporter.inbox.server import Inbox


def connect(base: str) -> socket.socket:
    where = urlsplit(base)
    connection = socket.create_connection((where.hostname, where.port))
    connection.settimeout(30)
    return connection


def rest_of(connection: socket.socket) -> bytes:
    """Everything until the other side ends the connection, in whichever way."""
    received = b""
    try:
        while block := connection.recv(65_536):
            received += block
    except ConnectionError:
        pass
    return received


def drip(connection: socket.socket, drop: bytes, *, times: int = 1_000, every_s: float = 0.0) -> None:
    """Send a drop at a time; raises ConnectionError as soon as the other side has ended it."""
    for _ in range(times):
        connection.sendall(drop)
        time.sleep(every_s)


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An inbox whose limits are over soon."""
    for name in ("HEAD_LIMIT_S", "REQUEST_LIMIT_S", "FETCH_LIMIT_S"):
        monkeypatch.setattr(connections, name, 0.05)
    monkeypatch.setattr(connections, "SWEEP_INTERVAL_S", 0.02)
    inbox = Inbox(tmp_path / "inbox.sqlite")
    yield inbox.start()
    inbox.stop()


@pytest.mark.parametrize("sent", [b"", b"P", b"POST /reports HTTP/1.1\r\nHost: a\r\nX: "])
def test_who_does_not_ask_is_left(impatient: str, sent: bytes) -> None:
    with connect(impatient) as connection:
        connection.sendall(sent)
        assert rest_of(connection) == b""


def test_who_drips_is_left(impatient: str) -> None:
    with connect(impatient) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\n")
        with pytest.raises(ConnectionError):
            drip(connection, b"X: 1\r\n", every_s=0.01)


def test_who_asks_again_and_then_stalls_is_left(impatient: str) -> None:
    with connect(impatient) as connection:
        connection.sendall(b"GET /style.css HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b" 200 " in connection.recv(64)
        connection.sendall(b"GET /sty")
        assert b"GET" not in rest_of(connection)


def test_a_body_that_does_not_come_is_answered(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "UPLOAD_LIMIT_S", 0.05)
    monkeypatch.setattr(intake, "QUESTION_LIMIT_S", 0.05)
    for path in ("/reports", "/reports/precheck", "/reports/count"):
        with connect(base) as connection:
            connection.sendall(
                f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\n{{".encode()
            )
            answer = rest_of(connection)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"application/problem+json" in answer


def test_a_head_without_end_is_refused(base: str) -> None:
    with connect(base) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        with pytest.raises(ConnectionError):
            drip(connection, b"X-Filler: " + b"x" * 1_000 + b"\r\n", times=50_000)
    assert httpx.get(f"{base}health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"POST /reports HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /reports HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /reports HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_request_is_answered_and_ended(base: str, request_: bytes) -> None:
    with connect(base) as connection:
        connection.sendall(request_)
        answer = rest_of(connection)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 415 "))
    assert httpx.get(f"{base}health").json() == {"status": "ok"}


# The sweeper, with its clock turned by hand


class Transport:
    def __init__(self) -> None:
        self.unsent = 0
        self.is_aborted = False

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def abort(self) -> None:
        self.is_aborted = True


class Cycle:
    def __init__(self, *, response_complete: bool = False) -> None:
        self.response_complete = response_complete


class Connection:
    def __init__(self) -> None:
        self.transport = Transport()
        self.cycle: Cycle | None = None
        self.timeout_keep_alive_task: Any = None


def test_only_what_takes_too_long_is_ended() -> None:
    now = 0.0
    quiet, asking, heading, deaf, slow = (Connection() for _ in range(5))
    quiet.cycle, quiet.timeout_keep_alive_task = Cycle(response_complete=True), object()
    asking.cycle = Cycle()
    deaf.cycle, deaf.transport.unsent = Cycle(response_complete=True), 1_000
    slow.cycle, slow.transport.unsent = Cycle(response_complete=True), 1_000
    everybody = {quiet, asking, heading, deaf, slow}
    sweeper = Sweeper(everybody, clock=lambda: now)

    def ended(at: float) -> list[str]:
        nonlocal now
        now = at
        slow.transport.unsent -= 1  # it fetches its answer, a little at a time
        sweeper.sweep()
        names = {"quiet": quiet, "heading": heading, "asking": asking, "deaf": deaf}
        return [name for name, one in names.items() if one.transport.is_aborted]

    assert ended(0) == []
    assert ended(HEAD_LIMIT_S - 1) == []
    assert ended(HEAD_LIMIT_S) == ["heading"]
    everybody.discard(heading)
    assert ended(connections.FETCH_LIMIT_S) == ["heading", "deaf"]
    everybody.discard(deaf)
    asking.cycle = Cycle()  # a new request begins its time anew
    assert ended(REQUEST_LIMIT_S) == ["heading", "deaf"]
    assert ended(2 * REQUEST_LIMIT_S) == ["heading", "asking", "deaf"]
    assert not quiet.transport.is_aborted
    assert not slow.transport.is_aborted


def test_there_are_fewer_connections_than_open_files() -> None:
    limit = connections.connections_limit()
    assert 0 < limit <= connections.CONNECTIONS_LIMIT
    if os.name == "posix":
        import resource

        assert limit < resource.getrlimit(resource.RLIMIT_NOFILE)[0]


# Parts of a body


@pytest.mark.parametrize(
    "body",
    [
        b"--x\r\n\r\ncontent\r\n--x--",
        b"--x\r\nno colon\r\n\r\n1\r\n--x--",
        b"--x\r\n: empty\r\n\r\n1\r\n--x--",
        b"--x\r\nA: b\r\n--x--",
        b"--xy\r\nA: b\r\n\r\n1\r\n--x--",
        b"--x\r\n" + b"A: b\r\n" * 100 + b"\r\n1\r\n--x--",
    ],
)
def test_parts_without_a_head_are_malformed(body: bytes) -> None:
    with pytest.raises(upload.Rejected, match="multipart body is malformed"):
        upload.read("multipart/form-data; boundary=x", "k", body)


def test_content_that_looks_like_a_boundary_stays_content(base: str) -> None:
    report = b'{"schema": "report/2", "reference": "7K3D-9QX2M", "x": "--b\\r\\n--b--"}'
    body = b'--b\r\nContent-Disposition: form-data; name="report"\r\n\r\n%b\r\n--b--\r\nepilogue' % report
    answer = httpx.post(
        f"{base}reports",
        content=body,
        headers={"Content-Type": 'multipart/form-data; boundary="b"', "Idempotency-Key": "7K3D-9QX2M"},
    )
    assert answer.status_code == 201
    assert httpx.get(f"{base}reports/7K3D-9QX2M/report.json").content == report


# The end

SERVE = """
import sys
from pathlib import Path
from reporter.inbox.server import serve
serve("127.0.0.1:0", Path(sys.argv[1]), announce=lambda sentence: print(sentence, flush=True))
"""


@pytest.mark.skipif(os.name != "posix", reason="ends a process with SIGTERM")
def test_an_inbox_that_is_told_to_end_waits_for_nobody_long(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path / "inbox.sqlite")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        base = process.stdout.readline().split()[5].removesuffix("reports")
        with connect(base) as idle, connect(base) as slow:
            slow.sendall(b"POST /reports HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
            assert httpx.get(f"{base}health").status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in (0, -signal.SIGTERM)
            assert rest_of(idle) == b""


def test_more_connections_than_there_may_be_are_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporter.inbox.server.connections_limit", lambda: 4)
    inbox = Inbox(tmp_path / "inbox.sqlite")
    base = inbox.start()
    idle = [connect(base) for _ in range(4)]
    assert httpx.get(f"{base}health").status_code == 503
    for connection in idle:
        connection.close()
    for _ in range(100):  # until the inbox has seen them go
        if httpx.get(f"{base}health").status_code == 200:
            break
        time.sleep(0.05)
    assert httpx.get(f"{base}health").status_code == 200
    inbox.stop()
