"""What an artefact is made of: what git knows, and in a try what was changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from release.errors import PackagingError
from release.source import export


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


COMMITTED = {".gitignore", "pyproject.toml", "reporter/a.py", "run"}


def test_only_what_git_knows_is_taken_with_modes_of_its_own(committed: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        export(committed, tmp_path / "tree", out=committed / "dist")
    finally:
        os.umask(before)
    assert files(tmp_path / "tree") == COMMITTED
    assert (tmp_path / "tree" / "run").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "tree" / "pyproject.toml").stat().st_mode & 0o777 == 0o644


def test_a_try_takes_the_changes_too(committed: Path, tmp_path: Path) -> None:
    (committed / "reporter" / "a.py").write_text("changed", encoding="utf-8")
    (committed / "run").unlink()
    export(committed, tmp_path / "tree", out=committed / "dist")
    assert files(tmp_path / "tree") == (COMMITTED | {"notes.txt"}) - {"run"}
    assert (tmp_path / "tree" / "reporter" / "a.py").read_text(encoding="utf-8") == "changed"


def test_a_tree_without_git_is_taken_without_what_work_leaves(committed: Path, tmp_path: Path) -> None:
    shutil.rmtree(committed / ".git")
    for name in (
        ".venv-packages/a",
        ".coverage",
        "reporter/__pycache__/a.pyc",
        "out/made",
        "out/.making-1/a",
    ):
        (committed / name).parent.mkdir(exist_ok=True, parents=True)
        (committed / name).touch()
    export(committed, tmp_path / "tree", out=committed / "out")
    assert files(tmp_path / "tree") == COMMITTED | {"notes.txt"}


def test_a_folder_that_is_no_checkout_is_told(committed: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackagingError, match=r"has no pyproject\.toml"):
        export(tmp_path / "empty", tmp_path / "tree", out=tmp_path / "dist")
    shutil.rmtree(committed / ".git")
    (committed / ".git").write_text("gitdir: /nowhere\n", encoding="utf-8")
    with pytest.raises(PackagingError, match="git cannot tell about"):
        export(committed, tmp_path / "other", out=tmp_path / "dist")


def test_git_that_is_missing_is_asked_for(
    committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PackagingError, match="install git"):
        export(committed, tmp_path / "tree", out=tmp_path / "dist")


def test_artefacts_are_no_part_of_a_try_wherever_they_are_said_to_be(committed: Path, tmp_path: Path) -> None:
    (committed / "run").unlink()
    (committed / "out").mkdir()
    (committed / "out" / "made").touch()
    export(committed, tmp_path / "tree", out=committed / "reporter" / ".." / "out")
    assert files(tmp_path / "tree") == (COMMITTED | {"notes.txt"}) - {"run"}
