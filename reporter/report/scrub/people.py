"""People: e-mail addresses, telephone and card numbers, and the names in home directories."""

from __future__ import annotations

import re
from collections.abc import Callable

from reporter.report.scrub.sweep import Group, Row, group, row

PHONE = "<phone>"
PHONE_DIGITS = range(10, 16)
SHORT_PHONE_DIGITS = range(6, 16)
RUSSIAN_PHONE_DIGITS = 11

# What has the form of an address of e-mail, but is a picture, a unit of systemd or a place of source code.
_NO_DOMAIN = r"(?:png|jpe?g|gif|svg|webp|js|css|py|service|socket|timer|mount|scope|target|slice|path|swap)"


def _phone(match: re.Match[str]) -> str:
    return PHONE if _digits(match[0]) in PHONE_DIGITS else match[0]


def _russian_phone(match: re.Match[str]) -> str:
    number = match[0]
    is_plain = number.isdigit()
    if _digits(number) != RUSSIAN_PHONE_DIGITS or (is_plain and not number.startswith("89")):
        return number
    return PHONE


def _told_phone(match: re.Match[str]) -> str:
    return match[1] + PHONE if _digits(match[2]) in SHORT_PHONE_DIGITS else match[0]


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _card(match: re.Match[str]) -> str:
    """By the check digit of Luhn; of any other number of this length one in ten has it too."""
    digits = [int(digit) for digit in match[0] if digit.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return match[0] if (sum(digits[-1::-2]) + sum(doubled)) % 10 else "<card>"


MAIL: Row = row(
    "e-mail",
    ("@",),
    r"(?<![\w.+%-])(?!git@[\w.-]{1,200}:)[\w.+%-]+@(?:[\w-]{1,63}\.)+"
    rf"(?!{_NO_DOMAIN}(?!\w))(?:[^\W\d_]{{2,24}}|xn--[\w-]{{2,59}})(?![\w@])",
    "<e-mail>",
)

TOLD_PHONE: Row = row(
    "phone",
    ("phone", "fax", "tel", "mobile", "whatsapp", "viber", "тел", "моб", "факс"),
    r"(?i:(?<![^\W_])((?:тел|телефон\w{0,3}|моб|мобильн\w{2,3}|факс|(?:tele)?phone|tel|mobile|fax|whatsapp|viber)"
    r"(?:_?number|_?no)?[\"' \t.:=№>(]{1,6}))(\d[\d \u00a0()-]{4,18}\d)(?![\w.]?\d)",
    _told_phone,
)

SIGNED_IN: Row = row(
    "user name",
    ("usr=", "usr ="),
    r"(?i)(?<![^\W_])(usr[ \t]?=[ \t]?)(?!\"?<user>)(?:\"(?:[^\"\r\n]|\"\")+\"|[^;\"\s&<]+)",
    r"\1<user>",
)
"""Who signs in, in a connection string of 1C."""

NUMBERS: tuple[Group, ...] = (
    group(
        r"\+(?:[ (]{0,2}[1-9][ \u00a0.()\u2011-]{0,3}\d)",
        row(
            "phone",
            (),
            r"\+(?<![\w+]\+)[ (]{0,2}[1-9](?:[ \u00a0.()\u2011-]{0,3}\d){9,14}(?![\d.]?\d)",
            _phone,
        ),
    ),
    # A Russian number or a card, without the prefixes of no card: 13 digits that begin with 1 are a time in
    # milliseconds.
    group(
        r"[2-8](?<![\w.,+-][2-8])(?:[ \u00a0()-]{0,2}\d){10}",
        row(
            "phone",
            (),
            r"[78](?<![\w.,/+-][78])(?<!\d:[78])[ \u00a0-]?(?:\(\d{3,5}\)|\d{3,4})"
            r"(?:[ \u00a0-]?\d{2,3}){3}(?![\w:]|[.,-]\d)",
            _russian_phone,
        ),
        row(
            "card",
            (),
            r"[2-6](?<![\w.,+-][2-6])(?:(?:(?<=2)[2-7]|(?<=3)[05689]|(?<=[456])\d)\d{2}([ \u00a0-]?)"
            r"\d{4}\1\d{4}\1\d{4}(?:\1?\d{2,3})?|"
            r"(?<=3)[47]\d{2}([ \u00a0-]?)\d{6}\2\d{5})(?![\w-]|[.,]\d)",
            _card,
        ),
        digits=RUSSIAN_PHONE_DIGITS,
    ),
    group(
        r"\(\d{3}\)[ -]?\d{3}-\d{4}",
        row("phone", (), r"\((?<![\w(]\()\d{3}\)[ -]?\d{3}-\d{4}(?![\w-])", PHONE),
    ),
)

HOME_UNIX = r"(/home/|/Users/)(?!<user>)([^/\s\"'<>:,;)]+)"
HOME_WINDOWS = (
    r"\b([A-Za-z]:[\\/]{1,4}(?i:Users|Documents and Settings)[\\/]{1,4})(?!<user>)"
    r"([^\\/\r\n\"'<>:]{1,64}(?=[\\/])|[^\\/\s\"'<>:]+)"
)


def homes(put: str | Callable[[re.Match[str]], str]) -> tuple[Row, ...]:
    """Home directories; ``put`` takes the place of the user's name, the second group of the patterns."""
    return (
        row("home directory", ("/home/", "/users/"), HOME_UNIX, put),
        row("home directory", ("users", "documents and settings"), HOME_WINDOWS, put),
    )


HOMES = homes(r"\1<user>")
