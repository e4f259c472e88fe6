"""Draft: a story that was begun and not sent, kept on this computer for the next time."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec

from reporter.files import write_whole
from reporter.report.model import Story

KEPT_S = 14 * 24 * 3600.0
FILE_LIMIT_BYTES = 512 * 1024


def load(path: Path) -> Story:
    """The story kept there; an empty one where there is none, or none that can be used any more."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return Story()
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            raw = file.read(FILE_LIMIT_BYTES + 1)
    except OSError:
        return Story()
    if len(raw) > FILE_LIMIT_BYTES or time.time() - about.st_mtime > KEPT_S:
        return Story()
    try:
        return msgspec.json.decode(raw, type=Story)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Story()


def keep(path: Path, story: Story) -> None:
    """Keep a story for its author alone, whole or not at all; an empty one is forgotten. Raises OSError."""
    if story == Story():
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, msgspec.json.encode(story))
