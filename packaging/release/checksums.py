"""Checksums: a list by which whoever got the artefacts sees that they are whole.

sha256sum -c SHA256SUMS
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from release.errors import PackagingError
from release.order import Order
from release.workshop import deliver, workshop
from signing.sums import SUMS

# Signatures of the list are made after it and cannot be in it.
SIGNATURES = frozenset({f"{SUMS}.asc", f"{SUMS}.sig"})


def checksums(order: Order) -> list[Path]:
    """The list over every finished file in ``order.out``, folders aside; raises PackagingError."""
    with workshop(order.out) as folder:
        try:
            files = sorted(
                path
                for path in order.out.iterdir()
                if path.is_file() and path.name not in {SUMS, *SIGNATURES} and not path.name.startswith(".")
            )
            lines = [_line(path) for path in files]
        except OSError as error:
            raise PackagingError(f"{error.filename} cannot be read: {error.strerror}.") from None
        if not lines:
            raise PackagingError(f"{order.out} holds no artefact yet whose sum could be taken.")
        made = folder / SUMS
        made.write_bytes(b"".join(lines))
        return [deliver(made, order.out)]


def _line(path: Path) -> bytes:
    name = str(path.name)
    if any(ord(character) < 32 for character in name):
        # A list could hold it, escaped, but not every tool that reads such lists knows how.
        raise PackagingError(
            f"{path.parent} holds a file whose name cannot stand on a line: {name!r}; rename or remove it."
        )
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    # "*": taken of the bytes as they are, also on systems where text is read differently. A backslash is
    # escaped, and so is said at the line's begin.
    escaped = name.replace("\\", "\\\\")
    begin = "\\" if escaped != name else ""
    return f"{begin}{digest} *{escaped}\n".encode("utf-8", "surrogateescape")
