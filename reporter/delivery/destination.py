"""Destination: what every way of delivering a report has in common, and the one place that selects.

The address of a destination tells its kind: ``https://…`` is the native endpoint.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from reporter.errors import UsageError
from reporter.texts.safe import one_line, without_secrets

if TYPE_CHECKING:
    from reporter.delivery.spool import Envelope

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


class Destination(ABC):
    """One place that reports can be delivered to; idempotent on the reference.

    ``name`` is its address without user name, password and query string, fit to be shown.
    """

    name: str

    @abstractmethod
    def deliver(self, envelope: Envelope) -> Outcome:
        """Try once, within a bounded time. Never raises: whatever happens is an Outcome."""


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
