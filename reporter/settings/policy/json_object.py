"""JSON object: its members with their places, and what is written twice in it.

The usual readers of JSON keep the last of two members with the same name, without a word.
"""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Iterator

from reporter.settings.kinds import MalformedError
from reporter.settings.textfile import RefusedError
from reporter.texts.safe import one_line

DEPTH_LIMIT = 32
REMEDY = "write it as JSON, in curly brackets"

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]')

Path = tuple[str, ...]


class JsonObject:
    """``members``: what stands at the top. Raises RefusedError for what is no JSON object."""

    def __init__(self, text: str) -> None:
        try:
            members = json.loads(text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            reason = one_line(error.msg, 100).lower()
            place = f"line {error.lineno}, column {error.colno}"
            raise RefusedError(f"this is not valid JSON ({place}: {reason})", "correct it there") from None
        except RecursionError:
            raise RefusedError("it is nested too deeply", "write it without nesting") from None
        except ValueError:  # numbers that no setting can have
            raise RefusedError("it holds a number that cannot be read", REMEDY) from None
        if not isinstance(members, dict):
            raise RefusedError("this is no JSON object", REMEDY)
        self.members: dict[str, object] = members
        self._offsets: dict[Path, int] = {}
        self._doubled: dict[str, Path] = {}
        for path, offset in _keys(text):
            if path in self._offsets:
                self._doubled.setdefault(path[0], path)
            self._offsets[path] = offset
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def position(self, path: Path) -> tuple[int, int]:
        """Line and column, from 1, of a key or of the innermost one that holds it; the last of doubles."""
        known = (path[:length] for length in range(len(path), 0, -1) if path[:length] in self._offsets)
        offset = self._offsets.get(next(known, ()), 0)
        line = bisect.bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def fault(self, name: str) -> MalformedError | None:
        """What is wrong with how a member is written, whatever it means."""
        path = self._doubled.get(name)
        if path is None:
            return None
        return MalformedError("is written twice", "keep one of them", path[1:])


def _keys(text: str) -> Iterator[tuple[Path, int]]:
    """Every key of valid JSON with the keys that hold it, and where it stands."""
    frames: list[str | None] = []  # of objects the key at hand, None of lists
    wants_key = False
    for token in _TOKEN.finditer(text):
        mark = token[0][0]
        if mark == '"':
            if wants_key:
                frames[-1] = json.loads(token[0])
                yield tuple(key for key in frames if key is not None), token.start()
                wants_key = False
        elif mark in "{[":
            if len(frames) == DEPTH_LIMIT:
                raise RefusedError("it is nested too deeply", "write it without nesting")
            frames.append("" if mark == "{" else None)
            wants_key = mark == "{"
        elif mark == ",":
            wants_key = frames[-1] is not None
        else:
            frames.pop()
            wants_key = False


def _refuse_constant(name: str) -> object:
    raise ValueError(name)
