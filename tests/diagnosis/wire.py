"""What a test puts on the other end of the wire: real servers on loopback, certificates with every fault."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from reporter.diagnosis.evidence import Evidence

Handler = Callable[[socket.socket], None]
Serve = Callable[..., int]
Climb = Callable[..., Evidence]

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class LoopbackServer:
    """Calls ``handler`` with every connection, one after the other, until it is closed."""

    def __init__(self, handler: Handler, context: ssl.SSLContext | None) -> None:
        self._handler = handler
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                if self._context is None:
                    self._handler(connection)
                else:
                    with self._context.wrap_socket(connection, server_side=True) as secured:
                        self._handler(secured)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


def answering(*answers: bytes) -> Handler:
    """A handler that answers each request with the next of the answers, the last one again and again."""
    left = list(answers)

    def handle(connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            received = connection.recv(4096)
            if not received:
                return
            request += received
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return handle


def response(status: str, *headers: str, body: str = "") -> bytes:
    """A whole answer; its length is added."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body.encode())}", "", body]
    return "\r\n".join(lines).encode()


def resetting(connection: socket.socket) -> None:
    """A handler that ends the connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def certified(authority: trustme.CA, *names: str, valid: tuple[int, int] = (-30, 30)) -> ssl.SSLContext:
    """A server's context with a certificate for the names; ``valid``: first and last day from today."""
    today = datetime.now(UTC)
    certificate = authority.issue_cert(
        *names, not_before=today + timedelta(valid[0]), not_after=today + timedelta(valid[1])
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def self_signed(folder: Path, name: str) -> ssl.SSLContext:
    """A server's context with a certificate that nobody but itself has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(1))
        .not_valid_after(datetime.now(UTC) + timedelta(30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "self-signed.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
