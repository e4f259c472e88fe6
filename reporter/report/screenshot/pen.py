"""Pen: draws marks into pixels as the editor showed them, readable on any ground: lines with a white edge,
text on a white label."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from reporter.errors import PictureError
from reporter.report.drawing import (
    HEAD_PENS,
    INK,
    LETTERS_PENS,
    TEXT_LIMIT_CHARS,
    Arrow,
    BlackOut,
    Caption,
    Ellipse,
    Mark,
    Rectangle,
    pen_px,
)
from reporter.texts import N_
from reporter.texts.safe import plain

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

RED, GREEN, BLUE = bytes.fromhex(INK.removeprefix("#"))
LINE = (RED, GREEN, BLUE)
WHITE = (255, 255, 255)
BLACK = (0, 0, 0)

EDGE_PENS = 0.5
"""The white edge on either side of a line."""
# Of the length of the head: where the line enters it, and how far its wings stand out beside the line.
NECK, WING = 0.85, 0.42
CAPTION_LEAST_SHARE = 1 / 3
"""A caption may take so much of the width; near the right edge it moves to the left for it."""

SMOOTHNESS = 4
SMOOTHED_LIMIT_PX = 24_000_000
"""A mark is drawn several times as large and scaled down; a large one less many times."""

FONTS = (
    "DejaVuSans-Bold.ttf",
    "segoeuib.ttf",
    "Arial Bold.ttf",
    "arialbd.ttf",
    "NotoSans-Bold.ttf",
    "LiberationSans-Bold.ttf",
    "FreeSansBold.ttf",
    "Ubuntu-B.ttf",
    "DejaVuSans.ttf",
    "segoeui.ttf",
    "arial.ttf",
    "Arial Unicode.ttf",
    "Helvetica.ttc",
)
CYRILLIC = "ЖїҐы"

NO_FONT = N_("No font was found here that can show this caption.")

# Points of a stroke in pixels of the picture.
_Points = list[tuple[float, float]]


def black_out(image: Image, marks: Iterable[Mark]) -> None:
    """Overwrite every pixel of the black-outs, both corners within."""
    from PIL.ImageDraw import Draw

    pen = Draw(image)
    for mark in marks:
        if isinstance(mark, BlackOut):
            pen.rectangle(_corners(mark, image), fill=BLACK)


def draw(image: Image, marks: Iterable[Mark]) -> None:
    """Draw the marks into the pixels, later ones over earlier ones. Raises PictureError."""
    thick = pen_px(*image.size)
    for mark in marks:
        match mark:
            case BlackOut():
                black_out(image, [mark])
            case Caption():
                _write(image, mark, thick)
            case Arrow():
                _stroke(image, _arrow(mark, image, thick), thick)
            case Ellipse():
                _stroke(image, _ellipse(mark, image), thick)
            case Rectangle():
                _stroke(image, _rectangle(mark, image), thick)


def font(size_px: int, text: str = CYRILLIC) -> FreeTypeFont | None:
    """The first font of this computer that has every letter of ``text``; None where there is none."""
    from PIL import ImageFont

    for name in FONTS:
        try:
            found = ImageFont.truetype(name, size_px)
        except OSError:
            continue
        if _shows(found, CYRILLIC + text):
            return found
    # Pillow's own font knows the letters of English alone.
    built_in = ImageFont.load_default(size_px)
    return built_in if isinstance(built_in, ImageFont.FreeTypeFont) and _shows(built_in, text) else None


def _shows(face: FreeTypeFont, text: str) -> bool:
    unknown = bytes(face.getmask("\uffff"))
    return all(bytes(face.getmask(letter)) != unknown for letter in set(text) if letter.isalpha())


def _box(mark: Ellipse | Rectangle | BlackOut) -> tuple[int, int, int, int]:
    left, right = sorted((mark.x1, mark.x2))
    top, bottom = sorted((mark.y1, mark.y2))
    return left, top, right, bottom


def _clamped(value: float, size: int) -> float:
    """Not so far outside that drawing it would cost time; its visible part stays nearly the same."""
    return min(max(value, -size), 2 * size)


def _corners(mark: Ellipse | Rectangle | BlackOut, image: Image) -> tuple[float, float, float, float]:
    left, top, right, bottom = _box(mark)
    width, height = image.size
    return _clamped(left, width), _clamped(top, height), _clamped(right, width), _clamped(bottom, height)


class _Outline:
    """The lines of a mark, and the filled shape at its end."""

    def __init__(self, line: _Points, *, fill: _Points | None = None) -> None:
        self.line = line
        self.fill = fill or []


def _arrow(mark: Arrow, image: Image, thick: int) -> _Outline:
    width, height = image.size
    x1, y1 = _clamped(mark.x1, width), _clamped(mark.y1, height)
    x2, y2 = _clamped(mark.x2, width), _clamped(mark.y2, height)
    length = math.hypot(x2 - x1, y2 - y1)
    if length < 1:
        # A click without a movement: the arrow points from the upper left.
        length = HEAD_PENS * thick * 2
        x1, y1 = x2 - length / math.sqrt(2), y2 - length / math.sqrt(2)
    along_x, along_y = (x2 - x1) / length, (y2 - y1) / length
    head = min(HEAD_PENS * thick, length)
    wing = WING * head + thick / 2
    neck = (x2 - along_x * head * NECK, y2 - along_y * head * NECK)
    back_x, back_y = x2 - along_x * head, y2 - along_y * head
    tip = [
        (x2, y2),
        (back_x - along_y * wing, back_y + along_x * wing),
        neck,
        (back_x + along_y * wing, back_y - along_x * wing),
    ]
    # The line ends within the head, or its round end would stand out at the tip.
    return _Outline([(x1, y1), (x2 - along_x * head * 0.7, y2 - along_y * head * 0.7)], fill=tip)


def _ellipse(mark: Ellipse, image: Image) -> _Outline:
    left, top, right, bottom = _corners(mark, image)
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    radius_x, radius_y = (right - left) / 2, (bottom - top) / 2
    steps = max(24, min(720, int(radius_x + radius_y)))
    turns = [2 * math.pi * step / steps for step in range(steps + 1)]
    return _Outline([(middle_x + radius_x * math.cos(t), middle_y + radius_y * math.sin(t)) for t in turns])


def _rectangle(mark: Rectangle, image: Image) -> _Outline:
    left, top, right, bottom = _corners(mark, image)
    return _Outline([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])


def _stroke(image: Image, outline: _Outline, thick: int) -> None:
    """First the white edge, then the line over it."""
    edge = max(2.0, thick * EDGE_PENS)
    _paint(image, outline, thick + 2 * edge, 2 * edge, WHITE)
    _paint(image, outline, thick, 0.0, LINE)


def _paint(image: Image, outline: _Outline, width: float, grow: float, colour: tuple[int, int, int]) -> None:
    """``grow``: how much wider than its shape the filled part is."""

    def put(pen: ImageDraw, place: Callable[[_Points], _Points], times: int) -> None:
        points = place(outline.line)
        thick = max(1, round(width * times))
        pen.line(points, fill=255, width=thick)
        for x, y in points:
            # Round ends and joints, without gaps at the corners.
            radius = thick / 2
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        if outline.fill:
            tip = place(outline.fill)
            pen.polygon(tip, fill=255)
            if grow:
                pen.line([*tip, tip[0]], fill=255, width=max(1, round(grow * times)), joint="curve")

    _smoothly(image, [*outline.line, *outline.fill], width, put, colour)


def _smoothly(
    image: Image,
    points: _Points,
    margin: float,
    put: Callable[[ImageDraw, Callable[[_Points], _Points], int], None],
    colour: tuple[int, int, int],
) -> None:
    """Draw into a larger mask of the part that is touched, and paint the colour through it."""
    from PIL import Image as Images
    from PIL.ImageDraw import Draw

    left = max(0, math.floor(min(x for x, _ in points) - margin))
    top = max(0, math.floor(min(y for _, y in points) - margin))
    right = min(image.width, math.ceil(max(x for x, _ in points) + margin) + 1)
    bottom = min(image.height, math.ceil(max(y for _, y in points) + margin) + 1)
    if left >= right or top >= bottom:
        return
    pixels = (right - left) * (bottom - top)
    times = max(1, min(SMOOTHNESS, math.isqrt(SMOOTHED_LIMIT_PX // pixels)))
    mask = Images.new("L", ((right - left) * times, (bottom - top) * times))

    def place(some: _Points) -> _Points:
        return [((x + 0.5 - left) * times, (y + 0.5 - top) * times) for x, y in some]

    put(Draw(mask), place, times)
    if times > 1:
        mask = mask.reduce(times)
    image.paste(colour, (left, top, right, bottom), mask)


def _write(image: Image, mark: Caption, thick: int) -> None:
    """On a white label whose corner is where the mark is, moved and wrapped where it would be cut off."""
    from PIL.ImageDraw import Draw

    text = plain(mark.text, TEXT_LIMIT_CHARS).expandtabs(4).strip()
    if not text:
        return
    size_px = LETTERS_PENS * thick
    face = font(size_px, text)
    if face is None:
        raise PictureError(NO_FONT)
    pen = Draw(image)
    left = min(max(mark.x1, 0), image.width)
    room = max(image.width - left, int(image.width * CAPTION_LEAST_SHARE)) - 2 * thick
    lines = _wrapped(text, face, max(room, size_px))
    rise, fall = face.getmetrics()
    height = (rise + fall) * len(lines) + 2 * thick
    width = math.ceil(max(face.getlength(line) for line in lines)) + 2 * thick
    left = max(0, min(left, image.width - width))
    top = max(0, min(mark.y1, image.height - height))
    pen.rectangle((left, top, left + width - 1, top + height - 1), fill=WHITE)
    for number, line in enumerate(lines):
        pen.text((left + thick, top + thick + number * (rise + fall)), line, font=face, fill=LINE)


def _length(face: FreeTypeFont, line: str, letters: int) -> float:
    return face.getlength(line[:letters])


def _wrapped(text: str, face: FreeTypeFont, room_px: int) -> list[str]:
    """Lines no wider than there is room; a word that is wider is cut."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if face.getlength(longer) <= room_px:
                line = longer
                continue
            if line:
                lines.append(line)
            line = word
            while len(line) > 1 and face.getlength(line) > room_px:
                length = partial(_length, face, line)
                fits = max(1, bisect_right(range(1, len(line)), float(room_px), key=length))
                lines.append(line[:fits])
                line = line[fits:]
        lines.append(line)
    return lines
