"""Put first on a child's path, this turns the words of every system message into nonsense.

Numbers, types and reason names stay. A diagnosis that changes with it has read a message.
"""

from __future__ import annotations

import functools
import os
import socket
import ssl
from collections.abc import Callable
from typing import Any

NONSENSE = "повідомлення ☃ 失敗 101 refused"


def scramble(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, whose errors say NONSENSE."""

    @functools.wraps(function)
    def scrambled(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except OSError as error:
            if error.errno is not None:
                error.args = (error.errno, NONSENSE)
                error.strerror = NONSENSE
            else:
                error.args = (NONSENSE,)
            if isinstance(error, ssl.SSLCertVerificationError):
                error.verify_message = NONSENSE
            raise

    return scrambled


for owner, names in (
    (
        socket.socket,
        ("accept", "connect", "recv", "recv_into", "send", "sendall", "sendto", "recvfrom", "shutdown"),
    ),
    (
        ssl.SSLSocket,
        ("connect", "do_handshake", "read", "recv", "recv_into", "send", "sendall", "write", "unwrap"),
    ),
    (ssl.SSLObject, ("do_handshake", "read", "write", "unwrap")),
    (socket, ("create_connection", "getaddrinfo", "gethostbyname")),
):
    for name in names:
        setattr(owner, name, scramble(getattr(owner, name)))
os.strerror = lambda _number: NONSENSE
