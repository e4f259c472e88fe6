"""How a host starts the agent on Windows, as far as that can be told elsewhere."""

from __future__ import annotations

import io
import sys

import pytest

from reporter.capture import handover


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
