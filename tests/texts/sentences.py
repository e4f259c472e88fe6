"""The catalogues as translators wrote them, for the tests of texts."""

from __future__ import annotations

import functools

from babel.messages import Catalog, Message
from babel.messages.pofile import read_po

from catalogues import ROOT, extract
from reporter.texts import DOMAIN, LANGUAGES, LOCALE_DIR

TRANSLATIONS = [language for language in LANGUAGES if language != "en"]


@functools.cache
def catalogue(language: str) -> Catalog:
    """The catalogue of a translation, as it stands in the sources."""
    with (LOCALE_DIR / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@functools.cache
def said() -> list[Message]:
    """Every sentence that the code says."""
    return [message for message in extract(ROOT) if message.id]


def forms(texts: str | list[str] | tuple[str, ...] | None) -> list[str]:
    """The singular and plural forms, or the one form there is."""
    return [texts] if isinstance(texts, str) else list(texts or [""])


def translated(message: str, language: str) -> str:
    """A sentence without plural forms in any language; empty where it has no translation."""
    if language == "en":
        return message
    found = catalogue(language).get(message)
    return "" if found is None else forms(found.string)[0]
