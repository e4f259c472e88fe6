"""Names: how a setting is called: ``help_url`` in files, ``HelpUrl`` in the registry and in templates."""

from __future__ import annotations

import re

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def pascal_case(name: str) -> str:
    """``help_url`` → ``HelpUrl``."""
    return "".join(word.capitalize() for word in name.split("_"))


def snake_case(name: str) -> str:
    """``HelpUrl`` → ``help_url``; never raises for what is no such name."""
    return _CAPITAL.sub("_", name).lower()


def slug(name: str) -> str:
    """A name in small Latin letters and digits with hyphens between; empty where nothing is left of it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
