"""Icon: the program's picture in menus and lists: the brand's logo or, where it has none, our own mark."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, NamedTuple

from release.errors import PackagingError
from release.order import Order
from reporter.ui.window.palette import LIGHT

if TYPE_CHECKING:
    from PIL.Image import Image

ICO_PX = (16, 20, 24, 32, 40, 48, 64, 256)
# The names that Apple gave to the sizes.
ICNS = {
    "icp4": 16,
    "icp5": 32,
    "icp6": 64,
    "ic07": 128,
    "ic08": 256,
    "ic09": 512,
    "ic10": 1024,
    "ic11": 32,
    "ic12": 64,
    "ic13": 256,
    "ic14": 512,
}
FINER = 8


class _Shape(NamedTuple):
    """In shares of the side: left, top, right and bottom, or points."""

    bubble: tuple[float, float, float, float]
    roundness: float
    tail: tuple[tuple[float, float], ...]
    lines: tuple[tuple[float, float, float, float], ...]


_LARGE = _Shape(
    bubble=(0.18, 0.21, 0.82, 0.65),
    roundness=0.11,
    tail=((0.31, 0.62), (0.31, 0.82), (0.53, 0.62)),
    lines=((0.30, 0.335, 0.70, 0.40), (0.30, 0.465, 0.57, 0.53)),
)
# Larger in its square, and on whole pixels where it is 16 wide.
SMALL_LIMIT_PX = 24
_SMALL = _Shape(
    bubble=(2 / 16, 3 / 16, 14 / 16, 11 / 16),
    roundness=2 / 16,
    tail=((4 / 16, 10 / 16), (4 / 16, 14 / 16), (8 / 16, 10 / 16)),
    lines=((4 / 16, 5 / 16, 12 / 16, 6 / 16), (4 / 16, 8 / 16, 10 / 16, 9 / 16)),
)


def png(order: Order, size: int) -> bytes:
    """A square PNG, ``size`` pixels a side, with a transparent ground; always the same bytes.

    Raises PackagingError for a logo that cannot be drawn, as do ``ico`` and ``icns``.
    """
    made = io.BytesIO()
    _picture(order, size).save(made, "PNG", optimize=True)
    return made.getvalue()


def ico(order: Order) -> bytes:
    """For Windows: a PNG of each size, as every Windows since Vista reads them."""
    pictures = [(size, png(order, size)) for size in ICO_PX]
    at = 6 + 16 * len(pictures)
    table = struct.pack("<HHH", 0, 1, len(pictures))
    for size, content in pictures:
        # A side of 256 is written as 0.
        table += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(content), at)
        at += len(content)
    return table + b"".join(content for _size, content in pictures)


def icns(order: Order) -> bytes:
    """For macOS."""
    parts = []
    for name, size in ICNS.items():
        content = png(order, size)
        parts.append(name.encode() + struct.pack(">I", 8 + len(content)) + content)
    body = b"".join(parts)
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def _picture(order: Order, size: int) -> Image:
    from PIL import Image

    if order.identity.logo:
        try:
            with Image.open(io.BytesIO(order.identity.logo), formats=("PNG",)) as opened:
                logo = opened.convert("RGBA")
        except (OSError, ValueError, SyntaxError) as error:
            raise PackagingError(
                f"The logo of {order.identity.brand} cannot be drawn ({error}); save it again as a plain PNG."
            ) from None
        share = size / max(logo.size)
        fitted = (max(1, round(logo.width * share)), max(1, round(logo.height * share)))
        logo = logo.resize(fitted, Image.Resampling.LANCZOS)
        picture = Image.new("RGBA", (size, size), (0, 0, 0, 0))
        picture.paste(logo, ((size - logo.width) // 2, (size - logo.height) // 2))
        return picture
    return _mark(size)


def _mark(size: int) -> Image:
    """A speech bubble that tells in two lines, on a rounded square: the sign of our windows."""
    from PIL import Image, ImageDraw

    shape = _SMALL if size <= SMALL_LIMIT_PX else _LARGE
    # Drawn larger than it is needed: edges stay smooth in every size.
    side = size * FINER
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)

    def box(left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
        return left * side, top * side, right * side - 1, bottom * side - 1

    draw.rounded_rectangle(box(0, 0, 1, 1), 0.22 * side, fill=LIGHT.accent)
    draw.rounded_rectangle(box(*shape.bubble), shape.roundness * side, fill=LIGHT.on_accent)
    draw.polygon([(x * side, y * side) for x, y in shape.tail], fill=LIGHT.on_accent)
    for line in shape.lines:
        draw.rounded_rectangle(box(*line), (line[3] - line[1]) / 2 * side, fill=LIGHT.accent)
    return picture.resize((size, size), Image.Resampling.BOX)
