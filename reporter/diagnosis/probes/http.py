"""The answer: one request without credentials, read within fixed limits of time and size."""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, cast
from urllib.parse import quote, urljoin

from reporter._version import __version__
from reporter.diagnosis import answer, codes
from reporter.diagnosis.evidence import Http, HttpOutcome, Target, TlsOutcome
from reporter.diagnosis.probes import elapsed_ms, remaining_s
from reporter.diagnosis.target import SCHEMES, wire_name
from reporter.texts.safe import one_line

BODY_LIMIT_BYTES = 64 * 1024
HEADER_LIMIT_CHARS = 300
COOKIES_LIMIT = 20
COOKIE_LIMIT_CHARS = 4_096
PATH_CHARACTERS = "/%:@!$&'()*+,;=~?-._"
REDIRECTS = (301, 302, 303, 307, 308)

# What is recorded of an answer: nothing that could identify a session.
HEADERS = (
    "content-length",
    "content-type",
    "date",
    "proxy-status",
    "retry-after",
    "server",
    "via",
    "www-authenticate",
    "x-request-id",
    "x-squid-error",
)
# What tells whether a copy may be kept; an ETag could identify a session.
CACHING = ("age", "cache-control", "etag", "expires", "last-modified")


class Question(NamedTuple):
    """``path``: with the query that the server itself gave in a redirect; ``cookies``: given by the server on
    the way here, because many login pages redirect in a circle without them. Neither is recorded.
    ``relayed``: a proxy is to pass it on, so it names the whole address; ``etag``: of the copy at hand."""

    target: Target
    path: str
    cookies: dict[str, str]
    relayed: bool = False
    etag: str = ""

    @property
    def url(self) -> str:
        """The address asked for, with the query of a redirect."""
        return self.target.display.removesuffix(self.target.path) + self.path


class Reply(NamedTuple):
    """``location``: the absolute address of a redirect, as the server wrote it; empty for none. ``body``: at
    most BODY_LIMIT_BYTES of it; ``challenges``: how a proxy asks to sign in; ``caching``: the headers of
    CACHING that it has. None of them is recorded."""

    http: Http
    location: str
    cookies: dict[str, str]
    body: bytes
    challenges: tuple[str, ...] = ()
    caching: tuple[tuple[str, str], ...] = ()


def probe(
    wire: socket.socket,
    question: Question,
    *,
    deadline: float,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Reply:
    """Ask with GET over a connected socket, which is closed afterwards."""
    started = time.monotonic()
    source = Source(wire, deadline)
    with wire, Reader(source, "GET") as response:
        wire.settimeout(remaining_s(deadline))
        # a server that refuses early has closed the door, but its reason can still be read
        with contextlib.suppress(OSError):
            wire.sendall(_request("GET", question))
        try:
            response.begin()
        except (OSError, http.client.HTTPException, ValueError) as error:
            return _nothing(error, source, started)
        return _reply(response, question, received_at=now(), started=started)


def server_date(wire: socket.socket, target: Target, *, deadline: float) -> datetime | None:
    """What the server's clock says, asked with HEAD for its front page; the socket stays open."""
    source = Source(wire, deadline)
    try:
        wire.settimeout(remaining_s(deadline))
        wire.sendall(_request("HEAD", Question(target, "/", {})))
        with Reader(source, "HEAD") as response:
            response.begin()
            return answer.http_date(response.headers.get("Date", ""))
    except (OSError, http.client.HTTPException, ValueError):
        return None


class Source(io.RawIOBase):
    """Reads a socket under one deadline, however slowly the bytes drip."""

    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self._wire = wire
        self._deadline = deadline
        self.received_bytes = 0
        self.first_byte = b""

    def readable(self) -> bool:
        """As ``io`` asks."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed says WriteableBuffer
        """What has arrived, at most a buffer full; raises TimeoutError at the deadline."""
        if time.monotonic() >= self._deadline:
            raise TimeoutError("the deadline of the probe is over")
        self._wire.settimeout(remaining_s(self._deadline))
        count = self._wire.recv_into(buffer)
        if self.received_bytes == 0:
            self.first_byte = bytes(buffer[: min(count, 1)])
        self.received_bytes += count
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """As ``http.client`` asks of a socket."""
        return io.BufferedReader(self)


class Reader(http.client.HTTPResponse):
    """The parser of the standard library on a Source; of a socket it uses ``makefile`` only."""

    def __init__(self, source: Source, method: str) -> None:
        super().__init__(cast(socket.socket, source), method=method)


def _request(method: str, question: Question) -> bytes:
    target = question.target
    host = wire_name(target.host)
    host = f"[{host}]" if ":" in host else host
    port = "" if target.port == SCHEMES[target.scheme] else f":{target.port}"
    path = quote(question.path, safe=PATH_CHARACTERS)
    if question.relayed:
        path = f"{target.scheme}://{host}{port}{path}"
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}{port}",
        f"User-Agent: Reporter/{__version__} (diagnosis)",
        f"Accept: {answer.PROBLEM_TYPE}, */*;q=0.5",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if question.etag:
        lines.append(f"If-None-Match: {question.etag}")
    if question.cookies:
        lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in question.cookies.items()))
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _body(response: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """The beginning of the body, and whether as much came as was promised or wanted."""
    chunks: list[bytes] = []
    wanted = BODY_LIMIT_BYTES
    try:
        while wanted > 0 and (chunk := response.read1(wanted)):
            chunks.append(chunk)
            wanted -= len(chunk)
    except TimeoutError:
        # a body that comes slowly is fine; one that does not begin to come is not
        return b"".join(chunks), bool(chunks)
    except (OSError, http.client.HTTPException, ValueError):
        return b"".join(chunks), False
    return b"".join(chunks), wanted == 0 or not response.length


def _reply(
    response: http.client.HTTPResponse, question: Question, *, received_at: datetime, started: float
) -> Reply:
    """The record of an answer whose head arrived."""
    body, is_complete = _body(response)
    headers = response.headers
    content_type = headers.get("Content-Type", "")
    date = answer.http_date(headers.get("Date", ""))
    recorded = {name: one_line(headers[name], HEADER_LIMIT_CHARS) for name in HEADERS if name in headers}
    measured = Http(
        outcome=HttpOutcome.ANSWERED if is_complete else HttpOutcome.CUT_SHORT,
        status=response.status,
        headers=recorded,
        content_type=one_line(content_type, HEADER_LIMIT_CHARS),
        problem=answer.read_problem(content_type, body),
        retry_after=recorded.get("retry-after", ""),
        server_date=date,
        skew_s=None if date is None else round((date - received_at).total_seconds()),
        body_bytes=len(body),
        elapsed_ms=elapsed_ms(started),
    )
    location = headers.get("Location", "") if response.status in REDIRECTS else ""
    cookies = _cookies(question.cookies, headers)
    challenges = tuple(headers.get_all("Proxy-Authenticate", []))
    caching = tuple(
        (name, one_line(headers[name], HEADER_LIMIT_CHARS)) for name in CACHING if name in headers
    )
    return Reply(measured, _absolute(question.url, location), cookies, body, challenges, caching)


def _nothing(error: Exception, source: Source, started: float) -> Reply:
    """The record of an answer whose head did not arrive."""
    reason = error.reason if isinstance(error, ssl.SSLError) else None
    if codes.tls_outcome(reason) is TlsOutcome.CLIENT_CERTIFICATE:
        outcome = HttpOutcome.CLIENT_CERTIFICATE
    elif source.received_bytes == 0:
        outcome = HttpOutcome.NO_ANSWER
    elif isinstance(error, OSError | http.client.IncompleteRead | http.client.RemoteDisconnected):
        outcome = HttpOutcome.CUT_SHORT
    else:
        outcome = HttpOutcome.NOT_HTTP
    number = error.errno if isinstance(error, OSError) and reason is None else None
    measured = Http(outcome=outcome, reason=reason, errno=number, elapsed_ms=elapsed_ms(started))
    return Reply(measured, "", {}, b"")


def _absolute(base: str, location: str) -> str:
    try:
        return urljoin(base, location) if location else ""
    except ValueError:
        return ""


def _cookies(known: dict[str, str], headers: http.client.HTTPMessage) -> dict[str, str]:
    """The known cookies and those just given, each as bare name and value."""
    cookies = dict(known)
    for line in headers.get_all("Set-Cookie", []):
        name, _equals, value = line.partition(";")[0].strip().partition("=")
        if name and len(line) <= COOKIE_LIMIT_CHARS and (name in cookies or len(cookies) < COOKIES_LIMIT):
            cookies[name] = value
    return cookies
