"""Kinds: what support says about faults of one fingerprint, who else has them, and what it answers.

A kind needs no report: it may first be heard of by a "count me in", or be set up before anything comes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from reporter.inbox.database import Database

KNOWN_KEPT_S = 1.0
KNOWN_LIMIT_ROWS = 10_000


class Need(StrEnum):
    """How much of a further report is wanted."""

    EVERYTHING = "everything"
    SUMMARY = "summary"
    NOTHING = "nothing"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Words of support. ``to_kind``: they went to everybody who had the fault then."""

    text: str
    written_by: str
    written_at: datetime
    is_solved: bool
    to_kind: bool = False


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """``message``: shown to people before they report; ``reports`` came and ``counted`` more have it too;
    ``changed_at``: when support last changed need and message."""

    fingerprint: str
    need: Need = Need.EVERYTHING
    message: str = ""
    changed_at: datetime | None = None
    reports: int = 0
    counted: int = 0
    answers: list[Answer] = msgspec.field(default_factory=list)


class Kinds:
    """The kinds in a database; what reads takes milliseconds and is called on threads."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._asked: dict[str, tuple[float, Kind]] = {}

    # For agents

    def remembered(self, fingerprint: str) -> Kind | None:
        """What ``asked`` found within the last second: everybody asks about the same fault at once."""
        kept = self._asked.get(fingerprint)
        return kept[1] if kept is not None and time.monotonic() - kept[0] < KNOWN_KEPT_S else None

    def asked(self, fingerprint: str) -> Kind:
        """A kind without its answers."""
        with self._database.reader() as db:
            kind = _kind(db, fingerprint)
        if len(self._asked) >= KNOWN_LIMIT_ROWS:
            self._asked.clear()
        self._asked[fingerprint] = (time.monotonic(), kind)
        return kind

    async def count(self, reference: str, fingerprint: str, token: bytes) -> bool:
        """One more has the fault; false where this reference was counted or reported already."""

        def write(db: sqlite3.Connection) -> bool:
            if db.execute("SELECT 1 FROM reports WHERE reference = ?", (reference,)).fetchone():
                return False
            done = db.execute(
                "INSERT OR IGNORE INTO counts VALUES (?, ?, ?, ?)",
                (reference, fingerprint, self._now().timestamp(), token),
            )
            return done.rowcount > 0

        return await self._database.written(write)

    def status(self, reference: str, token: bytes) -> list[Answer] | None:
        """The answers to one report or count, newest first; None where it is unknown or the token wrong."""
        with self._database.reader() as db:
            row = db.execute(
                "SELECT token, fingerprint, received_at FROM reports WHERE reference = :reference "
                "UNION ALL SELECT token, fingerprint, received_at FROM counts WHERE reference = :reference",
                {"reference": reference},
            ).fetchone()
            # One comparison in every case, so that the time tells nothing.
            kept = row[0] if row and row[0] else bytes(32)
            if not hmac.compare_digest(kept, token) or row is None or not row[0]:
                return None
            return _answers(db, reference, row[1], row[2])

    # For support

    def get(self, fingerprint: str) -> Kind:
        """A kind with all answers that went to everybody who has it."""
        with self._database.reader() as db:
            kind = _kind(db, fingerprint)
            return msgspec.structs.replace(kind, answers=_answers(db, "", fingerprint, 0.0))

    def about(self, reference: str, fingerprint: str, received_at: datetime) -> Kind:
        """The kind of one report, with the answers that its sender gets."""
        with self._database.reader() as db:
            kind = _kind(db, fingerprint)
            answers = _answers(db, reference, fingerprint, received_at.timestamp())
        return msgspec.structs.replace(kind, answers=answers)

    def only_counted(self, limit: int) -> list[tuple[str, int]]:
        """The fingerprints that were counted and never reported, with how many have them."""
        with self._database.reader() as db:
            return db.execute(
                "SELECT fingerprint, count(*) FROM counts WHERE NOT EXISTS "
                "(SELECT 1 FROM reports WHERE reports.fingerprint = counts.fingerprint) "
                "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?",
                (limit,),
            ).fetchall()

    async def want(self, fingerprint: str, need: Need, message: str) -> None:
        """From now on so much is wanted of further reports."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT OR REPLACE INTO kinds VALUES (?, ?, ?, ?)",
                (fingerprint, need, message, self._now().timestamp()),
            )

        await self._database.written(write)
        self._asked.pop(fingerprint, None)

    async def answer(
        self, text: str, *, reference: str = "", fingerprint: str = "", written_by: str, is_solved: bool
    ) -> None:
        """Answer the sender of one report, or with a ``fingerprint`` everybody who has that fault now."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO answers (reference, fingerprint, text, written_by, solved, written_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (reference, fingerprint, text, written_by, is_solved, self._now().timestamp()),
            )

        await self._database.written(write)

    def form_key(self) -> str:
        """The secret that proves that a form was made by this inbox; the same after a restart."""

        def write(db: sqlite3.Connection) -> bytes:
            db.execute("INSERT OR IGNORE INTO keys VALUES ('forms', ?)", (secrets.token_bytes(32),))
            (key,) = db.execute("SELECT value FROM keys WHERE name = 'forms'").fetchone()
            return bytes(key)

        return self._database.write(write).result().hex()


def token_digest(token: str) -> bytes:
    """What is kept of a report's secret; empty for an empty one."""
    return hashlib.sha256(token.encode()).digest() if token else b""


def _kind(db: sqlite3.Connection, fingerprint: str) -> Kind:
    if not fingerprint:
        return Kind(fingerprint="")
    row = db.execute(
        "SELECT need, message, changed_at FROM kinds WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    reports, counted = db.execute(
        "SELECT (SELECT count(*) FROM reports WHERE fingerprint = :kind), "
        "(SELECT count(*) FROM counts WHERE fingerprint = :kind)",
        {"kind": fingerprint},
    ).fetchone()
    if row is None:
        return Kind(fingerprint=fingerprint, reports=reports, counted=counted)
    return Kind(
        fingerprint=fingerprint,
        need=Need(row[0]),
        message=row[1],
        changed_at=datetime.fromtimestamp(row[2], UTC),
        reports=reports,
        counted=counted,
    )


def _answers(db: sqlite3.Connection, reference: str, fingerprint: str, since_s: float) -> list[Answer]:
    rows = db.execute(
        "SELECT text, written_by, written_at, solved, fingerprint <> '' FROM answers "
        "WHERE (reference <> '' AND reference = ?) "
        "OR (fingerprint <> '' AND fingerprint = ? AND written_at >= ?) ORDER BY id DESC",
        (reference, fingerprint, since_s),
    ).fetchall()
    return [
        Answer(
            text=text,
            written_by=by,
            written_at=datetime.fromtimestamp(at, UTC),
            is_solved=bool(solved),
            to_kind=bool(to_kind),
        )
        for text, by, at, solved, to_kind in rows
    ]
