"""Annex: a second window beside the dialog, with a body and a row of buttons."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import ttk
from typing import Protocol

from reporter import program
from reporter.ui.window import screen
from reporter.ui.window.theme import GAP, MARGIN, RING, Theme

OFFSET = 40
WHEEL_LINES = 3


class Owner(Protocol):
    """What a second window needs of the dialog it belongs to."""

    @property
    def root(self) -> tkinter.Tk:
        """The dialog's window."""

    @property
    def theme(self) -> Theme:
        """How everything looks."""

    @property
    def say(self) -> Callable[..., str]:
        """The translator's ``say``."""


class Annex:
    """Made hidden; ``appear`` places it over the dialog. Closing it leaves the dialog.

    ``window``, ``body`` and ``footer`` are for those who fill it. Enter presses the button that has the
    focus, or ``primary``; Escape does what ``escape`` says.
    """

    def __init__(self, owner: Owner, title: str) -> None:
        self.root = owner.root
        self.theme = theme = owner.theme
        self.say = owner.say
        px = theme.px
        theme.need_fields()
        self.window = window = tkinter.Toplevel(
            owner.root, background=theme.palette.window, class_=program.name().capitalize()
        )
        window.withdraw()
        window.title(title)
        window.transient(owner.root)
        edge = px(GAP) - px(RING)
        self.footer = ttk.Frame(window, style="Footer.TFrame", padding=(px(MARGIN) - px(RING), edge))
        self.footer.pack(side="bottom", fill="x")
        ttk.Frame(window, style="Line.TFrame", height=max(1, px(1))).pack(side="bottom", fill="x")
        side = px(MARGIN) - px(RING)
        self.body = ttk.Frame(window, padding=(side, px(20), side, px(GAP)))
        self.body.pack(side="top", fill="both", expand=True)
        self.footer.lift()  # Tab follows the order of the windows
        self._leftmost: ttk.Button | None = None
        self.primary: ttk.Button | None = None
        window.bind("<Escape>", lambda _: self.escape())
        window.protocol("WM_DELETE_WINDOW", self.ask_close)
        for key in ("<Return>", "<KP_Enter>"):
            window.bind(key, lambda event: self._enter(event.widget))

    @property
    def open(self) -> bool:
        """Whether the person has not closed it yet."""
        return bool(self.window.winfo_exists())

    def lift(self) -> None:
        """Bring it to the front again."""
        self.window.deiconify()
        self.window.lift()
        self.first_focus().focus_set()

    def first_focus(self) -> tkinter.Misc:
        """The control that has the keyboard when the window opens."""
        return self.window

    def escape(self) -> None:
        """What the Escape key does."""
        self.ask_close()

    def ask_close(self) -> None:
        """What the window's own closing button does."""
        self.close()

    def close(self) -> None:
        """Close this window only, and give the keyboard back to the dialog."""
        if not self.open:
            return
        had_focus = self.window.focus_displayof() is not None
        self.window.destroy()
        if had_focus:
            self.root.focus_force()

    def appear(self, width: int, height: int, least: tuple[int, int]) -> None:
        """Show it, at most as large as the screen allows, a little aside of the dialog. It can be made as
        small as ``least``, if the buttons have room there."""
        root, px = self.root, self.theme.px
        most_width, most_height = screen.room(root, self.theme.scale)
        width, height = min(width, most_width), min(height, most_height)
        spare = screen.spare(self.theme.scale) // 2
        left = min(root.winfo_x() + px(OFFSET), root.winfo_screenwidth() - width)
        top = min(root.winfo_y() + px(OFFSET), root.winfo_screenheight() - height - spare)
        self.window.geometry(f"{width}x{height}+{max(0, left)}+{max(0, top)}")
        self.window.update_idletasks()
        narrowest = max(least[0], self.footer.winfo_reqwidth())
        self.window.minsize(min(narrowest, width), min(least[1], height))
        self.window.deiconify()
        self.first_focus().focus_set()

    def button(self, text: str, command: Callable[[], object], *, side: str = "right") -> ttk.Button:
        """A button of the footer; those on the right are made from the right."""
        made = ttk.Button(self.footer, text=text, command=command)
        gap = self.theme.px(10)
        made.pack(side=side, padx=(gap, 0) if side == "right" else (0, gap))  # type: ignore[arg-type]
        if side == "right":
            if self._leftmost is not None:
                made.lower(self._leftmost)
            self._leftmost = made
        return made

    def choose_primary(self, button: ttk.Button) -> None:
        """Make ``button`` the one that stands out and that Enter presses."""
        button.configure(style="Primary.TButton", default="active")
        self.primary = button

    def _enter(self, widget: tkinter.Misc) -> None:
        if isinstance(widget, ttk.Button):
            widget.invoke()
        elif self.primary is not None:
            self.primary.invoke()


def turned(event: tkinter.Event[tkinter.Misc]) -> int:
    """How many lines a turn of the wheel scrolls, negative upwards."""
    return -WHEEL_LINES if event.num == 4 or event.delta > 0 else WHEEL_LINES
