"""Health: what can be told of the spool as a whole: its format, its size, and whether it is sound."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from reporter.delivery import place
from reporter.delivery.database import FORMAT, Database
from reporter.delivery.receipt import State

WAITING = (State.QUEUED, State.SAVED)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """``remark``: a sentence where the spool was damaged and has just been set aside; ``set_aside``: the
    damaged ones that lie beside it; ``complaint``: what SQLite has against it, empty where it is sound;
    ``states``: how many reports are in each; ``oldest_waiting_at``, ``next_try_at``: None where none waits,
    or no time is planned."""

    path: str
    format: int
    size_bytes: int
    is_remote: bool
    complaint: str = ""
    remark: str = ""
    set_aside: list[str] = msgspec.field(default_factory=list)
    states: dict[str, int] = msgspec.field(default_factory=dict)
    oldest_waiting_at: datetime | None = None
    next_try_at: datetime | None = None


def examine(path: Path) -> Health:
    """The health of the spool at ``path``, which is there; a damaged one is set aside, as always.

    Raises SpoolError where it cannot be used, or was written by a newer version.
    """
    database = Database(path, now=lambda: datetime.now(UTC), make_folder=False)
    try:
        complaint, states, oldest, following = database.run(_read)
        remark = database.remark
    finally:
        database.close()
    return Health(
        path=str(path),
        format=FORMAT,
        size_bytes=sum(_size(path.with_name(path.name + ending)) for ending in ("", "-wal")),
        is_remote=place.is_remote(path.parent),
        complaint=complaint,
        remark=remark,
        set_aside=sorted(
            str(file)
            for file in path.parent.glob(f"{path.name}.damaged-*")
            if not file.name.endswith(("-wal", "-shm"))
        ),
        states=states,
        oldest_waiting_at=_moment(oldest),
        next_try_at=_moment(following),
    )


def _read(db: sqlite3.Connection) -> tuple[str, dict[str, int], object, object]:
    [(complaint,)] = db.execute("PRAGMA quick_check(1)").fetchall()
    states = db.execute("SELECT state, count(*) FROM reports GROUP BY state ORDER BY state").fetchall()
    [(oldest, following)] = db.execute(
        "SELECT min(created_at), min(next_try_at) FROM reports WHERE state IN (?, ?)", WAITING
    ).fetchall()
    return (
        "" if complaint == "ok" else str(complaint),
        {str(state): int(number) for state, number in states},
        oldest,
        following,
    )


def _moment(epoch_s: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(epoch_s, UTC) if isinstance(epoch_s, float | int) else None
    except (ValueError, OverflowError, OSError):
        return None  # of an entry that is damaged


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
