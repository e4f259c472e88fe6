"""Whole stories of the dialog, told to the recorded face: no screen, no thread, no waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from reporter.delivery.receipt import State
from reporter.diagnosis.verdict import Retry
from reporter.report.model import Story
from reporter.texts import Translator
from reporter.ui.countdown import AUTOMATIC_RETRY_S, RETRY_AT_LIMIT_S
from reporter.ui.desk import RetryResult
from reporter.ui.notice import ADVICE_LIMIT_ITEMS, HEADLINE_LIMIT_CHARS, tidy
from reporter.ui.presenter import Presenter
from reporter.ui.recorded import RecordedFace
from reporter.ui.view import Page, View, retry_text
from tests.ui.desk import EXPIRED, FIRST, LOCKED, REFERENCE, REFUSED, FakeDesk, receipt_of

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Clock:
    """Monotonic seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Later:
    """Work in the background, done when the test says so."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[], None]) -> None:
        self._waiting.append(work)

    def finish(self) -> None:
        while self._waiting:
            self._waiting.pop(0)()


def tell(
    desk: FakeDesk,
    script: Callable[[RecordedFace], None],
    *,
    clock: Clock | None = None,
    background: Callable[[Callable[[], None]], None] | None = None,
) -> tuple[Presenter, RecordedFace]:
    presenter = Presenter(
        desk,
        Translator("en"),
        clock=clock or Clock(),
        now=lambda: NOW,
        background=background or (lambda work: work()),
        jitter=lambda: 0.0,
    )
    face = RecordedFace(script)
    face.run(presenter)
    return presenter, face


def test_a_message_is_there_before_anything_was_measured() -> None:
    _, face = tell(FakeDesk(EXPIRED), lambda face: None)
    first, last = face.views[0], face.views[-1]
    assert (first.headline, first.busy, first.retry_enabled) == (
        FIRST.headline,
        "Looking for the cause…",
        False,
    )
    assert (last.headline, last.busy) == (EXPIRED.headline, "")
    assert last.reference == REFERENCE


def test_a_retry_that_works_ends_the_dialog() -> None:
    desk = FakeDesk(EXPIRED, results=(RetryResult.SUCCEEDED,))
    presenter, face = tell(desk, lambda face: face.presenter.try_again())
    assert presenter.succeeded
    assert "Trying to sign in again…" in [view.busy for view in face.views]
    assert face.last.closed


def test_a_retry_that_does_not_work_looks_for_the_cause_again() -> None:
    desk = FakeDesk(REFUSED, EXPIRED)
    presenter, face = tell(desk, lambda face: face.presenter.try_again())
    assert not presenter.succeeded
    assert face.last.remark == "It did not work yet."
    assert face.last.headline == EXPIRED.headline
    assert desk.told == ["diagnose", "diagnose"]


def test_between_a_failed_retry_and_the_next_look_nothing_can_be_pressed() -> None:
    later = Later()

    def script(face: RecordedFace) -> None:
        later.finish()
        face.views.clear()
        face.views.append(face.last)
        face.presenter.try_again()
        later.finish()
        assert [view.retry_enabled for view in face.views] == [True, False, False, True]

    tell(FakeDesk(EXPIRED), script, background=later)


def test_details_are_made_when_they_are_asked_for_and_then_follow_what_is_known() -> None:
    desk = FakeDesk(REFUSED, EXPIRED, has_host=False)

    def script(face: RecordedFace) -> None:
        assert face.wait_until_idle().headline == REFUSED.headline
        assert face.last.details == ""
        assert face.presenter.details() == REFUSED.details
        assert face.last.details == REFUSED.details
        face.presenter.try_again()
        assert face.wait_until(lambda view: view.headline == EXPIRED.headline).details == EXPIRED.details

    tell(desk, script)


def test_a_host_that_is_gone_is_told() -> None:
    desk = FakeDesk(results=(RetryResult.HOST_GONE,))
    _, face = tell(desk, lambda face: face.presenter.try_again())
    assert face.last.remark == "The program has ended. Please start it again."


def test_without_a_host_trying_again_means_looking_again() -> None:
    desk = FakeDesk(EXPIRED, has_host=False)
    _, face = tell(desk, lambda face: face.presenter.try_again("code"))
    assert face.last.retry_label == "Check again"
    assert desk.told == ["diagnose", "diagnose"]
    assert desk.codes == []


def test_the_countdown_runs_down_and_tries_by_itself() -> None:
    clock, desk = Clock(), FakeDesk(REFUSED, results=(RetryResult.SUCCEEDED,))

    def script(face: RecordedFace) -> None:
        assert retry_text(face.last) == "Try again (5)"
        clock.seconds += 3.2
        face.presenter.tick()
        assert face.last.countdown_s == 2
        assert desk.codes == []
        clock.seconds += 1.8
        face.presenter.tick()

    presenter, _ = tell(desk, script, clock=clock)
    assert presenter.succeeded
    assert desk.codes == [""]


def test_the_waits_grow_and_end() -> None:
    clock, waits = Clock(), []

    def script(face: RecordedFace) -> None:
        while (wait := face.last.countdown_s) is not None:
            waits.append(wait)
            clock.seconds += wait
            face.presenter.tick()

    tell(FakeDesk(REFUSED), script, clock=clock)
    assert waits == list(AUTOMATIC_RETRY_S)


@pytest.mark.parametrize(
    ("after_s", "shown"),
    [
        (90, "Try again (1:30)"),
        (7_384, "Try again (2:03:04)"),
        (-60, "Try again (1)"),
        (RETRY_AT_LIMIT_S + 1, "Try again"),
    ],
)
def test_a_server_that_says_when_is_believed_within_reason(after_s: int, shown: str) -> None:
    notice = msgspec.structs.replace(EXPIRED, retry=Retry.AT, retry_at=NOW + timedelta(seconds=after_s))
    _, face = tell(FakeDesk(notice), lambda face: None)
    assert retry_text(face.last) == shown


@pytest.mark.parametrize("retry", [Retry.BY_HAND, Retry.AFTER_FIX])
def test_nothing_is_tried_by_itself_where_that_helps_nobody(retry: Retry) -> None:
    _, face = tell(FakeDesk(msgspec.structs.replace(EXPIRED, retry=retry)), lambda face: None)
    assert face.last.countdown_s is None


def stop(face: RecordedFace) -> None:
    face.presenter.stop_countdown()


def write(face: RecordedFace) -> None:
    face.presenter.compose()
    face.presenter.back()


@pytest.mark.parametrize("interrupt", [stop, write])
def test_a_person_at_work_is_not_interrupted_by_a_countdown(
    interrupt: Callable[[RecordedFace], None],
) -> None:
    clock, desk = Clock(), FakeDesk(REFUSED)

    def script(face: RecordedFace) -> None:
        interrupt(face)
        clock.seconds += 1_000
        face.presenter.tick()

    tell(desk, script, clock=clock)
    assert desk.codes == []


def test_the_access_code_reaches_the_host() -> None:
    desk = FakeDesk(LOCKED, results=(RetryResult.SUCCEEDED,))
    _, face = tell(desk, lambda face: face.presenter.try_again("opensesame"))
    assert face.views[-2].asks_access_code
    assert desk.codes == ["opensesame"]


def test_without_a_host_no_code_is_asked_for() -> None:
    _, face = tell(FakeDesk(LOCKED, has_host=False), lambda face: None)
    assert not face.last.asks_access_code


@pytest.mark.parametrize(
    ("state", "headline"),
    [
        (State.ACCEPTED, "Support has your report."),
        (State.QUEUED, "Your report is kept and will be sent by itself."),
        (State.SAVED, "Your report is saved on this computer."),
        (State.REFUSED, "Support's system did not take the report."),
        (State.ANSWERED, "Support has answered your report."),
    ],
)
def test_the_receipt_says_what_became_of_the_report(state: State, headline: str) -> None:
    desk = FakeDesk(receipt=receipt_of(state, reason="it\x1b[31m waits"))
    story = Story(happened="I wanted to post an invoice.", contact="4471")

    def script(face: RecordedFace) -> None:
        face.presenter.compose()
        assert face.last.page is Page.COMPOSE
        face.presenter.send(story)

    presenter, face = tell(desk, script)
    assert desk.sent == [story]
    assert "Sending the report…" in [view.busy for view in face.views if view.sending]
    assert face.last.page is Page.RECEIPT
    assert face.last.receipt_state is state
    assert face.last.receipt_lines[0] == headline
    assert not face.last.can_send
    assert presenter.receipt is not None
    told = state is State.REFUSED
    assert ("Reason: it[31m waits" in face.last.receipt_lines) == told


def test_a_report_is_sent_once_however_often_the_button_is_pressed() -> None:
    later, desk = Later(), FakeDesk()

    def script(face: RecordedFace) -> None:
        for _ in range(3):
            face.presenter.send(Story())
        later.finish()
        face.presenter.send(Story())
        later.finish()

    tell(desk, script, background=later)
    assert desk.sent == [Story()]


def test_a_report_sent_while_the_cause_is_still_looked_for_says_that_it_is_sent() -> None:
    later, desk = Later(), FakeDesk()

    def script(face: RecordedFace) -> None:
        face.presenter.send(Story())
        assert face.last.busy == "Sending the report…"
        later.finish()
        assert face.last.busy == ""

    tell(desk, script, background=later)


def test_a_report_that_could_not_be_kept_can_be_sent_again() -> None:
    desk = FakeDesk()
    desk.disk_full = True

    def script(face: RecordedFace) -> None:
        face.presenter.compose()
        face.presenter.send(Story(happened="mine"))
        assert face.last.page is Page.COMPOSE
        assert face.last.remark == "The report could not be kept, and was not sent. The disk is full."
        desk.disk_full = False
        face.presenter.send(Story(happened="mine"))
        assert face.last.remark == ""

    presenter, face = tell(desk, script)
    assert face.last.receipt_state is State.ACCEPTED
    assert presenter.receipt is not None


def test_where_reports_are_off_nothing_is_sent() -> None:
    desk = FakeDesk(can_send=False)
    _, face = tell(desk, lambda face: face.presenter.send(Story()))
    assert not face.last.can_send
    assert desk.sent == []


def test_links_are_the_desks_to_open() -> None:
    desk = FakeDesk(msgspec.structs.replace(EXPIRED, help_url="file:///etc/passwd"))
    _, face = tell(desk, lambda face: face.presenter.open_help())
    assert desk.opened == ["file:///etc/passwd"]
    assert face.last.remark == "The address could not be opened: file:///etc/passwd"


def test_a_closed_dialog_tries_nothing_any_more() -> None:
    desk = FakeDesk()

    def script(face: RecordedFace) -> None:
        face.presenter.close()
        face.presenter.try_again()

    _, face = tell(desk, script)
    assert face.last.closed
    assert desk.codes == []


def test_a_notice_is_made_harmless_and_short() -> None:
    wild = msgspec.structs.replace(
        EXPIRED,
        headline="\u202eone\ntwo\x00" + "h" * 10_000,
        advice=["\x1b[2J" + "a" * 5_000] * 5_000,
        help_text="help\u2066\r\n" * 20_000,
        details="d\x07" * 1_000_000,
    )
    shown = tidy(wild)
    assert shown.headline.startswith("one twohhh")
    assert len(shown.headline) < HEADLINE_LIMIT_CHARS + 20
    assert 0 < len(shown.advice) <= ADVICE_LIMIT_ITEMS
    texts = [shown.headline, *shown.advice, shown.help_text, shown.details]
    assert not any(letter in text for text in texts for letter in "\x00\x07\x1b\u202e\u2066\r")
    assert sum(map(len, texts)) < 200_000
    assert tidy(shown).details[:100] == shown.details[:100]
    assert tidy(EXPIRED) == msgspec.structs.replace(EXPIRED, details=EXPIRED.details)


def test_the_views_of_a_story_hold_nothing_to_decide() -> None:
    _, face = tell(FakeDesk(), lambda face: face.presenter.compose())
    for view in face.views:
        assert msgspec.json.decode(msgspec.json.encode(view), type=View) == view
