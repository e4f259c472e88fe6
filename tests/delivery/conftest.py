"""What the tests of delivery share: a spool on a clock that is turned by hand, and a report in it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reporter.delivery.envelope import Envelope
from reporter.delivery.postman import Postman
from reporter.delivery.spool import Spool
from reporter.report.model import Attachment
from tests.delivery.fault_endpoint import FaultEndpoint, make_postman

REFERENCE = "7K3D-9QX2M"
NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Clock:
    """A time of day that only moves when told."""

    def __init__(self) -> None:
        self.time = NINE

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **amount: float) -> None:
        self.time += timedelta(**amount)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spool(tmp_path: Path, clock: Clock) -> Iterator[Spool]:
    with Spool(tmp_path / "private" / "spool.sqlite", now=clock, random=lambda: 0.5) as spool:
        yield spool


@pytest.fixture
def enqueue(spool: Spool) -> Callable[..., Envelope]:
    """Puts a report into the spool: ``enqueue(reference, sendable=False, sent_by_person=False)``."""

    def enqueue(
        reference: str = REFERENCE, *, sendable: bool = True, sent_by_person: bool = True
    ) -> Envelope:
        return spool.enqueue(
            reference,
            b'{"reference": "%s"}' % reference.encode(),
            [Attachment(name="Снимок.png", content_type="image/png", content=b"\x89PNG\r\n--x\r\n")],
            sendable=sendable,
            sent_by_person=sent_by_person,
        )

    return enqueue


class RawServer:
    """An endpoint of a few lines: reads one request after another and hands each connection to ``behave``.

    ``requests`` holds the whole bytes of every request that was read.
    """

    def __init__(
        self, behave: Callable[[socket.socket, bytes], None], context: ssl.SSLContext | None
    ) -> None:
        self._behave = behave
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
                with connection:
                    request = read_request(connection)
                    self.requests.append(request)
                    self._behave(connection, request)


def read_request(connection: socket.socket) -> bytes:
    """Head and body of one request."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = connection.recv(65_536)
        if not block:
            return data
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    [length] = [
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    ]
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def raw_server() -> Iterator[Callable[..., RawServer]]:
    """Starts raw servers: ``raw_server(answer=b"HTTP/1.1 200 …")`` or ``raw_server(behave=function)``."""
    servers: list[RawServer] = []

    def start(
        *,
        answer: bytes = b"",
        behave: Callable[[socket.socket, bytes], None] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> RawServer:
        servers.append(RawServer(behave or (lambda connection, _: connection.sendall(answer)), context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def endpoint() -> Iterator[FaultEndpoint]:
    """One that takes every report until it is told otherwise."""
    endpoint = FaultEndpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture
def postman(spool: Spool, clock: Clock, endpoint: FaultEndpoint) -> Postman:
    """Delivers from ``spool`` to ``endpoint``."""
    return make_postman(spool, clock, endpoint.address)
