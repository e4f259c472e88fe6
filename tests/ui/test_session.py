"""A running session that lost its server: the dialog counts down, tries, and closes itself."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from itertools import product

import msgspec
import pytest

from reporter.diagnosis.verdict import Retry
from reporter.texts import Translator
from reporter.ui.desk import Recovery, RetryResult
from reporter.ui.lookout import NETWORK_INTERVAL_S
from reporter.ui.recorded import RecordedFace
from reporter.ui.terminal import TerminalFace
from reporter.ui.view import Page, View, retry_text
from tests.ui.conftest import Screens
from tests.ui.desk import LOST, FakeDesk
from tests.ui.screen import Person, Script
from tests.ui.test_presenter import NOW, Clock, tell
from tests.ui.test_window import assert_nothing_is_clipped, photograph

Texts = Callable[[str], Translator]
replace = msgspec.structs.replace


def waited(face: RecordedFace, clock: Clock) -> list[float]:
    """How long each of the next eight tries is waited for, in seconds."""
    waits = []
    for _ in range(8):
        left = face.last.countdown_s
        assert left is not None
        waits.append(float(left))
        clock.seconds += left
        face.presenter.tick()
    return waits


def test_it_counts_down_again_and_again_until_the_session_is_back() -> None:
    clock = Clock()
    desk = FakeDesk(LOST, results=(RetryResult.FAILED,) * 8 + (RetryResult.SUCCEEDED,))

    def script(face: RecordedFace) -> None:
        assert waited(face, clock) == [5, 10, 20, 40, 60, 60, 60, 60]
        clock.seconds += 60
        face.presenter.tick()
        assert face.last.closed

    presenter, _ = tell(desk, script, clock=clock)
    assert presenter.succeeded
    assert desk.codes == [""] * 9


def test_the_person_sees_what_goes_on_and_can_try_now() -> None:
    desk = FakeDesk(LOST, first=LOST, results=(RetryResult.SUCCEEDED,), application="")

    def script(face: RecordedFace) -> None:
        assert (face.last.title, face.last.headline) == ("Connection lost", LOST.headline)
        assert face.last.help_text == LOST.help_text
        assert retry_text(face.last) == "Try now (5)"
        face.presenter.try_again()

    presenter, face = tell(desk, script)
    assert presenter.succeeded
    assert "Restoring the connection…" in [view.busy for view in face.views]


def test_it_tries_at_once_when_this_computer_is_back_in_a_network() -> None:
    clock = Clock()
    desk = FakeDesk(LOST, results=(RetryResult.SUCCEEDED,))
    desk.network_changes = [False, True]

    def script(face: RecordedFace) -> None:
        face.presenter.tick()
        assert desk.codes == []
        clock.seconds += 1
        face.presenter.tick()
        assert desk.network_changes == [True], "it is not asked all the time"
        clock.seconds += NETWORK_INTERVAL_S
        face.presenter.tick()

    presenter, _ = tell(desk, script, clock=clock)
    assert presenter.succeeded


def test_a_look_that_finds_the_server_says_so_while_its_time_has_not_come() -> None:
    clock = Clock()
    at = replace(LOST, retry=Retry.AT, retry_at=NOW + timedelta(minutes=9))
    desk = FakeDesk(at)
    desk.recoveries = [Recovery.SERVER]

    def script(face: RecordedFace) -> None:
        clock.seconds += 12
        face.presenter.tick()
        assert face.last.remark == "The server can be reached again."
        counts(face.last)

    tell(desk, script, clock=clock)
    assert (desk.looks, desk.codes) == (1, [])


def test_a_time_that_the_server_named_is_waited_for_whatever_the_network_does() -> None:
    clock = Clock()
    at = replace(LOST, retry=Retry.AT, retry_at=NOW + timedelta(seconds=90))
    desk = FakeDesk(at, results=(RetryResult.SUCCEEDED,))
    desk.network_changes = [False, True, True]
    desk.recoveries = [Recovery.NETWORK]

    def script(face: RecordedFace) -> None:
        for _ in range(29):
            clock.seconds += 3
            face.presenter.tick()
        assert desk.codes == []
        clock.seconds += 3
        face.presenter.tick()

    presenter, _ = tell(desk, script, clock=clock)
    assert presenter.succeeded


def test_after_an_answer_about_the_person_nothing_is_tried_by_itself() -> None:
    clock = Clock()
    desk = FakeDesk(replace(LOST, retry=Retry.BY_HAND, may_recover=False))
    desk.network_changes = [True] * 9

    def script(face: RecordedFace) -> None:
        for _ in range(50):
            clock.seconds += 60
            face.presenter.tick()
        assert face.last.countdown_s is None
        assert face.last.retry_label == "Try now"

    tell(desk, script, clock=clock)
    assert desk.codes == []


def test_reading_the_details_does_not_stop_it_but_entering_a_code_does() -> None:

    def read(face: RecordedFace) -> None:
        face.presenter.stop_countdown()
        counts(face.last)

    tell(FakeDesk(LOST), read)
    locked = FakeDesk(replace(LOST, asks_access_code=True))

    def enter(face: RecordedFace) -> None:
        counts(face.last)
        face.presenter.stop_countdown()
        assert face.last.countdown_s is None

    tell(locked, enter)


def counts(view: View) -> None:
    assert view.countdown_s is not None


def test_while_a_report_is_written_nothing_is_tried_and_afterwards_it_goes_on() -> None:
    clock = Clock()
    desk = FakeDesk(LOST)
    desk.network_changes = [False, True]

    def script(face: RecordedFace) -> None:
        face.presenter.compose()
        clock.seconds += 70
        face.presenter.tick()
        assert (face.last.page, face.last.countdown_s, desk.codes) == (Page.COMPOSE, None, [])
        face.presenter.back()
        counts(face.last)

    tell(desk, script, clock=clock)


def test_without_a_host_that_tries_again_it_can_be_looked_again() -> None:
    desk = FakeDesk(LOST, has_host=False)

    def script(face: RecordedFace) -> None:
        assert (face.last.retry_label, face.last.countdown_s) == ("Check again", None)

    tell(desk, script)


def test_the_terminal_says_that_the_connection_is_back() -> None:
    desk = FakeDesk(LOST, first=LOST, results=(RetryResult.SUCCEEDED,))
    paper = io.StringIO()
    from reporter.ui.presenter import Presenter

    TerminalFace(reader=io.StringIO("t\nc\n"), writer=paper).run(Presenter(desk, Translator("en")))
    assert "The connection is back." in paper.getvalue()


@pytest.mark.parametrize(
    ("screen", "appearance"),
    [*product([("1600x1200", 96), ("2400x1800", 192)], ["light", "dark"])],
)
def test_the_window_counts_down_and_closes_itself(
    screens: Screens, texts: Texts, screen: tuple[str, int], appearance: str
) -> None:
    now = [100.0]
    desk = FakeDesk(LOST, first=LOST, results=(RetryResult.SUCCEEDED,))
    person = Person(screens(*screen), desk, texts("en"), appearance=appearance, clock=lambda: now[0])

    def script() -> Script:
        yield person.idle
        yield lambda: person.reads("Try now (5)")
        assert person.reads(LOST.headline)
        assert person.reads("Telephone 4455")
        assert_nothing_is_clipped(person)
        photograph(person, dark=appearance == "dark")
        now[0] += 5
        yield lambda: person.presenter.view().closed

    person.run(script())
    assert person.presenter.succeeded
