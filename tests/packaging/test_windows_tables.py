"""Tables of the installer: what is read is what was written, and nothing of a brand becomes a command."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.errors import PackagingError
from windows.columns import table
from windows.table import code_page, literal, parse, too_long

TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40)


@given(TEXTS, TEXTS)
def test_what_is_read_is_what_was_written(name: str, value: str) -> None:
    written = table("Property", [("A" + name, value)])
    assert parse(written.text()).rows == written.rows


@pytest.mark.parametrize("value", ["a\tb", "a\nb", "a\r", "\0"])
def test_what_would_break_a_line_is_refused(value: str) -> None:
    with pytest.raises(PackagingError, match="no room for the control characters"):
        table("Property", [("A", value)]).text()


def test_numbers_stay_numbers_and_rows_have_an_order() -> None:
    rows: list[tuple[str | int, ...]] = [("B", "", 2), ("A", "NOT X", -1), ("C", "", "")]
    read = parse(table("InstallUISequence", rows).text())
    assert read.rows == (("A", "NOT X", -1), ("B", "", 2), ("C", "", ""))
    assert read == parse(table("InstallUISequence", rows[::-1]).text())


def test_a_code_page_in_front_of_the_name_is_no_name() -> None:
    assert parse("Property\tValue\r\ns72\tl0\r\n1251\tProperty\tProperty\r\nA\tb\r\n").name == "Property"


@pytest.mark.parametrize(
    ("texts", "page"),
    [
        ([], 1252),
        (["Reporter", "Hilfe für Müller – €"], 1252),
        (["Помощь", "Reporter"], 1251),
        (["Pomoc při přihlášení"], 1250),
        (["Βοήθεια"], 1253),
        (["ログイン"], 932),
    ],
)
def test_the_code_page_holds_every_text(texts: list[str], page: int) -> None:
    assert code_page(texts) == page


@pytest.mark.parametrize("texts", [["Помощь", "Çelik"], ["\u0905"], ["Łódź", "Помощь"]])
def test_texts_that_no_code_page_holds_are_refused(texts: list[str]) -> None:
    with pytest.raises(PackagingError, match="one code page, and none holds all of"):
        code_page(texts)


def test_a_text_is_never_taken_for_a_property() -> None:
    assert literal("a [ENDPOINT] {b} \\") == r"a [\[]ENDPOINT[\]] [\{]b[\}] " + "\\"


def test_a_value_longer_than_its_column_is_noticed() -> None:
    fits = table("Shortcut", [("Program", *("x" * 72,) * 4, *("",) * 11)])
    assert too_long([fits]) == []
    [problem] = too_long([msgspec.structs.replace(fits, rows=(("x" * 73, *fits.rows[0][1:]),))])
    assert problem.startswith("Shortcut.Shortcut holds 72 characters, and")
