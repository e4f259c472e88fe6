"""Libraries: what the frozen program needs that is not inside it, on Linux."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from release.errors import PackagingError
from release.workshop import run, tool

ELF = b"\x7fELF"
_LIBRARY = re.compile(r"lib(?!python)[\w+.-]+\.so\.[\d.]+")

PROVIDED = {
    # The C library and what comes with it: it has to fit the kernel and the name services of the computer.
    "ld-linux-x86-64.so.2": "libc6",
    "ld-linux-aarch64.so.1": "libc6",
    "libc.so.6": "libc6",
    "libdl.so.2": "libc6",
    "libm.so.6": "libc6",
    "libpthread.so.0": "libc6",
    "librt.so.1": "libc6",
    "libutil.so.1": "libc6",
    # Part of every system, since the C library itself loads it to end a thread.
    "libgcc_s.so.1": "libgcc-s1",
    # Kept safe by updates of the system, which also says where its trusted certificates are and, on some,
    # which ciphers are allowed. Every system whose C library is new enough has this version.
    "libcrypto.so.3": "libssl3",
    "libssl.so.3": "libssl3",
    # The display: they have to fit its server, its fonts and their settings. Every desktop has them, and
    # where there is none the program speaks in the terminal.
    "libX11.so.6": "libx11-6",
    "libXcursor.so.1": "libxcursor1",
    "libXext.so.6": "libxext6",
    "libXft.so.2": "libxft2",
    "libXrender.so.1": "libxrender1",
    "libXss.so.1": "libxss1",
    "libfontconfig.so.1": "libfontconfig1",
}
"""Libraries of the system, each with the Debian package that it comes with."""


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What a payload needs of the system.

    ``libraries``: by their sonames, such as ``libX11.so.6``; ``versions``: of the symbols in them, such as
    ``libc.so.6(GLIBC_2.34)``. Both sorted.
    """

    libraries: tuple[str, ...]
    versions: tuple[str, ...]


def needs(payload: Path) -> Needs:
    """What the programs and libraries in a payload need that is not inside. Raises PackagingError."""
    wanted = _read(payload)
    libraries = sorted({library for libraries, _ in wanted.values() for library in libraries})
    versions = {version for _, versions in wanted.values() for version in versions}
    return Needs(
        libraries=tuple(libraries),
        versions=tuple(sorted(one for one in versions if one.partition("(")[0] in libraries)),
    )


def check(payload: Path) -> None:
    """Raises PackagingError where a library is neither inside nor among those that the system provides."""
    missing = [
        f"{name}, which {file} needs"
        for file, (libraries, _) in _read(payload).items()
        for name in sorted(libraries)
        if name not in PROVIDED
    ]
    if missing:
        raise PackagingError(
            "\n    ".join(
                [
                    "The frozen program lacks libraries; install them on this computer and freeze again:",
                    *missing,
                ]
            )
        )


def remove_unneeded(folder: Path) -> None:
    """Take out the libraries that nothing inside links any more, since what did was left out itself."""
    while True:
        files = elf_files(folder)
        wanted = {name for libraries, _ in linked(files).values() for name in libraries}
        # Python itself is loaded by its name, as its modules are; any other library is only ever linked.
        idle = [path for path in files if _LIBRARY.fullmatch(path.name) and path.name not in wanted]
        if not idle:
            return
        for path in idle:
            path.unlink()


def elf_files(folder: Path) -> list[Path]:
    """Every program and library of Linux in a folder, sorted."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as opened:
                if opened.read(4) == ELF:
                    found.append(path)
    return found


def linked(files: list[Path]) -> dict[Path, tuple[set[str], set[str]]]:
    """By file: the sonames that it needs, and the versions in them. Raises PackagingError."""
    if not files:
        return {}
    # In their folder, whose own name could hold what divides lines.
    folder = Path(os.path.commonpath(file.parent for file in files))
    names = [f"./{file.relative_to(folder)}" for file in files]
    command = [tool("objdump", "binutils"), "--private-headers", *names]
    text = run(command, cwd=folder, environ={"LC_ALL": "C"})
    by_file: dict[Path, tuple[set[str], set[str]]] = {}
    libraries: set[str] = set()
    versions: set[str] = set()
    library = ""
    for line in text.splitlines():
        if header := re.match(r"(\S.*):\s+file format elf", line):
            libraries, versions = by_file.setdefault(folder / header[1], (set(), set()))
        elif needed := re.match(r"\s+NEEDED\s+(\S+)", line):
            libraries.add(needed[1])
        elif required := re.match(r"\s+required from (\S+):", line):
            library = required[1]
        elif library and (version := re.match(r"\s+0x[0-9a-f]+ 0x[0-9a-f]+ \d+ (\S+)", line)):
            versions.add(f"{library}({version[1]})")
        else:
            library = ""
    return by_file


def thin_out(folder: Path) -> None:
    """Put the system's libXau in place of the one in Pillow's wheel: that is two megabytes of nothing."""
    for plain in folder.rglob("libXau.so.6"):
        for bundled in folder.rglob("libXau-*.so.*"):
            if not bundled.is_symlink():
                bundled.write_bytes(plain.read_bytes())


def strip(folder: Path) -> None:
    """Take from every library what only debuggers read. Raises PackagingError."""
    program = tool("strip", "binutils")
    for path in elf_files(folder):
        if path.suffix == ".so" or ".so." in path.name:
            run([program, "--strip-unneeded", path])


def _read(payload: Path) -> dict[Path, tuple[set[str], set[str]]]:
    """What each file needs that is not inside."""
    files = elf_files(payload)
    if not files:
        raise PackagingError(f"{payload} holds no program of Linux.")
    inside = {path.name for path in payload.rglob("*")}
    return {
        path.relative_to(payload): (libraries - inside, versions)
        for path, (libraries, versions) in linked(files).items()
    }
