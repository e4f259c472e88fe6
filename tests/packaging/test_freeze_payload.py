"""The payload: a wrong one is refused in a sentence before anything is packed around it."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from freeze.payload import SYSTEMS, check_payload, programs
from release.errors import PackagingError
from release.identity import OWN_BRAND
from release.order import Order
from release.source import Source

MACHO = b"\xcf\xfa\xed\xfe"


def refused(ordered: Order, system: str = "linux") -> str:
    with pytest.raises(PackagingError) as told:
        check_payload(ordered.payload, ordered, system)
    sentence = str(told.value)
    assert sentence.endswith(".")
    return sentence


class TestPayload:
    def test_a_whole_one_is_taken(self, ordered: Order, folder: Path) -> None:
        assert check_payload(folder, ordered, "linux") == folder

    def test_there_is_none(self, ordered: Order, tmp_path: Path) -> None:
        assert "no frozen program to pack" in refused(msgspec.structs.replace(ordered, payload=None))
        gone = msgspec.structs.replace(ordered, payload=tmp_path / "gone")
        assert str(tmp_path / "gone") in refused(gone)

    def test_an_empty_folder(self, ordered: Order, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        empty = msgspec.structs.replace(ordered, payload=tmp_path / "empty")
        assert "lacks the program login-help (No such file or directory)" in refused(empty)

    @pytest.mark.parametrize("name", ["_internal", "LICENSE", "licenses", "sbom.cdx.json", "brand.toml"])
    def test_one_that_lacks_something(self, ordered: Order, folder: Path, name: str) -> None:
        target = folder / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        assert name in refused(ordered)

    @pytest.mark.parametrize(
        ("begin", "what"),
        [
            (b"MZ\x90\0", "for Windows"),
            (MACHO, "for macOS"),
            (b"#!/bin/sh", "no program"),
            (b"", "no program"),
        ],
    )
    def test_the_program_of_another_system(
        self, ordered: Order, folder: Path, begin: bytes, what: str
    ) -> None:
        (folder / "login-help").write_bytes(begin)
        sentence = refused(ordered)
        assert what in sentence
        assert "frozen on Linux" in sentence

    def test_windows_needs_the_program_without_console_too(self, ordered: Order, folder: Path) -> None:
        (folder / "login-help.exe").write_bytes(b"MZ")
        assert "lacks the program login-helpw.exe" in refused(ordered, "win32")
        (folder / "login-helpw.exe").write_bytes(b"MZ")
        assert check_payload(folder, ordered, "win32") == folder

    def test_macos_has_a_bundle(self, ordered: Order, folder: Path) -> None:
        inside = folder / "Login Help.app" / "Contents"
        (inside / "MacOS").mkdir(parents=True)
        (inside / "MacOS" / "login-help").write_bytes(MACHO)
        (inside / "Resources").mkdir()
        for name in ("brand.toml", "LICENSE", "licenses", "sbom.cdx.json"):
            (folder / name).rename(inside / "Resources" / name)
        assert check_payload(folder, ordered, "darwin") == folder

    def test_another_brand(self, ordered: Order, folder: Path) -> None:
        (folder / "brand.toml").write_bytes(OWN_BRAND.read_bytes())
        assert "another brand.toml" in refused(ordered)

    def test_another_logo_under_the_same_name(self, ordered: Order, folder: Path, tmp_path: Path) -> None:
        brand = tmp_path / "with-logo" / "brand.toml"
        brand.parent.mkdir()
        brand.write_text(f"{ordered.identity.brand.read_text(encoding='utf-8')}\n", encoding="utf-8")
        brand.write_text(f'logo = "logo.png"\n{brand.read_text(encoding="utf-8")}', encoding="utf-8")
        (brand.parent / "logo.png").write_bytes(b"new")
        named = msgspec.structs.replace(
            ordered, identity=msgspec.structs.replace(ordered.identity, brand=brand)
        )
        (folder / "brand.toml").write_bytes(brand.read_bytes())
        assert "logo.png cannot be read" in refused(named)
        (folder / "logo.png").write_bytes(b"old")
        assert "another logo.png" in refused(named)
        (folder / "logo.png").write_bytes(b"new")
        assert check_payload(folder, named, "linux") == folder

    def test_another_version(self, ordered: Order) -> None:
        newer = Source(version="1.3.0", epoch_s=ordered.source.epoch_s)
        assert "holds version 1.2.0, and 1.3.0 is to be packed" in refused(
            msgspec.structs.replace(ordered, source=newer)
        )

    @pytest.mark.parametrize("text", ["", "[]", '{"metadata": 5}', "\udcff", '{"a": ' + "[" * 100_000])
    def test_a_damaged_sbom(self, ordered: Order, folder: Path, text: str) -> None:
        (folder / "sbom.cdx.json").write_text(text, encoding="utf-8", errors="surrogateescape")
        assert "sbom.cdx.json cannot be read" in refused(ordered)

    def test_an_sbom_without_a_version(self, ordered: Order, folder: Path) -> None:
        (folder / "sbom.cdx.json").write_text("{}")
        assert "without a number" in refused(ordered)

    @pytest.mark.parametrize("system", SYSTEMS)
    def test_programs_have_the_name_of_the_brand(self, ordered: Order, folder: Path, system: str) -> None:
        assert all(path.stem.startswith("login-help") for path in programs(folder, ordered, system))
