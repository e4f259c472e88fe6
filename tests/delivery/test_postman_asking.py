"""Before an automatic report goes the endpoint is asked; what it answers is what happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from reporter.delivery.destination import Destination, Kind, Need, Outcome, Precheck, Question, Reply
from reporter.delivery.envelope import Envelope
from reporter.delivery.postman import COUNTED, Postman
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.errors import SpoolError
from tests.delivery.conftest import NINE, REFERENCE, Clock

DOCUMENT = (
    b'{"fingerprint": "from the document", "verdict": {"cause": "dns.unknown", "layer": "dns"}, '
    b'"failure": {"application": {"name": "ERP", "version": "3.1"}}}'
)
ACCEPTED = Outcome(kind=Kind.ACCEPTED)
AWAY = Outcome(kind=Kind.POSTPONED, reason="no connection to the endpoint")
BUSY = Outcome(kind=Kind.POSTPONED, reason="the endpoint answered 429", retry_after_s=600)
UNWANTED = Outcome(kind=Kind.REFUSED, reason="the endpoint answered 422")


class Asked(Destination):
    """A destination that is asked and counts; it remembers what it was told, in order."""

    def __init__(
        self,
        precheck: Precheck | None = None,
        counted: Outcome | None = ACCEPTED,
        delivered: Outcome = ACCEPTED,
        reply: Reply | None = None,
        name: str = "https://support.example.org/",
    ) -> None:
        self.name = name
        self.answer, self.counted, self.delivered, self.reply = precheck, counted, delivered, reply
        self.log: list[str] = []
        self.questions: list[Question] = []
        self.envelopes: list[Envelope] = []

    def deliver(self, envelope: Envelope) -> Outcome:
        self.log.append("deliver")
        self.envelopes.append(envelope)
        return self.delivered

    def precheck(self, question: Question) -> Precheck | None:
        self.log.append("precheck")
        self.questions.append(question)
        return self.answer

    def count_in(self, question: Question) -> Outcome | None:
        self.log.append("count")
        self.questions.append(question)
        return self.counted

    def status(self, reference: str, token: str) -> Reply | None:
        self.log.append(f"status {reference} {token}")
        return self.reply


def summary(envelope: Envelope) -> Envelope:
    return msgspec.structs.replace(envelope, report_json=b"the summary", attachments=[])


@pytest.fixture
def send(spool: Spool, clock: Clock) -> Callable[..., Any]:
    """Keeps one report and lets a postman make a round an hour later; the envelope afterwards."""

    def send(*destinations: Destination, by_person: bool = False, counts_only: bool = False) -> Envelope:
        spool.enqueue(
            REFERENCE,
            DOCUMENT,
            [],
            sendable=True,
            sent_by_person=by_person,
            fingerprint="5f0c",
            counts_only=counts_only,
        )
        clock.advance(seconds=60)
        Postman(spool, destinations, now=clock, random=lambda: 0.5, reduce=summary).flush()
        kept = spool.get(REFERENCE)
        assert kept is not None
        return kept

    return send


Send = Callable[..., Envelope]


def test_where_everything_is_wanted_everything_goes(send: Send) -> None:
    desk = Asked(Precheck(need=Need.EVERYTHING))
    assert send(desk).state is State.ACCEPTED
    assert desk.log == ["precheck", "deliver"]
    assert desk.envelopes[0].report_json == DOCUMENT


def test_where_a_summary_is_wanted_no_more_goes(send: Send, spool: Spool) -> None:
    desk = Asked(Precheck(need=Need.SUMMARY))
    kept = send(desk)
    assert desk.log == ["precheck", "deliver"]
    assert desk.envelopes[0].report_json == b"the summary"
    assert (kept.state, kept.report_json) == (State.ACCEPTED, DOCUMENT), "this computer keeps all of it"


def test_where_nothing_more_is_needed_it_is_counted_and_done(send: Send) -> None:
    desk = Asked(Precheck(need=Need.NOTHING, known=41))
    kept = send(desk)
    assert desk.log == ["precheck", "count"]
    assert (kept.state, kept.reason, kept.tries) == (State.ACCEPTED, "", 1)
    assert [(row.outcome, row.reason) for row in kept.history] == [("accepted", COUNTED)]


@pytest.mark.parametrize("counted", [None, UNWANTED])
def test_nothing_needed_and_no_way_to_count_means_the_summary(send: Send, counted: Outcome | None) -> None:
    desk = Asked(Precheck(need=Need.NOTHING), counted=counted)
    assert send(desk).state is State.ACCEPTED
    assert desk.log == ["precheck", "count", "deliver"]
    assert desk.envelopes[0].report_json == b"the summary"


def test_a_count_that_does_not_get_through_is_tried_again_later(send: Send) -> None:
    desk = Asked(Precheck(need=Need.NOTHING), counted=AWAY)
    kept = send(desk)
    assert desk.log == ["precheck", "count"]
    assert (kept.state, kept.reason) == (State.QUEUED, AWAY.reason)


def test_an_endpoint_that_cannot_be_asked_gets_everything(send: Send) -> None:
    desk = Asked(None)
    send(desk)
    assert desk.log == ["precheck", "deliver"]
    assert desk.envelopes[0].report_json == DOCUMENT


def test_an_endpoint_that_wants_to_be_asked_later_is_not_sent_the_report_now(
    send: Send, spool: Spool, clock: Clock
) -> None:
    kept = send(Asked(Precheck(later=BUSY)), second := Asked(name="second"))
    assert (kept.state, kept.reason) == (State.QUEUED, BUSY.reason)
    assert kept.next_try_at == clock() + timedelta(seconds=660)
    assert second.log == [], "it is alive, so the next one is left alone"
    assert [rest.destination for rest in spool.standing.rests()] == ["https://support.example.org/"]


def test_what_a_person_sends_goes_as_they_saw_it(send: Send) -> None:
    desk = Asked(Precheck(need=Need.NOTHING))
    send(desk, by_person=True)
    assert desk.log == ["deliver"]
    assert desk.envelopes[0].report_json == DOCUMENT


@pytest.mark.parametrize("by_person", [True, False])
def test_a_me_too_is_only_counted(send: Send, by_person: bool) -> None:
    desk = Asked(Precheck())
    kept = send(desk, by_person=by_person, counts_only=True)
    assert desk.log == ["count"]
    assert kept.state is State.ACCEPTED


def test_a_me_too_becomes_the_whole_report_where_nobody_counts(send: Send) -> None:
    desk = Asked(Precheck(), counted=None)
    assert send(desk, by_person=True, counts_only=True).state is State.ACCEPTED
    assert desk.log == ["count", "deliver"]
    assert desk.envelopes[0].report_json == DOCUMENT


def test_the_question_holds_the_kind_of_fault_and_nothing_about_the_person(send: Send) -> None:
    desk = Asked(Precheck(need=Need.NOTHING))
    kept = send(desk)
    question = desk.questions[0]
    assert (question.reference, question.fingerprint) == (REFERENCE, "5f0c")
    assert (question.cause, question.layer) == ("dns.unknown", "dns")
    assert (question.application, question.version) == ("ERP", "3.1")
    assert not question.sent_by_person
    assert question.token == kept.token


def test_the_spread_that_an_endpoint_tells_is_for_the_next_reports(send: Send, spool: Spool) -> None:
    send(Asked(Precheck(spread_s=1_000)))
    later = spool.enqueue("AAAA-AAAA2", b"{}", [], sendable=True, sent_by_person=False)
    assert later.next_try_at is not None
    assert (later.next_try_at - later.created_at).total_seconds() == 500
    assert later.wait_s == pytest.approx(300)


def test_asking_the_next_endpoint_where_the_first_is_away(send: Send) -> None:
    first, second = Asked(delivered=AWAY, name="first"), Asked(Precheck(need=Need.SUMMARY), name="second")
    kept = send(first, second)
    assert second.envelopes[0].report_json == b"the summary"
    assert [(row.destination, row.outcome) for row in kept.history] == [
        ("first", "postponed"),
        ("second", "accepted"),
    ]


def test_support_s_answer_is_kept_and_shown_once(send: Send, spool: Spool, clock: Clock) -> None:
    desk = Asked(reply=Reply(answer="It works again.", answered_at=NINE))
    token = send(desk).token
    postman = Postman(spool, [desk], now=clock)
    answered = postman.inquire(REFERENCE)
    assert desk.log[-1] == f"status {REFERENCE} {token}"
    assert (answered.state, answered.answer, answered.answered_at) == (
        State.ANSWERED,
        "It works again.",
        NINE,
    )
    assert [envelope.reference for envelope in spool.answers()] == [REFERENCE]
    spool.mark_seen(REFERENCE)
    postman.inquire(REFERENCE)
    assert spool.answers() == ()


@pytest.mark.parametrize("reply", [None, Reply(), Reply(is_solved=True)])
def test_no_answer_yet_changes_nothing(send: Send, spool: Spool, clock: Clock, reply: Reply | None) -> None:
    desk = Asked(reply=reply)
    before = send(desk)
    assert Postman(spool, [desk], now=clock).inquire(REFERENCE) == before


def test_only_who_has_the_report_is_asked_about_it(send: Send, spool: Spool, clock: Clock) -> None:
    first, second = Asked(delivered=AWAY, name="first"), Asked(name="second", reply=Reply(answer="Hello."))
    send(first, second)
    assert Postman(spool, [first, second], now=clock).inquire(REFERENCE).answer == "Hello."
    assert not any(line.startswith("status") for line in first.log)
    with pytest.raises(SpoolError, match="No report 0000-00000 is kept"):
        Postman(spool, [first], now=clock).inquire("0000-00000")
