"""Text in several lines: Prose to read, TextBox to write in or to look through.

Both can be selected and copied. Unlike a label, Tk's text widget sets lines apart.
"""

from __future__ import annotations

import tkinter
from collections.abc import Sequence
from tkinter import ttk

from reporter.ui.window.theme import RING, Font, Theme

# X11 cannot draw windows higher than 32,767 pixels.
PROSE_LIMIT_PX = 24_000
# By then the window stands; before, counting would hold it up.
CHECK_MS = 30
SCROLL_KEYS = (("Up", -1, "units"), ("Down", 1, "units"), ("Prior", -1, "pages"), ("Next", 1, "pages"))


class Prose(ttk.Frame):
    """Paragraphs, as high as their lines need at the width given; beyond ``most_lines`` they scroll.

    ``width_px`` is the width to begin with. Several paragraphs are set as a list with bullets where
    ``bullets`` is true.
    """

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        *,
        width_px: int,
        font: Font | None = None,
        panel: bool = False,
        bullets: bool = False,
        most_lines: int = 0,
    ) -> None:
        super().__init__(parent, width=width_px)
        self.pack_propagate(False)
        self._theme = theme
        self._font = font or theme.body
        self._bullets = bullets
        self._indent = 0
        self._line = theme.line_height(self._font)
        self._lead = max(0, theme.leading(self._font) - self._line)
        self._gap = self._lead + theme.px(5)
        line = self._line + self._lead
        self._limit_px = min(PROSE_LIMIT_PX, most_lines * line or PROSE_LIMIT_PX)
        self._paragraphs: list[str] = []
        self._inset = theme.px(RING)
        self._ground = "panel" if panel else "window"
        self.text = _make_text(
            self, theme, self._font, theme.palette.panel if panel else theme.palette.window
        )
        self.text.configure(height=1, width=1, padx=self._inset, pady=0, spacing2=self._lead, takefocus=False)
        self.text.configure(state="disabled")
        self.text.pack(side="left", fill="both", expand=True)
        self._bar: ttk.Scrollbar | None = None
        self._width_px = width_px
        self.text.bind("<Configure>", self._resized)
        _read_by_keys(self.text)

    def set(self, paragraphs: Sequence[str]) -> None:
        """Show these paragraphs; ones that have not changed keep their place and selection."""
        if list(paragraphs) == self._paragraphs:
            return
        self._paragraphs = list(paragraphs)
        listed = self._bullets and len(self._paragraphs) > 1
        self._indent = self._theme.px(18) if listed else 0
        text = self.text
        text.configure(state="normal", tabs=(self._indent,) if listed else "")
        text.delete("1.0", "end")
        text.insert("1.0", "\n".join(f"•\t{part}" if listed else part for part in self._paragraphs))
        text.tag_configure("all", lmargin2=self._indent)
        text.tag_add("all", "1.0", "end")
        text.tag_configure("next", spacing1=self._gap if listed else self._lead)
        if len(self._paragraphs) > 1 or "\n" in text.get("1.0", "end-1c"):
            text.tag_add("next", "2.0", "end")
        text.configure(state="disabled")
        self._set_height(self._estimate())
        self.after(CHECK_MS, self._count)

    def _estimate(self) -> int:
        """The height before Tk has laid the lines out: words are measured and broken here."""
        width = self._width_px - 2 * self._inset - self._indent
        parts = "\n".join(self._paragraphs).split("\n")
        height = 0
        between = self._gap if self._indent else self._lead
        for number, part in enumerate(parts):
            lines = self._count_lines(part, width)
            height += lines * self._line + (lines - 1) * self._lead + (between if number else 0)
            if height > self._limit_px:
                break
        return height

    def _count_lines(self, text: str, width: int) -> int:
        measure, font = self._theme.measure, self._font
        if measure(text[:2_000], font) <= width and len(text) <= 2_000:
            return 1
        lines, line = 1, ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if measure(longer, font) <= width:
                line = longer
                continue
            lines += 1 if line else 0
            wide = measure(word, font)
            lines += wide // max(1, width)
            line = word if wide <= width else ""
        return lines

    def _resized(self, event: tkinter.Event[tkinter.Misc]) -> None:
        """Another width breaks the lines elsewhere."""
        width = event.width + (0 if self._bar is None else self._bar.winfo_reqwidth())
        if event.width > 1 and width != self._width_px:
            self._width_px = width
            self._count()

    def _count(self) -> None:
        """The height as Tk itself has laid the lines out."""
        counted = self.text.tk.call(self.text, "count", "-update", "-ypixels", "1.0", "end")
        self._set_height(self.text.tk.getint(counted))

    def _set_height(self, height: int) -> None:
        scrolls = height > self._limit_px
        shown = min(height, self._limit_px)
        if str(self.cget("height")) != str(shown):
            self.configure(height=shown)
        if scrolls and self._bar is None:
            self._bar = self._theme.scrollbar(self, self.text.yview, self._ground)
            self._bar.pack(side="right", fill="y", before=self.text)
            self.text.configure(yscrollcommand=self._bar.set, takefocus=True)


class TextBox(ttk.Frame):
    """A framed field of several lines, to write in, or to read where ``readonly``.

    Its scrollbar appears when it is needed; its place is kept, so that lines never break anew.
    """

    def __init__(self, parent: tkinter.Misc, theme: Theme, *, lines: int, font: Font, readonly: bool) -> None:
        px = theme.px
        theme.need_fields()
        super().__init__(parent, style="Field.TFrame", padding=1 if theme.native else px(3))
        self._readonly = readonly
        self._palette = theme.palette
        spread = px(1) if readonly else px(2)
        self._inside = inside = tkinter.Frame(self, background=theme.palette.field)
        inside.pack(fill="both", expand=True)
        self.text = _make_text(inside, theme, font, theme.palette.field)
        self.text.configure(height=lines, width=20, padx=px(8), pady=px(6), spacing1=spread, spacing3=spread)
        self.text.configure(spacing2=2 * spread, undo=not readonly, takefocus=True)
        if readonly:
            self.text.configure(state="disabled")
            _read_by_keys(self.text)
        self._bar = theme.scrollbar(inside, self.text.yview, "field")
        self.text.configure(yscrollcommand=self._scrolled)
        self.text.grid(row=0, column=0, sticky="nswe")
        inside.columnconfigure(0, weight=1)
        inside.columnconfigure(1, minsize=self._bar.winfo_reqwidth())
        inside.rowconfigure(0, weight=1)
        self._bind_keys()

    def set(self, text: str) -> None:
        """Replace the text; one that has not changed keeps its place and selection."""
        if text == self.get():
            return
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        self.text.insert("1.0", text)
        if self._readonly:
            self.text.configure(state="disabled")

    def get(self) -> str:
        """The text."""
        return self.text.get("1.0", "end-1c")

    def enable(self, enabled: bool) -> None:
        """Let the person write, or not."""
        palette = self._palette
        ground = palette.field if enabled else palette.disabled_fill
        self.state(["!disabled" if enabled else "disabled"])
        self._inside.configure(background=ground)
        self.text.configure(
            state="normal" if enabled else "disabled",
            background=ground,
            foreground=palette.text if enabled else palette.muted,
        )

    def _scrolled(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            self._bar.grid_remove()
        else:
            self._bar.grid(row=0, column=1, sticky="ns")

    def _bind_keys(self) -> None:
        text = self.text
        text.bind("<FocusIn>", lambda _: self.state(["focus"]))
        text.bind("<FocusOut>", lambda _: self.state(["!focus"]))
        text.bind("<Tab>", lambda _: leave(text.tk_focusNext()))
        text.bind("<Shift-Tab>", lambda _: leave(text.tk_focusPrev()))
        if self.tk.call("tk", "windowingsystem") == "x11":
            text.bind("<ISO_Left_Tab>", lambda _: leave(text.tk_focusPrev()))


def _make_text(parent: tkinter.Misc, theme: Theme, font: Font, ground: str) -> tkinter.Text:
    palette = theme.palette
    return tkinter.Text(
        parent,
        wrap="word",
        font=font,
        relief="flat",
        borderwidth=0,
        highlightthickness=0,
        background=ground,
        foreground=palette.text,
        insertbackground=palette.text,
        insertwidth=max(1, theme.px(1)),
        selectbackground=palette.selection,
        selectforeground=palette.text,
        inactiveselectbackground=palette.selection,
        selectborderwidth=0,
        cursor="xterm",
    )


def _read_by_keys(text: tkinter.Text) -> None:
    """A text that cannot be written in does not take the focus by itself when clicked, and has no
    insertion mark for the keys to move: they scroll."""
    text.bind("<Button-1>", lambda _: text.focus_set(), add=True)

    def scroll(number: int, what: str) -> str | None:
        if text.yview() == (0.0, 1.0):
            return None  # the page may scroll instead
        text.tk.call(text, "yview", "scroll", number, what)
        return "break"

    for key, number, what in SCROLL_KEYS:
        text.bind(f"<{key}>", lambda _, n=number, w=what: scroll(n, w))  # type: ignore[misc]


def leave(target: tkinter.Misc | None) -> str:
    """Give the keyboard to ``target``, and let the key that asked for it do nothing else."""
    if target is not None:
        target.focus_set()
    return "break"
