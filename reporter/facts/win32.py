"""Win32: the few things that Windows tells by calls alone, through ctypes.

Not yet run on Windows: written from the documentation.
"""

from __future__ import annotations

from typing import Any, NamedTuple

DRIVE_REMOTE = 4
JOINED_TO_DOMAIN = 3

_REMOTE_SESSION = 0x1000  # SM_REMOTESESSION
_CURRENT_SETTINGS = -1  # ENUM_CURRENT_SETTINGS
_PRIMARY = 1  # MONITORINFOF_PRIMARY
_EFFECTIVE_DPI = 0
_PER_MONITOR_AWARE = -4  # DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2
_ORDINARY_DPI = 96


class Monitor(NamedTuple):
    """Real pixels, and how much bigger than they are things are drawn."""

    width_px: int
    height_px: int
    scale_percent: int | None
    is_primary: bool


class Win32:
    """Each method is one question; raises OSError and AttributeError where a Windows does not know it."""

    def join_status(self) -> int:
        """NETSETUP_JOIN_STATUS; the name that comes with it is given back unread."""
        import ctypes

        network = _library("netapi32")
        name, status = ctypes.c_void_p(), ctypes.c_int()
        error = network.NetGetJoinInformation(None, ctypes.byref(name), ctypes.byref(status))
        if error:
            raise OSError(error, "NetGetJoinInformation")
        network.NetApiBufferFree(name)
        return status.value

    def is_remote_session(self) -> bool:
        """Whether this session is shown on another computer."""
        return bool(_library("user32").GetSystemMetrics(_REMOTE_SESSION))

    def drive_type(self, root: str) -> int:
        """DRIVE_FIXED and the like of ``C:\\``; a drive that is gone is not waited for."""
        import ctypes

        return int(_library("kernel32").GetDriveTypeW(ctypes.c_wchar_p(root)))

    def monitors(self) -> list[Monitor]:
        """All that are part of the desktop. Changes the awareness of the calling thread alone."""
        import ctypes
        from ctypes import wintypes

        user = _library("user32")
        # Without it Windows tells every program what it wants to hear: 96 dots per inch.
        user.SetThreadDpiAwarenessContext.argtypes = [ctypes.c_void_p]
        user.SetThreadDpiAwarenessContext(_PER_MONITOR_AWARE)
        handles: list[int] = []

        def note(handle: int, context: int, rectangle: object, data: int) -> int:
            handles.append(handle)
            return 1

        # of ctypes.WINFUNCTYPE, which exists on Windows alone
        kind = getattr(ctypes, "WINFUNCTYPE")(  # noqa: B009 - checked on other systems too
            wintypes.BOOL, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t
        )
        user.EnumDisplayMonitors.argtypes = [ctypes.c_void_p, ctypes.c_void_p, kind, ctypes.c_ssize_t]
        if not user.EnumDisplayMonitors(None, None, kind(note), 0):
            raise OSError(None, "EnumDisplayMonitors")
        return [self._monitor(user, handle) for handle in handles]

    def _monitor(self, user: Any, handle: int) -> Monitor:
        import ctypes
        from ctypes import wintypes

        class Info(ctypes.Structure):
            """MONITORINFOEXW."""

            _fields_ = [
                ("size", wintypes.DWORD),
                ("monitor", wintypes.RECT),
                ("work", wintypes.RECT),
                ("flags", wintypes.DWORD),
                ("device", wintypes.WCHAR * 32),
            ]

        class Mode(ctypes.Structure):
            """DEVMODEW."""

            _fields_ = [
                ("device", wintypes.WCHAR * 32),
                ("versions", wintypes.WORD * 2),
                ("size", wintypes.WORD),
                ("extra", wintypes.WORD),
                ("fields", wintypes.DWORD),
                ("position", ctypes.c_byte * 16),
                ("printing", ctypes.c_short * 5),
                ("form", wintypes.WCHAR * 32),
                ("log_pixels", wintypes.WORD),
                ("bits", wintypes.DWORD),
                ("width", wintypes.DWORD),
                ("height", wintypes.DWORD),
                ("rest", wintypes.DWORD * 10),
            ]

        info = Info(size=ctypes.sizeof(Info))
        user.GetMonitorInfoW.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        if not user.GetMonitorInfoW(handle, ctypes.byref(info)):
            raise OSError(None, "GetMonitorInfoW")
        mode = Mode(size=ctypes.sizeof(Mode))
        is_told = user.EnumDisplaySettingsW(
            ctypes.c_wchar_p(info.device), wintypes.DWORD(_CURRENT_SETTINGS), ctypes.byref(mode)
        )
        area = info.monitor
        across, down = ctypes.c_uint(), ctypes.c_uint()
        core = _library("shcore")
        core.GetDpiForMonitor.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
        refused = core.GetDpiForMonitor(handle, _EFFECTIVE_DPI, ctypes.byref(across), ctypes.byref(down))
        return Monitor(
            width_px=mode.width if is_told else area.right - area.left,
            height_px=mode.height if is_told else area.bottom - area.top,
            scale_percent=None if refused else round(across.value * 100 / _ORDINARY_DPI),
            is_primary=bool(info.flags & _PRIMARY),
        )


def _library(name: str) -> Any:
    import ctypes

    # of ctypes.WinDLL, which exists on Windows alone; a copy, so that its types disturb nobody
    return getattr(ctypes, "WinDLL")(name, use_last_error=True)  # noqa: B009 - checked on other systems too
