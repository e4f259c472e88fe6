"""Which language a person is spoken to in."""

from __future__ import annotations

import os

import pytest

from reporter import texts
from reporter.texts import LANGUAGES, Translator, system_language, translator

LANGUAGE_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture(autouse=True)
def _no_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LANGUAGE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    translator.cache_clear()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tag", ["{0}", "{0}_XX.UTF-8", "{0}-XX", "{0}.KOI8-U", "{0}_XX@euro"])
def test_every_way_to_name_a_language(language: str, tag: str) -> None:
    assert translator(tag.format(language)).language == language
    assert translator(tag.format(language.upper())).language == language


@pytest.mark.parametrize("tag", ["en", "en_GB.UTF-8", "tlh", "../../etc", "_", "-", "."])
def test_languages_without_a_catalogue_are_english(tag: str) -> None:
    assert translator(tag).language == "en"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ru_RU.UTF-8"}, "ru_RU.UTF-8"),
        ({"LANG": "uk_UA.UTF-8"}, "uk_UA.UTF-8"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "ru_RU"}, "ru_RU"),
        ({"LC_ALL": "ru_RU.UTF-8", "LANG": "de_DE.UTF-8"}, "ru_RU.UTF-8"),
        ({"LANGUAGE": "ru:en", "LANG": "en_US.UTF-8"}, "ru"),
        ({"LANG": "POSIX"}, "en"),
        ({}, "en"),
    ],
)
def test_the_session_decides(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert system_language() == language
    assert translator().language == language[:2]


def test_windows_is_asked_where_no_variable_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_windows_language", lambda: "ru_RU")
    monkeypatch.setattr(os, "name", "nt")
    assert system_language() == "ru_RU"


def test_a_sentence_without_translation_is_said_in_english() -> None:
    sentence = "Nobody ever translated {what}."
    assert Translator("ru").say(sentence, what="this") == "Nobody ever translated this."


def test_braces_in_values_and_in_sentences_without_values_stay() -> None:
    assert Translator("en").say("{name} called", name="{0.__class__}") == "{0.__class__} called"
    assert Translator("en").say("{literally}") == "{literally}"


def test_nothing_is_said_as_nothing() -> None:
    # gettext would answer with the header of the catalogue.
    assert Translator("ru").say("") == ""


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1 report waits"), (2, "2 reports wait"), (0, "0 reports wait")]
)
def test_numbers_choose_the_form(number: int, said: str) -> None:
    assert Translator("en").count("{number} report waits", "{number} reports wait", number) == said
