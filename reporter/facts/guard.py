"""Guard: collectors at work, none of which can fail or delay the whole.

Every collector runs on a daemon thread of its own. One that raises, or takes longer than its limit, leaves a
Gap; one that hangs is abandoned, for a dead network drive must not hold up a report.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from reporter.facts.model import Gap, Scalar, Value
from reporter.texts.safe import one_line

LIMIT_MS = 1_000
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
    """One collector on its thread."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self._due = time.monotonic() + collector.limit_ms / 1000
        self._outcome: Section | str | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"facts {collector.subject}")
        try:
            self._thread.start()
        except RuntimeError as error:  # no more threads on this machine
            self._outcome = _clause(error)

    def outcome(self) -> Section | str:
        """The facts, or an English clause why there are none."""
        if self._outcome is None:
            self._thread.join(max(0.0, self._due - time.monotonic()))
        if self._outcome is None:
            return f"no answer within {self.collector.limit_ms:,} ms"
        return self._outcome

    def _run(self) -> None:
        try:
            self._outcome = self.collector.gather()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is a gap in the facts
            self._outcome = _clause(error)


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
    return [work.outcome() for work in [_Work(collector) for collector in collectors]]


def _clause(error: BaseException) -> str:
    # The operating system's words without the path: it may hold the name of the person.
    message = error.strerror if isinstance(error, OSError) else str(error)
    name = type(error).__name__
    return one_line(f"{name}: {message}" if message else name, REASON_LIMIT_CHARS)
