"""Encoding: the text in bytes whose encoding nobody names, as in logs.

UTF-16 shows itself by its zero bytes, UTF-8 by its strict form. What is left are the single-byte encodings of
Windows and DOS, told apart by how plausible their words are; they are looked for in those lines only that are
not UTF-8, because many programs mix both in one file. General detectors judge a text as a whole: where few
lines of a log are not ASCII, which is the usual case, they are often mistaken.
"""

from __future__ import annotations

import codecs
import re

LEGACY = ("cp1251", "cp866", "cp1125", "koi8-u", "cp1252")
"""Where two are equally plausible, the first of them is taken."""
SAMPLE_LIMIT_BYTES = 16 * 1024

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC = re.compile("[\u0400-\u04ff]+")
_COMMON, _RARE = frozenset("оеаинтсрвлкі"), frozenset("цщэфъюєўґѓќѕљњћџјђ")
_ALONE = frozenset("авикосуяіїйзж")  # prepositions and the like
_TYPOGRAPHIC = frozenset("\u00a0«»„“”‘’–—…№§°")


def decoded(raw: bytes, head: bytes = b"") -> tuple[str, str]:
    """The text of ``raw`` and the name of its encoding; never raises.

    ``raw`` begins at an even place of its file, ``head`` holds the first bytes of the file.
    """
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            start = len(bom) if raw.startswith(bom) else 0
            if encoding != "utf-8":
                return raw[start:].decode(encoding, "replace"), encoding
            raw = raw[start:]
    wide = _wide(raw)
    if wide:
        return raw.decode(wide, "replace"), wide
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _mixed(raw)


def _wide(raw: bytes) -> str:
    """The kind of UTF-16 without a mark at its beginning; empty where it is none."""
    begin = len(raw) - len(raw.lstrip(b"\0"))
    sample = raw[begin // 2 * 2 :][:4096].rstrip(b"\0")
    if len(sample) < 2:
        return ""
    high_bytes = b"\0\x04"  # of Latin and of Cyrillic letters
    first, second = (sum(byte in high_bytes for byte in sample[at::2]) * 2 / len(sample) for at in (0, 1))
    if second > 0.8 and first < 0.3 and b"\0" in sample:
        return "utf-16-le"
    if first > 0.8 and second < 0.3:
        return "utf-16-be"
    return ""


def _mixed(raw: bytes) -> tuple[str, str]:
    lines = raw.splitlines(keepends=True)
    texts: list[str | None] = []
    for line in lines:
        try:
            texts.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            texts.append(None)
    others = b"".join(line for line, text in zip(lines, texts, strict=True) if text is None)
    best = max(LEGACY, key=lambda encoding: plausibility(_read(others[:SAMPLE_LIMIT_BYTES], encoding)))
    whole = "".join(
        _read(line, best) if text is None else text for line, text in zip(lines, texts, strict=True)
    )
    is_mixed = any(text is not None and not text.isascii() for text in texts)
    return whole, f"utf-8 and {best}" if is_mixed else best


def _read(raw: bytes, encoding: str) -> str:
    return raw.decode(encoding, "replace")


def plausibility(text: str) -> int:
    """How much ``text`` looks like words of Russian, Ukrainian or a western language, as points."""
    points = 0
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        cyrillic = sum(len(run) for run in _CYRILLIC.findall(word))
        foreign = sum(not letter.isascii() for letter in word)
        if cyrillic == len(word):
            points += _cyrillic(word)
        elif cyrillic:
            points -= 2 * foreign
        else:
            points += 2 * foreign if foreign * 2 <= len(word) else -2 * foreign
    for sign in text:
        if not sign.isascii() and not sign.isalpha() and sign not in _TYPOGRAPHIC:
            points -= 4 if sign == "\ufffd" or "\x80" <= sign < "\xa0" else 1
    return points


def _cyrillic(word: str) -> int:
    small = word.lower()
    if len(word) == 1:
        return 1 if small in _ALONE else -1
    if not (word.isupper() or word[1:].islower()):
        return -2 * len(word)
    return sum(3 if letter in _COMMON else -2 if letter in _RARE else 0 for letter in small) + len(word)
