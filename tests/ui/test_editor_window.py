"""The editor's real window, with a real mouse and keyboard: what is drawn is what is handed over."""

from __future__ import annotations

import shutil
import struct
import threading
import tkinter
import zlib
from collections.abc import Callable, Iterator
from itertools import product
from tkinter import ttk
from typing import Any

import pytest

from reporter.report.drawing import (
    MARKS_LIMIT_ITEMS,
    TEXT_LIMIT_CHARS,
    Arrow,
    BlackOut,
    Caption,
    Ellipse,
    Mark,
    Picture,
    Rectangle,
)
from reporter.texts import Translator
from reporter.ui.window.editor import Editor
from reporter.ui.window.photo import smaller
from reporter.ui.window.sketch import FULL, Zoom
from reporter.ui.window.tools import Tool
from tests.ui.conftest import Screens
from tests.ui.stand_in import StandIn, stand_in
from tests.ui.test_about import assert_whole

Texts = Callable[[str], Translator]
WHITE = b"\xff\xff\xff"
OTHER = BlackOut(x1=900, y1=300, x2=1_100, y2=500, reason="another program")
SECRET = BlackOut(x1=100, y1=600, x2=400, y2=640, reason="password")


def png(width: int, height: int) -> bytes:
    """A picture of the colours of a chessboard of single pixels, without an imaging library."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + (WHITE + b"\x20\x60\xa0") * (width // 2) + WHITE * (width % 2)) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def picture(width: int = 1_920, height: int = 1_080, *marks: Mark) -> Picture:
    return Picture(png=png(width, height), width=width, height=height, marks=list(marks))


class Drawing:
    """A person before the editor; points are given in pixels of the picture."""

    def __init__(self, person: StandIn, shown: Picture, scaled: Callable[[int], bytes] | None = None) -> None:
        self.person = person
        self.done: list[list[Mark]] = []
        self.editor = Editor(person, shown, self.done.append, scaled)
        self.easel = self.editor._easel
        person.focus(self.editor.first_focus())
        person.settle()

    @property
    def marks(self) -> list[Mark]:
        return self.editor.marks

    @property
    def hint(self) -> str:
        return str(self.editor._hint.cget("text"))

    def place(self, x: float, y: float) -> tuple[int, int]:
        """Where on the screen a point of the picture is."""
        canvas = self.easel.canvas
        left, top = self.easel._sight.to_canvas(x, y)
        left, top = left - canvas.canvasx(0), top - canvas.canvasy(0)
        return round(canvas.winfo_rootx() + left), round(canvas.winfo_rooty() + top)

    def point_at(self, x: float, y: float) -> None:
        self.person.mouse("mousemove", *self.place(x, y))

    def click(self, x: float, y: float) -> None:
        self.point_at(x, y)
        self.person.mouse("click", 1)

    def hold(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press, and move without letting go."""
        self.point_at(*start)
        self.person.mouse("mousedown", 1)
        self.point_at((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.point_at(*end)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self.hold(start, end)
        self.person.mouse("mouseup", 1)

    def near(self, mark: Mark, kind: type[Mark], *numbers: int) -> bool:
        """Whether the mark is of this kind, and its corners within two screen pixels of these."""
        got = [getattr(mark, name) for name in ("x1", "y1", "x2", "y2")]
        reach = 2 / self.easel.zoom.factor
        return type(mark) is kind and all(
            abs(one - other) <= reach for one, other in zip(got, numbers, strict=True)
        )


@pytest.fixture(autouse=True)
def _tools() -> None:
    if shutil.which("xdotool") is None:
        pytest.skip("xdotool is not installed: the window was NOT tested; install the package xdotool")


@pytest.fixture
def person(screens: Screens, texts: Texts) -> Iterator[StandIn]:
    with stand_in(screens(), texts("en")) as made:
        yield made


@pytest.fixture
def drawing(person: StandIn) -> Drawing:
    return Drawing(person, picture(1_920, 1_080, OTHER, SECRET))


def test_each_tool_draws_its_mark_where_the_mouse_was(drawing: Drawing) -> None:
    assert drawing.easel.zoom.factor < 1
    for key, kind, start, end in (
        ("2", BlackOut, (200, 100), (500, 160)),
        ("3", Arrow, (800, 900), (600, 700)),
        ("4", Ellipse, (1_200, 700), (1_500, 900)),
        ("5", Rectangle, (300, 800), (150, 1_000)),
    ):
        drawing.person.keys(key)
        drawing.drag(start, end)
        assert drawing.near(drawing.marks[-1], kind, *start, *end), drawing.marks[-1]
    assert drawing.marks[:2] == [OTHER, SECRET]
    assert len(drawing.marks) == 6
    drawing.person.keys("6")
    drawing.click(1_300, 100)
    drawing.person.write("It stops here")
    assert drawing.hint == "Enter keeps the text, Escape gives it up."
    drawing.person.keys("Return")
    written = drawing.marks[-1]
    assert isinstance(written, Caption)
    assert written.text == "It stops here"
    assert abs(written.x1 - 1_300) <= 2 / drawing.easel.zoom.factor
    drawing.editor.attach()
    assert drawing.done == [drawing.marks]
    assert not drawing.editor.open


def test_marks_are_the_same_at_both_sizes(drawing: Drawing) -> None:
    drawing.person.keys("ctrl+1")
    assert drawing.easel.zoom == FULL
    start, end = (900, 500), (1_000, 600)
    drawing.drag(start, end)
    assert drawing.near(drawing.marks[-1], BlackOut, *start, *end)
    drawn = drawing.marks
    drawing.person.keys("ctrl+0")
    assert drawing.easel.zoom.factor < 1
    assert drawing.marks == drawn


def test_nothing_is_drawn_beyond_the_picture(drawing: Drawing) -> None:
    drawing.drag((1_000, 900), (2_500, 1_300))
    mark = drawing.marks[-1]
    assert isinstance(mark, BlackOut)
    assert mark.x2 <= 1_920
    assert mark.y2 <= 1_080


def test_a_black_out_is_black_and_a_suggested_one_says_why(drawing: Drawing) -> None:
    drawing.drag((200, 100), (500, 160))
    drawing.point_at(1_500, 900)
    canvas: Any = drawing.easel.canvas
    marks = canvas.find_withtag("marks")
    filled = [n for n in marks if canvas.type(n) == "rectangle" and canvas.itemcget(n, "fill")]
    assert {canvas.itemcget(number, "fill") for number in filled} == {"#000000"}
    assert [bool(canvas.itemcget(number, "dash")) for number in filled] == [True, True, False]
    assert "Another program" in [canvas.itemcget(n, "text") for n in marks if canvas.type(n) == "text"]
    drawing.person.keys("1")
    drawing.click(1_000, 400)
    assert drawing.hint.startswith("Another program is hidden here.")
    drawing.click(250, 620)
    assert drawing.hint.startswith("A password is hidden here.")


def test_a_suggestion_is_taken_away_and_comes_back(drawing: Drawing) -> None:
    drawing.click(1_000, 400)
    assert drawing.easel.sketch.chosen == OTHER
    drawing.person.keys("Delete")
    assert drawing.marks == [SECRET]
    drawing.person.keys("ctrl+z")
    assert drawing.marks == [OTHER, SECRET]
    drawing.person.keys("ctrl+y")
    assert drawing.marks == [SECRET]
    drawing.person.keys("ctrl+z")
    drawing.person.keys("ctrl+shift+z")
    assert drawing.marks == [SECRET]


def test_a_mark_is_moved_by_its_middle_and_resized_by_its_corner(drawing: Drawing) -> None:
    drawing.person.keys("1")
    drawing.drag((1_000, 400), (1_200, 500))
    assert drawing.near(drawing.marks[0], BlackOut, 1_100, 400, 1_300, 600)
    drawing.drag((1_300, 600), (1_500, 700))
    assert drawing.near(drawing.marks[0], BlackOut, 1_100, 400, 1_500, 700)
    drawing.person.keys("ctrl+z", "ctrl+z")
    assert drawing.marks == [OTHER, SECRET]
    assert not drawing.easel.sketch.can_undo


def test_escape_gives_up_what_is_drawn_then_the_selection_then_the_window(drawing: Drawing) -> None:
    drawing.hold((200, 100), (500, 160))
    drawing.person.keys("Escape")
    drawing.person.mouse("mouseup", 1)
    assert drawing.marks == [OTHER, SECRET]
    drawing.click(1_000, 400)
    drawing.hold((1_000, 400), (1_200, 500))
    assert drawing.marks[0] != OTHER
    drawing.person.keys("Escape")
    drawing.person.mouse("mouseup", 1)
    assert drawing.marks == [OTHER, SECRET]
    assert drawing.easel.sketch.chosen == OTHER
    drawing.person.keys("Escape")
    assert drawing.easel.sketch.chosen is None
    assert drawing.editor.open
    drawing.person.keys("Escape")
    assert not drawing.editor.open
    assert drawing.done == []


def test_marks_are_not_lost_without_a_question(drawing: Drawing) -> None:
    drawing.drag((200, 100), (500, 160))
    drawing.person.keys("Escape", "Escape")
    assert drawing.editor.open
    assert drawing.editor._question is not None
    drawing.person.keys("Return")
    assert drawing.editor._question is None
    assert len(drawing.marks) == 3
    drawing.editor.ask_close()
    drawing.person.settle()
    drawing.person.keys("shift+Tab", "space")
    assert not drawing.editor.open
    assert drawing.done == []


def test_the_keyboard_alone_blacks_out_moves_and_attaches(drawing: Drawing) -> None:
    canvas, keys = drawing.easel.canvas, drawing.person.keys
    for _ in range(9):
        if drawing.person.root.focus_get() is canvas:
            break
        keys("Tab")
    assert drawing.person.root.focus_get() is canvas
    assert drawing.hint.startswith("Enter adds a mark")
    keys("Return")
    first = drawing.marks[-1]
    assert isinstance(first, BlackOut)
    keys("Right", "Right", "ctrl+Down")
    moved = drawing.marks[-1]
    assert isinstance(moved, BlackOut)
    assert moved.x2 - moved.x1 == first.x2 - first.x1
    assert moved.x1 > first.x1 + 2
    assert moved.y1 == first.y1 + 1
    keys("shift+Left")
    assert drawing.marks[-1].x2 < moved.x2  # type: ignore[union-attr]
    keys("shift+Return")
    assert drawing.marks[-1] == BlackOut(x1=0, y1=0, x2=1_920, y2=1_080)
    keys("Delete", "space")
    assert drawing.easel.sketch.chosen == OTHER
    keys("Delete")
    keys("6", "Return")
    drawing.person.write("2 by keys")
    keys("Return", "ctrl+Return")
    (marks,) = drawing.done
    assert [type(mark) for mark in marks] == [BlackOut, BlackOut, Caption]
    assert marks[0] == SECRET
    assert isinstance(marks[2], Caption)
    assert marks[2].text == "2 by keys"


def test_tab_goes_through_the_window_in_the_order_it_is_seen(drawing: Drawing) -> None:
    seen: list[str] = []
    for _ in range(9):
        focus = drawing.person.root.focus_get()
        seen.append(
            str(focus.cget("text")).strip() if isinstance(focus, ttk.Button) else type(focus).__name__
        )
        drawing.person.keys("Tab")
    assert seen[:6] == ["Black out", "Whole picture", "Canvas", "Cancel", "Attach", "Black out"]


def test_arrow_keys_choose_the_neighbour_tool(drawing: Drawing) -> None:
    went = []
    for keys in (["Right"], ["Left", "Left"], ["Left"]):
        drawing.person.keys(*keys)
        went.append(drawing.easel.tool)
        assert drawing.person.root.focus_get() is drawing.editor.first_focus()
    assert went == [Tool.ARROW, Tool.SELECT, Tool.CAPTION]
    chosen = [button for button in drawing.editor._tools.buttons if "selected" in button.state()]
    assert chosen == [drawing.editor.first_focus()]


def test_a_text_is_changed_by_a_double_click_and_an_empty_one_is_gone(drawing: Drawing) -> None:
    drawing.person.keys("6")
    drawing.click(300, 300)
    drawing.person.write("one")
    drawing.person.keys("Return", "1")
    drawing.point_at(330, 315)
    drawing.person.mouse("click", "--repeat", 2, "--delay", 60, 1)
    drawing.person.write(" two")
    drawing.person.keys("Return")
    assert [mark.text for mark in drawing.marks if isinstance(mark, Caption)] == ["one two"]
    drawing.person.keys("Return", "ctrl+slash", "Delete", "Return")
    assert drawing.marks == [OTHER, SECRET]
    drawing.person.keys("6")
    drawing.click(300, 300)
    drawing.person.write("given up")
    drawing.person.keys("Escape")
    assert drawing.marks == [OTHER, SECRET]
    assert drawing.editor.open


def test_a_text_that_is_being_written_is_attached_too(drawing: Drawing) -> None:
    drawing.person.keys("6")
    drawing.click(300, 300)
    drawing.person.write("123 not tools")
    drawing.editor.attach()
    (marks,) = drawing.done
    assert isinstance(marks[-1], Caption)
    assert marks[-1].text == "123 not tools"


def test_a_text_is_bounded(drawing: Drawing) -> None:
    drawing.person.keys("6")
    drawing.click(300, 300)
    entry = drawing.easel._entry
    assert entry is not None
    entry.insert(0, "x" * TEXT_LIMIT_CHARS)
    drawing.person.keys("y")
    assert entry.get() == "x" * TEXT_LIMIT_CHARS


def test_buttons_tell_what_can_be_done(drawing: Drawing) -> None:
    editor = drawing.editor

    def enabled() -> list[bool]:
        return ["disabled" not in b.state() for b in (editor._undo, editor._redo, editor._remove)]

    assert enabled() == [False, False, False]
    drawing.drag((200, 100), (500, 160))
    assert enabled() == [True, False, True]
    editor._undo.invoke()
    assert enabled() == [False, True, False]
    editor._redo.invoke()
    assert len(drawing.marks) == 3


def test_a_full_picture_says_so(person: StandIn) -> None:
    drawing = Drawing(person, picture(1_920, 1_080, *[OTHER] * MARKS_LIMIT_ITEMS))
    drawing.editor.choose(Tool.ARROW)
    assert drawing.hint == "The picture holds no further marks."
    drawing.drag((200, 100), (500, 160))
    assert len(drawing.marks) == MARKS_LIMIT_ITEMS


def test_a_picture_that_cannot_be_read_is_not_attached(person: StandIn) -> None:
    drawing = Drawing(person, Picture(png=b"\x89PNG no", width=800, height=600))
    assert drawing.hint == "This picture cannot be shown, so it cannot be attached."
    assert "disabled" in drawing.editor._attach.state()
    drawing.editor.attach()
    drawing.person.keys("ctrl+Return")
    assert drawing.done == []
    drawing.editor.fit(False)
    drawing.person.keys("Escape")
    assert not drawing.editor.open


@pytest.mark.parametrize(
    "size", [(3_840, 2_160), (1_080, 1_920), (7_680, 400), (300, 5_000), (40, 30), (1, 1), (1_001, 777)]
)
def test_pictures_of_every_shape_are_seen_whole(person: StandIn, size: tuple[int, int]) -> None:
    drawing = Drawing(person, picture(*size))
    shown, zoom = drawing.easel._photo.shown, drawing.easel.zoom
    assert shown is not None
    assert (shown.width(), shown.height()) == (zoom.shown(size[0]), zoom.shown(size[1]))
    canvas = drawing.easel.canvas
    assert shown.width() <= canvas.winfo_width()
    assert shown.height() <= canvas.winfo_height()
    assert canvas.xview() == canvas.yview() == (0.0, 1.0)
    drawing.person.keys("ctrl+1")
    assert drawing.easel.zoom == FULL
    left, top, right, bottom = drawing.easel._middle()
    drawing.drag((left, top), (right, bottom))
    drawing.person.keys("ctrl+0")
    assert drawing.easel.zoom == zoom


def test_a_better_picture_takes_the_place_of_the_first(person: StandIn) -> None:
    asked: list[int] = []
    gate = threading.Event()

    def scaled(width: int) -> bytes:
        asked.append(width)
        assert gate.wait(20)
        return png(width, width * 9 // 16)

    drawing = Drawing(person, picture(), scaled)
    first = drawing.easel._photo.shown
    assert first is not None
    assert asked == [first.width()]
    gate.set()
    person.wait(lambda: drawing.easel._photo.shown is not first)
    better = drawing.easel._photo.shown
    assert better is not None
    assert better.width() == first.width()
    canvas: Any = drawing.easel.canvas
    assert canvas.itemcget(drawing.easel._item, "image") == str(better)
    drawing.person.keys("ctrl+1")
    drawing.person.keys("ctrl+0")
    assert len(asked) == 1


def test_a_scaler_that_breaks_or_comes_late_harms_nothing(person: StandIn) -> None:
    def broken(_width: int) -> bytes:
        raise ValueError("no memory")

    drawing = Drawing(person, picture(), broken)
    first = drawing.easel._photo.shown
    person.settle()
    assert drawing.easel._photo.shown is first
    drawing.editor.close()

    gate = threading.Event()

    def late(width: int) -> bytes:
        gate.wait(20)
        return png(width, 10)

    drawing = Drawing(person, picture(), late)
    drawing.editor.close()
    gate.set()
    person.settle()
    assert not drawing.editor.open


def test_smaller_pictures_keep_their_pixels_in_order(person: StandIn) -> None:
    whole = tkinter.PhotoImage(master=person.root, width=300, height=301)
    for x, y, colour in ((0, 0, "#ff0000"), (150, 150, "#00ff00"), (297, 297, "#0000ff")):
        whole.put(colour, to=(x, y, x + 3, y + 3))
    for zoom in (Zoom(1, 3), Zoom(2, 3), Zoom(3, 4), Zoom(3, 5)):
        made = smaller(whole, zoom)
        assert (made.width(), made.height()) == (zoom.shown(300), zoom.shown(301))
        assert made.get(0, 0) == (255, 0, 0)
        for at, seen in ((150, (0, 255, 0)), (297, (0, 0, 255))):
            assert made.get(zoom.shown(at), zoom.shown(at)) == seen


@pytest.mark.parametrize(
    ("screen", "language", "appearance"),
    [
        *product([("1600x1200", 96), ("2400x1800", 192)], ["en", "ru"], ["light", "dark"]),
        (("1024x600", 96), "ru", "light"),
        (("1366x768", 192), "uk", "dark"),
    ],
)
def test_nothing_is_clipped(
    screens: Screens, texts: Texts, screen: tuple[str, int], language: str, appearance: str
) -> None:
    with stand_in(screens(*screen), texts(language), appearance) as person:
        drawing = Drawing(person, picture(1_920, 1_080, OTHER))
        window = drawing.editor.window
        least = window.minsize()
        for size in ("", f"{least[0]}x{least[1]}"):
            window.geometry(size)
            person.settle()
            assert_whole(window)
            drawing.drag((200, 100), (500, 160))
            drawing.editor.ask_close()
            person.settle()
            assert_whole(window)
            drawing.editor._stay()
