"""X11: four questions to the X server of this session, over its socket.

A library for it would end the whole process when the server goes away. Only a server of this computer is
asked; nothing is drawn, changed or listened to. The protocol is that of the X.Org Foundation, version 11,
with RandR 1.5 for the monitors.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from reporter.facts.files import Files

LIMIT_S = 0.5
REPLY_LIMIT_BYTES = 1024 * 1024
PROPERTY_LIMIT_BYTES = 64 * 1024
MONITORS_LIMIT_ITEMS = 16

_DISPLAY = re.compile(r"(|unix|localhost|127\.0\.0\.1):(\d{1,4})(?:\.\d+)?")
_RESOURCE_MANAGER = 23  # this atom is the same on every server
_COOKIE = b"MIT-MAGIC-COOKIE-1"
_GET_PROPERTY, _INTERN_ATOM, _QUERY_EXTENSION = 20, 16, 98
_RANDR_VERSION, _RANDR_MONITORS = 0, 42


class X11Error(Exception):
    """The server did not answer as one; the message is an English clause."""


class Monitor(NamedTuple):
    """Pixels as programs see them, millimetres as the monitor claims; 0 where it does not."""

    width_px: int
    height_px: int
    width_mm: int
    is_primary: bool


class Screen(NamedTuple):
    """``text_dpi`` and ``layouts`` ("us,ru") are empty where nobody set them."""

    monitors: list[Monitor]
    text_dpi: str
    layouts: str


def ask(display: str, authority: Path) -> Screen | None:
    """What the server of a DISPLAY says; None where it is one of another computer.

    ``authority``: the file with the keys of this session. Raises OSError and X11Error.
    """
    named = _DISPLAY.fullmatch(display)
    if named is None:
        return None
    with _connected(named[1], int(named[2])) as line:
        server = _Server(line, _keys(authority, named[2]))
        resources = server.property(_RESOURCE_MANAGER)
        dpi = re.search(r"^Xft\.dpi:\s*([\d.]{1,8})\s*$", resources, re.MULTILINE)
        # rules, model, layouts, variants, options
        keyboard = server.property(server.atom("_XKB_RULES_NAMES")).split("\0")
        monitors = server.monitors()
        return Screen(monitors, dpi[1] if dpi else "", keyboard[2] if len(keyboard) > 2 else "")


def _connected(host: str, number: int) -> socket.socket:
    if host in ("localhost", "127.0.0.1"):
        return socket.create_connection(("127.0.0.1", 6000 + number), LIMIT_S)
    path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - its place on every system
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(LIMIT_S)
    try:
        try:
            line.connect("\0" + path)
        except OSError:
            line.connect(path)
    except OSError:
        line.close()
        raise
    return line


def _keys(authority: Path, number: str) -> bytes:
    """The key of a display from an Xauthority file; empty where there is none."""
    with suppress(OSError, struct.error, IndexError):
        content = Files(Path("/")).content(str(authority))
        here = socket.gethostname().encode()
        found = [entry for entry in _entries(content) if entry[1] in (number.encode(), b"")]
        found.sort(key=lambda entry: entry[0] != here)
        return found[0][2]
    return b""


def _entries(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Address, number and key of every entry with a cookie; a number without digits stands for all."""
    place = 0
    while place + 2 < len(content):
        place += 2  # the family of the address
        fields = []
        for _ in range(4):
            (length,) = struct.unpack_from(">H", content, place)
            fields.append(content[place + 2 : place + 2 + length])
            place += 2 + length
        address, number, kind, key = fields
        if kind == _COOKIE:
            yield address, number, key


class _Server:
    """A connection after the greeting; every request is answered before the next one."""

    def __init__(self, line: socket.socket, key: bytes) -> None:
        self._line = line
        name = _COOKIE if key else b""
        line.sendall(
            struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(key)) + _padded(name) + _padded(key)
        )
        status, length = struct.unpack("<B5xH", self._exactly(8))
        greeting = self._exactly(length * 4)
        if status != 1:
            raise X11Error("the display does not let this program in")
        try:
            (vendor,) = struct.unpack_from("<H", greeting, 16)
            screen = 32 + (vendor + 3) // 4 * 4 + greeting[21] * 8
            (self._root,) = struct.unpack_from("<I", greeting, screen)
            self._size: tuple[int, int, int] = struct.unpack_from("<HHH", greeting, screen + 20)
        except (struct.error, IndexError) as error:
            raise X11Error("the display greets in another way") from error

    def atom(self, name: str) -> int:
        """The number of a name; 0 where the server does not know it."""
        reply = self._ask(_INTERN_ATOM, 1, struct.pack("<Hxx", len(name)) + _padded(name.encode()))
        return int(struct.unpack_from("<I", reply, 8)[0])

    def property(self, atom: int) -> str:
        """A text of the root window; empty where there is none."""
        wanted = struct.pack("<IIIII", self._root, atom, 0, 0, PROPERTY_LIMIT_BYTES // 4)
        reply = self._ask(_GET_PROPERTY, 0, wanted) if atom else b""
        if len(reply) < 32 or reply[1] != 8:
            return ""
        (length,) = struct.unpack_from("<I", reply, 16)
        return reply[32 : 32 + length].decode("utf-8", "replace")

    def monitors(self) -> list[Monitor]:
        """Those that are in use; without RandR the whole screen is one."""
        name = b"RANDR"
        reply = self._ask(_QUERY_EXTENSION, 0, struct.pack("<Hxx", len(name)) + _padded(name))
        has_randr, opcode = reply[8], reply[9]
        whole = [Monitor(*self._size, is_primary=True)]
        if not has_randr:
            return whole
        version = struct.unpack_from("<II", self._ask(opcode, _RANDR_VERSION, struct.pack("<II", 1, 5)), 8)
        if version < (1, 5):
            return whole
        reply = self._ask(opcode, _RANDR_MONITORS, struct.pack("<IBxxx", self._root, 1))
        (count,) = struct.unpack_from("<I", reply, 12)
        found, place = [], 32
        for _ in range(min(count, MONITORS_LIMIT_ITEMS)):
            try:
                primary, outputs, width, height, width_mm = struct.unpack_from("<4xBxH4xHHI", reply, place)
            except struct.error:
                break
            found.append(Monitor(width, height, width_mm, is_primary=bool(primary)))
            place += 24 + outputs * 4
        return found or whole

    def _ask(self, opcode: int, detail: int, body: bytes) -> bytes:
        """The whole reply, at least 32 bytes; all zeros for an error. Events in between are skipped."""
        self._line.sendall(struct.pack("<BBH", opcode, detail, 1 + len(body) // 4) + body)
        while True:
            head = self._exactly(32)
            if head[0] == 0:
                return bytes(32)
            if head[0] == 1:
                return head + self._exactly(struct.unpack_from("<I", head, 4)[0] * 4)

    def _exactly(self, count: int) -> bytes:
        if count > REPLY_LIMIT_BYTES:
            raise X11Error("the display answers with more than it was asked for")
        parts: list[bytes] = []
        while count:
            part = self._line.recv(min(count, 64 * 1024))
            if not part:
                raise X11Error("the display hung up")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def _padded(text: bytes) -> bytes:
    return text + bytes(-len(text) % 4)
