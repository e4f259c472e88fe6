"""Every sentence is calm, blameless and well written, in every language.

What is so, then what helps, then who can help, with words to tell them. A headline speaks of the
connection, never of errors, and never of what the person did.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from reporter.texts import LANGUAGES
from reporter.texts.causes import CAUSES, THE_SERVER
from tests.texts.sentences import TRANSLATIONS, catalogue, forms, said, translated

HEADLINE_LIMIT_CHARS = 80
ADVICE_LIMIT_CHARS = 170
# Values that every target and every answer have.
ALWAYS_KNOWN = {"host", "port", "url", "status"}
# As long as names of servers usually are.
TYPICAL_HOST = "erp.example.org"
# Here the words to tell support are the report itself, or a plain request.
WITHOUT_QUOTED_WORDS = {"ok", "unknown", "app.bad_credentials", "portal.sign_in"}


class Rules(NamedTuple):
    """What one language keeps away from people, and how it writes.

    ``alarming`` is never in a headline, ``addressing`` neither; ``blaming`` is nowhere. ``marks`` are
    characters that other languages or typewriters use; ``ending`` is how a piece of advice ends.
    """

    alarming: re.Pattern[str]
    addressing: re.Pattern[str]
    blaming: re.Pattern[str]
    support: re.Pattern[str]
    quotes: str
    marks: str
    ending: re.Pattern[str]


def words(*beginnings: str) -> re.Pattern[str]:
    """Finds a word that begins so."""
    return re.compile(rf"\b(?:{'|'.join(beginnings)})", re.IGNORECASE)


CYRILLIC_ENDING = re.compile(r"(?:\.|\?»)$")
RULES = {
    "en": Rules(
        alarming=words(r"errors?\b", "fail", r"faults?\b", "invalid", "illegal", "incorrect"),
        addressing=words(r"you\b", r"yours?\b", r"yourself\b"),
        blaming=words(
            r"failed\b",
            "invalid",
            "illegal",
            r"(?<!went )wrong\b",
            "you (?:entered|mistyped|made|forgot|did)",
        ),
        support=words(r"support\b"),
        quotes="“”",
        marks='«»„‘"',
        ending=re.compile(r"(?:\.|[.?]”)$"),
    ),
    "ru": Rules(
        alarming=words(
            "ошиб", "сбо[йяюе]", "неверн", "неправильн", "недопустим", "некорректн", "незаконн", "неудач"
        ),
        addressing=words(r"вы\b", r"вас\b", r"вам\b", r"вами\b", "ваш"),
        blaming=words(
            "неверн",
            "неправильн",
            "недопустим",
            "некорректн",
            "незаконн",
            "вы (?:не |неверно |неправильно )?(?:ошиб|вв[её]л|указал|набрал|забыл|сделал|выбрал|нарушил)",
        ),
        support=words("поддержк"),
        quotes="«»",
        marks="“”„\"'",
        ending=CYRILLIC_ENDING,
    ),
    "uk": Rules(
        alarming=words(
            "помил",
            "збі[йя]",
            "збо[юїєя]",
            "невірн",
            "неправильн",
            "недопустим",
            "неприпустим",
            "некоректн",
            "незаконн",
            "невда[лч]",
            "хиб",
        ),
        addressing=words(r"ви\b", r"вас\b", r"вам\b", r"вами\b", "ваш"),
        blaming=words(
            "невірн",
            "неправильн",
            "недопустим",
            "неприпустим",
            "некоректн",
            "незаконн",
            "ви (?:не |невірно |неправильно )?(?:помил|вв[еі]л|[ув]казал|набрал|забул|зробил|вибрал|порушил)",
        ),
        support=words("підтрим"),
        quotes="«»",
        marks="“”„\"'ʼ`",
        ending=CYRILLIC_ENDING,
    ),
}

everywhere = pytest.mark.parametrize("language", LANGUAGES)
every_cause = pytest.mark.parametrize("cause", sorted(CAUSES))


def words_of(cause: str, language: str) -> tuple[str, list[str]]:
    headline, advice = CAUSES[cause]
    return translated(headline, language), [translated(line, language) for line in advice]


def values_in(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def everything_said(language: str) -> list[str]:
    """Every sentence of the code in a language, with all its plural forms."""
    if language == "en":
        return [form for message in said() for form in forms(message.id)]
    return [form for message in catalogue(language) if message.id for form in forms(message.string)]


def test_every_language_has_rules() -> None:
    assert set(RULES) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("language", "headline"),
    [
        ("en", "Error 503"),
        ("en", "The sign-in failed"),
        ("en", "An invalid name"),
        ("en", "An illegal address"),
        ("en", "A connection failure"),
        ("ru", "Ошибка входа"),
        ("ru", "Сбой соединения"),
        ("ru", "Неверный пароль"),
        ("ru", "Недопустимый адрес"),
        ("uk", "Помилка входу"),
        ("uk", "Збій з’єднання"),
        ("uk", "Невірний пароль"),
        ("uk", "Неприпустима адреса"),
    ],
)
def test_an_alarming_headline_would_be_found(language: str, headline: str) -> None:
    assert RULES[language].alarming.search(headline)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Perhaps you entered another name."),
        ("en", "This is the wrong address."),
        ("ru", "Возможно, вы ввели неверно имя."),
        ("ru", "Вы неверно указали адрес."),
        ("uk", "Можливо, ви ввели невірно ім’я."),
        ("uk", "Ви неправильно вказали адресу."),
    ],
)
def test_a_blaming_sentence_would_be_found(language: str, sentence: str) -> None:
    assert RULES[language].blaming.search(sentence)


@everywhere
@every_cause
def test_a_headline_is_calm_and_complete(cause: str, language: str) -> None:
    headline, _ = words_of(cause, language)
    rules = RULES[language]
    assert headline
    assert headline[-1] not in ".,;:?…"
    assert headline[0].isupper()
    assert not rules.alarming.search(headline)
    assert not rules.addressing.search(headline)
    for host in (TYPICAL_HOST, translated(THE_SERVER, language)):
        assert len(headline.format(host=host)) <= HEADLINE_LIMIT_CHARS, headline


@everywhere
@every_cause
def test_advice_is_two_to_four_whole_sentences(cause: str, language: str) -> None:
    """What only some evidence can tell, such as a port that answers, may come on top."""
    _, advice = words_of(cause, language)
    assert 2 <= len([line for line in advice if values_in(line) <= ALWAYS_KNOWN]) <= 4
    assert len(advice) <= 5
    for line in advice:
        assert RULES[language].ending.search(line), line
        assert line[0].isupper(), line
        assert len(line) <= ADVICE_LIMIT_CHARS, line


@everywhere
@every_cause
def test_the_last_advice_says_who_can_help_and_what_to_tell_them(cause: str, language: str) -> None:
    _, advice = words_of(cause, language)
    rules = RULES[language]
    assert rules.support.search(advice[-1]), advice[-1]
    told = [line for line in advice[-2:] if rules.support.search(line) and rules.quotes[0] in line]
    assert bool(told) == (cause not in WITHOUT_QUOTED_WORDS), advice[-2:]


@every_cause
def test_who_can_help_is_said_even_where_little_is_known(cause: str) -> None:
    """A sentence whose values are unknown is left out; this one must not be."""
    assert values_in(CAUSES[cause].advice[-1]) <= ALWAYS_KNOWN


@everywhere
def test_no_sentence_blames_or_shouts(language: str) -> None:
    for form in everything_said(language):
        assert not RULES[language].blaming.search(form), form
        assert "!" not in form, form


@everywhere
def test_quotes_dashes_and_dots_are_those_of_the_language(language: str) -> None:
    rules = RULES[language]
    for form in everything_said(language):
        assert not set(form) & set(rules.marks), form
        assert re.fullmatch(f"({rules.quotes})*", re.sub(f"[^{rules.quotes}]", "", form)), form
        assert "..." not in form, form
        assert " - " not in form, form
        assert form == " ".join(form.split()), form


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_the_host_follows_the_word_for_server(language: str) -> None:
    """The case of "the server", which stands for an unknown host, is right after this word only."""
    for form in everything_said(language):
        for word in re.findall(r"(?:(\w+) )?{host}", form):
            assert word.lower().startswith("сервер"), form
