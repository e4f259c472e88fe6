"""IconButton: a small button with a drawn sign; its words are shown where it is pointed at."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from enum import StrEnum
from tkinter import ttk

from reporter.ui.window.raster import Point, Raster
from reporter.ui.window.theme import Theme

# In pixels at 96 dpi.
SIZE = 16
TIP_MS = 500


class Icon(StrEnum):
    """What the sign is."""

    UP = "up"
    DOWN = "down"
    REMOVE = "remove"


STROKES: dict[Icon, list[list[Point]]] = {
    Icon.UP: [[(0.5, 0.86), (0.5, 0.16)], [(0.22, 0.44), (0.5, 0.16), (0.78, 0.44)]],
    Icon.DOWN: [[(0.5, 0.14), (0.5, 0.84)], [(0.22, 0.56), (0.5, 0.84), (0.78, 0.56)]],
    Icon.REMOVE: [[(0.22, 0.22), (0.78, 0.78)], [(0.78, 0.22), (0.22, 0.78)]],
}


class IconButton(ttk.Button):
    """``words`` say what it does."""

    def __init__(
        self, parent: tkinter.Misc, theme: Theme, icon: Icon, words: str, command: Callable[[], object]
    ) -> None:
        theme.need_choices()
        super().__init__(
            parent,
            text=words,
            command=command,
            style="Icon.TButton",
            cursor="hand2",
            compound="image",
            image=(  # type: ignore[arg-type]
                _draw(theme, icon, "muted"),
                "disabled",
                _draw(theme, icon, "line"),
                "active",
                _draw(theme, icon, "text"),
            ),
        )
        self._theme = theme
        self._words = words
        self._tip: tkinter.Label | None = None
        self._wait = ""
        self.bind("<Enter>", self._soon, add=True)
        self.bind("<FocusIn>", self._soon, add=True)
        for event in ("<Leave>", "<FocusOut>", "<ButtonPress>", "<Destroy>"):
            self.bind(event, self._hide, add=True)

    def _soon(self, _event: tkinter.Event[tkinter.Misc]) -> None:
        if self._tip is None and not self._wait:
            self._wait = self.after(TIP_MS, self._show)

    def _show(self) -> None:
        """The words stand in the window, above or below the button: no window of their own is needed."""
        self._wait = ""
        if self._tip is not None or not self.winfo_viewable():
            return
        theme, px, top = self._theme, self._theme.px, self.winfo_toplevel()
        self._tip = tip = tkinter.Label(
            top,
            text=self._words,
            font=theme.small,
            background=theme.palette.text,
            foreground=theme.palette.window,
            padx=px(8),
            pady=px(4),
        )
        width, height = tip.winfo_reqwidth(), tip.winfo_reqheight()
        left = self.winfo_rootx() - top.winfo_rootx() + (self.winfo_width() - width) // 2
        above = self.winfo_rooty() - top.winfo_rooty() - height - px(4)
        below = above + height + self.winfo_height() + px(8)
        most_left = top.winfo_width() - width - px(4)
        tip.place(x=max(px(4), min(left, most_left)), y=above if above > 0 else below)

    def _hide(self, _event: tkinter.Event[tkinter.Misc]) -> None:
        if self._wait:
            self.after_cancel(self._wait)
            self._wait = ""
        if self._tip is not None:
            self._tip.destroy()
            self._tip = None


def _draw(theme: Theme, icon: Icon, ink: str) -> tkinter.PhotoImage:
    """The sign in the colour that the palette calls ``ink``; drawn once."""

    def draw() -> Raster:
        size = theme.px(SIZE)
        picture = Raster(size, size, theme.rgb(theme.palette.window))
        for points in STROKES[icon]:
            drawn = [(x * size, y * size) for x, y in points]
            picture.stroke(drawn, size * 0.1, theme.rgb(getattr(theme.palette, ink)))
        return picture

    return theme.drawn(f"icon-{icon}-{ink}", draw)
