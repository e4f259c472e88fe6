"""What the spool remembers beside reports, what it forgets, and what it saves out of a damaged file."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from reporter.delivery import database
from reporter.delivery.envelope import Attempt, Envelope
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.report.model import Attachment

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PRINT = "5f0c1d2e3a4b5c6d"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NINE

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(tmp_path: Path, clock: Clock) -> Spool:
    return Spool(tmp_path / "spool.sqlite", now=clock, random=lambda: 0.5)


def put(
    kept: Spool, number: int, *, state: State = State.QUEUED, by_person: bool = True, size: int = 10
) -> str:
    reference = f"AAAA-{number:05}"
    envelope = kept.enqueue(
        reference, b"x" * size, [], sendable=state is not State.SAVED, sent_by_person=by_person
    )
    if state not in (State.QUEUED, State.SAVED):
        kept.record(msgspec.structs.replace(envelope, state=state, reason="too large"), [])
    return reference


def references(kept: Spool) -> list[str]:
    return [envelope.reference for envelope in kept.list()]


def test_each_report_has_a_secret_of_its_own(kept: Spool) -> None:
    put(kept, 1)
    put(kept, 2)
    tokens = {envelope.token for envelope in kept.list()}
    assert len(tokens) == 2
    assert all(len(token) == 43 for token in tokens)


def test_one_automatic_report_an_hour_for_a_fingerprint_and_the_next_knows_of_the_others(
    kept: Spool, clock: Clock
) -> None:
    assert kept.admit(PRINT) == 0
    assert kept.admit("another") == 0
    clock.now += timedelta(minutes=59)
    assert [kept.admit(PRINT) for _ in range(3)] == [None, None, None]
    clock.now += timedelta(minutes=1)
    assert kept.admit(PRINT) == 3
    clock.now += timedelta(hours=2)
    assert kept.admit(PRINT) == 0


def test_a_clock_that_is_set_back_does_not_hold_reports_up(kept: Spool, clock: Clock) -> None:
    clock.now += timedelta(days=3_000)
    kept.admit(PRINT)
    clock.now = NINE
    assert kept.admit(PRINT) == 0


def test_the_table_of_fingerprints_is_bounded(
    kept: Spool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporter.delivery.spool.FINGERPRINTS_LIMIT_ROWS", 3)
    for number in range(10):
        clock.now += timedelta(seconds=1)
        kept.admit(str(number))
    assert kept.admit("9") is None, "the newest are remembered"
    assert kept.admit("0") == 0


def test_an_answer_is_shown_once(kept: Spool) -> None:
    reference = put(kept, 1, state=State.ACCEPTED)
    kept.note_answer(reference, "It works again.", NINE)
    [envelope] = kept.answers()
    assert (envelope.state, envelope.answer, envelope.answered_at) == (
        State.ANSWERED,
        "It works again.",
        NINE,
    )
    kept.mark_seen(reference)
    kept.note_answer(reference, "It works again.", NINE)
    assert kept.answers() == ()
    kept.note_answer(reference, "Please sign in anew.", NINE)
    assert [envelope.answer for envelope in kept.answers()] == ["Please sign in anew."]


def test_an_answer_that_came_while_another_was_read_is_still_to_be_shown(kept: Spool) -> None:
    reference = put(kept, 1, state=State.ACCEPTED)
    kept.note_answer(reference, "We look into it.", NINE)
    kept.note_answer(reference, "It works again.", NINE)
    kept.mark_seen(reference, "We look into it.")
    assert [envelope.answer for envelope in kept.answers()] == ["It works again."]
    kept.mark_seen(reference, "It works again.")
    assert kept.answers() == ()


def test_a_pause_keeps_its_beginning_and_ends(kept: Spool, clock: Clock) -> None:
    kept.standing.pause("https://support.example.org/", "401")
    clock.now += timedelta(hours=1)
    kept.standing.pause("https://support.example.org/", "403")
    [pause] = kept.standing.pauses()
    assert (pause.destination, pause.since, pause.tried_at, pause.reason) == (
        "https://support.example.org/",
        NINE,
        clock.now,
        "403",
    )
    kept.standing.resume("https://support.example.org/")
    assert kept.standing.pauses() == ()


def test_an_endpoint_spreads_automatic_reports(kept: Spool) -> None:
    put(kept, 1, by_person=False)
    kept.standing.spread(600.0)
    put(kept, 2, by_person=False)
    kept.standing.spread(1e12)
    put(kept, 3, by_person=False)
    put(kept, 4)
    waits = [
        envelope.next_try_at and (envelope.next_try_at - NINE).total_seconds() for envelope in kept.list()
    ]
    assert waits == [30, 300, 43_200, None]


def test_what_is_old_is_forgotten_and_what_waits_is_not(kept: Spool, clock: Clock) -> None:
    waiting = put(kept, 1)
    put(kept, 2, state=State.ACCEPTED)
    put(kept, 3, state=State.REFUSED)
    put(kept, 4, state=State.SAVED, by_person=False)
    saved = put(kept, 5, state=State.SAVED)
    unread = put(kept, 6, state=State.ACCEPTED)
    kept.note_answer(unread, "Hello.", NINE)
    clock.now += timedelta(days=31)
    new = put(kept, 7, state=State.ACCEPTED)
    assert kept.tidy(retention_days=30, limit_bytes=10**9) == [
        "The report AAAA-00002, which was delivered, was removed from this computer after 30 days.",
        "The report AAAA-00003, which was never delivered (too large), was removed from this computer after "
        "30 days.",
    ]
    assert references(kept) == [waiting, saved, unread, new]


def test_over_the_limit_the_oldest_delivered_go_first(kept: Spool, clock: Clock) -> None:
    for number in range(6):
        clock.now += timedelta(minutes=1)
        put(kept, number, state=State.ACCEPTED, size=1_000, by_person=number == 1)
    refused = put(kept, 6, state=State.REFUSED, size=1_000)
    waiting = put(kept, 7, size=1_000)
    assert kept.tidy(retention_days=30, limit_bytes=5_000) == []
    assert references(kept) == ["AAAA-00001", "AAAA-00004", "AAAA-00005", refused, waiting]
    [sentence] = kept.tidy(retention_days=30, limit_bytes=2_000)
    assert "AAAA-00001, which was delivered, was removed from this computer to make room" in sentence
    assert kept.tidy(retention_days=30, limit_bytes=1) == []
    assert references(kept) == [refused, waiting], "a person's own stays, above any limit"


def test_attachments_count_and_their_space_is_given_back(kept: Spool, tmp_path: Path) -> None:
    picture = Attachment(name="screenshot-1.png", content_type="image/png", content=b"x" * 3_000_000)
    envelope = kept.enqueue("AAAA-00001", b"{}", [picture], sendable=True, sent_by_person=True)
    kept.record(msgspec.structs.replace(envelope, state=State.ACCEPTED), [])
    kept.tidy(retention_days=30, limit_bytes=1_000_000)
    kept.close()
    assert references(kept) == []
    kept.close()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 500_000


def test_a_spool_of_the_first_format_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    old = sqlite3.connect(path)
    old.executescript(database._TABLES)
    old.execute(
        "INSERT INTO reports (reference, report_json, state, created_at, sent_by_person) "
        "VALUES ('AAAA-00001', x'7b7d', 'queued', 1, 1)"
    )
    old.execute("INSERT INTO attempts VALUES (1, 'AAAA-00001', 2, 'https://a/', 'postponed', 'busy')")
    old.execute("PRAGMA user_version = 1")
    old.commit()
    old.close()
    with Spool(path) as kept:
        [envelope] = kept.list()
    assert (envelope.report_json, envelope.history[0].reason) == (b"{}", "busy")
    assert re.fullmatch("[A-Za-z0-9_-]{43}", envelope.token)
    assert kept.remark == ""


def test_a_spool_of_the_second_format_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    old = sqlite3.connect(path)
    old.executescript(database._TABLES + database._SECOND_FORMAT)
    old.execute(
        "INSERT INTO reports (reference, report_json, state, created_at, sent_by_person, token, next_try_at) "
        "VALUES ('AAAA-00001', x'7b7d', 'queued', 1800000000, 1, ?, 1800000060)",
        ("a" * 64,),
    )
    old.execute("INSERT INTO attempts VALUES (1, 'AAAA-00001', 2, 'https://a/', 'postponed', 'busy')")
    old.execute("PRAGMA user_version = 2")
    old.commit()
    old.close()
    with Spool(path, now=lambda: NINE) as kept:
        kept.mend_times()
        [envelope] = kept.list()
    assert envelope.token == "a" * 43, "an endpoint refuses longer ones"
    assert envelope.next_try_at is not None, "when it was planned is not known, so nothing is shifted"
    assert [row.server_fault for row in envelope.history] == [False]


def test_reports_before_and_behind_the_damage_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    with Spool(path) as kept:
        for number in range(200):
            kept.enqueue(
                f"AAAA-{number:05}",
                b"x" * 5_000,
                [Attachment(name="a.txt", content_type="text/plain", content=b"y" * 100)],
                sendable=True,
                sent_by_person=True,
            )
    closing = sqlite3.connect(path)
    closing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    closing.close()
    content = path.read_bytes()
    leaf_of_a_table = b"\x0d"
    leaves = [
        at
        for at in range(4096, len(content), 4096)
        if content[at : at + 1] == leaf_of_a_table
        and b"AAAA-" in content[at : at + 4096]
        and b"xxxxx" in content[at : at + 4096]
    ]
    with path.open("r+b") as file:
        file.seek(leaves[len(leaves) // 2])
        file.write(b"\xa5" * 4096)
    with Spool(path) as kept:
        saved: tuple[Envelope, ...] = kept.list()
    assert "was damaged" in kept.remark
    assert len(saved) >= 100
    whole = [envelope for envelope in saved if envelope.state is State.QUEUED]
    assert len(whole) >= 95
    assert all(envelope.reason for envelope in saved if envelope not in whole)
    assert f"could be saved out of it: {len(saved)}." in kept.remark


def planned_s(kept: Spool, reference: str, clock: Clock) -> float:
    envelope = kept.get(reference)
    assert envelope is not None
    assert envelope.next_try_at is not None
    return (envelope.next_try_at - clock.now).total_seconds()


def put_off(kept: Spool, reference: str, clock: Clock, seconds: float) -> None:
    envelope = kept.get(reference)
    assert envelope is not None
    later = clock.now + timedelta(seconds=seconds)
    kept.record(msgspec.structs.replace(envelope, next_try_at=later), [])


@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(hours=3), timedelta(days=20_000)])
def test_a_clock_that_is_set_back_costs_no_report_more_than_its_own_wait(
    kept: Spool, clock: Clock, back: timedelta
) -> None:
    reference = put(kept, 1)
    put_off(kept, reference, clock, 700)
    clock.now += timedelta(seconds=60)
    clock.now -= back
    kept.mend_times()
    assert planned_s(kept, reference, clock) == pytest.approx(700, abs=0.01)
    kept.mend_times()
    assert planned_s(kept, reference, clock) == pytest.approx(700, abs=0.01)


def test_the_same_clock_leaves_the_plans_alone(kept: Spool, clock: Clock) -> None:
    reference = put(kept, 1)
    put_off(kept, reference, clock, 700)
    clock.now += timedelta(seconds=60)
    kept.mend_times()
    assert planned_s(kept, reference, clock) == 640


def test_switched_on_again_automatic_reports_are_spread_anew_and_those_of_persons_go(
    kept: Spool, clock: Clock
) -> None:
    automatic, own = put(kept, 1, by_person=False), put(kept, 2)
    put_off(kept, own, clock, 700)
    clock.now += timedelta(days=3)
    assert set(kept.due(clock.now)) == {automatic, own}
    kept.mend_times()
    assert kept.due(clock.now) == (own,)
    assert planned_s(kept, automatic, clock) == 30
    assert kept.is_due(own, clock.now)
    assert not kept.is_due(automatic, clock.now)


def test_a_report_made_by_a_clock_that_was_never_set_is_not_taken_for_old(kept: Spool, clock: Clock) -> None:
    clock.now = datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    reference = put(kept, 1, state=State.REFUSED)
    kept.mend_times()
    clock.now = NINE
    kept.mend_times()
    assert kept.tidy(retention_days=30, limit_bytes=10**9) == []
    assert references(kept) == [reference]


def test_what_such_a_clock_saw_delivered_is_kept_its_days(kept: Spool, clock: Clock) -> None:
    clock.now = datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    reference = put(kept, 1, state=State.ACCEPTED)
    clock.now = NINE
    assert kept.tidy(retention_days=30, limit_bytes=1_000) == []
    assert references(kept) == [reference]
    clock.now = NINE + timedelta(days=31)
    assert len(kept.tidy(retention_days=30, limit_bytes=1_000)) == 1


def test_the_days_count_from_what_happened_last(kept: Spool, clock: Clock) -> None:
    envelope = kept.enqueue("AAAA-00001", b"{}", [], sendable=True, sent_by_person=True)
    clock.now += timedelta(days=40)
    row = Attempt(at=clock.now, destination="https://a/", outcome="accepted")
    kept.record(msgspec.structs.replace(envelope, state=State.ACCEPTED), [row])
    assert kept.tidy(retention_days=30, limit_bytes=10**9) == []
    clock.now += timedelta(days=31)
    assert len(kept.tidy(retention_days=30, limit_bytes=10**9)) == 1


def test_a_destination_rests_as_long_as_it_asked_and_not_longer(kept: Spool, clock: Clock) -> None:
    kept.standing.rest("https://a/", 600, "busy")
    [rest] = kept.standing.rests()
    assert (rest.destination, rest.until, rest.reason) == ("https://a/", NINE + timedelta(minutes=10), "busy")
    clock.now += timedelta(seconds=601)
    assert kept.standing.rests() == ()
    kept.standing.rest("https://a/", 1e12, "busy")
    clock.now += timedelta(days=2)
    assert kept.standing.rests() == (), "no longer than the horizon"
    kept.standing.rest("https://a/", 600, "busy")
    clock.now -= timedelta(hours=5)
    assert kept.standing.rests() == (), "a clock that was ahead began it"
    clock.now += timedelta(hours=5)
    kept.standing.resume("https://a/")
    assert kept.standing.rests() == ()


def test_the_endpoints_last_answer_counts_and_no_opinion_gives_the_settings_back(kept: Spool) -> None:
    kept.standing.spread(600)
    kept.standing.spread(None)
    put(kept, 1, by_person=False)
    [envelope] = kept.list()
    assert envelope.next_try_at == NINE + timedelta(seconds=30)


def test_tries_again_are_spread_as_the_first_tries_were(kept: Spool) -> None:
    put(kept, 1)
    kept.standing.spread(600)
    put(kept, 2)
    put(kept, 3, by_person=False)
    assert [envelope.wait_s for envelope in kept.list()] == [20, 200, 200]


def test_server_faults_stay_in_the_history_however_long_the_network_is_down(kept: Spool) -> None:
    envelope = kept.enqueue("AAAA-00001", b"{}", [], sendable=True, sent_by_person=True)
    fault = Attempt(at=NINE, destination="a", outcome="postponed", reason="500", server_fault=True)
    away = Attempt(at=NINE, destination="a", outcome="postponed", reason="away")
    kept.record(envelope, [fault] * 3)
    for _ in range(100):
        kept.record(envelope, [away])
    [kept_now] = kept.list()
    assert [row.server_fault for row in kept_now.history] == [True] * 3 + [False] * 50
