"""Every sentence a person reads, per language.

English sentences stand in the code as gettext message ids; the catalogues in ``locale/`` hold
the other languages. Placeholders are named: ``say("Call {phone}", phone=…)``.
"""

from __future__ import annotations

import functools
import gettext
import os
from pathlib import Path

LOCALE_DIR = Path(__file__).parent / "locale"
DOMAIN = "reporter"
LANGUAGES = ("en", "ru", "uk")


def N_(message: str) -> str:  # noqa: N802 - the name that gettext users know
    """Marks a message id for extraction where it is looked up later."""
    return message


class Translator:
    """Sentences in one language; a message without translation is said in English."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue: gettext.NullTranslations
        if language == "en":
            self._catalogue = gettext.NullTranslations()
        else:
            self._catalogue = gettext.translation(
                DOMAIN, localedir=LOCALE_DIR, languages=[language], fallback=True
            )

    def say(self, message: str, /, **values: object) -> str:
        """The translation of ``message`` with its placeholders filled; never raises for values."""
        text = self._catalogue.gettext(message) if message else ""
        return text.format(**values) if values else text

    def count(self, one: str, many: str, number: int, /, **values: object) -> str:
        """The plural form for ``number``, which is also the placeholder ``{number}``."""
        text = self._catalogue.ngettext(one, many, number)
        return text.format(number=number, **values)


@functools.cache
def translator(language: str = "") -> Translator:
    """The translator for a language tag such as ``ru`` or ``ru_RU.UTF-8``.

    Empty means the language of the operating system. Languages without a catalogue are English.
    """
    wanted = (language or system_language()).replace("-", "_").split("_")[0].split(".")[0].lower()
    return Translator(wanted if wanted in LANGUAGES else "en")


def system_language() -> str:
    """The language of the person's session, ``en`` where it cannot be told."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "").split(":")[0]
        if value and value not in ("C", "POSIX") and not value.startswith("C."):
            return value
    if os.name == "nt":
        return _windows_language()
    return _mac_language() if os.uname().sysname == "Darwin" else "en"


def _windows_language() -> str:
    import ctypes
    import locale

    windll = getattr(ctypes, "windll", None)
    if windll is None:
        return "en"
    return locale.windows_locale.get(windll.kernel32.GetUserDefaultUILanguage(), "en")


def _mac_language() -> str:
    import subprocess

    try:
        listed = subprocess.run(
            ["/usr/bin/defaults", "read", "-g", "AppleLanguages"],
            capture_output=True,
            text=True,
            timeout=1,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return "en"
    names = [line.strip(' ",') for line in listed.splitlines() if line.strip(' ",()')]
    return names[0] if names else "en"
