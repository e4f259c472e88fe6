"""The window under another name: its colours, its logo and its name."""

from __future__ import annotations

import io
import struct
import zlib

import pytest

from reporter.texts import Translator
from reporter.ui.brand import OWN, Brand, Colours
from reporter.ui.presenter import Presenter
from reporter.ui.terminal import TerminalFace
from reporter.ui.window.logo import small
from reporter.ui.window.raster import Raster
from reporter.ui.window.theme import LOGO_HEIGHT, LOGO_WIDTH
from tests.ui.conftest import Screens
from tests.ui.desk import EXPIRED, FakeDesk
from tests.ui.screen import Person, Script
from tests.ui.test_window import assert_nothing_is_clipped, photograph

INK = (120, 20, 90)
BRAND = Brand(
    product="Nordwind Help",
    logo=Raster(400, 100, INK).png(),
    light=Colours(accent="#78145a", link="#8c1464"),
    dark=Colours(accent="#aa2d82", link="#ff9bdc"),
)


def picture_of(screens: Screens, brand: Brand, appearance: str = "light", dpi: int = 96) -> bytes:
    """The window at rest, as four bytes a pixel."""
    taken: list[bytes] = []
    desk = FakeDesk(EXPIRED, has_host=False)
    desk.product = brand.product
    size = "1600x1200" if dpi == 96 else "2400x1800"
    person = Person(screens(size, dpi), desk, Translator("en"), appearance=appearance, brand=brand)

    def script() -> Script:
        yield person.idle
        person.root.update()
        assert_nothing_is_clipped(person)
        photograph(person, dark=appearance == "dark")
        if brand.product:
            assert person.root.title() == "ERP – Nordwind Help"
        taken.append(person.screen.picture(person.root))

    person.run(script())
    return taken[0]


def pixels(colour: tuple[int, int, int]) -> bytes:
    return bytes((*reversed(colour), 0))


@pytest.mark.parametrize("dpi", [96, 192])
@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_the_brand_is_seen(screens: Screens, appearance: str, dpi: int) -> None:
    picture = picture_of(screens, BRAND, appearance, dpi)
    scale = dpi // 96
    colours = memoryview(picture).cast("I").tolist()
    accent = int.from_bytes(pixels((120, 20, 90) if appearance == "light" else (170, 45, 130)), "little")
    logo = int.from_bytes(pixels(INK), "little")
    assert colours.count(accent) > 1_000 * scale, "the main button"
    assert colours.count(logo) >= 0.9 * (LOGO_HEIGHT * scale) * (LOGO_HEIGHT * scale * 4), "the logo"


def broken_png(width: int, height: int) -> bytes:
    """The head of a PNG, and nothing behind it that could be a picture."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\r" + head + struct.pack(">I", zlib.crc32(head)) + b"nothing"


def test_a_logo_that_only_begins_like_one_leaves_the_window_as_it_is_without(screens: Screens) -> None:
    own = picture_of(screens, OWN)
    assert picture_of(screens, Brand(logo=broken_png(100, 100))) == own
    assert picture_of(screens, BRAND) != own


def test_a_large_logo_is_drawn_small() -> None:
    made = small(Raster(1_000, 100, INK).png(), LOGO_WIDTH, LOGO_HEIGHT)
    assert struct.unpack(">II", made[16:24]) == (200, 20)


def test_the_terminal_begins_with_the_name() -> None:
    paper = io.StringIO()
    desk = FakeDesk(EXPIRED)
    desk.product = "Nordwind Help"
    TerminalFace(reader=io.StringIO("c\n"), writer=paper).run(Presenter(desk, Translator("en")))
    assert paper.getvalue().splitlines()[0] == "Nordwind Help"


def test_the_title_is_the_applications_and_the_brands() -> None:
    titles = []
    for application, product in (("ERP", ""), ("ERP", "Nordwind"), ("", "Nordwind"), ("", "")):
        desk = FakeDesk(EXPIRED, application=application)
        desk.product = product
        titles.append(Presenter(desk, Translator("en")).view().title)
    assert titles == ["ERP", "ERP – Nordwind", "Nordwind", "Sign-in help"]
