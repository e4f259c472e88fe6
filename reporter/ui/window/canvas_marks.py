"""CanvasMarks: draws the marks of a sketch above its picture."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import NamedTuple

from reporter.report.drawing import (
    HEAD_PENS,
    INK,
    LETTERS_PENS,
    Arrow,
    BlackOut,
    Caption,
    Ellipse,
    Mark,
    Rectangle,
    pen_px,
)
from reporter.texts import N_
from reporter.ui.window.sketch import Sight, box_of, handles
from reporter.ui.window.theme import Font, Theme

TAG = "marks"
# In pixels at 96 dpi.
HANDLE = 9
# Colours of the picture, not of the window: they are the same in the dark.
BLACK = "#000000"
RIM = "#878c96"
SUGGESTED = "#8cb4ff"
LABEL = "#ffffff"


class Reason(NamedTuple):
    """Why a black-out was suggested: a word on it, and a sentence when it is selected."""

    word: str
    sentence: str


REASONS = {
    "another program": Reason(
        N_("Another program"),
        N_("Another program is hidden here. Take the mark away if support may see it."),
    ),
    "password": Reason(
        N_("Password"), N_("A password is hidden here. Take the mark away if support may see what is below.")
    ),
}
OTHER_REASON = Reason(
    N_("Suggested"), N_("It was suggested to hide this. Take the mark away if support may see it.")
)


class CanvasMarks:
    """Draws on ``canvas`` the marks of a picture ``width`` by ``height`` pixels large."""

    def __init__(
        self, canvas: tkinter.Canvas, theme: Theme, say: Callable[..., str], width: int, height: int
    ) -> None:
        self._canvas = canvas
        self._theme = theme
        self._say = say
        self._pen = pen_px(width, height)
        self._measured: dict[str, tuple[int, int]] = {}

    def measure(self, text: str) -> tuple[int, int]:
        """The width and height of a caption, in pixels of the picture."""
        if text not in self._measured:
            font = self.font(1.0)
            lines = text.split("\n")
            width = max(self._theme.measure(line, font) for line in lines)
            height = self._theme.line_height(font) * len(lines)
            self._measured[text] = (width + 2 * self._pen, height + 2 * self._pen)
        return self._measured[text]

    def font(self, factor: float) -> Font:
        """A caption's letters, at this many screen pixels for one of the picture."""
        return (self._theme.body[0], -max(4, round(LETTERS_PENS * self._pen * factor)), "bold")

    def reason(self, mark: Mark | None) -> Reason | None:
        """Why a black-out was suggested, in the person's language; None where it was not."""
        if not isinstance(mark, BlackOut) or not mark.reason:
            return None
        word, sentence = REASONS.get(mark.reason, OTHER_REASON)
        return Reason(self._say(word), self._say(sentence))

    def draw(self, marks: tuple[Mark, ...], chosen: Mark | None, sight: Sight) -> None:
        """Draw them all anew, ``chosen`` with its handles."""
        self._canvas.delete(TAG)
        for mark in marks:
            self._draw(mark, sight)
        if chosen is not None:
            self._frame(chosen, sight)

    def _draw(self, mark: Mark, sight: Sight) -> None:
        canvas, factor = self._canvas, sight.zoom.factor
        pen = max(1.0, self._pen * factor)
        start = sight.to_canvas(mark.x1, mark.y1)
        if isinstance(mark, Caption):
            self._caption(mark, sight)
            return
        end = sight.to_canvas(mark.x2, mark.y2)
        match mark:
            case Arrow():
                head = HEAD_PENS * pen
                shape = (head * 0.85, head, head * 0.42)
                canvas.create_line(
                    *start,
                    *end,
                    fill=INK,
                    width=pen,
                    capstyle="round",
                    arrow="last",
                    arrowshape=shape,
                    tags=TAG,
                )
            case Ellipse():
                canvas.create_oval(*start, *end, outline=INK, width=pen, tags=TAG)
            case Rectangle():
                canvas.create_rectangle(*start, *end, outline=INK, width=pen, tags=TAG)
            case BlackOut():
                self._black_out(mark, start, end)

    def _black_out(self, mark: BlackOut, start: tuple[float, float], end: tuple[float, float]) -> None:
        canvas, px = self._canvas, self._theme.px
        reason = self.reason(mark)
        room, height = abs(end[0] - start[0]), abs(end[1] - start[1])
        is_roomy = height >= px(24)
        canvas.create_rectangle(
            *start,
            *end,
            fill=BLACK,
            outline=SUGGESTED if reason else RIM,
            width=px(2) if reason and is_roomy else max(1, px(1)),
            dash=(px(6), px(4)) if reason else (),
            tags=TAG,
        )
        font = self._theme.small
        if reason and self._theme.measure(reason.word, font) + px(8) <= room and is_roomy:
            middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
            canvas.create_text(*middle, text=reason.word, fill=LABEL, font=font, tags=TAG)

    def _caption(self, mark: Caption, sight: Sight) -> None:
        left, top, right, bottom = box_of(mark, self.measure)
        box = (*sight.to_canvas(left, top), *sight.to_canvas(right, bottom))
        self._canvas.create_rectangle(*box, fill=LABEL, width=0, tags=TAG)
        at = sight.to_canvas(mark.x1 + self._pen, mark.y1 + self._pen)
        self._canvas.create_text(
            *at, text=mark.text, anchor="nw", fill=INK, font=self.font(sight.zoom.factor), tags=TAG
        )

    def _frame(self, mark: Mark, sight: Sight) -> None:
        """What shows that a mark is selected: handles where it can be pulled, and a dashed frame where they
        alone would not tell."""
        canvas, px = self._canvas, self._theme.px
        thin = max(1, px(1))
        if not isinstance(mark, Arrow | Rectangle):
            left, top, right, bottom = box_of(mark, self.measure)
            box = (*sight.to_canvas(left, top), *sight.to_canvas(right, bottom))
            canvas.create_rectangle(*box, outline=LABEL, width=thin, tags=TAG)
            canvas.create_rectangle(
                *box, outline=self._theme.palette.accent, width=thin, dash=(4, 4), tags=TAG
            )
        half = px(HANDLE) / 2
        for point in handles(mark).values():
            x, y = sight.to_canvas(*point)
            canvas.create_oval(
                x - half,
                y - half,
                x + half,
                y + half,
                fill=LABEL,
                outline=self._theme.palette.accent,
                width=max(2, px(2)),
                tags=TAG,
            )
