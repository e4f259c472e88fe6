"""Presenter: the dialog's logic, without a toolkit.

A face draws the View and calls one method for each thing a person can do. Whatever takes time
runs in the background and ends in ``face.refresh()``. The presenter asks its Desk (the agent) to do the
work; it knows nothing of probes, disks and networks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from reporter.delivery.receipt import Receipt, State
from reporter.diagnosis.verdict import Retry
from reporter.errors import ReporterError
from reporter.report.model import Story
from reporter.texts import Translator
from reporter.texts.safe import one_line
from reporter.ui.face import Face
from reporter.ui.lookout import Lookout
from reporter.ui.notice import Notice, tidy

AUTOMATIC_RETRY_S = (5, 10, 20, 40, 60)
RETRY_JITTER = 0.2
RETRY_AT_LIMIT_S = 24 * 3600
TITLE_LIMIT_CHARS = 80
REASON_LIMIT_CHARS = 300


class Page(StrEnum):
    """The pages of the dialog, in the order a person meets them."""

    MESSAGE = "message"
    COMPOSE = "compose"
    RECEIPT = "receipt"


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


class Desk(Protocol):
    """What the agent does for the dialog. All but ``first_notice`` may take seconds and are called
    on background threads. Only ``send`` raises; the others return a notice or a text that says so."""

    reference: str
    """The number of the report this dialog would send."""
    application: str
    """The host application's name, empty where unknown."""
    can_send: bool
    """False where the administrator switched reports off."""
    has_host: bool
    """True where a host application waits and its login can be tried again."""

    def first_notice(self) -> Notice:
        """What can be said before anything was measured."""

    def diagnose(self, show: Callable[[Notice], None]) -> Notice:
        """Look for the cause; ``show`` receives what is known meanwhile."""

    def look_again(self) -> Recovery:
        """Measure once more and tell what is back; what is shown and sent stays as it is."""

    def retry(self, access_code: str) -> RetryResult:
        """Have the host try its login once more."""

    def preview(self, story: Story) -> str:
        """Exactly the text that ``send`` would send with this story."""

    def send(self, story: Story) -> Receipt:
        """Keep and send the report; raises ReporterError when it could not even be kept."""

    def about(self) -> str:
        """The platform and configuration information as text."""

    def open_link(self, url: str) -> bool:
        """Open a link outside; whether that worked."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One complete picture of the dialog: what to draw, nothing to decide.

    ``service_message``: of the startup-error service; ``service_until``: a phrase, empty where it has no end;
    ``countdown_s``: whole seconds until the next automatic try, null when none is planned;
    ``busy``: what is going on, a sentence, empty when nothing is; ``remark``: a passing sentence
    (the last try, a copied text); ``receipt_lines``: what became of the report, its headline first.
    """

    page: Page
    title: str
    headline: str
    advice: list[str]
    help_text: str
    has_help_link: bool
    service_message: str
    service_until: str
    has_service_link: bool
    reference: str
    details: str
    asks_access_code: bool
    retry_label: str
    retry_enabled: bool
    countdown_s: int | None
    can_send: bool
    sending: bool
    busy: str
    remark: str
    receipt_state: State | None
    receipt_lines: list[str]
    receipt_page: str
    closed: bool


class Presenter:
    """One dialog, from the first message to its end.

    ``clock`` gives monotonic seconds, ``now`` the time of day with zone, ``background`` runs a callable on
    another thread and ``jitter`` gives a number from 0 to 1; all are injected by tests.
    """

    def __init__(
        self,
        desk: Desk,
        texts: Translator,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        background: Callable[[Callable[[], None]], None] | None = None,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self.texts = texts
        self._desk = desk
        self._clock = clock
        self._now = now
        self._background = background or _daemon
        self._jitter = jitter or _random
        self._lock = threading.RLock()
        self._face: Face | None = None
        self._notice = tidy(desk.first_notice())
        self._page = Page.MESSAGE
        self._remark = ""
        self._retrying = False
        self._sending = False
        self._diagnosing = True  # from the first view on; the work begins with start()
        self._automatic_tries = 0
        self._retry_due: float | None = None
        self._lookout = Lookout(self._clock, self._jitter)
        self._receipt: Receipt | None = None
        self._closed = False
        self.succeeded = False
        """True once a retry of the login succeeded."""

    # What a face reads

    def view(self) -> View:
        """The dialog as it stands now; may be called from any thread."""
        say = self.texts.say
        with self._lock:
            countdown = self._countdown()
            return View(
                page=self._page,
                title=one_line(self._desk.application, TITLE_LIMIT_CHARS) or say("Sign-in help"),
                headline=self._notice.headline,
                advice=self._notice.advice,
                help_text=self._notice.help_text,
                has_help_link=bool(self._notice.help_url),
                service_message=self._notice.service_message,
                service_until=self._service_until(),
                has_service_link=bool(self._notice.service_message and self._notice.service_url),
                reference=self._desk.reference,
                details=self._notice.details,
                asks_access_code=self._notice.asks_access_code and self._desk.has_host,
                retry_label=say("Try again") if self._desk.has_host else say("Check again"),
                retry_enabled=not (self._retrying or self._diagnosing or self._sending),
                countdown_s=countdown,
                can_send=self._desk.can_send and self._receipt is None,
                sending=self._sending,
                busy=self._busy(),
                remark=self._remark,
                receipt_state=None if self._receipt is None else self._receipt.state,
                receipt_lines=[] if self._receipt is None else receipt_lines(self._receipt, self.texts),
                receipt_page="" if self._receipt is None else self._receipt.page,
                closed=self._closed,
            )

    @property
    def receipt(self) -> Receipt | None:
        """What became of the report; None while none was sent."""
        return self._receipt

    # What a person does

    def start(self, face: Face) -> None:
        """The first view is visible: look for the cause."""
        with self._lock:
            self._face = face
        self._diagnose()

    def try_again(self, access_code: str = "") -> None:
        """Try the login once more, or look again where no host waits."""
        with self._lock:
            if self._retrying or self._diagnosing or self._sending or self._closed:
                return
            self._retry_due = None
            self._lookout.stop()
            self._remark = ""
            if not self._desk.has_host:
                self._diagnose()
                return
            self._retrying = True
        self._refresh()
        self._work(lambda: self._retry(access_code))

    def compose(self) -> None:
        """Open the page on which the person adds to the report."""
        self._turn_to(Page.COMPOSE)

    def back(self) -> None:
        """Return from the compose page to the message; what was typed stays with the face."""
        self._turn_to(Page.MESSAGE)

    def preview(self, story: Story) -> str:
        """Exactly the text that ``send`` would send with this story; may take a moment."""
        return self._desk.preview(story)

    def send(self, story: Story) -> None:
        """Send the report; the receipt page follows."""
        with self._lock:
            if self._sending or self._receipt is not None or not self._desk.can_send:
                return
            self._sending = True
            self._retry_due = None
            self._remark = ""
        self._refresh()
        self._work(lambda: self._send(story))

    def about(self) -> str:
        """The platform and configuration information as text; may take a moment."""
        return self._desk.about()

    def open_help(self) -> None:
        """Open the administrator's link in the browser."""
        self._open(self._notice.help_url)

    def open_service_link(self) -> None:
        """Open the page that the startup-error service names."""
        self._open(self._notice.service_url)

    def open_receipt_page(self) -> None:
        """Open the page where support sees the report."""
        if self._receipt is not None:
            self._open(self._receipt.page)

    def stop_countdown(self) -> None:
        """The person is busy with something else: no automatic try."""
        with self._lock:
            self._retry_due = None
        self._refresh()

    def close(self) -> None:
        """End the dialog."""
        with self._lock:
            self._closed = True
        self._refresh()

    def tick(self) -> None:
        """A face calls this about four times a second; starts what is due by itself."""
        with self._lock:
            retry = self._retry_due is not None and self._clock() >= self._retry_due
            look = self._lookout.is_due() and not (retry or self._closed or self._busy())
            if look:
                self._lookout.stop()
        if retry:
            self.try_again()
        elif look:
            self._work(self._look_again)

    # The work behind it

    def _diagnose(self) -> None:
        with self._lock:
            self._diagnosing = True
        self._refresh()

        def work() -> None:
            notice = tidy(self._desk.diagnose(self._show))
            with self._lock:
                self._notice = notice
                self._diagnosing = False
                self._plan_retry()
                if self._notice.may_recover:
                    self._lookout.plan()
            self._refresh()

        self._work(work)

    def _work(self, work: Callable[[], None]) -> None:
        """Do what takes time elsewhere; a fault of our own must not leave the dialog waiting."""

        def guarded() -> None:
            try:
                work()
            except Exception:
                import logging

                logging.getLogger("reporter").exception("A step of the dialog did not end as it should.")
                with self._lock:
                    self._diagnosing = self._retrying = self._sending = False
                    self._remark = self.texts.say("Reporter could not finish this step. Please try again.")
                self._refresh()

        self._background(guarded)

    def _show(self, notice: Notice) -> None:
        with self._lock:
            self._notice = tidy(notice)
        self._refresh()

    def _look_again(self) -> None:
        recovery = self._desk.look_again()
        with self._lock:
            if self._closed or self._busy():
                return  # the next diagnosis plans the next look
            if recovery is Recovery.SERVER:
                self._remark = self.texts.say("The server can be reached again. You can sign in now.")
                signs_in = self._desk.has_host and self._notice.retry is Retry.AUTOMATIC
                if signs_in and self._page is Page.MESSAGE:
                    self.try_again()
            else:
                if recovery is Recovery.NETWORK:
                    self._remark = self.texts.say("The network is back; the server is not within reach yet.")
                self._lookout.plan()
        self._refresh()

    def _retry(self, access_code: str) -> None:
        result = self._desk.retry(access_code)
        with self._lock:
            self._retrying = False
            if result is RetryResult.SUCCEEDED:
                self.succeeded = True
                self._closed = True
            elif result is RetryResult.FAILED:
                say = self.texts.say
                tried_code = access_code and self._notice.asks_access_code
                self._remark = (
                    say("It did not work with this access code. Please check it and try again.")
                    if tried_code
                    else say("It did not work yet.")
                )
            else:
                self._remark = self.texts.say("The program has ended. Please start it again.")
            if not self.succeeded:
                self._diagnose()
        self._refresh()

    def _send(self, story: Story) -> None:
        receipt, trouble = None, ""
        try:
            receipt = self._desk.send(story)
        except ReporterError as error:
            trouble = str(error)
        with self._lock:
            self._sending = False
            if receipt is None:
                self._remark = self.texts.say(
                    "The report could not be kept, and was not sent. {trouble}", trouble=trouble
                )
            else:
                self._remark = ""
                self._receipt = receipt
                self._page = Page.RECEIPT
        self._refresh()

    def _busy(self) -> str:
        say = self.texts.say
        if self._sending:
            return say("Sending the report…")
        if self._retrying:
            return say("Trying to sign in again…")
        return say("Looking for the cause…") if self._diagnosing else ""

    def _service_until(self) -> str:
        until = self._notice.service_until
        if until is None or not self._notice.service_message:
            return ""
        try:
            until = until.astimezone()
        except (OverflowError, ValueError, OSError):
            return ""  # at the ends of the calendar there is no local time
        return self.texts.say("Until {until}", until=until.strftime("%Y-%m-%d %H:%M"))

    def _plan_retry(self) -> None:
        """Set the countdown that the verdict's retry policy allows."""
        self._retry_due = None
        if not self._desk.has_host or self._page is not Page.MESSAGE:
            return
        if self._notice.retry is Retry.AUTOMATIC and self._automatic_tries < len(AUTOMATIC_RETRY_S):
            wait_s = AUTOMATIC_RETRY_S[self._automatic_tries] * (1 + RETRY_JITTER * self._jitter())
            self._automatic_tries += 1
        elif self._notice.retry is Retry.AT and self._notice.retry_at is not None:
            wait_s = (self._notice.retry_at - self._now()).total_seconds()
            if wait_s > RETRY_AT_LIMIT_S:
                return
            wait_s = max(wait_s, 1.0) * (1 + RETRY_JITTER * self._jitter() / 4)
        else:
            return
        self._retry_due = self._clock() + wait_s

    def _countdown(self) -> int | None:
        if self._retry_due is None or self._retrying or self._sending:
            return None
        return max(0, int(self._retry_due - self._clock() + 0.999))

    def _turn_to(self, page: Page) -> None:
        with self._lock:
            if self._receipt is None and not self._sending:
                self._page = page
                self._retry_due = None
        self._refresh()

    def _open(self, url: str) -> None:
        if url and not self._desk.open_link(url):
            with self._lock:
                self._remark = self.texts.say("The address could not be opened: {url}", url=url)
            self._refresh()

    def _refresh(self) -> None:
        if self._face is not None:
            self._face.refresh()


def retry_text(view: View) -> str:
    """The label of the button that tries again, with the time until it does so by itself."""
    if view.countdown_s is None:
        return view.retry_label
    minutes, seconds = divmod(view.countdown_s, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{view.retry_label} ({hours}:{minutes:02}:{seconds:02})"
    return f"{view.retry_label} ({minutes}:{seconds:02})" if minutes else f"{view.retry_label} ({seconds})"


def receipt_lines(receipt: Receipt, texts: Translator) -> list[str]:
    """What became of the report, as sentences; the first is the headline."""
    say = texts.say
    match receipt.state:
        case State.ACCEPTED:
            lines = [
                say("Support has your report."),
                say("Give the number {reference} when you call.", reference=receipt.reference),
            ]
        case State.ANSWERED:
            lines = [say("Support has answered your report.")]
        case State.QUEUED:
            lines = [
                say("Your report is kept and will be sent by itself."),
                say("Support cannot be reached at the moment. You need not do anything."),
                say("The number {reference} is valid already.", reference=receipt.reference),
            ]
        case State.SAVED:
            lines = [
                say("Your report is saved on this computer."),
                say("No address of support is set up here, so nothing was sent."),
            ]
        case State.REFUSED:
            lines = [
                say("Support's system did not take the report."),
                say("It is kept on this computer, so nothing is lost. Please call support."),
            ]
    if receipt.reason and receipt.state is State.REFUSED:
        lines.append(say("Reason: {reason}", reason=one_line(receipt.reason, REASON_LIMIT_CHARS)))
    return lines


def _daemon(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True, name="reporter-dialog").start()


def _random() -> float:
    import random

    return random.random()  # noqa: S311 - spreads retries, protects nothing
