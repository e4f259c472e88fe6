"""Sketch: the marks on a picture, their history, and where they lie. No toolkit.

All coordinates are pixels of the picture, from 0 to its width or height.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from reporter.report.drawing import MARKS_LIMIT_ITEMS, Arrow, BlackOut, Caption, Mark, Rectangle

Point = tuple[int, int]
Box = tuple[int, int, int, int]
Measure = Callable[[str], tuple[int, int]]
"""The width and height that a caption takes."""


class Sketch:
    """``marks`` in the order they are drawn. ``selected`` is the number of one of them, or None.

    Each change is one step that ``undo`` takes back; changes that go on (a drag, a held arrow key)
    become one step.
    """

    def __init__(self, marks: list[Mark], width: int, height: int) -> None:
        self.marks = tuple(marks)
        self.width = width
        self.height = height
        self.selected: int | None = None
        self._given = self.marks
        self._past: list[tuple[Mark, ...]] = []
        self._future: list[tuple[Mark, ...]] = []
        self._goes_on: tuple[int, str] | None = None

    @property
    def is_changed(self) -> bool:
        """The person has marked something, or taken something away."""
        return self.marks != self._given

    @property
    def can_undo(self) -> bool:
        """There is a step to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """There is a step to do again."""
        return bool(self._future)

    @property
    def is_full(self) -> bool:
        """No further mark can be added."""
        return len(self.marks) >= MARKS_LIMIT_ITEMS

    @property
    def chosen(self) -> Mark | None:
        """The mark that is selected."""
        return None if self.selected is None else self.marks[self.selected]

    def add(self, mark: Mark) -> bool:
        """Put ``mark`` above the others and select it; false where the picture is full."""
        if self.is_full:
            return False
        self._step((*self.marks, self._inside(mark)))
        self.selected = len(self.marks) - 1
        return True

    def change(self, mark: Mark, *, goes_on: str = "") -> None:
        """Put ``mark`` in place of the selected one. ``goes_on``: the name of a change that may continue;
        what follows with the same name is the same step."""
        if self.selected is None or mark == self.chosen:
            return
        before, after = self.marks[: self.selected], self.marks[self.selected + 1 :]
        same = bool(goes_on) and self._goes_on == (self.selected, goes_on)
        self._step((*before, self._inside(mark), *after), same=same)
        self._goes_on = (self.selected, goes_on) if goes_on else None

    def settle(self) -> None:
        """The change that went on is over."""
        self._goes_on = None

    def give_up(self) -> None:
        """Take the change that goes on back, as if it had never been."""
        if self._goes_on is not None:
            self.marks = self._past.pop()
            self._goes_on = None

    def remove(self) -> None:
        """Take the selected mark away."""
        if self.selected is not None:
            at, self.selected = self.selected, None
            self._step(self.marks[:at] + self.marks[at + 1 :])

    def undo(self) -> None:
        """Take the last step back."""
        if self._past:
            self._future.append(self.marks)
            self.marks = self._past.pop()
            self._forget()

    def redo(self) -> None:
        """Do again what was taken back."""
        if self._future:
            self._past.append(self.marks)
            self.marks = self._future.pop()
            self._forget()

    def select_at(self, x: float, y: float, slack: float, measure: Measure) -> bool:
        """Select the uppermost mark at this point, else none; whether there is one."""
        self.settle()
        hits = (n for n in reversed(range(len(self.marks))) if hit(self.marks[n], x, y, slack, measure))
        self.selected = next(hits, None)
        return self.selected is not None

    def select_next(self, step: int = 1) -> None:
        """Select the mark after (``step`` 1) or before (-1) the selected one, round and round."""
        self.settle()
        if self.marks:
            start = (-1 if step > 0 else 0) if self.selected is None else self.selected
            self.selected = (start + step) % len(self.marks)

    def move(self, dx: int, dy: int, measure: Measure, *, goes_on: str = "move") -> None:
        """Move the selected mark, no further than the edge of the picture."""
        if self.chosen is not None:
            self.change(moved(self.chosen, dx, dy, (self.width, self.height), measure), goes_on=goes_on)

    def resize(self, dx: int, dy: int) -> None:
        """Move the second corner of the selected mark; a caption has none."""
        mark = self.chosen
        if mark is not None and not isinstance(mark, Caption):
            self.change(pulled(mark, "x2 y2", mark.x2 + dx, mark.y2 + dy), goes_on="resize")

    def _inside(self, mark: Mark) -> Mark:
        """``mark`` with its corners on the picture."""
        x1, y1 = clamp(mark.x1, self.width), clamp(mark.y1, self.height)
        if isinstance(mark, Caption):
            return replace(mark, x1=x1, y1=y1)
        return replace(mark, x1=x1, y1=y1, x2=clamp(mark.x2, self.width), y2=clamp(mark.y2, self.height))

    def _step(self, marks: tuple[Mark, ...], *, same: bool = False) -> None:
        if not same:
            self._past.append(self.marks)
        self._future.clear()
        self._goes_on = None
        self.marks = marks

    def _forget(self) -> None:
        self.selected = None
        self._goes_on = None


class Zoom(NamedTuple):
    """Every picture pixel is shown ``up`` / ``down`` screen pixels wide; Tk scales by whole numbers."""

    up: int = 1
    down: int = 1

    @property
    def factor(self) -> float:
        """Screen pixels for one of the picture."""
        return self.up / self.down

    def shown(self, length: int) -> int:
        """``length`` of the picture as Tk shows it; the last pixel is never cut off."""
        return -(-length * self.up // self.down)


FULL = Zoom()
FARTHEST = 64
ZOOMS = sorted(
    (
        Zoom(up, down)
        for up in (1, 2, 3)
        for down in range(up, 9 if up > 1 else FARTHEST)
        if math.gcd(up, down) == 1
    ),
    key=lambda zoom: -zoom.factor,
)


def fitting(width: int, height: int, room_width: int, room_height: int) -> Zoom:
    """The largest zoom, at most 1, at which the whole picture fits into the room."""
    for zoom in ZOOMS:
        if zoom.shown(width) <= room_width and zoom.shown(height) <= room_height:
            return zoom
    return ZOOMS[-1]


class Sight(NamedTuple):
    """Where the picture lies on the canvas: its upper left corner, and its zoom."""

    left: float = 0
    top: float = 0
    zoom: Zoom = FULL

    def to_picture(self, x: float, y: float) -> Point:
        """The point of the picture below a point of the canvas."""
        factor = self.zoom.factor
        return round((x - self.left) / factor), round((y - self.top) / factor)

    def to_canvas(self, x: float, y: float) -> tuple[float, float]:
        """The point of the canvas above a point of the picture."""
        factor = self.zoom.factor
        return self.left + x * factor, self.top + y * factor


def clamp(value: float, limit: int) -> int:
    """``value`` as a whole number from 0 to ``limit``."""
    return max(0, min(limit, round(value)))


def box_of(mark: Mark, measure: Measure) -> Box:
    """Left, top, right and bottom."""
    if isinstance(mark, Caption):
        width, height = measure(mark.text)
        return mark.x1, mark.y1, mark.x1 + width, mark.y1 + height
    return min(mark.x1, mark.x2), min(mark.y1, mark.y2), max(mark.x1, mark.x2), max(mark.y1, mark.y2)


def handles(mark: Mark) -> dict[str, Point]:
    """The points by which a mark can be pulled: the names of the two coordinates that change, and where."""
    match mark:
        case Caption():
            return {}
        case Arrow():
            return {"x1 y1": (mark.x1, mark.y1), "x2 y2": (mark.x2, mark.y2)}
        case _:
            return {
                f"{x} {y}": (getattr(mark, x), getattr(mark, y)) for x in ("x1", "x2") for y in ("y1", "y2")
            }


def handle_at(mark: Mark, x: float, y: float, slack: float) -> str:
    """The name of the handle within ``slack`` of a point, the nearest; empty where none is."""
    near = {name: math.dist((x, y), point) for name, point in handles(mark).items()}
    name = min(near, key=near.__getitem__, default="")
    return name if name and near[name] <= slack else ""


def pulled(mark: Mark, handle: str, x: int, y: int) -> Mark:
    """``mark`` with the corner that ``handle`` names at another point."""
    name_x, name_y = handle.split()
    return replace(mark, **{name_x: x, name_y: y})


def moved(mark: Mark, dx: int, dy: int, size: tuple[int, int], measure: Measure) -> Mark:
    """``mark`` elsewhere, as large as before, no further than the edges of a picture of this ``size``."""
    left, top, right, bottom = box_of(mark, measure)
    dx = max(-left, min(dx, max(-left, size[0] - right)))
    dy = max(-top, min(dy, max(-top, size[1] - bottom)))
    if isinstance(mark, Caption):
        return replace(mark, x1=mark.x1 + dx, y1=mark.y1 + dy)
    return replace(mark, x1=mark.x1 + dx, y1=mark.y1 + dy, x2=mark.x2 + dx, y2=mark.y2 + dy)


def hit(mark: Mark, x: float, y: float, slack: float, measure: Measure) -> bool:
    """Whether a point is on a mark: on the line of an arrow, on the rim of a circle or rectangle, anywhere
    on a black-out or a caption."""
    if isinstance(mark, Arrow):
        return _distance((x, y), (mark.x1, mark.y1), (mark.x2, mark.y2)) <= slack
    left, top, right, bottom = box_of(mark, measure)
    if not (left - slack <= x <= right + slack and top - slack <= y <= bottom + slack):
        return False
    match mark:
        case BlackOut() | Caption():
            return True
        case _ if min(right - left, bottom - top) <= 2 * slack:
            return True
    if isinstance(mark, Rectangle):
        return not (left + slack < x < right - slack and top + slack < y < bottom - slack)
    across, down = (right - left) / 2, (bottom - top) / 2
    away = math.hypot((x - left - across) / across, (y - top - down) / down)
    return abs(away - 1) * min(across, down) <= slack


def _distance(here: tuple[float, float], start: Point, end: Point) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = ((here[0] - start[0]) * dx + (here[1] - start[1]) * dy) / length if length else 0.0
    along = min(1.0, max(0.0, along))
    return math.hypot(here[0] - start[0] - along * dx, here[1] - start[1] - along * dy)
