"""Face: what every way of showing the dialog has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporter.ui.presenter import Presenter


class Face(ABC):
    """Draws ``presenter.view()`` and passes on what the person does; decides nothing.

    ``in_terminal``: shares the terminal with the program that failed; ``is_silent``: shows nothing.
    """

    in_terminal = False
    is_silent = False

    @abstractmethod
    def run(self, presenter: Presenter) -> None:
        """Show the dialog and return when it is closed.

        Calls ``presenter.start(self)`` as soon as the first view is visible, so that the person
        sees a message before anything is measured. Raises FaceUnavailable before showing anything.
        """

    @abstractmethod
    def refresh(self) -> None:
        """The view has changed: draw it again soon. Called from any thread; never blocks or raises."""
