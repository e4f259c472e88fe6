"""Whole stories: a real fault, the dialog operated by a script, a real inbox."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import requests

from reporter import agent, outbox
from reporter.capture.failure import Application, ExceptionInfo, Failure
from reporter.capture.handover import Farewell, Result
from reporter.case import Case
from reporter.delivery.receipt import State
from reporter.demo import servers
from reporter.inbox.server import Inbox
from reporter.report.model import Story
from reporter.ui.desk import Recovery
from reporter.ui.recorded import RecordedFace
from reporter.ui.view import Page

STORY = Story(happened="I wanted to post an invoice. password=hunter2-marker", contact="anna@example.org")


@pytest.fixture
def expired(home: Path) -> Iterator[Failure]:
    """A login at a server whose certificate has expired."""
    with servers.application(home, expired=True) as port:
        yield Failure(
            target=f"https://localhost:{port}/login?token=hunter2-marker",
            message="certificate verify failed",
            application=Application(name="ERP", version="3.1"),
        )


class ScriptedHost:
    """A host whose further tries end as told."""

    can_retry = True
    accepts_access_code = True
    automatic = False

    def __init__(self, *results: Result | None) -> None:
        self._results = list(results)
        self.codes: list[str] = []
        self.farewell: Farewell | None = None

    def ask(self, access_code: str) -> Result | None:
        self.codes.append(access_code)
        return self._results.pop(0)

    def close(self, farewell: Farewell) -> None:
        self.farewell = farewell


def play(
    failure: Failure, script: Callable[[RecordedFace], None], host: ScriptedHost | None = None
) -> tuple[agent.Outcome, RecordedFace]:
    face = RecordedFace(script)
    loaded = agent.load_settings(failure.target)
    assert loaded.problems == []
    return agent.stand_in(failure, loaded=loaded, face=face, host=host), face


def just_look(face: RecordedFace) -> None:
    face.wait_until_idle()


def send_the_story(face: RecordedFace) -> None:
    face.wait_until_idle()
    face.presenter.compose()
    face.presenter.send(STORY)
    face.wait_until(lambda view: view.page is Page.RECEIPT)


def test_first_a_message_then_the_cause_then_a_report_that_support_has(
    expired: Failure, inbox: Inbox
) -> None:
    outcome, face = play(expired, send_the_story)

    first = face.views[0]
    assert first.headline == "No connection to localhost could be made"
    assert len(first.advice) == 2
    assert first.busy

    assert outcome.verdict is not None
    assert (outcome.verdict.cause, outcome.verdict.owner) == ("tls.expired", "server")
    assert any(view.headline == outcome.verdict.headline for view in face.views)

    assert outcome.receipt is not None
    assert outcome.receipt.state is State.ACCEPTED
    assert face.last.receipt_lines[0] == "Support has your report."
    stored = requests.get(outcome.receipt.page, headers={"Accept": "application/json"}, timeout=5).json()
    assert "invoice" in json.dumps(stored)


def test_the_preview_is_what_support_receives_byte_for_byte(expired: Failure, inbox: Inbox) -> None:
    previews: list[str] = []

    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        previews.append(face.presenter.preview(STORY).exact)
        face.presenter.send(STORY)
        face.wait_until(lambda view: view.receipt_state is not None)

    outcome, _ = play(expired, script)
    assert outcome.receipt is not None
    with outbox.spool() as kept:
        envelope = kept.get(outcome.receipt.reference)
    assert envelope is not None
    assert envelope.report_json.decode() == previews[0]
    stored = requests.get(outcome.receipt.page, headers={"Accept": "application/json"}, timeout=5).json()
    received = stored.get("report", stored)
    assert received == json.loads(previews[0])


def test_secrets_do_not_leave(expired: Failure) -> None:
    previews: list[str] = []

    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        previews.append(face.presenter.preview(STORY).exact)

    failure = msgspec.structs.replace(
        expired, exception=ExceptionInfo(type="E", message="at https://u:hunter2-marker@h/?k=hunter2-marker")
    )
    play(failure, script)
    report = json.loads(previews[0])
    assert "hunter2-marker" not in previews[0]
    assert report["story"]["contact"] == "anna@example.org"
    assert {line["kind"] for line in report["scrubbed"]} >= {"secret"}


def test_with_support_out_of_reach_the_report_waits_and_a_flush_delivers_it(
    expired: Failure, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.stop()
    # The short-lived postman of its own process is left out, so that the flush below is the only one.
    monkeypatch.setattr(outbox, "leave_to_courier", lambda loaded: None)
    outcome, face = play(expired, send_the_story)
    assert outcome.receipt is not None
    assert outcome.receipt.state is State.QUEUED
    assert outcome.receipt.reason
    assert face.last.receipt_lines[0] == "Your report is kept and will be sent by itself."

    inbox.start()
    with outbox.spool() as kept:
        [receipt] = outbox.postman(kept, agent.load_settings()).flush(force=True)
    assert (receipt.state, receipt.reference) == (State.ACCEPTED, outcome.receipt.reference)


def test_without_any_endpoint_the_report_is_saved_and_says_so(expired: Failure) -> None:
    outcome, face = play(expired, send_the_story)
    assert outcome.receipt is not None
    assert outcome.receipt.state is State.SAVED
    assert face.last.receipt_lines[0] == "Your report is saved on this computer."


def test_a_spool_that_cannot_be_written_is_told_and_the_story_is_not_lost(
    expired: Failure, home: Path
) -> None:
    (home / "spool").write_text("a file where the folder should be")

    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        face.presenter.compose()
        face.presenter.send(STORY)
        face.wait_until(lambda view: bool(view.remark))

    outcome, face = play(expired, script)
    assert outcome.receipt is None
    assert face.last.page is Page.COMPOSE
    assert "could not be kept" in face.last.remark
    assert str(home) in face.last.remark


def test_the_administrators_help_is_shown_and_unsafe_links_are_not(
    expired: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTER_HELP_TEXT", "Call 4711.")
    monkeypatch.setenv("REPORTER_HELP_URL", "https://help.example.org/login")
    _, face = play(expired, just_look)
    assert (face.last.help_text, face.last.has_help_link) == ("Call 4711.", True)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/passwd", "\\\\server\\share", "data:text/html,x"]
)
def test_an_unsafe_link_is_never_opened(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def remember(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", remember)
    case = Case(Failure(message="x"), loaded=agent.load_settings())
    assert case.open_link(link) is False
    assert opened == []
    assert case.open_link("https://help.example.org") is True
    assert opened == ["https://help.example.org"]


def test_a_retry_that_works_closes_the_dialog(expired: Failure) -> None:
    host = ScriptedHost(Result(failure=expired), Result())

    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        face.presenter.try_again()
        face.wait_until(lambda view: view.remark == "It did not work yet." and not view.busy)
        face.presenter.try_again()
        face.wait_until(lambda view: view.closed)

    outcome, _ = play(expired, script, host)
    assert outcome.succeeded
    assert outcome.receipt is None
    assert host.farewell is not None


def test_a_locked_system_asks_for_the_code_and_passes_it_on(home: Path) -> None:
    host = ScriptedHost(Result())
    with servers.application(home, handler=servers.Locked) as port:

        def script(face: RecordedFace) -> None:
            view = face.wait_until_idle()
            assert view.asks_access_code
            face.presenter.try_again("code-2468-marker")
            face.wait_until(lambda view: view.closed)

        outcome, face = play(Failure(target=f"https://localhost:{port}/login", message="423"), script, host)
    assert host.codes == ["code-2468-marker"]
    assert outcome.verdict is not None
    assert outcome.verdict.cause == "app.session_locked"
    assert "code-2468-marker" not in face.presenter.preview(Story()).exact


def test_a_host_that_has_ended_is_told(expired: Failure) -> None:
    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        face.presenter.try_again()
        face.wait_until(lambda view: "has ended" in view.remark and not view.busy)
        assert face.last.retry_label == "Check again"

    play(expired, script, ScriptedHost(None))


def test_a_crash_without_a_target_has_its_own_words() -> None:
    failure = Failure(action="run", message="SIGSEGV", application=Application(name="ERP"))
    outcome, face = play(failure, just_look)
    assert face.last.headline == "ERP has ended unexpectedly"
    assert outcome.verdict is None or outcome.verdict.cause == "unknown"


def test_a_program_that_goes_on_is_not_said_to_have_ended() -> None:
    failure = Failure(action="work", message="ValueError", application=Application(name="ERP"))
    _, face = play(failure, just_look)
    assert face.last.headline == "A part of ERP did not work"
    assert face.last.is_crash
    assert face.last.advice[0].startswith("The program goes on.")


@pytest.mark.parametrize(
    "target", ["not a url", "javascript:alert(1)", "https://", "\\\\server\\share", "x" * 5000]
)
def test_a_target_that_is_none_still_gets_its_dialog(target: str) -> None:
    _, face = play(Failure(target=target, message="It does not work."), just_look)
    assert face.last.headline
    assert "It does not work." in face.presenter.details()


def test_automatic_reports_are_queued_when_the_dialog_closes(
    expired: Failure, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTER_SUBMISSION", "auto")
    monkeypatch.setattr(outbox, "leave_to_courier", lambda loaded: None)
    outcome, _ = play(expired, just_look)
    assert outcome.receipt is not None
    assert outcome.receipt.state is State.QUEUED
    with outbox.spool() as kept:
        envelope = kept.get(outcome.receipt.reference)
    assert envelope is not None
    assert json.loads(envelope.report_json)["sent_by_person"] is False


def test_reports_that_are_switched_off_are_not_offered(
    expired: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTER_SUBMISSION", "off")

    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        face.presenter.send(STORY)

    outcome, face = play(expired, script)
    assert outcome.receipt is None
    assert not face.last.can_send


def test_russian_speaks_russian(expired: Failure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTER_LANGUAGE", "ru")
    _, face = play(expired, just_look)
    text = face.last.headline + " ".join(face.last.advice) + face.last.retry_label
    assert any("а" <= letter <= "я" for letter in text)
    assert face.last.retry_label == "Проверить снова"


def test_details_hold_message_verdict_measurements_and_exception(expired: Failure) -> None:
    failure = msgspec.structs.replace(
        expired, exception=ExceptionInfo(type="ssl.SSLError", message="odd", traceback="Traceback: here")
    )
    _, face = play(failure, just_look)
    for part in (
        "certificate verify failed",
        "tls.expired (certain)",
        "127.0.0.1",
        "ssl.SSLError",
        "Traceback: here",
    ):
        assert part in face.presenter.details()
    assert "hunter2-marker" not in face.last.details


def test_a_quiet_look_finds_the_server_back_and_changes_nothing_else() -> None:
    port = servers.closed_port()
    case = Case(Failure(target=f"tcp://127.0.0.1:{port}", message="x"), loaded=agent.load_settings())
    case.diagnose(lambda notice: None)
    before = case.verdict
    assert case.look_again() is Recovery.NOTHING
    with socket.create_server(("127.0.0.1", port)):
        assert case.look_again() is Recovery.SERVER
    assert case.verdict is before
