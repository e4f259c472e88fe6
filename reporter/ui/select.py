"""The one place that selects a face."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from reporter.errors import FaceUnavailable
from reporter.ui.brand import OWN, Brand
from reporter.ui.display import greeted
from reporter.ui.face import Face

FACES = ("auto", "window", "terminal", "none")


def choose_face(
    wanted: str,
    *,
    appearance: str,
    terminal: bool,
    environ: Mapping[str, str],
    system: str = sys.platform,
    brand: Brand = OWN,
) -> Face:
    """The face that ``wanted`` names: ``auto``, ``window``, ``terminal`` or ``none``.

    ``auto`` is the window where there is a display, else the terminal where a person sits at one
    (``terminal``), else no face. ``appearance``: ``auto``, ``light`` or ``dark``. A window opens its
    display here, so call this in the main thread. Raises FaceUnavailable when a face that was asked
    for by name cannot be shown.
    """
    match wanted:
        case "none":
            return _silent()
        case "terminal":
            return _terminal()
        case "window":
            if not _has_display(environ, system):
                raise FaceUnavailable(
                    "The window cannot be shown: neither DISPLAY nor WAYLAND_DISPLAY is set. "
                    "Set face to terminal, or start from a desktop session."
                )
            return _window(appearance, environ, system, brand)
        case "auto":
            return _first_that_works(appearance, environ, system, brand, terminal=terminal)
    raise FaceUnavailable(f"There is no face named {wanted!r}; choose one of {', '.join(FACES)}.")


def _first_that_works(
    appearance: str, environ: Mapping[str, str], system: str, brand: Brand, *, terminal: bool
) -> Face:
    if _has_display(environ, system):
        try:
            return _window(appearance, environ, system, brand)
        except FaceUnavailable:
            pass  # a display is named, but none can be opened
    if terminal:
        try:
            return _terminal()
        except FaceUnavailable:
            pass  # the streams look like a terminal, but the process has none
    return _silent()


def _has_display(environ: Mapping[str, str], system: str) -> bool:
    return system in ("win32", "darwin") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def _window(appearance: str, environ: Mapping[str, str], system: str, brand: Brand) -> Face:
    try:
        from reporter.ui.window import WindowFace
    except ImportError as error:
        raise FaceUnavailable(
            f"The window cannot be shown: this Python has no Tk ({error}). "
            "Install it (on Debian: python3-tk), or set face to terminal."
        ) from None
    has_x11 = system not in ("win32", "darwin")
    with greeted(environ.get("DISPLAY", "") if has_x11 else "") as answers:
        if not answers:
            raise FaceUnavailable(
                f"The window cannot be shown: the display {environ['DISPLAY']} does not answer. "
                "Set face to terminal, or set DISPLAY to a display that works."
            )
        return WindowFace(appearance=appearance, environ=environ, system=system, brand=brand)


def _terminal() -> Face:
    from reporter.ui.terminal import TerminalFace

    return TerminalFace()


def _silent() -> Face:
    from reporter.ui.silent import SilentFace

    return SilentFace()
