"""QuestionPage: asked before something typed is lost."""

from __future__ import annotations

from tkinter import ttk
from typing import TYPE_CHECKING

from reporter.ui.window.marks import Mark
from reporter.ui.window.parts import Page, WrapLabel
from reporter.ui.window.theme import GAP, MARK

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog


class QuestionPage(Page):
    """Stands in the place of the page it interrupts; to keep writing is the answer that Enter gives."""

    def __init__(self, dialog: Dialog) -> None:
        super().__init__(dialog.root, dialog.theme)
        say, px, body = dialog.say, self.theme.px, self.body
        column = self.inside - px(MARK + GAP)
        body.columnconfigure(1, weight=1)
        ttk.Label(body, image=self.theme.mark(Mark.CAUTION)).grid(row=0, column=0, sticky="nw", padx=(0, px(GAP)))
        lift = max(0, (px(MARK) - self.theme.line_height(self.theme.headline)) // 2)
        WrapLabel(body, style="Headline.TLabel", text=say("Close without sending?"), width_px=column).grid(
            row=0, column=1, sticky="we", pady=(lift, 0)
        )
        WrapLabel(body, text=say("What you typed will be lost."), width_px=column).grid(
            row=1, column=1, sticky="we", pady=(px(12), 0)
        )
        self.button(say("Keep writing"), dialog.keep_writing, primary=True)
        self.button(say("Close"), dialog.presenter.close)
