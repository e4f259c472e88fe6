"""What is in the spool stays there: through crashes, crowds, full disks and damage."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from reporter.delivery.backoff import AUTOMATIC_SPREAD_S
from reporter.delivery.entries import DAMAGED_ENTRY
from reporter.delivery.envelope import Attempt, Envelope
from reporter.delivery.receipt import State
from reporter.delivery.spool import HISTORY_LIMIT_ROWS, Spool
from reporter.errors import SpoolError

Enqueue = Callable[..., Envelope]

REFERENCE = "7K3D-9QX2M"
NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def changed(envelope: Envelope, **members: object) -> Envelope:
    return msgspec.structs.replace(envelope, **members)


def attempt(outcome: str = "postponed", at: datetime = NINE) -> Attempt:
    return Attempt(at=at, destination="https://support.example.org/", outcome=outcome, reason="busy")


def test_a_report_comes_back_byte_for_byte(spool: Spool, enqueue: Enqueue) -> None:
    enqueue()
    kept = spool.get(REFERENCE)
    assert kept is not None
    assert kept.report_json == b'{"reference": "7K3D-9QX2M"}'
    assert [(file.name, file.content_type, file.content) for file in kept.attachments] == [
        ("Снимок.png", "image/png", b"\x89PNG\r\n--x\r\n")
    ]
    assert (kept.state, kept.tries, kept.next_try_at, kept.created_at) == (State.QUEUED, 0, None, NINE)


def test_without_a_destination_it_is_only_saved_and_says_so(enqueue: Enqueue) -> None:
    receipt = enqueue(sendable=False).receipt()
    assert (receipt.state, receipt.reference, receipt.at) == (State.SAVED, REFERENCE, NINE)


def test_the_same_report_twice_is_one_report(spool: Spool, enqueue: Enqueue) -> None:
    first = enqueue()
    assert enqueue() == first
    assert len(spool.list()) == 1


def test_another_report_under_the_same_reference_is_refused(spool: Spool, enqueue: Enqueue) -> None:
    enqueue()
    with pytest.raises(SpoolError, match=r"7K3D-9QX2M already belongs to a different report"):
        spool.enqueue(REFERENCE, b"{}", [], sendable=True, sent_by_person=True)
    kept = spool.get(REFERENCE)
    assert kept is not None
    assert kept.report_json != b"{}"


def test_a_dropped_report_is_gone_with_its_attachments_and_history(spool: Spool, enqueue: Enqueue) -> None:
    spool.record(enqueue(), [attempt()])
    assert spool.drop(REFERENCE)
    assert spool.get(REFERENCE) is None
    assert not spool.drop(REFERENCE)
    db = sqlite3.connect(spool.path)
    left = db.execute("SELECT (SELECT count(*) FROM attachments), (SELECT count(*) FROM attempts)").fetchone()
    db.close()
    assert left == (0, 0)


def test_due_are_the_queued_whose_time_has_come_oldest_first(spool: Spool, enqueue: Enqueue) -> None:
    enqueue("AAAA-AAAA1")
    later = enqueue("AAAA-AAAA2")
    enqueue("AAAA-AAAA3", sendable=False, sent_by_person=False)
    enqueue("AAAA-AAAA4")
    spool.record(changed(later, next_try_at=NINE + timedelta(minutes=5)), [attempt()])
    assert spool.due(NINE) == ("AAAA-AAAA1", "AAAA-AAAA4")
    assert spool.due(NINE + timedelta(minutes=5)) == ("AAAA-AAAA1", "AAAA-AAAA2", "AAAA-AAAA4")
    assert spool.waiting() == ("AAAA-AAAA1", "AAAA-AAAA2", "AAAA-AAAA3", "AAAA-AAAA4")


def test_the_time_until_the_next_one_is_known(spool: Spool, enqueue: Enqueue) -> None:
    assert spool.next_due_s(NINE) is None
    later = enqueue("AAAA-AAAA1")
    assert spool.next_due_s(NINE) == 0
    spool.record(changed(later, next_try_at=NINE + timedelta(minutes=5)), [attempt()])
    assert spool.next_due_s(NINE) == 300
    enqueue("AAAA-AAAA2", sendable=False)
    assert spool.next_due_s(NINE) == 0, "a person sent it"


def test_an_automatic_report_first_waits_a_random_time(spool: Spool, enqueue: Enqueue) -> None:
    assert enqueue(sent_by_person=False).next_try_at == NINE + timedelta(seconds=AUTOMATIC_SPREAD_S / 2)
    assert enqueue("AAAA-AAAA1").next_try_at is None


def test_a_clock_that_was_years_ahead_does_not_stall_a_report(spool: Spool, enqueue: Enqueue) -> None:
    spool.record(changed(enqueue(), next_try_at=NINE + timedelta(days=3_000)), [attempt()])
    assert spool.due(NINE) == (REFERENCE,)


def test_what_support_has_stays_accepted_whatever_a_slower_process_says(
    spool: Spool, enqueue: Enqueue
) -> None:
    envelope = enqueue()
    spool.record(
        changed(envelope, state=State.ACCEPTED, page="https://support.example.org/1"), [attempt("accepted")]
    )
    kept = spool.record(changed(envelope, state=State.QUEUED, reason="time-out"), [attempt()])
    assert (kept.state, kept.page, kept.reason) == (State.ACCEPTED, "https://support.example.org/1", "")
    assert [row.outcome for row in kept.history] == ["accepted"]


def test_the_history_keeps_the_last_rows_only(spool: Spool, enqueue: Enqueue) -> None:
    envelope = enqueue()
    for minute in range(HISTORY_LIMIT_ROWS + 10):
        envelope = spool.record(envelope, [attempt(at=NINE + timedelta(minutes=minute))])
    assert len(envelope.history) == HISTORY_LIMIT_ROWS
    assert envelope.history[0].at == NINE + timedelta(minutes=10)
    assert envelope.receipt().at == NINE + timedelta(minutes=HISTORY_LIMIT_ROWS + 9)


def test_a_result_for_a_report_dropped_meanwhile_brings_nothing_back(spool: Spool, enqueue: Enqueue) -> None:
    envelope = enqueue()
    spool.drop(REFERENCE)
    assert spool.record(changed(envelope, tries=1), [attempt()]).tries == 1
    assert spool.list() == ()


# Crashes and crowds

ENQUEUE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from reporter.delivery.spool import Spool
Spool(Path(sys.argv[1])).enqueue("7K3D-9QX2M", b"{}", [], sendable=True, sent_by_person=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

ENQUEUE_MANY = """
import sys
from pathlib import Path
from reporter.delivery.spool import Spool
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):  # every time, all of them begin a new spool at the same moment
    with Spool(Path(sys.argv[1]) / f"{number}.sqlite") as spool:
        spool.enqueue(f"{sys.argv[2]}-00000", b"{}", [], sendable=True, sent_by_person=True)
        spool.enqueue("SAME-00000", b"{}", [], sendable=True, sent_by_person=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process with SIGKILL")
def test_a_process_killed_right_after_enqueue_has_lost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    died = subprocess.run([sys.executable, "-c", ENQUEUE_AND_DIE, str(path)], check=False)
    assert died.returncode == -signal.SIGKILL
    with Spool(path) as spool:
        assert [envelope.reference for envelope in spool.list()] == [REFERENCE]


def test_several_processes_begin_one_spool_and_fill_it_at_once(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", ENQUEUE_MANY, str(tmp_path), f"PRO{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    for number in range(10):
        with Spool(tmp_path / f"{number}.sqlite") as spool:
            assert len(spool.list()) == 4 + 1


def test_threads_share_a_spool(spool: Spool, enqueue: Enqueue) -> None:
    threads = [threading.Thread(target=enqueue, args=(f"THRD-{number:05}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(spool.list()) == 16


# Disks


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_folder_and_file_are_private(spool: Spool, enqueue: Enqueue) -> None:
    enqueue()
    assert spool.path.parent.stat().st_mode & 0o777 == 0o700
    for file in spool.path.parent.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_shared_folder_keeps_its_mode_and_an_open_file_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "spool.sqlite"
    path.touch(0o644)
    with Spool(path):
        assert tmp_path.stat().st_mode & 0o777 == 0o755
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_hold_a_spool_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpoolError, match=r"cannot be kept in .*spool\.sqlite: .*REPORTER_HOME"):
        Spool(tmp_path / "file" / "spool.sqlite")


def test_a_folder_where_the_database_should_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match=r"Reports cannot be kept in"):
        Spool(tmp_path)


def test_a_full_disk_is_a_sentence_and_what_was_kept_stays(spool: Spool, enqueue: Enqueue) -> None:
    enqueue()
    connection = spool._database._connection
    assert connection is not None
    connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(SpoolError, match=r"the disk is full; free some space"):
        spool.enqueue("AAAA-AAAA2", b"x" * 1_000_000, [], sendable=True, sent_by_person=True)
    assert [envelope.reference for envelope in spool.list()] == [REFERENCE]


def test_a_database_that_can_only_be_read_is_a_sentence(spool: Spool, enqueue: Enqueue) -> None:
    enqueue()
    connection = spool._database._connection
    assert connection is not None
    connection.execute("PRAGMA query_only = ON")
    with pytest.raises(SpoolError, match=r"it can only be read"):
        enqueue("AAAA-AAAA2")


def test_a_spool_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 7")
    db.execute("CREATE TABLE treasure (gold TEXT)")
    db.commit()
    db.close()
    with pytest.raises(SpoolError, match=r"newer version of Reporter \(format 7, this one knows 3\)"):
        Spool(path)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (7,)
    assert [name for (name,) in db.execute("SELECT name FROM sqlite_master")] == ["treasure"]
    db.close()


def test_a_damaged_spool_is_moved_aside_and_a_sentence_says_where(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    path.write_bytes(b"this was a database once" * 500)
    with Spool(path, now=lambda: NINE) as spool:
        assert "was damaged and has been moved to" in spool.remark
        spool.enqueue(REFERENCE, b"{}", [], sendable=True, sent_by_person=True)
        assert spool.get(REFERENCE) is not None
    [aside] = tmp_path.glob("spool.sqlite.damaged-20261122T090000*")
    assert aside.read_bytes().startswith(b"this was a database once")
    assert str(aside) in spool.remark


def test_damage_found_while_working_does_not_cost_the_new_report(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    with Spool(path) as spool:
        spool.enqueue("AAAA-AAAA1", b"x" * 200_000, [], sendable=True, sent_by_person=True)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8 * 4096)
    with Spool(path) as spool:
        spool.enqueue(REFERENCE, b"{}", [], sendable=True, sent_by_person=True)
        assert spool.get(REFERENCE) is not None
        assert "was damaged" in spool.remark
    assert len(list(tmp_path.glob("*.damaged-*"))) >= 1


@pytest.mark.parametrize(
    "fault",
    [
        "DROP TABLE reports",
        "DROP TABLE attempts",
        "DROP TABLE attachments",
        "ALTER TABLE reports DROP COLUMN tries",
        "PRAGMA user_version = 0",
    ],
)
def test_tables_that_are_not_as_they_were_made_are_damage(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "spool.sqlite"
    with Spool(path) as spool:
        spool.enqueue("AAAA-AAAA1", b"{}", [], sendable=True, sent_by_person=True)
    change(path, fault)
    with Spool(path) as spool:
        spool.enqueue(REFERENCE, b"{}", [], sendable=True, sent_by_person=True)
        saved = 0 if fault == "DROP TABLE reports" else 1
        assert [envelope.reference for envelope in spool.list()] == ["AAAA-AAAA1", REFERENCE][1 - saved :]
        assert f"Reports that could be saved out of it: {saved}." in spool.remark
    assert len(list(tmp_path.glob("*.damaged-*"))) >= 1


@pytest.mark.parametrize(
    "assignment",
    [
        "state = 'lost'",
        "created_at = 1e18",
        "created_at = 'yesterday'",
        "next_try_at = -1e300",
        "tries = 'many'",
        "wait_s = x'00'",
        "page = x'00ff'",
        "report_json = 'text'",
    ],
)
def test_an_odd_entry_is_marked_and_the_rest_goes_on(spool: Spool, enqueue: Enqueue, assignment: str) -> None:
    spool.record(enqueue("AAAA-AAAA1"), [attempt()])
    enqueue()
    change(spool.path, f"UPDATE reports SET {assignment} WHERE reference = 'AAAA-AAAA1'")  # noqa: S608
    envelopes = {envelope.reference: envelope for envelope in spool.list()}
    assert set(envelopes) == {"AAAA-AAAA1", REFERENCE}
    receipt = envelopes["AAAA-AAAA1"].receipt()
    assert (receipt.state, receipt.reason) == (State.REFUSED, DAMAGED_ENTRY)
    assert envelopes[REFERENCE].state is State.QUEUED
    assert spool.due(NINE) == (REFERENCE,)
    assert spool.remark == ""


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE attempts SET at = 1e300",
        "UPDATE attempts SET outcome = x'00'",
        "UPDATE attachments SET content = 'text'",
        "UPDATE attachments SET name = x'00'",
    ],
)
def test_an_odd_row_beside_a_report_does_not_cost_the_report(
    spool: Spool, enqueue: Enqueue, fault: str
) -> None:
    report = spool.record(enqueue(), [attempt()])
    change(spool.path, fault)
    kept = spool.get(REFERENCE)
    assert kept is not None
    assert (kept.state, kept.report_json) == (State.REFUSED, report.report_json)


def change(path: Path, statement: str) -> None:
    """What another program, or a bad sector, did to the database."""
    db = sqlite3.connect(path)
    with db:
        db.execute(statement)
    db.close()


def test_on_a_network_folder_a_rollback_journal_takes_the_place_of_the_write_ahead_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spool.sqlite"
    with Spool(path) as kept:
        kept.enqueue("AAAA-AAAA1", b"{}", [], sendable=True, sent_by_person=True)
    monkeypatch.setattr("reporter.delivery.place.is_remote", lambda folder: True)
    with Spool(path) as kept, Spool(path) as other:
        kept.enqueue("AAAA-AAAA2", b"{}", [], sendable=True, sent_by_person=True)
        other.enqueue("AAAA-AAAA3", b"{}", [], sendable=True, sent_by_person=True)
        assert len(kept.list()) == 3
        assert not path.with_name("spool.sqlite-wal").exists()
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",), "the log is gone from the file too"
    db.close()


def test_a_disk_that_is_really_full_is_a_sentence_and_what_was_kept_stays(small_disk: Path) -> None:
    with Spool(small_disk / "spool.sqlite") as kept:
        kept.enqueue("AAAA-AAAA1", b"{}", [], sendable=True, sent_by_person=True)
        with pytest.raises(SpoolError, match=r"spool\.sqlite: the disk is full; free some space"):
            kept.enqueue("AAAA-AAAA2", b"x" * 2_000_000, [], sendable=True, sent_by_person=True)
        assert [envelope.reference for envelope in kept.list()] == ["AAAA-AAAA1"]
        kept.enqueue("AAAA-AAAA3", b"{}", [], sendable=True, sent_by_person=True)
    with Spool(small_disk / "spool.sqlite") as kept:
        assert [envelope.reference for envelope in kept.list()] == ["AAAA-AAAA1", "AAAA-AAAA3"]


def test_a_home_that_can_only_be_read_is_a_sentence(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(SpoolError, match=r"Read-only file system\. Check that .* with REPORTER_HOME"):
        Spool(small_disk / "spool" / "spool.sqlite")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk takes an administrator")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
