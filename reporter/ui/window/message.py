"""MessagePage: what is wrong, what helps, whom to ask."""

from __future__ import annotations

import tkinter
from tkinter import ttk
from typing import TYPE_CHECKING

from reporter.ui.view import ANSWERS_LIMIT_ITEMS, View, answer_head, local_time, retry_text, send_text
from reporter.ui.window.marks import Mark
from reporter.ui.window.panel import Contents, Panel
from reporter.ui.window.parts import CopyLink, Link, NumberField, Page
from reporter.ui.window.prose import Prose, TextBox

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog

DETAILS_LINES = 10
NUMBER_ROW = 3 + ANSWERS_LIMIT_ITEMS + 3
"""Above it stand support's answers, the service's message, the organisation's help and the last reports."""


class MessagePage(Page):
    """The first page. What a person may never need is built when it is first asked for."""

    def __init__(self, dialog: Dialog, view: View) -> None:
        super().__init__(dialog.root, dialog.theme)
        self._dialog = dialog
        self._presenter = dialog.presenter
        self._texts = dialog.presenter.texts
        px = self.theme.px
        self._headline = self.head(Mark.NOTE if view.is_request else Mark.CAUTION)
        self._advice = Prose(self.body, self.theme, width_px=self.column, bullets=True)
        self._advice.grid(row=1, column=1, sticky="we", pady=(px(12), 0))
        self._panels: list[Panel] = []
        self._shown: list[Contents] | None = None
        self._code: ttk.Entry | None = None
        self._details: TextBox | None = None
        self._details_row: ttk.Frame | None = None
        self._number(view)
        self._more(view)
        self._footer(view)

    def draw(self, view: View) -> None:
        """Show ``view``; what has not changed is left alone."""
        self._headline.set([view.headline])
        self._advice.set(view.advice)
        self._draw_panels(view)
        self._draw_code(view)
        if self._details is not None:
            self._details.set(view.details)
        self.status.draw(view.busy, view.remark)
        self._draw_retry(view)
        self._draw_other_ways(view)
        trying_helps = view.asks_access_code or view.countdown_s is not None
        other = self._retry if view.retry_label else self._close
        self.choose_primary(other if trying_helps or self._send is None else self._send)

    def first_focus(self) -> tkinter.Misc | None:
        """The access code where one is asked for, else the button that helps most."""
        return self._code if self._code is not None and self._code_row.winfo_manager() else self.primary

    def _number(self, view: View) -> None:
        px = self.theme.px
        self._number_row = row = ttk.Frame(self.body)
        row.grid(row=NUMBER_ROW, column=1, sticky="we", pady=(px(20), 0))
        ttk.Label(row, text=self._texts.say("Reference number"), style="Muted.TLabel").pack(
            side="left", padx=self.ring
        )
        if view.is_request:
            row.grid_remove()  # a number belongs to a report, and none is begun
        NumberField(row, view.reference, self.theme.number).pack(side="left", padx=(px(4), 0))
        CopyLink(row, self._texts.say("Copy"), self._texts.say("Copied"), lambda: view.reference).pack(
            side="left", padx=px(8)
        )

    def _more(self, view: View) -> None:
        px = self.theme.px
        row = ttk.Frame(self.body)
        row.grid(row=NUMBER_ROW + 1, column=1, sticky="we", pady=(px(16 if view.is_request else 4), 0))
        self._details_link = Link(row, self._texts.say("Show details…"), self._toggle_details)
        gap = 0
        if not view.is_request:  # of which there are no technical details
            self._details_link.pack(side="left")
            gap = px(20)
        Link(row, self._texts.say("About…"), self._dialog.open_about).pack(side="left", padx=(gap, 0))
        self._other_ways = Link(
            self.body, self._texts.say("Other ways to reach support…"), self._presenter.use_phone
        )
        self._other_ways.grid(row=NUMBER_ROW + 2, column=1, sticky="w", pady=(px(4), 0))
        self._other_ways.grid_remove()

    def _footer(self, view: View) -> None:
        say = self._texts.say
        self._close = self.button(say("Close"), self._dialog.ask_close)
        self._retry = self.button(view.retry_label, self.try_again)
        # Room for the countdown, so that the buttons stand still when it begins; one of hours takes more.
        room = self.theme.measure(f"{view.retry_label} (00)", self.theme.strong)
        self._retry.configure(width=-room // self.theme.measure("0", self.theme.body))
        self._send: ttk.Button | None = None
        if view.can_send:
            self._send = self.button(send_text(view, say), self._presenter.compose)

    def _draw_retry(self, view: View) -> None:
        """No button where there is nothing to try: nobody can start the program again from here."""
        if not view.retry_label:
            self._retry.pack_forget()
        self._retry.configure(text=retry_text(view), state="normal" if view.retry_enabled else "disabled")

    def _draw_other_ways(self, view: View) -> None:
        """A quiet way out where this computer's network brings nobody to support."""
        if view.offers_phone:
            self._other_ways.grid()
        else:
            self._other_ways.grid_remove()

    def try_again(self) -> None:
        """Try the login once more, with the access code if one was entered."""
        code = ""
        if self._code is not None:
            code = self._code.get().strip()
            self._code.delete(0, "end")  # whatever comes of it, the next try begins with an empty field
        self._presenter.try_again(code)

    def _draw_panels(self, view: View) -> None:
        """The words of others, above the reference number; Tab follows the order of the windows."""
        say, presenter = self._texts.say, self._presenter
        read_more = say("Read more") if view.has_service_link else ""
        need_help = say("Need help?") if view.has_help_link else ""
        service = Contents(say("From the service"), view.service_message, view.service_until, read_more)
        help_ = Contents(say("From your organisation"), view.help_text, "", need_help)
        answers = [
            Contents(answer_head(one, say), one.text, local_time(one.answered_at), "") for one in view.answers
        ]
        latest = Contents(say("Your last reports"), view.latest, "", "")
        if [*answers, service, help_, latest] == self._shown:
            return
        self._shown = [*answers, service, help_, latest]
        for panel in self._panels:
            panel.destroy()
        self._panels = []
        follow = {service: presenter.open_service_link, help_: presenter.open_help}
        for row, contents in enumerate(self._shown, 3):
            if contents:
                action = follow.get(contents, self._dialog.focus_first)  # an answer leads nowhere
                panel = Panel(self.body, self.theme, contents, action, width_px=self.column)
                panel.grid(row=row, column=1, sticky="we", padx=self.ring, pady=(self.theme.px(20), 0))
                panel.lower(self._number_row)
                self._panels.append(panel)
        if answers:
            presenter.answers_shown()

    def _draw_code(self, view: View) -> None:
        if view.asks_access_code:
            if self._code is None:
                self._code = self._build_code()
            self._code_row.grid()
        elif self._code is not None:
            self._code_row.grid_remove()

    def _build_code(self) -> ttk.Entry:
        px = self.theme.px
        self.theme.need_fields()
        self._code_row = row = ttk.Frame(self.body)
        row.grid(row=2, column=1, sticky="we", padx=self.ring, pady=(px(20), 0))
        row.lower(
            self._panels[0] if self._panels else self._number_row
        )  # Tab follows the order of the windows
        ttk.Label(row, text=self._texts.say("Access code"), style="Strong.TLabel").pack(
            anchor="w", pady=(0, px(6))
        )
        code = ttk.Entry(row, show="•", width=24, font=self.theme.body)
        code.pack(anchor="w")
        code.bind("<Key>", lambda _: self._presenter.stop_countdown())
        return code

    def _toggle_details(self) -> None:
        say, row = self._texts.say, self._details_row
        if row is not None and row.winfo_manager():
            row.grid_remove()
            self._details_link.configure(text=say("Show details…"))
            self._dialog.fold()
            return
        self._presenter.stop_countdown()
        row = self._build_details()
        row.grid()
        self._details_link.configure(text=say("Hide details"))
        self._dialog.unfold()
        self.area.reveal(row)

    def _draw_details(self, _: str) -> None:
        if self._details is not None:
            self._details.set(self._presenter.view().details)  # which may know more already

    def _build_details(self) -> ttk.Frame:
        if self._details_row is None:
            px, say = self.theme.px, self._texts.say
            self._details_row = row = ttk.Frame(self.body)
            row.grid(row=NUMBER_ROW + 3, column=0, columnspan=2, sticky="we", pady=(px(8), 0))
            row.columnconfigure(0, weight=1)
            self._details = TextBox(
                row, self.theme, lines=DETAILS_LINES, font=self.theme.fixed, readonly=True
            )
            self._details.grid(row=0, column=0, sticky="we", padx=self.ring)
            copy = CopyLink(row, say("Copy"), say("Copied"), self._details.get)
            copy.grid(row=1, column=0, sticky="w", pady=(px(4), 0))
        if self._details is not None:
            self._details.set(self._presenter.view().details)
            self._dialog.fetch(self._presenter.details, self._draw_details)
        return self._details_row
