"""Checking a notice: what a person would see, and every fault with its place, whatever the server sends."""

from __future__ import annotations

import json
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from reporter.diagnosis import notice_check
from reporter.diagnosis.jsonplaces import Places
from reporter.diagnosis.notice_check import Inspection, check_address, check_file
from reporter.diagnosis.probes import http
from reporter.diagnosis.startup_notice import compose
from reporter.diagnosis.target import parse_target
from reporter.errors import UsageError
from tests.diagnosis.wire import NOW, Handler, Serve, answering, certified, response

HOUR = timedelta(hours=1)
HEADERS = ("Content-Type: application/json", "Cache-Control: no-cache", 'ETag: "1"')
DATE = f"Date: {format_datetime(NOW, usegmt=True)}"


def written(tmp_path: Path, content: str | bytes) -> Path:
    file = tmp_path / "notice.json"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def of_file(tmp_path: Path, content: str | bytes) -> Inspection:
    return check_file(written(tmp_path, content), now=lambda: NOW)


def revalidating(body: str, *headers: str) -> Handler:
    """Answers once with the body, then that it has not changed."""
    return answering(
        response("200 OK", DATE, *HEADERS, *headers, body=body), response("304 Not Modified", DATE, *HEADERS)
    )


# What a person would see


def test_what_is_shown_until_when_in_each_language(tmp_path: Path) -> None:
    document = compose(
        "Closing.",
        until=NOW + HOUR,
        cause="tcp",
        messages={"ru": "Закрываем."},
        urls={"de": "https://de.example/"},
    )
    found = of_file(tmp_path, document)
    assert found.is_shown
    assert (found.until, found.cause, found.faults, found.remarks) == (NOW + HOUR, "tcp", [], [])
    assert [(words.language, words.message, words.url, words.own) for words in found.words] == [
        ("en", "Closing.", "", False),
        ("ru", "Закрываем.", "", True),
        ("uk", "Closing.", "", False),
        ("de", "Closing.", "https://de.example/", True),
    ]


def test_a_notice_that_ended_or_says_nothing_is_in_order(tmp_path: Path) -> None:
    ended = of_file(tmp_path, compose("x", until=NOW - HOUR))
    assert (ended.is_shown, ended.outcome, ended.faults) == (False, "expired", [])
    assert "It ended at" in ended.remarks[0]
    empty = of_file(tmp_path, '{"userMessage": " "}')
    assert (empty.is_shown, empty.outcome, empty.faults, empty.words) == (False, "empty", [], [])


def test_it_is_seen_with_the_eyes_of_one_login(tmp_path: Path) -> None:
    file = written(tmp_path, compose("x", until=NOW + HOUR, targets=["https://erp.example.org/base"]))
    meant = check_file(file, target=parse_target("https://erp.example.org/base/x"), now=lambda: NOW)
    other = check_file(file, target=parse_target("https://other.example.org/"), now=lambda: NOW)
    assert (meant.is_shown, other.is_shown) == (True, False)
    assert other.targets == ["https://erp.example.org/base"]


# Faults, with their place

FAULTY = """{
  "userMessage": "x",
  "until": "2026-11-22T14:00:00",
  "cause": "tls.expird",
  "url": "javascript:alert(1)",
  "target": ["https://erp.example.org", "ht!tp"],
  "ru": {
    "userMessage": 7, "url": "file:///etc/passwd"
  },
  "uk": "text",
  "until ": 1
}"""


def test_every_fault_is_told_with_its_place(tmp_path: Path) -> None:
    found = of_file(tmp_path, FAULTY)
    assert not found.is_shown
    for place, words in (
        ("Line 3, column 3", "until has no time zone"),
        ("Line 4, column 3", "did you mean tls.expired?"),
        ("Line 5, column 3", "begins with javascript:"),
        ("Line 6, column 3", "ht!tp"),
        ("Line 8, column 5", "userMessage is not text"),
        ("Line 8, column 23", "begins with file:"),
        ("Line 10, column 3", "the words of a language are an object"),
    ):
        assert any(f.startswith(f"{place}:") and words in f for f in found.faults), (
            place,
            words,
            found.faults,
        )
    assert len(found.faults) == 7
    assert [remark for remark in found.remarks if remark.startswith("Line 11, column 3: until ")]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "It is empty"),
        (" \n", "It is empty"),
        ("<!DOCTYPE html><h1>Sign in</h1>", "It is a web page"),
        ("[]", "It is JSON, but no notice"),
        ("7", "It is JSON, but no notice"),
        ("{}", "Line 1, column 1: the notice has no userMessage, so"),
        (
            '{\n "usermessage": "x"}',
            "Line 2, column 2: the notice has no userMessage (did you mean it by usermessage?)",
        ),
        ('{"userMessage": null}', "Line 1, column 2: userMessage is not text"),
        ('{"userMessage": "x",\n "until": 7}', "Line 2, column 2: until is no moment"),
        ('{"userMessage": "x", "until": "2026-02-30T00:00:00Z"}', "until is no moment"),
        ('{"userMessage": "x", "target": 7}', "target is no address and no list"),
        ('{"userMessage": "x", "target": [7]}', "target is no address and no list"),
        ('{"userMessage": "x", "cause": 7}', "cause is not text"),
        ('{\n "userMessage": "x",\n}', "Line 3, column 1: this is not valid JSON"),
        ("{\n 'userMessage': 'x'}", "Line 2, column 2: this is not valid JSON"),
        ('{"userMessage": "a\nb"}', "Line 1, column 19: this is not valid JSON"),
        ('{"userMessage": NaN}', "Line 1, column 17: this is not valid JSON"),
        ('{"userMessage": "x"', "this is not valid JSON"),
        ('{"userMessage": ' + "[" * 9_999, "nested too deeply"),
        ('{"userMessage": "x", "a": ' + "9" * 9_999 + "}", "a number is too long"),
        ('{"userMessage": "x"}\0', "It is not UTF-8 text"),
        ('{"userMessage": "x"}'.encode("utf-16"), "It is not UTF-8 text"),
        ('{\n "userMessage": "Закрываем"}'.encode("cp1251"), "Line 2, column 18: this is not UTF-8"),
        ('{"userMessage": "x"}' + " " * http.BODY_LIMIT_BYTES, "65,536 bytes or more"),
        (b"{" * 10_000_000, "65,536 bytes or more"),
    ],
)
def test_what_is_no_notice_gets_a_sentence(tmp_path: Path, content: str | bytes, fault: str) -> None:
    found = of_file(tmp_path, content)
    assert any(fault in sentence for sentence in found.faults), found.faults
    assert all(sentence.endswith((".", "?")) for sentence in found.faults)


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        (b'\xef\xbb\xbf{"userMessage": "x"}', "byte order mark"),
        ('{"userMessage": "x"}', "It has no end"),
        ('{"userMessage": "x", "until": "9999-12-31T23:59:59Z"}', "is that meant?"),
        ('{"userMessage": "x",\n "userMessage": "y"}', "Line 2, column 2: userMessage is given twice"),
        ('{"userMessage": "x", "messge": 1}', "messge has no meaning"),
        (
            '{"userMessage": "x", "usermesage": 1}',
            "usermesage has no meaning in a notice and is ignored (did you mean userMessage?).",
        ),
        (
            '{"userMessage": "x",\n "ru": {"userMessage": "y", "urll": "z"}}',
            "Line 2, column 29: urll has no meaning in a notice and is ignored (did you mean url?).",
        ),
        (json.dumps({"userMessage": "x" * 2_001}), "people see it changed"),
        (json.dumps({"userMessage": "a\u202eb"}), "people see it changed"),
    ],
)
def test_what_is_worth_knowing_is_remarked(tmp_path: Path, content: str | bytes, remark: str) -> None:
    found = of_file(tmp_path, content)
    assert found.is_shown
    assert found.faults == []
    assert any(remark in sentence for sentence in found.remarks), found.remarks


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", tmp_path / "a\0b", Path("/dev/zero")):
        with pytest.raises(UsageError):
            check_file(path)


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["userMessage", "until", "cause", "url", "target", "ru", "x"])
                | st.text(max_size=5),
                inner,
                max_size=6,
            )
        ),
        max_leaves=12,
    ).map(lambda document: json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
)
def test_any_document_gets_a_judgement(body: bytes) -> None:
    found = notice_check._inspect("x", body, None, NOW, NOW)
    assert found.is_shown == (found.outcome == "valid")
    assert found.outcome != "malformed" or found.faults


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.none() | st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
        max_size=5,
    ),
    st.sampled_from([None, 1, 3]),
)
def test_every_member_has_a_place_where_it_stands(
    document: dict[str, dict[str, int] | None], indent: int | None
) -> None:
    text = json.dumps(document, indent=indent)
    places = Places(text)
    lines = text.split("\n")
    for path in [(name,) for name in document] + [
        (n, i) for n, inner in document.items() for i in inner or {}
    ]:
        line, column = (int(part.split()[-1]) for part in places.of(*path).split(","))
        assert lines[line - 1][column - 1 :].startswith(json.dumps(path[-1]))


# Servers


def test_a_good_service_is_in_order(serve: Serve, trusted: trustme.CA) -> None:
    port = serve(revalidating(compose("x", until=NOW + HOUR).decode()), certified(trusted, "localhost"))
    found = check_address(f"https://localhost:{port}/n.json", limit_s=20, now=lambda: NOW)
    assert (found.is_shown, found.faults) == (True, [])
    assert found.served is not None
    assert (found.served.status, found.served.revalidates, found.served.etag) == (200, True, '"1"')
    assert [remark for remark in found.remarks if "clock" not in remark] == []


def test_the_servers_clock_ends_it(serve: Serve) -> None:
    port = serve(revalidating(compose("x", until=NOW + HOUR).decode()))
    late = check_address(f"http://127.0.0.1:{port}/n", limit_s=20, now=lambda: NOW + 5 * HOUR)
    assert late.is_shown
    no_date = response("200 OK", *HEADERS, body=compose("x", until=NOW + HOUR).decode())
    late = check_address(
        f"http://127.0.0.1:{serve(answering(no_date))}/n", limit_s=20, now=lambda: NOW + 5 * HOUR
    )
    assert late.outcome == "expired"
    assert any("tells no time" in remark for remark in late.remarks)


def test_how_it_is_delivered_is_remarked(serve: Serve) -> None:
    body = compose("x", until=datetime.now(UTC) + HOUR).decode()
    bare = check_address(
        f"http://127.0.0.1:{serve(answering(response('200 OK', body=body)))}/n?a=b", limit_s=20
    )
    for words in ("plain http", "after", "content type is missing", "no Cache-Control", "no ETag", "no time"):
        assert any(words in remark.replace("follows the ?", "after") for remark in bare.remarks), words
    stubborn = answering(
        response(
            "200 OK",
            f"Date: {format_datetime(datetime.now(UTC) + HOUR / 2, usegmt=True)}",
            'ETag: W/"x"',
            "Cache-Control: public, Max-Age=86400",
            "Content-Type: text/html",
            body=body,
        )
    )
    found = check_address(f"http://127.0.0.1:{serve(stubborn)}/n", limit_s=20)
    assert found.faults == []
    for words in ("for 86,400 s", "not answered with status 304", "text/html", "ahead of this computer's"):
        assert any(words in remark for remark in found.remarks), (words, found.remarks)


@pytest.mark.parametrize(
    ("line", "header", "fault"),
    [
        ("302 Found", "Location: /n", "status 302 and leads to itself; agents follow no redirects"),
        ("301 Moved", "Location: https://x.example/y?secret=1", "leads to https://x.example/y; agents"),
        ("307 Moved", "X: y", "leads nowhere"),
        ("404 Not Found", "X: y", "It answers with status 404"),
        ("503 Down", "X: y", "It answers with status 503"),
        ("204 No Content", "X: y", "It answers with status 204"),
    ],
)
def test_any_other_answer_gets_a_sentence(serve: Serve, line: str, header: str, fault: str) -> None:
    port = serve(answering(response(line, header, body=compose("x", until=NOW + HOUR).decode())))
    found = check_address(f"http://127.0.0.1:{port}/n", limit_s=20)
    assert not found.is_shown
    assert fault in found.faults[0]
    assert "secret" not in str(found)


def test_an_endless_answer_is_cut(serve: Serve) -> None:
    port = serve(answering(response("200 OK", body='{"userMessage": "' + "x" * 5_000_000)))
    found = check_address(f"http://127.0.0.1:{port}/n", limit_s=20)
    assert (found.outcome, found.is_shown) == ("oversized", False)


def test_a_server_that_cannot_be_used_gets_a_sentence(
    serve: Serve, closed_port: int, silent_port: int, authority: trustme.CA
) -> None:
    def hanging_up(connection: socket.socket) -> None:
        connection.recv(10)

    strange = serve(answering(b"SSH-2.0-x\r\n"))
    untrusted = serve(answering(response("200 OK", body="{}")), certified(authority, "localhost"))
    for address, words in (
        (f"http://127.0.0.1:{closed_port}/n", "refused"),
        (f"http://127.0.0.1:{silent_port}/n", "no answer"),
        (f"http://127.0.0.1:{serve(hanging_up)}/n", "HTTP"),
        (f"http://127.0.0.1:{strange}/n", "HTTP"),
        (f"https://localhost:{untrusted}/n", "TLS"),
        ("http://no-such-host.invalid/n", "DNS"),
    ):
        found = check_address(address, limit_s=2)
        assert (found.outcome, found.is_shown) == ("unreachable", False)
        assert any(words in sentence for sentence in found.faults), (address, found.faults)


def test_a_server_that_drips_does_not_hold_the_check(serve: Serve) -> None:
    def dripping(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X: y\r\n")
            time.sleep(0.05)

    found = check_address(f"http://127.0.0.1:{serve(dripping)}/n", limit_s=0.5)
    assert found.outcome == "unreachable"


@pytest.mark.parametrize(
    "address", ["tcp://h:1", "ldap://h", "nonsense", "https://", "http://h:99999/", "ftp://h/"]
)
def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        check_address(address)
