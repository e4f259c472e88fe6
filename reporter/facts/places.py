"""Places: the kind of folder a path leads to, and what is told of a file without ever opening it."""

from __future__ import annotations

import ntpath
import posixpath
import stat
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath, PureWindowsPath

from reporter.facts.guard import Row
from reporter.texts import N_

PROGRAM_FILES = N_("program files")
HOME_FOLDER = N_("home folder")
NETWORK_DRIVE = N_("network drive")
SYSTEM_FOLDER = N_("system folder")
TEMPORARY_FOLDER = N_("temporary folder")
OTHER_FOLDER = N_("other folder")

Folder = tuple[str, str]
"""A folder, and the word for what lies below it."""


class Places:
    """Knows ``folders``; the deepest that holds a path names its kind. ``is_remote``: whether a path leads to
    another computer, found out without touching it. ``kind``: how paths are written on the system asked."""

    def __init__(
        self, kind: type[PurePath], folders: Sequence[Folder], is_remote: Callable[[str], bool]
    ) -> None:
        self._kind = kind
        # The root of everything, which is the home folder of some services, tells nothing.
        self._folders = [(kind(folder), word) for folder, word in folders if len(kind(folder).parts) > 1]
        self._is_remote = is_remote

    def of(self, path: str) -> str:
        """The word for the folder that holds ``path``; empty without a path."""
        if not path:
            return ""
        if self._is_remote(path):
            return NETWORK_DRIVE
        # A path that climbs ("/opt/../home") is told by where it ends, in its letters alone.
        straight = ntpath.normpath if issubclass(self._kind, PureWindowsPath) else posixpath.normpath
        whole = self._kind(straight(path))
        found = [(len(folder.parts), word) for folder, word in self._folders if whole.is_relative_to(folder)]
        return max(found)[1] if found else OTHER_FOLDER

    def file(self, path: str) -> Row:
        """Name, place, size and time of a configured file; where a link leads to is not looked at.

        A file on another computer is not touched, for that could take minutes.
        """
        row: Row = {"name": self._kind(path).name, "place": self.of(path)}
        if row["place"] == NETWORK_DRIVE:
            return row
        try:
            seen = Path(path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return row | {"exists": False}
        row["exists"] = True
        if stat.S_ISLNK(seen.st_mode):
            row["is_link"] = True
            if _leads_elsewhere(path):
                return row | {"remark": N_("a link to another folder")}
            try:
                seen = Path(path).stat()
            except OSError:
                return row | {"remark": N_("a link to nothing")}
        if not stat.S_ISREG(seen.st_mode):
            return row | {"remark": N_("not a file")}
        modified = datetime.fromtimestamp(seen.st_mtime, UTC).astimezone()
        return row | {"size_bytes": seen.st_size, "modified": modified.isoformat(timespec="seconds")}


def _leads_elsewhere(path: str) -> bool:
    """By the letters of the link, so that nothing behind it is waited for; a second link is elsewhere."""
    target = Path(path).parent / Path(path).readlink()
    return target.parent != Path(path).parent or target.is_symlink()
