"""Pictures from elsewhere: what was copied, and files that are dropped on the window."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

PICTURE_TYPES = ("image/png", "image/jpeg", "image/bmp")
TEXT_TYPES = {"UTF8_STRING", "STRING", "TEXT", "text/plain", "text/plain;charset=utf-8"}


def copied_picture(widget: tkinter.Misc, *, beside_text: bool = True) -> bytes:
    """The picture on the clipboard as a file, empty where there is none.

    ``beside_text`` false: nothing either where the same can be had as text, which is pasted as such. X11
    hands out what programs offer; Tk has no such way on Windows and macOS, where the answer is empty.
    """
    if widget.tk.call("tk", "windowingsystem") != "x11":
        return b""
    try:
        offered = set(_copied(widget, "TARGETS").split())
        if not beside_text and offered & TEXT_TYPES:
            return b""
        wanted = next((kind for kind in PICTURE_TYPES if kind in offered), "")
        if not wanted:
            return b""
        return from_numbers(_copied(widget, wanted))
    except (tkinter.TclError, ValueError):
        return b""


def _copied(widget: tkinter.Misc, kind: str) -> str:
    return str(widget.tk.call("selection", "get", "-selection", "CLIPBOARD", "-type", kind))


def from_numbers(told: str) -> bytes:
    """Bytes that Tk tells as numbers, ``0x89 0x50 …``; raises ValueError for anything else."""
    return bytes(int(number, 16) & 0xFF for number in told.split())


def accept_files(widget: tkinter.Misc, take: Callable[[str], object]) -> bool:
    """Let a file be dropped on ``widget``; false where the extension for it, tkinterdnd2, is not there."""
    try:
        from tkinterdnd2 import TkinterDnD

        TkinterDnD._require(widget.nametowidget("."))
        widget.tk.call("tkdnd::drop_target", "register", str(widget), ("DND_Files",))
    except (ImportError, RuntimeError, tkinter.TclError):
        return False

    def dropped(data: str) -> str:
        for path in widget.tk.splitlist(data)[:1]:
            take(str(path))
        return "copy"

    # Tkinter's own binding does not know the field %D, which names the files.
    command: Any = widget.register(dropped)
    widget.tk.call("bind", str(widget), "<<Drop>>", f"{command} %D")
    return True
