"""Screenshot: what can be seen, taken when the person asks for it, and made ready to be sent.

    sources ──► take ──► Picture with suggested marks ──► (the person edits) ──► render ──► bytes that travel
              picture_of ──┘   paste and dropped files

A picture leaves this computer only through `render`. Which windows are whose is told by X11, Windows and
macOS, not by Wayland; password fields are told by Windows alone, for classic edit controls. What is not
told cannot be masked by itself: the person blacks it out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping, Sequence

from reporter.errors import PictureError
from reporter.report.drawing import Mark, Picture, Source
from reporter.report.screenshot.area import Area, bounding
from reporter.report.screenshot.desktop import Desktop, Window, this_desktop
from reporter.texts import N_

PILLOW_MISSING = N_("A part of this program that takes pictures of the screen is not installed: Pillow.")
GONE = N_("What the picture was to be taken of is no longer on the screen.")


def why_not(environ: Mapping[str, str] = os.environ, system: str = sys.platform) -> str | None:
    """Why no screenshot can be made here: an English sentence and message id; None where one can.

    Answers within seconds; asks the X server or the session bus whether they are there.
    """
    return why_not_edited() or this_desktop(environ, system).why_not()


def why_not_edited() -> str | None:
    """Why not even a picture that was pasted or dropped can be read and sent; None where it can."""
    try:
        import PIL.Image  # noqa: F401 - whether it can be, is the question
    except ImportError:
        return PILLOW_MISSING
    return None


def sources(
    program: int | None,
    *,
    own: Collection[int] | None = None,
    environ: Mapping[str, str] = os.environ,
    system: str = sys.platform,
    desktop: Desktop | None = None,
) -> list[Source]:
    """What a screenshot can be taken of: monitors, then windows, those of the program first, foremost first.

    ``program``: the process id of the program that failed, None where it is not known; the windows of its
    children are its own too. ``own``: the processes whose windows are left out, by default this one.
    ``desktop``: another one in tests. Raises PictureError.
    """
    asked = desktop or this_desktop(environ, system)
    ours = family(program, without=_own(own))
    found = [
        Source(id=f"monitor-{number}", kind="monitor", number=number, width=area.width, height=area.height)
        for number, area in enumerate(asked.monitors(), start=1)
    ]
    windows = [
        Source(
            id=f"window-{window.id}",
            kind="window",
            title=window.title,
            width=window.area.width,
            height=window.area.height,
            is_ours=window.pid in ours,
        )
        for window in asked.windows()
        if window.is_choosable and not window.is_backdrop and window.pid not in _own(own)
    ]
    return [*found, *sorted(windows, key=lambda source: not source.is_ours)]


def take(
    source_id: str,
    program: int | None,
    *,
    own: Collection[int] | None = None,
    environ: Mapping[str, str] = os.environ,
    system: str = sys.platform,
    desktop: Desktop | None = None,
) -> Picture:
    """A picture of one of the `sources`, with black-outs suggested in ``marks``, not drawn.

    Suggested are the windows of other programs, and password fields where the system tells of them. Of a
    window only its own area is taken, where other programs' windows above it are to be blacked out. Where
    the program is not known every window is another's. Raises PictureError.
    """
    from reporter.report.screenshot import mask
    from reporter.report.screenshot.picture import to_picture

    asked = desktop or this_desktop(environ, system)
    left_out = _own(own)
    spared = family(program, without=left_out)
    before = _without(asked.windows(), left_out)
    area, chosen = _place(source_id, asked, before)
    image = asked.pixels(area)
    after = _without(asked.windows(), left_out)
    hidden: list[Area] = []
    fields: list[Area] = []
    # A window may come, go or move while the picture is taken: what either list tells is hidden.
    for windows in [before] if before == after else [before, after]:
        hidden += mask.strangers(area, windows, program=spared, chosen=chosen)
        shown = [window for window in windows if window.id == chosen or window.pid in spared]
        fields += asked.passwords(shown)
    # Of a picture whose size was not told before, every unit is a pixel.
    scale_x = image.width / (area.width or image.width)
    scale_y = image.height / (area.height or image.height)
    marks: list[Mark] = []
    for areas, reason in ((hidden, mask.ANOTHER_PROGRAM), (fields, mask.PASSWORD)):
        marks += mask.black_outs(dict.fromkeys(areas), area, scale_x=scale_x, scale_y=scale_y, reason=reason)
    return to_picture(image, marks)


def picture_of(content: bytes) -> Picture:
    """A picture that was pasted or dropped; see `picture.picture_of`. Raises PictureError."""
    from reporter.report.screenshot import picture

    return picture.picture_of(content)


def clipboard_picture(environ: Mapping[str, str] = os.environ, system: str = sys.platform) -> bytes | None:
    """The picture that was copied, as an image file for `picture_of`; None where there is none, or no way."""
    try:
        return this_desktop(environ, system).clipboard()
    except PictureError:
        return None


def render(picture: Picture, marks: Sequence[Mark], *, limit_bytes: int, limit_px: int) -> tuple[bytes, str]:
    """The bytes that travel, and their type; see `rendition.render`. Raises PictureError."""
    from reporter.report.screenshot import rendition

    return rendition.render(picture, marks, limit_bytes=limit_bytes, limit_px=limit_px)


def scaled(picture: Picture, width: int) -> bytes:
    """A smaller picture for the editor, as PNG: at most ``width`` pixels wide. Raises PictureError."""
    from reporter.report.screenshot import rendition

    return rendition.scaled(picture, width)


def family(program: int | None, *, without: Collection[int] = ()) -> set[int]:
    """A process and all that it has started, as far as they still run."""
    import psutil

    if not program:
        return set()
    try:
        children = [child.pid for child in psutil.Process(program).children(recursive=True)]
    except (psutil.Error, OSError):
        children = []
    return {program, *children} - set(without)


def _own(own: Collection[int] | None) -> Collection[int]:
    return (os.getpid(),) if own is None else own


def _without(windows: Sequence[Window], own: Collection[int]) -> list[Window]:
    return [window for window in windows if window.pid not in own]


def _place(source_id: str, asked: Desktop, windows: Sequence[Window]) -> tuple[Area, int | None]:
    """Where it is, and which window it is, None for a monitor."""
    kind, _, number = source_id.partition("-")
    monitors = asked.monitors()
    if kind == "monitor" and number.isdecimal() and 0 < int(number) <= len(monitors):
        return monitors[int(number) - 1], None
    if kind == "window":
        screen = bounding(monitors)
        for window in windows:
            if str(window.id) == number and screen is not None:
                visible = window.area.common(screen)
                if visible is not None:
                    return visible, window.id
    raise PictureError(GONE)
