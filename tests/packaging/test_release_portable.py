"""The compressed program is the payload, whoever compresses it, and says in its name for which system."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import msgspec
import pytest

from release.errors import PackagingError
from release.order import Order
from release.portable import portable, system_name
from tests.packaging import linux_payload
from tests.packaging.windows_payload import windows_order


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return linux_payload.order(tmp_path, linux_payload.brand(tmp_path))


def test_links_and_what_can_be_run_are_kept(order: Order) -> None:
    [made] = portable(order)
    top = f"login-help-1.2.0-{system_name()}"
    assert made == order.out / f"{top}.tar.xz"
    with tarfile.open(made) as packed:
        held = {entry.name.removeprefix(f"{top}/"): entry for entry in packed.getmembers()}
        assert packed.extractfile(f"{top}/LICENSE").read().startswith(b"MIT")  # type: ignore[union-attr]
    assert list(held)[1:] == sorted(list(held)[1:])
    assert held["_internal/link.txt"].linkname == "parts/only-1.2.0.txt"
    assert held["login-help"].mode == held["_internal"].mode == 0o755
    assert held["brand.toml"].mode == 0o644
    epoch_s = order.source.epoch_s
    assert {(one.uid, one.uname, one.mtime) for one in held.values()} == {(0, "root", epoch_s)}


def test_who_froze_it_and_when_does_not_matter(order: Order, tmp_path: Path) -> None:
    assert order.payload is not None
    other = msgspec.structs.replace(order, payload=tmp_path / "other", out=tmp_path / "other-out")
    shutil.copytree(order.payload, tmp_path / "other", symlinks=True)
    (tmp_path / "other" / "brand.toml").chmod(0o664)
    os.utime(tmp_path / "other" / "brand.toml", (1, 1))
    [first], [second] = portable(order), portable(other)
    assert first.read_bytes() == second.read_bytes()


def test_a_payload_that_was_copied_by_links_is_packed_as_files(order: Order, tmp_path: Path) -> None:
    assert order.payload is not None
    [plain] = portable(order)
    copied = msgspec.structs.replace(order, payload=tmp_path / "copied", out=tmp_path / "copied-out")
    shutil.copytree(order.payload, tmp_path / "copied", symlinks=True)
    for path in [path for path in order.payload.rglob("*") if path.is_file() and not path.is_symlink()]:
        twin = tmp_path / "copied" / path.relative_to(order.payload)
        twin.unlink()
        os.link(path, twin)
    same = tmp_path / "copied" / "licenses"
    first, *_ = sorted(same.iterdir())
    os.link(first, same / "Z.txt")
    shutil.copyfile(first, order.payload / "licenses" / "Z.txt")
    [plain], [linked] = portable(order), portable(copied)
    assert linked.read_bytes() == plain.read_bytes()


def test_windows_gets_a_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(platform, "machine", lambda: "AMD64")
    [made] = portable(windows_order(tmp_path))
    assert made.name == "reporter-1.2.3-windows-amd64.zip"
    with zipfile.ZipFile(made) as packed:
        assert "reporter-1.2.3-windows-amd64/_internal/base_library.zip" in packed.namelist()


def test_no_program_no_archive(order: Order) -> None:
    with pytest.raises(PackagingError, match="freeze it first"):
        portable(msgspec.structs.replace(order, payload=None))
    assert order.payload is not None
    (order.payload / "login-help").unlink()
    with pytest.raises(PackagingError, match="login-help"):
        portable(order)
    assert not order.out.exists()


def test_a_file_in_place_of_the_folder(order: Order) -> None:
    order.out.touch()
    with pytest.raises(PackagingError, match="cannot be written to"):
        portable(order)
