"""A real storm: real clients with a spool and a postman each, real sockets, the real inbox with a limit.

    python -m tests.benchmarks.storm_real [--clients 2000]

The time of day is turned by hand, from one client's planned try to the next, so that hours pass in seconds
and the peak does not depend on this machine; everything else is as it is delivered. Nobody listens for the
first minute.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reporter.delivery.native import NativeDestination
from reporter.delivery.postman import Postman
from reporter.delivery.spool import Spool
from reporter.demo.servers import closed_port
from reporter.inbox.app import create_app
from reporter.inbox.store import Store
from tests.benchmarks.report_size import typical_report
from tests.benchmarks.storm import OUTAGE_S, Turns

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
START_LIMIT_S = 10.0


class Clock:
    """A time of day that is turned by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return NINE + timedelta(seconds=self.seconds)


class Front:
    """Stands before the inbox: lets so many reports a second in, and gives the others a turn each."""

    def __init__(self, app: ASGIApp, capacity: float, clock: Clock) -> None:
        self._app, self._capacity, self._clock = app, capacity, clock
        self._turns = Turns(capacity)
        self._left, self._at = capacity, 0.0
        self.arrivals: Counter[int] = Counter()
        self.let_in: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", "/reports"):
            await self._app(scope, receive, send)
            return
        now_s = self._clock.seconds
        self.arrivals[int(now_s)] += 1
        self._left = min(self._capacity, self._left + (now_s - self._at) * self._capacity)
        self._at = now_s
        if self._left >= 1:
            self._left -= 1
            self.let_in[int(now_s)] += 1
            await self._app(scope, receive, send)
            return
        message: Message = await receive()
        while message.get("more_body", False):
            message = await receive()
        headers = [
            (b"content-length", b"0"),
            (b"retry-after", b"%d" % math.ceil(self._turns.retry_after_s(now_s))),
        ]
        await send({"type": "http.response.start", "status": 429, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


@dataclass(frozen=True)
class Found:
    """What came of it. ``arrived``: references in the inbox, ``repeats``: posted again and recognised."""

    clients: int
    capacity: float
    arrived: int
    repeats: int
    accepted: int
    peak: int
    at_99_s: float
    tries: float
    turned_away: int


def storm(folder: Path, clients: int, capacity: float, *, spread_s: float, seed: int = 2026) -> Found:
    """Let it come and go."""
    dice = random.Random(seed).random
    clock = Clock()
    port = closed_port()
    destination = NativeDestination(f"http://127.0.0.1:{port}/reports", now=clock)
    document = typical_report().report_json
    due: list[tuple[float, int]] = []

    def opened(number: int) -> Spool:
        path = folder / str(number) / "spool.sqlite"
        return Spool(path, now=clock, random=dice, spread_s=spread_s)

    for number in range(clients):
        with opened(number) as spool:
            name = f"{number // 10_000:04}-{number % 10_000:05}"
            own = document.replace(b"7K3D-9QX2M", name.encode())
            spool.enqueue(name, own, [], sendable=True, sent_by_person=False, fingerprint=f"{number:016x}")
            heapq.heappush(due, (spool.next_due_s(clock()) or 0.0, number))

    store = Store(folder / "inbox.sqlite")
    front = Front(create_app(store), capacity, clock)
    config = uvicorn.Config(front, port=port, lifespan="off", log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    tries = accepted = 0
    accepted_at: list[float] = []
    try:
        while due:
            clock.seconds, number = heapq.heappop(due)
            if clock.seconds >= OUTAGE_S and not thread.is_alive():
                thread.start()
                _wait_for(server)
            with opened(number) as spool:
                receipts = Postman(spool, [destination], now=clock, random=dice).flush()
                tries += len(receipts)
                if any(receipt.state == "accepted" for receipt in receipts):
                    accepted += 1
                    accepted_at.append(clock.seconds - OUTAGE_S)
                wait_s = spool.next_due_s(clock())
            if wait_s is not None:
                heapq.heappush(due, (clock.seconds + max(wait_s, 0.001), number))
    finally:
        server.should_exit = True
        if thread.is_alive():
            thread.join()
        store.close()
    db = sqlite3.connect(folder / "inbox.sqlite")
    arrived, repeats = db.execute("SELECT count(*), coalesce(sum(repeats), 0) FROM reports").fetchone()
    db.close()
    return Found(
        clients=clients,
        capacity=capacity,
        arrived=arrived,
        repeats=repeats,
        accepted=accepted,
        peak=max(front.arrivals.values()),
        at_99_s=accepted_at[math.ceil(0.99 * len(accepted_at)) - 1],
        tries=tries / clients,
        turned_away=front.arrivals.total() - front.let_in.total(),
    )


def _wait_for(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the inbox did not begin to listen")
        time.sleep(0.01)


def main() -> int:
    """Print one line for each storm; 1 when a report was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.storm_real", description=__doc__)
    parser.add_argument("--clients", type=int, default=2_000)
    clients = parser.parse_args().clients
    print("clients  reports/s  spread  peak/s  turned away  99 % after  tries  arrived  repeats  real time")
    is_right = True
    for capacity_time_s, spread_s in ((10, 60.0), (200, 60.0), (200, 250.0)):
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="reporter-storm-") as folder:
            found = storm(Path(folder), clients, clients / capacity_time_s, spread_s=spread_s)
        print(
            f"{found.clients:7,}  {found.capacity:9,.0f}  {spread_s:4.0f} s  {found.peak:6,}  "
            f"{found.turned_away:11,}  {found.at_99_s:8,.0f} s  {found.tries:5.1f}  {found.arrived:7,}  "
            f"{found.repeats:7,}  {time.monotonic() - begun:7,.0f} s",
            flush=True,
        )
        is_right = is_right and found.arrived == found.accepted == clients
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
