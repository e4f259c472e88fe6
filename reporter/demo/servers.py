"""The servers of the demo: a small business application over TLS, and each way it can fail."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import trustme

HOST = "localhost"
ACCESS_CODE = "2468"
BODY_LIMIT_BYTES = 4096
RETRY_AFTER_S = 20


class Application(BaseHTTPRequestHandler):
    """The application's login page; subclasses answer otherwise."""

    def do_GET(self) -> None:
        """Answer a look at the page."""
        self.answer(200, "Signed in.")

    def do_POST(self) -> None:
        """Answer a login."""
        self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BODY_LIMIT_BYTES))
        self.do_GET()

    def answer(self, status: int, text: str, **headers: str) -> None:
        """Send a whole answer."""
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain; charset=utf-8", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Keep the demo's output free of the server's."""


class UnderMaintenance(Application):
    """Says 503 and when to come back."""

    def do_GET(self) -> None:
        """Ask to come back later."""
        self.answer(503, "Under maintenance.", Retry_After=str(RETRY_AFTER_S))


class Locked(Application):
    """Sessions are blocked; the right access code lets in."""

    def do_GET(self) -> None:
        """Tell that sessions are blocked."""
        self.answer(423, "Sessions are blocked.")

    def do_POST(self) -> None:
        """Let in whoever has the code."""
        length = min(int(self.headers.get("Content-Length") or 0), BODY_LIMIT_BYTES)
        form = parse_qs(self.rfile.read(length).decode("utf-8", "replace"))
        if form.get("access_code") == [ACCESS_CODE]:
            self.answer(200, "Signed in.")
        else:
            self.do_GET()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that dislikes the certificate hangs up: that is the point of the demo."""


@contextmanager
def application(
    folder: Path,
    *,
    handler: type[Application] = Application,
    certificate_name: str = HOST,
    expired: bool = False,
    tls: bool = True,
) -> Iterator[int]:
    """Serve the application on a free port of loopback; gives the port.

    Writes the certificate authority that issued its certificate to ``folder/ca.pem``.
    """
    authority = trustme.CA(organization_name="Example Trading", organization_unit_name="Demo CA")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    today = datetime.now(UTC)
    certificate = authority.issue_cert(
        certificate_name,
        not_before=today - timedelta(days=400),
        not_after=today - timedelta(days=3) if expired else today + timedelta(days=30),
    )
    with _Server(("127.0.0.1", 0), handler) as server:
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            # The handshake belongs to the connection's own thread: one slow client must not hold the others.
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
