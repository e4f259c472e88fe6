"""Proxies of twenty lines, good and bad, on real sockets of loopback."""

from __future__ import annotations

import contextlib
import selectors
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from typing import Any

Handler = Callable[[socket.socket, bytes], None]


class ProxyServer(socketserver.ThreadingTCPServer):
    """Hands each connection and the head of its request to ``handler``; keeps the heads in ``heads``.

    With a ``context`` it is itself reached by TLS.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: Handler, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self.heads: list[bytes] = []
        self._answer = handler
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.port: int = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection on its thread."""
        request.settimeout(10)
        with contextlib.suppress(OSError):
            if self._context is None:
                self._serve(request)
            else:
                with self._context.wrap_socket(request, server_side=True) as secured:
                    self._serve(secured)

    def _serve(self, connection: socket.socket) -> None:
        head = read_head(connection)
        self.heads.append(head)
        self._answer(connection, head)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """What breaks here shows in what the client saw."""

    def close(self) -> None:
        """Stop and wait."""
        self.shutdown()
        self.server_close()
        self._thread.join(10)


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(4096)
        if not received:
            break
        head += received
    return head


def saying(answer: bytes) -> Handler:
    """A proxy that gives every request the same answer."""
    return lambda connection, _head: connection.sendall(answer)


def silent(connection: socket.socket, _head: bytes) -> None:
    """A proxy that never says a word."""
    connection.recv(1)


def tunnel_to(port: int) -> Handler:
    """A proxy that works: whatever is asked for is to be found at a port of this computer."""

    def handle(connection: socket.socket, head: bytes) -> None:
        with socket.create_connection(("127.0.0.1", port), 10) as origin:
            if head.startswith(b"CONNECT "):
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                origin.sendall(head)
            pipe(connection, origin)

    return handle


def pipe(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until either side ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _events in selector.select(10):
                source = key.fileobj
                assert isinstance(source, socket.socket)
                received = source.recv(65536)
                if not received:
                    return
                key.data.sendall(received)
