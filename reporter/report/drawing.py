"""Drawing: what a person marks on a screenshot, in pixels of the picture; a struct that travels.

The face draws the marks on its canvas; ``report/screenshot`` draws them into the pixels that are sent.
"""

from __future__ import annotations

import msgspec

TEXT_LIMIT_CHARS = 500
MARKS_LIMIT_ITEMS = 200

# How marks look, so that what is sent looks as it was drawn. Lines are one pen thick; a caption's bold
# letters stand on a white label with a pen of room around them.
INK = "#e1231e"
HEAD_PENS = 5
LETTERS_PENS = 6


def pen_px(width: int, height: int) -> int:
    """The thickness of lines on a picture of this size, in its pixels."""
    return max(3, round(min(width, height) / 270))


class Arrow(msgspec.Struct, frozen=True, kw_only=True, tag="arrow"):
    """From a tail to the head, which points at what matters."""

    x1: int
    y1: int
    x2: int
    y2: int


class Ellipse(msgspec.Struct, frozen=True, kw_only=True, tag="ellipse"):
    """Around the box between two opposite corners, in any order."""

    x1: int
    y1: int
    x2: int
    y2: int


class Rectangle(msgspec.Struct, frozen=True, kw_only=True, tag="rectangle"):
    """Around the box between two opposite corners, in any order."""

    x1: int
    y1: int
    x2: int
    y2: int


class Caption(msgspec.Struct, frozen=True, kw_only=True, tag="caption"):
    """A text whose upper left corner is at ``x1``, ``y1``."""

    x1: int
    y1: int
    text: str


class BlackOut(msgspec.Struct, frozen=True, kw_only=True, tag="black_out"):
    """Nothing of what lies between the two corners is sent. ``reason``: why it was suggested ("another
    program", "password"), empty where the person drew it."""

    x1: int
    y1: int
    x2: int
    y2: int
    reason: str = ""


Mark = Arrow | Ellipse | Rectangle | Caption | BlackOut


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Something a screenshot can be taken of.

    ``kind``: ``monitor`` or ``window``; ``title``: of a window, its own, of a monitor empty; ``number``: of
    a monitor, from 1; ``is_ours``: a window of the program that failed.
    """

    id: str
    kind: str
    title: str = ""
    number: int = 0
    width: int
    height: int
    is_ours: bool = False


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as the editor shows it: ``png`` in full size, without metadata.

    ``marks``: the black-outs suggested for what others have on the screen; the person may take them away.
    """

    png: bytes
    width: int
    height: int
    marks: list[Mark] = msgspec.field(default_factory=list)
