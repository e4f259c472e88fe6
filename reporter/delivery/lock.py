"""A lock between processes that ends with its process: the lock of the operating system on a small file."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

RETRY_PAUSE_S = 0.02


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
