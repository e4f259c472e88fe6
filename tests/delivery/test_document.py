"""Our own report as other formats are made of it: what is missing or odd is empty."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from reporter.delivery.document import FRAMES_LIMIT_ITEMS, NUMBER_LIMIT, Document

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=3)))


def document(**members: object) -> Document:
    return Document(json.dumps(members).encode())


@pytest.mark.parametrize(
    "raw",
    [b"", b"null", b"[]", b'"text"', b"{", b"\xff\xfe", b'{"a": "\xff"}', b"[" * 100_000, b'{"a": 1e999}'],
)
def test_what_is_no_json_object_is_empty(raw: bytes) -> None:
    assert Document(raw).whole == {}
    assert Document(raw).words() == ""
    assert Document(raw).moment(NINE) == NINE


def test_text_is_found_along_a_path_and_made_safe() -> None:
    found = document(a={"b": {"c": "x\x00\u202ey"}, "d": 7})
    assert found.text("a", "b", "c") == "xy"
    assert found.text("a", "d") == found.text("a", "x", "y") == found.text("a", "d", "e") == ""
    assert found.text("a", "b", "c", limit_chars=1) == "x… [+3]"


@pytest.mark.parametrize(
    ("part", "number"),
    [
        (17, 17),
        (1.9, 1),
        (True, 0),
        (-5, 0),
        (10**30, NUMBER_LIMIT),
        (1e300, NUMBER_LIMIT),
        ("17", 0),
        (None, 0),
        ([17], 0),
    ],
)
def test_numbers_are_whole_and_bounded(part: object, number: int) -> None:
    found = document(a=part).number("a")
    assert (found, type(found)) == (number, int)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T10:30:00+03:00", datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        ("2026-11-22T07:30:00.5Z", datetime(2026, 11, 22, 7, 30, 0, 500_000, tzinfo=UTC)),
        ("2026-11-22T10:30:00", NINE),
        ("20261122", NINE),
        ("0001-01-01T00:00:00+14:00", NINE),
        ("9999-12-31T23:59:59-14:00", NINE),
        ("yesterday", NINE),
        (7, NINE),
    ],
)
def test_a_moment_has_its_zone_and_is_told_in_utc(text: object, moment: datetime) -> None:
    found = document(created_at=text).moment(NINE)
    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_a_report_has_always_the_same_id() -> None:
    own = uuid.uuid4()
    assert document(id=str(own)).report_id("7K3D-9QX2M") == own
    made = document(id="7").report_id("7K3D-9QX2M")
    assert made == Document(b"").report_id("7K3D-9QX2M") != Document(b"").report_id("7K3D-9QX3N")


def test_one_answer_stands_alone_and_several_are_named() -> None:
    assert document(story={"happened": "It said no."}).words() == "It said no."
    told = document(
        story={
            "wanted": "To work.",
            "happened": "It said no.",
            "questions": ["When?", 7],
            "best_time": "9:00",
        }
    )
    assert told.words() == "Wanted: To work.\nHappened: It said no.\n1. When?\nContact: 9:00"


def test_frames_are_the_last_ones_of_a_deep_stack() -> None:
    line = '  File "a.py", line {}, in f\n'
    text = "Traceback (most recent call last):\n" + "".join(map(line.format, range(1_000)))
    found = document(failure={"exception": {"traceback": text}}).frames()
    assert len(found) == FRAMES_LIMIT_ITEMS
    assert (found[-1].line, found[-1].code) == (999, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "at Erp.Login() in C:\\erp\\Login.cs:line 12",
        '  File "a.py", line 99999999999, in f',
        "x" * 90_000,
    ],
)
def test_other_tracebacks_have_no_frames(text: str) -> None:
    assert document(failure={"exception": {"traceback": text}}).frames() == []
