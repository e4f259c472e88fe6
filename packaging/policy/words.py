"""Words: what the templates say besides the settings' own titles and explanations, per language."""

from __future__ import annotations

from typing import NamedTuple

from reporter.settings.kinds import Flag
from reporter.settings.layers import as_text
from reporter.settings.model import Setting
from reporter.texts import Translator


class Words(NamedTuple):
    """``culture``: the name Windows has for the language; the placeholders are filled by ``explanation``."""

    culture: str
    description: str
    recommended: str
    supported: str
    setting: str
    default: str
    nothing: str
    yes_and_no: str
    json: str
    closed: str
    planned: str
    may_change: str
    true: str
    false: str


WORDS = {
    "en": Words(
        culture="en-US",
        description="Says why a login cannot connect, and gets a report to support.",
        recommended="Recommended (the person may change it)",
        supported="{product}, every version",
        setting="Setting: {name}.",
        default="Without this policy: {value}.",
        nothing="nothing",
        yes_and_no="Enabled means yes, disabled means no.",
        json="Write it as JSON in one line.",
        closed="A value that cannot be read means: {value}.",
        planned="Accepted and checked, but not acted on by this version.",
        may_change="The person may change it.",
        true="yes",
        false="no",
    ),
    "ru": Words(
        culture="ru-RU",
        description="Объясняет, почему не удаётся войти, и передаёт отчёт в поддержку.",
        recommended="Рекомендуемые (человек может изменить)",
        supported="{product}, любая версия",
        setting="Настройка: {name}.",
        default="Без этой политики: {value}.",
        nothing="ничего",
        yes_and_no="Включено означает «да», отключено означает «нет».",
        json="Записывается как JSON в одну строку.",
        closed="Значение, которое нельзя прочитать, означает: {value}.",
        planned="Принимается и проверяется, но в этой версии не действует.",
        may_change="Человек может изменить это.",
        true="да",
        false="нет",
    ),
    "uk": Words(
        culture="uk-UA",
        description="Пояснює, чому не вдається увійти, і передає звіт до підтримки.",
        recommended="Рекомендовані (людина може змінити)",
        supported="{product}, будь-яка версія",
        setting="Налаштування: {name}.",
        default="Без цієї політики: {value}.",
        nothing="нічого",
        yes_and_no="Увімкнено означає «так», вимкнено означає «ні».",
        json="Записується як JSON в один рядок.",
        closed="Значення, яке не можна прочитати, означає: {value}.",
        planned="Приймається і перевіряється, але в цій версії не діє.",
        may_change="Людина може змінити це.",
        true="так",
        false="ні",
    ),
}


def explanation(row: Setting, texts: Translator, *, recommended: bool = False) -> str:
    """Everything about a setting that somebody who writes a policy has to know."""
    words = WORDS[texts.language]
    about = [words.setting.format(name=row.name), words.default.format(value=_value(row.default, words))]
    if isinstance(row.kind, Flag):
        about.append(words.yes_and_no)
    if isinstance(row.default, dict):
        about.append(words.json)
    if row.is_private:
        about.append(words.closed.format(value=_value(row.closed, words)))
    if row.planned:
        about.append(words.planned)
    if recommended:
        about.append(words.may_change)
    return f"{texts.say(row.help)}\n\n{' '.join(about)}"


def _value(value: object, words: Words) -> str:
    if isinstance(value, bool):
        return words.true if value else words.false
    return as_text(value) if value not in ("", (), {}) else words.nothing
