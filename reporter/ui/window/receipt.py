"""ReceiptPage: what became of the report."""

from __future__ import annotations

from tkinter import ttk
from typing import TYPE_CHECKING

from reporter.delivery.receipt import State
from reporter.ui.presenter import View, retry_text
from reporter.ui.window.marks import Mark
from reporter.ui.window.parts import CopyLink, Link, NumberField, Page, WrapLabel
from reporter.ui.window.theme import GAP, MARK

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog

MARKS = {
    State.ACCEPTED: Mark.SUCCESS,
    State.ANSWERED: Mark.SUCCESS,
    State.QUEUED: Mark.INFO,
    State.SAVED: Mark.INFO,
    State.REFUSED: Mark.CAUTION,
}


class ReceiptPage(Page):
    """The last page; a report is sent once, so it is drawn once."""

    def __init__(self, dialog: Dialog, view: View) -> None:
        super().__init__(dialog.root, dialog.theme)
        say, px, body = dialog.say, self.theme.px, self.body
        column = self.inside - px(MARK + GAP)
        body.columnconfigure(1, weight=1)
        mark = MARKS[view.receipt_state or State.SAVED]
        ttk.Label(body, image=self.theme.mark(mark)).grid(row=0, column=0, sticky="nw", padx=(0, px(GAP)))
        headline, *lines = view.receipt_lines
        lift = max(0, (px(MARK) - self.theme.line_height(self.theme.headline)) // 2)
        WrapLabel(body, style="Headline.TLabel", text=headline, width_px=column).grid(
            row=0, column=1, sticky="we", pady=(lift, 0)
        )
        for number, line in enumerate(lines, start=1):
            WrapLabel(body, text=line, width_px=column).grid(
                row=number, column=1, sticky="we", pady=(px(12 if number == 1 else 8), 0)
            )
        below = len(lines) + 1
        ttk.Label(body, text=say("Reference number"), style="Muted.TLabel").grid(
            row=below, column=1, sticky="w", pady=(px(28), 0)
        )
        row = ttk.Frame(body)
        row.grid(row=below + 1, column=1, sticky="we", pady=(px(4), 0))
        NumberField(row, view.reference, self.theme.large_number).pack(side="left")
        CopyLink(row, say("Copy"), say("Copied"), lambda: view.reference).pack(side="left", padx=px(12))
        if view.receipt_page:
            link = Link(body, say("Open the report's page"), dialog.presenter.open_receipt_page)
            link.grid(row=below + 2, column=1, sticky="w", pady=(px(16), 0))
        self.button(say("Close"), dialog.ask_close, primary=True)
        self._retry = self.button(view.retry_label, dialog.presenter.try_again)

    def draw(self, view: View) -> None:
        """Show ``view``: only the next try of the login still changes."""
        self.status.draw(view.busy, view.remark)
        self._retry.configure(text=retry_text(view), state="normal" if view.retry_enabled else "disabled")
