"""Scrubbing: the second net, after collecting by allow-list.

Every text of a report passes here; what is taken out is replaced by a word in angle brackets and
counted, and the counts travel in the report as its receipt.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from reporter.report.model import Scrubbed

_NAMES = (
    r"(?:[\w.-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?(?:key|code)|auth[_-]?key|"
    r"client[_-]?secret|private[_-]?key|credential|session[_-]?(?:id|key)|cookie|пароль|токен|секрет)[\w-]*)"
)

# In this order: whole blocks first, so that their parts are not counted again.
_PATTERNS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    (
        "private key",
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.{0,20000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
            re.DOTALL,
        ),
        "<private key>",
    ),
    (
        "authorization",
        re.compile(
            r"(?i)\b((?:proxy-)?authorization\s*[:=]\s*[\"']?(?:(?:basic|bearer|negotiate|digest|ntlm|token)\s+)?)[^\s\"',;<>]{2,}"
        ),
        r"\1<credentials>",
    ),
    ("bearer token", re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}"), r"\1<token>"),
    ("cookie", re.compile(r"(?i)\b((?:set-)?cookie\s*:\s*)[^\r\n]{2,}"), r"\1<cookie>"),
    ("token", re.compile(r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?"), "<token>"),
    ("address credentials", re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://)[^\s/@\"'<>]{1,512}@"), r"\1"),
    (
        "address query",
        re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://[^\s?#\"'<>]{1,2048})[?#][^\s\"'<>)\]]+"),
        r"\1",
    ),
    (
        "secret",
        re.compile(
            rf"(?i)([\"']?\b{_NAMES}[\"']?\s*(?:=>|[:=])\s*)"
            r"(?:\"(?:[^\"\\\n]|\\.){1,4096}\"|'(?:[^'\\\n]|\\.){1,4096}'|(?!<)[^\s\"',;&<>]{1,4096})"
        ),
        r"\1<secret>",
    ),
    ("secret", re.compile(rf"(?i)(?<!\w)(--?{_NAMES}\s+)(?!-|<)[^\s\"'<>]+"), r"\1<secret>"),
    ("home directory", re.compile(r"(/home/|/Users/)(?!<)[^/\s\"'<>:]{1,64}"), r"\1<user>"),
    (
        "home directory",
        re.compile(
            r"(?i)\b([A-Z]:[\\/]{1,2}(?:Users|Documents and Settings)[\\/]{1,2})(?!<)[^\\/\r\n\"'<>:]{1,64}"
        ),
        r"\1<user>",
    ),
)


def text(value: str) -> tuple[str, Counter[str]]:
    """``value`` without secrets, and how many of each kind were taken out; doing it twice changes nothing."""
    found: Counter[str] = Counter()
    for kind, pattern, replacement in _PATTERNS:
        scrubbed, count = pattern.subn(replacement, value)
        if scrubbed != value:
            found[kind] += count
            value = scrubbed
    return value, found


def document(value: Any, *, keep: Callable[[tuple[str, ...]], bool]) -> tuple[Any, list[Scrubbed]]:
    """A JSON-like document with every text scrubbed, and the receipt, a line a kind and top-level place.

    ``keep`` tells of a path (the names of the members) that it stays as it is.
    """
    found: Counter[tuple[str, str]] = Counter()

    def walk(part: Any, path: tuple[str, ...]) -> Any:
        if isinstance(part, str):
            if keep(path):
                return part
            clean, kinds = text(part)
            for kind, count in kinds.items():
                found[kind, ".".join(path[:2])] += count
            return clean
        if isinstance(part, dict):
            return {name: walk(member, (*path, str(name))) for name, member in part.items()}
        if isinstance(part, list):
            return [walk(member, path) for member in part]
        return part

    clean = walk(value, ())
    receipt = [
        Scrubbed(kind=kind, where=where, count=count) for (kind, where), count in sorted(found.items())
    ]
    return clean, receipt
