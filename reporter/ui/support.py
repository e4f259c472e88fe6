"""Support: what it says before and beside the report, and how to reach it where no network is."""

from __future__ import annotations

import threading

import msgspec

from reporter.delivery.receipt import Receipt
from reporter.report.model import Story
from reporter.texts.safe import one_line, plain
from reporter.ui.desk import Answer, ByTelephone, Desk, Precheck
from reporter.ui.view import ANSWER_LIMIT_CHARS, ANSWERS_LIMIT_ITEMS

MESSAGE_LIMIT_CHARS = 2_000
REFERENCE_LIMIT_CHARS = 40


class Support:
    """Asks the desk; every method may take long and is called on a background thread.

    ``precheck``: how much of the report is wanted; ``answers``: to earlier reports, oldest first;
    ``latest``: what became of the last reports; ``telephone``: the report for a telephone, None until it was
    asked for.
    """

    def __init__(self, desk: Desk) -> None:
        self.precheck = Precheck()
        self.answers: list[Answer] = []
        self.latest: list[Receipt] = []
        self.telephone: ByTelephone | None = None
        self._desk = desk
        self._lock = threading.Lock()
        self._is_asked = self._is_inquired = False
        self._shown: set[str] = set()

    def ask(self) -> bool:
        """Ask how much is wanted, once; whether anything is known that was not before."""
        with self._lock:
            if self._is_asked:
                return False
            self._is_asked = True
        precheck = self._desk.precheck()
        self.precheck = msgspec.structs.replace(
            precheck, message=plain(precheck.message, MESSAGE_LIMIT_CHARS).strip()
        )
        return self.precheck != Precheck()

    def hear(self) -> None:
        """Take up the answers that are known on this computer; one that was shown stays until the end."""
        with self._lock:
            known = {answer.reference: answer for answer in self.answers}
            for answer in self._desk.answers():
                known.setdefault(
                    answer.reference,
                    msgspec.structs.replace(
                        answer,
                        reference=one_line(answer.reference, REFERENCE_LIMIT_CHARS),
                        text=plain(answer.text, ANSWER_LIMIT_CHARS).strip(),
                    ),
                )
            self.answers = list(known.values())[:ANSWERS_LIMIT_ITEMS]

    def look_back(self) -> None:
        """Take up what became of the last reports, as it is known on this computer."""
        self.latest = self._desk.latest()

    def inquire(self) -> None:
        """Ask for answers over the network, once, then take them up."""
        with self._lock:
            if self._is_inquired:
                return
            self._is_inquired = True
        self._desk.inquire()
        self.hear()

    def note_shown(self) -> None:
        """The answers are on the screen: they are not shown at the next start."""
        for answer in self.answers:
            with self._lock:
                if answer.reference in self._shown:
                    continue
                self._shown.add(answer.reference)
            self._desk.seen(answer)

    def call(self, story: Story) -> None:
        """Make the report ready for a telephone."""
        self.telephone = self._desk.spoken(story)
