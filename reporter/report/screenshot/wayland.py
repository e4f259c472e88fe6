"""Wayland: no program sees the screen of another; the desktop's portal asks the person and takes the picture.

The interface is org.freedesktop.portal.Screenshot, over the session bus. It tells neither windows nor
password fields: nothing is masked by itself, and the picture shows all monitors at once.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from reporter.errors import PictureError
from reporter.report.screenshot.area import Area
from reporter.report.screenshot.desktop import NOT_TAKEN, Desktop, Window
from reporter.texts import N_

if TYPE_CHECKING:
    from PIL.Image import Image

CALL_LIMIT_S = 2.0
ANSWER_LIMIT_S = 60.0
"""How long the person has to allow the picture in the desktop's own dialog."""

BUS_NAME = "org.freedesktop.portal.Desktop"
OBJECT_PATH = "/org/freedesktop/portal/desktop"
INTERFACE = "org.freedesktop.portal.Screenshot"
REQUEST_INTERFACE = "org.freedesktop.portal.Request"
SUCCESS, CANCELLED = 0, 1

NO_PORTAL = N_(
    "This desktop does not let programs take pictures of the screen. You can take one with the desktop's "
    "own key, usually Print, and paste it here."
)
JEEPNEY_MISSING = N_("A part of this program that takes pictures of the screen is not installed: jeepney.")
DENIED = N_("The picture was not taken: the desktop asked for permission, and it was not given.")
NO_ANSWER = N_("The picture was not taken: the desktop did not answer in time.")

# A connection, a message or a filter of jeepney, which has no types.
_Bus = Any


class Wayland(Desktop):
    """The session whose bus ``DBUS_SESSION_BUS_ADDRESS`` names, else the one of the user's runtime folder."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def why_not(self) -> str | None:
        """No library, no bus, or no portal that is there or could be started."""
        try:
            with self._bus() as bus:
                known = [*_ask(bus, _bus_call("ListNames")), *_ask(bus, _bus_call("ListActivatableNames"))]
        except PictureError as error:
            return str(error)
        return None if BUS_NAME in known else NO_PORTAL

    def monitors(self) -> list[Area]:
        """One, of a size that only the picture tells."""
        return [Area(0, 0, 0, 0)]

    def windows(self) -> list[Window]:
        """The desktop does not tell."""
        return []

    def pixels(self, area: Area) -> Image:
        """The whole desktop, once the person has allowed it; the portal's file is read and removed."""
        from reporter.report.screenshot.picture import image_of

        path = self._file()
        try:
            return image_of(path.read_bytes())
        except OSError as error:
            raise PictureError(NOT_TAKEN) from error
        finally:
            # It was made for us alone, in the person's folder of pictures.
            with contextlib.suppress(OSError):
                path.unlink()

    def clipboard(self) -> bytes | None:
        """Through the session's X server, which holds the same clipboard while our window is in front."""
        from reporter.report.screenshot.x11 import X11

        name = self._environ.get("DISPLAY", "")
        return X11(name).clipboard() if name else None

    def _file(self) -> Path:
        """Where the portal has put the picture."""
        from jeepney import DBusAddress, MatchRule, new_method_call
        from jeepney.bus_messages import message_bus

        token = f"reporter_{secrets.token_hex(8)}"
        portal = DBusAddress(OBJECT_PATH, bus_name=BUS_NAME, interface=INTERFACE)
        options = {"handle_token": ("s", token), "interactive": ("b", False), "modal": ("b", True)}
        with self._bus() as bus:
            sender = bus.unique_name.removeprefix(":").replace(".", "_")
            # The answer may come before the call returns, so we listen first.
            answers = MatchRule(
                type="signal",
                interface=REQUEST_INTERFACE,
                member="Response",
                path=f"{OBJECT_PATH}/request/{sender}/{token}",
            )
            _ask(bus, message_bus.AddMatch(answers))
            deadline = time.monotonic() + ANSWER_LIMIT_S
            with bus.filter(answers) as queue:
                _ask(bus, new_method_call(portal, "Screenshot", "sa{sv}", ("", options)), missing=NO_PORTAL)
                try:
                    answer = bus.recv_until_filtered(queue, timeout=max(0.0, deadline - time.monotonic()))
                except TimeoutError as error:
                    raise PictureError(NO_ANSWER) from error
                except (ConnectionError, OSError) as error:
                    raise PictureError(NOT_TAKEN) from error
        status, results = answer.body
        if status != SUCCESS:
            raise PictureError(DENIED if status == CANCELLED else NOT_TAKEN)
        kind, uri = results.get("uri", ("", ""))
        parts = urlsplit(uri) if kind == "s" else urlsplit("")
        if parts.scheme != "file" or not parts.path:
            raise PictureError(NOT_TAKEN)
        return Path(unquote(parts.path))

    @contextlib.contextmanager
    def _bus(self) -> Iterator[_Bus]:
        try:
            from jeepney.auth import AuthenticationError
            from jeepney.io.blocking import open_dbus_connection
        except ImportError as error:
            raise PictureError(JEEPNEY_MISSING) from error
        address = self._environ.get("DBUS_SESSION_BUS_ADDRESS") or (
            f"unix:path={self._environ.get('XDG_RUNTIME_DIR', f'/run/user/{os.getuid()}')}/bus"
        )
        try:
            bus = open_dbus_connection(address, auth_timeout=CALL_LIMIT_S)
        except (AuthenticationError, OSError, RuntimeError, ValueError, KeyError) as error:
            raise PictureError(NO_PORTAL) from error
        try:
            yield bus
        finally:
            bus.close()


def _bus_call(method: str) -> _Bus:
    from jeepney.bus_messages import message_bus

    return getattr(message_bus, method)()


def _ask(bus: _Bus, message: _Bus, *, missing: str = NO_PORTAL) -> list[Any]:
    """The first value of the answer; PictureError where there is none in time, or an error."""
    from jeepney import MessageType

    try:
        answer = bus.send_and_get_reply(message, timeout=CALL_LIMIT_S)
    except TimeoutError as error:
        raise PictureError(NO_ANSWER) from error
    except (ConnectionError, OSError) as error:
        raise PictureError(NOT_TAKEN) from error
    if answer.header.message_type == MessageType.error:
        raise PictureError(missing)
    return answer.body[0] if answer.body and isinstance(answer.body[0], list) else []
