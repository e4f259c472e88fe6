"""Help that a server published is there when the server is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.settings.published import recall, remember

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
