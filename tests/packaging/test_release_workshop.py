"""What tools make appears whole or not at all, and a failure is told in the tool's own words."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from release.errors import PackagingError
from release.workshop import archive, completed, deliver, fetch, run, tool, workshop


def test_a_tool_that_is_missing_is_told_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Path(tool("sh", "dash")).is_file()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PackagingError, match=r"wixl is missing; .* install msitools"):
        tool("wixl", "msitools")


def test_a_tool_gets_its_environment_beside_ours_and_its_words_come_back(tmp_path: Path) -> None:
    code = "import os; print(os.environ['COLOUR'], 'PATH' in os.environ, os.getcwd())"
    told = run([sys.executable, "-c", code], cwd=tmp_path, environ={"COLOUR": "blue"})
    assert told.split() == ["blue", "True", str(tmp_path)]


def test_a_tool_that_fails_is_told_with_the_last_that_it_said() -> None:
    code = "import sys; print(*range(100), sep='\\n', file=sys.stderr); sys.exit(3)"
    with pytest.raises(PackagingError) as refused:
        run([sys.executable, "-c", code])
    lines = str(refused.value).splitlines()
    assert lines[0] == f"{Path(sys.executable).name} ended with 3:"
    assert [line.strip() for line in lines[1:]] == [str(number) for number in range(88, 100)]


def test_packages_that_cannot_be_fetched_are_told_before_what_pip_said() -> None:
    fetch([sys.executable, "-c", ""])
    with pytest.raises(PackagingError, match=r"^Python packages could not .* reaches the index") as refused:
        fetch([sys.executable, "-c", "raise SystemExit('No matching distribution')"])
    assert str(refused.value).endswith("\n    No matching distribution")


def test_a_complaint_counts_where_a_tool_says_it_and_succeeds() -> None:
    command = [sys.executable, "-c", "import sys; print('unknown attribute', file=sys.stderr)"]
    assert run(command) == ""
    with pytest.raises(PackagingError, match="had a complaint:\n    unknown attribute"):
        run(command, quiet=True)


def test_a_tool_that_is_not_there_or_never_ends() -> None:
    with pytest.raises(PackagingError, match="/nowhere/tool cannot be started: No such file"):
        run(["/nowhere/tool"])
    with pytest.raises(PackagingError, match="did not end within"):
        completed([sys.executable, "-c", "import time; time.sleep(60)"], limit_s=0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no groups of processes to end")
def test_what_a_tool_has_started_ends_with_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # Both hold the pipe open: it ends only where both have ended.
    inner = f"exec 9>{pipe}; sleep 60"
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(PackagingError, match="did not end within"):
            completed(["sh", "-c", f"({inner}) & {inner}"], limit_s=1)
        ready, _, _ = select.select([reader], [], [], 30)
        assert ready
        assert os.read(reader, 1) == b""
    finally:
        os.close(reader)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no groups of processes to end")
def test_a_tool_that_ends_while_it_is_stopped_hides_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(started: subprocess.Popen[str], **_: object) -> None:
        started.wait()
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(["true"])


@pytest.mark.skipif(sys.platform == "win32", reason="processes are not asked to end there")
def test_a_tool_is_stopped_also_while_it_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[str]] = []

    class Interrupted(subprocess.Popen[str]):
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            begun.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(["sleep", "60"])
    assert begun[0].returncode == -signal.SIGKILL


def test_nothing_is_left_whatever_happens(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "dist"

    def fail() -> None:
        with workshop(out) as folder:
            (folder / "half").write_bytes(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(out.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    file = tmp_path / "dist"
    file.write_bytes(b"not a folder")
    for out in (file, file / "below", Path("/proc/dist")):
        with pytest.raises(PackagingError) as refused, workshop(out):
            raise AssertionError
        assert str(refused.value).startswith(f"{out} cannot be written to: ")
    assert file.read_bytes() == b"not a folder"


def test_what_is_finished_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    for text in ("old", "new"):
        with workshop(out) as folder:
            (folder / "tree").mkdir()
            (folder / "tree" / text).touch()
            (folder / "file").write_text(text, encoding="utf-8")
            assert deliver(folder / "tree", out) == out / "tree"
            assert deliver(folder / "file", out) == out / "file"
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*")) == ["file", "tree", "tree/new"]
    assert (out / "file").read_text(encoding="utf-8") == "new"


def test_a_signature_of_what_was_there_is_not_left_beside_what_is_new(tmp_path: Path) -> None:
    for name in ("a.deb", "a.deb.asc", "b.deb", "b.deb.asc"):
        (tmp_path / name).touch()
    with workshop(tmp_path) as folder:
        (folder / "a.deb").touch()
        deliver(folder / "a.deb", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.deb", "b.deb", "b.deb.asc"]


def test_a_folder_stays_where_what_replaces_it_cannot_be_moved(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "old").touch()
    with workshop(tmp_path) as folder, pytest.raises(FileNotFoundError):
        deliver(folder / "tree", tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["tree", "tree/old"]


def test_the_same_files_give_the_same_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"b.txt": b"b", "a/c.txt": b"c" * 1000, "a/ü.txt": b""}
    first = archive(tmp_path / "1.zip", files, 1_700_000_001)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    before = os.umask(0o077)
    try:
        second = archive(tmp_path / "2.zip", dict(reversed(files.items())), 1_700_000_001)
    finally:
        os.umask(before)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as packed:
        assert packed.namelist() == ["a/c.txt", "a/ü.txt", "b.txt"]
        assert packed.testzip() is None
        assert {entry.date_time for entry in packed.infolist()} == {(2023, 11, 14, 22, 13, 20)}
