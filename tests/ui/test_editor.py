"""The sketch behind the editor: marks, their history, where they lie and how large they are seen."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reporter.report.drawing import (
    MARKS_LIMIT_ITEMS,
    Arrow,
    BlackOut,
    Caption,
    Ellipse,
    Mark,
    Rectangle,
    pen_px,
)
from reporter.ui.window.sketch import (
    FULL,
    ZOOMS,
    Sight,
    Sketch,
    Zoom,
    box_of,
    fitting,
    handle_at,
    handles,
    hit,
    moved,
    pulled,
)

WIDTH, HEIGHT = 1920, 1080
SUGGESTED = BlackOut(x1=100, y1=100, x2=300, y2=200, reason="another program")
ARROW = Arrow(x1=10, y1=10, x2=110, y2=110)
CIRCLE = Ellipse(x1=400, y1=400, x2=600, y2=500)
FRAME = Rectangle(x1=700, y1=700, x2=900, y2=800)
WORDS = Caption(x1=50, y1=900, text="here")
KINDS: list[Mark] = [SUGGESTED, ARROW, CIRCLE, FRAME, WORDS]


def measure(text: str) -> tuple[int, int]:
    return 10 * len(text), 20


def marks_of(one: Sketch) -> list[Mark]:
    return list(one.marks)


def sketch(*marks: Mark) -> Sketch:
    return Sketch(list(marks), WIDTH, HEIGHT)


def test_what_was_suggested_is_no_change_of_the_person() -> None:
    one = sketch(SUGGESTED)
    assert not one.is_changed
    assert not one.can_undo
    one.select_next()
    one.remove()
    assert one.is_changed
    one.undo()
    assert marks_of(one) == [SUGGESTED]
    assert not one.is_changed


def test_each_step_is_undone_and_done_again() -> None:
    one = sketch()
    for mark in (ARROW, CIRCLE):
        assert one.add(mark)
    one.remove()
    assert marks_of(one) == [ARROW]
    one.undo()
    assert marks_of(one) == [ARROW, CIRCLE]
    one.undo()
    one.undo()
    assert marks_of(one) == []
    assert not one.can_undo
    one.undo()
    one.redo()
    one.redo()
    assert marks_of(one) == [ARROW, CIRCLE]
    one.undo()
    one.add(FRAME)
    assert not one.can_redo
    assert marks_of(one) == [ARROW, FRAME]


def test_a_drag_is_one_step_and_the_next_drag_another() -> None:
    one = sketch(CIRCLE)
    one.select_next()
    for _ in range(2):
        for x in range(5):
            one.change(replace(CIRCLE, x1=x), goes_on="drag")
        one.settle()
        one.change(replace(CIRCLE, x1=77), goes_on="drag")
        one.settle()
    for x1 in (4, 77, 4, 400):
        one.undo()
        assert [getattr(mark, "x1", None) for mark in one.marks] == [x1]
    assert not one.can_undo


def test_a_change_that_is_given_up_leaves_no_trace() -> None:
    one = sketch(CIRCLE)
    one.select_next()
    one.move(5, 0, measure)
    one.settle()
    one.give_up()
    assert marks_of(one) == [Ellipse(x1=405, y1=400, x2=605, y2=500)]
    one.change(FRAME, goes_on="drag")
    one.give_up()
    one.give_up()
    assert marks_of(one) == [Ellipse(x1=405, y1=400, x2=605, y2=500)]
    one.undo()
    assert marks_of(one) == [CIRCLE]
    assert not one.can_undo


def test_moves_of_one_mark_are_one_step_but_not_those_of_two() -> None:
    one = sketch(CIRCLE, FRAME)
    one.select_next()
    one.move(1, 0, measure)
    one.move(1, 0, measure)
    one.resize(5, 5)
    one.select_next()
    one.move(1, 0, measure)
    assert marks_of(one)[0] == Ellipse(x1=402, y1=400, x2=607, y2=505)
    one.undo()
    assert marks_of(one)[1] == FRAME
    one.undo()
    assert marks_of(one)[0] == Ellipse(x1=402, y1=400, x2=602, y2=500)
    one.undo()
    assert marks_of(one) == [CIRCLE, FRAME]


def test_a_picture_that_is_full_takes_no_more() -> None:
    one = sketch(*[ARROW] * MARKS_LIMIT_ITEMS)
    assert one.is_full
    assert not one.add(CIRCLE)
    assert len(one.marks) == MARKS_LIMIT_ITEMS
    assert not one.is_changed


def test_marks_stay_on_the_picture() -> None:
    one = sketch()
    one.add(Arrow(x1=-50, y1=-50, x2=99_999, y2=99_999))
    assert marks_of(one) == [Arrow(x1=0, y1=0, x2=WIDTH, y2=HEIGHT)]
    one.add(Caption(x1=-5, y1=99_999, text="t"))
    assert marks_of(one)[1] == Caption(x1=0, y1=HEIGHT, text="t")


def test_selection_goes_round_in_both_directions() -> None:
    one = sketch(ARROW, CIRCLE, FRAME)
    went = []
    for step in (1, 1, 1, 1, -1, -1):
        one.select_next(step)
        went.append(one.selected)
    assert went == [0, 1, 2, 0, 2, 1]
    backwards = sketch(ARROW, CIRCLE)
    backwards.select_next(-1)
    assert backwards.chosen == CIRCLE
    nothing = sketch()
    nothing.select_next()
    assert nothing.chosen is None


def test_the_uppermost_of_two_is_selected() -> None:
    one = sketch(SUGGESTED, replace(SUGGESTED, reason=""))
    assert one.select_at(150, 150, 3, measure)
    assert one.selected == 1
    assert not one.select_at(1_500, 1_000, 3, measure)
    assert one.chosen is None


@pytest.mark.parametrize(
    ("mark", "on", "off"),
    [
        (SUGGESTED, [(200, 150), (100, 100), (299, 199)], [(90, 150), (200, 210)]),
        (ARROW, [(10, 10), (60, 62), (110, 110)], [(60, 80), (120, 120)]),
        (CIRCLE, [(400, 450), (500, 400), (600, 450), (571, 415)], [(500, 450), (405, 405), (620, 450)]),
        (FRAME, [(700, 750), (800, 800), (898, 702)], [(800, 750), (690, 750)]),
        (WORDS, [(60, 910), (89, 919)], [(99, 910), (60, 930)]),
        (Ellipse(x1=5, y1=5, x2=7, y2=300), [(6, 150)], [(30, 150)]),
        (Ellipse(x1=5, y1=5, x2=5, y2=5), [(5, 5)], [(30, 150)]),
    ],
)
def test_a_mark_is_hit_where_it_is_drawn(
    mark: Mark, on: list[tuple[int, int]], off: list[tuple[int, int]]
) -> None:
    for point in on:
        assert hit(mark, *point, 3, measure), point
    for point in off:
        assert not hit(mark, *point, 3, measure), point


@pytest.mark.parametrize("mark", KINDS)
def test_the_corners_of_a_mark_in_any_order_are_the_same_box(mark: Mark) -> None:
    if isinstance(mark, Caption):
        assert box_of(mark, measure) == (50, 900, 90, 920)
        return
    turned = replace(mark, x1=mark.x2, y1=mark.y2, x2=mark.x1, y2=mark.y1)
    assert box_of(turned, measure) == box_of(mark, measure)
    assert hit(turned, mark.x1, mark.y1, 3, measure) == hit(mark, mark.x1, mark.y1, 3, measure)


@pytest.mark.parametrize("mark", KINDS)
def test_handles_pull_the_corner_they_stand_on(mark: Mark) -> None:
    assert len(handles(mark)) == {Caption: 0, Arrow: 2}.get(type(mark), 4)
    for name, point in handles(mark).items():
        assert handle_at(mark, point[0] + 2, point[1] - 2, 5) == name
        assert handles(pulled(mark, name, 33, 44))[name] == (33, 44)
    assert handle_at(mark, 1_900, 1_000, 5) == ""


@given(
    st.sampled_from(KINDS),
    st.integers(-5_000, 5_000),
    st.integers(-5_000, 5_000),
)
def test_a_moved_mark_keeps_its_size_and_stays_on_the_picture(mark: Mark, dx: int, dy: int) -> None:
    left, top, right, bottom = box_of(mark, measure)
    there = box_of(moved(mark, dx, dy, (WIDTH, HEIGHT), measure), measure)
    assert (there[2] - there[0], there[3] - there[1]) == (right - left, bottom - top)
    assert there[0] >= 0
    assert there[1] >= 0
    assert there[2] <= WIDTH
    assert there[3] <= HEIGHT


ACTIONS = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(KINDS)),
    st.tuples(st.just("remove")),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
    st.tuples(st.just("settle")),
    st.tuples(st.just("select_next"), st.sampled_from([1, -1])),
    st.tuples(st.just("move"), st.integers(-99, 99), st.integers(-99, 99), st.just(measure)),
    st.tuples(st.just("resize"), st.integers(-99, 99), st.integers(-99, 99)),
)


@given(st.lists(ACTIONS, max_size=40))
def test_whatever_was_done_undo_leads_back_and_redo_forth(actions: list[tuple[Any, ...]]) -> None:
    one = sketch(SUGGESTED, ARROW)
    for name, *words in actions:
        getattr(one, name)(*words)
        assert one.selected is None or 0 <= one.selected < len(one.marks)
    while one.can_redo:
        one.redo()
    last = one.marks
    while one.can_undo:
        one.undo()
    assert marks_of(one) == [SUGGESTED, ARROW]
    assert not one.is_changed
    while one.can_redo:
        one.redo()
    assert one.marks == last


@given(st.integers(1, 8_000), st.integers(1, 8_000), st.integers(150, 4_000), st.integers(150, 4_000))
def test_the_whole_picture_fits_and_hardly_smaller_than_it_could(
    width: int, height: int, room_width: int, room_height: int
) -> None:
    zoom = fitting(width, height, room_width, room_height)
    assert zoom.shown(width) <= room_width
    assert zoom.shown(height) <= room_height
    larger = [other for other in ZOOMS if other.factor > zoom.factor]
    assert not any(o.shown(width) <= room_width and o.shown(height) <= room_height for o in larger)


def test_zooms_are_each_once_and_close_to_each_other() -> None:
    factors = [zoom.factor for zoom in ZOOMS]
    assert factors[0] == FULL.factor == 1
    assert len(set(factors)) == len(factors)
    assert all(small / large >= 0.66 for large, small in pairwise(factors))


@given(
    st.integers(0, 4_000),
    st.integers(0, 4_000),
    st.sampled_from(ZOOMS[:12]),
    st.integers(0, 500),
    st.integers(0, 500),
)
def test_a_point_comes_back_from_the_canvas(x: int, y: int, zoom: Zoom, left: int, top: int) -> None:
    sight = Sight(left, top, zoom)
    assert sight.to_picture(*sight.to_canvas(x, y)) == (x, y)


def test_lines_can_be_seen_on_small_and_on_large_pictures() -> None:
    assert pen_px(200, 100) == 3
    assert pen_px(1920, 1080) == pen_px(1080, 1920) == 4
    assert pen_px(3840, 2160) == 8
