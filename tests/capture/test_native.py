"""A process that dies of a native fault leaves its stack; the next start, or who watches, tells it once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reporter.capture import native, signals, watched
from reporter.settings import paths
from tests.capture.hosts import INSTALL, Stage
from tests.waiting import wait_until

SEGFAULT = """
import ctypes
def print_page(password):
    ctypes.string_at(0)
print_page("planted-marker")
"""
ABORT = "os.abort()"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def living(stage: Stage) -> Iterator[subprocess.Popen[str]]:
    """A host that waits for a line before it ends."""
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import reporter, sys\n{INSTALL}print('up', flush=True)\nsys.stdin.readline()",
        ],
        env=stage.environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == "up\n"
        yield host
        host.kill()


def leave(
    folder: Path, name: str, text: str, *, application: str = "ERP", pid: int = 1, age_s: float = 0
) -> Path:
    """A file as a dead process leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.crash"
    header = native._written(native.Header(application=application, version="1", pid=pid, parent=pid + 1))
    path.write_bytes(header + text.encode())
    then = time.time() - age_s
    os.utime(path, (then, then))
    return path


def test_the_folder_is_beside_what_else_the_agent_writes(tmp_path: Path) -> None:
    for environ in ({}, {"REPORTER_HOME": str(tmp_path)}, {"REPORTER_HOME": "~/here"}):
        assert native.folder(environ) == str(paths.spool(environ).parent / "crashes")
    assert native.folder({"REPORTER_CRASHES": "/named", "REPORTER_HOME": "/home"}) == "/named"


@pytest.mark.parametrize(("body", "status", "name"), [(SEGFAULT, -11, "SIGSEGV"), (ABORT, -6, "SIGABRT")])
def test_the_next_start_tells_of_the_crash_once(body: str, status: int, name: str, stage: Stage) -> None:
    assert stage.run(body).returncode == status
    assert len(stage.crashes()) == 1
    assert stage.crashes()[0].stat().st_mode & 0o077 == 0
    assert stage.is_quiet()
    assert stage.run("").returncode == 0
    (opening,) = stage.openings()
    assert opening["restart"] == []  # it runs already
    failure = opening["failure"]
    assert failure["action"] == "run"
    assert failure["application"] == {"name": "ERP", "version": "3.1"}
    assert failure["exception"]["type"] == name
    assert name in failure["message"]
    assert "Current thread" in failure["exception"]["traceback"]
    assert "planted" not in str(failure)
    assert stage.run("").returncode == 0
    assert len(stage.openings()) == 1
    assert not stage.crashes()


def test_the_crash_of_another_program_waits_for_that_program(stage: Stage) -> None:
    stage.run(SEGFAULT)
    stage.run("", install="reporter.install(application='CRM')\n")
    assert stage.is_quiet()
    assert len(stage.crashes()) == 1
    stage.run("")
    assert stage.failure()["application"]["name"] == "ERP"


def test_a_program_that_ends_well_leaves_nothing(stage: Stage) -> None:
    for body in ("", "raise SystemExit(3)", "raise KeyboardInterrupt", "os.fork() or sys.exit()\nos.wait()"):
        stage.run(body)
        assert not stage.crashes()


def test_a_program_that_is_killed_leaves_what_the_next_start_removes(stage: Stage) -> None:
    stage.run("os._exit(1)")
    assert len(stage.crashes()) == 1
    stage.run("")
    assert not stage.crashes()
    assert stage.is_quiet()


def test_a_child_that_was_forked_crashes_for_its_parent(stage: Stage) -> None:
    ended = stage.run(f"pid = os.fork()\nif not pid:\n    exec({SEGFAULT!r})\nos.waitpid(pid, 0)")
    assert ended.returncode == 0
    stage.run("")
    assert stage.failure()["exception"]["type"] == "SIGSEGV"


def test_a_child_that_installs_itself_has_a_file_of_its_own(stage: Stage) -> None:
    stage.run(
        "pid = os.fork()\nif not pid:\n    reporter.install(application='Child')\n"
        f"    exec({SEGFAULT!r})\nos.waitpid(pid, 0)"
    )
    assert len(stage.crashes()) == 1
    found = native.collect(str(stage.home / "crashes"), application="Child")
    assert found is not None


def test_faulthandler_of_the_host_keeps_its_place(stage: Stage) -> None:
    ended = stage.run(SEGFAULT, options=("-X", "faulthandler"))
    assert "Fatal Python error: Segmentation fault" in ended.stderr
    assert not stage.crashes()


def test_a_host_that_enables_it_afterwards_keeps_its_place_too(stage: Stage) -> None:
    ended = stage.run(f"import faulthandler\nfaulthandler.enable()\n{SEGFAULT}")
    assert "Fatal Python error: Segmentation fault" in ended.stderr
    stage.run("")
    assert stage.is_quiet()


def test_it_can_be_left_out(stage: Stage) -> None:
    stage.run(SEGFAULT, install="reporter.install(application='ERP', native=False)\n")
    assert not stage.home.exists()


@pytest.mark.parametrize("where", ["/proc/nowhere", "/dev/null/x"])
def test_a_folder_that_cannot_be_written_is_no_reason_not_to_start(where: str, stage: Stage) -> None:
    ended = stage.run("print('up')", REPORTER_HOME=where)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "up\n", "")


def test_the_file_of_a_living_process_is_left(stage: Stage, living: subprocess.Popen[str]) -> None:
    (file,) = stage.crashes()
    with file.open("a") as writer:
        writer.write("Fatal Python error: Segmentation fault\n")
    assert native.collect(str(file.parent), application="ERP") is None
    assert file.exists()
    living.kill()
    living.wait()
    assert native.collect(str(file.parent), application="ERP") is not None
    assert not file.exists()


def test_two_that_start_at_once_tell_of_it_once(stage: Stage) -> None:
    stage.run(SEGFAULT)
    hosts = [
        subprocess.Popen(
            [sys.executable, "-c", "import sys\nsys.stdin.readline()\n" + _collecting(stage)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for host in hosts:
        assert host.stdin is not None
        host.stdin.write("\n")
        host.stdin.flush()
    told = [host.communicate(timeout=60)[0].strip() for host in hosts]
    assert sorted(told) == ["None"] * 5 + ["SIGSEGV"]


def _collecting(stage: Stage) -> str:
    return (
        "from reporter.capture import native\n"
        f"found = native.collect({str(stage.home / 'crashes')!r}, application='ERP')\n"
        "print(found and native.as_failure(found).exception.type)"
    )


def test_several_crashes_are_one_dialog_about_the_newest(tmp_path: Path) -> None:
    for number in range(5):
        text = f"Fatal Python error: Aborted\n\n{number}"
        leave(tmp_path, str(number), text, age_s=number * 10)
    found = native.collect(str(tmp_path), application="ERP")
    assert found is not None
    assert (found.others, found.stack[-1]) == (4, "0")
    failure = native.as_failure(found)
    assert failure.exception is not None
    assert "4 older crashes" in failure.exception.traceback
    assert not list(tmp_path.iterdir())


def test_old_and_too_many_files_go_and_strange_ones_stay(tmp_path: Path) -> None:
    leave(tmp_path, "old", "Fatal Python error: Aborted", age_s=native.AGE_LIMIT_S + 60)
    for number in range(native.FILES_LIMIT + 20):
        leave(tmp_path, f"other-{number}", "Fatal Python error: Aborted", application="CRM", age_s=number)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "link.crash").symlink_to(tmp_path / "notes.txt")
    (tmp_path / "folder.crash").mkdir()
    os.mkfifo(tmp_path / "pipe.crash")
    assert native.collect(str(tmp_path), application="ERP") is None
    left = {path.name for path in tmp_path.iterdir()}
    assert {"notes.txt", "link.crash", "folder.crash", "pipe.crash"} < left
    assert len(left) == native.FILES_LIMIT + 4


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"reporter-crash/1\tx\ty\tz\tw\nFatal", b"no header\n" * 3, b"\n" * 10**6],
)
def test_a_damaged_file_is_no_trouble(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "one.crash").write_bytes(content)
    found = native.collect(str(tmp_path), application="")
    if found is not None:
        native.as_failure(found)
    assert not list(tmp_path.iterdir())


def test_a_huge_stack_is_cut_and_the_thread_that_failed_comes_first(tmp_path: Path) -> None:
    thread = "Thread 0x01 (most recent call first):\n" + '  File "a.py", line 1 in wait\n' * 100
    current = 'Current thread 0x02 (most recent call first):\n  File "b.py", line 1 in failed\n'
    leave(tmp_path, "one", "\n".join(["Fatal Python error: Aborted\n", *[thread] * 100, current]))
    found = native.collect(str(tmp_path), application="ERP")
    assert found is not None
    assert found.stack.startswith("Fatal Python error: Aborted\n\nCurrent thread 0x02")
    assert len(found.stack) <= native.TEXT_LIMIT_CHARS


def test_a_watched_program_tells_with_its_stack(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTER_HOME", str(stage.home))
    for name in ("PYTHONFAULTHANDLER", "COVERAGE_PROCESS_START"):
        monkeypatch.delenv(name, raising=False)
    ended = watched.run([sys.executable, "-c", f"import os, reporter\n{INSTALL}{SEGFAULT}"])
    assert ended.status == 128 + 11
    assert ended.failure is not None
    assert ended.failure.exception is not None
    assert ended.failure.exception.type == "SIGSEGV"
    assert "in print_page" in ended.failure.exception.traceback
    assert ended.failure.application is not None
    assert ended.failure.application.name == "ERP"
    assert "memory that is not its own" in ended.failure.message
    assert not stage.crashes()


@pytest.mark.parametrize("name", signals.CORE)
def test_each_core_signal_is_a_crash_in_words(name: str) -> None:
    code = "import os, signal\nsignal.signal({0}, signal.SIG_DFL)\nos.kill(os.getpid(), {0})"
    number = int(getattr(signal, name))
    failure = watched.run([sys.executable, "-c", code.format(number)]).failure
    assert failure is not None
    assert failure.exception is not None
    assert failure.exception.type == name
    assert signals.CORE[name] in failure.message


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0xC0000005, "0xC0000005 STATUS_ACCESS_VIOLATION"),
        (-1073741819, "0xC0000005 STATUS_ACCESS_VIOLATION"),
        (0xC0000409, "0xC0000409 STATUS_STACK_BUFFER_OVERRUN"),
        (0xC0001234, "0xC0001234"),
        (0xE0434352, "0xE0434352 CLR_EXCEPTION"),
        (0xC000013A, None),
        (0xFFFFFFFF, None),
        (1, None),
        (0, None),
    ],
)
def test_the_statuses_of_windows(code: int, name: str | None) -> None:
    ending = signals.ending(code, system="win32")
    assert (ending.name if ending else None) == name


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Fatal Python error: Segmentation fault", "SIGSEGV"),
        ("Fatal Python error: Floating-point exception", "SIGFPE"),
        ("Windows fatal exception: access violation", "0xC0000005 STATUS_ACCESS_VIOLATION"),
        ("Windows fatal exception: code 0xc0000374", "code 0xc0000374"),
        ("", "native crash"),
    ],
)
def test_the_first_line_of_faulthandler(line: str, name: str) -> None:
    assert signals.told_by_faulthandler(line).name == name


def test_the_file_is_there_while_the_program_lives(stage: Stage, living: subprocess.Popen[str]) -> None:
    assert len(stage.crashes()) == 1
    assert living.stdin is not None
    living.stdin.write("\n")
    living.stdin.flush()
    wait_until(lambda: not stage.crashes())
