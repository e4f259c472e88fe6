"""Area: a rectangle of the desktop, in the desktop's own units."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Area(NamedTuple):
    """The upper left corner and the size; monitors left of the first one have negative corners."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column that is no longer within."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row that is no longer within."""
        return self.top + self.height

    def holds(self, other: Area) -> bool:
        """Nothing of ``other`` lies outside."""
        return self.common(other) == other

    def common(self, other: Area) -> Area | None:
        """What lies within both; None where they do not overlap."""
        return between(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def without(self, other: Area) -> list[Area]:
        """What remains when ``other`` is cut out: at most four areas that do not overlap."""
        hole = self.common(other)
        if hole is None:
            return [self]
        remains = (
            between(self.left, self.top, self.right, hole.top),
            between(self.left, hole.top, hole.left, hole.bottom),
            between(hole.right, hole.top, self.right, hole.bottom),
            between(self.left, hole.bottom, self.right, self.bottom),
        )
        return [area for area in remains if area is not None]


def between(left: int, top: int, right: int, bottom: int) -> Area | None:
    """The area between two corners, of which the second lies outside; None where there is nothing."""
    return Area(left, top, right - left, bottom - top) if left < right and top < bottom else None


def bounding(areas: Iterable[Area]) -> Area | None:
    """The smallest area that holds all of them; None where there are none."""
    known = list(areas)
    if not known:
        return None
    return between(
        min(area.left for area in known),
        min(area.top for area in known),
        max(area.right for area in known),
        max(area.bottom for area in known),
    )
