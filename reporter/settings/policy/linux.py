"""Linux: policies in ``/etc/reporter/policies``, JSON files in two folders, ``managed`` and ``recommended``.

In a program of another name, ``reporter`` is its command.

Files ending in ``.json`` are read in the order of their names, the later word winning. Files, folders and
links have to belong to root, and nobody else may write to them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

from reporter.settings.policy.base import VENDOR, Policies, Vendor
from reporter.settings.policy.json_object import JsonObject
from reporter.settings.policy.trusted import Trust
from reporter.settings.source import Entry, Ignored, Layer, Said, merged, understand, unreadable
from reporter.settings.textfile import RefusedError, decoded
from reporter.texts.safe import one_line

FILES_LIMIT = 256
FOLDER_LIMIT_BYTES = 2 * 1024 * 1024
# Editors of JSON look for the schema under this name; it is no setting.
SCHEMA_KEY = "$schema"


def policies(vendor: Vendor) -> Path:
    """The folder of a program's policies, below the top."""
    return Path("etc") / vendor.command / "policies"


class LinuxPolicies(Policies):
    """``trust``: whose files count, and below which folder they lie; another one in tests."""

    def __init__(self, trust: Trust | None = None, vendor: Vendor = VENDOR) -> None:
        self._trust = trust or Trust()
        self._policies = self._trust.top / policies(vendor)

    def read(self) -> dict[Layer, Said]:
        """Mandatory policies are those of the computer; there are none of a person."""
        return {
            Layer.MACHINE_POLICY: self._folder("managed"),
            Layer.RECOMMENDED_POLICY: self._folder("recommended"),
        }

    def _folder(self, name: str) -> Said:
        folder = self._policies / name
        try:
            if not _exists(folder):
                return Said()
            real = self._trust.resolve(folder)
            names, misnamed = _files(real)
            contents = self._contents(real, names)
            hidden = self._hidden(folder, real, names)
        except (OSError, RefusedError) as error:
            return _refused(folder, error)
        return merged(
            [
                *(_file(folder / name, content) for name, content in contents.items()),
                *(_kept_from_people(path, part) for path, part in hidden.items()),
                *(_misnamed(folder / name) for name in misnamed),
            ]
        )

    def _hidden(self, folder: Path, real: Path, names: list[str]) -> dict[Path, Path]:
        """What people cannot read although root does, and which part of its path keeps them from it."""
        if not self._trust.is_owner():
            return {}
        if part := self._trust.hidden(real):
            return {folder: part}
        found: dict[Path, Path] = {}
        for name in names:
            # Of a file that is not read this is told already.
            with suppress(OSError, RefusedError):
                if part := self._trust.hidden(self._trust.resolve(real / name, start=real)):
                    found[folder / name] = part
        return found

    def _contents(self, folder: Path, names: list[str]) -> dict[str, bytes | OSError | RefusedError]:
        """What each file holds, or why it is not read; raises RefusedError where it is too much for all."""
        found: dict[str, bytes | OSError | RefusedError] = {}
        total_bytes = 0
        for name in names:
            try:
                content = self._trust.read(folder / name, start=folder)
            except (OSError, RefusedError) as error:
                found[name] = error
                continue
            found[name] = content
            total_bytes += len(content)
            if total_bytes > FOLDER_LIMIT_BYTES:
                raise RefusedError(f"its files have more than {FOLDER_LIMIT_BYTES:,} bytes", "shorten them")
        return found


def _file(path: Path, content: bytes | OSError | RefusedError) -> Said:
    try:
        if not isinstance(content, bytes):
            raise content
        found = JsonObject(decoded(content))
    except (OSError, RefusedError) as error:
        return _refused(path, error)

    def place(name: str) -> Callable[[tuple[str, ...]], str]:
        def where(inside: tuple[str, ...]) -> str:
            line, column = found.position((name, *inside))
            return f"{_named(path)}, line {line}, column {column}"

        return where

    return understand(
        Entry(name=name, raw=raw, where=place(name), fault=found.fault(name))
        for name, raw in found.members.items()
        if name != SCHEMA_KEY
    )


def _exists(folder: Path) -> bool:
    """Whether there is anything of this name; raises OSError where that may not be known."""
    try:
        folder.lstat()
    except FileNotFoundError:
        return False
    return True


def _files(folder: Path) -> tuple[list[str], list[str]]:
    """The names of the policy files, and of those that were to be some; raises OSError or RefusedError."""
    with os.scandir(folder) as found:
        seen = sorted(entry.name for entry in islice(found, FILES_LIMIT * 10) if entry.name[0] != ".")
        names = [name for name in seen if name.endswith(".json")]
        if len(names) > FILES_LIMIT or next(found, None) is not None:
            raise RefusedError(f"there are more than {FILES_LIMIT} files", "write the policies into fewer")
    meant = [name for name in seen if name.lower().endswith((".json", ".json.txt")) and name not in names]
    return names, meant


def _misnamed(path: Path) -> Said:
    reason = "only files whose names end in .json are read"
    return _told(path, reason, "so all of it is ignored", "rename it")


def _kept_from_people(path: Path, part: Path) -> Said:
    """Root reads everything, and would not notice."""
    reason = f"people cannot read {_named(part)} (mode {stat.S_IMODE(part.stat().st_mode):03o})"
    outcome = "so for them all of it is ignored and what concerns privacy is closed"
    return _told(path, reason, outcome, "run chmod go+rX on it")


def _told(path: Path, reason: str, outcome: str, remedy: str) -> Said:
    said, place = Said(), _named(path)
    ignored = Ignored(name="", place=place, reason=reason, remedy=remedy)
    said.ignore(ignored, f"In {place}: {reason}, {outcome}; {remedy}.")
    return said


def _refused(path: Path, error: OSError | RefusedError) -> Said:
    if isinstance(error, RefusedError):
        return unreadable(_named(path), str(error), error.remedy)
    reason = f"it cannot be read ({error.strerror or type(error).__name__})"
    return unreadable(_named(path), reason, "correct it or remove it")


def _named(path: Path) -> str:
    return one_line(str(path), 300)
