"""Database: the spool's SQLite file, opened, upgraded, and set aside with its content saved when damaged.

What a transaction wrote is on the disk when it returns (synchronous=FULL): a power cut or a killed process
loses nothing. Several processes use the file at once, by a write-ahead log, or by a rollback journal where
the file lies on a network folder.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from reporter import program
from reporter.delivery import place
from reporter.errors import SpoolError
from reporter.files import only_one

FORMAT = 3
BUSY_TIMEOUT_S = 10.0

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

# From format 1: a secret of its own for each report, support's answer, what automatic reports and
# destinations have to wait for.
_SECOND_FORMAT = """
ALTER TABLE reports ADD COLUMN token TEXT NOT NULL DEFAULT '';
ALTER TABLE reports ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE reports ADD COLUMN counts_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reports ADD COLUMN answer TEXT NOT NULL DEFAULT '';
ALTER TABLE reports ADD COLUMN answered_at REAL;
ALTER TABLE reports ADD COLUMN answer_seen INTEGER NOT NULL DEFAULT 0;
UPDATE reports SET token = substr(lower(hex(randomblob(32))), 1, 43) WHERE state IN ('queued', 'saved');
CREATE TABLE automatic (
    fingerprint TEXT PRIMARY KEY,
    last_at REAL NOT NULL,
    suppressed INTEGER NOT NULL
);
CREATE TABLE pauses (
    destination TEXT PRIMARY KEY,
    since REAL NOT NULL,
    tried_at REAL NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE spread (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seconds REAL NOT NULL
)
"""
# From format 2: when a try was planned, so that a clock that is set back is noticed; which attempts ended
# with a server fault; until when destinations asked to be left alone.
_THIRD_FORMAT = """
ALTER TABLE reports ADD COLUMN planned_at REAL;
ALTER TABLE attempts ADD COLUMN server_fault INTEGER NOT NULL DEFAULT 0;
UPDATE reports SET token = substr(token, 1, 43) WHERE state IN ('queued', 'saved');
CREATE TABLE rests (
    destination TEXT PRIMARY KEY,
    since REAL NOT NULL,
    until REAL NOT NULL,
    reason TEXT NOT NULL,
    server_fault INTEGER NOT NULL
)
"""
_STEPS = (_TABLES, _SECOND_FORMAT, _THIRD_FORMAT)
"""The statements that lead from each format to the next one."""

REPORT_COLUMNS = (
    "reference, report_json, state, tries, server_faults, wait_s, next_try_at, created_at, "
    "sent_by_person, page, reason, token, fingerprint, counts_only, answer, answered_at, answer_seen"
)
_COLUMNS = {
    "reports": f"{REPORT_COLUMNS}, planned_at",
    "attachments": "reference, position, name, content_type, content",
    "attempts": "id, reference, at, destination, outcome, reason, server_fault",
    "automatic": "fingerprint, last_at, suppressed",
    "pauses": "destination, since, tried_at, reason",
    "spread": "only, seconds",
    "rests": "destination, since, until, reason, server_fault",
}

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


class Database:
    """The database at ``path``, one short transaction at a time; threads may share it.

    Raises SpoolError when the disk cannot be used, or when a newer version wrote it. ``remark`` is a sentence
    when it was damaged and had to be set aside, otherwise empty.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime], make_folder: bool) -> None:
        self.path = path
        self.remark = ""
        self._now = now
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
        self.run(lambda db: None)

    def close(self) -> None:
        """Let go of the file; nothing is pending."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
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

    def shrink(self) -> None:
        """Give the space of what was deleted back to the disk, where nobody else is in the way."""
        with self._lock, contextlib.suppress(sqlite3.OperationalError):
            if self._connection is not None:
                self._connection.execute("VACUUM")

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
        """Move the damaged files away under a name with the time, save what can be read, and say so."""
        self.close()
        with _alone(self.path):
            if not _is_damaged(self.path):
                return  # another process was faster
            aside = self.path.with_name(f"{self.path.name}.damaged-{self._now():%Y%m%dT%H%M%S%f}Z")
            for ending in ("-wal", "-shm", ""):
                with contextlib.suppress(FileNotFoundError):
                    self.path.with_name(self.path.name + ending).rename(aside.with_name(aside.name + ending))
            _prepare_file(self.path)
            saved = _salvage(aside, self.path)
        self.remark = (
            f"The spool {self.path} was damaged and has been moved to {aside}; a new one was begun. "
            f"Reports that could be saved out of it: {saved}. Others that still waited in it were not sent: "
            "give that file to IT."
        )


def _prepare_file(path: Path) -> None:
    """Make the private file; an existing folder keeps its mode, it may be shared."""
    is_new = not path.exists()
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if os.name == "posix":
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        if is_new:
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
    # Transactions are begun by hand; the database's own lock lets threads take turns.
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    db.text_factory = _text
    try:
        db.execute(f"PRAGMA journal_mode = {'TRUNCATE' if place.is_remote(path.parent) else 'WAL'}")
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
            f"The spool {path} was written by a newer version of {program.product()} (format {found}, this "
            f"one knows {FORMAT}). Update {program.product()}, or choose another folder with REPORTER_HOME."
        )
    if found < FORMAT:
        # Statement by statement: executescript would commit first, and two processes may be here at once.
        for step in _STEPS[found:]:
            for statement in step.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {FORMAT}")
    db.execute("COMMIT")


def _is_damaged(path: Path) -> bool:
    try:
        db = _connect(path)
    except sqlite3.DatabaseError as error:
        return _code(error) in _DAMAGED
    try:
        for table, columns in _COLUMNS.items():
            db.execute(f"SELECT {columns} FROM {table} LIMIT 0")  # noqa: S608 - constants
        return bool(db.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",))
    except sqlite3.DatabaseError as error:
        return _code(error) in _DAMAGED
    finally:
        db.close()


def _salvage(damaged: Path, path: Path) -> int:
    """Copy what can still be read out of a damaged database into the new one; the number of reports."""
    with contextlib.closing(_connect(path)) as new:
        try:
            old = sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        except sqlite3.Error:
            return 0
        old.text_factory = _text
        with contextlib.closing(old):
            new.execute("BEGIN IMMEDIATE")
            for table, columns in _COLUMNS.items():
                there = _columns_there(old, table, columns)
                for row in _readable(old, table, there) if there else ():
                    # What does not belong to a saved report, or was read before, stays behind.
                    with contextlib.suppress(sqlite3.IntegrityError):
                        marks = ", ".join("?" * len(row))
                        new.execute(f"INSERT INTO {table} ({there}) VALUES ({marks})", row)  # noqa: S608
            (saved,) = new.execute("SELECT count(*) FROM reports").fetchone()
            new.execute("COMMIT")
    return int(saved)


def _columns_there(db: sqlite3.Connection, table: str, columns: str) -> str:
    """Those of the columns that an older format has too; empty where not even they can be told."""
    try:
        there = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
    except sqlite3.Error:
        return ""
    return ", ".join(name for name in columns.split(", ") if name in there)


def _readable(db: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a table up to the damage, first from its beginning and then from its end."""
    for direction in ("ASC", "DESC"):
        try:
            yield from db.execute(f"SELECT {columns} FROM {table} NOT INDEXED ORDER BY rowid {direction}")  # noqa: S608
        except sqlite3.Error:
            continue
        else:
            return


def _text(raw: bytes) -> str:
    """Text that damage made unreadable is for the one who reads the entry to judge."""
    return raw.decode(errors="replace")


def _code(error: Exception) -> int:
    """SQLite's primary result code; 0 for what did not come from SQLite."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
