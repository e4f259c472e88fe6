"""Servers, ports and trust for a test, taken away at its end."""

from __future__ import annotations

import selectors
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from reporter.diagnosis.evidence import Evidence
from reporter.diagnosis.ladder import examine
from reporter.diagnosis.target import parse_target
from tests.diagnosis.wire import Climb, Handler, LoopbackServer, Serve


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server for a handler, with TLS where a context is given; the result is its port."""
    servers: list[LoopbackServer] = []

    def start(handler: Handler, context: ssl.SSLContext | None = None) -> int:
        servers.append(LoopbackServer(handler, context))
        return servers[-1].port

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that does not even take connections: its queue is full, and Linux drops what comes."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        selectors.DefaultSelector() as waiting,
    ):
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        waiting.register(fillers[0], selectors.EVENT_WRITE)
        assert waiting.select(5)
        yield listener.getsockname()[1]
        for filler in fillers:
            filler.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Example Organisation")


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The authority, trusted by this computer."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


@pytest.fixture
def climb(monkeypatch: pytest.MonkeyPatch) -> Climb:
    """Examines a URL directly, whatever proxy the machine has."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def examined(url: str, deadline_s: float = 5.0) -> Evidence:
        return examine(parse_target(url), deadline_s=deadline_s)

    return examined
