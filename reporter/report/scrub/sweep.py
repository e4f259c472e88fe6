"""Sweep: one pass of the tables over a text, looking closely only at the lines that need it.

A group has a probe, which is cheap and runs over the whole text; its rows run over the lines that the probe
has hit. Text comes from anywhere, so the time must grow with its length only: a pattern starts with a
literal or where a look-behind anchors it, and the alternatives of a repetition begin differently.
The alternatives of a probe all begin with a literal, and a rare one where that can be: only then is it fast.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS_LIMIT = 8

_ANY_CASE = "(?i)"
# What every hit of a probe begins with: nothing where alternatives or repetitions follow.
_LITERAL = re.compile(r"(?!.*\|(?![^(]*\)))(?:[\w@:/ ~=>-](?![?*+{])|\\[^\w\s](?![?*+{]))+", re.DOTALL)
_FIRST = r"\1"


@dataclass(frozen=True)
class Row:
    """What is looked for: its kind, what a line must hold in lower case, its pattern, what takes its place.

    Either ``word``, after the first group of the pattern where ``keeps_first``, or what ``put`` makes of the
    match; when that gives back what it was given, it has found nothing. ``lowers``: the pattern is for lower
    case; what it has found is replaced in the text as it is.
    """

    kind: str
    needs: tuple[str, ...]
    pattern: re.Pattern[str]
    word: str = ""
    keeps_first: bool = False
    put: Callable[[re.Match[str]], str] | None = None
    lowers: bool = False


@dataclass(frozen=True)
class Group:
    """Rows with one probe; it sees lower case, unless it is ``cased``. What it hits is handed to the rows
    with ``more_lines`` of what follows; None: the rows see all of the text.

    ``literal``: what the text must hold for the probe to be tried at all; that is found faster still."""

    probe: re.Pattern[str]
    rows: tuple[Row, ...]
    cased: bool = False
    more_lines: int | None = 0
    literal: str = ""


def probe(*words: str) -> str:
    """A probe for words that each mark their rarest letter, such as "to«k»en".

    What stands before it has a fixed length. The words are put together by that letter, so that the search
    stops at few characters.
    """
    places: dict[str, list[str]] = {}
    for word in words:
        before, _, rest = word.partition("«")
        letter, _, after = rest.partition("»")
        places.setdefault(letter, []).append(f"(?<={before}{letter}){after}" if before else after)
    return "|".join(f"{letter}(?:{'|'.join(words)})" for letter, words in places.items())


def row(
    kind: str, needs: Sequence[str], pattern: str, replacement: str | Callable[[re.Match[str]], str]
) -> Row:
    """A row; ``replacement`` may begin with the first group. "(?i)" and a word make it one for lower case."""
    if not isinstance(replacement, str):
        return Row(kind, tuple(needs), re.compile(pattern), put=replacement)
    lowers = pattern.startswith(_ANY_CASE)
    return Row(
        kind,
        tuple(needs),
        re.compile(pattern.removeprefix(_ANY_CASE)),
        word=replacement.removeprefix(_FIRST),
        keeps_first=replacement.startswith(_FIRST),
        lowers=lowers,
    )


def group(probe: str, *rows: Row, cased: bool = False, more_lines: int | None = 0) -> Group:
    """A group, its probe given as text."""
    literal = _LITERAL.match(probe)
    return Group(
        re.compile(probe), rows, cased, more_lines, re.sub(r"\\(.)", r"\1", literal[0]) if literal else ""
    )


def swept(value: str, blocks: Sequence[Group], groups: Sequence[Group], found: Counter[str]) -> str:
    """``value`` without what the rows look for: ``blocks`` over several lines, ``groups`` within lines.

    What is taken out may bring the parts of another together, so it goes on until nothing more is found.
    """
    for _ in range(ROUNDS_LIMIT):
        again, lowered = _all(blocks, value, _lowered(value), found)
        after = _over_lines(again, lowered, groups, found, ROUNDS_LIMIT)
        if after == value:
            break
        # Lines are done with; only where the blocks find more in them is there more to do.
        value, _ = _all(blocks, after, _lowered(after), found)
        if value == after:
            break
    return value


def _over_lines(value: str, lowered: str, groups: Sequence[Group], found: Counter[str], rounds: int) -> str:
    after, _ = _all(groups, value, lowered, found)
    if after == value or rounds == 0:
        return after
    # Again, over those lines only that are different now.
    lines = after.split("\n")
    before = value.split("\n")
    changed = [place for place, line in enumerate(lines) if line != before[place]]
    part = "\n".join(lines[place] for place in changed)
    again = _over_lines(part, _lowered(part), groups, found, rounds - 1)
    for place, line in zip(changed, again.split("\n"), strict=True):
        lines[place] = line
    return "\n".join(lines)


def _all(groups: Sequence[Group], value: str, lowered: str, found: Counter[str]) -> tuple[str, str]:
    for one in groups:
        value, lowered = _pass(one, value, lowered, found)
    return value, lowered


def _pass(one: Group, value: str, lowered: str, found: Counter[str]) -> tuple[str, str]:
    """One group over all lines that its probe hits; ``lowered`` goes along, character by character."""
    searched = value if one.cased else lowered
    if one.literal not in searched:
        return value, lowered
    probe = one.probe.search
    hit = probe(searched)
    if hit is None:
        return value, lowered
    if one.more_lines is None:
        clean = _cleaned(one.rows, value, lowered, found)
        return (value, lowered) if clean == value else (clean, _lowered(clean))
    parts: list[str] = []
    lowered_parts: list[str] = []
    copied = end = 0
    while hit is not None:
        start = value.rfind("\n", end, hit.start()) + 1 or end
        end = hit.end()
        for more in range(one.more_lines + 1):
            end = value.find("\n", end + bool(more))
            if end < 0:
                end = len(value)
                break
        line = value[start:end]
        clean = _cleaned(one.rows, line, lowered[start:end], found)
        if clean != line:
            parts += (value[copied:start], clean)
            lowered_parts += (lowered[copied:start], _lowered(clean))
            copied = end
        hit = probe(searched, end)
    if not parts:
        return value, lowered
    return "".join((*parts, value[copied:])), "".join((*lowered_parts, lowered[copied:]))


def _cleaned(rows: Sequence[Row], value: str, lowered: str, found: Counter[str]) -> str:
    for one in rows:
        if one.needs:
            for need in one.needs:
                if need in lowered:
                    break
            else:
                continue
        clean = _replaced(one, value, lowered, found)
        if clean != value:
            value, lowered = clean, _lowered(clean)
    return value


def _replaced(one: Row, value: str, lowered: str, found: Counter[str]) -> str:
    parts: list[str] = []
    copied = count = 0
    for match in one.pattern.finditer(lowered if one.lowers else value):
        start, end = match.span()
        if one.put is not None:
            put = one.put(match)
        elif one.keeps_first:
            put = value[start : match.end(1)] + one.word
        else:
            put = one.word
        if put != value[start:end]:
            count += 1
            parts += (value[copied:start], put)
            copied = end
    if not count:
        return value
    found[one.kind] += count
    return "".join((*parts, value[copied:]))


def _lowered(value: str) -> str:
    """In lower case, and as long as ``value``: of all letters only this one becomes two."""
    lowered = value.lower()
    return lowered if len(lowered) == len(value) else value.replace("İ", "i").lower()
