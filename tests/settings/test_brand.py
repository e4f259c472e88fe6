"""brand.toml: names, looks and contact; every fault told at once, and none of them a way to what is sent."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.settings.brand import GROUNDS, LEVEL, ON_ACCENT, contrast, find, load
from reporter.settings.layers import load as load_settings
from reporter.settings.picture import SIDE_LIMIT_PX
from reporter.settings.policy import base
from reporter.settings.policy.base import Vendor, vendor_of
from reporter.ui.brand import OWN, Brand
from reporter.ui.window import palette, raster
from reporter.ui.window.raster import Raster

WHOLE = """
product = "Nordwind Help"
vendor = "Nordwind & Söhne"
bundle_id = "example.nordwind.help"
logo = "logo.png"
[light]
accent = "#7a145a"
link = "#8a1464"
[dark]
accent = "#ffd24a"
on_accent = "#191e23"
[support]
phone = "+49 30 1234-567 ext. 8"
email = "help@nordwind.example"
url = "https://help.nordwind.example/login"
"""


def written(folder: Path, text: str, name: str = "brand.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def png(width: int = 40, height: int = 20) -> bytes:
    return Raster(width, height, (120, 20, 90)).png()


def test_a_whole_brand_is_read(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(png())
    found = load(written(tmp_path, WHOLE))
    assert found.problems == []
    brand = found.brand
    assert (brand.product, brand.vendor) == ("Nordwind Help", "Nordwind & Söhne")
    assert brand.logo == png()
    assert brand.light.accent == "#78145a", "in the steps that the window has"
    assert brand.dark.on_accent == "#191e23"
    assert (brand.phone, brand.email) == ("+49 30 1234-567 ext. 8", "help@nordwind.example")


def test_without_a_file_it_is_our_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("reporter.settings.brand.SYSTEM_FOLDER", tmp_path)
    assert find({}).brand == OWN
    assert find({"REPORTER_BRAND": str(tmp_path / "none.toml")}).problems != []


def test_the_first_of_the_places_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("reporter.settings.brand.SYSTEM_FOLDER", tmp_path)
    written(tmp_path, 'product = "Beside"')
    monkeypatch.setattr(sys, "executable", str(tmp_path / "reporter"))
    assert find({}).brand == OWN, "only beside the installed program"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert find({}).brand == OWN, "a host that was frozen with our library is not the installed program"
    monkeypatch.setattr(sys, "_reporter_agent", True, raising=False)
    assert find({}).brand.product == "Beside"
    (tmp_path / "reporter").mkdir()
    written(tmp_path / "reporter", 'product = "System"')
    assert find({}).brand.product == "System", "the administrator's word about looks"
    named = written(tmp_path, 'product = "Named"', "named.toml")
    assert find({"REPORTER_BRAND": str(named)}).brand.product == "Named"


def test_every_fault_is_told_at_once_with_its_place_and_what_was_meant(tmp_path: Path) -> None:
    text = """prodct = "A"
vendor = 7
logo = "../logo.png"
[light]
acent = "#112233"
link = "blue"
[supprt]
phone = "1"
[support]
phone = "call\\nme"
email = "nobody"
url = "http://help.example.org"
"""
    found = load(written(tmp_path, text))
    problems = "\n".join(found.problems)
    for part in (
        "line 1, column 1: prodct is not known here (did you mean product?)",
        "line 2, column 1: vendor is 7",
        "line 3, column 1: logo is",
        "line 5, column 1: light.acent is not known here (did you mean accent?)",
        'line 6, column 1: light.link is "blue"; write a colour such as #1e5fd2',
        "line 7, column 2: supprt is not known here (did you mean support?)",
        "line 10, column 1: support.phone is",
        "line 11, column 1: support.email is",
        "line 12, column 1: support.url begins with http:",
    ):
        assert part in problems
    assert len(found.problems) == 9
    assert found.brand == OWN


def test_one_bad_key_disables_no_other(tmp_path: Path) -> None:
    found = load(written(tmp_path, 'product = "Good"\nvendor = ["bad"]\n[light]\nlink = "#005ac8"\n'))
    assert (found.brand.product, found.brand.vendor) == ("Good", "")
    assert found.brand.light.link == "#005ac8"
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('[light]\naccent = "#ffe600"', "light.accent is #ffe600, on which the text #ffffff"),
        ('[dark]\nlink = "#3c3c3c"', "dark.link is #3c3c3c, which has a contrast of"),
        ('[light]\naccent = "#1e1e1e"\non_accent = "#323232"', "light.accent is #1e1e1e"),
        ('[light]\non_accent = "#000000"', "light.on_accent stands on no accent"),
    ],
)
def test_a_colour_that_cannot_be_read_is_refused_with_its_reason(
    tmp_path: Path, line: str, reason: str
) -> None:
    found = load(written(tmp_path, line))
    assert len(found.problems) == 1
    assert reason in found.problems[0]
    assert found.brand == OWN


@pytest.mark.parametrize("palette_of", ["light", "dark"])
def test_the_grounds_are_those_of_the_window(palette_of: str) -> None:
    own = palette.LIGHT if palette_of == "light" else palette.DARK
    assert GROUNDS[palette_of] == (own.window, own.panel, own.footer)
    assert own.on_accent == ON_ACCENT
    assert raster.LEVEL == LEVEL == palette.LEVEL


@given(st.integers(0, 0xFFFFFF), st.sampled_from(["light", "dark"]))
def test_whatever_passes_can_be_read_in_every_shade(colour: int, look: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        text = f'[{look}]\naccent = "#{colour:06x}"\nlink = "#{colour:06x}"'
        brand = load(written(Path(folder), text)).brand
    own = palette.LIGHT if look == "light" else palette.DARK
    made = palette.branded(own, brand.light if look == "light" else brand.dark)
    for ground in (made.accent, made.accent_hover, made.accent_pressed):
        assert contrast(made.on_accent, ground) >= 4.5
        assert all(int(ground[at : at + 2], 16) % LEVEL == 0 for at in (1, 3, 5))
    for ground in (made.window, made.panel):
        assert contrast(made.link, ground) >= 4.5


def test_our_own_brand_changes_no_colour() -> None:
    assert palette.branded(palette.LIGHT, OWN.light) is palette.LIGHT
    assert palette.branded(palette.DARK, OWN.dark) is palette.DARK


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a PNG"),
        (b"\xff\xd8\xff\xe0JFIF", "is not a PNG"),
        (b"", "is not a PNG"),
        (png(SIDE_LIMIT_PX + 1, 1), "pixels"),
        (png() + b"\0" * 300_000, "300,"),
        (b"\0" * 2_000_000, "more than 1,048,576 bytes"),
        (png()[:16] + b"\0\0\0\0\0\0\0\0" + png()[24:], "has 0 × 0 pixels"),
    ],
)
def test_a_logo_that_is_none_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "logo.png").write_bytes(content)
    found = load(written(tmp_path, 'logo = "logo.png"'))
    assert found.brand.logo == b""
    assert reason in found.problems[0]


@pytest.mark.parametrize(
    "name", [r"\\server\share\logo.png", "//server/logo.png", "C:logo.png", "/etc/passwd", ".."]
)
def test_a_logo_elsewhere_is_not_opened(tmp_path: Path, name: str) -> None:
    found = load(written(tmp_path, f"logo = '{name}'"))
    assert "without a folder" in found.problems[0]


@pytest.mark.parametrize(
    "content", [b"\0" * 10, b"\xff\xfe\0", b"product = ", b"a." * 100 + b"a = 1", b"x" * 2_000_000]
)
def test_a_file_that_is_none_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "brand.toml"
    path.write_bytes(content)
    found = load(path)
    assert (found.brand, len(found.problems)) == (OWN, 1)


def test_many_faults_are_not_listed_one_by_one(tmp_path: Path) -> None:
    found = load(written(tmp_path, "".join(f"key{n} = 1\n" for n in range(5_000))))
    assert len(found.problems) == 51
    assert "more problems" in found.problems[-1]


def test_a_brand_cannot_say_what_is_sent_or_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rogue = 'endpoint = "https://rogue.example/"\nsubmission = "auto"\n[support]\nendpoint = "https://x"\n'
    path = written(tmp_path, rogue + 'url = "https://rogue.example/help"\nemail = "rogue@rogue.example"\n')
    assert len(load(path).problems) == 3
    environ = {"REPORTER_BRAND": str(path), "REPORTER_HOME": str(tmp_path)}
    branded, own = (load_settings(environ=one) for one in (environ, {"REPORTER_HOME": str(tmp_path)}))
    assert branded.settings == own.settings
    assert branded.problems == own.problems


def test_policies_are_kept_under_the_names_that_were_built_in_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, 'product = "Help"\nvendor = "Nordwind"\nbundle_id = "example.nordwind.help"\n')
    monkeypatch.setenv("REPORTER_BRAND", str(path))
    assert base._own() == Vendor(), "a variable leads nobody past the policies"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "reporter"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.delenv("REPORTER_BRAND")
    assert base._own() == Vendor(), "a host that was frozen with our library"
    monkeypatch.setattr(sys, "_reporter_agent", True, raising=False)
    built_in = base._own()
    assert built_in.policies_key == r"Software\Policies\Nordwind\Help"
    assert built_in.bundle_id == "example.nordwind.help"
    assert vendor_of(Brand(product="Help")).policies_key == r"Software\Policies\Help\Help"


def test_a_broken_file_is_told_in_words_of_a_brand(tmp_path: Path) -> None:
    [problem] = load(written(tmp_path, 'product = "A"\nproduct = "B"')).problems
    assert "line 2" in problem
    assert "privacy" not in problem
