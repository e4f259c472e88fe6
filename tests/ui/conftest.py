"""Screens for the window's tests, and its language."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest

from reporter.texts import LOCALE_DIR, Translator
from tests.ui.screen import Screen

Screens = Callable[..., Screen]


@pytest.fixture(scope="session")
def screens() -> Iterator[Screens]:
    """A screen of this size and resolution; one server each for the whole session, ended by its id."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed: the window was NOT tested; install the package xvfb")
    started: dict[tuple[str, int], Screen] = {}

    def screen(size: str = "1600x1200", dpi: int = 96) -> Screen:
        if (size, dpi) not in started:
            started[size, dpi] = Screen(size, dpi)
        return started[size, dpi]

    yield screen
    for one in started.values():
        one.end()


@pytest.fixture(scope="session")
def texts() -> Callable[[str], Translator]:
    """The sentences of a language; its catalogue must have been compiled."""

    def of(language: str) -> Translator:
        if language != "en":
            compiled = LOCALE_DIR / language / "LC_MESSAGES" / "reporter.mo"
            assert compiled.exists(), "compile the catalogues: python packaging/catalogues.py compile"
        return Translator(language)

    return of
