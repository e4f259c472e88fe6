"""The list of sums is what sha256sum reads."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from release.checksums import checksums
from release.errors import PackagingError
from signing.sums import SUMS
from tests.packaging.release_orders import order


def checked(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        ["sha256sum", "--strict", "--check", SUMS],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_sha256sum_finds_every_artefact_whole(tmp_path: Path) -> None:
    names = ["b.deb", "a.msi", "with two  spaces.zip", "back\\slash.zip", "ümläut.rpm"]
    for name in names:
        (tmp_path / name).write_text(name, encoding="utf-8")
    assert checksums(order(tmp_path)) == [tmp_path / SUMS]
    status, said = checked(tmp_path)
    assert (status, said.count(": OK\n")) == (0, len(names)), said
    (tmp_path / "a.msi").write_bytes(b"changed")
    status, said = checked(tmp_path)
    assert status == 1
    assert "a.msi: FAILED" in said


def test_folders_hidden_files_and_signatures_of_the_list_are_no_part_of_it(tmp_path: Path) -> None:
    for name in ("b", "a", "a.asc", SUMS, f"{SUMS}.asc", f"{SUMS}.sig", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    checksums(order(tmp_path))
    text = (tmp_path / SUMS).read_text(encoding="utf-8")
    assert [line.partition(" *")[2] for line in text.splitlines()] == ["a", "a.asc", "b"]
    checksums(order(tmp_path))
    assert (tmp_path / SUMS).read_text(encoding="utf-8") == text, "a second time gives the same"


def test_a_name_that_would_break_a_line_is_refused_and_no_list_is_made(tmp_path: Path) -> None:
    (tmp_path / "two\nlines").touch()
    with pytest.raises(PackagingError, match=r"'two\\nlines'; rename or remove"):
        checksums(order(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["two\nlines"]


def test_no_artefact_no_list(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="holds no artefact yet"):
        checksums(order(tmp_path / "dist"))
    assert list((tmp_path / "dist").iterdir()) == []


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "dist").touch()
    with pytest.raises(PackagingError, match="cannot be written to"):
        checksums(order(tmp_path / "dist"))


def test_an_artefact_that_went_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.deb").touch()
    real = Path.open

    def gone(path: Path, *arguments: object, **more: object) -> object:
        if path.name == "a.deb":
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return real(path, *arguments, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", gone)
    with pytest.raises(PackagingError, match=r"a\.deb cannot be read: No such file"):
        checksums(order(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["a.deb"]
