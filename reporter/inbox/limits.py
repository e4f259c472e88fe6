"""Limits: how much the inbox lets in at once, and how often.

Who is turned away is told when to come back: each gets the next turn, so that all together come no faster
than they can be let in.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable

from reporter.inbox.answering import Problem

RETRY_SHORTEST_S = 5
RETRY_LONGEST_S = 60
RETRY_LIMIT_S = 24 * 3600


class Bucket:
    """Lets ``rate`` a second pass, and ``burst`` at once after a quiet time; 0 lets everything pass."""

    def __init__(
        self, rate: float, burst: float | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = max(1.0, rate if burst is None else burst)
        self._clock = clock
        self._left = self._burst
        self._at = clock()
        self._turn = self._at

    def takes(self) -> bool:
        """Whether one more may pass now; if so it is counted."""
        if self._rate <= 0:
            return True
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def let_in(self) -> None:
        """Raises Problem where no more may pass now."""
        if not self.takes():
            raise too_many(self._next_turn_s())

    def _next_turn_s(self) -> int:
        """How long the next one who is turned away has to wait for a turn that is given to nobody else."""
        now = self._clock()
        self._turn = max(self._turn, now) + 1 / self._rate
        return min(RETRY_LIMIT_S, max(RETRY_SHORTEST_S, math.ceil(self._turn - now)))


class Room:
    """Memory for what is being received: never more than ``limit_bytes`` over all requests."""

    def __init__(self, limit_bytes: int) -> None:
        self._left = limit_bytes

    def take(self, count: int) -> bool:
        """Whether so many bytes more may be held; they are given back with ``give``."""
        if count > self._left:
            return False
        self._left -= count
        return True

    def give(self, count: int) -> None:
        """So many bytes are not held any more."""
        self._left += count


def too_many(wait_s: int | None = None) -> Problem:
    """What those hear who are turned away; the time to come back is only for them."""
    return Problem(
        429,
        "More comes in than this inbox can take; send it again later.",
        Retry_After=come_back_s() if wait_s is None else str(wait_s),
    )


def come_back_s() -> str:
    """The value of ``Retry-After``, drawn for each sender, so that they do not come back together."""
    return str(random.randint(RETRY_SHORTEST_S, RETRY_LONGEST_S))  # noqa: S311 - protects nothing
