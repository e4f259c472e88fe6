"""Pictures of a brand: what a window must never be given, made with and against a real encoder."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reporter.settings.picture import FILE_LIMIT_BYTES, SIDE_LIMIT_PX, SIGNATURE, why_unfit

DAMAGED = ("is a damaged PNG", "save the picture again")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int = 4,
    height: int = 4,
    *,
    depth: int = 8,
    colour: int = 2,
    interlaced: int = 0,
    rows: bytes | None = None,
    before: bytes = b"",
) -> bytes:
    rows = b"\0" * (height * (1 + 3 * width)) if rows is None else rows
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return SIGNATURE + chunk(b"IHDR", head) + before + pixels + chunk(b"IEND", b"")


@given(
    st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_what_an_encoder_writes_is_fit(mode: str, width: int, height: int) -> None:
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, "PNG")
    assert why_unfit(out.getvalue()) == ("", "")


@pytest.mark.parametrize(
    ("width", "height", "rows"),
    # Passes of an interlaced picture: bytes of its rows and a filter byte each.
    [(1, 1, 2), (2, 1, 4), (8, 8, 64 + 15), (5, 3, 15 + 7)],
)
def test_an_interlaced_picture_is_fit(width: int, height: int, rows: int) -> None:
    fit = png(width, height, colour=0, interlaced=1, rows=b"\0" * rows)
    assert why_unfit(fit) == ("", "")
    short = png(width, height, colour=0, interlaced=1, rows=b"\0" * (rows - 1))
    assert why_unfit(short) == DAMAGED


@given(st.data())
def test_half_a_picture_is_not(data: st.DataObject) -> None:
    whole = png(rows=bytes(range(52)))
    end = data.draw(st.integers(33, len(whole) - 9))
    assert why_unfit(whole[:end]) == DAMAGED


@pytest.mark.parametrize(
    "picture",
    [
        png(rows=b"\0" * 51),
        png(rows=b"\0" * 53),
        png(rows=b""),
        png(colour=3, rows=b"\0" * 20),
        png(depth=3),
        png(colour=5),
        png().replace(b"IDAT", b"IDAX"),
        SIGNATURE + png()[8:33] + chunk(b"IDAT", b"no deflate at all") + chunk(b"IEND", b""),
        png(before=chunk(b"tEXt", b"a")[:-1] + b"\0"),
        png()[:33] + b"\xff\xff\xff\xffIDAT",
    ],
)
def test_a_damaged_picture_is_refused(picture: bytes) -> None:
    assert why_unfit(picture) == DAMAGED


def test_a_few_bytes_that_stand_for_many_are_not_unpacked() -> None:
    packed = png(rows=b"\0" * 50_000_000)
    assert len(packed) < FILE_LIMIT_BYTES
    assert why_unfit(packed) == DAMAGED


@pytest.mark.parametrize("size", [(0, 4), (4, 0), (SIDE_LIMIT_PX + 1, 1), (1, 2**31)])
def test_a_picture_of_no_size_or_too_much_is_refused(size: tuple[int, int]) -> None:
    what, remedy = why_unfit(png(*size, rows=b""))
    assert "pixels" in what
    assert remedy


@given(st.binary(max_size=200))
def test_anything_at_all_gets_an_answer(tail: bytes) -> None:
    assert why_unfit(tail)[0] == "is not a PNG"
    assert why_unfit(png()[:33] + tail) == DAMAGED
