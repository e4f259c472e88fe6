"""File: the person's settings file, TOML in UTF-8.

Without a file nothing is loaded but this module. A file that is not what a settings file should be
is refused as a whole, with the reason: this program also runs where others may write.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter.settings.source import Entry, Said, understand, unreadable
from reporter.settings.textfile import RefusedError, read_text
from reporter.texts.safe import one_line

if TYPE_CHECKING:
    from reporter.settings.positions import Positions

# The parser's time grows with the square of a key's parts: "a.a.a.a…" would stop the program.
_DEEP_KEY = re.compile(r"""(?<![\w"'-])(?:[\w"'-]+[ \t]*\.[ \t]*){32}""")
_PARSER_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


def read(path: Path, *, must_exist: bool) -> Said:
    """What the file says; never raises. A missing file says nothing, unless it ``must_exist``."""
    if str(path) == os.devnull:  # the usual way to say: no file
        return Said()
    try:
        text = read_text(path)
    except FileNotFoundError:
        if not must_exist:
            return Said()
        return unreadable(_named(path), "there is no such file", "create it, or correct its name")
    except RefusedError as refused:
        return unreadable(_named(path), str(refused), refused.remedy)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is not the path of a file"
        return unreadable(
            _named(path), f"the file cannot be read ({reason})", "correct its path or its permissions"
        )
    return _understand(text, path)


def document(path: Path) -> tuple[dict[str, Any], Positions] | str:
    """What a TOML file holds and where; a sentence where it cannot be read. Never raises."""
    try:
        read = _parsed(read_text(path), path)
    except RefusedError as refused:
        read = unreadable(_named(path), str(refused), refused.remedy)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is not the path of a file"
        read = unreadable(_named(path), f"the file cannot be read ({reason})", "correct its path")
    if not isinstance(read, Said):
        return read
    found = read.ignored[0]
    return f"In {found.place}: {found.reason}, so all of it is ignored; {found.remedy}."


def _parsed(text: str, path: Path) -> tuple[dict[str, Any], Positions] | Said:
    import tomllib

    from reporter.settings.positions import Positions

    if _DEEP_KEY.search(text):
        return unreadable(
            _named(path), "a key in the file has more than 32 parts", "write it without nesting"
        )
    try:
        return tomllib.loads(text), Positions(text)
    except (ValueError, RecursionError) as error:
        return _broken(text, path, error)


def _understand(text: str, path: Path) -> Said:
    parsed = _parsed(text, path)
    if isinstance(parsed, Said):
        return parsed
    members, positions = parsed

    def place(name: str) -> Callable[[tuple[str, ...]], str]:
        def where(inside: tuple[str, ...]) -> str:
            line, column = positions.of((name, *inside))
            return f"{_named(path)}, line {line}, column {column}"

        return where

    return understand(Entry(name=name, raw=raw, where=place(name)) for name, raw in members.items())


def _broken(text: str, path: Path, error: Exception) -> Said:
    if isinstance(error, RecursionError):
        return unreadable(_named(path), "the file is nested too deeply", "write it without nesting")
    reason = one_line(_PARSER_POSITION.sub("", str(error)), 200).rstrip(".")
    found = _PARSER_POSITION.search(str(error))
    if found and found[1]:
        position = f", line {found[1]}, column {found[2]}"
    else:
        position = f", line {len(text.splitlines())}" if found else ""
    return unreadable(
        f"{_named(path)}{position}", f"this is not valid TOML ({reason})", "correct it at this place"
    )


def _named(path: Path) -> str:
    return one_line(str(path), 300)
