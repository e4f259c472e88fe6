"""Pictures from anywhere: what can be read is made upright, opaque and bare; the rest gets a sentence."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from reporter.errors import PictureError
from reporter.report import screenshot
from reporter.report.drawing import Picture
from reporter.report.screenshot import picture

RED, BLUE = (200, 10, 20), (10, 30, 220)
SECRET = "Gorokhovaya-street-7"


def sample(size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Red, with a blue upper left quarter."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (0, 0, size[0] // 2, size[1] // 2))
    return image


def file_of(image: Image.Image, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def pixels_of(made: Picture) -> Image.Image:
    with Image.open(io.BytesIO(made.png)) as image:
        assert image.size == (made.width, made.height)
        return image.convert("RGB")


def is_like(found: object, colour: tuple[int, int, int], by: int = 12) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) <= by for one, other in zip(found, colour, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"])
def test_every_common_format_is_read(kind: str) -> None:
    made = screenshot.picture_of(file_of(sample(), kind))
    assert (made.width, made.height, made.marks) == (60, 40, [])
    assert is_like(pixels_of(made).getpixel((5, 5)), BLUE)
    assert is_like(pixels_of(made).getpixel((50, 30)), RED)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "I", "F", "I;16"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    image = Image.new("I;16", (8, 8), 0x8000) if mode == "I;16" else sample((8, 8)).convert(mode)
    made = screenshot.picture_of(file_of(image, "TIFF"))
    assert (made.width, made.height) == (8, 8)
    if mode == "I;16":
        assert is_like(pixels_of(made).getpixel((4, 4)), (128, 128, 128), 2)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_image_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), BLUE)] + [Image.new("RGB", (20, 20), (i, 200, i)) for i in range(9)]
    content = file_of(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    made = screenshot.picture_of(content)
    assert is_like(pixels_of(made).getpixel((10, 10)), BLUE)
    assert b"acTL" not in made.png


def test_a_photograph_is_turned_upright_and_forgets_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    exif[0x010E] = SECRET
    made = screenshot.picture_of(file_of(sample(), "JPEG", exif=exif.tobytes(), quality=95))
    assert (made.width, made.height) == (40, 60)
    assert is_like(pixels_of(made).getpixel((35, 5)), BLUE)
    assert SECRET.encode() not in made.png
    assert b"eXIf" not in made.png


@pytest.mark.parametrize(
    "exif", [b"Exif\x00\x00", b"Exif\x00\x00MM\x00\x2b" + bytes(9), b"Exif\x00\x00II*\x00" + b"\xff" * 40]
)
def test_a_photograph_with_a_damaged_note_of_the_camera_is_still_read(exif: bytes) -> None:
    assert screenshot.picture_of(file_of(sample(), "JPEG", exif=exif)).width == 60


def test_nothing_but_pixels_is_kept() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", SECRET)
    notes.add_itxt("Comment", SECRET, zip=True)
    content = file_of(sample(), "PNG", pnginfo=notes, icc_profile=SECRET.encode(), dpi=(300, 300))
    made = screenshot.picture_of(content)
    assert chunks_of(made.png) == {b"IHDR", b"IDAT", b"IEND"}


def test_what_is_transparent_becomes_white_and_keeps_no_hidden_colour() -> None:
    image = Image.new("RGBA", (10, 10), (*BLUE, 0))
    made = screenshot.picture_of(file_of(image, "PNG"))
    assert pixels_of(made).getcolors() == [(100, (255, 255, 255))]
    with Image.open(io.BytesIO(made.png)) as written:
        assert written.mode == "RGB"


def test_a_photograph_of_many_dots_is_scaled_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "EDITED_LIMIT_PX", 600)
    for kind in ("PNG", "JPEG"):
        made = screenshot.picture_of(file_of(sample(), kind))
        assert made.width * made.height <= 600
        assert made.width == pytest.approx(made.height * 1.5, rel=0.1)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    # A megabyte that would become 40,000 × 40,000 dots; Pillow's own limit is met first or ours.
    for side in (8_000, 40_000):
        with pytest.raises(PictureError) as refused:
            screenshot.picture_of(bomb(side))
        assert str(refused.value) == picture.TOO_LARGE


@pytest.mark.parametrize("make", [lambda: bomb(40_000), lambda: bytes(100_000_000)], ids=["bomb", "100 MB"])
def test_refusing_needs_no_memory(make: Callable[[], bytes]) -> None:
    code = (
        "import resource, sys\n"
        "from reporter.errors import PictureError\n"
        "from reporter.report import screenshot\n"
        "content = sys.stdin.buffer.read()\n"
        "screenshot.why_not_edited()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    screenshot.picture_of(content)\n"
        "except PictureError:\n    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], input=make(), capture_output=True, check=True, timeout=60
    )
    assert int(answer.stdout) < 30_000  # KiB


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        "Привет".encode("utf-16"),
    ],
)
def test_what_is_no_picture_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(PictureError) as refused:
        screenshot.picture_of(content)
    assert str(refused.value) in (picture.NOT_A_PICTURE, picture.DAMAGED)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"])
def test_a_file_that_was_cut_off_is_refused(kind: str) -> None:
    image = Image.effect_noise((200, 200), 80).convert("RGB")
    content = file_of(image, kind)
    with pytest.raises(PictureError) as refused:
        screenshot.picture_of(content[: len(content) // 2])
    assert str(refused.value) in (picture.NOT_A_PICTURE, picture.DAMAGED)


@given(st.sampled_from(["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"]), st.data())
def test_a_file_with_wrong_bytes_is_read_or_refused_but_never_worse(kind: str, data: st.DataObject) -> None:
    content = bytearray(file_of(sample((20, 10)), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = screenshot.picture_of(bytes(content))
    except PictureError:
        return
    assert made.width * made.height <= picture.EDITED_LIMIT_PX


def test_without_pillow_there_are_no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert screenshot.why_not_edited() == screenshot.PILLOW_MISSING
    assert screenshot.why_not({}, "win32") == screenshot.PILLOW_MISSING


def bomb(side: int) -> bytes:
    """A valid PNG of one colour, ``side`` dots wide and high."""
    row = zlib.compressobj(9)
    packed = b"".join(row.compress(bytes(1 + (side + 7) // 8)) for _ in range(side)) + row.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def chunks_of(png: bytes) -> set[bytes]:
    names, place = set(), 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        names.add(png[place + 4 : place + 8])
        place += 12 + length
    return names
