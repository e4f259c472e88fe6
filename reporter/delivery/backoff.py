"""Backoff: how long a postponed report waits, so that many clients never come back in one wave.

Decorrelated jitter: each wait is drawn between 30 s and three times the wait before it. What the
endpoint asks for (``Retry-After``) is a floor below that draw. An automatic report also waits before its
first try. Pure: the random numbers and the time of day are given by the caller.
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


def with_floor(wait_s: float, retry_after_s: float | None) -> float:
    """``wait_s`` on top of what the endpoint asked for.

    The floor is clamped before the draw is added: a floor of a year given to everybody would
    otherwise bring everybody back in the same second.
    """
    if retry_after_s is None:
        return wait_s
    return min(max(retry_after_s, 0.0), RETRY_AFTER_LIMIT_S) + wait_s


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
