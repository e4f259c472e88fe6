"""Files: small text files of the system, read with a bound and never waited for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

FILE_LIMIT_BYTES = 64 * 1024
FOLDER_LIMIT_ITEMS = 4_096


class Files:
    """What stands below ``root``, the root of the file system, another one in tests."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def content(self, path: str, limit_bytes: int = FILE_LIMIT_BYTES) -> bytes:
        """The beginning of a regular file; raises OSError for anything else: a pipe would block."""
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(self.root / path, flags), "rb") as file:  # noqa: PTH123 - of a descriptor
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(None, "It is not a regular file")
            return file.read(limit_bytes)

    def required(self, path: str) -> str:
        """The beginning of a text file; raises OSError."""
        return self.content(path).decode(errors="replace").replace("\0", "")

    def text(self, path: str) -> str:
        """The beginning of a text file that may be missing."""
        try:
            return self.required(path)
        except OSError:
            return ""

    def line(self, path: str) -> str:
        """The first line of a file that may be missing."""
        return self.text(path).strip().partition("\n")[0].strip()

    def names(self, folder: str) -> list[str]:
        """The names in a folder, sorted; none where there is no such folder."""
        try:
            with os.scandir(self.root / folder) as entries:
                found = [entry.name for entry, _ in zip(entries, range(FOLDER_LIMIT_ITEMS), strict=False)]
        except OSError:
            return []
        return sorted(found)

    def is_there(self, path: str) -> bool | None:
        """Whether something of this name exists; None where looking is not allowed."""
        try:
            (self.root / path).lstat()
        except PermissionError:
            return None
        except OSError:
            return False
        return True
