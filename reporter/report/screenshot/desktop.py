"""Desktop: what is on the screen, asked of the operating system; one module each, selected here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from reporter.report.screenshot.area import Area
from reporter.texts import N_

if TYPE_CHECKING:
    from PIL.Image import Image

TITLE_LIMIT_CHARS = 200
CHOOSABLE_LEAST_PX = 32
"""A window that is lower or narrower holds nothing to take a picture of."""
CLIPBOARD_LIMIT_BYTES = 50_000_000

NOT_TAKEN = N_("The system did not let a picture of the screen be taken.")


class Window(NamedTuple):
    """Something that covers a part of the screen.

    ``pid``: its process, 0 where the system does not tell; ``is_choosable``: a program's own window rather
    than a menu, a notification or a panel; ``is_backdrop``: the desktop itself, behind everything.
    """

    id: int
    area: Area
    pid: int = 0
    title: str = ""
    is_choosable: bool = True
    is_backdrop: bool = False


class Desktop(ABC):
    """What one operating system tells of its screen. All methods may raise PictureError."""

    @abstractmethod
    def why_not(self) -> str | None:
        """Why no picture of this desktop can be taken; None where nothing speaks against it."""

    @abstractmethod
    def monitors(self) -> list[Area]:
        """Every monitor, the first one first; a size of 0 where it is not told before the picture is."""

    @abstractmethod
    def windows(self) -> list[Window]:
        """Every window that is on the screen, foremost first; empty where the system does not tell."""

    @abstractmethod
    def pixels(self, area: Area) -> Image:
        """What can be seen there now, RGB; may have more than one pixel a unit."""

    def passwords(self, windows: Sequence[Window]) -> list[Area]:
        """The password fields of these windows; empty where the system does not tell."""
        return []

    @abstractmethod
    def clipboard(self) -> bytes | None:
        """A picture that was copied, as the content of an image file; None where there is none."""


def this_desktop(environ: Mapping[str, str], system: str) -> Desktop:
    """The desktop of a session. ``system``: as ``sys.platform`` names it; ``environ``: whose display."""
    if system == "win32":
        from reporter.report.screenshot.windows import Windows

        return Windows()
    if system == "darwin":
        from reporter.report.screenshot.macos import MacOS

        return MacOS()
    # A Wayland session has an X server too, for older programs; it would show only theirs.
    if environ.get("WAYLAND_DISPLAY"):
        from reporter.report.screenshot.wayland import Wayland

        return Wayland(environ)
    from reporter.report.screenshot.x11 import X11

    return X11(environ.get("DISPLAY", ""))
