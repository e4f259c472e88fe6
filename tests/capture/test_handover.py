"""How a host starts the agent on Windows, as far as that can be told here; and lines that are none of it."""

from __future__ import annotations

import io
import sys

import msgspec
import pytest

from reporter.capture import handover
from reporter.capture.failure import Failure
from reporter.capture.handover import AgentSide, Opening
from reporter.errors import FailureFormatError


@pytest.mark.parametrize(
    ("platform", "begun_with", "now", "flags"),
    [
        ("win32", None, None, 0x08000000),
        ("win32", None, io.StringIO(), 0x08000000),  # a log that the host has opened for itself
        ("win32", io.StringIO(), None, 0x08000000),
        ("win32", io.StringIO(), io.StringIO(), 0),
        ("linux", None, None, 0),
    ],
)
def test_a_host_without_a_console_has_the_agent_open_none(
    platform: str,
    begun_with: io.StringIO | None,
    now: io.StringIO | None,
    flags: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "__stderr__", begun_with)
    monkeypatch.setattr(sys, "stderr", now)
    assert handover._unseen() == flags


@pytest.mark.parametrize(
    "line", [b"", b"x", b"\xff", b'{"a": "\xff"}', b'{"a": ' + b"[" * 100_000], ids=range(5)
)
def test_a_first_line_that_is_no_opening_is_refused_with_a_sentence(line: bytes) -> None:
    with pytest.raises(FailureFormatError, match=r"is not an opening .* not by hand"):
        AgentSide(io.BytesIO(line + b"\n"), io.BytesIO())


@pytest.mark.parametrize("line", [b"x", b"\xff", b'{"a": ' + b"[" * 100_000], ids=range(3))
def test_a_host_that_answers_nonsense_counts_as_gone(line: bytes) -> None:
    opening = Opening(
        failure=Failure(action="login"), can_retry=True, accepts_access_code=False, terminal=False
    )
    heard = io.BytesIO(msgspec.json.encode(opening) + b"\n" + line + b"\n")
    assert AgentSide(heard, io.BytesIO()).ask("") is None
