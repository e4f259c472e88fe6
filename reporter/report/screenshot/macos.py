"""macOS: windows and monitors by Core Graphics; the pixels are read by Pillow, through ``screencapture``.

macOS shows the windows of other programs only with the permission "Screen Recording", for which it asks the
person itself. It does not tell which fields hold passwords. Not yet run on macOS.
"""

from __future__ import annotations

import plistlib
import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reporter.errors import PictureError
from reporter.report.screenshot.area import Area
from reporter.report.screenshot.desktop import (
    CHOOSABLE_LEAST_PX,
    NOT_TAKEN,
    TITLE_LIMIT_CHARS,
    Desktop,
    Window,
)
from reporter.texts import N_
from reporter.texts.safe import one_line

if TYPE_CHECKING:
    from PIL.Image import Image

CORE_GRAPHICS = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics"
CORE_FOUNDATION = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"
DISPLAYS_LIMIT_ITEMS = 32

ON_SCREEN_ONLY = 1
BINARY_PROPERTY_LIST = 200
# Layers of windows: programs are on 0, the desktop and its icons far below.
PROGRAM_LAYER = 0
# Their windows cover the whole screen, and nearly all of them is transparent.
SYSTEM_OWNERS = ("Dock", "Window Server")

NOT_ALLOWED = N_(
    "The picture was not taken: macOS asks first. Allow it in System Settings, Privacy & Security, "
    "Screen Recording, and try again."
)

# A library of ctypes.
_Native = Any


class MacOS(Desktop):
    """The desktop of this session. ``graphics``, ``foundation``: other libraries in tests."""

    def __init__(self, *, graphics: _Native = None, foundation: _Native = None) -> None:
        if graphics is None:
            import ctypes

            graphics, foundation = ctypes.CDLL(CORE_GRAPHICS), ctypes.CDLL(CORE_FOUNDATION)
            _declare(graphics, foundation)
        self._graphics = graphics
        self._foundation = foundation

    def why_not(self) -> str | None:
        """Nothing speaks against it; for the permission macOS asks when the picture is taken."""
        return None

    def monitors(self) -> list[Area]:
        """In points, the main one first."""
        import ctypes

        ids = (ctypes.c_uint32 * DISPLAYS_LIMIT_ITEMS)()
        count = ctypes.c_uint32()
        if self._graphics.CGGetActiveDisplayList(DISPLAYS_LIMIT_ITEMS, ids, ctypes.byref(count)):
            raise PictureError(NOT_TAKEN)
        found = []
        for display in ids[: count.value]:
            bounds = self._graphics.CGDisplayBounds(display)
            found.append(Area(int(bounds.x), int(bounds.y), int(bounds.width), int(bounds.height)))
        return found

    def windows(self) -> list[Window]:
        """As the window server orders them; titles only with the permission."""
        listed = self._graphics.CGWindowListCopyWindowInfo(ON_SCREEN_ONLY, 0)
        if not listed:
            return []
        try:
            rows = plistlib.loads(self._property_list(listed))
        finally:
            self._foundation.CFRelease(listed)
        described = (_describe(row) for row in rows)
        return [window for window in described if window is not None]

    def pixels(self, area: Area) -> Image:
        """Two pixels a point where the monitor has them."""
        from PIL import ImageGrab

        if not self._graphics.CGPreflightScreenCaptureAccess():
            self._graphics.CGRequestScreenCaptureAccess()
            raise PictureError(NOT_ALLOWED)
        try:
            return ImageGrab.grab((area.left, area.top, area.right, area.bottom)).convert("RGB")
        except (OSError, subprocess.SubprocessError) as error:
            raise PictureError(NOT_TAKEN) from error

    def clipboard(self) -> bytes | None:
        """By Pillow."""
        from reporter.report.screenshot.picture import pillow_clipboard

        return pillow_clipboard()

    def _property_list(self, value: int) -> bytes:
        """A Core Foundation value as bytes that Python reads, so that none of its types is needed here."""
        import ctypes

        foundation = self._foundation
        data = foundation.CFPropertyListCreateData(None, value, BINARY_PROPERTY_LIST, 0, None)
        if not data:
            raise PictureError(NOT_TAKEN)
        try:
            return ctypes.string_at(foundation.CFDataGetBytePtr(data), foundation.CFDataGetLength(data))
        finally:
            foundation.CFRelease(data)


def _describe(row: Mapping[str, Any]) -> Window | None:
    bounds = row.get("kCGWindowBounds", {})
    area = Area(*(int(bounds.get(name, 0)) for name in ("X", "Y", "Width", "Height")))
    if not row.get("kCGWindowAlpha", 1) or not area.width or not area.height:
        return None
    layer = int(row.get("kCGWindowLayer", PROGRAM_LAYER))
    owner = str(row.get("kCGWindowOwnerName", ""))
    return Window(
        id=int(row.get("kCGWindowNumber", 0)),
        area=area,
        pid=int(row.get("kCGWindowOwnerPID", 0)),
        title=one_line(str(row.get("kCGWindowName") or owner), TITLE_LIMIT_CHARS),
        is_choosable=layer == PROGRAM_LAYER and min(area.width, area.height) >= CHOOSABLE_LEAST_PX,
        is_backdrop=layer < PROGRAM_LAYER or owner in SYSTEM_OWNERS,
    )


def _declare(graphics: _Native, foundation: _Native) -> None:
    import ctypes

    class Bounds(ctypes.Structure):
        _fields_ = tuple((name, ctypes.c_double) for name in ("x", "y", "width", "height"))

    pointer = ctypes.c_void_p
    graphics.CGGetActiveDisplayList.argtypes = [ctypes.c_uint32, pointer, pointer]
    graphics.CGDisplayBounds.argtypes = [ctypes.c_uint32]
    graphics.CGDisplayBounds.restype = Bounds
    graphics.CGWindowListCopyWindowInfo.argtypes = [ctypes.c_uint32, ctypes.c_uint32]
    graphics.CGWindowListCopyWindowInfo.restype = pointer
    for name in ("CGPreflightScreenCaptureAccess", "CGRequestScreenCaptureAccess"):
        getattr(graphics, name).argtypes = []
        getattr(graphics, name).restype = ctypes.c_bool
    foundation.CFPropertyListCreateData.argtypes = [
        pointer,
        pointer,
        ctypes.c_long,
        ctypes.c_ulong,
        pointer,
    ]
    foundation.CFPropertyListCreateData.restype = pointer
    foundation.CFDataGetBytePtr.argtypes = [pointer]
    foundation.CFDataGetBytePtr.restype = pointer
    foundation.CFDataGetLength.argtypes = [pointer]
    foundation.CFDataGetLength.restype = ctypes.c_long
    foundation.CFRelease.argtypes = [pointer]
    foundation.CFRelease.restype = None
