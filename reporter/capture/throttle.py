"""Throttle: how often the crashes of one process may open a dialog."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Hashable

PAUSE_S = 60.0
SAME_PAUSE_S = 3600.0
DIALOGS_LIMIT = 10


class Throttle:
    """One dialog at once, another kind only after PAUSE_S, the same kind after SAME_PAUSE_S, and no more than
    DIALOGS_LIMIT in the life of a process. Whoever calls it holds a lock, but for ``keep_back``.

    ``clock`` gives monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shown: deque[tuple[float, Hashable]] = deque(maxlen=DIALOGS_LIMIT)
        # Counting is one step of the interpreter this way: no thread comes between.
        self._kept_back = itertools.count()
        self._counted = 0

    def admits(self, kind: Hashable) -> bool:
        """Whether a crash of this ``kind`` may open a dialog now; one that may not is counted."""
        now = self._clock()
        is_full = len(self._shown) == DIALOGS_LIMIT
        is_soon = bool(self._shown) and now - self._shown[-1][0] < PAUSE_S
        is_known = any(kind == other and now - at < SAME_PAUSE_S for at, other in self._shown)
        if is_full or is_soon or is_known:
            self.keep_back()
            return False
        self._shown.append((now, kind))
        return True

    def keep_back(self) -> None:
        """Count one that is not shown; from any thread, at any time."""
        next(self._kept_back)

    def take_unshown(self) -> int:
        """How many were kept back; counting begins anew."""
        reached = next(self._kept_back)
        count, self._counted = reached - self._counted, reached + 1
        return count
