"""Source: what every place that settings come from has in common.

A source is a list of entries. ``understand`` checks them against the table, one by one: an entry
that cannot be used never disables another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

from reporter.settings.kinds import MalformedError, nearest, shown
from reporter.settings.model import BY_NAME, TABLE, Setting
from reporter.settings.names import snake_case
from reporter.texts import N_
from reporter.texts.safe import one_line

NAME_LIMIT_CHARS = 60
# The search for the name that was meant takes its time: a file of nothing else must not stop the program.
PROBLEM_LIMIT = 50

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Layer(StrEnum):
    """Whose word counts, highest first; see the documentation of the settings."""

    MACHINE_POLICY = N_("machine policy")
    USER_POLICY = N_("user policy")
    COMMAND_LINE = N_("command line")
    ENVIRONMENT = N_("environment")
    USER_SETTINGS = N_("user settings")
    DATABASE_LIST = N_("list of databases")
    PUBLISHED = N_("published by the server")
    RECOMMENDED_POLICY = N_("recommended policy")
    INSTALLER = N_("installer default")
    BUILT_IN = N_("built-in")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One setting as a source gives it. ``where``: path inside of the value → the place, in words.

    ``raw`` may be text that stands for a number, a list and so on where ``is_text`` is true. ``fault``: what
    the source itself has against the value, which is then not looked at.
    """

    name: str
    raw: object
    where: Callable[[tuple[str, ...]], str]
    is_text: bool = False
    fault: MalformedError | None = None


class Given(msgspec.Struct, frozen=True):
    """A checked value and the place it came from."""

    value: object
    place: str


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not used.

    ``name``: the setting as it was written, with the part of it that is at fault, empty where a whole place
    is ignored; ``reason``, ``remedy``: English clauses; ``meant``: the name that was probably meant;
    ``layer``: set once the layers are put together.
    """

    name: str
    place: str
    reason: str
    remedy: str
    meant: str = ""
    layer: str = ""


class Said(msgspec.Struct, frozen=True):
    """All that one source said: checked values by name, and what of it is ignored, also as sentences."""

    values: dict[str, Given] = msgspec.field(default_factory=dict)
    problems: list[str] = msgspec.field(default_factory=list)
    ignored: list[Ignored] = msgspec.field(default_factory=list)

    def ignore(self, ignored: Ignored, sentence: str) -> None:
        """Take up a problem."""
        self.ignored.append(ignored)
        self.problems.append(sentence)


def at(place: str) -> Callable[[tuple[str, ...]], str]:
    """The ``where`` of an entry whose source knows no finer places."""
    return lambda inside: place


def understand(entries: Iterable[Entry], spell: Callable[[str], str] = str) -> Said:
    """The checked values of a source; never raises for what the source holds.

    ``spell``: how the source writes the name of a setting.

    Where a setting that concerns privacy is malformed, even in part, it gets its closed value; any other
    is left to the layers below.
    """
    said = Said()
    unlisted = []
    for entry in entries:
        row = BY_NAME.get(entry.name)
        if row is None and len(said.problems) >= PROBLEM_LIMIT:
            unlisted.append(entry)
        elif row is None:
            said.ignore(*unknown(entry.name, entry.where(()), spell))
        else:
            _check(row, entry, said)
    if unlisted:
        place, number = unlisted[-1].where(()), len(unlisted) - 1
        reason = f"this and {number:,} earlier problems are not listed one by one"
        remedy = "correct the others first"
        said.ignore(
            Ignored(name="", place=place, reason=reason, remedy=remedy), f"In {place}: {reason}; {remedy}."
        )
    return said


def _check(row: Setting, entry: Entry, said: Said) -> None:
    faults: list[MalformedError] = []
    value: object = msgspec.UNSET
    try:
        if entry.fault is not None:
            raise entry.fault
        textual = entry.is_text and isinstance(entry.raw, str)
        raw = row.kind.from_text(str(entry.raw)) if textual else entry.raw
        value = row.kind.read(raw, faults.append)
    except MalformedError as fault:
        faults.append(fault)
    if faults and row.is_private:
        value = row.closed
    if value is not msgspec.UNSET:
        said.values[row.name] = Given(value, entry.where(()))
    for found in faults[:PROBLEM_LIMIT]:
        said.ignore(*_problem(row, found, entry.where(found.path)))


def unreadable(place: str, reason: str, remedy: str) -> Said:
    """What a source said that cannot be read at all.

    It may have closed what concerns privacy, so that is closed.
    """
    said = Said(values={row.name: Given(row.closed, place) for row in TABLE if row.is_private})
    said.ignore(
        Ignored(name="", place=place, reason=reason, remedy=remedy),
        f"In {place}: {reason}, so all of it is ignored and what concerns privacy is closed; {remedy}.",
    )
    return said


def unknown(name: str, place: str, spell: Callable[[str], str]) -> tuple[Ignored, str]:
    """The problem of a name that is no setting."""
    meant = nearest(snake_case(name[:NAME_LIMIT_CHARS]), list(BY_NAME))
    meant = spell(meant) if meant else ""
    hint = f" (did you mean {meant}?)" if meant else ""
    safe, remedy = one_line(name, NAME_LIMIT_CHARS), "correct it or remove it"
    ignored = Ignored(name=safe, place=place, reason="there is no such setting", remedy=remedy, meant=meant)
    return ignored, f"In {place}: there is no setting {safe}{hint}; {remedy}."


def merged(saids: Iterable[Said]) -> Said:
    """Several sources as one, the later word winning."""
    all_ = list(saids)
    return Said(
        values={name: given for said in all_ for name, given in said.values.items()},
        problems=[problem for said in all_ for problem in said.problems],
        ignored=[ignored for said in all_ for ignored in said.ignored],
    )


def _problem(row: Setting, fault: MalformedError, place: str) -> tuple[Ignored, str]:
    subject = f"item {fault.item} of {row.name}" if fault.item else row.name
    for key in fault.path:
        safe = one_line(key, NAME_LIMIT_CHARS)
        subject += f".{safe}" if _BARE_KEY.fullmatch(safe) else f'."{safe}"'
    outcome = "so it is ignored"
    if row.is_private:
        closed = shown(row.closed) if row.closed != () else "nothing"
        outcome = f"so the closed choice applies ({closed})"
    ignored = Ignored(name=subject, place=place, reason=fault.what, remedy=fault.remedy)
    return ignored, f"In {place}: {subject} {fault.what}, {outcome}; {fault.remedy}."
