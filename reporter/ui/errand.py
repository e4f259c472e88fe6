"""Errand: what takes time, done in the background, and the remark that tells how it ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from reporter.errors import ReporterError
from reporter.texts import Translator
from reporter.ui import wording
from reporter.ui.underway import UnderWay

FAULT = "A step of the dialog did not end as it should."
"""Our own, for the log."""

Answer = TypeVar("Answer")
Background = Callable[[Callable[[], None]], None]
"""Runs a callable on another thread."""


class Errands:
    """Does what takes time; whatever goes wrong ends in a remark, never in a dialog that waits.

    ``remark``: a passing sentence, what came of the last step. ``lock`` guards the state of the dialog, what
    is ``under_way`` with it; ``refresh`` has it drawn anew.
    """

    def __init__(
        self,
        texts: Translator,
        under_way: UnderWay,
        *,
        background: Background,
        lock: threading.RLock,
        refresh: Callable[[], None],
    ) -> None:
        self.remark = ""
        self._texts = texts
        self._under_way = under_way
        self._background = background
        self._lock = lock
        self._refresh = refresh

    def begin(self, work: Callable[[], None]) -> None:
        """Do what takes time elsewhere; a fault of our own must not leave the dialog waiting."""

        def guarded() -> None:
            try:
                work()
            except Exception:
                import logging

                logging.getLogger("reporter").exception(FAULT)
                with self._lock:
                    self._under_way.let_go()
                    self.remark = wording.unfinished(self._texts.say)
                self._refresh()

        self._background(guarded)

    def run(self, sentence: str, work: Callable[[], str | None]) -> None:
        """One thing beside the report, whose outcome is a remark; one at a time."""
        with self._lock:
            if self._under_way.errand:
                return
            self._under_way.errand, self.remark = sentence, ""
        self._refresh()

        def finish() -> None:
            remark = self.attempt(work)
            with self._lock:
                self._under_way.errand = ""
                self.remark = remark or self.remark
            self._refresh()

        self.begin(finish)

    def attempt(self, work: Callable[[], Answer]) -> Answer | None:
        """What ``work`` gives; where it cannot, the remark says why, and the answer is None."""
        with self._lock:
            self.remark = ""
        try:
            return work()
        except ReporterError as error:
            remark = wording.reason(error, self._texts.say)
        except Exception:
            import logging

            logging.getLogger("reporter").exception(FAULT)
            remark = wording.unfinished(self._texts.say)
        with self._lock:
            self.remark = remark
        self._refresh()
        return None


def on_a_thread(work: Callable[[], None]) -> None:
    """The background of a dialog; the process does not wait for it."""
    threading.Thread(target=work, daemon=True, name="reporter-dialog").start()
