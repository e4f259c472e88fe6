"""The last rung: the answer."""

from __future__ import annotations

import json
import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme

from reporter.diagnosis.evidence import HttpOutcome
from reporter.diagnosis.probes import http
from reporter.diagnosis.weighing import diagnose
from tests.diagnosis.wire import Climb, Serve, answering, certified, resetting, response


@pytest.mark.parametrize(
    ("status", "cause", "owner"),
    [
        ("200 OK", "ok", "user"),
        ("204 No Content", "ok", "user"),
        ("304 Not Modified", "ok", "user"),
        ("405 Method Not Allowed", "ok", "user"),
        ("401 Unauthorized", "http.unauthorized", "user"),
        ("403 Forbidden", "http.forbidden", "server"),
        ("404 Not Found", "http.not_found", "it"),
        ("410 Gone", "http.not_found", "it"),
        ("408 Request Timeout", "http.gateway_timeout", "server"),
        ("413 Content Too Large", "http.too_large", "it"),
        ("423 Locked", "app.session_locked", "server"),
        ("429 Too Many Requests", "http.rate_limited", "server"),
        ("431 Request Header Fields Too Large", "http.too_large", "it"),
        ("500 Internal Server Error", "http.server_error", "server"),
        ("502 Bad Gateway", "http.bad_gateway", "server"),
        ("503 Service Unavailable", "http.unavailable", "server"),
        ("504 Gateway Timeout", "http.gateway_timeout", "server"),
        ("599 Odd", "http.server_error", "server"),
        ("418 I'm a teapot", "unknown", "it"),
    ],
)
def test_statuses(serve: Serve, climb: Climb, status: str, cause: str, owner: str) -> None:
    port = serve(answering(response(status)))
    verdict = diagnose(climb(f"http://127.0.0.1:{port}/base"))
    assert (verdict.cause, verdict.owner) == (cause, owner)


def test_being_asked_to_sign_in_is_well(serve: Serve, climb: Climb) -> None:
    port = serve(answering(response("401 Unauthorized", 'WWW-Authenticate: Basic realm="ERP"')))
    assert diagnose(climb(f"http://127.0.0.1:{port}/")).cause == "ok"


def test_the_request_carries_nothing_secret(serve: Serve, climb: Climb) -> None:
    asked: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        asked.append(connection.recv(4096))
        connection.sendall(response("200 OK"))

    port = serve(handle)
    climb(f"http://anna:geheim@127.0.0.1:{port}/ba se?token=geheim#geheim")
    [request] = asked
    assert request.startswith(b"GET /ba%20se HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{port}\r\n".encode() in request
    assert b"geheim" not in request
    assert b"authorization" not in request.lower()
    assert b"cookie" not in request.lower()


def test_only_allowed_headers_are_kept(serve: Serve, climb: Climb) -> None:
    port = serve(answering(response("200 OK", "Set-Cookie: session=geheim", "Server: nginx", "X-Secret: a")))
    evidence = climb(f"http://127.0.0.1:{port}/")
    assert evidence.http is not None
    assert evidence.http.headers == {"server": "nginx", "content-length": "0"}


def test_maintenance_with_an_hour(serve: Serve, climb: Climb) -> None:
    port = serve(answering(response("503 Service Unavailable", "Retry-After: 3600")))
    evidence = climb(f"http://127.0.0.1:{port}/")
    verdict = diagnose(evidence)
    assert (verdict.cause, verdict.runner_up) == ("app.maintenance", "http.unavailable")
    assert verdict.retry == "at"
    assert verdict.retry_at == evidence.taken_at + timedelta(hours=1)


@pytest.mark.parametrize(
    "retry_after", ["soon", "-5", "0", "99999999999999999999", "Tue, 01 Jan 1980 00:00:00 GMT"]
)
def test_an_unusable_retry_after_promises_nothing(serve: Serve, climb: Climb, retry_after: str) -> None:
    port = serve(answering(response("503 Service Unavailable", f"Retry-After: {retry_after}")))
    verdict = diagnose(climb(f"http://127.0.0.1:{port}/"))
    assert (verdict.cause, verdict.retry, verdict.retry_at) == ("http.unavailable", "automatic", None)


def problem(**members: object) -> bytes:
    return response(
        "403 Forbidden", "Content-Type: application/problem+json; charset=utf-8", body=json.dumps(members)
    )


def test_a_typed_answer_names_the_cause(serve: Serve, climb: Climb) -> None:
    port = serve(answering(problem(code="licence_exhausted", title="No licence", until=None)))
    evidence = climb(f"http://127.0.0.1:{port}/")
    assert evidence.http is not None
    assert evidence.http.problem is not None
    assert evidence.http.problem.title == "No licence"
    verdict = diagnose(evidence)
    assert (verdict.cause, verdict.layer, verdict.confidence) == ("app.licence_exhausted", "app", "certain")


def test_maintenance_until_an_hour(serve: Serve, climb: Climb) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    port = serve(answering(problem(code="maintenance", until=until.isoformat())))
    verdict = diagnose(climb(f"http://127.0.0.1:{port}/"))
    assert (verdict.cause, verdict.retry, verdict.retry_at) == ("app.maintenance", "at", until)
    assert any(until.astimezone().strftime("%Y-%m-%d %H:%M") in line for line in verdict.advice)


@pytest.mark.parametrize(
    "answer",
    [
        problem(code="something_else"),
        problem(code=["bad_credentials"]),
        problem(),
        response("403 Forbidden", "Content-Type: application/json", body='{"code": "bad_credentials"}'),
        response("403 Forbidden", "Content-Type: application/problem+json", body="bad_credentials"),
        response("403 Forbidden", "Content-Type: application/problem+json", body="[" * 60_000),
        response("403 Forbidden", body="wrong password"),
    ],
)
def test_an_untyped_answer_is_only_its_status(serve: Serve, climb: Climb, answer: bytes) -> None:
    port = serve(answering(answer))
    assert diagnose(climb(f"http://127.0.0.1:{port}/")).cause == "http.forbidden"


def test_the_difference_of_the_clocks_is_recorded(serve: Serve, climb: Climb) -> None:
    ahead = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    evidence = climb(f"http://127.0.0.1:{serve(answering(response('200 OK', f'Date: {ahead}')))}/")
    assert evidence.http is not None
    assert evidence.http.skew_s is not None
    assert 3500 < evidence.http.skew_s < 3700


def test_redirects_on_the_same_host_are_followed(serve: Serve, climb: Climb) -> None:
    port = serve(
        answering(
            response("302 Found", "Location: /login?next=%2F", "Set-Cookie: seen=1"),
            response("301 Moved Permanently", "Location: page"),
            response("404 Not Found"),
        )
    )
    evidence = climb(f"http://localhost:{port}/")
    assert [(r.status, r.location, r.followed) for r in evidence.redirects] == [
        (302, f"http://localhost:{port}/login", True),
        (301, f"http://localhost:{port}/page", True),
    ]
    assert diagnose(evidence).cause == "http.not_found"


def test_a_login_page_that_tests_for_cookies_is_no_loop(serve: Serve, climb: Climb) -> None:
    def handle(connection: socket.socket) -> None:
        request = connection.recv(4096)
        if b"Cookie: seen=1" in request:
            connection.sendall(response("200 OK"))
        else:
            connection.sendall(response("302 Found", "Location: /", "Set-Cookie: seen=1; HttpOnly"))

    assert diagnose(climb(f"http://localhost:{serve(handle)}/")).cause == "ok"


def test_redirects_without_end(serve: Serve, climb: Climb) -> None:
    port = serve(answering(response("302 Found", "Location: /again")))
    evidence = climb(f"http://localhost:{port}/")
    assert [redirect.followed for redirect in evidence.redirects] == [True] * 5 + [False]
    assert diagnose(evidence).cause == "http.redirect_loop"


@pytest.mark.parametrize(
    "location",
    [
        "https://login.example.org/?SAMLRequest=geheim",
        "//login.example.org/",
        "file:///etc/passwd",
        "http://[nonsense",
        "javascript:alert(1)",
        "/" + "a" * 5_000,
    ],
)
def test_redirects_elsewhere_are_not_followed(serve: Serve, climb: Climb, location: str) -> None:
    port = serve(answering(response("302 Found", f"Location: {location}")))
    evidence = climb(f"http://localhost:{port}/")
    assert evidence.http is not None
    assert evidence.http.status == 302
    assert not any(redirect.followed for redirect in evidence.redirects)
    assert "geheim" not in repr(evidence)
    assert diagnose(evidence).cause == "ok"


def test_a_redirect_to_a_secure_port_is_climbed_from_its_foot(
    trusted: trustme.CA, serve: Serve, climb: Climb
) -> None:
    secure = serve(answering(response("200 OK")), certified(trusted, "localhost", valid=(-30, -10)))
    port = serve(answering(response("301 Moved", f"Location: https://localhost:{secure}/")))
    evidence = climb(f"http://localhost:{port}/")
    assert evidence.tcp is not None
    assert evidence.tcp.port == secure
    assert diagnose(evidence).cause == "tls.expired"


def test_a_redirect_to_a_closed_port(serve: Serve, climb: Climb, closed_port: int) -> None:
    port = serve(answering(response("301 Moved", f"Location: http://localhost:{closed_port}/")))
    verdict = diagnose(climb(f"http://localhost:{port}/"))
    assert verdict.cause == "tcp.refused"
    assert any(str(closed_port) in line for line in verdict.advice)


def test_no_answer(silent_port: int, climb: Climb) -> None:
    verdict = diagnose(climb(f"http://127.0.0.1:{silent_port}/", deadline_s=0.6))
    assert (verdict.cause, verdict.owner) == ("http.no_answer", "server")


def test_hung_up_instead_of_an_answer(serve: Serve, climb: Climb) -> None:
    def handle(connection: socket.socket) -> None:
        connection.recv(4096)

    assert diagnose(climb(f"http://127.0.0.1:{serve(handle)}/")).cause == "http.no_answer"


def test_reset_instead_of_an_answer(serve: Serve, climb: Climb) -> None:
    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        resetting(connection)

    assert diagnose(climb(f"http://127.0.0.1:{serve(handle)}/")).cause == "http.no_answer"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot that much",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense",
    ],
)
def test_cut_short(serve: Serve, climb: Climb, answer: bytes) -> None:
    verdict = diagnose(climb(f"http://127.0.0.1:{serve(answering(answer))}/"))
    assert (verdict.cause, verdict.owner) == ("http.cut_short", "network")


def test_a_long_answer_is_read_as_far_as_wanted(serve: Serve, climb: Climb) -> None:
    port = serve(answering(response("200 OK", body="a" * 10 * http.BODY_LIMIT_BYTES)))
    evidence = climb(f"http://127.0.0.1:{port}/")
    assert evidence.http is not None
    assert evidence.http.body_bytes == http.BODY_LIMIT_BYTES
    assert diagnose(evidence).cause == "ok"


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 " + b"a" * 100_000,
    ],
)
def test_something_else_than_http(serve: Serve, climb: Climb, answer: bytes) -> None:
    evidence = climb(f"http://127.0.0.1:{serve(answering(answer))}/")
    assert evidence.http is not None
    assert evidence.http.outcome is HttpOutcome.NOT_HTTP
    assert diagnose(evidence).cause == "unknown"


@pytest.mark.parametrize(
    ("beginning", "outcome", "cause"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", HttpOutcome.CUT_SHORT, "http.cut_short"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", HttpOutcome.ANSWERED, "ok"),
    ],
)
def test_an_answer_that_drips_is_left_at_the_deadline(
    serve: Serve, climb: Climb, beginning: bytes, outcome: HttpOutcome, cause: str
) -> None:
    enough = threading.Event()

    def handle(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while not enough.wait(0.05):
            connection.sendall(b"y")

    evidence = climb(f"http://127.0.0.1:{serve(handle)}/", deadline_s=0.6)
    enough.set()
    assert evidence.http is not None
    assert evidence.http.outcome is outcome
    assert evidence.deadline_reached
    assert diagnose(evidence).cause == cause
