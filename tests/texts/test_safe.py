"""Text and links from outside are harmless before a person meets them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.texts.safe import (
    LINK_LIMIT_CHARS,
    LINK_SCHEMES,
    one_line,
    plain,
    why_unsafe_link,
    without_secrets,
)

# Lone surrogates too: they come from file names and from broken JSON.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
# Harmful and harmless characters close together, so that removals meet each other.
HOSTILE_TEXT = st.text(
    st.sampled_from("ab \t\r\n\x00\x1b\x7f\x85\u200b\u200e\u202e\u2028\u2066\ufeff\ud800\U000e0041")
)
LIMITS = st.integers(min_value=0, max_value=300)
REORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
LINKLIKE_TEXT = st.lists(
    st.sampled_from(
        [
            "https",
            "javascript",
            "mailto",
            "file",
            "tel",
            ":",
            "/",
            "//",
            "\\",
            "@",
            "host",
            " ",
            "\t",
            "[",
            "%00",
            "\u202e",
        ]
    )
).map("".join)


def is_harmful(character: str) -> bool:
    return character not in "\t\n" and (
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(character) in REORDERING
        or character in "\u061c\u200b\u200e\u200f\u2060\ufeff"
    )


@given(ANY_TEXT | HOSTILE_TEXT, LIMITS)
def test_plain_text_holds_nothing_harmful(text: str, limit: int) -> None:
    assert not [character for character in plain(text, limit) if is_harmful(character)]


@given(ANY_TEXT | HOSTILE_TEXT)
def test_plain_text_stays_as_it_is(text: str) -> None:
    once = plain(text, len(text))
    assert plain(once, len(once)) == once


@given(ANY_TEXT, LIMITS)
def test_a_cut_says_how_much_was_left_out(text: str, limit: int) -> None:
    shown = plain(text, limit)
    if len(text) > limit:
        assert shown.endswith(f"… [+{len(text) - limit:,}]")
    else:
        assert len(shown) <= len(text)


def test_line_ends_become_newlines_and_ordinary_letters_stay() -> None:
    assert plain("одно\r\ndva\rтри\tpět 👍", 100) == "одно\ndva\nтри\tpět 👍"


@given(ANY_TEXT | HOSTILE_TEXT)
def test_one_line_is_one_line(text: str) -> None:
    line = one_line(text, 100)
    assert line.splitlines() in ([], [line])
    assert line == line.strip()


@pytest.mark.parametrize(
    "link",
    [
        "https://help.example.org/login?lang=ru#vpn",
        "HTTP://intranet/help",
        "https://[2001:db8::1]:8443/",
        "https://пример.рф/",
        "mailto:help@example.org?subject=Login",
        "tel:+74950000000",
    ],
)
def test_links_for_people_are_opened(link: str) -> None:
    assert why_unsafe_link(link) is None


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("javascript:alert(1)", "javascript:"),
        ("JaVaScRiPt:alert(1)", "javascript:"),
        ("java\nscript:alert(1)", "spaces or control"),
        (" https://example.org/", "spaces or control"),
        ("https://example.org/\u202egpj.exe", "spaces or control"),
        ("vbscript:x", "vbscript:"),
        ("data:text/html,<script>1</script>", "data:"),
        ("file:///etc/passwd", "file:"),
        ("smb://server/share", "smb:"),
        ("ms-msdt:/id", "ms-msdt:"),
        ("//server/share", "network share"),
        (r"\\server\share", "network share"),
        (r"https:\\server\share", "network share"),
        ("https://example.org\\@evil.example", "network share"),
        ("https://bank.example@evil.example/", "user name or password"),
        ("https://anna:secret@example.org/", "user name or password"),
        ("https:///path", "names no server"),
        ("https:example.org", "names no server"),
        ("https://[::1", "not a valid address"),
        ("mailto:", "names nobody"),
        ("tel://", "names nobody"),
        ("example.org", "no scheme"),
        ("", "no scheme"),
        ("https://example.org/" + "a" * LINK_LIMIT_CHARS, "longer than"),
    ],
)
def test_other_links_are_not_and_the_reason_is_told(link: str, reason: str) -> None:
    assert reason in (why_unsafe_link(link) or "")


@given(ANY_TEXT | HOSTILE_TEXT | LINKLIKE_TEXT)
def test_whatever_passes_is_plain_and_of_a_known_scheme(link: str) -> None:
    if why_unsafe_link(link) is None:
        assert link.partition(":")[0].lower() in LINK_SCHEMES
        assert not any(is_harmful(character) or character.isspace() for character in link)
        assert "\\" not in link
        if link.lower().startswith("http"):
            assert "@" not in link.split("/")[2]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://anna:secret@erp.example.org:8443/base?token=1#top", "https://erp.example.org:8443/base"),
        ("postgresql://anna:secret@[2001:db8::1]:5432/erp", "postgresql://[2001:db8::1]:5432/erp"),
        ("sentry+https://key@sentry.example/1", "sentry+https://sentry.example/1"),
        ("smtp://relay:25/helpdesk@example.org", "smtp://relay:25/helpdesk@example.org"),
        ("infobase:Trade 2026", "infobase:Trade 2026"),
        ("erp.example.org:8080", "erp.example.org:8080"),
        ("anna:secret@erp.example.org/base?back=https://x", "erp.example.org/base"),
        ("//anna:secret@erp.example.org/base", "erp.example.org/base"),
        ("/login?token=secret", "/login"),
        ('Srvr="erp:1541";Ref="base";Usr="anna";Pwd="se""cret";', 'Srvr="erp:1541";Ref="base";'),
        ('ws="https://anna:secret@erp/base";wspauth=secret', 'ws="https://erp/base";'),
        ("https://[::1", ""),
        ("https://erp.example.org:port/", ""),
        ("", ""),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


@given(
    st.sampled_from(["https://", "postgresql://", "//", ""]),
    st.sampled_from(["{}@host/path", "anna:{}@host", "host/path?q={}", "host#{}", "anna@{}@host"]),
)
def test_no_secret_survives(scheme: str, shape: str) -> None:
    assert "s3cr3t" not in without_secrets(scheme + shape.format("s3cr3t"))


@given(ANY_TEXT | LINKLIKE_TEXT)
def test_any_text_can_be_asked_for_its_address(text: str) -> None:
    assert isinstance(without_secrets(text), str)
