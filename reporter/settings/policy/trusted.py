"""Trusted: files that nobody but the system's administrator can have written.

Every folder and link on the way to a file is looked at, not the file alone: who may write to a folder may
put another file in its place.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from reporter.settings.textfile import RefusedError, content, open_file
from reporter.texts.safe import one_line

ROOT_ID = 0
LINKS_LIMIT = 16

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Trust:
    """``top``: the folder that is trusted to be where it is, else that of the file system; ``owner_id``: to
    whom everything has to belong."""

    def __init__(self, top: Path = Path("/"), owner_id: int = ROOT_ID) -> None:
        self.top = top
        self._owner_id = owner_id

    def resolve(self, path: Path, *, start: Path | None = None) -> Path:
        """``path`` with every link followed; raises OSError or RefusedError.

        ``start``: a folder above it that was resolved already.
        """
        here = start or self.top
        waiting = list(reversed(path.relative_to(here).parts))
        if start is None:
            self._check(here, here.lstat())
        links = 0
        while waiting:
            part = waiting.pop()
            there = here.parent if part == ".." else here / part
            status = there.lstat()
            self._check(there, status, by_link=links > 0)
            if not stat.S_ISLNK(status.st_mode):
                here = there
                continue
            links += 1
            if links > LINKS_LIMIT:
                raise RefusedError("its links lead in a circle", "put a file in place of the link")
            target = there.readlink()
            if target.is_absolute():
                here = self.top if target.is_relative_to(self.top) else Path(target.anchor)
                self._check(here, here.lstat())
                target = target.relative_to(here)
            waiting.extend(reversed(target.parts))
        return here

    def read(self, path: Path, *, start: Path | None = None) -> bytes:
        """The content of a file; raises OSError or RefusedError."""
        real = self.resolve(path, start=start)
        descriptor = open_file(real, getattr(os, "O_NOFOLLOW", 0))
        try:
            self._check(real, os.fstat(descriptor))
            return content(descriptor)
        finally:
            os.close(descriptor)

    def is_owner(self) -> bool:
        """Whether this process reads everything because it belongs to the owner."""
        return os.geteuid() == self._owner_id

    def hidden(self, path: Path) -> Path | None:
        """What keeps everybody else from reading a resolved path; raises OSError."""
        below = [part for part in (*reversed(path.parents), path) if part.is_relative_to(self.top)]
        for part in below[1:]:
            mode = part.stat().st_mode
            is_on_the_way = stat.S_ISDIR(mode) and part != path
            needed = stat.S_IXOTH if is_on_the_way else stat.S_IROTH
            if stat.S_ISDIR(mode):
                needed |= stat.S_IXOTH
            if mode & needed != needed:
                return part
        return None

    def _check(self, path: Path, status: os.stat_result, *, by_link: bool = False) -> None:
        shown = one_line(str(path), 300)
        if status.st_uid != self._owner_id:
            owner = "root" if self._owner_id == ROOT_ID else f"user {self._owner_id}"
            raise RefusedError(
                f"{shown} belongs to user {status.st_uid}, not to {owner}",
                # What a link leads to may rightly be somebody else's.
                "put the file itself in place of the link" if by_link else f"run chown {owner} on it",
            )
        if status.st_mode & _OTHERS_WRITE and not stat.S_ISLNK(status.st_mode):
            raise RefusedError(
                f"{shown} can be written by others (mode {stat.S_IMODE(status.st_mode):03o})",
                "run chmod go-w on it",
            )
