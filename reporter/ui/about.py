"""About: the platform and configuration information as a face shows it; a struct that travels."""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One fact, in words: ``label`` may be empty where the value is a line of a list."""

    label: str
    value: str


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one section under their heading."""

    heading: str
    rows: list[Row]


class About(msgspec.Struct, frozen=True, kw_only=True):
    """``text``: all of it for pasting into an e-mail; ``json``: the document ``about --json`` prints."""

    groups: list[Group]
    text: str
    json: str


def matching(groups: list[Group], words: str) -> list[Group]:
    """The groups with only the rows that hold every one of ``words``, whatever their case; a word found in
    the heading counts for all rows of its group. Groups without rows are left out."""
    wanted = words.casefold().split()
    found = []
    for group in groups:
        left = [word for word in wanted if word not in group.heading.casefold()]
        rows = [
            row for row in group.rows if all(word in f"{row.label} {row.value}".casefold() for word in left)
        ]
        if rows:
            found.append(Group(heading=group.heading, rows=rows))
    return found
