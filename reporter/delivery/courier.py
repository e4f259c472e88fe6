"""Courier: a small process of its own that stays until what waits in the spool is sent.

It sleeps until the earliest planned try, lets a postman make his round, and sleeps again, until nothing
is to be sent, its life is over, or the spool is gone (a demo's folder is removed behind it). Only one
works on a spool at a time; while it sleeps it holds no more than its lock.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reporter import program
from reporter.delivery.backoff import AUTOMATIC_SPREAD_S
from reporter.delivery.postman import Postman
from reporter.delivery.receipt import Receipt
from reporter.delivery.spool import Spool
from reporter.errors import SpoolError
from reporter.files import only_one

LIFE_S = 2 * 3600.0
# How often it looks whether the spool has changed or is gone; also the shortest time between two rounds.
LOOK_INTERVAL_S = 1.0

# Of the Windows API, which Python's own name exists for on Windows only.
_DETACHED_PROCESS = 0x00000008


def start(command: Sequence[str], *, platform: str = sys.platform) -> None:
    """Start ``command`` as a process that shares no pipe, no terminal and no window with this one.

    Returns at once. Raises OSError when it cannot be started.
    """
    import subprocess

    apart: dict[str, Any] = {"start_new_session": True}
    if platform == "win32":
        apart = {"creationflags": _DETACHED_PROCESS | program.CREATE_NO_WINDOW}
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, **apart)
    # Collected when it ends, so that no defunct process stays behind a dialog that is left open.
    threading.Thread(target=process.wait, daemon=True, name="reporter-courier").start()


def stay(
    path: Path,
    postman: Callable[[Spool], Postman],
    *,
    life_s: float = LIFE_S,
    spread_s: float = AUTOMATIC_SPREAD_S,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Receipt]:
    """Send what waits in the spool at ``path``, for ``life_s`` at most; the last receipt of each report.

    ``spread_s``: over how much time overdue automatic reports are spread, where no endpoint told.
    Returns at once where another courier is at work, or where there is no spool: none is made.
    Raises SpoolError when the spool cannot be used.
    """
    end = time.monotonic() + life_s
    receipts: dict[str, Receipt] = {}
    # Again after the lock is given back: a report that came just before found this courier still there.
    try:
        while _something_waits(path, now) and time.monotonic() < end:
            with only_one(_lock(path), wait_s=0):
                _work(path, postman, end, now, receipts, spread_s=spread_s)
    except OSError:
        pass  # held by another courier, or the folder is gone
    except SpoolError:
        if path.exists():
            raise
    return list(receipts.values())


def is_at_work(path: Path) -> bool:
    """Whether a courier is at work on the spool at ``path``. Raises OSError where that cannot be told."""
    lock = _lock(path)
    if not lock.exists():
        return False
    try:
        with only_one(lock, wait_s=0):
            return False
    except TimeoutError:
        return True


def _lock(path: Path) -> Path:
    return path.with_name(path.name + ".courier")


def _work(
    path: Path,
    postman: Callable[[Spool], Postman],
    end: float,
    now: Callable[[], datetime],
    receipts: dict[str, Receipt],
    *,
    spread_s: float,
) -> None:
    """Rounds and naps until nothing waits; what the rounds came to is put into ``receipts``."""
    while True:
        # Taken before the round, so that no write is missed; its own writes only cost one more look.
        seen = _stamp(path)
        with _spool_if_there(path, now, spread_s) as spool:
            if spool is None:
                return
            receipts.update((receipt.reference, receipt) for receipt in postman(spool).flush())
            due_s = spool.next_due_s(now())
        if due_s is None or not _nap(path, seen, due_s, end, now):
            return


def _nap(path: Path, seen: tuple[int, ...], due_s: float, end: float, now: Callable[[], datetime]) -> bool:
    """Sleep until a report is due or the spool is no longer as it was ``seen``.

    False when life is over or the spool gone.

    Both clocks are watched: the monotonic one may stand still while the computer sleeps, the other
    one may be set back.
    """
    begun, begun_at = time.monotonic(), now()
    while time.monotonic() < end:
        time.sleep(LOOK_INTERVAL_S)
        if not path.exists():
            return False
        slept_s = max(time.monotonic() - begun, (now() - begun_at).total_seconds())
        if slept_s >= due_s or _stamp(path) != seen:
            return True
    return False


def _something_waits(path: Path, now: Callable[[], datetime]) -> bool:
    with _spool_if_there(path, now) as spool:
        return spool is not None and spool.next_due_s(now()) is not None


@contextlib.contextmanager
def _spool_if_there(
    path: Path, now: Callable[[], datetime], spread_s: float = AUTOMATIC_SPREAD_S
) -> Iterator[Spool | None]:
    """The spool, open only for the block, because an open file keeps its folder from being removed."""
    if not path.exists():
        yield None
        return
    with Spool(path, now=now, make_folder=False, spread_s=spread_s) as spool:
        try:
            yield spool
        finally:
            if spool.remark:
                logging.getLogger("reporter").warning(spool.remark)


def _stamp(path: Path) -> tuple[int, ...]:
    """Changes with every write to the database, whose newest part is in the file beside it."""
    stamps = []
    for file in (path, path.with_name(path.name + "-wal")):
        try:
            stamps.append(file.stat().st_mtime_ns)
        except OSError:
            stamps.append(0)
    return tuple(stamps)
