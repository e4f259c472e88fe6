"""Killed at any moment of keeping, sending and acknowledging: no report is lost, none is there twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from tests.delivery.killing import LEARNING_ROUNDS, PHASES, report

ROUNDS = 500
LIMIT_S = 240
ANSWER_WAIT_S = 0.004


class CountingEndpoint:
    """Takes a report once for each reference, as the inbox does, and counts what it was sent."""

    def __init__(self) -> None:
        endpoint = self
        self.stored: dict[str, bytes] = {}
        self.posts: Counter[str] = Counter()
        self.conflicts = 0
        self._lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = endpoint.take(self.path, dict(self.headers.items()), body)
                time.sleep(random.random() * ANSWER_WAIT_S)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                pass  # who sent it was killed

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/reports"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """The answer; a body that broke off never comes here whole and is not taken."""
        if path != "/reports":
            return 404, b""
        length = int(headers["Content-Length"])
        if len(body) < length:
            return 400, b""
        reference = headers["Idempotency-Key"]
        form = message_from_bytes(f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body)
        parts: Any = form.get_payload()
        content = b"".join(part.get_payload(decode=True) for part in parts)
        with self._lock:
            self.posts[reference] += 1
            known = self.stored.setdefault(reference, content)
            if known != content:
                self.conflicts += 1
                return 409, b""
        return 201, json.dumps({"reference": reference, "state": "accepted"}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def endpoint() -> Iterator[CountingEndpoint]:
    endpoint = CountingEndpoint()
    yield endpoint
    endpoint.close()


def test_nothing_is_lost_and_nothing_doubled_however_often_it_is_killed(
    tmp_path: Path, endpoint: CountingEndpoint
) -> None:
    seed = random.randrange(10**6)
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "tests.delivery.killing", str(tmp_path / "spool.sqlite")),
            *(endpoint.address, str(ROUNDS), str(seed)),
        ],
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    told = json.loads(ended.stdout)
    promised, kills = set(told["promised"]), told["killed_in"]
    repeats = sum(endpoint.posts.values()) - len(endpoint.posts)

    table = Table("killed in", "rounds", title=f"{ROUNDS} rounds, seed {seed}", box=None)
    for phase in PHASES:
        table.add_row(phase, str(kills.get(phase, 0)))
    console = Console()
    console.print(table)
    lost = promised - endpoint.stored.keys()
    console.print(
        f"promised {len(promised)}, at the endpoint {len(endpoint.stored)}, lost {len(lost)}, "
        f"doubled {endpoint.conflicts}; posted again after a kill: {repeats}"
    )

    assert not lost
    assert endpoint.conflicts == 0
    assert told["states"] == {"accepted": len(endpoint.stored)}
    assert told["remark"] == ""
    for name, content in endpoint.stored.items():
        document, files = report(name)
        assert content == document + b"".join(file.content for file in files), name
    # A kill costs one more post at most, of the report that was under way.
    assert repeats <= sum(kills.values())
    assert len(promised) >= LEARNING_ROUNDS
    assert all(kills.get(phase, 0) > 0 for phase in ("enqueue", "sending")), "the kills hit nothing"
