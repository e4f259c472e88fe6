"""Backoff: how long a postponed report waits, so that many clients never come back in one wave.

Decorrelated jitter: each wait is drawn between 30 s and three times the wait before it. What the
endpoint asks for (``Retry-After``) is a floor with a draw of its own on top. An automatic report also waits
before its first try, and over that time the first tries again are spread too. ``docs/storm.md`` shows what
comes of it. Pure: the random numbers and the time of day are given by the caller.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

AUTOMATIC_SPREAD_S = 60.0
SHORTEST_WAIT_S = 30.0
LONGEST_WAIT_S = 900.0
GROWTH = 3.0
RETRY_AFTER_LIMIT_S = 24 * 3600.0

# No planned try lies further ahead than this; one that does was planned by a clock that was wrong.
HORIZON_S = RETRY_AFTER_LIMIT_S + LONGEST_WAIT_S


def first_wait_s(random: Callable[[], float], spread_s: float = AUTOMATIC_SPREAD_S) -> float:
    """The wait before the first try of an automatic report: an outage makes every client report at once.

    ``spread_s`` is what an endpoint or the settings say, clamped to a day.
    """
    return random() * min(max(spread_s, 0.0), RETRY_AFTER_LIMIT_S)


def next_wait_s(previous_s: float, random: Callable[[], float]) -> float:
    """The wait after one of ``previous_s`` (0 for the first), before any floor; ``random`` gives [0, 1)."""
    highest_s = GROWTH * max(previous_s, SHORTEST_WAIT_S)
    return min(LONGEST_WAIT_S, SHORTEST_WAIT_S + random() * (highest_s - SHORTEST_WAIT_S))


def scale_s(spread_s: float) -> float:
    """What counts as the wait before the first one, so that reports that came too early, all into the same
    outage, come again spread over ``spread_s`` and not within the next minute.

    Not so long that draws above the longest wait would all become that very wait.
    """
    return min(max(spread_s, 0.0), LONGEST_WAIT_S) / GROWTH


def put_off_s(wait_s: float, retry_after_s: float | None, random: Callable[[], float]) -> float:
    """The time until the next try, where ``wait_s`` was drawn and the endpoint asked for ``retry_after_s``.

    Never before what was asked for, and never at that very moment: everybody may have been told the same.
    The floor is clamped before a first draw is put on top of it. That draw does not grow: an endpoint that
    gives each sender a time of its own gets them at about that time.
    """
    if retry_after_s is None:
        return wait_s
    floor_s = min(max(retry_after_s, 0.0), RETRY_AFTER_LIMIT_S)
    return max(wait_s, floor_s + next_wait_s(0.0, random))


def retry_after_s(value: str, now: datetime) -> float | None:
    """The seconds in a ``Retry-After`` header, given as seconds or as an HTTP date (RFC 9110).

    Between 0 and 24 h; None when the header is absent or cannot be understood.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        # Longer numbers are beyond the limit anyway, and int() refuses very long ones.
        seconds = float(value[:12])
    else:
        try:
            moment = parsedate_to_datetime(value)
            seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(max(seconds, 0.0), RETRY_AFTER_LIMIT_S)
