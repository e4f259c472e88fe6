"""Configuration: what the settings of all layers say, and what of them cannot be used, with its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from reporter.checkup.model import Finding, State
from reporter.settings import paths, v8i
from reporter.settings.layers import Layer, Loaded
from reporter.settings.model import TABLE
from reporter.texts.safe import one_line, without_secrets

VALUE_LIMIT_CHARS = 600
PLACES_LIMIT_ITEMS = 5
PROBLEMS_LIMIT_ITEMS = 100
_ADDRESSES = ("endpoint", "destinations")


def settings(loaded: Loaded, environ: Mapping[str, str]) -> list[Finding]:
    """The settings file, every problem, and every setting that somebody has set."""
    path, must_exist = paths.settings_file(environ)
    findings = [_file(path, must_exist=must_exist)]
    for number, problem in enumerate(loaded.problems):
        facts = msgspec.to_builtins(loaded.ignored[number]) if number < len(loaded.ignored) else {}
        findings.append(
            Finding(state=State.MALFORMED, subject="problem", words=one_line(problem, 1_000), facts=facts)
        )
    for row in loaded.rows():
        if row["layer"] != Layer.BUILT_IN:
            locked = ", locked" if row["locked"] else ""
            words = f"{_value(str(row['name']), str(row['value']))}  ({row['origin']}{locked})"
            findings.append(Finding(state=State.GOOD, subject=str(row["name"]), words=words))
    return findings


def _file(path: Path, *, must_exist: bool) -> Finding:
    """The person's settings file; what keeps it from being read is among the problems."""
    try:
        is_there = path.exists()
    except (OSError, ValueError):
        is_there = False
    words = "it is there" if is_there else "there is none" + (", but it was named" if must_exist else "")
    return Finding(state=State.GOOD, subject=f"file {one_line(str(path), 300)}", words=words)


def _value(name: str, value: str) -> str:
    if name in _ADDRESSES:  # the key of Sentry's address is nobody else's business
        value = ", ".join(without_secrets(part) for part in value.split(", "))
    return one_line(value, VALUE_LIMIT_CHARS)


def layers(loaded: Loaded) -> list[Finding]:
    """The layers in their order: what each decides, and from where."""
    ignored = Counter(each.layer for each in loaded.ignored)
    findings = []
    for layer in Layer:
        names = [row.name for row in TABLE if loaded.origins[row.name].layer is layer]
        places = dict.fromkeys(
            loaded.origins[name].place.partition(", line ")[0] for name in names if loaded.origins[name].place
        )
        number = ignored.get(str(layer), 0)
        words = f"in force: {len(names)}" + (f", ignored: {number}" if number else "")
        if places and layer is not Layer.BUILT_IN:
            words += f"; {', '.join(list(places)[:PLACES_LIMIT_ITEMS])}"
        findings.append(
            Finding(
                state=State.NOTE if number else State.GOOD,
                subject=str(layer),
                words=words,
                facts={"in_force": len(names), "ignored": number, "places": list(places)},
            )
        )
    return findings


def brand(environ: Mapping[str, str]) -> list[Finding]:
    """The file with the name and the looks of this organisation, and what of it is not used."""
    from reporter.settings.brand import find

    found = find(environ)
    words = "it is there" if found.place else "there is none, so the program has its own name and looks"
    return [
        Finding(
            state=State.GOOD,
            subject=f"file {found.place}" if found.place else "brand.toml",
            words=words,
            facts={"place": found.place},
        ),
        *(Finding(state=State.MALFORMED, subject="problem", words=problem) for problem in found.problems),
    ]


def databases(environ: Mapping[str, str]) -> list[Finding]:
    """The lists of databases; what is wrong inside of one keeps no report from support."""
    found = v8i.find(environ, cache=paths.cache(environ))
    findings = [
        Finding(
            state=State.NOTE if each.problems else State.GOOD,
            subject=each.place,
            words=f"{len(each.infobases)} databases"
            + (f", {len(each.problems)} problems" if each.problems else ""),
            facts={"place": each.place, "count": len(each.infobases)},
        )
        for each in found.lists
    ]
    findings += [Finding(state=State.WRONG, subject="not read", words=f"{gap.reason}.") for gap in found.gaps]
    problems = [problem for each in found.lists for problem in each.problems]
    findings += [
        Finding(state=State.NOTE, subject="problem", words=problem)
        for problem in problems[:PROBLEMS_LIMIT_ITEMS]
    ]
    return findings or [Finding(state=State.GOOD, subject="none", words="this computer has no lists")]
