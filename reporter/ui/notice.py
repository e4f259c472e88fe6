"""Notice: what the person is told, ready to be drawn by any face."""

from __future__ import annotations

from datetime import datetime

import msgspec

from reporter.diagnosis.verdict import Retry
from reporter.texts.safe import one_line, plain

HEADLINE_LIMIT_CHARS = 600
ADVICE_LIMIT_ITEMS = 200
ADVICE_LIMIT_CHARS = 1_000
ADVICE_LIMIT_TOTAL_CHARS = 16_000
HELP_LIMIT_CHARS = 16_000
SERVICE_LIMIT_CHARS = 4_000
DETAILS_LIMIT_CHARS = 128_000


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """``help_text`` and ``help_url`` are the administrator's, empty where none is set; the address
    has passed the link rules. ``asks_access_code``: the system is locked and can be entered with a code;
    ``may_recover``: what is amiss can end by itself, so that a later look makes sense.
    ``is_crash``: a program has ended by itself, and a login has no part in it.
    ``is_session``: a running session lost its server, and restores the connection as ``retry`` lets it.
    ``is_request``: nothing failed that is known, a person asks for help.
    ``is_cut_off``: no server can be reached from here, support's neither.
    ``service_message``: what the startup-error service says to everybody, ``service_until``: how long that is
    true; its ``service_url`` has passed the link rules.
    ``details``: the full technical text behind "Show details…", empty until it is asked for."""

    headline: str
    advice: list[str]
    help_text: str = ""
    help_url: str = ""
    retry: Retry = Retry.AFTER_FIX
    retry_at: datetime | None = None
    asks_access_code: bool = False
    may_recover: bool = False
    is_crash: bool = False
    is_session: bool = False
    is_request: bool = False
    is_cut_off: bool = False
    service_message: str = ""
    service_until: datetime | None = None
    service_url: str = ""
    details: str = ""


def tidy(notice: Notice) -> Notice:
    """The same notice with every text harmless and short enough to be drawn.

    Whatever a server or a host application said has passed other rooms already; a face must stand
    even where one of them let something through.
    """
    advice = []
    left_chars = ADVICE_LIMIT_TOTAL_CHARS
    for sentence in notice.advice[:ADVICE_LIMIT_ITEMS]:
        if left_chars <= 0:
            break
        advice.append(one_line(sentence, min(ADVICE_LIMIT_CHARS, left_chars)))
        left_chars -= len(advice[-1])
    return msgspec.structs.replace(
        notice,
        headline=one_line(notice.headline, HEADLINE_LIMIT_CHARS),
        advice=advice,
        help_text=plain(notice.help_text, HELP_LIMIT_CHARS).strip(),
        service_message=plain(notice.service_message, SERVICE_LIMIT_CHARS).strip(),
        details=plain(notice.details, DETAILS_LIMIT_CHARS),
    )
