"""The policy archive holds what each system reads, under the names of one brand, always the same bytes."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from policy.templates import TemplateError
from release import policies as room
from release.errors import PackagingError
from release.policies import policies
from tests.packaging.release_orders import OTHER_BRAND, order


@pytest.fixture(autouse=True)
def _translations_are_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they are is tested with the texts."""
    monkeypatch.setattr(room, "untranslated", list)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_there_is_something_for_every_system_and_a_page(tmp_path: Path) -> None:
    [made] = policies(order(tmp_path))
    assert made.name == "reporter-policies-1.2.3.zip"
    assert {name.split("/")[0] for name in contents(made)} == {"windows", "macos", "linux", "docs"}
    assert list(tmp_path.iterdir()) == [made]


def test_another_brand_has_its_own_names_everywhere(tmp_path: Path) -> None:
    [own] = policies(order(tmp_path / "own"))
    [other] = policies(order(tmp_path / "other", brand=OTHER_BRAND))
    assert other.name == "anmeldehilfe-policies-1.2.3.zip"
    files = contents(other)
    assert "windows/anmeldehilfe.admx" in files
    assert "macos/de.mueller.anmeldehilfe.plist" in files
    assert not any("reporter" in name for name in files)
    assert b"Anmeldehilfe" in files["windows/en-US/anmeldehilfe.adml"]
    assert not set(contents(own)) & {name for name in files if name.startswith(("windows/ad", "macos/"))}


def test_the_same_bytes_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [first] = policies(order(tmp_path / "1"))
    monkeypatch.setenv("TZ", "America/New_York")
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    before = os.umask(0o077)
    try:
        [second] = policies(order(tmp_path / "2"))
    finally:
        os.umask(before)
    assert first.read_bytes() == second.read_bytes()


def test_templates_that_nobody_should_get_are_not_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(vendor: object) -> object:
        raise TemplateError("The template breaks its rules in en: no root.")

    with monkeypatch.context() as patched:
        patched.setattr(room, "files", broken)
        with pytest.raises(PackagingError, match="breaks its rules"):
            policies(order(tmp_path))
    monkeypatch.setattr(room, "untranslated", lambda: ["ru (40 settings, such as endpoint)"])
    with pytest.raises(PackagingError, match=r"want of a translation: ru \(40.*catalogues\.py compile"):
        policies(order(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "dist").write_bytes(b"mine")
    with pytest.raises(PackagingError, match="cannot be written to"):
        policies(order(tmp_path / "dist"))
    assert (tmp_path / "dist").read_bytes() == b"mine"
