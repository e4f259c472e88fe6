"""Outbox: the verbs of delivery, with the settings in force: keep, send, leave to the courier."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from reporter import program
from reporter.delivery.receipt import Receipt, State
from reporter.errors import ReporterError, SpoolError
from reporter.report.model import Bundle

if TYPE_CHECKING:
    from reporter.delivery.destination import Check, Destination, Outcome, Precheck
    from reporter.delivery.envelope import Envelope, Pause, Rest
    from reporter.delivery.health import Health
    from reporter.delivery.postman import Postman
    from reporter.delivery.spool import Spool
    from reporter.settings.layers import Loaded
    from reporter.settings.model import Settings

ASKED_FOR_REPORTS = 5
ASKED_FOR_DAYS = 30
"""Of so many reports, and no older ones, the agent asks by itself whether support has answered."""


def send(
    bundle: Bundle,
    *,
    loaded: Loaded,
    counts_only: bool = False,
    when_kept: Callable[[], None] = lambda: None,
) -> Receipt:
    """Make a report durable, then try to deliver it now.

    ``counts_only``: the endpoint knows the fault and is only told "me too". What stays queued is left to the
    courier. ``when_kept`` is called as soon as the report is durable. Raises SpoolError where the report
    could not be kept and, tried once all the same, not be delivered either.
    """
    receipt: Receipt | None = None
    try:
        with _watched_spool(loaded) as kept:
            receipt = _enqueue(bundle, kept, loaded, counts_only=counts_only)
            when_kept()
            if receipt.state is State.QUEUED:
                receipt = postman(kept, loaded).deliver(receipt.reference)
    except SpoolError as error:
        if receipt is None:
            receipt = _send_unkept(bundle, loaded, counts_only=counts_only)
            if receipt is None:
                raise
        _log(str(error))  # where it is kept, that is true whatever became of the try
    leave_to_courier(loaded)
    return receipt


def _send_unkept(bundle: Bundle, loaded: Loaded, *, counts_only: bool) -> Receipt | None:
    from reporter.delivery.postman import deliver_unkept

    envelope = msgspec.structs.replace(_envelope(bundle), counts_only=counts_only)
    return deliver_unkept(envelope, destinations(loaded))


def admit(fingerprint: str) -> int | None:
    """Whether an automatic report of this kind may be made now: None where one was within the last hour,
    else how many were suppressed since. Raises SpoolError."""
    with _watched_spool() as kept:
        return kept.admit(fingerprint)


def enqueue(bundle: Bundle, *, loaded: Loaded, counts_only: bool = False) -> Receipt:
    """Make a report durable and leave it to the courier; raises SpoolError when it could not be kept."""
    with _watched_spool(loaded) as kept:
        receipt = _enqueue(bundle, kept, loaded, counts_only=counts_only)
    leave_to_courier(loaded)
    return receipt


def _enqueue(bundle: Bundle, kept: Spool, loaded: Loaded, *, counts_only: bool = False) -> Receipt:
    return kept.enqueue(
        bundle.report.reference,
        bundle.report_json,
        bundle.attachments,
        sendable=bool(loaded.settings.destinations_in_order()),
        sent_by_person=bundle.report.sent_by_person,
        fingerprint=bundle.report.fingerprint,
        counts_only=counts_only,
    ).receipt()


def precheck(bundle: Bundle, loaded: Loaded) -> Precheck | None:
    """How much of a report is wanted: the word of the first destination that has one, else None.

    Takes a few seconds at most for each destination. Never raises.
    """
    question = _envelope(bundle).question()
    try:
        places = destinations(loaded)
    except ReporterError:
        return None  # said when the settings were read
    answers = (place.precheck(question) for place in places)
    found = next((answer for answer in answers if answer is not None and answer.later is None), None)
    if found is not None and found.spread_s is not None:
        try:
            with _watched_spool() as kept:
                kept.standing.spread(found.spread_s)
        except ReporterError as error:
            _log(str(error))
    return found


def answers() -> list[Receipt]:
    """The answers of support that nobody has seen, as they are known here; never raises."""
    if not _spool_file().exists():
        return []
    try:
        with _watched_spool() as kept:
            return [envelope.receipt() for envelope in kept.answers()]
    except ReporterError:
        return []


def latest(limit: int) -> list[Receipt]:
    """What became of the last reports that this person sent, newest first; never raises."""
    if not _spool_file().exists():
        return []
    try:
        with _watched_spool() as kept:
            known = sorted(kept.list(), key=lambda envelope: envelope.created_at, reverse=True)
            return [envelope.receipt() for envelope in known if envelope.sent_by_person][:limit]
    except ReporterError:
        return []


def inquire(loaded: Loaded) -> None:
    """Ask what became of the last reports that support has; what it answered is in ``answers`` then.

    May take long where nothing can be reached; asks nobody where reports are switched off. Never raises.
    """
    settings = loaded.settings
    if not _spool_file().exists() or not settings.destinations_in_order() or settings.submission == "off":
        return
    since = datetime.now(UTC) - timedelta(days=ASKED_FOR_DAYS)
    try:
        with _watched_spool() as kept:
            known = sorted(kept.list(), key=lambda envelope: envelope.created_at)
            # Support may add to an answer, or correct it.
            has_it = (State.ACCEPTED, State.ANSWERED)
            open_ones = [one for one in known if one.state in has_it and one.created_at >= since]
            sender = postman(kept, loaded)
            for envelope in open_ones[-ASKED_FOR_REPORTS:]:
                sender.inquire(envelope.reference)
    except ReporterError as error:
        _log(str(error))


def mark_seen(reference: str, answer: str) -> None:
    """The person was shown support's ``answer``; never raises."""
    try:
        with _watched_spool() as kept:
            kept.mark_seen(reference, answer)
    except ReporterError as error:
        _log(str(error))


def hand_to_mail(bundle: Bundle, mailbox: str) -> bool:
    """Open the report as a draft in the person's mail program; whether one was started. Never raises."""
    from reporter.delivery import mailprogram
    from reporter.settings import paths

    return mailprogram.hand_over(_envelope(bundle), folder=paths.mails(os.environ), mailbox=mailbox)


def mailbox(loaded: Loaded, help_url: str) -> str:
    """Where a report may go by mail: the first mailbox of the settings; empty where they name none."""
    for address in (*loaded.settings.destinations_in_order(), help_url):
        parts = urlsplit(address)
        if parts.scheme in ("smtp", "smtps"):
            return unquote(parts.path.strip("/"))
        if parts.scheme == "mailto":
            return unquote(parts.path)
    return ""


def _envelope(bundle: Bundle) -> Envelope:
    """A report as the ways of delivery know it, which waits nowhere."""
    from reporter.delivery.envelope import Envelope

    report = bundle.report
    return Envelope(
        reference=report.reference,
        report_json=bundle.report_json,
        attachments=bundle.attachments,
        state=State.SAVED,
        tries=0,
        server_faults=0,
        wait_s=0.0,
        next_try_at=None,
        created_at=report.created_at,
        sent_by_person=report.sent_by_person,
        page="",
        reason="",
        history=[],
        fingerprint=report.fingerprint,
    )


def spool(loaded: Loaded | None = None) -> Spool:
    """This person's spool, to be closed after use; raises SpoolError."""
    from reporter.delivery.spool import Spool

    if loaded is None:
        return Spool(_spool_file())
    return Spool(_spool_file(), spread_s=loaded.settings.spread_seconds)


@contextmanager
def _watched_spool(loaded: Loaded | None = None) -> Iterator[Spool]:
    """The spool where nobody reads a command's output: what is to be said of it is logged."""
    with spool(loaded) as kept:
        try:
            yield kept
        finally:
            if kept.remark:
                _log(kept.remark)


def _log(sentence: str) -> None:
    import logging

    logging.getLogger("reporter").warning(sentence)


def postman(kept: Spool, loaded: Loaded) -> Postman:
    """The postman for a spool and the settings' destinations."""
    from reporter.delivery.postman import Postman

    return Postman(kept, destinations(loaded), reduce=_reduce)


def destinations(loaded: Loaded) -> list[Destination]:
    """The settings' destinations, in the order in which they are tried; connects to nothing yet."""
    return [destination(address, loaded) for address in loaded.settings.destinations_in_order()]


def destination(address: str, loaded: Loaded) -> Destination:
    """One destination, with what the settings say of signing in; connects to nothing. Raises UsageError."""
    from reporter.delivery.destination import open_destination
    from reporter.report.bundle import pack

    settings = loaded.settings
    return open_destination(
        address,
        pack=pack,
        credentials_file=settings.credentials_file,
        certificate=settings.client_certificate,
        key=settings.client_key,
    )


def check(address: str, loaded: Loaded) -> tuple[str, Check]:
    """Look at one destination without sending a report; its name, as pauses have it, and what was found.

    Raises UsageError for an address that is none.
    """
    chosen = destination(address, loaded)
    return chosen.name, chosen.check()


def try_out(bundle: Bundle, address: str, loaded: Loaded) -> Outcome:
    """Deliver one report to one destination now, past the spool; raises UsageError.

    One that takes it is not paused any more.
    """
    chosen = destination(address, loaded)
    outcome = chosen.deliver(_envelope(bundle))
    if outcome.kind == "accepted" and _spool_file().exists():
        with _watched_spool() as kept:
            kept.standing.resume(chosen.name)
    return outcome


def hold_ups() -> tuple[tuple[Pause, ...], tuple[Rest, ...]]:
    """The destinations that are paused, and those that asked for time; raises SpoolError."""
    if not _spool_file().exists():
        return (), ()
    with _watched_spool() as kept:
        return kept.standing.pauses(), kept.standing.rests()


def health() -> Health | None:
    """The health of this person's spool, None where none was begun; raises SpoolError."""
    from reporter.delivery.health import examine

    return examine(_spool_file()) if _spool_file().exists() else None


def spool_place() -> Path:
    """The folder of this person's spool."""
    return _spool_file().parent


def has_courier() -> bool:
    """Whether a courier is at work on this person's spool."""
    from reporter.delivery import courier

    return courier.is_at_work(_spool_file())


def _reduce(envelope: Envelope) -> Envelope:
    """The summary of a report that waits."""
    from reporter.report.summary import summarize_document

    return msgspec.structs.replace(
        envelope, report_json=summarize_document(envelope.report_json), attachments=[]
    )


def shown(address: str) -> str:
    """The address of a destination without its secrets, as pauses and histories name it."""
    from reporter.texts.safe import without_secrets

    return without_secrets(address)


def leave_to_courier(loaded: Loaded) -> None:
    """Start the process that sends what waits, now and later; see delivery/courier.py. Never raises.

    Where one is at work already, the new one leaves at once. What has been kept for too long goes, too.
    """
    from reporter.delivery import courier
    from reporter.settings.layers import Layer

    settings = loaded.settings
    if not _spool_file().exists():
        return
    command = [*program.agent_command(), "queue", "flush", "--wait"]
    if loaded.origins["endpoint"].layer is Layer.COMMAND_LINE:
        command += ["--endpoint", settings.endpoint]
    try:
        with _watched_spool() as kept:
            _tidy(kept, settings)
            waits = kept.next_due_s(datetime.now(UTC)) is not None
        if waits and settings.destinations_in_order() and settings.submission != "off":
            courier.start(command)
    except (ReporterError, OSError):
        return  # it stays in the spool; the next command tries again


def stay_as_courier(load: Callable[[], Loaded]) -> list[Receipt]:
    """Send what waits, now and later, for two hours at most; raises SpoolError.

    ``load`` gives the settings anew for every round: an administrator's word counts from then on.
    """
    from reporter.delivery import courier
    from reporter.delivery.postman import Postman

    def for_a_round(kept: Spool) -> Postman:
        loaded = load()
        return postman(kept, loaded) if loaded.settings.submission != "off" else Postman(kept, [])

    return courier.stay(_spool_file(), for_a_round, spread_s=load().settings.spread_seconds)


def _tidy(kept: Spool, settings: Settings) -> None:
    """Forget reports and drafts of mails that have been kept as long as they should be."""
    from reporter.delivery import mailprogram
    from reporter.settings import paths

    limit_bytes = settings.spool_limit_mb * 1_000_000
    for sentence in kept.tidy(retention_days=settings.retention_days, limit_bytes=limit_bytes):
        _log(sentence)
    mailprogram.tidy(paths.mails(os.environ))


def _spool_file() -> Path:
    from reporter.settings import paths

    return paths.spool(os.environ) / "spool.sqlite"
