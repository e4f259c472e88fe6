"""The icon: every system reads it, in every size, of our own mark or a logo."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from linux import menu
from release import icon
from release.errors import PackagingError
from release.identity import OWN_BRAND, identify
from release.order import Order
from release.source import Source


class TestIcon:
    @pytest.fixture
    def own(self, tmp_path: Path) -> Order:
        return Order(
            identity=identify(OWN_BRAND), source=Source(version="1.0.0", epoch_s=1_700_000_000), out=tmp_path
        )

    @pytest.mark.parametrize("size", menu.SIZES)
    def test_it_has_the_size_and_corners_that_are_clear(self, own: Order, size: int) -> None:
        picture = opened(icon.png(own, size))
        assert picture.size == (size, size)
        pixels = picture.convert("RGBA")
        corner, edge = pixels.getpixel((0, 0)), pixels.getpixel((size // 2, 0))
        assert isinstance(corner, tuple)
        assert isinstance(edge, tuple)
        assert corner[3] < 128
        assert edge[3] == 255

    def test_it_is_always_the_same(self, own: Order) -> None:
        assert icon.png(own, 48) == icon.png(own, 48)
        assert icon.ico(own) == icon.ico(own)

    def test_windows_reads_every_size(self, own: Order) -> None:
        picture = opened(icon.ico(own))
        assert picture.format == "ICO"
        assert picture.info["sizes"] == {(size, size) for size in icon.ICO_PX}

    def test_macos_reads_every_size(self, own: Order) -> None:
        content = icon.icns(own)
        assert content[:4] == b"icns"
        assert struct.unpack(">I", content[4:8]) == (len(content),)
        assert opened(content).format == "ICNS"

    def test_a_logo_takes_its_place_in_the_middle_of_a_square(self, own: Order) -> None:
        wide = io.BytesIO()
        Image.new("RGB", (200, 100), "#ff0000").save(wide, "PNG")
        branded = msgspec.structs.replace(
            own, identity=msgspec.structs.replace(own.identity, logo=wide.getvalue())
        )
        picture = opened(icon.png(branded, 64)).convert("RGBA")
        assert picture.getpixel((32, 32)) == (255, 0, 0, 255)
        assert picture.getpixel((32, 4)) == (0, 0, 0, 0)

    def test_a_logo_that_cannot_be_drawn_is_a_sentence(self, own: Order) -> None:
        whole = io.BytesIO()
        text = PngInfo()
        text.add_text("note", "x" * 2**21, zip=True)
        Image.new("RGB", (20, 10)).save(whole, "PNG", pnginfo=text)
        branded = msgspec.structs.replace(
            own, identity=msgspec.structs.replace(own.identity, logo=whole.getvalue())
        )
        with pytest.raises(PackagingError, match=r"The logo of .*brand\.toml cannot be drawn .* plain PNG"):
            icon.ico(branded)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))
