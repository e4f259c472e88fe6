"""Connections: one that neither asks nor listens is not kept.

A request's head must come in a few seconds and stay small, an answer must be fetched; a sweep each second
looks after all connections at once, so that a request in order costs nothing. The limits of a body are those
of who reads it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from reporter.inbox.answering import problem

SWEEP_INTERVAL_S = 1.0
HEAD_LIMIT_S = 10.0
HEAD_LIMIT_BYTES = 64 * 1024
REQUEST_LIMIT_S = 180.0
FETCH_LIMIT_S = 60.0
CONNECTIONS_LIMIT = 4_096
FILES_RESERVE = 64


def connections_limit() -> int:
    """How many connections this process may have; each is an open file."""
    try:
        import resource
    except ImportError:
        return CONNECTIONS_LIMIT
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_LIMIT + FILES_RESERVE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        highest = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
            soft = highest
        except (OSError, ValueError):
            pass
        return max(1, min(CONNECTIONS_LIMIT, soft - FILES_RESERVE))
    return CONNECTIONS_LIMIT


def protocol() -> type[asyncio.Protocol]:
    """What speaks HTTP on a connection: httptools where it is installed, otherwise h11, which bounds the
    head of a request by itself."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        from uvicorn.protocols.http.h11_impl import H11Protocol

        return H11Protocol

    class BoundedProtocol(HttpToolsProtocol):
        """Also refuses a head without end."""

        _head_bytes = 0
        _in_head = False

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._in_head = True

        def on_headers_complete(self) -> None:
            self._in_head = False
            self._head_bytes = 0
            super().on_headers_complete()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if not self._in_head:
                return
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT_BYTES and not self.transport.is_closing():
                answer = problem(431, f"The head of the request is larger than {HEAD_LIMIT_BYTES:,} bytes.")
                lines = [f"HTTP/1.1 431 {HTTPStatus(431).phrase}", "Connection: close"]
                lines += [f"{name.decode()}: {value.decode()}" for name, value in answer.raw_headers]
                self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + bytes(answer.body))
                self.transport.close()

    return BoundedProtocol


class Sweeper:
    """Ends what takes too long among ``connections``, the set that the server keeps of its protocols."""

    def __init__(self, connections: set[Any], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._connections = connections
        self._clock = clock
        # Of each connection what it was seen at, and since when.
        self._seen: dict[Any, tuple[tuple[Any, ...], float]] = {}

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_INTERVAL_S)
            self.sweep()

    def sweep(self) -> None:
        """One look at every connection."""
        now = self._clock()
        before, self._seen = self._seen, {}
        for connection in list(self._connections):
            at, limit_s = _at(connection)
            if not at:
                continue
            known = before.get(connection)
            since = known[1] if known is not None and known[0] == at else now
            if now - since >= limit_s:
                connection.transport.abort()
            else:
                self._seen[connection] = (at, since)


def _at(connection: Any) -> tuple[tuple[Any, ...], float]:
    """What a connection takes its time with, and how long it may; nothing while it rests as agreed."""
    cycle = connection.cycle
    if cycle is not None and not cycle.response_complete:
        return ("request", cycle), REQUEST_LIMIT_S
    if unsent := connection.transport.get_write_buffer_size():
        # Whoever fetches a large file over a slow line makes progress.
        return ("fetch", cycle, unsent), FETCH_LIMIT_S
    if connection.timeout_keep_alive_task is not None:  # it is quiet, and the server's own clock runs
        return (), 0.0
    return ("head", cycle), HEAD_LIMIT_S
