"""AboutWindow: the platform and configuration information, grouped and searchable."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import ttk

from reporter.texts.safe import one_line, plain
from reporter.ui.about import About, Group, Row, matching
from reporter.ui.window import screen
from reporter.ui.window.annex import Annex, Owner, turned
from reporter.ui.window.parts import COPIED_SHOWN_MS, WrapLabel
from reporter.ui.window.prose import SCROLL_KEYS, TextBox
from reporter.ui.window.theme import GAP, MARGIN, RING

# In pixels at 96 dpi.
HEIGHT = 640
LEAST = (400, 300)
LABEL_WIDTHS = (96, 208)
LABEL_GAP = 20
SEARCH_CHARS = 26
# What is shown; what is copied is whole.
LABEL_LIMIT_CHARS = 120
VALUE_LIMIT_CHARS = 2_000
SEARCH_LIMIT_CHARS = 200


class AboutWindow(Annex):
    """Opens with "Collecting…"; ``show`` brings what was collected. All rows stand in one text, so that
    hundreds of them open and filter at once."""

    def __init__(self, dialog: Owner) -> None:
        super().__init__(dialog, dialog.say("About"))
        self._about: About | None = None
        self._shown = ""
        self._waiting = ""
        px, say, body = self.theme.px, self.say, self.body
        width = min(px(screen.WIDTH), self.root.winfo_screenwidth())
        heading = WrapLabel(
            body,
            style="Strong.TLabel",
            text=say("About this computer and its configuration"),
            width_px=width - 2 * px(MARGIN),
        )
        heading.pack(fill="x", padx=px(RING))
        self._build_search().pack(fill="x", padx=px(RING), pady=(px(12), 0))
        self._box = TextBox(body, self.theme, lines=4, font=self.theme.body, readonly=True)
        self._box.pack(fill="both", expand=True, padx=px(RING), pady=(px(12), 0))
        self._make_tags()
        self._copies = [
            self._copy_button(say("Copy"), lambda about: about.text),
            self._copy_button(say("Copy as JSON"), lambda about: about.json),
        ]
        self.choose_primary(self.button(say("Close"), self.close))
        self._bind_keys()
        self._write([("state", say("Collecting…"))])
        self.appear(width, px(HEIGHT), (px(LEAST[0]), px(LEAST[1])))

    def show(self, about: About) -> None:
        """The information has come."""
        if not self.open:
            return
        self._about = About(groups=[_tidy(group) for group in about.groups], text=about.text, json=about.json)
        self._fit_labels(self._about.groups)
        for button in self._copies:
            button.configure(state="normal")
        self._shown = ""
        self._draw()

    def first_focus(self) -> tkinter.Misc:
        """The search: most people look for one thing."""
        return self._search

    def escape(self) -> None:
        """Clear the search; where it is clear, close."""
        if self._search.get():
            self._search.delete(0, "end")
            self._search.focus_set()
        else:
            self.close()

    # What it is built of

    def _build_search(self) -> ttk.Frame:
        px = self.theme.px
        row = ttk.Frame(self.body)
        label = ttk.Label(row, text=self.say("Search"))
        label.pack(side="left", padx=(0, px(12)))
        self._search = ttk.Entry(row, font=self.theme.body, width=SEARCH_CHARS, validate="key")
        self._search.configure(validatecommand=(self._search.register(self._typed), "%P"))
        self._search.pack(side="left")
        self._found = ttk.Label(row, style="Muted.TLabel")
        self._found.pack(side="left", padx=(px(GAP), 0))
        return row

    def _make_tags(self) -> None:
        px, palette, text = self.theme.px, self.theme.palette, self._box.text
        text.configure(
            spacing1=px(3), spacing2=px(3), spacing3=px(3), padx=px(14), pady=px(10), cursor="arrow"
        )
        text.tag_configure("heading", font=self.theme.strong, spacing1=px(18), spacing3=px(5))
        text.tag_configure("first", spacing1=px(2))
        text.tag_configure("label", foreground=palette.muted)
        text.tag_configure("state", foreground=palette.muted)
        text.tag_configure("found", background=palette.caution_tint, foreground=palette.text)
        text.tag_raise("sel")

    def _copy_button(self, label: str, part: Callable[[About], str]) -> ttk.Button:
        done = self.say("Copied")
        reset = ""

        def copy() -> None:
            nonlocal reset
            if self._about is None:
                return
            self.window.clipboard_clear()
            self.window.clipboard_append(part(self._about))
            button.configure(text=done)
            if reset:
                self.root.after_cancel(reset)
            reset = self.root.after(COPIED_SHOWN_MS, be_quiet)

        def be_quiet() -> None:
            if self.open:
                button.configure(text=label)

        button = self.button(label, copy, side="left")
        # Room for both words, so that nothing moves when one takes the other's place.
        room = max(self.theme.measure(word, self.theme.body) for word in (label, done))
        button.configure(width=-(-room // self.theme.measure("0", self.theme.body)), state="disabled")
        return button

    def _bind_keys(self) -> None:
        window, text = self.window, self._box.text
        for key in ("f", "F", "Cyrillic_a", "Cyrillic_A"):
            window.bind(f"<Control-{key}>", lambda _: self._search_again())
        window.bind("<F3>", lambda _: self._search_again())
        for name, number, what in SCROLL_KEYS:
            self._search.bind(f"<{name}>", lambda _, n=number, w=what: self._scroll(n, w))  # type: ignore[misc]
        for key, place in (("Home", 0), ("End", 1)):
            text.bind(f"<{key}>", lambda _, p=place: self._jump(p))  # type: ignore[misc]
        for wheel in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
            window.bind(wheel, self._wheel)

    # What a person does

    def _typed(self, _text: str) -> bool:
        """Filter when Tk has finished with this key, once for all that came together."""
        if not self._waiting:
            self._waiting = self.root.after_idle(self._filter)
        return len(_text) <= SEARCH_LIMIT_CHARS

    def _filter(self) -> None:
        self._waiting = ""
        if self.open and self._search.get() != self._shown:
            self._draw()

    def _search_again(self) -> str:
        self._search.focus_set()
        self._search.selection_range(0, "end")
        return "break"

    def _scroll(self, number: int, what: str) -> str:
        self._box.tk.call(self._box.text, "yview", "scroll", number, what)
        return "break"

    def _jump(self, place: int) -> str:
        self._box.text.yview_moveto(place)
        return "break"

    def _wheel(self, event: tkinter.Event[tkinter.Misc]) -> None:
        if event.widget is not self._box.text:
            self._scroll(turned(event), "units")

    # What is shown

    def _fit_labels(self, groups: list[Group]) -> None:
        """The values begin where the longest usual label ends; a longer one has a line of its own."""
        px, text = self.theme.px, self._box.text
        least, most = (px(length) for length in LABEL_WIDTHS)
        gap = px(LABEL_GAP)
        labels = {row.label for group in groups for row in group.rows if row.label}
        self._label_widths = {label: self.theme.measure(label, self.theme.body) for label in labels}
        fitting = [width for width in self._label_widths.values() if width + gap <= most]
        self._column = max(least, max(fitting, default=0) + gap)
        text.configure(tabs=(self._column,))
        text.tag_configure("row", lmargin2=self._column)
        text.tag_configure("value", lmargin1=self._column, lmargin2=self._column)

    def _draw(self) -> None:
        words = self._search.get()
        self._shown = words
        if self._about is None:
            return
        groups = matching(self._about.groups, words)
        if not groups:
            nothing = self.say("Nothing was found for “{words}”.", words=one_line(words, 60))
            self._write([("state", nothing if words.split() else self.say("Nothing is known."))])
            self._found.configure(text="")
            return
        pieces: list[tuple[str, str]] = []
        for group in groups:
            head = ("heading", "first") if not pieces else ("heading",)
            pieces.append((" ".join(head), f"{group.heading}\n"))
            label = ""
            for row in group.rows:
                pieces.extend(self._pieces(row, "" if row.label == label else row.label))
                label = row.label
        pieces[-1] = (pieces[-1][0], pieces[-1][1].removesuffix("\n"))
        self._write(pieces)
        found = sum(len(group.rows) for group in groups)
        self._found.configure(text=self.say("Found: {number}", number=found) if words.split() else "")
        self._highlight(words)

    def _pieces(self, row: Row, label: str) -> list[tuple[str, str]]:
        """A row as pieces of text with their tags. ``label`` is empty where the row above has it already;
        rows that never had one stand where the labels do."""
        lines = row.value.split("\n")
        if not row.label:
            return [("", f"{line}\n") for line in lines]
        values = [("value", f"{line}\n") for line in lines]
        if not label:
            return values
        if self._label_widths[label] + self.theme.px(LABEL_GAP) > self._column:
            return [("label", f"{label}\n"), *values]
        return [("label row", label), ("row", f"\t{lines[0]}\n"), *values[1:]]

    def _write(self, pieces: list[tuple[str, str]]) -> None:
        text = self._box.text
        text.configure(state="normal")
        text.delete("1.0", "end")
        arguments = [part for tags, piece in pieces for part in (piece, tuple(tags.split()))]
        text.tk.call(text, "insert", "1.0", *arguments)
        text.configure(state="disabled")

    def _highlight(self, words: str) -> None:
        text = self._box.text
        for word in set(words.split()):
            length = text.tk.call(text, "search", "-all", "-nocase", "--", word, "1.0", "end")
            for place in text.tk.splitlist(length):
                text.tag_add("found", str(place), f"{place} + {len(word)} chars")


def _tidy(group: Group) -> Group:
    """Without characters that harm. A row without label gets that of the row above, so that it is still
    understood, and found, when the others are filtered out."""
    rows: list[Row] = []
    for row in group.rows:
        label = one_line(row.label, LABEL_LIMIT_CHARS) or (rows[-1].label if rows else "")
        rows.append(Row(label=label, value=plain(row.value, VALUE_LIMIT_CHARS).strip()))
    return Group(heading=one_line(group.heading, LABEL_LIMIT_CHARS), rows=rows)
