"""While a dialog is open, Reporter looks quietly whether the network or the server is back."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from reporter.diagnosis.verdict import Retry
from reporter.report.model import Story
from reporter.texts import Translator
from reporter.ui.desk import Recovery, RetryResult
from reporter.ui.lookout import INTERVALS_S, LOOKS_LIMIT, Lookout
from reporter.ui.presenter import Presenter
from reporter.ui.recorded import RecordedFace
from tests.ui.desk import EXPIRED, REFUSED, FakeDesk

PASSING = msgspec.structs.replace(EXPIRED, may_recover=True)
LASTING = msgspec.structs.replace(EXPIRED, may_recover=False)
BY_ITSELF = msgspec.structs.replace(REFUSED, may_recover=True, retry=Retry.AUTOMATIC)
BACK = "The server can be reached again. You can sign in now."


class Clock:
    """Monotonic seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def tell(desk: FakeDesk, script: Callable[[RecordedFace, Callable[[float], None]], None]) -> RecordedFace:
    clock = Clock()
    presenter = Presenter(
        desk, Translator("en"), clock=clock, background=lambda work: work(), jitter=lambda: 0.0
    )

    def operate(face: RecordedFace) -> None:
        def wait(seconds: float) -> None:
            clock.seconds += seconds
            presenter.tick()

        script(face, wait)

    face = RecordedFace(operate)
    face.run(presenter)
    return face


def test_the_waits_grow_to_a_minute_and_end() -> None:
    clock = Clock()
    lookout = Lookout(clock, lambda: 0.0)
    waits = []
    for _ in range(LOOKS_LIMIT + 1):
        lookout.plan()
        start = clock.seconds
        while not lookout.is_due() and clock.seconds < start + 100:
            clock.seconds += 1
        waits.append(clock.seconds - start)
        lookout.stop()
    assert waits[: len(INTERVALS_S)] == list(INTERVALS_S)
    assert set(waits[len(INTERVALS_S) : -1]) == {INTERVALS_S[-1]}
    assert waits[-1] == 100, "no look after the last"


def test_jitter_only_makes_a_wait_longer() -> None:
    clock = Clock()
    lookout = Lookout(clock, lambda: 1.0)
    lookout.plan()
    clock.seconds += INTERVALS_S[0]
    assert not lookout.is_due()
    clock.seconds += INTERVALS_S[0] * 0.31
    assert lookout.is_due()


def test_the_person_is_told_when_the_server_is_back() -> None:
    desk = FakeDesk(PASSING)
    desk.recoveries = [Recovery.NOTHING, Recovery.NETWORK, Recovery.SERVER]

    def script(face: RecordedFace, wait: Callable[[float], None]) -> None:
        wait(9)
        assert desk.looks == 0
        wait(2)
        assert (desk.looks, face.last.remark) == (1, "")
        wait(21)
        assert face.last.remark == "The network is back; the server is not within reach yet."
        wait(41)
        assert face.last.remark == BACK
        wait(1000)
        assert desk.looks == 3

    face = tell(desk, script)
    assert desk.codes == [], "the login was not tried without being asked"
    assert not any(view.busy for view in face.views[3:])


def test_a_login_that_may_be_tried_by_itself_is_tried_at_once() -> None:
    desk = FakeDesk(BY_ITSELF, results=(RetryResult.FAILED,) * 5 + (RetryResult.SUCCEEDED,))

    def script(face: RecordedFace, wait: Callable[[float], None]) -> None:
        for _ in range(5):  # until the countdown has given up
            assert face.last.countdown_s is not None
            wait(face.last.countdown_s)
        assert face.last.countdown_s is None
        desk.recoveries = [Recovery.SERVER]
        wait(200)
        assert face.last.closed

    tell(desk, script)
    assert len(desk.codes) == 6


@pytest.mark.parametrize("busy", ["compose", "receipt"])
def test_a_person_at_work_is_told_but_not_interrupted(busy: str) -> None:
    desk = FakeDesk(BY_ITSELF)
    desk.recoveries = [Recovery.SERVER]

    def script(face: RecordedFace, wait: Callable[[float], None]) -> None:
        face.presenter.compose()
        if busy == "receipt":
            face.presenter.send(Story())
        page = face.last.page
        wait(30)
        assert face.last.page is page
        assert face.last.remark == BACK

    tell(desk, script)
    assert desk.codes == []


def test_where_nothing_mends_itself_nobody_looks() -> None:
    desk = FakeDesk(LASTING)

    def script(face: RecordedFace, wait: Callable[[float], None]) -> None:
        wait(1000)
        assert face.last.remark == ""

    tell(desk, script)
    assert desk.looks == 0
