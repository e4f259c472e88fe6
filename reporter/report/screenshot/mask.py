"""Mask: the black-outs suggested for what does not belong to the program that failed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

from reporter.report.drawing import BlackOut
from reporter.report.screenshot.area import Area
from reporter.report.screenshot.desktop import Window
from reporter.texts import N_

SUGGESTED_LIMIT_ITEMS = 60
"""Twice as many leave room for the marks of the person: see `drawing.MARKS_LIMIT_ITEMS`."""

ANOTHER_PROGRAM = N_("another program")
PASSWORD = N_("password")


def strangers(
    area: Area, windows: Sequence[Window], *, program: Collection[int], chosen: int | None = None
) -> list[Area]:
    """Where in ``area`` windows of other programs are seen.

    ``windows``: foremost first; ``program``: the process ids whose windows are spared; ``chosen``: the
    window the picture is of, None for a monitor: what lies behind it is not seen. What lies behind windows
    that are spared is not either. The desktop itself, with its icons, is left to the person.
    """
    found: list[tuple[Area, list[Area]]] = []
    spared: list[Area] = []
    for window in windows:
        if window.id == chosen:
            break
        if window.pid and window.pid in program:
            spared.append(window.area)
        elif not window.is_backdrop and (covered := area.common(window.area)) is not None:
            found.append((covered, _seen(covered, spared)))
    pieces = _outermost(piece for _, seen in found for piece in seen)
    if len(pieces) > SUGGESTED_LIMIT_ITEMS:
        pieces = _outermost(covered for covered, seen in found if seen)
    return pieces if len(pieces) <= SUGGESTED_LIMIT_ITEMS else [area]


def black_outs(
    hidden: Iterable[Area], area: Area, *, scale_x: float, scale_y: float, reason: str
) -> list[BlackOut]:
    """Areas of the desktop as marks on a picture of ``area``; what is cut is cut outwards."""
    marks = []
    for one in hidden:
        inner = one.common(area)
        if inner is not None:
            marks.append(
                BlackOut(
                    x1=math.floor((inner.left - area.left) * scale_x),
                    y1=math.floor((inner.top - area.top) * scale_y),
                    x2=math.ceil((inner.right - area.left) * scale_x) - 1,
                    y2=math.ceil((inner.bottom - area.top) * scale_y) - 1,
                    reason=reason,
                )
            )
    return marks


def _seen(area: Area, above: Sequence[Area]) -> list[Area]:
    pieces = [area]
    for cover in above:
        pieces = [rest for piece in pieces for rest in piece.without(cover)]
    return pieces


def _outermost(areas: Iterable[Area]) -> list[Area]:
    """Without those that lie within another."""
    kept: list[Area] = []
    for area in sorted(areas, key=lambda one: -one.width * one.height):
        if not any(other.holds(area) for other in kept):
            kept.append(area)
    return kept
