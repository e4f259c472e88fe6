"""Questions: the numbered questions to support, added, removed and put in order."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import ttk
from typing import NamedTuple

from reporter.report.model import QUESTION_LIMIT_CHARS, QUESTIONS_LIMIT_ITEMS
from reporter.ui.window.fields import GrowingBox
from reporter.ui.window.icons import Icon, IconButton
from reporter.ui.window.parts import Link
from reporter.ui.window.theme import RING, Theme

MOST_LINES = 5


class _Row(NamedTuple):
    number: ttk.Label
    box: GrowingBox
    up: IconButton
    down: IconButton
    remove: IconButton


class Questions(ttk.Frame):
    """A row for each question. Enter adds the next one, Alt with the arrows moves one, and Backspace takes an
    empty one away. ``changed`` is told of every change, ``emptied`` when the last one was removed;
    ``bind_keys`` gives a field the keys that hold for the whole page."""

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        say: Callable[..., str],
        *,
        changed: Callable[[], object],
        emptied: Callable[[], object],
        full: Callable[[int], object],
        bind_keys: Callable[[tkinter.Misc], object],
    ) -> None:
        super().__init__(parent)
        self._theme, self._say = theme, say
        self._changed, self._emptied, self._full = changed, emptied, full
        self._bind_keys = bind_keys
        self._rows: list[_Row] = []
        self._enabled = True
        self.columnconfigure(1, weight=1)
        head = ttk.Label(self, text=say("Your questions to support"), style="Strong.TLabel")
        head.grid(row=0, column=0, columnspan=5, sticky="w", padx=theme.px(RING))
        self._add = Link(self, say("Add another question"), self.add)
        self._add.grid(row=QUESTIONS_LIMIT_ITEMS + 1, column=1, sticky="w", pady=(theme.px(4), 0))

    def get(self) -> list[str]:
        """The questions that are not empty, in their order."""
        return [text for row in self._rows if (text := " ".join(row.box.get().split()))]

    def set(self, questions: list[str]) -> None:
        """Show these questions instead."""
        self._put(questions[:QUESTIONS_LIMIT_ITEMS])

    def add(self, after: int | None = None) -> None:
        """An empty question after the one given, or at the end; one that is still empty is taken instead."""
        texts = self._texts()
        at = len(texts) if after is None else after + 1
        for near in (at, at - 1):
            if 0 <= near < len(texts) and not texts[near].strip():
                self._focus(near)
                return
        if len(texts) < QUESTIONS_LIMIT_ITEMS:
            self._put([*texts[:at], "", *texts[at:]])
            self._focus(at)

    def enable(self, enabled: bool) -> None:
        """Let the person write, or not."""
        self._enabled = enabled
        self._add.configure(state="normal" if enabled else "disabled")
        for row in self._rows:
            row.box.enable(enabled)
        self._mark_ends()

    def _texts(self) -> list[str]:
        return [row.box.get() for row in self._rows]

    def _focus(self, at: int) -> None:
        self._rows[at].box.text.focus_set()

    def _move(self, row: _Row, by: int) -> str:
        at, texts = self._rows.index(row), self._texts()
        to = at + by
        if self._enabled and 0 <= to < len(texts):
            texts[at], texts[to] = texts[to], texts[at]
            self._put(texts)
            self._focus(to)
            self._rows[to].box.text.mark_set("insert", "end")
        return "break"

    def _remove(self, row: _Row) -> None:
        at, texts = self._rows.index(row), self._texts()
        self._put(texts[:at] + texts[at + 1 :])
        if self._rows:
            self._focus(min(at, len(self._rows) - 1))
        else:
            self._emptied()

    def _enter(self, row: _Row) -> str:
        if self._enabled and row.box.get().strip():
            self.add(self._rows.index(row))
        return "break"

    def _backspace(self, row: _Row) -> str | None:
        if not self._enabled or row.box.get():
            return None
        self._remove(row)
        return "break"

    def _put(self, texts: list[str]) -> None:
        """Rows stay where they are; their texts move, so that Tab always goes downwards."""
        while len(self._rows) > len(texts):
            for widget in self._rows.pop():
                widget.destroy()
        while len(self._rows) < len(texts):
            self._rows.append(self._build_row(len(self._rows)))
        for row, text in zip(self._rows, texts, strict=True):
            row.box.set(text)
        if len(texts) < QUESTIONS_LIMIT_ITEMS:
            self._add.grid()
            self._add.lift()  # Tab follows the order of the windows
        else:
            self._add.grid_remove()
        self._mark_ends()
        self._changed()

    def _mark_ends(self) -> None:
        last = len(self._rows) - 1
        for at, row in enumerate(self._rows):
            for button, works in ((row.up, at > 0), (row.down, at < last), (row.remove, True)):
                button.configure(state="normal" if works and self._enabled else "disabled")

    def _build_row(self, at: int) -> _Row:
        px, say, theme, line = self._theme.px, self._say, self._theme, at + 1
        number = ttk.Label(self, text=f"{line}.", style="TLabel")
        box = GrowingBox(
            self,
            theme,
            lines=1,
            most_lines=MOST_LINES,
            limit_chars=QUESTION_LIMIT_CHARS,
            changed=self._changed,
            full=self._full,
        )
        row = _Row(
            number,
            box,
            IconButton(self, theme, Icon.UP, say("Move up"), lambda: self._move(row, -1)),
            IconButton(self, theme, Icon.DOWN, say("Move down"), lambda: self._move(row, 1)),
            IconButton(self, theme, Icon.REMOVE, say("Remove"), lambda: self._remove(row)),
        )
        top = px(8 if at else 6)
        number.grid(row=line, column=0, sticky="ne", padx=(px(RING), px(8)), pady=(top + px(10), 0))
        box.grid(row=line, column=1, sticky="we", padx=(px(RING), px(4)), pady=(top, 0))
        for column, button in enumerate((row.up, row.down, row.remove), 2):
            button.grid(row=line, column=column, sticky="n", pady=(top + px(4), 0))
        self._bind_keys(box.text)
        box.text.bind("<Return>", lambda _: self._enter(row))
        box.text.bind("<KP_Enter>", lambda _: self._enter(row))
        box.text.bind("<BackSpace>", lambda _: self._backspace(row))
        box.text.bind("<Alt-Up>", lambda _: self._move(row, -1))
        box.text.bind("<Alt-Down>", lambda _: self._move(row, 1))
        return row
