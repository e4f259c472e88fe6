"""Collect: the facts about this computer and this configuration, by allow-list.

No arguments of programs, no environment but named variables, no addresses; the names of the person and
of the computer only where the settings include them.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from reporter._version import __version__
from reporter.facts import guard, network
from reporter.facts.guard import Collector, Row, Section
from reporter.facts.model import Facts, Scalar, Value
from reporter.facts.operating_system import OperatingSystem, this_system
from reporter.settings.model import FACT_SECTIONS
from reporter.texts.safe import one_line, without_secrets

TEXT_LIMIT_CHARS = 500

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\",]+")


def collect(
    *,
    application_name: str = "",
    application_version: str = "",
    settings_in_force: Sequence[Mapping[str, Scalar]] = (),
    include_user_name: bool = False,
    include_host_name: bool = False,
    environ: Mapping[str, str] = os.environ,
    system: OperatingSystem | None = None,
) -> Facts:
    """The facts of all sections; never raises, and ends within seconds.

    ``settings_in_force``: rows with name, value, layer and place. ``system`` is the operating system
    asked, another one in tests. What of it may leave this computer is decided where a report is built.
    """
    started = time.monotonic()
    asked = system or this_system(environ)
    home = _home()
    collectors = [
        Collector("system", "operating system", asked.system),
        Collector("system", "virtualization", asked.virtualization),
        Collector("system", "uptime", _uptime),
        Collector("processor", "count", lambda: {"count": os.cpu_count()}),
        Collector("processor", "model", asked.processor),
        Collector("memory", "memory", _memory),
        Collector("storage", "system drive", lambda: _drive("system", asked.system_drive)),
        Collector("locale", "format", asked.locale),
        Collector("locale", "language", _language),
        Collector("time", "zone", lambda: {"zone": asked.time_zone()}),
        Collector("time", "offset", _utc_offset),
        Collector("network", "interfaces", network.interfaces),
        Collector("proxy", "proxy", asked.proxy),
        Collector("display", "display", asked.display),
        Collector("runtime", "runtime", lambda: _runtime(environ)),
        Collector("application", "name", lambda: {"name": application_name, "version": application_version}),
        Collector("agent", "version", lambda: {"version": __version__}),
        Collector(
            "settings", "values", lambda: {"in_force": [_setting(row, home) for row in settings_in_force]}
        ),
    ]
    if home:
        collectors.append(Collector("storage", "home folder", lambda: _drive("home", home)))
    if include_user_name:
        collectors.append(Collector("identity", "user name", _user_name))
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
        "architecture": environ.get("PROCESSOR_ARCHITECTURE") or platform.machine(),
        "python": sys.version.split()[0],
        "implementation": sys.implementation.name,
        "bits": 64 if sys.maxsize > 2**32 else 32,
        "is_frozen": bool(getattr(sys, "frozen", False)),
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
        value = _ADDRESS.sub(lambda found: without_secrets(found[0]), value)
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


def _tidy(section: Section) -> Section:
    """Without empty facts, and with every text on one line and within its limit."""
    cleaned = {name: _clean(value) for name, value in section.items()}
    return {name: value for name, value in cleaned.items() if value not in (None, "", [])}


def _clean(value: Value) -> Value:
    if isinstance(value, str):
        return one_line(value, TEXT_LIMIT_CHARS)
    if isinstance(value, list):
        return [_clean_item(item) for item in value]
    return value


def _clean_item(item: str | Mapping[str, Scalar]) -> str | Row:
    if isinstance(item, str):
        return one_line(item, TEXT_LIMIT_CHARS)
    return {
        name: one_line(value, TEXT_LIMIT_CHARS) if isinstance(value, str) else value
        for name, value in item.items()
    }
