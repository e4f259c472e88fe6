"""The postman sends each report once, to whom can be reached, and his receipts hold nothing but the truth."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from reporter.delivery.backoff import HORIZON_S
from reporter.delivery.destination import Destination, Kind, Outcome
from reporter.delivery.envelope import Envelope
from reporter.delivery.postman import PAUSE_S, SERVER_FAULT_LIMIT_TRIES, Postman, deliver_unkept
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.errors import SpoolError
from reporter.files import only_one
from tests.delivery.envelopes import enveloped

Enqueue = Callable[..., Envelope]

REFERENCE = "7K3D-9QX2M"
NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PAGE = "https://support.example.org/reports/7K3D-9QX2M"

ACCEPTED = Outcome(kind=Kind.ACCEPTED, page=PAGE)
AWAY = Outcome(kind=Kind.POSTPONED, reason="no connection to the endpoint")
FAULTY = Outcome(kind=Kind.POSTPONED, reason="the endpoint answered 500", server_fault=True)
UNWANTED = Outcome(kind=Kind.REFUSED, reason="the endpoint answered 422: too long")
LOCKED_OUT = Outcome(kind=Kind.PAUSED, reason="the endpoint answered 401")


class Desk(Destination):
    """A destination that answers what it is told to and remembers who came; the last answer stays."""

    def __init__(self, *outcomes: Outcome, name: str = "https://support.example.org/") -> None:
        self.name = name
        self.outcomes = list(outcomes)
        self.received: list[str] = []

    def deliver(self, envelope: Envelope) -> Outcome:
        self.received.append(envelope.reference)
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


@pytest.fixture
def postman(spool: Spool, clock: Any) -> Callable[..., Postman]:
    """A postman for these destinations, whose dice always show the middle."""

    def postman(*destinations: Destination, **options: Any) -> Postman:
        return Postman(spool, destinations, now=clock, random=lambda: 0.5, **options)

    return postman


Postmen = Callable[..., Postman]


def test_delivered_is_what_the_endpoint_confirmed(enqueue: Enqueue, postman: Postmen) -> None:
    enqueue()
    receipt = postman(Desk(ACCEPTED)).deliver(REFERENCE)
    assert receipt.state is State.ACCEPTED
    assert (receipt.page, receipt.destination) == (PAGE, "https://support.example.org/")
    assert (receipt.reason, receipt.tries, receipt.next_try_at) == ("", 1, None)


def test_a_delivered_report_is_never_sent_again(enqueue: Enqueue, postman: Postmen) -> None:
    enqueue()
    desk = Desk(ACCEPTED)
    postman(desk).deliver(REFERENCE)
    assert postman(desk).deliver(REFERENCE).state is State.ACCEPTED
    assert postman(desk).flush(force=True) == []
    assert desk.received == [REFERENCE]


def test_out_of_reach_means_queued_with_the_next_time_and_the_reason(
    enqueue: Enqueue, postman: Postmen
) -> None:
    enqueue()
    receipt = postman(Desk(AWAY)).deliver(REFERENCE)
    assert (receipt.state, receipt.reason, receipt.tries) == (State.QUEUED, AWAY.reason, 1)
    assert receipt.next_try_at == NINE + timedelta(seconds=60)


def test_waits_grow_from_the_one_before(enqueue: Enqueue, postman: Postmen, clock: Any) -> None:
    enqueue()
    waits = []
    for _ in range(8):
        due = postman(Desk(AWAY)).deliver(REFERENCE).next_try_at
        assert due is not None
        waits.append((due - clock()).total_seconds())
        clock.advance(seconds=waits[-1])
    assert waits == [60, 105, 172.5, 273.75, 425.625, 653.4375, 900, 900]


def test_retry_after_is_a_floor(enqueue: Enqueue, postman: Postmen) -> None:
    enqueue()
    desk = Desk(Outcome(kind=Kind.POSTPONED, reason="busy", retry_after_s=600))
    assert postman(desk).deliver(REFERENCE).next_try_at == NINE + timedelta(seconds=660)


def test_no_wait_is_longer_than_the_horizon_of_the_spool(enqueue: Enqueue, spool: Spool, clock: Any) -> None:
    enqueue()
    desk = Desk(Outcome(kind=Kind.POSTPONED, reason="busy", retry_after_s=1e9))
    postman = Postman(spool, [desk], now=clock, random=lambda: 0.999999)
    for _ in range(9):
        due = postman.deliver(REFERENCE).next_try_at
        assert due is not None
        assert due <= NINE + timedelta(seconds=HORIZON_S)
        assert spool.due(NINE) == ()


def test_a_flush_sends_what_is_due_oldest_first_and_leaves_the_rest(
    enqueue: Enqueue, postman: Postmen, clock: Any
) -> None:
    enqueue("AAAA-AAAA1")
    postman(Desk(AWAY)).deliver("AAAA-AAAA1")
    clock.advance(seconds=30)
    enqueue("AAAA-AAAA2")
    enqueue("AAAA-AAAA3")
    desk = Desk(ACCEPTED)
    assert [receipt.reference for receipt in postman(desk).flush()] == ["AAAA-AAAA2", "AAAA-AAAA3"]
    clock.advance(seconds=30)
    assert [receipt.state for receipt in postman(desk).flush()] == [State.ACCEPTED]
    assert desk.received == ["AAAA-AAAA2", "AAAA-AAAA3", "AAAA-AAAA1"]


def test_a_forced_flush_sends_at_once_and_also_automatic_reports_that_were_only_saved(
    enqueue: Enqueue, postman: Postmen
) -> None:
    enqueue("AAAA-AAAA1")
    postman(Desk(AWAY)).deliver("AAAA-AAAA1")
    enqueue("AAAA-AAAA2", sendable=False, sent_by_person=False)
    assert postman(Desk(ACCEPTED)).flush() == []
    assert [receipt.state for receipt in postman(Desk(ACCEPTED)).flush(force=True)] == [State.ACCEPTED] * 2


def test_the_next_destination_is_tried_when_one_cannot_be_reached(
    enqueue: Enqueue, postman: Postmen, spool: Spool
) -> None:
    enqueue()
    first, second, third = (
        Desk(AWAY, name="first"),
        Desk(LOCKED_OUT, name="second"),
        Desk(ACCEPTED, name="third"),
    )
    receipt = postman(first, second, third).deliver(REFERENCE)
    assert (receipt.state, receipt.destination, receipt.tries) == (State.ACCEPTED, "third", 1)
    kept = spool.get(REFERENCE)
    assert kept is not None
    assert [(row.destination, row.outcome) for row in kept.history] == [
        ("first", "postponed"),
        ("second", "paused"),
        ("third", "accepted"),
    ]


def test_a_receipt_names_the_destination_that_the_report_waits_for(
    enqueue: Enqueue, postman: Postmen
) -> None:
    enqueue()
    first, second = Desk(AWAY, name="first"), Desk(LOCKED_OUT, name="second")
    receipt = postman(first, second).deliver(REFERENCE)
    assert (receipt.destination, receipt.reason, receipt.attempt) == ("first", AWAY.reason, "postponed")


def test_what_waits_for_one_that_another_report_found_away_names_no_other(
    enqueue: Enqueue, postman: Postmen, clock: Any
) -> None:
    for reference in ("AAAA-AAAA1", "AAAA-AAAA2"):
        enqueue(reference)
        postman(Desk(AWAY, name="old")).deliver(reference)
    clock.advance(hours=1)
    first, second = postman(Desk(LOCKED_OUT, name="new")).flush()
    assert (first.destination, first.attempt) == ("new", "paused")
    assert (second.destination, second.attempt, second.reason) == ("", "", LOCKED_OUT.reason)


def test_one_that_is_busy_is_told_from_one_that_is_away(enqueue: Enqueue, postman: Postmen) -> None:
    assert enqueue().receipt().attempt == ""
    busy = msgspec.structs.replace(FAULTY, is_busy=True)
    assert postman(Desk(busy)).deliver(REFERENCE).attempt == "busy"
    assert postman(Desk(AWAY)).deliver(REFERENCE).attempt == "postponed"
    assert postman(Desk(LOCKED_OUT)).deliver(REFERENCE).attempt == "paused"


def test_what_no_disk_takes_is_tried_once_in_the_same_order() -> None:
    report = enveloped(b"{}")
    kept = deliver_unkept(report, [Desk(AWAY, name="first"), Desk(ACCEPTED, name="second")])
    assert kept is not None
    assert (kept.state, kept.destination, kept.page) == (State.ACCEPTED, "second", PAGE)
    for answer in (UNWANTED, msgspec.structs.replace(AWAY, retry_after_s=60.0)):
        second = Desk(ACCEPTED)
        assert deliver_unkept(report, [Desk(answer), second]) is None
        assert second.received == []
    assert deliver_unkept(report, [Desk(AWAY)]) is None


def test_a_refusal_is_final_and_the_report_is_kept(enqueue: Enqueue, postman: Postmen, spool: Spool) -> None:
    enqueue()
    other = Desk(ACCEPTED, name="other")
    receipt = postman(Desk(UNWANTED), other).deliver(REFERENCE)
    assert (receipt.state, receipt.reason) == (State.REFUSED, UNWANTED.reason)
    assert other.received == []
    assert postman(Desk(ACCEPTED)).flush(force=True) == []
    assert spool.get(REFERENCE) is not None


def test_a_refused_report_is_sent_again_when_a_person_asks_for_it(enqueue: Enqueue, postman: Postmen) -> None:
    enqueue()
    assert postman(Desk(UNWANTED, ACCEPTED)).deliver(REFERENCE).state is State.REFUSED
    assert postman(Desk(ACCEPTED)).deliver(REFERENCE).state is State.ACCEPTED


def test_a_server_fault_is_borne_eight_times(enqueue: Enqueue, postman: Postmen, clock: Any) -> None:
    enqueue()
    desk = Desk(FAULTY)
    for _ in range(SERVER_FAULT_LIMIT_TRIES - 1):
        assert postman(desk).deliver(REFERENCE).state is State.QUEUED
        clock.advance(hours=1)
    receipt = postman(desk).deliver(REFERENCE)
    assert (receipt.state, receipt.next_try_at) == (State.REFUSED, None)
    assert (
        receipt.reason
        == "the endpoint answered 500, for the 8th time; it is kept and not tried again by itself"
    )


def test_a_network_that_is_down_is_borne_for_ever(enqueue: Enqueue, postman: Postmen, clock: Any) -> None:
    enqueue()
    for _ in range(50):
        assert postman(Desk(AWAY)).deliver(REFERENCE).state is State.QUEUED
        clock.advance(hours=1)


def test_a_destination_that_wants_other_credentials_rests_for_an_hour(
    enqueue: Enqueue, postman: Postmen
) -> None:
    enqueue("AAAA-AAAA1")
    enqueue("AAAA-AAAA2")
    desk = Desk(LOCKED_OUT)
    receipts = postman(desk).flush()
    assert desk.received == ["AAAA-AAAA1"]
    for receipt in receipts:
        assert (receipt.state, receipt.reason) == (State.QUEUED, LOCKED_OUT.reason)
        assert receipt.next_try_at == NINE + timedelta(seconds=PAUSE_S + 60)
    assert [receipt.tries for receipt in receipts] == [1, 0]


def test_one_dead_server_does_not_cost_a_time_out_for_each_report(enqueue: Enqueue, postman: Postmen) -> None:
    for number in range(5):
        enqueue(f"AAAA-AAAA{number}")
    dead, alive = Desk(AWAY, name="dead"), Desk(ACCEPTED, name="alive")
    assert [receipt.state for receipt in postman(dead, alive).flush()] == [State.ACCEPTED] * 5
    assert len(dead.received) == 1


def test_without_a_destination_nothing_is_promised(enqueue: Enqueue, postman: Postmen) -> None:
    enqueue()
    receipt = postman().deliver(REFERENCE)
    assert (receipt.state, receipt.reason, receipt.next_try_at) == (
        State.SAVED,
        "no destination is set up: set `endpoint`",
        None,
    )
    assert postman().flush(force=True) == []


def test_what_a_person_sent_before_a_destination_was_set_up_is_sent_once_there_is_one(
    enqueue: Enqueue, postman: Postmen
) -> None:
    receipt = enqueue(sendable=False).receipt()
    assert (receipt.state, receipt.reason) == (State.SAVED, "no destination is set up: set `endpoint`")
    [receipt] = postman(Desk(ACCEPTED)).flush()
    assert (receipt.state, receipt.reason) == (State.ACCEPTED, "")


def test_an_unknown_reference_is_a_sentence(postman: Postmen) -> None:
    with pytest.raises(SpoolError, match=r"No report 0000-00000 is kept on this computer"):
        postman(Desk(ACCEPTED)).deliver("0000-00000")


def test_while_another_process_sends_the_report_stays_queued(
    enqueue: Enqueue, postman: Postmen, spool: Spool
) -> None:
    enqueue()
    desk = Desk(ACCEPTED)
    with only_one(spool.path.with_name("spool.sqlite.lock"), wait_s=0):
        receipt = postman(desk, lock_wait_s=0).deliver(REFERENCE)
        assert postman(desk, lock_wait_s=0).flush() == []
    assert (receipt.state, receipt.reason) == (State.QUEUED, "another process is sending at the moment")
    assert desk.received == []


def test_two_postmen_at_once_deliver_each_report_once(enqueue: Enqueue, spool: Spool) -> None:
    references = [f"AAAA-AAAA{number}" for number in range(9)]
    for reference in references:
        enqueue(reference)
    desk = Desk(ACCEPTED)

    def flush() -> None:
        with Spool(spool.path) as own:
            Postman(own, [desk], random=random.random).flush()

    threads = [threading.Thread(target=flush) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(desk.received) == references


def test_killed_between_the_answer_and_our_record_means_one_more_idempotent_try(
    enqueue: Enqueue, postman: Postmen, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue()
    desk = Desk(ACCEPTED)
    with monkeypatch.context() as patched:
        patched.setattr(spool, "record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            postman(desk).deliver(REFERENCE)
    assert postman(desk).flush()[0].state is State.ACCEPTED
    assert desk.received == [REFERENCE, REFERENCE]


BUSY = Outcome(kind=Kind.POSTPONED, reason="the endpoint answered 429", retry_after_s=600)


def test_what_a_destination_asked_for_holds_for_every_report(
    enqueue: Enqueue, postman: Postmen, spool: Spool, clock: Any
) -> None:
    enqueue("AAAA-AAAA1")
    postman(Desk(BUSY)).flush()
    clock.advance(seconds=30)
    enqueue("AAAA-AAAA2")
    desk = Desk(ACCEPTED)
    [receipt] = postman(desk).flush()
    assert (receipt.state, receipt.reason, receipt.tries) == (State.QUEUED, BUSY.reason, 0)
    assert receipt.next_try_at == NINE + timedelta(seconds=600 + 60)
    assert desk.received == []
    clock.advance(seconds=630)
    assert [receipt.state for receipt in postman(desk).flush()] == [State.ACCEPTED] * 2
    assert spool.standing.rests() == ()


def test_what_a_person_sends_goes_at_once_even_then(enqueue: Enqueue, postman: Postmen) -> None:
    enqueue("AAAA-AAAA1")
    postman(Desk(BUSY)).flush()
    enqueue("AAAA-AAAA2")
    assert postman(Desk(ACCEPTED)).deliver("AAAA-AAAA2").state is State.ACCEPTED


def test_a_destination_that_is_only_busy_does_not_pass_its_storm_on(
    enqueue: Enqueue, postman: Postmen
) -> None:
    enqueue()
    relay = Desk(ACCEPTED, name="relay")
    receipt = postman(Desk(BUSY), relay).deliver(REFERENCE)
    assert (receipt.state, relay.received) == (State.QUEUED, [])


def test_one_that_is_broken_or_paused_does(enqueue: Enqueue, postman: Postmen) -> None:
    for number, outcome in enumerate((FAULTY, LOCKED_OUT, msgspec.structs.replace(FAULTY, retry_after_s=60))):
        enqueue(f"AAAA-AAAA{number}")
        receipt = postman(Desk(outcome), Desk(ACCEPTED, name="relay")).deliver(f"AAAA-AAAA{number}")
        assert (receipt.state, receipt.destination) == (State.ACCEPTED, "relay")


def test_while_a_broken_one_rests_what_comes_goes_to_the_next(enqueue: Enqueue, postman: Postmen) -> None:
    broken = Desk(msgspec.structs.replace(FAULTY, retry_after_s=600), name="broken")
    relay = Desk(ACCEPTED, name="relay")
    for number in range(2):
        enqueue(f"AAAA-AAAA{number}")
        assert [receipt.destination for receipt in postman(broken, relay).flush()] == ["relay"]
    assert broken.received == ["AAAA-AAAA0"]


def test_the_next_try_is_for_the_destination_whose_time_comes_first(
    enqueue: Enqueue, postman: Postmen
) -> None:
    enqueue()
    receipt = postman(Desk(AWAY, name="first"), Desk(LOCKED_OUT, name="second")).deliver(REFERENCE)
    assert (receipt.reason, receipt.next_try_at) == (AWAY.reason, NINE + timedelta(seconds=60))


def test_server_faults_are_counted_for_each_destination(
    enqueue: Enqueue, postman: Postmen, clock: Any
) -> None:
    enqueue()
    broken, away = Desk(FAULTY, name="broken"), Desk(AWAY, name="away")
    for _ in range(20):
        clock.advance(days=1)
        assert [receipt.state for receipt in postman(broken, away).flush()] == [State.QUEUED]
    assert len(broken.received) == SERVER_FAULT_LIMIT_TRIES
    assert len(away.received) == 20, "it may come back and take it"
    clock.advance(days=1)
    assert [receipt.state for receipt in postman(broken, Desk(ACCEPTED, name="away")).flush()] == [
        State.ACCEPTED
    ]


def test_when_every_destination_has_failed_too_often_it_is_given_up(
    enqueue: Enqueue, postman: Postmen, clock: Any
) -> None:
    enqueue()
    desks = [Desk(FAULTY, name="one"), Desk(FAULTY, name="two")]
    for _ in range(SERVER_FAULT_LIMIT_TRIES):
        clock.advance(days=1)
        [receipt] = postman(*desks).flush()
    assert (receipt.state, receipt.next_try_at) == (State.REFUSED, None)
    assert "for the 16th time; it is kept and not tried again by itself" in receipt.reason
    assert postman(*desks).flush() == []
    assert postman(Desk(ACCEPTED, name="one")).deliver(REFERENCE).state is State.ACCEPTED


def test_a_report_that_breaks_the_server_does_not_hold_up_the_others(
    enqueue: Enqueue, postman: Postmen
) -> None:
    for number in range(3):
        enqueue(f"AAAA-AAAA{number}")
    receipts = postman(Desk(FAULTY, ACCEPTED)).flush()
    assert [receipt.state for receipt in receipts] == [State.QUEUED, State.ACCEPTED, State.ACCEPTED]


def test_a_server_that_breaks_twice_in_a_round_is_left_alone(enqueue: Enqueue, postman: Postmen) -> None:
    for number in range(9):
        enqueue(f"AAAA-AAAA{number}")
    desk = Desk(FAULTY)
    assert len(postman(desk).flush()) == 9
    assert len(desk.received) == 2


def test_a_kind_that_breaks_its_word_and_raises_costs_the_others_nothing(
    enqueue: Enqueue, postman: Postmen
) -> None:
    class Raising(Desk):
        def deliver(self, envelope: Envelope) -> Outcome:
            if not self.received:
                self.received.append(envelope.reference)
                raise ValueError("secret")
            return super().deliver(envelope)

    enqueue("AAAA-AAAA1")
    enqueue("AAAA-AAAA2")
    receipts = postman(Raising(ACCEPTED)).flush()
    assert [receipt.state for receipt in receipts] == [State.QUEUED, State.ACCEPTED]
    assert receipts[0].reason == "it could not be handed over (ValueError)"


def test_a_pause_is_remembered_by_the_next_process_and_ends_with_success(
    enqueue: Enqueue, postman: Postmen, spool: Spool, clock: Any
) -> None:
    enqueue("AAAA-AAAA1")
    postman(Desk(LOCKED_OUT)).flush()
    enqueue("AAAA-AAAA2")
    desk = Desk(ACCEPTED)
    [receipt] = postman(desk).flush()
    assert (receipt.state, receipt.reason, desk.received) == (State.QUEUED, LOCKED_OUT.reason, [])
    assert [pause.reason for pause in spool.standing.pauses()] == [LOCKED_OUT.reason]
    clock.advance(seconds=PAUSE_S + 900)
    assert [receipt.state for receipt in postman(desk).flush()] == [State.ACCEPTED] * 2
    assert spool.standing.pauses() == ()


def test_a_forced_flush_tries_what_is_paused_or_rests(enqueue: Enqueue, postman: Postmen) -> None:
    enqueue("AAAA-AAAA1")
    postman(Desk(LOCKED_OUT)).flush()
    enqueue("AAAA-AAAA2")
    postman(Desk(BUSY)).deliver("AAAA-AAAA2")
    assert [receipt.state for receipt in postman(Desk(ACCEPTED)).flush(force=True)] == [State.ACCEPTED] * 2


def test_a_clock_that_is_set_back_by_hours_stalls_nothing(
    enqueue: Enqueue, postman: Postmen, clock: Any
) -> None:
    enqueue()
    postman(Desk(AWAY)).flush()
    clock.advance(hours=-5)
    assert postman(Desk(ACCEPTED)).flush() == [], "everybody's clock may have been set in the same second"
    clock.advance(seconds=61)
    assert [receipt.state for receipt in postman(Desk(ACCEPTED)).flush()] == [State.ACCEPTED]
