"""The bundle: one zip that holds ``report.json`` first, then the files it comes with.

The same report gives the same bytes: no times, no names of this computer.
"""

from __future__ import annotations

import io
import os
import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from reporter.errors import BundleError
from reporter.report.model import SCHEMA, Report

REPORT_NAME = "report.json"
REPORT_LIMIT_BYTES = 2 * 1024 * 1024
BUNDLE_LIMIT_BYTES = 10 * 1024 * 1024
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


def pack(report_json: bytes, attachments: Mapping[str, bytes] | None = None) -> bytes:
    """The zip as bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in ((REPORT_NAME, report_json), *sorted((attachments or {}).items())):
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def write(path: Path, report_json: bytes, attachments: Mapping[str, bytes] | None = None) -> None:
    """Write the zip, whole or not at all; raises BundleError with the reason."""
    if path.exists() and not path.is_file():
        raise BundleError(f"{path} is not a file that could be replaced. Choose another name.")
    content = pack(report_json, attachments)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BundleError(
            f"The report could not be written to {path}: {error.strerror or error}. Choose another place."
        ) from None


def read(path: Path) -> Report:
    """The report in a bundle; raises BundleError where it is damaged, too large or of another version."""
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(REPORT_NAME)
            if entry.file_size > REPORT_LIMIT_BYTES:
                raise BundleError(
                    f"{path} holds a {REPORT_NAME} of {entry.file_size:,} bytes; too large to be ours."
                )
            with archive.open(entry) as file:
                raw = file.read(REPORT_LIMIT_BYTES + 1)
    except OSError as error:
        raise BundleError(f"{path} could not be read: {error.strerror or error}.") from None
    except KeyError:
        raise BundleError(f"{path} holds no {REPORT_NAME}, so it is not a report bundle.") from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise BundleError(f"{path} is not a readable zip archive ({error}).") from None
    try:
        report = msgspec.json.decode(raw, type=Report)
    except msgspec.DecodeError as error:
        raise BundleError(f"{REPORT_NAME} in {path} does not follow {SCHEMA} ({error}).") from None
    if report.schema != SCHEMA:
        raise BundleError(f"{path} has the schema {report.schema!r}; this version reads {SCHEMA!r}.")
    return report
