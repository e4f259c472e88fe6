"""Infobase: one database of a list, without anything secret.

Who signs in and with what is dropped while a list is read, so these structs can be copied, shown and kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import msgspec

from reporter.facts.model import Value
from reporter.settings.source import Entry
from reporter.settings.v8i.connection import Connection, Kind
from reporter.texts.safe import one_line

NAME_LIMIT_CHARS = 255

# Key of a list → setting: what an entry may say to the person whose login failed.
HELP_KEYS = {"startuperrorhelptext": "help_text", "startuperrorhelpurl": "help_url"}

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


class Infobase(msgspec.Struct, frozen=True, kw_only=True):
    """One entry.

    ``place``: the list it stands in, in words, and ``line`` where it begins; ``folder``: its folder in the
    list, beginning with a slash; ``version`` and ``client``: of the platform, as the list asks for them;
    ``switches``: the harmless ones of its command line; ``help_text``, ``help_url``: as written, unchecked;
    ``positions``: key in lower case → line and column; ``others``: keys that this version does not know;
    ``withheld``: names of keys whose values were dropped.
    """

    name: str
    place: str
    line: int
    connection: Connection
    id: str = ""
    folder: str = ""
    version: str = ""
    client: str = ""
    switches: tuple[str, ...] = ()
    proxy: bool | None = None
    help_text: str = ""
    help_url: str = ""
    positions: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    others: dict[str, str] = msgspec.field(default_factory=dict)
    withheld: tuple[str, ...] = ()


class InfobaseList(msgspec.Struct, frozen=True, kw_only=True):
    """One list: its databases and folders in their order, and a sentence for every problem found.

    ``copied_at``: set where the list could not be read, and this is what was read of it at that time.
    """

    place: str
    infobases: list[Infobase] = msgspec.field(default_factory=list)
    folders: list[str] = msgspec.field(default_factory=list)
    problems: list[str] = msgspec.field(default_factory=list)
    copied_at: datetime | None = None


def named(lists: Iterable[InfobaseList], name: str) -> list[Infobase]:
    """The databases of this name, in the order of the lists; those in other letter case only where there is
    none. More than one is for the caller to tell apart, or to ask about."""
    every = [infobase for each in lists for infobase in each.infobases]
    exact = [infobase for infobase in every if infobase.name == name]
    return exact or [infobase for infobase in every if infobase.name.casefold() == name.casefold()]


def address(infobase: Infobase) -> str:
    """Where the database is reached: its web address, or ``tcp://host:port`` of the first server; empty for
    file databases and where the entry does not tell."""
    connection = infobase.connection
    if connection.kind is Kind.SERVER and connection.servers:
        return f"tcp://{connection.servers[0]}"
    return connection.url


def describe(infobase: Infobase) -> dict[str, Value]:
    """The facts of the section ``connection``: nothing that signs anybody in, and no path of a person."""
    connection = infobase.connection
    proxy = infobase.proxy if infobase.proxy is not None else connection.proxy
    facts: dict[str, Value] = {
        "name": infobase.name,
        "kind": str(connection.kind),
        "servers": list(connection.servers) or share_server(connection.path),
        "base": connection.base,
        "address": address(infobase),
        "path_class": path_class(connection.path),
        "uses_proxy": proxy,
        "platform_version": infobase.version,
        "client": infobase.client,
        "list": infobase.place,
    }
    return {name: value for name, value in facts.items() if value not in ("", [], None)}


def entries(infobase: Infobase) -> Iterator[Entry]:
    """What the entry says to the person whose login failed, for ``understand`` to check."""
    for key, name in HELP_KEYS.items():
        raw = getattr(infobase, name)
        if raw:
            yield Entry(name=name, raw=raw, where=_where(infobase, key), is_text=True)


def _where(infobase: Infobase, key: str) -> Callable[[tuple[str, ...]], str]:
    line, column = infobase.positions.get(key, (infobase.line, 1))
    return lambda inside: f"{infobase.place}, line {line}, column {column}"


def path_class(path: str) -> str:
    """What kind of place the folder of a file database is; a mapped drive looks like any other."""
    if not path:
        return ""
    if is_share(path):
        return "network share"
    if _DRIVE.match(path):
        return "drive"
    if path.startswith(("/home/", "/Users/", "/root/", "~")):
        return "home folder"
    if path.startswith(("/mnt/", "/media/", "/Volumes/", "/net/")):
        return "mounted volume"
    return "system folder" if path.startswith("/") else "relative path"


def is_share(path: str) -> bool:
    r"""Whether opening ``path`` could reach another computer: ``\\server\share``, and device paths."""
    return path[:1] in ("\\", "/") and path[1:2] in ("\\", "/")


def share_server(path: str) -> list[str]:
    r"""The server of ``\\server\share``, in a list; empty where there is none."""
    if not is_share(path):
        return []
    parts = [part for part in re.split(r"[\\/]+", path[:300].lstrip("\\/")) if part not in ("?", ".")]
    if parts and parts[0].upper() == "UNC":
        parts.pop(0)
    return [one_line(parts[0], NAME_LIMIT_CHARS)] if parts else []
