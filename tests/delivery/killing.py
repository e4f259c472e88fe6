"""A program that makes children, each of which keeps a report and sends it, and kills them at random moments.

Run as ``python -m tests.delivery.killing SPOOL ENDPOINT ROUNDS SEED``; prints one JSON document.
It has no threads of its own, so that its children may be forked.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests  # noqa: F401 - loaded once and not by every child
import truststore  # noqa: F401

from reporter.delivery import native
from reporter.delivery.destination import Outcome
from reporter.delivery.envelope import Attempt, Envelope
from reporter.delivery.postman import Postman
from reporter.delivery.spool import Spool
from reporter.report.model import Attachment

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PHASES = ("opening", "enqueue", "between", "sending", "acknowledgement", "after the record")
LEARNING_ROUNDS = 10


class Told(native.NativeDestination):
    """The native destination, which tells when it begins and ends."""

    def __init__(self, address: str, tell: Any) -> None:
        super().__init__(address)
        self._tell = tell

    def deliver(self, envelope: Envelope) -> Outcome:
        self._tell("sending")
        outcome = super().deliver(envelope)
        self._tell("acknowledgement")
        return outcome


class TellingSpool(Spool):
    """A spool that tells when a result was recorded."""

    tell: Any = None

    def record(self, envelope: Envelope, attempts: Any) -> Envelope:
        kept = super().record(envelope, attempts)
        self.tell("after the record")
        return kept


def reference(number: int) -> str:
    return f"{number // 10_000:04}-{number % 10_000:05}"


def report(name: str) -> tuple[bytes, list[Attachment]]:
    """Bytes that are the report's own, so that a mixed one is noticed."""
    content = b'{"reference": "%s", "filler": "%s"}' % (name.encode(), name.encode() * 100)
    return content, [Attachment(name="a.txt", content_type="text/plain", content=name.encode() * 500)]


def child(path: Path, endpoint: str, number: int, pipe: int) -> None:
    """Keep one report, say so, and send everything that waits; what befell it is written to the pipe."""

    def tell(what: str) -> None:
        os.write(pipe, f"{what}\n".encode())

    now = NINE + timedelta(hours=number)  # whatever was put off is due again
    tell("opening")
    with TellingSpool(path, now=lambda: now) as spool:
        spool.tell = tell
        tell("enqueue")
        content, files = report(reference(number))
        spool.enqueue(reference(number), content, files, sendable=True, sent_by_person=number % 2 == 0)
        tell(f"kept {reference(number)}")
        tell("between")
        Postman(spool, [Told(endpoint, tell)], now=lambda: now).flush(force=True)


def one_round(path: Path, endpoint: str, number: int, life_s: float | None) -> tuple[list[str], bool]:
    """What a child told, and whether it was killed; without ``life_s`` it may end by itself."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            child(path, endpoint, number, writing)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    if life_s is not None:
        time.sleep(life_s)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    with os.fdopen(reading) as file:
        told = file.read().splitlines()
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise RuntimeError(f"a child failed by itself after {told[-1:]}")
    return told, os.WIFSIGNALED(status)


def main() -> None:
    path, endpoint = Path(sys.argv[1]), sys.argv[2]
    rounds, dice = int(sys.argv[3]), random.Random(int(sys.argv[4]))
    lives, killed_in, promised = [], Counter[str](), []
    for number in range(LEARNING_ROUNDS):
        begun = time.monotonic()
        told, _ = one_round(path, endpoint, number, None)
        lives.append(time.monotonic() - begun)
        promised += [line.removeprefix("kept ") for line in told if line.startswith("kept ")]
    longest_s = sorted(lives)[len(lives) // 2] * 1.1
    for number in range(LEARNING_ROUNDS, LEARNING_ROUNDS + rounds):
        told, was_killed = one_round(path, endpoint, number, dice.random() * longest_s)
        promised += [line.removeprefix("kept ") for line in told if line.startswith("kept ")]
        phases = [line for line in told if line in PHASES] or ["opening"]
        if was_killed:
            killed_in[phases[-1]] += 1
    now = NINE + timedelta(days=3_000)
    with Spool(path, now=lambda: now) as spool:
        Postman(spool, [native.NativeDestination(endpoint)], now=lambda: now).flush(force=True)
        states = Counter(str(envelope.state) for envelope in spool.list())
        history: list[Attempt] = [row for envelope in spool.list() for row in envelope.history]
        remark = spool.remark
    found = {
        "promised": promised,
        "killed_in": dict(killed_in),
        "states": dict(states),
        "attempts": len(history),
        "remark": remark,
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
