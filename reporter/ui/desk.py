"""Desk: what the dialog asks of the agent, and the answers; no face, no toolkit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from reporter.delivery.receipt import Receipt
    from reporter.report.drawing import Mark, Picture, Source
    from reporter.report.model import Enclosure, Story
    from reporter.ui.about import About
    from reporter.ui.notice import Notice


class RetryResult(StrEnum):
    """What became of one more try. ``HOST_GONE``: the application that would try has ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    HOST_GONE = "host_gone"


class Recovery(StrEnum):
    """What a quiet look found to be back. ``NETWORK``: names and ways work again, the server not yet."""

    NOTHING = "nothing"
    NETWORK = "network"
    SERVER = "server"


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the report that may be left out. ``is_locked``: the administrator decided, ``is_on`` says
    what; ``title``: its name for people; ``parent``: the name of the section it belongs to, or empty."""

    name: str
    title: str
    is_on: bool
    is_locked: bool = False
    parent: str = ""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What would be sent. ``exact``: ``report.json``, byte for byte; ``readable``: the same for people."""

    readable: str
    exact: str


class Wanted(StrEnum):
    """How much of a report support wants. ``NOTHING``: it knows this already, and only counts who has it;
    ``SUMMARY``: without files and without most of what there is to tell of this computer."""

    EVERYTHING = "everything"
    SUMMARY = "summary"
    NOTHING = "nothing"


class Precheck(msgspec.Struct, frozen=True, kw_only=True):
    """What support's endpoint said before the report is sent. ``message``: for the person, or empty."""

    wanted: Wanted = Wanted.EVERYTHING
    message: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What support answered to an earlier report."""

    reference: str
    text: str
    answered_at: datetime | None = None


class ByTelephone(msgspec.Struct, frozen=True, kw_only=True):
    """A report where no network is. ``lines``: sentences to read out; ``code``: its heart, in groups;
    ``link``: what the QR code says; ``squares``: its rows, true is dark, empty where it were too large."""

    lines: list[str]
    code: str
    link: str
    squares: list[list[bool]]


class Desk(Protocol):
    """What the agent does for the dialog. All but ``first_notice``, ``draft``, ``sections``, ``switch`` and
    ``attachments`` may take seconds and are called on background threads. ``send``, ``sources``, ``take``,
    ``picture_of``, ``pasted``, ``scaled`` and ``attach`` raise ReporterError with a sentence for the person,
    of which those about pictures are message ids; the others return a notice or a text that says so."""

    reference: str
    """The number of the report this dialog would send."""
    application: str
    """The host application's name, empty where unknown."""
    can_send: bool
    """False where the administrator switched reports off."""
    product: str
    """The name under which this program is offered, empty for its own."""
    has_host: bool
    """True where a host application waits and its login can be tried again."""

    def first_notice(self) -> Notice:
        """What can be said before anything was measured."""

    def diagnose(self, show: Callable[[Notice], None]) -> Notice:
        """Look for the cause; ``show`` receives what is known meanwhile."""

    def details(self) -> str:
        """The full technical text behind "Show details…", as it is known now."""

    def look_again(self) -> Recovery:
        """Measure once more and tell what is back; what is shown and sent stays as it is."""

    def network_changed(self) -> bool:
        """Whether this computer has other addresses than when this was last asked; measures nothing."""

    def retry(self, access_code: str) -> RetryResult:
        """Have the host try its login once more."""

    @property
    def can_attach_pictures(self) -> bool:
        """The administrator allows screenshots, and this computer can make them."""

    def draft(self) -> Story:
        """What the person had begun to write about this application before, empty where nothing."""

    def keep_draft(self, story: Story) -> None:
        """Keep it for the next time; an empty one is forgotten, as is one that was sent."""

    def sections(self) -> list[Section]:
        """What can be left out of the report, in the order of the report."""

    def switch(self, name: str, is_on: bool) -> None:
        """Leave a section out, or take it in again; one that is locked stays as it is."""

    def sources(self) -> list[Source]:
        """What a screenshot can be taken of: monitors first, then windows, those of the program foremost."""

    def take(self, source_id: str) -> Picture:
        """A screenshot; our own windows are not to be on the screen meanwhile."""

    def picture_of(self, content: bytes) -> Picture:
        """The picture in a file, as the editor shows it."""

    def pasted(self) -> Picture | None:
        """The picture on the clipboard, None where there is none."""

    def scaled(self, picture: Picture, width: int) -> bytes:
        """The picture as PNG, at most ``width`` pixels wide, as the editor shows it; it never travels."""

    def attach(self, picture: Picture, marks: list[Mark]) -> Enclosure:
        """Draw the marks into the picture and let it travel with the report."""

    def attachments(self) -> list[Enclosure]:
        """What travels with the report so far."""

    def detach(self, name: str) -> None:
        """Take one of them out again."""

    def preview(self, story: Story) -> Preview:
        """Exactly what ``send`` would send with this story."""

    def precheck(self) -> Precheck:
        """Ask support how much of the report it wants; ``preview`` and ``send`` follow what it said."""

    def send(self, story: Story, *, counts_only: bool = False) -> Receipt:
        """Keep and send the report; raises ReporterError when it could not even be kept. ``counts_only``: no
        report, only that this person has the same trouble."""

    def spoken(self, story: Story) -> ByTelephone:
        """The report for a telephone."""

    def save(self, story: Story, path: str) -> None:
        """Write the report to a file; raises ReporterError with a sentence."""

    @property
    def can_mail(self) -> bool:
        """An address of support is known that a mail program can write to."""

    def mail(self, story: Story) -> str:
        """Open the report as a draft in the person's mail program; a sentence that says what came of it."""

    def answers(self) -> list[Answer]:
        """Answers of support that were not shown yet, as they are known on this computer."""

    def latest(self) -> list[Receipt]:
        """What became of the person's last reports, newest first; asked where the person asks for help."""

    def inquire(self) -> None:
        """Ask support for answers to earlier reports; may take long."""

    def seen(self, answer: Answer) -> None:
        """The answer to this report was shown; it is not shown again."""

    def about(self) -> About:
        """The platform and configuration information."""

    def open_link(self, url: str) -> bool:
        """Open a link outside; whether that worked."""
