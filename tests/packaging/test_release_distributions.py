"""Wheel, sdist and zipapp are of one version, and say nothing of where they were made."""

from __future__ import annotations

import platform
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from release import distributions as room
from release.distributions import PREAMBLE, distributions
from release.errors import PackagingError
from tests.packaging.release_orders import VERSION, order


class TestBadInput:
    """A sentence, and nothing half-made."""

    @pytest.fixture(autouse=True)
    def _tools_are_there(self, monkeypatch: pytest.MonkeyPatch, committed: Path) -> None:
        monkeypatch.setattr(room, "find_spec", lambda name: name)
        monkeypatch.setattr(room, "ROOT", committed)

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


HERE = (EXTENSION_SUFFIXES[0], platform.machine().lower())


@pytest.mark.parametrize(
    ("made_for", "status"),
    [
        (HERE, 0),
        ((".cpython-399-x86_64-linux-gnu.so", HERE[1]), 1),
        ((".cpython-313-x86_64-linux-musl.so", HERE[1]), 1),
        ((HERE[0], "riscv128"), 1),
    ],
)
def test_a_zipapp_tells_a_python_that_it_was_not_made_for(made_for: tuple[str, str], status: int) -> None:
    code = PREAMBLE.format(made_for=made_for, name="CPython 3.99", where="windows-amd64")
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == status
    begin = f"This file was made for CPython 3.99 on windows-amd64 ({made_for[0]}), and this is CPython 3."
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
    left = {path.relative_to(tmp_path / "site") for path in (tmp_path / "site").rglob("*") if path.is_file()}
    assert left == {Path("a-1.dist-info/RECORD")}
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
