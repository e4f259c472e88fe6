"""GrowingBox: a field that begins low and grows with what is written in it."""

from __future__ import annotations

import tkinter
from collections.abc import Callable

from reporter.ui.window.prose import TextBox
from reporter.ui.window.theme import Theme


class GrowingBox(TextBox):
    """``lines`` high, then as high as its text, up to ``most_lines``; beyond, it scrolls.

    ``changed`` is told of every change, ``full`` when more than ``limit_chars`` were given: what is above is
    taken away.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        *,
        lines: int,
        most_lines: int,
        limit_chars: int,
        changed: Callable[[], object],
        full: Callable[[int], object],
    ) -> None:
        super().__init__(parent, theme, lines=lines, font=theme.body, readonly=False)
        self._lines, self._most_lines = lines, most_lines
        self._shown_lines = lines
        self._limit_chars = limit_chars
        self._changed, self._full = changed, full
        self.text.bind("<<Modified>>", self._modified)
        self.text.bind("<Configure>", lambda _: self._grow(), add=True)

    def _modified(self, _event: tkinter.Event[tkinter.Misc]) -> None:
        if not self.text.edit_modified():
            return  # our own reset, just below
        self.text.edit_modified(False)
        if len(self.get()) > self._limit_chars:
            self.text.delete(f"1.0 + {self._limit_chars} chars", "end")
            self._full(self._limit_chars)
        self._grow()
        self._changed()

    def _grow(self) -> None:
        if self.text.winfo_width() <= 1:
            return  # not laid out yet: Configure comes
        counted = self.text.tk.call(self.text, "count", "-update", "-displaylines", "1.0", "end")
        lines = max(self._lines, min(self._most_lines, self.text.tk.getint(counted)))
        if lines != self._shown_lines:
            self._shown_lines = lines
            self.text.configure(height=lines)
            if lines < self._most_lines:
                self.text.yview_moveto(0)
