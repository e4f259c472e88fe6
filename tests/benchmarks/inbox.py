"""How many reports a second the inbox takes: one process, SQLite with synchronous=FULL.

    .venv/bin/python -m tests.benchmarks.inbox

The load comes from a process of its own, over 64 connections that are kept, each report of 5 KB under a
reference of its own. It shares the processors with the inbox: what the inbox could do alone is more.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from tests.benchmarks.screen import CannotMeasure

CONNECTIONS = 64
REPORTS = 30_000
WARM_UP_REPORTS = 2_000
REPORT_BYTES = 5_000
RATE_TARGET = 4_500.0
P99_TARGET_MS = 40.0
LOAD_LIMIT_S = 120
ROUNDS = 3
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BOUNDARY = b"3f0b1e0c5c0a4a6f8f1c7f5a9c2d4e6b"

_SERVE = """
import sys
from pathlib import Path
from reporter.inbox.server import serve
serve("127.0.0.1:0", Path(sys.argv[1]), announce=lambda sentence: print(sentence, flush=True))
"""


def measure(reports: int = REPORTS, connections: int = CONNECTIONS) -> dict[str, float]:
    """Reports a second, and the answer's time in ms at the median and the 99th percentile."""
    with tempfile.TemporaryDirectory(prefix="reporter-bench-inbox-") as folder:
        database = Path(folder) / "inbox.sqlite"
        with subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(database)], stdout=subprocess.PIPE, text=True
        ) as inbox:
            assert inbox.stdout is not None
            words = inbox.stdout.readline().split()
            if len(words) < 6:
                raise CannotMeasure("The inbox did not start; install the extra “inbox”.")
            address = words[5]
            try:
                loaded = subprocess.run(
                    [
                        sys.executable,
                        "-m",
                        "tests.benchmarks.inbox",
                        "--load",
                        address,
                        str(reports),
                        str(connections),
                    ],
                    stdout=subprocess.PIPE,
                    check=True,
                    timeout=LOAD_LIMIT_S,
                )
            finally:
                inbox.terminate()
    found: dict[str, float] = json.loads(loaded.stdout)
    return found


def _bodies(first: int, count: int) -> Iterator[bytes]:
    """Whole requests, each with a reference of its own."""
    filler = "The server erp.example.org refuses the connection. " * 100
    for number in range(first, first + count):
        digits, left = [], number
        for _ in range(9):
            left, digit = divmod(left, 32)
            digits.append(_LETTERS[digit])
        text = "".join(reversed(digits))
        reference = f"{text[:4]}-{text[4:]}"
        report = {
            "schema": "report/2",
            "reference": reference,
            "fingerprint": f"{number % 7:016x}",
            "failure": {"target": "https://erp.example.org/base", "message": "Connection refused"},
            "verdict": {"cause": "tcp.refused", "owner": "server", "headline": "The server refuses."},
            "story": {"wanted": "Log in."},
            "facts": {"sections": {"filler": {"text": ""}}},
        }
        report["facts"]["sections"]["filler"]["text"] = filler[: REPORT_BYTES - len(json.dumps(report))]  # type: ignore[index]
        body = (
            b'--%b\r\nContent-Disposition: form-data; name="report"; filename="report.json"\r\n'
            b"Content-Type: application/json\r\n\r\n%b\r\n--%b--\r\n"
            % (_BOUNDARY, json.dumps(report).encode(), _BOUNDARY)
        )
        head = (
            f"POST /reports HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
            f"Content-Type: multipart/form-data; boundary={_BOUNDARY.decode()}\r\n"
            f"Idempotency-Key: {reference}\r\nReport-Token: {reference * 4}abc\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


class _Client(asyncio.Protocol):
    """Sends one request after another on its connection."""

    def __init__(self, requests: Iterator[bytes], times_s: list[float]) -> None:
        self._requests = requests
        self._times_s = times_s
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # those of uvloop only behave like one
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._answer.startswith(b"HTTP/1.1 201"):
            self.ended.set_exception(RuntimeError(self._answer.decode()))
            return
        if not self._answer.endswith(b"}"):
            return
        self._times_s.append(time.perf_counter() - self._sent_at)
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(error or ConnectionError("closed by the inbox"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.ended.set_result(None)
            self._transport.close()
            return
        self._answer = b""
        self._sent_at = time.perf_counter()
        self._transport.write(request)


async def _load(address: str, first: int, reports: int, connections: int) -> tuple[float, list[float]]:
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or 80
    requests = iter(list(_bodies(first, reports)))  # made before the clock runs
    times_s: list[float] = []
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    clients = [
        (await loop.create_connection(lambda: _Client(requests, times_s), host, port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(client.ended for client in clients))
    return time.perf_counter() - started, sorted(times_s)


def _run_load(address: str, reports: int, connections: int) -> None:
    run = asyncio.run
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        pass
    run(_load(address, 0, WARM_UP_REPORTS, connections))
    elapsed_s, times_s = run(_load(address, WARM_UP_REPORTS, reports, connections))
    print(
        json.dumps(
            {
                "rate": len(times_s) / elapsed_s,
                "p50_ms": times_s[len(times_s) // 2] * 1000,
                "p99_ms": times_s[len(times_s) * 99 // 100] * 1000,
            }
        )
    )


def main() -> None:
    """Measure, or be the load."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--load", nargs=3, metavar=("ADDRESS", "REPORTS", "CONNECTIONS"), help=argparse.SUPPRESS
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    if options.load:
        _run_load(options.load[0], int(options.load[1]), int(options.load[2]))
        return
    for _ in range(options.rounds):
        found = measure()
        print(
            f"{found['rate']:,.0f} reports/s, p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms; "
            f"{os.cpu_count()} processors shared with the load"
        )


if __name__ == "__main__":
    main()
