"""Where the agent writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.settings import paths

FOLDERS = (paths.spool, paths.drafts, paths.cache, paths.crashes)


def test_one_folder_holds_everything_where_it_is_named(tmp_path: Path) -> None:
    environ = {"REPORTER_HOME": str(tmp_path)}
    assert [folder(environ) for folder in FOLDERS] == [
        tmp_path / name for name in ("spool", "drafts", "cache", "crashes")
    ]


def test_else_the_system_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    found = [folder({}) for folder in FOLDERS]
    assert len(set(found)) == len(FOLDERS)
    assert all(folder.is_relative_to(tmp_path) and "reporter" in folder.parts for folder in found)


def test_a_relative_home_stays_where_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.spool({"REPORTER_HOME": "here"}) == tmp_path / "here" / "spool"


def test_the_settings_file_may_be_named(tmp_path: Path) -> None:
    named = tmp_path / "my.toml"
    assert paths.settings_file({"REPORTER_SETTINGS": str(named)}) == (named, True)
    path, must_exist = paths.settings_file({})
    assert (path.name, must_exist) == ("settings.toml", False)


def test_nothing_is_created_by_asking(tmp_path: Path) -> None:
    for folder in FOLDERS:
        folder({"REPORTER_HOME": str(tmp_path / "home")})
    assert list(tmp_path.iterdir()) == []
