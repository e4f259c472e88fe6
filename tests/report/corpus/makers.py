"""Secrets, and the harmless values that stand among them, made from a seeded source."""

from __future__ import annotations

import base64
import json
import random
import string

LETTERS = string.ascii_letters
ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
URL_SAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"

HARMLESS = {
    *("time", "number", "version", "sha1", "uuid", "small", "level", "public_address", "price", "path"),
}

# What the tests say is this computer and its organisation.
USER = "ivanova.av"
HOST = "WS-BUH-0417"
HOME = "/srv/homes/ivanova.av"
DOMAINS = ("contoso-group.example", "завод.example")


def _of(source: random.Random, alphabet: str, length: int) -> str:
    return "".join(source.choice(alphabet) for _ in range(length))


def _pick(source: random.Random, *choices: str) -> str:
    return source.choice(choices)


def password(source: random.Random) -> str:
    """As people and generators make them, without characters that would need quoting."""
    words = ("Leto", "Zima", "Qwerty", "Buhgalter", "Sever", "Moskva", "Winter", "Dragon", "пароль", "Весна")
    if source.random() < 0.5:
        return f"{source.choice(words)}{source.randrange(10, 9999)}{source.choice('!#$%*_+')}"
    return _of(source, LETTERS, 5) + _of(source, string.digits, 2) + _of(source, ALNUM + "!#$%*_.+-", 8) + "x"


def word(source: random.Random) -> str:
    return _of(source, string.ascii_lowercase, 9)


def tricky(source: random.Random) -> str:
    return _of(source, LETTERS, 4) + source.choice("&;,<@'") + _of(source, ALNUM, 6)


def spaced(source: random.Random) -> str:
    return " ".join(_of(source, string.ascii_lowercase, 6) for _ in range(4))


def digits4(source: random.Random) -> str:
    return _of(source, "123456789", 4)


def digits6(source: random.Random) -> str:
    return _of(source, "123456789", 6)


def hex32(source: random.Random) -> str:
    return _of(source, HEX, 32)


def hex40(source: random.Random) -> str:
    return _of(source, HEX, 40)


def hex64(source: random.Random) -> str:
    return _of(source, HEX, 64)


def b64_40(source: random.Random) -> str:
    return _of(source, BASE64, 40)


def azure_key(source: random.Random) -> str:
    return _of(source, BASE64, 86) + "=="


def sas_signature(source: random.Random) -> str:
    return _of(source, ALNUM, 40) + "%2B" + _of(source, ALNUM, 3) + "%3D"


def azure_secret(source: random.Random) -> str:
    return _of(source, ALNUM, 3) + "8Q~" + _of(source, URL_SAFE + "~.", 34)


def aws_id(source: random.Random) -> str:
    return _pick(source, "AKIA", "ASIA") + _of(source, string.ascii_uppercase + "234567", 16)


def aws_secret(source: random.Random) -> str:
    return b64_40(source)


def google_key(source: random.Random) -> str:
    return "AIza" + _of(source, URL_SAFE, 35)


def google_token(source: random.Random) -> str:
    return "ya29.a0" + _of(source, URL_SAFE, 60)


def google_secret(source: random.Random) -> str:
    return "GOCSPX-" + _of(source, URL_SAFE, 28)


def github(source: random.Random) -> str:
    return _pick(source, "ghp_", "gho_", "ghs_", "ghu_", "ghr_") + _of(source, ALNUM, 36)


def github_fine(source: random.Random) -> str:
    return "github_pat_" + _of(source, ALNUM, 22) + "_" + _of(source, ALNUM, 59)


def gitlab(source: random.Random) -> str:
    return _pick(source, "glpat-", "gldt-", "glrt-", "glptt-") + _of(source, URL_SAFE, 20)


def npm(source: random.Random) -> str:
    return "npm_" + _of(source, ALNUM, 36)


def pypi(source: random.Random) -> str:
    return "pypi-AgEIcHlwaS5vcmc" + _of(source, URL_SAFE, 90)


def slack(source: random.Random) -> str:
    numbers = f"{_of(source, string.digits, 12)}-{_of(source, string.digits, 13)}"
    return _pick(source, "xoxb-", "xoxp-", "xoxa-2-") + numbers + "-" + _of(source, ALNUM, 24)


def slack_hook(source: random.Random) -> str:
    return f"T{_of(source, ALNUM.upper(), 8)}/B{_of(source, ALNUM.upper(), 8)}/{_of(source, ALNUM, 24)}"


def stripe(source: random.Random) -> str:
    return _pick(source, "sk_", "rk_") + _pick(source, "live_", "test_") + _of(source, ALNUM, 32)


def telegram(source: random.Random) -> str:
    return _of(source, "123456789", 10) + ":AA" + _of(source, URL_SAFE, 33)


def sendgrid(source: random.Random) -> str:
    return f"SG.{_of(source, URL_SAFE, 22)}.{_of(source, URL_SAFE, 43)}"


def twilio(source: random.Random) -> str:
    return _pick(source, "SK", "AC") + hex32(source)


def mailgun(source: random.Random) -> str:
    return "key-" + hex32(source)


def yandex_key(source: random.Random) -> str:
    return "AQVN" + _of(source, URL_SAFE, 36)


def yandex_token(source: random.Random) -> str:
    return "t1." + _of(source, URL_SAFE, 60) + "." + _of(source, URL_SAFE, 86)


def yandex_oauth(source: random.Random) -> str:
    return "y0_" + _of(source, URL_SAFE, 55)


def openai(source: random.Random) -> str:
    return _pick(source, "sk-proj-", "sk-", "sk-ant-api03-") + _of(source, ALNUM, 48)


def vault(source: random.Random) -> str:
    return _pick(source, "hvs.", "hvb.") + _of(source, URL_SAFE, 90)


def maker_token(source: random.Random) -> str:
    prefix, length = source.choice(
        [
            *(("dop_v1_", 64), ("hf_", 34), ("shpat_", 32), ("dckr_pat_", 27), ("dapi", 32), ("NRAK-", 27)),
            *(("ATATT3xFf", 60), ("glsa_", 32), ("sntrys_", 60), ("lin_api_", 40), ("rubygems_", 48)),
        ]
    )
    alphabet = HEX if prefix in {"dop_v1_", "shpat_", "dapi"} else ALNUM
    return prefix + _of(source, alphabet, length)


def jwt(source: random.Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {"sub": _of(source, ALNUM, 12), "exp": source.randrange(10**9, 2 * 10**9)}
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{_of(source, URL_SAFE, 43)}"


def basic(source: random.Random) -> str:
    return base64.b64encode(f"{word(source)}:{password(source)}".encode()).decode()


def pem(source: random.Random) -> str:
    return "\n".join(_of(source, BASE64, 64) for _ in range(6))


def pem_escaped(source: random.Random) -> str:
    return r"\n".join(_of(source, BASE64, 64) for _ in range(4))


def ppk(source: random.Random) -> str:
    return "\n".join(_of(source, BASE64, 64) for _ in range(4))


def bcrypt(source: random.Random) -> str:
    return "$2b$12$" + _of(source, ALNUM + "./", 53)


def crypt(source: random.Random) -> str:
    return f"$6${_of(source, ALNUM, 16)}${_of(source, ALNUM + './', 86)}"


def email(source: random.Random) -> str:
    domain = source.choice(["mail.example", "contoso-group.example", "yandex.example", "corp.local"])
    return f"{_of(source, string.ascii_lowercase, 6)}.{_of(source, string.ascii_lowercase, 2)}@{domain}"


def _digits(source: random.Random, length: int) -> str:
    return _of(source, "23456789", length)


def phone(source: random.Random) -> str:
    """Russian, as it is written."""
    code = source.choice(["495", "812", "916", "903", "343"])
    a, b, c = _digits(source, 3), _digits(source, 2), _digits(source, 2)
    forms = (
        *(
            f"+7 ({code}) {a}-{b}-{c}",
            f"+7{code}{a}{b}{c}",
            f"8 ({code}) {a}-{b}-{c}",
            f"8-{code}-{a}-{b}-{c}",
        ),
        *(
            f"+7 {code} {a} {b} {c}",
            f"8 {code} {a}-{b}-{c}",
            f"8({code}){a}-{b}-{c}",
            f"+7-{code}-{a}-{b}{c}",
        ),
    )
    return source.choice(forms)


def phone_mobile(source: random.Random) -> str:
    return "89" + _digits(source, 9)


def phone_local(source: random.Random) -> str:
    return f"{_digits(source, 3)}-{_digits(source, 2)}-{_digits(source, 2)}"


def phone_abroad(source: random.Random) -> str:
    a, b, c = _digits(source, 3), _digits(source, 3), _digits(source, 4)
    forms = (
        *(f"+1 ({a}) {b}-{c}", f"+1-{a}-{b}-{c}", f"+44 20 {c} {_digits(source, 4)}", f"+49 {a} {b}{c}"),
        *(f"+380 {a[:2]} {b} {c[:2]} {c[2:]}", f"+375 ({a[:2]}) {b}-{c[:2]}-{c[2:]}", f"+1.{a}.{b}.{c}"),
    )
    return source.choice(forms)


def phone_us(source: random.Random) -> str:
    return f"({_digits(source, 3)}) {_digits(source, 3)}-{_digits(source, 4)}"


def _luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return digits + str(-total % 10)


def card(source: random.Random) -> str:
    prefix = source.choice(["4276", "5469", "2202", "4000", "5105", "6011"])
    number = _luhn(prefix + _of(source, string.digits, 11))
    groups = [number[start : start + 4] for start in range(0, 16, 4)]
    return source.choice(["", " ", "-"]).join(groups)


def amex(source: random.Random) -> str:
    number = _luhn("37" + _of(source, string.digits, 12))
    return source.choice([number, f"{number[:4]} {number[4:10]} {number[10:]}"])


def user(source: random.Random) -> str:
    return _of(source, string.ascii_lowercase, 5) + "." + _of(source, string.ascii_lowercase, 2)


def user_ru(source: random.Random) -> str:
    return source.choice(["Иванова", "Петренко", "Сидоров"]) + _of(source, "абвгдежз", 3)


def this_user(source: random.Random) -> str:
    del source
    return USER


def this_host(source: random.Random) -> str:
    return source.choice([HOST, HOST.lower()])


def this_home(source: random.Random) -> str:
    del source
    return HOME


def host(source: random.Random) -> str:
    """With a suffix that is of private networks only, or of the organisation."""
    name = source.choice(["srv", "db", "sql-", "ts", "1c-", "erp", "dc"]) + _of(source, string.digits, 2)
    ends = (
        "corp.local",
        "lan",
        "ad.internal",
        "intranet",
        "buh.corp",
        "contoso-group.example",
        "msk.contoso-group.example",
    )
    return f"{name}.{source.choice(ends)}"


def label(source: random.Random) -> str:
    return source.choice(["SRV", "SQL", "TERM", "FILES"]) + "-" + _of(source, string.ascii_uppercase, 3) + "7"


def address(source: random.Random) -> str:
    last = f"{source.randrange(1, 255)}.{source.randrange(1, 255)}"
    return source.choice(
        [
            f"10.{source.randrange(256)}.{last}",
            f"192.168.{last}",
            f"172.{source.randrange(16, 32)}.{last}",
            f"100.{source.randrange(64, 128)}.{last}",
        ]
    )


def address6(source: random.Random) -> str:
    group = [_of(source, HEX, 4) for _ in range(4)]
    return source.choice([f"fd{group[0][:2]}:{group[1]}:{group[2]}::{group[3]}", f"fe80::{':'.join(group)}"])


# Harmless


def time(source: random.Random) -> str:
    day, hour, minute = source.randrange(1, 29), source.randrange(24), source.randrange(60)
    milli = source.randrange(1000)
    return source.choice(
        [
            *(
                f"2026-11-{day:02} {hour:02}:{minute:02}:07,{milli:03}",
                f"{day:02}.11.2026 {hour:02}:{minute:02}:07",
            ),
            *(
                f"2026-11-{day:02}T{hour:02}:{minute:02}:07.{milli:03}+03:00",
                f"Nov {day:2} {hour:02}:{minute:02}:07",
            ),
        ]
    )


def number(source: random.Random) -> str:
    return str(source.randrange(1000, 10**7))


def small(source: random.Random) -> str:
    return str(source.randrange(1, 99))


def version(source: random.Random) -> str:
    return ".".join(str(source.randrange(40)) for _ in range(source.choice([2, 3, 4])))


def sha1(source: random.Random) -> str:
    return hex40(source)


def uuid(source: random.Random) -> str:
    return "-".join(_of(source, HEX, length) for length in (8, 4, 4, 4, 12))


def level(source: random.Random) -> str:
    return source.choice(["INFO", "DEBUG", "WARNING", "ERROR"])


def public_address(source: random.Random) -> str:
    return f"203.0.113.{source.randrange(1, 255)}"


def price(source: random.Random) -> str:
    return f"{source.randrange(1, 999)} {source.randrange(100, 999)},{source.randrange(10, 99)}"


def path(source: random.Random) -> str:
    return source.choice(
        [
            "/usr/lib/python3.11/ssl.py",
            r"C:\Program Files\1cv8\8.3.21.1644\bin\1cv8c.exe",
            "src/login/session.py",
        ]
    )
