"""Errands: work on threads that can be abandoned.

Threads are daemons, never executors: those join at exit, and a silent name server would hold the
whole process.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Errand(Generic[_T]):
    """One piece of work under way; nobody has to wait for it."""

    def __init__(self, name: str, work: Callable[[], _T]) -> None:
        self._name = name
        self._work = work
        self._answers: queue.SimpleQueue[_T | None] = queue.SimpleQueue()
        try:
            threading.Thread(target=self._run, daemon=True, name=f"reporter-{name}").start()
        except RuntimeError:  # no thread can be started
            self._answers.put(None)

    def answer(self, wait_s: float) -> _T | None:
        """What it brought, to be fetched once; None where the work broke, which is logged.

        Raises TimeoutError when it is not back after ``wait_s`` seconds; zero does not wait.
        """
        try:
            return self._answers.get(timeout=max(wait_s, 0))
        except queue.Empty:
            raise TimeoutError(f"the {self._name} probe is not back") from None

    def _run(self) -> None:
        try:
            self._answers.put(self._work())
        except Exception:  # a gap in the evidence, never a failure of the examination
            import logging

            logging.getLogger(__name__).exception("The %s probe broke", self._name)
            self._answers.put(None)
