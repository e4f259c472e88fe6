"""Names and values as support reads them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.inbox import readable

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("total_bytes", "Total"),
        ("os_version", "OS version"),
        ("not_after", "Not after"),
        ("tls", "TLS"),
        ("sha256", "SHA-256"),
        ("errno", "errno"),
        ("uptime_seconds", "Uptime"),
        ("s", "S"),
        ("", ""),
    ],
)
def test_names_become_labels(name: str, label: str) -> None:
    assert readable.label(name) == label


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("total_bytes", 16_656_764_928, "15.5 GiB"),
        ("size_bytes", 0, "0 bytes"),
        ("uptime_s", 274_233, "3 d 4 h"),
        ("utc_offset_minutes", -180, "−3 h"),
        ("elapsed_ms", 812, "812 ms"),
        ("elapsed_ms", 65_000, "1 min 5 s"),
        ("load_percent", 12.5, "12.5 %"),
        ("frequency_mhz", 4_400, "4.40 GHz"),
        ("speed_mbps", 1_000, "1000 Mbit/s"),
        ("cores", 12, "12"),
        ("is_up", True, "yes"),
        ("is_up", None, "not known"),
        ("huge_bytes", 10**400, str(10**400)),
        ("huge_s", float("inf"), "inf"),
        ("huge_s", float("nan"), "nan"),
        ("text", "as it is", "as it is"),
        ("at", "2026-99-22T09:00", "2026-99-22T09:00"),
    ],
)
def test_values_get_the_unit_of_their_name(name: str, value: Any, text: str) -> None:
    assert readable.value(name, value) == text


def test_times_are_written_out() -> None:
    assert readable.value("at", "2026-11-22T09:00:41Z").startswith("Sun 22 Nov 2026, ")


def test_nested_members_keep_their_way() -> None:
    document = {
        "target": {"display": "https://a.example/", "port": 443},
        "certificate": {"not_after": "soon", "names": ["a", "b"], "empty": []},
        "attempts": [{"address": "10.0.0.1", "errno": 111, "is_open": False, "elapsed_ms": 3, "none": None}],
    }
    assert list(readable.rows(document)) == [
        ("Target", ["https://a.example/"]),
        ("Certificate · Not after", ["soon"]),
        ("Certificate · Names", ["a", "b"]),
        ("Attempts", ["10.0.0.1 · errno 111 · is open: no · elapsed 3 ms"]),
    ]


def test_what_is_nested_without_end_is_shortened() -> None:
    deep: Any = "x"
    for _ in range(300):
        deep = {"in": deep}
    [(label, [text])] = readable.rows({"a": deep})
    assert label.count("·") == readable.NESTING_LIMIT_LEVELS
    assert text.startswith('{"in":{"in":')


@given(st.dictionaries(st.text(), ANY_JSON))
def test_any_document_can_be_read(document: dict[str, Any]) -> None:
    for label, lines in readable.rows(document):
        assert isinstance(label, str)
        assert all(isinstance(line, str) for line in lines)


def test_days_are_called_by_their_names() -> None:
    today = date(2026, 11, 22)
    assert readable.day(today, today) == "Today"
    assert readable.day(date(2026, 11, 21), today) == "Yesterday"
    assert readable.day(date(2026, 11, 20), today) == "Friday 20 November 2026"
