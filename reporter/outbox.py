"""Outbox: the verbs of delivery, with the settings in force: keep, send, leave to the courier."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from reporter.capture.handover import agent_command
from reporter.delivery.receipt import Receipt, State
from reporter.errors import ReporterError
from reporter.report.model import Bundle

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope
    from reporter.delivery.postman import Postman
    from reporter.delivery.spool import Spool
    from reporter.settings.layers import Loaded


def send(bundle: Bundle, *, loaded: Loaded, counts_only: bool = False) -> Receipt:
    """Make a report durable, then try to deliver it now; raises SpoolError when it could not be kept.

    ``counts_only``: the endpoint knows the fault and is only told "me too". What stays queued is left to the
    courier.
    """
    with _watched_spool(loaded) as kept:
        receipt = _enqueue(bundle, kept, loaded, counts_only=counts_only)
        if receipt.state is State.QUEUED:
            receipt = postman(kept, loaded).deliver(receipt.reference)
    leave_to_courier(loaded)
    return receipt


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
    from reporter.delivery.destination import open_destination
    from reporter.delivery.postman import Postman
    from reporter.report.bundle import pack

    settings = loaded.settings
    destinations = [
        open_destination(
            address,
            pack=pack,
            credentials_file=settings.credentials_file,
            certificate=settings.client_certificate,
            key=settings.client_key,
        )
        for address in settings.destinations_in_order()
    ]
    return Postman(kept, destinations, reduce=_reduce)


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

    settings = loaded.settings
    receipts = courier.stay(_spool_file(), lambda kept: postman(kept, loaded))
    if _spool_file().exists():
        with _watched_spool(loaded) as kept:
            for sentence in kept.tidy(
                retention_days=settings.retention_days, limit_bytes=settings.spool_limit_mb * 1_000_000
            ):
                _log(sentence)
    return receipts


def _spool_file() -> Path:
    from reporter.settings import paths

    return paths.spool(os.environ) / "spool.sqlite"
