"""The recorded face: no screen; tests and scripts operate it and read what was drawn."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reporter.ui.face import Face
from reporter.ui.presenter import Presenter, View

WAIT_LIMIT_S = 20.0


class RecordedFace(Face):
    """Runs a script against the presenter and keeps every view that a person would have seen.

    ``script`` receives the face; when it returns, the dialog is closed.
    """

    def __init__(self, script: Callable[[RecordedFace], None]) -> None:
        self._script = script
        self._changed = threading.Condition()
        self.views: list[View] = []
        self.presenter: Presenter

    def run(self, presenter: Presenter) -> None:
        """Show, let the script act, close."""
        self.presenter = presenter
        self.views.append(presenter.view())
        presenter.start(self)
        self._script(self)
        presenter.close()

    def refresh(self) -> None:
        """Keep the view, unless nothing changed."""
        with self._changed:
            view = self.presenter.view()
            if view != self.views[-1]:
                self.views.append(view)
            self._changed.notify_all()

    @property
    def last(self) -> View:
        """The view as it stands now."""
        return self.presenter.view()

    def wait_until(self, reached: Callable[[View], bool]) -> View:
        """The first view from now on for which ``reached`` holds; raises TimeoutError when none comes."""
        with self._changed:
            if not self._changed.wait_for(lambda: reached(self.last), WAIT_LIMIT_S):
                raise TimeoutError(f"the dialog stayed as it is: {self.last}")
            return self.last

    def wait_until_idle(self) -> View:
        """The view when nothing is going on any more."""
        return self.wait_until(lambda view: not view.busy or view.closed)
