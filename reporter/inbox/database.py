"""Database: one SQLite file, one writer thread, any number of readers.

The writer commits in groups: while one group is being forced to the disk the next one gathers, so a storm
of reports costs few commits and still nobody is told "accepted" before the disk has it. Readers have
connections of their own and never wait for the writer (WAL).
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from reporter.errors import InboxError

FORMAT = 3
BUSY_TIMEOUT_S = 10.0
GROUP_LIMIT_WRITES = 256

_TABLES = """
CREATE TABLE reports (
    id INTEGER PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    received_at REAL NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0,
    digest BLOB NOT NULL,
    report_json BLOB NOT NULL,
    cause TEXT NOT NULL,
    owner TEXT NOT NULL,
    headline TEXT NOT NULL,
    application TEXT NOT NULL,
    target TEXT NOT NULL,
    story TEXT NOT NULL,
    contact TEXT NOT NULL,
    sought TEXT NOT NULL
);
CREATE INDEX reports_by_cause ON reports (cause);
CREATE TABLE attachments (
    report INTEGER NOT NULL REFERENCES reports ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (report, position)
) WITHOUT ROWID;
"""
# What each format added to the one before it.
CHANGES = {
    1: _TABLES,
    2: """
ALTER TABLE reports ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
CREATE INDEX reports_by_fingerprint ON reports (fingerprint, received_at);
CREATE INDEX reports_by_time ON reports (received_at);
""",
    # ``token`` holds a SHA-256, empty where an agent gave none. An answer is for one reference, or for
    # everybody whose report or count of its fingerprint was there before it.
    3: """
ALTER TABLE reports ADD COLUMN token BLOB NOT NULL DEFAULT x'';
CREATE TABLE counts (
    reference TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    received_at REAL NOT NULL,
    token BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX counts_by_fingerprint ON counts (fingerprint, received_at);
CREATE TABLE kinds (
    fingerprint TEXT PRIMARY KEY,
    need TEXT NOT NULL,
    message TEXT NOT NULL,
    changed_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    reference TEXT NOT NULL DEFAULT '',
    fingerprint TEXT NOT NULL DEFAULT '',
    text TEXT NOT NULL,
    written_by TEXT NOT NULL,
    solved INTEGER NOT NULL,
    written_at REAL NOT NULL
);
CREATE INDEX answers_by_reference ON answers (reference) WHERE reference <> '';
CREATE INDEX answers_by_fingerprint ON answers (fingerprint) WHERE fingerprint <> '';
CREATE TABLE keys (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
""",
}

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]


class Database:
    """The database at ``path``; close it at the end.

    Raises InboxError when it cannot be used, or when a newer version wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: queue.SimpleQueue[tuple[Work, Any] | None] = queue.SimpleQueue()
        self._readers: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        self.writing = _open_for_writing(path)
        self._writer = threading.Thread(target=self._write_groups, name="inbox-writer", daemon=True)
        self._writer.start()

    def close(self) -> None:
        """Write what was handed in, then let go of the database."""
        self._waiting.put(None)
        self._writer.join()
        self.writing.close()
        with suppress(queue.Empty):
            while True:
                self._readers.get_nowait().close()

    def write(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Do ``work`` in a transaction; the future is done when the disk has it.

        ``work`` may be done again when others of its group fail. An exception that it returns instead of
        raising becomes the future's without harm to the group.
        """
        done: Future[T] = Future()
        self._waiting.put((work, done))
        return done

    async def written(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """As ``write``, for a coroutine; a group of them costs its loop one wake-up."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put((work, done))
        return await done

    def healthy(self) -> bool:
        """True while it can be read and the writer is at work."""
        try:
            with self.reader() as db:
                db.execute("SELECT 1 FROM reports LIMIT 1").fetchone()
        except sqlite3.Error:
            return False
        return self._writer.is_alive()

    @contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """A connection for reading, used by one thread at a time and kept for the next."""
        try:
            db = self._readers.get_nowait()
        except queue.Empty:
            db = _connect(self.path)
            db.execute("PRAGMA query_only = ON")
        try:
            yield db
        except BaseException:
            db.close()
            raise
        self._readers.put(db)

    def _write_groups(self) -> None:
        ended = False
        while not ended:
            group = [self._waiting.get()]
            with suppress(queue.Empty):
                while len(group) < GROUP_LIMIT_WRITES:
                    group.append(self._waiting.get_nowait())
            ended = None in group
            _settle(self._commit([entry for entry in group if entry is not None]))
            group.clear()  # or it would hold its reports until the next one comes

    def _commit(self, group: list[tuple[Work, Any]]) -> list[tuple[Any, Any]]:
        """Do a group in one transaction; when that does not work, each in one of its own.

        Returns each future with its result, which is an exception where the work failed.
        """
        if not group:
            return []
        db = self.writing
        try:
            db.execute("BEGIN IMMEDIATE")
            results = [(done, work(db)) for work, done in group]
            db.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - the writer must live on; each sender is told
            if db.in_transaction:
                db.execute("ROLLBACK")
            if len(group) == 1:
                return [(group[0][1], error)]
            return [settled for entry in group for settled in self._commit([entry])]
        return results


def _settle(results: list[tuple[Any, Any]]) -> None:
    """Give each future its result, those of a loop on its own thread."""
    of_loops: dict[asyncio.AbstractEventLoop, list[tuple[Any, Any]]] = {}
    for done, result in results:
        if isinstance(done, asyncio.Future):
            of_loops.setdefault(done.get_loop(), []).append((done, result))
        else:
            _give(done, result)
    for loop, rows in of_loops.items():
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(_give_all, rows)


def _give_all(results: list[tuple[Any, Any]]) -> None:
    for done, result in results:
        if not done.done():  # its request was given up
            _give(done, result)


def _give(done: Any, result: Any) -> None:
    if isinstance(result, BaseException):
        done.set_exception(result)
    else:
        done.set_result(result)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)


def _open_for_writing(path: Path) -> sqlite3.Connection:
    """The writer's connection; makes the private file and its tables where they are missing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        with closing(_connect(path)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")
            (found,) = db.execute("PRAGMA user_version").fetchone()
            for number in range(found + 1, FORMAT + 1):
                for statement in CHANGES[number].split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {number}")
            db.execute("COMMIT")
        if found > FORMAT:
            raise InboxError(
                f"The database {path} was written by a newer version of Reporter (format {found}, this one "
                f"knows {FORMAT}). Update Reporter, or name another file with --database."
            )
        db = _connect(path)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone leaves the data in the drive's cache
        db.execute("PRAGMA foreign_keys = ON")
    except (OSError, sqlite3.Error) as error:
        clause = getattr(error, "strerror", None) or error
        raise InboxError(
            f"The database {path} cannot be used: {clause}. "
            "Name a file that this user may write with --database."
        ) from None
    return db
