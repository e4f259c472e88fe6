"""WindowFace: opens the display and turns Tk's wheel.

Tk lives in one thread, the one that makes this object; other threads only set a flag or put what
they have fetched into a queue, and the wheel looks at both.
"""

from __future__ import annotations

import os
import sys
import threading
import tkinter
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TypeVar

from reporter import program
from reporter.errors import FaceUnavailable
from reporter.ui.brand import OWN, Brand
from reporter.ui.face import Face
from reporter.ui.presenter import Presenter
from reporter.ui.window import screen
from reporter.ui.window.appearance import ask_dark
from reporter.ui.window.dialog import Dialog
from reporter.ui.window.theme import Theme

Answer = TypeVar("Answer")

WHEEL_MS = 50
TICK_EVERY = 5
"""The presenter's tick comes at every fifth turn of the wheel, four times a second."""


class WindowFace(Face):
    """The dialog as a window.

    ``appearance``: ``auto``, ``light`` or ``dark``; ``brand``: its colours and logo. Must be made and run in
    the main thread. Raises FaceUnavailable when no display can be opened.
    """

    def __init__(
        self,
        *,
        appearance: str = "auto",
        environ: Mapping[str, str] = os.environ,
        system: str = sys.platform,
        brand: Brand = OWN,
    ) -> None:
        dark = ask_dark(appearance, system, environ)
        screen.make_aware(system)
        try:
            with program.own_environment():
                self._root = _Root(
                    screenName=environ.get("DISPLAY"),
                    baseName=program.name(),
                    className=program.name().capitalize(),
                )
        except tkinter.TclError as error:
            raise FaceUnavailable(
                f"The window cannot be shown: {error}. Use the terminal face, or set DISPLAY to a display "
                "that can be opened."
            ) from None
        self._root.withdraw()
        self._theme = Theme(self._root, system=system, dark=dark, environ=environ, brand=brand)
        self._changed = threading.Event()
        self._fetched: deque[Callable[[], None]] = deque()
        self._turns = 0
        self._started = False
        self._presenter: Presenter
        self._dialog: Dialog

    def run(self, presenter: Presenter) -> None:
        """Show the window and return when it is closed; the object cannot be run again."""
        root = self._root
        self._presenter = presenter
        self._dialog = Dialog(root, self._theme, presenter, self._fetch)
        root.bind("<Map>", self._mapped)
        self._dialog.show()
        root.after(WHEEL_MS, self._turn)
        try:
            root.mainloop()
        finally:
            presenter.close()
            self._let_go()

    def refresh(self) -> None:
        """Draw again at the next turn of the wheel."""
        self._changed.set()

    def _mapped(self, event: tkinter.Event[tkinter.Misc]) -> None:
        """The window is on the screen: when it is painted too, the presenter may begin."""
        if event.widget is self._root and not self._started:
            self._started = True
            self._root.after_idle(self._painted)

    def _painted(self) -> None:
        self._root.update_idletasks()
        self._presenter.start(self)
        self._root.iconphoto(True, *self._theme.icon())

    def _turn(self) -> None:
        self._turns += 1
        while self._fetched:
            self._fetched.popleft()()
        ticked = self._turns % TICK_EVERY == 0
        if ticked:
            self._presenter.tick()
        if self._changed.is_set() or ticked:
            self._changed.clear()
            if not self._dialog.draw(self._presenter.view()):
                self._root.quit()
                return
        self._root.after(WHEEL_MS, self._turn)

    def _fetch(self, work: Callable[[], Answer], give: Callable[[Answer], None]) -> None:
        def fetch() -> None:
            answer = work()
            self._fetched.append(lambda: give(answer))

        threading.Thread(target=fetch, daemon=True, name="reporter-window").start()

    def _let_go(self) -> None:
        """Take everything of Tk apart here: freed in another thread, it would end the process."""
        import gc

        with suppress(tkinter.TclError):  # the system has already closed it, or the display is gone
            for waiting in self._root.tk.splitlist(self._root.tk.call("after", "info")):
                self._root.tk.call("after", "cancel", waiting)
            self._root.destroy()
        del self._dialog, self._theme, self._root
        gc.collect()


class _Root(tkinter.Tk):
    """The main window, without Tk's habit of running scripts found in the home directory."""

    def readProfile(self, baseName: str, className: str) -> None:  # noqa: N802, N803 - Tk's names
        """Read nothing."""

    readprofile = readProfile

    def report_callback_exception(
        self, exc: type[BaseException], val: BaseException, tb: TracebackType | None
    ) -> None:
        """Keep a fault in drawing out of the person's way; the log has it. Ctrl+C closes."""
        if issubclass(exc, KeyboardInterrupt):
            self.quit()
            return
        import logging

        logging.getLogger("reporter.window").error("The window met a fault", exc_info=(exc, val, tb))
