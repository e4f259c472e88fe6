"""Files: whole or not at all, and one process at a time.

The lock is the operating system's, on a small file, and ends with its process.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

RETRY_PAUSE_S = 0.02


def write_whole(path: Path, content: bytes) -> None:
    """Write a file for its owner alone, on the disk when this returns; raises OSError and leaves nothing.

    Whoever reads meanwhile finds the file as it was, or as it is.
    """
    beside = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        # Windows turns every newline into two bytes in a file that is not opened as binary here already.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def only_one(path: Path, *, wait_s: float) -> Iterator[None]:
    """Hold the lock at ``path`` for the block, against other processes and other threads.

    The file stays behind: removing it would let two holders in. Raises TimeoutError when the lock
    is still held elsewhere after ``wait_s``, and OSError when the file cannot be made.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + wait_s
        while not _taken(file):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{path} is still locked after {wait_s:g} s")
            time.sleep(RETRY_PAUSE_S)
        yield
    finally:
        os.close(file)  # which releases the lock


def _taken(file: int) -> bool:
    """Try once to take the lock; the modules exist on one kind of system each."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
