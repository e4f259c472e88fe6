"""Wheel, sdist and zipapp are made of what git knows, of one version, and say nothing of where that was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from release import distributions as room
from release.distributions import PREAMBLE, distributions, export
from release.errors import PackagingError
from tests.packaging.release_orders import VERSION, order


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "reporter").mkdir(parents=True)
    (root / ".gitignore").write_text("dist/\n*.mo\n", encoding="utf-8")
    for name in ("pyproject.toml", "reporter/a.py", "run"):
        (root / name).write_text(name, encoding="utf-8")
    (root / "run").chmod(0o775)
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "First"]):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", root, *who, *words], check=True, capture_output=True)
    for name in ("reporter/texts.mo", "notes.txt", "dist/old.whl"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).touch()
    return root


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


COMMITTED = {".gitignore", "pyproject.toml", "reporter/a.py", "run"}


def test_only_what_git_knows_is_taken_with_modes_of_its_own(checkout: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        export(checkout, tmp_path / "tree", out=checkout / "dist")
    finally:
        os.umask(before)
    assert files(tmp_path / "tree") == COMMITTED
    assert (tmp_path / "tree" / "run").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "tree" / "pyproject.toml").stat().st_mode & 0o777 == 0o644


def test_a_try_takes_the_changes_too(checkout: Path, tmp_path: Path) -> None:
    (checkout / "reporter" / "a.py").write_text("changed", encoding="utf-8")
    (checkout / "run").unlink()
    export(checkout, tmp_path / "tree", out=checkout / "dist")
    assert files(tmp_path / "tree") == (COMMITTED | {"notes.txt"}) - {"run"}
    assert (tmp_path / "tree" / "reporter" / "a.py").read_text(encoding="utf-8") == "changed"


def test_a_tree_without_git_is_taken_without_what_work_leaves(checkout: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / ".git")
    for name in (
        ".venv-packages/a",
        ".coverage",
        "reporter/__pycache__/a.pyc",
        "out/made",
        "out/.making-1/a",
    ):
        (checkout / name).parent.mkdir(exist_ok=True, parents=True)
        (checkout / name).touch()
    export(checkout, tmp_path / "tree", out=checkout / "out")
    assert files(tmp_path / "tree") == COMMITTED | {"notes.txt"}


def test_a_folder_that_is_no_checkout_is_told(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackagingError, match=r"has no pyproject\.toml"):
        export(tmp_path / "empty", tmp_path / "tree", out=tmp_path / "dist")
    shutil.rmtree(checkout / ".git")
    (checkout / ".git").write_text("gitdir: /nowhere\n", encoding="utf-8")
    with pytest.raises(PackagingError, match="git cannot tell about"):
        export(checkout, tmp_path / "other", out=tmp_path / "dist")


def test_git_that_is_missing_is_asked_for(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PackagingError, match="install git"):
        export(checkout, tmp_path / "tree", out=tmp_path / "dist")


class TestBadInput:
    """A sentence, and nothing half-made."""

    @pytest.fixture(autouse=True)
    def _tools_are_there(self, monkeypatch: pytest.MonkeyPatch, checkout: Path) -> None:
        monkeypatch.setattr(room, "find_spec", lambda name: name)
        monkeypatch.setattr(room, "ROOT", checkout)

    @pytest.mark.parametrize("missing", ["build", "hatchling", "babel", "twine", "shiv", "pip"])
    def test_a_tool_that_is_missing(
        self, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(room, "find_spec", lambda name: None if name == missing else name)
        with pytest.raises(PackagingError, match=rf"^{missing} is missing; run packaging/develop packages"):
            distributions(order(tmp_path / "dist"))
        assert not (tmp_path / "dist").exists()

    @pytest.mark.parametrize("version", ["1.2.4", "", "1.2.3.dev0"])
    def test_a_tree_of_another_version(
        self, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def build(command: Sequence[str | Path], **_: object) -> str:
            out = Path(command[command.index("--outdir") + 1])
            out.mkdir()
            if version:
                (out / f"reporter_agent-{version}-py3-none-any.whl").touch()
                (out / f"reporter_agent-{version}.tar.gz").touch()
            return ""

        monkeypatch.setattr(room, "run", build)
        given = rf"reporter_agent-{version}-py3.*" if version else "nothing"
        with pytest.raises(PackagingError, match=rf"Version {VERSION} was to be made, and .* gave {given}\."):
            distributions(order(tmp_path / "dist"))
        assert list((tmp_path / "dist").iterdir()) == []

    def test_a_build_that_fails(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(command: Sequence[str | Path], **_: object) -> str:
            raise PackagingError("python ended with 1:\n    no such hook")

        monkeypatch.setattr(room, "run", fail)
        with pytest.raises(PackagingError, match="no such hook"):
            distributions(order(tmp_path / "dist"))
        assert list((tmp_path / "dist").iterdir()) == []

    def test_a_file_in_place_of_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "dist").write_bytes(b"mine")
        with pytest.raises(PackagingError, match="cannot be written to"):
            distributions(order(tmp_path / "dist"))
        assert (tmp_path / "dist").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("made_for", "system", "status"),
    [
        (("CPython", *sys.version_info[:2]), sys.platform, 0),
        (("CPython", 3, 99), sys.platform, 1),
        (("PyPy", *sys.version_info[:2]), sys.platform, 1),
        (("CPython", *sys.version_info[:2]), "win32", 1),
    ],
)
def test_a_zipapp_tells_a_python_that_it_was_not_made_for(
    made_for: tuple[object, ...], system: str, status: int
) -> None:
    code = PREAMBLE.format(made_for=made_for, system=system, name="CPython 3.99", where="windows-amd64")
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == status
    begin = "This file was made for CPython 3.99 on windows-amd64, and this is CPython 3."
    assert done.stderr.startswith(begin if status else "")
    assert bool(done.stderr) == bool(status)


def test_what_was_installed_does_not_tell_from_where(tmp_path: Path) -> None:
    info = tmp_path / "site" / "a-1.dist-info"
    info.mkdir(parents=True)
    (tmp_path / "site" / "bin").mkdir()
    (tmp_path / "site" / "bin" / "a").write_text("#!/home/anna/python\n", encoding="utf-8")
    (info / "direct_url.json").write_text('{"url": "file:///home/anna"}', encoding="utf-8")
    rows = ["b.py,sha256=1,2", "../../bin/a,sha256=3,4", "a-1.dist-info/direct_url.json,sha256=5,6", "a.py,,"]
    (info / "RECORD").write_text("\r\n".join(rows), encoding="utf-8")
    room._forget_the_installation(tmp_path / "site")
    assert files(tmp_path / "site") == {"a-1.dist-info/RECORD"}
    assert (info / "RECORD").read_text(encoding="utf-8") == "a.py,,\nb.py,sha256=1,2\n"


def test_a_zipapp_does_not_tell_when_and_with_which_rights_its_tools_were_installed(tmp_path: Path) -> None:
    made = []
    for number, mode in enumerate((0o600, 0o755)):
        raw = tmp_path / f"{number}.raw"
        with zipfile.ZipFile(raw, "w") as packed:
            for name in ("b.py", "a.py")[:: 1 - 2 * number]:
                entry = zipfile.ZipInfo(name, (2000 + number, 1, 1, 0, 0, 0))
                entry.external_attr = mode << 16
                packed.writestr(entry, name * 100)
        made.append(room._plain(raw, tmp_path / f"{number}.pyz", 1_700_000_001))
    assert made[0].read_bytes() == made[1].read_bytes()
    assert made[0].read_bytes().startswith(b"#!/usr/bin/env python3\nPK")
    assert made[0].stat().st_mode & 0o777 == 0o755
    with zipfile.ZipFile(made[0]) as packed:
        assert packed.read("a.py") == b"a.py" * 100
