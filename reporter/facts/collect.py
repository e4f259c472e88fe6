"""Collect: the facts about this computer and this configuration, by allow-list.

No arguments of programs, no environment but named variables, no content of files; of addresses only those
of gateways and name servers, which a report replaces; the names of the person and of the computer only where
the settings include them.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from reporter import program
from reporter._version import __version__
from reporter.facts import guard, network, trust
from reporter.facts.guard import Collector, Row, Section
from reporter.facts.model import Facts, Scalar, Value
from reporter.facts.operating_system import OperatingSystem, this_system
from reporter.settings.model import FACT_SECTIONS
from reporter.texts.safe import one_line, without_secrets

TEXT_LIMIT_CHARS = 500
LIST_LIMIT_ITEMS = 200
FILES_LIMIT_ITEMS = 30
CONNECTION_LIMIT_ITEMS = 50
# Limits in milliseconds for what may be slow: a drive, a program that is asked, settings of the person.
FILE_LIMIT_MS = 500
DRIVE_LIMIT_MS = 700
SLOW_LIMIT_MS = 2_000

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\",]+")
_SECRET_NAME = re.compile(r"pass|pwd|secret|token|credential|auth|api_?key", re.IGNORECASE)


def collect(
    *,
    application_name: str = "",
    application_version: str = "",
    application_path: str = "",
    application_files: Sequence[str] = (),
    connection: Mapping[str, Value] | None = None,
    settings_in_force: Sequence[Mapping[str, Scalar]] = (),
    include_user_name: bool = False,
    include_host_name: bool = False,
    environ: Mapping[str, str] = os.environ,
    system: OperatingSystem | None = None,
) -> Facts:
    """The facts of all sections; never raises, and ends within seconds.

    ``application_path``: where the program lies; only the kind of that place is told. ``application_files``:
    of these it is told whether they are there, their size and time. ``connection``: what the caller knows of
    the chosen database or server, without secrets. ``settings_in_force``: rows with name, value, layer and
    place. ``system`` is the operating system asked, another one in tests. What of all this may leave this
    computer is decided where a report is built.
    """
    started = time.monotonic()
    asked = system or this_system(environ)
    home = _home()
    names = {"name": application_name, "version": application_version}
    collectors = [
        Collector("application", "name", lambda: {**names, "place": asked.places.of(application_path)}),
        Collector("connection", "connection", lambda: _connection(connection or {})),
        Collector("agent", "version", lambda: {"version": __version__}),
        Collector(
            "settings", "values", lambda: {"in_force": [_setting(row, home) for row in settings_in_force]}
        ),
        *_of_system(asked),
        Collector("trust", "environment", lambda: trust.by_environment(environ, asked.places), FILE_LIMIT_MS),
        Collector("runtime", "runtime", lambda: _runtime(environ)),
    ]
    if application_files:
        files = Collector("application", "files", lambda: _files(application_files, asked), SLOW_LIMIT_MS)
        collectors.append(files)
    if home:
        collectors.append(Collector("storage", "home folder", lambda: _drive("home", home), DRIVE_LIMIT_MS))
    if include_user_name:
        collectors.append(Collector("identity", "user name", _user_name, SLOW_LIMIT_MS))
    if include_host_name:
        collectors.append(Collector("identity", "host name", _host_name))
    found, gaps = guard.run(collectors)
    sections = {name: _tidy(found[name]) for name in FACT_SECTIONS if name in found}
    return Facts(
        collected_at=datetime.now(UTC).astimezone(),
        elapsed_ms=round((time.monotonic() - started) * 1000),
        sections={name: section for name, section in sections.items() if section},
        gaps=gaps,
    )


def _of_system(asked: OperatingSystem) -> Iterator[Collector]:
    """Everything that has to be asked differently on each system, and what psutil tells of all of them."""
    yield Collector("system", "operating system", asked.system)
    yield Collector("system", "computer", asked.machine, SLOW_LIMIT_MS)
    yield Collector("system", "virtualization", asked.virtualization, SLOW_LIMIT_MS)
    yield Collector("system", "domain", asked.domain)
    yield Collector("system", "uptime", _uptime)
    yield Collector("processor", "model", asked.processor, SLOW_LIMIT_MS)
    yield Collector("processor", "count", lambda: {"count": os.cpu_count()})
    yield Collector("memory", "memory", _memory)
    yield Collector("storage", "system drive", lambda: _drive("system", asked.system_drive), DRIVE_LIMIT_MS)
    yield Collector("locale", "format", asked.locale)
    yield Collector("locale", "language", _language, SLOW_LIMIT_MS)
    yield Collector("locale", "keyboard", asked.keyboard)
    yield Collector("time", "zone", lambda: {"zone": asked.time_zone()})
    yield Collector("time", "offset", _utc_offset)
    yield Collector("time", "clock", asked.clock)
    yield Collector("network", "interfaces", lambda: _interfaces(asked))
    yield Collector("network", "gateways", asked.gateways, SLOW_LIMIT_MS)
    yield Collector("network", "name servers", asked.name_servers)
    yield Collector("proxy", "proxy", asked.proxy, SLOW_LIMIT_MS)
    yield Collector("trust", "authorities", asked.trust)
    yield Collector("security", "products", asked.protection)
    yield Collector("security", "hardening", asked.hardening)
    yield Collector("display", "session", asked.display)
    yield Collector("display", "monitors", asked.monitors)


def _connection(known: Mapping[str, Value]) -> Section:
    """What the caller knows, without a fact whose name speaks of a secret, and without those in addresses."""

    def cleaned(value: Scalar) -> Scalar:
        return _without_secrets(value) if isinstance(value, str) else value

    def row(item: str | Mapping[str, Scalar]) -> str | Row:
        if isinstance(item, str):
            return _without_secrets(item)
        return {name: cleaned(value) for name, value in item.items() if not _SECRET_NAME.search(name)}

    return {
        name: cleaned(value) if isinstance(value, Scalar) else [row(item) for item in value]
        for name, value in islice(known.items(), CONNECTION_LIMIT_ITEMS)
        if not _SECRET_NAME.search(name)
    }


def _files(paths: Sequence[str], asked: OperatingSystem) -> Section:
    """One row a file; each is looked at side by side, so that one on a dead drive costs only itself."""
    rows: list[Row] = []
    looked_at = [Path(path) for path in paths[:FILES_LIMIT_ITEMS]]
    for path, outcome in zip(
        looked_at,
        guard.outcomes(
            Collector("application", path.name, lambda path=path: _file(path, asked), FILE_LIMIT_MS)  # type: ignore[misc]
            for path in looked_at
        ),
        strict=True,
    ):
        rows.append({"name": path.name, "remark": outcome} if isinstance(outcome, str) else _row(outcome))
    return {"files": rows}


def _file(path: Path, asked: OperatingSystem) -> Section:
    return {**asked.places.file(str(path.expanduser()))}


def _row(section: Section) -> Row:
    return {name: value for name, value in section.items() if value is None or isinstance(value, Scalar)}


def _interfaces(asked: OperatingSystem) -> Section:
    kinds: Mapping[str, str] = {}
    with suppress(OSError):  # their names tell most of them too
        kinds = asked.interface_kinds()
    return network.interfaces(kinds)


def _uptime() -> Section:
    import psutil

    return {"uptime_seconds": max(0, round(time.time() - psutil.boot_time()))}


def _memory() -> Section:
    import psutil

    memory = psutil.virtual_memory()
    return {"total_bytes": memory.total, "available_bytes": memory.available}


def _drive(name: str, path: str) -> Section:
    import psutil

    usage = psutil.disk_usage(path)
    return {f"{name}_total_bytes": usage.total, f"{name}_free_bytes": usage.free}


def _language() -> Section:
    from reporter.texts import system_language

    return {"language": system_language()}


def _utc_offset() -> Section:
    offset = datetime.now(UTC).astimezone().utcoffset()
    return {"utc_offset_minutes": None if offset is None else round(offset.total_seconds() / 60)}


def _runtime(environ: Mapping[str, str]) -> Section:
    return {
        # On Windows this variable is that of the process; it differs from the machine's under emulation.
        "architecture": environ.get("PROCESSOR_ARCHITECTURE") or os.uname().machine,
        "python": sys.version.split()[0],
        "implementation": sys.implementation.name,
        "bits": 64 if sys.maxsize > 2**32 else 32,
        "is_frozen": program.is_agent(),
    }


def _user_name() -> Section:
    import getpass

    return {"user_name": getpass.getuser()}


def _host_name() -> Section:
    import socket

    return {"host_name": socket.gethostname()}


def _home() -> str:
    try:
        return str(Path.home())
    except RuntimeError:  # an account without a home folder
        return ""


def _setting(row: Mapping[str, Scalar], home: str) -> Row:
    """A row without secrets in addresses, and without the home folder, whose name is often the person's."""
    value = row.get("value")
    if isinstance(value, str):
        value = _without_secrets(value)
    told: Row = {
        "name": row.get("name"),
        "value": value,
        "layer": row.get("layer"),
        "place": row.get("place"),
    }
    if len(home) > 1:
        for name, text in told.items():
            if isinstance(text, str):
                told[name] = text.replace(home, "~")
    return told


def _without_secrets(text: str) -> str:
    return _ADDRESS.sub(lambda found: without_secrets(found[0]), text)


def _tidy(section: Section) -> Section:
    """Without empty facts, and with every text on one line and within its limit."""
    cleaned = {name: _clean(value) for name, value in section.items()}
    return {name: value for name, value in cleaned.items() if value not in (None, "", [])}


def _clean(value: Value) -> Value:
    if isinstance(value, str):
        return one_line(value, TEXT_LIMIT_CHARS)
    if isinstance(value, list):
        return [_clean_item(item) for item in value[:LIST_LIMIT_ITEMS]]
    return value


def _clean_item(item: str | Mapping[str, Scalar]) -> str | Row:
    if isinstance(item, str):
        return one_line(item, TEXT_LIMIT_CHARS)
    return {
        name: one_line(value, TEXT_LIMIT_CHARS) if isinstance(value, str) else value
        for name, value in item.items()
    }
