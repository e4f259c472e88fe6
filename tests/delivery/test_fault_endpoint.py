"""Every way an exchange with an endpoint can go wrong, over real sockets, from the spool to the spool.

The endpoint counts: it keeps each reference once, as an idempotent one does, and knows how often it was
posted. Whatever happens on the way, the report waits or is where it belongs, and in the end it is there once.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import struct
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from reporter.delivery.access import Access
from reporter.delivery.backoff import LONGEST_WAIT_S, RETRY_AFTER_LIMIT_S, SHORTEST_WAIT_S
from reporter.delivery.envelope import Envelope
from reporter.delivery.native import NativeDestination
from reporter.delivery.postman import Postman
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.delivery.transport import ANSWER_LIMIT_BYTES, Transport

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


@pytest.fixture
def endpoint() -> Iterator[FaultEndpoint]:
    endpoint = FaultEndpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture
def postman(spool: Spool, clock: Any, endpoint: FaultEndpoint) -> Postman:
    return make_postman(spool, clock, endpoint.address)


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


# Cut at every byte


def references(count: int) -> list[str]:
    return [f"0000-{number:05}" for number in range(count)]


def fill(spool: Spool, names: list[str]) -> None:
    for name in names:
        report = b'{"reference": "%s"}' % name.encode()
        spool.enqueue(name, report, [], sendable=True, sent_by_person=True)


def length_of_a_request(spool: Spool, clock: Any, endpoint: FaultEndpoint) -> int:
    fill(spool, ["9999-99999"])
    make_postman(spool, clock, endpoint.address).deliver("9999-99999")
    assert kept(spool, "9999-99999").state is State.ACCEPTED
    return endpoint.received_bytes[-1]


@pytest.mark.parametrize("cut", [reset, socket.socket.close], ids=["reset", "closed"])
def test_a_request_cut_at_any_byte_waits_and_arrives_once(
    spool: Spool, clock: Any, endpoint: FaultEndpoint, cut: Behaviour
) -> None:
    length = length_of_a_request(spool, clock, endpoint)
    # With the whole request read, only the answer is missing, which is another test.
    names = references(length)
    fill(spool, names)
    postman = make_postman(spool, clock, endpoint.address)
    del endpoint.received_bytes[:]
    for offset, name in enumerate(names):

        def read_some(connection: socket.socket, offset: int = offset) -> None:
            endpoint.take(connection, offset)
            cut(connection)

        endpoint.behave = read_some
        receipt = postman.deliver(name)
        assert (receipt.state, receipt.tries) == (State.QUEUED, 1), (offset, receipt.reason)
        assert receipt.next_try_at is not None
    assert endpoint.received_bytes == list(range(length))
    assert endpoint.posts == Counter({"9999-99999": 1})
    mend(endpoint, spool, clock)
    assert set(endpoint.posts) == {"9999-99999", *names}
    assert set(endpoint.posts.values()) == {1}


@pytest.mark.parametrize("cut", [reset, socket.socket.close], ids=["reset", "closed"])
def test_an_answer_cut_at_any_byte_is_no_answer_and_the_report_is_there_once(
    spool: Spool, clock: Any, endpoint: FaultEndpoint, cut: Behaviour
) -> None:
    whole = http("201 Created", confirmation("0000-00000"))
    names = references(len(whole))
    fill(spool, names)
    postman = make_postman(spool, clock, endpoint.address)
    for offset, name in enumerate(names):

        def answer_some(connection: socket.socket, offset: int = offset) -> None:
            connection.sendall(endpoint.keep(endpoint.take(connection))[:offset])
            cut(connection)

        endpoint.behave = answer_some
        receipt = postman.deliver(name)
        assert receipt.state is State.QUEUED, (offset, receipt.reason)
    assert endpoint.posts == Counter(dict.fromkeys(names, 1))
    mend(endpoint, spool, clock)
    assert endpoint.posts == Counter(dict.fromkeys(names, 2))
    assert sorted(endpoint.kept) == names


def test_a_chunked_answer_cut_at_any_byte_is_no_answer(
    spool: Spool, clock: Any, endpoint: FaultEndpoint
) -> None:
    def chunked(reference: str) -> bytes:
        body = confirmation(reference)
        halves = body[:20], body[20:]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(half), half) for half in halves)
        head = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        return head + chunks + b"0\r\n\r\n"

    names = references(len(chunked("0000-00000")) + 1)
    fill(spool, names)
    postman = make_postman(spool, clock, endpoint.address)
    for offset, name in enumerate(names):

        def answer_some(connection: socket.socket, offset: int = offset, name: str = name) -> None:
            endpoint.keep(endpoint.take(connection))
            connection.sendall(chunked(name)[:offset])

        endpoint.behave = answer_some
        state = postman.deliver(name).state
        # When the empty last chunk has begun, everything was said.
        if offset <= len(names) - 1 - len(b"0\r\n\r\n"):
            assert state is State.QUEUED, offset
    assert state is State.ACCEPTED
    mend(endpoint, spool, clock)
    assert sorted(endpoint.kept) == names


# A socket that was reset before its handshake began is left to Python to close.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_handshake_cut_at_any_place_waits(
    spool: Spool, clock: Any, endpoint: FaultEndpoint, enqueue: Any
) -> None:
    enqueue()
    postman = make_postman(spool, clock, endpoint.address.replace("http:", "https:"))
    alert = b"\x15\x03\x03\x00\x02\x02\x28"
    hello = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + b"\x00" * 32
    for offset in (0, 1, 5, 100):
        for answer in (b"", alert[:4], alert, hello[:3], hello, b"HTTP/1.1 400 Bad Request\r\n\r\n"):

            def cut(connection: socket.socket, offset: int = offset, answer: bytes = answer) -> None:
                endpoint.take(connection, offset)
                connection.sendall(answer)
                reset(connection)

            endpoint.behave = cut
            assert postman.deliver(REFERENCE).state is State.QUEUED
    assert all(count <= 100 for count in endpoint.received_bytes)
    assert endpoint.kept == {}
    mend(endpoint, spool, clock)


# Answers


def test_interim_answers_are_passed_over(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman, enqueue: Any
) -> None:
    interim = (
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\n"
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
        b"HTTP/1.1 100 Continue\r\n\r\n"
    )

    def hint(connection: socket.socket) -> None:
        answer = endpoint.keep(endpoint.take(connection))
        connection.sendall(interim + answer)

    endpoint.behave = hint
    enqueue()
    assert postman.deliver(REFERENCE).state is State.ACCEPTED


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_interim_answers_without_end_are_left(
    spool: Spool, clock: Any, endpoint: FaultEndpoint, enqueue: Any, status: str
) -> None:
    poured: list[int] = []

    def hint(connection: socket.socket) -> None:
        endpoint.take(connection)
        poured.append(pour(connection, f"HTTP/1.1 {status}\r\n\r\n".encode()))

    endpoint.behave = hint
    enqueue()
    receipt = make_postman(spool, clock, endpoint.address, limit_s=20).deliver(REFERENCE)
    assert receipt.state is State.QUEUED
    assert "its answer is malformed" in receipt.reason  # seen by itself, and not cut at the limit
    mend(endpoint, spool, clock)
    assert endpoint.posts[REFERENCE] == 1


PORTAL = b"<!doctype html><title>Welcome</title><form action='/login'>Accept the terms</form>"


@pytest.mark.parametrize(
    ("answer", "state", "part"),
    [
        (http("200 OK", PORTAL, "Content-Type: text/html"), State.QUEUED, "did not confirm"),
        (http("200 OK", PORTAL, "Content-Type: application/json"), State.QUEUED, "did not confirm"),
        (http("200 OK", b"null", "Content-Type: application/json"), State.QUEUED, "did not confirm"),
        (http("200 OK", b"", "Content-Type: application/json"), State.QUEUED, "did not confirm"),
        (http("200 OK", b"{}"), State.QUEUED, "did not confirm"),
        (http("204 No Content"), State.QUEUED, "did not confirm"),
        (http("201 Created", b"[" * 60_000), State.QUEUED, "did not confirm"),
        (http("201 Created", confirmation("AAAA-AAAA1")), State.QUEUED, "did not confirm"),
        (http("201 Created", b'{"reference": "7K3D-9QX2M", "state": "queued"}'), State.QUEUED, "not confirm"),
        (http("201 Created", confirmation(), "Content-Encoding: gzip"), State.QUEUED, "broke off"),
        (http("201 Created", confirmation(), "Content-Type: text/plain"), State.ACCEPTED, ""),
        (http("201 Created", confirmation(), "Content-Type: image/png"), State.ACCEPTED, ""),
        (b"HTTP/1.0 201 Created\r\n\r\n" + confirmation(), State.ACCEPTED, ""),
        (b"HTTP/1.1 201 \r\nContent-Length: 50000\r\n\r\n" + confirmation(), State.QUEUED, ""),
        (http("400 Bad Request"), State.REFUSED, "400 Bad Request"),
        (http("401 Unauthorized", b"", "WWW-Authenticate: Negotiate"), State.QUEUED, "credentials"),
        (http("403 Forbidden", PORTAL), State.QUEUED, "credentials"),
        (http("404 Not Found", PORTAL), State.QUEUED, "correct the address"),
        (http("407 Proxy Authentication Required"), State.QUEUED, "407"),
        (http("408 Request Timeout"), State.QUEUED, "408"),
        (http("413 Content Too Large"), State.REFUSED, "413"),
        (http("415 Unsupported Media Type"), State.REFUSED, "415"),
        (
            http("422 Unprocessable Content", b'{"detail": "No.\\nReally\\u202e."}'),
            State.REFUSED,
            ": No. Really",
        ),
        (http("429 Too Many Requests"), State.QUEUED, "429"),
        (http("500 Oh"), State.QUEUED, "500"),
        (http("503 Service Unavailable"), State.QUEUED, "503"),
        (http("511 Network Authentication Required", PORTAL), State.QUEUED, "511"),
        (http("999 What"), State.QUEUED, "999"),
        (http("999999 What"), State.QUEUED, "malformed"),
        (b"HTTP/1.1 -1 What\r\n\r\n", State.QUEUED, "malformed"),
        (b"\r\n\r\n", State.QUEUED, ""),
        (b"SSH-2.0-OpenSSH_9.2\r\n", State.QUEUED, "not a web server"),
        (b"", State.QUEUED, "cut off"),
    ],
)
def test_each_answer_ends_in_its_state(
    spool: Spool, clock: Any, endpoint: FaultEndpoint, enqueue: Any, *, answer: bytes, state: State, part: str
) -> None:
    def give(connection: socket.socket) -> None:
        endpoint.take(connection)
        connection.sendall(answer)

    endpoint.behave = give
    enqueue()
    make_postman(spool, clock, endpoint.address).deliver(REFERENCE)
    envelope = kept(spool)
    assert (envelope.state, part in envelope.reason) == (state, True), envelope.reason
    assert (envelope.next_try_at is None) == (state is not State.QUEUED)
    assert len(endpoint.received_bytes) == 1
    if state is State.QUEUED:
        mend(endpoint, spool, clock)
        assert endpoint.posts[REFERENCE] == 1


NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(
    ("value", "floor_s"),
    [
        ("120", 120),
        ("0", 0),
        (" 7 ", 7),
        ("Sun, 22 Nov 2026 09:10:00 GMT", 600),
        ("Sunday, 22-Nov-26 09:10:00 GMT", 600),
        ("Sun Nov 22 09:10:00 2026", 600),
        ("Sun, 22 Nov 1970 09:10:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_LIMIT_S),
        ("1000000000", RETRY_AFTER_LIMIT_S),
        ("9" * 5_000, RETRY_AFTER_LIMIT_S),
        ("-1", 0),
        ("-1000000000", 0),
        ("1.5", 0),
        ("1e9", 0),
        ("soon", 0),
        ("Sun, 99 Foo 2026 99:99:99 GMT", 0),
        ("", 0),
    ],
)
def test_what_is_asked_for_is_a_floor_within_reason(
    spool: Spool,
    endpoint: FaultEndpoint,
    postman: Postman,
    enqueue: Any,
    *,
    status: str,
    value: str,
    floor_s: float,
) -> None:
    def put_off(connection: socket.socket) -> None:
        endpoint.take(connection)
        connection.sendall(http(status, b"", f"Retry-After: {value}"))

    endpoint.behave = put_off
    enqueue()
    postman.deliver(REFERENCE)
    envelope = kept(spool)
    assert envelope.state is State.QUEUED
    assert envelope.next_try_at is not None
    wait = envelope.next_try_at - NINE - timedelta(seconds=floor_s)
    assert timedelta(seconds=SHORTEST_WAIT_S) <= wait <= timedelta(seconds=LONGEST_WAIT_S)


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
def test_a_redirect_to_another_host_gets_nothing(
    spool: Spool, clock: Any, endpoint: FaultEndpoint, enqueue: Any, status: str
) -> None:
    other = FaultEndpoint()

    def lead_away(connection: socket.socket) -> None:
        endpoint.take(connection)
        connection.sendall(http(f"{status} Moved", b"", f"Location: http://localhost:{other.port}/reports"))

    endpoint.behave = lead_away
    enqueue()
    access = Access(user="agent", password="s3cret")
    make_postman(spool, clock, endpoint.address, access=access).deliver(REFERENCE)
    assert (kept(spool).state, "redirects are not followed" in kept(spool).reason) == (State.QUEUED, True)
    assert b"Authorization: Basic " in endpoint.raw[0]
    other.close()
    assert other.received_bytes == []
    mend(endpoint, spool, clock)


# Without end, and without a beginning


def stall(endpoint: FaultEndpoint, connection: socket.socket) -> None:
    endpoint.take(connection)
    connection.recv(1)


def stall_unread(endpoint: FaultEndpoint, connection: socket.socket) -> None:
    connection.recv(1)
    threading.Event().wait(1)


def drip(endpoint: FaultEndpoint, connection: socket.socket) -> None:
    endpoint.take(connection)
    connection.sendall(b"HTTP/1.1 201 Created\r\n")
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b"X: y\r\n"[:1])
            threading.Event().wait(0.01)


def drip_body(endpoint: FaultEndpoint, connection: socket.socket) -> None:
    endpoint.take(connection)
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b" ")
            threading.Event().wait(0.01)


def endless_headers(endpoint: FaultEndpoint, connection: socket.socket) -> None:
    endpoint.take(connection)
    connection.sendall(b"HTTP/1.1 201 Created\r\n")
    assert pour(connection, b"X-Filler: y\r\n" * 100) < POURED_LIMIT_BYTES


def endless_line(endpoint: FaultEndpoint, connection: socket.socket) -> None:
    endpoint.take(connection)
    assert pour(connection, b"HTTP/1.1 201 " + b"x" * 60_000) < POURED_LIMIT_BYTES


def endless_body(endpoint: FaultEndpoint, connection: socket.socket) -> None:
    endpoint.take(connection)
    connection.sendall(b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n" + confirmation())
    assert pour(connection, b" " * ANSWER_LIMIT_BYTES) < POURED_LIMIT_BYTES


def endless_chunks(endpoint: FaultEndpoint, connection: socket.socket) -> None:
    endpoint.take(connection)
    connection.sendall(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert pour(connection, b"1000\r\n" + b" " * 4096 + b"\r\n") < POURED_LIMIT_BYTES


@pytest.mark.parametrize(
    "behave",
    [stall, stall_unread, drip, drip_body, endless_headers, endless_line, endless_body, endless_chunks],
)
def test_what_has_no_end_is_left(
    spool: Spool, clock: Any, endpoint: FaultEndpoint, enqueue: Any, behave: Callable[..., None]
) -> None:
    endpoint.behave = lambda connection: behave(endpoint, connection)
    enqueue()
    make_postman(spool, clock, endpoint.address, limit_s=0.5).deliver(REFERENCE)
    assert kept(spool).state is State.QUEUED
    mend(endpoint, spool, clock)
    assert endpoint.posts[REFERENCE] == 1
    # No thread of an exchange that was given up is left behind.
    for thread in threading.enumerate():
        if thread.name == "reporter-delivery":
            thread.join(30)
            assert not thread.is_alive()


def test_a_large_report_to_one_who_reads_slowly_arrives(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman
) -> None:
    report = b'{"filler": "%s"}' % (b"x" * 5_000_000)
    spool.enqueue(REFERENCE, report, [], sendable=True, sent_by_person=True)

    def read_slowly(connection: socket.socket) -> None:
        begun = b""
        for _ in range(50):
            begun += connection.recv(2048)
            threading.Event().wait(0.005)
        endpoint.received_bytes[-1] += len(begun)

        class Rest:
            """The same connection, with what was read of it put back."""

            left = begun

            def recv(self, count: int) -> bytes:
                block, self.left = self.left or connection.recv(count), b""
                return block

        rest: Any = Rest()
        connection.sendall(endpoint.keep(endpoint.take(rest)))

    endpoint.behave = read_slowly
    assert postman.deliver(REFERENCE).state is State.ACCEPTED
    assert endpoint.kept[REFERENCE] == report


# TLS


def certificates(fault: str) -> tuple[trustme.CA, ssl.SSLContext]:
    """The authority that is trusted, and a server whose certificate has a fault."""
    trusted = trustme.CA()
    issuer = trustme.CA() if fault == "untrusted" else trusted
    name = "other.example" if fault == "wrong name" else "127.0.0.1"
    past = datetime(2020, 1, 1, tzinfo=UTC)
    times: dict[str, Any] = {}
    if fault == "expired":
        times = {"not_before": past, "not_after": past + timedelta(days=1)}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(name, **times).configure_cert(context)
    return trusted, context


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the trust store is set by variables")
@pytest.mark.parametrize("fault", ["", "expired", "wrong name", "untrusted"])
def test_only_a_good_certificate_gets_a_report(
    spool: Spool, clock: Any, enqueue: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fault: str
) -> None:
    trusted, context = certificates(fault)
    trusted.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    endpoint = FaultEndpoint(context)
    enqueue()
    make_postman(spool, clock, endpoint.address, access=Access(token="s3cret")).deliver(REFERENCE)
    endpoint.close()
    if fault:
        assert kept(spool).state is State.QUEUED
        assert "its certificate or its TLS is not accepted here" in kept(spool).reason
        assert (endpoint.raw, endpoint.received_bytes) == ([], [0])
    else:
        assert kept(spool).state is State.ACCEPTED
        assert endpoint.posts[REFERENCE] == 1


# Through a proxy


def test_a_report_goes_through_a_proxy(
    spool: Spool, clock: Any, endpoint: FaultEndpoint, enqueue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{endpoint.port}")
    enqueue()
    make_postman(spool, clock, "http://support.invalid/reports").deliver(REFERENCE)
    assert kept(spool).state is State.ACCEPTED
    assert endpoint.errands == ["POST http://support.invalid/reports HTTP/1.1"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the trust store is set by variables")
@pytest.mark.parametrize("fault", ["", "503", "silent", "untrusted"])
def test_a_report_goes_through_a_tunnel_or_waits(
    spool: Spool,
    clock: Any,
    endpoint: FaultEndpoint,
    enqueue: Any,
    *,
    tmp_path: Path,
    monkeypatch: Any,
    fault: str,
) -> None:
    trusted, context = certificates(fault)
    trusted.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{endpoint.port}")

    def tunnel(connection: socket.socket) -> None:
        head = endpoint.take(connection)
        assert head.startswith(b"CONNECT 127.0.0.1:9 HTTP/1.")
        assert b"s3cret" not in head
        assert b"Authorization" not in head
        if fault == "silent":
            connection.recv(1)
        elif fault == "503":
            connection.sendall(http("503 Service Unavailable"))
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with context.wrap_socket(connection, server_side=True) as safe:
                endpoint.answer(safe)

    endpoint.behave = tunnel
    enqueue()
    postman = make_postman(
        spool, clock, "https://127.0.0.1:9/reports", access=Access(token="s3cret"), limit_s=2.0
    )
    state = postman.deliver(REFERENCE).state
    assert state is (State.QUEUED if fault else State.ACCEPTED), kept(spool).reason
    assert endpoint.posts[REFERENCE] == (0 if fault else 1)


# Questions


AUTOMATIC = "0000-00001"


def enqueue_automatic(spool: Spool, *, counts_only: bool = False) -> None:
    spool.enqueue(
        AUTOMATIC,
        b'{"fingerprint": "f"}',
        [],
        sendable=True,
        sent_by_person=False,
        fingerprint="f",
        counts_only=counts_only,
    )


@pytest.mark.parametrize(
    "answer",
    [
        http("200 OK", PORTAL),
        http("200 OK", b"null"),
        http("200 OK", b"{}"),
        http("200 OK", b'{"need": "more"}'),
        http("200 OK", b'{"need": 7}'),
        http("200 OK", b'{"need": "nothing", "spread_s": "long"}'),
        http("302 Found", b"", "Location: http://127.0.0.1:1/"),
        http("404 Not Found"),
        http("405 Method Not Allowed"),
        http("501 Not Implemented"),
    ],
)
def test_who_does_not_understand_the_question_gets_everything(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman, answer: bytes
) -> None:
    def ask_back(connection: socket.socket) -> None:
        request = endpoint.take(connection)
        connection.sendall(answer if b"/precheck " in request else endpoint.keep(request))

    endpoint.behave = ask_back
    enqueue_automatic(spool)
    assert postman.deliver(AUTOMATIC).state is State.ACCEPTED
    assert endpoint.errands == ["POST /reports/precheck HTTP/1.1", "POST /reports HTTP/1.1"]
    assert endpoint.kept[AUTOMATIC] == b'{"fingerprint": "f"}'


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", http("500 Oh"), http("429 Too Many")])
def test_who_cannot_answer_the_question_now_is_sent_nothing_now(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman, answer: bytes
) -> None:
    def fail(connection: socket.socket) -> None:
        endpoint.take(connection)
        connection.sendall(answer)

    endpoint.behave = fail
    enqueue_automatic(spool)
    assert postman.deliver(AUTOMATIC).state is State.QUEUED
    assert endpoint.errands == ["POST /reports/precheck HTTP/1.1"]


@pytest.mark.parametrize("need", ["nothing", "everything"])
@pytest.mark.parametrize("spread_s", [-5, 0, 1e300])
def test_a_spread_out_of_reason_is_not_kept(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman, need: str, spread_s: float
) -> None:
    def ask_back(connection: socket.socket) -> None:
        request = endpoint.take(connection)
        said = json.dumps({"need": need, "spread_s": spread_s, "known": -3, "message": "\u202e"}).encode()
        connection.sendall(http("200 OK", said) if b"/precheck " in request else endpoint.keep(request))

    endpoint.behave = ask_back
    enqueue_automatic(spool)
    assert postman.deliver(AUTOMATIC).state is State.ACCEPTED
    assert (AUTOMATIC in endpoint.counted, AUTOMATIC in endpoint.kept) == (
        need == "nothing",
        need != "nothing",
    )


def test_a_count_whose_answer_is_cut_at_any_byte_counts_once(
    spool: Spool, clock: Any, endpoint: FaultEndpoint
) -> None:
    enqueue_automatic(spool, counts_only=True)
    whole = http("201 Created", confirmation(AUTOMATIC))
    postman = make_postman(spool, clock, endpoint.address)
    for offset in range(len(whole)):

        def answer_some(connection: socket.socket, offset: int = offset) -> None:
            request = endpoint.take(connection)
            answer = endpoint.keep(request)
            connection.sendall(answer[:offset] if b"/count " in request else answer)

        endpoint.behave = answer_some
        assert postman.deliver(AUTOMATIC).state is State.QUEUED, offset
    endpoint.behave = endpoint.answer
    assert postman.deliver(AUTOMATIC).state is State.ACCEPTED
    assert (endpoint.counted, endpoint.kept) == ({AUTOMATIC}, {})
    last = next(request for request in reversed(endpoint.raw) if b"/count " in request)
    assert json.loads(last.partition(b"\r\n\r\n")[2]) == {"reference": AUTOMATIC, "fingerprint": "f"}
    assert f"Report-Token: {kept(spool, AUTOMATIC).token}".encode() in last


def test_a_question_tells_nothing_about_the_person_or_the_report(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman
) -> None:
    enqueue_automatic(spool)
    postman.deliver(AUTOMATIC)
    asked = endpoint.raw[0]
    assert set(json.loads(asked.partition(b"\r\n\r\n")[2])) == {
        "fingerprint", "cause", "layer", "application", "agent", "language", "sent_by_person",
    }  # fmt: skip
    assert kept(spool, AUTOMATIC).token.encode() not in asked
    assert AUTOMATIC.encode() not in asked


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        (b"null", ""),
        (b'{"reference": "AAAA-AAAA1", "answer": {"text": "No"}}', ""),
        (b'{"reference": "7K3D-9QX2M", "answer": 7}', ""),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": "2026-11-22T08:00:00Z"}}', "Yes"),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": "0001-01-01T00:00:00+14:00"}}', "Yes"),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": "9999-12-31T23:59:59-14:00"}}', "Yes"),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": "2026-11-22T08:00:00"}}', "Yes"),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": "yesterday"}}', "Yes"),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": {}}, "later": 1}', "Yes"),
    ],
)
def test_an_answer_with_an_odd_time_is_still_an_answer(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman, enqueue: Any, *, document: bytes, answer: str
) -> None:
    enqueue()
    postman.deliver(REFERENCE)

    def tell(connection: socket.socket) -> None:
        endpoint.take(connection)
        connection.sendall(http("200 OK", document))

    endpoint.behave = tell
    envelope = postman.inquire(REFERENCE)
    assert envelope.answer == answer
    assert envelope.state is (State.ANSWERED if answer else State.ACCEPTED)
    assert envelope.answered_at == (
        None if not answer else NINE - timedelta(hours=1) if b"T08:" in document else NINE
    )
    assert f"Report-Token: {envelope.token}".encode() in endpoint.raw[-1]
