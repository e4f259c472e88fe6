"""Connection: how a database is reached, from its connection string.

``File="C:\\Bases";``, ``Srvr="a:1541,b:1641";Ref="trade";`` or ``ws="https://erp.example.org/base";``. A
quotation mark inside of quotes is doubled, and a semicolon there is a plain character. Names and passwords
are dropped while the string is read: nothing here ever holds one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from enum import StrEnum
from functools import lru_cache

import msgspec

from reporter.texts.safe import why_unsafe_link, without_secrets

# The port of a server's cluster manager, where its name comes without one.
DEFAULT_PORT = 1541
SERVERS_LIMIT_ITEMS = 32
PAIRS_LIMIT_ITEMS = 64

# Who signs in, with what, and whether the system does it for them: nobody's business outside of this list.
SECRET_NAMES = frozenset({
    "usr", "pwd", "wa", "wsa", "wsn", "wsp", "wspuser", "wsppwd", "wspauth", "puser", "ppasswd", "ppwd",
    "n", "p", "uc", "z", "susr", "spwd", "dbuid", "dbpwd", "dbsrvr", "licdstr",
})  # fmt: skip
_SECRET_WORD = re.compile(
    r"pass|pwd|psw|secret|token|auth|cred|user|usr|login|cookie|session|(?:api|access|private)_?key",
    re.IGNORECASE,
)
# No part of these can match what its neighbour matches, so they take linear time.
_QUOTED = r'"([^"]*(?:""[^"]*)*)"'
_PAIR = re.compile(rf'[; \t]*(\w{{1,60}})[ \t]*=(?:([^";]*)|[ \t]*{_QUOTED}[ \t]*)(?:;|\Z)')
_PAIR_BEGINS = re.compile(r'(\w{1,60})[ \t]*=[ \t]*("?)')
_CLOSED = re.compile(_QUOTED)
_PLAIN_URL = re.compile(r"https?://[\w.-]+(?::[1-9]\d{0,3})?(?:/[\w./-]*)?", re.ASCII)
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[\w.-]+)(?::(\d{1,5}))?")
_BARE_IPV6 = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*")
_USER_INFO = re.compile(r"(://)[^/\s@]*@")

Complain = Callable[[int, str, str], None]
"""Told of something that cannot be used: its offset in the string, what is wrong with it, and the remedy."""


class Kind(StrEnum):
    """Where the database is."""

    FILE = "file"
    SERVER = "server"
    WEB = "web"
    UNKNOWN = "unknown"


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """What of a connection string may be known.

    ``path``: the folder of a file database; ``servers``: each as ``host:port``, ``base`` its name there;
    ``url``: without user-info, query and fragment; ``others``: harmless members that this version does not
    know; ``withheld``: the names of members whose values were dropped; ``proxy``: whether one is used,
    None where the string does not tell.
    """

    kind: Kind = Kind.UNKNOWN
    path: str = ""
    servers: tuple[str, ...] = ()
    base: str = ""
    url: str = ""
    proxy: bool | None = None
    others: dict[str, str] = msgspec.field(default_factory=dict)
    withheld: tuple[str, ...] = ()


@lru_cache(maxsize=512)
def is_secret(name: str) -> bool:
    """Whether a value of this name, of a list or a connection string, is never kept."""
    return name.lower() in SECRET_NAMES or _SECRET_WORD.search(name) is not None


def holds_secret(value: str) -> bool:
    """Whether the value of an unknown name could hold a password: a connection string or a command line."""
    return "=" in value or (value[:1] in ("/", "-") and value[1:2].isalpha())


def harmless(value: str) -> str:
    """``value`` without user-info in the addresses it may hold."""
    return _USER_INFO.sub(r"\1", value)


def parse(text: str, complain: Complain) -> Connection:
    """The connection that ``text`` stands for; never raises. What cannot be used of it is complained of."""
    found: dict[str, tuple[str, int]] = {}
    others, withheld = {}, []
    proxy: bool | None = None
    for name, value, offset in _pairs(text, complain):
        key = name.lower()
        if key in ("file", "srvr", "ref", "ws"):
            if key in found:
                complain(offset, f"{name} is given twice", "keep one of them")
            else:
                found[key] = (value, offset)
        elif key in ("wspauto", "wspsrv", "wspport"):
            proxy = bool(proxy) or value not in ("", "0")
        elif is_secret(name) or holds_secret(value):
            withheld.append(name)
        else:
            others[name] = harmless(value) if "@" in value else value
    kind = _kind(found)
    if kind is Kind.UNKNOWN:
        complain(0, "the connection names neither File, Srvr nor ws", 'write for example ws="https://…";')
    elif kind is Kind.SERVER and "ref" not in found:
        complain(0, "the connection names a server but no database", 'add Ref="…";')
    elif kind is Kind.FILE and not found["file"][0].strip():
        complain(found["file"][1], "File is empty", "write the folder of the database")
    return Connection(
        kind=kind,
        path=found["file"][0].strip() if kind is Kind.FILE else "",
        servers=_servers(*found["srvr"], complain) if kind is Kind.SERVER else (),
        base=found["ref"][0].strip() if kind is Kind.SERVER and "ref" in found else "",
        url=_url(*found["ws"], complain) if kind is Kind.WEB else "",
        proxy=proxy,
        others=others,
        withheld=tuple(withheld),
    )


def _kind(found: Container[str]) -> Kind:
    if "ws" in found:
        return Kind.WEB
    if "srvr" in found:
        return Kind.SERVER
    return Kind.FILE if "file" in found else Kind.UNKNOWN


def _pairs(text: str, complain: Complain) -> Iterator[tuple[str, str, int]]:
    """Name, value and the offset of the name. Ends at the first thing that is no pair: what comes after
    it may be half of a password."""
    if text[:8].lower().startswith(("http://", "https://")):  # as the first versions wrote web addresses
        address, _, _ = text.partition(";")
        yield "ws", address.strip(), 0
        return
    at = 0
    for _ in range(PAIRS_LIMIT_ITEMS):
        match = _PAIR.match(text, at)
        if match is None:
            break
        yield (
            match[1],
            (match[2] or "").strip() if match[3] is None else match[3].replace('""', '"'),
            match.start(1),
        )
        at = match.end()
    rest = text[at:].lstrip("; \t")
    if rest:
        complain(len(text) - len(rest), *_why_no_pair(rest))


def _why_no_pair(text: str) -> tuple[str, str]:
    """What is wrong at the beginning of ``text``, and the remedy."""
    start = _PAIR_BEGINS.match(text)
    if start is None:
        return "here stands no name=value", 'write name="value"; pairs'
    if _PAIR.match(text):
        return f"the connection has more than {PAIRS_LIMIT_ITEMS} members", "shorten it"
    if start[2] and _CLOSED.match(text, start.start(2)) is None:
        return f"the quotation mark of {start[1]} is never closed", "close it"
    return f"a quotation mark is misplaced in {start[1]}", "quote the whole value and double those inside"


def _servers(text: str, offset: int, complain: Complain) -> tuple[str, ...]:
    servers = []
    items = text.split(",", SERVERS_LIMIT_ITEMS)
    if len(items) > SERVERS_LIMIT_ITEMS:
        complain(offset, f"Srvr names more than {SERVERS_LIMIT_ITEMS} servers", "shorten it")
        items.pop()
    for number, item in enumerate(items, 1):
        server = _server(item.strip())
        if server:
            servers.append(server)
        else:
            complain(offset, f"item {number} of Srvr is no server", "write host or host:port")
    return tuple(servers)


def _server(text: str) -> str:
    """``host:port``; empty where it is none."""
    text = text.rpartition("://")[2].rpartition("@")[2]
    if _BARE_IPV6.fullmatch(text):
        text = f"[{text}]"
    match = _SERVER.fullmatch(text)
    port = int(match[2] or DEFAULT_PORT) if match else 0
    return f"{match[1]}:{port}" if match and 0 < port < 65_536 else ""


def _url(text: str, offset: int, complain: Complain) -> str:
    if _PLAIN_URL.fullmatch(text):  # as nearly all are; the full check costs twenty times as much
        return text
    url = without_secrets(text.strip())
    if not url.lower().startswith(("http://", "https://")):
        complain(offset, "ws is no web address", "write it with https:// or http://")
        return ""
    if why := why_unsafe_link(url):
        complain(offset, f"ws cannot be used because {why}", "correct it")
        return ""
    return url
