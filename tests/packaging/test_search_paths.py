"""What is frozen looks for libraries beside itself or in the system, nowhere else."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from freeze.search_paths import forget, without

LOADED_AT = 0x1000


def library(*paths: str, tag: int = 29) -> bytes:
    """A library with a search path and nothing else."""
    strings = b"\0libc.so.6\0" + ":".join(paths).encode() + b"\0"
    dynamic_at = 64 + 2 * 56
    entries = [(1, 1), (tag, 11), (5, LOADED_AT + dynamic_at + 5 * 16), (10, len(strings)), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    size = dynamic_at + len(dynamic) + len(strings)
    header = struct.pack(
        "<4sBBBB8xHHIQQQIHHHHHH", *(b"\x7fELF", 2, 1, 1, 0, 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    )
    loaded = struct.pack("<IIQQQQQQ", 1, 5, 0, LOADED_AT, LOADED_AT, size, size, 0x1000)
    found = struct.pack(
        "<IIQQQQQQ", 2, 5, dynamic_at, LOADED_AT + dynamic_at, 0, len(dynamic), len(dynamic), 8
    )
    return header + loaded + found + dynamic + strings


@pytest.mark.parametrize("tag", [15, 29])
def test_a_folder_of_the_builder_is_forgotten(tmp_path: Path, tag: int) -> None:
    (tmp_path / "x.so").write_bytes(library("/home/builder/python/lib", tag=tag))
    forget(tmp_path)
    found = (tmp_path / "x.so").read_bytes()
    assert b"builder" not in found
    assert len(found) == len(library("/home/builder/python/lib"))
    tags = [struct.unpack_from("<Q", found, 64 + 2 * 56 + 16 * number)[0] for number in range(5)]
    assert tags == [1, 5, 10, 0, 0]


def test_what_lies_beside_is_kept() -> None:
    mixed = without(library("/usr/local/lib", "$ORIGIN/../lib", "/opt/x"))
    assert b"\0$ORIGIN/../lib\0" in mixed
    assert b"/opt/x" not in mixed
    beside = library("$ORIGIN")
    assert without(beside) == beside


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"\x7fELF\x01\x01" + b"\0" * 60, b"text"])
def test_what_is_no_library_of_64_bit_stays(content: bytes) -> None:
    assert without(content) == content
