"""Drop: files that are dropped on the window, where Tk has been taught to notice."""

from __future__ import annotations

import tkinter
from collections.abc import Callable


def accept_files(widget: tkinter.Misc, take: Callable[[str], object]) -> bool:
    """Let a file be dropped on ``widget``; false where the extension for it, tkinterdnd2, is not there."""
    try:
        from tkinterdnd2 import TkinterDnD

        TkinterDnD._require(widget)
        widget.tk.call("tkdnd::drop_target", "register", str(widget), ("DND_Files",))
    except (ImportError, RuntimeError, tkinter.TclError):
        return False

    def dropped(*paths: str) -> str:
        for path in paths[:1]:
            take(str(path))
        return "copy"

    # Tkinter's own binding does not know the field %D, a list of the files.
    command = widget.register(dropped)
    widget.tk.call("bind", str(widget), "<<Drop>>", f"{command} {{*}}%D")
    return True
