"""Sweep: one pass of the tables over a text, looking closely only at the lines that need it.

A row has a probe, which is cheap and runs over the whole text, and a pattern, which runs over the lines that
the probe has hit. Text comes from anywhere, so the time must grow with its length only: a probe starts with a
literal or a small class, a pattern where a look-behind anchors it, and the alternatives of a repetition begin
with different characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS_LIMIT = 8

Replacement = str | Callable[[re.Match[str]], str]


@dataclass(frozen=True)
class Row:
    """What is looked for: its kind, a probe for the lines that may hold it, its pattern, what takes its place.

    The probe sees lower case, unless the row is ``cased``. A replacement that is a function and gives back what
    it was given has found nothing.
    """

    kind: str
    probe: re.Pattern[str]
    pattern: re.Pattern[str]
    replacement: Replacement
    cased: bool = False


def row(kind: str, probe: str, pattern: str, replacement: Replacement, *, cased: bool = False) -> Row:
    """A row from the texts of its patterns."""
    return Row(kind, re.compile(probe), re.compile(pattern), replacement, cased)


def swept(value: str, blocks: Sequence[Row], rows: Sequence[Row], found: Counter[str]) -> str:
    """``value`` without what the rows look for: ``blocks`` over the whole of it, ``rows`` within lines.

    What is taken out may bring the parts of another together, so it goes on until nothing more is found.
    """
    value = _over_lines(_over_blocks(value, blocks, found), rows, found, ROUNDS_LIMIT)
    for _ in range(ROUNDS_LIMIT):
        again = _over_blocks(value, blocks, found)
        if again == value:
            break
        value = _over_lines(again, rows, found, ROUNDS_LIMIT)
    return value


def _over_blocks(value: str, blocks: Sequence[Row], found: Counter[str]) -> str:
    lowered = _lowered(value)
    for block in blocks:
        if block.probe.search(value if block.cased else lowered) is not None:
            value = _replaced(block, value, found)
            lowered = _lowered(value)
    return value


def _over_lines(value: str, rows: Sequence[Row], found: Counter[str], rounds: int) -> str:
    after, lowered = value, _lowered(value)
    for row in rows:
        after, lowered = _pass(row, after, lowered, found)
    if after == value or rounds == 0:
        return after
    # Again, over those lines only that are different now.
    lines = after.split("\n")
    changed = [place for place, (new, old) in enumerate(zip(lines, value.split("\n"), strict=True)) if new != old]
    again = _over_lines("\n".join(lines[place] for place in changed), rows, found, rounds - 1)
    for place, line in zip(changed, again.split("\n"), strict=True):
        lines[place] = line
    return "\n".join(lines)


def _pass(row: Row, value: str, lowered: str, found: Counter[str]) -> tuple[str, str]:
    """One row over all lines that its probe hits; ``lowered`` goes along, character by character."""
    searched = value if row.cased else lowered
    probe = row.probe.search
    hit = probe(searched)
    if hit is None:
        return value, lowered
    parts: list[str] = []
    lowered_parts: list[str] = []
    copied = end = 0
    while hit is not None:
        start = value.rfind("\n", end, hit.start()) + 1 or end
        end = value.find("\n", hit.end())
        end = len(value) if end < 0 else end
        line = value[start:end]
        clean = _replaced(row, line, found)
        if clean != line:
            parts += (value[copied:start], clean)
            lowered_parts += (lowered[copied:start], _lowered(clean))
            copied = end
        hit = probe(searched, end)
    if not parts:
        return value, lowered
    return "".join((*parts, value[copied:])), "".join((*lowered_parts, lowered[copied:]))


def _replaced(row: Row, value: str, found: Counter[str]) -> str:
    replacement = row.replacement
    if isinstance(replacement, str):
        clean, count = row.pattern.subn(replacement, value)
        if clean != value:
            found[row.kind] += count
        return clean

    def counted(match: re.Match[str]) -> str:
        put = replacement(match)
        if put != match[0]:
            found[row.kind] += 1
        return put

    return row.pattern.sub(counted, value)


def _lowered(value: str) -> str:
    """In lower case, and as long as ``value``: of all letters only this one becomes two."""
    lowered = value.lower()
    return lowered if len(lowered) == len(value) else value.replace("İ", "i").lower()
