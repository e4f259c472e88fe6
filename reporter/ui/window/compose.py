"""ComposePage: what the person adds to the report."""

from __future__ import annotations

import tkinter
from tkinter import ttk
from typing import TYPE_CHECKING

from reporter.report.model import CONTACT_LIMIT_CHARS, STORY_LIMIT_CHARS, Story
from reporter.ui.desk import Precheck, Wanted
from reporter.ui.view import View, precheck_lines
from reporter.ui.window.drop import accept_files
from reporter.ui.window.fields import GrowingBox
from reporter.ui.window.panel import Contents, Panel
from reporter.ui.window.parts import Link, Page, WrapLabel
from reporter.ui.window.prose import Prose, leave
from reporter.ui.window.questions import Questions

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog
    from reporter.ui.window.pictures import Pictures

STORY_LINES = 2
STORY_MOST_LINES = 9


class ComposePage(Page):
    """The story in three parts, questions, screenshots, how to be reached, and a look at what will be sent.

    All of it is optional. Questions and screenshots have no place on the page until they are asked for.
    """

    def __init__(self, dialog: Dialog) -> None:
        super().__init__(dialog.root, dialog.theme)
        self._dialog = dialog
        self._presenter = dialog.presenter
        self._say = say = dialog.say
        self._remark = ""
        self._filling = True
        px, body = self.theme.px, self.body
        body.columnconfigure(0, weight=1)
        headline = Prose(body, self.theme, width_px=self.inside, font=self.theme.headline)
        headline.set([say("Tell support what happened")])
        headline.grid(row=0, sticky="we")
        hint = say("Everything here may stay empty; the technical information is added by itself.")
        self._muted(body, hint).grid(row=1, sticky="we", padx=self.ring, pady=(px(6), 0))
        self._precheck = Precheck()
        self._precheck_place = ttk.Frame(body)
        self._precheck_place.grid(row=2, sticky="we", padx=self.ring, pady=(px(16), 0))
        self._precheck_place.grid_remove()
        self._restored = self._build_restored()
        self._wanted = self._story_field(4, say("What did you want to do?"))
        self._expected = self._story_field(6, say("What did you expect?"))
        self._happened = self._story_field(8, say("What happened instead?"))
        self._questions = Questions(
            body,
            self.theme,
            say,
            changed=self._write,
            emptied=self._close_questions,
            full=self._tell_full,
            bind_keys=self._send_by_key,
        )
        self._questions.grid(row=10, sticky="we", pady=(px(20), 0))
        self._questions.grid_remove()
        self._contact, self._best_time = self._build_reach()
        self._pictures: Pictures | None = None
        self._pictures_place = ttk.Frame(body)
        self._pictures_place.columnconfigure(0, weight=1)
        self._pictures_place.grid(row=12, sticky="we", pady=(px(20), 0))
        self._pictures_place.grid_remove()
        self._more = self._build_more()
        self.back = self.button(say("Back"), self._presenter.back)
        self.send = self.button(say("Send"), lambda: self._presenter.send(self.story()), primary=True)
        self._count: ttk.Button | None = None
        self._has_attachments = False
        dialog.root.bind("<<Paste>>", self._paste, add=True)
        self._filling = False
        self._fill(self._presenter.story)
        self.frame.after_idle(self._accept_files)

    def draw(self, view: View) -> None:
        """Show ``view``; while the report is on its way nothing can be changed."""
        is_busy = view.sending or view.attaching
        self._draw_precheck(view)
        self.status.draw(view.busy if is_busy else "", view.remark or self._remark)
        state = "disabled" if is_busy else "normal"
        for button in (self.send, self.back, self._ask, self._add_picture, self._look):
            button.configure(state=state)
        for entry in (self._contact, self._best_time):
            entry.configure(state=state)
        for box in (self._wanted, self._expected, self._happened, self._questions):
            box.enable(not view.sending)
        _show(self._restored, view.is_restored and not view.sending)
        _show(self._add_picture, view.can_attach_pictures)
        _show(self._other_ways, view.offers_phone and not is_busy)
        if view.attachments and self._pictures is None:
            self._need_pictures()
        if self._pictures is not None:
            self._pictures.draw(view)
            self._place_pictures()

    def _draw_precheck(self, view: View) -> None:
        """What support said, above the form; where it needs no report, being counted in is the main thing."""
        precheck, say = view.precheck, self._say
        if precheck != self._precheck:
            self._precheck = precheck
            for child in self._precheck_place.winfo_children():
                child.destroy()
            head, *lines = precheck_lines(precheck, say) or [""]
            if head:
                contents = Contents(head, "\n".join(lines), "", "")
                width = self.inside - 2 * self.ring
                panel = Panel(self._precheck_place, self.theme, contents, self.send.invoke, width_px=width)
                panel.pack(fill="x")
            _show(self._precheck_place, bool(head))
            if precheck.wanted is Wanted.NOTHING and self._count is None:
                self.send.configure(text=say("Send report"))
                self._count = self.button(say("Count me in"), self._count_in)
        if self._count is not None:
            self._count.configure(state="disabled" if view.sending or view.attaching else "normal")
        self._has_attachments = bool(view.attachments)
        self._choose_primary()

    def _choose_primary(self) -> None:
        """Whoever wrote or attached something wants to send it; else being counted in is enough."""
        if self._count is not None:
            is_empty = self.story() == Story() and not self._has_attachments
            self.choose_primary(self._count if is_empty else self.send)

    def _count_in(self) -> None:
        self._presenter.send(self.story(), counts_only=True)

    def first_focus(self) -> tkinter.Misc | None:
        """The story: that is what the page is for."""
        return self._wanted.text

    def story(self) -> Story:
        """What was written so far."""
        return Story(
            wanted=self._wanted.get().strip(),
            expected=self._expected.get().strip(),
            happened=self._happened.get().strip(),
            questions=self._questions.get(),
            contact=self._contact.get().strip(),
            best_time=self._best_time.get().strip(),
        )

    def escape(self) -> bool:
        """Close what is open on the page; whether something was."""
        if self._pictures is None or not self._pictures.fold():
            return False
        self._place_pictures()
        self._add_picture.focus_set()
        return True

    # What it is built of

    def _build_restored(self) -> ttk.Frame:
        px, say = self.theme.px, self._say
        row = ttk.Frame(self.body)
        row.grid(row=3, sticky="we", pady=(px(10), 0))
        kept = ttk.Label(row, text=say("Kept from last time."), style="Muted.TLabel")
        kept.pack(side="left", padx=(self.ring, px(10)))
        Link(row, say("Start empty"), self._start_empty).pack(side="left")
        return row

    def _story_field(self, row: int, label: str) -> GrowingBox:
        """A question of the page in ``row``, and the field for its answer in the one below."""
        above = self._label(self.body, label)
        above.grid(row=row, sticky="we", padx=self.ring, pady=(self.theme.px(18), 0))
        field = GrowingBox(
            self.body,
            self.theme,
            lines=STORY_LINES,
            most_lines=STORY_MOST_LINES,
            limit_chars=STORY_LIMIT_CHARS,
            changed=self._write,
            full=self._tell_full,
        )
        field.grid(row=row + 1, sticky="we", padx=self.ring, pady=(self.theme.px(6), 0))
        self._send_by_key(field.text)
        return field

    def _build_reach(self) -> tuple[ttk.Entry, ttk.Entry]:
        px, say = self.theme.px, self._say
        row = ttk.Frame(self.body)
        row.grid(row=11, sticky="we", pady=(px(20), 0))
        gap = px(8)
        width = self.inside // 2 - 2 * gap
        entries = []
        for column, (label, hint) in enumerate(
            (
                (say("How can support reach you?"), say("A telephone number or an e-mail address.")),
                (say("When is a good time?"), say("For example: on weekdays after 14:00.")),
            )
        ):
            row.columnconfigure(column, weight=1, uniform="halves")
            beside = (self.ring, gap) if column == 0 else (gap, self.ring)
            self._label(row, label, width).grid(row=0, column=column, sticky="swe", padx=beside)
            entry = ttk.Entry(row, font=self.theme.body, width=10)
            allowed = (entry.register(self._typed), "%P")
            entry.configure(validate="key", validatecommand=allowed)
            entry.grid(row=1, column=column, sticky="we", padx=beside, pady=(px(6), 0))
            self._muted(row, hint, width).grid(
                row=2, column=column, sticky="nwe", padx=beside, pady=(px(4), 0)
            )
            self._send_by_key(entry)
            for key in ("<Return>", "<KP_Enter>"):
                entry.bind(key, lambda event: leave(event.widget.tk_focusNext()))
            entries.append(entry)
        return entries[0], entries[1]

    def _build_more(self) -> ttk.Frame:
        px, say = self.theme.px, self._say
        row = ttk.Frame(self.body)
        row.grid(row=13, sticky="we", pady=(px(18), px(4)))
        self._ask = Link(row, say("Ask a question"), self._open_questions)
        self._add_picture = Link(row, say("Add a screenshot…"), self._offer_pictures)
        self._look = Link(row, say("What will be sent…"), self._dialog.open_preview)
        for column, link in enumerate((self._ask, self._add_picture, self._look)):
            link.grid(row=0, column=column, padx=(0, px(24)))
        self._other_ways = Link(row, say("Other ways to reach support…"), self._presenter.use_phone)
        self._other_ways.grid(row=1, column=0, columnspan=3, sticky="w", pady=(px(8), 0))
        self._other_ways.grid_remove()
        return row

    def _label(self, parent: tkinter.Misc, text: str, width: int = 0) -> WrapLabel:
        return WrapLabel(
            parent, style="Strong.TLabel", text=text, width_px=width or self.inside - 2 * self.ring
        )

    def _muted(self, parent: tkinter.Misc, text: str, width: int = 0) -> WrapLabel:
        return WrapLabel(
            parent, style="Muted.TLabel", text=text, width_px=width or self.inside - 2 * self.ring
        )

    # What a person does

    def _fill(self, story: Story) -> None:
        """Show this story in the fields, without taking it for the person's typing."""
        self._filling = True
        self._wanted.set(story.wanted)
        self._expected.set(story.expected)
        self._happened.set(story.happened)
        self._questions.set(story.questions)
        for entry, text in ((self._contact, story.contact), (self._best_time, story.best_time)):
            entry.delete(0, "end")
            entry.insert(0, text[:CONTACT_LIMIT_CHARS])
        if story.questions:
            self._show_questions()
        else:
            self._close_questions()
        self.body.update_idletasks()
        self._filling = False

    def _start_empty(self) -> None:
        self._presenter.start_empty()
        self._fill(self._presenter.story)
        self._wanted.text.focus_set()

    def _write(self) -> None:
        if not self._filling:
            self._remark = ""
            self._presenter.write(self.story())
            self._choose_primary()
            self._dialog.content_changed()

    def _typed(self, text: str) -> bool:
        """Whether an entry may hold ``text``; it holds it only after this."""
        if not self._filling:
            self.frame.after_idle(self._write)
        return len(text) <= CONTACT_LIMIT_CHARS

    def _tell_full(self, limit_chars: int) -> None:
        self._remark = self._say("The text is full: it holds {limit} characters.", limit=limit_chars)
        self.status.draw("", self._remark)

    def _open_questions(self) -> None:
        self._show_questions()
        self._questions.add()
        self._dialog.refit()

    def _show_questions(self) -> None:
        self._questions.grid()
        self._ask.grid_remove()

    def _close_questions(self) -> None:
        self._questions.grid_remove()
        self._ask.grid()
        if not self._filling:
            self._ask.focus_set()

    def _offer_pictures(self) -> None:
        self._need_pictures().offer()
        self._place_pictures()
        self._dialog.refit()

    def _need_pictures(self) -> Pictures:
        if self._pictures is None:
            from reporter.ui.window.pictures import Pictures

            self._pictures = Pictures(self._pictures_place, self._dialog, width_px=self.inside)
            self._pictures.grid(sticky="we")
            self._pictures.grid_remove()
        return self._pictures

    def _accept_files(self) -> None:
        if self._presenter.view().can_attach_pictures:
            accept_files(self._dialog.root, lambda path: self._need_pictures().add_file(path))

    def _place_pictures(self) -> None:
        _show(self._pictures_place, self._pictures is not None and bool(self._pictures.winfo_manager()))

    def _paste(self, _event: tkinter.Event[tkinter.Misc]) -> None:
        """A text on the clipboard has been pasted by then; a picture is what nobody else takes."""
        if self._dialog.page is not self or not self._presenter.view().can_attach_pictures:
            return
        try:
            self._dialog.root.clipboard_get()
        except tkinter.TclError:
            self._need_pictures().paste(says_nothing=True)

    def _send_by_key(self, field: tkinter.Misc) -> None:
        def send(_event: tkinter.Event[tkinter.Misc]) -> str:
            (self.primary or self.send).invoke()
            return "break"

        for key in ("<Control-Return>", "<Control-KP_Enter>"):
            field.bind(key, send)


def _show(widget: tkinter.Grid, shown: bool) -> None:
    """Put a widget that was placed before in its place again, or take it away."""
    if shown and not widget.winfo_manager():  # type: ignore[attr-defined]
        widget.grid()
    elif not shown:
        widget.grid_remove()
