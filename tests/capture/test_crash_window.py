"""The real thing: a program crashes, has ended, and its crash window is on the screen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from Xlib.display import Display

from tests.ui.screen import Screen
from tests.waiting import wait_until

CRASHES = (
    'import reporter\nreporter.install(application="ERP of the test", restart=True)\nraise KeyError("lost")'
)


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen("800x600", 96)
    yield screen
    screen.end()  # which ends the window too


def titles(display: Display) -> list[str]:
    windows = display.screen().root.query_tree().children
    return [str(window.get_wm_name()) for window in windows if window.get_attributes().map_state]


def test_a_crashed_program_has_a_window_when_it_is_gone(screen: Screen, tmp_path: Path) -> None:
    environ = {
        "DISPLAY": screen.name,
        "HOME": str(tmp_path),
        "PATH": "/usr/bin:/bin",
        "REPORTER_HOME": str(tmp_path / "home"),
    }
    host = subprocess.run(
        [sys.executable, "-c", CRASHES], env=environ, stderr=subprocess.DEVNULL, timeout=60, check=False
    )
    assert host.returncode == 1
    display = Display(screen.name)
    try:
        wait_until(lambda: any("ERP of the test" in title for title in titles(display)))
    finally:
        display.close()
