"""Files: what an attachment really is, told from its first bytes; what its sender calls it proves nothing."""

from __future__ import annotations

import codecs
import re

HEAD_BYTES = 1_024
TEXT_LIMIT_BYTES = 1024 * 1024

_SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Escape, backspace and form feed occur in logs of terminals.
_NOT_TEXT = re.compile(rb"[\x00-\x07\x0b\x0e-\x1a\x1c-\x1f]")


def picture_type(content_type: str, head: bytes) -> str:
    """``image/png`` or ``image/jpeg`` where a file is what it claims to be; otherwise empty."""
    claimed = content_type.partition(";")[0].strip().lower()
    signature = _SIGNATURES.get(claimed)
    return claimed if signature is not None and head.startswith(signature) else ""


def is_text(head: bytes) -> bool:
    """Whether a file that begins with ``head`` can be read by a person."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    return bool(head) and _NOT_TEXT.search(head) is None


def as_text(content: bytes) -> tuple[str, int]:
    """The end of a text file, where the news are, and how many bytes were left out before it."""
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "")
    left = max(0, len(content) - TEXT_LIMIT_BYTES)
    left += left % 2  # or every letter of UTF-16 would be torn
    end = content[left:]
    if encoding:
        return end.decode(encoding, "replace").removeprefix("\ufeff"), left
    try:
        return end.decode("utf-8", "strict" if not left else "ignore"), left
    except UnicodeDecodeError:
        return end.decode("cp1251", "replace"), left
