"""Rendition: the picture as it is sent: marks drawn, scaled and compressed under the cap, and bare."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from reporter.errors import PictureError
from reporter.report.drawing import MARKS_LIMIT_ITEMS, Mark, Picture
from reporter.report.screenshot import pen
from reporter.report.screenshot.picture import EDITED_LIMIT_PX, bare_png, image_of
from reporter.texts import N_

if TYPE_CHECKING:
    from PIL.Image import Image

PALETTE_LIMIT_COLOURS = 256
JPEG_QUALITIES = (88, 75, 60)
JPEG_GAIN = 3
"""A picture is like a photograph where JPEG needs less than a third of what PNG does."""
PICTURE_LIMIT_BYTES = 4 * EDITED_LIMIT_PX
"""No picture of ours is larger, however badly it compresses."""
STEP_MOST, STEP_LEAST = 0.95, 0.5
LEAST_PX = 64

PNG, JPEG = "image/png", "image/jpeg"

TOO_MANY_MARKS = N_("There are more marks on this picture than can be sent. Please remove some.")
DOES_NOT_FIT = N_("This picture cannot be made small enough to be sent.")


def render(picture: Picture, marks: Sequence[Mark], *, limit_bytes: int, limit_px: int) -> tuple[bytes, str]:
    """The content and its type, ``image/png`` or ``image/jpeg``. Raises PictureError.

    ``marks``: all that are to be drawn, the suggested ones that the person kept among them; ``limit_px``:
    of the longer side. The same picture, marks and limits give the same bytes on one computer. What is
    blacked out is overwritten before anything is drawn, scaled or compressed, so that no pixel beside it
    has learned of it.
    """
    if len(marks) > MARKS_LIMIT_ITEMS:
        raise PictureError(TOO_MANY_MARKS)
    image = image_of(picture.png, limit_bytes=PICTURE_LIMIT_BYTES)
    pen.black_out(image, marks)
    pen.draw(image, marks)
    scale = min(1.0, limit_px / max(image.size))
    while True:
        scaled = _scaled(image, scale)
        content, kind = _compressed(scaled, limit_bytes)
        if len(content) <= limit_bytes:
            return content, kind
        if max(scaled.size) <= LEAST_PX:
            raise PictureError(DOES_NOT_FIT)
        # Bytes grow with the area; a little less, so that the next try is likely to fit.
        scale *= max(STEP_LEAST, min(STEP_MOST, math.sqrt(limit_bytes / len(content)) * STEP_MOST))


def scaled(picture: Picture, width: int) -> bytes:
    """A smaller PNG for the eye; it never travels."""
    image = image_of(picture.png, limit_bytes=PICTURE_LIMIT_BYTES)
    return bare_png(_scaled(image, max(1, width) / image.width))


def _scaled(image: Image, scale: float) -> Image:
    from PIL.Image import Resampling

    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Resampling.LANCZOS, reducing_gap=3.0)


def _compressed(image: Image, limit_bytes: int) -> tuple[bytes, str]:
    """In the best quality that fits, else the smallest that was found."""
    exact = _exact_png(image)
    if len(exact) <= min(limit_bytes, image.width * image.height):
        return exact, PNG
    # JPEG blurs letters: it comes first only for what looks like a photograph.
    good = _jpeg(image, JPEG_QUALITIES[0])
    is_photograph = len(good) * JPEG_GAIN < len(exact)
    tries: list[Callable[[], tuple[bytes, str]]] = [
        lambda: (exact, PNG),
        lambda: (_reduced_png(image), PNG),
    ]
    jpegs = [lambda quality=quality: (_jpeg(image, quality), JPEG) for quality in JPEG_QUALITIES]
    tries = [*jpegs, *tries] if is_photograph else [*tries, *jpegs]
    found = []
    for attempt in tries:
        content, kind = attempt()
        if len(content) <= limit_bytes:
            return content, kind
        found.append((content, kind))
    return min(found, key=lambda one: len(one[0]))


def _exact_png(image: Image) -> bytes:
    """Every pixel as it is; with a palette where there are few colours."""
    from PIL import ImageChops
    from PIL.Image import Dither, Quantize

    colours = image.getcolors(PALETTE_LIMIT_COLOURS)
    if colours is not None:
        reduced = image.quantize(max(1, len(colours)), method=Quantize.MEDIANCUT, dither=Dither.NONE)
        if ImageChops.difference(reduced.convert("RGB"), image).getbbox() is None:
            return _bytes_of(reduced, "PNG", optimize=True)
    return _bytes_of(image, "PNG", optimize=True)


def _reduced_png(image: Image) -> bytes:
    """With the colours that matter most."""
    from PIL.Image import Dither, Quantize

    reduced = image.quantize(PALETTE_LIMIT_COLOURS, method=Quantize.FASTOCTREE, dither=Dither.NONE)
    return _bytes_of(reduced, "PNG", optimize=True)


def _jpeg(image: Image, quality: int) -> bytes:
    # Without "optimize", for which Pillow's buffer is too small where a picture is noisy.
    # In the best quality colours are as sharp as light, as thin coloured letters need.
    subsampling = "4:4:4" if quality == JPEG_QUALITIES[0] else "4:2:0"
    return _bytes_of(image, "JPEG", quality=quality, subsampling=subsampling)


def _bytes_of(image: Image, format_: str, **options: object) -> bytes:
    bare = image.copy()
    bare.info.clear()
    written = io.BytesIO()
    bare.save(written, format_, **options)
    return written.getvalue()
