"""Facts: the "About" information, what support would otherwise ask for by e-mail.

Collected by allow-list. A collector that fails leaves a Gap with the reason, never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

SCHEMA = "facts/1"

Scalar = str | int | float | bool | None
Value = Scalar | Sequence[str | Mapping[str, Scalar]]
"""A fact: a plain value, or a list of texts or of rows (network interfaces)."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A collector that could not tell, and why."""

    section: str
    reason: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """``sections``: section name → fact name → value; units stand in the fact's name
    (``memory.total_bytes``). ``elapsed_ms``: how long collecting took."""

    schema: str = SCHEMA
    collected_at: datetime
    elapsed_ms: int
    sections: dict[str, dict[str, Value]]
    gaps: list[Gap] = msgspec.field(default_factory=list)
