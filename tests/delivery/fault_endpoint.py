"""An endpoint over real sockets that misbehaves as a test says, and what is seen of it from the spool.

The endpoint counts: it keeps each reference once, as an idempotent one does, and knows how often it was
posted.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from reporter.delivery.access import Access
from reporter.delivery.envelope import Envelope
from reporter.delivery.native import NativeDestination
from reporter.delivery.postman import Postman
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.delivery.transport import Transport

PORTAL = b"<!doctype html><title>Welcome</title><form action='/login'>Accept the terms</form>"

Behaviour = Callable[[socket.socket], None]

REFERENCE = "7K3D-9QX2M"
POURED_LIMIT_BYTES = 50_000_000
RESET = struct.pack("ii", 1, 0)


class FaultEndpoint:
    """An endpoint that misbehaves as ``behave`` does; without it, it takes and confirms every report.

    ``kept``: the reports it has, ``posts``: how often each came; ``counted``: who said "me too";
    ``received_bytes``: of each connection, in its order; ``errands``: the request lines.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.behave: Behaviour = self.answer
        self.kept: dict[str, bytes] = {}
        self.posts: Counter[str] = Counter()
        self.counted: set[str] = set()
        self.received_bytes: list[int] = []
        self.errands: list[str] = []
        self.raw: list[bytes] = []
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    @property
    def address(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}/reports"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "a connection was never let go"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.received_bytes.append(0)
            # On threads of their own, so that a connection that is given up does not hold up the next.
            thread = threading.Thread(target=self._meet, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _meet(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(30)
            if self._context is None:
                self.behave(connection)
                return
            with self._context.wrap_socket(connection, server_side=True) as safe:
                self.behave(safe)

    def take(self, connection: socket.socket, count: int | None = None) -> bytes:
        """So many bytes of a request, or all of it."""
        data = b""
        while count is None or len(data) < count:
            head, end, body = data.partition(b"\r\n\r\n")
            length = re.search(rb"(?im)^content-length: *(\d+)", head)
            if count is None and end and len(body) >= int(length[1] if length else 0):
                break
            block = connection.recv(65_536 if count is None else count - len(data))
            if not block:
                break
            data += block
            self.received_bytes[-1] += len(block)
        if count is None:
            self.raw.append(data)
            self.errands.append(data.partition(b"\r\n")[0].decode())
        return data

    def keep(self, request: bytes) -> bytes:
        """What an endpoint does with a request that came whole: its confirmation."""
        if b"/reports/precheck " in request:
            return http("200 OK", b'{"need": "everything", "message": "", "spread_s": null, "known": 0}')
        found = re.search(rb"(?i)idempotency-key: *(\S+)", request)
        assert found is not None
        reference = found[1].decode()
        if b"/reports/count " in request:
            self.counted.add(reference)
        else:
            self.posts[reference] += 1
            body = request.partition(b"\r\n\r\n")[2]
            part = re.search(rb'filename="report.json".*?\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
            assert part is not None
            assert self.kept.setdefault(reference, part[1]) == part[1], (
                "a different report under one reference"
            )
        return http("201 Created", confirmation(reference))

    def answer(self, connection: socket.socket) -> None:
        connection.sendall(self.keep(self.take(connection)))


def confirmation(reference: str = REFERENCE) -> bytes:
    return json.dumps({"reference": reference, "state": "accepted"}).encode()


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


def pour(connection: socket.socket, drop: bytes) -> int:
    """Send without end; how many bytes went until the other side had enough."""
    sent = 0
    with contextlib.suppress(OSError):
        while sent < POURED_LIMIT_BYTES:
            sent += connection.send(drop)
    return sent


def make_postman(
    spool: Spool, clock: Any, address: str, *, limit_s: float = 20.0, access: Access | None = None
) -> Postman:
    transport = Transport(access, overall_limit_s=limit_s, read_timeout_s=min(limit_s, 10.0))
    destination = NativeDestination(address, transport, now=clock)
    return Postman(spool, [destination], now=clock, random=lambda: 0.5)


def kept(spool: Spool, reference: str = REFERENCE) -> Envelope:
    envelope = spool.get(reference)
    assert envelope is not None
    return envelope


def mend(endpoint: FaultEndpoint, spool: Spool, clock: Any) -> None:
    """The endpoint works again: everything that waits is there once, and nothing waits."""
    endpoint.behave = endpoint.answer
    waiting = spool.waiting()
    make_postman(spool, clock, endpoint.address).flush(force=True)
    assert spool.waiting() == ()
    for reference in waiting:
        assert kept(spool, reference).state is State.ACCEPTED
        assert endpoint.kept[reference] == kept(spool, reference).report_json
