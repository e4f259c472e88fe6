"""Quartz: the displays of a Mac, by calls of CoreGraphics through ctypes.

Not yet run on macOS: written from the documentation.
"""

from __future__ import annotations

from typing import Any, NamedTuple

DISPLAYS_LIMIT_ITEMS = 16

_CORE_GRAPHICS = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics"


class Display(NamedTuple):
    """Real pixels; ``width_points``: what programs draw in, half of the pixels on a Retina display."""

    width_px: int
    height_px: int
    width_points: int
    is_primary: bool


def displays() -> list[Display]:
    """Those that are in use; none in a session without a screen. Raises OSError."""
    import ctypes

    graphics: Any = ctypes.CDLL(_CORE_GRAPHICS)
    numbers = (ctypes.c_uint32 * DISPLAYS_LIMIT_ITEMS)()
    count = ctypes.c_uint32()
    error = graphics.CGGetActiveDisplayList(DISPLAYS_LIMIT_ITEMS, numbers, ctypes.byref(count))
    if error:
        raise OSError(error, "CGGetActiveDisplayList")
    graphics.CGDisplayCopyDisplayMode.restype = ctypes.c_void_p
    for name in ("CGDisplayModeGetPixelWidth", "CGDisplayModeGetPixelHeight", "CGDisplayModeGetWidth"):
        getattr(graphics, name).restype = ctypes.c_size_t
        getattr(graphics, name).argtypes = [ctypes.c_void_p]
    graphics.CGDisplayModeRelease.argtypes = [ctypes.c_void_p]
    graphics.CGDisplayModeRelease.restype = None
    found = []
    for number in numbers[: count.value]:
        mode = graphics.CGDisplayCopyDisplayMode(number)
        if not mode:  # it was unplugged just now
            continue
        found.append(
            Display(
                width_px=graphics.CGDisplayModeGetPixelWidth(mode),
                height_px=graphics.CGDisplayModeGetPixelHeight(mode),
                width_points=graphics.CGDisplayModeGetWidth(mode),
                is_primary=bool(graphics.CGDisplayIsMain(number)),
            )
        )
        graphics.CGDisplayModeRelease(mode)
    return found
