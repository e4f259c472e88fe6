"""The story of one failure, from the first message to the receipt.

``stand_in`` is the main path, in order:

1. a Case is opened for the Failure, with the settings in force and a reference number;
2. a face shows the first notice at once: what is known without measuring anything;
3. ``Case.diagnose`` measures Evidence and judges it to a Verdict; the notice is refined;
4. the person reads, looks under the hood, tries again, or tells the story;
5. ``Case.send`` builds the Report from exactly what the preview showed, makes it durable in the spool,
   and hands it to the postman; the Receipt says honestly what became of it;
6. the host application goes on; whatever still waits is left to a courier, a process of its own.

Every room is known here by its verb, and no detail of any.
"""

from __future__ import annotations

import os
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from reporter.capture.failure import Failure
from reporter.capture.handover import Farewell, Result, agent_command
from reporter.delivery.receipt import Receipt, State
from reporter.diagnosis.evidence import ServiceNoticeOutcome
from reporter.diagnosis.verdict import Retry, Verdict
from reporter.errors import FaceUnavailable, ReporterError, TargetError
from reporter.report.model import Story, to_bytes
from reporter.texts import N_, Translator, translator
from reporter.ui.notice import Notice
from reporter.ui.presenter import Presenter, Recovery, RetryResult

if TYPE_CHECKING:
    from reporter.delivery.postman import Postman
    from reporter.delivery.spool import Spool
    from reporter.diagnosis.ladder import StageProgress
    from reporter.diagnosis.surroundings import Surroundings
    from reporter.facts.model import Facts
    from reporter.report.model import Report
    from reporter.settings.layers import Loaded
    from reporter.settings.model import Settings
    from reporter.ui.face import Face

FIRST_ADVICE = (
    N_("Check the network connection."),
    N_("Check that the connection parameters are right."),
)
NETWORK_LAYERS = ("local", "dns", "portal", "proxy")
"""Layers whose faults keep every server out of reach, not only this one."""
CRASH_ADVICE = (
    N_("Start the program again; what was saved before is still there."),
    N_("If it happens again, send a report: it holds what support needs to find the cause."),
)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a dialog ended with; ``reporter show --json`` prints it.

    ``report`` holds the reference, null when no report was made; ``succeeded``: a further try worked.
    """

    verdict: Verdict | None
    report: dict[str, str] | None
    receipt: Receipt | None
    succeeded: bool

    @property
    def is_solved(self) -> bool:
        """Nothing is wrong any more."""
        return self.succeeded or (self.verdict is not None and self.verdict.cause == "ok")


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


def stand_in(failure: Failure, *, loaded: Loaded, face: Face, host: Host | None = None) -> Outcome:
    """Show the dialog for one failure and return when it is closed; see the module's docstring."""
    case = Case(failure, loaded=loaded, host=host)
    presenter = Presenter(case, case.texts)
    face.run(presenter)
    receipt = presenter.receipt
    if receipt is None and loaded.settings.submission == "auto" and not presenter.succeeded:
        receipt = case.send_automatically()
    if host is not None:
        host.close(Farewell(verdict=case.verdict, receipt=receipt))
    leave_to_courier(loaded)
    return Outcome(
        verdict=case.verdict,
        report=None if receipt is None else {"reference": receipt.reference},
        receipt=receipt,
        succeeded=presenter.succeeded,
    )


class Case:
    """One failure and all that is known of it; the dialog's desk.

    Its verbs are called on background threads. What may fail in them is told in a notice or a receipt.
    """

    def __init__(self, failure: Failure, *, loaded: Loaded, host: Host | None = None) -> None:
        from reporter.report import reference

        self.failure = failure
        self.texts: Translator = translator(loaded.settings.language)
        self.verdict: Verdict | None = None
        self.reference = reference.mint()
        self.application = failure.application.name if failure.application else ""
        self.can_send = loaded.settings.submission != "off"
        self.has_host = host is not None and host.can_retry
        self._loaded = loaded
        self._host = host
        self._id = str(uuid.uuid4())
        self._created_at = datetime.now(UTC).astimezone()
        self._measured: list[str] | None = None
        self._facts: Facts | None = None
        self._facts_lock = threading.Lock()

    def first_notice(self) -> Notice:
        """What can be said before anything was measured."""
        say = self.texts.say
        if self.failure.action != "run":
            headline = say(
                "No connection to {host} could be made",
                host=_host_of(self.failure.target) or say("the server"),
            )
            advice = FIRST_ADVICE
        else:
            name = self.application or say("The program")
            headline = say("{application} has ended unexpectedly", application=name)
            advice = CRASH_ADVICE
        return self._notice(headline, [say(sentence) for sentence in advice])

    def diagnose(self, show: Callable[[Notice], None]) -> Notice:
        """Measure, judge, and say why; ``show`` receives the notice with what is measured so far."""
        measured = self._measured = []

        def note(progress: StageProgress) -> None:
            if progress.result:
                measured.append(f"{progress.stage}  {progress.result}")
                show(self.first_notice())

        from reporter.diagnosis.extension import installed
        from reporter.diagnosis.narrative import narrate

        try:
            self.verdict = diagnose(
                self.failure.target,
                settings=self._loaded.settings,
                failure=self.failure,
                texts=self.texts,
                observer=note,
            )
            self._measured = [*narrate(self.verdict.evidence), *installed().gaps]
        except TargetError as error:
            self.verdict = hearsay(self.failure, self.texts)
            self._measured = [str(error)] if self.failure.target else []
        if self.failure.action == "run":
            return self.first_notice()
        return self._notice(self.verdict.headline, self.verdict.advice)

    def look_again(self) -> Recovery:
        """Measure once more, and compare with the verdict that is shown."""
        if self.verdict is None:
            return Recovery.NOTHING
        found = diagnose(self.failure.target, texts=self.texts, settings=self._loaded.settings)
        if found.cause == "ok":
            return Recovery.SERVER
        was_cut_off = self.verdict.layer in NETWORK_LAYERS and found.layer not in NETWORK_LAYERS
        return Recovery.NETWORK if was_cut_off else Recovery.NOTHING

    def retry(self, access_code: str) -> RetryResult:
        """Ask the host for one more try of the login."""
        result = self._host.ask(access_code) if self._host is not None else None
        if result is None:
            self.has_host = False
            return RetryResult.HOST_GONE
        if result.failure is None:
            return RetryResult.SUCCEEDED
        self.failure = result.failure
        return RetryResult.FAILED

    def preview(self, story: Story) -> str:
        """The bytes that ``send`` would send, as text."""
        return to_bytes(self.report(story)).decode()

    def send(self, story: Story) -> Receipt:
        """Make the report durable and try to deliver it; raises ReporterError when it could not be kept."""
        return send(self.report(story), loaded=self._loaded)

    def send_automatically(self) -> Receipt | None:
        """Queue a report without a story, for the postman to send; None when there is nothing to tell."""
        if self.verdict is not None and self.verdict.cause == "ok":
            return None
        try:
            return enqueue(self.report(Story(), sent_by_person=False), loaded=self._loaded)
        except ReporterError:
            return None

    def report(self, story: Story, *, sent_by_person: bool = True) -> Report:
        """The report as it stands; the same story gives the same report."""
        from reporter.report.build import build
        from reporter.settings.model import Settings

        every = Settings().allowed_sections
        return build(
            reference=self.reference,
            report_id=self._id,
            created_at=self._created_at,
            sent_by_person=sent_by_person,
            failure=self.failure,
            verdict=self.verdict,
            facts=self._collected(),
            story=story,
            left_out=[name for name in every if name not in self._loaded.settings.allowed_sections],
        )

    def about(self) -> str:
        """The platform and configuration information as text."""
        from reporter.facts.text import as_text

        return as_text(self._collected(), self.texts)

    def open_link(self, url: str) -> bool:
        """Open a link in the person's browser, if it is a safe one; whether that worked."""
        import webbrowser

        from reporter.texts.safe import why_unsafe_link

        try:
            return why_unsafe_link(url) is None and webbrowser.open(url)
        except (webbrowser.Error, OSError):
            return False

    def _collected(self) -> Facts:
        with self._facts_lock:
            if self._facts is None:
                application = self.failure.application
                self._facts = collect_facts(
                    self._loaded,
                    name=application.name if application else "",
                    version=application.version if application else "",
                )
            return self._facts

    def _notice(self, headline: str, advice: list[str]) -> Notice:
        verdict = self.verdict
        cause, layer = (verdict.cause, verdict.layer) if verdict else ("", "")
        offered = self._loaded.settings.help_for(cause, layer, self.texts.language)
        accepts_code = self._host is not None and self._host.accepts_access_code
        automatic = self._host is not None and self._host.automatic
        service = verdict.evidence.service_notice if verdict else None
        is_told = service is not None and service.outcome is ServiceNoticeOutcome.VALID
        return Notice(
            headline=headline,
            advice=advice,
            help_text=offered.text,
            help_url=offered.url,
            retry=verdict.retry if verdict and automatic else Retry.AFTER_FIX,
            retry_at=verdict.retry_at if verdict else None,
            asks_access_code=cause == "app.session_locked" and accepts_code,
            may_recover=layer != "" and verdict is not None and verdict.retry is not Retry.BY_HAND,
            service_message=service.message if service and is_told else "",
            service_until=service.until if service and is_told else None,
            service_url=service.url if service and is_told else "",
            details=self._details(),
        )

    def _details(self) -> str:
        """The technical text; empty before the first view, which must not wait for it."""
        if self._measured is None:
            return ""
        from reporter.report.details import details

        return details(self.failure, self.verdict, self._measured)


def diagnose(
    address: str,
    *,
    settings: Settings | None = None,
    failure: Failure | None = None,
    texts: Translator | None = None,
    deadline_s: float = 5.0,
    observer: Callable[[StageProgress], None] | None = None,
) -> Verdict:
    """Measure the way to an address and judge it; raises TargetError for an address that is not one.

    ``settings`` name what else in the network may be asked.
    """
    from reporter.diagnosis import rules
    from reporter.diagnosis.hearsay import heard
    from reporter.diagnosis.ladder import examine
    from reporter.diagnosis.target import parse_target

    reported = None if failure is None else heard(failure)
    evidence = examine(
        parse_target(address),
        surroundings=_surroundings(settings),
        reported=reported,
        deadline_s=deadline_s,
        observer=observer,
    )
    return rules.diagnose(evidence, texts)


def _surroundings(settings: Settings | None) -> Surroundings:
    from reporter.diagnosis.surroundings import Surroundings

    if settings is None:
        return Surroundings()
    return Surroundings(
        control_urls=settings.control_urls,
        portal_url=settings.portal_url,
        status_url=settings.status_url,
        language=translator(settings.language).language,
    )


def hearsay(failure: Failure, texts: Translator | None = None) -> Verdict:
    """The verdict from what the host application saw alone, where there is no address to measure."""
    from reporter.diagnosis import rules
    from reporter.diagnosis.hearsay import heard
    from reporter.diagnosis.ladder import unmeasured

    return rules.diagnose(unmeasured(None, heard(failure)), texts)


def send(report: Report, *, loaded: Loaded) -> Receipt:
    """Make a report durable, then try to deliver it now; raises SpoolError when it could not be kept.

    What stays queued is left to the courier.
    """
    with _watched_spool() as kept:
        receipt = _enqueue(report, kept, loaded)
        if receipt.state is State.QUEUED:
            receipt = postman(kept, loaded).deliver(report.reference)
    leave_to_courier(loaded)
    return receipt


def enqueue(report: Report, *, loaded: Loaded) -> Receipt:
    """Make a report durable and leave it to the courier; raises SpoolError when it could not be kept."""
    with _watched_spool() as kept:
        receipt = _enqueue(report, kept, loaded)
    leave_to_courier(loaded)
    return receipt


def _enqueue(report: Report, kept: Spool, loaded: Loaded) -> Receipt:
    return kept.enqueue(
        report.reference,
        to_bytes(report),
        [],
        sendable=bool(loaded.settings.destinations_in_order()),
        sent_by_person=report.sent_by_person,
    ).receipt()


def spool() -> Spool:
    """This person's spool, to be closed after use; raises SpoolError."""
    from reporter.delivery.spool import Spool

    return Spool(_spool_file())


@contextmanager
def _watched_spool() -> Iterator[Spool]:
    """The spool where nobody reads a command's output: damage found in it is logged."""
    with spool() as kept:
        try:
            yield kept
        finally:
            if kept.remark:
                import logging

                logging.getLogger("reporter").warning(kept.remark)


def postman(kept: Spool, loaded: Loaded) -> Postman:
    """The postman for a spool and the settings' destinations."""
    from reporter.delivery.destination import open_destination
    from reporter.delivery.postman import Postman

    addresses = loaded.settings.destinations_in_order()
    return Postman(kept, [open_destination(address) for address in addresses])


def leave_to_courier(loaded: Loaded) -> None:
    """Start the process that sends what waits, now and later; see delivery/courier.py. Never raises.

    Where one is at work already, the new one leaves at once.
    """
    from reporter.delivery import courier
    from reporter.settings.layers import Layer

    settings = loaded.settings
    if not settings.destinations_in_order() or settings.submission == "off" or not _spool_file().exists():
        return
    command = [*agent_command(), "queue", "flush", "--wait"]
    if loaded.origins["endpoint"].layer is Layer.COMMAND_LINE:
        command += ["--endpoint", settings.endpoint]
    try:
        with _watched_spool() as kept:
            waits = kept.next_due_s(datetime.now(UTC)) is not None
        if waits:
            courier.start(command)
    except (ReporterError, OSError):
        return  # it stays in the spool; the next command tries again


def stay_as_courier(loaded: Loaded) -> list[Receipt]:
    """Send what waits, now and later, for two hours at most; raises SpoolError."""
    from reporter.delivery import courier

    return courier.stay(_spool_file(), lambda kept: postman(kept, loaded))


def _spool_file() -> Path:
    from reporter.settings import paths

    return paths.spool(os.environ) / "spool.sqlite"


def collect_facts(loaded: Loaded, *, name: str = "", version: str = "") -> Facts:
    """The facts that the settings allow."""
    from reporter.facts.collect import collect

    settings = loaded.settings
    return collect(
        application_name=name,
        application_version=version,
        settings_in_force=loaded.rows(),
        include_user_name=settings.include_user_name,
        include_host_name=settings.include_host_name,
    )


def load_settings(target: str = "", command_line: Mapping[str, object] | None = None) -> Loaded:
    """The settings in force for a login at ``target``, every problem found in them listed."""
    from reporter.settings.layers import load
    from reporter.settings.published import recall

    return load(
        environ=os.environ,
        command_line=command_line or {},
        published=recall(target, os.environ) if target else None,
    )


# The public API's verbs that need the whole story; see reporter/__init__.py.


def about(*, application: str = "", version: str = "") -> str:
    """The platform and configuration information as text, for a host's own "About" window."""
    from reporter.facts.text import as_text

    loaded = load_settings()
    facts = collect_facts(loaded, name=application, version=version)
    return as_text(facts, translator(loaded.settings.language))


def remember(target: str, *, help_text: str = "", help_url: str = "") -> None:
    """Keep the help that the server published, after a successful login, for later failures to show.

    The values last remembered for a target are shown while nothing with more authority sets them. Never
    raises into the host: what cannot be kept is logged.
    """
    from reporter.settings import published

    try:
        published.remember(target, help_text=help_text, help_url=help_url, environ=os.environ)
    except (ReporterError, OSError):
        import logging

        logging.getLogger("reporter").warning("The published help could not be kept.", exc_info=True)


def watch(command: Sequence[str], *, target: str = "", loaded: Loaded | None = None) -> int:
    """Run a program; show the dialog when it crashes or reports a failed login; return its exit status.

    "Try again" in the dialog starts the program once more. Raises UsageError when it cannot be started.
    """
    from reporter.capture import watched

    while True:
        ended = watched.run(command, target=target)
        if ended.failure is None:
            return ended.status
        in_force = loaded or load_settings(ended.failure.target)
        host = watched.Restart()
        face = face_for(in_force, terminal=at_a_terminal())
        stand_in(ended.failure, loaded=in_force, face=face, host=host)
        if not host.wanted:
            return ended.status


def face_for(loaded: Loaded, *, terminal: bool) -> Face:
    """The face that the settings and this system call for.

    Where the one asked for cannot be shown, the person still gets another; the reason goes to standard error.
    """
    from reporter.ui.select import choose_face

    settings = loaded.settings
    try:
        return choose_face(
            settings.face, appearance=settings.appearance, terminal=terminal, environ=os.environ
        )
    except FaceUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return choose_face("auto", appearance=settings.appearance, terminal=terminal, environ=os.environ)


def at_a_terminal() -> bool:
    """Whether a person sits at this process's terminal."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty())


def _host_of(target: str) -> str:
    from reporter.diagnosis.target import parse_target

    try:
        return parse_target(target).host
    except TargetError:
        return target[:80]
