"""ComposePage: what the person adds to the report."""

from __future__ import annotations

import tkinter
from tkinter import ttk
from typing import TYPE_CHECKING

from reporter.report.model import CONTACT_LIMIT_CHARS, STORY_LIMIT_CHARS, Story
from reporter.ui.presenter import View
from reporter.ui.window.parts import Link, Page, WrapLabel
from reporter.ui.window.prose import Prose, TextBox

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog

STORY_LINES = 6


class ComposePage(Page):
    """The story, the contact, and a look at what will be sent. All of it is optional."""

    def __init__(self, dialog: Dialog) -> None:
        super().__init__(dialog.root, dialog.theme)
        self._presenter = dialog.presenter
        self._texts = dialog.presenter.texts
        say = self._texts.say
        self._remark = ""
        theme, px, body = self.theme, self.theme.px, self.body
        body.columnconfigure(0, weight=1)
        headline = Prose(body, theme, width_px=self.inside, font=theme.headline)
        headline.set([say("Tell support what happened")])
        headline.grid(sticky="we")
        self._hint(
            say("Both fields may stay empty; the technical information is added by itself."), gap=px(6)
        )
        self._label(say("What did you want to do, and what happened?"))
        self._story = TextBox(body, theme, lines=STORY_LINES, font=theme.body, readonly=False)
        self._story.grid(sticky="we", padx=self.ring, pady=(px(6), 0))
        self._story.text.bind("<<Modified>>", self._limit_story)
        self._story.text.bind("<Control-Return>", self._send_by_key)
        self._label(say("How can support reach you?"))
        self._contact = ttk.Entry(body, font=theme.body)
        allowed = (dialog.root.register(lambda text: len(text) <= CONTACT_LIMIT_CHARS), "%P")
        self._contact.configure(validate="key", validatecommand=allowed)
        self._contact.grid(sticky="we", padx=self.ring, pady=(px(6), 0))
        self._hint(say("A telephone number or an e-mail address."), gap=px(4))
        Link(body, say("What will be sent…"), dialog.open_preview).grid(sticky="w", pady=(px(16), 0))
        self.back = self.button(say("Back"), self._presenter.back)
        self.send = self.button(say("Send"), lambda: self._presenter.send(self.story()), primary=True)

    def draw(self, view: View) -> None:
        """Show ``view``; while the report is on its way nothing can be changed."""
        self.status.draw(view.busy if view.sending else "", view.remark or self._remark)
        state = "disabled" if view.sending else "normal"
        self.send.configure(state=state)
        self.back.configure(state=state)
        self._contact.configure(state=state)
        self._story.enable(not view.sending)

    def first_focus(self) -> tkinter.Misc | None:
        """The story: that is what the page is for."""
        return self._story.text

    def story(self) -> Story:
        """What was typed so far."""
        return Story(text=self._story.get().strip(), contact=self._contact.get().strip())

    def _label(self, text: str) -> None:
        label = WrapLabel(self.body, style="Strong.TLabel", text=text, width_px=self.inside - 2 * self.ring)
        label.grid(sticky="we", padx=self.ring, pady=(self.theme.px(20), 0))

    def _hint(self, text: str, *, gap: int) -> None:
        label = WrapLabel(self.body, style="Muted.TLabel", text=text, width_px=self.inside - 2 * self.ring)
        label.grid(sticky="we", padx=self.ring, pady=(gap, 0))

    def _limit_story(self, _event: tkinter.Event[tkinter.Misc]) -> None:
        text = self._story.text
        text.edit_modified(False)
        if len(self._story.get()) > STORY_LIMIT_CHARS:
            text.delete(f"1.0 + {STORY_LIMIT_CHARS} chars", "end")
            self._remark = self._texts.say(
                "The text is full: it holds {limit} characters.", limit=STORY_LIMIT_CHARS
            )
            self.status.draw("", self._remark)

    def _send_by_key(self, _event: tkinter.Event[tkinter.Misc]) -> str:
        self.send.invoke()
        return "break"
