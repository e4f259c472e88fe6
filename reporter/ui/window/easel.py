"""Easel: the picture with its marks, and the hand that draws on it."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import ttk

from reporter.report.drawing import (
    TEXT_LIMIT_CHARS,
    Arrow,
    BlackOut,
    Caption,
    Ellipse,
    Mark,
    Picture,
    Rectangle,
)
from reporter.ui.window.annex import turned
from reporter.ui.window.canvas_marks import HANDLE, CanvasMarks
from reporter.ui.window.photo import Photo, Scaled
from reporter.ui.window.sketch import (
    FULL,
    Point,
    Sight,
    Sketch,
    Zoom,
    clamp,
    fitting,
    handle_at,
    hit,
    moved,
    pulled,
)
from reporter.ui.window.theme import Theme
from reporter.ui.window.tools import Tool, lengthwise_bar

SETTLE_MS = 60
# In pixels at 96 dpi: a shorter way of the mouse is a click; the reach of the pointer around lines.
CLICK = 5
SLACK = 7
# How far an arrow key moves a mark; with Ctrl it is one pixel of the picture.
NUDGE = 10
CAPTION_CHARS = 24

KINDS = {
    Tool.BLACK_OUT: BlackOut,
    Tool.ARROW: Arrow,
    Tool.ELLIPSE: Ellipse,
    Tool.RECTANGLE: Rectangle,
}
DIRECTIONS = {"Left": (-1, 0), "Right": (1, 0), "Up": (0, -1), "Down": (0, 1)}
SHIFT, CONTROL = 0x1, 0x4


class Easel(ttk.Frame):
    """Draws and changes ``sketch``; ``changed`` is called after everything a person does."""

    def __init__(
        self,
        parent: tkinter.Misc,
        theme: Theme,
        say: Callable[..., str],
        picture: Picture,
        *,
        changed: Callable[[], None],
        scaled: Scaled | None,
    ) -> None:
        super().__init__(parent)
        self.sketch = Sketch(picture.marks, picture.width, picture.height)
        self.tool = Tool.BLACK_OUT
        self.fits = True
        self.by_keyboard = False
        """The person came here with the Tab key."""
        self._theme = theme
        self._changed = changed
        self._sight = Sight()
        self._waiting = ""
        self._drag: _Drag | None = None
        self._entry: tkinter.Entry | None = None
        px, palette = theme.px, theme.palette
        self.canvas = canvas = tkinter.Canvas(
            self,
            background=palette.panel,
            highlightthickness=max(2, px(2)),
            highlightcolor=palette.ring,
            highlightbackground=palette.line,
            borderwidth=0,
            width=1,
            height=1,
            takefocus=True,
            xscrollincrement=px(24),
            yscrollincrement=px(24),
        )
        canvas.grid(row=0, column=0, sticky="nswe")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self._down_bar = theme.scrollbar(self, canvas.yview)
        self._side_bar = lengthwise_bar(self, theme, canvas.xview)
        canvas.configure(yscrollcommand=self._down_bar.set, xscrollcommand=self._side_bar.set)
        self._photo = Photo(self, picture.png, scaled=scaled, changed=self._hang)
        self._item = canvas.create_image(0, 0, anchor="nw")
        self._hang()
        self.marks = CanvasMarks(canvas, theme, say, picture.width, picture.height)
        self._listen()

    @property
    def can_be_seen(self) -> bool:
        """Whether the picture could be shown at all."""
        return self._photo.shown is not None

    @property
    def zoom(self) -> Zoom:
        """How large the picture is shown."""
        return self._sight.zoom

    @property
    def is_busy(self) -> bool:
        """A mark is being drawn or moved, or a text is being written."""
        return self._drag is not None or self._entry is not None

    @property
    def is_writing(self) -> bool:
        """A text is being written."""
        return self._entry is not None

    def show(self, *, fits: bool) -> None:
        """Show the whole picture, or each of its pixels as one of the screen."""
        self.fits = fits
        self._arrange()

    def redraw(self) -> None:
        """Draw the marks as they are now."""
        draft = () if self._drag is None or self._drag.draft is None else (self._drag.draft,)
        self.marks.draw((*self.sketch.marks, *draft), self.sketch.chosen, self._sight)

    def cancel(self) -> None:
        """Give up what is being drawn, moved or written."""
        if self._drag is not None:
            self.sketch.give_up()
        self._drag = None
        self._end_entry(keep=False)
        self._tell()

    def settle(self) -> None:
        """Keep a text that is still being written."""
        self._end_entry(keep=True)

    def add_in_the_middle(self, *, whole: bool = False) -> None:
        """Add a mark of the current tool in the middle of what is seen, or over the whole picture."""
        if self.tool is Tool.SELECT:
            return
        left, top, right, bottom = (0, 0, self.sketch.width, self.sketch.height) if whole else self._middle()
        if self.tool is Tool.CAPTION:
            self._begin_entry((left, top))
            return
        self.sketch.add(KINDS[self.tool](x1=left, y1=top, x2=right, y2=bottom))
        self._tell()

    def let_go(self) -> None:
        """The end: nothing is planned any more, and the pictures are freed."""
        self._photo.let_go()
        if self._waiting:
            self.after_cancel(self._waiting)

    # The picture

    def _arrange(self) -> None:
        """Choose the zoom, lay the picture in the middle, and show bars where it is larger than the room."""
        if self._waiting:
            self.after_cancel(self._waiting)
            self._waiting = ""
        sketch = self.sketch
        room_width, room_height = self.winfo_width(), self.winfo_height()
        if min(room_width, room_height) <= 1:
            return
        edge = 2 * int(str(self.canvas.cget("highlightthickness")))
        zoom = FULL
        if self.fits:
            zoom = fitting(sketch.width, sketch.height, room_width - edge, room_height - edge)
        width, height = zoom.shown(sketch.width), zoom.shown(sketch.height)
        thick = self._down_bar.winfo_reqwidth()
        side = width > room_width - edge
        down = height > room_height - edge - (thick if side else 0)
        side = side or width > room_width - edge - (thick if down else 0)
        for bar, is_needed, place in ((self._down_bar, down, (0, 1)), (self._side_bar, side, (1, 0))):
            if is_needed:
                bar.grid(row=place[0], column=place[1], sticky="nswe")
            else:
                bar.grid_remove()
        inside_width = room_width - edge - (thick if down else 0)
        inside_height = room_height - edge - (thick if side else 0)
        middle = self._sight.to_picture(*self._centre(inside_width, inside_height))
        left, top = max(0, (inside_width - width) // 2), max(0, (inside_height - height) // 2)
        self._photo.show(zoom)
        self._sight = Sight(left, top, zoom)
        whole_width, whole_height = max(width, inside_width), max(height, inside_height)
        self.canvas.configure(scrollregion=(0, 0, whole_width, whole_height))
        self.canvas.coords(self._item, left, top)
        self._hang()
        x, y = self._sight.to_canvas(*middle)
        self.canvas.xview_moveto(max(0.0, (x - inside_width / 2) / whole_width))
        self.canvas.yview_moveto(max(0.0, (y - inside_height / 2) / whole_height))
        self.redraw()

    def _hang(self) -> None:
        shown = self._photo.shown
        self.canvas.itemconfigure(self._item, image="" if shown is None else shown)

    def _centre(self, width: int, height: int) -> tuple[float, float]:
        return self.canvas.canvasx(width / 2), self.canvas.canvasy(height / 2)

    # The mouse

    def _listen(self) -> None:
        canvas = self.canvas
        self.bind("<Configure>", lambda _: self._resized())
        canvas.bind("<ButtonPress-1>", self._press)
        canvas.bind("<B1-Motion>", self._motion)
        canvas.bind("<ButtonRelease-1>", self._release)
        canvas.bind("<Double-Button-1>", self._press_again)
        canvas.bind("<Motion>", self._hover)
        for wheel in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
            canvas.bind(wheel, lambda event: self._wheel(event, "yview"))
            canvas.bind(f"<Shift-{wheel[1:]}", lambda event: self._wheel(event, "xview"))
        canvas.bind("<Button-2>", lambda event: canvas.scan_mark(event.x, event.y))
        canvas.bind("<B2-Motion>", lambda event: canvas.scan_dragto(event.x, event.y, gain=1))
        canvas.bind("<FocusIn>", lambda _: self._changed())
        canvas.bind("<FocusOut>", lambda _: self._left())
        canvas.bind("<Key>", self._key)

    def _resized(self) -> None:
        if self._waiting:
            self.after_cancel(self._waiting)
        self._waiting = self.after(SETTLE_MS if self._sight.zoom != FULL else 1, self._arrange)

    def _point(self, event: tkinter.Event[tkinter.Misc]) -> Point:
        return self._sight.to_picture(self.canvas.canvasx(event.x), self.canvas.canvasy(event.y))

    def _reach(self, length: float = SLACK) -> float:
        """``length`` at 96 dpi as pixels of the picture."""
        return self._theme.px(length) / self.zoom.factor

    def _press(self, event: tkinter.Event[tkinter.Misc]) -> None:
        self.by_keyboard = False
        was_writing = self._entry is not None
        self._end_entry(keep=True)
        self.canvas.focus_set()
        x, y = self._point(event)
        sketch, measure, chosen = self.sketch, self.marks.measure, self.sketch.chosen
        sketch.settle()
        self._drag = drag = _Drag(x, y)
        if chosen is not None and (handle := handle_at(chosen, x, y, self._reach(HANDLE))):
            drag.handle, drag.before = handle, chosen
        elif chosen is not None and hit(chosen, x, y, self._reach(), measure):
            drag.before = chosen
        elif self.tool is Tool.SELECT:
            sketch.select_at(x, y, self._reach(), measure)
            drag.before = sketch.chosen
        elif self.tool is Tool.CAPTION and was_writing:
            self._drag = None  # this click ended the text
        else:
            sketch.selected = None
        self._tell()

    def _motion(self, event: tkinter.Event[tkinter.Misc]) -> None:
        drag = self._drag
        if drag is None:
            return
        x, y = self._point(event)
        if not drag.is_far and max(abs(x - drag.x), abs(y - drag.y)) < self._reach(CLICK):
            return
        drag.is_far = True
        sketch = self.sketch
        if drag.before is not None:
            size = (sketch.width, sketch.height)
            if drag.handle:
                mark = pulled(drag.before, drag.handle, x, y)
            else:
                mark = moved(drag.before, x - drag.x, y - drag.y, size, self.marks.measure)
            sketch.change(mark, goes_on="drag")
        elif self.tool in KINDS:
            drag.draft = KINDS[self.tool](
                x1=clamp(drag.x, sketch.width),
                y1=clamp(drag.y, sketch.height),
                x2=clamp(x, sketch.width),
                y2=clamp(y, sketch.height),
            )
        self.redraw()

    def _release(self, _event: tkinter.Event[tkinter.Misc]) -> None:
        drag, self._drag = self._drag, None
        if drag is None:
            return
        self.sketch.settle()
        if drag.draft is not None:
            self.sketch.add(drag.draft)
        elif not drag.is_far and drag.before is None:
            self.sketch.select_at(drag.x, drag.y, self._reach(), self.marks.measure)
            if self.tool is Tool.CAPTION and not isinstance(self.sketch.chosen, Caption):
                self.sketch.selected = None
                self._begin_entry((drag.x, drag.y))
        self._tell()

    def _hover(self, event: tkinter.Event[tkinter.Misc]) -> None:
        """The pointer tells what a press would do."""
        x, y = self._point(event)
        chosen = self.sketch.chosen
        if chosen is not None and handle_at(chosen, x, y, self._reach(HANDLE)):
            cursor = "sizing"
        elif chosen is not None and hit(chosen, x, y, self._reach(), self.marks.measure):
            cursor = "fleur"
        else:
            cursor = {Tool.SELECT: "arrow", Tool.CAPTION: "xterm"}.get(self.tool, "crosshair")
        if str(self.canvas.cget("cursor")) != cursor:
            self.canvas.configure(cursor=cursor)

    def _wheel(self, event: tkinter.Event[tkinter.Misc], way: str) -> str:
        self._scroll(way, turned(event))
        return "break"

    def _scroll(self, way: str, number: int) -> None:
        """Tk would move a picture that is smaller than the room."""
        if self.tk.splitlist(self.tk.call(self.canvas, way)) != ("0.0", "1.0"):
            self.tk.call(self.canvas, way, "scroll", number, "units")

    # The keyboard

    def _key(self, event: tkinter.Event[tkinter.Misc]) -> str | None:
        state = int(event.state)
        shift, control = bool(state & SHIFT), bool(state & CONTROL)
        name = event.keysym.removeprefix("KP_")
        if name in DIRECTIONS:
            self._arrow_key(name, shift=shift, control=control)
        elif control:
            return None  # the window's
        elif name in ("Return", "Enter"):
            chosen = self.sketch.chosen
            if isinstance(chosen, Caption) and not shift:
                self._begin_entry((chosen.x1, chosen.y1), chosen)
            else:
                self.add_in_the_middle(whole=shift)
        elif name == "space":
            self.sketch.select_next(-1 if shift else 1)
        elif name in ("Delete", "BackSpace"):
            self.sketch.remove()
        else:
            return None
        self._tell()
        return "break"

    def _arrow_key(self, name: str, *, shift: bool, control: bool) -> None:
        dx, dy = DIRECTIONS[name]
        if self.sketch.chosen is None:
            self._scroll("xview" if dx else "yview", dx or dy)
            return
        far = 1 if control else max(1, round(self._reach(NUDGE)))
        if shift:
            self.sketch.resize(dx * far, dy * far)
        else:
            self.sketch.move(dx * far, dy * far, self.marks.measure)

    def _left(self) -> None:
        self.by_keyboard = False
        self._changed()

    def _middle(self) -> tuple[int, int, int, int]:
        """A box in the middle of what is seen, a third as wide and high."""
        width, height = self.canvas.winfo_width(), self.canvas.winfo_height()
        left, top = self._sight.to_picture(self.canvas.canvasx(0), self.canvas.canvasy(0))
        right, bottom = self._sight.to_picture(self.canvas.canvasx(width), self.canvas.canvasy(height))
        left, right = clamp(left, self.sketch.width), clamp(right, self.sketch.width)
        top, bottom = clamp(top, self.sketch.height), clamp(bottom, self.sketch.height)
        third, high = (right - left) // 3, (bottom - top) // 3
        return left + third, top + high, right - third, bottom - high

    # The text

    def _press_again(self, event: tkinter.Event[tkinter.Misc]) -> None:
        """The second press of two in quick succession: on a caption it opens it, else it is one more."""
        chosen = self.sketch.chosen
        if isinstance(chosen, Caption) and hit(chosen, *self._point(event), 0, self.marks.measure):
            self._drag = None
            self._begin_entry((chosen.x1, chosen.y1), chosen)
        else:
            self._press(event)

    def _begin_entry(self, at: Point, old: Caption | None = None) -> None:
        """A field on the picture, in which a caption is written or changed."""
        px, palette = self._theme.px, self._theme.palette
        self._end_entry(keep=True)
        if old is None and self.sketch.is_full:
            return
        place = clamp(at[0], self.sketch.width), clamp(at[1], self.sketch.height)
        size = min(-self.marks.font(self.zoom.factor)[1], px(40))
        self._entry = entry = tkinter.Entry(
            self.canvas,
            font=(self._theme.body[0], -max(px(13), size), "bold"),
            width=CAPTION_CHARS,
            foreground="#191e23",
            background="#ffffff",
            insertbackground="#191e23",
            insertwidth=max(1, px(2)),
            relief="flat",
            borderwidth=0,
            highlightthickness=max(2, px(2)),
            highlightcolor=palette.ring,
            highlightbackground=palette.ring,
            validate="key",
        )
        entry.configure(validatecommand=(entry.register(lambda text: len(text) <= TEXT_LIMIT_CHARS), "%P"))
        if old is not None:
            entry.insert(0, old.text)
        self._entry_at = place
        self._entry_for = old
        x, y = self._sight.to_canvas(*place)
        room = self.canvas.canvasx(self.canvas.winfo_width()) - entry.winfo_reqwidth()
        self.canvas.create_window(max(0.0, min(x, room)), y, anchor="nw", window=entry, tags="entry")
        entry.bind("<Return>", lambda _: self._entry_done(keep=True))
        entry.bind("<KP_Enter>", lambda _: self._entry_done(keep=True))
        entry.bind("<Escape>", lambda _: self._entry_done(keep=False))
        self.update_idletasks()  # Tk gives the keyboard only to what is on the screen: no letter may be lost
        entry.focus_set()
        self._changed()

    def _entry_done(self, *, keep: bool) -> str:
        self._end_entry(keep=keep)
        self.canvas.focus_set()
        self._tell()
        return "break"

    def _end_entry(self, *, keep: bool) -> None:
        entry, self._entry = self._entry, None
        if entry is None:
            return
        text = " ".join(entry.get().split())
        self.canvas.delete("entry")
        entry.destroy()
        if not keep:
            return
        old = self._entry_for
        mark = Caption(x1=self._entry_at[0], y1=self._entry_at[1], text=text)
        if old is None:
            if text:
                self.sketch.add(mark)
        elif old in self.sketch.marks:
            self.sketch.selected = self.sketch.marks.index(old)
            if text:
                self.sketch.change(mark)
            else:
                self.sketch.remove()

    def _tell(self) -> None:
        self.redraw()
        self._changed()


class _Drag:
    """A press of the mouse and what came of it: a draft is drawn, or the mark ``before`` is moved, or its
    ``handle`` pulled."""

    def __init__(self, x: int, y: int) -> None:
        self.x = x
        self.y = y
        self.is_far = False
        self.draft: Mark | None = None
        self.before: Mark | None = None
        self.handle = ""
