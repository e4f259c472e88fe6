"""A pump: the plain end of a TLS connection, so that a second TLS can run inside it.

Python wraps real sockets only; behind a proxy that is itself reached by TLS the target's handshake
needs one.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading

PIECE_LIMIT_BYTES = 64 * 1024
IDLE_LIMIT_S = 10.0


def plain_end(secured: ssl.SSLSocket) -> socket.socket:
    """A socket that leads through ``secured``, which is consumed. Raises OSError."""
    near, far = socket.socketpair()
    threading.Thread(target=_pump, args=(secured, far), daemon=True, name="reporter-pump").start()
    return near


def _pump(secured: ssl.SSLSocket, far: socket.socket) -> None:
    """Carry bytes both ways until either side ends, or neither says a word."""
    with secured, far, selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
        selector.register(secured, selectors.EVENT_READ)
        selector.register(far, selectors.EVENT_READ)
        while ready := selector.select(IDLE_LIMIT_S):
            for key, _events in ready:
                piece = far.recv(PIECE_LIMIT_BYTES) if key.fileobj is far else _decrypted(secured)
                if piece == b"":
                    return
                if key.fileobj is far:
                    secured.settimeout(IDLE_LIMIT_S)
                    secured.sendall(piece or b"")
                else:
                    far.sendall(piece or b"")


def _decrypted(secured: ssl.SSLSocket) -> bytes | None:
    """All that has arrived; None where it was no data, as with a session ticket."""
    secured.settimeout(0)
    try:
        received = secured.recv(PIECE_LIMIT_BYTES)
        while secured.pending():
            received += secured.recv(PIECE_LIMIT_BYTES)
    except ssl.SSLWantReadError:
        return None
    return received
