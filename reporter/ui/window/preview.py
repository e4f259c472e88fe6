"""PreviewWindow: what will be sent, for reading and byte for byte, and what can be left out of it."""

from __future__ import annotations

import tkinter
from tkinter import ttk
from typing import TYPE_CHECKING

from reporter.report.model import Enclosure
from reporter.ui.desk import Precheck, Preview, Section
from reporter.ui.view import View, size_text
from reporter.ui.window import screen
from reporter.ui.window.annex import Annex, turned
from reporter.ui.window.icons import Icon, IconButton
from reporter.ui.window.parts import CopyLink, ScrollArea, WrapLabel
from reporter.ui.window.prose import TextBox
from reporter.ui.window.theme import MARGIN, RING

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog

# In pixels at 96 dpi.
WIDTH = 920
HEIGHT = 680
LEAST = (560, 320)
SIDE = 256
INDENT = 22
WRITING_PAUSE_MS = 500
READABLE, EXACT = "readable", "exact"


class PreviewWindow(Annex):
    """On the left what the report is made of, on the right the report; both follow what the person does."""

    def __init__(self, dialog: Dialog) -> None:
        super().__init__(dialog, dialog.say("What will be sent"))
        self._dialog = dialog
        self._presenter = dialog.presenter
        self._asked = 0
        self._later = ""
        self._preview: Preview | None = None
        self._sections: list[Section] | None = None
        self._attachments: list[Enclosure] | None = None
        self._precheck: Precheck | None = None
        self._switches: dict[str, tkinter.BooleanVar] = {}
        px, say, theme = self.theme.px, self.say, self.theme
        theme.need_choices()
        width = min(px(WIDTH), screen.room(dialog.root, theme.scale)[0])
        self._side = min(px(SIDE), width * 2 // 5)
        self.body.columnconfigure(1, weight=1)
        self.body.rowconfigure(1, weight=1)
        heading = WrapLabel(
            self.body,
            style="Strong.TLabel",
            text=say("Exactly this is sent, and nothing else:"),
            width_px=width - 2 * px(MARGIN),
        )
        heading.grid(row=0, column=0, columnspan=2, sticky="we", padx=px(RING))
        self._area = ScrollArea(self.body, theme, width=self._side, padding=(0, 0, px(12), px(8)))
        self._area.grid(row=1, column=0, rowspan=2, sticky="ns", pady=(px(16), 0))
        self._build_text().grid(row=1, column=1, sticky="nswe", pady=(px(14), 0), padx=(px(12), px(RING)))
        self.choose_primary(self.button(say("Close"), self.close))
        self._bind_keys()
        self.draw(self._presenter.view())
        self.appear(width, px(HEIGHT), (px(LEAST[0]), px(LEAST[1])))
        self.refresh()

    def draw(self, view: View) -> None:
        """Show the sections and attachments as they stand; another choice gives another preview."""
        drawn = (self._sections, self._attachments, self._precheck)
        if (view.sections, view.attachments, view.precheck) == drawn or not self.open:
            return
        is_first = self._sections is None
        self._sections, self._attachments, self._precheck = view.sections, view.attachments, view.precheck
        self._draw_side()
        if not is_first:
            self.refresh()

    def refresh(self) -> None:
        """Fetch the preview again; the one that is shown stays until then."""
        self._asked += 1
        asked, story = self._asked, self._dialog.story()
        self._dialog.fetch(lambda: self._presenter.preview(story), lambda got: self._show(asked, got))

    def refresh_soon(self) -> None:
        """The person is writing: refresh in a pause."""
        if self._later:
            self.window.after_cancel(self._later)
        self._later = self.window.after(WRITING_PAUSE_MS, self._refresh_now)

    def first_focus(self) -> tkinter.Misc:
        """The text: that is what the window is for."""
        return self._box.text

    def close(self) -> None:
        """Close this window only."""
        if self._later and self.open:
            self.window.after_cancel(self._later)
        super().close()

    # What it is built of

    def _build_text(self) -> ttk.Frame:
        px, say = self.theme.px, self.say
        right = ttk.Frame(self.body)
        right.columnconfigure(0, weight=1)
        right.rowconfigure(1, weight=1)
        row = ttk.Frame(right)
        row.grid(row=0, column=0, sticky="we")
        self._form = tkinter.StringVar(self.window, READABLE)
        segments = []
        for form, label in ((READABLE, say("For reading")), (EXACT, say("Byte for byte"))):
            segment = ttk.Radiobutton(
                row,
                text=label,
                value=form,
                variable=self._form,
                style="Segment.TRadiobutton",
                command=self._write,
            )
            segment.pack(side="left", padx=(0, px(2)))
            segments.append(segment)
        for segment, other in (segments, segments[::-1]):
            for key in ("<Left>", "<Right>"):
                segment.bind(key, lambda _, o=other: self._choose(o))
        self._box = TextBox(right, self.theme, lines=4, font=self.theme.body, readonly=True)
        self._box.text.configure(width=10)
        self._box.set(say("Collecting…"))
        self._box.grid(row=1, column=0, sticky="nswe", pady=(px(8), 0))
        CopyLink(right, say("Copy"), say("Copied"), self._box.get).grid(
            row=2, column=0, sticky="w", pady=(px(4), 0)
        )
        return right

    def _draw_side(self) -> None:
        px, say, inner = self.theme.px, self.say, self._area.inner
        had = self.window.focus_get() if self.window.winfo_viewable() else None
        focus = next((n for n, box in self._boxes().items() if box is had), "")
        for child in inner.winfo_children():
            child.destroy()
        inside = self._side - px(12)
        self.theme.style.configure("TCheckbutton", wraplength=inside - px(52))
        self._switches = {}
        self._widgets: dict[str, ttk.Checkbutton] = {}
        off = {section.name for section in self._sections or [] if not section.is_on}
        for section in self._sections or []:
            indent = px(INDENT) if section.parent else 0
            self._switches[section.name] = switch = tkinter.BooleanVar(self.window, section.is_on)
            box = ttk.Checkbutton(
                inner,
                text=section.title,
                variable=switch,
                command=lambda n=section.name: self._switch(n),  # type: ignore[misc]
            )
            free = not section.is_locked and section.parent not in off
            box.configure(state="normal" if free else "disabled", takefocus=free)
            box.pack(anchor="w", padx=(indent, 0), pady=(px(1), 0))
            self._widgets[section.name] = box
            if section.is_locked:
                self._note(say("Set by your administrator"), indent + px(28), inside)
        if self._attachments:
            head = ttk.Label(inner, text=say("Attached"), style="Strong.TLabel")
            head.pack(anchor="w", padx=px(RING), pady=(px(16), px(4)))
            for enclosure in self._attachments:
                self._attachment(enclosure)
        if focus in self._widgets:
            self._widgets[focus].focus_set()

    def _boxes(self) -> dict[str, ttk.Checkbutton]:
        return getattr(self, "_widgets", {})

    def _note(self, text: str, indent: int, inside: int) -> None:
        note = WrapLabel(self._area.inner, style="Muted.TLabel", text=text, width_px=inside - indent)
        note.pack(anchor="w", padx=(indent, 0), pady=(0, self.theme.px(4)))

    def _attachment(self, enclosure: Enclosure) -> None:
        px = self.theme.px
        row = ttk.Frame(self._area.inner)
        row.pack(fill="x", padx=(px(RING), 0))
        words, name = self.say("Remove"), enclosure.name
        remove = IconButton(row, self.theme, Icon.REMOVE, words, lambda: self._presenter.detach(name))
        remove.pack(side="right")
        ttk.Label(row, text=name).pack(side="left")
        size = ttk.Label(row, text=size_text(enclosure.size_bytes, self.say), style="Muted.TLabel")
        size.pack(side="left", padx=(px(8), 0))

    def _bind_keys(self) -> None:
        for wheel in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
            self.window.bind(wheel, self._wheel)
        self.window.bind("<FocusIn>", self._reveal, add=True)

    # What a person does

    def _switch(self, name: str) -> None:
        self._presenter.switch(name, self._switches[name].get())

    def _choose(self, segment: ttk.Radiobutton) -> str:
        segment.invoke()
        segment.focus_set()
        return "break"

    def _wheel(self, event: tkinter.Event[tkinter.Misc]) -> None:
        if self._area.holds(event.widget) or event.widget is self._area.inner:
            self._area.scroll(turned(event), "units")

    def _reveal(self, event: tkinter.Event[tkinter.Misc]) -> None:
        if self._area.holds(event.widget):
            self._area.reveal(event.widget)

    # What is shown

    def _refresh_now(self) -> None:
        self._later = ""
        if self.open:
            self.refresh()

    def _show(self, asked: int, preview: Preview) -> None:
        if self.open and asked == self._asked:
            self._preview = preview
            self._write()

    def _write(self) -> None:
        """Show the preview in the form chosen; what was read stays where it was."""
        if self._preview is None:
            return
        text, is_exact = self._box.text, self._form.get() == EXACT
        text.configure(font=self.theme.fixed if is_exact else self.theme.body)
        place = text.index("@0,0")
        self._box.set(self._preview.exact if is_exact else self._preview.readable)
        if not is_exact:
            self._set_off()
        text.yview(place)

    def _set_off(self) -> None:
        """Headings stand out, and what hangs below them keeps its distance from the edge."""
        text, measure, body = self._box.text, self.theme.measure, self.theme.body
        text.tag_configure("heading", font=self.theme.strong)
        for number, line in enumerate(text.get("1.0", "end-1c").split("\n"), 1):
            inset = line[: len(line) - len(line.lstrip(" •"))]
            if inset:
                name = f"inset{len(inset)}"
                text.tag_configure(name, lmargin2=measure(inset, body))
                text.tag_add(name, f"{number}.0", f"{number}.end")
            elif line:
                text.tag_add("heading", f"{number}.0", f"{number}.end")
