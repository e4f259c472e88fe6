"""Readable: names and values of a report as support wants to read them; pure.

``total_bytes: 16656764928`` becomes ``Total: 15.5 GiB``. Nothing here knows which names there are, so
members that later agents add are shown without change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from reporter.texts.safe import one_line

NESTING_LIMIT_LEVELS = 8
LIST_LIMIT_ITEMS = 200
NUMBER_LIMIT = 10**18
COMPACT_LIMIT_CHARS = 500

_ACRONYMS = {
    name.lower(): name
    for name in (
        "API", "CPU", "DNS", "DPI", "GPU", "HTTP", "HTTPS", "ID", "IP", "IPv4", "IPv6", "IT", "LDAP", "MAC",
        "MTU", "OS", "PAC", "PID", "RAM", "SHA-256", "SQL", "TCP", "TLS", "UDP", "URL", "UTC", "VPN", "X11",
    )
} | {"sha256": "SHA-256", "errno": "errno", "gai": "getaddrinfo", "macos": "macOS"}  # fmt: skip
_BINARY_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_UNITS = ("bytes", "kib", "mib", "gib", "s", "seconds", "minutes", "ms", "percent", "mhz", "mbit", "mbps")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")

OWNERS = {"user": "The person", "it": "Local IT", "server": "Server team", "network": "Network team"}
CONFIDENCES = {
    "certain": "Measured and unmistakable",
    "likely": "Likely; a neighbouring cause looks the same",
    "possible": "Possible; only hints",
}
RETRIES = {
    "automatic": "By itself, with a countdown",
    "at": "By itself, at the time the server named",
    "after_fix": "When it has been mended",
    "by_hand": "Only by hand: repeated tries could lock the account",
}


def label(name: str) -> str:
    """``total_bytes`` → ``Total``, ``os_version`` → ``OS version``, ``not_after`` → ``Not after``."""
    words = re.split(r"[_.\s]+", name.strip())
    if len(words) > 1 and words[-1] in _UNITS:
        words.pop()
    words = [_ACRONYMS.get(word.lower(), word) for word in words if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:] if words and words[0] not in _ACRONYMS.values() else text


def value(name: str, found: Any) -> str:
    """A scalar with the unit that stands at the end of its name."""
    if found is None:
        return "not known"
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, int | float):
        return _number(name, found)
    if not isinstance(found, str):
        return _compact(found)
    text = found
    if _TIME.match(text):
        moment = parse_time(text)
        return full_time(moment) if moment else text
    return text


def rows(document: dict[str, Any], prefix: str = "", level: int = 0) -> Iterator[tuple[str, list[str]]]:
    """The label and the lines of every member, nested ones as ``Outer · Inner``.

    Empty members are left out; an object that brings its own ``display`` is shown as that.
    """
    for name, found in document.items():
        title = f"{prefix} · {label(name)}" if prefix else label(name)
        if found in (None, "", [], {}):
            continue
        if isinstance(found, dict) and isinstance(found.get("display"), str):
            yield title, [found["display"]]
        elif isinstance(found, dict) and level < NESTING_LIMIT_LEVELS:
            yield from rows(found, title, level + 1)
        elif isinstance(found, list):
            yield title, _lines(name, found)
        else:
            yield title, [value(name, found)]


def _lines(name: str, items: list[Any]) -> list[str]:
    lines = [
        _record(item) if isinstance(item, dict) else value(name, item) for item in items[:LIST_LIMIT_ITEMS]
    ]
    left = len(items) - LIST_LIMIT_ITEMS
    return [*lines, f"… and {left:,} more"] if left > 0 else lines


def _record(members: dict[str, Any]) -> str:
    """``10.0.0.1 · connected · elapsed 3 ms``: texts speak for themselves, numbers do not."""
    words = []
    for name, found in members.items():
        if isinstance(found, bool):
            words.append(f"{_inside(label(name))}: {value(name, found)}")
        elif isinstance(found, int | float):
            words.append(f"{_inside(label(name))} {value(name, found)}")
        elif found not in (None, ""):
            words.append(value(name, found))
    return " · ".join(words)


def _compact(found: Any) -> str:
    """JSON on one line, for what is nested too deep to be laid out."""
    try:
        return one_line(msgspec.json.encode(found).decode(), COMPACT_LIMIT_CHARS)
    except RecursionError:
        return "…"


def _inside(title: str) -> str:
    """A label in the middle of a line: without its capital, unless that belongs to an abbreviation."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def _number(name: str, found: float) -> str:
    if not abs(found) < NUMBER_LIMIT:  # so written, it also catches NaN
        return str(found)
    match name.rsplit("_", 1)[-1]:
        case "bytes":
            return size(found)
        case "s" | "seconds":
            return duration(found)
        case "minutes":
            return duration(found * 60)
        case "ms":
            return f"{found:,.0f} ms" if found < 10_000 else duration(found / 1000)
        case "percent":
            return f"{found:g} %"
        case "mhz":
            return f"{found / 1000:.2f} GHz" if found >= 1000 else f"{found:g} MHz"
        case "mbit" | "mbps":
            return f"{found:g} Mbit/s"
        case "kib":
            return size(found * 1024)
        case "mib":
            return size(found * 1024**2)
        case "gib":
            return size(found * 1024**3)
    return str(found)


def size(count: float) -> str:
    """A number of bytes in the binary unit that keeps it short."""
    amount = float(count)
    for unit in _BINARY_UNITS[:-1]:
        if abs(amount) < 1024:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.3g} {unit}"
        amount /= 1024
    return f"{amount:,.4g} {_BINARY_UNITS[-1]}"


def duration(seconds: float) -> str:
    """The two largest units: ``3 d 4 h``, ``2 min 5 s``, ``1.5 s``."""
    if abs(seconds) < 60:
        return f"{seconds:.3g} s"
    sign, left = ("−", -seconds) if seconds < 0 else ("", seconds)
    parts = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        amount, left = divmod(left, length)
        if amount:
            parts.append(f"{amount:,.0f} {unit}")
    return sign + " ".join(parts[:2])


def parse_time(text: str) -> datetime | None:
    """An RFC 3339 time in the zone of this computer; None when it is not one."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def full_time(moment: datetime) -> str:
    """``Sun 22 Nov 2026, 09:00:41 UTC+3``, in the moment's own zone."""
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M:%S} {moment.tzname() or ''}".strip()


def day(moment: date, today: date) -> str:
    """``Today``, ``Yesterday`` or ``Friday 20 November 2026``."""
    if moment == today:
        return "Today"
    if moment == today - timedelta(days=1):
        return "Yesterday"
    return f"{moment:%A} {moment.day} {moment:%B %Y}"
