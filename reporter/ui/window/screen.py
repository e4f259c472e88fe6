"""Screen: how large things are drawn, and where the window stands."""

from __future__ import annotations

import tkinter
from collections.abc import Mapping

# The width of the window in pixels at 96 dpi.
WIDTH = 656
SCALE_LIMITS = (1.0, 4.0)
STANDARD_DPI = 96
# X11 tells one size for all monitors together; wider than this is several side by side.
WIDEST_MONITOR = 2.4
USUAL_MONITOR = 16 / 9
TASKBAR_PX = 64


def make_aware(system: str) -> None:
    """Tell Windows that we scale ourselves; must come before the first window."""
    if system != "win32":
        return
    import ctypes

    windll = getattr(ctypes, "windll", None)
    try:
        windll.shcore.SetProcessDpiAwareness(1)  # type: ignore[union-attr]
    except (AttributeError, OSError):
        return  # Windows before 8.1 scales for us


def scale_factor(root: tkinter.Misc, system: str, environ: Mapping[str, str], family: str) -> float:
    """How many pixels stand for one at 96 dpi, in steps of a quarter; less where a window would not fit."""
    if system == "darwin":
        factor = 1.0  # Tk's own unit there is the point
    elif system == "win32":
        factor = root.winfo_fpixels("1i") / STANDARD_DPI
    else:
        factor = _number(environ.get("GDK_SCALE", "")) or _xft_dpi(root, family) / STANDARD_DPI
    low, high = SCALE_LIMITS
    fitting = int(root.winfo_screenwidth() / WIDTH * 4) / 4
    return max(low, min(high, fitting, round(factor * 4) / 4))


def place(root: tkinter.Misc, width: int, height: int) -> tuple[int, int]:
    """The upper left corner that centres a window of this size on the person's monitor."""
    screen_width, screen_height = root.winfo_screenwidth(), root.winfo_screenheight()
    left = 0
    if screen_width / screen_height > WIDEST_MONITOR:
        monitors = max(2, round(screen_width / (screen_height * USUAL_MONITOR)))
        screen_width //= monitors
        left = root.winfo_pointerx() // screen_width * screen_width
    # Slightly above the middle is where an eye looks for the centre.
    return left + max(0, (screen_width - width) // 2), max(0, (screen_height - height) * 2 // 5)


def room(root: tkinter.Misc, scale: float) -> tuple[int, int]:
    """The largest width and height a window may have here."""
    return root.winfo_screenwidth() - spare(scale) // 2, root.winfo_screenheight() - spare(scale)


def spare(scale: float) -> int:
    """What a window leaves free of the screen's height, for title and task bar."""
    return round(TASKBAR_PX * scale)


def _xft_dpi(root: tkinter.Misc, family: str) -> float:
    """The resolution fonts are drawn for: the desktop's ``Xft.dpi``, or else the display's own.

    Tk does not tell it; the same font asked for in points and in pixels does.
    """
    points = root.tk.getint(root.tk.call("font", "metrics", (family, 72), "-linespace"))
    pixels = root.tk.getint(root.tk.call("font", "metrics", (family, -72), "-linespace"))
    return 72 * points / max(1, pixels)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
