"""Reporter: says why a login cannot connect, in plain words, and gets a report to support.

    import reporter

    session = reporter.guard(login, target="https://erp.example.org/base", application="ERP")

Everything is loaded when it is first used: ``import reporter`` costs a host next to nothing, and a
login that works never loads more than the guard itself.
"""

from __future__ import annotations

from reporter._version import __version__

TYPE_CHECKING = False  # importing typing would cost most of what this module may cost
if TYPE_CHECKING:
    from typing import Any

    from reporter.agent import about, remember, watch
    from reporter.capture.crash import install
    from reporter.capture.guard import guard

__all__ = ["__version__", "about", "guard", "install", "remember", "watch"]

_HOMES = {
    "about": "reporter.agent",
    "guard": "reporter.capture.guard",
    "install": "reporter.capture.crash",
    "remember": "reporter.agent",
    "watch": "reporter.agent",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'reporter' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
