"""Light or dark, large or small: what the desktop says, and colours that can be read."""

from __future__ import annotations

import sys
import types
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from reporter.ui.window.appearance import ask_dark
from reporter.ui.window.palette import DARK, LIGHT, Palette
from reporter.ui.window.raster import LEVEL, Raster
from reporter.ui.window.screen import make_aware, place, scale_factor

# Each file that desktops write, and whether it asks for the dark.
FILES = [
    ("gtk-3.0/settings.ini", "[Settings]\ngtk-application-prefer-dark-theme=1\n", True),
    ("gtk-4.0/settings.ini", "[Settings]\ngtk-application-prefer-dark-theme = true\n", True),
    ("gtk-3.0/settings.ini", "[Settings]\ngtk-theme-name=Adwaita-dark\n", True),
    ("gtk-3.0/settings.ini", "[Settings]\ngtk-theme-name=Adwaita\n", False),
    ("gtk-3.0/settings.ini", "\x00\xff not an ini [[[\n=\n", False),
    ("kdeglobals", "[Colors:Window]\nBackgroundNormal=32,35,38\n", True),
    ("kdeglobals", "[Colors:Window]\nBackgroundNormal=239,240,241\n[General]\nColorScheme=Dark\n", False),
    ("kdeglobals", "[General]\nColorScheme=BreezeDark\n", True),
]


@pytest.mark.parametrize(("file", "content", "dark"), FILES)
def test_desktops_say_it_in_their_files(tmp_path: Path, file: str, content: str, dark: bool) -> None:
    path = tmp_path / ".config" / file
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="latin-1")
    assert ask_dark("auto", "linux", {"HOME": str(tmp_path)})() is dark


@pytest.mark.parametrize(("theme", "dark"), [("Adwaita:dark", True), ("Yaru-dark", True), ("Adwaita", False)])
def test_gtk_theme_of_the_environment_decides(tmp_path: Path, theme: str, dark: bool) -> None:
    assert ask_dark("auto", "linux", {"HOME": str(tmp_path), "GTK_THEME": theme})() is dark


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_a_setting_stands_above_the_desktop(system: str) -> None:
    assert ask_dark("dark", system, {})() is True
    assert ask_dark("light", system, {"GTK_THEME": "x:dark"})() is False


@pytest.mark.parametrize(("answer", "dark"), [("'prefer-dark'", True), ("'default'", False)])
def test_gnome_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str, dark: bool) -> None:
    program = tmp_path / "gsettings"
    program.write_text(f'#!/bin/sh\necho "{answer}"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    environ = {"HOME": str(tmp_path), "XDG_CURRENT_DESKTOP": "GNOME"}
    assert ask_dark("auto", "linux", environ)() is dark
    assert ask_dark("auto", "linux", {"HOME": str(tmp_path)})() is False


def test_a_desktop_that_does_not_answer_is_light(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "gsettings"
    program.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("reporter.ui.window.appearance.GSETTINGS_TIMEOUT_S", 0.01)
    environ = {"HOME": str(tmp_path), "XDG_CURRENT_DESKTOP": "GNOME"}
    assert ask_dark("auto", "linux", environ)() is False
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert ask_dark("auto", "linux", environ)() is False


@pytest.mark.parametrize(("value", "dark"), [(0, True), (1, False), (None, False)])
def test_windows_says_it_in_the_registry(
    monkeypatch: pytest.MonkeyPatch, value: int | None, dark: bool
) -> None:
    class Key:
        def __enter__(self) -> Key:
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing to close."""

    def query(_key: Key, name: str) -> tuple[int, int]:
        assert name == "AppsUseLightTheme"
        if value is None:
            raise FileNotFoundError(name)
        return value, 4

    winreg: Any = types.ModuleType("winreg")
    winreg.HKEY_CURRENT_USER = 1
    winreg.OpenKey = lambda _root, _path: Key()
    winreg.QueryValueEx = query
    monkeypatch.setitem(sys.modules, "winreg", winreg)
    assert ask_dark("auto", "win32", {})() is dark


def test_macos_without_its_tool_is_light() -> None:
    assert ask_dark("auto", "darwin", {})() is False


def test_windows_is_told_that_we_scale_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes

    told: list[int] = []
    shcore = types.SimpleNamespace(SetProcessDpiAwareness=told.append)
    monkeypatch.setattr(ctypes, "windll", types.SimpleNamespace(shcore=shcore), raising=False)
    make_aware("win32")
    make_aware("linux")
    assert told == [1]
    monkeypatch.setattr(ctypes, "windll", types.SimpleNamespace(), raising=False)
    make_aware("win32")


class FakeScreen:
    """A display of this size, whose fonts are drawn for ``dpi``."""

    def __init__(self, width: int = 3840, height: int = 2160, dpi: float = 96, pointer: int = 0) -> None:
        self.tk = self
        self._width, self._height, self._dpi, self._pointer = width, height, dpi, pointer

    def call(self, *words: Any) -> int:
        size: int = words[2][1]
        return round(1.2 * (-size if size < 0 else size * self._dpi / 72))

    getint = staticmethod(int)

    def winfo_fpixels(self, _length: str) -> float:
        return self._dpi

    def winfo_screenwidth(self) -> int:
        return self._width

    def winfo_screenheight(self) -> int:
        return self._height

    def winfo_pointerx(self) -> int:
        return self._pointer


@pytest.mark.parametrize(
    ("screen", "system", "environ", "scale"),
    [
        (FakeScreen(dpi=96), "linux", {}, 1.0),
        (FakeScreen(dpi=192), "linux", {}, 2.0),
        (FakeScreen(dpi=120), "linux", {}, 1.25),
        (FakeScreen(dpi=72), "linux", {}, 1.0),
        (FakeScreen(dpi=96), "linux", {"GDK_SCALE": "2"}, 2.0),
        (FakeScreen(dpi=96), "linux", {"GDK_SCALE": "two"}, 1.0),
        (FakeScreen(dpi=2_000, width=8_000), "linux", {}, 4.0),
        (FakeScreen(dpi=192, width=1024), "linux", {}, 1.5),
        (FakeScreen(dpi=144), "win32", {}, 1.5),
        (FakeScreen(dpi=144), "darwin", {}, 1.0),
    ],
)
def test_the_scale_is_the_desktops(screen: Any, system: str, environ: dict[str, str], scale: float) -> None:
    assert scale_factor(screen, system, environ, "Inter") == scale


def test_the_window_stands_in_the_middle_of_one_monitor() -> None:
    one: Any = FakeScreen(1920, 1080)
    assert place(one, 656, 480) == (632, 240)
    second_of_two: Any = FakeScreen(3840, 1080, pointer=2_500)
    assert place(second_of_two, 656, 480) == (1920 + 632, 240)
    tiny: Any = FakeScreen(400, 300)
    assert place(tiny, 656, 480) == (0, 0)


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_everything_can_be_read(palette: Palette) -> None:
    p = palette
    grounds_of_text = [
        (p.text, [p.window, p.panel, p.field, p.selection, p.button, p.button_hover, p.button_pressed]),
        (p.muted, [p.window, p.panel, p.disabled_fill]),
        (p.link, [p.window, p.panel]),
        (p.on_accent, [p.accent, p.accent_hover, p.accent_pressed]),
    ]
    for text, grounds in grounds_of_text:
        for ground in grounds:
            assert contrast(text, ground) >= 4.5, f"{text} on {ground}"
    signs = [(p.caution, p.caution_tint), (p.success, p.success_tint), (p.info, p.info_tint)]
    edges = [(p.ring, p.window), (p.ring, p.footer), (p.ring, p.panel), (p.field_line, p.window)]
    for one, other in signs + edges:
        assert contrast(one, other) >= 3, f"{one} on {other}"


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_keep_to_the_levels_that_pictures_have(palette: Palette) -> None:
    for colour in (getattr(palette, name) for name in palette.__struct_fields__):
        assert all(int(colour[at : at + 2], 16) % LEVEL == 0 for at in (1, 3, 5)), colour


def pixel(picture: Raster, x: int, y: int) -> tuple[int, ...]:
    return tuple(picture._rows[y][x * 4 : x * 4 + 4])


@pytest.mark.parametrize("radius", [0, 1, 6, 12, 20])
def test_a_rounded_box_is_even_on_all_four_sides_and_smooth(radius: int) -> None:
    picture = Raster(40, 40, (255, 255, 255))
    picture.rounded((0, 0, 40, 40), radius, (0, 0, 0))
    assert pixel(picture, 20, 20) == (0, 0, 0, 255)
    for x in range(40):
        for y in range(40):
            here = pixel(picture, x, y)
            assert here == pixel(picture, 39 - x, y) == pixel(picture, x, 39 - y)
    if radius > 1:
        assert pixel(picture, 0, 0)[0] > 200
        row = [pixel(picture, x, 1)[0] for x in range(20)]
        assert all(left >= right for left, right in pairwise(row))


def test_a_stroke_covers_its_line_and_nothing_far_from_it() -> None:
    picture = Raster(20, 20)
    picture.stroke([(2, 10), (18, 10)], 4, (10, 20, 30))
    assert pixel(picture, 10, 10) == (10, 20, 30, 255)
    assert pixel(picture, 10, 3) == (0, 0, 0, 0)


def test_a_picture_is_a_png() -> None:
    data = Raster(3, 2, (5, 10, 15)).png()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data.endswith(b"IEND\xaeB`\x82")
