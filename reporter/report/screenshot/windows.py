"""Windows: windows, monitors and password fields by user32 and dwmapi; the pixels are read by Pillow.

Password fields are told by the style of classic edit controls; a browser, a Java or a Qt program draws its
fields itself, and Windows does not tell of them here. Not yet run on Windows.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reporter.errors import PictureError
from reporter.report.screenshot.area import Area, between
from reporter.report.screenshot.desktop import (
    CHOOSABLE_LEAST_PX,
    NOT_TAKEN,
    TITLE_LIMIT_CHARS,
    Desktop,
    Window,
)
from reporter.texts.safe import one_line

if TYPE_CHECKING:
    from PIL.Image import Image

CLASS_LIMIT_CHARS = 256
BACKDROP_CLASSES = ("Progman", "WorkerW")
PANEL_CLASSES = ("Shell_TrayWnd", "Shell_SecondaryTrayWnd", "NotifyIconOverflowWindow")

GWL_STYLE, GWL_EXSTYLE = -16, -20
ES_PASSWORD = 0x0020
WS_EX_TOOLWINDOW, WS_EX_TRANSPARENT, WS_EX_NOACTIVATE = 0x0080, 0x0020, 0x0800_0000
DWMWA_EXTENDED_FRAME_BOUNDS, DWMWA_CLOAKED = 9, 14
MONITORINFOF_PRIMARY = 1
PER_MONITOR_AWARE = -3

# A library of ctypes, or a function or structure of it.
_Native = Any


class Windows(Desktop):
    """The desktop of this session. ``user32``, ``dwmapi``: other libraries in tests."""

    def __init__(self, *, user32: _Native = None, dwmapi: _Native = None) -> None:
        if user32 is None:
            import ctypes

            load: Callable[..., _Native] = getattr(ctypes, "WinDLL", ctypes.CDLL)
            user32, dwmapi = load("user32", use_last_error=True), load("dwmapi")
            _declare(user32)
        self._user32 = user32
        self._dwmapi = dwmapi

    def why_not(self) -> str | None:
        """Nothing speaks against it; a locked session is told when the picture is taken."""
        return None

    def monitors(self) -> list[Area]:
        """In pixels of the whole desktop, the primary one first."""
        import ctypes
        from ctypes import wintypes

        class MonitorInfo(ctypes.Structure):
            _fields_ = (
                ("size", wintypes.DWORD),
                ("monitor", wintypes.RECT),
                ("work", wintypes.RECT),
                ("flags", wintypes.DWORD),
            )

        handles: list[int] = []

        def note(monitor: int, _device: int, _rectangle: _Native, _data: int) -> bool:
            handles.append(monitor)
            return True

        found: list[tuple[bool, Area]] = []
        pointer = ctypes.c_void_p
        kind = _callback(wintypes.BOOL, pointer, pointer, pointer, wintypes.LPARAM)
        with self._real_pixels():
            self._user32.EnumDisplayMonitors(None, None, kind(note), 0)
            for handle in handles:
                info = MonitorInfo(size=ctypes.sizeof(MonitorInfo))
                if self._user32.GetMonitorInfoW(handle, ctypes.byref(info)):
                    area = _area_of(info.monitor)
                    if area is not None:
                        found.append((bool(info.flags & MONITORINFOF_PRIMARY), area))
        return [area for _, area in sorted(found, key=lambda one: not one[0])]

    def windows(self) -> list[Window]:
        """In the order in which they cover each other."""
        with self._real_pixels():
            described = [self._describe(handle) for handle in _listed(self._user32.EnumWindows)]
        return [window for window in described if window is not None]

    def pixels(self, area: Area) -> Image:
        """By Pillow, in real pixels whatever the scaling."""
        from PIL import ImageGrab

        try:
            return ImageGrab.grab((area.left, area.top, area.right, area.bottom), all_screens=True)
        except OSError as error:
            raise PictureError(NOT_TAKEN) from error

    def passwords(self, windows: Sequence[Window]) -> list[Area]:
        """Edit controls that show dots instead of letters."""
        found: list[Area] = []
        with self._real_pixels():
            for window in windows:
                for handle in _listed(functools.partial(self._user32.EnumChildWindows, window.id)):
                    area = self._rectangle(handle) if self._is_password(handle) else None
                    if area is not None:
                        found.append(area)
        return found

    def clipboard(self) -> bytes | None:
        """By Pillow."""
        from reporter.report.screenshot.picture import pillow_clipboard

        return pillow_clipboard()

    def _describe(self, handle: int) -> Window | None:
        import ctypes
        from ctypes import wintypes

        user32 = self._user32
        if not user32.IsWindowVisible(handle) or user32.IsIconic(handle) or self._is_cloaked(handle):
            return None
        extended = user32.GetWindowLongW(handle, GWL_EXSTYLE)
        area = self._frame(handle)
        if area is None or extended & WS_EX_TRANSPARENT:
            return None
        pid = wintypes.DWORD()
        user32.GetWindowThreadProcessId(handle, ctypes.byref(pid))
        text = ctypes.create_unicode_buffer(TITLE_LIMIT_CHARS + 1)
        user32.GetWindowTextW(handle, text, TITLE_LIMIT_CHARS + 1)
        title = one_line(text.value, TITLE_LIMIT_CHARS)
        name = self._class_of(handle)
        is_shell = name in BACKDROP_CLASSES or name in PANEL_CLASSES
        return Window(
            id=handle,
            area=area,
            pid=pid.value,
            title=title,
            is_choosable=bool(title)
            and not is_shell
            and not extended & (WS_EX_TOOLWINDOW | WS_EX_NOACTIVATE)
            and min(area.width, area.height) >= CHOOSABLE_LEAST_PX,
            is_backdrop=name in BACKDROP_CLASSES,
        )

    def _is_password(self, handle: int) -> bool:
        return bool(
            self._user32.GetWindowLongW(handle, GWL_STYLE) & ES_PASSWORD
            and "edit" in self._class_of(handle).lower()
            and self._user32.IsWindowVisible(handle)
        )

    def _is_cloaked(self, handle: int) -> bool:
        """On another virtual desktop, or a suspended application: visible to user32, seen by nobody."""
        import ctypes

        cloaked = ctypes.c_int()
        failed = self._dwmapi.DwmGetWindowAttribute(
            ctypes.c_void_p(handle), DWMWA_CLOAKED, ctypes.byref(cloaked), ctypes.sizeof(cloaked)
        )
        return not failed and bool(cloaked.value)

    def _frame(self, handle: int) -> Area | None:
        """Without the invisible border, through which other windows are seen."""
        import ctypes
        from ctypes import wintypes

        bounds = wintypes.RECT()
        failed = self._dwmapi.DwmGetWindowAttribute(
            ctypes.c_void_p(handle), DWMWA_EXTENDED_FRAME_BOUNDS, ctypes.byref(bounds), ctypes.sizeof(bounds)
        )
        return self._rectangle(handle) if failed else _area_of(bounds)

    def _rectangle(self, handle: int) -> Area | None:
        import ctypes
        from ctypes import wintypes

        bounds = wintypes.RECT()
        return _area_of(bounds) if self._user32.GetWindowRect(handle, ctypes.byref(bounds)) else None

    def _class_of(self, handle: int) -> str:
        import ctypes

        name = ctypes.create_unicode_buffer(CLASS_LIMIT_CHARS)
        self._user32.GetClassNameW(handle, name, CLASS_LIMIT_CHARS)
        return name.value

    @contextlib.contextmanager
    def _real_pixels(self) -> Iterator[None]:
        """This thread is told real pixels, as Pillow is, whatever scaling the process has declared."""
        import ctypes

        aware = getattr(self._user32, "SetThreadDpiAwarenessContext", None)  # since Windows 10, 1607
        before = aware(ctypes.c_void_p(PER_MONITOR_AWARE)) if aware else None
        try:
            yield
        finally:
            if aware and before:
                aware(ctypes.c_void_p(before))


def _declare(user32: _Native) -> None:
    """Handles are as wide as pointers, which ctypes would cut to an int."""
    import ctypes

    handle = ctypes.c_void_p
    for name in ("IsWindowVisible", "IsIconic"):
        getattr(user32, name).argtypes = [handle]
    user32.GetWindowLongW.argtypes = [handle, ctypes.c_int]
    user32.GetWindowThreadProcessId.argtypes = [handle, ctypes.c_void_p]
    user32.GetWindowTextW.argtypes = [handle, ctypes.c_wchar_p, ctypes.c_int]
    user32.GetClassNameW.argtypes = [handle, ctypes.c_wchar_p, ctypes.c_int]
    user32.GetWindowRect.argtypes = [handle, ctypes.c_void_p]
    user32.GetMonitorInfoW.argtypes = [handle, ctypes.c_void_p]
    user32.EnumWindows.argtypes = [ctypes.c_void_p, ctypes.c_ssize_t]
    user32.EnumChildWindows.argtypes = [handle, ctypes.c_void_p, ctypes.c_ssize_t]
    user32.EnumDisplayMonitors.argtypes = [handle, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t]
    with contextlib.suppress(AttributeError):
        user32.SetThreadDpiAwarenessContext.argtypes = [handle]
        user32.SetThreadDpiAwarenessContext.restype = handle


def _callback(*kinds: _Native) -> _Native:
    import ctypes

    make: Callable[..., _Native] = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)
    return make(*kinds)


def _listed(enumerate_: Callable[[_Native, int], object]) -> list[int]:
    """The handles that Windows enumerates; asked about afterwards, for an error in a callback is lost."""
    import ctypes
    from ctypes import wintypes

    handles: list[int] = []

    def note(handle: int, _data: int) -> bool:
        handles.append(handle)
        return True

    enumerate_(_callback(wintypes.BOOL, ctypes.c_void_p, wintypes.LPARAM)(note), 0)
    return handles


def _area_of(bounds: _Native) -> Area | None:
    return between(bounds.left, bounds.top, bounds.right, bounds.bottom)
