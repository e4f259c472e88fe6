"""A report as a mail: what a ticket system, a mail program and a relay on the way make of it."""

from __future__ import annotations

import email.policy
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.delivery.envelope import Envelope
from reporter.delivery.message import checked_mailbox, file_name, letter, subject
from reporter.delivery.receipt import State
from reporter.report.model import Attachment
from reporter.texts.safe import one_line

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
REFERENCE = "7K3D-9QX2M"
RUSSIAN = "Сертификат сервера «1С:Предприятие» просрочен — войти нельзя"


def envelope(document: Any, attachments: Sequence[Attachment] = (), reference: str = REFERENCE) -> Envelope:
    return Envelope(
        reference=reference,
        report_json=document if isinstance(document, bytes) else msgspec.json.encode(document),
        attachments=list(attachments),
        state=State.QUEUED,
        tries=0,
        server_faults=0,
        wait_s=0.0,
        next_try_at=None,
        created_at=NINE,
        sent_by_person=True,
        page="",
        reason="",
        history=[],
    )


def report(**parts: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "reference": REFERENCE,
        "failure": {
            "target": "https://erp.example.org/base",
            "message": "certificate has expired",
            "application": {"name": "ERP", "version": "3.1.4"},
        },
        "verdict": {"headline": RUSSIAN, "cause": "tls.expired", "owner": "server", "confidence": "certain"},
        "story": {
            "wanted": "Войти и закрыть месяц",
            "questions": ["Когда починят?", "Можно ли работать дома?"],
            "contact": "anna@example.org, доб. 123",
        },
    }
    return document | parts


def raw(kept: Envelope, **options: Any) -> bytes:
    return letter(kept, sender="a@example.org", mailbox="help@example.org", now=NINE, **options).content


def read(content: bytes) -> EmailMessage:
    mail = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(content)
    assert isinstance(mail, EmailMessage)
    return mail


def files(mail: EmailMessage) -> dict[str, bytes]:
    found = {}
    for part in mail.iter_attachments():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[str(part.get_filename())] = content
    return found


def body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert isinstance(part, EmailMessage)
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def test_the_subject_says_what_failed_and_ends_with_the_reference() -> None:
    mail = read(raw(envelope(report())))
    assert mail["Subject"] == f"ERP: {RUSSIAN} {REFERENCE}"
    assert (mail["X-Report-Id"], mail["Auto-Submitted"]) == (REFERENCE, "auto-generated")
    assert (mail["From"], mail["To"]) == ("a@example.org", "help@example.org")
    assert mail["Date"].datetime == NINE


def test_a_person_who_asks_for_help_is_no_failed_login() -> None:
    asked = envelope({"failure": {"action": "request"}, "verdict": None})
    assert subject(asked) == f"A person asks for help {REFERENCE}"


def test_a_ticket_system_finds_no_ticket_number_in_the_subject() -> None:
    verdict = {"headline": "[helpdesk #17] Re: [other#1]"}
    told = subject(envelope(report(verdict=verdict)))
    assert told == f"ERP: (helpdesk 17) Re: (other 1) {REFERENCE}"


def test_the_same_report_has_the_same_message_id_each_time() -> None:
    first, second = (read(raw(envelope(document))) for document in (report(), b"damaged"))
    assert first["Message-ID"] == second["Message-ID"] == f"<{REFERENCE}@reporter.invalid>"


def test_the_text_holds_what_the_person_said_and_what_was_found() -> None:
    text = body(read(raw(envelope(report()))))
    assert text.startswith(RUSSIAN + "\n")
    for line in (
        f"Report: {REFERENCE}",
        "Application: ERP 3.1.4",
        "Target: https://erp.example.org/base",
        "Cause: tls.expired (certain)",
        "Can be mended by: server",
        "Wanted: Войти и закрыть месяц",
        "2. Можно ли работать дома?",
        "Contact: anna@example.org, доб. 123",
        "Message: certificate has expired",
    ):
        assert f"{line}\n" in text


@pytest.mark.parametrize(("suppressed", "line"), [(0, None), (1_700, "1,700"), ("many", None), (-3, None)])
def test_the_text_tells_how_many_of_the_kind_were_not_sent(suppressed: object, line: str | None) -> None:
    told = body(read(raw(envelope(report(suppressed=suppressed)))))
    assert ("not sent before" in told) is (line is not None)
    assert line is None or f"not sent before: {line}\n" in told


@pytest.mark.parametrize(
    ("contact", "answers_to"),
    [
        ("anna@example.org, доб. 123", "anna@example.org"),
        ("доб. 123", None),
        ("anna@example.org or boris@example.org", None),
        ("anna@example.org\r\nBcc: all@example.org", None),
        ("<anna@example.org>", "anna@example.org"),
    ],
)
def test_an_answer_goes_to_the_person_who_left_one_address(contact: str, answers_to: str | None) -> None:
    mail = read(raw(envelope(report(story={"contact": contact}))))
    assert mail["Reply-To"] == answers_to
    assert mail["Bcc"] is None


def test_the_report_and_its_files_arrive_byte_for_byte() -> None:
    document = msgspec.json.format(msgspec.json.encode(report()), indent=2) + b"\r\n \n\n"
    log = b"one\r\ntwo\rthree\n\x00\xff no newline at the end"
    picture = bytes(range(256)) * 40
    mail = read(
        raw(
            envelope(
                document,
                [
                    Attachment(name="logs/1-app.log.txt", content_type="text/plain", content=log),
                    Attachment(name="Снимок экрана.png", content_type="image/png", content=picture),
                ],
            )
        )
    )
    assert files(mail) == {
        "report.json.txt": document,
        "logs-1-app.log.txt": log,
        "Снимок экрана.png": picture,
    }
    types = [part.get_content_type() for part in mail.iter_attachments()]
    assert types == ["text/plain", "text/plain", "image/png"]


@pytest.mark.parametrize(
    ("content_type", "sent_as"),
    [
        ("text/plain; charset=utf-16", "text/plain"),
        ("text/html", "text/plain"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed", "application/octet-stream"),
        ("image/png\r\nBcc: all@example.org", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
    ],
)
def test_a_file_is_never_sent_as_a_mail_or_as_markup(content_type: str, sent_as: str) -> None:
    mail = read(raw(envelope(report(), [Attachment(name="a", content_type=content_type, content=b"x")])))
    assert [part.get_content_type() for part in mail.iter_attachments()] == ["text/plain", sent_as]
    assert b"Bcc" not in raw(envelope({}, [Attachment(name="a", content_type=content_type, content=b"x")]))


@pytest.mark.parametrize(
    ("name", "sent_as"),
    [
        ("logs/1-app.log.txt", "logs-1-app.log.txt"),
        ("..\\..\\evil.txt", "evil.txt"),
        ("/etc/passwd", "etc-passwd"),
        ('a"; filename="b.exe\r\nBcc: x@example.org', "a-; filename=-b.exe Bcc- x@example.org"),
        ("", "file"),
        ("...", "file"),
        ("я" * 300 + ".txt", "я" * 96 + ".txt"),
        ("x" * 300, "x" * 100),
    ],
)
def test_names_of_files_can_be_saved_anywhere(name: str, sent_as: str) -> None:
    assert file_name(name) == sent_as
    mail = read(raw(envelope({}, [Attachment(name=name, content_type="text/plain", content=b"x")])))
    assert list(files(mail)) == ["report.json.txt", sent_as]
    assert mail["Bcc"] is None


WORDS = st.text(max_size=200) | st.sampled_from(
    ["a\r\nBcc: all@example.org", "a\n.\r\nQUIT", "x" * 5_000, "\x85\u2028\x0b", "=?utf-8?q?x?=", "а" * 400]
)


@given(WORDS, WORDS, WORDS, WORDS, WORDS)
def test_no_text_becomes_a_header_or_a_line_too_long(
    name: str, headline: str, message: str, story: str, reference: str
) -> None:
    document = msgspec.json.encode(
        {
            "failure": {"application": {"name": _utf8(name)}, "message": _utf8(message)},
            "verdict": {"headline": _utf8(headline)},
            "story": {"wanted": _utf8(story), "contact": _utf8(story)},
        }
    )
    content = raw(
        envelope(
            document,
            [Attachment(name=name, content_type=headline, content=message.encode("utf-8", "replace"))],
            reference,
        )
    )
    assert content.isascii()
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    mail = read(content)
    assert set(mail.keys()) <= {
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("X-Auto-Response-Suppress", "X-Report-Id", "X-Mailer", "MIME-Version", "Content-Type"),
    }
    assert files(mail)["report.json.txt"] == document
    kept = envelope(document, reference=reference)
    assert one_line(str(mail["Subject"]), 10_000).replace(" ", "") == subject(kept).replace(" ", "")


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def test_what_is_too_large_leaves_the_largest_files_out_and_says_so() -> None:
    kept = envelope(
        report(),
        [
            Attachment(name="screenshot-1.png", content_type="image/png", content=b"1" * 300_000),
            Attachment(name="screenshot-2.png", content_type="image/png", content=b"2" * 200_000),
            Attachment(name="logs/1-app.log.txt", content_type="text/plain", content=b"3" * 1_000),
        ],
    )
    sent = letter(kept, sender="a@b.org", mailbox="h@b.org", now=NINE, limit_bytes=320_000)
    assert len(sent.content) <= 320_000
    assert sent.left_out == ["screenshot-1.png"]
    mail = read(sent.content)
    assert list(files(mail)) == ["report.json.txt", "screenshot-2.png", "logs-1-app.log.txt"]
    assert "screenshot-1.png (300,000 bytes)" in body(mail)
    assert f"reporter queue export {REFERENCE}" in body(mail)


def test_the_report_itself_is_left_out_last_however_large_it_is() -> None:
    kept = envelope(
        report(more="x" * 300_000),
        [Attachment(name="a.txt", content_type="text/plain", content=b"1" * 30_000)],
    )
    sent = letter(kept, sender="a@b.org", mailbox="h@b.org", now=NINE, limit_bytes=430_000)
    assert sent.left_out == ["a.txt"]
    assert list(files(read(sent.content))) == ["report.json.txt"]


def test_the_words_go_even_where_nothing_else_can() -> None:
    sent = letter(envelope(report()), sender="a@b.org", mailbox="h@b.org", now=NINE, limit_bytes=1)
    assert sent.left_out == ["report.json.txt"]
    assert "Cause: tls.expired" in body(read(sent.content))


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("helpdesk@example.org", "helpdesk@example.org"),
        ("help+erp@example.org", "help+erp@example.org"),
        ("help@пример.рф", "help@xn--e1afmkfd.xn--p1ai"),
        ("help@[10.0.0.1]", "help@[10.0.0.1]"),
        ("помощь@example.org", ""),
        ("a@b@example.org", ""),
        ("help@example.org\r\nRCPT TO:<x@y>", ""),
        ("help@example.org> SIZE=1", ""),
        ("@example.org", ""),
        ("help@", ""),
        ("", ""),
        ("x" * 300 + "@example.org", ""),
    ],
)
def test_mailboxes(text: str, mailbox: str) -> None:
    assert checked_mailbox(text) == mailbox
