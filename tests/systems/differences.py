"""Differences: where two artefacts that should be the same first differ, named by the member inside."""

from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

AR_BEGIN = b"!<arch>\n"
AR_HEADER_BYTES = 60
EXCERPT_BYTES = 60


class Member(NamedTuple):
    """``about``: all that is noted of it beside its content, such as times, modes and owners."""

    about: str
    content: bytes


def difference(first: Path, second: Path) -> str:
    """Where two files or folders differ, from the outermost member to the innermost; empty where nowhere."""
    if first.is_dir() and second.is_dir():
        return _of_members(_folder(first), _folder(second))
    return _of_content(first.name, first.read_bytes(), second.read_bytes())


def _of_content(name: str, first: bytes, second: bytes) -> str:
    if first == second:
        return ""
    for knows, members in KINDS:
        if all(knows(name, content) for content in (first, second)):
            inside = _of_members(members(first), members(second))
            return inside or "the same members, packed otherwise"
    at = next((at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), -1)
    if at < 0:
        return f"{len(first)} bytes and {len(second)}, alike at the begin"
    begin = max(0, at - EXCERPT_BYTES // 2)
    excerpts = (content[begin : begin + EXCERPT_BYTES] for content in (first, second))
    return f"byte {at}: {' / '.join(repr(excerpt) for excerpt in excerpts)}"


def _of_members(first: Mapping[str, Member], second: Mapping[str, Member]) -> str:
    lonely = [name for name in (*first, *second) if (name in first) != (name in second)]
    if lonely:
        return f"{lonely[0]}: in one only"
    for name, member in first.items():
        other = second[name]
        if member.about != other.about:
            return f"{name}: {member.about} / {other.about}"
        inside = _of_content(name, member.content, other.content)
        if inside:
            return f"{name}: {inside}"
    if [*first] != [*second]:
        at, names = next((at, n) for at, n in enumerate(zip(first, second, strict=True)) if n[0] != n[1])
        return f"member {at}: {' / '.join(names)}"
    return ""


def _folder(folder: Path) -> dict[str, Member]:
    return {path.relative_to(folder).as_posix(): _entry(path) for path in sorted(folder.rglob("*"))}


def _entry(path: Path) -> Member:
    # Of loose files whoever carries them on decides about times and rights, but for what can be run.
    if path.is_symlink():
        return Member("link", os.fsencode(path.readlink()))
    if path.is_dir():
        return Member("folder", b"")
    return Member("program" if path.stat().st_mode & stat.S_IXUSR else "file", path.read_bytes())


def _zip(content: bytes) -> dict[str, Member]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {
            entry.filename: Member(
                f"{entry.date_time} {entry.external_attr >> 16:o} of system {entry.create_system}",
                packed.read(entry),
            )
            for entry in packed.infolist()
        }


def _tar(content: bytes) -> dict[str, Member]:
    with tarfile.open(fileobj=io.BytesIO(content)) as packed:
        return {
            entry.name: Member(
                f"{stat.filemode(entry.mode)} {entry.uid}:{entry.gid} {entry.uname}:{entry.gname} "
                f"at {entry.mtime} {entry.linkname}".rstrip(),
                opened.read() if (opened := packed.extractfile(entry)) and entry.isfile() else b"",
            )
            for entry in packed.getmembers()
        }


def _ar(content: bytes) -> dict[str, Member]:
    found = {}
    at = len(AR_BEGIN)
    while at + AR_HEADER_BYTES <= len(content):
        header = content[at : at + AR_HEADER_BYTES].decode("ascii", "replace")
        size = int(header[48:58])
        at += AR_HEADER_BYTES
        about = " ".join(header[16:48].split())
        found[header[:16].strip().rstrip("/")] = Member(about, content[at : at + size])
        at += size + size % 2
    return found


def _rpm(content: bytes) -> dict[str, Member]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "package.rpm")
        path.write_bytes(content)
        header = _said(path, "rpm", "--query", "--package", "--xml")
        return {"header": Member("", header), "files": Member("", _said(path, "rpm2cpio"))}


def _msi(content: bytes) -> dict[str, Member]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "package.msi")
        path.write_bytes(content)
        found = {"summary": Member("", _said(path, "msiinfo", "suminfo"))}
        for kind, how in (("tables", "export"), ("streams", "extract")):
            for name in _said(path, "msiinfo", kind).decode().split():
                found[f"{kind}/{name}"] = Member("", _said(path, "msiinfo", how, more=(name,)))
        return found


def _said(path: Path, *command: str, more: tuple[str, ...] = ()) -> bytes:
    # Beside the file: msiinfo leaves what a table carries in the current folder.
    words = (*command, path.name, *more)
    return subprocess.run(words, cwd=path.parent, capture_output=True, check=True, timeout=120).stdout


def _is_tar(name: str, content: bytes) -> bool:
    return bool(name) and tarfile.is_tarfile(io.BytesIO(content))


KINDS: tuple[tuple[Callable[[str, bytes], bool], Callable[[bytes], dict[str, Member]]], ...] = (
    (lambda name, content: content.startswith(AR_BEGIN), _ar),
    (lambda name, content: content.startswith(b"\xed\xab\xee\xdb") and bool(shutil.which("rpm2cpio")), _rpm),
    (lambda name, content: name.endswith(".msi") and bool(shutil.which("msiinfo")), _msi),
    (_is_tar, _tar),
    (lambda name, content: zipfile.is_zipfile(io.BytesIO(content)), _zip),
)
