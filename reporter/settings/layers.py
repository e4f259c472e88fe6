"""Layers: from all sources to the settings in force, the highest word winning.

The order is that of ``Layer``. The sources of this version are the command line, the environment, the
person's settings file and what a server published; the others have no source yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from reporter.settings import environment, file, paths
from reporter.settings.model import TABLE, Settings
from reporter.settings.source import Entry, Layer, Said, at, understand
from reporter.texts.safe import one_line

__all__ = ["PUBLISHABLE", "Layer", "Loaded", "Origin", "load"]

# What a server may say; nothing that decides what is sent, or where.
PUBLISHABLE = ("help_text", "help_url")
# Whose word the person cannot change.
LOCKING = (Layer.MACHINE_POLICY, Layer.USER_POLICY)


class Origin(msgspec.Struct, frozen=True):
    """Where a value came from; ``place``: in words, empty for what is built in."""

    layer: Layer = Layer.BUILT_IN
    place: str = ""

    def __str__(self) -> str:
        return f"{self.layer}, {self.place}" if self.place else str(self.layer)


class Loaded(msgspec.Struct, frozen=True):
    """The settings in force, the origin of each, and a sentence for every problem found."""

    settings: Settings
    origins: dict[str, Origin]
    problems: list[str]

    def rows(self) -> list[dict[str, str | bool]]:
        """One row a setting: name, value as text, origin in words, its layer and place, locked."""
        return [
            {
                "name": row.name,
                "value": as_text(getattr(self.settings, row.name)),
                "origin": str(origin),
                "layer": str(origin.layer),
                "place": origin.place,
                "locked": row.lockable and origin.layer in LOCKING,
            }
            for row in TABLE
            for origin in [self.origins[row.name]]
        ]


def load(
    *,
    environ: Mapping[str, str],
    command_line: Mapping[str, object] | None = None,
    published: Mapping[str, object] | None = None,
) -> Loaded:
    """The settings in force; never raises.

    ``command_line``: setting → value of the options that were given (None: not given);
    ``published``: what ``published.recall`` knows about the target.
    """
    path, must_exist = paths.settings_file(environ)
    said = {
        Layer.COMMAND_LINE: understand(_options(command_line or {})),
        Layer.ENVIRONMENT: environment.read(environ),
        Layer.USER_SETTINGS: file.read(path, must_exist=must_exist),
        Layer.PUBLISHED: _published(published or {}),
    }
    values: dict[str, object] = {}
    origins = {row.name: Origin() for row in TABLE}
    for layer in Layer:
        for name, given in said.get(layer, Said()).values.items():
            if name not in values:
                values[name] = given.value
                origins[name] = Origin(layer, given.place)
    _choose_destination(values, origins)
    problems = [problem for source in said.values() for problem in source.problems]
    return Loaded(Settings(**values), origins, problems)  # type: ignore[arg-type]  # checked by the table


def as_text(value: object) -> str:
    """A value as a table of settings shows it."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return ", ".join(value)
    return msgspec.json.encode(value).decode()


def _options(command_line: Mapping[str, object]) -> Iterator[Entry]:
    for name, raw in command_line.items():
        if raw is not None:
            place = f"the option --{name.replace('_', '-')}"
            yield Entry(name=name, raw=raw, is_text=True, where=at(place))


def _published(published: Mapping[str, object]) -> Said:
    place = "the remembered help"
    said = understand(
        Entry(name=name, raw=published[name], where=at(place)) for name in PUBLISHABLE if name in published
    )
    for name in published:
        if name not in PUBLISHABLE:
            said.problems.append(
                f"In {place}: a server cannot set {one_line(name, 60)}; publish only help_text and help_url."
            )
    return said


def _choose_destination(values: dict[str, object], origins: dict[str, Origin]) -> None:
    """``endpoint`` and ``destinations`` exclude each other: the higher layer counts, within one the list."""
    if not (values.get("endpoint") and values.get("destinations")):
        return
    order = list(Layer)
    is_higher = order.index(origins["endpoint"].layer) < order.index(origins["destinations"].layer)
    overruled = "destinations" if is_higher else "endpoint"
    del values[overruled]
    origins[overruled] = Origin()
