"""The silent face: nobody is there to see anything."""

from __future__ import annotations

import threading

from reporter.ui.face import Face
from reporter.ui.presenter import Presenter


class SilentFace(Face):
    """Shows nothing; the cause is still looked for, so that a report can hold it."""

    is_silent = True

    def __init__(self) -> None:
        self._changed = threading.Event()

    def run(self, presenter: Presenter) -> None:
        """Return when the cause was looked for."""
        presenter.start(self)
        while presenter.view().busy:
            self._changed.wait()
            self._changed.clear()
        presenter.close()

    def refresh(self) -> None:
        """Look at the view again."""
        self._changed.set()
