"""UnderWay: what the dialog is at just now, while the person waits or goes on."""

from __future__ import annotations


class UnderWay:
    """What is not finished yet.

    ``diagnosing``: the cause is looked for, from the first view on; ``retrying``: the login is tried;
    ``sending``, ``attaching``: a report, a picture; ``errand``: anything beside them, a sentence, else empty.
    """

    def __init__(self) -> None:
        self.diagnosing = True
        self.retrying = self.sending = self.attaching = False
        self.errand = ""

    @property
    def is_busy(self) -> bool:
        """Anything is."""
        return self.diagnosing or self.is_trying or self.is_with_report

    @property
    def is_trying(self) -> bool:
        """What was asked of a server is not answered yet, so that no other try is counted down to."""
        return self.retrying or self.sending

    @property
    def is_with_report(self) -> bool:
        """The report is in other hands: sent, added to, or made into something else."""
        return self.sending or self.attaching or bool(self.errand)

    def let_go(self) -> None:
        """Nothing is under way any more."""
        self.diagnosing = self.retrying = self.sending = self.attaching = False
        self.errand = ""
