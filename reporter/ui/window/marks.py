"""Marks: the sign beside a headline, and the window's icon."""

from __future__ import annotations

from enum import StrEnum

from reporter.ui.window.raster import Colour, Raster


class Mark(StrEnum):
    """What kind of message a headline is."""

    CAUTION = "caution"
    SUCCESS = "success"
    NOTE = "note"
    WAITING = "waiting"


def draw_mark(picture: Raster, mark: Mark, tint: Colour, ink: Colour) -> None:
    """Draw a disc with its sign: an exclamation mark, a tick, an i or a clock."""
    size = picture.width
    picture.rounded((0, 0, size, size), size // 2, tint)
    thickness = size * 0.09

    def at(x: float, y: float) -> tuple[float, float]:
        return x * size, y * size

    match mark:
        case Mark.CAUTION:
            picture.stroke([at(0.5, 0.28), at(0.5, 0.54)], thickness, ink)
            picture.stroke([at(0.5, 0.71), at(0.5, 0.71)], thickness * 1.15, ink)
        case Mark.SUCCESS:
            picture.stroke([at(0.30, 0.52), at(0.44, 0.66), at(0.71, 0.37)], thickness, ink)
        case Mark.NOTE:
            picture.stroke([at(0.5, 0.29), at(0.5, 0.29)], thickness * 1.15, ink)
            picture.stroke([at(0.5, 0.46), at(0.5, 0.72)], thickness, ink)
        case Mark.WAITING:
            edge, hand = round(size * 0.24), round(size * 0.07)
            face = size - 2 * edge
            picture.rounded((edge, edge, face, face), face // 2, ink)
            inner = face - 2 * hand
            picture.rounded((edge + hand, edge + hand, inner, inner), inner // 2, tint)
            picture.stroke([at(0.5, 0.37), at(0.5, 0.51), at(0.60, 0.57)], size * 0.065, ink)


def draw_icon(picture: Raster, ground: Colour, ink: Colour) -> None:
    """Draw a speech bubble that tells in two lines, on a rounded square."""
    size = picture.width

    def part(share: float) -> int:
        return round(share * size)

    picture.rounded((0, 0, size, size), part(0.24), ground)
    picture.rounded((part(0.19), part(0.22), part(0.62), part(0.43)), part(0.11), ink)
    picture.stroke(
        [(size * 0.36, size * 0.60), (size * 0.36, size * 0.76), (size * 0.50, size * 0.62)], size * 0.07, ink
    )
    picture.rounded((part(0.30), part(0.335), part(0.40), max(2, part(0.065))), part(0.03), ground)
    picture.rounded((part(0.30), part(0.465), part(0.26), max(2, part(0.065))), part(0.03), ground)
