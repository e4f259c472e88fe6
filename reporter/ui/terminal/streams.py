"""Streams: the terminal that this process belongs to."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from reporter.errors import FaceUnavailable


def open_terminal() -> tuple[TextIO, TextIO]:
    """The terminal of this process, for reading and for writing."""
    names = ("CONIN$", "CONOUT$") if sys.platform == "win32" else ("/dev/tty", "/dev/tty")
    # The installed program is in UTF-8 and has found out what its terminal is in.
    known = (one.encoding for one in (sys.stdin, sys.stdout, sys.stderr) if one is not None and one.isatty())
    encoding = None if sys.platform == "win32" else next(known, None)
    try:
        reader = open(names[0], encoding=encoding, errors="replace")  # noqa: PTH123, SIM115 - devices, open until the end
        writer = open(names[1], "w", encoding=reader.encoding)  # noqa: PTH123, SIM115
    except OSError:
        raise FaceUnavailable(
            "The terminal face cannot be shown: this process belongs to no terminal. "
            "Start it from a terminal, or set face to window, auto or none."
        ) from None
    return reader, writer


@contextmanager
def echo_off(reader: TextIO) -> Iterator[None]:
    """What is typed stays unseen, where the terminal can do that."""
    try:
        import termios

        number = reader.fileno()
        before = termios.tcgetattr(number)
    except (ImportError, OSError, termios.error):
        yield
        return
    hidden = list(before)
    hidden[3] &= ~termios.ECHO
    termios.tcsetattr(number, termios.TCSADRAIN, hidden)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def can_select(reader: TextIO) -> bool:
    """Whether input can be waited for with a time limit: POSIX, and a real stream."""
    if sys.platform == "win32":
        return False
    try:
        reader.fileno()
    except (OSError, io.UnsupportedOperation):
        return False
    return True
