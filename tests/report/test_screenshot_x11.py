"""Screenshots of a real X server, with real windows of other processes on it."""

from __future__ import annotations

import io
import os
import select
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from Xlib import X
from Xlib.display import Display
from Xlib.ext import randr
from Xlib.protocol import event, rq

from reporter.errors import PictureError
from reporter.report import screenshot
from reporter.report.drawing import BlackOut, Picture, Source
from reporter.report.screenshot import x11
from tests.report.screenshot_screen import Screen
from tests.waiting import wait_until

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
NAMES = {RED: "#ff0000", GREEN: "#00ff00", BLUE: "#0000ff"}


@pytest.fixture(scope="module")
def server() -> Iterator[Screen]:
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed: screenshots were NOT tested; install the package xvfb")
    screen = Screen("800x600")
    yield screen
    screen.end()


@pytest.fixture
def screen(server: Screen) -> Iterator[Screen]:
    yield server
    server.clear()


def pixels_of(picture: Picture) -> Image.Image:
    with Image.open(io.BytesIO(picture.png)) as image:
        return image.convert("RGB")


def sources(screen: Screen, program: int | None) -> list[Source]:
    return screenshot.sources(program, environ=screen.environ, system="linux")


def take(screen: Screen, source_id: str, program: int | None) -> Picture:
    return screenshot.take(source_id, program, environ=screen.environ, system="linux")


def painted(screen: Screen, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    """Wait until this colour is seen there."""
    wait_until(lambda: pixels_of(take(screen, "monitor-1", None)).getpixel(at) == colour)


def box(mark: object) -> tuple[int, int, int, int]:
    assert isinstance(mark, BlackOut)
    return mark.x1, mark.y1, mark.x2, mark.y2


def test_a_screen_that_is_there_can_be_taken(screen: Screen) -> None:
    assert screenshot.why_not(screen.environ, "linux") is None


def test_monitors_come_first_then_windows_ours_before_others(screen: Screen) -> None:
    ours = screen.show("ERP login", NAMES[RED], "200x100+10+10")
    screen.show("Letters to a doctor", NAMES[BLUE], "200x100+300+10")
    found = sources(screen, ours.pid)
    assert [(source.kind, source.title, source.is_ours) for source in found] == [
        ("monitor", "", False),
        ("window", "ERP login", True),
        ("window", "Letters to a doctor", False),
    ]
    assert (found[0].number, found[0].width, found[0].height) == (1, 800, 600)
    assert (found[1].width, found[1].height) == (200, 100)


def test_of_several_windows_the_foremost_comes_first(screen: Screen) -> None:
    for name in ("lowest", "middle", "highest"):
        screen.show(name, NAMES[RED], "200x100+10+10")
    assert [source.title for source in sources(screen, None)[1:]] == ["highest", "middle", "lowest"]


def test_our_own_dialog_is_left_out(screen: Screen) -> None:
    dialog = screen.show("Reporter", NAMES[RED], "200x100+10+10")
    painted(screen, (50, 50), RED)
    found = screenshot.sources(None, own=[dialog.pid], environ=screen.environ, system="linux")
    assert [source.kind for source in found] == ["monitor"]
    picture = screenshot.take("monitor-1", None, own=[dialog.pid], environ=screen.environ, system="linux")
    assert picture.marks == []


def test_windows_of_what_the_program_started_are_its_own(screen: Screen) -> None:
    screen.show("child", NAMES[RED], "200x100+10+10")
    # The windows here are children of this process; as a rule it is the one left out.
    found = screenshot.sources(os.getpid(), own=[], environ=screen.environ, system="linux")
    assert found[1].is_ours
    assert (
        screenshot.take("monitor-1", os.getpid(), own=[], environ=screen.environ, system="linux").marks == []
    )


def test_a_monitor_shows_all_and_suggests_to_hide_what_is_not_ours(screen: Screen) -> None:
    ours = screen.show("ERP", NAMES[RED], "200x150+100+100")
    screen.show("private", NAMES[BLUE], "200x150+250+150")
    painted(screen, (300, 200), BLUE)
    picture = take(screen, "monitor-1", ours.pid)
    assert (picture.width, picture.height) == (800, 600)
    # What is suggested is not done: the person decides.
    assert pixels_of(picture).getpixel((300, 200)) == BLUE
    assert pixels_of(picture).getpixel((150, 120)) == RED
    assert [(box(mark), mark.reason) for mark in picture.marks if isinstance(mark, BlackOut)] == [
        ((250, 150, 449, 299), "another program")
    ]
    content, _ = screenshot.render(picture, picture.marks, limit_bytes=10**6, limit_px=800)
    with Image.open(io.BytesIO(content)) as sent:
        colours = {colour for _, colour in sent.convert("RGB").getcolors(65_536) or []}
    assert RED in colours
    assert BLUE not in colours


def test_what_is_seen_of_ours_over_another_window_is_not_hidden(screen: Screen) -> None:
    screen.show("private", NAMES[BLUE], "300x300+50+50")
    ours = screen.show("ERP", NAMES[RED], "100x100+150+150")
    painted(screen, (200, 200), RED)
    picture = take(screen, "monitor-1", ours.pid)
    content, _ = screenshot.render(picture, picture.marks, limit_bytes=10**6, limit_px=800)
    with Image.open(io.BytesIO(content)) as sent:
        shown = sent.convert("RGB")
    assert sum(count for count, colour in shown.getcolors(65_536) or [] if colour == RED) == 100 * 100
    assert BLUE not in {colour for _, colour in shown.getcolors(65_536) or []}


def test_a_window_is_taken_alone_and_what_lies_above_it_is_suggested(screen: Screen) -> None:
    screen.show("behind", NAMES[GREEN], "800x600+0+0")
    ours = screen.show("ERP", NAMES[RED], "200x150+100+100")
    screen.show("above", NAMES[BLUE], "200x150+250+200")
    painted(screen, (300, 210), BLUE)
    picture = take(screen, f"window-{ours.id}", ours.pid)
    assert (picture.width, picture.height) == (200, 150)
    assert {colour for _, colour in pixels_of(picture).getcolors(65_536) or []} == {RED, BLUE}
    assert [box(mark) for mark in picture.marks] == [(150, 100, 199, 149)]


def test_of_a_window_only_what_is_on_the_screen_is_taken(screen: Screen) -> None:
    ours = screen.show("ERP", NAMES[RED], "200x150-100+500")
    screen.window(ours.id).configure(x=700, y=500)
    screen.display.sync()
    painted(screen, (750, 550), RED)
    picture = take(screen, f"window-{ours.id}", ours.pid)
    assert (picture.width, picture.height) == (100, 100)
    assert pixels_of(picture).getcolors() == [(10_000, RED)]


def test_a_menu_of_another_program_is_hidden_but_not_offered(screen: Screen) -> None:
    ours = screen.show("ERP", NAMES[RED], "300x300+0+0")
    screen.show("message from a friend", NAMES[BLUE], "100x50+100+100", "menu")
    assert [source.title for source in sources(screen, ours.pid)[1:]] == ["ERP"]
    assert [box(mark) for mark in take(screen, "monitor-1", ours.pid).marks] == [(100, 100, 199, 149)]


def test_a_window_that_has_been_closed_is_said_to_be_gone(screen: Screen) -> None:
    ours = screen.show("ERP", NAMES[RED], "300x300+0+0")
    ours.end()
    wait_until(lambda: len(sources(screen, None)) == 1)
    for source_id in (f"window-{ours.id}", "monitor-9", "monitor-0", "", "window-x", "monitor--1"):
        with pytest.raises(PictureError) as refused:
            take(screen, source_id, ours.pid)
        assert str(refused.value) == screenshot.GONE


def test_the_desktop_is_not_hidden_and_a_panel_is(screen: Screen) -> None:
    icons = screen.show("Desktop", NAMES[GREEN], "800x600+0+0")
    panel = screen.show("Panel", NAMES[BLUE], "800x40+0+560")
    screen.set_atoms(icons.id, "_NET_WM_WINDOW_TYPE", "_NET_WM_WINDOW_TYPE_DESKTOP")
    screen.set_atoms(panel.id, "_NET_WM_WINDOW_TYPE", "_NET_WM_WINDOW_TYPE_DOCK")
    assert [source.kind for source in sources(screen, None)] == ["monitor"]
    assert [box(mark) for mark in take(screen, "monitor-1", None).marks] == [(0, 560, 799, 599)]


def test_what_is_minimised_or_on_another_workspace_is_not_there(screen: Screen) -> None:
    minimised = screen.show("minimised", NAMES[RED], "200x100+0+0")
    elsewhere = screen.show("elsewhere", NAMES[RED], "200x100+0+200")
    everywhere = screen.show("everywhere", NAMES[RED], "200x100+0+400")
    screen.set_atoms(minimised.id, "_NET_WM_STATE", "_NET_WM_STATE_HIDDEN")
    screen.root.change_property(screen.atom("_NET_CURRENT_DESKTOP"), screen.atom("CARDINAL"), 32, [0])
    screen.set_numbers(elsewhere.id, "_NET_WM_DESKTOP", 1)
    screen.set_numbers(everywhere.id, "_NET_WM_DESKTOP", x11.EVERY_WORKSPACE)
    assert [source.title for source in sources(screen, None)[1:]] == ["everywhere"]


def test_the_shadow_that_a_window_draws_itself_is_not_part_of_it(screen: Screen) -> None:
    shown = screen.show("ERP", NAMES[RED], "200x100+50+50")
    screen.set_numbers(shown.id, "_GTK_FRAME_EXTENTS", 10, 20, 5, 15)
    picture = take(screen, f"window-{shown.id}", shown.pid)
    assert (picture.width, picture.height) == (170, 80)


def test_a_window_within_a_frame_is_taken_with_it(screen: Screen) -> None:
    shown = screen.show("ERP", NAMES[RED], "200x100+50+50")
    frame = screen.root.create_window(
        40, 30, 220, 130, 0, X.CopyFromParent, background_pixel=0x00FF00, override_redirect=True
    )
    client = screen.window(shown.id)
    client.reparent(frame, 10, 20)
    client.change_property(screen.atom("WM_STATE"), screen.atom("WM_STATE"), 32, [1, 0])
    frame.map()
    screen.display.sync()
    try:
        painted(screen, (42, 32), GREEN)
        painted(screen, (60, 60), RED)
        found = sources(screen, shown.pid)
        assert [
            (source.title, source.is_ours, source.width) for source in found if source.kind == "window"
        ] == [("ERP", True, 220)]
        picture = take(screen, found[1].id, shown.pid)
        assert {colour for _, colour in pixels_of(picture).getcolors(65_536) or []} == {RED, GREEN}
        assert take(screen, "monitor-1", shown.pid).marks == []
    finally:
        client.reparent(screen.root, 0, 0)
        frame.destroy()
        screen.display.sync()


def test_a_nameless_window_over_everything_hides_nothing(screen: Screen) -> None:
    overlay = screen.root.create_window(0, 0, 800, 600, 0, X.CopyFromParent, override_redirect=True)
    overlay.map()
    screen.display.sync()
    try:
        assert take(screen, "monitor-1", None).marks == []
    finally:
        overlay.destroy()
        screen.display.sync()


def test_a_program_that_does_not_say_whose_it_is_is_known_by_the_server(screen: Screen) -> None:
    shown = screen.show("ERP", NAMES[RED], "200x100+50+50")
    screen.window(shown.id).delete_property(screen.atom("_NET_WM_PID"))
    screen.display.sync()
    assert sources(screen, shown.pid)[1].is_ours


class SetMonitor(rq.Request):  # type: ignore[misc] # python-xlib has no types, and cannot pack its own
    """RandR 1.5's request of this name."""

    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(43),
        rq.RequestLength(),
        rq.Window("window"),
        rq.Card32("name"),
        rq.Bool("primary"),
        rq.Bool("automatic"),
        rq.LengthOf("outputs", 2),
        rq.Int16("x"),
        rq.Int16("y"),
        rq.Card16("width"),
        rq.Card16("height"),
        rq.Card32("width_mm"),
        rq.Card32("height_mm"),
        rq.List("outputs", rq.Card32Obj),
    )


def test_two_monitors_are_two_pictures(screen: Screen) -> None:
    left, right = screen.atom("left"), screen.atom("right")
    outputs = randr.get_screen_resources(screen.root).outputs
    for name, x, taken in ((left, 0, outputs), (right, 400, [])):
        SetMonitor(
            display=screen.display.display,
            opcode=screen.display.display.get_extension_major(randr.extname),
            window=screen.root,
            name=name,
            primary=name == right,
            automatic=False,
            x=x,
            y=0,
            width=400,
            height=500 if name == left else 600,
            width_mm=100,
            height_mm=150,
            outputs=taken,
        )
    screen.display.sync()
    try:
        ours = screen.show("ERP", NAMES[RED], "400x600+400+0")
        found = [source for source in sources(screen, None) if source.kind == "monitor"]
        # The primary one first.
        assert [(source.number, source.width, source.height) for source in found] == [
            (1, 400, 600),
            (2, 400, 500),
        ]
        wait_until(lambda: pixels_of(take(screen, "monitor-1", ours.pid)).getcolors() == [(240_000, RED)])
        second = take(screen, "monitor-2", None)
        assert (second.width, second.height, second.marks) == (400, 500, [])
        assert RED not in {colour for _, colour in pixels_of(second).getcolors(65_536) or []}
    finally:
        for name in (left, right):
            randr.delete_monitor(screen.root, name)
        screen.display.sync()


@pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning"
)  # python-xlib leaves them to the collector
def test_without_a_display_there_is_a_sentence() -> None:
    for environ in (
        {},
        {"DISPLAY": ""},
        {"DISPLAY": ":5999"},
        {"DISPLAY": ":99999"},
        {"DISPLAY": "no display"},
    ):
        assert screenshot.why_not(environ, "linux") == x11.NO_DISPLAY
        assert screenshot.clipboard_picture(environ, "linux") is None
    with pytest.raises(PictureError):
        screenshot.sources(None, environ={}, system="linux")


@pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning"
)  # python-xlib leaves them to the collector
@pytest.mark.parametrize("limit", ["CONNECT_LIMIT_S", "ANSWERS_LIMIT_S"])
def test_a_server_at_a_standstill_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    screen = Screen("320x200")
    desktop = x11.X11(screen.name)
    usual = x11._Screen.__init__

    def stopped_between(self: x11._Screen, display: Any) -> None:
        screen.signal(signal.SIGSTOP)
        usual(self, display)

    monkeypatch.setattr(x11, limit, 0.2)
    try:
        if limit == "CONNECT_LIMIT_S":
            screen.signal(signal.SIGSTOP)
            assert desktop.why_not() == x11.NO_DISPLAY
        else:
            monkeypatch.setattr(x11._Screen, "__init__", stopped_between)
        with pytest.raises(PictureError):
            desktop.windows()
    finally:
        screen.signal(signal.SIGCONT)
        screen.end()


def test_without_its_library_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "Xlib.display", None)
    assert screenshot.why_not({"DISPLAY": ":1"}, "linux") == x11.XLIB_MISSING


def picture_file(side: int) -> bytes:
    written = io.BytesIO()
    Image.merge("RGB", [Image.effect_noise((side, side), 90) for _ in range(3)]).save(written, "PNG")
    return written.getvalue()


class Owner:
    """Another program that has copied something, and hands it over when it is asked."""

    def __init__(self, name: str, offers: dict[str, bytes], *, piece_bytes: int = 0, is_silent: bool = False):
        self._display: Any = Display(name)
        self._offers = {self._display.intern_atom(kind): content for kind, content in offers.items()}
        self._piece_bytes = piece_bytes
        self._is_silent = is_silent
        self._window = self._display.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        self._window.set_selection_owner(self._display.intern_atom("CLIPBOARD"), X.CurrentTime)
        self._display.sync()
        self._is_asked_to_end, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def end(self) -> None:
        os.write(self._end, b".")
        self._thread.join()
        os.close(self._end)
        os.close(self._is_asked_to_end)
        self._display.close()

    def _next(self) -> Any:
        while not self._display.pending_events():
            if (
                self._is_asked_to_end
                in select.select([self._display.fileno(), self._is_asked_to_end], [], [])[0]
            ):
                return None
        return self._display.next_event()

    def _serve(self) -> None:
        while (found := self._next()) is not None:
            if found.type == X.SelectionRequest and not self._is_silent:
                self._answer(found)

    def _answer(self, request: Any) -> None:
        atom = self._display.intern_atom
        given = request.property
        if request.target == atom("TARGETS"):
            request.requestor.change_property(given, atom("ATOM"), 32, list(self._offers))
        elif self._piece_bytes:
            request.requestor.change_attributes(event_mask=X.PropertyChangeMask)
            request.requestor.change_property(given, atom("INCR"), 32, [len(self._offers[request.target])])
        else:
            request.requestor.change_property(given, request.target, 8, self._offers[request.target])
        request.requestor.send_event(
            event.SelectionNotify(
                time=request.time,
                requestor=request.requestor,
                selection=request.selection,
                target=request.target,
                property=given,
            )
        )
        self._display.flush()
        if self._piece_bytes and request.target != atom("TARGETS"):
            self._hand_over(request, self._offers[request.target])

    def _hand_over(self, request: Any, content: bytes) -> None:
        starts = range(0, len(content), self._piece_bytes)
        for piece in [*(content[start : start + self._piece_bytes] for start in starts), b""]:
            # Each piece follows when the one before was taken away.
            while (found := self._next()) is not None:
                if found.type == X.PropertyNotify and found.state == X.PropertyDelete:
                    break
            if found is None:
                return
            request.requestor.change_property(request.property, request.target, 8, piece)
            self._display.flush()


@pytest.mark.parametrize("piece_bytes", [0, 10_000])
def test_a_picture_that_was_copied_is_asked_of_its_program(screen: Screen, piece_bytes: int) -> None:
    content = picture_file(150)
    owner = Owner(screen.name, {"text/plain": b"no", "image/png": content}, piece_bytes=piece_bytes)
    try:
        found = screenshot.clipboard_picture(screen.environ, "linux")
    finally:
        owner.end()
    assert found == content
    assert screenshot.picture_of(found).width == 150


def test_on_wayland_the_clipboard_is_that_of_its_x_server(screen: Screen) -> None:
    content = picture_file(20)
    owner = Owner(screen.name, {"image/png": content})
    try:
        environ = {**screen.environ, "WAYLAND_DISPLAY": "wayland-0"}
        assert screenshot.clipboard_picture(environ, "linux") == content
    finally:
        owner.end()
    assert screenshot.clipboard_picture({"WAYLAND_DISPLAY": "wayland-0"}, "linux") is None


def test_a_clipboard_without_a_picture_gives_none(screen: Screen) -> None:
    assert screenshot.clipboard_picture(screen.environ, "linux") is None
    for offers in ({"text/plain": b"words"}, {}):
        owner = Owner(screen.name, offers)
        try:
            assert screenshot.clipboard_picture(screen.environ, "linux") is None
        finally:
            owner.end()


def test_a_program_that_does_not_hand_over_is_not_waited_for(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x11, "CLIPBOARD_LIMIT_S", 0.1)
    owner = Owner(screen.name, {"image/png": picture_file(20)}, is_silent=True)
    try:
        assert screenshot.clipboard_picture(screen.environ, "linux") is None
    finally:
        owner.end()


def test_a_clipboard_that_does_not_end_is_given_up(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x11, "CLIPBOARD_LIMIT_BYTES", 20_000)
    owner = Owner(screen.name, {"image/png": picture_file(150)}, piece_bytes=5_000)
    try:
        assert screenshot.clipboard_picture(screen.environ, "linux") is None
    finally:
        owner.end()
