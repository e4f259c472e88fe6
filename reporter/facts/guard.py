"""Guard: collectors at work, none of which can fail or delay the whole.

One daemon thread works through them, for most take less than starting a thread would. Whenever one takes its
time, another thread takes over the rest, so that slow ones wait side by side. One that raises, or takes
longer than its limit, leaves a Gap; one that hangs is abandoned: a dead network drive must not hold up a
report.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from reporter.facts.model import Gap, Scalar, Value
from reporter.texts.safe import one_line

LIMIT_MS = 1_000
PATIENCE_MS = 10
REASON_LIMIT_CHARS = 200

Section = dict[str, Value]
Row = dict[str, Scalar]


class Collector(NamedTuple):
    """Gathers facts of one section; several may serve the same one. ``subject``: what it asks for."""

    section: str
    subject: str
    gather: Callable[[], Section]
    limit_ms: int = LIMIT_MS


class _Work:
    """One collector and what came of it."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self._started = 0.0
        self._is_done = threading.Event()
        self._outcome: Section | str = ""

    def do(self) -> None:
        """Gather; whatever happens is an outcome."""
        self._started = time.monotonic()
        try:
            self.end(self.collector.gather())
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is a gap in the facts
            self.end(_clause(error))

    def end(self, outcome: Section | str) -> None:
        """What is told from now on."""
        self._outcome = outcome
        self._is_done.set()

    def outcome(self) -> Section | str:
        """The facts, or an English clause why there are none."""
        limit_ms = self.collector.limit_ms
        due = (self._started or time.monotonic()) + limit_ms / 1000
        if self._is_done.wait(max(0.0, due - time.monotonic())):
            return self._outcome
        return f"no answer within {limit_ms:,} ms"


class _Worker:
    """A thread that takes what waits, one after the other, until it is told to leave the rest to another."""

    def __init__(self, waiting: deque[_Work]) -> None:
        self._waiting = waiting
        self._count = 0
        self._is_relieved = False
        self._is_through = threading.Event()

    def follow(self) -> None:
        """Let it work until it is through, or stays with one piece of work for longer than is patient.

        Raises RuntimeError when this machine has no more threads.
        """
        threading.Thread(target=self._run, daemon=True, name="facts").start()
        count = -1
        while not self._is_through.wait(PATIENCE_MS / 1000):
            if self._count == count:
                self._is_relieved = True
                return
            count = self._count

    def _run(self) -> None:
        while not self._is_relieved:
            try:
                work = self._waiting.popleft()
            except IndexError:
                break
            work.do()
            self._count += 1
        self._is_through.set()


def run(collectors: Iterable[Collector]) -> tuple[dict[str, Section], list[Gap]]:
    """The facts of all collectors by section, and the gaps, both in their order; never raises."""
    sections: dict[str, Section] = {}
    gaps = []
    asked = list(collectors)
    for (section, subject, *_), outcome in zip(asked, outcomes(asked), strict=True):
        if isinstance(outcome, str):
            gaps.append(Gap(section=section, reason=f"{subject}: {outcome}"))
        else:
            sections.setdefault(section, {}).update(outcome)
    return sections, gaps


def outcomes(collectors: Iterable[Collector]) -> list[Section | str]:
    """What each tells, or an English clause why it does not, in their order; never raises."""
    works = [_Work(collector) for collector in collectors]
    waiting = deque(works)
    try:
        while waiting:
            _Worker(waiting).follow()
    except RuntimeError as error:
        for work in list(waiting):
            work.end(_clause(error))
    return [work.outcome() for work in works]


def _clause(error: BaseException) -> str:
    # The operating system's words without the path: it may hold the name of the person.
    message = error.strerror if isinstance(error, OSError) else str(error)
    name = type(error).__name__
    return one_line(f"{name}: {message}" if message else name, REASON_LIMIT_CHARS)
