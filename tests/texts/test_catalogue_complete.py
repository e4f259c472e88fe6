"""Every sentence is said in every language, with the same placeholders."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po
from catalogues import KEYWORDS, ROOT, extract

from reporter.texts import DOMAIN, LANGUAGES, LOCALE_DIR

TRANSLATIONS = [language for language in LANGUAGES if language != "en"]


def catalogue(language: str) -> Catalog:
    with (LOCALE_DIR / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def forms(texts: str | list[str] | tuple[str, ...] | None) -> list[str]:
    """The singular and plural forms, or the one form there is."""
    return [texts] if isinstance(texts, str) else list(texts or [""])


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def said() -> list[Message]:
    return [message for message in extract(ROOT) if message.id]


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


def calls_of_translators(path: Path) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and node.args
        and (getattr(node.func, "attr", None) or getattr(node.func, "id", None)) in KEYWORDS
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "reporter").rglob("*.py")), ids=str)
def test_sentences_are_literals_or_looked_up(path: Path) -> None:
    """A sentence put together in the call would never be found for translation."""
    for call in calls_of_translators(path):
        sentence = call.args[0]
        put_together = isinstance(sentence, ast.JoinedStr | ast.BinOp | ast.IfExp | ast.BoolOp)
        assert not put_together, f"{path.name}:{sentence.lineno}: {ast.unparse(sentence)}"
