"""Promise: work on a thread of its own, for whose end nobody has to wait.

What is looked at may hang: a drive, a name server, a destination. A thread that is given up ends with its
process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Promise(Generic[T]):
    """Begins ``work`` at once. ``elapsed_ms``: how long it took, None while it has not ended."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._begun_s = time.monotonic()
        self.elapsed_ms: int | None = None
        self._results: list[T] = []
        self._errors: list[Exception] = []
        self._thread = threading.Thread(target=self._run, daemon=True, name="reporter-checkup")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except Exception as error:  # noqa: BLE001 - told by ``result``
            self._errors.append(error)
        self.elapsed_ms = round((time.monotonic() - self._begun_s) * 1000)

    def result(self, until_s: float) -> T:
        """What the work came to; raises what it raised, and TimeoutError where it has not ended at
        ``until_s`` of the monotonic clock."""
        self._thread.join(max(0.0, until_s - time.monotonic()))
        if self._errors:
            raise self._errors[0]
        if not self._results:
            raise TimeoutError
        return self._results[0]
