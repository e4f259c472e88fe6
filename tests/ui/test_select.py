"""Which face is chosen, and what is said where none can be."""

from __future__ import annotations

import builtins
import sys
import threading
from typing import Any

import pytest

from reporter.errors import FaceUnavailable
from reporter.texts import Translator
from reporter.ui import select
from reporter.ui.presenter import Presenter
from reporter.ui.select import choose_face
from reporter.ui.silent import SilentFace
from reporter.ui.terminal import TerminalFace
from reporter.ui.window import WindowFace
from tests.ui.conftest import Screens
from tests.ui.desk import EXPIRED, FakeDesk

NO_SUCH_DISPLAY = {"DISPLAY": ":4711"}


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that this process belongs to a terminal."""
    monkeypatch.setattr("reporter.ui.terminal.face.open_terminal", lambda: (sys.stdin, sys.stdout))


def test_auto_is_the_window_where_there_is_a_display(screens: Screens) -> None:
    environ = {"DISPLAY": screens().name, "HOME": "/nonexistent"}
    face = choose_face("auto", appearance="light", terminal=True, environ=environ)
    assert isinstance(face, WindowFace)
    face._root.destroy()


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.parametrize("environ", [{}, NO_SUCH_DISPLAY, {"WAYLAND_DISPLAY": "wayland-9"}])
def test_auto_is_the_terminal_where_no_display_can_be_opened(environ: dict[str, str]) -> None:
    face = choose_face("auto", appearance="auto", terminal=True, environ=environ)
    assert isinstance(face, TerminalFace)


@pytest.mark.parametrize("environ", [{}, NO_SUCH_DISPLAY])
def test_auto_is_silent_where_nobody_sits(environ: dict[str, str]) -> None:
    assert isinstance(choose_face("auto", appearance="auto", terminal=False, environ=environ), SilentFace)


@pytest.mark.usefixtures("at_a_terminal")
def test_auto_is_the_terminal_where_tk_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    without_tk(monkeypatch)
    face = choose_face("auto", appearance="auto", terminal=True, environ=NO_SUCH_DISPLAY)
    assert isinstance(face, TerminalFace)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, "The window cannot be shown: neither DISPLAY nor WAYLAND_DISPLAY is set"),
        (NO_SUCH_DISPLAY, "The window cannot be shown: .*:4711"),
    ],
)
def test_a_window_asked_for_by_name_says_why_it_cannot_be(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(FaceUnavailable, match=sentence):
        choose_face("window", appearance="auto", terminal=True, environ=environ)


def test_a_window_asked_for_by_name_says_that_tk_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    without_tk(monkeypatch)
    with pytest.raises(FaceUnavailable, match="this Python has no Tk"):
        choose_face("window", appearance="auto", terminal=True, environ=NO_SUCH_DISPLAY)


def test_windows_and_macos_always_have_a_display() -> None:
    assert select._has_display({}, "win32")
    assert select._has_display({}, "darwin")
    assert not select._has_display({}, "linux")


def test_an_unknown_face_is_named_with_those_there_are() -> None:
    with pytest.raises(FaceUnavailable, match="'browser'; choose one of auto, window, terminal, none"):
        choose_face("browser", appearance="auto", terminal=True, environ={})


def test_the_silent_face_waits_for_the_verdict_and_closes() -> None:
    desk = FakeDesk(EXPIRED)
    desk.gate.clear()
    presenter = Presenter(desk, Translator("en"))
    face = choose_face("none", appearance="auto", terminal=True, environ={})
    runs = threading.Thread(target=face.run, args=(presenter,))
    runs.start()
    assert not presenter.view().closed
    desk.gate.set()
    runs.join(10)
    assert presenter.view().closed
    assert presenter.view().headline == EXPIRED.headline
    assert desk.sent == []


def without_tk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that this Python was built without Tk."""
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("reporter.ui.window"):
            raise ModuleNotFoundError("No module named '_tkinter'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
