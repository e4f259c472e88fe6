"""Sessions that lost their server, and watched programs of a locked system: whole stories, real servers."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from reporter import agent
from reporter.capture.failure import SESSION, ExceptionInfo, Failure, Response
from reporter.case import Case
from reporter.cli.sessions import Reconnection, lost
from reporter.delivery.receipt import State
from reporter.demo import servers
from reporter.inbox.server import Inbox
from reporter.report.model import Story
from reporter.settings.published import remember
from reporter.ui.recorded import RecordedFace
from reporter.ui.view import View

CODE = "Kx7-93514"


class Switchable:
    """A server on one port that can be away and come back."""

    def __init__(self) -> None:
        self.port = servers.closed_port()
        self._server: ThreadingHTTPServer | None = None

    def come(self) -> None:
        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Answers)
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def go(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture
def server() -> Iterator[Switchable]:
    one = Switchable()
    yield one
    one.go()


def play(
    failure: Failure, script: Callable[[RecordedFace], None], host: Any
) -> tuple[agent.Outcome, RecordedFace]:
    face = RecordedFace(script)
    loaded = agent.load_settings(failure.target)
    return agent.stand_in(failure, loaded=loaded, face=face, host=host), face


def reconnection(target: str, *command: str) -> Reconnection:
    return Reconnection(target, agent.load_settings(target).settings, command)


def test_the_dialog_tells_why_and_closes_when_the_server_is_back(server: Switchable) -> None:
    target = f"http://localhost:{server.port}/base"
    remember(target, help_text="Call 5555.", help_url="", environ=os.environ)

    def script(face: RecordedFace) -> None:
        first = face.views[0]
        assert first.headline == "The connection to localhost was lost. It is being restored."
        assert first.help_text == "Call 5555."
        view = face.wait_until_idle()
        assert view.headline == first.headline
        assert "localhost" in view.advice[0]
        assert view.countdown_s is not None
        face.presenter.try_again()
        face.wait_until(lambda view: view.remark == "It did not work yet." and not view.busy)
        assert face.last.countdown_s is not None
        server.come()
        face.presenter.try_again()
        face.wait_until(lambda view: view.closed)

    outcome, _ = play(lost(target), script, reconnection(target))
    assert outcome.succeeded
    assert outcome.receipt is None


def test_a_command_restores_the_session(server: Switchable, tmp_path: Path) -> None:
    server.come()
    target = f"http://localhost:{server.port}/base"
    done = tmp_path / "done"
    command = (sys.executable, "-c", f"open({str(done)!r}, 'x').close()")

    def script(face: RecordedFace) -> None:
        assert face.wait_until_idle().countdown_s is not None
        face.presenter.try_again()
        face.wait_until(lambda view: view.closed)

    outcome, _ = play(lost(target), script, reconnection(target, *command))
    assert outcome.succeeded
    assert done.exists()


def test_a_command_whose_end_nobody_can_explain_is_not_repeated_by_itself(server: Switchable) -> None:
    server.come()
    target = f"http://localhost:{server.port}/base"

    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        face.presenter.try_again()
        view = face.wait_until(lambda view: view.remark == "It did not work yet." and not view.busy)
        assert view.countdown_s is None
        assert view.headline == "The connection to localhost was lost."

    play(lost(target), script, reconnection(target, sys.executable, "-c", "raise SystemExit(3)"))


def view_of(failure: Failure) -> View:
    """What a session's dialog shows once it is judged."""
    seen: list[View] = []
    play(failure, lambda face: seen.append(face.wait_until_idle()), reconnection(failure.target))
    return seen[0]


def test_never_by_itself_after_an_answer_about_credentials(server: Switchable) -> None:
    server.come()
    target = f"http://localhost:{server.port}/base"
    refused = Failure(action=SESSION, target=target, message="401", response=Response(status=401))
    view = view_of(refused)
    assert view.countdown_s is None
    assert view.headline == "The connection to localhost was lost."
    assert view.retry_label == "Try now"


def test_an_error_of_a_kind_that_nobody_knows_may_be_about_credentials(server: Switchable) -> None:
    server.come()
    target = f"http://localhost:{server.port}/base"
    strange = ExceptionInfo(type="LoginError", message="no")
    assert view_of(Failure(action=SESSION, target=target, exception=strange)).countdown_s is None


def test_what_passed_before_it_was_measured_is_tried_again(server: Switchable) -> None:
    server.come()
    target = f"http://localhost:{server.port}/base"
    reset = ExceptionInfo(type="ConnectionResetError", errno=104)
    assert view_of(Failure(action=SESSION, target=target, exception=reset)).countdown_s is not None


def test_retry_after_is_waited_for(home: Path) -> None:
    with servers.application(home, handler=servers.UnderMaintenance) as port:
        view = view_of(lost(f"https://localhost:{port}/base"))
    assert view.countdown_s is not None
    assert servers.RETRY_AFTER_S - 8 < view.countdown_s <= servers.RETRY_AFTER_S * 1.2


def test_new_addresses_are_noticed_and_their_absence_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(lost("tcp://127.0.0.1:9"), loaded=agent.load_settings())
    known = [{"10.0.0.2"}, {"10.0.0.2"}, set(), {"10.0.0.2"}, {"10.0.0.2", "fe80::1%eth0"}]
    monkeypatch.setattr("reporter.examination.own_addresses", lambda: frozenset(known.pop(0)))
    assert [case.network_changed() for _ in range(5)] == [False, False, False, True, True]


def test_the_computers_own_addresses_are_without_its_loop() -> None:
    from reporter.examination import own_addresses

    assert not {"127.0.0.1", "::1"} & own_addresses()


WATCHED = """
import json, os, sys
given = sys.argv[1:]
if given != ["--base", "erp", "/UC{code}"]:
    with open(os.environ["REPORTER_FAILURE_FILE"], "w") as file:
        json.dump({{"message": "sessions are blocked " + " ".join(given),
                    "response": {{"status": 423, "problem": {{"detail": " ".join(given)}}}}}}, file)
    raise SystemExit(1)
"""


def test_a_watched_program_of_a_locked_system_is_started_with_the_code_which_is_nowhere_else(
    home: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong, seen = f"{CODE}-not", []

    def first(face: RecordedFace) -> None:
        assert face.wait_until_idle().asks_access_code
        face.presenter.write(Story(wanted="to work"))
        face.presenter.try_again(wrong)
        face.wait_until(lambda view: view.closed)

    def second(face: RecordedFace) -> None:
        view = face.wait_until_idle()
        assert view.asks_access_code
        seen.append(face.presenter.details())
        face.presenter.compose()
        face.presenter.write(Story(happened="I tried."))
        face.presenter.keep()
        seen.append(face.presenter.preview(Story(happened="I tried.")).exact)
        face.presenter.send(Story(happened="I tried."))
        face.wait_until(lambda view: view.receipt_state is not None)
        assert face.last.receipt_state is State.ACCEPTED
        face.presenter.try_again(CODE)
        face.wait_until(lambda view: view.closed)

    scripts = [first, second]
    monkeypatch.setattr(agent, "face_for", lambda loaded, terminal: RecordedFace(scripts.pop(0)))
    program = WATCHED.format(code=CODE)
    with servers.application(home, handler=servers.Locked) as port:
        status = agent.watch(
            [sys.executable, "-c", program, "--base", "erp", "/UC{access_code}"],
            target=f"https://localhost:{port}/login",
        )
    assert status == 0
    assert scripts == []
    assert not any(CODE in text for text in seen)
    assert CODE not in caplog.text
    files = [path for path in home.parent.rglob("*") if path.is_file()]
    assert any("spool" in str(path) for path in files)
    assert any("inbox.sqlite" in path.name for path in files)
    assert [path for path in files if CODE.encode() in path.read_bytes()] == []


def test_a_guarded_login_that_quotes_its_code_is_not_repeated(home: Path, inbox: Inbox) -> None:
    """The host's words about a further try go to the agent; the code in them goes no further."""
    from reporter.capture.handover import Result

    class Host:
        can_retry = accepts_access_code = True
        automatic = False

        def ask(self, access_code: str) -> Result:
            again = ExceptionInfo(type="E", message=f"bad {access_code}", traceback=f"login({access_code!r})")
            return Result(failure=Failure(target=target, message=f"not {access_code}", exception=again))

        def close(self, farewell: object) -> None:
            pass

    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        face.presenter.try_again(CODE)
        face.wait_until(lambda view: bool(view.remark) and not view.busy)
        assert "access code" in face.last.remark
        assert CODE not in face.presenter.details()
        face.presenter.compose()
        face.presenter.write(Story(happened="x"))
        face.presenter.send(Story(happened="x"))
        face.wait_until(lambda view: view.receipt_state is State.ACCEPTED)

    with servers.application(home, handler=servers.Locked) as port:
        target = f"https://localhost:{port}/login"
        play(Failure(target=target, message="423"), script, Host())
    files = [path for path in home.parent.rglob("*") if path.is_file()]
    assert [path for path in files if CODE.encode() in path.read_bytes()] == []
