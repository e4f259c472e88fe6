"""Contents: which parts of a report go along, as the administrator allows and the person chooses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reporter.settings.model import FACT_SECTIONS, REPORT_PARTS
from reporter.texts import N_

TITLES = {
    "failure": N_("The error message"),
    "verdict": N_("What was measured, and the cause that was found"),
    "facts": N_("About this computer"),
    "story": N_("What you wrote"),
    "logs": N_("The end of log files"),
}


class Part(NamedTuple):
    """``parent``: the part it belongs to, empty at the top; ``is_locked``: not for the person to choose."""

    name: str
    parent: str
    is_on: bool
    is_locked: bool


class Contents:
    """``allowed``: what may go along at all; ``required``: what of it the person cannot leave out."""

    def __init__(self, *, allowed: Sequence[str], required: Sequence[str]) -> None:
        self._allowed = frozenset(allowed)
        # A section that has to go along cannot go without the part that holds it.
        self._required = frozenset(required) | (
            {"facts"} if not frozenset(required).isdisjoint(FACT_SECTIONS) else frozenset()
        )
        self._switched_off: set[str] = set()

    def parts(self) -> list[Part]:
        """Every part in the order of the report, the sections of the facts after the facts."""
        return list(self._parts())

    def switch(self, name: str, *, is_on: bool) -> None:
        """Leave a part out or take it in again; a locked one stays as it is."""
        if self._is_locked(name):
            return
        if is_on:
            self._switched_off.discard(name)
        else:
            self._switched_off.add(name)

    def left_out(self) -> list[str]:
        """The names of what stays here, in the order of the report."""
        return [part.name for part in self._parts() if not part.is_on]

    def _parts(self) -> Iterator[Part]:
        for name in REPORT_PARTS:
            yield self._part(name, "")
            if name == "facts":
                for section in FACT_SECTIONS:
                    yield self._part(section, name)

    def _part(self, name: str, parent: str) -> Part:
        is_on = name in self._allowed and name not in self._switched_off
        return Part(name, parent, is_on, self._is_locked(name))

    def _is_locked(self, name: str) -> bool:
        return name not in self._allowed or name in self._required
