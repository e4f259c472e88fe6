"""The recorded face: no screen; tests and scripts operate it and read what was drawn."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reporter.report.drawing import Mark, Picture
from reporter.report.model import Story
from reporter.ui.face import Face
from reporter.ui.presenter import Presenter
from reporter.ui.view import View

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

    def write(self, story: Story) -> None:
        """Open the form and write, as a person who takes their time."""
        self.presenter.compose()
        self.presenter.write(story)
        self.presenter.keep()

    def add_screenshot(self, marks: list[Mark], *, of: str = "monitor") -> Picture | None:
        """Take a picture of the first source of the kind ``of``, draw ``marks``, attach it; None where that
        did not work: the remark says why."""
        source = next((one for one in self.presenter.pictures.sources() if one.kind == of), None)
        picture = self.presenter.pictures.take(source.id) if source is not None else None
        if picture is not None:
            self.presenter.attach(picture, [*picture.marks, *marks])
        return picture

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
