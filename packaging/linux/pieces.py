"""Pieces: what a package puts where."""

from __future__ import annotations

from pathlib import Path

import msgspec


class File(msgspec.Struct, frozen=True, kw_only=True):
    """``place``: absolute; ``content``: its bytes, or the file that holds them; ``role``: what rpm is told of
    it (``doc``, ``license``).
    """

    place: str
    content: bytes | Path
    mode: int = 0o644
    role: str = ""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A symbolic link at ``place`` that points ``to`` another."""

    place: str
    to: str


class Folder(msgspec.Struct, frozen=True, kw_only=True):
    """A folder that belongs to the package: it goes with the package, unless something was put into it."""

    place: str
    mode: int = 0o755


Piece = File | Link | Folder
