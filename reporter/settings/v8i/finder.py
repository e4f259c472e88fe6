r"""Finder: the lists of this computer, the person's own and those that the launcher's configuration names.

Windows: ``ibases.v8i`` and ``1CEStart.cfg`` in ``%APPDATA%\1C\1CEStart``, the configuration for everybody in
``%ALLUSERSPROFILE%\1C\1CEStart``; elsewhere both in ``~/.1C/1cestart``. A configuration may name another one,
``CommonCfgLocation``, and lists, ``CommonInfoBases``.

What a configuration names is looked at with suspicion: a path on a network share is not opened, for Windows
would sign in to whatever server it names; and none may delay the program for long.

The Windows side is not yet run on Windows.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import msgspec

from reporter.facts.model import Gap
from reporter.settings.v8i import copies
from reporter.settings.v8i.infobase import InfobaseList, is_share
from reporter.settings.v8i.listing import LIST_LIMIT_BYTES, decode, parse
from reporter.texts.safe import one_line

READ_LIMIT_S = 1.5
LISTS_LIMIT = 32
CONFIGURATIONS_LIMIT = 16
CONFIGURATION_LIMIT_BYTES = 1024 * 1024
PLACE_LIMIT_CHARS = 300

PERSONAL_LIST = "ibases.v8i"
CONFIGURATION_NAMES = ("1cestart.cfg", "1CEStart.cfg")  # both, where letter case counts
SECTION = "connection"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The lists, the person's own first, and a gap for each that could not be read."""

    lists: list[InfobaseList] = msgspec.field(default_factory=list)
    gaps: list[Gap] = msgspec.field(default_factory=list)


class RefusedError(Exception):
    """A file that is not opened; the text is an English clause."""


class Disk:
    """The files of this computer; a fake in tests."""

    def read(self, path: str, limit_bytes: int) -> bytes:
        """The beginning of a regular file; raises OSError, ValueError or RefusedError."""
        # Without O_NONBLOCK opening a pipe would wait for its other end.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RefusedError("it is not a regular file")
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                return stream.read(limit_bytes)
        finally:
            os.close(descriptor)

    def is_link(self, path: str) -> bool:
        """Whether ``path`` itself leads somewhere else."""
        return Path(path).is_symlink()


def find(
    environ: Mapping[str, str],
    *,
    cache: Path | None = None,
    open_shares: bool = False,
    windows: bool = os.name == "nt",
    disk: Disk | None = None,
    limit_s: float = READ_LIMIT_S,
) -> Found:
    """Every list that can be read, or a copy of it; never raises, takes a little over ``limit_s`` at most.

    ``cache``: the folder for copies, without one none are kept. ``open_shares``: open network shares too, for
    a moment when the person has just signed in to them.
    """
    search = _Search(environ, windows=windows, disk=disk or Disk(), limit_s=limit_s)
    return search.run(cache, open_shares=open_shares)


class _Search:
    def __init__(self, environ: Mapping[str, str], *, windows: bool, disk: Disk, limit_s: float) -> None:
        self._environ = environ
        self._windows = windows
        self._disk = disk
        self._due = time.monotonic() + limit_s
        self._limit_s = limit_s
        self._cache: Path | None = None
        self._open_shares = False
        self._gaps: list[Gap] = []

    def run(self, cache: Path | None, *, open_shares: bool) -> Found:
        self._cache, self._open_shares = cache, open_shares
        personal, everybodys = self._folders()
        own_path = self._join(personal, PERSONAL_LIST) if personal else ""
        own = self._begin(own_path, LIST_LIMIT_BYTES + 1, is_trusted=True)
        paths: dict[str, str] = {}
        for folder in (everybodys, personal):
            for name in CONFIGURATION_NAMES if folder else ():
                for path in self._named_lists(self._join(folder, name)):
                    paths.setdefault(self._identity(path), path)
        shared = list(paths.values())
        if len(shared) > LISTS_LIMIT:
            self._gap("the launcher's configuration", f"it names more than {LISTS_LIMIT} lists")
        # All at once: a dead server must not use up the time of the others.
        works = [(path, self._begin(path, LIST_LIMIT_BYTES + 1)) for path in shared[:LISTS_LIMIT]]
        lists = []
        if own_path:
            lists.append(self._list(own_path, own, must_exist=False))
        lists += [self._list(path, work, must_exist=True) for path, work in works]
        return Found(lists=[each for each in lists if each is not None], gaps=self._gaps)

    def _folders(self) -> tuple[str, str]:
        """The launcher's folder of the person and that of everybody; empty where there is none."""
        if self._windows:
            roots = (self._environ.get("APPDATA", ""), self._environ.get("ALLUSERSPROFILE", ""))
            return tuple(self._join(root, "1C", "1CEStart") if root else "" for root in roots)  # type: ignore[return-value]  # two in, two out
        home = self._home()
        return (self._join(home, ".1C", "1cestart") if home else "", "")

    def _home(self) -> str:
        home = self._environ.get("HOME", "")
        return home if home.startswith("/") else ""

    # Configurations

    def _named_lists(self, first: str) -> Iterator[str]:
        """The lists that a configuration names, and those of the configurations it leads to, each once."""
        waiting, seen = [(first, False)], {self._identity(first)}
        while waiting:
            path, is_named = waiting.pop(0)
            outcome = self._begin(path, CONFIGURATION_LIMIT_BYTES, is_trusted=not is_named)()
            if isinstance(outcome, bytes):
                for key, value in _members(decode(outcome)):
                    if key == "commoninfobases":
                        yield value
                    elif self._identity(value) not in seen and len(seen) < CONFIGURATIONS_LIMIT:
                        seen.add(self._identity(value))
                        waiting.append((value, True))
            elif is_named or not isinstance(outcome, FileNotFoundError):
                self._gap(self._place(path), _clause(outcome))

    # Lists

    def _list(
        self, path: str, work: Callable[[], bytes | Exception], *, must_exist: bool
    ) -> InfobaseList | None:
        place = self._place(path)
        outcome = work()
        if isinstance(outcome, bytes):
            found = parse(outcome, place)
            if self._cache is not None:
                copies.keep(self._cache, path, found)
            return found
        if isinstance(outcome, FileNotFoundError) and not must_exist:
            return None
        copy = copies.recall(self._cache, path) if self._cache is not None else None
        instead = f"; the copy of {copy.copied_at:%Y-%m-%d %H:%M} UTC is used" if copy else ""
        self._gap(place, _clause(outcome) + instead)
        return copy

    # Files

    def _begin(
        self, path: str, limit_bytes: int, *, is_trusted: bool = False
    ) -> Callable[[], bytes | Exception]:
        """Start reading; what is returned waits for the bytes, or for why there are none.

        ``is_trusted``: the operating system itself names the place, as it does with a profile on a server.
        """
        try:
            if not is_trusted:
                self._check(path)
        except (RefusedError, OSError, ValueError) as error:
            refused = error
            return lambda: refused
        outcomes: list[bytes | Exception] = []

        def read() -> None:
            try:
                outcomes.append(self._disk.read(path, limit_bytes))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a gap
                outcomes.append(error)

        thread = threading.Thread(target=read, daemon=True, name="list of databases")
        try:
            thread.start()
        except RuntimeError as error:  # no more threads on this machine
            outcomes.append(error)

        def wait() -> bytes | Exception:
            if not outcomes:
                thread.join(max(0.0, self._due - time.monotonic()))
            return outcomes[0] if outcomes else RefusedError(f"no answer within {self._limit_s:g} s")

        return wait

    def _check(self, path: str) -> None:
        """Raises RefusedError where a path, named by a file, is not to be opened."""
        if "://" in path:
            raise RefusedError("it is a web address, which is not asked")
        if "\0" in path or len(path) > PLACE_LIMIT_CHARS * 10:
            raise RefusedError("it is not the path of a file")
        pure = self._pure(path)
        if is_share(path) and (self._windows or path.startswith("\\")):
            if not self._open_shares:
                raise RefusedError("it is on a network share, which is not opened")
            return
        if not pure.is_absolute():
            raise RefusedError("it is not a full path")
        if self._windows and any(self._disk.is_link(str(part)) for part in (pure, *pure.parents)):
            # It may lead to a share; elsewhere opening a file signs in to nothing.
            raise RefusedError("a link leads to it, which is not followed")

    def _pure(self, path: str) -> PurePath:
        return PureWindowsPath(path) if self._windows else PurePosixPath(path)

    def _join(self, *parts: str) -> str:
        return str(self._pure(parts[0]).joinpath(*parts[1:]))

    def _identity(self, path: str) -> str:
        normal = str(self._pure(path))
        return normal.casefold() if self._windows else normal

    def _place(self, path: str) -> str:
        """The path as a person may see it: without the name of the home folder."""
        roots = {"%APPDATA%": self._environ.get("APPDATA", "")} if self._windows else {"~": self._home()}
        for name, given in roots.items():
            root = given.rstrip("/\\")
            if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/", "\\"):
                path = name + path[len(root) :]
        return one_line(path, PLACE_LIMIT_CHARS)

    def _gap(self, place: str, clause: str) -> None:
        gap = Gap(section=SECTION, reason=f"{place}: {clause}")
        if gap not in self._gaps:  # both spellings of a name can be the same file
            self._gaps.append(gap)


def _members(text: str) -> Iterator[tuple[str, str]]:
    """What concerns lists in a configuration: keys in lower case, and values."""
    for line in text.split("\n"):
        key, equals, value = line.partition("=")
        key, value = key.strip().lower(), value.strip().strip('"')
        if equals and value and key in ("commoninfobases", "commoncfglocation"):
            yield key, value


def _clause(error: Exception) -> str:
    # The operating system's words without the path: it may hold the name of the person.
    message = error.strerror if isinstance(error, OSError) else str(error)
    return one_line(message or type(error).__name__, 200)
