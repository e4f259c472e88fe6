"""The second rung: the connection."""

from __future__ import annotations

import socket
import time

import pytest

from reporter.diagnosis import codes
from reporter.diagnosis.evidence import Family, TcpOutcome
from reporter.diagnosis.narrative import narrate
from reporter.diagnosis.probes import tcp
from reporter.diagnosis.weighing import diagnose
from tests.diagnosis.wire import Climb, Serve, resetting


def test_a_service_that_answers_is_well(climb: Climb, silent_port: int) -> None:
    evidence = climb(f"tcp://127.0.0.1:{silent_port}")
    assert evidence.tcp is not None
    assert evidence.tcp.answered == "127.0.0.1"
    assert diagnose(evidence).cause == "ok"


def test_refused(climb: Climb, closed_port: int) -> None:
    evidence = climb(f"https://127.0.0.1:{closed_port}/")
    assert evidence.tcp is not None
    [attempt] = evidence.tcp.attempts
    assert (attempt.outcome, attempt.errno) == (TcpOutcome.REFUSED, 111)
    verdict = diagnose(evidence)
    assert (verdict.cause, verdict.owner, verdict.confidence) == ("tcp.refused", "server", "likely")
    assert verdict.runner_up == "tcp.timeout"
    assert verdict.retry == "automatic"


def test_silence(climb: Climb, deaf_port: int) -> None:
    evidence = climb(f"https://127.0.0.1:{deaf_port}/", deadline_s=0.5)
    assert evidence.tcp is not None
    assert evidence.tcp.outcome is TcpOutcome.TIMED_OUT
    assert diagnose(evidence).cause == "tcp.timeout"


def test_both_families_are_tried_and_the_one_that_answers_is_named(
    monkeypatch: pytest.MonkeyPatch, climb: Climb, silent_port: int
) -> None:
    def getaddrinfo(_host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", ("::1", port, 0, 0)), (0, 0, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    evidence = climb(f"tcp://erp.example.org:{silent_port}")
    assert evidence.tcp is not None
    assert evidence.tcp.answered == "127.0.0.1"
    assert {attempt.address: attempt.family for attempt in evidence.tcp.attempts} == {
        "::1": Family.IPV6,
        "127.0.0.1": Family.IPV4,
    }
    assert diagnose(evidence).cause == "ok"
    assert "TCP  IPv6 did not connect, IPv4 did" in narrate(evidence)


def test_the_other_family_gets_its_turn_while_the_first_is_silent(deaf_port: int) -> None:
    """No address has to time out before the next one is tried (RFC 8305)."""
    with socket.create_server(("::1", deaf_port), family=socket.AF_INET6):
        measured, wire = tcp.probe(["127.0.0.1", "::1"], deaf_port, deadline=time.monotonic() + 30)
    assert wire is not None
    wire.close()
    assert [(attempt.family, attempt.outcome) for attempt in measured.attempts] == [
        (Family.IPV6, TcpOutcome.CONNECTED),
        (Family.IPV4, TcpOutcome.PENDING),
    ]


def test_with_little_time_every_address_still_gets_its_turn(deaf_port: int) -> None:
    addresses = [f"127.0.0.{number}" for number in range(1, 9)]
    measured, wire = tcp.probe(addresses, deaf_port, deadline=time.monotonic() + 0.5)
    assert wire is None
    assert len(measured.attempts) == 8


def test_one_dead_address_of_several_does_not_hold_the_others(
    monkeypatch: pytest.MonkeyPatch, climb: Climb, deaf_port: int
) -> None:
    with socket.create_server(("127.0.0.2", deaf_port)):

        def getaddrinfo(_host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
            return [(0, 0, 0, "", (address, port)) for address in ("127.0.0.1", "127.0.0.2")]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        evidence = climb(f"tcp://erp.example.org:{deaf_port}")
    assert evidence.tcp is not None
    assert evidence.tcp.answered == "127.0.0.2"
    assert {attempt.address: attempt.outcome for attempt in evidence.tcp.attempts} == {
        "127.0.0.1": TcpOutcome.PENDING,
        "127.0.0.2": TcpOutcome.CONNECTED,
    }
    assert not evidence.deadline_reached


def test_of_many_addresses_some_of_both_families_are_tried(closed_port: int) -> None:
    addresses = [f"127.0.0.{number}" for number in range(1, 30)] + ["::1"]
    measured, wire = tcp.probe(addresses, closed_port, deadline=time.monotonic() + 5)
    assert wire is None
    assert len(measured.attempts) == tcp.ATTEMPTS_LIMIT
    assert {attempt.family for attempt in measured.attempts} == {Family.IPV4, Family.IPV6}


def test_a_reset_before_anything_is_secure(serve: Serve, climb: Climb) -> None:
    evidence = climb(f"https://127.0.0.1:{serve(resetting)}/")
    assert diagnose(evidence).cause == "tcp.reset"


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (111, TcpOutcome.REFUSED),
        (61, TcpOutcome.REFUSED),
        (10061, TcpOutcome.REFUSED),
        (104, TcpOutcome.RESET),
        (10054, TcpOutcome.RESET),
        (110, TcpOutcome.TIMED_OUT),
        (10060, TcpOutcome.TIMED_OUT),
        (113, TcpOutcome.UNREACHABLE),
        (65, TcpOutcome.UNREACHABLE),
        (101, TcpOutcome.NO_ROUTE),
        (51, TcpOutcome.NO_ROUTE),
        (10051, TcpOutcome.NO_ROUTE),
        (13, TcpOutcome.BLOCKED),
        (1, TcpOutcome.BLOCKED),
        (22, TcpOutcome.BLOCKED),
        (10013, TcpOutcome.BLOCKED),
        (9999, TcpOutcome.FAILED),
        (None, TcpOutcome.FAILED),
    ],
)
def test_numbers_of_every_system(number: int | None, outcome: TcpOutcome) -> None:
    assert codes.tcp_outcome(number) is outcome


def test_a_link_local_address_without_its_interface_is_no_blackhole(climb: Climb) -> None:
    evidence = climb("tcp://[fe80::1]:22")
    assert evidence.tcp is not None
    [attempt] = evidence.tcp.attempts
    assert attempt.outcome is TcpOutcome.NO_ROUTE


def test_the_most_telling_attempt_stands_for_all() -> None:
    def told(*outcomes: TcpOutcome) -> TcpOutcome:
        return tcp.most_telling(list(outcomes))

    assert told(TcpOutcome.NO_ROUTE, TcpOutcome.REFUSED, TcpOutcome.TIMED_OUT) is TcpOutcome.REFUSED
    assert told(TcpOutcome.NO_ROUTE, TcpOutcome.TIMED_OUT) is TcpOutcome.TIMED_OUT
    assert told(TcpOutcome.PENDING, TcpOutcome.CONNECTED) is TcpOutcome.CONNECTED
    assert told() is TcpOutcome.FAILED
