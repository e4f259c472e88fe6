"""What an endpoint can answer, or not: over real sockets, from the spool to the spool.

Whatever happens on the way, the report waits or is where it belongs, and in the end it is there once.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from reporter.delivery.access import Access
from reporter.delivery.backoff import LONGEST_WAIT_S, RETRY_AFTER_LIMIT_S, SHORTEST_WAIT_S
from reporter.delivery.postman import Postman
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.delivery.transport import ANSWER_LIMIT_BYTES
from tests.delivery.conftest import NINE
from tests.delivery.fault_endpoint import (
    PORTAL,
    POURED_LIMIT_BYTES,
    REFERENCE,
    FaultEndpoint,
    confirmation,
    http,
    kept,
    make_postman,
    mend,
    pour,
)

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
