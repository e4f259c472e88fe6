"""Parts: the pieces that the pages are put together from."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import ttk

from reporter.ui.window import screen
from reporter.ui.window.marks import Mark
from reporter.ui.window.prose import Prose
from reporter.ui.window.theme import GAP, MARGIN, MARK, RING, Font, Theme

COPIED_SHOWN_MS = 2_000
RUNNER_STEP_MS = 40


class WrapLabel(ttk.Label):
    """Text that breaks its lines at the width it is given; ``width_px`` is the width to begin with."""

    def __init__(self, parent: tkinter.Misc, *, width_px: int, style: str = "TLabel", text: str = "") -> None:
        super().__init__(parent, style=style, text=text, wraplength=width_px, justify="left", anchor="w")
        self._width_px = width_px
        self.bind("<Configure>", self._rewrap)

    def _rewrap(self, event: tkinter.Event[tkinter.Misc]) -> None:
        if event.width != self._width_px and event.width > 1:
            self._width_px = event.width
            self.configure(wraplength=event.width)


class Link(ttk.Button):
    """A quiet button that looks like a link."""

    def __init__(
        self, parent: tkinter.Misc, text: str, command: Callable[[], object], *, style: str = "Link.TButton"
    ) -> None:
        super().__init__(parent, text=text, command=command, style=style, cursor="hand2", width=0)


class CopyLink(Link):
    """Puts a text on the clipboard and says so for a moment."""

    def __init__(
        self,
        parent: tkinter.Misc,
        label: str,
        done: str,
        text: Callable[[], str],
        *,
        style: str = "Link.TButton",
    ) -> None:
        super().__init__(parent, label, self._copy, style=style)
        self.configure(width=max(len(label), len(done)))
        self._label, self._done, self._text = label, done, text
        self._reset = ""

    def _copy(self) -> None:
        self.clipboard_clear()
        self.clipboard_append(self._text())
        self.configure(text=self._done)
        if self._reset:
            self.after_cancel(self._reset)
        self._reset = self.after(COPIED_SHOWN_MS, lambda: self.configure(text=self._label))


class NumberField(ttk.Entry):
    """A short text in one line that can be selected and copied, but not changed."""

    def __init__(self, parent: tkinter.Misc, text: str, font: Font) -> None:
        super().__init__(parent, style="Number.TEntry", font=font, width=len(text) + 1)
        self.insert(0, text)
        self.configure(state="readonly")


class ScrollArea(ttk.Frame):
    """A page's content; it scrolls where the window is too low for it. ``padding``: that of a page, or one's
    own."""

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        *,
        width: int,
        padding: tuple[int, int, int, int] | None = None,
    ) -> None:
        super().__init__(parent)
        self._canvas = tkinter.Canvas(
            self, background=theme.palette.window, highlightthickness=0, borderwidth=0, width=width, height=1
        )
        self._canvas.pack(fill="both", expand=True)
        side = theme.px(MARGIN) - theme.px(RING)
        self.inner = ttk.Frame(self._canvas, padding=padding or (side, theme.px(MARGIN), side, 0))
        self._item = self._canvas.create_window(0, 0, anchor="nw", window=self.inner, width=width)
        self._theme = theme
        self._bar: ttk.Scrollbar | None = None
        self._canvas.configure(yscrollcommand=self._scrolled, yscrollincrement=theme.px(24))
        self._canvas.bind("<Configure>", lambda e: self._canvas.itemconfigure(self._item, width=e.width))
        self.inner.bind("<Configure>", lambda _: self._measure())

    def scroll(self, number: int, what: str) -> None:
        """Move the content; ``what`` is ``units`` (a line) or ``pages``."""
        if self._canvas.yview() != (0.0, 1.0):
            self.tk.call(self._canvas, "yview", "scroll", number, what)

    def reveal(self, widget: tkinter.Misc) -> None:
        """Scroll until ``widget``, a part of the content, can be seen."""
        height = max(1, self.inner.winfo_height())
        top = widget.winfo_rooty() - self.inner.winfo_rooty()
        bottom = top + widget.winfo_height()
        first, last = (round(part * height) for part in self._canvas.yview())
        if top < first or bottom - top > last - first:
            self._canvas.yview_moveto(top / height)
        elif bottom > last:
            self._canvas.yview_moveto((bottom - (last - first)) / height)

    def holds(self, widget: tkinter.Misc) -> bool:
        """Whether ``widget`` is part of the content."""
        return str(widget).startswith(f"{self.inner}.")

    def _measure(self) -> None:
        height = self.inner.winfo_reqheight()
        self._canvas.configure(scrollregion=(0, 0, 1, height))

    def _scrolled(self, first: float, last: float) -> None:
        """Show the bar while there is something to scroll; it stands in the margin."""
        fits = float(first) <= 0 and float(last) >= 1
        if self._bar is None:
            if fits or self._canvas.winfo_height() <= 1:  # not laid out yet
                return
            self._bar = self._theme.scrollbar(self, self._canvas.yview)
        self._bar.set(first, last)
        if fits:
            self._bar.place_forget()
        else:
            self._bar.place(relx=1.0, anchor="ne", relheight=1.0)


class StatusRow(ttk.Frame):
    """One line at the foot of the content: what is going on, or a passing remark.

    Its height is always kept, so that nothing jumps when it falls silent.
    """

    def __init__(self, parent: tkinter.Misc, theme: Theme, *, width: int) -> None:
        super().__init__(parent, padding=(theme.px(MARGIN), theme.px(GAP / 2)))
        self._running = False
        self._bar = ttk.Progressbar(self, mode="indeterminate", length=theme.px(64))
        self._label = WrapLabel(self, style="Muted.TLabel", width_px=width)
        self._label.grid(row=0, column=1, sticky="we")
        self.columnconfigure(1, weight=1)
        self._theme = theme

    def draw(self, busy: str, remark: str) -> None:
        """Show what is going on; where nothing is, the remark."""
        shown = busy or remark
        if str(self._label.cget("text")) != shown:
            self._label.configure(text=shown)
        if bool(busy) == self._running:
            return
        self._running = bool(busy)
        if busy:
            self._bar.grid(row=0, column=0, padx=(0, self._theme.px(12)))
            self._bar.start(RUNNER_STEP_MS)
        else:
            self._bar.stop()
            self._bar.grid_remove()


class Page:
    """What the pages have in common: content that scrolls, the status row and the row of buttons.

    Links and prose bring room for their focus ring with them; everything else in the content is set in
    by ``ring``, so that all of it stands on one line. ``inside`` and ``column`` are the widths of the
    content, and of its part beside the mark.
    """

    def __init__(self, root: tkinter.Misc, theme: Theme) -> None:
        self.theme = theme
        width = min(theme.px(screen.WIDTH), root.winfo_screenwidth())
        self.ring = theme.px(RING)
        self.inside = width - 2 * (theme.px(MARGIN) - self.ring)
        self.column = self.inside - theme.px(MARK + GAP)
        self.frame = ttk.Frame(root)
        logo = theme.logo()
        if logo is not None:
            head = ttk.Label(self.frame, image=logo, padding=(theme.px(MARGIN), theme.px(GAP), 0, 0))
            head.pack(side="top", anchor="w")
        self.area = ScrollArea(self.frame, theme, width=width)
        self.body = self.area.inner
        self.status = StatusRow(self.frame, theme, width=self.inside)
        self.buttons = ttk.Frame(
            self.frame, style="Footer.TFrame", padding=(theme.px(MARGIN - RING), theme.px(GAP - RING))
        )
        line = ttk.Frame(self.frame, style="Line.TFrame", height=max(1, theme.px(1)))
        ttk.Frame(self.buttons, style="Footer.TFrame").pack(side="left", expand=True)
        self.buttons.pack(side="bottom", fill="x")
        line.pack(side="bottom", fill="x")
        self.status.pack(side="bottom", fill="x")
        self.area.pack(side="top", fill="both", expand=True)
        self.primary: ttk.Button | None = None

    def button(self, text: str, command: Callable[[], object], *, primary: bool = False) -> ttk.Button:
        """Put a button in the row, to the right of those made before: Tab follows the same order."""
        made = ttk.Button(self.buttons, text=text, command=command)
        made.pack(side="left", padx=(self.theme.px(10), 0))
        if primary:
            self.choose_primary(made)
        return made

    def choose_primary(self, button: ttk.Button) -> None:
        """Make ``button`` the one that stands out and that Enter presses."""
        if self.primary is button:
            return
        if self.primary is not None:
            self.primary.configure(style="TButton", default="normal")
        button.configure(style="Primary.TButton", default="active")
        self.primary = button

    def head(self, mark: Mark) -> Prose:
        """The mark, and beside it the headline, its first line at the height of the mark's middle."""
        theme, px = self.theme, self.theme.px
        self.body.columnconfigure(1, weight=1)
        picture = ttk.Label(self.body, image=theme.mark(mark))
        picture.grid(row=0, column=0, sticky="nw", padx=(self.ring, px(GAP) - self.ring))
        headline = Prose(self.body, theme, width_px=self.column, font=theme.headline)
        lift = max(0, (px(MARK) - theme.line_height(theme.headline)) // 2)
        headline.grid(row=0, column=1, sticky="we", pady=(lift, 0))
        return headline

    def needed_height(self) -> int:
        """The height at which nothing of the page needs to scroll."""
        self.frame.update_idletasks()
        return self.frame.winfo_reqheight() - 1 + self.body.winfo_reqheight()

    def escape(self) -> bool:
        """Close what is open on the page; whether something was."""
        return False

    def first_focus(self) -> tkinter.Misc | None:
        """The control that has the keyboard when the page opens."""
        return self.primary
