"""Destination: what every way of delivering a report has in common, and the one place that selects.

The address of a destination tells its kind: ``https://…`` is the native endpoint.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from reporter.errors import UsageError
from reporter.texts.safe import one_line, without_secrets

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

SUPPORTED_SCHEMES = ("https", "http")
PLANNED_SCHEMES = ("onec+https", "sentry+https", "smtp", "file")
SHOWN_ADDRESS_CHARS = 200


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

    ``reason``: an English clause for IT, empty when accepted; ``retry_after_s``: not before that
    many seconds, when the endpoint said so; ``page``: where support sees the report;
    ``server_fault``: the endpoint answered 5xx, which is only borne so many times.
    """

    kind: Kind
    reason: str = ""
    retry_after_s: float | None = None
    page: str = ""
    server_fault: bool = False


class Need(StrEnum):
    """How much of a report an endpoint wants: all of it; without what is large or about this computer;
    or none, because it knows the fault already."""

    EVERYTHING = "everything"
    SUMMARY = "summary"
    NOTHING = "nothing"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint is told before a report is sent; nothing in it is about the person."""

    reference: str
    fingerprint: str
    cause: str = ""
    layer: str = ""
    application: str = ""
    version: str = ""
    language: str = ""
    sent_by_person: bool = True


class Precheck(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoint's answer. ``message``: to be shown to the person as text; ``spread_s``: over how many
    seconds automatic reports are to be spread; ``known``: how many have the same fault."""

    need: Need = Need.EVERYTHING
    message: str = ""
    spread_s: float | None = None
    known: int = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a report at the endpoint. ``answer``: support's words, empty while there are none."""

    answer: str = ""
    answered_at: datetime | None = None
    answered_by: str = ""
    is_solved: bool = False


class Destination(ABC):
    """One place that reports can be delivered to; idempotent on the reference.

    ``name`` is its address without user name, password and query string, fit to be shown.
    """

    name: str

    @abstractmethod
    def deliver(self, envelope: Envelope) -> Outcome:
        """Try once, within a bounded time. Never raises: whatever happens is an Outcome."""

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


def open_destination(address: str) -> Destination:
    """The destination that an address stands for; connects to nothing yet.

    Raises UsageError with a sentence that names the address (without secrets) and what to do.
    """
    # Imported here, because the module of a kind knows this one.
    from reporter.delivery.native import NativeDestination

    address = address.strip()
    scheme, colon, _ = address.partition("://")
    scheme = scheme.lower()
    shown = _shown(address)
    if not address:
        raise UsageError(
            "The address of a destination is empty; give one such as https://support.example.org/reports."
        )
    if address.startswith("\\\\"):
        scheme, colon = "file", "://"
    if colon and scheme in SUPPORTED_SCHEMES:
        return NativeDestination(address)
    supported = ", ".join(SUPPORTED_SCHEMES)
    if colon and scheme in PLANNED_SCHEMES:
        raise UsageError(
            f"The destination {shown} cannot be used by this version yet; supported: {supported}."
        )
    raise UsageError(
        f"The destination {shown} is not understood: it must begin with "
        f"{' or '.join(f'{known}://' for known in SUPPORTED_SCHEMES)}{_guess(scheme)}."
    )


def _guess(scheme: str) -> str:
    import difflib

    near = difflib.get_close_matches(scheme, SUPPORTED_SCHEMES + PLANNED_SCHEMES, n=1)
    return f" (did you mean {near[0]}://?)" if near else ""


def _shown(address: str) -> str:
    """The address as it may be printed. Without ``://`` nobody can tell where a password would stand."""
    if "://" in address:
        address = without_secrets(address)
    elif "@" in address:
        address = address.rpartition("@")[2]
    return f"“{one_line(address, SHOWN_ADDRESS_CHARS)}”" if address else "given"
