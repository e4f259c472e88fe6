"""Texts to scrub: secrets planted in what programs really write, and lines that hold none.

A placeholder such as ``‹password›`` is filled when a test runs, from a seed, so that nothing in these files
looks like a key that works.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.report.corpus import makers

COPIES = 2
_PLACE = re.compile(r"‹(\w+)›")


@dataclass(frozen=True)
class Planted:
    """``text`` holds each of ``secrets``; none of them may be left when it is scrubbed."""

    kind: str
    text: str
    secrets: tuple[str, ...]


def filled(templates: Mapping[str, Sequence[str]], *, seed: int) -> Iterator[Planted]:
    """Each template ``COPIES`` times, with secrets of its own each time."""
    source = random.Random(seed)
    for kind, texts in templates.items():
        for text in texts:
            for _ in range(COPIES):
                yield _filled(kind, text, source)


def filled_line(template: str, source: random.Random) -> str:
    """One template filled once."""
    return _filled("", template, source).text


def _filled(kind: str, template: str, source: random.Random) -> Planted:
    secrets: list[str] = []
    lines: dict[str, str] = {}

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        # The same placeholder twice in one text is the same secret twice.
        if name not in lines:
            made = getattr(makers, name)(source)
            lines[name] = made
            if name not in makers.HARMLESS:
                secrets.extend(line for line in made.splitlines() if line)
        return lines[name]

    text = _PLACE.sub(fill, template)
    return Planted(kind, text, tuple(secrets))
