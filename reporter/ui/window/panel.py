"""Panel: a calm box with words that are not ours: the organisation's help, the service's message."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import ttk
from typing import NamedTuple

from reporter.ui.window.parts import Link
from reporter.ui.window.prose import Prose
from reporter.ui.window.theme import GAP, RING, Theme

TEXT_LINES = 10


class Contents(NamedTuple):
    """``note``: a quiet line under the text; ``link``: the label of what ``follow`` opens. What is empty is
    left out."""

    head: str
    text: str
    note: str
    link: str

    def __bool__(self) -> bool:
        """There is something to show."""
        return bool(self.text or self.link)


class Panel(ttk.Frame):
    """Draws Contents once; another text needs another Panel. ``width_px``: of the column it stands in."""

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        contents: Contents,
        follow: Callable[[], object],
        *,
        width_px: int,
    ) -> None:
        px, ring = theme.px, theme.px(RING)
        side = px(GAP) - ring
        super().__init__(parent, style="Panel.TFrame", padding=(side, px(14), side, px(10)))
        self.columnconfigure(0, weight=1)
        if contents.text:
            head = ttk.Label(self, text=contents.head, style="PanelHead.TLabel")
            head.grid(row=0, column=0, sticky="w", padx=ring, pady=(0, px(4)))
            inside_px = width_px - 2 * (ring + side)
            text = Prose(self, theme, width_px=inside_px, panel=True, most_lines=TEXT_LINES)
            text.set([contents.text])
            text.grid(row=1, column=0, sticky="we")
        if contents.note:
            note = ttk.Label(self, text=contents.note, style="PanelHead.TLabel")
            note.grid(row=2, column=0, sticky="w", padx=ring, pady=(px(6), 0))
        if contents.link:
            link = Link(self, contents.link, follow, style="PanelLink.TButton")
            link.grid(row=3, column=0, sticky="w", pady=(px(4) if contents.text else 0, 0))
