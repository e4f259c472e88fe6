"""One probe a module: each measures one stage, records what it saw, and never raises.

Every probe takes its ``deadline`` in the seconds of ``time.monotonic`` and keeps it by itself, but for the
name look-up, which cannot be interrupted and is abandoned by the ladder. No probe sends credentials.
"""

from __future__ import annotations

import time


def elapsed_ms(since: float) -> int:
    """Whole milliseconds since a moment of ``time.monotonic``."""
    return round((time.monotonic() - since) * 1000)


def remaining_s(deadline: float) -> float:
    """Seconds until ``deadline``; never zero, which would make a socket non-blocking."""
    return max(deadline - time.monotonic(), 0.001)
