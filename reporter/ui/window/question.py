"""QuestionPage: asked before something typed is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporter.ui.window.marks import Mark
from reporter.ui.window.parts import Page
from reporter.ui.window.prose import Prose

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog


class QuestionPage(Page):
    """Stands in the place of the page it interrupts; to keep writing is the answer that Enter gives."""

    def __init__(self, dialog: Dialog) -> None:
        super().__init__(dialog.root, dialog.theme)
        say, px, body = dialog.say, self.theme.px, self.body
        self.head(Mark.CAUTION).set([say("Close without sending?")])
        text = Prose(body, self.theme, width_px=self.column)
        text.set([say("What you typed will be lost.")])
        text.grid(row=1, column=1, sticky="we", pady=(px(12), 0))
        self.button(say("Close"), dialog.presenter.close)
        self.button(say("Keep writing"), dialog.keep_writing, primary=True)
