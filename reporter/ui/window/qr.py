"""QrCode: a code for a camera, dark on light whatever the desktop's colours are."""

from __future__ import annotations

import tkinter
from tkinter import ttk

from reporter.ui.window.raster import Raster
from reporter.ui.window.theme import Theme

QUIET_ZONE = 4
"""How many squares of light ground a camera needs around the code (ISO/IEC 18004)."""
RADIUS = 8
INK, PAPER = (0, 0, 0), (255, 255, 255)
LEAST_PX = 2


class QrCode(ttk.Label):
    """``squares``: rows, true is dark; drawn in whole pixels, as large as fits into ``size_px``."""

    def __init__(
        self, parent: tkinter.Misc, theme: Theme, squares: list[list[bool]], size_px: int, *, name: str
    ) -> None:
        super().__init__(parent, image=theme.keep(name, draw(theme, squares, size_px)))


def draw(theme: Theme, squares: list[list[bool]], size_px: int) -> Raster:
    """A card of light paper with the code on it; larger where its squares would be too small."""
    count = len(squares) + 2 * QUIET_ZONE
    unit = max(LEAST_PX, size_px // count)
    size = unit * count
    palette, edge = theme.palette, max(1, theme.px(1))
    card = Raster(size, size, theme.rgb(palette.window))
    radius = theme.px(RADIUS)
    card.rounded((0, 0, size, size), radius, theme.rgb(palette.line))
    card.rounded((edge, edge, size - 2 * edge, size - 2 * edge), radius - edge, PAPER)
    start = QUIET_ZONE * unit
    for down, row in enumerate(squares):
        right = 0
        while right < len(row):
            length = 1
            while right + length < len(row) and row[right + length] == row[right]:
                length += 1
            if row[right]:
                card.rounded((start + right * unit, start + down * unit, length * unit, unit), 0, INK)
            right += length
    return card
