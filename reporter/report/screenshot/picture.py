"""Picture: an image file from anywhere, made the picture that the editor shows: upright, opaque, bare.

What is decoded is bounded before it is decoded: by the bytes of the file, and by the pixels that its head
announces.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from reporter.errors import PictureError
from reporter.report.drawing import Mark, Picture
from reporter.report.screenshot.desktop import CLIPBOARD_LIMIT_BYTES
from reporter.texts import N_

if TYPE_CHECKING:
    from PIL.Image import Image

FILE_LIMIT_BYTES = CLIPBOARD_LIMIT_BYTES
DECODED_LIMIT_PX = 50_000_000
EDITED_LIMIT_PX = 25_000_000
"""Three monitors of 3840 × 2160; a photograph with more is scaled down to it."""
FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "TIFF")
PNG_QUICK = 1
"""The picture in the editor never travels: speed counts more than bytes."""

NOT_A_PICTURE = N_(
    "This is not a picture that can be read. Pictures may be PNG, JPEG, BMP, GIF, WebP or TIFF files."
)
DAMAGED = N_("This picture is damaged or incomplete and cannot be read.")
TOO_LARGE = N_("This picture is too large. A picture may have up to 50 million bytes and 50 million dots.")


def picture_of(content: bytes) -> Picture:
    """A picture that was pasted or dropped, without marks. Raises PictureError.

    ``content``: a PNG, JPEG, BMP, GIF, WebP or TIFF file. Of an animation the first image; a photograph is
    turned upright; what is transparent becomes white; nothing but the pixels is kept.
    """
    return to_picture(image_of(content))


def to_picture(image: Image, marks: list[Mark] | None = None) -> Picture:
    """An image as the editor shows it."""
    return Picture(png=bare_png(image), width=image.width, height=image.height, marks=marks or [])


def image_of(content: bytes, *, limit_bytes: int = FILE_LIMIT_BYTES) -> Image:
    """The pixels of an image file, RGB. Raises PictureError."""
    from PIL import Image, UnidentifiedImageError

    if len(content) > limit_bytes:
        raise PictureError(TOO_LARGE)
    try:
        with warnings.catch_warnings():
            # Pillow warns of what is odd in a file; a person is told only when it cannot be read.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                is_too_large = image.width * image.height > DECODED_LIMIT_PX
                if not is_too_large:
                    return _upright(image)
    except Image.DecompressionBombError as error:
        raise PictureError(TOO_LARGE) from error
    except UnidentifiedImageError as error:
        raise PictureError(NOT_A_PICTURE) from error
    except Exception as error:
        # Decoders raise whatever their format runs into: OSError, SyntaxError, ValueError, struct.error, …
        raise PictureError(DAMAGED) from error
    raise PictureError(TOO_LARGE)


def bare_png(image: Image, *, compress_level: int = PNG_QUICK) -> bytes:
    """The pixels and nothing else as a PNG: no date, no profile, no comment."""
    bare = image.copy()
    bare.info.clear()
    written = io.BytesIO()
    bare.save(written, "PNG", compress_level=compress_level)
    return written.getvalue()


def pillow_clipboard() -> bytes | None:
    """What Pillow finds in the clipboard of Windows and macOS: a picture, or a file that was copied."""
    from PIL import ImageGrab

    try:
        found = ImageGrab.grabclipboard()
    except (OSError, NotImplementedError, ValueError, SyntaxError):
        return None
    if found is None:
        return None
    if not isinstance(found, list):
        try:
            return bare_png(found.convert("RGB"))
        except (OSError, ValueError, SyntaxError):
            return None
    for name in found:
        path = Path(name)
        try:
            if path.is_file() and path.stat().st_size <= CLIPBOARD_LIMIT_BYTES:
                return path.read_bytes()
        except OSError:
            continue
    return None


def _upright(image: Image) -> Image:
    from PIL import Image as Images
    from PIL import ImageOps

    # A JPEG is decoded at half the size where that is enough, for a quarter of the memory.
    side_share = (EDITED_LIMIT_PX / max(1, image.width * image.height)) ** 0.5
    image.draft("RGB", (int(image.width * side_share), int(image.height * side_share)))
    image.load()
    turned: Image = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I;16"):
        # The upper of the two bytes; a conversion by Pillow would make everything white.
        turned = turned.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if turned.has_transparency_data:
        opaque = Images.new("RGB", turned.size, "white")
        layer = turned.convert("RGBA")
        opaque.paste(layer, mask=layer.getchannel("A"))
        turned = opaque
    upright = turned.convert("RGB")
    if upright.width * upright.height > EDITED_LIMIT_PX:
        share = (EDITED_LIMIT_PX / (upright.width * upright.height)) ** 0.5
        size = (max(1, int(upright.width * share)), max(1, int(upright.height * share)))
        upright = upright.resize(size, Images.Resampling.LANCZOS)
    upright.info.clear()
    return upright
