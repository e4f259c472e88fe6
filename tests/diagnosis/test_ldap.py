"""LDAP, spoken to on the wire: what a directory's first words mean."""

from __future__ import annotations

import io
import socket

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reporter.diagnosis.evidence import DatabaseOutcome, Reported
from reporter.diagnosis.probes import ldap
from reporter.diagnosis.weighing import diagnose
from tests.diagnosis.wire import Climb, Handler, Serve, certified


def element(tag: int, content: bytes) -> bytes:
    """One BER element, its length in the long form that Active Directory uses."""
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def words(operation: int, content: bytes) -> bytes:
    return element(0x30, element(0x02, b"\x01") + element(operation, content))


def result(code: int, diagnostic: str = "", operation: int = 0x65) -> bytes:
    parts = element(0x0A, bytes([code])) + element(0x04, b"") + element(0x04, diagnostic.encode())
    return words(operation, parts)


ENTRY = words(0x64, element(0x04, b"") + element(0x30, b""))
REFERENCE = words(0x73, element(0x04, b"ldap://elsewhere"))


def answering(*answers: bytes, heard: list[bytes] | None = None) -> Handler:
    def handle(connection: socket.socket) -> None:
        asked = connection.recv(4096)
        if heard is not None:
            heard.append(asked)
        connection.sendall(b"".join(answers))
        connection.recv(64)

    return handle


@pytest.mark.parametrize(
    ("answers", "cause", "confidence"),
    [
        ((ENTRY, result(0)), "ok", "certain"),
        ((REFERENCE, ENTRY), "ok", "certain"),
        ((result(0),), "ok", "certain"),
        ((result(1, "000004DC: LdapErr: DSID-0C090A5C, a bind must be completed"),), "ok", "certain"),
        ((result(49, "80090308: LdapErr: DSID-0C09, data 52e, v4563"),), "ok", "certain"),
        ((result(51),), "app.too_many_connections", "likely"),
        ((result(52),), "app.starting_up", "likely"),
        ((result(52, operation=0x78),), "app.starting_up", "likely"),
        ((b"220 mail.example.org ESMTP\r\n",), "http.unexpected_page", "certain"),
        ((b"0\x84\xff\xff\xff\xff",), "http.unexpected_page", "certain"),
    ],
)
def test_what_the_directory_says(
    serve: Serve, climb: Climb, answers: tuple[bytes, ...], cause: str, confidence: str
) -> None:
    verdict = diagnose(climb(f"ldap://127.0.0.1:{serve(answering(*answers))}"))
    assert (verdict.cause, verdict.confidence) == (cause, confidence)


def test_only_the_root_is_looked_at_and_nobody_signs_in(serve: Serve, climb: Climb) -> None:
    heard: list[bytes] = []
    climb(f"ldap://anna:geheim@127.0.0.1:{serve(answering(ENTRY, heard=heard))}/dc=example")
    assert heard == [ldap.ROOT_SEARCH]


def test_a_directory_that_hangs_up_and_one_that_is_silent(
    serve: Serve, climb: Climb, silent_port: int
) -> None:
    assert diagnose(climb(f"ldap://127.0.0.1:{serve(answering())}")).cause == "http.no_answer"
    silent = climb(f"ldap://127.0.0.1:{silent_port}", deadline_s=0.5)
    assert silent.database is not None
    assert silent.database.outcome is DatabaseOutcome.NO_ANSWER
    assert diagnose(silent).cause == "http.no_answer"


def test_over_a_verified_connection(trusted: trustme.CA, serve: Serve, climb: Climb) -> None:
    port = serve(answering(ENTRY), certified(trusted, "localhost"))
    assert diagnose(climb(f"ldaps://localhost:{port}")).cause == "ok"


def test_a_certificate_stands_in_the_way(authority: trustme.CA, serve: Serve, climb: Climb) -> None:
    port = serve(answering(ENTRY), certified(authority, "localhost"))
    assert diagnose(climb(f"ldaps://localhost:{port}")).cause == "tls.unknown_issuer"


@pytest.mark.parametrize(
    ("reported", "cause", "confidence"),
    [
        (Reported(ldap_code=49, ldap_data="52e"), "app.bad_credentials", "certain"),
        (Reported(ldap_code=49, ldap_data="525"), "app.bad_credentials", "certain"),
        (Reported(ldap_code=49, ldap_data="532"), "app.password_expired", "certain"),
        (Reported(ldap_code=49, ldap_data="533"), "app.account_disabled", "certain"),
        (Reported(ldap_code=49, ldap_data="701"), "app.account_disabled", "certain"),
        (Reported(ldap_code=49, ldap_data="773"), "app.password_expired", "certain"),
        (Reported(ldap_data="775"), "app.account_locked", "certain"),
        (Reported(ldap_code=49), "app.bad_credentials", "likely"),
        (Reported(ldap_code=49, ldap_data="531"), "http.forbidden", "certain"),
        (Reported(ldap_code=50), "http.forbidden", "certain"),
        (Reported(ldap_code=32), "unknown", "possible"),
    ],
)
def test_what_the_host_application_was_told_about_itself(
    serve: Serve, climb: Climb, reported: Reported, cause: str, confidence: str
) -> None:
    well = climb(f"ldap://127.0.0.1:{serve(answering(ENTRY))}")
    verdict = diagnose(replace(well, reported=reported))
    assert (verdict.cause, verdict.confidence) == (cause, confidence)


@pytest.mark.parametrize(
    ("diagnostic", "data"),
    [
        (b"80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data 52E, v4563\0", "52e"),
        (b"data 775", "775"),
        (b"metadata 775x", ""),
        (b"x" * 2_000 + b" data 52e", ""),
        (b"", ""),
    ],
)
def test_the_token_of_active_directory(diagnostic: bytes, data: str) -> None:
    assert ldap.active_directory_data(diagnostic) == data


@given(st.binary(max_size=300) | st.lists(st.sampled_from([ENTRY, REFERENCE, result(52)])).map(b"".join))
def test_any_bytes_are_an_answer_or_none(data: bytes) -> None:
    stream = io.BytesIO(data)

    def receive(count: int) -> bytes:
        assert count <= ldap.MESSAGE_LIMIT_BYTES
        piece = stream.read(count)
        if len(piece) < count:
            raise EOFError
        return piece

    try:
        database = ldap.read_answer(receive)
    except (EOFError, ldap.NotLdap):
        return
    assert database.outcome in ("ready", "refused")


@given(st.binary(max_size=120))
def test_any_message_in_its_frame_is_an_answer_or_none(content: bytes) -> None:
    stream = io.BytesIO(element(0x30, content))
    try:
        database = ldap.read_answer(lambda count: stream.read(count) or b"\0\0")
    except ldap.NotLdap:
        return
    assert database.ldap_code is None or 0 <= database.ldap_code <= ldap.RESULT_LIMIT
