"""QuestionPage: asked before a report that was begun is left unsent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporter.ui.view import View
from reporter.ui.window.marks import Mark
from reporter.ui.window.parts import Page
from reporter.ui.window.prose import Prose

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog


class QuestionPage(Page):
    """Stands in the place of the page it interrupts; to keep writing is the answer that Enter gives.

    What was written is kept unless the person says otherwise; screenshots are not, and the page says so.
    """

    def __init__(self, dialog: Dialog) -> None:
        super().__init__(dialog.root, dialog.theme)
        self._say = say = dialog.say
        self.head(Mark.NOTE).set([say("Close without sending?")])
        self._text = Prose(self.body, self.theme, width_px=self.column)
        self._text.grid(row=1, column=1, sticky="we", pady=(self.theme.px(12), 0))
        self.button(say("Do not keep it"), dialog.presenter.discard)
        self.button(say("Close"), dialog.presenter.close)
        self.button(say("Keep writing"), dialog.keep_writing, primary=True)

    def draw(self, view: View) -> None:
        """Say what will be there the next time."""
        lines = [self._say("Your text is kept on this computer for next time.")]
        if view.attachments:
            lines.append(self._say("The screenshots are not kept."))
        self._text.set(lines)
