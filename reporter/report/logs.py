"""Logs: the last kilobytes of the files that the administrator named, as text.

A setting names files, or patterns of which the newest count. Where a log was begun anew a moment ago, the end
of the one before it comes too. What is taken is the end of a regular file that really lies where the setting
says, or, through a link, in the same folder; a log of any size costs the same. Whatever is not taken is told
with the reason. Nothing is scrubbed here: that is done, and counted, where the report is built.
"""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import BinaryIO

import msgspec

from reporter.report.encoding import decoded
from reporter.report.model import Dropped
from reporter.texts import N_
from reporter.texts.safe import plain

FILE_LIMIT_BYTES = 256 * 1024
FILES_LIMIT_ITEMS = 8
TOTAL_LIMIT_BYTES = 1024 * 1024
UNPACKED_LIMIT_BYTES = 64 * 1024 * 1024
MATCHES_LIMIT_ITEMS = 2_000
DROPPED_LIMIT_ITEMS = 30
"""Of so many files it is told why they were not taken."""
NEARLY_EMPTY_BYTES = 16 * 1024
"""Below this size a log was just begun, and the story stands in the one before."""

NOT_THERE = N_("It is not there.")
NO_PERMISSION = N_("It may not be read.")
NOT_A_FILE = N_("It is not a regular file.")
LEADS_OUT = N_("It is a link that leads out of its folder.")
UNREADABLE = N_("It could not be read.")
EMPTY = N_("It is empty.")
BINARY = N_("It holds no text.")
LONG_LINE = N_("Its last line is too long.")
DAMAGED = N_("It is packed, and damaged.")
PACKED_TOO_LARGE = N_("It is packed, and unpacks to too much.")
MORE_PASSED_OVER = N_("More files could not be taken; they are not listed.")
ENOUGH = N_("There are more logs than a report holds; the newest were taken.")

_GZIP = b"\x1f\x8b"
_BLOCK_BYTES = 64 * 1024
_NUL_RUN = re.compile("\0{16,}")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROL = re.compile("[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_KEY_MARK = re.compile(r"-----(BEGIN|END) [A-Z ]{0,40}PRIVATE KEY[^\n]*\n?")
_DATE = r"\d{4}[-_.]?\d\d[-_.]?\d\d(?:[-_.T]?\d{2,6})?"
_ROTATED_ENDING = re.compile(rf"[._-](?:\d{{1,4}}|{_DATE}|old|bak|prev)$", re.IGNORECASE)
_ROTATED_STEM = re.compile(rf"(?:[._-]{_DATE}|\.\d{{1,4}}|[._-](?:old|prev))$", re.IGNORECASE)


class LogTail(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one log. ``name``: of the file, without its folder; ``text``: not scrubbed yet;
    ``size_bytes``: of the whole file; ``modified_s``: since the epoch; ``is_cut``: there is more before."""

    name: str
    text: str
    encoding: str
    size_bytes: int
    modified_s: float
    is_cut: bool


class NotTaken(Exception):
    """A log that is not taken; the message is the reason, one of the sentences above."""


def collect(
    patterns: Sequence[str],
    *,
    file_limit_bytes: int = FILE_LIMIT_BYTES,
    files_limit: int = FILES_LIMIT_ITEMS,
    total_limit_bytes: int = TOTAL_LIMIT_BYTES,
) -> tuple[list[LogTail], list[Dropped]]:
    """The ends of the logs, in turn the newest of every pattern, and what was not taken and why.

    ``patterns``: complete paths as the setting ``attach_logs`` holds them; ``~`` is the home folder, the last
    parts may hold ``*``, ``?`` and ``[…]``.
    """
    tails: list[LogTail] = []
    dropped: list[Dropped] = []
    seen: set[str] = set()
    left_bytes = total_limit_bytes
    has_more = False
    for path, trusted in _in_turn(patterns, dropped):
        for candidate in (path, None):
            try:
                real = _real(path, trusted) if candidate else _before(_real(path, trusted))
            except NotTaken as reason:
                dropped.append(_dropped(path, str(reason)))
                break
            if real is None or real in seen:
                break
            if len(tails) >= files_limit or left_bytes <= 0:
                has_more = True
                break
            seen.add(real)
            try:
                tails.append(tail(Path(real), min(file_limit_bytes, left_bytes)))
            except NotTaken as reason:
                dropped.append(_dropped(real, str(reason)))
                if str(reason) != EMPTY:
                    break
                continue
            left_bytes -= len(tails[-1].text.encode())
            if tails[-1].size_bytes >= min(NEARLY_EMPTY_BYTES, file_limit_bytes):
                break
    if len(dropped) > DROPPED_LIMIT_ITEMS:
        dropped[DROPPED_LIMIT_ITEMS:] = [Dropped(what="logs", reason=MORE_PASSED_OVER)]
    if has_more:
        dropped.append(Dropped(what="logs", reason=ENOUGH))
    return tails, dropped


def tail(path: Path, limit_bytes: int = FILE_LIMIT_BYTES) -> LogTail:
    """The end of a file, from a whole line on; raises NotTaken.

    Never waits for a pipe or a device, and follows no link.
    """
    with _opened(path) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise NotTaken(NOT_A_FILE)
        try:
            head = file.read(4)
            if head.startswith(_GZIP):
                file.seek(0)
                head, raw, is_cut = _unpacked_end(file, limit_bytes)
            else:
                start = max(0, status.st_size - limit_bytes + 1) // 2 * 2  # both bytes of a UTF-16 letter
                file.seek(start)
                raw, is_cut = file.read(min(limit_bytes, status.st_size - start)), start > 0
        except OSError:
            raise NotTaken(UNREADABLE) from None
    text, encoding = _text(raw, head, is_cut=is_cut)
    written = text.encode()
    if len(written) > limit_bytes:  # letters of one byte there are two here
        is_cut = True
        text = _from_whole_line(written[-limit_bytes:].decode("utf-8", "ignore"))
        if not text.strip():
            raise NotTaken(LONG_LINE)
    return LogTail(
        name=path.name,
        text=text,
        encoding=encoding,
        size_bytes=status.st_size,
        modified_s=status.st_mtime,
        is_cut=is_cut,
    )


def _opened(path: Path) -> BinaryIO:
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)  # each system has some of them
    try:
        return os.fdopen(os.open(path, flags), "rb")
    except (FileNotFoundError, NotADirectoryError):
        raise NotTaken(NOT_THERE) from None
    except IsADirectoryError:
        raise NotTaken(NOT_A_FILE) from None
    except PermissionError:
        raise NotTaken(NOT_A_FILE if path.is_dir() else NO_PERMISSION) from None
    except (OSError, ValueError) as error:
        is_device = getattr(error, "errno", 0) in (errno.ENXIO, errno.ENODEV)
        raise NotTaken(NOT_A_FILE if is_device else UNREADABLE) from None


def _unpacked_end(file: BinaryIO, limit_bytes: int) -> tuple[bytes, bytes, bool]:
    """The first bytes of what gzip packed, the last of them, and whether there is more between."""
    import gzip

    head, end, size = b"", bytearray(), 0
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            while block := unpacked.read(_BLOCK_BYTES):
                head = head or block[:4]
                size += len(block)
                if size > UNPACKED_LIMIT_BYTES:
                    raise NotTaken(PACKED_TOO_LARGE)
                end += block
                del end[: max(0, len(end) - limit_bytes) // 2 * 2]
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise NotTaken(DAMAGED) from None
    return head, bytes(end), size > len(end)


def _text(raw: bytes, head: bytes, *, is_cut: bool) -> tuple[str, str]:
    text, encoding = decoded(raw, head)
    # Room that was reserved and never written, and the colours of a terminal.
    text = _ANSI.sub("", _NUL_RUN.sub("", text).strip("\0"))
    if len(_CONTROL.findall(text)) * 50 > len(text):
        raise NotTaken(BINARY)
    text = plain(text, len(text))
    if is_cut:
        text = _from_whole_line(text)
        if not text.strip():
            raise NotTaken(LONG_LINE)
    elif not text.strip():
        raise NotTaken(BINARY if raw else EMPTY)
    return text, encoding


def _from_whole_line(text: str) -> str:
    """Without the line that was cut, which may be half of a secret, and without half of a private key."""
    text = text.partition("\n")[2]
    mark = _KEY_MARK.search(text)
    return text[mark.end() :] if mark and mark[1] == "END" else text


def _in_turn(patterns: Sequence[str], dropped: list[Dropped]) -> Iterator[tuple[str, str]]:
    """The files that the patterns name and the folder each has to stay in: the newest of every one first."""
    found = []
    for pattern in dict.fromkeys(patterns):
        expanded = os.path.expanduser(pattern)  # noqa: PTH111 - leaves a name without a home as it is
        paths, trusted = _matching(expanded)
        if not paths:
            dropped.append(_dropped(expanded, NOT_THERE))
        found.append([(path, trusted) for path in paths])
    for turn in zip_longest(*found):
        yield from (match for match in turn if match is not None)


def _matching(pattern: str) -> tuple[list[str], str]:
    """The files of a pattern, newest first, and the folder before its first wildcard."""
    path = Path(pattern)
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        return [pattern], str(path.parent)
    trusted = next(folder for folder in path.parents if not glob.has_magic(str(folder)))
    # A folder that a pattern happens to match was not meant.
    matches = islice(glob.iglob(pattern), MATCHES_LIMIT_ITEMS)  # noqa: PTH207 - of a complete path
    found = [one for one in matches if not Path(one).is_dir()]
    return sorted(found, key=lambda one: (-_modified_s(one), one)), str(trusted)


def _modified_s(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0


def _real(path: str, trusted: str) -> str:
    """Where a file really lies; raises NotTaken where that is not the folder that was named.

    The folders of the setting are the administrator's, so links in them count; those below may be anybody's.
    """
    try:
        real = os.path.realpath(path)
        below = os.path.relpath(Path(path).parent, trusted)
        folder = os.path.normpath(Path(os.path.realpath(trusted), below))
    except (OSError, ValueError):
        raise NotTaken(UNREADABLE) from None
    if os.path.normcase(Path(real).parent) != os.path.normcase(folder):
        raise NotTaken(LEADS_OUT)
    return real


def _before(real: str) -> str | None:
    """The log of the same program, in the same folder, that was written last before this one."""
    path = Path(real)
    own_s, family = _modified_s(real), _family(path.name)
    older: list[tuple[float, str]] = []
    try:
        with os.scandir(path.parent) as entries:
            for entry in islice(entries, MATCHES_LIMIT_ITEMS):
                if (
                    entry.name != path.name
                    and _family(entry.name) == family
                    and entry.is_file(follow_symlinks=False)
                ):
                    modified_s = entry.stat().st_mtime
                    if modified_s <= own_s:
                        older.append((modified_s, entry.path))
    except OSError:
        return None
    return max(older)[1] if older else None


def _family(name: str) -> str:
    """What rotation leaves of a name: ``app.log`` of ``app.log.1``, ``app-2026-11-21.log``."""
    name = name.removesuffix(".gz")
    name = _ROTATED_ENDING.sub("", name)
    stem, dot, ending = name.rpartition(".")
    return f"{_ROTATED_STEM.sub('', stem)}{dot}{ending}" if stem else name


def _dropped(path: str, reason: str) -> Dropped:
    return Dropped(what=f"logs/{Path(path).name}", reason=reason)
