"""Whatever goes wrong behind the dialog, nobody is left waiting for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from reporter.errors import PictureError, SpoolError
from reporter.texts import Translator
from reporter.ui.errand import FAULT, Errands
from reporter.ui.underway import UnderWay

UNFINISHED = "This step could not be finished. Please try again."


class Dialog:
    """Errands whose work waits until the test does it; ``drawn``: what was under way at each refresh."""

    def __init__(self) -> None:
        self.under_way = UnderWay()
        self.under_way.diagnosing = False
        self.waiting: list[Callable[[], None]] = []
        self.drawn: list[str] = []
        self.errands = Errands(
            Translator("en"),
            self.under_way,
            background=self.waiting.append,
            lock=threading.RLock(),
            refresh=lambda: self.drawn.append(self.under_way.errand),
        )


def broken() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("what", ["diagnosing", "retrying", "sending", "attaching"])
def test_a_fault_of_our_own_lets_go_of_the_dialog(what: str, caplog: pytest.LogCaptureFixture) -> None:
    dialog = Dialog()
    setattr(dialog.under_way, what, True)
    dialog.errands.begin(broken)
    assert dialog.under_way.is_busy
    with caplog.at_level(logging.ERROR, "reporter"):
        dialog.waiting.pop()()
    assert not dialog.under_way.is_busy
    assert dialog.errands.remark == UNFINISHED
    assert dialog.drawn == [""]
    assert [record.getMessage() for record in caplog.records] == [FAULT]


def test_one_errand_at_a_time_and_its_outcome_is_a_remark() -> None:
    dialog = Dialog()
    dialog.errands.run("Saving…", lambda: "Saved.")
    dialog.errands.run("Mailing…", lambda: "Mailed.")
    assert dialog.under_way.errand == "Saving…"
    assert dialog.under_way.is_with_report
    assert len(dialog.waiting) == 1
    dialog.waiting.pop()()
    assert dialog.errands.remark == "Saved."
    assert dialog.drawn == ["Saving…", ""]
    assert not dialog.under_way.is_busy


@pytest.mark.parametrize(
    ("error", "remark"),
    [
        (SpoolError("The disk is full."), "The disk is full."),
        (PictureError("There is no picture on the clipboard."), "There is no picture on the clipboard."),
        (ZeroDivisionError(), UNFINISHED),
    ],
)
def test_what_could_not_be_done_says_why(error: Exception, remark: str) -> None:
    dialog = Dialog()

    def work() -> str:
        raise error

    dialog.errands.run("Saving…", work)
    dialog.waiting.pop()()
    assert dialog.errands.remark == remark
    assert not dialog.under_way.errand


def test_a_step_that_begins_clears_the_remark_of_the_last() -> None:
    dialog = Dialog()
    dialog.errands.remark = "The last one."
    assert dialog.errands.attempt(lambda: 7) == 7
    assert dialog.errands.remark == ""
