"""Sweep: one pass of the tables over a text, looking closely only at the lines that need it.

A group has probes, which are cheap and run over the whole text; its rows run over the lines that a probe
has hit. Text comes from anywhere, so the time must grow with its length only: a pattern starts with a
literal or where a look-behind anchors it, and the alternatives of a repetition begin differently.
A probe begins with one literal, a rare one where that can be: only then is it fast.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

ROUNDS_LIMIT = 8
MANY_WORDS = 3
"""From so many words on a common look at the character before their letter is worth its time."""

_ANY_CASE = "(?i)"
# What every hit of a probe begins with: nothing where alternatives or repetitions follow.
_LITERAL = re.compile(r"(?!.*\|(?![^(]*\)))(?:[\w@:/ ~=>-](?![?*+{])|\\[^\w\s](?![?*+{]))+", re.DOTALL)
_FIRST = r"\1"
# Most texts hold none of these: to look for such a one alone takes next to no time.
_RARE = "~\\@?#$^`{}"
_BLANK = re.compile("[ \\n]")
_PLAIN = re.compile(r"[\w ](?![?*+{])")

SEPARATORS = b" \xa0()-"
"""What stands between the digits of a number, of Latin-1."""
_MARKS = bytes(48 if 48 <= code <= 57 else 10 if code == 10 else 46 for code in range(256))


class Row:
    """What is looked for: its kind, what a line must hold in lower case, its pattern, what takes its place.

    Either ``word``, after the first group of the pattern where ``keeps_first``, or what ``put`` makes of the
    match; when that gives back what it was given, it has found nothing. ``lowers``: the pattern is for lower
    case; what it has found is replaced in the text as it is.
    """

    def __init__(
        self,
        kind: str,
        needs: tuple[str, ...],
        pattern: str,
        *,
        word: str = "",
        keeps_first: bool = False,
        put: Callable[[re.Match[str]], str] | None = None,
        lowers: bool = False,
    ) -> None:
        self.kind = kind
        self.needs = needs
        self.word = word
        self.keeps_first = keeps_first
        self.put = put
        self.lowers = lowers
        self._text = pattern

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when it is first used, which most are not in a process that shows one dialog."""
        return re.compile(self._text)


class Probe:
    """A pattern that is cheap to search for. ``literal``: what the text must hold for it to be tried at all;
    that is found faster still."""

    def __init__(self, text: str) -> None:
        begins = _LITERAL.match(text)
        literal = re.sub(r"\\(.)", r"\1", begins[0]) if begins else ""
        self.text = text
        self.literal = next((letter for letter in literal if letter in _RARE), literal)

    @cached_property
    def search(self) -> Callable[..., re.Match[str] | None]:
        """The search of the pattern, compiled when it is first used."""
        return re.compile(self.text).search


class Group:
    """Rows with their probes, which see lower case, unless it is ``cased``. The line that one hits is handed
    to the rows, with ``more_lines`` of what follows; None: the rows see all of the text, as they do where
    there is no probe because they are cheap themselves.

    ``digits``: the probe is tried on lines only with so many digits that have nothing but separators between.
    ``words``: the rows see only the word that is hit, up to the blanks around it."""

    def __init__(
        self,
        probes: tuple[Probe, ...],
        rows: tuple[Row, ...],
        *,
        cased: bool = False,
        more_lines: int | None = 0,
        digits: int = 0,
        words: bool = False,
    ) -> None:
        self.probes = probes
        self.rows = rows
        self.cased = cased
        self.more_lines = more_lines
        self.digits = digits
        self.words = words

    def spans(self, searched: str) -> Sequence[tuple[int, int]]:
        """Where the parts begin and end that the rows are to see; they do not overlap."""
        found: list[tuple[int, int]] = []
        probed = 0
        for probe in self.probes:
            if probe.literal in searched and (more := self._hit(probe, searched)):
                found += more
                probed += 1
        return sorted(set(found)) if probed > 1 else found

    def _hit(self, probe: Probe, searched: str) -> list[tuple[int, int]]:
        if self.digits:
            lines = _with_digits(searched, self.digits)
            return [(start, end) for start, end in lines if probe.search(searched, start, end)]
        spans: list[tuple[int, int]] = []
        search, find, rfind = probe.search, searched.find, searched.rfind
        more_lines = range(self.more_lines or 0)
        length = len(searched)
        end = 0
        while hit := search(searched, end):
            place = hit.start()
            if self.words:
                start = rfind(" ", end, place) + 1 or end
                start = rfind("\n", start, place) + 1 or start
                blank = _BLANK.search(searched, hit.end())
                end = length if blank is None else blank.start()
            else:
                start = rfind("\n", end, place) + 1 or end
                end = find("\n", hit.end())
                for _ in more_lines:
                    if end >= 0:
                        end = find("\n", end + 1)
                if end < 0:
                    end = length
            spans.append((start, end))
        return spans


def _with_digits(text: str, count: int) -> Iterator[tuple[int, int]]:
    """The lines with so many digits, told in a copy of a byte a character; digits of ASCII alone count."""
    marks = text.encode("latin-1", "replace").translate(_MARKS, SEPARATORS)
    wanted = b"0" * count
    occurrences = marks.count  # by its own name it would be taken for a sentence to translate
    start = seen = 0
    while (place := marks.find(wanted, seen)) >= 0:
        for _ in range(occurrences(b"\n", seen, place)):
            start = text.find("\n", start) + 1
        end = text.find("\n", start)
        if end < 0:
            yield start, len(text)
            return
        yield start, end
        start = end + 1
        seen = marks.find(b"\n", place) + 1


def probes(*words: str) -> list[str]:
    """Probes for words that each mark their rarest letter, such as "to«k»en"; a letter has one of its own.

    What stands before it has a fixed length. Looking for one letter is so much faster than for one of several
    that a search for each letter takes less time than one for all of them.
    """
    places: dict[str, list[str]] = {}
    before_them: dict[str, list[str]] = {}
    for word in words:
        before, _, rest = word.partition("«")
        letter, _, after = rest.partition("»")
        if before and _PLAIN.match(after):  # its first letter tells more, and faster, than what stands before
            after = f"{after[0]}(?<={before}{letter}{after[0]}){after[1:]}"
        elif before:
            after = f"(?<={before}{letter}){after}"
        places.setdefault(letter, []).append(after)
        before_them.setdefault(letter, []).append(before)
    return [
        f"{letter}{_one_of(before_them[letter], letter)}(?:{'|'.join(words)})"
        for letter, words in places.items()
    ]


def _one_of(before: list[str], letter: str) -> str:
    """Where every word has a plain character before its letter: one look for these in the place of many."""
    if len(before) < MANY_WORDS or not all(re.search(r"(?<!\\)[\w ]\Z", text) for text in before):
        return ""
    return f"(?<=[{''.join(sorted({text[-1] for text in before}))}]{letter})"


def row(
    kind: str, needs: Sequence[str], pattern: str, replacement: str | Callable[[re.Match[str]], str]
) -> Row:
    """A row; ``replacement`` may begin with the first group. "(?i)" and a word make it one for lower case."""
    if not isinstance(replacement, str):
        return Row(kind, tuple(needs), pattern, put=replacement)
    lowers = pattern.startswith(_ANY_CASE)
    return Row(
        kind,
        tuple(needs),
        pattern.removeprefix(_ANY_CASE),
        word=replacement.removeprefix(_FIRST),
        keeps_first=replacement.startswith(_FIRST),
        lowers=lowers,
    )


def group(
    probes: str | Sequence[str],
    *rows: Row,
    cased: bool = False,
    more_lines: int | None = 0,
    words: bool = False,
    digits: int = 0,
) -> Group:
    """A group, its probes given as text; several only where the rows see one line."""
    texts = (probes,) if isinstance(probes, str) else probes  # none where the rows are cheap themselves
    made = tuple(Probe(text) for text in texts)
    return Group(made, rows, cased=cased, more_lines=more_lines, words=words, digits=digits)


def swept(value: str, blocks: Sequence[Group], groups: Sequence[Group], found: Counter[str]) -> str:
    """``value`` without what the rows look for: ``blocks`` over several lines, ``groups`` within lines.

    What is taken out may bring the parts of another together, so it goes on until nothing more is found.
    """
    lowered = _lowered(value)
    for _ in range(ROUNDS_LIMIT):
        again, lowered = _all(blocks, value, lowered, found)
        after, lowered = _over_lines(again, lowered, groups, found, ROUNDS_LIMIT)
        if after == value:
            break
        # Lines are done with; only where the blocks find more in them is there more to do.
        value, lowered = _all(blocks, after, lowered, found)
        if value == after:
            break
    return value


def _over_lines(
    value: str, lowered: str, groups: Sequence[Group], found: Counter[str], rounds: int
) -> tuple[str, str]:
    after, lowered = _all(groups, value, lowered, found)
    if after == value or rounds == 0:
        return after, lowered
    # Again, over those lines only that are different now.
    lines = after.split("\n")
    before = value.split("\n")
    changed = [place for place, line in enumerate(lines) if line != before[place]]
    part = "\n".join([lines[place] for place in changed])
    again, lowered_again = _over_lines(part, _lowered(part), groups, found, rounds - 1)
    if again == part:
        return after, lowered
    lowered_lines = lowered.split("\n")
    for place, line, low in zip(changed, again.split("\n"), lowered_again.split("\n"), strict=True):
        lines[place], lowered_lines[place] = line, low
    return "\n".join(lines), "\n".join(lowered_lines)


def _all(groups: Sequence[Group], value: str, lowered: str, found: Counter[str]) -> tuple[str, str]:
    for one in groups:
        value, lowered = _pass(one, value, lowered, found)
    return value, lowered


def _pass(one: Group, value: str, lowered: str, found: Counter[str]) -> tuple[str, str]:
    """One group over all lines that its probe hits; ``lowered`` goes along, character by character."""
    searched = value if one.cased else lowered
    spans = one.spans(searched)
    if not spans and one.probes:
        return value, lowered
    if one.more_lines is None or not one.probes:
        return _cleaned(one.rows, value, lowered, found)
    parts: list[str] = []
    lowered_parts: list[str] = []
    copied = 0
    for start, end in spans:
        line = value[start:end]
        clean, clean_lowered = _cleaned(one.rows, line, lowered[start:end], found)
        if clean is not line:
            parts += (value[copied:start], clean)
            lowered_parts += (lowered[copied:start], clean_lowered)
            copied = end
    if not parts:
        return value, lowered
    return "".join((*parts, value[copied:])), "".join((*lowered_parts, lowered[copied:]))


def _cleaned(rows: Sequence[Row], value: str, lowered: str, found: Counter[str]) -> tuple[str, str]:
    for one in rows:
        if one.needs:
            for need in one.needs:
                if need in lowered:
                    break
            else:
                continue
        value, lowered = _replaced(one, value, lowered, found)
    return value, lowered


def _replaced(one: Row, value: str, lowered: str, found: Counter[str]) -> tuple[str, str]:
    parts: list[str] = []
    lowered_parts: list[str] = []
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
            lowered_parts += (lowered[copied:start], _lowered(put))
            copied = end
    if not count:
        return value, lowered
    found[one.kind] += count
    return "".join((*parts, value[copied:])), "".join((*lowered_parts, lowered[copied:]))


def _lowered(value: str) -> str:
    """In lower case, and as long as ``value``: of all letters only this one becomes two."""
    lowered = value.lower()
    return lowered if len(lowered) == len(value) else value.replace("İ", "i").lower()
