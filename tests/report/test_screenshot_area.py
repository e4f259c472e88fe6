"""Areas of the desktop, and where other programs are seen in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reporter.report.screenshot import mask
from reporter.report.screenshot.area import Area, bounding
from reporter.report.screenshot.desktop import Window

SIZE = st.integers(1, 12)
PLACE = st.integers(-6, 12)
AREAS = st.builds(Area, PLACE, PLACE, SIZE, SIZE)
OURS, OTHER = 10, 20


def cells(area: Area) -> set[tuple[int, int]]:
    return {(x, y) for x in range(area.left, area.right) for y in range(area.top, area.bottom)}


@given(AREAS, AREAS)
def test_what_is_common_and_what_remains_make_up_the_area(one: Area, other: Area) -> None:
    common = one.common(other)
    parts = [*one.without(other), *([common] if common else [])]
    assert sum(len(cells(part)) for part in parts) == len(cells(one))
    assert set().union(*map(cells, parts)) == cells(one)
    assert one.holds(other) == (cells(other) <= cells(one))


def test_the_bounding_area_of_two_monitors() -> None:
    assert bounding([Area(0, 0, 100, 50), Area(-80, 10, 80, 60)]) == Area(-80, 0, 180, 70)
    assert bounding([]) is None


WINDOWS = st.builds(lambda area, pid: Window(1, area, pid), AREAS, st.sampled_from([0, OURS, OTHER]))


@given(st.lists(WINDOWS))
def test_every_cell_where_a_stranger_is_seen_is_hidden_and_none_of_ours(windows: list[Window]) -> None:
    area = Area(0, 0, 10, 10)
    hidden = set().union(*map(cells, mask.strangers(area, windows, program={OURS})))
    for cell in cells(area):
        foremost = next((window for window in windows if cell in cells(window.area)), None)
        if foremost is not None:
            assert (cell in hidden) == (foremost.pid != OURS)
        else:
            assert cell not in hidden


def test_what_lies_behind_the_chosen_window_is_not_hidden() -> None:
    area = Area(10, 10, 50, 50)
    above = Window(1, Area(0, 0, 20, 20), OTHER)
    chosen = Window(2, area, OTHER)
    behind = Window(3, Area(0, 0, 100, 100), OTHER)
    assert mask.strangers(area, [above, chosen, behind], program={OURS}, chosen=2) == [Area(10, 10, 10, 10)]


def test_the_desktop_itself_is_left_to_the_person() -> None:
    backdrop = Window(1, Area(0, 0, 100, 100), OTHER, is_backdrop=True)
    assert mask.strangers(Area(0, 0, 100, 100), [backdrop], program={OURS}) == []


def test_where_there_would_be_too_many_pieces_whole_windows_are_hidden() -> None:
    area = Area(0, 0, 1000, 1000)
    stripes = [Window(i, Area(i * 8, 0, 4, 1000), OURS) for i in range(120)]
    behind = Window(999, Area(0, 0, 1000, 900), OTHER)
    assert mask.strangers(area, [*stripes, behind], program={OURS}) == [behind.area]


def test_where_there_are_too_many_windows_all_is_hidden() -> None:
    area = Area(0, 0, 1000, 1000)
    crowd = [Window(i, Area(i * 8, 0, 4, 4), OTHER) for i in range(mask.SUGGESTED_LIMIT_ITEMS + 1)]
    assert mask.strangers(area, crowd, program={OURS}) == [area]


def test_marks_are_cut_outwards_on_a_picture_of_another_scale() -> None:
    area = Area(100, 100, 200, 200)
    hidden = [Area(90, 111, 21, 10), Area(500, 500, 9, 9)]
    (mark,) = mask.black_outs(hidden, area, scale_x=1.5, scale_y=1.5, reason=mask.PASSWORD)
    # 11 to 21 units are 16.5 to 31.5 pixels.
    assert (mark.x1, mark.y1, mark.x2, mark.y2) == (0, 16, 16, 31)
    assert mark.reason == "password"
