"""JSON places: line and column of the members of a JSON document, which the parser does not tell."""

from __future__ import annotations

import json
import re

from reporter import program
from reporter.texts.safe import one_line

DEPTH_LIMIT = 2
TWICE_LIMIT = 50

_SPACE = re.compile(r"[ \t\r\n]*")
_BYTE = re.compile(r"\(byte (\d+)\)")

Path = tuple[str, ...]


class Places:
    """Where the members of a document stand, two levels deep; ``twice``: members given more than once.

    ``text`` was accepted by a JSON parser; what this one cannot follow has no place of its own.
    """

    def __init__(self, text: str) -> None:
        self.twice: list[Path] = []
        self._text = text
        self._found: dict[Path, int] = {}
        self._decoder = json.JSONDecoder()
        try:
            self._walk(self._skip(0), ())
        except (ValueError, IndexError, RecursionError):
            return

    def of(self, *path: str) -> str:
        """``Line 3, column 12``: of a member, or of the innermost one that holds it."""
        while path and path not in self._found:
            path = path[:-1]
        return position(self._text, self._found.get(path, 0))

    def _walk(self, at: int, path: Path) -> int:
        """Note the members of the value at ``at``; where it ends."""
        if self._text[at] != "{" or len(path) >= DEPTH_LIMIT:
            return self._decoder.raw_decode(self._text, at)[1]
        at = self._skip(at + 1)
        while self._text[at] == '"':
            start = at
            name, at = self._decoder.raw_decode(self._text, at)
            inside = (*path, str(name))
            if inside in self._found and len(self.twice) < TWICE_LIMIT:
                self.twice.append(inside)
            self._found[inside] = start
            at = self._walk(self._skip(self._skip(at) + 1), inside)
            at = self._skip(at)
            if self._text[at] == ",":
                at = self._skip(at + 1)
        return at + 1

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at


def position(text: str, at: int) -> str:
    """Line and column, both from 1, of a character."""
    line = text.count("\n", 0, at) + 1
    return f"Line {line}, column {at - text.rfind(chr(10), 0, at)}"


def why_broken(text: str, error: Exception) -> str:
    """A sentence about a document that is no JSON; ``error``: what the agent's own parser said."""
    if isinstance(error, RecursionError):
        return "It is nested too deeply, so agents ignore it."
    if not text.strip():
        return f"It is empty, so agents ignore it; `{program.command()} notice write` makes a notice."
    try:
        json.loads(text)
    except json.JSONDecodeError as fault:
        where, reason = position(text, fault.pos), fault.msg
    except (ValueError, RecursionError):
        where, reason = "Line 1, column 1", "a number is too long, or it is nested too deeply"
    else:
        found = _BYTE.search(str(error))
        at = len(text.encode()[: int(found[1])].decode(errors="ignore")) if found else 0
        where, reason = position(text, at), _BYTE.sub("", str(error))
    return (
        f"{where}: this is not valid JSON ({one_line(reason, 120).rstrip('. ')}); agents ignore the notice."
    )
