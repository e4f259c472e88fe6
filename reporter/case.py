"""Case: one failure and all that is known of it, from the first notice to the receipt.

It is the dialog's desk: every verb the presenter asks for is here, in the order of the pages.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reporter import examination, explanation, outbox
from reporter.capture.failure import Failure, without
from reporter.capture.handover import Farewell, Result
from reporter.delivery.receipt import Receipt
from reporter.diagnosis.verdict import Verdict
from reporter.errors import ReporterError, TargetError
from reporter.report.album import Album
from reporter.report.contents import Contents
from reporter.report.drawing import Mark, Picture, Source
from reporter.report.model import Bundle, Enclosure, Story
from reporter.texts import Translator, translator
from reporter.ui.about import About
from reporter.ui.brand import OWN, Brand
from reporter.ui.desk import (
    Answer,
    ByTelephone,
    Precheck,
    Preview,
    Recovery,
    RetryResult,
    Section,
    Wanted,
)
from reporter.ui.notice import Notice

if TYPE_CHECKING:
    from reporter.diagnosis.ladder import StageProgress
    from reporter.facts.model import Facts
    from reporter.report.logs import LogTail
    from reporter.report.model import Dropped
    from reporter.report.pseudonyms import Names
    from reporter.settings.help import Help
    from reporter.settings.layers import Loaded

LATEST_LIMIT_ITEMS = 3


class Host(Protocol):
    """Who waits for the dialog and can try the login again."""

    @property
    def can_retry(self) -> bool:
        """The login can be tried again."""

    @property
    def accepts_access_code(self) -> bool:
        """It can be tried with an access code."""

    @property
    def automatic(self) -> bool:
        """It may be tried without the person asking."""

    def ask(self, access_code: str) -> Result | None:
        """Try it, and wait for the end; None when the host is gone."""

    def close(self, farewell: Farewell) -> None:
        """The dialog is closed: go on."""


class Case:
    """One failure and all that is known of it; the dialog's desk.

    Its verbs are called on background threads. What may fail in them is told in a notice or a receipt.
    """

    def __init__(
        self,
        failure: Failure,
        *,
        loaded: Loaded,
        host: Host | None = None,
        program_pid: int = 0,
        brand: Brand = OWN,
    ) -> None:
        from reporter.report import reference

        self.failure = failure
        self.texts: Translator = translator(loaded.settings.language)
        self.verdict: Verdict | None = None
        self.reference = reference.mint()
        self.application = failure.application.name if failure.application else ""
        self.can_send = loaded.settings.submission != "off"
        self.has_host = host is not None and host.can_retry
        self.product = brand.product
        self._brand = brand
        self._loaded = loaded
        self._host = host
        self._id = str(uuid.uuid4())
        self._created_at = datetime.now(UTC).astimezone()
        self._measured: list[str] = []
        self._facts: Facts | None = None
        self._logs: tuple[list[LogTail], list[Dropped]] | None = None
        self._hidden: tuple[Verdict | None, Names] | None = None
        self._codes: set[str] = set()
        self._addresses: frozenset[str] | None = None
        self._once = threading.Lock()
        self._wanted = Wanted.EVERYTHING
        self._is_sent = False
        self._contents = Contents(
            allowed=loaded.settings.allowed_sections, required=loaded.settings.required_sections
        )
        self._program_pid = program_pid
        self._album = Album(allowed=loaded.settings.include_screenshot, program_pid=program_pid)

    def first_notice(self) -> Notice:
        """What can be said before anything was measured."""
        return explanation.opening(self._known(), self.texts)

    def diagnose(self, show: Callable[[Notice], None]) -> Notice:
        """Measure, judge, and say why; ``show`` receives the notice with what is measured so far."""
        measured = self._measured = []
        if self.failure.is_request and not self.failure.target:
            return self.first_notice()

        def note(progress: StageProgress) -> None:
            if progress.result:
                measured.append(f"{progress.stage}  {progress.result}")
                show(self.first_notice())

        from reporter.diagnosis.extension import installed
        from reporter.diagnosis.narrative import narrate

        try:
            self.verdict = examination.diagnose(
                self.failure.target,
                settings=self._loaded.settings,
                failure=self.failure,
                texts=self.texts,
                observer=note,
            )
            self._measured = [*narrate(self.verdict.evidence), *installed().gaps]
        except TargetError as error:
            self.verdict = examination.hearsay(self.failure, self.texts)
            self._measured = [str(error)] if self.failure.target else []
        return explanation.finding(self._known(), self.texts)

    def look_again(self) -> Recovery:
        """Measure once more, and compare with the verdict that is shown."""
        if self.verdict is None:
            return Recovery.NOTHING
        try:
            found = examination.diagnose(
                self.failure.target, texts=self.texts, settings=self._loaded.settings
            )
        except TargetError:  # a file database has nothing to measure
            return Recovery.NOTHING
        if found.cause == "ok":
            return Recovery.SERVER
        was_cut_off = explanation.is_cut_off(self.verdict) and not explanation.is_cut_off(found)
        return Recovery.NETWORK if was_cut_off else Recovery.NOTHING

    def network_changed(self) -> bool:
        """Whether this computer has other addresses than when this was last asked."""
        before, self._addresses = self._addresses, examination.own_addresses()
        return before is not None and self._addresses not in (before, frozenset())

    def retry(self, access_code: str) -> RetryResult:
        """Ask the host for one more try of the login."""
        result = self._host.ask(access_code) if self._host is not None else None
        if result is None:
            self.has_host = False
            return RetryResult.HOST_GONE
        if result.failure is None:
            return RetryResult.SUCCEEDED
        self._codes.add(access_code)
        self.failure = result.failure
        for code in self._codes:  # a host may quote what it was given
            self.failure = without(self.failure, code)
        return RetryResult.FAILED

    def draft(self) -> Story:
        """What was begun before about the same application, and not sent."""
        from reporter.report import draft

        return draft.load(self._draft_file())

    def keep_draft(self, story: Story) -> None:
        """Keep what was written for the next time; where it cannot be kept, that is logged."""
        from reporter.report import draft

        try:
            draft.keep(self._draft_file(), story)
        except OSError as error:
            import logging

            reason = error.strerror or error
            logging.getLogger("reporter").warning("The draft could not be kept: %s.", reason)

    @property
    def can_attach_pictures(self) -> bool:
        """Screenshots are allowed, and can be made here."""
        return self._album.can_grow

    def sections(self) -> list[Section]:
        """Every part of a report, and of its facts, that can be left out."""
        from reporter.facts.labels import HEADINGS
        from reporter.report.contents import TITLES

        titles = HEADINGS | TITLES
        return [
            Section(
                name=part.name,
                title=self.texts.say(titles[part.name]),
                is_on=part.is_on,
                is_locked=part.is_locked,
                parent=part.parent,
            )
            for part in self._contents.parts()
        ]

    def switch(self, name: str, is_on: bool) -> None:
        """Leave a section out or take it in again, where the administrator lets the person choose."""
        self._contents.switch(name, is_on=is_on)

    def sources(self) -> list[Source]:
        """What a screenshot can be taken of."""
        return self._album.sources()

    def take(self, source_id: str) -> Picture:
        """A screenshot of one of the sources."""
        return self._album.take(source_id)

    def picture_of(self, content: bytes) -> Picture:
        """A picture that came from the clipboard or a file."""
        return self._album.picture_of(content)

    def pasted(self) -> Picture | None:
        """The picture on the clipboard, None where there is none."""
        return self._album.pasted()

    def scaled(self, picture: Picture, width: int) -> bytes:
        """A smaller picture for the editor; raises PictureError."""
        from reporter.report import screenshot

        return screenshot.scaled(picture, width)

    def attach(self, picture: Picture, marks: list[Mark]) -> Enclosure:
        """Let a picture travel with the report, its marks drawn into it."""
        return self._album.attach(picture, marks)

    def attachments(self) -> list[Enclosure]:
        """The pictures that travel with the report so far."""
        return self._album.enclosures()

    def detach(self, name: str) -> None:
        """Take a picture out again."""
        self._album.detach(name)

    def preview(self, story: Story) -> Preview:
        """What ``send`` would send: the very bytes, and the same in words."""
        from reporter.facts.text import groups
        from reporter.report.readable import readable

        bundle = self._travelling(story)
        facts = bundle.report.facts
        words = readable(
            bundle.report,
            self.texts,
            groups=groups(facts, self.texts) if facts is not None else [],
            titles={section.name: section.title for section in self.sections()},
        )
        return Preview(readable=words, exact=bundle.report_json.decode())

    def precheck(self) -> Precheck:
        """Ask support's endpoint how much of the report it wants; a preview and what is sent follow that."""
        if self.failure.is_request:
            return Precheck()  # no two requests are alike: what a person asks is always wanted
        if self._is_known_fault():
            return Precheck(wanted=Wanted.NOTHING)
        answer = outbox.precheck(self.bundle(Story()), self._loaded) if self.can_send else None
        if answer is None:
            return Precheck()
        self._wanted = Wanted(answer.need)
        return Precheck(wanted=self._wanted, message=answer.message)

    def send(self, story: Story, *, counts_only: bool = False) -> Receipt:
        """Make the report durable and try to deliver it; raises ReporterError when it could not be kept."""
        from reporter.report.summary import summarize

        self._is_sent = True
        bundle = self._travelling(story)
        if counts_only:
            bundle = summarize(bundle)  # goes only where a destination cannot count

        def forget_draft() -> None:
            self.keep_draft(Story())

        receipt = outbox.send(bundle, loaded=self._loaded, counts_only=counts_only, when_kept=forget_draft)
        forget_draft()
        return receipt

    def spoken(self, story: Story) -> ByTelephone:
        """What of the report fits through a telephone."""
        from reporter.report import qr, spoken, telephone

        report = self._travelling(story).report
        code = spoken.encode(report)
        link = spoken.link(self._help().url, code)
        try:
            squares = qr.squares(link)
        except ReporterError:
            squares = []  # the address of the help is longer than a code can hold
        return ByTelephone(
            lines=telephone.read_out(report, self.texts),
            code=spoken.groups(code),
            link=link,
            squares=squares,
        )

    def save(self, story: Story, path: str) -> None:
        """Write the report to a file, as it would be sent; raises ReporterError."""
        from reporter.report import bundle

        bundle.write(Path(path).expanduser(), self._travelling(story))

    @property
    def can_mail(self) -> bool:
        """The settings name a mailbox of support."""
        return bool(outbox.mailbox(self._loaded, self._help().url))

    def mail(self, story: Story) -> str:
        """Open the report as a draft in the person's mail program, and say what came of it."""
        mailbox = outbox.mailbox(self._loaded, self._help().url)
        if outbox.hand_to_mail(self._travelling(story), mailbox):
            return self.texts.say("The report is a draft in your mail program now. It goes when you send it.")
        return self.texts.say("No mail program could be opened. The report can be saved to a file instead.")

    def answers(self) -> list[Answer]:
        """What support has answered and nobody has seen, as it is known on this computer."""
        return [
            Answer(reference=receipt.reference, text=receipt.answer, answered_at=receipt.answered_at)
            for receipt in outbox.answers()
        ]

    def latest(self) -> list[Receipt]:
        """What became of the person's last reports, newest first."""
        return outbox.latest(LATEST_LIMIT_ITEMS)

    def inquire(self) -> None:
        """Ask support's endpoint for answers, unless the verdict says that no server can be reached."""
        if not explanation.is_cut_off(self.verdict):
            outbox.inquire(self._loaded)

    def seen(self, answer: Answer) -> None:
        """This answer was shown."""
        outbox.mark_seen(answer.reference, answer.text)

    def send_automatically(self) -> Receipt | None:
        """Queue a report without a story, for the postman to send.

        None when there is nothing to tell, when the person's own report is still on its way, or when a report
        of the same kind was made within the last hour.
        """
        if self._is_sent:
            return None
        if self.verdict is not None and self.verdict.cause == "ok":
            return None
        try:
            fingerprint = self.bundle(Story(), sent_by_person=False).report.fingerprint
            suppressed = outbox.admit(fingerprint)
            if suppressed is None:
                return None
            report = self.bundle(Story(), sent_by_person=False, suppressed=suppressed)
            return outbox.enqueue(report, loaded=self._loaded, counts_only=self._is_known_fault())
        except ReporterError:
            return None

    def _travelling(self, story: Story) -> Bundle:
        """The report as it would leave: without what support's endpoint said it does not want."""
        from reporter.report.summary import summarize

        wanted = self._wanted  # of now: the preview showed it, and building takes its time
        bundle = self.bundle(story)
        return summarize(bundle) if wanted is Wanted.SUMMARY else bundle

    def bundle(self, story: Story, *, sent_by_person: bool = True, suppressed: int = 0) -> Bundle:
        """The report as it stands, with what goes with it; the same story gives the same bytes."""
        from reporter.report.build import build

        left_out = self._contents.left_out()
        logs, missing = self._log_tails() if "logs" not in left_out else ([], [])
        return build(
            reference=self.reference,
            report_id=self._id,
            created_at=self._created_at,
            sent_by_person=sent_by_person,
            failure=self.failure,
            verdict=self.verdict,
            facts=self._collected(),
            story=story,
            left_out=left_out,
            attachments=self._album.attachments(),
            logs=logs,
            dropped=missing,
            names=self._names(),
            suppressed=suppressed,
        )

    def details(self) -> str:
        """The technical text, scrubbed; made when it is asked for, because scrubbing takes memory."""
        from reporter.report.details import details

        return details(self.failure, self.verdict, self._measured)

    def about(self) -> About:
        """The platform and configuration information."""
        from reporter.facts.text import about

        return about(self._collected(), self.texts)

    def open_link(self, url: str) -> bool:
        """Open a link in the person's browser, if it is a safe one; whether that worked."""
        import webbrowser

        from reporter.texts.safe import why_unsafe_link

        try:
            return why_unsafe_link(url) is None and webbrowser.open(url)
        except (webbrowser.Error, OSError):
            return False

    def _is_known_fault(self) -> bool:
        """The startup-error service speaks of it: support needs no report, only to know how many."""
        return explanation.told_to_all(self.verdict) is not None

    def _draft_file(self) -> Path:
        import hashlib

        from reporter.settings import paths

        whose = f"{self.application}\n{explanation.host_of(self.failure.target)}"
        return paths.drafts(os.environ) / f"{hashlib.sha256(whose.encode()).hexdigest()[:16]}.json"

    def _log_tails(self) -> tuple[list[LogTail], list[Dropped]]:
        """The ends of the logs as they were when they were first asked for: a preview stays true."""
        with self._once:
            if self._logs is None:
                from reporter.report import logs

                patterns = self._loaded.settings.attach_logs
                self._logs = logs.collect(patterns) if patterns else ([], [])
            return self._logs

    def _names(self) -> Names:
        """What is hidden; as it was known when the verdict was found."""
        with self._once:
            if self._hidden is None or self._hidden[0] is not self.verdict:
                names = examination.names(self._loaded, self.failure, self.verdict)
                self._hidden = (self.verdict, names)
            return self._hidden[1]

    def _collected(self) -> Facts:
        with self._once:
            if self._facts is None:
                application = self.failure.application
                self._facts = examination.collect_facts(
                    self._loaded,
                    name=application.name if application else "",
                    version=application.version if application else "",
                    target=self.failure.target,
                    program_pid=self._program_pid,
                )
            return self._facts

    def _known(self) -> explanation.Known:
        """What the person can be told of, as it is known now."""
        return explanation.Known(
            failure=self.failure,
            verdict=self.verdict,
            application=self.application,
            help=self._help(),
            brand=self._brand,
            can_send=self.can_send,
            has_host=self.has_host,
            accepts_access_code=self._host is not None and self._host.accepts_access_code,
            automatic=self._host is not None and self._host.automatic,
        )

    def _help(self) -> Help:
        """What the administrator offers for this verdict."""
        cause, layer = (self.verdict.cause, self.verdict.layer) if self.verdict else ("", "")
        return self._loaded.settings.help_for(cause, layer, self.texts.language)
