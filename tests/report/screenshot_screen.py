"""Screen: an X server of our own, with windows of other processes in colours that can be looked for."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from typing import Any

from Xlib.display import Display

START_LIMIT_S = 20.0

PROGRAM = """
import sys, tkinter
title, colour, geometry, kind = sys.argv[1:]
root = tkinter.Tk()
root.title(title)
root.configure(background=colour)
root.geometry(geometry)
if kind == "menu":
    root.overrideredirect(True)
root.wait_visibility()
root.update()
print(int(root.wm_frame(), 16), flush=True)
root.mainloop()
"""


class Shown:
    """A window of another process, filled with one colour."""

    def __init__(self, process: subprocess.Popen[str], number: int) -> None:
        self.process = process
        self.pid = process.pid
        self.id = number

    def end(self) -> None:
        """End its process; the server takes the window away."""
        self.process.terminate()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


class Screen:
    """``size`` is ``WIDTHxHEIGHT``; there is no window manager: later windows lie over earlier ones."""

    def __init__(self, size: str = "800x600") -> None:
        reader, writer = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=[writer],
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        with os.fdopen(reader) as answer:
            ready, _, _ = select.select([answer], [], [], START_LIMIT_S)
            self.name = f":{answer.readline().strip()}" if ready else ""
        assert self.name not in ("", ":"), "Xvfb did not start"
        self.display: Any = Display(self.name)
        self.root = self.display.screen().root
        self.environ = {"DISPLAY": self.name}
        self._shown: list[Shown] = []

    def show(self, title: str, colour: str, geometry: str, kind: str = "window") -> Shown:
        """A window of a new process. ``kind``: ``menu`` for one that no window manager would manage."""
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, title, colour, geometry, kind],
            env={**os.environ, "DISPLAY": self.name},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the program with the window did not start"
        shown = Shown(process, self._outermost(int(line)))
        self._shown.append(shown)
        return shown

    def _outermost(self, number: int) -> int:
        """What a window of a toolkit lies in, as the root window knows it."""
        window = self.window(number)
        while (parent := window.query_tree().parent) != self.root:
            window = parent
        return int(window.id)

    def window(self, number: int) -> Any:
        """The window of this id, as this connection knows it."""
        return self.display.create_resource_object("window", number)

    def atom(self, name: str) -> int:
        """The number of a name."""
        return int(self.display.intern_atom(name))

    def set_atoms(self, number: int, name: str, *values: str) -> None:
        """A property that holds names."""
        self.window(number).change_property(
            self.atom(name), self.atom("ATOM"), 32, [self.atom(value) for value in values]
        )
        self.display.sync()

    def set_numbers(self, number: int, name: str, *values: int) -> None:
        """A property that holds numbers."""
        self.window(number).change_property(self.atom(name), self.atom("CARDINAL"), 32, list(values))
        self.display.sync()

    def clear(self) -> None:
        """Take every window away, and what the tests have told of the screen."""
        for shown in self._shown:
            shown.end()
        self._shown.clear()
        self.root.delete_property(self.atom("_NET_CURRENT_DESKTOP"))
        self.display.sync()

    def signal(self, number: signal.Signals) -> None:
        """Stop the server, or let it go on."""
        self._server.send_signal(number)

    def end(self) -> None:
        """End the server."""
        self.clear()
        self.display.close()
        self._server.terminate()
        self._server.wait()
