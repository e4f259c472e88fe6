"""Typed answers and moments to come back: read where they are sound, absent where not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.diagnosis.answer import PROBLEM_TYPE, http_date, problem_of, read_problem, retry_moment
from reporter.diagnosis.evidence import Problem
from tests.diagnosis.wire import NOW

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.sampled_from(["code", "title", "detail", "until", "min", "retry_after", "other"])


def test_the_known_members_are_read() -> None:
    body = json.dumps(
        {
            "type": "https://example.org/locked",
            "title": "Sessions\u202e are\nlocked",
            "status": 423,
            "code": "session_locked",
            "until": "2026-11-22T14:00:00+03:00",
            "min": "8.3.21",
            "retry_after": 90,
        }
    )
    assert read_problem("Application/Problem+JSON; charset=utf-8", body.encode()) == Problem(
        code="session_locked",
        title="Sessions are locked",
        until=datetime(2026, 11, 22, 14, tzinfo=timezone(timedelta(hours=3))),
        minimum="8.3.21",
        retry_after="90",
    )


@pytest.mark.parametrize("content_type", ["", "application/json", "text/html", "application/problem+xml"])
def test_other_types_are_not_typed(content_type: str) -> None:
    assert read_problem(content_type, b'{"code": "maintenance"}') is None


@pytest.mark.parametrize("body", [b"", b"[]", b'"maintenance"', b"{", b'{"code": "\xff"}', b"[" * 60_000])
def test_other_bodies_are_not_typed(body: bytes) -> None:
    assert read_problem(PROBLEM_TYPE, body) is None


@pytest.mark.parametrize("until", ["tomorrow", "2026-11-22T14:00:00", 1_800_000_000, "", None, ["2026"]])
def test_a_moment_without_sense_or_zone_is_absent(until: object) -> None:
    assert problem_of({"until": until}).until is None


@given(st.dictionaries(MEMBERS, JSON))
def test_any_members_make_a_problem(document: dict[str, object]) -> None:
    body = json.dumps(document).encode()
    problem = read_problem(PROBLEM_TYPE, body)
    assert problem is not None
    assert len(problem.code) < 100


@given(st.binary())
def test_any_bytes_make_a_problem_or_none(body: bytes) -> None:
    assert isinstance(read_problem(PROBLEM_TYPE, body), Problem | None)


@given(st.text() | st.integers().map(str))
def test_any_retry_after_makes_a_future_moment_or_none(text: str) -> None:
    moment = retry_moment(text, now=NOW)
    assert moment is None or moment >= NOW


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("120", NOW + timedelta(seconds=120)),
        (" 120 ", NOW + timedelta(seconds=120)),
        ("Sun, 22 Nov 2026 10:00:00 GMT", NOW + timedelta(hours=1)),
        ("Sunday, 22-Nov-26 10:00:00 GMT", NOW + timedelta(hours=1)),
        ("Sun, 22 Nov 2026 08:00:00 GMT", None),
        ("Sun, 22 Nov 2099 08:00:00 GMT", None),
        ("1.5", None),
        ("-1", None),
        ("٣", None),
        ("", None),
    ],
)
def test_when_to_come_back(text: str, expected: datetime | None) -> None:
    assert retry_moment(text, now=NOW) == expected


@pytest.mark.parametrize(
    "text", ["", "now", "Sun, 99 Nov 2026 10:00:00 GMT", "Sun, 22 Nov 99999999 10:00:00 GMT", "\x00"]
)
def test_dates_without_sense(text: str) -> None:
    assert http_date(text) is None


def test_dates_without_a_zone_are_of_utc() -> None:
    assert http_date("Sun, 22 Nov 2026 10:00:00 -0000") == datetime(2026, 11, 22, 10, tzinfo=UTC)
