"""Receipt: the honest state of a report."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

BUSY = "busy"
"""What a try came to, besides the kinds of an Outcome: the endpoint is there, and takes no report now."""


class State(StrEnum):
    """``saved``: on this disk only; ``queued``: will be sent by itself; ``accepted``: the endpoint
    confirmed that it has it; ``refused``: it does not want it, and why; ``answered``: support replied."""

    SAVED = "saved"
    QUEUED = "queued"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ANSWERED = "answered"


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """``destination``: the address without secrets that accepted or refused it, or that it waits for.
    ``page``: where support sees it, when the endpoint told. ``reason``: why it waits or was refused,
    an English clause. ``attempt``: what came of the try there, as in the history; empty before the first.
    ``next_try_at``: when a queued report is tried again. ``answer``: support's words."""

    reference: str
    state: State
    at: datetime
    destination: str = ""
    page: str = ""
    reason: str = ""
    attempt: str = ""
    tries: int = 0
    next_try_at: datetime | None = None
    answer: str = ""
    answered_at: datetime | None = None
