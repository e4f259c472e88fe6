"""PostgreSQL, spoken to on the wire: what its first words mean."""

from __future__ import annotations

import io
import socket
import ssl
import struct
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from reporter.diagnosis.evidence import DatabaseOutcome, Evidence, Reported
from reporter.diagnosis.probes import postgresql
from reporter.diagnosis.target import parse_target
from reporter.diagnosis.weighing import diagnose
from tests.diagnosis.wire import Climb, Handler, Serve, certified, self_signed
from tests.waiting import wait_until

ASKS_FOR_PASSWORD = b"R" + struct.pack("!II", 8, 5) + b"salt"
LETS_IN = b"R" + struct.pack("!II", 8, 0)
READY = b"Z" + struct.pack("!I", 5) + b"I"


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def refusal(sqlstate: str) -> bytes:
    return message(b"E", b"SFATAL\0C" + sqlstate.encode() + b"\0Mgesperrt, error, denied\0\0")


def packet(connection: socket.socket) -> bytes:
    """The next packet without a kind: the request for TLS, or the start-up packet."""
    (length,) = struct.unpack("!I", connection.recv(4, socket.MSG_WAITALL))
    return connection.recv(length - 4, socket.MSG_WAITALL)


def server(*words: bytes, heard: list[bytes] | None = None) -> Handler:
    """A server without TLS that answers the start-up packet with ``words``."""

    def handle(connection: socket.socket) -> None:
        assert packet(connection) == struct.pack("!I", 80877103)
        connection.sendall(b"N")
        opening = packet(connection)
        if heard is not None:
            heard.append(opening)
        connection.sendall(b"".join(words))
        if heard is not None:
            heard.append(connection.recv(64))

    return handle


def secured_server(context: ssl.SSLContext, *words: bytes) -> Handler:
    def handle(connection: socket.socket) -> None:
        packet(connection)
        connection.sendall(b"S")
        with context.wrap_socket(connection, server_side=True) as secured:
            if secured.recv(4096):
                secured.sendall(b"".join(words))
                secured.recv(64)

    return handle


def measured(climb: Climb, port: int, database: str = "/erp") -> Evidence:
    return climb(f"postgresql://127.0.0.1:{port}{database}")


@pytest.mark.parametrize(
    ("words", "cause", "confidence"),
    [
        ((ASKS_FOR_PASSWORD,), "ok", "certain"),
        ((LETS_IN, READY), "ok", "certain"),
        ((message(b"N", b"SWARNING\0\0"), ASKS_FOR_PASSWORD), "ok", "certain"),
        ((LETS_IN, message(b"S", b"a\0b\0"), refusal("3D000")), "app.no_such_database", "certain"),
        ((refusal("28P01"),), "ok", "certain"),
        ((refusal("28000"),), "ok", "certain"),
        ((refusal("53300"),), "app.too_many_connections", "certain"),
        ((refusal("57P03"),), "app.starting_up", "certain"),
        ((refusal("57P01"),), "app.starting_up", "likely"),
        ((refusal("XX000"),), "unknown", "possible"),
        ((b"-ERR unknown command\r\n",), "http.unexpected_page", "certain"),
        ((), "http.no_answer", "certain"),
    ],
)
def test_what_the_server_says(
    serve: Serve, climb: Climb, words: tuple[bytes, ...], cause: str, confidence: str
) -> None:
    verdict = diagnose(measured(climb, serve(server(*words))))
    assert (verdict.cause, verdict.confidence) == (cause, confidence)


def test_a_neutral_user_asks_for_the_database_and_takes_leave(serve: Serve, climb: Climb) -> None:
    heard: list[bytes] = []
    port = serve(server(ASKS_FOR_PASSWORD, heard=heard))
    climb(f"postgresql://anna:geheim@127.0.0.1:{port}/erp%20one?password=geheim")
    wait_until(lambda: len(heard) == 2)
    assert heard[0][4:] == b"user\0reporter\0application_name\0Reporter\0database\0erp one\0\0"
    assert heard[1] == postgresql.TERMINATE


def test_a_server_that_does_not_know_the_question(serve: Serve, climb: Climb) -> None:
    port = serve(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    evidence = measured(climb, port)
    assert evidence.database is not None
    assert evidence.database.outcome is DatabaseOutcome.NOT_SPOKEN


def test_a_silent_server(silent_port: int, climb: Climb) -> None:
    evidence = climb(f"postgresql://127.0.0.1:{silent_port}/erp", deadline_s=0.5)
    assert (diagnose(evidence).cause, diagnose(evidence).confidence) == ("http.no_answer", "likely")


def test_a_verified_connection(trusted: trustme.CA, serve: Serve, climb: Climb) -> None:
    port = serve(secured_server(certified(trusted, "127.0.0.1"), ASKS_FOR_PASSWORD))
    evidence = measured(climb, port)
    assert evidence.tls is not None
    assert (evidence.tls.outcome, diagnose(evidence).cause) == ("verified", "ok")


def test_a_certificate_of_its_own_is_recorded_and_does_not_stand_in_the_way(
    serve: Serve, climb: Climb, tmp_path: Path
) -> None:
    port = serve(secured_server(self_signed(tmp_path, "erp.example.org"), refusal("57P03")))
    evidence = measured(climb, port)
    assert evidence.tls is not None
    assert evidence.tls.faults == ["wrong_name", "self_signed"]
    assert diagnose(evidence).cause == "app.starting_up"


def test_tls_that_does_not_come_about(serve: Serve, climb: Climb) -> None:
    def handle(connection: socket.socket) -> None:
        packet(connection)
        connection.sendall(b"S")
        connection.recv(4096)

    assert diagnose(measured(climb, serve(handle))).cause == "tls.closed"


@pytest.mark.parametrize(
    ("sqlstate", "cause", "retry"),
    [
        ("28P01", "app.bad_credentials", "by_hand"),
        ("28000", "http.forbidden", "after_fix"),
        ("3D000", "app.no_such_database", "after_fix"),
        ("53300", "app.too_many_connections", "automatic"),
    ],
)
def test_what_the_host_application_was_told_about_itself(
    serve: Serve, climb: Climb, sqlstate: str, cause: str, retry: str
) -> None:
    from msgspec.structs import replace

    evidence = replace(
        measured(climb, serve(server(ASKS_FOR_PASSWORD))), reported=Reported(sqlstate=sqlstate)
    )
    verdict = diagnose(evidence)
    assert (verdict.cause, verdict.confidence, verdict.retry) == (cause, "certain", retry)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("postgresql://db/erp", "erp"),
        ("postgresql://db/", ""),
        ("postgresql://db", ""),
        ("postgresql://db/a%00b", ""),
        ("postgresql://db/" + "x" * 64, ""),
        ("postgresql://db/erp/more", "erp"),
    ],
)
def test_the_database_of_an_address(address: str, name: str) -> None:
    assert postgresql.database_name(parse_target(address)) == name


@given(st.binary(max_size=400) | st.lists(st.sampled_from([ASKS_FOR_PASSWORD, LETS_IN, READY])).map(b"".join))
def test_any_bytes_are_an_answer_or_none(words: bytes) -> None:
    stream = io.BytesIO(words)

    def receive(count: int) -> bytes:
        assert count <= postgresql.MESSAGE_LIMIT_BYTES
        piece = stream.read(count)
        if len(piece) < count:
            raise EOFError
        return piece

    try:
        database = postgresql.read_answer(receive)
    except (EOFError, postgresql.NotPostgresql):
        return
    assert database.outcome in ("ready", "refused")


@given(st.binary(max_size=200))
def test_any_error_has_a_sqlstate_or_none(body: bytes) -> None:
    state = postgresql.read_sqlstate(body)
    assert state == "" or (len(state) == 5 and state.isascii() and state.isalnum())


def test_an_endless_talk_comes_to_an_end() -> None:
    notice = message(b"N", b"SWARNING\0\0")
    stream = io.BytesIO(notice * 10_000)
    assert postgresql.read_answer(lambda count: stream.read(count)).outcome == "ready"
    assert stream.tell() == postgresql.MESSAGES_LIMIT * len(notice)
