"""Pseudonyms: ``host-1`` for a host, the same in every report of this computer; the table never leaves it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from reporter.files import only_one, write_whole

SCHEMA = "pseudonyms/1"
ENTRIES_LIMIT = 10_000
NAME_LIMIT_CHARS = 256
FILE_LIMIT_BYTES = 8 * 1024 * 1024
LOCK_WAIT_S = 2.0
OTHER = "other"
"""What stands for the number when the table is full."""
PSEUDONYM = re.compile(rf"(?i)(?:host|address|user)-(?:[1-9]\d{{0,4}}|{OTHER})")

Kind = Literal["host", "address", "user"]
KINDS: tuple[Kind, ...] = ("host", "address", "user")
_log = logging.getLogger("reporter")


class Pseudonyms:
    """The table of one computer, kept in ``file``; without a file it lasts as long as the object.

    ``keep``: names and addresses that stay as they are, in any case of letters. Processes that use one file
    at the same time never give two names the same number. Nothing here raises for a file that cannot be read
    or written: a damaged one is moved aside, and what cannot be kept counts for this object only.
    """

    def __init__(
        self, file: Path | None = None, *, keep: Iterable[str] = (), entries_limit: int = ENTRIES_LIMIT
    ) -> None:
        self._file = file
        self._keep = frozenset(_folded(name) for name in keep)
        self._limit = entries_limit
        self._numbers: dict[Kind, dict[str, int]] = {kind: {} for kind in KINDS}
        self._known: dict[tuple[Kind, str], str] = {}
        self._guard = threading.RLock()
        self._depth = 0
        self._is_loaded = False
        self._is_changed = False
        self._held: contextlib.ExitStack | None = None

    def host(self, name: str) -> str:
        """ "host-1" for a host name, or the name itself where it is kept."""
        return self._of("host", name)

    def address(self, text: str) -> str:
        """ "address-1" for an address, or the address itself where it is kept."""
        return self._of("address", text)

    def user(self, name: str) -> str:
        """ "user-1" for a user's name, or the name itself where it is kept."""
        return self._of("user", name)

    def meaning(self, pseudonym: str) -> str | None:
        """What a pseudonym stands for; None where the table does not know it."""
        kind, _, number = pseudonym.strip().lower().rpartition("-")
        with self._guard:
            self._load()
            for known in KINDS:
                if known == kind:
                    return next((name for name, n in self._numbers[known].items() if str(n) == number), None)
        return None

    def entries(self) -> dict[str, str]:
        """The whole table: pseudonym → name, in the order of their numbers."""
        with self._guard:
            self._load()
            return {
                f"{kind}-{number}": name for kind in KINDS for name, number in self._numbers[kind].items()
            }

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """For the block new names are written once, at its end; it may stand within another."""
        with self._guard:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._finish()

    def _of(self, kind: Kind, name: str) -> str:
        known = self._known.get((kind, name))
        if known is not None:
            return known
        folded = _folded(name)
        if folded in self._keep or PSEUDONYM.fullmatch(folded):
            return name
        with self._guard:
            self._load()
            number = self._numbers[kind].get(folded)
            if number is None:
                with self.batch():
                    number = self._new(kind, folded)
        if number is None:
            return f"{kind}-{OTHER}"
        known = f"{kind}-{number}"
        self._known[kind, name] = known
        return known

    def _new(self, kind: Kind, name: str) -> int | None:
        """The number of a name that was not known here; another process may have given it one."""
        if self._file is not None and self._held is None:
            self._held = contextlib.ExitStack()
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                lock = self._file.with_name(self._file.name + ".lock")
                self._held.enter_context(only_one(lock, wait_s=LOCK_WAIT_S))
                self._read()
            except OSError as error:
                _log.warning("The table of pseudonyms is not available: %s.", error.strerror or error)
        numbers = self._numbers[kind]
        if name not in numbers:
            if sum(map(len, self._numbers.values())) >= self._limit:
                return None
            numbers[name] = len(numbers) + 1
            self._is_changed = True
        return numbers[name]

    def _finish(self) -> None:
        held, self._held = self._held, None
        if held is None:
            return
        with held:
            if self._is_changed:
                self._is_changed = False
                try:
                    self._write()
                except OSError as error:
                    _log.warning("The table of pseudonyms could not be kept: %s.", error.strerror or error)

    def _load(self) -> None:
        if not self._is_loaded:
            self._is_loaded = True
            try:
                self._read()
            except OSError as error:
                _log.warning("The table of pseudonyms could not be read: %s.", error.strerror or error)

    def _read(self) -> None:
        """Take over what the file says; names only ever follow those that were there."""
        self._is_loaded = True
        if self._file is None:
            return
        if self._file.exists() and not self._file.is_file():
            raise OSError("it is not a file")  # a pipe would be waited for
        try:
            with self._file.open("rb") as opened:
                content = opened.read(FILE_LIMIT_BYTES + 1)
        except FileNotFoundError:
            return
        try:
            numbers = _parsed(content)
        except ValueError:
            aside = self._file.with_name(f"{self._file.name}.damaged")
            os.replace(self._file, aside)  # noqa: PTH105 - one call for all systems
            _log.warning("The table of pseudonyms was damaged; it is kept as %s.", aside.name)
            return
        self._numbers = numbers

    def _write(self) -> None:
        if self._file is None:
            return
        table: dict[str, Any] = {"schema": SCHEMA, **{kind: list(self._numbers[kind]) for kind in KINDS}}
        write_whole(
            self._file, json.dumps(table, ensure_ascii=False, indent=0).encode("utf-8", "surrogatepass")
        )


@dataclass(frozen=True)
class Names:
    """What scrubbing must know to hide names: the table, and what this computer and its people are called.

    ``users``: user names; ``homes``: home directories; ``hosts``: this computer's own names; ``domains``:
    those of the organisation and of this computer, such as "example.org".
    """

    pseudonyms: Pseudonyms
    users: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


def _folded(name: str) -> str:
    return name.strip().rstrip(".").lower()[:NAME_LIMIT_CHARS]


def _parsed(content: bytes) -> dict[Kind, dict[str, int]]:
    """The table in the file; ValueError where it is none."""
    if len(content) > FILE_LIMIT_BYTES:
        raise ValueError("too large")
    try:
        table = json.loads(content.decode("utf-8", "surrogatepass"))
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(table, dict) or table.get("schema") != SCHEMA:
        raise ValueError("no table of pseudonyms")
    numbers: dict[Kind, dict[str, int]] = {}
    for kind in KINDS:
        names = table.get(kind)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"no list of names: {kind}")
        numbers[kind] = {name: place for place, name in enumerate(names, start=1)}
        if len(numbers[kind]) != len(names):
            raise ValueError(f"a name stands twice: {kind}")
    return numbers
