"""Tree: the payload as Windows Installer is told it: folders, files, their short names and their versions."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import msgspec

from release.errors import PackagingError

FILES_LIMIT = 10_000
PATH_LIMIT_CHARS = 180
"""Of a path inside the payload: with the folder in front it has to stay below the 260 of Windows."""
ROOT_FOLDER = "INSTALLDIR"

_SHORT = re.compile(r"[A-Za-z0-9_-]{1,8}(\.[A-Za-z0-9_-]{1,3})?")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[. ]$')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Folder(msgspec.Struct, frozen=True):
    """``parent``: the id of the folder above; ``name``: ``short|long`` where it has to be."""

    id: str
    parent: str
    name: str


class File(msgspec.Struct, frozen=True):
    """``path``: inside the payload, with ``/``; ``name``: ``short|long`` where it has to be; ``version``: of
    a program or library that has one, four numbers.
    """

    id: str
    folder: str
    name: str
    path: str
    source: Path
    size: int
    version: str


class Tree(msgspec.Struct, frozen=True):
    """Everything of a payload, in the order of its paths."""

    folders: list[Folder]
    files: list[File]

    def file(self, path: str) -> File:
        """The one of this path."""
        return next(file for file in self.files if file.path == path)


def tree(payload: Path) -> Tree:
    """What lies in a folder; raises PackagingError for what Windows cannot hold."""
    folders: list[Folder] = []
    files: list[File] = []
    ids = {".": ROOT_FOLDER}
    taken: dict[str, set[str]] = {}
    # Neither the order of the disk nor that of a language.
    for path in sorted(payload.rglob("*"), key=lambda one: one.relative_to(payload).parts):
        relative = path.relative_to(payload).as_posix()
        if path.is_symlink():
            raise PackagingError(
                f"{path} is a link, which an installer for Windows cannot hold; freeze again."
            )
        _check(relative)
        parent = ids[path.relative_to(payload).parent.as_posix()]
        name = _named(path.name, taken.setdefault(parent, set()))
        if path.is_dir():
            ids[relative] = f"D{len(folders) + 1:05}"
            folders.append(Folder(ids[relative], parent, name))
            continue
        file = File(
            id=f"F{len(files) + 1:05}",
            folder=parent,
            name=name,
            path=relative,
            source=path,
            size=path.stat().st_size,
            version=version_of(path.read_bytes()),
        )
        files.append(file)
    if len(files) > FILES_LIMIT:
        raise PackagingError(f"{payload} holds {len(files):,} files, which is no frozen program.")
    return Tree(folders, files)


def _check(relative: str) -> None:
    name = relative.rpartition("/")[2]
    if _FORBIDDEN.search(name) or _RESERVED.fullmatch(name):
        raise PackagingError(f"Windows knows no file called {relative!r}; take it out of the payload.")
    if len(relative) > PATH_LIMIT_CHARS:
        raise PackagingError(
            f"{relative!r} has more than {PATH_LIMIT_CHARS} characters, and Windows opens no path of more "
            "than 260; take it out of the payload."
        )


def _named(name: str, taken: set[str]) -> str:
    """``short|long``, or the name alone where it is short; ``taken``: the short names of this folder."""
    if name.casefold() in taken:
        raise PackagingError(f"Two files of one folder are called {name!r} on Windows; rename one.")
    taken.add(name.casefold())
    if _SHORT.fullmatch(name):
        return name
    stem, _, ending = name.rpartition(".") if "." in name else (name, "", "")
    kept = [re.sub(r"[^A-Za-z0-9]", "", part).upper() for part in (stem, ending)]
    number = 1
    while True:
        tail = f"~{_base36(number)}"
        short = (kept[0][: 8 - len(tail)] + tail + (f".{kept[1][:3]}" if kept[1] else "")).upper()
        if short.casefold() not in taken:
            taken.add(short.casefold())
            return f"{short}|{name}"
        number += 1


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def short_or_long(name: str) -> str:
    """A name as the tables of Windows Installer have it."""
    return _named(name, set())


def folder_name(name: str) -> str:
    """A vendor or product as the name of a folder: Windows takes no dots and spaces at its end."""
    plain = name.rstrip(". ")
    if _RESERVED.fullmatch(plain):
        raise PackagingError(f"Windows knows no folder called {plain!r}; choose another name in the brand.")
    return plain


def is_for_x64(program: bytes) -> bool:
    """Whether a program is for the processors that the installer is for."""
    at = int.from_bytes(program[0x3C:0x40], "little")
    return program[at : at + 6] == b"PE\0\0\x64\x86"


def version_of(program: bytes) -> str:
    """The version that Windows compares, of the resource of a program or library; empty where it has none."""
    at = program.find(struct.pack("<II", 0xFEEF04BD, 0x10000)) if program.startswith(b"MZ") else -1
    if at < 0 or at + 16 > len(program):
        return ""
    high, low = struct.unpack_from("<II", program, at + 8)
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"
