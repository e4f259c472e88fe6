"""Relays that break off, dawdle or never end: each ends in an honest outcome, within the time allowed."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from reporter.delivery import relay
from reporter.delivery.access import Access
from reporter.delivery.destination import Kind
from reporter.delivery.envelope import Envelope
from reporter.delivery.mail import MailDestination
from reporter.delivery.postman import Postman
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from tests.delivery.mail_relays import Script

Enqueue = Callable[..., Envelope]

REFERENCE = "7K3D-9QX2M"
CLOSED = "the relay closed the connection"
SILENT = "the relay does not answer in time"
DIALOGUE = (
    b"220 relay.example.org\r\n",
    b"250-relay.example.org\r\n250 SIZE 10000000\r\n",
    b"250 sender\r\n",
    b"250 mailbox\r\n",
    b"354 go on\r\n",
    b"250 taken over\r\n",
    b"221 bye\r\n",
)
TAKEN_OVER = 6
"""How many lines a relay has said when it has the mail."""


def mail(port: int, *, connect_timeout_s: float = 30.0, overall_limit_s: float = 60.0) -> MailDestination:
    return MailDestination(
        f"smtp://127.0.0.1:{port}/help@example.org",
        Access(),
        connect_timeout_s=connect_timeout_s,
        overall_limit_s=overall_limit_s,
    )


@pytest.fixture
def patience() -> Callable[[socket.socket], None]:
    """Keeps a connection open and silent until the other end gives it up."""

    def wait(connection: socket.socket) -> None:
        while connection.recv(65_536):
            pass

    return wait


@pytest.mark.parametrize("said", range(len(DIALOGUE) + 1))
def test_a_relay_that_breaks_off(enqueue: Enqueue, said: int) -> None:
    with Script(*DIALOGUE[:said]) as script:
        outcome = mail(script.port).deliver(enqueue())
    if said < TAKEN_OVER:
        assert outcome.kind is Kind.POSTPONED
        assert outcome.reason in (CLOSED, "the connection to the relay was cut off")
    else:
        assert (outcome.kind, outcome.reason) == (Kind.ACCEPTED, "")


@pytest.mark.parametrize("at", [cut for line in (0, 1, 4, 5) for cut in [(line, 1), (line, 3), (line, -1)]])
def test_a_relay_that_breaks_off_within_a_line(enqueue: Enqueue, at: tuple[int, int]) -> None:
    line, length = at
    with Script(*DIALOGUE[:line], DIALOGUE[line][:length]) as script:
        outcome = mail(script.port).deliver(enqueue())
    # A whole answer whose last line end was lost on the way is an answer.
    assert outcome.kind is (Kind.ACCEPTED if at in ((5, 3), (5, -1)) else Kind.POSTPONED)


@pytest.mark.parametrize("said", range(TAKEN_OVER))
def test_a_relay_that_falls_silent(
    enqueue: Enqueue, said: int, patience: Callable[[socket.socket], None]
) -> None:
    with Script(*DIALOGUE[:said], then=patience) as script:
        outcome = mail(script.port, connect_timeout_s=0.3, overall_limit_s=1.5).deliver(enqueue())
    assert outcome.kind is Kind.POSTPONED
    assert outcome.reason in (SILENT, "the exchange with the relay took longer than 1.5 s")


def test_a_relay_that_is_silent_at_parting_has_the_mail_all_the_same(
    enqueue: Enqueue, patience: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "PARTING_TIMEOUT_S", 0.2)
    with Script(*DIALOGUE[:TAKEN_OVER], then=patience) as script:
        assert mail(script.port).deliver(enqueue()).kind is Kind.ACCEPTED


@pytest.mark.parametrize("parting", [b"421 in a hurry\r\n", b"500 what\r\n", b"nonsense\r\n", b"\xff\r\n"])
def test_an_impolite_parting_does_not_send_it_twice(enqueue: Enqueue, parting: bytes) -> None:
    with Script(*DIALOGUE[:TAKEN_OVER], parting) as script:
        assert mail(script.port).deliver(enqueue()).kind is Kind.ACCEPTED


def _for_ever(block: bytes) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        while True:
            connection.sendall(block)

    return send


@pytest.mark.parametrize("said", range(TAKEN_OVER))
@pytest.mark.parametrize("block", [b"250-and on\r\n", b"220-and on\r\n", b"x" * 1_000])
def test_an_answer_without_end_ends(enqueue: Enqueue, said: int, block: bytes) -> None:
    with Script(*DIALOGUE[:said], then=_for_ever(block)) as script:
        outcome = mail(script.port).deliver(enqueue())
    assert outcome.kind is Kind.POSTPONED


def test_a_relay_that_drips_is_left_when_the_time_is_over(enqueue: Enqueue) -> None:
    gone = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.settimeout(0.05)
        while True:
            connection.sendall(b"2")
            try:
                if not connection.recv(10):
                    gone.set()
                    return
            except TimeoutError:
                continue

    with Script(then=drip) as script:
        outcome = mail(script.port, overall_limit_s=1.0).deliver(enqueue())
        assert (outcome.kind, outcome.reason) == (
            Kind.POSTPONED,
            "the exchange with the relay took longer than 1 s",
        )
        assert gone.wait(60)  # nothing stays behind that could still send


@pytest.mark.parametrize(
    "banner",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46\r\n",
        b"\r\n",
        b"999 what\r\n",
        b"-1\r\n",
        b"550\r\n",
    ],
)
def test_what_is_no_relay_gets_nothing(enqueue: Enqueue, banner: bytes) -> None:
    with Script(banner, *DIALOGUE[1:]) as script:
        outcome = mail(script.port).deliver(enqueue())
    assert outcome.kind in (Kind.POSTPONED, Kind.PAUSED)
    assert not any(line.startswith(b"MAIL") for line in script.heard)


def test_an_answer_of_a_relay_is_one_plain_line_in_the_history(enqueue: Enqueue) -> None:
    words = (
        b"450-\x1b[31mred\r\n450 \xd0\x9e\xd1\x87\xd0\xb5\xd1\x80\xd0\xb5\xd0\xb4\xd1\x8c \xff" + b"x" * 500
    )
    with Script(*DIALOGUE[:2], words + b"\r\n") as script:
        outcome = mail(script.port).deliver(enqueue())
    assert outcome.reason.startswith("the relay answered 450: [31mred Очередь \N{REPLACEMENT CHARACTER}xxx")
    assert len(outcome.reason) < 300
    assert outcome.reason.isprintable()


def test_a_relay_without_extensions_gets_a_mail_without_them(enqueue: Enqueue) -> None:
    with Script(DIALOGUE[0], b"502 what\r\n", b"250 relay\r\n", *DIALOGUE[2:]) as script:
        assert mail(script.port).deliver(enqueue()).kind is Kind.ACCEPTED
    assert script.heard[:4] == [
        b"ehlo [127.0.0.1]\r\n",
        b"helo [127.0.0.1]\r\n",
        b"mail FROM:<reporter@example.org>\r\n",
        b"rcpt TO:<help@example.org>\r\n",
    ]


@pytest.mark.parametrize("size", [b"0", b"", b"-5", b"many", b"9" * 40, "٣".encode()])
def test_a_size_that_is_none_limits_nothing(enqueue: Enqueue, size: bytes) -> None:
    with Script(DIALOGUE[0], b"250-relay\r\n250 SIZE " + size + b"\r\n", *DIALOGUE[2:]) as script:
        outcome = mail(script.port).deliver(enqueue())
    assert (outcome.kind, outcome.reason) == (Kind.ACCEPTED, "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the trust store is set by variables")
def test_text_that_is_put_in_before_tls_is_forgotten(
    enqueue: Enqueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody between says "only small mails" behind "go ahead with TLS"; the relay itself does not."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def go_on_in_tls(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as safe, safe.makefile("rb") as lines:
            for answer in DIALOGUE[1:TAKEN_OVER]:
                line = lines.readline()
                while answer is DIALOGUE[TAKEN_OVER - 1] and line not in (b".\r\n", b""):
                    line = lines.readline()
                safe.sendall(answer)

    with Script(
        DIALOGUE[0],
        b"250-relay\r\n250 STARTTLS\r\n",
        b"220 go ahead\r\n250-relay\r\n250 SIZE 10\r\n",
        then=go_on_in_tls,
    ) as script:
        outcome = mail(script.port).deliver(enqueue())
    assert (outcome.kind, outcome.reason) == (Kind.ACCEPTED, "")


def test_a_lost_answer_means_the_same_mail_once_more(spool: Spool, enqueue: Enqueue, clock: Any) -> None:
    enqueue()
    states = []
    for said in (TAKEN_OVER - 1, TAKEN_OVER):
        with Script(*DIALOGUE[:said]) as script:
            postman = Postman(spool, [mail(script.port)], now=clock, random=lambda: 0.5)
            states.append(postman.deliver(REFERENCE).state)
    assert states == [State.QUEUED, State.ACCEPTED]


def test_an_unknown_name_is_said(enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    outcome = mail(25).deliver(enqueue())
    assert (outcome.kind, outcome.reason) == (
        Kind.POSTPONED,
        "the relay's name is not known to this network",
    )
