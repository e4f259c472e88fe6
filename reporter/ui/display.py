"""Display: whether an X server is alive before a toolkit waits for it without end.

A server at a standstill, such as the far end of a dead remote session, still takes connections; a live one
answers the first request within milliseconds, if only to say that a key is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

LIMIT_S = 2.0

_DISPLAY = re.compile(r"(?:unix|(localhost|127\.0\.0\.1))?:(\d{1,5})(?:\.\d+)?")
# Byte order, protocol 11.0, and no key: the shortest beginning that a server must answer.
_HELLO = b"l\0\x0b\0\0\0\0\0\0\0\0\0"


@contextmanager
def greeted(display: str, limit_s: float = LIMIT_S) -> Iterator[bool]:
    """False where the server of a DISPLAY on this computer takes connections and does not answer.

    True for one that answers, that is not there (the toolkit will say so at once), or whose name is of
    another kind. The line stays open for the block: a server whose last client leaves begins anew, and the
    toolkit would have to wait for that.
    """
    import socket

    named = _DISPLAY.fullmatch(display)
    if named is None:
        yield True
        return
    path = f"/tmp/.X11-unix/X{named[2]}"  # noqa: S108 - its place on every system
    addresses: list[str | tuple[str, int]] = (
        [("127.0.0.1", 6000 + int(named[2]) % 50_000)] if named[1] else ["\0" + path, path]
    )
    family = socket.AF_INET if named[1] else socket.AF_UNIX
    for address in addresses:
        with socket.socket(family, socket.SOCK_STREAM) as line:
            line.settimeout(limit_s)
            try:
                line.connect(address)
                line.sendall(_HELLO)
                line.recv(1)
            except TimeoutError:
                yield False
                return
            except OSError:
                continue
            yield True
            return
    yield True
