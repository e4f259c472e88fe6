"""What a disk holds after a power cut, made from a record of the system calls of the program that wrote.

Writes that no ``fsync`` of their file followed may be there, may be missing, and may be there in part (whole
sectors of 512 bytes), in any combination. A name that was made is taken to last once its folder or the file
itself was synced, one that was removed may come back before its folder is. That the drive obeys a flush
is taken for granted: nothing above it can do more.
"""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SECTOR_BYTES = 512
CALLS = "openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink"
_CALL = re.compile(r"^\d+\s+(\w+)\((.*)\)\s+= (-?\d+)")
_OPENED = re.compile(r'^AT_FDCWD, "([^"]*)", ([A-Z_|]+)')
_TARGET = re.compile(r"^(\d+)(.*)$", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?(?:, (\d+))?(?:, (\d+))?$')


class Call(NamedTuple):
    """One system call: ``name`` of the call, ``file`` it was for, ``data`` written, ``number``: the offset or
    the new size."""

    name: str
    file: str
    data: bytes = b""
    number: int = 0


def record(command: Sequence[str], log: Path, *, limit_s: float = 60) -> list[Call]:
    """Run a program of one thread and give its calls for files, in order."""
    subprocess.run(
        ["strace", "-f", "-xx", "-s", "100000000", "-e", f"trace={CALLS}", "-o", str(log), *command],
        check=True,
        timeout=limit_s,
        capture_output=True,
    )
    return list(_parsed(log.read_text(encoding="ascii")))


def _parsed(log: str) -> list[Call]:
    calls: list[Call] = []
    names: dict[int, str] = {}
    for line in log.splitlines():
        match = _CALL.match(line)
        if match is None or int(match[3]) < 0:
            continue
        name, rest, result = match[1], match[2], int(match[3])
        if name == "openat":
            opened = _OPENED.match(rest)
            if opened:
                names[result] = _bytes(opened[1]).decode()
                calls.append(Call("open", names[result]))
            continue
        if name == "unlink":
            calls.append(Call("unlink", _bytes(rest.strip('"')).decode()))
            continue
        target = _TARGET.match(rest)
        assert target is not None, rest[:200]
        file, more = names.get(int(target[1]), f"descriptor {target[1]}"), target[2].lstrip(", ")
        if name in ("fsync", "fdatasync"):
            calls.append(Call("sync", file))
        elif name == "ftruncate":
            calls.append(Call("truncate", file, number=int(more)))
        else:
            text = _TEXT.match(more)
            assert text is not None, more[:200]
            assert not text[2], "the log was cut"
            calls.append(Call("write", file, _bytes(text[1])[:result], int(text[4] or -1)))
    return calls


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


class Disk:
    """The files below ``folder``, as the calls made them: what is safe, and what is not yet."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._safe: dict[str, bytearray] = {}
        self._pending: dict[str, list[Call]] = {}
        self._lasting: set[str] = set()
        self._removed: dict[str, bytes] = {}

    def apply(self, call: Call) -> None:
        """One call more was made."""
        file = call.file
        if call.name == "sync" and file.rstrip("/") == self._folder:
            self._lasting |= self._safe.keys()
            self._removed.clear()
            return
        if not file.startswith(f"{self._folder}/") or file.endswith("-shm"):
            return
        if call.name == "open":
            self._safe.setdefault(file, bytearray())
            self._pending.setdefault(file, [])
        elif call.name == "unlink":
            if file in self._lasting:
                self._removed[file] = bytes(self._safe[file])
            self._safe.pop(file, None)
            self._pending.pop(file, None)
            self._lasting.discard(file)
        elif call.name == "sync":
            for made in self._pending[file]:
                _write(self._safe[file], made)
            self._pending[file].clear()
            self._lasting.add(file)
        elif call.name in ("write", "truncate"):
            self._pending[file].append(call)

    def after_a_cut(self, dice: random.Random) -> dict[str, bytes]:
        """The files that are there when the power comes back; what was not safe is left to chance."""
        found = {file: content for file, content in self._removed.items() if dice.random() < 0.5}
        for file, safe in self._safe.items():
            if file not in self._lasting and dice.random() < 0.5:
                continue
            content = bytearray(safe)
            for made in self._pending[file]:
                for part in _torn(made, dice):
                    _write(content, part)
            found[file] = bytes(content)
        return found


def _torn(made: Call, dice: random.Random) -> list[Call]:
    """The parts of a write that reached the disk: all, none, or some of its sectors."""
    luck = dice.random()
    if made.name == "truncate" or luck < 0.7:
        return [made] if luck < 0.35 else []
    parts = range(0, len(made.data), SECTOR_BYTES)
    return [
        Call("write", made.file, made.data[at : at + SECTOR_BYTES], made.number + at)
        for at in parts
        if dice.random() < 0.5
    ]


def _write(content: bytearray, made: Call) -> None:
    if made.name == "truncate":
        del content[made.number :]
        content.extend(bytes(made.number - len(content)))
        return
    content.extend(bytes(max(0, made.number - len(content))))
    content[made.number : made.number + len(made.data)] = made.data
