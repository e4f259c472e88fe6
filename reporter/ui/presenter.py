"""Presenter: the dialog's logic, without a toolkit.

A face draws the View and calls one method for each thing a person can do. Whatever takes time
runs in the background and ends in ``face.refresh()``. The presenter asks its Desk (the agent) to do the
work; it knows nothing of probes, disks and networks. What is said meanwhile stands in ``wording``, and what
ends in a remark is one of its Errands.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from reporter.delivery.receipt import Receipt
from reporter.diagnosis.verdict import Retry
from reporter.report.model import Story
from reporter.texts import Translator
from reporter.texts.safe import one_line, plain
from reporter.ui import wording
from reporter.ui.composition import Composition
from reporter.ui.countdown import Countdown
from reporter.ui.desk import Desk, Preview, Recovery, RetryResult, Wanted
from reporter.ui.errand import Background, Errands, on_a_thread
from reporter.ui.face import Face
from reporter.ui.lookout import Beat, Lookout
from reporter.ui.notice import DETAILS_LIMIT_CHARS, Notice, tidy
from reporter.ui.pictures import PATH_LIMIT_CHARS, Pictures
from reporter.ui.submission import Submission
from reporter.ui.support import Support
from reporter.ui.underway import UnderWay
from reporter.ui.view import Page, View, latest_text

if TYPE_CHECKING:
    from reporter.report.drawing import Mark, Picture
    from reporter.report.model import Enclosure
    from reporter.ui.about import About


def _random() -> float:
    import random

    return random.random()  # noqa: S311 - spreads retries, protects nothing


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
        background: Background = on_a_thread,
        jitter: Callable[[], float] = _random,
    ) -> None:
        self.texts = texts
        self._desk = desk
        self._background = background
        self._lock = threading.RLock()
        self._face: Face | None = None
        self._notice = tidy(desk.first_notice())
        self._wants_details = False
        self._page = self._before = Page.MESSAGE
        self._under_way = UnderWay()
        self._attachments: list[Enclosure] = []
        self._composition = Composition(desk, clock)
        self._submission = Submission(desk, texts, self._composition)
        self._support = Support(desk)
        self._errands = Errands(
            texts, self._under_way, background=background, lock=self._lock, refresh=self._refresh
        )
        self.pictures = Pictures(desk, texts, self._errands.attempt)
        self._countdown = Countdown(clock, now, jitter)
        self._lookout = Lookout(clock, jitter)
        self._beat = Beat(clock)
        self._closed = False
        self.succeeded = False
        """True once a retry of the login succeeded."""

    # What a face reads

    def view(self) -> View:
        """The dialog as it stands now; may be called from any thread."""
        with self._lock:
            notice, desk, say, under_way = self._notice, self._desk, self.texts.say, self._under_way
            receipt = self._submission.receipt
            return View(
                page=self._page,
                title=wording.title(notice, say, application=desk.application, product=desk.product),
                product=desk.product,
                headline=notice.headline,
                advice=notice.advice,
                help_text=notice.help_text,
                has_help_link=bool(notice.help_url),
                service_message=notice.service_message,
                service_until=wording.service_until(notice, say),
                has_service_link=bool(notice.service_message and notice.service_url),
                reference=desk.reference,
                details=notice.details,
                asks_access_code=notice.asks_access_code and desk.has_host,
                retry_label=wording.retry_label(notice, say, has_host=desk.has_host),
                retry_enabled=not (under_way.is_trying or under_way.diagnosing),
                countdown_s=None if under_way.is_trying else self._countdown.left_s(),
                can_send=desk.can_send and receipt is None,
                is_crash=notice.is_crash,
                sending=under_way.sending,
                attaching=under_way.attaching,
                can_attach_pictures=self._can_attach_pictures(),
                is_restored=self._composition.is_restored,
                sections=desk.sections() if self._page is Page.COMPOSE else [],
                attachments=self._attachments,
                busy=wording.busy(notice, under_way, say),
                remark=self._errands.remark,
                receipt_state=None if receipt is None else receipt.state,
                receipt_lines=self._submission.lines(),
                receipt_page="" if receipt is None else receipt.page,
                closed=self._closed,
                answers=self._support.answers,
                precheck=self._support.precheck,
                offers_phone=self._submission.offers_phone(notice),
                can_mail=self._page is Page.PHONE and desk.can_mail,
                telephone=self._support.telephone,
                is_session=notice.is_session,
                is_request=notice.is_request,
                latest=self._latest(),
            )

    @property
    def receipt(self) -> Receipt | None:
        """What became of the report; None while none was sent."""
        return self._submission.receipt

    @property
    def story(self) -> Story:
        """What the person has written so far."""
        return self._composition.story

    @property
    def has_news(self) -> bool:
        """Whether closing now would end something that was written or attached, but not sent."""
        return self._submission.receipt is None and (self._composition.has_news or bool(self._attachments))

    # What a person does

    def start(self, face: Face) -> None:
        """The first view is visible: look for the cause."""
        with self._lock:
            self._face = face
        self._diagnose()

    def try_again(self, access_code: str = "") -> None:
        """Try the login once more, or look again where no host waits."""
        with self._lock:
            if self._under_way.is_trying or self._under_way.diagnosing or self._closed:
                return
            if not wording.retry_label(self._notice, self.texts.say, has_host=self._desk.has_host):
                return
            self._countdown.stop()
            self._lookout.stop()
            self._errands.remark = ""
            if not self._desk.has_host:
                self._diagnose()
                return
            self._under_way.retrying = True
        self._refresh()
        self._errands.begin(lambda: self._retry(access_code))

    def compose(self) -> None:
        """Open the page on which the person adds to the report; ``story`` is what it begins with."""
        with self._lock:
            self._composition.open()
            self._attachments = self._desk.attachments()
        self._turn_to(Page.COMPOSE)
        self._errands.begin(self._ask_support)

    def back(self) -> None:
        """Return to the page before; what was written stays."""
        if self._page is Page.PHONE:
            with self._lock:
                self._page = self._before
                self._errands.remark = ""
            self._refresh()
        else:
            self._turn_to(Page.MESSAGE)
            if self._notice.is_session and not (self._under_way.retrying or self._under_way.diagnosing):
                self._plan_retry()  # it goes on being restored

    def write(self, story: Story) -> None:
        """The person has written this so far; in a pause it is kept for the next time."""
        self._composition.write(story)

    def keep(self) -> None:
        """Keep what was written for the next time, now."""
        self._background(self._composition.keep)

    def start_empty(self) -> None:
        """Forget what was kept from last time."""
        self._composition.start_empty()
        self._refresh()

    def switch(self, name: str, is_on: bool) -> None:
        """Leave a section out of the report, or take it in again."""
        self._desk.switch(name, is_on)
        self._refresh()

    def preview(self, story: Story) -> Preview:
        """Exactly what ``send`` would send with this story; may take a moment."""
        return self._desk.preview(story)

    def attach(self, picture: Picture, marks: list[Mark]) -> None:
        """Let a picture travel with the report, the marks drawn into it."""
        with self._lock:
            if self._under_way.attaching or self._under_way.sending or self._submission.receipt is not None:
                return
            self._under_way.attaching = True
        self._refresh()
        self._errands.begin(lambda: self._attach(picture, marks))

    def detach(self, name: str) -> None:
        """Take an attachment out again."""
        self._desk.detach(name)
        self._attachments = self._desk.attachments()
        self._refresh()

    def answers_shown(self) -> None:
        """What support answered to earlier reports is on the screen, and need not be shown again."""
        self._background(self._support.note_shown)

    def use_phone(self) -> None:
        """Open the page for those whom no network brings to support."""
        with self._lock:
            if self._page is Page.PHONE or self._under_way.is_with_report:
                return
            self._before = Page.RECEIPT if self._submission.receipt is not None else Page.MESSAGE
            self._page = Page.PHONE
            self._countdown.stop()
            self._errands.remark = ""
        self._errands.run(self.texts.say("Making the code…"), lambda: self._support.call(self.story))

    def save(self, path: str) -> None:
        """Write the report to a file; the remark says what came of it."""

        def save() -> str:
            self._desk.save(self.story, path)
            return self.texts.say("The report is saved: {path}", path=one_line(path, PATH_LIMIT_CHARS))

        self._errands.run(self.texts.say("Saving the report…"), save)

    def mail(self) -> None:
        """Open the report in the person's mail program; the remark says what came of it."""
        self._errands.run(self.texts.say("Opening the mail program…"), lambda: self._desk.mail(self.story))

    def send(self, story: Story, *, counts_only: bool = False) -> None:
        """Send the report, or only that this person has the same trouble; the receipt page follows."""
        with self._lock:
            if (
                self._under_way.sending
                or self._under_way.attaching
                or self._submission.receipt is not None
                or not self._desk.can_send
            ):
                return
            self._under_way.sending = True
            self._submission.counts_only = counts_only
            self._countdown.stop()
            self._errands.remark = ""
        self._composition.write(story)
        self._refresh()
        self._errands.begin(lambda: self._send(story))

    def about(self) -> About:
        """The platform and configuration information; may take a moment."""
        return self._desk.about()

    def details(self) -> str:
        """The full technical text; from now on views hold it as it is known. May take a moment."""
        self._wants_details = True
        while True:
            notice = self._notice
            details = plain(self._desk.details(), DETAILS_LIMIT_CHARS)
            with self._lock:
                if self._notice is notice:  # else it may know more than when this was written
                    self._notice = msgspec.structs.replace(notice, details=details)
                    break
        self._refresh()
        return details

    def open_help(self) -> None:
        """Open the administrator's link in the browser."""
        self._open(self._notice.help_url)

    def open_service_link(self) -> None:
        """Open the page that the startup-error service names."""
        self._open(self._notice.service_url)

    def open_receipt_page(self) -> None:
        """Open the page where support sees the report."""
        if self._submission.receipt is not None:
            self._open(self._submission.receipt.page)

    def stop_countdown(self) -> None:
        """The person is busy with something else: no automatic try. A session goes on being restored, unless
        a code is being entered."""
        if self._notice.is_session and not self._notice.asks_access_code:
            return
        with self._lock:
            self._countdown.stop()
        self._refresh()

    def discard(self) -> None:
        """End the dialog, and keep nothing of what was written."""
        self._composition.forget()
        self.close()

    def close(self) -> None:
        """End the dialog; what was written and not sent is kept before this returns, because the process
        may end at once."""
        self._composition.keep()
        with self._lock:
            self._closed = True
        self._refresh()

    def tick(self) -> None:
        """A face calls this about four times a second; starts what is due by itself."""
        with self._lock:
            retry = self._countdown.is_due()
            look = self._lookout.is_due() and not (retry or self._closed or self._under_way.is_busy)
            if look:
                self._lookout.stop()
            glance = self._restores() and not (retry or look) and self._beat.is_due()
        if self._composition.is_due():
            self.keep()
        if retry:
            self.try_again()
        elif look:
            self._errands.begin(self._look_again)
        elif glance:
            self._errands.begin(self._glance)

    # The work behind it

    def _diagnose(self) -> None:
        with self._lock:
            self._under_way.diagnosing = True
        self._refresh()

        def work() -> None:
            if self._notice.is_request:
                self._support.hear()
                self._support.look_back()
            notice = self._made_ready(self._desk.diagnose(self._show))
            with self._lock:
                self._take(notice)
                self._under_way.diagnosing = False
                self._plan_retry()
                if self._notice.may_recover:
                    self._lookout.plan()
            self._refresh()
            self._errands.begin(self._hear_answers)

        self._errands.begin(work)

    def _hear_answers(self) -> None:
        """Show what support answered to earlier reports: what is known here, then what it says now."""
        for look in (self._support.hear, self._support.inquire):
            look()
            if self._notice.is_request:
                self._support.look_back()
            self._refresh()

    def _ask_support(self) -> None:
        """How much of the report is wanted; the person is writing meanwhile."""
        if self._desk.can_send and self._support.ask():
            self._refresh()

    def _show(self, notice: Notice) -> None:
        notice = self._made_ready(notice)
        with self._lock:
            self._take(notice)
        self._refresh()

    def _made_ready(self, notice: Notice) -> Notice:
        """A notice as it is drawn, with the details once they were asked for."""
        if self._wants_details:
            notice = msgspec.structs.replace(notice, details=self._desk.details())
        return tidy(notice)

    def _take(self, notice: Notice) -> None:
        # Details that were asked for while it was made ready stay.
        details = notice.details or self._notice.details
        self._notice = msgspec.structs.replace(notice, details=details)

    def _look_again(self) -> None:
        recovery = self._desk.look_again()
        with self._lock:
            if self._closed or self._under_way.is_busy:
                return  # the next diagnosis plans the next look
            back = wording.recovered(recovery, self._notice, self.texts.say)
            self._errands.remark = back or self._errands.remark
            if recovery is Recovery.SERVER:
                signs_in = self._desk.has_host and self._notice.retry is Retry.AUTOMATIC
                if signs_in and self._page is Page.MESSAGE:
                    self.try_again()
            else:
                self._lookout.plan()
        self._refresh()

    def _restores(self) -> bool:
        """A session waits for its next try by itself, and need not wait for a time that the server named."""
        waits = self._notice.is_session and self._countdown.left_s() is not None
        return waits and self._notice.retry is Retry.AUTOMATIC and not self._closed

    def _glance(self) -> None:
        """Try at once when this computer came back to a network."""
        if self._desk.network_changed():
            with self._lock:
                if self._restores():
                    self.try_again()

    def _retry(self, access_code: str) -> None:
        result = self._desk.retry(access_code)
        with self._lock:
            self._under_way.retrying = False
            if result is RetryResult.SUCCEEDED:
                self.succeeded = True
                self._closed = True
            else:
                with_code = bool(access_code) and self._notice.asks_access_code
                self._errands.remark = wording.tried(result, self.texts.say, with_code=with_code)
                self._diagnose()
        self._refresh()

    def _attach(self, picture: Picture, marks: list[Mark]) -> None:
        self._errands.attempt(lambda: self._desk.attach(picture, marks))
        with self._lock:
            self._attachments = self._desk.attachments()
            self._under_way.attaching = False
        self._refresh()

    def _send(self, story: Story) -> None:
        outcome = self._submission.send(story)
        with self._lock:
            self._under_way.sending = False
            self._errands.remark = self._submission.settle(outcome)
            if self._submission.receipt is not None:
                self._page = Page.RECEIPT
        self._refresh()

    def _can_attach_pictures(self) -> bool:
        if self._page is not Page.COMPOSE or self._support.precheck.wanted is Wanted.SUMMARY:
            return False
        return self._desk.can_attach_pictures

    def _latest(self) -> str:
        shown = [answer.reference for answer in self._support.answers]
        return latest_text(self._support.latest, self.texts, answered=shown)

    def _plan_retry(self) -> None:
        """Set the countdown that the verdict's retry policy allows."""
        self._countdown.stop()
        if self._desk.has_host and self._page is Page.MESSAGE:
            self._countdown.plan(self._notice)

    def _turn_to(self, page: Page) -> None:
        with self._lock:
            if self._submission.receipt is None and not self._under_way.sending:
                self._page = page
                self._countdown.stop()
        self._refresh()

    def _open(self, url: str) -> None:
        if url and not self._desk.open_link(url):
            with self._lock:
                self._errands.remark = wording.unopened(url, self.texts.say)
            self._refresh()

    def _refresh(self) -> None:
        if self._face is not None:
            self._face.refresh()
