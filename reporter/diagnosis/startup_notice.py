"""Startup notice: the file that IT writes for the startup-error service; ``probes.status`` reads it.

Everything is checked before it is written, so that no agent ever meets a notice that it cannot show.
"""

from __future__ import annotations

import codecs
import contextlib
import difflib
import os
import re
import secrets
import stat
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import msgspec

from reporter import program
from reporter.diagnosis import extension
from reporter.diagnosis.probes import http, status
from reporter.diagnosis.target import parse_target, why_bad_name
from reporter.errors import TargetError, UsageError
from reporter.texts.causes import CAUSES
from reporter.texts.safe import one_line, plain, why_unsafe_link

UNTIL_LIMIT = timedelta(days=366)
TARGETS_LIMIT = 50
QUOTE_LIMIT_CHARS = 60
MODE = 0o644  # of a new file: the web server reads it under another account
REPLACE_TRIES = 10
REPLACE_WAIT_S = 0.1

NOT_LANGUAGES = ("url",)
HOW_UNTIL = "write a time such as 14:00, a moment such as 2026-11-22T14:00+03:00, or a span such as +2h"

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_SPAN = re.compile(r"\+(?=\d)(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?", re.ASCII | re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}")


def compose(
    message: str,
    *,
    until: datetime,
    cause: str = "",
    url: str = "",
    targets: Sequence[str] = (),
    messages: Mapping[str, str] | None = None,
    urls: Mapping[str, str] | None = None,
) -> bytes:
    """The document of a notice; raises UsageError with every fault found, a sentence a line.

    ``until``: with zone, written in that zone; ``messages``, ``urls``: by language tag.
    """
    messages, urls = messages or {}, urls or {}
    faults = [why_bad_cause(cause) if cause else "", _why_bad_url(url, "")]
    faults.append(_why_bad_message(message, ""))
    faults += [why_bad_target(named) for named in targets]
    if len(targets) > TARGETS_LIMIT:
        faults.append(
            f"A notice can name {TARGETS_LIMIT} targets, not {len(targets):,}; leave them out for all."
        )
    for tag, text in messages.items():
        faults += [_why_bad_language(tag), _why_bad_message(text, tag)]
    for tag, address in urls.items():
        faults += [_why_bad_language(tag), _why_bad_url(address, tag)]
    if found := list(dict.fromkeys(filter(None, faults))):
        raise UsageError("\n".join(found))
    document: dict[str, Any] = {"userMessage": message.strip(), "until": until.isoformat(timespec="seconds")}
    optional = {"cause": cause, "url": url, "target": list(targets)}
    document |= {member: value for member, value in optional.items() if value}
    for tag in dict.fromkeys((*messages, *urls)):
        own = {"userMessage": messages.get(tag, "").strip(), "url": urls.get(tag, "")}
        document[tag] = {member: value for member, value in own.items() if value}
    written = _encoded(document)
    if len(written) >= http.BODY_LIMIT_BYTES:
        raise UsageError(
            f"The notice would have {len(written):,} bytes; agents read less than "
            f"{http.BODY_LIMIT_BYTES:,}. Shorten its messages."
        )
    return written


def nothing() -> bytes:
    """The document that says that all is well."""
    return _encoded({"userMessage": ""})


def parse_until(text: str, *, now: datetime, zone: tzinfo | None = None) -> datetime:
    """The moment that ``text`` names, with zone and whole seconds; raises UsageError.

    A bare time is the next one of the local clock, today's or tomorrow's; a date and time without a zone
    are local too; ``+2h``, ``+90m``, ``+1d12h`` count from ``now``. ``zone``: the local one where it is
    not the system's.
    """
    text = text.strip()
    now = now.astimezone(zone).replace(microsecond=0)
    quoted = f'"{one_line(text, QUOTE_LIMIT_CHARS)}"'
    try:
        until = _moment(text, now, zone)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"The end of the notice is {quoted}, which is no moment; {HOW_UNTIL}.") from None
    if until <= now:
        raise UsageError(
            f"The end of the notice, {until.isoformat(' ', 'minutes')}, is over already; {HOW_UNTIL}."
        )
    if until - now > UNTIL_LIMIT:
        raise UsageError(
            f"The end of the notice, {until.isoformat(' ', 'minutes')}, is more than a year ahead; "
            f"{HOW_UNTIL}."
        )
    return until


def save(path: Path, document: bytes) -> None:
    """Put a document into a file that is being served: whole, or not at all. Raises UsageError.

    A file that is there keeps its permissions, and is only replaced if it is a notice.
    """
    shown = one_line(str(path), 300)
    try:
        place = path.resolve()  # a link stays one
        before = place.stat() if place.exists() else None
        if before is not None:
            _refuse_strangers(place, before, shown)
        beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
        try:
            with beside.open("xb") as file:
                file.write(document)
                file.flush()
                os.fsync(file.fileno())
            beside.chmod(MODE if before is None else stat.S_IMODE(before.st_mode))
            _set_later(beside, before)
            _replace(beside, place)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
    except FileNotFoundError:
        raise UsageError(
            f"{shown} cannot be written: its folder is not there. Create it, or correct it."
        ) from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "this is not the path of a file"
        raise UsageError(
            f"{shown} cannot be written ({reason}); correct the path or its permissions."
        ) from None


def why_bad_cause(cause: str) -> str:
    """Why a notice cannot explain ``cause``; empty where it can."""
    added = {c.cause for c in extension.installed().causes}
    names = {*CAUSES, *added} - {"ok"}
    names |= {name.partition(".")[0] for name in names}
    if cause in names:
        return ""
    close = difflib.get_close_matches(cause.lower(), sorted(names), n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return (
        f'There is no cause or layer "{one_line(cause, QUOTE_LIMIT_CHARS)}"{hint}; '
        "name one such as tcp or tcp.refused, or leave it out for every fault of reaching the server."
    )


def why_bad_target(named: str) -> str:
    """Why no login can be about ``named``; empty where one can."""
    try:
        parse_target(named)
    except TargetError as error:
        name = named.strip().lower()
        if name and not set(name) & set(":/?#@\\ ") and not why_bad_name(name):
            return ""
        return str(error)
    return ""


def _moment(text: str, now: datetime, zone: tzinfo | None) -> datetime:
    """Raises ValueError, OverflowError or OSError for what is no moment, or none of the calendar."""
    if found := _SPAN.fullmatch(text):
        days, hours, minutes = (int(number or 0) for number in found.groups())
        return (now.astimezone(UTC) + timedelta(days=days, hours=hours, minutes=minutes)).astimezone(zone)
    if found := _CLOCK.fullmatch(text):
        naive = now.replace(tzinfo=None, hour=int(found[1]), minute=int(found[2]), second=0)
        today = _local(naive, zone)
        return today if today > now else _local(naive + timedelta(days=1), zone)
    if len(text) < len("2026-11-22T14:00"):  # a day alone leaves open which end of it is meant
        raise ValueError(text)
    read = datetime.fromisoformat(text).replace(microsecond=0)
    return _local(read, zone) if read.tzinfo is None else read


def _local(naive: datetime, zone: tzinfo | None) -> datetime:
    """A time of the local clock; of one that comes twice the later.

    Raises UsageError for one that never comes.
    """
    later = naive.replace(fold=1)
    aware = later.astimezone() if zone is None else later.replace(tzinfo=zone)
    if aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != naive:
        raise UsageError(
            f"The end of the notice, {naive:%Y-%m-%d %H:%M}, never comes: the clocks are put forward "
            "then. Name a time after it."
        )
    # a fixed offset, so that the moment is written as it is meant
    return aware if zone is None else aware.astimezone(UTC).astimezone(zone)


def _encoded(document: Mapping[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _of(tag: str) -> str:
    return f" ({one_line(tag, 30)})" if tag else ""


def _why_bad_message(message: str, tag: str) -> str:
    if not message.strip():
        how = f"give one, or end the notice with `{program.command()} notice clear`"
        return f"The message{_of(tag)} is empty; {how}."
    if len(message.strip()) > status.MESSAGE_LIMIT_CHARS:
        return (
            f"The message{_of(tag)} has {len(message.strip()):,} characters; "
            f"at most {status.MESSAGE_LIMIT_CHARS:,} are shown. Shorten it."
        )
    if plain(message, len(message)) != message.replace("\r\n", "\n").replace("\r", "\n"):
        return f"The message{_of(tag)} holds control characters, which are not shown; leave them out."
    return ""


def _why_bad_url(url: str, tag: str) -> str:
    reason = why_unsafe_link(url) if url else None
    return f"The link{_of(tag)} cannot be used, because {reason}; give a web address." if reason else ""


def _why_bad_language(tag: str) -> str:
    if _LANGUAGE.fullmatch(tag) and tag.lower() not in NOT_LANGUAGES:
        return ""
    return f'"{one_line(tag, 30)}" is not a language; write a tag such as en, ru or uk.'


def _refuse_strangers(place: Path, before: os.stat_result, shown: str) -> None:
    """Raise UsageError for what is there and no notice: a slip of the pen must not cost a file."""
    if stat.S_ISDIR(before.st_mode):
        raise UsageError(f"{shown} is a folder; name a file in it, for example {shown}/notice.json.")
    if not stat.S_ISREG(before.st_mode):
        raise UsageError(f"{shown} is not a regular file; name another.")
    if before.st_size == 0:
        return
    document: object = None
    if before.st_size <= http.BODY_LIMIT_BYTES:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            document = msgspec.json.decode(place.read_bytes().removeprefix(codecs.BOM_UTF8))
    if not isinstance(document, dict) or "userMessage" not in document:
        raise UsageError(f"{shown} is there and is not a notice; name another file, or remove it first.")


def _set_later(beside: Path, before: os.stat_result | None) -> None:
    """Give the new file a later second than the old one: web servers make ETags of seconds and sizes."""
    if before is not None and beside.stat().st_mtime < int(before.st_mtime) + 1:
        later = int(before.st_mtime) + 1
        os.utime(beside, (later, later))


def _replace(beside: Path, place: Path) -> None:
    for left in range(REPLACE_TRIES - 1, -1, -1):
        try:
            beside.replace(place)
        except PermissionError:
            # on Windows for as long as the web server is reading the old one
            if os.name != "nt" or left == 0:
                raise
            time.sleep(REPLACE_WAIT_S)
        else:
            return
