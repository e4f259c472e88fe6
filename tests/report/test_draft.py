"""What was begun and not sent is kept for the next time; whatever else stands in its place is passed over."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from reporter.report import draft
from reporter.report.model import Story

STORY = Story(wanted="войти", questions=["Why?"])


def test_a_draft_comes_back_and_an_empty_one_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "drafts" / "one.json"
    draft.keep(path, STORY)
    assert draft.load(path) == STORY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    draft.keep(path, Story())
    assert list(path.parent.iterdir()) == []


DEEP = b'{"another": ' + b"[" * 100_000


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b"[" * 100_000, b'{"wanted": 5}', DEEP], ids=range(6)
)
def test_what_is_no_draft_is_passed_over(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(content)
    assert draft.load(path) == Story()


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    os.mkfifo(path)
    assert draft.load(path) == Story()


def test_an_old_draft_is_not_brought_up_again(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    draft.keep(path, STORY)
    os.utime(path, (0, 0))
    assert draft.load(path) == Story()
