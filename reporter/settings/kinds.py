"""Kinds: what the value of a setting may be, and how it is read.

A source gives a raw value: text (environment, options) or what TOML and JSON hold. ``from_text``
brings text into that form; ``read`` checks it and returns the value that the program uses.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from reporter.texts.safe import LINK_SCHEMES, one_line, plain, why_unsafe_link

SHOWN_LIMIT_CHARS = 60
SHOWN_LIMIT_NUMBER = 10**15
NEAREST_RATIO = 0.6
# Looking for what each of them was meant to be takes its time.
ITEMS_LIMIT = 1_000

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_.@][A-Za-z0-9-]{1,16}){0,4}")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


class MalformedError(ValueError):
    """A value that is not of its kind.

    ``what`` is a clause whose subject is the setting ('is "abc"'), ``remedy`` one that says what to
    do ("write true or false"). Where a part is at fault, ``path`` leads to it inside of a table, and
    ``item`` is its number in a list, from 1.
    """

    def __init__(self, what: str, remedy: str, path: tuple[str, ...] = (), item: int = 0) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy
        self.path = path
        self.item = item


Complain = Callable[[MalformedError], None]
"""Told of a part that is left out, while the rest of the value is used."""


def shown(raw: object) -> str:
    """A raw value as a sentence can quote it; never raises, never long."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        return f'"{one_line(raw, SHOWN_LIMIT_CHARS)}"'
    if isinstance(raw, int):
        return str(raw) if abs(raw) < SHOWN_LIMIT_NUMBER else "a very large number"
    if isinstance(raw, Mapping):
        return "a table"
    if isinstance(raw, Sequence):
        return "a list"
    return f"a value of the type {type(raw).__name__}"


def nearest(name: str, names: Sequence[str], ratio: float = NEAREST_RATIO) -> str:
    """The one of ``names`` that was probably meant; empty where none is near."""
    import difflib

    close = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=ratio)
    return close[0] if close else ""


def listed(names: Sequence[str]) -> str:
    """``a, b or c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


class Kind(ABC):
    """One kind of value. ``description`` completes "write …" in problems and documentation."""

    description: str

    @abstractmethod
    def read(self, raw: object, complain: Complain) -> object:
        """The value in ``raw``; raises MalformedError where nothing of it can be used."""

    def from_text(self, text: str) -> object:
        """What text from the environment or an option stands for; raises MalformedError."""
        return text

    def text(self, raw: object) -> str:
        """``raw`` if it is text, without white space at its ends; raises MalformedError."""
        if not isinstance(raw, str):
            raise MalformedError(f"is {shown(raw)}", f"write {self.description}")
        return raw.strip()


class Text(Kind):
    """Text for people; made safe, and cut visibly where it is too long."""

    def __init__(self, limit_chars: int) -> None:
        self.limit_chars = limit_chars
        self.description = f"text of at most {limit_chars:,} characters"

    def read(self, raw: object, complain: Complain) -> str:
        """The safe text."""
        return plain(self.text(raw), self.limit_chars)


class Flag(Kind):
    """True or false; as text also yes/no, on/off, 1/0."""

    description = "true or false"

    def from_text(self, text: str) -> object:
        """The truth value of a word."""
        word = text.strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise MalformedError(f"is {shown(text)}", f"write {self.description}")

    def read(self, raw: object, complain: Complain) -> bool:
        """The truth value; numbers and words are not taken for one here."""
        if not isinstance(raw, bool):
            raise MalformedError(f"is {shown(raw)}", f"write {self.description}")
        return raw


class Number(Kind):
    """A whole number between two bounds."""

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most
        self.description = f"a whole number from {least} to {most}"

    def from_text(self, text: str) -> object:
        """The number in decimal digits."""
        if not re.fullmatch(r"[0-9]{1,12}", text.strip()):
            raise MalformedError(f"is {shown(text)}", f"write {self.description}")
        return int(text)

    def read(self, raw: object, complain: Complain) -> int:
        """The number, if it lies between the bounds."""
        if isinstance(raw, bool) or not isinstance(raw, int) or not self.least <= raw <= self.most:
            raise MalformedError(f"is {shown(raw)}", f"write {self.description}")
        return raw


class Choice(Kind):
    """One of a few words; ``not_yet`` are words of the design that this version cannot serve."""

    def __init__(self, *options: str, not_yet: tuple[str, ...] = ()) -> None:
        self.options = options
        self.not_yet = not_yet
        self.description = listed(options)

    def read(self, raw: object, complain: Complain) -> str:
        """The word, in lower case."""
        word = self.text(raw).lower()
        if word in self.options:
            return word
        if word in self.not_yet:
            raise MalformedError(
                f'is "{word}", which is not available in this version', f"write {self.description}"
            )
        meant = nearest(word, self.options)
        hint = f' (did you mean "{meant}"?)' if meant else ""
        raise MalformedError(f"is {shown(raw)}", f"write {self.description}{hint}")


class Link(Kind):
    """An address that begins with one of ``schemes``; empty means none.

    ``or_path``: a path beginning with a slash passes too.
    """

    def __init__(self, schemes: tuple[str, ...] = LINK_SCHEMES, *, or_path: bool = False) -> None:
        self.schemes = schemes
        self.or_path = or_path
        starts = listed([f"{scheme}://" if scheme.startswith("http") else f"{scheme}:" for scheme in schemes])
        path = ", or a path that begins with a slash" if or_path else ""
        self.description = f"an address that begins with {starts}{path}"

    def read(self, raw: object, complain: Complain) -> str:
        """The address. Problems never quote it, for it may hold a password."""
        link = self.text(raw)
        if not link:
            return ""
        remedy = f"write {self.description}"
        is_path = self.or_path and re.match(r"/(?![/\\])", link) is not None
        complete = f"https://server{link}" if is_path else link
        scheme = _SCHEME.match(complete)
        if scheme is None and not link.startswith(("//", "\\")):
            raise MalformedError("has no scheme at its beginning", remedy)
        if scheme and not is_path and scheme[1].lower() not in self.schemes:
            raise MalformedError(
                f"begins with {one_line(scheme[1], 30)}:, which is not supported here", remedy
            )
        reason = why_unsafe_link(complete)
        if reason:
            raise MalformedError(f"cannot be used, because {reason}", remedy)
        try:
            _ = urlsplit(complete).port
        except ValueError:
            raise MalformedError("names a port that does not exist", remedy) from None
        return link


class Language(Kind):
    """A language tag such as ``ru`` or ``en-GB``; empty means the operating system's."""

    description = 'a language tag such as "en", "ru" or "uk"'

    def read(self, raw: object, complain: Complain) -> str:
        """The tag as it was written."""
        tag = self.text(raw)
        if tag and not _LANGUAGE.fullmatch(tag):
            raise MalformedError(f"is {shown(raw)}", f"write {self.description}")
        return tag


class FilePath(Kind):
    """The complete path of a file; ``~`` stands for the home folder. Empty means none."""

    description = "the complete path of a file"

    def read(self, raw: object, complain: Complain) -> str:
        """The path as it was written."""
        path = self.text(raw)
        if not path:
            return ""
        if path[:1] in ("\\", "/") and path[1:2] in ("\\", "/"):
            # Windows would sign the person in to whatever server the path names.
            raise MalformedError("is on a network share, which is not opened", "name a file of this computer")
        if "\0" in path or not (path.startswith("~") or Path(path).is_absolute()):
            raise MalformedError(f"is {shown(raw)}", f"write {self.description}")
        return path


class ListOf(Kind):
    """Several values of one kind, as text separated by commas.

    An item that cannot be used is left out and complained of; the others stay.
    """

    def __init__(self, item: Kind) -> None:
        self.item = item
        self.description = f"a list; each item: {item.description}"

    def from_text(self, text: str) -> object:
        """The items between the commas."""
        return [part.strip() for part in text.split(",") if part.strip()]

    def read(self, raw: object, complain: Complain) -> tuple[object, ...]:
        """The items that can be used, in their order."""
        if isinstance(raw, str) or not isinstance(raw, Sequence):
            raise MalformedError(f"is {shown(raw)}", f"write {self.description}")
        if len(raw) > ITEMS_LIMIT:
            raise MalformedError(f"has more than {ITEMS_LIMIT:,} items", "write fewer")
        items = []
        for number, part in enumerate(raw, 1):
            try:
                value = self.item.read(part, complain)
            except MalformedError as fault:
                complain(MalformedError(fault.what, fault.remedy, item=number))
                continue
            if value != "":
                items.append(value)
        return tuple(items)


class Sections(ListOf):
    """Which of the ``parts`` of a report may be sent, and which ``facts`` within them.

    The part ``facts`` stands for all facts; one of the facts brings the part with it.
    """

    def __init__(self, parts: tuple[str, ...], facts: tuple[str, ...]) -> None:
        super().__init__(Choice(*parts, *facts))
        self.parts = parts
        self.facts = facts

    def read(self, raw: object, complain: Complain) -> tuple[object, ...]:
        """The complete names, in the order of the report."""
        named = set(super().read(raw, complain))
        if "facts" in named:
            named.update(self.facts)
        elif named.intersection(self.facts):
            named.add("facts")
        return tuple(name for name in (*self.parts, *self.facts) if name in named)
