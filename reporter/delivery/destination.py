"""Destination: what every way of delivering a report has in common, and the one place that selects.

The address of a destination tells its kind: ``https://…`` is the native endpoint, ``onec+https://…`` a 1C
receiver, ``sentry+https://…`` Sentry or Bugsink, ``smtp://…`` mail, ``file://…`` and ``\\\\server\\share`` a
folder.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from reporter.errors import UsageError
from reporter.texts.safe import one_line, without_secrets

if TYPE_CHECKING:
    from reporter.delivery.access import Access
    from reporter.delivery.envelope import Envelope

SCHEMES = (
    *("https", "http", "onec+https", "onec+http", "sentry+https", "sentry+http"),
    *("smtp", "smtps", "file"),
)
SHOWN_ADDRESS_CHARS = 200
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$")


Pack = Callable[["Envelope"], bytes]
"""Makes one zip of the bytes of ``report.json`` and the files that go with it."""


class Kind(StrEnum):
    """``accepted``: it confirmed that it has the report; ``postponed``: not now, try again;
    ``refused``: it will never take this report; ``paused``: it takes no report before somebody
    mends the configuration."""

    ACCEPTED = "accepted"
    POSTPONED = "postponed"
    REFUSED = "refused"
    PAUSED = "paused"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt came to.

    ``reason``: an English clause for IT; when accepted, only what was left out; ``retry_after_s``: not before
    that many seconds, when the endpoint said so; ``page``: where support sees the report;
    ``server_fault``: the endpoint answered 5xx, which is only borne so many times; ``is_busy``: it is there,
    and said that it takes no report now.
    """

    kind: Kind
    reason: str = ""
    retry_after_s: float | None = None
    page: str = ""
    server_fault: bool = False
    is_busy: bool = False


class Need(StrEnum):
    """How much of a report an endpoint wants: all of it; without what is large or about this computer;
    or none, because it knows the fault already."""

    EVERYTHING = "everything"
    SUMMARY = "summary"
    NOTHING = "nothing"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint is told before a report is sent; nothing in it is about the person.

    ``report_id``: the report's UUID; ``system``: the family, such as ``Windows``; ``architecture``: of the
    processor; ``is_crash``: a program ended, and not a login; ``token``: the report's own secret, which goes
    with a count only, never with a precheck.
    """

    reference: str
    fingerprint: str
    report_id: str = ""
    cause: str = ""
    layer: str = ""
    application: str = ""
    version: str = ""
    language: str = ""
    system: str = ""
    architecture: str = ""
    is_crash: bool = False
    sent_by_person: bool = True
    token: str = ""


class Precheck(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoint's answer. ``message``: to be shown to the person as text; ``spread_s``: over how many
    seconds automatic reports are to be spread; ``known``: how many have the same fault; ``later``: it could
    not be reached or wants to be asked again later, so that posting a report now is in vain."""

    need: Need = Need.EVERYTHING
    message: str = ""
    spread_s: float | None = None
    known: int = 0
    later: Outcome | None = None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a report at the endpoint. ``answer``: support's words, empty while there are none."""

    answer: str = ""
    answered_at: datetime | None = None
    answered_by: str = ""
    is_solved: bool = False


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at a destination found, without a report.

    ``is_reached``: something answered there, None where nothing could be asked; ``is_let_in``: whether it
    takes this computer's sign-in, None where it did not tell, or there is none; ``reason``: why it would take
    no report now, an English clause, empty where nothing is known to be in the way; ``remark``: what only a
    report can tell, a clause.
    """

    is_reached: bool | None
    is_let_in: bool | None = None
    reason: str = ""
    remark: str = ""


class Destination(ABC):
    """One place that reports can be delivered to; idempotent on the reference.

    ``name`` is its address without user name, password and query string, fit to be shown.
    """

    name: str

    @abstractmethod
    def deliver(self, envelope: Envelope) -> Outcome:
        """Try once, within a bounded time. Never raises: whatever happens is an Outcome."""

    def check(self) -> Check:
        """Look whether it is there and lets this computer in, within ten seconds. Never raises."""
        return Check(is_reached=None, remark="it cannot be asked without a report")

    def precheck(self, question: Question) -> Precheck | None:
        """Ask how much is wanted; None where this kind cannot be asked, or did not answer. Never raises."""
        del question
        return None

    def count_in(self, question: Question) -> Outcome | None:
        """Say "me too" instead of sending a report; None where this kind cannot be told. Never raises."""
        del question
        return None

    def status(self, reference: str, token: str) -> Reply | None:
        """What became of a report; None where this kind cannot be asked, or did not answer. Never raises."""
        del reference, token
        return None


class Unusable(Destination):
    """Takes nothing before IT has mended what ``reason`` says, a sentence."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    def check(self) -> Check:
        """Nobody is asked."""
        return Check(is_reached=None, is_let_in=False, reason=self._reason.rstrip("."))

    def deliver(self, envelope: Envelope) -> Outcome:
        """Paused, always."""
        del envelope
        return Outcome(kind=Kind.PAUSED, reason=self._reason)


def open_destination(
    address: str, *, pack: Pack, credentials_file: str = "", certificate: str = "", key: str = ""
) -> Destination:
    """The destination that an address stands for; connects to nothing yet.

    ``pack`` makes the zip of a report for the kinds that want one.
    ``credentials_file``, ``certificate`` and ``key`` name files by which this computer signs in; one that
    cannot be used pauses the destination. Raises UsageError with a sentence that names the address (without
    secrets) and what to do.
    """
    from reporter.delivery import access, folder, native
    from reporter.delivery.transport import Transport

    address = address.strip()
    scheme, colon, _ = address.partition("://")
    scheme = scheme.lower()
    if not address:
        raise UsageError(
            "The address of a destination is empty; give one such as https://support.example.org/reports."
        )
    if address.startswith("\\\\") or (scheme == "file" and colon):
        return folder.FolderDestination(address, pack)
    if not colon or scheme not in SCHEMES:
        raise UsageError(
            f"The destination {_shown(address)} is not understood: it must begin with "
            f"{', '.join(f'{known}://' for known in SCHEMES)} or \\\\server{_guess(scheme)}."
        )
    try:
        proof = access.find(
            _host(address), credentials_file=credentials_file, certificate=certificate, key=key
        )
    except access.CredentialsError as error:
        return Unusable(one_line(without_secrets(address), SHOWN_ADDRESS_CHARS), str(error))
    if scheme.endswith("http") and (proof.user or proof.token) and not _LOOPBACK.match(_host(address)):
        return Unusable(
            one_line(without_secrets(address), SHOWN_ADDRESS_CHARS),
            f"Credentials are kept for {one_line(_host(address), SHOWN_ADDRESS_CHARS)}, and they are only "
            "sent over TLS. Let its address begin with https.",
        )
    if scheme.endswith("https") and not _can_be_shown(proof):
        return Unusable(
            one_line(without_secrets(address), SHOWN_ADDRESS_CHARS),
            "the client certificate cannot be used: its file is missing, unreadable or no PEM file; correct "
            "client_certificate or client_key",
        )
    if scheme in ("smtp", "smtps"):
        from reporter.delivery.mail import MailDestination

        return MailDestination(address, proof)
    transport = Transport(proof)
    if scheme.startswith("onec+"):
        from reporter.delivery.onec import OneCDestination

        return OneCDestination(address, transport, pack)
    if scheme.startswith("sentry+"):
        from reporter.delivery.sentry import SentryDestination

        return SentryDestination(address, transport)
    return native.NativeDestination(address, transport)


def _can_be_shown(proof: Access) -> bool:
    """Whether there is no client certificate, or one that a TLS context takes."""
    if not proof.certificate:
        return True
    import ssl

    try:
        proof.show_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    except OSError:
        return False
    return True


def _host(address: str) -> str:
    """The server's name, with the port where there is one, as the keyring knows it."""
    return re.split("[/?#]", address.partition("://")[2], maxsplit=1)[0].rpartition("@")[2].lower()


def _guess(scheme: str) -> str:
    import difflib

    near = difflib.get_close_matches(scheme, SCHEMES, n=1)
    return f" (did you mean {near[0]}://?)" if near else ""


def _shown(address: str) -> str:
    """The address as it may be printed. Without ``://`` nobody can tell where a password would stand."""
    if "://" in address:
        address = without_secrets(address)
    elif "@" in address:
        address = address.rpartition("@")[2]
    return f"“{one_line(address, SHOWN_ADDRESS_CHARS)}”" if address else "given"
