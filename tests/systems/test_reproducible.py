"""The same commit gives the same artefacts, wherever, whenever and by whomever they are built.

Everything is built twice by the one command, in clones in folders of different length, at file times, in time
zones, languages, homes and with rights that differ.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from release.portable import system_name
from release.sbom import INSTALLERS
from release.source import export
from tests.packaging.windows_payload import program
from tests.systems.differences import difference

ROOT = Path(__file__).resolve().parents[2]
BUILD_LIMIT_S = 1800
COMMITTED_S = 1_700_000_001
# What packages.py is asked for, and what of it appears.
ARTEFACTS = {
    "wheel": ("*.whl", "reporter_agent-*.tar.gz", "*.pyz"),
    "frozen": (f"reporter-{system_name()}",),
    "archive": (f"*-{system_name()}.tar.xz",),
    "deb": ("*.deb",),
    "rpm": ("*.rpm",),
    "msi": ("*.msi",),
    "winget": ("*-winget",),
    "policies": ("*-policies-*.zip",),
    "sbom": ("*.cdx.json",),
    "checksums": ("SHA256SUMS",),
}
PATTERNS = [pattern for patterns in ARTEFACTS.values() for pattern in patterns]


class Build:
    """One build of everything: a clone of ``origin`` below ``folder``, in an environment of its own."""

    def __init__(
        self, origin: Path, folder: Path, *, umask: int, file_time_s: int, **environment: str
    ) -> None:
        self.clone = folder / "clone"
        self.out = folder / "out"
        self.folder = folder
        self.umask = umask
        home = folder / "home"
        home.mkdir(parents=True)
        self.environment = {
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            # What was downloaded once need not be again.
            "PIP_CACHE_DIR": str(origin.parent / "pip"),
            **environment,
        }
        self._run("git", "clone", "--quiet", origin, self.clone)
        self._run(sys.executable, self.clone / "packaging" / "catalogues.py", "compile")
        self.said = ""
        for number, path in enumerate(sorted(self.clone.rglob("*"))):
            if ".git" not in path.parts:
                os.utime(path, (file_time_s + number, file_time_s + number))

    def make(self, *names: str) -> None:
        """Build these artefacts by the command that people use; what cannot be made is missing later."""
        done = self._start(
            sys.executable,
            self.clone / "packaging" / "packages.py",
            *names,
            f"--out={self.out}",
            f"--windows-payload={self._windows_payload()}",
            "--download-url=https://example.org/it/",
        )
        self.said = done.stdout + done.stderr

    def made(self, pattern: str) -> Path:
        """The one artefact of this name."""
        found = list(self.out.glob(pattern))
        assert len(found) == 1, f"{pattern}: {found}\n{self.said}"
        return found[0]

    def _run(self, *command: str | Path) -> None:
        done = self._start(*command)
        assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"

    def _start(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            umask=self.umask,
            capture_output=True,
            text=True,
            timeout=BUILD_LIMIT_S,
            check=False,
        )

    def _windows_payload(self) -> Path:
        """What freezing on Windows gives, but for the programs, which are none."""
        folder = self.folder / "windows"
        told = (self.clone / "reporter" / "_version.py").read_text(encoding="utf-8")
        version = re.search(r'^__version__ = "(.*)"', told, re.MULTILINE)
        assert version
        bill = {"metadata": {"component": {"name": "Reporter", "version": version[1]}}}
        files = {
            "_internal/base_library.zip": b"PK",
            "_internal/python311.dll": program(version=(3, 11, 7, 0)),
            "brand.toml": (self.clone / "packaging" / "brand.toml").read_bytes(),
            "LICENSE": (self.clone / "LICENSE").read_bytes(),
            "licenses/Python.txt": b"As Python says.",
            "reporter.exe": program(),
            "reporterw.exe": program(),
            "sbom.cdx.json": json.dumps(bill).encode(),
        }
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit: this checkout as it stands."""
    folder = tmp_path_factory.mktemp("repro") / "origin"
    export(ROOT, folder, out=ROOT / "dist")
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    when = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"@{COMMITTED_S} +0000")
    for words in (["init", "-q"], ["add", "--force", "."], ["commit", "-q", "-m", "As it stands"]):
        subprocess.run(
            ["git", "-C", folder, *who, *words],
            env={**os.environ, **when},
            check=True,
            capture_output=True,
            timeout=BUILD_LIMIT_S,
        )
    return folder


@pytest.fixture(scope="module")
def twice(origin: Path) -> tuple[Build, Build]:
    """Everything, built by two people who have nothing in common but the commit and the tools."""
    first = Build(
        origin, origin.parent / "1", umask=0o022, file_time_s=1_600_000_000,
        TZ="Pacific/Kiritimati", LC_ALL="C", USER="root", LOGNAME="root", PYTHONHASHSEED="1",
    )  # fmt: skip
    second = Build(
        origin, origin.parent / "another-person" / "with a space" / "and-a-longer-name", umask=0o077,
        file_time_s=1_650_000_000, TZ="America/New_York", LC_ALL="C.UTF-8", LANG="de_DE.UTF-8",
        LANGUAGE="de", USER="anna", LOGNAME="anna", PYTHONHASHSEED="2",
    )  # fmt: skip
    # What lies about in a checkout is no part of its commit.
    (second.clone / "reporter" / "stray.py").write_text("stray = True\n", encoding="utf-8")
    stale = second.clone / "reporter" / "texts" / "locale" / "xx" / "LC_MESSAGES" / "reporter.mo"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"stale")
    for build in (first, second):
        build.make(*ARTEFACTS)
    return first, second


@pytest.mark.parametrize("pattern", PATTERNS)
def test_two_builds_of_a_commit_differ_nowhere(twice: tuple[Build, Build], pattern: str) -> None:
    first, second = (build.made(pattern) for build in twice)
    assert first.name == second.name
    assert difference(first, second) == ""


def test_nothing_else_was_made(twice: tuple[Build, Build]) -> None:
    for build in twice:
        expected = {build.made(pattern).name for pattern in PATTERNS}
        assert {path.name for path in build.out.iterdir()} == expected
        # Nor where the command was started.
        assert {path.name for path in build.folder.iterdir()} == {"clone", "home", "out", "windows"}


def test_the_sbom_names_what_was_frozen_and_none_of_the_tools(twice: tuple[Build, Build]) -> None:
    first, _ = twice
    bill = json.loads(first.made("*.cdx.json").read_bytes())
    frozen = first.made(f"reporter-{system_name()}")
    assert (frozen / "sbom.cdx.json").read_bytes() == first.made("*.cdx.json").read_bytes()
    named = {re.sub(r"[-_.]+", "-", component["name"]).lower() for component in bill["components"]}
    [site] = (first.clone / ".cache" / "packages").glob("runtime-*/lib/python3*/site-packages")
    held = {
        re.sub(r"[-_.]+", "-", folder.name.partition("-")[0]).lower() for folder in site.glob("*.dist-info")
    }
    assert held - {"reporter-agent"} <= named
    assert not named & {"pyinstaller", "altgraph", "hatchling", "babel", *INSTALLERS}
    places = {
        place["location"]
        for component in bill["components"]
        for place in component.get("evidence", {}).get("occurrences", ())
    }
    libraries = {path.name for path in (frozen / "_internal").rglob("lib*.so*")}
    assert libraries == places, (
        "each library of the program is of something that is named, and nothing else is"
    )


class TestDifference:
    """What differs is named by the member, so that whoever broke it sees where."""

    def tar(self, path: Path, content: bytes, mtime: int = 1) -> Path:
        with tarfile.open(path, "w:gz") as packed:
            entry = tarfile.TarInfo("etc/inner.txt")
            entry.size, entry.mtime = len(content), mtime
            packed.addfile(entry, io.BytesIO(content))
        return path

    def deb(self, path: Path, data: bytes) -> Path:
        members = (b"debian-binary", b"2.0\n"), (b"data.tar.gz", data)
        raw = b"!<arch>\n"
        for name, content in members:
            raw += name.ljust(16) + b"0".ljust(12) + b"0".ljust(12) + b"100644".ljust(8)
            raw += str(len(content)).encode().ljust(10) + b"`\n" + content + b"\n" * (len(content) % 2)
        path.write_bytes(raw)
        return path

    def test_of_files_inside_files(self, tmp_path: Path) -> None:
        inner = [self.tar(tmp_path / name, name.encode()).read_bytes() for name in ("a", "b")]
        first, second = (self.deb(tmp_path / f"{n}.deb", content) for n, content in enumerate(inner))
        assert difference(first, second) == "data.tar.gz: etc/inner.txt: byte 0: b'a' / b'b'"
        copy = Path(shutil.copy(first, tmp_path / "copy.deb"))
        assert difference(first, copy) == ""

    def test_of_times_and_rights(self, tmp_path: Path) -> None:
        told = difference(self.tar(tmp_path / "a", b"x"), self.tar(tmp_path / "b", b"x", mtime=2))
        assert re.fullmatch(r"etc/inner\.txt: .* at 1 / .* at 2", told)

    def test_of_archives_with_other_members_or_another_order(self, tmp_path: Path) -> None:
        for name, members in {"a": "xy", "b": "yx", "c": "x"}.items():
            with zipfile.ZipFile(tmp_path / name, "w") as packed:
                for member in members:
                    packed.writestr(zipfile.ZipInfo(member), b"")
        assert difference(tmp_path / "a", tmp_path / "b") == "member 0: x / y"
        assert difference(tmp_path / "a", tmp_path / "c") == "y: in one only"

    def test_of_folders(self, tmp_path: Path) -> None:
        for name, target in (("a", "1"), ("b", "2")):
            (tmp_path / name).mkdir()
            (tmp_path / name / "link").symlink_to(target)
        assert difference(tmp_path / "a", tmp_path / "b") == "link: byte 0: b'1' / b'2'"
        (tmp_path / "b" / "more").touch()
        assert difference(tmp_path / "a", tmp_path / "b") == "more: in one only"
        (tmp_path / "a" / "more").touch(mode=0o700)
        (tmp_path / "b" / "link").unlink()
        (tmp_path / "b" / "link").symlink_to("1")
        assert difference(tmp_path / "a", tmp_path / "b") == "more: program / file"

    def test_of_plain_files_by_the_first_byte(self, tmp_path: Path) -> None:
        for name, content in {"a": b"same", "b": b"some", "c": b"same and more"}.items():
            (tmp_path / name).write_bytes(content)
        assert difference(tmp_path / "a", tmp_path / "b") == "byte 1: b'same' / b'some'"
        assert difference(tmp_path / "a", tmp_path / "c") == "4 bytes and 13, alike at the begin"
