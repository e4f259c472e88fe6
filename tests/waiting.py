"""Waiting for another process: until something is so, never for a length of time."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT_S = 30.0
INTERVAL_S = 0.01


def wait_until(reached: Callable[[], bool]) -> None:
    """Return as soon as ``reached`` holds; raises TimeoutError when it never does."""
    deadline = time.monotonic() + LIMIT_S
    while not reached():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(INTERVAL_S)
