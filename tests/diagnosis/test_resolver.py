"""The name server asked directly, and what its word adds to the system's."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dnslib import QTYPE, RR, A, DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from reporter.diagnosis import dnsmessage
from reporter.diagnosis.evidence import (
    Dns,
    DnsOutcome,
    Evidence,
    Fault,
    Http,
    HttpOutcome,
    Resolver,
    Tcp,
    TcpOutcome,
    Tls,
    TlsOutcome,
)
from reporter.diagnosis.probes import resolver
from reporter.diagnosis.target import parse_target
from reporter.diagnosis.weighing import diagnose
from tests.diagnosis.wire import NOW

TARGET = parse_target("https://erp.example.org/base")
Respond = Callable[[bytes], list[bytes]]
NameServer = Callable[[Respond], int]


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    """A name server on loopback that answers each question with these messages; the result is its port."""
    wires: list[tuple[socket.socket, threading.Thread]] = []

    def start(respond: Respond) -> int:
        wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wire.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                asked, who = wire.recvfrom(4096)
                if asked == b"end":
                    return
                for message in respond(asked):
                    wire.sendto(message, who)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        wires.append((wire, thread))
        port: int = wire.getsockname()[1]
        return port

    yield start
    for wire, thread in wires:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"end", wire.getsockname())
        thread.join(10)
        wire.close()


def ask(port: int, limit_s: float = 5.0, name: str = "erp.example.org") -> Resolver | None:
    target = parse_target(f"https://{name}/")
    return resolver.probe(target, ["127.0.0.1"], deadline=time.monotonic() + limit_s, port=port)


def answer(asked: bytes, rcode: int = 0, address: str = "") -> bytes:
    question = DNSRecord.parse(asked)
    reply = question.reply()
    reply.header.rcode = rcode
    if address and question.q.qtype == QTYPE.A:
        reply.add_answer(RR("www.example.org", QTYPE.A, rdata=A("192.0.2.99")))
        reply.add_answer(RR(question.q.qname, QTYPE.A, rdata=A(address)))
        return bytes(reply.pack())
    return bytes(reply.pack())


@pytest.mark.parametrize("rcode", [0, 2, 3, 5])
def test_the_response_code_is_recorded(name_server: NameServer, rcode: int) -> None:
    found = ask(name_server(lambda asked: [answer(asked, rcode)]))
    assert found is not None
    assert (found.rcode, found.addresses) == (rcode, [])


def test_addresses_of_an_answer_by_another_encoder(name_server: NameServer) -> None:
    found = ask(name_server(lambda asked: [answer(asked, address="192.0.2.7")]))
    assert found is not None
    assert (found.rcode, found.addresses) == (0, ["192.0.2.99", "192.0.2.7"])


def test_a_silent_server_and_a_closed_port_have_no_code(name_server: NameServer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for silent in (name_server(lambda _asked: []), port):
        found = ask(silent, 0.2)
        assert found is not None
        assert (found.rcode, found.addresses) == (None, [])


def test_strangers_and_junk_are_passed_over(name_server: NameServer) -> None:
    def respond(asked: bytes) -> list[bytes]:
        other = bytes([asked[0] ^ 1]) + asked[1:]
        return [b"", b"junk", asked, answer(other, 2), answer(asked, address="192.0.2.7")]

    found = ask(name_server(respond))
    assert found is not None
    assert (found.rcode, found.addresses) == (0, ["192.0.2.99", "192.0.2.7"])


def test_a_flood_of_junk_comes_to_an_end(name_server: NameServer) -> None:
    found = ask(name_server(lambda _asked: [b"junk"] * 40))
    assert found is not None
    assert found.rcode is None


@pytest.mark.parametrize(
    "name", ["erp", "localhost", "a.localhost", "printer.local", "192.0.2.1", "[2001:db8::1]", "a..b.example"]
)
def test_names_that_no_server_is_asked_for(name: str) -> None:
    assert ask(1, name=name) is None


def test_without_a_server_nobody_is_asked() -> None:
    assert resolver.probe(TARGET, [], deadline=time.monotonic()) is None


def test_the_servers_of_this_system(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(
        "# nameserver 192.0.2.9\nsearch example.org\nnameserver 192.0.2.1\n"
        "nameserver fe80::1%eth0\nnameserver nonsense\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
    )
    assert resolver.name_servers(file) == ["192.0.2.1", "fe80::1%eth0", "192.0.2.2"]
    assert resolver.name_servers(tmp_path / "none") == []
    file.write_bytes(b"\xff\xfe\0nameserver")
    assert resolver.name_servers(file) == []


# The message


def test_a_question_that_another_decoder_reads() -> None:
    asked = DNSRecord.parse(dnsmessage.question(77, "erp.example.org", dnsmessage.AAAA))
    assert (asked.header.id, str(asked.q.qname), asked.q.qtype) == (77, "erp.example.org.", QTYPE.AAAA)


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64, ".".join(["x" * 60] * 5)])
def test_names_that_do_not_fit(name: str) -> None:
    with pytest.raises(dnsmessage.Unreadable):
        dnsmessage.question(1, name, dnsmessage.A)


@given(st.binary(max_size=600))
def test_any_bytes_are_an_answer_or_unreadable(message: bytes) -> None:
    try:
        read = dnsmessage.read_answer(message)
    except dnsmessage.Unreadable:
        return
    assert len(read.addresses) <= dnsmessage.RECORDS_LIMIT


@given(st.data())
def test_a_damaged_answer_is_an_answer_or_unreadable(data: st.DataObject) -> None:
    whole = bytearray(answer(dnsmessage.question(1, "erp.example.org", dnsmessage.A), address="192.0.2.7"))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(dnsmessage.Unreadable):
        dnsmessage.read_answer(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


# What it adds to the verdict


def evidence(**stages: object) -> Evidence:
    return Evidence(target=TARGET, taken_at=NOW, **stages)  # type: ignore[arg-type]


def said(rcode: int | None, *addresses: str) -> Resolver:
    return Resolver(server="192.0.2.53", rcode=rcode, addresses=list(addresses))


NOT_FOUND = Dns(outcome=DnsOutcome.NOT_FOUND)
NO_ANSWER = Dns(outcome=DnsOutcome.NO_ANSWER)
LED_ELSEWHERE = Dns(outcome=DnsOutcome.RESOLVED, addresses=["192.0.2.66"])
REFUSED = Tcp(outcome=TcpOutcome.REFUSED, port=443)
CONNECTED = Tcp(outcome=TcpOutcome.CONNECTED, port=443, answered="192.0.2.66")
OF_ANOTHER = Tls(outcome=TlsOutcome.UNTRUSTED, faults=[Fault.WRONG_NAME])


@pytest.mark.parametrize(
    ("measured", "cause", "confidence", "runner_up"),
    [
        (evidence(dns=NOT_FOUND, resolver=said(3)), "dns.not_found", "likely", "dns.vpn_off"),
        (evidence(dns=NOT_FOUND, resolver=said(0)), "dns.not_found", "certain", None),
        (evidence(dns=NOT_FOUND, resolver=said(0, "192.0.2.1")), "dns.overridden", "likely", "dns.not_found"),
        (evidence(dns=NO_ANSWER, resolver=said(2)), "dns.no_answer", "certain", None),
        (evidence(dns=NO_ANSWER, resolver=said(5)), "dns.no_answer", "certain", None),
        (evidence(dns=NO_ANSWER, resolver=said(None)), "dns.no_answer", "likely", "local.no_network"),
        (
            evidence(dns=LED_ELSEWHERE, tcp=REFUSED, resolver=said(0, "192.0.2.1")),
            "dns.overridden",
            "likely",
            "tcp.refused",
        ),
        (
            evidence(dns=LED_ELSEWHERE, tcp=REFUSED, resolver=said(3)),
            "dns.overridden",
            "likely",
            "tcp.refused",
        ),
        (
            evidence(dns=LED_ELSEWHERE, tcp=CONNECTED, tls=OF_ANOTHER, resolver=said(0, "192.0.2.1")),
            "dns.overridden",
            "likely",
            "tls.wrong_name",
        ),
        (
            evidence(dns=LED_ELSEWHERE, tcp=REFUSED, resolver=said(0, "192.0.2.66", "192.0.2.1")),
            "tcp.refused",
            "likely",
            "tcp.timeout",
        ),
        (
            evidence(dns=LED_ELSEWHERE, tcp=REFUSED, resolver=said(None)),
            "tcp.refused",
            "likely",
            "tcp.timeout",
        ),
        (
            evidence(
                dns=LED_ELSEWHERE,
                tcp=CONNECTED,
                tls=Tls(outcome=TlsOutcome.VERIFIED),
                http=Http(outcome=HttpOutcome.ANSWERED, status=200),
                resolver=said(0, "192.0.2.1"),
            ),
            "ok",
            "certain",
            None,
        ),
    ],
)
def test_what_the_name_server_adds(
    measured: Evidence, cause: str, confidence: str, runner_up: str | None
) -> None:
    verdict = diagnose(measured)
    assert (verdict.cause, verdict.confidence, verdict.runner_up) == (cause, confidence, runner_up)
