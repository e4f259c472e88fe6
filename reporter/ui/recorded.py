"""The recorded face: no screen; tests and scripts operate it and read what was drawn."""

from __future__ import annotations

from collections.abc import Callable

from reporter.ui.face import Face
from reporter.ui.presenter import Presenter, View


class RecordedFace(Face):
    """Runs a script against the presenter and keeps every view that a person would have seen.

    ``script`` receives the face; when it returns, the dialog is closed.
    """

    def __init__(self, script: Callable[[RecordedFace], None]) -> None:
        self._script = script
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
        view = self.presenter.view()
        if view != self.views[-1]:
            self.views.append(view)

    @property
    def last(self) -> View:
        """The view as it stands now."""
        return self.presenter.view()
