"""Envelopes as the spool gives them, of any document, and bundles put into a spool."""

from __future__ import annotations

from typing import Any

from reporter.delivery.envelope import Envelope
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.report.model import Attachment, Bundle
from tests.delivery.conftest import NINE, REFERENCE


def enveloped(
    report_json: bytes, *attachments: Attachment, reference: str = REFERENCE, **more: Any
) -> Envelope:
    given: dict[str, Any] = {
        "reference": reference,
        "report_json": report_json,
        "attachments": list(attachments),
        "state": State.QUEUED,
        "tries": 0,
        "server_faults": 0,
        "wait_s": 0.0,
        "next_try_at": None,
        "created_at": NINE,
        "sent_by_person": True,
        "page": "",
        "reason": "",
        "history": [],
    }
    return Envelope(**given | more)


def of_bundle(bundle: Bundle) -> Envelope:
    return enveloped(bundle.report_json, *bundle.attachments, fingerprint=bundle.report.fingerprint)


def keep(spool: Spool, bundle: Bundle, *, sent_by_person: bool = True, counts_only: bool = False) -> str:
    """Put a bundle into the spool; its reference."""
    spool.enqueue(
        bundle.report.reference,
        bundle.report_json,
        bundle.attachments,
        sendable=True,
        sent_by_person=sent_by_person,
        fingerprint=bundle.report.fingerprint,
        counts_only=counts_only,
    )
    return bundle.report.reference
