"""Waits spread, floors hold, and no header of a server can make a report wait for ever."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.delivery.backoff import HORIZON_S, next_wait_s, retry_after_s, with_floor

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


def test_what_the_server_asks_for_is_a_floor_with_the_draw_on_top() -> None:
    assert with_floor(45, 120) == 165
    assert with_floor(45, None) == 45


def test_a_floor_of_a_year_is_clamped_to_a_day_and_still_spread() -> None:
    assert with_floor(45, 365 * 86_400) == 86_445
    assert with_floor(900, 365 * 86_400) == HORIZON_S


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
