"""The bundle: one zip that holds ``report.json`` first, then the files it comes with.

The same bundle gives the same bytes: no times, no names of this computer. A zip that comes from elsewhere is
taken only when it is exactly what this module writes: every file is described in ``report.json`` and nothing
else is there, so that nothing has to be unpacked to find out.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from reporter.errors import BundleError
from reporter.files import write_whole
from reporter.report import upgrade
from reporter.report.model import Attachment, Bundle, Report
from reporter.texts.safe import one_line

REPORT_NAME = "report.json"
REPORT_LIMIT_BYTES = 2 * 1024 * 1024
BUNDLE_LIMIT_BYTES = 10 * 1024 * 1024
FILES_LIMIT_ITEMS = 20
WRAPPING_BYTES = 64 * 1024
"""What the zip, or the form in which the files are posted, may add to them."""
NAME_LIMIT_CHARS = 100
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_END_OF_DIRECTORY = struct.Struct("<4s4H2LH")
_UNWRITABLE = re.compile(r'[<>:"/\\|?*\s]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_ENTRY = re.compile(r'(?:[^<>:"/\\|?*\s.][^<>:"/\\|?*\s]*/)?[^<>:"/\\|?*\s.][^<>:"/\\|?*\s]*')


class Travelling(Protocol):
    """What can be packed: a Bundle, or an envelope of the spool."""

    @property
    def report_json(self) -> bytes:
        """The exact bytes of ``report.json``."""

    @property
    def attachments(self) -> Sequence[Attachment]:
        """The files that go with it."""


def pack(bundle: Travelling) -> bytes:
    """The zip as bytes."""
    buffer = io.BytesIO()
    files = [(REPORT_NAME, bundle.report_json), *((file.name, file.content) for file in bundle.attachments)]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # the same on every system
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def write(path: Path, bundle: Travelling) -> None:
    """Write the zip, whole or not at all; raises BundleError with the reason."""
    if path.exists() and not path.is_file():
        raise BundleError(f"{path} is not a file that could be replaced. Choose another name.")
    content = pack(bundle)
    try:
        write_whole(path, content)
    except OSError as error:
        raise BundleError(
            f"The report could not be written to {path}: {error.strerror or error}. Choose another place."
        ) from None


def read(path: Path) -> Bundle:
    """The bundle in a file; raises BundleError where it is damaged, too large, of another version, not ours.

    Bundles of older versions are read, their report in today's form; ``report_json`` is as it stands there.
    """
    try:
        if path.exists() and not path.is_file():
            raise BundleError(f"{path} could not be read: it is not a file.")
        with path.open("rb") as file:
            packed = file.read(BUNDLE_LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} could not be read: {getattr(error, 'strerror', None) or error}.") from None
    if len(packed) > BUNDLE_LIMIT_BYTES:
        raise BundleError(f"{path} is larger than {BUNDLE_LIMIT_BYTES:,} bytes; too large to be ours.")
    try:
        _check_directory(packed)
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            files = _unpacked(archive)
    except _NotOurs as reason:
        raise BundleError(f"{path} {reason}.") from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise BundleError(f"{path} is not a readable zip archive ({error}).") from None
    raw = files.pop(REPORT_NAME, None)
    if raw is None:
        raise BundleError(f"{path} holds no {REPORT_NAME}, so it is not a report bundle.")
    report = upgrade.read(raw, where=f"{REPORT_NAME} in {path}")
    try:
        return Bundle(report=report, report_json=raw, attachments=_described(report, files))
    except _NotOurs as reason:
        raise BundleError(f"{path} {reason}.") from None


def entry_name(name: str) -> str:
    """A name for a file in the zip that every system can write, without folders."""
    safe = _UNWRITABLE.sub("_", one_line(name, 4 * NAME_LIMIT_CHARS)).strip("._ ")
    if len(safe) > NAME_LIMIT_CHARS:
        safe = f"{safe[: NAME_LIMIT_CHARS - 10]}…{safe[-9:]}"
    return f"_{safe}" if not safe or _RESERVED.match(safe) or safe.casefold() == REPORT_NAME else safe


class _NotOurs(Exception):
    """Why a zip is none of ours; continues a sentence that begins with its name."""


def _check_directory(packed: bytes) -> None:
    """Look at the size of the directory before it is read: it may list more files than memory holds."""
    size = _END_OF_DIRECTORY.size
    end = packed[-size:]
    if len(end) < size or not end.startswith(b"PK\x05\x06"):
        raise _NotOurs("is not a readable zip archive (its directory is not at its end)")
    _, _, _, _, count, directory_bytes, _, _ = _END_OF_DIRECTORY.unpack(end)
    if count > FILES_LIMIT_ITEMS + 1 or directory_bytes > WRAPPING_BYTES:
        raise _NotOurs(f"holds {count:,} files; too many to be ours")


def _unpacked(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    if REPORT_NAME in archive.namelist() and archive.getinfo(REPORT_NAME).file_size > REPORT_LIMIT_BYTES:
        size_bytes = archive.getinfo(REPORT_NAME).file_size
        raise _NotOurs(f"holds a {REPORT_NAME} of {size_bytes:,} bytes; too large to be ours")
    if sum(entry.file_size for entry in entries) > BUNDLE_LIMIT_BYTES:
        raise _NotOurs("unpacks to too much to be ours")
    files: dict[str, bytes] = {}
    for entry in entries:
        if not _ENTRY.fullmatch(entry.filename) or entry.filename in files:
            raise _NotOurs(
                f"holds a file with the name {one_line(entry.filename, 60)!r}, which is none of ours"
            )
        if entry.compress_type not in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
            raise _NotOurs("is packed in a way that is not ours")
        with archive.open(entry) as file:
            files[entry.filename] = file.read(entry.file_size)
            if len(files[entry.filename]) != entry.file_size or file.read(1):
                raise _NotOurs("is damaged: the size of a file is not what was said")
    return files


def _described(report: Report, files: dict[str, bytes]) -> list[Attachment]:
    """The files as the report describes them."""
    found = []
    for enclosure in report.attachments:
        content = files.pop(enclosure.name, None)
        if content is None or hashlib.sha256(content).hexdigest() != enclosure.sha256:
            raise _NotOurs(f"is damaged: {one_line(enclosure.name, 60)!r} is not as the report describes it")
        found.append(Attachment(name=enclosure.name, content_type=enclosure.content_type, content=content))
    if files:
        raise _NotOurs(f"holds {one_line(next(iter(files)), 60)!r}, of which its report says nothing")
    return found
