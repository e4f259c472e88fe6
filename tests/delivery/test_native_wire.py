"""The native destination against servers that misbehave in the ways networks do."""

from __future__ import annotations

import contextlib
import email
import email.policy
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
import truststore

from reporter._version import __version__
from reporter.delivery.access import Access
from reporter.delivery.destination import Kind
from reporter.delivery.envelope import Envelope
from reporter.delivery.native import NativeDestination
from reporter.delivery.transport import Transport, _adapter, _Line

Enqueue = Callable[[], Envelope]

CONFIRMATION = b'{"reference": "7K3D-9QX2M", "state": "accepted"}'


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def parse(request: bytes) -> tuple[str, EmailMessage]:
    """The request line, and the rest as a message that Python's own MIME parser understands."""
    line, _, rest = request.partition(b"\r\n")
    message = email.message_from_bytes(rest, policy=email.policy.HTTP.clone(utf8=True))
    assert isinstance(message, EmailMessage)
    return line.decode(), message


def test_the_request_holds_exactly_what_was_previewed(raw_server: Any, enqueue: Enqueue) -> None:
    server = raw_server(answer=http("201 Created", CONFIRMATION))
    envelope = enqueue()
    outcome = NativeDestination(f"http://127.0.0.1:{server.port}/in/reports?site=berlin").deliver(envelope)
    assert outcome.kind is Kind.ACCEPTED
    [request] = server.requests
    line, message = parse(request)
    assert line == "POST /in/reports?site=berlin HTTP/1.1"
    assert message["Idempotency-Key"] == envelope.reference
    assert message["User-Agent"] == f"reporter-agent/{__version__}"
    assert message["Authorization"] is None
    report, attachment = message.iter_parts()
    assert report.get_param("name", header="Content-Disposition") == "report"
    assert report.get_filename() == "report.json"
    assert report.get_content_type() == "application/json"
    assert b"\r\n\r\n" + envelope.report_json + b"\r\n--" in request
    assert 'name="attachment"; filename="Снимок.png"'.encode() in request
    assert attachment.get_content_type() == "image/png"
    assert b"\r\n\r\n" + envelope.attachments[0].content + b"\r\n--" in request


def test_passwords_of_the_users_netrc_are_never_sent(
    raw_server: Any, enqueue: Enqueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login maria password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = raw_server(answer=http("201 Created", CONFIRMATION))
    NativeDestination(f"http://127.0.0.1:{server.port}/").deliver(enqueue())
    assert b"Authorization" not in server.requests[0]


def test_nobody_listens(enqueue: Enqueue) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    outcome = NativeDestination(f"http://127.0.0.1:{port}/").deliver(enqueue())
    assert (outcome.kind, outcome.reason) == (Kind.POSTPONED, "the endpoint's server refuses the connection")


def test_a_name_that_nobody_knows(enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> object:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    outcome = NativeDestination("http://support.invalid/").deliver(enqueue())
    assert (outcome.kind, outcome.reason) == (
        Kind.POSTPONED,
        "the endpoint's name is not known to this network",
    )


def test_the_connection_is_reset(raw_server: Any, enqueue: Enqueue) -> None:
    def reset(connection: socket.socket, request: bytes) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    outcome = NativeDestination(f"http://127.0.0.1:{raw_server(behave=reset).port}/").deliver(enqueue())
    assert (outcome.kind, outcome.reason) == (Kind.POSTPONED, "the connection to the endpoint was cut off")


def test_the_answer_is_cut_short(raw_server: Any, enqueue: Enqueue) -> None:
    server = raw_server(answer=http("201 Created", CONFIRMATION)[:-10])
    assert NativeDestination(f"http://127.0.0.1:{server.port}/").deliver(enqueue()).kind is Kind.POSTPONED


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example.org ESMTP\r\n",
        b"\x00\xff" * 500 + b"\r\n",
        b"HTTP/1.1 201 " + b"x" * 100_000,
        b"HTTP/1.1 201 Created\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 201 Created\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    ],
)
def test_what_answers_is_no_web_server_and_is_called_so(
    raw_server: Any, enqueue: Enqueue, answer: bytes
) -> None:
    server = raw_server(answer=answer)
    outcome = NativeDestination(f"http://127.0.0.1:{server.port}/").deliver(enqueue())
    assert outcome.kind is Kind.POSTPONED
    assert "is not a web server, or its answer is malformed" in outcome.reason


def test_an_endpoint_that_says_nothing_is_left(raw_server: Any, enqueue: Enqueue) -> None:
    left = threading.Event()

    def stall(connection: socket.socket, request: bytes) -> None:
        connection.recv(1)  # until the other side gives up
        left.set()

    server = raw_server(behave=stall)
    outcome = NativeDestination(f"http://127.0.0.1:{server.port}/", Transport(read_timeout_s=0.2)).deliver(
        enqueue()
    )
    assert (outcome.kind, outcome.reason) == (Kind.POSTPONED, "no answer from the endpoint within 0.2 s")
    assert left.wait(10)


def test_an_endpoint_that_drips_is_left_when_the_overall_limit_is_reached(
    raw_server: Any, enqueue: Enqueue
) -> None:
    enough = threading.Event()

    def drip(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        with contextlib.suppress(OSError):
            while not enough.wait(0.02):
                connection.sendall(b"X-Drop: 1\r\n")

    server = raw_server(behave=drip)
    destination = NativeDestination(f"http://127.0.0.1:{server.port}/", Transport(overall_limit_s=0.3))
    outcome = destination.deliver(enqueue())
    enough.set()
    assert (outcome.kind, outcome.reason) == (
        Kind.POSTPONED,
        "the exchange with the endpoint took longer than 0.3 s",
    )


def test_an_endless_answer_is_read_to_the_limit(raw_server: Any, enqueue: Enqueue) -> None:
    sent: list[int] = []

    def pour(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        with contextlib.suppress(OSError):
            while sum(sent) < 50_000_000:
                sent.append(connection.send(b"x" * 65_536))

    server = raw_server(behave=pour)
    outcome = NativeDestination(f"http://127.0.0.1:{server.port}/").deliver(enqueue())
    assert outcome.kind is Kind.POSTPONED
    assert sum(sent) < 50_000_000


def test_an_endless_redirect_is_not_read_either(raw_server: Any, enqueue: Enqueue) -> None:
    sent: list[int] = []

    def pour(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /more\r\nConnection: close\r\n\r\n")
        with contextlib.suppress(OSError):
            while sum(sent) < 50_000_000:
                sent.append(connection.send(b"x" * 65_536))

    server = raw_server(behave=pour)
    assert NativeDestination(f"http://127.0.0.1:{server.port}/").deliver(enqueue()).kind is Kind.POSTPONED
    assert sum(sent) < 50_000_000


def test_a_redirect_leads_nowhere(raw_server: Any, enqueue: Enqueue) -> None:
    other = raw_server(answer=http("201 Created", CONFIRMATION))
    server = raw_server(
        answer=http("307 Temporary Redirect", b"", f"Location: http://127.0.0.1:{other.port}/")
    )
    outcome = NativeDestination(f"http://127.0.0.1:{server.port}/").deliver(enqueue())
    assert outcome.kind is Kind.POSTPONED
    assert other.requests == []


# TLS: what the operating system trusts, and nothing else


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """A server's certificate from a company's own authority, whose root lies in ``company.pem``."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the trust store is set by variables")
def test_a_company_certificate_that_the_system_trusts_is_good(
    raw_server: Any,
    enqueue: Enqueue,
    context: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    server = raw_server(answer=http("201 Created", CONFIRMATION), context=context)
    assert NativeDestination(f"https://127.0.0.1:{server.port}/").deliver(enqueue()).kind is Kind.ACCEPTED


def test_an_unknown_certificate_gets_nothing(
    raw_server: Any, enqueue: Enqueue, context: ssl.SSLContext
) -> None:
    server = raw_server(answer=http("201 Created", CONFIRMATION), context=context)
    outcome = NativeDestination(f"https://127.0.0.1:{server.port}/").deliver(enqueue())
    assert outcome.kind is Kind.POSTPONED
    assert "its certificate or its TLS is not accepted here" in outcome.reason
    assert server.requests == []


def test_only_the_systems_list_is_trusted_and_not_that_of_a_library() -> None:
    adapter: Any = _adapter(Access(), _Line(0.0))
    pool = adapter.get_connection_with_tls_context(
        requests.Request("POST", "https://a.example/").prepare(), verify=True
    )
    adapter.cert_verify(pool, "https://a.example/", verify=True, cert=None)
    assert isinstance(pool.conn_kw["ssl_context"], truststore.SSLContext)
    assert (pool.cert_reqs, pool.ca_certs) == ("CERT_REQUIRED", None)


# The import of requests stands still where it begins with urllib3, until another thread waits for an import.
TWO_AT_ONCE = """
import sys, threading, time
from importlib import _bootstrap
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from reporter.delivery.transport import Transport, multipart

begun, other = threading.Event(), threading.get_ident()

class Slow(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "urllib3" or begun.is_set():
            return None
        spec = PathFinder.find_spec(name, path)
        def create(spec):
            begun.set()
            end = time.monotonic() + 30
            while not _bootstrap._blocking_on.get(other):
                assert time.monotonic() < end, "nobody waits"
                time.sleep(0.01)
        spec.loader.create_module = create
        return spec

sys.meta_path.insert(0, Slow())
said = []
ask = lambda: said.append(Transport().exchange("GET", "http://127.0.0.1:1/", headers={}))
first = threading.Thread(target=ask)
first.start()
assert begun.wait(30)
body, kind = multipart([("report", ("report.json", b"{}", "application/json"))])
first.join(30)
print(said[0], b"{}" in body)
"""


def test_two_destinations_at_once_do_not_wait_for_each_others_imports() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TWO_AT_ONCE], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert done.stdout == "the endpoint's server refuses the connection True\n"
