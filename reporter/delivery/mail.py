"""The mail destination: a report as one message to a mailbox, through the organisation's own relay.

For ticket systems as much as for people: a plain subject without brackets and with the reference at its end,
headers that keep auto-responders quiet, the person's words and the verdict as text, and the report itself as
an attachment that mail filters let through.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from reporter._version import __version__
from reporter.delivery.access import Access
from reporter.delivery.destination import Destination, Kind, Outcome
from reporter.errors import UsageError
from reporter.texts.safe import one_line, plain, without_secrets

if TYPE_CHECKING:
    import smtplib

    from reporter.delivery.envelope import Envelope

CONNECT_TIMEOUT_S = 20.0
OVERALL_LIMIT_S = 120.0
SUBJECT_LIMIT_CHARS = 150
TEXT_LIMIT_CHARS = 20_000
CLAUSE_LIMIT_CHARS = 200
DOMAIN = "reporter.invalid"
"""Of message ids and of a sender that is set up nowhere (RFC 2606)."""

_PORTS = {"smtp": 25, "smtps": 465}
# RFC 5321 and 4954: what somebody must mend, and what never becomes acceptable.
_PAUSED = frozenset({530, 534, 535, 538, 550, 551, 553})
_REFUSED = frozenset({552, 554})


class MailDestination(Destination):
    """``smtp://relay:25/mailbox``, or ``smtps://`` for TLS from the first byte.

    STARTTLS is used where the relay offers it, with the operating system's trust store; a certificate that is
    not trusted ends the try. ``?starttls=required`` wants it, ``?starttls=off`` leaves it; a sign-in is only
    ever sent over TLS. ``?from=`` names the sender. Raises UsageError for an address that cannot be used.
    """

    def __init__(
        self,
        address: str,
        access: Access,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        overall_limit_s: float = OVERALL_LIMIT_S,
    ) -> None:
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        self.name = without_secrets(address)
        options = parse_qs(parts.query) if host else {}
        self._starttls = options.get("starttls", ["auto"])[0]
        self._mailbox = unquote(parts.path.strip("/")) if host else ""
        self._sender = options.get("from", [f"reporter@{DOMAIN}"])[0]
        is_known = self._starttls in ("auto", "required", "off")
        addresses = (self._mailbox, self._sender)
        if not host or port == 0 or not is_known or not all(map(_is_mailbox, addresses)):
            raise UsageError(
                f"The destination {one_line(self.name, CLAUSE_LIMIT_CHARS)} is not understood; it should be "
                "like smtp://relay.example.org:25/helpdesk@example.org, with ?starttls=required, "
                "?starttls=off or ?from=agent@example.org behind it where that is wanted."
            )
        self._host = host
        self._scheme = parts.scheme.lower()
        self._port = port or _PORTS[self._scheme]
        self._access = access
        self._now = now
        self._connect_timeout_s = connect_timeout_s
        self._overall_limit_s = overall_limit_s

    def deliver(self, envelope: Envelope) -> Outcome:
        """Hand the message to the relay; it counts as accepted when the relay has taken it over."""
        import smtplib

        end = time.monotonic() + self._overall_limit_s
        try:
            with self._connected() as relay:
                if relay.sock is not None:
                    relay.sock.settimeout(max(1.0, end - time.monotonic()))
                refused = relay.send_message(
                    message(envelope, sender=self._sender, mailbox=self._mailbox, now=self._now())
                )
            if refused:  # one recipient: smtplib raises instead
                return _postponed("the relay did not take the mailbox")
        except smtplib.SMTPRecipientsRefused as error:
            return _answered(*next(iter(error.recipients.values())))
        except smtplib.SMTPNotSupportedError:
            return Outcome(
                kind=Kind.PAUSED, reason="the relay offers no STARTTLS or no sign-in; change the address"
            )
        except smtplib.SMTPResponseException as error:
            return _answered(error.smtp_code, error.smtp_error)
        except smtplib.SMTPServerDisconnected:
            return _postponed("the relay closed the connection")
        except ssl.SSLError:
            return _postponed(
                "no safe connection to the relay: its certificate or its TLS is not accepted here"
            )
        except TimeoutError:
            return _postponed("the relay does not answer in time")
        except OSError as error:
            return _postponed(f"no connection to the relay ({error.strerror or type(error).__name__})")
        except Exception as error:  # noqa: BLE001 - the contract is an Outcome, whatever a library raises
            return _postponed(f"the exchange with the relay could not be made ({type(error).__name__})")
        return Outcome(kind=Kind.ACCEPTED)

    def _connected(self) -> smtplib.SMTP:
        import smtplib

        limit_s = self._connect_timeout_s
        if self._scheme == "smtps":
            relay: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, local_hostname="localhost", timeout=limit_s, context=self._context()
            )
        else:
            relay = smtplib.SMTP(self._host, self._port, local_hostname="localhost", timeout=limit_s)
        try:
            relay.ehlo_or_helo_if_needed()
            is_safe = self._scheme == "smtps"
            wants = self._starttls == "required" or (self._starttls == "auto" and relay.has_extn("starttls"))
            if not is_safe and wants:
                relay.starttls(context=self._context())
                relay.ehlo()
                is_safe = True
            if self._access.user and not is_safe:
                raise smtplib.SMTPNotSupportedError  # noqa: TRY301 - ends as where the relay offers none
            if self._access.user:
                relay.login(self._access.user, self._access.password)
        except BaseException:
            with suppress(OSError, smtplib.SMTPException):
                relay.close()
            raise
        return relay

    def _context(self) -> Any:
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._access.show_certificate(context)
        return context


def message(envelope: Envelope, *, sender: str, mailbox: str, now: datetime) -> EmailMessage:
    """The mail for a report; the same report gives the same message id, by which copies are known."""
    document = _document(envelope.report_json)
    headline = one_line(_text(document, "verdict", "headline"), SUBJECT_LIMIT_CHARS)
    application = one_line(_text(document, "failure", "application", "name"), 80)
    # Brackets would be taken for a ticket's number by ticket systems.
    subject = " ".join(
        part.translate(_NO_BRACKETS)
        for part in (
            f"{application}:" if application else "",
            headline or "A login did not work",
            envelope.reference,
        )
        if part
    )
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = mailbox
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now.astimezone())
    mail["Message-ID"] = f"<{envelope.reference}@{DOMAIN}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Report-Id"] = envelope.reference
    mail["X-Mailer"] = f"reporter-agent/{__version__}"
    mail.set_content(_body(envelope, document))
    mail.add_attachment(
        envelope.report_json.decode("utf-8", "replace"), subtype="plain", filename="report.json.txt"
    )
    for file in envelope.attachments:
        main, _, sub = file.content_type.partition(";")[0].partition("/")
        if main == "text":
            mail.add_attachment(
                file.content.decode("utf-8", "replace"), subtype=sub or "plain", filename=file.name
            )
        else:
            mail.add_attachment(
                file.content,
                maintype=main or "application",
                subtype=sub or "octet-stream",
                filename=file.name,
            )
    return mail


_NO_BRACKETS = str.maketrans({"[": "(", "]": ")", "#": " "})


def _body(envelope: Envelope, document: dict[str, Any]) -> str:
    """The report in words for the mail itself."""
    story = document.get("story")
    told = story if isinstance(story, dict) else {}
    questions = told.get("questions")
    numbered = [
        f"{number}. {one_line(question, 1_000)}"
        for number, question in enumerate(questions if isinstance(questions, list) else [], 1)
        if isinstance(question, str)
    ]
    rows = [
        ("Report", envelope.reference),
        (
            "Application",
            f"{_text(document, 'failure', 'application', 'name')} "
            f"{_text(document, 'failure', 'application', 'version')}".strip(),
        ),
        ("Target", _text(document, "failure", "target")),
        ("Cause", " ".join(filter(None, (_text(document, "verdict", "cause"), _bracketed(document))))),
        ("Can be mended by", _text(document, "verdict", "owner")),
        ("Wanted", _text(told, "wanted")),
        ("Expected", _text(told, "expected")),
        ("Happened", _text(told, "happened") or _text(told, "text")),
        ("Questions", "\n".join(numbered)),
        ("Contact", " ".join(filter(None, (_text(told, "contact"), _text(told, "best_time"))))),
        ("Message", _text(document, "failure", "message")),
    ]
    lines = [_text(document, "verdict", "headline"), ""]
    lines += [f"{name}:\n{value}\n" if "\n" in value else f"{name}: {value}" for name, value in rows if value]
    return plain("\n".join(lines).strip(), TEXT_LIMIT_CHARS) + "\n"


def _bracketed(document: dict[str, Any]) -> str:
    confidence = _text(document, "verdict", "confidence")
    return f"({confidence})" if confidence else ""


def _document(raw: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _text(document: Any, *path: str) -> str:
    """The text at ``path``; empty where there is none."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return plain(document, TEXT_LIMIT_CHARS).strip() if isinstance(document, str) else ""


def _is_mailbox(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and text.isprintable() and not set(text) & set(' <>,;"()[]\\')


def _answered(code: int, words: bytes | str) -> Outcome:
    """What a reply of the relay means (RFC 5321): 4yz is for now, 5yz for good or until somebody mends it."""
    text = one_line(
        words.decode("utf-8", "replace") if isinstance(words, bytes) else words, CLAUSE_LIMIT_CHARS
    )
    reason = f"the relay answered {code}: {text}".rstrip(": ")
    if code in _PAUSED:
        return Outcome(kind=Kind.PAUSED, reason=f"{reason}; correct the address or the sign-in")
    if code in _REFUSED:
        return Outcome(kind=Kind.REFUSED, reason=reason)
    return Outcome(kind=Kind.POSTPONED, reason=reason, server_fault=code >= 500)


def _postponed(reason: str) -> Outcome:
    return Outcome(kind=Kind.POSTPONED, reason=reason)
