"""Listing: from the bytes of a list to its databases; pure.

A list is text of sections, ``[Name]`` and lines ``Key=value`` below it; a section without ``Connect`` is a
folder. An entry that cannot be used never disables another, and no sentence repeats what a line holds.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from reporter.settings.v8i import connection
from reporter.settings.v8i.infobase import HELP_KEYS, NAME_LIMIT_CHARS, Infobase, InfobaseList
from reporter.texts.safe import one_line, plain

LIST_LIMIT_BYTES = 16 * 1024 * 1024
LINES_LIMIT = 400_000
LINE_LIMIT_CHARS = 32_768
HELP_LIMIT_CHARS = 8_000
KEY_LIMIT_CHARS = 60
ENTRIES_LIMIT = 20_000
KEYS_LIMIT_PER_ENTRY = 200
PROBLEM_LIMIT = 50

# Of the command line of a database only these are kept, and no word beside them: a password may follow
# its switch without a space.
_SWITCHES = frozenset(
    switch.lower()
    for switch in (
        "/AppAutoCheckMode", "/AppAutoCheckVersion", "/AppAutoCheckVersion-", "/ClearCache", "/Debug",
        "/DisableSplash", "/DisableStartupDialogs", "/DisableStartupMessages", "/DisplayPerformance",
        "/HttpsForceTLS1_0", "/HttpsForceTLS1_1", "/HttpsForceTLS1_2", "/iTaxi", "/NoProxy",
        "/OLow", "/ONormal", "/Proxy", "/RunModeManagedApplication", "/RunModeOrdinaryApplication",
        "/SLev0", "/SLev1", "/SLev2", "/TechnicalSpecialistMode", "/UseHwLicenses", "/UseHwLicenses+",
        "/UseHwLicenses-",
    )
)  # fmt: skip
_PLAIN_KEYS = {"id": "id", "folder": "folder", "version": "version", "app": "client"}
_PROXIES = {"0": False, "1": True, "2": True}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

Complain = Callable[[int, int, str], None]
"""Told of a problem: line and column, both from 1 or both 0, and a clause."""
_Line = tuple[str, str, int, str]
"""Of one line: key and value without white space around them, its number, and the whole of it."""


def parse(raw: bytes, place: str) -> InfobaseList:
    """The list in ``raw``; never raises. ``place`` names it in problems, which also tell line and column."""
    problems = _Problems(place)
    if len(raw) > LIST_LIMIT_BYTES:
        raw = raw[:LIST_LIMIT_BYTES]
        problems(
            0, 0, f"the list has more than {LIST_LIMIT_BYTES:,} bytes, so its end is ignored; shorten it"
        )
    infobases: list[Infobase] = []
    folders: list[str] = []
    seen: dict[str, int] = {}
    for section in _sections(decode(raw), problems):
        if len(infobases) + len(folders) >= ENTRIES_LIMIT:
            what = f"from line {section.line} on there are more than {ENTRIES_LIMIT:,} entries"
            problems(0, 0, f"{what}, so the rest is ignored; shorten it")
            break
        if "connect" not in section.values:
            folders.append(section.name)
            continue
        infobases.append(section.infobase(place, problems))
        first = seen.setdefault(section.name.casefold(), section.line)
        if first != section.line:
            what = f"the name of this database stands in line {first} too; give each its own"
            problems(section.line, 1, what)
    return InfobaseList(place=place, infobases=infobases, folders=folders, problems=problems.sentences())


def decode(raw: bytes) -> str:
    """The text of a list or of the launcher's configuration file, with newlines; never raises.

    UTF-8 and UTF-16 with and without a byte-order mark; what is none of them is Windows-1251.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _lines(raw[len(mark) :].decode(encoding, "replace"))
    sample = raw[:4_096]
    if sample.count(0) * 4 > len(sample):  # half of the bytes of Latin letters are NUL
        return _lines(
            raw.decode(
                "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be", "replace"
            )
        )
    try:
        return _lines(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return _lines(raw.decode("cp1251", "replace"))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


class _Problems:
    """Collects sentences; after the limit it only counts. What concerns the whole list has line 0."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._found: list[tuple[int, int, str]] = []
        self._left = 0

    def __call__(self, line: int, column: int, what: str) -> None:
        if line and len(self._found) >= PROBLEM_LIMIT:
            self._left += 1
            return
        position = f", line {line}, column {column}" if line else ""
        self._found.append((line, column, f"In {self._place}{position}: {what}."))

    def sentences(self) -> list[str]:
        """All of them, as they stand in the list."""
        sentences = [sentence for _, _, sentence in sorted(self._found)]
        if self._left:
            what = f"{self._left:,} more problems are not listed; correct the others first"
            sentences.append(f"In {self._place}: {what}.")
        return sentences


class _Section:
    """The lines of one section by their keys in lower case."""

    def __init__(self, name: str, line: int) -> None:
        self.name = name
        self.line = line
        self.values: dict[str, _Line] = {}

    def infobase(self, place: str, problems: Complain) -> Infobase:
        """The database that the section describes."""
        rest = dict(self.values)
        _, text, number, line = rest.pop("connect")
        reached = connection.parse(text, _inside(number, line, problems))
        members = {member: rest.pop(key)[1] for key, member in _PLAIN_KEYS.items() if key in rest}
        positions = {}
        for key, member in HELP_KEYS.items():
            if key in rest:
                _, members[member], number, line = rest.pop(key)
                positions[key] = (number, _columns(line)[0])
        withheld = []
        switches: tuple[str, ...] = ()
        if "additionalparameters" in rest:
            written, text, _, _ = rest.pop("additionalparameters")
            words = text.split()
            switches = tuple(word for word in words if word.lower() in _SWITCHES)
            if len(switches) < len(words):
                withheld.append(written)
        proxy = self._proxy(rest.pop("useproxy", None), switches, problems)
        others = {}
        for written, text, _, _ in rest.values():
            if connection.is_secret(written):
                withheld.append(written)
            elif text.isalnum():  # as nearly all are
                others[written] = text
            elif connection.holds_secret(text):
                withheld.append(written)
            elif text:
                others[written] = connection.harmless(text)
        return Infobase(
            name=self.name,
            place=place,
            line=self.line,
            connection=reached,
            switches=switches,
            proxy=proxy,
            positions=positions,
            others=others,
            withheld=tuple(withheld),
            **members,
        )

    def _proxy(self, given: _Line | None, switches: tuple[str, ...], problems: Complain) -> bool | None:
        """Whether a proxy is used; None where the entry does not tell."""
        for switch in switches:
            if switch.lower() in ("/noproxy", "/proxy"):
                return switch.lower() == "/proxy"
        if given is None or not given[1]:
            return None
        if given[1] not in _PROXIES:
            what = "UseProxy is not 0, 1 or 2, so it is ignored; correct it"
            problems(given[2], _columns(given[3])[1], what)
        return _PROXIES.get(given[1])


def _sections(whole: str, problems: Complain) -> Iterator[_Section]:
    """The sections that have a name; lines of those without one belong to nobody."""
    section: _Section | None = None
    is_lost = False  # below a heading that could not be read
    latest = ""
    for number, line in _clean_lines(whole, problems):
        stripped = line.strip()
        if not stripped:
            latest = ""
        elif stripped[0] == "[":
            if section is not None:
                yield section
            name = one_line(stripped[1:].rpartition("]")[0], NAME_LIMIT_CHARS)
            section, is_lost, latest = (_Section(name, number) if name else None), not name, ""
            if not name:
                problems(
                    number, 1, "the heading has no name in brackets, so its entry is ignored; write [name]"
                )
        elif section is not None:
            written, equals, text = line.partition("=")
            name, key = _key(written) if equals else ("", "")
            if key and key not in section.values and len(section.values) < KEYS_LIMIT_PER_ENTRY:
                section.values[key] = (name, text.strip(), number, line)
                latest = key
            else:
                latest = _odd_line(section, key, (number, stripped), latest, problems)
        elif not is_lost and stripped[0] not in ";#":
            problems(number, 1, "the line stands before any [name], so it is ignored; remove it")
            is_lost = True
    if section is not None:
        yield section


def _clean_lines(text: str, problems: Complain) -> Iterable[tuple[int, str]]:
    """Number and text of every line, without harmful characters; of one that is too long nothing is left
    but that it was a heading."""
    lines = text.split("\n", LINES_LIMIT)
    if len(lines) > LINES_LIMIT:
        problems(0, 0, f"the list has more than {LINES_LIMIT:,} lines, so its end is ignored; shorten it")
        lines.pop()
    if "".join(lines).isprintable() and max(map(len, lines)) <= LINE_LIMIT_CHARS:
        return enumerate(lines, 1)  # as nearly every list is
    return _cleaned(lines, problems)


def _cleaned(lines: list[str], problems: Complain) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_LIMIT_CHARS:
            what = f"the line has more than {LINE_LIMIT_CHARS:,} characters, so it is ignored; shorten it"
            problems(number, 1, what)
            yield number, "[" if line.lstrip()[:1] == "[" else ""
        elif line.isprintable():
            yield number, line
        else:
            clean = plain(line, LINE_LIMIT_CHARS)
            if clean != line:
                problems(number, 1, "the line holds control characters, which are left out; remove them")
            yield number, clean


def _odd_line(section: _Section, key: str, line: tuple[int, str], latest: str, problems: Complain) -> str:
    """What to make of a line that is no new ``key``; returns the key whose text the next may go on."""
    number, text = line
    if key in section.values:
        what = f"{section.values[key][0]} is given twice here, so only the first counts; remove one"
    elif key:
        what = f"the entry has more than {KEYS_LIMIT_PER_ENTRY} keys, so this one is ignored; shorten it"
    elif latest == "startuperrorhelptext":
        known = section.values[latest]
        if len(known[1]) < HELP_LIMIT_CHARS:
            section.values[latest] = (known[0], f"{known[1]}\n{text}", *known[2:])
        return latest
    elif text[0] in ";#":
        return ""
    else:
        what = "the line is no key=value, so it is ignored; correct it or remove it"
    problems(number, 1, what)
    return ""


@lru_cache(maxsize=1_024)
def _key(written: str) -> tuple[str, str]:
    """What stands before the equals sign as a key, as written and in lower case; empty where it is none."""
    name = written.strip()
    return (name, name.lower()) if name.isidentifier() and len(name) <= KEY_LIMIT_CHARS else ("", "")


def _columns(line: str) -> tuple[int, int]:
    """Where the key of a line begins, and where its value does, from 1."""
    value = line.partition("=")[2]
    return len(line) - len(line.lstrip()) + 1, len(line) - len(value.lstrip()) + 1


def _inside(number: int, line: str, problems: Complain) -> connection.Complain:
    """For what is wrong inside of the value of a line."""

    def complain(offset: int, what: str, remedy: str) -> None:
        problems(number, _columns(line)[1] + offset, f"{what}, so it is left out; {remedy}")

    return complain
