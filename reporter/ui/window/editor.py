"""Editor: a window in which a person hides and points out parts of a screenshot.

Keys: 1 to 6 choose a tool; Ctrl+Z, Ctrl+Y and Ctrl+Shift+Z undo and redo; Delete takes a mark away;
Ctrl+0 shows the whole picture, Ctrl+1 its own size; Ctrl+Enter attaches it. On the picture, Enter adds a
mark, Space selects the next, and the arrow keys move it, with Shift they resize it.
"""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import ttk

from reporter.report.drawing import Mark, Picture
from reporter.texts import N_
from reporter.ui.window import screen
from reporter.ui.window.annex import Annex, Owner
from reporter.ui.window.easel import Easel
from reporter.ui.window.parts import WrapLabel
from reporter.ui.window.photo import Scaled
from reporter.ui.window.theme import GAP, MARGIN, RING
from reporter.ui.window.tools import Segments, Tool, ToolButton, ToolStyles, compact_where_needed

# In pixels at 96 dpi.
WIDEST = 1320
LEAST = (600, 400)
SMALLEST = (880, 560)
# On a lower screen the sentence on top gives its room to the picture.
LOW = 480
# Lines that break at words take a little more room than their length.
BREAKS = 1.1

WORDS = {
    Tool.SELECT: N_("Select"),
    Tool.BLACK_OUT: N_("Black out"),
    Tool.ARROW: N_("Arrow"),
    Tool.ELLIPSE: N_("Circle"),
    Tool.RECTANGLE: N_("Frame"),
    Tool.CAPTION: N_("Text"),
}
HINTS = {
    Tool.SELECT: N_("Click a mark to move it, to change it or to take it away."),
    Tool.BLACK_OUT: N_("Draw a box over what is private."),
    Tool.ARROW: N_("Draw an arrow towards what matters."),
    Tool.ELLIPSE: N_("Draw a circle around what matters."),
    Tool.RECTANGLE: N_("Draw a frame around what matters."),
    Tool.CAPTION: N_("Click where the text is to begin."),
}
PURPOSE = N_(
    "Hide what is private: what is black is removed from the picture. Arrows and circles show support where "
    "to look."
)
KEYS_HINT = N_(
    "Enter adds a mark, Shift+Enter one over the whole picture. Space selects the next mark; the arrow keys "
    "move it, with Shift they resize it."
)


class Editor(Annex):
    """Shows ``picture``; ``done`` is given the marks when the person attaches it.

    ``scaled`` is asked for a good picture of a smaller width, as PNG, on another thread; without it Tk
    makes the picture smaller by leaving pixels out.
    """

    def __init__(
        self,
        dialog: Owner,
        picture: Picture,
        done: Callable[[list[Mark]], None],
        scaled: Scaled | None = None,
    ) -> None:
        super().__init__(dialog, dialog.say("Picture for support"))
        self._done = done
        self._is_closing = False
        px, say, body = self.theme.px, self.say, self.body
        most_width, most_height = screen.room(self.root, self.theme.scale)
        widest = min(most_width, px(WIDEST))
        self._is_low = most_height < px(LOW)
        if not self._is_low:
            purpose = WrapLabel(body, text=say(PURPOSE), width_px=widest - 2 * px(MARGIN))
            purpose.pack(fill="x", padx=px(RING), pady=(0, px(12)))
        self._toolbar().pack(fill="x")
        self._easel = Easel(body, self.theme, say, picture, changed=self._changed, scaled=scaled)
        self._hint_row().pack(side="bottom", fill="x", padx=px(RING), pady=(px(8), 0))
        self._easel.pack(fill="both", expand=True, padx=px(RING), pady=(px(10), 0))
        self._attach = self.button(say("Attach"), self.attach)
        self.choose_primary(self._attach)
        self._cancel = self.button(say("Cancel"), self.ask_close)
        self._question: ttk.Frame | None = None
        self._bind_keys()
        self.choose(Tool.BLACK_OUT)
        if not self._easel.can_be_seen:
            self._attach.configure(state="disabled")
        self.window.update_idletasks()
        around = self.window.winfo_reqheight() - self._easel.winfo_reqheight() + px(2 * RING)
        width = max(px(SMALLEST[0]), min(widest, picture.width + px(2 * MARGIN + 2 * RING)))
        inside = width - px(2 * MARGIN)
        shown_height = picture.height * min(1.0, inside / max(1, picture.width))
        height = max(px(SMALLEST[1]), min(most_height, round(around + shown_height)))
        self.appear(width, height, (px(LEAST[0]), px(LEAST[1])))

    @property
    def marks(self) -> list[Mark]:
        """What has been marked so far."""
        return list(self._easel.sketch.marks)

    def first_focus(self) -> tkinter.Misc:
        """The tool that is chosen."""
        return self._tools.buttons[list(Tool).index(self._easel.tool)]

    # What a person does

    def choose(self, tool: Tool) -> None:
        """Take another tool."""
        self._easel.settle()
        self._easel.tool = tool
        self._tools.choose(list(Tool).index(tool))
        self._easel.redraw()
        self._changed()

    def undo(self) -> None:
        """Take the last step back."""
        self._easel.settle()
        self._easel.sketch.undo()
        self._redraw()

    def redo(self) -> None:
        """Do again what was taken back."""
        self._easel.settle()
        self._easel.sketch.redo()
        self._redraw()

    def remove(self) -> None:
        """Take the selected mark away."""
        self._easel.sketch.remove()
        self._redraw()

    def fit(self, fits: bool) -> None:
        """Show the whole picture, or its own size."""
        self._easel.settle()
        self._easel.show(fits=fits)
        self._zooms.choose(0 if fits else 1)

    def attach(self) -> None:
        """Hand the marks over and close."""
        if not self._easel.can_be_seen:
            return
        self._easel.settle()
        marks = self.marks
        self.close()
        self._done(marks)

    def escape(self) -> None:
        """Give up what is being drawn, then the selection, then the question whether to leave, then all."""
        sketch = self._easel.sketch
        if self._easel.is_busy:
            self._easel.cancel()
        elif self._question is not None:
            self._stay()
        elif sketch.selected is not None:
            sketch.selected = None
            self._redraw()
        else:
            self.ask_close()

    def ask_close(self) -> None:
        """Close; where marks would be lost, ask first."""
        if self._easel.sketch.is_changed and self._question is None:
            self._ask()
        else:
            self.close()

    def close(self) -> None:
        """Close this window only."""
        self._is_closing = True
        self._easel.let_go()
        super().close()

    # What it is built of

    def _toolbar(self) -> ttk.Frame:
        px, say = self.theme.px, self.say
        row = ttk.Frame(self.body)
        styles = ToolStyles(self.theme)

        def made(
            parent: tkinter.Misc, icon: str, word: str, key: str, command: Callable[[], object]
        ) -> ToolButton:
            return ToolButton(
                parent,
                styles,
                self.theme,
                icon=icon,
                word=word,
                tip=f"{word} ({key})",
                command=command,
                single=parent is row,
            )

        self._tools = Segments(row, self.theme)
        for number, tool in enumerate(Tool, start=1):
            button = made(self._tools, tool, say(WORDS[tool]), str(number), lambda t=tool: self.choose(t))  # type: ignore[misc]
            self._tools.add(button)
        self._tools.pack(side="left", padx=(px(RING), px(GAP) - px(RING)))
        self._undo = made(row, "undo", say("Undo"), "Ctrl+Z", self.undo)
        self._redo = made(row, "redo", say("Redo"), "Ctrl+Y", self.redo)
        self._remove = made(row, "remove", say("Take the mark away"), "Delete", self.remove)
        singles = [self._undo, self._redo, self._remove]
        for button in singles:
            button.pack(side="left")
        self._zooms = Segments(row, self.theme)
        self._zooms.add(made(self._zooms, "fit", say("Whole picture"), "Ctrl+0", lambda: self.fit(True)))
        self._zooms.add(made(self._zooms, "", "100 %", "Ctrl+1", lambda: self.fit(False)))
        self._zooms.compact(True)
        self._zooms.choose(0)
        self._zooms.pack(side="right", padx=(px(GAP), px(RING)))
        others = [*singles, *self._zooms.buttons]
        gaps = px(2 * GAP + 4 * RING)
        row.bind("<Configure>", lambda event: compact_where_needed(self._tools, others, event.width - gaps))
        return row

    def _hint_row(self) -> ttk.Frame:
        """Room for the longest hint is always kept, so that the picture stands still."""
        theme, say = self.theme, self.say
        line = theme.line_height(theme.small)
        row = ttk.Frame(self.body, height=line)
        row.pack_propagate(False)
        self._hint = WrapLabel(row, style="Muted.TLabel", width_px=theme.px(SMALLEST[0] - 2 * MARGIN))
        self._hint.pack(fill="x", anchor="n")
        longest = max(theme.measure(say(hint), theme.small) for hint in (KEYS_HINT, PURPOSE))

        def fit(event: tkinter.Event[tkinter.Misc]) -> None:
            lines = 1 + int(longest * BREAKS // max(1, event.width))
            if event.height != lines * line:
                row.configure(height=lines * line)

        row.bind("<Configure>", fit)
        return row

    def _bind_keys(self) -> None:
        window, canvas = self.window, self._easel.canvas
        for number, tool in enumerate(Tool, start=1):
            window.bind(f"<Key-{number}>", lambda event, t=tool: self._tool_key(event.widget, t))  # type: ignore[misc]
        for key in ("<<Undo>>", "<Control-z>", "<Control-Cyrillic_ya>"):
            window.bind(key, lambda event: self._unless_writing(event.widget, self.undo))
        for key in (
            "<<Redo>>",
            "<Control-y>",
            "<Control-Z>",
            "<Control-Shift-z>",
            "<Control-Cyrillic_en>",
            "<Control-Cyrillic_YA>",
        ):
            window.bind(key, lambda event: self._unless_writing(event.widget, self.redo))
        for key in ("<Delete>", "<BackSpace>"):
            window.bind(key, lambda event: self._unless_writing(event.widget, self.remove))
        window.bind("<Control-Key-0>", lambda _: self.fit(True))
        window.bind("<Control-Key-1>", lambda _: self.fit(False))
        window.bind("<Control-Return>", lambda _: self.attach())
        for key in ("<<NextWindow>>", "<<PrevWindow>>"):
            window.bind(key, lambda _: self._came_by_tab(), add=True)
        canvas.bind("<Control-Return>", lambda _: self._attach_by_key())

    def _attach_by_key(self) -> str:
        self.attach()
        return "break"

    def _came_by_tab(self) -> None:
        self._easel.by_keyboard = True

    def _tool_key(self, widget: tkinter.Misc, tool: Tool) -> None:
        self._unless_writing(widget, lambda: self.choose(tool))

    @staticmethod
    def _unless_writing(widget: tkinter.Misc, action: Callable[[], None]) -> None:
        if not isinstance(widget, tkinter.Entry):
            action()

    # What is shown

    def _redraw(self) -> None:
        self._easel.redraw()
        self._changed()

    def _changed(self) -> None:
        """Something was done on the picture: the buttons and the hint say what can be done next."""
        if self._is_closing:
            return
        sketch = self._easel.sketch
        self._undo.enable(sketch.can_undo)
        self._redo.enable(sketch.can_redo)
        self._remove.enable(sketch.selected is not None)
        hint = self._hint_text()
        if str(self._hint.cget("text")) != hint:
            self._hint.configure(text=hint)

    def _hint_text(self) -> str:
        say, easel = self.say, self._easel
        if not easel.can_be_seen:
            return say("This picture cannot be shown, so it cannot be attached.")
        if easel.is_writing:
            return say("Enter keeps the text, Escape gives it up.")
        if easel.sketch.is_full:
            return say("The picture holds no further marks.")
        reason = easel.marks.reason(easel.sketch.chosen)
        if reason is not None:
            return reason.sentence
        if easel.by_keyboard and self.window.focus_get() is easel.canvas:
            return say(KEYS_HINT)
        is_new = self._is_low and easel.tool is Tool.BLACK_OUT and not easel.sketch.is_changed
        hint = PURPOSE if is_new else HINTS[easel.tool]
        return say(hint)

    def _ask(self) -> None:
        """Marks would be lost: the row of buttons becomes a question."""
        say, px = self.say, self.theme.px
        self._attach.pack_forget()
        self._cancel.pack_forget()
        self._question = row = ttk.Frame(self.footer, style="Footer.TFrame")
        row.pack(fill="x", expand=True)
        question = WrapLabel(
            row, text=say("Leave without attaching the picture?"), width_px=px(LEAST[0] // 3)
        )
        question.configure(background=self.theme.palette.footer)
        leave = ttk.Button(row, text=say("Leave"), command=self.close)
        stay = ttk.Button(
            row, text=say("Keep drawing"), command=self._stay, style="Primary.TButton", default="active"
        )
        stay.pack(side="right", padx=(px(10), 0))
        leave.pack(side="right", padx=(px(10), 0))
        question.pack(side="left", fill="x", expand=True, padx=(px(RING), 0))
        self.primary = stay
        stay.focus_set()

    def _stay(self) -> None:
        if self._question is not None:
            self._question.destroy()
            self._question = None
        gap = (self.theme.px(10), 0)
        self._attach.pack(side="right", padx=gap)
        self._cancel.pack(side="right", padx=gap)
        self.primary = self._attach
        self.first_focus().focus_set()
