"""A look at a destination, without a report: is it there, and does it let this computer in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reporter.delivery import folder as folders
from reporter.delivery import mail
from reporter.delivery.access import Access
from reporter.delivery.destination import Check, Destination, open_destination
from tests.delivery.mail_relays import post_office


def destination(address: str) -> Destination:
    return open_destination(address, pack=lambda envelope: b"")


class Endpoint:
    """Answers with ``answers[path]``: a status and a body; keeps what was asked."""

    def __init__(self, answers: dict[str, tuple[int, bytes]], port: int) -> None:
        self.answers = answers
        self.port = port
        self.asked: list[tuple[str, str, bytes]] = []


@contextmanager
def endpoint(**answers: tuple[int, bytes]) -> Iterator[Endpoint]:
    """``POST_precheck=(200, b"{}")``: method and the last part of the path; anything else is a 404."""
    found = Endpoint(answers, 0)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.asked.append((self.command, self.path, body))
            name = f"{self.command}_{self.path.rstrip('/').rpartition('/')[2]}"
            status, content = found.answers.get(name, (404, b""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_POST = do_HEAD = answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_endpoint_that_answers_the_question_before_a_report_lets_us_in() -> None:
    with endpoint(POST_precheck=(200, b'{"need": "everything"}')) as server:
        found = destination(f"http://127.0.0.1:{server.port}/reports").check()
    assert found == Check(is_reached=True, is_let_in=True)
    assert [(method, path) for method, path, _ in server.asked] == [("POST", "/reports/precheck")]


@pytest.mark.parametrize("status", [401, 403])
def test_one_that_wants_a_sign_in_says_so(status: int) -> None:
    with endpoint(POST_precheck=(status, b"")) as server:
        found = destination(f"http://127.0.0.1:{server.port}/reports").check()
    assert (found.is_reached, found.is_let_in) == (True, False)
    assert f"answered {status}" in found.reason
    assert "credentials" in found.reason


def test_one_that_knows_no_questions_is_only_seen_to_be_there() -> None:
    with endpoint(HEAD_reports=(405, b"")) as server:
        found = destination(f"http://127.0.0.1:{server.port}/reports").check()
    assert (found.is_reached, found.is_let_in, found.reason) == (True, None, "")
    assert "only a report can tell" in found.remark
    with endpoint(HEAD_reports=(401, b"")) as server:
        assert destination(f"http://127.0.0.1:{server.port}/reports").check().is_let_in is False


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, "answered 404 Not Found; correct the address"),
        ({"POST_precheck": (200, b"<html>Sign in to the network</html>")}, "sign-in page"),
        ({"POST_precheck": (302, b"")}, "redirects"),
        ({"POST_precheck": (503, b"")}, "answered 503"),
    ],
)
def test_what_is_no_endpoint_is_told(answers: dict[str, tuple[int, bytes]], expected: str) -> None:
    with endpoint(**answers) as server:
        found = destination(f"http://127.0.0.1:{server.port}/reports").check()
    assert found.is_reached
    assert expected in found.reason


@pytest.mark.parametrize("kind", ["http", "onec+http", "sentry+http", "smtp"])
def test_a_dead_port_is_not_reached(kind: str, dead_port: int) -> None:
    rest = {"sentry+http": f"key@127.0.0.1:{dead_port}/1", "smtp": f"127.0.0.1:{dead_port}/a@example.org"}
    found = destination(f"{kind}://{rest.get(kind, f'127.0.0.1:{dead_port}/reports')}").check()
    assert found.is_reached is False
    assert "refuses the connection" in found.reason


def test_a_receiver_of_1c_is_not_told_of_an_error() -> None:
    with endpoint(HEAD_getInfo=(405, b"")) as server:
        found = destination(f"onec+http://127.0.0.1:{server.port}/api/reg").check()
        assert (found.is_reached, found.reason) == (True, "")
        server.answers["HEAD_getInfo"] = (401, b"")
        refused = destination(f"onec+http://127.0.0.1:{server.port}/api/reg").check()
    assert refused.is_let_in is False
    assert {(method, path) for method, path, _ in server.asked} == {("HEAD", "/api/reg/getInfo")}


def test_sentry_looks_at_the_key_of_an_empty_envelope() -> None:
    with endpoint(POST_envelope=(200, b"{}")) as server:
        found = destination(f"sentry+http://key@127.0.0.1:{server.port}/1").check()
        assert found == Check(is_reached=True, is_let_in=True)
        server.answers["POST_envelope"] = (403, b"")
        refused = destination(f"sentry+http://key@127.0.0.1:{server.port}/1").check()
    assert (refused.is_reached, refused.is_let_in) == (True, False)
    assert "correct the" in refused.reason


def test_a_relay_is_greeted_and_gets_no_mail() -> None:
    with post_office() as (inside, port):
        found = destination(f"smtp://127.0.0.1:{port}/help@example.org").check()
    assert (found.is_reached, found.is_let_in, found.reason) == (True, None, "")
    assert "only a mail can tell" in found.remark
    assert inside.envelopes == []


def test_a_relay_without_what_is_set_up_is_told() -> None:
    with post_office() as (_, port):
        wants_tls = mail.MailDestination(
            f"smtp://127.0.0.1:{port}/help@example.org?starttls=required", Access()
        ).check()
        signs_in = mail.MailDestination(
            f"smtp://127.0.0.1:{port}/help@example.org", Access(user="a", password="b")
        ).check()
    assert wants_tls.reason == "the relay offers no STARTTLS; correct what is set up"
    assert "no password is sent without" in signs_in.reason


def test_a_folder_is_written_to_and_left_as_it_was(tmp_path: Path) -> None:
    assert destination(tmp_path.as_uri()).check() == Check(is_reached=True, is_let_in=True)
    assert list(tmp_path.iterdir()) == []
    gone = destination((tmp_path / "gone").as_uri()).check()
    assert gone == Check(is_reached=False, reason="the folder is not there")


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> float:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folders, "_clock_of", refuse)
    found = destination(tmp_path.as_uri()).check()
    assert (found.is_reached, found.is_let_in) == (True, False)
    assert "Permission denied" in found.reason


def test_who_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, silent_port: int) -> None:
    monkeypatch.setattr(mail, "LOOK_LIMIT_S", 0.2)
    relay = destination(f"smtp://127.0.0.1:{silent_port}/help@example.org").check()
    assert (relay.is_reached, relay.reason) == (False, "the relay does not answer within 0.2 s")


def test_one_whose_credentials_cannot_be_used_is_not_asked(tmp_path: Path) -> None:
    found = open_destination(
        "https://support.example.org/r", pack=lambda envelope: b"", credentials_file=str(tmp_path / "none")
    ).check()
    assert (found.is_reached, found.is_let_in) == (None, False)
    assert "could not be read" in found.reason


@pytest.fixture
def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
