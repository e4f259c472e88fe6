"""Screen: an X server of our own, its picture, and a person who operates the real window on it."""

from __future__ import annotations

import os
import select
import subprocess
import time
import tkinter
from collections.abc import Callable, Generator
from tkinter import ttk
from types import TracebackType

from Xlib import X
from Xlib.display import Display

from reporter.texts import Translator
from reporter.ui.brand import OWN, Brand
from reporter.ui.presenter import Presenter
from reporter.ui.window import WindowFace
from tests.ui.desk import FakeDesk

START_LIMIT_S = 10.0
STEP_LIMIT_S = 10.0
STEP_MS = 10

Condition = Callable[[], object]
Script = Generator[Condition | None, None, None]


class Screen:
    """``size`` is ``WIDTHxHEIGHT``; there is no window manager."""

    def __init__(self, size: str, dpi: int) -> None:
        reader, writer = os.pipe()
        screen = ("-screen", "0", f"{size}x24", "-dpi", str(dpi))
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-nolisten", "tcp", "-noreset", *screen],
            pass_fds=[writer],
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        with os.fdopen(reader) as answer:
            ready, _, _ = select.select([answer], [], [], START_LIMIT_S)
            self.name = f":{answer.readline().strip()}" if ready else ""
        assert self.name not in ("", ":"), "Xvfb did not start"
        self._display = Display(self.name)

    def picture(self, widget: tkinter.Misc) -> bytes:
        """What can be seen where ``widget`` is: four bytes a pixel, blue, green, red and nothing."""
        left, top = widget.winfo_rootx(), widget.winfo_rooty()
        image = self._display.screen().root.get_image(
            left, top, widget.winfo_width(), widget.winfo_height(), X.ZPixmap, 0xFFFFFFFF
        )
        return bytes(image.data)

    def type_keys(self, *keys: str) -> None:
        """Press keys as a person does, through the X server, in whatever window has the focus."""
        environ = {**os.environ, "DISPLAY": self.name}
        subprocess.run(["xdotool", "key", "--delay", "5", *keys], env=environ, check=True)

    def mouse(self, *words: object) -> None:
        """Move and press the real mouse, in xdotool's words."""
        environ = {**os.environ, "DISPLAY": self.name}
        subprocess.run(["xdotool", *map(str, words)], env=environ, check=True)

    def end(self) -> None:
        """End the server."""
        self._display.close()
        self._server.terminate()
        self._server.wait()


class Person:
    """Operates the window: a script acts, and yields what it waits for."""

    def __init__(
        self,
        screen: Screen,
        desk: FakeDesk,
        texts: Translator,
        *,
        appearance: str = "light",
        clock: Callable[[], float] = lambda: 0.0,
        brand: Brand = OWN,
    ) -> None:
        self.screen = screen
        self.presenter = Presenter(desk, texts, clock=clock, jitter=lambda: 0.0)
        environ = {"DISPLAY": screen.name, "HOME": "/nonexistent"}
        self.face = WindowFace(appearance=appearance, environ=environ, system="linux", brand=brand)
        self.root: tkinter.Tk = self.face._root
        self._faults: list[BaseException] = []
        self._script: Script
        self._waits_for: Condition | None = None
        self._deadline = 0.0

    def run(self, script: Script) -> None:
        """Show the window until the script is through, then close it; raises what the script raised."""
        self._script = script

        usual = self.root.report_callback_exception

        def fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            if isinstance(error, KeyboardInterrupt):
                usual(kind, error, trace)
                return
            self._faults.append(error)
            self.presenter.close()

        self.root.report_callback_exception = fault
        # Without a window manager nobody gives the keyboard to a new window.
        self.root.bind("<Map>", lambda _: self.root.focus_force(), add=True)
        self.root.after(STEP_MS, self._step)
        self.face.run(self.presenter)
        if self._faults:
            raise self._faults[0]

    def _step(self) -> None:
        if self._waits_for is not None and not self._waits_for():
            assert time.monotonic() < self._deadline, "what the person waits for never came"
        else:
            try:
                self._waits_for = next(self._script)
            except StopIteration:
                self.presenter.close()
                return
            self._deadline = time.monotonic() + STEP_LIMIT_S
        self.root.after(STEP_MS, self._step)

    def idle(self) -> bool:
        """Nothing is going on, and the window shows that."""
        view = self.presenter.view()
        return self.face._started and not view.busy and self.face._dialog._view == view

    def widgets(self, within: tkinter.Misc | None = None) -> list[tkinter.Misc]:
        """Every widget that is on the screen, outermost first."""
        found: list[tkinter.Misc] = []
        waiting = [within or self.root]
        while waiting:
            widget = waiting.pop(0)
            if widget.winfo_ismapped():
                found.append(widget)
                waiting.extend(widget.winfo_children())
        return found

    def texts(self) -> list[str]:
        """All that can be read in the windows, widget by widget."""
        read = []
        for widget in self.widgets():
            if isinstance(widget, tkinter.Text):
                read.append(widget.get("1.0", "end-1c"))
            elif isinstance(widget, ttk.Entry):
                read.append(widget.get())
            elif isinstance(widget, ttk.Label | ttk.Button | ttk.Checkbutton | ttk.Radiobutton):
                read.append(str(widget.cget("text")))
        return read

    def reads(self, part: str) -> bool:
        """Whether ``part`` stands somewhere in the windows."""
        return any(part in text for text in self.texts())

    def button(self, label: str) -> ttk.Button:
        """The button or link that is labelled so."""
        found = [w for w in self.widgets() if isinstance(w, ttk.Button) and str(w.cget("text")) == label]
        assert len(found) == 1, f"{len(found)} buttons are labelled {label!r}: {self.texts()}"
        return found[0]

    def choose(self, label: str) -> None:
        """Choose the check box or the segment that is labelled so."""
        kinds = (ttk.Checkbutton, ttk.Radiobutton)
        found = [w for w in self.widgets() if isinstance(w, kinds) and str(w.cget("text")) == label]
        assert len(found) == 1, f"{len(found)} choices are labelled {label!r}"
        found[0].invoke()

    def click(self, label: str) -> None:
        """Press the mouse on the button that is labelled so."""
        button = self.button(label)
        button.event_generate("<Enter>")
        button.event_generate("<ButtonPress-1>", x=5, y=5)
        button.event_generate("<ButtonRelease-1>", x=5, y=5)

    def press(self, key: str) -> None:
        """Press a key where the focus is."""
        (self.root.focus_get() or self.root).event_generate(key)

    def clipboard(self) -> str:
        """What was copied last; empty where nothing was."""
        try:
            return self.root.clipboard_get()
        except tkinter.TclError:
            return ""

    def write(self, text: str) -> None:
        """Type a text where the focus is."""
        for letter in text:
            widget = self.root.focus_get()
            assert isinstance(widget, tkinter.Text | ttk.Entry), f"nothing to write in: {widget}"
            widget.insert("insert", letter)
