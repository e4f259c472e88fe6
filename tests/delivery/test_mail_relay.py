"""Mail through a real relay: TLS, sign-in, sizes, and what its answers do to a report in the spool."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme

from reporter.delivery.access import Access
from reporter.delivery.destination import Kind
from reporter.delivery.envelope import Envelope
from reporter.delivery.mail import MailDestination
from reporter.delivery.postman import PAUSE_S, Postman
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.errors import UsageError
from reporter.report.model import Attachment
from tests.delivery.mail_relays import post_office

Enqueue = Callable[..., Envelope]

REFERENCE = "7K3D-9QX2M"
MAILBOX = "helpdesk@example.org"
RUSSIAN = "Сервер не отвечает"
ANNA = Access(user="anna@example.org", password="Пароль: s3cret")

on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the trust store is set by variables"
)


def put(spool: Spool, *sizes: int) -> Envelope:
    document = {"reference": REFERENCE, "verdict": {"headline": RUSSIAN}}
    files = [
        Attachment(name=f"screenshot-{n}.png", content_type="image/png", content=b"\x89" * size)
        for n, size in enumerate(sizes, 1)
    ]
    return spool.enqueue(REFERENCE, msgspec.json.encode(document), files, sendable=True, sent_by_person=True)


def address(port: int, *, scheme: str = "smtp", options: str = "") -> str:
    return f"{scheme}://127.0.0.1:{port}/{MAILBOX}{options}"


def mail(port: int, access: Access | None = None, **parts: str) -> MailDestination:
    return MailDestination(address(port, **parts), access or Access())


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A company's authority, which this computer trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    return authority


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_report_reaches_the_mailbox(spool: Spool) -> None:
    kept = put(spool, 3_000)
    with post_office() as (office, port):
        assert mail(port).deliver(kept).kind is Kind.ACCEPTED
    [envelope] = office.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("reporter@example.org", [MAILBOX])
    arrived = office.mail()
    assert arrived["Subject"] == f"{RUSSIAN} {REFERENCE}"
    report, picture = arrived.iter_attachments()
    assert report.get_filename() == "report.json.txt"
    assert report.get_payload(decode=True) == kept.report_json
    assert picture.get_payload(decode=True) == b"\x89" * 3_000


def test_a_second_try_is_the_same_mail(spool: Spool) -> None:
    kept = put(spool)
    with post_office() as (office, port):
        for _ in range(2):
            assert mail(port).deliver(kept).kind is Kind.ACCEPTED
    first, second = office.mails()
    assert first["Message-ID"] == second["Message-ID"] == f"<{REFERENCE}@reporter.invalid>"


def test_the_computers_name_is_not_told(spool: Spool) -> None:
    names: list[str] = []
    with post_office() as (office, port):

        async def hear(server: Any, session: Any, envelope: Any, name: str, answers: list[str]) -> list[str]:
            session.host_name = name
            names.append(name)
            return answers

        office.handle_EHLO = hear  # type: ignore[attr-defined]
        assert mail(port).deliver(put(spool)).kind is Kind.ACCEPTED
    assert names == ["[127.0.0.1]"]


@pytest.mark.parametrize(
    ("options", "user", "sender"),
    [
        ("?from=agent%2Berp@example.org", "anna@example.org", "agent+erp@example.org"),
        ("?from=agent+erp@example.org", "", "agent+erp@example.org"),
        ("", "anna@example.org", "anna@example.org"),
        ("", "DOMAIN\\anna", "reporter@example.org"),
        ("", "", "reporter@example.org"),
    ],
)
@on_linux
def test_the_sender_is_the_one_set_up_or_who_signs_in(
    spool: Spool, tls: ssl.SSLContext, options: str, user: str, sender: str
) -> None:
    access = Access(user=user, password="s3cret") if user else Access()
    with post_office(tls=tls, signs_in=True) as (office, port):
        assert mail(port, access, options=options).deliver(put(spool)).kind is Kind.ACCEPTED
    assert [envelope.mail_from for envelope in office.envelopes] == [sender]


# TLS


@on_linux
@pytest.mark.parametrize(
    ("is_tls", "scheme", "options", "is_safe"),
    [
        (False, "smtp", "", True),
        (False, "smtp", "?starttls=required", True),
        (False, "smtp", "?starttls=off", False),
        (True, "smtps", "", True),
    ],
)
def test_the_line_is_safe_where_it_can_be(
    spool: Spool, tls: ssl.SSLContext, *, is_tls: bool, scheme: str, options: str, is_safe: bool
) -> None:
    with post_office(tls=tls, is_tls=is_tls) as (office, port):
        assert mail(port, scheme=scheme, options=options).deliver(put(spool)).kind is Kind.ACCEPTED
    assert len(office.raw) == 1
    if not is_tls:
        assert office.safe == [is_safe]


def test_without_starttls_where_it_is_wanted_nothing_goes(spool: Spool) -> None:
    with post_office() as (office, port):
        outcome = mail(port, options="?starttls=required").deliver(put(spool))
    assert (outcome.kind, outcome.reason) == (
        Kind.PAUSED,
        "the relay offers no STARTTLS; correct what is set up",
    )
    assert office.raw == []


@on_linux
@pytest.mark.parametrize(("is_tls", "scheme"), [(False, "smtp"), (True, "smtps")])
def test_a_relay_whose_certificate_nobody_trusts_gets_nothing(
    spool: Spool, authority: trustme.CA, is_tls: bool, scheme: str
) -> None:
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(stranger)
    with post_office(tls=stranger, is_tls=is_tls) as (office, port):
        outcome = mail(port, ANNA, scheme=scheme).deliver(put(spool))
    assert (outcome.kind, office.raw, office.signed_in) == (Kind.POSTPONED, [], [])
    assert "its TLS is not accepted here" in outcome.reason


@on_linux
def test_a_certificate_for_another_name_is_none(spool: Spool, authority: trustme.CA) -> None:
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mail.example.org").configure_cert(other)
    with post_office(tls=other) as (office, port):
        assert mail(port).deliver(put(spool)).kind is Kind.POSTPONED
    assert office.raw == []


@on_linux
@pytest.mark.parametrize(("is_tls", "scheme"), [(False, "smtp"), (True, "smtps")])
def test_a_relay_that_wants_a_client_certificate_gets_it(
    spool: Spool, authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path, *, is_tls: bool, scheme: str
) -> None:
    tls.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(tls)
    client = tmp_path / "client.pem"
    authority.issue_cert("agent@example.org").private_key_and_cert_chain_pem.write_to_path(str(client))
    with post_office(tls=tls, is_tls=is_tls) as (office, port):
        shown = mail(port, Access(certificate=str(client)), scheme=scheme).deliver(put(spool))
        kept_back = mail(port, scheme=scheme).deliver(put(spool))
    assert (shown.kind, kept_back.kind) == (Kind.ACCEPTED, Kind.POSTPONED)
    assert len(office.raw) == 1


@on_linux
def test_a_client_certificate_that_cannot_be_read_pauses(spool: Spool, tls: ssl.SSLContext) -> None:
    with post_office(tls=tls) as (_, port):
        outcome = mail(port, Access(certificate="/no/such/file.pem")).deliver(put(spool))
    assert outcome.kind is Kind.PAUSED
    assert "the client certificate cannot be used" in outcome.reason


# Sign-in


@on_linux
@pytest.mark.parametrize("excluded", [[], ["PLAIN"]])
def test_the_sign_in_is_sent_over_tls_in_any_alphabet(
    spool: Spool, tls: ssl.SSLContext, excluded: list[str]
) -> None:
    with post_office(tls=tls, signs_in=True, auth_required=True, auth_exclude_mechanism=excluded) as (
        office,
        port,
    ):
        assert mail(port, ANNA).deliver(put(spool)).kind is Kind.ACCEPTED
    assert office.signed_in == [(ANNA.user.encode(), ANNA.password.encode())]


@pytest.mark.parametrize("options", ["", "?starttls=off"])
def test_without_tls_no_password_is_sent(spool: Spool, options: str) -> None:
    with post_office(signs_in=True, auth_require_tls=False) as (office, port):
        outcome = mail(port, ANNA, options=options).deliver(put(spool))
    assert (outcome.kind, office.signed_in, office.raw) == (Kind.PAUSED, [], [])
    assert "no password is sent without" in outcome.reason


@on_linux
@pytest.mark.parametrize(
    ("access", "clause"),
    [(ANNA, "no sign-in by PLAIN or LOGIN"), (Access(token="t0ken"), "a relay wants a user name")],
)
def test_a_sign_in_that_cannot_be_made_pauses(
    spool: Spool, tls: ssl.SSLContext, access: Access, clause: str
) -> None:
    with post_office(tls=tls, auth_exclude_mechanism=["PLAIN", "LOGIN"]) as (_, port):
        outcome = mail(port, access).deliver(put(spool))
    assert outcome.kind is Kind.PAUSED
    assert clause in outcome.reason


@on_linux
def test_a_relay_that_repeats_the_password_does_not_get_it_into_the_history(
    spool: Spool, tls: ssl.SSLContext
) -> None:
    access = Access(user="anna", password="hunter2-hunter2")
    with post_office(tls=tls, signs_in=True) as (office, port):
        office.answers["AUTH"] = ["535 5.7.8 AGFubmEAaHVudGVyMi1odW50ZXIy: hunter2-hunter2 is wrong"]
        outcome = mail(port, access).deliver(put(spool))
    assert outcome.kind is Kind.PAUSED
    assert outcome.reason == "the relay answered 535: 5.7.8 …: … is wrong; correct the address or the sign-in"


# Sizes


def test_what_the_relay_takes_is_known_before_it_is_sent(spool: Spool) -> None:
    put(spool, 300_000, 20_000)
    with post_office(data_size_limit=100_000) as (office, port):
        outcome = mail(port).deliver(put_again(spool))
    assert outcome.kind is Kind.ACCEPTED
    assert outcome.reason == "without screenshot-1.png, because the relay takes no more"
    assert [part.get_filename() for part in office.mail().iter_attachments()] == [
        "report.json.txt",
        "screenshot-2.png",
    ]


@pytest.mark.parametrize("command", ["MAIL", "DATA"])
def test_a_relay_that_finds_it_too_large_after_all_gets_it_without_files(spool: Spool, command: str) -> None:
    kept = put(spool, 30_000, 20_000)
    with post_office() as (office, port):
        office.answers[command] = ["552 5.3.4 too large"]
        outcome = mail(port).deliver(kept)
    assert outcome.kind is Kind.ACCEPTED
    arrived = office.mail()
    assert [part.get_filename() for part in arrived.iter_attachments()] == ["report.json.txt"]
    text: Any = arrived.get_body()
    assert "screenshot-1.png (30,000 bytes), screenshot-2.png (20,000 bytes)" in text.get_content()


def test_what_is_too_large_even_so_is_refused(spool: Spool) -> None:
    kept = put(spool, 30_000)
    with post_office() as (office, port):
        office.answers["DATA"] = ["552 5.3.4 too large"] * 2
        outcome = mail(port).deliver(kept)
    assert (outcome.kind, office.answers["DATA"]) == (Kind.REFUSED, [])


def put_again(spool: Spool) -> Envelope:
    kept = spool.get(REFERENCE)
    assert kept is not None
    return kept


# Answers, through the postman and the spool


@pytest.mark.parametrize(
    ("command", "answer", "state", "is_paused"),
    [
        ("MAIL", "421 4.3.2 closing", State.QUEUED, False),
        ("RCPT", "450 4.2.0 greylisted", State.QUEUED, False),
        ("DATA", "451 4.3.0 try again", State.QUEUED, False),
        ("DATA", "452 4.3.1 disk full", State.QUEUED, False),
        ("MAIL", "530 5.7.0 sign in first", State.QUEUED, True),
        ("MAIL", "550 5.7.1 not from you", State.QUEUED, True),
        ("MAIL", "553 5.1.8 sender unknown", State.QUEUED, True),
        ("RCPT", "550 5.1.1 no such mailbox", State.QUEUED, True),
        ("RCPT", "552 5.2.2 mailbox full", State.QUEUED, True),
        ("RCPT", "554 5.7.1 relay access denied", State.QUEUED, True),
        ("DATA", "550 5.7.1 looks like spam", State.REFUSED, False),
        ("DATA", "554 5.6.0 not wanted", State.REFUSED, False),
        ("MAIL", "500 5.5.2 what", State.QUEUED, False),
    ],
)
def test_what_an_answer_does_to_a_report(
    spool: Spool, clock: Any, *, command: str, answer: str, state: State, is_paused: bool
) -> None:
    put(spool)
    with post_office() as (office, port):
        office.answers[command] = [answer]
        postman = Postman(spool, [mail(port)], now=clock, random=lambda: 0.5)
        receipt = postman.deliver(REFERENCE)
        assert (receipt.state, office.raw) == (state, [])
        assert f"the relay answered {answer[:3]}: {answer[4:]}" in receipt.reason
        paused = [pause.destination for pause in spool.standing.pauses()]
        assert paused == ([f"smtp://127.0.0.1:{port}/{MAILBOX}"] if is_paused else [])
        if state is State.QUEUED:
            clock.advance(seconds=2 * PAUSE_S)
            assert [receipt.state for receipt in postman.flush()] == [State.ACCEPTED]
            assert len(office.raw) == 1
            assert spool.standing.pauses() == ()


def test_nobody_listens(spool: Spool) -> None:
    with post_office() as (_, port):
        pass
    outcome = mail(port).deliver(put(spool))
    assert (outcome.kind, outcome.reason) == (
        Kind.POSTPONED,
        "the relay's server refuses the connection",
    )


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "smtp://",
        "smtp://relay.example.org",
        "smtp://relay.example.org/",
        "smtp://relay.example.org/nobody",
        "smtp://relay.example.org:0/help@example.org",
        "smtp://relay.example.org:99999/help@example.org",
        "smtp://[::1/help@example.org",
        "smtp://relay.example.org/help@example.org?starttls=of",
        "smtp://relay.example.org/help@example.org?startls=required",
        "smtp://relay.example.org/help@example.org?starttls",
        "smtp://relay.example.org/help@example.org?starttls=off&starttls=required",
        "smtp://relay.example.org/help@example.org?from=",
        "smtp://relay.example.org/help@example.org?from=a@b.org%0d%0aRCPT",
        "smtp://relay.example.org/help@example.org%0d%0aRCPT%20TO:%3Call@example.org%3E",
        "smtp://relay.example.org/help@example.org#x",
    ],
)
def test_an_address_that_cannot_be_used_is_said_when_it_is_set(address: str) -> None:
    with pytest.raises(UsageError, match=r"is not understood; it should be like smtp://"):
        MailDestination(address, Access())


def test_a_password_in_an_address_is_not_taken_and_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        MailDestination("smtp://anna:hunter2@relay.example.org/help@example.org", Access())
    assert "hunter2" not in str(caught.value)
    assert "keyring" in str(caught.value)
