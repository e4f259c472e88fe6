"""Everybody's login fails in the same second: all reports arrive, each once, and the inbox is not overrun."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from tests.benchmarks.storm import (
    PEAK_LIMIT,
    ROOM,
    TIME_LIMIT,
    Crashpad,
    NoJitter,
    Reporter,
    SentryNative,
    run,
)
from tests.benchmarks.storm_real import storm

CLIENTS = 100


@pytest.mark.parametrize(
    ("capacity", "spread_s", "peak_limit"),
    [
        (10.0, 60.0, 10.0),  # much room: waits alone keep everybody apart
        (1.5, 60.0, 10.0),  # no room, and nobody was told how many there are
        (1.5, 84.0, 10.0),  # no room, but a spread of 1.25 × clients ÷ capacity was told
    ],
)
def test_all_reports_arrive_once_and_the_inbox_is_not_overrun(
    tmp_path: Path, capacity: float, spread_s: float, peak_limit: float
) -> None:
    found = storm(tmp_path, CLIENTS, capacity, spread_s=spread_s)
    Console(width=200).print(found)
    assert found.arrived == found.accepted == CLIENTS
    assert found.repeats == 0
    assert found.peak <= peak_limit
    assert found.tries < 5
    if capacity < 2:
        assert found.turned_away > 0, "the limit was never felt"


@pytest.mark.parametrize("capacity_time_s", [222, 1_000])
def test_a_hundred_thousand_that_know_the_spread_keep_within_the_capacity(capacity_time_s: int) -> None:
    clients = 100_000
    rule = Reporter("told", spread_s=ROOM * capacity_time_s, asks_turns=True)
    course = run(rule, clients, clients // capacity_time_s)
    assert course.delivered == clients
    assert course.peak <= PEAK_LIMIT
    assert course.stretch is not None
    assert course.stretch <= TIME_LIMIT


def test_without_any_word_of_the_endpoint_everybody_is_served_in_time_all_the_same() -> None:
    course = run(Reporter("nothing told"), 100_000, 450)
    assert course.delivered == 100_000
    assert course.stretch is not None
    assert course.stretch <= TIME_LIMIT


def test_the_rules_of_others_are_simulated_right() -> None:
    assert run(Crashpad(), 1_000, 10).delivered == 0
    assert run(SentryNative(), 1_000, 10).delivered == 10
    course = run(NoJitter(), 1_000, 100)
    assert (course.delivered, course.peak, course.at_99_s) == (1_000, 10.0, 9 * 30 + 1)
