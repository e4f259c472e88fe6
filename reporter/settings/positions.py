"""Positions: line and column of the keys of a TOML document, which ``tomllib`` does not tell.

Works on a document that ``tomllib`` has accepted; what stands inside of multi-line strings is skipped, and
keys of inline tables have the position of the key that holds them.
"""

from __future__ import annotations

import re

_KEY = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_PATH = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER = re.compile(rf"[ \t]*\[\[?[ \t]*({_PATH})[ \t]*\]")
_ASSIGNMENT = re.compile(rf"[ \t]*({_PATH})[ \t]*=")
_EACH_KEY = re.compile(_KEY)
_STRING_OR_COMMENT = re.compile(r'''"""|\'\'\'|"(?:[^"\\]|\\.)*"|'[^']*'|#.*''')
# Up to two quotation marks of the text may touch those of the end.
_END = {'"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*"{3,5}'), "'''": re.compile(r".*?'{3,5}")}

Path = tuple[str, ...]


class Positions:
    """Line and column, both from 1, of every key that begins a line, and of table headers."""

    def __init__(self, text: str) -> None:
        self._found: dict[Path, tuple[int, int]] = {}
        table: Path = ()
        inside = ""
        for number, line in enumerate(text.split("\n"), 1):
            start = 0
            if not inside:
                header = _HEADER.match(line)
                assignment = None if header else _ASSIGNMENT.match(line)
                if header:
                    table = _path(header[1])
                    self._note(table, number, header.start(1))
                elif assignment:
                    self._note((*table, *_path(assignment[1])), number, assignment.start(1))
                    start = assignment.end()
            inside = _string_open_at_end(line, start, inside)

    def of(self, path: Path) -> tuple[int, int]:
        """The position of a key, or of the innermost table that holds it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._found:
                return self._found[path[:length]]
        return (1, 1)

    def _note(self, path: Path, line: int, column: int) -> None:
        for length in range(1, len(path) + 1):
            self._found.setdefault(path[:length], (line, column + 1))


def _path(text: str) -> Path:
    return tuple(_unquoted(key) for key in _EACH_KEY.findall(text))


def _unquoted(key: str) -> str:
    if key[0] == "'" or (key[0] == '"' and "\\" not in key):
        return key[1:-1]
    if key[0] != '"':
        return key
    import tomllib

    return next(iter(tomllib.loads(f"{key} = 0")))


def _string_open_at_end(line: str, start: int, inside: str) -> str:
    """Which multi-line string is open after the line; empty for none."""
    while True:
        if inside:
            end = _END[inside].match(line, start)
            if end is None:
                return inside
            start, inside = end.end(), ""
            continue
        token = _STRING_OR_COMMENT.search(line, start)
        if token is None:
            return ""
        start = token.end()
        if token[0] in _END:
            inside = token[0]
