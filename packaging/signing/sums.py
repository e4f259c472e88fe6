"""Sums: whether checksums are those of the files as they lie there now, before anyone vouches for them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from release.errors import PackagingError

SUMS = "SHA256SUMS"
# A backslash at the begin says that backslashes in the name are doubled.
_LINE = re.compile(r"(\\?)([0-9a-f]{64}) [ *](.+)")


def check_sums(path: Path) -> None:
    """Raises PackagingError where a file is missing or is another one than was summed."""
    lines = path.read_bytes().decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
    if lines == [""]:
        raise PackagingError(
            f"{path} is empty; make it with: .venv-packages/bin/python packaging/packages.py checksums"
        )
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line.removesuffix("\r"))
        if not found:
            raise PackagingError(f"{path}, line {number}, is no checksum of SHA-256 and a name of a file.")
        name = found[3].replace("\\\\", "\\") if found[1] else found[3]
        try:
            with (path.parent / name).open("rb") as opened:
                same = hashlib.file_digest(opened, "sha256").hexdigest() == found[2]
        except (OSError, ValueError) as error:  # the latter for what can be no name
            reason = getattr(error, "strerror", None) or error
            raise PackagingError(f"{path} names {name!r}, which cannot be read ({reason}).") from None
        if not same:
            raise PackagingError(
                f"{path} does not agree with {name}; it is made after everything else was signed."
            )
