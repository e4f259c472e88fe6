"""Lookout: when to look quietly again whether the network or the server is back, while a dialog is open."""

from __future__ import annotations

from collections.abc import Callable

INTERVALS_S = (10, 20, 40, 60)
NETWORK_INTERVAL_S = 3
JITTER = 0.3
LOOKS_LIMIT = 200


class Lookout:
    """Plans one look after the other: 10, 20, 40, then every 60 s, each later by up to 30 %.

    After LOOKS_LIMIT looks (more than three hours) it gives up. ``clock`` gives monotonic seconds,
    ``jitter`` a number from 0 to 1.
    """

    def __init__(self, clock: Callable[[], float], jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._jitter = jitter
        self._looks = 0
        self._due: float | None = None

    def plan(self) -> None:
        """Plan the next look."""
        if self._looks >= LOOKS_LIMIT:
            return
        interval_s = INTERVALS_S[min(self._looks, len(INTERVALS_S) - 1)]
        self._due = self._clock() + interval_s * (1 + JITTER * self._jitter())
        self._looks += 1

    def stop(self) -> None:
        """Plan none."""
        self._due = None

    def is_due(self) -> bool:
        """Whether the time of the planned look has come."""
        return self._due is not None and self._clock() >= self._due


class Beat:
    """Comes due every NETWORK_INTERVAL_S seconds of ``clock``: the glance at this computer's own network."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due = clock()

    def is_due(self) -> bool:
        """Whether it is time; if so, the next time is planned."""
        if self._clock() < self._due:
            return False
        self._due = self._clock() + NETWORK_INTERVAL_S
        return True
