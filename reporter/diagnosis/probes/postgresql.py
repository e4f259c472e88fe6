"""PostgreSQL: does the server let a client begin to sign in, and if not, which SQLSTATE does it give?

The start-up packet names a neutral user and the database of the address. A server that asks for a password
is well: none is ever sent. Where it offers TLS the certificate is judged and recorded, but does not end the
examination, because most clients of PostgreSQL do not verify it.
Source: PostgreSQL documentation, "Frontend/Backend Protocol", version 3.0.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import unquote

from msgspec.structs import replace

from reporter.diagnosis import codes
from reporter.diagnosis.evidence import Database, DatabaseOutcome, Target, Tls, TlsOutcome
from reporter.diagnosis.probes import Answer, elapsed_ms, receive_exactly, remaining_s

USER_NAME = "reporter"
PROTOCOL_VERSION = 3 << 16
SSL_REQUEST = struct.pack("!II", 8, 80877103)
TERMINATE = b"X\x00\x00\x00\x04"
MESSAGE_LIMIT_BYTES = 16 * 1024
MESSAGES_LIMIT = 64
NAME_LIMIT_BYTES = 63

_SQLSTATE = re.compile(r"[0-9A-Z]{5}")
_AUTHENTICATION_OK = b"\x00\x00\x00\x00"
# parameter status, key for cancelling, notice, negotiation of the protocol's version
_PASSED_OVER = (b"S", b"K", b"N", b"v")


class NotPostgresql(ValueError):
    """These bytes are not a message of a PostgreSQL server."""


def probe(
    wire: socket.socket,
    target: Target,
    *,
    reconnect: Callable[[], socket.socket],
    deadline: float,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Answer:
    """Begin to sign in over a connected socket, which is consumed.

    ``reconnect`` opens a further connection to the same place, for a look at a certificate with faults.
    """
    started = time.monotonic()
    tls: Tls | None = None
    try:
        if _offers_tls(wire, deadline):
            tls, wire = _secured(wire, target, reconnect=reconnect, deadline=deadline, now=now)
        wire.settimeout(remaining_s(deadline))
        # a server that refuses early has closed the door, but its reason can still be read
        with contextlib.suppress(OSError):
            wire.sendall(startup(target))
        database = read_answer(lambda count: receive_exactly(wire, count, deadline))
        if database.outcome is DatabaseOutcome.READY:
            with contextlib.suppress(OSError):
                wire.sendall(TERMINATE)
    except _NotSecuredError as failure:
        tls, database = failure.tls, Database(protocol="postgresql", outcome=DatabaseOutcome.CLOSED)
    except NotPostgresql:
        database = Database(protocol="postgresql", outcome=DatabaseOutcome.NOT_SPOKEN)
    except TimeoutError:
        database = Database(protocol="postgresql", outcome=DatabaseOutcome.NO_ANSWER)
    except OSError as error:
        database = Database(protocol="postgresql", outcome=DatabaseOutcome.CLOSED)
        if tls is not None and isinstance(error, ssl.SSLError):
            # TLS 1.3 refuses a missing client certificate only when something is read
            tls = replace(tls, outcome=codes.tls_outcome(error.reason), reason=error.reason)
    finally:
        wire.close()
    return Answer(replace(database, elapsed_ms=elapsed_ms(started)), tls)


def startup(target: Target) -> bytes:
    """The start-up packet. Without a database in the address, the server takes that of the user's name."""
    members = ["user", USER_NAME, "application_name", "Reporter"]
    if name := database_name(target):
        members += ["database", name]
    body = struct.pack("!I", PROTOCOL_VERSION)
    body += b"".join(member.encode("utf-8", "replace") + b"\0" for member in members) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def database_name(target: Target) -> str:
    """The database that the address names, empty where it names none that could be."""
    name = unquote(target.path.removeprefix("/")).partition("/")[0]
    fits = len(name.encode("utf-8", "replace")) <= NAME_LIMIT_BYTES
    return name if fits and "\0" not in name else ""


def read_answer(receive: Callable[[int], bytes]) -> Database:
    """What the server says to the start-up packet; ``receive`` gives exactly the number of bytes asked for.

    Reads at most MESSAGES_LIMIT messages of MESSAGE_LIMIT_BYTES each. Raises NotPostgresql, and what
    ``receive`` raises.
    """
    for number in range(MESSAGES_LIMIT):
        kind = receive(1)
        body = _body(receive)
        if kind == b"E":
            return Database(
                protocol="postgresql", outcome=DatabaseOutcome.REFUSED, sqlstate=read_sqlstate(body)
            )
        if kind == b"R" and len(body) >= 4:
            if body[:4] == _AUTHENTICATION_OK:
                continue  # let in without a password; whether the database exists is said after that
            break
        if kind == b"Z" and number > 0:
            break
        if kind not in _PASSED_OVER:
            raise NotPostgresql(f"message of the kind {kind!r}")
    return Database(protocol="postgresql", outcome=DatabaseOutcome.READY)


def read_sqlstate(body: bytes) -> str:
    """The SQLSTATE in the body of an ErrorResponse; empty where it holds none that could be."""
    for field in body.split(b"\0"):
        if field[:1] == b"C":
            text = field[1:].decode("ascii", "replace")
            return text if _SQLSTATE.fullmatch(text) else ""
    return ""


class _NotSecuredError(OSError):
    """TLS was offered, but did not come about."""

    def __init__(self, tls: Tls) -> None:
        super().__init__("not secured")
        self.tls = tls


def _offers_tls(wire: socket.socket, deadline: float) -> bool:
    """Ask for TLS. Raises NotPostgresql where the answer is neither yes nor no."""
    wire.settimeout(remaining_s(deadline))
    wire.sendall(SSL_REQUEST)
    answer = receive_exactly(wire, 1, deadline)
    if answer not in (b"S", b"N"):
        raise NotPostgresql(f"{answer!r} in answer to the request for TLS")
    return answer == b"S"


def _secured(
    wire: socket.socket,
    target: Target,
    *,
    reconnect: Callable[[], socket.socket],
    deadline: float,
    now: Callable[[], datetime],
) -> tuple[Tls, socket.socket]:
    """The record of the handshake and the secured connection, which may be an unverified one."""
    from reporter.diagnosis.probes import tls

    def again() -> socket.socket:
        fresh = reconnect()
        try:
            if _offers_tls(fresh, deadline):
                return fresh
        except (OSError, NotPostgresql):
            fresh.close()
            raise
        fresh.close()
        raise ConnectionError("TLS is not offered any more")

    judged, secured = tls.probe(wire, target, reconnect=again, deadline=deadline, now=now)
    if secured is None and judged.outcome is TlsOutcome.UNTRUSTED:
        with contextlib.suppress(OSError, ValueError):
            secured = tls.unverified(again(), target, deadline=deadline)
    if secured is None:
        raise _NotSecuredError(judged)
    return judged, secured


def _body(receive: Callable[[int], bytes]) -> bytes:
    (length,) = struct.unpack("!I", receive(4))
    if not 4 <= length <= MESSAGE_LIMIT_BYTES:
        raise NotPostgresql(f"a message of {length:,} bytes")
    return receive(length - 4)
