"""Copies: the last that was read of each list, for the time when it cannot be read.

What is kept is the list as it was understood, so no password ever gets into a copy. A damaged copy is the
same as none, and a disk that refuses one is no reason to disturb anybody.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from reporter.files import write_whole
from reporter.settings.v8i.infobase import InfobaseList

COPY_LIMIT_BYTES = 64 * 1024 * 1024


def keep(folder: Path, path: str, found: InfobaseList) -> bool:
    """Keep what was read at ``path``, whole or not at all; True once it is there."""
    target = _path(folder, path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(target, msgspec.json.encode(found))
    except (OSError, ValueError):
        return False
    return True


def recall(folder: Path, path: str) -> InfobaseList | None:
    """What was read at ``path`` the last time, with the time of it; None where nothing is kept."""
    try:
        with _path(folder, path).open("rb") as stream:
            found = msgspec.json.decode(stream.read(COPY_LIMIT_BYTES), type=InfobaseList)
            copied_at = datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime, UTC)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return None
    return msgspec.structs.replace(found, copied_at=copied_at)


def _path(folder: Path, path: str) -> Path:
    import hashlib

    name = hashlib.sha256(path.encode(errors="replace")).hexdigest()[:32]
    return folder / "infobases" / f"{name}.json"
