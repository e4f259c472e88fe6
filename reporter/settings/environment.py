"""Environment: settings in the variables ``REPORTER_<NAME>`` of the process.

An empty variable counts as not set. Variables that begin alike and belong to other programs are left
alone; one that looks like a mistyped setting is a problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reporter.settings.kinds import nearest
from reporter.settings.model import BY_NAME, TABLE
from reporter.settings.source import Entry, Ignored, Said, at, understand
from reporter.texts.safe import one_line

PREFIX = "REPORTER_"
HOME = "REPORTER_HOME"
SETTINGS_FILE = "REPORTER_SETTINGS"
BRAND_FILE = "REPORTER_BRAND"
AGENT = "REPORTER_AGENT"
"""The installed program that a frozen host starts; see ``reporter.program``."""
NAME_LIMIT_CHARS = 60
# Nearer than for other names, because other programs may use the prefix.
TYPING_ERROR_RATIO = 0.7

# What else has a meaning; a name near one of these is not a mistyped setting.
_OTHERS = (HOME, SETTINGS_FILE, BRAND_FILE, AGENT)


def variable(name: str) -> str:
    """The variable of a setting."""
    return PREFIX + name.upper()


def read(environ: Mapping[str, str]) -> Said:
    """What the environment says."""
    said = understand(_entries(environ))
    for name in sorted(environ):
        if not name.upper().startswith(PREFIX) or name in _OTHERS or not environ[name]:
            continue
        setting = name[len(PREFIX) :]
        if name == variable(setting) and setting.lower() in BY_NAME:
            continue
        meant = nearest(setting, list(BY_NAME), TYPING_ERROR_RATIO)
        if meant:
            safe, remedy = one_line(name, NAME_LIMIT_CHARS), "correct its name or remove it"
            said.ignore(
                Ignored(
                    name=safe,
                    place="the environment",
                    reason="it belongs to no setting",
                    remedy=remedy,
                    meant=variable(meant),
                ),
                f"In the environment: the variable {safe} belongs to no setting (did you mean "
                f"{variable(meant)}?); {remedy}.",
            )
    return said


def _entries(environ: Mapping[str, str]) -> Iterator[Entry]:
    for row in TABLE:
        text = environ.get(variable(row.name), "")
        if text:
            place = f"the variable {variable(row.name)}"
            yield Entry(name=row.name, raw=text, is_text=True, where=at(place))
