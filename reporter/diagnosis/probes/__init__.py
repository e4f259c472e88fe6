"""One probe a module: each measures one stage, records what it saw, and never raises.

Every probe takes its ``deadline`` in the seconds of ``time.monotonic`` and keeps it by itself, but for the
name look-up, which cannot be interrupted and is abandoned by the ladder. No probe sends credentials.
"""

from __future__ import annotations

import socket
import time
from typing import NamedTuple

from reporter.diagnosis.evidence import Database, Tls

PIECE_LIMIT_BYTES = 64 * 1024


class Answer(NamedTuple):
    """Of a database or directory; ``tls``: as it stands after it, null where the connection is plain."""

    database: Database
    tls: Tls | None


def elapsed_ms(since: float) -> int:
    """Whole milliseconds since a moment of ``time.monotonic``."""
    return round((time.monotonic() - since) * 1000)


def remaining_s(deadline: float) -> float:
    """Seconds until ``deadline``; never zero, which would make a socket non-blocking."""
    return max(deadline - time.monotonic(), 0.001)


def receive_exactly(wire: socket.socket, count: int, deadline: float) -> bytes:
    """The next ``count`` bytes, however slowly they drip.

    Raises TimeoutError at the deadline, ConnectionError where the other side hung up, and OSError.
    """
    received = bytearray()
    while len(received) < count:
        if time.monotonic() >= deadline:
            raise TimeoutError("the deadline of the probe is over")
        wire.settimeout(remaining_s(deadline))
        piece = wire.recv(min(count - len(received), PIECE_LIMIT_BYTES))
        if not piece:
            raise ConnectionError("the other side hung up")
        received += piece
    return bytes(received)
