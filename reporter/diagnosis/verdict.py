"""Verdict: which cause, whose it is to mend, how sure we are, and what to do next."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from reporter.diagnosis.evidence import Evidence

SCHEMA = "verdict/1"


class Owner(StrEnum):
    """Who can mend it."""

    USER = "user"
    IT = "it"
    SERVER = "server"
    NETWORK = "network"


class Confidence(StrEnum):
    """``certain``: measured and unmistakable; ``likely``: a neighbour looks the same and is
    named as runner-up; ``possible``: only hints."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Retry(StrEnum):
    """When trying again makes sense.

    ``automatic``: by itself, with a visible countdown; ``at``: by itself, not before ``retry_at``;
    ``after_fix``: when somebody mended it, by hand; ``by_hand``: never by itself, because a repeated
    try can lock the account.
    """

    AUTOMATIC = "automatic"
    AT = "at"
    AFTER_FIX = "after_fix"
    BY_HAND = "by_hand"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What ``reporter diagnose --json`` prints.

    ``cause``, ``runner_up``: names of the table of causes; ``ok`` where nothing is wrong.
    ``retry_at``: not before this moment, with zone; null when the server named none.
    ``headline``, ``advice``: sentences in the language asked for.
    """

    schema: str = SCHEMA
    cause: str
    layer: str
    owner: Owner
    confidence: Confidence
    runner_up: str | None = None
    retry: Retry
    retry_at: datetime | None = None
    headline: str
    advice: list[str]
    elapsed_ms: int
    target: str
    evidence: Evidence
