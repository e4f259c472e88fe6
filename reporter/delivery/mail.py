"""The mail destination: a report as one message to a mailbox, through the organisation's own relay.

A relay that took a mail over but whose answer was lost gets it once more; both have the same ``Message-ID``
and the same ``X-Report-Id``, by which the mailbox's system may know them.
"""

from __future__ import annotations

import base64
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from reporter.delivery.access import Access
from reporter.delivery.destination import Check, Destination, Kind, Outcome
from reporter.delivery.message import checked_mailbox, letter
from reporter.delivery.relay import Address, Line, Refusal, Relay, Unanswered, Unfit
from reporter.errors import UsageError
from reporter.texts.safe import one_line, without_secrets

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope
    from reporter.report.model import Attachment

CONNECT_TIMEOUT_S = 20.0
OVERALL_LIMIT_S = 120.0
LOOK_LIMIT_S = 8.0
CLAUSE_LIMIT_CHARS = 200

_PORTS = {"smtp": 25, "smtps": 465}
_OPTIONS = frozenset({"starttls", "from"})
# "Not understood" and "not in this order": nobody can say whose fault it is.
_SIGN_IN_WANTED = frozenset({530, 534, 535, 538})
_CONFUSED = frozenset({500, 501, 502, 503, 504, 555})


class MailDestination(Destination):
    """``smtp://relay:25/mailbox``, or ``smtps://`` for TLS from the first byte.

    STARTTLS is used where the relay offers it, with the operating system's trust store; a certificate that is
    not trusted ends the try. ``?starttls=required`` wants it, ``?starttls=off`` leaves it; a sign-in is only
    ever sent over TLS. ``?from=`` names the sender, which else is the user name of the sign-in, or
    ``reporter@`` the mailbox's domain. Raises UsageError for an address that cannot be used.
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
        self.name = without_secrets(address)
        read = _read(address)
        if read is None:
            raise UsageError(
                f"The destination {one_line(self.name, CLAUSE_LIMIT_CHARS) or 'of mail'} is not understood; "
                "it should be like smtp://relay.example.org:25/helpdesk@example.org, with "
                "?starttls=required, ?starttls=off or ?from=agent@example.org behind it where wanted, "
                "and without a password, which belongs into the system's keyring or the credentials file."
            )
        self._relay, self._mailbox, sender = read
        domain = self._mailbox.rpartition("@")[2]
        self._sender = sender or checked_mailbox(access.user) or f"reporter@{domain}"
        self._access = access
        self._now = now
        self._connect_timeout_s = connect_timeout_s
        self._overall_limit_s = overall_limit_s

    def deliver(self, envelope: Envelope) -> Outcome:
        """Hand the message to the relay; it counts as accepted when the relay has taken it over."""
        outcomes: list[Outcome] = []
        line = Line(time.monotonic() + self._overall_limit_s)
        # On a thread, because name servers know no time-out and those of a socket begin anew with every byte.
        thread = threading.Thread(
            target=lambda: self._deliver(envelope, line, outcomes.append),
            daemon=True,
            name="reporter-delivery",
        )
        thread.start()
        thread.join(self._overall_limit_s)
        line.cut()
        if not outcomes:
            return _postponed(f"the exchange with the relay took longer than {self._overall_limit_s:g} s")
        return outcomes[0]

    def _deliver(self, envelope: Envelope, line: Line, tell: Callable[[Outcome], None]) -> None:
        try:
            relay = Relay(self._relay, self._access, line, timeout_s=self._connect_timeout_s)
            try:
                tell(self._hand_over(relay, envelope))
                relay.part()  # what comes of it is of no matter any more
            finally:
                relay.close()
        except Refusal as refusal:
            tell(self._judged(refusal))
        except Unfit as unfit:
            tell(Outcome(kind=Kind.PAUSED, reason=f"{unfit}; correct what is set up"))
        except Exception as error:  # noqa: BLE001 - the contract is an Outcome, whatever a library raises
            tell(_postponed(_clause(error)))

    def check(self) -> Check:
        """Sign in, and say good-bye; whether the mailbox is known there only a mail can tell."""
        found: list[Check] = []
        line = Line(time.monotonic() + LOOK_LIMIT_S)
        thread = threading.Thread(
            target=lambda: self._look(line, found.append), daemon=True, name="reporter-delivery"
        )
        thread.start()
        thread.join(LOOK_LIMIT_S)
        line.cut()
        if not found:
            return Check(is_reached=False, reason=f"the relay does not answer within {LOOK_LIMIT_S:g} s")
        return found[0]

    def _look(self, line: Line, tell: Callable[[Check], None]) -> None:
        try:
            relay = Relay(self._relay, self._access, line, timeout_s=self._connect_timeout_s)
            try:
                remark = "only a mail can tell whether it knows the mailbox"
                tell(Check(is_reached=True, is_let_in=True if self._access.user else None, remark=remark))
                relay.part()
            finally:
                relay.close()
        except Refusal as refusal:
            is_let_in = False if refusal.code in _SIGN_IN_WANTED else None
            tell(Check(is_reached=True, is_let_in=is_let_in, reason=self._judged(refusal).reason))
        except Unfit as unfit:
            tell(Check(is_reached=True, reason=f"{unfit}; correct what is set up"))
        except Exception as error:  # noqa: BLE001 - the contract is a Check, whatever a library raises
            tell(Check(is_reached=False, reason=_clause(error)))

    def _hand_over(self, relay: Relay, envelope: Envelope) -> Outcome:
        """The whole report if the relay takes it, else what of it the relay takes."""
        now = self._now()
        without: Sequence[Attachment] = ()
        while True:
            mail = letter(
                envelope,
                sender=self._sender,
                mailbox=self._mailbox,
                now=now,
                limit_bytes=relay.limit_bytes,
                without=without,
            )
            try:
                relay.send(self._sender, self._mailbox, mail.content)
            except Refusal as refusal:
                # Too large after all: a relay behind this one may take less than was said.
                if not refusal.is_too_large or len(mail.left_out) >= len(envelope.attachments):
                    raise
                without = envelope.attachments
                continue
            left_out = one_line(", ".join(mail.left_out), CLAUSE_LIMIT_CHARS)
            reason = f"without {left_out}, because the relay takes no more" if left_out else ""
            return Outcome(kind=Kind.ACCEPTED, reason=reason)

    def _judged(self, refusal: Refusal) -> Outcome:
        """What a reply of the relay means (RFC 5321): 4yz is for now; 5yz is about this message where it was
        read or is too large, else about what is set up."""
        code = refusal.code
        words = refusal.words.decode("utf-8", "replace")
        for secret in _forms(self._access):  # a relay may repeat what it was told
            words = words.replace(secret, "…")
        reason = f"the relay answered {code}: {one_line(words, CLAUSE_LIMIT_CHARS)}".rstrip(": ")
        if code in _CONFUSED or not 400 <= code < 600:
            return Outcome(kind=Kind.POSTPONED, reason=reason, server_fault=True)
        if code < 500:
            return Outcome(kind=Kind.POSTPONED, reason=reason, is_busy=True)
        if refusal.about_content:
            return Outcome(kind=Kind.REFUSED, reason=reason)
        return Outcome(kind=Kind.PAUSED, reason=f"{reason}; correct the address or the sign-in")


def _read(address: str) -> tuple[Address, str, str] | None:
    """Relay, mailbox and sender (which may be empty) of an address; None where it is none."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    # A "+" is a plus in a mailbox, not a space.
    pairs = parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True)
    options = dict(pairs)
    starttls = options.get("starttls", "auto")
    mailbox, sender = checked_mailbox(unquote(parts.path[1:])), checked_mailbox(options.get("from", ""))
    if not host or port == 0 or "@" in parts.netloc or parts.fragment or not mailbox:
        return None
    if len(pairs) != len(options) or options.keys() - _OPTIONS or starttls not in ("auto", "required", "off"):
        return None
    if "from" in options and not sender:
        return None
    return Address(host, port or _PORTS[scheme], scheme == "smtps", starttls), mailbox, sender


def _forms(access: Access) -> list[str]:
    """The secrets as they may come back."""
    plain = [access.password, f"\0{access.user}\0{access.password}"] if access.password else []
    coded = [base64.b64encode(secret.encode()).decode() for secret in plain]
    return sorted({*coded, *plain}, key=len, reverse=True)


def _clause(error: Exception) -> str:
    """Why there was no conversation with the relay."""
    if isinstance(error, Unanswered):
        return str(error)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the relay closed the connection"
    if isinstance(error, ssl.SSLError):
        return "no safe connection to the relay: its certificate or its TLS is not accepted here"
    if isinstance(error, TimeoutError):
        return "the relay does not answer in time"
    if isinstance(error, OSError):
        return _connection_clause(error)
    return f"the exchange with the relay could not be made ({type(error).__name__})"


def _connection_clause(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the relay's name is not known to this network"
    if isinstance(error, ConnectionRefusedError):
        return "the relay's server refuses the connection"
    if isinstance(error, ConnectionError):
        return "the connection to the relay was cut off"
    return f"no connection to the relay ({error.strerror or type(error).__name__})"


def _postponed(reason: str) -> Outcome:
    return Outcome(kind=Kind.POSTPONED, reason=reason)
