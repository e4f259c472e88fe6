"""Photo: a picture as Tk can show it, in its own size or smaller.

Tk makes a picture smaller by leaving pixels out. Where ``scaled`` is given, it is asked on another thread
for a better one of the same width, which takes the place of the first.
"""

from __future__ import annotations

import threading
import tkinter
from collections.abc import Callable

from reporter.ui.window.sketch import FULL, Zoom

LOOK_MS = 40
STRIP_STEPS = 16

Scaled = Callable[[int], bytes]
"""The picture as PNG, this many pixels wide; may take a moment."""


class Photo:
    """``master`` is the widget that shows it; ``changed`` is called when a better picture has come."""

    def __init__(
        self, master: tkinter.Misc, png: bytes, *, scaled: Scaled | None, changed: Callable[[], None]
    ) -> None:
        self._master = master
        self._scaled = scaled
        self._changed = changed
        self._full = self._load(png)
        self._zoom = FULL
        self.shown = self._full
        """The picture at the zoom that was asked for last; None where it cannot be read."""
        self._better: dict[int, bytes] = {}
        self._looking = ""

    def show(self, zoom: Zoom) -> None:
        """Have the picture ready at this zoom."""
        if zoom == self._zoom or self._full is None:
            return
        self._zoom = zoom
        self._stop_looking()
        width = zoom.shown(self._full.width())
        if zoom == FULL:
            self.shown = self._full
        elif width in self._better:
            self.shown = self._load(self._better[width])
        else:
            self.shown = smaller(self._full, zoom)
            if self._scaled is not None:
                self._ask_for_better(self._scaled, width)

    def let_go(self) -> None:
        """Free the pictures here: in another thread their end could be that of the process."""
        self._full = self.shown = None
        self._better.clear()
        self._stop_looking()

    def _stop_looking(self) -> None:
        """What was asked for another width may come, and is not used."""
        if self._looking:
            self._master.after_cancel(self._looking)
            self._looking = ""

    def _load(self, png: bytes) -> tkinter.PhotoImage | None:
        try:
            return tkinter.PhotoImage(master=self._master, data=png, format="png")
        except tkinter.TclError:
            return None

    def _ask_for_better(self, scaled: Scaled, width: int) -> None:
        answers: list[bytes] = []

        def work() -> None:
            try:
                answers.append(scaled(width))
            except Exception:
                import logging

                logging.getLogger("reporter.window").warning("The picture was not scaled", exc_info=True)
                answers.append(b"")

        def look() -> None:
            if not answers:
                self._looking = self._master.after(LOOK_MS, look)
                return
            self._looking = ""
            better = self._load(answers[0]) if answers[0] else None
            if better is not None:
                self._better = {width: answers[0]}
                self.shown = better
                self._changed()

        threading.Thread(target=work, daemon=True, name="reporter-scaling").start()
        self._looking = self._master.after(LOOK_MS, look)


def smaller(picture: tkinter.PhotoImage, zoom: Zoom) -> tkinter.PhotoImage:
    """``picture`` at ``zoom``, made by leaving pixels out.

    Tk repeats pixels only after it left some out, so other zooms than 1 / n take steps between. They go
    strip by strip and one direction after the other: what lies between stays small.
    """
    call = picture.tk.call
    made = tkinter.PhotoImage(master=picture.tk)
    if zoom.up == 1:
        call(made, "copy", picture, "-subsample", zoom.down, zoom.down)
        return made
    width, height = picture.width(), picture.height()
    wide, narrow, tall = (tkinter.PhotoImage(master=picture.tk) for _ in range(3))
    strip = zoom.down * STRIP_STEPS
    for top in range(0, height, strip):
        box = (0, top, width, min(height, top + strip))
        for source, target, how in (
            (picture, wide, ("-from", *box, "-zoom", zoom.up, 1, "-shrink")),
            (wide, narrow, ("-subsample", zoom.down, 1, "-shrink")),
            (narrow, tall, ("-zoom", 1, zoom.up, "-shrink")),
            (tall, made, ("-subsample", 1, zoom.down, "-to", 0, top // zoom.down * zoom.up)),
        ):
            call(target, "copy", source, *how, "-compositingrule", "set")
    return made
