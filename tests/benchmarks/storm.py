"""A server dies, everybody's login fails in the same second, and everybody reports: what comes of it.

    python -m tests.benchmarks.storm [--clients 10000 100000 1000000] [--write docs]

Simulates clients in steps of one second. The waits are drawn by Reporter's own functions, imported from
``reporter.delivery.backoff``; beside them the rules of others. The endpoint is away for a minute, then takes
so many reports a second and answers 429 to the rest. The lower bound is clients divided by that capacity.
With ``--write`` the tables and a picture become ``storm.md`` and ``images/storm.svg`` in that folder.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reporter.delivery.backoff import first_wait_s, next_wait_s, put_off_s, scale_s
from tests.benchmarks.storm_picture import Line, picture

OUTAGE_S = 60
CAPACITY_TIMES_S = (20, 222, 1_000)
"""The times in which the endpoint could take everybody's report. 222 s: a million at 4,500 a second."""
PICTURE_CLIENTS, PICTURE_TIME_S = 1_000_000, 222
LIMIT_S = 6 * 3600
TIME_LIMIT, PEAK_LIMIT = 1.3, 1.2
ROOM = 1.25
"""Over how much more than the lower bound an endpoint should tell its clients to spread."""
SEED = 2026

Random = Callable[[], float]


class Turns:
    """Tells each one who is turned away a time of their own, one after the other at the endpoint's pace."""

    def __init__(self, capacity: float) -> None:
        self._step_s = 1 / capacity
        self._last_s = 0.0

    def retry_after_s(self, now_s: float) -> float:
        """What stands in the header: whole seconds."""
        self._last_s = max(self._last_s, now_s) + self._step_s
        return math.ceil(self._last_s - now_s)


class Rule(ABC):
    """How clients try again. A client's memory is one number, ``state``."""

    name: str
    has_dice = True
    asks_turns = False

    @abstractmethod
    def first(self, random: Random) -> tuple[float, float]:
        """The wait before the first try, and the state."""

    @abstractmethod
    def again(self, state: float, retry_after_s: float | None, random: Random) -> tuple[float, float] | None:
        """The wait before the next try, and the state; None where the client gives up."""


class Reporter(Rule):
    """What this repository does, with its own functions."""

    def __init__(self, name: str, *, spread_s: float = 60.0, asks_turns: bool = False) -> None:
        self.name, self.asks_turns = name, asks_turns
        self._spread_s = spread_s

    def first(self, random: Random) -> tuple[float, float]:
        return first_wait_s(random, self._spread_s), scale_s(self._spread_s)

    def again(self, state: float, retry_after_s: float | None, random: Random) -> tuple[float, float]:
        wait_s = next_wait_s(state, random)
        return put_off_s(wait_s, retry_after_s, random), wait_s


class NoJitter(Rule):
    """Every half minute."""

    name, has_dice = "no jitter, every 30 s", False

    def first(self, random: Random) -> tuple[float, float]:
        return 0.0, 0.0

    def again(self, state: float, retry_after_s: float | None, random: Random) -> tuple[float, float]:
        return 30.0, 0.0


class FullJitter(Rule):
    """``random(0, min(900, 30 · 2ⁿ))``."""

    name = "full jitter"

    def first(self, random: Random) -> tuple[float, float]:
        return 0.0, 0.0

    def again(self, state: float, retry_after_s: float | None, random: Random) -> tuple[float, float]:
        return random() * min(900.0, 30.0 * 2**state), min(state + 1, 9)


class SentryNative(Rule):
    """sentry-native's ``sentry_retry.c`` with retries on: without an answer again after 15 minutes, doubled
    three times at most; any answer, also 429, ends it."""

    name, has_dice = "sentry-native", False
    tries = 6

    def first(self, random: Random) -> tuple[float, float]:
        return 0.0, 0.0

    def again(self, state: float, retry_after_s: float | None, random: Random) -> tuple[float, float] | None:
        if retry_after_s is not None or state + 1 >= self.tries:
            return None
        return 900.0 * 2 ** min(state, 3), state + 1


class Crashpad(Rule):
    """crashpad's ``crash_report_upload_thread.cc``: one try; a report that failed is not sent again."""

    name, has_dice = "crashpad", False

    def first(self, random: Random) -> tuple[float, float]:
        return 0.0, 0.0

    def again(self, state: float, retry_after_s: float | None, random: Random) -> None:
        return None


@dataclass
class Course:
    """What happened: ``arrivals`` for each second, from the failure on; ``at_99_s`` since the endpoint was
    back, None where it never came to that."""

    clients: int
    capacity: int
    arrivals: list[int] = field(default_factory=list)
    delivered: int = 0
    at_99_s: float | None = None

    @property
    def peak(self) -> float:
        """The busiest second since the endpoint was back, as a multiple of its capacity."""
        return max(self.arrivals[OUTAGE_S:], default=0) / self.capacity

    @property
    def stretch(self) -> float | None:
        """The time to 99 %, as a multiple of the lower bound."""
        return None if self.at_99_s is None else self.at_99_s / (self.clients / self.capacity)

    @property
    def tries(self) -> float:
        """Of one client, on average."""
        return sum(self.arrivals) / self.clients


def run(rule: Rule, clients: int, capacity: int) -> Course:
    """Let the storm come and go."""
    return (_run_each if rule.has_dice else _run_alike)(rule, clients, capacity)


def _run_each(rule: Rule, clients: int, capacity: int) -> Course:
    """Each client by itself."""
    dice = random.Random(SEED).random  # the same storm every time it is asked for
    course, turns = Course(clients, capacity), Turns(capacity)
    due: defaultdict[int, list[float]] = defaultdict(list)
    for _ in range(clients):
        wait_s, state = rule.first(dice)
        due[int(wait_s)].append(state)
    for second in _seconds(course):
        come = due.pop(second, [])
        for state in come[_admit(course, second, len(come)) :]:
            told_s = turns.retry_after_s(second) if rule.asks_turns and second >= OUTAGE_S else None
            planned = rule.again(state, told_s, dice)
            if planned is not None:
                due[max(second + 1, int(second + dice() + planned[0]))].append(planned[1])
        if not due:
            break
    return course


def _run_alike(rule: Rule, clients: int, capacity: int) -> Course:
    """All clients of one state at once: nothing tells them apart."""
    course = Course(clients, capacity)
    due: defaultdict[int, Counter[float]] = defaultdict(Counter)
    wait_s, state = rule.first(lambda: 0.0)
    due[int(wait_s)][state] = clients
    for second in _seconds(course):
        come = due.pop(second, Counter())
        left = _admit(course, second, come.total())
        for state, count in come.items():
            turned_away = max(0, count - left)
            left = max(0, left - count)
            answered = 0.0 if second >= OUTAGE_S else None
            planned = rule.again(state, answered, lambda: 0.0)
            if turned_away and planned is not None:
                due[int(second + planned[0])][planned[1]] += turned_away
        if not due:
            break
    return course


def _seconds(course: Course) -> Iterator[int]:
    second = 0
    while course.delivered < course.clients and second < LIMIT_S:
        yield second
        second += 1


def _admit(course: Course, second: int, come: int) -> int:
    """How many of those who come are served, which is written down."""
    course.arrivals.append(come)
    served = min(come, course.capacity) if second >= OUTAGE_S else 0
    course.delivered += served
    if course.at_99_s is None and course.delivered >= 0.99 * course.clients:
        course.at_99_s = second + 1.0 - OUTAGE_S
    return served


def rules(capacity_time_s: float) -> list[Rule]:
    """Those that are compared; the last three are ours."""
    told_s = ROOM * capacity_time_s
    return [
        NoJitter(),
        FullJitter(),
        SentryNative(),
        Crashpad(),
        Reporter("Reporter, nothing told"),
        Reporter("Reporter, told when (429)", asks_turns=True),
        Reporter(f"Reporter, spread {told_s:g} s told before", spread_s=max(60.0, told_s), asks_turns=True),
    ]


def table(clients: int, capacity_time_s: int) -> tuple[str, dict[str, Course]]:
    """One table in Markdown, and the courses by the names of their rules."""
    capacity = round(clients / capacity_time_s)
    lines = [
        f"{clients:,} clients, {capacity:,} reports/s; nobody can be faster than {capacity_time_s:,} s",
        "",
        "| rule | peak ÷ capacity | 99 % after | ÷ lower bound | tries a client | lost |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    courses = {}
    for rule in rules(capacity_time_s):
        course = courses[rule.name] = run(rule, clients, capacity)
        at_99 = "never" if course.at_99_s is None else f"{course.at_99_s:,.0f} s"
        stretch = "" if course.stretch is None else f"{course.stretch:.2f}"
        lost = f"{(clients - course.delivered) / clients:.1%}" if course.delivered < clients else "0"
        lines.append(
            f"| {rule.name} | {course.peak:,.2f} | {at_99} | {stretch} | {course.tries:.1f} | {lost} |"
        )
    return "\n".join(lines), courses


def held(courses: dict[str, Course]) -> bool:
    """Whether clients that were told a spread stay within both targets."""
    course = list(courses.values())[-1]
    return course.peak <= PEAK_LIMIT and course.stretch is not None and course.stretch <= TIME_LIMIT


_INTRODUCTION = f"""\
# When everybody reports at once

A server dies, every login fails in the same second, and the endpoint itself is away for {OUTAGE_S} seconds.
What follows is simulated by `python -m tests.benchmarks.storm` with the very functions that the agent uses
(`reporter/delivery/backoff.py`).

![Requests a second after the outage, for five rules](images/storm.svg)

What to do for a large organisation: let the endpoint tell a spread of {ROOM:g} × clients ÷ capacity in its
answer to a precheck, or set `spread_seconds` to it; and let it answer 429 with a `Retry-After` that gives
each sender a turn of its own. A million clients that know the spread keep within {TIME_LIMIT:g} × the lower
bound and {PEAK_LIMIT:g} × the capacity. Those that know nothing come within the first minutes: no rule of a
client can guess how many others there are. Where the endpoint could take everybody within seconds, the
waits of the clients (30 s at least after a failure) decide about the time, and not its capacity. Few clients
a second come unevenly, whatever the rule.

Storms of 2,000 clients are also run for real, each with its own spool, postman and connections, against the
inbox itself (`python -m tests.benchmarks.storm_real`): all reports arrive, each once.

No jitter: every 30 s. Full jitter: random(0, min(900, 30·2ⁿ)) s. sentry-native: with its retries on, 15
minutes doubled up to 2 hours where there was no answer; an answer such as 429 ends it. crashpad: one try.
"Lost" is what is not delivered by itself within {LIMIT_S // 3600} hours. Peaks count from the moment the
endpoint is back.
"""


def main() -> int:
    """Print the tables; 1 when a target is missed that can be held."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.storm", description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    tables, missed, drawn = [], [], {}
    for clients in given.clients:
        for capacity_time_s in CAPACITY_TIMES_S:
            begun = time.monotonic()
            text, courses = table(clients, capacity_time_s)
            tables.append(text)
            print(f"{text}\n\n({time.monotonic() - begun:.0f} s to simulate)\n", flush=True)
            if (clients, capacity_time_s) == (PICTURE_CLIENTS, PICTURE_TIME_S):
                drawn = courses
            # For 20 s the shortest wait decides; few clients a second are too uneven for a peak.
            if clients == PICTURE_CLIENTS and capacity_time_s > OUTAGE_S and not held(courses):
                missed.append(f"{clients:,} clients, {capacity_time_s} s")
    for where in missed:
        print(f"Missed: {where}.")
    if given.write is not None:
        if drawn:
            lines = [
                Line(name, course.arrivals[OUTAGE_S : OUTAGE_S + 600])
                for name, course in drawn.items()
                if name not in (SentryNative.name, Crashpad.name)
            ]
            image = picture(lines, capacity=round(PICTURE_CLIENTS / PICTURE_TIME_S))
            (given.write / "images" / "storm.svg").write_text(image, encoding="utf-8")
        text = "\n\n".join([_INTRODUCTION.rstrip(), *tables])
        (given.write / "storm.md").write_text(f"{text}\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
