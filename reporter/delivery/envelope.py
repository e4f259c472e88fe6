"""Envelope: a report as it waits, and the history of its delivery."""

from __future__ import annotations

from datetime import datetime

import msgspec

from reporter.delivery.destination import Question
from reporter.delivery.document import Document
from reporter.delivery.receipt import Receipt, State
from reporter.report.model import Attachment


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the history: ``outcome`` is the kind of an Outcome, or ``busy``; ``reason`` is its clause
    and ``server_fault`` its sign."""

    at: datetime
    destination: str
    outcome: str
    reason: str = ""
    server_fault: bool = False


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """A destination that asked to be left alone ``until`` a time (``Retry-After``), why, and whether that was
    a server fault."""

    destination: str
    until: datetime
    reason: str
    server_fault: bool = False


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """A destination that takes nothing before somebody mends something: ``since`` when, last tried at
    ``tried_at``, and why."""

    destination: str
    since: datetime
    tried_at: datetime
    reason: str


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it waits: ``report_json`` holds exactly the bytes that were previewed.

    ``token``: the report's own secret, by which its sender may ask what became of it; ``fingerprint``: as in
    the report. ``counts_only``: the endpoint needs no report of this kind, it is only told "me too".
    ``answer``: support's words, at ``answered_at``; ``answer_seen``: the person was shown them.

    ``tries``: rounds of delivery so far; ``server_faults``: how often it was answered with a 5xx;
    ``wait_s``: the last wait that backoff drew; ``next_try_at``: null means at once.
    ``page``, ``reason``: as in the Receipt. ``history``: oldest first, the last 50 attempts, and the last 50
    with a server fault.
    """

    reference: str
    report_json: bytes
    attachments: list[Attachment]
    state: State
    tries: int
    server_faults: int
    wait_s: float
    next_try_at: datetime | None
    created_at: datetime
    sent_by_person: bool
    page: str
    reason: str
    history: list[Attempt]
    token: str = ""
    fingerprint: str = ""
    counts_only: bool = False
    answer: str = ""
    answered_at: datetime | None = None
    answer_seen: bool = False

    def question(self) -> Question:
        """What an endpoint is told before this report is sent; as far as its document can be read."""
        document = Document(self.report_json)
        return Question(
            reference=self.reference,
            fingerprint=self.fingerprint or document.text("fingerprint"),
            report_id=str(document.report_id(self.reference)),
            cause=document.text("verdict", "cause"),
            layer=document.text("verdict", "layer"),
            application=document.text("failure", "application", "name"),
            version=document.text("failure", "application", "version"),
            language=document.fact("locale", "language"),
            system=document.fact("system", "family"),
            architecture=document.fact("runtime", "architecture")
            or document.fact("processor", "architecture"),
            is_crash=document.text("failure", "action") == "run",
            sent_by_person=self.sent_by_person,
            token=self.token,
        )

    def receipt(self) -> Receipt:
        """What may be told about it; ``at`` is the moment of the last attempt."""
        told = self._telling()
        return Receipt(
            reference=self.reference,
            state=self.state,
            at=self.history[-1].at if self.history else self.created_at,
            destination="" if told is None else told.destination,
            page=self.page,
            reason=self.reason,
            attempt="" if told is None else told.outcome,
            tries=self.tries,
            next_try_at=self.next_try_at,
            answer=self.answer,
            answered_at=self.answered_at,
        )

    def _telling(self) -> Attempt | None:
        """The last attempt that came to ``reason``: of several destinations, the one the report waits for.

        None where it waits for one that was not tried with it, because another report found it away.
        """
        fitting = (row for row in reversed(self.history) if row.reason == self.reason)
        ended = self.history[-1] if self.history and self.state is not State.QUEUED else None
        return next(fitting, ended)
