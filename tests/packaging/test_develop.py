"""The set-up script on systems that lack something; no network, no installation."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from catalogues import ROOT

# All that the script uses of the system, so that nothing else is found there.
TOOLS = ("cat", "dirname", "mktemp", "rm", "sh")


class System:
    """A checkout on a system whose only commands are TOOLS and those that a test adds."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.checkout = folder / "checkout"
        self.apt_log = folder / "apt.log"
        self.bin.mkdir()
        (self.checkout / "packaging").mkdir(parents=True)
        shutil.copy(ROOT / "packaging/develop", self.checkout / "packaging")
        for tool in TOOLS:
            path = shutil.which(tool)
            assert path is not None
            (self.bin / tool).symlink_to(path)

    def add(self, command: str, script: str) -> None:
        path = self.bin / command
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def add_apt(self, *, user_id: int, status: int = 0) -> None:
        self.add("id", f"echo {user_id}")
        self.add("apt-get", f'echo "$*" >>{self.apt_log}; [ "$2" = update ] || exit {status}')

    def develop(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.checkout / "packaging/develop", *arguments],
            env={"PATH": str(self.bin), "PYTHON": "no-such-python", **environ},
            cwd=self.bin.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_an_ordinary_user_is_told_all_that_is_missing_in_one_sentence(system: System) -> None:
    system.add_apt(user_id=1000)
    run = system.develop("test")
    assert run.returncode == 1
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1
    assert run.stderr.count("xvfb xdotool chromium") == 2
    assert "as root run" in run.stderr
    assert not system.apt_log.exists()


def test_what_is_there_is_not_asked_for(system: System) -> None:
    system.add_apt(user_id=1000)
    system.add("Xvfb", "exit 0")
    run = system.develop("test")
    assert "xdotool chromium" in run.stderr
    assert "xvfb" not in run.stderr


def test_root_installs_exactly_what_is_missing(system: System) -> None:
    system.add_apt(user_id=0)
    system.add("xdotool", "exit 0")
    run = system.develop("test")
    update, install = system.apt_log.read_text(encoding="utf-8").splitlines()
    assert update.endswith("update")
    assert "install --no-install-recommends" in install
    assert "xvfb chromium" in install
    assert "xdotool" not in install
    # The Python asked for is still missing then.
    assert run.returncode == 1
    assert "no-such-python" in run.stderr


def test_an_installation_that_does_not_work_says_so(system: System) -> None:
    system.add_apt(user_id=0, status=100)
    run = system.develop("test")
    assert run.returncode == 1
    assert 'Missing for "make test"' in run.stderr


def test_other_systems_get_a_sentence_too(system: System) -> None:
    system.add("id", "echo 0")
    run = system.develop("test")
    assert run.returncode == 1
    assert "what your system calls the Debian packages" in run.stderr


@pytest.mark.parametrize("arguments", [[], ["everything"]])
def test_an_unknown_purpose_is_bad_usage(system: System, arguments: list[str]) -> None:
    run = system.develop(*arguments)
    assert run.returncode == 2
    assert run.stderr.startswith("Usage: ")


@pytest.mark.parametrize("other", ["true", "echo", "false"])
def test_what_is_no_python_takes_no_environment_away(system: System, other: str) -> None:
    system.add(other, {"true": "exit 0", "echo": "echo 3.12", "false": "exit 1"}[other])
    system.add("id", "echo 0")
    kept = system.checkout / ".venv" / "bin" / "kept"
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert system.develop("demo", PYTHON=other).returncode == 1
    assert kept.exists()


def test_a_python_may_lie_in_a_folder_of_any_name_seen_from_where_one_stands(system: System) -> None:
    system.add("id", "echo 0")
    for tool in ("touch", "mkdir"):
        (system.bin / tool).symlink_to(shutil.which(tool) or "")
    python = system.checkout.parent / "my pythons" / "python3"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\n[ "$1" = - ] && echo python tk || { echo "$0 $*" >>"$0.log"; exit 7; }\n')
    python.chmod(0o755)
    ended = system.develop("demo", PYTHON="my pythons/python3", CDPATH="/")
    assert ended.stdout == ""
    assert "-m venv .venv" in python.with_name("python3.log").read_text(encoding="utf-8")
