"""Store: every report that support received."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from reporter.inbox.database import Database
from reporter.inbox.files import HEAD_BYTES
from reporter.inbox.kinds import Kinds

SEARCH_LIMIT_WORDS = 8

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
    """One line of the list; ``alike``: how many reports there are of its kind, itself among them;
    ``counted``: how many more have it."""

    reference: str
    received_at: datetime
    summary: Summary
    alike: int = 1
    counted: int = 0


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
    are of its kind, itself among them, the first of them received at ``first_at``. ``can_be_answered``: its
    sender's agent asks what became of it."""

    reference: str
    received_at: datetime
    repeats: int
    report_json: bytes
    attachments: list[StoredFile]
    fingerprint: str = ""
    alike: int = 1
    first_at: datetime | None = None
    can_be_answered: bool = False


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A report on its way to the disk; ``digest`` tells two different ones under one reference apart,
    ``token`` is what is kept of its secret."""

    reference: str
    report_json: bytes
    attachments: list[Attachment]
    summary: Summary
    digest: bytes
    token: bytes = b""


def digest_of(report_json: bytes, attachments: Sequence[Attachment]) -> bytes:
    """The SHA-256 over everything that makes a report what it is."""
    sha = hashlib.sha256()
    for part in (
        report_json,
        *(part for a in attachments for part in (a.name.encode(), a.content_type.encode(), a.content)),
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
        self._now = now
        self.database = Database(path)
        self.kinds = Kinds(self.database, now)

    def close(self) -> None:
        """Write what was handed in, then let go of the database."""
        self.database.close()

    def put(self, arrival: Arrival) -> Future[bool]:
        """Keep a report; the future is done when the disk has it.

        Its result is true for a new report and false for the repetition of a known one; its exception is
        Conflict, or sqlite3.Error when the disk does not take it.
        """
        return self.database.write(lambda db: self._insert(db, arrival))

    async def kept(self, arrival: Arrival) -> bool:
        """As ``put``, for a coroutine."""
        return await self.database.written(lambda db: self._insert(db, arrival))

    def _insert(self, db: sqlite3.Connection, arrival: Arrival) -> Any:
        """True, false, or the Conflict, which is returned because it is no fault of the disk."""
        summary = arrival.summary
        known = db.execute(
            "SELECT id, digest FROM reports WHERE reference = ?", (arrival.reference,)
        ).fetchone()
        if known is not None:
            if known[1] != arrival.digest:
                return Conflict(arrival.reference)
            db.execute("UPDATE reports SET repeats = repeats + 1 WHERE id = ?", known[:1])
            return False
        # Who was counted and now reports is not two.
        db.execute("DELETE FROM counts WHERE reference = ?", (arrival.reference,))
        identity = db.execute(
            "INSERT INTO reports (reference, received_at, digest, report_json, cause, owner, headline, "
            "application, target, story, contact, fingerprint, sought, token) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                arrival.reference,
                self._now().timestamp(),
                arrival.digest,
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
                arrival.token,
            ),
        ).lastrowid
        if arrival.attachments:
            db.executemany(
                "INSERT INTO attachments VALUES (?, ?, ?, ?, ?)",
                [
                    (identity, at, a.name, a.content_type, a.content)
                    for at, a in enumerate(arrival.attachments)
                ],
            )
        return True

    # Reading; each of these takes milliseconds and is called on threads

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
        with self.database.reader() as db:
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
            alike, counted = (
                dict(
                    db.execute(
                        f"SELECT fingerprint, count(*) FROM {table} "  # noqa: S608
                        f"WHERE fingerprint IN ({', '.join('?' * len(prints))}) GROUP BY 1",
                        prints,
                    ).fetchall()
                )
                for table in ("reports", "counts")
            )
        return Listing(
            rows=[_row(alike.get(columns[-1], 1), counted.get(columns[-1], 0), *columns) for columns in rows],
            total=total,
            kinds=kinds,
            causes=causes,
        )

    def get(self, reference: str) -> Stored | None:
        """The report with this reference; None when there is none."""
        with self.database.reader() as db:
            row = db.execute(
                "SELECT id, received_at, repeats, report_json, fingerprint, token <> x'' "
                "FROM reports WHERE reference = ?",
                (reference,),
            ).fetchone()
            if row is None:
                return None
            identity, received_at, repeats, report_json, fingerprint, can_be_answered = row
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
            fingerprint=fingerprint,
            can_be_answered=bool(can_be_answered),
            alike=max(alike, 1),
            first_at=None if first_at is None else datetime.fromtimestamp(first_at, UTC),
        )

    def attachment(self, reference: str, position: int) -> Attachment | None:
        """One file of a report, counted from 0; None when there is none."""
        with self.database.reader() as db:
            row = db.execute(
                "SELECT name, content_type, content FROM attachments "
                "WHERE report = (SELECT id FROM reports WHERE reference = ?) AND position = ?",
                (reference, position),
            ).fetchone()
        return None if row is None else Attachment(name=row[0], content_type=row[1], content=row[2])


def _row(alike: int, counted: int, reference: str, received_at: float, *summary: Any) -> Row:
    names: Sequence[str] = Summary.__struct_fields__
    return Row(
        reference=reference,
        received_at=datetime.fromtimestamp(received_at, UTC),
        summary=Summary(**dict(zip(names, summary, strict=True))),
        alike=alike,
        counted=counted,
    )
