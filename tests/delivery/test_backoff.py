"""Waits spread, floors hold, and no header of a server can make a report wait for ever."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.delivery.backoff import (
    HORIZON_S,
    LONGEST_WAIT_S,
    first_wait_s,
    next_wait_s,
    put_off_s,
    retry_after_s,
    scale_s,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_the_first_wait_is_between_half_a_minute_and_a_minute_and_a_half() -> None:
    assert next_wait_s(0, lambda: 0.0) == 30
    assert next_wait_s(0, lambda: 0.5) == 60
    assert next_wait_s(0, lambda: 0.999999) == pytest.approx(90, abs=0.001)


def test_a_wait_is_drawn_up_to_three_times_the_one_before_and_never_beyond_a_quarter_of_an_hour() -> None:
    assert next_wait_s(100, lambda: 0.0) == 30
    assert next_wait_s(100, lambda: 0.999999) == pytest.approx(300, abs=0.001)
    assert next_wait_s(900, lambda: 0.9) == 900


@given(st.floats(0, 900), st.floats(0, 1, exclude_max=True))
def test_every_wait_is_within_its_bounds(previous_s: float, drawn: float) -> None:
    assert 30 <= next_wait_s(previous_s, lambda: drawn) <= 900


def test_ten_thousand_clients_do_not_come_back_in_one_second() -> None:
    dice = random.Random(1)
    seconds = [int(next_wait_s(0, dice.random)) for _ in range(10_000)]
    assert max(seconds.count(second) for second in set(seconds)) < 300


def test_what_the_server_asks_for_is_a_floor_with_a_first_draw_on_top() -> None:
    assert put_off_s(45, 120, lambda: 0.5) == 120 + 60
    assert put_off_s(45, 0, lambda: 0.0) == 45
    assert put_off_s(45, None, lambda: 0.5) == 45


def test_a_small_floor_given_to_everybody_does_not_stop_the_waits_from_growing() -> None:
    assert put_off_s(700, 60, lambda: 0.5) == 700


def test_a_floor_of_a_year_is_clamped_to_a_day_and_still_spread() -> None:
    assert put_off_s(45, 365 * 86_400, lambda: 0.0) == 86_430
    assert put_off_s(900, 1e12, lambda: 0.999999) <= HORIZON_S
    assert put_off_s(45, -1e9, lambda: 0.0) == 45


@given(st.floats(30, 900), st.floats(allow_nan=False), st.floats(0, 1, exclude_max=True))
def test_nobody_comes_before_the_floor_or_exactly_at_it(wait_s: float, asked_s: float, drawn: float) -> None:
    delay_s = put_off_s(wait_s, asked_s, lambda: drawn)
    assert max(30, min(asked_s, 86_400) + 30) <= delay_s <= HORIZON_S


def test_the_first_tries_again_are_spread_as_the_first_tries_were() -> None:
    assert next_wait_s(scale_s(60), lambda: 0.999999) == pytest.approx(90, abs=0.001)
    assert next_wait_s(scale_s(600), lambda: 0.999999) == pytest.approx(600, abs=0.001)
    assert next_wait_s(scale_s(0), lambda: 0.0) == 30


def test_no_spread_makes_most_of_the_waits_one_and_the_same() -> None:
    dice = random.Random(1)
    waits = [next_wait_s(scale_s(1e9), dice.random) for _ in range(1_000)]
    assert waits.count(LONGEST_WAIT_S) < 5


@given(st.floats(allow_nan=False), st.floats(0, 1, exclude_max=True))
def test_the_first_wait_is_between_nothing_and_a_day(spread_s: float, drawn: float) -> None:
    assert 0 <= first_wait_s(lambda: drawn, spread_s) <= 86_400


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("Sun, 22 Nov 2026 09:10:00 GMT", 600),
        ("Sunday, 22-Nov-26 09:10:00 GMT", 600),
        ("Sun, 22 Nov 2026 08:00:00 GMT", 0),
        ("Thu, 22 Nov 2029 09:00:00 GMT", 86_400),
        ("9" * 5_000, 86_400),
    ],
)
def test_retry_after_is_understood_as_seconds_and_as_a_date(header: str, seconds: float) -> None:
    assert retry_after_s(header, NOW) == seconds


@pytest.mark.parametrize("header", ["", "soon", "-5", "1.5e3", "²", "Sun, 99 Nov 2026 09:10:00 GMT"])
def test_what_is_no_retry_after_is_ignored(header: str) -> None:
    assert retry_after_s(header, NOW) is None


@given(st.text())
def test_any_header_gives_a_bounded_wait_or_none(header: str) -> None:
    seconds = retry_after_s(header, NOW)
    assert seconds is None or 0 <= seconds <= 86_400
