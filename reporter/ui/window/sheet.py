"""Sheet: a second window with a text to read, select and copy."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import ttk

from reporter.ui.window import screen
from reporter.ui.window.parts import CopyLink, WrapLabel
from reporter.ui.window.prose import TextBox
from reporter.ui.window.theme import GAP, MARGIN, RING, Theme

LINES = 22
OFFSET = 40


class Sheet:
    """``heading`` over a text that may take a moment to come; the dialog stays open and usable."""

    def __init__(
        self,
        root: tkinter.Tk,
        theme: Theme,
        say: Callable[[str], str],
        *,
        title: str,
        heading: str,
    ) -> None:
        self._root = root
        self._window = window = tkinter.Toplevel(root, background=theme.palette.window, class_="Reporter")
        window.withdraw()
        window.title(title)
        window.transient(root)
        px = theme.px
        width = min(px(screen.WIDTH), root.winfo_screenwidth())
        side = px(MARGIN) - px(RING)
        footer = ttk.Frame(window, style="Footer.TFrame", padding=(px(MARGIN) - px(RING), px(GAP) - px(RING)))
        footer.pack(side="bottom", fill="x")
        ttk.Frame(window, style="Line.TFrame", height=max(1, px(1))).pack(side="bottom", fill="x")
        body = ttk.Frame(window, padding=(side, px(24), side, px(12)))
        body.pack(side="top", fill="both", expand=True)
        WrapLabel(body, style="Strong.TLabel", text=heading, width_px=width - 2 * px(MARGIN)).pack(
            fill="x", padx=px(RING)
        )
        self._box = TextBox(body, theme, lines=LINES, font=theme.fixed, readonly=True)
        self._box.set(say("Collecting…"))
        copy = CopyLink(body, say("Copy"), say("Copied"), self._box.get)
        copy.pack(side="bottom", anchor="w", pady=(px(4), 0))
        self._box.pack(fill="both", expand=True, padx=px(RING), pady=(px(12), 0))
        close = ttk.Button(
            footer, text=say("Close"), command=self.close, style="Primary.TButton", default="active"
        )
        close.pack(side="right")
        window.bind("<Escape>", lambda _: self.close())
        window.protocol("WM_DELETE_WINDOW", self.close)
        height = self._fit(screen.room(root, theme.scale)[1])
        left = min(root.winfo_x() + px(OFFSET), root.winfo_screenwidth() - width)
        top = min(root.winfo_y() + px(OFFSET), root.winfo_screenheight() - height)
        window.geometry(f"{width}x{height}+{max(0, left)}+{max(0, top)}")
        window.minsize(px(360), px(240))
        window.deiconify()
        self._box.text.focus_set()

    def _fit(self, most_height: int) -> int:
        """The height at which whole lines are seen, as many as the screen has room for."""
        self._window.update_idletasks()
        height = self._window.winfo_reqheight()
        if height > most_height:
            line = self._box.winfo_reqheight() // LINES
            fewer = min(LINES - 3, -(-(height - most_height) // line))
            self._box.text.configure(height=LINES - fewer)
            self._window.update_idletasks()
            height = self._window.winfo_reqheight()
        return height

    @property
    def open(self) -> bool:
        """Whether the person has not closed it yet."""
        return bool(self._window.winfo_exists())

    def show(self, text: str) -> None:
        """The text has come."""
        if self.open:
            self._box.set(text)

    def lift(self) -> None:
        """Bring it to the front again."""
        self._window.lift()
        self._box.text.focus_set()

    def close(self) -> None:
        """Close this window only, and give the keyboard back to the dialog."""
        had_focus = self._window.focus_displayof() is not None
        self._window.destroy()
        if had_focus:
            self._root.focus_force()
