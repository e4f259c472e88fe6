"""Every sentence is said in every language, with the same placeholders."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from catalogues import KEYWORDS, ROOT
from reporter.texts import LANGUAGES, LOCALE_DIR
from tests.texts.sentences import TRANSLATIONS, catalogue, forms, said

SAME_IN_EVERY_LANGUAGE = {"Bluetooth", "Python", "VPN"}
# Letters that another language of ours has and this one has not: a sentence in the wrong catalogue.
FOREIGN_LETTERS = {"ru": "іїєґІЇЄҐ", "uk": "ыэъёЫЭЪЁ"}
# A Latin letter beside a Cyrillic one looks right, but is read aloud and searched for in vain.
MIXED_WORD = re.compile(r"[A-Za-z][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z]")


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_every_language_has_its_catalogue_and_every_catalogue_its_language() -> None:
    assert sorted(path.parent.parent.name for path in LOCALE_DIR.glob("*/*/*.po")) == sorted(TRANSLATIONS)
    assert set(LANGUAGES) == {"en", *TRANSLATIONS}


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_sentence_is_translated(language: str) -> None:
    translated = catalogue(language)
    missing = [
        message.id
        for message in said()
        if (found := translated.get(forms(message.id)[0])) is None
        or found.fuzzy
        or not all(forms(found.string))
    ]
    assert missing == []


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_nothing_is_translated_that_nobody_says(language: str) -> None:
    translated = catalogue(language)
    assert list(translated.obsolete) == []
    known = {message.id for message in said()}
    assert [message.id for message in translated if message.id and message.id not in known] == []


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_translations_keep_the_placeholders(language: str) -> None:
    for message in catalogue(language):
        if message.id:
            expected = placeholders(forms(message.id)[-1])
            for form in forms(message.string):
                assert placeholders(form) == expected, message.id


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_is_not_the_english_sentence_again(language: str) -> None:
    same = {
        message.id
        for message in catalogue(language)
        if message.id and set(forms(message.id)) & set(forms(message.string))
    }
    assert same == SAME_IN_EVERY_LANGUAGE


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_is_written_in_the_letters_of_its_language(language: str) -> None:
    foreign = re.compile(f"[{FOREIGN_LETTERS[language]}]|{MIXED_WORD.pattern}")
    for message in catalogue(language):
        if message.id:
            for form in forms(message.string):
                assert foreign.search(form) is None, form


def name_called(call: ast.Call) -> str:
    return getattr(call.func, "attr", None) or getattr(call.func, "id", None) or ""


def calls_in(path: Path) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]


SOURCES = pytest.mark.parametrize("path", sorted((ROOT / "reporter").rglob("*.py")), ids=str)


@SOURCES
def test_sentences_are_literals_or_looked_up(path: Path) -> None:
    """A sentence put together in the call would never be found for translation."""
    for call in calls_in(path):
        if name_called(call) in KEYWORDS:
            sentence = call.args[0]
            put_together = isinstance(sentence, ast.JoinedStr | ast.BinOp | ast.IfExp | ast.BoolOp)
            assert not put_together, f"{path.name}:{sentence.lineno}: {ast.unparse(sentence)}"


@SOURCES
def test_no_translator_goes_by_a_name_that_is_not_searched(path: Path) -> None:
    """A sentence given to ``my_say(…)`` would stay English in every language."""
    for call in calls_in(path):
        if re.search(r"say$|gettext$", name_called(call)) and isinstance(call.args[0], ast.Constant):
            assert name_called(call) in KEYWORDS, f"{path.name}:{call.lineno}: {name_called(call)}"
