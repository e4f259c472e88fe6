"""QR: the squares of a code that a camera reads; the library is loaded when the first one is made."""

from __future__ import annotations

import re
from typing import Any

from reporter.errors import ReporterError

QUIET_ZONE = 4
"""How many squares of light ground a camera needs around the code (ISO/IEC 18004)."""

_TIGHT = re.compile(r"[0-9A-Z]+")


def squares(text: str) -> list[list[bool]]:
    """The rows of the code, top down; true is dark. Without the quiet zone.

    Error correction M: a screen is photographed askew, not torn. The part after the last "=" is written more
    tightly where it is of digits and capitals alone. Raises ReporterError where the text is too long.
    """
    import segno

    head, sign, tail = text.rpartition("=")
    # the library takes parts, each written in its own way, without saying so in its types
    parts: Any = [head + sign, tail] if head and _TIGHT.fullmatch(tail) else text
    try:
        code = segno.make(parts, error="m", micro=False, boost_error=False)
    except (segno.DataOverflowError, ValueError):
        raise ReporterError(
            f"This text has {len(text):,} characters, too many for a code that a camera can read."
        ) from None
    return [[bool(square) for square in row] for row in code.matrix]
