"""The payload as Windows Installer is told it: short names, versions, and what Windows cannot hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.errors import PackagingError
from tests.packaging.windows_payload import program
from windows.tree import PATH_LIMIT_CHARS, folder_name, tree, version_of


def made(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def test_every_file_has_a_short_name_that_no_other_has(tmp_path: Path) -> None:
    made(
        tmp_path, *(f"A long name {number}.data" for number in range(40)), "short.txt", "Файл.txt", "x.tar.gz"
    )
    names = [file.name.partition("|") for file in tree(tmp_path).files]
    shorts = [short.upper() for short, _, _ in names]
    assert len(set(shorts)) == len(shorts) == 43
    assert all(len(short.partition(".")[0]) <= 8 and len(short.partition(".")[2]) <= 3 for short in shorts)
    assert all(short.isascii() and short.count(".") <= 1 for short in shorts)
    assert ("short.txt", "", "") in names
    assert {long for _, bar, long in names if bar} >= {"Файл.txt", "x.tar.gz", "A long name 39.data"}


def test_a_name_that_looks_like_a_short_one_is_not_given_twice(tmp_path: Path) -> None:
    made(tmp_path, "ALONGN~1.DAT", "a long name.data")
    shorts = [file.name.partition("|")[0].upper() for file in tree(tmp_path).files]
    assert len(set(shorts)) == 2


def test_folders_come_before_what_is_in_them(tmp_path: Path) -> None:
    found = tree(made(tmp_path, "a/b/c.txt", "a.b/d.txt"))
    known = {"INSTALLDIR"}
    for folder in found.folders:
        assert folder.parent in known
        known.add(folder.id)
    assert {file.path for file in found.files} == {"a/b/c.txt", "a.b/d.txt"}


@pytest.mark.parametrize(
    "name", ["con.txt", "a:b", "what?.txt", "end.", "space ", "COM1", "com¹", "x|y", "new\nline"]
)
def test_names_that_windows_does_not_know_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackagingError, match="Windows knows no file called"):
        tree(made(tmp_path, name))


def test_names_that_differ_in_case_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="Two files of one folder"):
        tree(made(tmp_path, "Readme.txt", "README.TXT"))


def test_links_and_long_paths_are_refused(tmp_path: Path) -> None:
    long = "/".join(["x" * 50] * 3) + "/" + "y" * (PATH_LIMIT_CHARS - 152)
    with pytest.raises(PackagingError, match="more than 180 characters"):
        tree(made(tmp_path / "long", long))
    made(tmp_path / "linked", "a.txt")
    (tmp_path / "linked" / "b.txt").symlink_to("a.txt")
    with pytest.raises(PackagingError, match="is a link"):
        tree(tmp_path / "linked")


def test_the_version_of_a_program_is_read() -> None:
    assert version_of(program(version=(3, 13, 9, 65535))) == "3.13.9.65535"
    assert version_of(program()) == ""
    assert version_of(b"no program" + program(version=(1, 2, 3, 4))) == ""
    assert version_of(program(version=(1, 2, 3, 4))[:-4]) == ""


def test_folders_of_windows_end_in_a_letter() -> None:
    assert folder_name("Example Inc.") == "Example Inc"
    assert folder_name("Müller & Söhne") == "Müller & Söhne"
    with pytest.raises(PackagingError, match="no folder called 'AUX'"):
        folder_name("AUX")
