"""Keys: the whole dialog without a mouse, and the mouse's wheel."""

from __future__ import annotations

import tkinter
from tkinter import ttk
from typing import TYPE_CHECKING

from reporter.ui.window.prose import SCROLL_KEYS

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog

WHEEL_LINES = 3
# Editing keys while the keyboard is switched to Russian or Ukrainian: the letter that X11 tells, and the
# code of the key, which is all that Windows tells.
CYRILLIC = {
    "<<Copy>>": ("Cyrillic_es", 67),
    "<<Paste>>": ("Cyrillic_em", 86),
    "<<Cut>>": ("Cyrillic_che", 88),
    "<<SelectAll>>": ("Cyrillic_ef", 65),
    "<<Undo>>": ("Cyrillic_ya", 90),
}


def bind_keys(dialog: Dialog) -> None:
    """Escape closes, Enter presses the button that has the focus or stands out, the rest scrolls."""
    root = dialog.root
    root.bind("<Escape>", lambda _: dialog.escape())
    for key in ("<Return>", "<KP_Enter>"):
        root.bind(key, lambda event: _enter(dialog, event.widget))
    root.bind("<Key>", lambda _: dialog.touch(), add=True)
    root.bind("<Button>", lambda _: dialog.touch(), add=True)
    root.bind("<FocusIn>", lambda event: _reveal(dialog, event.widget), add=True)
    for name, number, what in SCROLL_KEYS:

        def scroll(event: tkinter.Event[tkinter.Misc], number: int = number, what: str = what) -> None:
            if _scrolls_nothing(event.widget):
                dialog.page.area.scroll(number, what)

        root.bind(f"<{name}>", scroll)
    for wheel in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
        root.bind(wheel, lambda event: _wheel(dialog, event))
    _bind_cyrillic(root)


def _enter(dialog: Dialog, widget: tkinter.Misc) -> None:
    if isinstance(widget, ttk.Button):
        widget.invoke()
    elif isinstance(widget, tkinter.Text) and str(widget.cget("state")) == "normal":
        return  # a new line in the story
    elif dialog.page.primary is not None:
        dialog.page.primary.invoke()


def _reveal(dialog: Dialog, widget: tkinter.Misc) -> None:
    if dialog.page.area.holds(widget):
        dialog.page.area.reveal(widget)


def _wheel(dialog: Dialog, event: tkinter.Event[tkinter.Misc]) -> None:
    if _scrolls_nothing(event.widget):
        up = event.num == 4 or event.delta > 0
        dialog.page.area.scroll(-WHEEL_LINES if up else WHEEL_LINES, "units")


def _scrolls_nothing(widget: tkinter.Misc) -> bool:
    """Whether keys and wheel are free to scroll the page."""
    return not isinstance(widget, tkinter.Text) or widget.yview() == (0.0, 1.0)


def _bind_cyrillic(root: tkinter.Tk) -> None:
    system = root.tk.call("tk", "windowingsystem")
    if system == "x11":
        for event, (letter, _) in CYRILLIC.items():
            root.event_add(event, f"<Control-{letter}>")
        root.event_add("<<SelectAll>>", "<Control-a>")
    elif system == "win32":
        events = {code: event for event, (_, code) in CYRILLIC.items()}

        def by_code(event: tkinter.Event[tkinter.Misc]) -> None:
            if event.keysym == "??" and event.keycode in events:
                event.widget.event_generate(events[event.keycode])

        root.bind_all("<Control-Key>", by_code)
