"""Help that a server published is there when the server is not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.settings.layers import load
from reporter.settings.published import (
    FILE_LIMIT_BYTES,
    INTERVAL_S,
    NotPublished,
    address_for,
    etag_of,
    is_due,
    read,
    recall,
    remember,
)

TARGET = "https://erp.example.org/base"


@pytest.fixture(name="environ")
def _environ(tmp_path: Path) -> dict[str, str]:
    return {"REPORTER_HOME": str(tmp_path / "home")}


def files(environ: dict[str, str]) -> list[Path]:
    return sorted(path for path in Path(environ["REPORTER_HOME"]).rglob("*") if path.is_file())


def test_nothing_is_known_of_a_server_never_met(environ: dict[str, str]) -> None:
    assert recall(TARGET, environ) == {}


def test_what_was_published_is_remembered_for_its_target_alone(environ: dict[str, str]) -> None:
    assert remember(TARGET, help_text="Call 5555.", help_url="https://help.example/", environ=environ)
    assert recall(TARGET, environ) == {"help_text": "Call 5555.", "help_url": "https://help.example/"}
    assert recall("https://other.example.org/base", environ) == {}


def test_credentials_and_questions_do_not_tell_targets_apart_and_are_not_kept(
    environ: dict[str, str],
) -> None:
    remember("https://me:geheim@ERP.example.org/base/?token=t0p", help_text="x", help_url="", environ=environ)
    assert recall(TARGET, environ) == {"help_text": "x"}
    [file] = files(environ)
    assert b"geheim" not in file.read_bytes()
    assert b"t0p" not in file.read_bytes()


def test_the_last_word_counts_even_when_it_is_none(environ: dict[str, str]) -> None:
    remember(TARGET, help_text="old", help_url="", environ=environ)
    remember(TARGET, help_text="", help_url="", environ=environ)
    assert recall(TARGET, environ) == {}


def test_an_unsafe_link_is_not_remembered(environ: dict[str, str]) -> None:
    remember(TARGET, help_text="x", help_url="javascript:alert(1)", environ=environ)
    assert recall(TARGET, environ) == {"help_text": "x"}


def test_what_is_known_already_is_not_written_again(environ: dict[str, str]) -> None:
    remember(TARGET, help_text="x", help_url="", environ=environ)
    [file] = files(environ)
    before = file.stat().st_ino
    assert remember(TARGET, help_text="x", help_url="", environ=environ)
    assert files(environ) == [file]
    assert file.stat().st_ino == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"target": "https://erp.example.org/base", "help_text": 3}',
        b"[" * 9999,
    ],
)
def test_a_damaged_file_is_the_same_as_none(environ: dict[str, str], content: bytes) -> None:
    remember(TARGET, help_text="x", help_url="", environ=environ)
    [file] = files(environ)
    file.write_bytes(content)
    assert recall(TARGET, environ) == {}
    assert remember(TARGET, help_text="y", help_url="", environ=environ)
    assert recall(TARGET, environ) == {"help_text": "y"}


def test_a_planted_file_is_checked_again(environ: dict[str, str]) -> None:
    remember(TARGET, help_text="x", help_url="", environ=environ)
    [file] = files(environ)
    file.write_bytes(b'{"target": "https://erp.example.org/base", "help_url": "file:///etc/passwd"}')
    assert recall(TARGET, environ) == {}
    file.write_bytes(b'{"target": "https://another.example/", "help_text": "x"}')
    assert recall(TARGET, environ) == {}


def test_a_disk_that_refuses_is_told_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environ = {"REPORTER_HOME": str(tmp_path / "file")}
    assert not remember(TARGET, help_text="x", help_url="", environ=environ)
    assert recall(TARGET, environ) == {}


def test_a_file_that_cannot_be_replaced_keeps_its_content(environ: dict[str, str]) -> None:
    remember(TARGET, help_text="x", help_url="", environ=environ)
    [file] = files(environ)
    file.unlink()
    file.mkdir()
    (file / "inside").touch()
    assert not remember(TARGET, help_text="y", help_url="", environ=environ)
    assert files(environ) == [file / "inside"]


@pytest.mark.parametrize("target", ["", "https://[::1/", "https://h:port/"])
def test_what_is_no_target_is_not_remembered(environ: dict[str, str], target: str) -> None:
    assert not remember(target, help_text="x", help_url="", environ=environ)
    assert recall(target, environ) == {}


# Help for single causes and languages

HELP: dict[str, Any] = {
    "tls.expired": {"text": "Being renewed.", "ru": {"text": "Обновляется."}},
    "dns": {"url": "https://help.example/vpn"},
}


def test_help_for_causes_and_languages_is_remembered_and_shown(environ: dict[str, str]) -> None:
    remember(TARGET, help_text="x", help_url="", help=HELP, environ=environ)
    assert recall(TARGET, environ) == {"help_text": "x", "help": HELP}
    loaded = load(environ={"REPORTER_SETTINGS": os.devnull}, published=recall(TARGET, environ))
    assert loaded.problems == []
    assert loaded.settings.help_for("tls.expired", "tls", "ru").text == "Обновляется."
    assert loaded.settings.help_for("tcp.refused", "tcp", "ru").text == "x"


def test_what_of_it_cannot_be_used_is_not_kept(environ: dict[str, str]) -> None:
    table = {"nonsense": {"text": "x"}, "tls": {"text": "y", "url": "file:///x", "ru": 7}, "dns": 7}
    remember(TARGET, help_text="", help_url="", help=table, environ=environ)
    assert recall(TARGET, environ) == {"help": {"tls": {"text": "y"}}}


def test_a_server_does_not_overrule_what_the_administrator_says_here(environ: dict[str, str]) -> None:
    remember(TARGET, help_text="x", help_url="", help=HELP, environ=environ)
    here = {"REPORTER_SETTINGS": os.devnull, "REPORTER_HELP_TEXT": "Ask your administrator."}
    loaded = load(environ=here, published=recall(TARGET, environ))
    assert loaded.settings.help_for("tls.expired", "tls", "ru").text == "Ask your administrator."


# What a server publishes


def test_only_help_can_be_published() -> None:
    document = {
        "help_text": " Call\u202e 5555. ",
        "help_url": "https://h.example/",
        "endpoint": "https://evil.example",
    }
    found = read(json.dumps(document).encode(), "the answer")
    assert found.values == {"help_text": "Call 5555.", "help_url": "https://h.example/"}
    [problem] = found.problems
    assert "a server cannot set endpoint" in problem


def test_one_bad_member_does_not_disable_the_others() -> None:
    found = read(
        b'{"help_text": 7, "help_url": "javascript:1", "help": {"tls": {"text": "y"}}}', "the answer"
    )
    assert found.values == {"help": {"tls": {"text": "y"}}}
    assert len(found.problems) == 2
    assert all("the answer" in problem for problem in found.problems)


def test_an_empty_object_takes_everything_back() -> None:
    assert read(b"{}", "the answer").values == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"<html>Sign in</html>",
        b"\xff\xfe{\x00",
        b'{"name": "another document"}',
        b"[" * 9_999,
        b'{"help_text": "x"}' + b" " * FILE_LIMIT_BYTES,
    ],
)
def test_what_is_no_such_document_is_refused(body: bytes) -> None:
    with pytest.raises(NotPublished):
        read(body, "the answer")


@given(
    st.binary(max_size=200)
    | st.dictionaries(
        st.sampled_from(["help_text", "help_url", "help", "submission", "x"]),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=20),
            lambda inner: st.dictionaries(
                st.sampled_from(["tls", "tls.expired", "text", "url", "ru", "languages"]), inner, max_size=4
            ),
        ),
    ).map(lambda document: json.dumps(document).encode())
)
def test_any_answer_is_understood_or_refused_and_says_the_same_again(body: bytes) -> None:
    try:
        found = read(body, "x")
    except NotPublished:
        return
    assert found.values.keys() <= {"help_text", "help_url", "help"}
    again = read(json.dumps(found.values).encode(), "x")
    assert (again.values, again.problems) == (found.values, [])


@pytest.mark.parametrize(
    ("where", "login", "address"),
    [
        (
            "/.well-known/reporter.json",
            "https://h.example:8443/base?x#y",
            "https://h.example:8443/.well-known/reporter.json",
        ),
        ("/r.json", "http://me:secret@h.example/base", "http://h.example/r.json"),
        ("/r.json", "http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/r.json"),
        ("/r.json", "tcp://h.example:1541", ""),
        ("/r.json", "", ""),
        ("", "https://h.example/", ""),
        ("https://other.example/r.json", "tcp://h.example:1541", "https://other.example/r.json"),
        ("http://H.example:8080/r.json", "https://h.example/", "http://H.example:8080/r.json"),
        ("http://h.example/r.json", "tcp://h.example:1541", "http://h.example/r.json"),
    ],
)
def test_where_it_is_published(where: str, login: str, address: str) -> None:
    assert address_for(where, login) == address


@pytest.mark.parametrize(
    "where", ["http://other.example/r", "http://h.example.evil.example/r", "ftp://x.example/r"]
)
def test_neither_https_nor_the_same_host_is_refused(where: str) -> None:
    with pytest.raises(NotPublished):
        address_for(where, "http://h.example/")


def test_it_is_asked_once_an_hour_for_each_target(environ: dict[str, str]) -> None:
    start = 1_790_000_000.0
    assert is_due(TARGET, environ, now_s=start)
    assert not is_due(f"{TARGET}/?x=1", environ, now_s=start + INTERVAL_S - 1)
    assert is_due("https://other.example.org", environ, now_s=start)
    assert is_due(TARGET, environ, now_s=start + INTERVAL_S)
    # a clock that was put back must not silence it for years
    assert is_due(TARGET, environ, now_s=start - 5)
    assert recall(TARGET, environ) == {}


def test_the_state_is_known_for_its_address_only(environ: dict[str, str]) -> None:
    remember(TARGET, help_text="x", help_url="", environ=environ, address="https://a.example/r", etag='W/"1"')
    assert etag_of(TARGET, "https://a.example/r", environ) == 'W/"1"'
    assert etag_of(TARGET, "https://b.example/r", environ) == ""
    remember(TARGET, help_text="y", help_url="", environ=environ)
    assert etag_of(TARGET, "https://a.example/r", environ) == "", "the host said something else since"


@pytest.mark.parametrize("etag", ['"1"\r\nX: y', '"\u00e9"', '"' + "x" * 300 + '"'])
def test_a_state_that_cannot_be_sent_back_is_not_kept(environ: dict[str, str], etag: str) -> None:
    remember(TARGET, help_text="x", help_url="", environ=environ, address="https://a.example/r", etag=etag)
    assert etag_of(TARGET, "https://a.example/r", environ) == ""
