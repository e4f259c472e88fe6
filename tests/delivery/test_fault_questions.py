"""Every way a question to an endpoint can go wrong: is a report wanted, is it one more, is it answered."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from typing import Any

import pytest

from reporter.delivery.postman import Postman
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from tests.delivery.conftest import NINE
from tests.delivery.fault_endpoint import (
    PORTAL,
    REFERENCE,
    FaultEndpoint,
    confirmation,
    http,
    kept,
    make_postman,
)

AUTOMATIC = "0000-00001"


def enqueue_automatic(spool: Spool, *, counts_only: bool = False) -> None:
    spool.enqueue(
        AUTOMATIC,
        b'{"fingerprint": "f"}',
        [],
        sendable=True,
        sent_by_person=False,
        fingerprint="f",
        counts_only=counts_only,
    )


@pytest.mark.parametrize(
    "answer",
    [
        http("200 OK", PORTAL),
        http("200 OK", b"null"),
        http("200 OK", b"{}"),
        http("200 OK", b'{"need": "more"}'),
        http("200 OK", b'{"need": 7}'),
        http("200 OK", b'{"need": "nothing", "spread_s": "long"}'),
        http("302 Found", b"", "Location: http://127.0.0.1:1/"),
        http("404 Not Found"),
        http("405 Method Not Allowed"),
        http("501 Not Implemented"),
    ],
)
def test_who_does_not_understand_the_question_gets_everything(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman, answer: bytes
) -> None:
    def ask_back(connection: socket.socket) -> None:
        request = endpoint.take(connection)
        connection.sendall(answer if b"/precheck " in request else endpoint.keep(request))

    endpoint.behave = ask_back
    enqueue_automatic(spool)
    assert postman.deliver(AUTOMATIC).state is State.ACCEPTED
    assert endpoint.errands == ["POST /reports/precheck HTTP/1.1", "POST /reports HTTP/1.1"]
    assert endpoint.kept[AUTOMATIC] == b'{"fingerprint": "f"}'


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", http("500 Oh"), http("429 Too Many")])
def test_who_cannot_answer_the_question_now_is_sent_nothing_now(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman, answer: bytes
) -> None:
    def fail(connection: socket.socket) -> None:
        endpoint.take(connection)
        connection.sendall(answer)

    endpoint.behave = fail
    enqueue_automatic(spool)
    assert postman.deliver(AUTOMATIC).state is State.QUEUED
    assert endpoint.errands == ["POST /reports/precheck HTTP/1.1"]


@pytest.mark.parametrize("need", ["nothing", "everything"])
@pytest.mark.parametrize("spread_s", [-5, 0, 1e300])
def test_a_spread_out_of_reason_is_not_kept(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman, need: str, spread_s: float
) -> None:
    def ask_back(connection: socket.socket) -> None:
        request = endpoint.take(connection)
        said = json.dumps({"need": need, "spread_s": spread_s, "known": -3, "message": "\u202e"}).encode()
        connection.sendall(http("200 OK", said) if b"/precheck " in request else endpoint.keep(request))

    endpoint.behave = ask_back
    enqueue_automatic(spool)
    assert postman.deliver(AUTOMATIC).state is State.ACCEPTED
    assert (AUTOMATIC in endpoint.counted, AUTOMATIC in endpoint.kept) == (
        need == "nothing",
        need != "nothing",
    )


def test_a_count_whose_answer_is_cut_at_any_byte_counts_once(
    spool: Spool, clock: Any, endpoint: FaultEndpoint
) -> None:
    enqueue_automatic(spool, counts_only=True)
    whole = http("201 Created", confirmation(AUTOMATIC))
    postman = make_postman(spool, clock, endpoint.address)
    for offset in range(len(whole)):

        def answer_some(connection: socket.socket, offset: int = offset) -> None:
            request = endpoint.take(connection)
            answer = endpoint.keep(request)
            connection.sendall(answer[:offset] if b"/count " in request else answer)

        endpoint.behave = answer_some
        assert postman.deliver(AUTOMATIC).state is State.QUEUED, offset
    endpoint.behave = endpoint.answer
    assert postman.deliver(AUTOMATIC).state is State.ACCEPTED
    assert (endpoint.counted, endpoint.kept) == ({AUTOMATIC}, {})
    last = next(request for request in reversed(endpoint.raw) if b"/count " in request)
    assert json.loads(last.partition(b"\r\n\r\n")[2]) == {"reference": AUTOMATIC, "fingerprint": "f"}
    assert f"Report-Token: {kept(spool, AUTOMATIC).token}".encode() in last


def test_a_question_tells_nothing_about_the_person_or_the_report(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman
) -> None:
    enqueue_automatic(spool)
    postman.deliver(AUTOMATIC)
    asked = endpoint.raw[0]
    assert set(json.loads(asked.partition(b"\r\n\r\n")[2])) == {
        "fingerprint", "cause", "layer", "application", "agent", "language", "sent_by_person",
    }  # fmt: skip
    assert kept(spool, AUTOMATIC).token.encode() not in asked
    assert AUTOMATIC.encode() not in asked


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        (b"null", ""),
        (b'{"reference": "AAAA-AAAA1", "answer": {"text": "No"}}', ""),
        (b'{"reference": "7K3D-9QX2M", "answer": 7}', ""),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": "2026-11-22T08:00:00Z"}}', "Yes"),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": "0001-01-01T00:00:00+14:00"}}', "Yes"),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": "9999-12-31T23:59:59-14:00"}}', "Yes"),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": "2026-11-22T08:00:00"}}', "Yes"),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": "yesterday"}}', "Yes"),
        (b'{"reference": "7K3D-9QX2M", "answer": {"text": "Yes", "at": {}}, "later": 1}', "Yes"),
    ],
)
def test_an_answer_with_an_odd_time_is_still_an_answer(
    spool: Spool, endpoint: FaultEndpoint, postman: Postman, enqueue: Any, *, document: bytes, answer: str
) -> None:
    enqueue()
    postman.deliver(REFERENCE)

    def tell(connection: socket.socket) -> None:
        endpoint.take(connection)
        connection.sendall(http("200 OK", document))

    endpoint.behave = tell
    envelope = postman.inquire(REFERENCE)
    assert envelope.answer == answer
    assert envelope.state is (State.ANSWERED if answer else State.ACCEPTED)
    assert envelope.answered_at == (
        None if not answer else NINE - timedelta(hours=1) if b"T08:" in document else NINE
    )
    assert f"Report-Token: {envelope.token}".encode() in endpoint.raw[-1]
