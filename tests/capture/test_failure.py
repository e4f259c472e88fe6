"""The Failure document: little suffices, much is bounded, nonsense gets a sentence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.capture.failure import MESSAGE_LIMIT_CHARS, TRACEBACK_LIMIT_CHARS, parse
from reporter.errors import FailureFormatError


def test_target_and_message_suffice() -> None:
    failure = parse(b'{"target": "https://erp.example.org", "message": "Connection refused"}')
    assert (failure.target, failure.message, failure.action) == (
        "https://erp.example.org",
        "Connection refused",
        "login",
    )


def test_a_whole_document_is_read() -> None:
    failure = parse(
        json.dumps(
            {
                "schema": "failure/1",
                "occurred_at": "2026-11-22T09:00:00+03:00",
                "action": "login",
                "target": "https://erp.example.org/base",
                "message": "Connection refused",
                "exception": {
                    "type": "ConnectionRefusedError",
                    "message": "[Errno 111]",
                    "traceback": "…",
                    "errno": 111,
                },
                "application": {"name": "ERP", "version": "3.1.4"},
                "response": {"status": 503, "retry_after": "20"},
                "something_newer": [1, 2, 3],
            }
        ).encode()
    )
    assert failure.exception is not None
    assert failure.exception.errno == 111
    assert failure.application is not None
    assert failure.application.version == "3.1.4"
    assert failure.response is not None
    assert failure.response.status == 503


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"{}", "neither a message nor a target"),
        (b'{"schema": "failure/2", "message": "x"}', "failure/2"),
        (b'{"schema": 7, "message": "x"}', "schema"),
        (b'{"message": 5}', r"\$.message"),
        (b'{"message": "x", "exception": {"errno": "many"}}', r"\$.exception.errno"),
        (b'{"message": "x", "occurred_at": "yesterday"}', r"\$.occurred_at"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_nonsense_gets_a_sentence_that_names_the_place(raw: bytes, said: str) -> None:
    with pytest.raises(FailureFormatError, match=said):
        parse(raw)


def test_five_megabytes_of_message_are_cut_and_say_so() -> None:
    failure = parse(
        json.dumps({"message": "x" * 5_000_000, "exception": {"traceback": "y" * 5_000_000}}).encode()
    )
    assert len(failure.message) < MESSAGE_LIMIT_CHARS + 40
    assert failure.message.endswith("… [+4,983,616]")
    assert failure.exception is not None
    assert len(failure.exception.traceback) < TRACEBACK_LIMIT_CHARS + 40


def test_a_document_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(FailureFormatError, match="at most"):
        parse(b" " * (32 * 1024 * 1024 + 1))


def test_control_characters_and_bidi_overrides_are_taken_out() -> None:
    failure = parse(
        json.dumps(
            {"message": "a\x1b[31mb\u202egnp.exe\x00\u2066", "target": "https://e\x07.example"}
        ).encode()
    )
    assert failure.message == "a[31mbgnp.exe"
    assert failure.target == "https://e.example"


def test_of_a_servers_problem_only_known_plain_members_stay_and_all_is_bounded() -> None:
    response = {
        "status": 423,
        "content_type": "application/problem+json\x1b[31m\n" + "x" * 5_000,
        "retry_after": "30\n\u202e",
        "problem": {
            "code": "session_locked",
            "title": "Locked\x1b\nuntil two " + "x" * 5_000,
            "detail": {"password": "hunter2-marker"},
            "min": [1],
            "until": None,
            "retry_after": 10**30,
            "status": 423,
            "token": "hunter2-marker",
        },
    }
    answer = parse(json.dumps({"message": "x", "response": response}).encode()).response
    assert answer is not None
    assert answer.content_type.startswith("application/problem+json[31m xxx")
    assert len(answer.content_type) < 300
    assert answer.retry_after == "30"
    assert answer.problem is not None
    assert answer.problem.keys() == {"code", "title", "status"}
    assert answer.problem["title"].startswith("Locked until two xxx")
    assert len(answer.problem["title"]) < 1_100


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
_names = st.sampled_from(
    ["schema", "message", "target", "exception", "application", "response", "occurred_at", "action"]
)


@given(st.dictionaries(_names, _json, max_size=8))
def test_any_document_is_read_or_refused_with_a_sentence(document: dict[str, object]) -> None:
    try:
        failure = parse(json.dumps(document).encode())
    except FailureFormatError as error:
        assert len(str(error)) > 20
    else:
        assert "\x00" not in failure.message


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_sentence_or_read(raw: bytes) -> None:
    try:
        parse(raw)
    except FailureFormatError as error:
        assert str(error).endswith(".")
