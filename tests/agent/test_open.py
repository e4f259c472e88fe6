"""A person comes without a failure: what is offered, what is sent, and what stays undone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from reporter import agent, outbox, showing
from reporter.capture.failure import REQUEST, Failure
from reporter.case import Case
from reporter.delivery.receipt import Receipt, State
from reporter.errors import UsageError
from reporter.inbox.server import Inbox
from reporter.report.model import Story
from reporter.ui.desk import Precheck
from reporter.ui.recorded import RecordedFace
from reporter.ui.view import Page, View

STORY = Story(wanted="print", happened="Nothing came out")


def request(target: str = "") -> Failure:
    return Failure(action=REQUEST, target=target, message=showing.REQUEST_MESSAGE)


def look(target: str = "") -> tuple[agent.Outcome, View]:
    """The dialog, looked at and closed."""
    seen: list[View] = []

    def script(face: RecordedFace) -> None:
        seen.append(face.wait_until_idle())

    loaded = agent.load_settings(target)
    return agent.stand_in(request(target), loaded=loaded, face=RecordedFace(script)), seen[0]


def send(story: Story = STORY) -> Receipt:
    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        face.presenter.compose()
        face.presenter.send(story)
        face.wait_until(lambda view: view.page is Page.RECEIPT)

    receipt = agent.stand_in(request(), loaded=agent.load_settings(), face=RecordedFace(script)).receipt
    assert receipt is not None
    return receipt


def test_nothing_is_measured_and_nothing_is_said_to_be_broken() -> None:
    outcome, view = look()
    assert outcome.verdict is None
    assert outcome.receipt is None
    assert view.headline == "What can we do for you?"
    assert (view.title, view.retry_label) == ("Help and support", "")
    assert view.can_send
    assert view.offers_phone


def test_the_organisations_help_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTER_HELP_TEXT", "Call 4455")
    monkeypatch.setenv("REPORTER_HELP_URL", "https://help.example.org/")
    _, view = look()
    assert view.help_text == "Call 4455"
    assert view.has_help_link


def test_a_target_is_measured() -> None:
    outcome, view = look("https://127.0.0.1:1/")
    assert outcome.verdict is not None
    assert outcome.verdict.cause == "tcp.refused"
    assert view.advice[0] == outcome.verdict.headline
    assert view.headline == "What can we do for you?"


def test_support_receives_the_story_as_the_persons_own(inbox: Inbox) -> None:
    receipt = send()
    assert receipt.state is State.ACCEPTED
    page = requests.get(receipt.page, headers={"Accept": "application/json"}, timeout=5).json()
    report = page.get("report", page)
    assert report["failure"]["action"] == "request"
    assert report["verdict"] is None
    assert report["sent_by_person"] is True
    assert report["story"]["happened"] == "Nothing came out"
    html = requests.get(receipt.page, headers={"Accept": "text/html"}, timeout=5).text
    assert "<h1>A person asks for help.</h1>" in html


def test_two_requests_are_both_sent(inbox: Inbox) -> None:
    assert [send().state, send().state] == [State.ACCEPTED, State.ACCEPTED]


def test_the_next_time_it_says_what_became_of_them() -> None:
    reference = send().reference
    _, view = look()
    assert view.latest.startswith(f"{reference}, ")
    assert "saved on this computer" in view.latest


def test_an_answer_stands_there_in_full_once_it_was_seen(inbox: Inbox) -> None:
    receipt = send()
    with outbox.spool() as kept:
        kept.note_answer(receipt.reference, "The toner is new.", receipt.at)
    _, view = look()
    assert [answer.text for answer in view.answers] == ["The toner is new."]
    assert "toner" not in view.latest
    outbox.mark_seen(receipt.reference, "The toner is new.")
    _, view = look()
    assert view.answers == []
    assert view.latest.endswith("Support has answered your report.\nThe toner is new.")


def test_nothing_goes_by_itself(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTER_SUBMISSION", "auto")
    outcome, _ = look("https://127.0.0.1:1/")
    assert outcome.receipt is None


def test_where_reports_are_off_none_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTER_SUBMISSION", "off")
    _, view = look()
    assert not view.can_send
    assert not view.offers_phone
    assert view.advice[0] == "Reports are not in use here. Please ask your support in the usual way."


def test_what_a_person_asks_is_always_wanted(inbox: Inbox) -> None:
    assert Case(request(), loaded=agent.load_settings()).precheck() == Precheck()


def test_requests_are_a_kind_of_their_own() -> None:
    case = Case(request(), loaded=agent.load_settings())
    crash = Case(Failure(action="work", message=showing.REQUEST_MESSAGE), loaded=agent.load_settings())
    login = Case(Failure(message=showing.REQUEST_MESSAGE), loaded=agent.load_settings())
    kinds = {one.bundle(STORY).report.fingerprint for one in (case, crash, login)}
    assert len(kinds) == 3


def test_a_story_begun_is_there_the_next_time() -> None:
    def begin(face: RecordedFace) -> None:
        face.wait_until_idle()
        face.write(STORY)

    agent.stand_in(request(), loaded=agent.load_settings(), face=RecordedFace(begin))
    begun: list[Story] = []

    def again(face: RecordedFace) -> None:
        face.wait_until_idle()
        face.presenter.compose()
        begun.append(face.presenter.story)

    agent.stand_in(request(), loaded=agent.load_settings(), face=RecordedFace(again))
    assert begun == [STORY]


def test_it_can_be_read_out(inbox: Inbox) -> None:
    told = Case(request(), loaded=agent.load_settings()).spoken(STORY)
    assert told.lines[1] == "I ask for help with a problem."
    assert told.code


def test_where_nobody_could_see_it_a_sentence_says_how_to_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTER_FACE", "none")
    with pytest.raises(UsageError, match=r"reporter report --send$"):
        showing.open_(target="", given={})


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_command_ends_with_2_where_nobody_could_see_it(home: Path, options: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "reporter", "open", *options],
        env={"REPORTER_HOME": str(home), "REPORTER_FACE": "none", "PATH": "/usr/bin"},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1


def test_the_way_it_names_works(home: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "reporter", "report", "--send", "--json"],
        env={"REPORTER_HOME": str(home), "PATH": "/usr/bin"},
        input='{"action": "request", "message": "Printing does nothing"}',
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(ended.stdout)["receipt"]["state"] == "saved", ended.stderr


@pytest.mark.parametrize(
    ("state", "status"), [("accepted", 0), ("answered", 0), ("queued", 1), ("refused", 1)]
)
def test_the_status_tells_whether_something_stayed_undelivered(state: str, status: int) -> None:
    receipt = Receipt(
        reference="7K3D-9QX2M",
        state=State(state),
        at=Case(request(), loaded=agent.load_settings())._created_at,
    )
    outcome = agent.Outcome(verdict=None, report=None, receipt=receipt, succeeded=False)
    assert showing.status_of(outcome) == status


class Stream:
    """Of a process: read and written by a terminal, or by nobody."""

    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Nothing is kept."""


@pytest.mark.parametrize(
    ("platform", "streams", "opens"),
    [
        ("win32", (None, None, None), True),
        ("win32", (None, Stream(False), None), False),
        ("darwin", (Stream(False), Stream(False), Stream(False)), True),
        ("darwin", (Stream(False), Stream(True), Stream(False)), False),
        ("linux", (Stream(False), Stream(False), Stream(False)), False),
    ],
)
def test_the_programs_icon_opens_the_window(
    platform: str,
    streams: tuple[Stream | None, ...],
    opens: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from reporter import __main__ as command_line

    for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
        monkeypatch.setattr(sys, name, stream)
    assert command_line._is_without_console(platform) is opens


def test_nobody_sits_at_streams_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from reporter import __main__ as command_line

    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    # As the null device of Windows answers, which is a device of letters like a console.
    monkeypatch.setattr("os.devnull", "/dev/ptmx")
    command_line._have_streams()
    try:
        assert sys.stderr.isatty() is False
        assert not agent.at_a_terminal()
    finally:
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            stream.close()
