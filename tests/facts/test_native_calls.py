"""Calls of Windows and macOS through ctypes: libraries that answer as the documentation says."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from reporter.facts import quartz, win32
from reporter.facts.quartz import Display
from reporter.facts.win32 import Monitor, Win32

LAPTOP, BEAMER = 65537, 65539


class User32:
    """A laptop with a scaled panel and a projector that is just being unplugged or not."""

    def __init__(self) -> None:
        self.awareness: list[int] = []
        self.SetThreadDpiAwarenessContext = self._function(self.awareness.append)
        self.EnumDisplayMonitors = self._function(self._enumerate)
        self.GetMonitorInfoW = self._function(self._info)
        self.EnumDisplaySettingsW = self._function(self._settings)
        self.GetSystemMetrics = self._function(lambda number: int(number == 0x1000))

    @staticmethod
    def _function(answer: Callable[..., object]) -> Callable[..., object]:
        def function(*given: object) -> object:
            return answer(*given)

        return function

    def _enumerate(self, _context: None, _clip: None, note: Callable[..., int], _data: int) -> int:
        return int(all(note(handle, None, None, 0) for handle in (LAPTOP, BEAMER)))

    def _info(self, handle: int, reference: Any) -> int:
        info = reference._obj
        assert info.size == ctypes.sizeof(info)
        info.flags = int(handle == LAPTOP)
        info.device = r"\\.\DISPLAY1" if handle == LAPTOP else r"\\.\DISPLAY2"
        info.monitor.right, info.monitor.bottom = 1024, 768
        return 1

    def _settings(self, device: Any, which: Any, reference: Any) -> int:
        assert which.value & 0xFFFFFFFF == 0xFFFFFFFF, (
            "the current settings, not the first of all possible ones"
        )
        if device.value != r"\\.\DISPLAY1":
            return 0
        reference._obj.width, reference._obj.height = 2880, 1800
        return 1


class ShCore:
    """Scaling of the panel; none of the projector."""

    def __init__(self) -> None:
        def tell(handle: int, kind: int, across: Any, down: Any) -> int:
            across._obj.value = down._obj.value = 192
            return 0 if handle == LAPTOP else -2147024809

        self.GetDpiForMonitor = tell


@pytest.fixture(name="user32")
def _libraries(monkeypatch: pytest.MonkeyPatch) -> User32:
    user32 = User32()
    libraries: dict[str, object] = {"user32": user32, "shcore": ShCore()}
    monkeypatch.setattr(win32, "_library", lambda name: libraries[name])
    monkeypatch.setattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE, raising=False)
    return user32


def test_monitors_in_real_pixels(user32: User32) -> None:
    assert Win32().monitors() == [
        Monitor(2880, 1800, 200, is_primary=True),
        Monitor(1024, 768, None, is_primary=False),
    ]
    assert user32.awareness == [-4], "this thread alone sees pixels as they are"


@pytest.mark.usefixtures("user32")
def test_a_session_that_is_shown_elsewhere() -> None:
    assert Win32().is_remote_session() is True


@pytest.mark.parametrize(("status", "error"), [(3, 0), (2, 0), (0, 50)])
def test_the_name_of_the_domain_is_given_back_unread(
    monkeypatch: pytest.MonkeyPatch, status: int, error: int
) -> None:
    given_back: list[int | None] = []

    def join(_server: None, name: Any, told: Any) -> int:
        name._obj.value, told._obj.value = 0xABCD, status
        return error

    netapi = SimpleNamespace(
        NetGetJoinInformation=join, NetApiBufferFree=lambda name: given_back.append(name.value)
    )
    monkeypatch.setattr(win32, "_library", lambda name: netapi)
    if error:
        with pytest.raises(OSError, match="NetGetJoinInformation"):
            Win32().join_status()
    else:
        assert Win32().join_status() == status
        assert given_back == [0xABCD]


MODES = {1: (3024, 1964, 1512), 2: (1920, 1080, 1920)}


class CoreGraphics:
    """A Retina panel, a monitor, and one that was unplugged just now."""

    def __init__(self, error: int = 0) -> None:
        self.released: list[int] = []

        def display_list(limit: int, numbers: Any, count: Any) -> int:
            numbers[0], numbers[1], numbers[2] = 1, 2, 9
            count._obj.value = 3
            return error

        def of_mode(place: int) -> Callable[[int], int]:
            return lambda mode: MODES[mode][place]

        def copy_mode(number: int) -> int | None:
            return number if number in MODES else None

        self.CGGetActiveDisplayList = display_list
        self.CGDisplayCopyDisplayMode = copy_mode
        self.CGDisplayModeGetPixelWidth = of_mode(0)
        self.CGDisplayModeGetPixelHeight = of_mode(1)
        self.CGDisplayModeGetWidth = of_mode(2)
        self.CGDisplayIsMain = lambda number: int(number == 1)

        def release(mode: int) -> None:
            self.released.append(mode)

        self.CGDisplayModeRelease = release


def test_displays_of_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    graphics = CoreGraphics()
    monkeypatch.setattr(ctypes, "CDLL", lambda path: graphics)
    assert quartz.displays() == [
        Display(3024, 1964, 1512, is_primary=True),
        Display(1920, 1080, 1920, is_primary=False),
    ]
    assert graphics.released == [1, 2]


def test_a_mac_that_does_not_tell_its_displays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda path: CoreGraphics(error=1000))
    with pytest.raises(OSError, match="CGGetActiveDisplayList"):
        quartz.displays()
