"""Search paths: programs and libraries look for others beside themselves or in the system, nowhere else.

Where a Python was compiled into a folder of its own, its modules name that folder. On other computers it says
how ours is arranged, and whoever owns a folder of that name there could put libraries into it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from freeze.libraries import elf_files

_BESIDE = b"$ORIGIN"
_LOADED, _DYNAMIC = 1, 2
_STRINGS, _RPATH, _RUNPATH = 5, 15, 29
_ENTRY = struct.Struct("<QQ")


def forget(folder: Path) -> None:
    """Take every path out of the programs and libraries in a folder that does not begin beside them."""
    for path in elf_files(folder):
        before = path.read_bytes()
        after = without(before)
        if after != before:
            path.write_bytes(after)


def without(content: bytes) -> bytes:
    """A program or library of 64 bit without such paths; what is none stays as it is."""
    made = bytearray(content)
    if content[4:6] != b"\x02\x01":  # 64 bit, the small end first
        return content
    segments = list(_segments(content))
    dynamic = next(((offset, size) for kind, offset, _, size in segments if kind == _DYNAMIC), None)
    if dynamic is None:
        return content
    at, size = dynamic
    entries = [_ENTRY.unpack_from(content, place) for place in range(at, at + size, _ENTRY.size)]
    strings = next((value for tag, value in entries if tag == _STRINGS), 0)
    begin = next(
        (
            offset + strings - address
            for kind, offset, address, length in segments
            if kind == _LOADED and address <= strings < address + length
        ),
        0,
    )
    kept = []
    for tag, value in entries:
        if tag in (_RPATH, _RUNPATH) and begin:
            place = begin + value
            text = content[place : content.index(b"\0", place)]
            paths = [path for path in text.split(b":") if path.startswith(_BESIDE)]
            made[place : place + len(text)] = b":".join(paths).ljust(len(text), b"\0")
            if not paths:
                continue
        kept.append((tag, value))
    kept += [(0, 0)] * (len(entries) - len(kept))
    for number, entry in enumerate(kept):
        _ENTRY.pack_into(made, at + number * _ENTRY.size, *entry)
    return bytes(made)


def _segments(content: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Kind, place in the file, address and size of each."""
    first = struct.unpack_from("<Q", content, 32)[0]
    size, count = struct.unpack_from("<HH", content, 54)
    for number in range(count):
        kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", content, first + number * size)
        yield kind, offset, address, length
