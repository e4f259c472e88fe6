"""A window of another program, out of which files are dragged: ``python drag_source.py FILE…``."""

from __future__ import annotations

import sys
import tkinter
from pathlib import Path
from typing import Any

from tkinterdnd2 import COPY, DND_FILES, TkinterDnD

SIDE_PX = 80


def told(line: str) -> None:
    """Say something to the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(files: list[str]) -> None:
    """Stand in the lower right corner of the screen until the input is closed."""
    root = TkinterDnD.Tk(className="DragSource")
    root.overrideredirect(True)
    left, top = root.winfo_screenwidth() - SIDE_PX, root.winfo_screenheight() - SIDE_PX
    root.geometry(f"{SIDE_PX}x{SIDE_PX}+{left}+{top}")
    handle: Any = tkinter.Label(root, text="drag")  # the extension adds verbs to every widget
    handle.pack(fill="both", expand=True)
    handle.drag_source_register(1, DND_FILES)
    # Left to itself the extension has Tk send addresses as 32-bit numbers, which no other program does.
    root.tk.eval("proc ::tkdnd::xdnd::getFormatForType {type} {return UTF8_STRING}")
    addresses = tuple(Path(file).as_uri() for file in files)
    handle.dnd_bind("<<DragInitCmd>>", lambda _: (COPY, DND_FILES, (addresses,)))
    handle.dnd_bind("<<DragEndCmd>>", lambda event: told(f"end {event.action}"))
    root.update()
    told("ready")
    root.createfilehandler(sys.stdin, tkinter.READABLE, lambda *_: root.destroy())
    root.mainloop()


if __name__ == "__main__":
    main(sys.argv[1:])
