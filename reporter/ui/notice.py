"""Notice: what the person is told, ready to be drawn by any face."""

from __future__ import annotations

from datetime import datetime

import msgspec

from reporter.diagnosis.verdict import Retry


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """``help_text`` and ``help_url`` are the administrator's, empty where none is set; the address
    has passed the link rules. ``asks_access_code``: the system is locked and can be entered with a code.
    ``details``: the full technical text behind "Show details…"."""

    headline: str
    advice: list[str]
    help_text: str = ""
    help_url: str = ""
    retry: Retry = Retry.AFTER_FIX
    retry_at: datetime | None = None
    asks_access_code: bool = False
    details: str = ""
