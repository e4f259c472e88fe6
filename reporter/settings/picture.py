"""Picture: whether a PNG is whole, before the window draws it.

A window that is given half a picture fills the rest with whatever lay in its memory.
"""

from __future__ import annotations

import re

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SIDE_LIMIT_PX = 1024
FILE_LIMIT_BYTES = 256 * 1024

_HEAD = re.compile(
    re.escape(SIGNATURE) + rb"\x00\x00\x00\rIHDR(.{4})(.{4})(.)(.)\x00\x00([\x00\x01])", re.DOTALL
)
# Colour type → samples a pixel, and the bits that each may have.
_FORMATS = {
    0: (1, (1, 2, 4, 8, 16)),
    2: (3, (8, 16)),
    3: (1, (1, 2, 4, 8)),
    4: (2, (8, 16)),
    6: (4, (8, 16)),
}
# Of an interlaced picture: first column and row of each pass, and the steps between.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_WHOLE = ((0, 0, 1, 1),)


def why_unfit(picture: bytes) -> tuple[str, str]:
    """What is wrong with the bytes of a PNG, and the remedy, as English clauses; empty where it is fit."""
    head = _HEAD.match(picture)
    if head is None:
        return "is not a PNG", "save the picture as PNG"
    width, height = (int.from_bytes(side) for side in head.groups()[:2])
    if len(picture) > FILE_LIMIT_BYTES or not (0 < width <= SIDE_LIMIT_PX and 0 < height <= SIDE_LIMIT_PX):
        return (
            f"has {width} × {height} pixels and {len(picture):,} bytes",
            f"save it with at most {SIDE_LIMIT_PX} pixels a side and {FILE_LIMIT_BYTES:,} bytes",
        )
    samples, depths = _FORMATS.get(head[4][0], (0, ()))
    if head[3][0] not in depths or not _is_whole(
        picture,
        _length(width, height, samples * head[3][0], _PASSES if head[5] == b"\1" else _WHOLE),
        needs_palette=head[4] == b"\3",
    ):
        return "is a damaged PNG", "save the picture again"
    return "", ""


def _length(width: int, height: int, pixel_bits: int, passes: tuple[tuple[int, int, int, int], ...]) -> int:
    """How many bytes the rows of the picture have, each with the byte that tells its filter."""
    total = 0
    for left, top, step_x, step_y in passes:
        columns, rows = -(-max(width - left, 0) // step_x), -(-max(height - top, 0) // step_y)
        total += rows * (1 + (columns * pixel_bits + 7) // 8) if columns else 0
    return total


def _is_whole(picture: bytes, length: int, *, needs_palette: bool) -> bool:
    """Whether every chunk is what its checksum says, and all rows are there and no more."""
    import zlib

    at, kinds, packed = len(SIGNATURE), set(), b""
    while (kind := picture[at + 4 : at + 8]) != b"IEND":
        size = int.from_bytes(picture[at : at + 4])
        data, checksum = picture[at + 8 : at + 8 + size], picture[at + 8 + size : at + 12 + size]
        if len(checksum) < 4 or zlib.crc32(kind + data) != int.from_bytes(checksum):
            return False
        if kind == b"IDAT":
            packed += data
        kinds.add(kind)
        at += 12 + size
    if needs_palette and b"PLTE" not in kinds:
        return False
    try:
        # One more than there may be: a few bytes can stand for gigabytes.
        return len(zlib.decompressobj().decompress(packed, length + 1)) == length
    except zlib.error:
        return False
