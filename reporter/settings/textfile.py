"""Textfile: a file of settings as text, or the reason why it is none.

A file that is not what a settings file should be is refused as a whole: this program also runs where others
may write.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

FILE_LIMIT_BYTES = 1024 * 1024


class RefusedError(ValueError):
    """A file that is not read; ``remedy`` says what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


def read_text(path: Path) -> str:
    """The text of a file; raises OSError, ValueError or RefusedError."""
    descriptor = open_file(path)
    try:
        return decoded(content(descriptor))
    finally:
        os.close(descriptor)


def open_file(path: Path, flags: int = 0) -> int:
    """A descriptor for reading; raises OSError."""
    # Without O_NONBLOCK opening a pipe would wait for its other end.
    return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | flags)


def content(descriptor: int) -> bytes:
    """The bytes of a regular file of bearable size; raises OSError or RefusedError."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise RefusedError("this is not a regular file", "name a text file")
    with os.fdopen(descriptor, "rb", closefd=False) as stream:
        raw = stream.read(FILE_LIMIT_BYTES + 1)
    if len(raw) > FILE_LIMIT_BYTES:
        raise RefusedError(f"the file has more than {FILE_LIMIT_BYTES:,} bytes", "name a settings file")
    return raw


def decoded(raw: bytes) -> str:
    """Text in UTF-8, with or without its mark; raises RefusedError."""
    if b"\0" in raw:
        raise RefusedError("the file holds NUL bytes", "save it as plain text in UTF-8")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = len(raw[: error.start].split(b"\n"))
        raise RefusedError(f"line {line} is not UTF-8", "save it as plain text in UTF-8") from None
