"""Screens for the window's tests, and its language."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest

from reporter.texts import LOCALE_DIR, Translator
from tests.ui.screen import Screen

Screens = Callable[..., Screen]


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[tuple[str, str, int], Screen]]:
    """The X servers of the whole session, ended by their ids: Tk keeps its connections until then."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed: the window was NOT tested; install the package xvfb")
    started: dict[tuple[str, str, int], Screen] = {}
    yield started
    for one in started.values():
        one.end()


@pytest.fixture(scope="module")
def screens(servers: dict[tuple[str, str, int], Screen], request: pytest.FixtureRequest) -> Screens:
    """A screen of this size and resolution, for one module of tests: Tk keeps for each display what had the
    keyboard there, whichever application that was."""

    def screen(size: str = "1600x1200", dpi: int = 96) -> Screen:
        key = (request.node.nodeid, size, dpi)
        if key not in servers:
            servers[key] = Screen(size, dpi)
        return servers[key]

    return screen


@pytest.fixture(scope="session")
def texts() -> Callable[[str], Translator]:
    """The sentences of a language; its catalogue must have been compiled."""

    def of(language: str) -> Translator:
        if language != "en":
            compiled = LOCALE_DIR / language / "LC_MESSAGES" / "reporter.mo"
            assert compiled.exists(), "compile the catalogues: python packaging/catalogues.py compile"
        return Translator(language)

    return of
