"""Writing a notice: its end is the moment that was meant, its file is whole, and nothing else is lost."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.diagnosis.evidence import ServiceNoticeOutcome
from reporter.diagnosis.probes import status
from reporter.diagnosis.startup_notice import UNTIL_LIMIT, compose, nothing, parse_until, save
from reporter.diagnosis.target import parse_target
from reporter.errors import UsageError

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 9, 0, 0, 7, tzinfo=UTC)
END = datetime(2026, 11, 22, 14, 0, tzinfo=timezone(timedelta(hours=3)))


# Until when


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("14:00", "2026-11-22T14:00:00+03:00"),
        ("9:30", "2026-11-23T09:30:00+03:00"),
        ("12:00", "2026-11-23T12:00:00+03:00"),
        ("12:01", "2026-11-22T12:01:00+03:00"),
        (" 00:00 ", "2026-11-23T00:00:00+03:00"),
        ("+2h", "2026-11-22T14:00:00+03:00"),
        ("+90m", "2026-11-22T13:30:00+03:00"),
        ("+1d1h1m", "2026-11-23T13:01:00+03:00"),
        ("2026-11-22T14:01+05:00", "2026-11-22T14:01:00+05:00"),
        ("2026-11-22T11:00:00Z", "2026-11-22T11:00:00+00:00"),
        ("2026-11-22 14:00", "2026-11-22T14:00:00+03:00"),
        ("2026-11-24T14:00:00", "2026-11-24T14:00:00+03:00"),
    ],
)
def test_the_end_is_the_moment_that_was_meant(text: str, written: str) -> None:
    until = parse_until(text, now=NOW, zone=MOSCOW)
    assert until.isoformat() == written
    document = json.loads(compose("x", until=until))
    assert document["until"] == written


def test_without_a_zone_the_systems_own_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Yekaterinburg")
        time.tzset()
        try:
            assert parse_until("14:30", now=NOW).isoformat() == "2026-11-22T14:30:00+05:00"
            assert parse_until("+1h", now=NOW).isoformat() == "2026-11-22T15:00:00+05:00"
        finally:
            patched.undo()
            time.tzset()


def test_the_offset_is_that_of_the_end_when_the_clocks_are_changed_before_it() -> None:
    evening = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)  # Germany leaves summer time in this night
    assert parse_until("9:00", now=evening, zone=BERLIN).isoformat() == "2026-10-25T09:00:00+01:00"
    assert parse_until("+10h", now=evening, zone=BERLIN).isoformat() == "2026-10-25T07:00:00+01:00"


def test_of_a_time_that_comes_twice_the_later_counts() -> None:
    evening = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)
    assert parse_until("2:30", now=evening, zone=BERLIN).isoformat() == "2026-10-25T02:30:00+01:00"


def test_a_time_that_never_comes_is_refused() -> None:
    with pytest.raises(UsageError, match=r"2027-03-28 02:30, never comes: the clocks are put forward"):
        parse_until("2027-03-28T02:30", now=NOW, zone=BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "soon",
            "25:00",
            "12:60",
            "14",
            "14:00:00:00",
            "+",
            "+h",
            "+2",
            "+2x",
            "-2h",
            "+-2h",
            "2026-11-22",
        ),
        *(
            "2026-13-01T00:00Z",
            "2026-11-22T14:00+99:00",
            "0000-00-00T00:00",
            "٣:٠٠",
            "x" * 9_999,
            "\0",
            "\ud800",
        ),
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no moment; write a time such as 14:00"):
        parse_until(text, now=NOW, zone=MOSCOW)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-11-22T11:59+03:00", "is over already"),
        ("1970-01-01T00:00Z", "is over already"),
        ("0001-01-01T00:00+14:00", "is over already"),
        ("+0m", "is over already"),
        ("+367d", "more than a year ahead"),
        ("2999-01-01T00:00Z", "more than a year ahead"),
        ("9999-12-31T23:59-14:00", "more than a year ahead"),
    ],
)
def test_an_end_that_helps_nobody_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_until(text, now=NOW, zone=MOSCOW)


@given(st.text(max_size=30) | st.from_regex(r"\A[0-9+:T dhmZ-]{1,25}\Z"))
def test_any_end_is_understood_or_refused(text: str) -> None:
    try:
        until = parse_until(text, now=NOW, zone=BERLIN)
    except UsageError:
        return
    assert NOW < until <= NOW + UNTIL_LIMIT
    assert until.tzinfo is not None


# The document

WORDS = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=200
).filter(str.strip)


@given(
    WORDS,
    st.dictionaries(st.sampled_from(["ru", "uk", "de"]), WORDS),
    st.sampled_from(["", "tcp", "tls.expired"]),
)
def test_what_is_written_is_what_an_agent_reads(message: str, messages: dict[str, str], cause: str) -> None:
    document = compose(message, until=END, cause=cause, messages=messages, url="https://x.example/")
    for language in ("en", "ru", "uk", "de"):
        read = status.read_notice(document, language)
        assert read.outcome == "valid"
        assert read.message == messages.get(language, message).strip()
        assert (read.until, read.covers, read.url) == (END, cause, "https://x.example/")


def test_each_language_may_have_a_link_of_its_own() -> None:
    document = compose("x", until=END, url="https://x.example/", urls={"ru": "https://x.example/ru"})
    assert status.read_notice(document, "ru") == status.Read(
        outcome=ServiceNoticeOutcome.VALID, message="x", until=END, url="https://x.example/ru"
    )
    assert status.read_notice(document, "en").url == "https://x.example/"


@pytest.mark.parametrize(
    ("named", "target", "is_meant"),
    [
        ("https://erp.example.org", "https://erp.example.org/base/x", True),
        ("https://erp.example.org/base", "https://erp.example.org/base", True),
        ("https://erp.example.org/base/", "https://erp.example.org/base/hs", True),
        ("https://erp.example.org/base", "https://erp.example.org/based", False),
        ("https://erp.example.org", "https://erp.example.org:8443", False),
        ("https://erp.example.org", "tcp://erp.example.org:1541", False),
        ("ERP.example.org", "tcp://erp.example.org:1541", True),
        ("erp.example.org", "https://other.example.org", False),
        ('Srvr="erp.example.org";Ref="base";', "tcp://erp.example.org:1541", True),
        ("tcp://[2001:db8::1]:1541", "tcp://[2001:db8:0::1]:1541", True),
    ],
)
def test_a_notice_can_be_about_some_targets_only(named: str, target: str, is_meant: bool) -> None:
    document = compose("x", until=END, targets=["https://elsewhere.example/", named])
    read = status.read_notice(document, "en", parse_target(target))
    assert (read.outcome == "valid") is is_meant
    assert status.read_notice(document, "en").outcome == "valid"


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        compose(
            " ",
            until=END,
            cause="tls.expird",
            url="javascript:alert(1)",
            targets=["ht!tp", ""],
            messages={"url": "x", "ru": "y" * 2_001, "uk": "a\u202eb"},
            urls={"russian language": "file:///etc/passwd"},
        )
    sentences = str(caught.value).splitlines()
    assert len(sentences) == 10
    for expected in (
        "did you mean tls.expired?",
        "javascript:",
        "is empty",
        "ht!tp",
        '"url" is not a language',
        "(ru) has 2,001 characters",
        "(uk) holds control characters",
        '"russian language" is not a language',
        "file:",
    ):
        assert any(expected in sentence for sentence in sentences), expected
    assert all(sentence.endswith(".") for sentence in sentences)


def test_a_notice_that_agents_would_not_read_whole_is_refused() -> None:
    tags = [f"{a}{b}" for a in "abcdefg" for b in "abcdefg"]
    with pytest.raises(UsageError, match="agents read less than 65,536"):
        compose("x", until=END, messages=dict.fromkeys(tags, "y" * 1_900))
    with pytest.raises(UsageError, match="can name 50 targets, not 51"):
        compose("x", until=END, targets=[f"h{number}" for number in range(51)])


def test_nothing_means_that_all_is_well() -> None:
    assert status.read_notice(nothing(), "en").outcome == "empty"


# The reader is tolerant


@pytest.mark.parametrize("tag", ["ru", "RU", "ru-RU", "ru_RU"])
def test_a_language_is_known_however_its_tag_is_written(tag: str) -> None:
    document = json.dumps({"userMessage": "x", tag: {"userMessage": "y"}, "run": {"userMessage": "z"}})
    assert status.read_notice(document.encode(), "ru").message == "y"
    assert status.read_notice(document.encode(), "uk").message == "x"


def test_the_exact_tag_counts_before_a_kindred_one() -> None:
    document = {"userMessage": "x", "ru-UA": {"userMessage": "y"}, "ru": {"userMessage": "z"}}
    assert status.read_notice(json.dumps(document).encode(), "ru").message == "z"


def test_a_byte_order_mark_does_no_harm() -> None:
    assert status.read_notice(b"\xef\xbb\xbf" + nothing(), "en").outcome == "empty"


@pytest.mark.parametrize("named", [7, [7], {"a": 1}, [None]])
def test_a_target_that_cannot_be_understood_is_shown_to_nobody(named: object) -> None:
    document = json.dumps({"userMessage": "x", "target": named}).encode()
    assert status.read_notice(document, "en", parse_target("https://h/")).outcome == "malformed"


# The file


def test_the_web_server_can_read_it_whatever_the_writers_mask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        save(tmp_path / "notice.json", nothing())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "notice.json").stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [tmp_path / "notice.json"]


def test_who_reads_meanwhile_gets_one_whole_notice(tmp_path: Path) -> None:
    file = tmp_path / "notice.json"
    old, new = compose("old", until=END), compose("new " * 99, until=END)
    save(file, old)
    with file.open("rb") as reader:
        save(file, new)
        assert reader.read() == old
    assert file.read_bytes() == new


def test_its_permissions_and_a_link_to_it_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "notice.json", tmp_path / "link"
    save(file, nothing())
    file.chmod(0o640)
    link.symlink_to(file)
    save(link, compose("x", until=END))
    assert link.is_symlink()
    assert b'"x"' in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_every_change_has_a_date_of_its_own(tmp_path: Path) -> None:
    # nginx makes an ETag of the second and the length: two changes must not look like one
    file = tmp_path / "notice.json"
    seconds = []
    for message in "abc":
        save(file, compose(message, until=END))
        seconds.append(int(file.stat().st_mtime))
    assert len(set(seconds)) == 3


@pytest.mark.parametrize(
    "content", [b"root:x:0:0\n", b"[]", b'{"help_text": "x"}', b"\xff\xfe", b"[" * 9_999, b"x" * 70_000]
)
def test_another_file_is_not_lost_by_a_slip_of_the_pen(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "passwd"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="is there and is not a notice"):
        save(file, nothing())
    assert file.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b'\xef\xbb\xbf{"userMessage": "x"}', b'{"userMessage": 7}'])
def test_an_empty_file_and_an_old_notice_are_replaced(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notice.json"
    file.write_bytes(content)
    save(file, nothing())
    assert file.read_bytes() == nothing()


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path, reason in (
        (tmp_path, "is a folder; name a file in it"),
        (tmp_path / "pipe", "is not a regular file"),
        (tmp_path / "loop", "cannot be written"),
        (tmp_path / "none" / "notice.json", "its folder is not there"),
        (tmp_path / ("n" * 300), "cannot be written"),
        (tmp_path / "a\0b", "cannot be written"),
    ):
        with pytest.raises(UsageError, match=reason):
            save(path, nothing())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loop", "pipe"]
