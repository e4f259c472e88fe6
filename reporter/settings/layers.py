"""Layers: from all sources to the settings in force, the highest word winning.

The order is that of ``Layer``; each layer has its source in a module beside this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from reporter.settings import database_list, environment, file, paths, policy
from reporter.settings.model import BY_NAME, TABLE, Settings
from reporter.settings.policy import Policies
from reporter.settings.source import Entry, Ignored, Layer, Said, at, merged, understand
from reporter.texts.safe import one_line

__all__ = ["PUBLISHABLE", "Layer", "Loaded", "Origin", "load"]

# What a server may say; nothing that decides what is sent, or where.
PUBLISHABLE = ("help_text", "help_url", "help")
# Whose word the person cannot change.
LOCKING = (Layer.MACHINE_POLICY, Layer.USER_POLICY)
# Of these only one counts: who decides about one decides about both.
EXCLUDING = ("endpoint", "destinations")


class Origin(msgspec.Struct, frozen=True):
    """Where a value came from; ``place``: in words, empty for what is built in."""

    layer: Layer = Layer.BUILT_IN
    place: str = ""

    def __str__(self) -> str:
        return f"{self.layer}, {self.place}" if self.place else str(self.layer)


class Loaded(msgspec.Struct, frozen=True):
    """The settings in force, the origin of each, and what is ignored, also as sentences."""

    settings: Settings
    origins: dict[str, Origin]
    problems: list[str]
    ignored: list[Ignored] = msgspec.field(default_factory=list)

    def is_locked(self, name: str) -> bool:
        """Whether a policy has taken the choice of this setting from the person."""
        names = EXCLUDING if name in EXCLUDING else (name,)
        return any(BY_NAME[each].lockable and self.origins[each].layer in LOCKING for each in names)

    def overruled(self, given: Mapping[str, object]) -> list[str]:
        """Sentences about options that were given while a policy decides; ``given`` as ``command_line``."""
        return [
            f"--{name.replace('_', '-')} is not used, for this is managed by your organisation."
            for name, raw in given.items()
            if raw is not None and self.is_locked(name) and self.origins[name].layer != Layer.COMMAND_LINE
        ]

    def rows(self) -> list[dict[str, str | bool]]:
        """One row a setting: name, value as text, origin in words, its layer and place, locked."""
        return [
            {
                "name": row.name,
                "value": as_text(getattr(self.settings, row.name)),
                "origin": str(origin),
                "layer": str(origin.layer),
                "place": origin.place,
                "locked": self.is_locked(row.name),
            }
            for row in TABLE
            for origin in [self.origins[row.name]]
        ]


def load(
    *,
    environ: Mapping[str, str],
    command_line: Mapping[str, object] | None = None,
    published: Mapping[str, object] | None = None,
    target: str = "",
    policies: Policies | None = None,
) -> Loaded:
    """The settings in force; never raises.

    ``command_line``: setting → value of the options that were given (None: not given);
    ``published``: what ``published.recall`` knows about the target; ``target``: what the login goes to, for
    which the lists of databases are read; ``policies``: others than those of this system.
    """
    path, must_exist = paths.settings_file(environ)
    said = {
        **_for_people_to_change(policy.read(policies)),
        Layer.COMMAND_LINE: understand(_options(command_line or {})),
        Layer.ENVIRONMENT: environment.read(environ),
        Layer.USER_SETTINGS: file.read(path, must_exist=must_exist),
        Layer.DATABASE_LIST: database_list.read(target, environ),
        Layer.PUBLISHED: _published(published or {}),
    }
    values: dict[str, object] = {}
    origins = {row.name: Origin() for row in TABLE}
    problems: list[str] = []
    ignored: list[Ignored] = []
    for layer in Layer:
        spoken = said.get(layer, Said())
        problems += spoken.problems
        ignored += [msgspec.structs.replace(each, layer=str(layer)) for each in spoken.ignored]
        for name, given in spoken.values.items():
            if name not in values:
                values[name] = given.value
                origins[name] = Origin(layer, given.place)
    _choose_destination(values, origins)
    _give_way(values, origins)
    return Loaded(
        Settings(**values),  # type: ignore[arg-type]  # checked by the table
        origins,
        problems,
        ignored,
    )


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
            safe, remedy = one_line(name, 60), "publish only help_text, help_url and help"
            said.ignore(
                Ignored(name=safe, place=place, reason="a server cannot set it", remedy=remedy),
                f"In {place}: a server cannot set {safe}; {remedy}.",
            )
    return said


def _for_people_to_change(policies: dict[Layer, Said]) -> dict[Layer, Said]:
    """What is the choice of the person is taken out of mandatory policies and recommended instead."""
    recommended = [policies.get(Layer.RECOMMENDED_POLICY, Said())]
    for layer in reversed(LOCKING):
        for name in [name for name in policies.get(layer, Said()).values if not BY_NAME[name].lockable]:
            given = policies[layer].values.pop(name)
            reason, remedy = "is the choice of the person", "write it into the recommended policies"
            demoted = Said(values={name: given})
            demoted.ignore(
                Ignored(name=name, place=given.place, reason=reason, remedy=remedy),
                f"In {given.place}: {name} {reason}, so it is only recommended; {remedy}.",
            )
            recommended.append(demoted)
    return {**policies, Layer.RECOMMENDED_POLICY: merged(recommended)}


def _give_way(values: dict[str, object], origins: dict[str, Origin]) -> None:
    """What a server publishes for single causes does not stand before what is said here for all of them."""
    table = values.get("help")
    if origins["help"].layer is not Layer.PUBLISHED or not isinstance(table, dict):
        return
    order = list(Layer)
    for name, part in (("help_text", "text"), ("help_url", "url")):
        if order.index(origins[name].layer) < order.index(Layer.PUBLISHED):
            table = {cause: override.without(part) for cause, override in table.items()}
    values["help"] = table


def _choose_destination(values: dict[str, object], origins: dict[str, Origin]) -> None:
    """``endpoint`` and ``destinations`` exclude each other: the higher layer counts, within one the list."""
    if not (values.get("endpoint") and values.get("destinations")):
        return
    order = list(Layer)
    is_higher = order.index(origins["endpoint"].layer) < order.index(origins["destinations"].layer)
    overruled = "destinations" if is_higher else "endpoint"
    del values[overruled]
    origins[overruled] = Origin()
