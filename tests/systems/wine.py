"""Wine: a Windows to install on, made once for all tests and copied for each.

Nothing is shown, and nothing of it stands in the person's own folders. What installers do is read from its
files and its registry; what msiexec answers under Wine says little.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path, PureWindowsPath

RUN_LIMIT_S = 120.0
LINKED_FROM_BYTES = 32_768
PATH_KEY = r"System\CurrentControlSet\Control\Session Manager\Environment"

_ESCAPED = re.compile(r'\\(?:x([0-9a-f]{1,4})|([\\"])|(.))')
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}

Registry = dict[str, dict[str, str | int]]


class Wine:
    """``folder`` holds a Windows of its own; it is made there when it is not there yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder.parent / f"{folder.name}-home"
        self.home.mkdir(exist_ok=True)
        if not folder.exists():
            self.run("wineboot", "--init")
            self.run("winecfg", "-v", "win10")

    @property
    def drive(self) -> Path:
        """Drive C."""
        return self.folder / "drive_c"

    def copy(self, folder: Path) -> Wine:
        """Another Windows that is now like this one."""
        shutil.copytree(self.folder, folder, symlinks=True, copy_function=_copied)
        return Wine(folder)

    def run(self, *words: str) -> str:
        """What a program of Windows prints; it and all that it started have ended then."""
        ended = subprocess.run(
            ["wine", *words],
            env=self._environ(),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=RUN_LIMIT_S,
            check=False,
        )
        self._server("-w")
        return ended.stdout.decode("utf-8", "replace")

    def close(self) -> None:
        """End what still runs in it, and take it away."""
        self._server("-k")
        self._server("-w")
        shutil.rmtree(self.folder)
        shutil.rmtree(self.home)

    def install(self, package: Path, **properties: str) -> None:
        """Install or upgrade silently, as an administrator does, or set an installed one anew."""
        given = [f"{name}={value}" for name, value in properties.items()]
        self.run("msiexec", "/i", windows_path(package), "/qn", *given)

    def remove(self, package: Path) -> None:
        """Remove silently."""
        self.run("msiexec", "/x", windows_path(package), "/qn")

    def registry(self, hive: str = "system") -> Registry:
        """All keys in small letters, below the hive of the computer (``system``) or the person (``user``)."""
        found: Registry = {}
        values: dict[str, str | int] = {}
        for line in (self.folder / f"{hive}.reg").read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                values = found.setdefault(_plain(line[1 : line.rindex("]")]).casefold(), {})
            elif match := re.fullmatch(r'(?:@|"((?:[^"\\]|\\.)*)")=(?:str\(\d\):)?"(.*)"', line):
                values[_plain(match[1] or "")] = _plain(match[2])
            elif match := re.fullmatch(r'"((?:[^"\\]|\\.)*)"=dword:([0-9a-f]{8})', line):
                values[_plain(match[1])] = int(match[2], 16)
        return found

    def key(self, name: str) -> dict[str, str | int]:
        """The values of one key of the computer; empty where it is not there."""
        return self.registry().get(name.casefold(), {})

    def files(self, folder: str) -> set[str]:
        """What lies below a folder of drive C, with ``/``; folders end with one."""
        place = self.drive / folder
        return {
            path.relative_to(place).as_posix() + ("/" if path.is_dir() else "") for path in place.rglob("*")
        }

    def _server(self, word: str) -> None:
        # Of this folder's Windows alone.
        subprocess.run(
            ["wineserver", word], env=self._environ(), timeout=RUN_LIMIT_S, capture_output=True, check=False
        )

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "WINEPREFIX": str(self.folder),
            "WINEDEBUG": "-all",
            # No .NET, no browser and no entries in the menus of this computer.
            "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe=d",
        }


def windows_path(path: Path) -> str:
    """A path of this computer as Wine's Windows sees it."""
    return str(PureWindowsPath("Z:/") / path.absolute().relative_to("/"))


def _copied(source: str, target: str) -> None:
    # Its own programs and libraries are hundreds of megabytes, which nobody changes.
    copy: Callable[[str, str], object] = shutil.copy2
    if Path(source).stat().st_size >= LINKED_FROM_BYTES and not source.endswith(".reg"):
        copy = os.link
    copy(source, target)


def _plain(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        return chr(int(found[1], 16)) if found[1] else found[2] or _CONTROL.get(found[3], found[3])

    return _ESCAPED.sub(plain, text)
