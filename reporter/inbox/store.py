"""Store: every report that support received, in one SQLite database.

One writer thread commits in groups: while one group is being forced to the disk the next one gathers, so
a storm of reports costs few commits and still nobody is told "accepted" before the disk has it. Pages
read on connections of their own and never wait for the writer (WAL).
"""

from __future__ import annotations

import hashlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from reporter.errors import InboxError
from reporter.inbox.files import HEAD_BYTES

FORMAT = 2
BUSY_TIMEOUT_S = 10.0
GROUP_LIMIT_REPORTS = 256
SEARCH_LIMIT_WORDS = 8

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
_CHANGES = {
    1: _TABLES,
    2: """
ALTER TABLE reports ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
CREATE INDEX reports_by_fingerprint ON reports (fingerprint, received_at);
CREATE INDEX reports_by_time ON reports (received_at);
""",
}
# Reports without a fingerprint are each of a kind of their own.
_KIND = "CASE fingerprint WHEN '' THEN id ELSE fingerprint END"


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with a report, exactly as its sender named it."""

    name: str
    content_type: str
    content: bytes


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What the list of reports shows of one; every member may be empty."""

    cause: str = ""
    owner: str = ""
    headline: str = ""
    application: str = ""
    target: str = ""
    story: str = ""
    contact: str = ""
    fingerprint: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list; ``alike``: how many reports there are of its kind, itself among them."""

    reference: str
    received_at: datetime
    summary: Summary
    alike: int = 1


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the list: ``total`` reports match, of ``kinds`` different kinds (0: not counted);
    ``causes`` counts them by cause, most frequent first, as if no cause had been chosen."""

    rows: list[Row]
    total: int
    kinds: int = 0
    causes: list[tuple[str, int]]


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment without its content; ``head``: how it begins."""

    name: str
    content_type: str
    size_bytes: int
    head: bytes = b""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One report as it was received; ``report_json`` holds the very bytes. ``alike``: how many reports there
    are of its kind, itself among them, the first of them received at ``first_at``."""

    reference: str
    received_at: datetime
    repeats: int
    report_json: bytes
    attachments: list[StoredFile]
    alike: int = 1
    first_at: datetime | None = None


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A report on its way to the disk."""

    reference: str
    report_json: bytes
    attachments: list[Attachment]
    summary: Summary

    def digest(self) -> bytes:
        """Tells two different reports under one reference apart."""
        sha = hashlib.sha256()
        for part in (
            self.report_json,
            *(
                part
                for a in self.attachments
                for part in (a.name.encode(), a.content_type.encode(), a.content)
            ),
        ):
            sha.update(len(part).to_bytes(8, "big"))
            sha.update(part)
        return sha.digest()


class Conflict(Exception):
    """The reference already belongs to a different report."""


class Store:
    """The reports in the database at ``path``; close it at the end.

    Raises InboxError when the database cannot be used, or when a newer version wrote it.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self._now = now
        self._arrivals: queue.SimpleQueue[tuple[Arrival, Future[bool]] | None] = queue.SimpleQueue()
        self._readers: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        self._writing = _open_for_writing(path)
        self._writer = threading.Thread(target=self._write_groups, name="inbox-writer", daemon=True)
        self._writer.start()

    def close(self) -> None:
        """Write what was handed in, then let go of the database."""
        self._arrivals.put(None)
        self._writer.join()
        self._writing.close()
        with suppress(queue.Empty):
            while True:
                self._readers.get_nowait().close()

    # Writing

    def put(self, arrival: Arrival) -> Future[bool]:
        """Keep a report; the future is done when the disk has it.

        Its result is true for a new report and false for the repetition of a known one; its exception is
        Conflict, or sqlite3.Error when the disk does not take it.
        """
        done: Future[bool] = Future()
        self._arrivals.put((arrival, done))
        return done

    def _write_groups(self) -> None:
        ended = False
        while not ended:
            group = [self._arrivals.get()]
            with suppress(queue.Empty):
                while len(group) < GROUP_LIMIT_REPORTS:
                    group.append(self._arrivals.get_nowait())
            ended = None in group
            self._commit([entry for entry in group if entry is not None])

    def _commit(self, group: list[tuple[Arrival, Future[bool]]]) -> None:
        """Write a group in one transaction; when that does not work, each report in one of its own."""
        if not group:
            return
        results: list[bool | Conflict] = []
        try:
            self._writing.execute("BEGIN IMMEDIATE")
            results.extend(self._insert(arrival) for arrival, _ in group)
            self._writing.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - the writer must live on; each sender is told
            if self._writing.in_transaction:
                self._writing.execute("ROLLBACK")
            if len(group) > 1:
                for entry in group:
                    self._commit([entry])
            else:
                group[0][1].set_exception(error)
            return
        for (_, done), result in zip(group, results, strict=True):
            if isinstance(result, Conflict):
                done.set_exception(result)
            else:
                done.set_result(result)

    def _insert(self, arrival: Arrival) -> bool | Conflict:
        db, summary, digest = self._writing, arrival.summary, arrival.digest()
        known = db.execute(
            "SELECT id, digest FROM reports WHERE reference = ?", (arrival.reference,)
        ).fetchone()
        if known is not None:
            if known[1] != digest:
                return Conflict(arrival.reference)
            db.execute("UPDATE reports SET repeats = repeats + 1 WHERE id = ?", known[:1])
            return False
        identity = db.execute(
            "INSERT INTO reports (reference, received_at, digest, report_json, cause, owner, headline, "
            "application, target, story, contact, fingerprint, sought) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                arrival.reference,
                self._now().timestamp(),
                digest,
                arrival.report_json,
                summary.cause,
                summary.owner,
                summary.headline,
                summary.application,
                summary.target,
                summary.story,
                summary.contact,
                summary.fingerprint,
                "\n".join((arrival.reference, *msgspec.structs.astuple(summary))).casefold(),
            ),
        ).lastrowid
        db.executemany(
            "INSERT INTO attachments VALUES (?, ?, ?, ?, ?)",
            [(identity, at, a.name, a.content_type, a.content) for at, a in enumerate(arrival.attachments)],
        )
        return True

    # Reading; each of these takes milliseconds and is called on threads

    def healthy(self) -> bool:
        """True while reports can be read and the writer is at work."""
        try:
            with self._reader() as db:
                db.execute("SELECT 1 FROM reports LIMIT 1").fetchone()
        except sqlite3.Error:
            return False
        return self._writer.is_alive()

    def listing(
        self,
        *,
        search: str = "",
        cause: str = "",
        kind: str = "",
        by_kind: bool = False,
        limit: int,
        offset: int = 0,
    ) -> Listing:
        """The newest reports first, of those that hold every word of ``search``.

        ``kind``: only those with this fingerprint. ``by_kind``: of each kind only the newest.
        """
        words = search.casefold().split()[:SEARCH_LIMIT_WORDS]
        found = " AND ".join(["1", *("instr(sought, ?) > 0" for _ in words)])
        chosen, values = found, list(words)
        for column, value in (("cause", cause), ("fingerprint", kind)):
            if value:
                chosen, values = f"{chosen} AND {column} = ?", [*values, value]
        # Only placeholders are put together here; the values travel apart. Beside max, SQLite takes the id
        # from the very row that holds it; rows are only read once it is known which.
        newest = (
            f"(SELECT id, max(received_at) AS received_at FROM reports WHERE {chosen} GROUP BY {_KIND})"  # noqa: S608
            if by_kind
            else f"reports WHERE {chosen}"
        )
        with self._reader() as db:
            causes = db.execute(
                f"SELECT cause, count(*) FROM reports WHERE {found} GROUP BY cause ORDER BY 2 DESC, 1",  # noqa: S608
                words,
            ).fetchall()
            rows = db.execute(
                "SELECT reference, received_at, cause, owner, headline, application, target, story, contact, "  # noqa: S608
                f"fingerprint FROM reports WHERE id IN (SELECT id FROM {newest} ORDER BY received_at DESC, "
                "id DESC LIMIT ? OFFSET ?) ORDER BY received_at DESC, id DESC",
                [*values, limit, offset],
            ).fetchall()
            distinct = f"count(DISTINCT {_KIND})" if by_kind else "0"
            total, kinds = db.execute(
                f"SELECT count(*), {distinct} FROM reports WHERE {chosen}",  # noqa: S608
                values,
            ).fetchone()
            prints = list({row[-1] for row in rows if row[-1]})
            alike = dict(
                db.execute(
                    "SELECT fingerprint, count(*) FROM reports "  # noqa: S608
                    f"WHERE fingerprint IN ({', '.join('?' * len(prints))}) GROUP BY 1",
                    prints,
                ).fetchall()
            )
        return Listing(
            rows=[_row(alike.get(columns[-1], 1), *columns) for columns in rows],
            total=total,
            kinds=kinds,
            causes=causes,
        )

    def get(self, reference: str) -> Stored | None:
        """The report with this reference; None when there is none."""
        with self._reader() as db:
            row = db.execute(
                "SELECT id, received_at, repeats, report_json, fingerprint FROM reports WHERE reference = ?",
                (reference,),
            ).fetchone()
            if row is None:
                return None
            identity, received_at, repeats, report_json, fingerprint = row
            files = db.execute(
                "SELECT name, content_type, length(content), substr(content, 1, ?) FROM attachments "
                "WHERE report = ? ORDER BY position",
                (HEAD_BYTES, identity),
            ).fetchall()
            alike, first_at = db.execute(
                "SELECT count(*), min(received_at) FROM reports WHERE fingerprint = ? AND fingerprint <> ''",
                (fingerprint,),
            ).fetchone()
        return Stored(
            reference=reference,
            received_at=datetime.fromtimestamp(received_at, UTC),
            repeats=repeats,
            report_json=report_json,
            attachments=[
                StoredFile(name=name, content_type=content_type, size_bytes=size, head=head or b"")
                for name, content_type, size, head in files
            ],
            alike=max(alike, 1),
            first_at=None if first_at is None else datetime.fromtimestamp(first_at, UTC),
        )

    def attachment(self, reference: str, position: int) -> Attachment | None:
        """One file of a report, counted from 0; None when there is none."""
        with self._reader() as db:
            row = db.execute(
                "SELECT name, content_type, content FROM attachments "
                "WHERE report = (SELECT id FROM reports WHERE reference = ?) AND position = ?",
                (reference, position),
            ).fetchone()
        return None if row is None else Attachment(name=row[0], content_type=row[1], content=row[2])

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
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


def _row(alike: int, reference: str, received_at: float, *summary: Any) -> Row:
    names: Sequence[str] = Summary.__struct_fields__
    return Row(
        reference=reference,
        received_at=datetime.fromtimestamp(received_at, UTC),
        summary=Summary(**dict(zip(names, summary, strict=True))),
        alike=alike,
    )


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
                for statement in _CHANGES[number].split(";"):
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
