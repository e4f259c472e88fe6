"""What it costs to keep a report durably, and to send a thousand of them, beside sentry_sdk.

    python -m tests.benchmarks.delivery

sentry_sdk keeps nothing on the disk and its sink keeps nothing either; Reporter writes down what became of
each report, and the inbox has each on its disk before it answers. Both sides talk to one local server each,
turn by turn.
"""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from reporter.delivery.native import NativeDestination
from reporter.delivery.postman import Postman
from reporter.delivery.spool import Spool
from tests.benchmarks.samples import Samples, take_turns

REPORTS = 1_000
KEPT = 300
BYTES = 5_000
ROUNDS = 3
START_LIMIT_S = 15.0
FLUSH_LIMIT_S = 120.0


def document(name: str) -> bytes:
    """The smallest report that the inbox takes, filled up to the size of a typical one."""
    head = (
        b'{"schema": "report/1", "reference": "%s", "id": "7d9e9d1e-4d5f-4a8e-9a39-5a1f0f0f0f0f", '
        b'"created_at": "2026-11-22T09:00:00+03:00", "fingerprint": "5f0c1d2e3a4b5c6d", '
        b'"verdict": {"cause": "dns.unknown"}, "filler": "' % name.encode()
    )
    return head + b"x" * (BYTES - len(head)) + b'"}'


def reference(number: int) -> str:
    """A reference of its own for each number."""
    return f"{number // 100_000:04}-{number % 100_000:05}"


class Keeping:
    """Keeps reports and measures each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def in_an_open_spool(self) -> list[float]:
        """Milliseconds for each report."""
        with Spool(self._folder / "open.sqlite") as spool:
            numbers = iter(range(KEPT))
            return [_ms(lambda: _keep(spool, next(numbers))) for _ in range(KEPT)]

    def whole(self) -> list[float]:
        """Milliseconds for each report with opening the spool, as behind a dialog, until it is durable."""
        values = []
        for number in range(KEPT):
            begun = time.perf_counter()
            with Spool(self._folder / "whole.sqlite") as spool:
                _keep(spool, number)
                values.append((time.perf_counter() - begun) * 1000)
        return values

    def bare(self) -> list[float]:
        """Milliseconds for each to append as many bytes to a file and sync it: what this disk takes."""
        with (self._folder / "bare").open("ab", buffering=0) as file:

            def append() -> None:
                file.write(b"x" * BYTES)
                os.fsync(file.fileno())

            return [_ms(append) for _ in range(KEPT)]


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def _keep(spool: Spool, number: int) -> None:
    name = reference(number)
    spool.enqueue(name, document(name), [], sendable=True, sent_by_person=True)


class Sending:
    """Sends a thousand reports to the inbox, and a thousand events to a sink; seconds."""

    def __init__(self, folder: Path, inbox: str, sink: str) -> None:
        self._folder, self._inbox, self._sink = folder, inbox, sink
        self._number = 0

    def reports(self) -> float:
        """One flush of the postman; what was kept before is not measured."""
        self._number += 1
        with Spool(self._folder / f"sending-{self._number}.sqlite") as spool:
            for number in range(REPORTS):
                _keep(spool, self._number * REPORTS + number)
            postman = Postman(spool, [NativeDestination(f"{self._inbox}/reports")])
            begun = time.perf_counter()
            receipts = postman.flush()
            seconds = time.perf_counter() - begun
        accepted = sum(receipt.state == "accepted" for receipt in receipts)
        if accepted != REPORTS:
            raise RuntimeError(f"only {accepted} of {REPORTS} reports were taken: {receipts[-1].reason}")
        return seconds

    def events(self) -> float:
        """Captured with a queue that is large enough, then flushed."""
        import sentry_sdk  # only the environment of "make bench" has it

        port = self._sink.rpartition(":")[2]
        sentry_sdk.init(
            f"http://key@127.0.0.1:{port}/1",
            transport_queue_size=REPORTS,
            default_integrations=False,
            auto_enabling_integrations=False,
        )
        before = self._taken()
        filler = "x" * (BYTES - 600)
        begun = time.perf_counter()
        for number in range(REPORTS):
            sentry_sdk.capture_event({"message": f"Login failed {number}", "extra": {"filler": filler}})
        sentry_sdk.flush(timeout=FLUSH_LIMIT_S)
        seconds = time.perf_counter() - begun
        sentry_sdk.get_client().close()
        taken = self._taken() - before
        if taken != REPORTS:
            raise RuntimeError(f"only {taken} of {REPORTS} events arrived")
        return seconds

    def _taken(self) -> int:
        with urllib.request.urlopen(f"{self._sink}/count", timeout=START_LIMIT_S) as answer:
            return int(answer.read())


def sink(port: int) -> None:
    """Takes everything, keeps nothing and counts it."""
    taken = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal taken
            self.rfile.read(int(self.headers["Content-Length"]))
            taken += 1
            self._answer(b'{"id":"0"}')

        def do_GET(self) -> None:
            self._answer(str(taken).encode())

        def _answer(self, body: bytes) -> None:
            # In one write: two would wait for each other's acknowledgement.
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            self.wfile.write(head + body)

        def log_message(self, *args: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


@contextlib.contextmanager
def running(*command: str, port: int) -> Iterator[str]:
    """A server in a process of its own; its address."""
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command} did not begin to listen")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def measure(folder: Path, rounds: int = ROUNDS) -> tuple[dict[str, list[float]], dict[str, Samples]]:
    """Milliseconds to keep a report, by the way it is kept; seconds to send a thousand, by who sends."""
    keeping = Keeping(folder)
    kept = {"open": keeping.in_an_open_spool(), "whole": keeping.whole(), "bare": keeping.bare()}
    inbox_port, sink_port = free_port(), free_port()
    listen, database = f"127.0.0.1:{inbox_port}", str(folder / "inbox.sqlite")
    with (
        running(
            "-m", "reporter", "inbox", "--listen", listen, "--database", database, port=inbox_port
        ) as inbox,
        running("-m", "tests.benchmarks.delivery", str(sink_port), port=sink_port) as events,
    ):
        sending = Sending(folder, inbox, events)
        sent = take_turns({"reporter": sending.reports, "sentry_sdk": sending.events}, rounds)
    return kept, sent


def percentiles(values: list[float]) -> tuple[float, float]:
    """The median and what 95 % stay below."""
    return statistics.median(values), statistics.quantiles(values, n=20)[-1]


def main() -> None:
    """Print both measurements."""
    with tempfile.TemporaryDirectory(prefix="reporter-bench-", dir=Path.cwd()) as folder:
        kept, sent = measure(Path(folder))
    names = {
        "open": "kept in an open spool",
        "whole": "kept, with opening the spool",
        "bare": "the same bytes appended and synced",
    }
    for way, values in kept.items():
        middle, high = percentiles(values)
        print(f"{names[way]}: {middle:.1f} ms, 95 % below {high:.1f} ms")
    for name, samples in sent.items():
        print(f"{name}: {REPORTS / samples.median:,.0f} a second ({REPORTS} in {samples.median:.2f} s)")
    print(f"ratio of the times: {sent['reporter'].median / sent['sentry_sdk'].median:.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sink(int(sys.argv[1]))
    else:
        main()
