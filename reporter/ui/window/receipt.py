"""ReceiptPage: what became of the report."""

from __future__ import annotations

from tkinter import ttk
from typing import TYPE_CHECKING

from reporter.delivery.receipt import State
from reporter.ui.view import View, retry_text
from reporter.ui.window.marks import Mark
from reporter.ui.window.parts import CopyLink, Link, NumberField, Page
from reporter.ui.window.prose import Prose

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog

MARKS = {
    State.ACCEPTED: Mark.SUCCESS,
    State.ANSWERED: Mark.SUCCESS,
    State.QUEUED: Mark.WAITING,
    State.SAVED: Mark.NOTE,
    State.REFUSED: Mark.CAUTION,
}


class ReceiptPage(Page):
    """The last page; a report is sent once, so it is drawn once."""

    def __init__(self, dialog: Dialog, view: View) -> None:
        super().__init__(dialog.root, dialog.theme)
        say, px, body = dialog.say, self.theme.px, self.body
        headline, *lines = view.receipt_lines
        self.head(MARKS[view.receipt_state or State.SAVED]).set([headline])
        text = Prose(body, self.theme, width_px=self.column)
        text.set(lines)
        text.grid(row=1, column=1, sticky="we", pady=(px(12), 0))
        caption = ttk.Label(body, text=say("Reference number"), style="Muted.TLabel")
        caption.grid(row=2, column=1, sticky="w", padx=self.ring, pady=(px(28), 0))
        row = ttk.Frame(body)
        row.grid(row=3, column=1, sticky="we", pady=(px(4), 0))
        NumberField(row, view.reference, self.theme.large_number).pack(side="left")
        CopyLink(row, say("Copy"), say("Copied"), lambda: view.reference).pack(side="left", padx=px(12))
        if view.receipt_page:
            link = Link(body, say("Open the report's page"), dialog.presenter.open_receipt_page)
            link.grid(row=4, column=1, sticky="w", pady=(px(16), 0))
        if view.offers_phone:
            other = Link(body, say("Other ways to reach support…"), dialog.presenter.use_phone)
            other.grid(row=5, column=1, sticky="w", pady=(px(16), 0))
        self._retry = self.button(view.retry_label, dialog.presenter.try_again)
        self.button(say("Close"), dialog.ask_close, primary=True)

    def draw(self, view: View) -> None:
        """Show ``view``: only the next try of the login still changes."""
        self.status.draw(view.busy, view.remark)
        if not view.retry_label:
            self._retry.pack_forget()
        self._retry.configure(text=retry_text(view), state="normal" if view.retry_enabled else "disabled")
