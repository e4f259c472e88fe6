"""Submission: the report on its way to support, at most once in a dialog."""

from __future__ import annotations

from reporter.delivery.receipt import Receipt, State
from reporter.errors import ReporterError
from reporter.report.model import Story
from reporter.texts import Translator
from reporter.ui import wording
from reporter.ui.composition import Composition
from reporter.ui.desk import Desk
from reporter.ui.notice import Notice
from reporter.ui.view import receipt_lines


class Submission:
    """``receipt``: what became of the report, None while none was sent; ``counts_only``: none went, only that
    this person has the same trouble.
    """

    def __init__(self, desk: Desk, texts: Translator, composition: Composition) -> None:
        self.receipt: Receipt | None = None
        self.counts_only = False
        self._desk = desk
        self._texts = texts
        self._composition = composition
        self._is_unkept = False  # it could neither be kept nor sent

    def send(self, story: Story) -> Receipt | ReporterError:
        """Try it; may take long. ``settle`` takes up what it came to: an error where nothing was kept."""
        self._composition.keep()  # first: closing meanwhile must neither lose it nor keep what is on its way
        try:
            receipt = self._desk.send(story, counts_only=self.counts_only)
        except ReporterError as error:
            return error
        self._composition.forget()
        return receipt

    def settle(self, outcome: Receipt | ReporterError) -> str:
        """Take up what ``send`` came to; returns the remark, empty where the report went."""
        if isinstance(outcome, Receipt):
            self.receipt, self._is_unkept = outcome, False
            return ""
        self._is_unkept = True
        return wording.unsent(outcome, self._texts.say)

    def lines(self) -> list[str]:
        """What became of the report, as sentences; none before it was sent."""
        if self.receipt is None:
            return []
        return receipt_lines(self.receipt, self._texts, counts_only=self.counts_only)

    def offers_phone(self, notice: Notice) -> bool:
        """Support has no report of this, and the network does not bring it there now."""
        if self.receipt is not None:
            return self.receipt.state in (State.SAVED, State.QUEUED, State.REFUSED)
        is_wanted = notice.is_cut_off or notice.is_request or self._is_unkept
        return is_wanted and self._desk.can_send
