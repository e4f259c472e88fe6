"""The store: groups of reports in one commit, each sender told the truth."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reporter.errors import InboxError
from reporter.inbox import database
from reporter.inbox.store import Arrival, Attachment, Conflict, Store, Summary, digest_of

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "inbox.sqlite", now=lambda: NINE)
    yield store
    store.close()


def arrival(number: int = 0, *, raw: bytes = b"{}", **summary: str) -> Arrival:
    attachments = [Attachment(name="a.txt", content_type="text/plain", content=b"1")]
    return Arrival(
        reference=f"0000-{number:05}",
        report_json=raw,
        attachments=attachments,
        summary=Summary(**summary),
        digest=digest_of(raw, attachments),
    )


def test_a_new_report_a_repeated_one_and_a_different_one(store: Store) -> None:
    assert store.put(arrival()).result() is True
    assert store.put(arrival()).result() is False
    with pytest.raises(Conflict):
        store.put(arrival(raw=b"[]")).result()
    stored = store.get("0000-00000")
    assert stored is not None
    assert (stored.repeats, stored.report_json, stored.received_at) == (1, b"{}", NINE)


def test_reports_that_wait_for_the_disk_share_a_commit(store: Store) -> None:
    commits: list[str] = []
    store.database.writing.set_trace_callback(
        lambda statement: commits.append(statement) if statement == "COMMIT" else None
    )
    blocker = sqlite3.connect(store.database.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    futures = [store.put(arrival(number)) for number in range(100)]
    blocker.execute("COMMIT")
    blocker.close()
    assert [future.result() for future in futures] == [True] * 100
    assert len(commits) <= 2


def test_one_report_that_cannot_be_written_does_not_harm_its_group(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = store._insert
    gate = threading.Event()

    def fail_for_one(db: sqlite3.Connection, arrival: Arrival) -> Any:
        gate.wait(10)
        if arrival.reference == "0000-00003":
            raise sqlite3.OperationalError("disk I/O error")
        return insert(db, arrival)

    monkeypatch.setattr(store, "_insert", fail_for_one)
    futures = [store.put(arrival(number)) for number in range(6)]
    gate.set()
    with pytest.raises(sqlite3.OperationalError):
        futures[3].result()
    assert [future.result() for at, future in enumerate(futures) if at != 3] == [True] * 5
    assert store.listing(limit=10).total == 5


def test_what_was_handed_in_before_the_end_is_written(tmp_path: Path) -> None:
    store = Store(tmp_path / "inbox.sqlite")
    futures = [store.put(arrival(number)) for number in range(50)]
    store.close()
    assert all(future.done() for future in futures)
    again = Store(tmp_path / "inbox.sqlite")
    assert again.listing(limit=1).total == 50
    again.close()


def test_words_are_found_in_any_case_and_alphabet_and_causes_are_counted(store: Store) -> None:
    for number, (cause, story) in enumerate(
        [
            ("tls.expired", "Хотела провести НАКЛАДНЫЕ"),
            ("tls.expired", "100 % of us"),
            ("tcp.refused", "под_черк"),
        ]
    ):
        store.put(arrival(number, cause=cause, story=story)).result()
    assert store.listing(limit=10).causes == [("tls.expired", 2), ("tcp.refused", 1)]
    assert [row.reference for row in store.listing(search="накладные ХОТЕЛА", limit=10).rows] == [
        "0000-00000"
    ]
    assert [row.reference for row in store.listing(search="100 %", limit=10).rows] == ["0000-00001"]
    assert store.listing(search="_черк", limit=10).total == 1
    assert store.listing(search="%черк", limit=10).total == 0
    refused = store.listing(cause="tcp.refused", limit=10)
    assert (refused.total, [row.reference for row in refused.rows]) == (1, ["0000-00002"])
    assert store.listing(search="'; DROP TABLE reports; --", limit=10).total == 0


def test_the_list_is_paged_newest_first(store: Store) -> None:
    for number in range(5):
        store.put(arrival(number)).result()
    assert [row.reference for row in store.listing(limit=2, offset=2).rows] == ["0000-00002", "0000-00001"]
    assert store.listing(limit=2, offset=99).rows == []


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "inbox.sqlite"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 7")
    db.close()
    with pytest.raises(InboxError, match=r"newer version of Reporter \(format 7, this one knows 3\)"):
        Store(path)


@pytest.mark.parametrize("version", [1, 2])
def test_a_database_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    path = tmp_path / "inbox.sqlite"
    db = sqlite3.connect(path)
    for number in range(1, version + 1):
        db.executescript(database.CHANGES[number])
    db.execute(f"PRAGMA user_version = {version}")
    with db:
        db.execute(
            "INSERT INTO reports (reference, received_at, digest, report_json, cause, owner, headline, "
            "application, target, story, contact, sought) "
            "VALUES ('0000-00007', ?, x'00', x'7b7d', 'tls.expired', '', '', '', '', '', '', 'sought')",
            (NINE.timestamp(),),
        )
    db.close()
    for _ in range(2):
        store = Store(path, now=lambda: NINE)
        assert [row.reference for row in store.listing(limit=9, by_kind=True).rows][-1] == "0000-00007"
        old = store.get("0000-00007")
        assert old is not None
        assert (old.report_json, old.alike, old.first_at) == (b"{}", 1, None)
        assert old.can_be_answered is False
        assert store.kinds.status("0000-00007", b"") is None
        store.put(arrival(8, fingerprint="f")).result()
        assert store.listing(kind="f", limit=9).total == 1
        assert store.kinds.get("f").reports == 1
        store.close()


def test_a_coroutine_that_gave_up_waiting_does_not_harm_the_writer(store: Store) -> None:
    async def give_up() -> bool:
        blocker = sqlite3.connect(store.database.path, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        tasks = [asyncio.create_task(store.kept(arrival(number))) for number in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        blocker.execute("COMMIT")
        blocker.close()
        return await tasks[0] and await tasks[2]

    assert asyncio.run(give_up()) is True
    # One that was handed in before its loop ended is written all the same.
    waiting = asyncio.new_event_loop()
    waiting.run_until_complete(asyncio.wait_for(store.kept(arrival(3)), 10))
    waiting.close()
    assert store.put(arrival(4)).result() is True
    assert store.listing(limit=9).total == 5


def test_reports_are_counted_by_their_kind(tmp_path: Path) -> None:
    moments = iter(NINE + timedelta(minutes=minute) for minute in range(9))
    store = Store(tmp_path / "inbox.sqlite", now=lambda: next(moments))
    for number, fingerprint in enumerate(["a", "b", "a", "", "", "a"]):
        cause = "tcp.refused" if number == 2 else "tls.expired"
        store.put(arrival(number, fingerprint=fingerprint, cause=cause)).result()
    every = store.listing(limit=9)
    assert [(row.reference[-1], row.alike) for row in every.rows] == [
        ("5", 3), ("4", 1), ("3", 1), ("2", 3), ("1", 1), ("0", 3),
    ]  # fmt: skip
    kinds = store.listing(limit=9, by_kind=True)
    assert (kinds.total, kinds.kinds) == (6, 4)
    assert [(row.reference[-1], row.alike) for row in kinds.rows] == [("5", 3), ("4", 1), ("3", 1), ("1", 1)]
    assert [row.reference[-1] for row in store.listing(limit=2, offset=2, by_kind=True).rows] == ["3", "1"]
    chosen = store.listing(limit=9, kind="a", cause="tls.expired")
    assert ([row.reference[-1] for row in chosen.rows], chosen.total) == (["5", "0"], 2)
    stored = store.get("0000-00005")
    assert stored is not None
    assert (stored.alike, stored.first_at) == (3, NINE)
    store.close()


@pytest.mark.parametrize("content", [b"", b"this is a letter" * 100])
def test_what_is_no_database_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "inbox.sqlite"
    path.write_bytes(content)
    if not content:
        path.unlink()
        path.mkdir()
    with pytest.raises(InboxError, match=r"^The database .*inbox\.sqlite cannot be used: .*--database\.$"):
        Store(path)


def test_the_database_is_private(store: Store) -> None:
    assert store.database.path.stat().st_mode & 0o077 == 0
