"""Spool: the reports of this computer, kept on its disk until they are delivered, and their history.

One SQLite database. What ``enqueue`` returned is on the disk (WAL, synchronous=FULL): a power cut
or a killed process loses nothing. Several processes use it at once; every change is one short
transaction.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from reporter.delivery.backoff import HORIZON_S, first_wait_s
from reporter.delivery.lock import only_one
from reporter.delivery.receipt import Receipt, State
from reporter.errors import SpoolError
from reporter.report.model import Attachment

FORMAT = 1
BUSY_TIMEOUT_S = 10.0
HISTORY_LIMIT_ROWS = 50

NO_DESTINATION = "no destination is set up: set `endpoint`"
DAMAGED_ENTRY = "its entry in the queue was damaged; it is kept, and “reporter queue export” writes it out"

T = TypeVar("T")

_TABLES = """
CREATE TABLE reports (
    reference TEXT PRIMARY KEY,
    report_json BLOB NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    server_faults INTEGER NOT NULL DEFAULT 0,
    wait_s REAL NOT NULL DEFAULT 0,
    next_try_at REAL,
    created_at REAL NOT NULL,
    sent_by_person INTEGER NOT NULL,
    page TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT ''
);
CREATE TABLE attachments (
    reference TEXT NOT NULL REFERENCES reports ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (reference, position)
);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    reference TEXT NOT NULL REFERENCES reports ON DELETE CASCADE,
    at REAL NOT NULL,
    destination TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX attempts_of_report ON attempts (reference);
"""

_COLUMNS = (
    "SELECT reference, report_json, state, tries, server_faults, wait_s, next_try_at, created_at, "
    "sent_by_person, page, reason FROM reports "
)

_OTHER_COLUMNS = (
    "SELECT reference, position, name, content_type, content FROM attachments",
    "SELECT id, reference, at, destination, outcome, reason FROM attempts",
)

# What SQLite's primary result codes mean for the person who must mend it.
_TROUBLES = {
    sqlite3.SQLITE_READONLY: "it can only be read; allow this user to write it",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check that its folder exists and belongs to this user",
    sqlite3.SQLITE_PERM: "this user may not use it; allow this user to read and write it",
    sqlite3.SQLITE_FULL: "the disk is full; free some space and try again",
    sqlite3.SQLITE_IOERR: "the disk reports an error; check it and the space left on it",
    sqlite3.SQLITE_BUSY: "another program keeps it locked; close that program and try again",
}
# SQLITE_ERROR: our statements are right, so a table or a column is missing, or is not as we made it.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)

# A person's report that found no destination set up is sent once there is one: they pressed Send.
_TO_SEND = f"(state = '{State.QUEUED}' OR (state = '{State.SAVED}' AND sent_by_person))"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the history: ``outcome`` is the kind of an Outcome, ``reason`` its clause."""

    at: datetime
    destination: str
    outcome: str
    reason: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it waits: ``report_json`` holds exactly the bytes that were previewed.

    ``tries``: rounds of delivery so far; ``server_faults``: how many of them ended with a 5xx;
    ``wait_s``: the last wait that backoff drew; ``next_try_at``: null means at once.
    ``page``, ``reason``: as in the Receipt. ``history``: oldest first, the last 50 attempts.
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

    def receipt(self) -> Receipt:
        """What may be told about it; ``at`` is the moment of the last attempt."""
        last = self.history[-1] if self.history else None
        return Receipt(
            reference=self.reference,
            state=self.state,
            at=self.created_at if last is None else last.at,
            destination="" if last is None else last.destination,
            page=self.page,
            reason=self.reason,
            tries=self.tries,
            next_try_at=self.next_try_at,
        )


class Spool:
    """The spool at ``path``; close it, or use it in a ``with`` statement. Threads may share it.

    Its private folder is made with it, unless ``make_folder`` is false. Raises SpoolError when the disk
    cannot be used, or when a newer version wrote the spool.
    ``remark`` is a sentence when a damaged spool had to be set aside, otherwise empty; ask for it at the
    end, because damage is mostly found while working. A single entry that cannot be read is marked as
    refused, and the rest goes on.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Callable[[], float] | None = None,
        make_folder: bool = True,
    ) -> None:
        self.path = path
        self.remark = ""
        self._now = now
        self._random = random or _random
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        try:
            if make_folder:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _prepare_file(path)
        except OSError as error:
            raise SpoolError(
                f"Reports cannot be kept in {path}: {error.strerror or error}. "
                "Check that the folder belongs to this user, or choose another one with REPORTER_HOME."
            ) from None
        self._run(lambda db: None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; nothing is pending."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # What the agent does

    def enqueue(
        self,
        reference: str,
        report_json: bytes,
        attachments: Sequence[Attachment],
        *,
        sendable: bool,
        sent_by_person: bool,
    ) -> Envelope:
        """Keep a report; it is on the disk when this returns.

        ``sendable``: there is somewhere to send it, so it is queued, otherwise only saved. One that no
        person sent first waits a random time, see backoff. The same report again changes nothing; a
        different one under the same reference raises SpoolError.
        """
        now_s = self._now().timestamp()
        first_try_s = None if sent_by_person or not sendable else now_s + first_wait_s(self._random)

        def write(db: sqlite3.Connection) -> Envelope:
            kept = self._read(db, reference)
            if kept is not None:
                if kept.report_json != report_json or kept.attachments != list(attachments):
                    raise SpoolError(
                        f"The reference {reference} already belongs to a different report; "
                        "make the report again to get a new reference."
                    )
                return kept
            db.execute(
                "INSERT INTO reports "
                "(reference, report_json, state, next_try_at, created_at, sent_by_person, reason) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    reference,
                    report_json,
                    State.QUEUED if sendable else State.SAVED,
                    first_try_s,
                    now_s,
                    sent_by_person,
                    "" if sendable else NO_DESTINATION,
                ),
            )
            db.executemany(
                "INSERT INTO attachments VALUES (?, ?, ?, ?, ?)",
                [
                    (reference, position, file.name, file.content_type, file.content)
                    for position, file in enumerate(attachments)
                ],
            )
            [envelope] = self._select(db, "WHERE reference = ?", reference)
            return envelope

        return self._run(write)

    def get(self, reference: str) -> Envelope | None:
        """The report with this reference; None when there is none."""
        return self._run(lambda db: self._read(db, reference))

    def list(self) -> tuple[Envelope, ...]:
        """Every report, oldest first."""

        return self._run(lambda db: tuple(self._select(db, "ORDER BY created_at, rowid")))

    def drop(self, reference: str) -> bool:
        """Forget a report and its history; False when there was none."""

        def write(db: sqlite3.Connection) -> bool:
            return db.execute("DELETE FROM reports WHERE reference = ?", (reference,)).rowcount > 0

        return self._run(write)

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

        return self._run(read)

    def next_due_s(self, now: datetime) -> float | None:
        """The seconds until a report is due, 0 where one is; None when nothing is to be sent."""
        if self.due(now):
            return 0.0

        def read(db: sqlite3.Connection) -> float | None:
            [(earliest,)] = db.execute(
                f"SELECT min(next_try_at) FROM reports WHERE {_TO_SEND}"  # noqa: S608 - a constant
            )
            return None if earliest is None else max(0.0, float(earliest) - now.timestamp())

        return self._run(read)

    def waiting(self) -> tuple[str, ...]:
        """The references of all reports that are queued or saved, oldest first, due or not."""

        def read(db: sqlite3.Connection) -> tuple[str, ...]:
            rows = db.execute(
                "SELECT reference FROM reports WHERE state IN (?, ?) ORDER BY created_at, rowid",
                (State.QUEUED, State.SAVED),
            )
            return tuple(reference for (reference,) in rows)

        return self._run(read)

    def record(self, envelope: Envelope, attempts: Sequence[Attempt]) -> Envelope:
        """Write the new state of a report and what was tried, in one step; returns what is kept now.

        A report that the endpoint has stays accepted: a late failure of another process cannot undo
        it. Nothing is written for a report that was dropped meanwhile.
        """

        def write(db: sqlite3.Connection) -> Envelope:
            written = db.execute(
                "UPDATE reports SET state = ?, tries = ?, server_faults = ?, wait_s = ?, next_try_at = ?, "
                "page = ?, reason = ? WHERE reference = ? AND state NOT IN (?, ?)",
                (
                    envelope.state,
                    envelope.tries,
                    envelope.server_faults,
                    envelope.wait_s,
                    None if envelope.next_try_at is None else envelope.next_try_at.timestamp(),
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

        return self._run(write)

    # What is read

    def _read(self, db: sqlite3.Connection, reference: str) -> Envelope | None:
        return next(iter(self._select(db, "WHERE reference = ?", reference)), None)

    def _select(self, db: sqlite3.Connection, which: str, *values: str) -> Sequence[Envelope]:
        """The envelopes that the clause ``which`` selects; an entry that cannot be read is marked first."""
        envelopes = []
        for row in db.execute(_COLUMNS + which, values).fetchall():
            try:
                envelopes.append(_envelope(db, row))
            except (ValueError, TypeError, OverflowError, OSError):
                mended = _mark_damaged(db, row, self._now())
                if mended is not None:
                    envelopes.append(mended)
        return envelopes

    # The database behind it

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do ``work`` in one transaction; a damaged database is set aside and the work done again."""
        with self._lock:
            try:
                try:
                    return self._transaction(work)
                except sqlite3.DatabaseError as error:
                    if _code(error) not in _DAMAGED:
                        raise
                    self._set_aside()
                    return self._transaction(work)
            except (sqlite3.Error, OSError) as error:
                self.close()
                trouble = _TROUBLES.get(_code(error), f"the database answers “{error}”")
                raise SpoolError(f"Reports cannot be kept in {self.path}: {trouble}.") from None

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = _open(self.path)
        db = self._connection
        db.execute("BEGIN IMMEDIATE")
        try:
            result = work(db)
            db.execute("COMMIT")
        except BaseException:
            # A full disk makes SQLite roll back by itself; a second rollback would hide the reason.
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return result

    def _set_aside(self) -> None:
        """Move the damaged files away under a name with the time, and say so."""
        self.close()
        with _alone(self.path):
            if not _is_damaged(self.path):
                return  # another process was faster
            aside = self.path.with_name(f"{self.path.name}.damaged-{self._now():%Y%m%dT%H%M%S%f}Z")
            for ending in ("-wal", "-shm", ""):
                with contextlib.suppress(FileNotFoundError):
                    self.path.with_name(self.path.name + ending).rename(aside.with_name(aside.name + ending))
            _prepare_file(self.path)
        self.remark = (
            f"The spool {self.path} was damaged and has been moved to {aside}; a new one was begun. "
            "Reports that still waited in it were not sent: give that file to IT."
        )


def _prepare_file(path: Path) -> None:
    """Make the private file; an existing folder keeps its mode, it may be shared."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if os.name == "posix":
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name itself must survive a power cut
        finally:
            os.close(folder)


def _alone(path: Path) -> contextlib.AbstractContextManager[None]:
    """The lock under which the database is opened, or replaced."""
    return only_one(path.with_name(path.name + ".opening"), wait_s=BUSY_TIMEOUT_S)


def _open(path: Path) -> sqlite3.Connection:
    """An open database; one process at a time, because SQLite does not wait its turn to switch to WAL."""
    with _alone(path):
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    """An open database of the current format; creates the tables in a new one."""
    # Transactions are begun by hand; the spool's own lock lets threads take turns.
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone leaves the data in the drive's cache
        db.execute("PRAGMA foreign_keys = ON")
        _upgrade(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _upgrade(db: sqlite3.Connection, path: Path) -> None:
    """Bring the database to the current format; never touches one that a newer version wrote."""
    db.execute("BEGIN IMMEDIATE")
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found > FORMAT:
        raise SpoolError(
            f"The spool {path} was written by a newer version of Reporter (format {found}, this one "
            f"knows {FORMAT}). Update Reporter, or choose another folder with REPORTER_HOME."
        )
    if found == 0:
        # Statement by statement: executescript would commit first, and two processes may be here at once.
        for statement in _TABLES.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {FORMAT}")
    db.execute("COMMIT")


def _is_damaged(path: Path) -> bool:
    try:
        db = _connect(path)
    except sqlite3.DatabaseError as error:
        return _code(error) in _DAMAGED
    try:
        for columns in (_COLUMNS, *_OTHER_COLUMNS):
            db.execute(f"{columns} LIMIT 0")
        return bool(db.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",))
    except sqlite3.DatabaseError as error:
        return _code(error) in _DAMAGED
    finally:
        db.close()


def _code(error: Exception) -> int:
    """SQLite's primary result code; 0 for what did not come from SQLite."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _envelope(db: sqlite3.Connection, row: tuple[Any, ...]) -> Envelope:
    """The envelope of a row; raises ValueError, TypeError, OverflowError or OSError for an odd one."""
    reference, report_json, state, tries, faults, wait_s, next_try_at, created_at, by_person, page, reason = (
        row
    )
    files = db.execute(
        "SELECT name, content_type, content FROM attachments WHERE reference = ? ORDER BY position",
        (reference,),
    )
    attempts = db.execute(
        "SELECT at, destination, outcome, reason FROM attempts WHERE reference = ? ORDER BY id", (reference,)
    )
    envelope = Envelope(
        reference=reference,
        report_json=report_json,
        attachments=[Attachment(name=n, content_type=t, content=c) for n, t, c in files],
        state=State(state),
        tries=tries,
        server_faults=faults,
        wait_s=wait_s,
        next_try_at=None if next_try_at is None else _moment(next_try_at),
        created_at=_moment(created_at),
        sent_by_person=bool(by_person),
        page=page,
        reason=reason,
        history=[Attempt(at=_moment(at), destination=d, outcome=o, reason=r) for at, d, o, r in attempts],
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
        "next_try_at = NULL, created_at = ?, sent_by_person = 1, page = '', reason = ? WHERE reference = ?",
        (content, State.REFUSED, now.timestamp(), DAMAGED_ENTRY, reference),
    )
    [mended] = db.execute(_COLUMNS + "WHERE reference = ?", (reference,))
    return _envelope(db, mended)


def _note(db: sqlite3.Connection, reference: str, attempts: Sequence[Attempt]) -> None:
    db.executemany(
        "INSERT INTO attempts (reference, at, destination, outcome, reason) VALUES (?, ?, ?, ?, ?)",
        [(reference, a.at.timestamp(), a.destination, a.outcome, a.reason) for a in attempts],
    )
    db.execute(
        "DELETE FROM attempts WHERE reference = ? AND id NOT IN "
        "(SELECT id FROM attempts WHERE reference = ? ORDER BY id DESC LIMIT ?)",
        (reference, reference, HISTORY_LIMIT_ROWS),
    )


def _random() -> float:
    import random

    return random.random()  # noqa: S311 - spreads first tries, protects nothing


def _moment(epoch_s: float) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
