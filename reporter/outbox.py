"""Outbox: the verbs of delivery, with the settings in force: keep, send, leave to the courier."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reporter.capture.handover import agent_command
from reporter.delivery.receipt import Receipt, State
from reporter.errors import ReporterError
from reporter.report.model import Bundle

if TYPE_CHECKING:
    from reporter.delivery.postman import Postman
    from reporter.delivery.spool import Spool
    from reporter.settings.layers import Loaded


def send(bundle: Bundle, *, loaded: Loaded) -> Receipt:
    """Make a report durable, then try to deliver it now; raises SpoolError when it could not be kept.

    What stays queued is left to the courier.
    """
    with _watched_spool() as kept:
        receipt = _enqueue(bundle, kept, loaded)
        if receipt.state is State.QUEUED:
            receipt = postman(kept, loaded).deliver(receipt.reference)
    leave_to_courier(loaded)
    return receipt


def enqueue(bundle: Bundle, *, loaded: Loaded) -> Receipt:
    """Make a report durable and leave it to the courier; raises SpoolError when it could not be kept."""
    with _watched_spool() as kept:
        receipt = _enqueue(bundle, kept, loaded)
    leave_to_courier(loaded)
    return receipt


def _enqueue(bundle: Bundle, kept: Spool, loaded: Loaded) -> Receipt:
    return kept.enqueue(
        bundle.report.reference,
        bundle.report_json,
        bundle.attachments,
        sendable=bool(loaded.settings.destinations_in_order()),
        sent_by_person=bundle.report.sent_by_person,
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
