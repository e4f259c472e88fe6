"""Countdown: when the login is tried again by itself, and how long that still takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from reporter.diagnosis.verdict import Retry
from reporter.ui.notice import Notice

AUTOMATIC_RETRY_S = (5, 10, 20, 40, 60)
SESSION_TRIES_LIMIT = 1_000
RETRY_JITTER = 0.2
RETRY_AT_LIMIT_S = 24 * 3600


class Countdown:
    """Plans the tries that a verdict's retry policy allows: after 5, 10, 20, 40 and 60 s, or at its time.

    A session goes on every 60 s, SESSION_TRIES_LIMIT times in all (more than half a day).
    ``clock`` gives monotonic seconds, ``now`` the time of day with zone, ``jitter`` a number from 0 to 1.
    """

    def __init__(
        self, clock: Callable[[], float], now: Callable[[], datetime], jitter: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._now = now
        self._jitter = jitter
        self._tries = 0
        self._due: float | None = None

    def plan(self, notice: Notice) -> None:
        """Plan the next try, where there is to be one."""
        self._due = None
        limit = SESSION_TRIES_LIMIT if notice.is_session else len(AUTOMATIC_RETRY_S)
        if notice.retry is Retry.AUTOMATIC and self._tries < limit:
            step = min(self._tries, len(AUTOMATIC_RETRY_S) - 1)
            wait_s = AUTOMATIC_RETRY_S[step] * (1 + RETRY_JITTER * self._jitter())
            self._tries += 1
        elif notice.retry is Retry.AT and notice.retry_at is not None:
            wait_s = (notice.retry_at - self._now()).total_seconds()
            if wait_s > RETRY_AT_LIMIT_S:
                return
            wait_s = max(wait_s, 1.0) * (1 + RETRY_JITTER * self._jitter() / 4)
        else:
            return
        self._due = self._clock() + wait_s

    def stop(self) -> None:
        """Plan none."""
        self._due = None

    def is_due(self) -> bool:
        """Whether the time of the planned try has come."""
        return self._due is not None and self._clock() >= self._due

    def left_s(self) -> int | None:
        """Whole seconds until the try; None where none is planned."""
        return None if self._due is None else max(0, int(self._due - self._clock() + 0.999))
