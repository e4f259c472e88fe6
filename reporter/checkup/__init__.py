"""Checkup: IT's self-test of one computer, from the settings to the destinations.

``run`` is the whole of it, in order:

1. the settings are read, which everything else depends on;
2. all that could hang is begun at once, each on a thread of its own: destinations, spool, facts, display;
3. what has ended in time is written down, section by section; what has not is told as that.

Nothing is sent but what ``send_test`` asks for, and there is always a page in the end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from reporter.checkup import computer, configuration, delivery
from reporter.checkup.model import Checkup, Finding, Section, State, status_of
from reporter.checkup.promise import Promise
from reporter.errors import ReporterError
from reporter.examination import collect_facts
from reporter.facts.model import Facts
from reporter.settings.layers import Loaded

__all__ = ["Checkup", "Finding", "Section", "State", "run"]

LIMIT_S = 16.0
SETTINGS_LIMIT_S = 5.0

TITLES = {
    "settings": "Settings",
    "layers": "Layers of settings, the highest first",
    "brand": "Brand",
    "databases": "Lists of databases",
    "destinations": "Destinations",
    "spool": "Reports on this computer",
    "trust": "Trust store",
    "proxy": "Proxy",
    "faces": "Dialog and screenshots",
    "clock": "Clock",
    "versions": "Versions",
}


def run(
    load: Callable[[], Loaded],
    *,
    send_test: bool = False,
    terminal: bool = False,
    environ: Mapping[str, str] = os.environ,
    limit_s: float = LIMIT_S,
) -> Checkup:
    """The checkup of this computer, within ``limit_s``; never raises.

    ``load`` gives the settings in force; ``send_test``: each destination is given a marked test report;
    ``terminal``: a person is at this process's terminal.
    """
    begun_s, checked_at = time.monotonic(), datetime.now(UTC).astimezone()
    until_s = begun_s + limit_s
    found: dict[str, list[Finding]] = {}
    try:
        loaded = Promise(load).result(min(until_s, begun_s + SETTINGS_LIMIT_S))
    except Exception as error:  # noqa: BLE001 - a page is wanted above all
        found["settings"] = [_unfinished(error, "settings")]
    else:
        found = _examine(loaded, until_s, send_test=send_test, terminal=terminal, environ=environ)
    sections = [
        Section(name=name, title=title, findings=found[name])
        for name, title in TITLES.items()
        if name in found
    ]
    return Checkup(
        checked_at=checked_at,
        elapsed_ms=round((time.monotonic() - begun_s) * 1000),
        status=status_of(sections),
        sections=sections,
    )


def _examine(
    loaded: Loaded, until_s: float, *, send_test: bool, terminal: bool, environ: Mapping[str, str]
) -> dict[str, list[Finding]]:
    """All sections, begun together."""
    settings = loaded.settings
    facts = Promise(lambda: collect_facts(loaded))

    def known() -> Facts:
        return facts.result(until_s)

    destinations = Promise(lambda: delivery.Destinations(loaded, send_test=send_test))
    begun: dict[str, list[Promise[list[Finding]]]] = {
        "settings": [Promise(lambda: configuration.settings(loaded, environ))],
        "layers": [Promise(lambda: configuration.layers(loaded))],
        "brand": [Promise(lambda: configuration.brand(environ))],
        "databases": [Promise(lambda: configuration.databases(environ))],
        "destinations": [Promise(lambda: destinations.result(until_s).findings(until_s - 0.5))],
        "spool": [Promise(lambda: delivery.spool(settings.spool_limit_mb)), Promise(delivery.courier)],
        "trust": [Promise(lambda: computer.trust(known()))],
        "proxy": [Promise(lambda: computer.proxies(known()))],
        "faces": [Promise(lambda: computer.faces(settings, environ, terminal=terminal))],
        "clock": [Promise(lambda: computer.clock(known()))],
        "versions": [Promise(lambda: computer.versions(known()))],
    }
    found: dict[str, list[Finding]] = {}
    for name, promises in begun.items():
        found[name] = []
        for promise in promises:
            try:
                found[name] += promise.result(until_s)
            except Exception as error:  # noqa: BLE001 - what cannot be looked at is a finding too
                found[name].append(_unfinished(error, name))
    return found


def _unfinished(error: Exception, subject: str) -> Finding:
    words = f"could not be looked at ({type(error).__name__})"
    if isinstance(error, ReporterError):
        words = str(error)
    elif isinstance(error, TimeoutError):
        words = "did not end in time"
    elif isinstance(error, OSError):
        words = f"could not be looked at ({error.strerror or type(error).__name__})"
    return Finding(state=State.WRONG, subject=subject, words=words)
