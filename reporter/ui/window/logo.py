"""Logo: the brand's picture, made small enough for the head of the dialog."""

from __future__ import annotations

import io


def small(content: bytes, width: int, height: int) -> bytes:
    """The PNG at most ``width`` by ``height`` pixels large; as it is where it cannot be made smaller here."""
    try:
        from PIL import Image
    except ImportError:
        return content  # Tk shows it in its own size, cut to the room that there is
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            made = picture.convert("RGBA")
            made.thumbnail((width, height), Image.Resampling.LANCZOS)
            out = io.BytesIO()
            made.save(out, "PNG")
            return out.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return content
