"""StandIn: a small window in the dialog's place, and a person with a real mouse and keyboard."""

from __future__ import annotations

import os
import subprocess
import time
import tkinter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from reporter.texts import Translator
from reporter.ui.window.theme import Theme
from tests.ui.screen import Screen

WAIT_LIMIT_S = 10.0


class StandIn:
    """What a second window needs of the dialog: ``root``, ``theme`` and ``say``."""

    def __init__(self, screen: Screen, texts: Translator, appearance: str) -> None:
        self.root = tkinter.Tk(screenName=screen.name, className="Reporter")
        self.theme = Theme(self.root, system="linux", dark=lambda: appearance == "dark", environ={})
        self.say = texts.say
        self.faults: list[BaseException] = []
        self._screen = screen
        self.root.report_callback_exception = self._fault
        name = self.root.register(lambda message, _: self.faults.append(tkinter.TclError(message)))
        self.root.tk.call("interp", "bgerror", "", name)
        self.root.geometry("656x300+0+0")
        self.root.update()

    def wait(self, until: Callable[[], object]) -> None:
        """Let Tk work until this is so."""
        deadline = time.monotonic() + WAIT_LIMIT_S
        while True:
            self.root.update()
            if self.faults:
                raise self.faults[0]
            if until():
                return
            assert time.monotonic() < deadline, "what the person waits for never came"
            time.sleep(0.005)

    def settle(self) -> None:
        """Let Tk work until what was planned for soon has happened."""
        done: list[bool] = []
        self.root.after(150, lambda: done.append(True))
        self.wait(lambda: done)

    def focus(self, widget: tkinter.Misc) -> None:
        """Give the keyboard to a window: without a window manager nobody else does."""
        self.wait(widget.winfo_viewable)
        widget.focus_force()
        self.wait(lambda: self.root.focus_get() is widget)

    def keys(self, *keys: str) -> None:
        """Press keys one after the other."""
        self._act("key", "--delay", "5", *keys)

    def write(self, text: str) -> None:
        """Type a text."""
        self._act("type", "--delay", "5", text)

    def mouse(self, *words: object) -> None:
        """One thing done with the mouse, in xdotool's words."""
        self._act(*map(str, words))

    def leave(self) -> None:
        """Take the pointer, the keyboard and the windows away one by one: Tk remembers of a display who had
        its focus, and trips over a window that was taken apart with it."""
        width, height = self.root.winfo_screenwidth(), self.root.winfo_screenheight()
        environ = {**os.environ, "DISPLAY": self._screen.name}
        corner = (str(width - 1), str(height - 1))
        subprocess.run(["xdotool", "mousemove", *corner], env=environ, check=True)
        self.root.focus_force()
        self.root.update()
        for child in self.root.winfo_children():
            if isinstance(child, tkinter.Toplevel):
                child.destroy()
        self.root.update()

    def _act(self, *words: str) -> None:
        environ = {**os.environ, "DISPLAY": self._screen.name}
        subprocess.run(["xdotool", *words], env=environ, check=True)
        self.settle()

    def _fault(self, _kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        self.faults.append(error)


@contextmanager
def stand_in(screen: Screen, texts: Translator, appearance: str = "light") -> Iterator[StandIn]:
    """A stand-in that is taken apart at the end, in this thread."""
    import gc

    made = StandIn(screen, texts, appearance)
    try:
        yield made
    finally:
        made.leave()
        for waiting in made.root.tk.splitlist(made.root.tk.call("after", "info")):
            made.root.tk.call("after", "cancel", waiting)
        made.root.destroy()
        faults = made.faults
        del made
        gc.collect()
    if faults:
        raise faults[0]
