"""Paths: where the agent writes, and where the person's settings file lies.

``REPORTER_HOME`` puts everything that is written under one folder; else each system's own places are used,
which ``platformdirs`` knows, under the command of the program. Nothing is created here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reporter import program
from reporter.settings.environment import HOME, SETTINGS_FILE

if TYPE_CHECKING:
    from platformdirs.api import PlatformDirsABC


def spool(environ: Mapping[str, str]) -> Path:
    """The folder of the reports kept on this computer."""
    home = _home(environ)
    return home / "spool" if home else _dirs().user_data_path / "spool"


def drafts(environ: Mapping[str, str]) -> Path:
    """The folder of stories that were begun and not sent."""
    home = _home(environ)
    return home / "drafts" if home else _dirs().user_data_path / "drafts"


def mails(environ: Mapping[str, str]) -> Path:
    """The folder of reports as drafts for the person's own mail program."""
    home = _home(environ)
    return home / "mails" if home else _dirs().user_data_path / "mails"


def pseudonyms(environ: Mapping[str, str]) -> Path:
    """The file that tells which name stands for which host; it never leaves this computer."""
    home = _home(environ)
    return (home or _dirs().user_data_path) / "pseudonyms.json"


def crashes(environ: Mapping[str, str]) -> Path:
    """The folder where programs that crash leave their last words."""
    home = _home(environ)
    return home / "crashes" if home else _dirs().user_data_path / "crashes"


def cache(environ: Mapping[str, str]) -> Path:
    """The folder of what can be learned again."""
    home = _home(environ)
    return home / "cache" if home else _dirs().user_cache_path


def settings_file(environ: Mapping[str, str]) -> tuple[Path, bool]:
    """The person's settings file, and whether it was named and therefore has to exist."""
    named = environ.get(SETTINGS_FILE, "")
    if named:
        return _expanded(named), True
    return _dirs().user_config_path / "settings.toml", False


def _home(environ: Mapping[str, str]) -> Path | None:
    named = environ.get(HOME, "")
    return _expanded(named).absolute() if named else None


def _expanded(named: str) -> Path:
    try:
        return Path(named).expanduser()
    except RuntimeError:  # there is no such person, or no home folder
        return Path(named)


def _dirs() -> PlatformDirsABC:
    from platformdirs import PlatformDirs

    return PlatformDirs(program.name(), appauthor=False)
