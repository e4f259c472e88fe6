"""Windows and macOS, played by fakes that fill in what the real libraries would; and which is selected."""

from __future__ import annotations

import ctypes
import plistlib
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import psutil
import pytest
from PIL import Image, ImageGrab

from reporter.errors import PictureError
from reporter.report import screenshot
from reporter.report.drawing import BlackOut, Mark
from reporter.report.screenshot import macos as macos_module
from reporter.report.screenshot import windows as windows_module
from reporter.report.screenshot.area import Area
from reporter.report.screenshot.desktop import Desktop, Window, this_desktop
from reporter.report.screenshot.macos import NOT_ALLOWED, MacOS
from reporter.report.screenshot.wayland import Wayland
from reporter.report.screenshot.windows import ES_PASSWORD, Windows
from reporter.report.screenshot.x11 import X11

ERP, CHAT, OWN = 4_000_001, 4_000_002, 4_000_003
"""Process ids that no real process has here."""


class FakeWindow(NamedTuple):
    handle: int
    pid: int
    title: str
    box: tuple[int, int, int, int]
    kind: str = "ERPMain"
    is_visible: bool = True
    is_iconic: bool = False
    is_cloaked: bool = False
    style: int = 0
    extended: int = 0
    frame: tuple[int, int, int, int] | None = None
    children: tuple[FakeWindow, ...] = ()


def fill(bounds: Any, box: tuple[int, int, int, int]) -> int:
    bounds.left, bounds.top, bounds.right, bounds.bottom = box
    return 1


class FakeUser32:
    def __init__(
        self, windows: list[FakeWindow], monitors: list[tuple[bool, tuple[int, int, int, int]]]
    ) -> None:
        self.windows = windows
        self.monitors = monitors
        self.contexts: list[int | None] = []
        known = [child for window in windows for child in window.children]
        self._by_handle = {window.handle: window for window in [*windows, *known]}

    def find(self, handle: int) -> FakeWindow:
        return self._by_handle[handle]

    def EnumWindows(self, visit: Callable[[int, int], bool], data: int) -> int:  # noqa: N802 - Windows' names
        return int(all(visit(window.handle, data) for window in self.windows))

    def EnumChildWindows(self, parent: int, visit: Callable[[int, int], bool], data: int) -> int:  # noqa: N802
        return int(all(visit(child.handle, data) for child in self.find(parent).children))

    def EnumDisplayMonitors(self, _dc: None, _clip: None, visit: Callable[..., bool], data: int) -> int:  # noqa: N802
        return int(all(visit(number, 0, None, data) for number, _ in enumerate(self.monitors, start=1)))

    def GetMonitorInfoW(self, monitor: int, info: Any) -> int:  # noqa: N802
        is_primary, box = self.monitors[monitor - 1]
        assert info._obj.size == ctypes.sizeof(info._obj)
        info._obj.flags = int(is_primary)
        return fill(info._obj.monitor, box)

    def IsWindowVisible(self, handle: int) -> int:  # noqa: N802
        return self.find(handle).is_visible

    def IsIconic(self, handle: int) -> int:  # noqa: N802
        return self.find(handle).is_iconic

    def GetWindowLongW(self, handle: int, index: int) -> int:  # noqa: N802
        return self.find(handle).style if index == -16 else self.find(handle).extended

    def GetWindowThreadProcessId(self, handle: int, pid: Any) -> int:  # noqa: N802
        pid._obj.value = self.find(handle).pid
        return 1

    def GetWindowTextW(self, handle: int, text: Any, limit: int) -> int:  # noqa: N802
        text.value = self.find(handle).title[: limit - 1]
        return len(text.value)

    def GetClassNameW(self, handle: int, text: Any, limit: int) -> int:  # noqa: N802
        text.value = self.find(handle).kind[: limit - 1]
        return len(text.value)

    def GetWindowRect(self, handle: int, bounds: Any) -> int:  # noqa: N802
        return fill(bounds._obj, self.find(handle).box)

    def SetThreadDpiAwarenessContext(self, context: Any) -> int:  # noqa: N802
        self.contexts.append(ctypes.c_ssize_t(context.value or 0).value)
        return 17


class FakeDwm:
    def __init__(self, user32: FakeUser32) -> None:
        self.user32 = user32

    def DwmGetWindowAttribute(self, handle: Any, attribute: int, value: Any, size: int) -> int:  # noqa: N802
        window = self.user32.find(handle.value)
        assert size == ctypes.sizeof(value._obj)
        if attribute == 14:
            value._obj.value = 2 if window.is_cloaked else 0
            return 0
        if window.frame is None:
            return -2147024809
        fill(value._obj, window.frame)
        return 0


PASSWORD_FIELD = FakeWindow(101, ERP, "", (150, 150, 250, 170), kind="Edit", style=ES_PASSWORD)
NAME_FIELD = FakeWindow(102, ERP, "", (150, 120, 250, 140), kind="Edit")
DOTNET_FIELD = FakeWindow(
    103, ERP, "", (150, 180, 250, 199), kind="WindowsForms10.EDIT.app.0.2", style=0x5001_0020
)
BUTTON = FakeWindow(104, ERP, "OK", (150, 200, 250, 220), kind="Button", style=ES_PASSWORD)
HIDDEN_FIELD = FakeWindow(105, ERP, "", (0, 0, 9, 9), kind="Edit", style=ES_PASSWORD, is_visible=False)
DESKTOP = [
    FakeWindow(10, OWN, "Reporter", (0, 0, 50, 50)),
    FakeWindow(11, CHAT, "", (0, 960, 1920, 1000), kind="Shell_TrayWnd"),
    FakeWindow(12, CHAT, "Chat with\u202e Anna", (200, 210, 400, 410), frame=(207, 210, 393, 403)),
    FakeWindow(13, CHAT, "overlay", (0, 0, 1920, 1080), extended=0x20),
    FakeWindow(14, CHAT, "Store", (0, 0, 800, 600), is_cloaked=True),
    FakeWindow(15, CHAT, "Mail", (-32000, -32000, -31840, -31972), is_iconic=True),
    FakeWindow(16, CHAT, "hidden", (0, 0, 800, 600), is_visible=False),
    FakeWindow(
        17,
        ERP,
        "ERP login",
        (100, 100, 300, 300),
        children=(PASSWORD_FIELD, NAME_FIELD, DOTNET_FIELD, BUTTON, HIDDEN_FIELD),
    ),
    FakeWindow(18, CHAT, "tip", (500, 500, 700, 600), extended=0x80),
    FakeWindow(19, CHAT, "Letter", (600, 100, 900, 300)),
    FakeWindow(20, CHAT, "Program Manager", (-1280, 0, 1920, 1080), kind="Progman"),
]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Windows:
    def grab(bbox: tuple[int, int, int, int], *, all_screens: bool) -> Image.Image:
        assert all_screens
        return Image.new("RGB", (bbox[2] - bbox[0], bbox[3] - bbox[1]), (1, 2, 3))

    monkeypatch.setattr(ImageGrab, "grab", grab)
    user32 = FakeUser32(DESKTOP, [(False, (-1280, 0, 0, 1024)), (True, (0, 0, 1920, 1080))])
    return Windows(user32=user32, dwmapi=FakeDwm(user32))


def test_windows_lists_monitors_and_windows(windows: Windows) -> None:
    assert windows.why_not() is None
    found = screenshot.sources(ERP, own=[OWN], desktop=windows)
    assert [(source.id, source.title, source.width, source.height, source.is_ours) for source in found] == [
        ("monitor-1", "", 1920, 1080, False),
        ("monitor-2", "", 1280, 1024, False),
        ("window-17", "ERP login", 200, 200, True),
        ("window-12", "Chat with Anna", 186, 193, False),
        ("window-19", "Letter", 300, 200, False),
    ]


def test_windows_suggests_to_hide_others_and_password_fields(windows: Windows) -> None:
    picture = screenshot.take("window-17", ERP, own=[OWN], desktop=windows)
    assert (picture.width, picture.height) == (200, 200)
    assert picture.marks == [
        BlackOut(x1=107, y1=110, x2=199, y2=199, reason="another program"),
        BlackOut(x1=50, y1=50, x2=149, y2=69, reason="password"),
        BlackOut(x1=50, y1=80, x2=149, y2=98, reason="password"),
    ]
    whole = screenshot.take("monitor-1", ERP, own=[OWN], desktop=windows)
    hidden = [mark for mark in whole.marks if isinstance(mark, BlackOut) and mark.reason == "another program"]
    # The task bar, the chat, the tip and the letter; not what is cloaked, minimised or see-through.
    assert {(mark.x1, mark.y1, mark.x2, mark.y2) for mark in hidden} == {
        (0, 960, 1919, 999),
        (207, 210, 392, 402),
        (500, 500, 699, 599),
        (600, 100, 899, 299),
    }


def test_windows_asks_in_real_pixels_and_puts_the_thread_back(windows: Windows) -> None:
    windows.windows()
    assert windows._user32.contexts == [-3, 17]


def test_windows_without_access_to_the_screen_is_a_sentence(
    windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> Image.Image:
        raise OSError

    monkeypatch.setattr(ImageGrab, "grab", refuse)
    with pytest.raises(PictureError):
        screenshot.take("monitor-1", ERP, desktop=windows)


class Bounds(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_double) for name in ("x", "y", "width", "height"))


ROWS = [
    {"kCGWindowNumber": 1, "kCGWindowOwnerPID": 9, "kCGWindowOwnerName": "Dock", "kCGWindowLayer": 20,
     "kCGWindowBounds": {"X": 0.0, "Y": 0.0, "Width": 1440.0, "Height": 900.0}, "kCGWindowAlpha": 1.0},
    {"kCGWindowNumber": 2, "kCGWindowOwnerPID": CHAT, "kCGWindowOwnerName": "Chat", "kCGWindowLayer": 25,
     "kCGWindowBounds": {"X": 1000.0, "Y": 0.0, "Width": 30.0, "Height": 24.0}, "kCGWindowAlpha": 1.0},
    {"kCGWindowNumber": 3, "kCGWindowOwnerPID": CHAT, "kCGWindowOwnerName": "Chat", "kCGWindowLayer": 0,
     "kCGWindowBounds": {"X": 150.0, "Y": 150.0, "Width": 100.0, "Height": 100.0}, "kCGWindowAlpha": 1.0},
    {"kCGWindowNumber": 4, "kCGWindowOwnerPID": ERP, "kCGWindowOwnerName": "ERP", "kCGWindowName": "Login",
     "kCGWindowLayer": 0, "kCGWindowBounds": {"X": 100.0, "Y": 100.0, "Width": 200.0, "Height": 100.0}},
    {"kCGWindowNumber": 5, "kCGWindowOwnerPID": CHAT, "kCGWindowOwnerName": "ghost", "kCGWindowLayer": 0,
     "kCGWindowBounds": {"X": 0.0, "Y": 0.0, "Width": 200.0, "Height": 100.0}, "kCGWindowAlpha": 0.0},
    {"kCGWindowNumber": 6, "kCGWindowOwnerPID": 8, "kCGWindowOwnerName": "Finder",
     "kCGWindowLayer": -2147483603, "kCGWindowAlpha": 1.0,
     "kCGWindowBounds": {"X": 0.0, "Y": 0.0, "Width": 1440.0, "Height": 900.0}},
]  # fmt: skip


class FakeGraphics:
    is_allowed = True
    asked = 0
    listed = 77

    def CGGetActiveDisplayList(self, limit: int, ids: Any, count: Any) -> int:  # noqa: N802 - Apple's names
        assert limit == len(ids)
        ids[0], count._obj.value = 5, 1
        return 0

    def CGDisplayBounds(self, _display: int) -> Bounds:  # noqa: N802
        return Bounds(0, 0, 1440, 900)

    def CGWindowListCopyWindowInfo(self, options: int, relative: int) -> int:  # noqa: N802
        assert (options, relative) == (1, 0)
        return self.listed

    def CGPreflightScreenCaptureAccess(self) -> bool:  # noqa: N802
        return self.is_allowed

    def CGRequestScreenCaptureAccess(self) -> bool:  # noqa: N802
        self.asked += 1
        return False


class FakeFoundation:
    def __init__(self) -> None:
        content = plistlib.dumps(ROWS, fmt=plistlib.FMT_BINARY)
        self.length = len(content)
        self.buffer = ctypes.create_string_buffer(content, len(content))
        self.released: list[int] = []

    def CFPropertyListCreateData(  # noqa: N802
        self, _allocator: None, value: int, kind: int, _options: int, _error: None
    ) -> int:
        assert (value, kind) == (77, 200)
        return 88

    def CFDataGetBytePtr(self, _data: int) -> int:  # noqa: N802
        return ctypes.addressof(self.buffer)

    def CFDataGetLength(self, _data: int) -> int:  # noqa: N802
        return self.length

    def CFRelease(self, value: int) -> None:  # noqa: N802
        self.released.append(value)


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> MacOS:
    def grab(bbox: tuple[int, int, int, int]) -> Image.Image:
        # Two pixels a point, with the transparency that a file of the system has.
        return Image.new("RGBA", (2 * (bbox[2] - bbox[0]), 2 * (bbox[3] - bbox[1])), (1, 2, 3, 255))

    monkeypatch.setattr(ImageGrab, "grab", grab)
    return MacOS(graphics=FakeGraphics(), foundation=FakeFoundation())


def test_macos_lists_monitors_and_windows(mac: MacOS) -> None:
    found = screenshot.sources(ERP, own=[OWN], desktop=mac)
    assert [(source.id, source.title, source.width, source.is_ours) for source in found] == [
        ("monitor-1", "", 1440, False),
        ("window-4", "Login", 200, True),
        ("window-3", "Chat", 100, False),
    ]
    assert mac._foundation.released == [88, 77]


def test_macos_suggests_to_hide_others_in_pixels(mac: MacOS) -> None:
    picture = screenshot.take("window-4", ERP, own=[OWN], desktop=mac)
    assert (picture.width, picture.height) == (400, 200)
    assert picture.marks == [BlackOut(x1=100, y1=100, x2=299, y2=199, reason="another program")]
    whole = screenshot.take("monitor-1", ERP, own=[OWN], desktop=mac)
    assert [(mark.x1, mark.y1) for mark in whole.marks] == [(300, 300), (2000, 0)]


def test_macos_without_permission_asks_for_it_and_says_so(mac: MacOS) -> None:
    mac._graphics.is_allowed = False
    assert mac.why_not() is None
    with pytest.raises(PictureError) as refused:
        screenshot.take("monitor-1", ERP, desktop=mac)
    assert str(refused.value) == NOT_ALLOWED
    assert mac._graphics.asked == 1


def test_macos_without_a_list_of_windows_hides_nothing(mac: MacOS) -> None:
    mac._graphics.listed = 0
    assert mac.windows() == []


def test_macos_where_the_picture_cannot_be_taken_is_a_sentence(
    mac: MacOS, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Image.Image:
        raise subprocess.CalledProcessError(1, "screencapture")

    monkeypatch.setattr(ImageGrab, "grab", refuse)
    with pytest.raises(PictureError):
        screenshot.take("monitor-1", ERP, desktop=mac)


@pytest.mark.parametrize("make", ["windows", "mac"])
def test_the_clipboard_of_windows_and_macos(
    make: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    desktop = request.getfixturevalue(make)
    copied = tmp_path / "copied.png"
    Image.new("RGB", (7, 5)).save(copied)
    answers: dict[str, Any] = {
        "picture": Image.new("RGBA", (7, 5)),
        "file": [str(tmp_path), str(tmp_path / "gone"), str(copied)],
        "folder": [str(tmp_path)],
        "nothing": None,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(ImageGrab, "grabclipboard", lambda answer=answer: answer)
        found = desktop.clipboard()
        if name in ("picture", "file"):
            assert screenshot.picture_of(found).width == 7
        else:
            assert found is None

    def refuse() -> None:
        raise OSError

    monkeypatch.setattr(ImageGrab, "grabclipboard", refuse)
    assert desktop.clipboard() is None


class Recorder:
    """A library that remembers how its functions were declared."""

    def __init__(self) -> None:
        self.functions: dict[str, SimpleNamespace] = {}

    def __getattr__(self, name: str) -> SimpleNamespace:
        return self.functions.setdefault(name, SimpleNamespace())


def test_every_handle_is_declared_as_wide_as_a_pointer() -> None:
    user32, graphics, foundation = Recorder(), Recorder(), Recorder()
    windows_module._declare(user32)
    macos_module._declare(graphics, foundation)
    called = {name for name in vars(FakeUser32) if name[0].isupper()}
    assert set(user32.functions) == called
    for name, function in user32.functions.items():
        if name != "EnumWindows":
            assert function.argtypes[0] is ctypes.c_void_p, name
    assert user32.functions["SetThreadDpiAwarenessContext"].restype is ctypes.c_void_p
    assert set(graphics.functions) == {name for name in vars(FakeGraphics) if name.startswith("CG")}
    assert graphics.functions["CGWindowListCopyWindowInfo"].restype is ctypes.c_void_p
    assert graphics.functions["CGDisplayBounds"].restype._fields_ == Bounds._fields_
    assert set(foundation.functions) == {name for name in vars(FakeFoundation) if name.startswith("CF")}
    assert foundation.functions["CFDataGetBytePtr"].restype is ctypes.c_void_p
    assert foundation.functions["CFPropertyListCreateData"].restype is ctypes.c_void_p


class Restless(Desktop):
    """A desktop where a message appears just when the picture is taken."""

    def __init__(self) -> None:
        self.is_taken = False

    def why_not(self) -> str | None:
        return None

    def monitors(self) -> list[Area]:
        return [Area(0, 0, 100, 100)]

    def windows(self) -> list[Window]:
        program = Window(1, Area(0, 0, 50, 50), ERP)
        return [Window(2, Area(60, 60, 20, 20), CHAT), program] if self.is_taken else [program]

    def pixels(self, area: Area) -> Image.Image:
        self.is_taken = True
        return Image.new("RGB", (area.width, area.height))

    def clipboard(self) -> bytes | None:
        return None


def test_what_appears_while_the_picture_is_taken_is_hidden() -> None:
    hidden: list[Mark] = [BlackOut(x1=60, y1=60, x2=79, y2=79, reason="another program")]
    assert screenshot.take("monitor-1", ERP, desktop=Restless()).marks == hidden


def test_where_the_program_is_not_known_nothing_is_taken_for_its_own() -> None:
    assert screenshot.family(None) == screenshot.family(0) == set()
    assert screenshot.family(ERP) == {ERP}
    assert not psutil.pid_exists(ERP)


@pytest.mark.parametrize(
    ("system", "environ", "kind"),
    [
        ("linux", {"DISPLAY": ":0"}, X11),
        ("linux", {}, X11),
        ("freebsd14", {"DISPLAY": ":0"}, X11),
        ("linux", {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, Wayland),
    ],
)
def test_the_desktop_of_a_session_is_selected(
    system: str, environ: dict[str, str], kind: type[Desktop]
) -> None:
    assert type(this_desktop(environ, system)) is kind


def test_the_system_modules_are_loaded_only_for_their_system() -> None:
    code = (
        "import sys; from reporter.report import screenshot\n"
        "from reporter.report.screenshot import mask, pen, picture, rendition, x11, wayland, windows, macos\n"
        "assert not {'PIL', 'Xlib', 'jeepney', 'ctypes'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
