"""Raster: small pictures with smooth edges, drawn in code.

The controls' rounded faces, the marks beside a headline and the window's icon are made here, so
that they fit every scale and palette without files. Drawing is by whole runs of pixels; only the
edges of corners are computed, so that a control's face takes a fraction of a millisecond.
"""

from __future__ import annotations

import itertools
import math
import struct
import zlib

# The first picture shown makes Tk ask an X server for every level of every colour, one round trip each:
# 256 of them took 16 ms, a seventh of the time to the first window. In steps of five there are 52,
# and the eye cannot tell.
LEVEL = 5
LEVELS = 255 // LEVEL + 1

Colour = tuple[int, int, int]
Point = tuple[float, float]
Box = tuple[int, int, int, int]


class Raster:
    """A picture of ``width`` by ``height`` pixels, transparent or on a solid ground."""

    def __init__(self, width: int, height: int, ground: Colour | None = None) -> None:
        self.width = width
        self.height = height
        pixel = bytes((0, 0, 0, 0)) if ground is None else bytes((*ground, 255))
        self._rows = [bytearray(pixel * width) for _ in range(height)]

    def rounded(self, box: Box, radius: int, colour: Colour) -> None:
        """Fill ``box`` (left, top, width, height) with round corners; with half its side as ``radius``
        it is a disc."""
        x, y, width, height = box
        radius = max(0, min(radius, width // 2, height // 2))
        solid = bytes((*colour, 255))
        for line in range(height):
            row = self._rows[y + line]
            depth = min(line, height - 1 - line)
            inset = 0
            if depth < radius:
                rise = radius - depth - 0.5
                edge = radius - math.sqrt(max(0.0, radius * radius - rise * rise))
                inset = min(radius, math.ceil(edge + 1))
                for column in range(max(0, math.floor(edge - 1)), inset):
                    away = math.hypot(radius - column - 0.5, rise)
                    cover = min(1.0, radius - away + 0.5)
                    if cover > 0:
                        _blend(row, x + column, colour, cover)
                        _blend(row, x + width - 1 - column, colour, cover)
            start, stop = x + inset, x + width - inset
            row[start * 4 : stop * 4] = solid * (stop - start)

    def stroke(self, points: list[Point], thickness: float, colour: Colour) -> None:
        """Draw a line with round ends through ``points``."""
        half = thickness / 2
        left = max(0, math.floor(min(px for px, _ in points) - half - 1))
        right = min(self.width, math.ceil(max(px for px, _ in points) + half + 1))
        top = max(0, math.floor(min(py for _, py in points) - half - 1))
        bottom = min(self.height, math.ceil(max(py for _, py in points) + half + 1))
        pieces = list(itertools.pairwise(points))
        for line in range(top, bottom):
            for column in range(left, right):
                here = (column + 0.5, line + 0.5)
                away = min(_distance(here, start, end) for start, end in pieces)
                cover = min(1.0, half - away + 0.5)
                if cover > 0:
                    _blend(self._rows[line], column, colour, cover)

    def png(self) -> bytes:
        """The picture as a PNG file."""
        raw = b"".join(b"\0" + row for row in self._rows)
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 6, 0, 0, 0)
        body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(raw, 1)) + _chunk(b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + body


def _blend(row: bytearray, column: int, colour: Colour, cover: float) -> None:
    at = column * 4
    below = row[at + 3] / 255 * (1 - cover)
    alpha = cover + below
    for channel in range(3):
        mixed = (colour[channel] * cover + row[at + channel] * below) / alpha
        row[at + channel] = round(mixed / LEVEL) * LEVEL
    row[at + 3] = round(alpha * 255)


def _distance(here: Point, start: Point, end: Point) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = ((here[0] - start[0]) * dx + (here[1] - start[1]) * dy) / length if length else 0.0
    along = min(1.0, max(0.0, along))
    return math.hypot(here[0] - start[0] - along * dx, here[1] - start[1] - along * dy)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
