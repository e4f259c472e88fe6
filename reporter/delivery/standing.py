"""Standing: which destinations are paused or asked for time, and how far they want reports spread."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from reporter.delivery.backoff import HORIZON_S
from reporter.delivery.database import Database
from reporter.delivery.entries import moment
from reporter.delivery.envelope import Pause, Rest


class Standing:
    """What ``database`` remembers of the destinations; ``spread_s`` holds where none told another.

    Every method raises SpoolError when the database cannot be used.
    """

    def __init__(self, database: Database, now: Callable[[], datetime], spread_s: float) -> None:
        self._database = database
        self._now = now
        self._spread_s = spread_s

    def pauses(self) -> tuple[Pause, ...]:
        """The destinations that are paused, the oldest first."""

        def read(db: sqlite3.Connection) -> tuple[Pause, ...]:
            rows = db.execute("SELECT destination, since, tried_at, reason FROM pauses ORDER BY since")
            return tuple(
                Pause(destination=name, since=moment(since), tried_at=moment(tried_at), reason=reason)
                for name, since, tried_at, reason in rows
            )

        return self._database.run(read)

    def pause(self, destination: str, reason: str) -> None:
        """Remember that a destination is paused; the time of the first word stays."""
        now_s = self._now().timestamp()

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO pauses VALUES (?, ?, ?, ?) ON CONFLICT (destination) "
                "DO UPDATE SET reason = excluded.reason, tried_at = excluded.tried_at",
                (destination, now_s, now_s, reason),
            )

        self._database.run(write)

    def resume(self, destination: str) -> None:
        """It takes reports again."""

        def write(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM pauses WHERE destination = ?", (destination,))
            db.execute("DELETE FROM rests WHERE destination = ?", (destination,))

        self._database.run(write)

    def rest(self, destination: str, seconds: float, reason: str, *, server_fault: bool = False) -> None:
        """Remember that a destination asked not to be tried again before so much time."""
        now_s = self._now().timestamp()

        def write(db: sqlite3.Connection) -> None:
            row = (destination, now_s, now_s + min(max(seconds, 0.0), HORIZON_S), reason, server_fault)
            db.execute("INSERT OR REPLACE INTO rests VALUES (?, ?, ?, ?, ?)", row)

        self._database.run(write)

    def rests(self) -> tuple[Rest, ...]:
        """The destinations that asked to be left alone and whose time is not over."""
        now_s = self._now().timestamp()

        def read(db: sqlite3.Connection) -> tuple[Rest, ...]:
            # One that begins in the future was written by a clock that has since been set back.
            rows = db.execute(
                "SELECT destination, until, reason, server_fault FROM rests WHERE until > ? AND since <= ?",
                (now_s, now_s + 1),
            )
            return tuple(
                Rest(destination=name, until=moment(until), reason=reason, server_fault=bool(fault))
                for name, until, reason, fault in rows
            )

        return self._database.run(read)

    def spread(self, seconds: float | None) -> None:
        """An endpoint told over how much time automatic reports are to be spread; None for no opinion."""

        def write(db: sqlite3.Connection) -> None:
            if (None if seconds is None else (seconds,)) == db.execute(
                "SELECT seconds FROM spread"
            ).fetchone():
                return
            db.execute("DELETE FROM spread")
            if seconds is not None:
                db.execute("INSERT INTO spread VALUES (1, ?)", (seconds,))

        self._database.run(write)

    def spread_in_force_s(self, db: sqlite3.Connection) -> float:
        """Over how much time automatic reports are spread now; asked within a transaction."""
        told = db.execute("SELECT seconds FROM spread").fetchone()
        return self._spread_s if told is None else float(told[0])
