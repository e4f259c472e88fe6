"""Spool: the reports of this computer, kept on its disk until they are delivered, and their history.

What ``enqueue`` returned is on the disk: a power cut or a killed process loses nothing. Several processes use
it at once; every change is one short transaction.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from reporter.delivery import entries
from reporter.delivery.backoff import AUTOMATIC_SPREAD_S, HORIZON_S, LONGEST_WAIT_S, first_wait_s, scale_s
from reporter.delivery.database import Database
from reporter.delivery.envelope import Attempt, Envelope
from reporter.delivery.receipt import State
from reporter.delivery.standing import Standing
from reporter.errors import SpoolError
from reporter.report.model import Attachment

HISTORY_LIMIT_ROWS = 50
AUTOMATIC_INTERVAL_S = 3600.0
"""Of automatic reports with one fingerprint, one may go in this time."""
FINGERPRINTS_LIMIT_ROWS = 1_000
FIRST_MOMENT_S = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""No report is older than this program: an earlier time is that of a clock that was never set."""

NO_DESTINATION = "no destination is set up: set `endpoint`"

# A person's report that found no destination set up is sent once there is one: they pressed Send.
_TO_SEND = f"(state = '{State.QUEUED}' OR (state = '{State.SAVED}' AND sent_by_person))"
_DELIVERED = f"state IN ('{State.ACCEPTED}', '{State.ANSWERED}')"
_ANSWER_WAITS = "(answer <> '' AND NOT answer_seen)"
_LAST_AT = (
    "max(created_at, coalesce(answered_at, 0), "
    "(SELECT coalesce(max(at), 0) FROM attempts WHERE attempts.reference = reports.reference))"
)
_SIZE = (
    "length(report_json) + "
    "(SELECT coalesce(sum(length(content)), 0) FROM attachments "
    "WHERE attachments.reference = reports.reference)"
)


class Spool:
    """The spool at ``path``; close it, or use it in a ``with`` statement. Threads may share it.

    Its private folder is made with it, unless ``make_folder`` is false. ``spread_s``: over how much time
    automatic reports are spread where no endpoint told. Raises SpoolError when the disk
    cannot be used, or when a newer version wrote the spool.
    A single entry that cannot be read is marked as refused, and the rest goes on. ``standing``: what it knows
    of the destinations.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Callable[[], float] | None = None,
        make_folder: bool = True,
        spread_s: float = AUTOMATIC_SPREAD_S,
    ) -> None:
        self.path = path
        self._now = now
        self._random = random or _random
        self._database = Database(path, now=now, make_folder=make_folder)
        self.standing = Standing(self._database, now, spread_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def remark(self) -> str:
        """A sentence when a damaged spool had to be set aside, otherwise empty; ask for it at the end,
        because damage is mostly found while working."""
        return self._database.remark

    def close(self) -> None:
        """Let go of the database; nothing is pending."""
        self._database.close()

    # What the agent does

    def admit(self, fingerprint: str) -> int | None:
        """Whether one more automatic report of this kind may be made now; asking counts it.

        None where one was made within the last hour; else how many were suppressed since.
        """
        now_s = self._now().timestamp()

        def write(db: sqlite3.Connection) -> int | None:
            row = db.execute(
                "SELECT last_at, suppressed FROM automatic WHERE fingerprint = ?", (fingerprint,)
            ).fetchone()
            # A time ahead of now was written by a clock that has since been set back.
            if row is not None and 0 <= now_s - row[0] < AUTOMATIC_INTERVAL_S:
                db.execute(
                    "UPDATE automatic SET suppressed = suppressed + 1 WHERE fingerprint = ?", (fingerprint,)
                )
                return None
            db.execute("INSERT OR REPLACE INTO automatic VALUES (?, ?, 0)", (fingerprint, now_s))
            db.execute(
                "DELETE FROM automatic WHERE rowid NOT IN "
                "(SELECT rowid FROM automatic ORDER BY last_at DESC LIMIT ?)",
                (FINGERPRINTS_LIMIT_ROWS,),
            )
            return 0 if row is None else int(row[1])

        return self._database.run(write)

    def enqueue(
        self,
        reference: str,
        report_json: bytes,
        attachments: Sequence[Attachment],
        *,
        sendable: bool,
        sent_by_person: bool,
        fingerprint: str = "",
        counts_only: bool = False,
    ) -> Envelope:
        """Keep a report; it is on the disk when this returns.

        ``sendable``: there is somewhere to send it, so it is queued, otherwise only saved. One that no
        person sent first waits a random time, see backoff. The same report again changes nothing; a
        different one under the same reference raises SpoolError.
        """
        now_s = self._now().timestamp()
        row: dict[str, object] = {
            "reference": reference,
            "report_json": report_json,
            "state": State.QUEUED if sendable else State.SAVED,
            "next_try_at": None,
            "created_at": now_s,
            "sent_by_person": sent_by_person,
            "reason": "" if sendable else NO_DESTINATION,
            "planned_at": now_s,
            "wait_s": 0.0,
            "token": secrets.token_urlsafe(32),
            "fingerprint": fingerprint,
            "counts_only": counts_only,
        }

        def write(db: sqlite3.Connection) -> Envelope:
            kept = self._read(db, reference)
            if kept is not None:
                if kept.report_json != report_json or kept.attachments != list(attachments):
                    raise SpoolError(
                        f"The reference {reference} already belongs to a different report; "
                        "make the report again to get a new reference."
                    )
                return kept
            spread_s = self.standing.spread_in_force_s(db)
            row["wait_s"] = scale_s(spread_s)
            if sendable and not sent_by_person:
                row["next_try_at"] = now_s + first_wait_s(self._random, spread_s)
            marks = ", ".join(f":{name}" for name in row)
            db.execute(f"INSERT INTO reports ({', '.join(row)}) VALUES ({marks})", row)  # noqa: S608
            db.executemany(
                "INSERT INTO attachments VALUES (?, ?, ?, ?, ?)",
                [
                    (reference, position, file.name, file.content_type, file.content)
                    for position, file in enumerate(attachments)
                ],
            )
            [envelope] = self._select(db, "WHERE reference = ?", reference)
            return envelope

        return self._database.run(write)

    def get(self, reference: str) -> Envelope | None:
        """The report with this reference; None when there is none."""
        return self._database.run(lambda db: self._read(db, reference))

    def list(self) -> tuple[Envelope, ...]:
        """Every report, oldest first."""

        return self._database.run(lambda db: tuple(self._select(db, "ORDER BY created_at, rowid")))

    def drop(self, reference: str) -> bool:
        """Forget a report and its history; False when there was none."""

        def write(db: sqlite3.Connection) -> bool:
            return db.execute("DELETE FROM reports WHERE reference = ?", (reference,)).rowcount > 0

        return self._database.run(write)

    def answers(self) -> tuple[Envelope, ...]:
        """The reports that support has answered and the person was not yet shown the answer of."""
        return self._database.run(
            lambda db: tuple(self._select(db, f"WHERE {_ANSWER_WAITS} ORDER BY answered_at, rowid"))
        )

    def mark_seen(self, reference: str, answer: str = "") -> None:
        """The person was shown support's answer; not one that came meanwhile and is not ``answer``."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE reports SET answer_seen = 1 WHERE reference = ? AND ? IN ('', answer)",
                (reference, answer),
            )

        self._database.run(write)

    def tidy(self, *, retention_days: int, limit_bytes: int) -> Sequence[str]:
        """Forget what is old, and while more is kept than ``limit_bytes`` the oldest that was delivered.

        What still waits is never forgotten, nor an answer nobody has seen. Its days count from the last thing
        that happened to a report. Returns a sentence for each report of a person that was removed.
        """
        now_s = self._now().timestamp()
        oldest_s = now_s - retention_days * 86_400

        def write(db: sqlite3.Connection) -> tuple[int, Sequence[str]]:
            _date_anew(db, now_s)
            # "created_at" of the future was written by a clock that has since been set back.
            ended = f"NOT {_TO_SEND} AND NOT {_ANSWER_WAITS}"
            chosen = f"SELECT reference, {_DELIVERED}, sent_by_person, reason, {_SIZE} FROM reports "  # noqa: S608
            old = db.execute(f"{chosen} WHERE {ended} AND {_LAST_AT} < ?", (oldest_s,)).fetchall()
            kept = db.execute(
                f"{chosen} WHERE {ended} AND {_LAST_AT} >= ? "
                f"ORDER BY NOT {_DELIVERED}, sent_by_person, created_at, rowid",
                (oldest_s,),
            ).fetchall()
            aged = {row[0] for row in old}
            (all_bytes,) = db.execute(f"SELECT coalesce(sum({_SIZE}), 0) FROM reports").fetchone()  # noqa: S608
            left_bytes = all_bytes - sum(size for *_, size in old)
            while kept and left_bytes > limit_bytes:
                row = kept.pop(0)
                if not row[1] and row[2]:
                    break  # a person's own that was refused stays its time: it can still be exported
                old.append(row)
                left_bytes -= row[-1]
            db.executemany("DELETE FROM reports WHERE reference = ?", [(row[0],) for row in old])
            return sum(row[-1] for row in old), [
                f"The report {reference}, which was "
                + ("delivered" if delivered else f"never delivered ({reason or 'no destination'})")
                + ", was removed from this computer "
                + (f"after {retention_days} days." if reference in aged else "to make room for others.")
                for reference, delivered, by_person, reason, _ in old
                if by_person
            ]

        freed_bytes, sentences = self._database.run(write)
        if freed_bytes:
            self._database.shrink()
        return sentences

    # What the postman does

    def due(self, now: datetime) -> tuple[str, ...]:
        """The references of the reports to send whose time has come, oldest first.

        To send are the queued ones, and those of a person that were only saved. A time
        further ahead than any wait can be was planned by a clock that has since been set back: that
        report is due too, or it would wait for years.
        """
        moment = now.timestamp()

        def read(db: sqlite3.Connection) -> tuple[str, ...]:
            rows = db.execute(
                f"SELECT reference FROM reports WHERE {_TO_SEND} AND "  # noqa: S608 - a constant
                "(next_try_at IS NULL OR next_try_at <= ? OR next_try_at > ?) ORDER BY created_at, rowid",
                (moment, moment + HORIZON_S),
            )
            return tuple(reference for (reference,) in rows)

        return self._database.run(read)

    def is_due(self, reference: str, now: datetime) -> bool:
        """Whether the report is still one of those that are due."""
        moment = now.timestamp()

        def read(db: sqlite3.Connection) -> bool:
            found = db.execute(
                f"SELECT 1 FROM reports WHERE reference = ? AND {_TO_SEND} AND "  # noqa: S608 - a constant
                "(next_try_at IS NULL OR next_try_at <= ? OR next_try_at > ?)",
                (reference, moment, moment + HORIZON_S),
            )
            return found.fetchone() is not None

        return self._database.run(read)

    def mend_times(self) -> None:
        """Put right what a clock that was set, or a computer that was off, made of the planned times.

        Set back: each report waits what it had still to wait, so that none stalls. Far ahead, or switched on
        again: automatic reports are spread anew, because on a Monday morning everybody's are overdue.
        """
        now_s = self._now().timestamp()

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE reports SET next_try_at = ? + (next_try_at - planned_at), planned_at = ? "
                "WHERE planned_at > ? AND next_try_at IS NOT NULL",
                (now_s, now_s, now_s + 1),
            )
            db.execute("DELETE FROM rests WHERE until <= ? OR since > ?", (now_s, now_s + 1))
            _date_anew(db, now_s)
            overdue = db.execute(
                f"SELECT reference FROM reports WHERE {_TO_SEND} AND NOT sent_by_person "  # noqa: S608
                "AND next_try_at < ?",
                (now_s - LONGEST_WAIT_S,),
            ).fetchall()
            spread_s = self.standing.spread_in_force_s(db)
            for (reference,) in overdue:
                db.execute(
                    "UPDATE reports SET next_try_at = ?, planned_at = ? WHERE reference = ?",
                    (now_s + first_wait_s(self._random, spread_s), now_s, reference),
                )

        self._database.run(write)

    def next_due_s(self, now: datetime) -> float | None:
        """The seconds until a report is due, 0 where one is; None when nothing is to be sent."""
        if self.due(now):
            return 0.0

        def read(db: sqlite3.Connection) -> float | None:
            [(earliest,)] = db.execute(
                f"SELECT min(next_try_at) FROM reports WHERE {_TO_SEND}"  # noqa: S608 - a constant
            )
            return None if earliest is None else max(0.0, float(earliest) - now.timestamp())

        return self._database.run(read)

    def waiting(self) -> tuple[str, ...]:
        """The references of all reports that are queued or saved, oldest first, due or not."""

        def read(db: sqlite3.Connection) -> tuple[str, ...]:
            rows = db.execute(
                "SELECT reference FROM reports WHERE state IN (?, ?) ORDER BY created_at, rowid",
                (State.QUEUED, State.SAVED),
            )
            return tuple(reference for (reference,) in rows)

        return self._database.run(read)

    def record(self, envelope: Envelope, attempts: Sequence[Attempt]) -> Envelope:
        """Write the new state of a report and what was tried, in one step; returns what is kept now.

        A report that the endpoint has stays accepted: a late failure of another process cannot undo
        it. Nothing is written for a report that was dropped meanwhile.
        """
        now_s = self._now().timestamp()

        def write(db: sqlite3.Connection) -> Envelope:
            written = db.execute(
                "UPDATE reports SET state = ?, tries = ?, server_faults = ?, wait_s = ?, next_try_at = ?, "
                "planned_at = ?, page = ?, reason = ? WHERE reference = ? AND state NOT IN (?, ?)",
                (
                    envelope.state,
                    envelope.tries,
                    envelope.server_faults,
                    envelope.wait_s,
                    None if envelope.next_try_at is None else envelope.next_try_at.timestamp(),
                    now_s,
                    envelope.page,
                    envelope.reason,
                    envelope.reference,
                    State.ACCEPTED,
                    State.ANSWERED,
                ),
            ).rowcount
            if written:
                _note(db, envelope.reference, attempts)
            return self._read(db, envelope.reference) or envelope

        return self._database.run(write)

    def note_answer(self, reference: str, answer: str, answered_at: datetime) -> None:
        """Keep what support answered; the same words again are not shown again."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE reports SET answer_seen = (answer_seen AND answer = ?), state = ?, answer = ?, "
                "answered_at = ? WHERE reference = ?",
                (answer, State.ANSWERED, answer, answered_at.timestamp(), reference),
            )

        self._database.run(write)

    def _read(self, db: sqlite3.Connection, reference: str) -> Envelope | None:
        return next(iter(self._select(db, "WHERE reference = ?", reference)), None)

    def _select(self, db: sqlite3.Connection, which: str, *values: str) -> Sequence[Envelope]:
        return entries.select(db, which, *values, now=self._now())


def _date_anew(db: sqlite3.Connection, now_s: float) -> None:
    """What a clock that was never set dated begins its days now, where this one has been set."""
    if now_s >= FIRST_MOMENT_S:
        db.execute("UPDATE reports SET created_at = ? WHERE created_at < ?", (now_s, FIRST_MOMENT_S))


def _note(db: sqlite3.Connection, reference: str, attempts: Sequence[Attempt]) -> None:
    db.executemany(
        "INSERT INTO attempts (reference, at, destination, outcome, reason, server_fault) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [(reference, a.at.timestamp(), a.destination, a.outcome, a.reason, a.server_fault) for a in attempts],
    )
    # Server faults apart: they are counted, and a network that is down for long must not push them out.
    for fault in (False, True):
        db.execute(
            "DELETE FROM attempts WHERE reference = ? AND server_fault = ? AND id NOT IN "
            "(SELECT id FROM attempts WHERE reference = ? AND server_fault = ? ORDER BY id DESC LIMIT ?)",
            (reference, fault, reference, fault, HISTORY_LIMIT_ROWS),
        )


def _random() -> float:
    import random

    return random.random()  # noqa: S311 - spreads first tries, protects nothing
