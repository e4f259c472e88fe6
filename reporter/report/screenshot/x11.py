"""X11: windows, monitors and the clipboard of an X server; the pixels are read by Pillow.

python-xlib speaks the protocol over a connection of its own, where a window that closes while it is asked
about is an exception. libX11 by ctypes would need an error handler for the whole process, which Tk has set
already. An X server does not tell which fields hold passwords.
"""

from __future__ import annotations

import contextlib
import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from reporter.errors import PictureError
from reporter.report.screenshot.area import Area
from reporter.report.screenshot.desktop import (
    CHOOSABLE_LEAST_PX,
    CLIPBOARD_LIMIT_BYTES,
    NOT_TAKEN,
    TITLE_LIMIT_CHARS,
    Desktop,
    Window,
)
from reporter.texts import N_
from reporter.texts.safe import one_line

if TYPE_CHECKING:
    from PIL.Image import Image

CONNECT_LIMIT_S = 3.0
ANSWERS_LIMIT_S = 10.0
"""For all that is asked over one connection."""
CLIPBOARD_LIMIT_S = 3.0
CLIPBOARD_TYPES = ("image/png", "image/bmp", "image/jpeg", "image/tiff", "image/webp", "image/gif")
CLIENT_DEPTH = 3
"""How deep below a frame of a window manager the window of the program is looked for."""
EVERY_WORKSPACE = 0xFFFFFFFF
PROGRAM_TYPES = ("NORMAL", "DIALOG", "UTILITY", "SPLASH")

NO_DISPLAY = N_("There is no screen here to take a picture of.")
XLIB_MISSING = N_("A part of this program that takes pictures of the screen is not installed: python-xlib.")

# A display, a window or a reply of python-xlib, which has no types.
_Xlib = Any


class X11(Desktop):
    """The X server that ``DISPLAY`` names."""

    def __init__(self, name: str) -> None:
        self._name = name

    def why_not(self) -> str | None:
        """No display, no library, or nobody answers."""
        if not self._name:
            return NO_DISPLAY
        try:
            with self._connection():
                return None
        except PictureError as error:
            return str(error)

    def monitors(self) -> list[Area]:
        """As RandR 1.5 tells, the primary one first; the whole screen where it does not."""
        from Xlib.error import XError
        from Xlib.ext import randr

        with self._connection() as display:
            root = display.screen().root
            whole = root.get_geometry()
            told: list[_Xlib] = []
            if display.has_extension("RANDR"):
                with contextlib.suppress(XError):
                    version = randr.query_version(display)
                    if (version.major_version, version.minor_version) >= (1, 5):
                        told = randr.get_monitors(root).monitors
        told = sorted(told, key=lambda one: not one.primary)
        areas = [Area(one.x, one.y, one.width_in_pixels, one.height_in_pixels) for one in told]
        return [area for area in areas if area.width and area.height] or [
            Area(0, 0, whole.width, whole.height)
        ]

    def windows(self) -> list[Window]:
        """The children of the root window, which are frames, menus, panels and notifications alike."""
        from Xlib.error import XError

        found = []
        with self._connection() as display:
            screen = _Screen(display)
            for window in reversed(display.screen().root.query_tree().children):
                # It may be closed while it is asked about.
                with contextlib.suppress(XError):
                    described = screen.describe(window)
                    if described is not None:
                        found.append(described)
        return found

    def pixels(self, area: Area) -> Image:
        """By Pillow: a fifth of the time that the protocol takes in pure Python."""
        from PIL import ImageGrab

        try:
            whole = ImageGrab.grab(xdisplay=self._name)
        except OSError as error:
            raise PictureError(NOT_TAKEN) from error
        return whole.crop((area.left, area.top, area.right, area.bottom))

    def clipboard(self) -> bytes | None:
        """Asked of the program that copied it, within a few seconds."""
        with self._connection() as display:
            return _Selection(display).picture()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[_Xlib]:
        try:
            from Xlib.display import Display
            from Xlib.error import ConnectionClosedError, DisplayError, XauthError, XError
        except ImportError as error:
            raise PictureError(XLIB_MISSING) from error
        try:
            display = _within(CONNECT_LIMIT_S, lambda: Display(self._name))
        except (DisplayError, XauthError, ConnectionClosedError, OSError, OverflowError) as error:
            raise PictureError(NO_DISPLAY) from error
        # What it says of requests without an answer would go to standard error.
        display.set_error_handler(lambda *_: None)
        limit = threading.Timer(ANSWERS_LIMIT_S, _hang_up, [display.display.socket])
        limit.daemon = True
        limit.start()
        try:
            yield display
        except (ConnectionClosedError, XError, OSError) as error:
            raise PictureError(NOT_TAKEN) from error
        finally:
            limit.cancel()
            with contextlib.suppress(ConnectionClosedError, OSError):
                display.close()


def _within(limit_s: float, connect: Callable[[], _Xlib]) -> _Xlib:
    """What ``connect`` gives; raises what it raises, and OSError where it does not end in time: python-xlib
    itself waits for a server that has come to a standstill as long as that lasts."""
    answers: queue.SimpleQueue[tuple[_Xlib, Exception | None]] = queue.SimpleQueue()
    given_up = threading.Event()

    def work() -> None:
        try:
            display = connect()
        except Exception as error:  # noqa: BLE001 - raised again below
            answers.put((None, error))
            return
        answers.put((display, None))
        if given_up.is_set():
            with contextlib.suppress(Exception):
                display.close()

    threading.Thread(target=work, daemon=True, name="reporter-x11").start()
    try:
        display, error = answers.get(timeout=limit_s)
    except queue.Empty:
        given_up.set()
        raise TimeoutError("the X server does not answer") from None
    if error is not None:
        raise error
    return display


def _hang_up(line: socket.socket) -> None:
    """End a connection from another thread: who waits for an answer on it learns that none will come."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


class _Screen:
    """The windows of one connection; XError where one has gone."""

    def __init__(self, display: _Xlib) -> None:
        self._display = display
        root = display.screen().root
        size = root.get_geometry()
        self._whole = Area(0, 0, size.width, size.height)
        self._workspace = self._number(root, "_NET_CURRENT_DESKTOP")
        self._tells_clients = display.has_extension("X-Resource")

    def describe(self, window: _Xlib) -> Window | None:
        """A child of the root window; None where nothing of it is seen."""
        from Xlib import X

        state = window.get_attributes()
        if state.map_state != X.IsViewable or state.win_class != X.InputOutput:
            return None
        managed = self._client(window, CLIENT_DEPTH)
        client = managed or window
        workspace = self._number(client, "_NET_WM_DESKTOP")
        if None not in (workspace, self._workspace) and workspace not in (self._workspace, EVERY_WORKSPACE):
            return None
        # Some window managers keep minimised windows mapped and merely do not paint them.
        if "_NET_WM_STATE_HIDDEN" in self._atoms(client, "_NET_WM_STATE"):
            return None
        area = self._area(window, client)
        title = self._title(client)
        # A compositing manager paints into a nameless window over everything: it covers nothing.
        is_program = bool(title or client.get_wm_class() or self._number(client, "_NET_WM_PID"))
        if not is_program and area.holds(self._whole):
            return None
        types = [name.rpartition("_")[2] for name in self._atoms(client, "_NET_WM_WINDOW_TYPE")]
        return Window(
            id=client.id,
            area=area,
            pid=self._pid(client),
            title=title,
            # Frames override the window manager as menus do: they are its own.
            is_choosable=(managed is not None or not state.override_redirect)
            and (not types or types[0] in PROGRAM_TYPES)
            and min(area.width, area.height) >= CHOOSABLE_LEAST_PX,
            is_backdrop="DESKTOP" in types,
        )

    def _client(self, window: _Xlib, depth: int) -> _Xlib | None:
        """The program's own window within a frame: the one that holds the state of a managed window."""
        if window.get_full_property(self._atom("WM_STATE"), 0) is not None:
            return window
        if depth:
            for child in reversed(window.query_tree().children):
                found = self._client(child, depth - 1)
                if found is not None:
                    return found
        return None

    def _area(self, window: _Xlib, client: _Xlib) -> Area:
        frame = window.get_geometry()
        left, top, right, bottom = frame.x, frame.y, 0, 0
        width, height = frame.width + 2 * frame.border_width, frame.height + 2 * frame.border_width
        # Windows that draw their own frame have a shadow around it, through which others are seen.
        shadow = client.get_full_property(self._atom("_GTK_FRAME_EXTENTS"), 0)
        if shadow is not None and len(shadow.value) == 4:
            before, right, above, bottom = (int(value) for value in shadow.value)
            if before + right < width and above + bottom < height:
                left, top = left + before, top + above
                width, height = width - before - right, height - above - bottom
        return Area(left, top, width, height)

    def _pid(self, client: _Xlib) -> int:
        """As the server knows its clients; as the program says where it does not."""
        from Xlib.error import XError
        from Xlib.ext import res

        if self._tells_clients:
            with contextlib.suppress(XError):
                asked = [{"client": client.id, "mask": res.LocalClientPIDMask}]
                for answer in self._display.res_query_client_ids(asked).ids:
                    if answer.value:
                        return int(answer.value[0])
        return self._number(client, "_NET_WM_PID") or 0

    def _title(self, client: _Xlib) -> str:
        for name in ("_NET_WM_NAME", "WM_NAME"):
            found = client.get_full_property(self._atom(name), 0)
            if found is not None and found.value:
                value = found.value
                text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                return one_line(text, TITLE_LIMIT_CHARS)
        return ""

    def _number(self, window: _Xlib, name: str) -> int | None:
        found = window.get_full_property(self._atom(name), 0)
        if found is None or found.format != 32 or not len(found.value):
            return None
        return int(found.value[0])

    def _atoms(self, window: _Xlib, name: str) -> list[str]:
        from Xlib import Xatom

        found = window.get_full_property(self._atom(name), Xatom.ATOM)
        return [] if found is None else [self._display.get_atom_name(atom) for atom in found.value]

    def _atom(self, name: str) -> int:
        return int(self._display.get_atom(name))


class _Selection:
    """The clipboard, handed over by the program that owns it: at once, or piece by piece."""

    def __init__(self, display: _Xlib) -> None:
        from Xlib import X

        self._display = display
        self._window = display.screen().root.create_window(
            0, 0, 1, 1, 0, X.CopyFromParent, event_mask=X.PropertyChangeMask
        )
        self._property = display.get_atom("REPORTER_CLIPBOARD")
        self._deadline = time.monotonic() + CLIPBOARD_LIMIT_S

    def picture(self) -> bytes | None:
        """In the first of the formats that are offered."""
        offered = self._ask("TARGETS")
        if not offered:
            return None
        # Atoms are four bytes each.
        names = [
            self._display.get_atom_name(atom)
            for atom in memoryview(offered[: len(offered) // 4 * 4]).cast("I")
        ]
        for name in CLIPBOARD_TYPES:
            if name in names:
                return self._ask(name)
        return None

    def _ask(self, target: str) -> bytes | None:
        from Xlib import X

        clipboard = self._display.get_atom("CLIPBOARD")
        if not self._display.get_selection_owner(clipboard):
            return None
        self._window.delete_property(self._property)
        self._window.convert_selection(
            clipboard, self._display.get_atom(target), self._property, X.CurrentTime
        )
        while (event := self._next()) is not None:
            if event.type == X.SelectionNotify:
                break
        if event is None or event.property == X.NONE:
            return None
        kind, content = self._read()
        return content if kind != self._display.get_atom("INCR") else self._pieces()

    def _pieces(self) -> bytes | None:
        """What is too large for one answer: each piece comes when the one before was taken away."""
        from Xlib import X

        whole = bytearray()
        while (event := self._next()) is not None:
            if event.type != X.PropertyNotify or event.state != X.PropertyNewValue:
                continue
            if event.atom != self._property:
                continue
            _, content = self._read()
            if not content:
                return bytes(whole)
            whole += content
            if len(whole) > CLIPBOARD_LIMIT_BYTES:
                return None
        return None

    def _read(self) -> tuple[int, bytes]:
        from Xlib import X

        found = self._window.get_property(
            self._property, X.AnyPropertyType, 0, CLIPBOARD_LIMIT_BYTES // 4, delete=True
        )
        if found is None:
            return 0, b""
        value = found.value
        return int(found.property_type), value.tobytes() if hasattr(value, "tobytes") else bytes(value)

    def _next(self) -> _Xlib | None:
        """The next event; None when time is up."""
        while not self._display.pending_events():
            left_s = self._deadline - time.monotonic()
            if left_s <= 0 or not select.select([self._display.fileno()], [], [], left_s)[0]:
                return None
        return self._display.next_event()
