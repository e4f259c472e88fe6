"""Licences: the texts that have to go with everything inside the frozen program."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from freeze.environment import Environment
from release.errors import PackagingError
from release.workshop import run

PYTHON = "Python.txt"
_NAMES = re.compile(r"(licen[cs]e|copying|notice|copyright|authors)", re.IGNORECASE)


def collect(used: Environment, taken: Sequence[Path]) -> dict[str, str]:
    """The texts by the names of their files: of every package of the environment, of Python, and of each
    system package that a library of ``taken`` came with. Raises PackagingError where one is missing."""
    found = {PYTHON: _python()}
    for folder in sorted(used.site.glob("*.dist-info")):
        texts = _of_package(folder)
        if not texts:
            raise PackagingError(
                f"{folder.name.removesuffix('.dist-info')} comes without the text of its licence."
            )
        found[f"{folder.name.split('-')[0]}.txt"] = "\n\n".join(texts)
    if sys.platform == "linux":
        found |= _of_system(used, taken)
    return found


def _of_package(folder: Path) -> list[str]:
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and (_NAMES.match(path.name) or path.parent.name == "licenses")
    )
    return [path.read_text(encoding="utf-8", errors="replace") for path in files]


def _python() -> str:
    """The licence of the interpreter; on Windows and macOS also those of what it brings along."""
    short = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (
        Path(sysconfig.get_path("stdlib")) / "LICENSE.txt",
        Path(sys.base_prefix) / "LICENSE.txt",
        Path("/usr/share/doc") / short / "copyright",
        Path("/usr/share/doc") / f"lib{short}-minimal" / "copyright",
    ):
        if path.is_file():
            return path.read_text(encoding="utf-8", errors="replace")
    raise PackagingError(
        f"The licence of {sys.base_prefix} is not there; freeze with a Python that has its own."
    )


def _of_system(used: Environment, taken: Sequence[Path]) -> dict[str, str]:
    """Of the libraries that are neither of a Python package nor of Python itself."""
    own = [used.site.resolve(), Path(sysconfig.get_path("stdlib")).resolve()]
    if sys.base_prefix != "/usr":  # there Python's folder is that of all libraries
        own.append(Path(sys.base_prefix, "lib").resolve())
    libraries = sorted({path.resolve() for path in taken})
    found = {}
    for path in libraries:
        if any(folder in path.parents for folder in own):
            continue
        package = _package(path)
        text = Path("/usr/share/doc") / package / "copyright"
        if not package or not text.is_file():
            raise PackagingError(
                f"{path} would be inside, and no package says under which licence; use that of the system."
            )
        found[f"{package}.txt"] = text.read_text(encoding="utf-8", errors="replace")
    return found


def _package(path: Path) -> str:
    """The Debian package of a file; empty where there is none."""
    query = shutil.which("dpkg-query")
    if query is None:
        return ""
    # Packages name /lib/… what lies in /usr/lib/… since both are one.
    for name in (path, Path("/", *path.parts[2:])):
        try:
            said = run([query, "--search", name])
        except PackagingError:
            continue
        return said.partition(":")[0]
    return ""
