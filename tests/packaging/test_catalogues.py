"""The catalogues follow the code, and wheels hold them compiled."""

from __future__ import annotations

import gettext
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalogues import ROOT, CatalogueError, compile_all, update_all

CODE = """
def greet(texts, say, n):
    texts.say("Good morning, {name}.", name="Anna")
    self.texts.say("Try again")
    texts.count("{number} report waits.", "{number} reports wait.", n)
    return "a,b".count(",") + texts.say(say)

LATER = N_("Said later")
"""
RUSSIAN = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Try again"
msgstr "Повторить"

msgid "Nobody says this any more"
msgstr "Этого никто не говорит"
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "reporter/texts/locale/ru/LC_MESSAGES/reporter.po"
    path.parent.mkdir(parents=True)
    path.write_text(RUSSIAN, encoding="utf-8")
    (tmp_path / "reporter/greeting.py").write_text(CODE, encoding="utf-8")
    return path


def test_an_update_takes_up_what_the_code_says_and_drops_the_rest(tmp_path: Path, catalogue: Path) -> None:
    assert update_all(tmp_path) == [catalogue]
    sentences = [line for line in catalogue.read_text(encoding="utf-8").splitlines() if "msg" in line]
    assert [line for line in sentences if line.startswith("msgid")] == [
        'msgid ""',
        'msgid "Good morning, {name}."',
        'msgid "Said later"',
        'msgid "Try again"',
        'msgid "{number} report waits."',
        'msgid_plural "{number} reports wait."',
    ]
    assert 'msgstr "Повторить"' in sentences


def test_a_second_update_changes_nothing(tmp_path: Path, catalogue: Path) -> None:
    update_all(tmp_path)
    before = catalogue.read_bytes()
    assert update_all(tmp_path) == []
    assert catalogue.read_bytes() == before


def test_what_is_compiled_is_what_gettext_reads(tmp_path: Path, catalogue: Path) -> None:
    update_all(tmp_path)
    assert compile_all(tmp_path) == [catalogue.with_suffix(".mo")]
    russian = gettext.translation("reporter", tmp_path / "reporter/texts/locale", ["ru"])
    assert russian.gettext("Try again") == "Повторить"
    assert russian.gettext("Said later") == "Said later"


def test_what_is_compiled_holds_no_time_of_its_making(tmp_path: Path, catalogue: Path) -> None:
    [compiled] = compile_all(tmp_path)
    with compiled.open("rb") as file:
        header = gettext.GNUTranslations(file).info()
    assert header["pot-creation-date"] == "1980-01-01 00:00+0000"
    assert str(datetime.now(UTC).year) not in str(header)


@pytest.mark.parametrize("damage", [b'msgid "open', b'msgid "x"\nmsgstr "\xff"\n'])
def test_a_damaged_catalogue_is_named(tmp_path: Path, catalogue: Path, damage: bytes) -> None:
    catalogue.write_bytes(damage)
    with pytest.raises(CatalogueError, match=r"reporter\.po cannot be read"):
        compile_all(tmp_path)


def test_a_wheel_holds_the_package_with_compiled_catalogues(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for name in ("reporter", "packaging"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("*.mo", "__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, checkout)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"],
        cwd=checkout,
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = {path for path in (checkout / "reporter").rglob("*") if path.is_file()}
    assert held == {path.relative_to(checkout).as_posix() for path in files}
    assert "reporter/texts/locale/ru/LC_MESSAGES/reporter.mo" in held
