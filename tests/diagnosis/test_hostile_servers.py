"""Servers that mean harm: bounded memory, bounded time, and a verdict all the same."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

MORE_MEMORY_LIMIT_MIB = 50
DEADLINE_LIMIT_MS = 5_300
SERVE_LIMIT_BYTES = 1 << 30
PROCESS_LIMIT_S = 60

# The examination in a process of its own, which tells its verdict and the most memory it held.
EXAMINE = """
import json, re, sys
from reporter.diagnosis import ladder, weighing
from reporter.diagnosis.target import parse_target
verdict = weighing.diagnose(ladder.examine(parse_target(sys.argv[1])))
# not ru_maxrss: that one is inherited from the process that starts this one
memory_kib = int(re.search("VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
print(json.dumps([verdict.cause, verdict.elapsed_ms, memory_kib]))
"""

Behaviour = Callable[[socket.socket], None]


class Examined(NamedTuple):
    """What the process told."""

    cause: str
    elapsed_ms: int
    memory_kib: int


def examine(target: str, authority: Path | None = None) -> Examined:
    environment = {"PATH": "/usr/bin:/bin"}
    if authority is not None:
        environment["SSL_CERT_FILE"] = str(authority)
    ended = subprocess.run(
        [sys.executable, "-c", EXAMINE, target],
        capture_output=True,
        check=True,
        env=environment,
        timeout=PROCESS_LIMIT_S,
    )
    return Examined(*json.loads(ended.stdout))


class Server:
    """Accepts until it is closed; each connection is handled by ``behaviour`` on a thread of its own."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.stopping = threading.Event()
        self._behaviour = behaviour
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self._behaviour(connection)

    def close(self) -> None:
        self.stopping.set()
        # close() alone would not wake the accept that waits on it
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Behaviour], Server]]:
    servers: list[Server] = []

    def start(behaviour: Behaviour) -> Server:
        servers.append(Server(behaviour))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def say(*parts: bytes, endless: bytes = b"") -> Behaviour:
    """Answer any request with ``parts``, then with ``endless`` until nobody listens or a gigabyte is said."""

    def behave(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"".join(parts))
        sent = 0
        while endless and sent < SERVE_LIMIT_BYTES:
            connection.sendall(endless)
            sent += len(endless)

    return behave


def drip(connection: socket.socket) -> None:
    """A byte now and then, for longer than anybody should wait."""
    connection.recv(65_536)
    for _ in range(200):
        connection.sendall(b"H")
        if threading.Event().wait(0.2):
            return


OK = b"HTTP/1.1 200 OK\r\n"
HOSTILE: dict[str, Behaviour] = {
    "endless headers": say(OK, endless=b"X-Filler: " + b"x" * 8_000 + b"\r\n"),
    "one endless header": say(OK + b"X-Filler: ", endless=b"x" * 65_536),
    "a body of a gigabyte": say(OK + b"Content-Length: 1073741824\r\n\r\n", endless=b"x" * 65_536),
    "a body without end": say(OK + b"\r\n", endless=b"x" * 65_536),
    "chunks without end": say(
        OK + b"Transfer-Encoding: chunked\r\n\r\n", endless=b"1000\r\n" + b"x" * 4096 + b"\r\n"
    ),
    "a compressed bomb": say(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(bytes(64 << 20), 9)),
    "continue for ever": say(endless=b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
    "a byte now and then": drip,
    "a redirect to a file": say(
        b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"
    ),
    "a redirect with credentials": say(
        b"HTTP/1.1 302 Found\r\nLocation: http://anna:secret@other.invalid/\r\nContent-Length: 0\r\n\r\n"
    ),
    "problem+json that nests": say(
        b"HTTP/1.1 403 No\r\nContent-Type: application/problem+json\r\n\r\n", b'{"a":' * 10_000
    ),
    "garbage": say(bytes(range(256)) * 64),
    "nothing": say(),
}


@pytest.fixture(scope="module")
def usual_memory_kib() -> int:
    server = Server(say(OK + b"Content-Length: 2\r\n\r\nok"))
    try:
        examined = examine(f"http://127.0.0.1:{server.port}/")
    finally:
        server.close()
    assert examined.cause == "ok"
    return examined.memory_kib


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_costs_little_and_gets_a_verdict(
    name: str, serve: Callable[[Behaviour], Server], usual_memory_kib: int
) -> None:
    examined = examine(f"http://127.0.0.1:{serve(HOSTILE[name]).port}/")
    assert examined.cause
    assert examined.elapsed_ms <= DEADLINE_LIMIT_MS
    assert examined.memory_kib - usual_memory_kib <= MORE_MEMORY_LIMIT_MIB * 1024


def over_tls(certificate: trustme.LeafCert) -> Behaviour:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    def behave(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65_536)

    return behave


@pytest.mark.parametrize(("names", "cause"), [(2_000, "tls.wrong_name"), (10_000, "tls.handshake_refused")])
def test_a_certificate_with_thousands_of_names_is_read_within_bounds(
    names: int, cause: str, serve: Callable[[Behaviour], Server], usual_memory_kib: int, tmp_path: Path
) -> None:
    """OpenSSL itself refuses a certificate message beyond 100 KiB, so that one can only be named so."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate = authority.issue_cert(*(f"host{number}.example.org" for number in range(names)))
    examined = examine(f"https://127.0.0.1:{serve(over_tls(certificate)).port}/", tmp_path / "ca.pem")
    assert examined.cause == cause
    assert examined.elapsed_ms <= DEADLINE_LIMIT_MS
    assert examined.memory_kib - usual_memory_kib <= MORE_MEMORY_LIMIT_MIB * 1024


@pytest.mark.parametrize(
    "greeting",
    [
        b"\x15\x03\x03\x00\x02\x01\x00" * 10_000,  # warning alerts without end
        b"\x16\x03\x03\xff\xff" + b"\x02" * 65_535,  # a server hello that is none
        b"\x15\x03\x03\x00\x02\x02\x28",  # handshake failure
        bytes(100_000),
    ],
    ids=["alerts in a loop", "a broken hello", "one alert", "zeros"],
)
def test_a_hostile_handshake_costs_little_and_gets_a_verdict(
    greeting: bytes, serve: Callable[[Behaviour], Server], usual_memory_kib: int
) -> None:
    examined = examine(f"https://127.0.0.1:{serve(say(greeting)).port}/")
    assert examined.cause.startswith(("tls.", "tcp."))
    assert examined.elapsed_ms <= DEADLINE_LIMIT_MS
    assert examined.memory_kib - usual_memory_kib <= MORE_MEMORY_LIMIT_MIB * 1024
