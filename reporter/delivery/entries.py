"""Entries: the rows of the spool's database, read as envelopes; one that cannot be is marked refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from reporter import program
from reporter.delivery.database import REPORT_COLUMNS
from reporter.delivery.envelope import Attempt, Envelope
from reporter.delivery.receipt import State
from reporter.report.model import Attachment

DAMAGED_ENTRY = (
    f"its entry in the queue was damaged; it is kept, and “{program.command()} queue export” writes it out"
)
_SELECT = f"SELECT {REPORT_COLUMNS} FROM reports "  # noqa: S608 - constants


def select(db: sqlite3.Connection, which: str, *values: str, now: datetime) -> Sequence[Envelope]:
    """The envelopes that the clause ``which`` selects; an entry that cannot be read is marked first."""
    envelopes = []
    for row in db.execute(_SELECT + which, values).fetchall():
        try:
            envelopes.append(_envelope(db, row))
        except (ValueError, TypeError, OverflowError, OSError):
            mended = _mark_damaged(db, row, now)
            if mended is not None:
                envelopes.append(mended)
    return envelopes


def _envelope(db: sqlite3.Connection, row: tuple[Any, ...]) -> Envelope:
    """The envelope of a row; raises ValueError, TypeError, OverflowError or OSError for an odd one."""
    kept = dict(zip(REPORT_COLUMNS.split(", "), row, strict=True))
    reference = kept["reference"]
    files = db.execute(
        "SELECT name, content_type, content FROM attachments WHERE reference = ? ORDER BY position",
        (reference,),
    )
    attempts = db.execute(
        "SELECT at, destination, outcome, reason, server_fault FROM attempts WHERE reference = ? ORDER BY id",
        (reference,),
    )
    envelope = Envelope(
        **kept
        | {
            "state": State(kept["state"]),
            "sent_by_person": bool(kept["sent_by_person"]),
            "counts_only": bool(kept["counts_only"]),
            "answer_seen": bool(kept["answer_seen"]),
            "created_at": moment(kept["created_at"]),
            "next_try_at": None if kept["next_try_at"] is None else moment(kept["next_try_at"]),
            "answered_at": None if kept["answered_at"] is None else moment(kept["answered_at"]),
            "attachments": [Attachment(name=n, content_type=t, content=c) for n, t, c in files],
            "history": [
                Attempt(at=moment(at), destination=d, outcome=o, reason=r, server_fault=bool(fault))
                for at, d, o, r, fault in attempts
            ],
        }
    )
    # SQLite keeps any type in any column; this raises for what is not as declared.
    plain = msgspec.to_builtins(envelope, builtin_types=(bytes, datetime))
    return msgspec.convert(plain, Envelope, builtin_types=(bytes, datetime))


def _mark_damaged(db: sqlite3.Connection, row: tuple[Any, ...], now: datetime) -> Envelope | None:
    """Keep what can be kept of an entry that cannot be read; None where not even its reference can."""
    reference, report_json = row[:2]
    if not isinstance(reference, str):
        return None
    content = report_json if isinstance(report_json, bytes) else str(report_json).encode("utf-8", "replace")
    db.execute("DELETE FROM attempts WHERE reference = ?", (reference,))
    db.execute(
        "DELETE FROM attachments WHERE reference = ? AND NOT "
        "(typeof(name) = 'text' AND typeof(content_type) = 'text' AND typeof(content) = 'blob')",
        (reference,),
    )
    db.execute(
        "UPDATE reports SET report_json = ?, state = ?, tries = 0, server_faults = 0, wait_s = 0, "
        "next_try_at = NULL, created_at = ?, sent_by_person = 1, page = '', reason = ?, token = '', "
        "fingerprint = '', counts_only = 0, answer = '', answered_at = NULL, answer_seen = 0 "
        "WHERE reference = ?",
        (content, State.REFUSED, now.timestamp(), DAMAGED_ENTRY, reference),
    )
    [mended] = db.execute(_SELECT + "WHERE reference = ?", (reference,))
    return _envelope(db, mended)


def moment(epoch_s: float) -> datetime:
    """A time as it stands in the database."""
    return datetime.fromtimestamp(epoch_s, UTC)
