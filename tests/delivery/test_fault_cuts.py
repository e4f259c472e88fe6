"""An exchange that is cut at any byte: the report waits, and in the end it is there once."""

from __future__ import annotations

import socket
from collections import Counter
from typing import Any

import pytest

from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from tests.delivery.fault_endpoint import (
    REFERENCE,
    Behaviour,
    FaultEndpoint,
    confirmation,
    http,
    kept,
    make_postman,
    mend,
    reset,
)


def references(count: int) -> list[str]:
    return [f"0000-{number:05}" for number in range(count)]


def fill(spool: Spool, names: list[str]) -> None:
    for name in names:
        report = b'{"reference": "%s"}' % name.encode()
        spool.enqueue(name, report, [], sendable=True, sent_by_person=True)


def length_of_a_request(spool: Spool, clock: Any, endpoint: FaultEndpoint) -> int:
    fill(spool, ["9999-99999"])
    make_postman(spool, clock, endpoint.address).deliver("9999-99999")
    assert kept(spool, "9999-99999").state is State.ACCEPTED
    return endpoint.received_bytes[-1]


@pytest.mark.parametrize("cut", [reset, socket.socket.close], ids=["reset", "closed"])
def test_a_request_cut_at_any_byte_waits_and_arrives_once(
    spool: Spool, clock: Any, endpoint: FaultEndpoint, cut: Behaviour
) -> None:
    length = length_of_a_request(spool, clock, endpoint)
    # With the whole request read, only the answer is missing, which is another test.
    names = references(length)
    fill(spool, names)
    postman = make_postman(spool, clock, endpoint.address)
    del endpoint.received_bytes[:]
    for offset, name in enumerate(names):

        def read_some(connection: socket.socket, offset: int = offset) -> None:
            endpoint.take(connection, offset)
            cut(connection)

        endpoint.behave = read_some
        receipt = postman.deliver(name)
        assert (receipt.state, receipt.tries) == (State.QUEUED, 1), (offset, receipt.reason)
        assert receipt.next_try_at is not None
    assert endpoint.received_bytes == list(range(length))
    assert endpoint.posts == Counter({"9999-99999": 1})
    mend(endpoint, spool, clock)
    assert set(endpoint.posts) == {"9999-99999", *names}
    assert set(endpoint.posts.values()) == {1}


@pytest.mark.parametrize("cut", [reset, socket.socket.close], ids=["reset", "closed"])
def test_an_answer_cut_at_any_byte_is_no_answer_and_the_report_is_there_once(
    spool: Spool, clock: Any, endpoint: FaultEndpoint, cut: Behaviour
) -> None:
    whole = http("201 Created", confirmation("0000-00000"))
    names = references(len(whole))
    fill(spool, names)
    postman = make_postman(spool, clock, endpoint.address)
    for offset, name in enumerate(names):

        def answer_some(connection: socket.socket, offset: int = offset) -> None:
            connection.sendall(endpoint.keep(endpoint.take(connection))[:offset])
            cut(connection)

        endpoint.behave = answer_some
        receipt = postman.deliver(name)
        assert receipt.state is State.QUEUED, (offset, receipt.reason)
    assert endpoint.posts == Counter(dict.fromkeys(names, 1))
    mend(endpoint, spool, clock)
    assert endpoint.posts == Counter(dict.fromkeys(names, 2))
    assert sorted(endpoint.kept) == names


def test_a_chunked_answer_cut_at_any_byte_is_no_answer(
    spool: Spool, clock: Any, endpoint: FaultEndpoint
) -> None:
    def chunked(reference: str) -> bytes:
        body = confirmation(reference)
        halves = body[:20], body[20:]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(half), half) for half in halves)
        head = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        return head + chunks + b"0\r\n\r\n"

    names = references(len(chunked("0000-00000")) + 1)
    fill(spool, names)
    postman = make_postman(spool, clock, endpoint.address)
    for offset, name in enumerate(names):

        def answer_some(connection: socket.socket, offset: int = offset, name: str = name) -> None:
            endpoint.keep(endpoint.take(connection))
            connection.sendall(chunked(name)[:offset])

        endpoint.behave = answer_some
        state = postman.deliver(name).state
        # When the empty last chunk has begun, everything was said.
        if offset <= len(names) - 1 - len(b"0\r\n\r\n"):
            assert state is State.QUEUED, offset
    assert state is State.ACCEPTED
    mend(endpoint, spool, clock)
    assert sorted(endpoint.kept) == names


# A socket that was reset before its handshake began is left to Python to close.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_handshake_cut_at_any_place_waits(
    spool: Spool, clock: Any, endpoint: FaultEndpoint, enqueue: Any
) -> None:
    enqueue()
    postman = make_postman(spool, clock, endpoint.address.replace("http:", "https:"))
    alert = b"\x15\x03\x03\x00\x02\x02\x28"
    hello = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + b"\x00" * 32
    for offset in (0, 1, 5, 100):
        for answer in (b"", alert[:4], alert, hello[:3], hello, b"HTTP/1.1 400 Bad Request\r\n\r\n"):

            def cut(connection: socket.socket, offset: int = offset, answer: bytes = answer) -> None:
                endpoint.take(connection, offset)
                connection.sendall(answer)
                reset(connection)

            endpoint.behave = cut
            assert postman.deliver(REFERENCE).state is State.QUEUED
    assert all(count <= 100 for count in endpoint.received_bytes)
    assert endpoint.kept == {}
    mend(endpoint, spool, clock)
