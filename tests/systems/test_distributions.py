"""Wheel, source distribution and zipapp do their work where nothing but a Python is, as a host uses them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.distributions import distributions
from release.identity import OWN_BRAND, identify
from release.order import Order
from release.source import source
from reporter._version import __version__
from reporter.demo.servers import closed_port
from reporter.inbox.server import Inbox
from tests.waiting import wait_until

LIMIT_S = 300
# A login at a server where nobody listens, as a host program has it.
HOST = """\
import sys
import reporter


def login():
    raise ConnectionRefusedError(111, "Connection refused")


def main():
    try:
        reporter.guard(login, target=sys.argv[1], application="ERP")
    except ConnectionRefusedError as error:
        print(*error.__notes__, sep="\\n")
        sys.exit(3)


if __name__ == "__main__":
    main()
"""


class Made:
    """What was built, by its kind."""

    def __init__(self, paths: list[Path]) -> None:
        self.wheel, self.sdist, self.zipapp = paths


class Computer:
    """A person's computer: a home of its own, and of this one's environment only the search path."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.data = self.home / "reporter"
        self.data.mkdir()
        (self.data / "settings.toml").touch()
        self.address = f"127.0.0.1:{closed_port()}"
        self.environment = {
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONWARNINGS": "error",
            "REPORTER_ENDPOINT": f"http://{self.address}/reports",
            "REPORTER_FACE": "none",
            "REPORTER_HOME": str(self.data),
            "REPORTER_SETTINGS": str(self.data / "settings.toml"),
        }

    def run(self, *command: str | Path, given: str = "", status: int | None = 0, **environment: str) -> str:
        """What a command prints; anything else than this status is told with all that it said."""
        done = subprocess.run(
            command,
            input=given,
            env={**self.environment, **environment},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert status in (None, done.returncode), (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    def couriers(self) -> list[psutil.Process]:
        """The processes that wait to send for this person."""
        return [process for process in psutil.process_iter() if self._is_courier(process)]

    def _is_courier(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("HOME") == str(self.home) and "--wait" in process.cmdline()
        except psutil.Error:
            return False

    def spool(self, statement: str) -> list[Any]:
        """Ask or change the queue of this person."""
        db = sqlite3.connect(self.data / "spool" / "spool.sqlite")
        with db:
            found = db.execute(statement).fetchall()
        db.close()
        return found

    def is_at_rest(self) -> bool:
        """Whether nobody waits here any more: a queue that is gone ends the one who does."""
        shutil.rmtree(self.data / "spool", ignore_errors=True)
        return not self.couriers()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    out = tmp_path_factory.mktemp("dist")
    order = Order(identity=identify(OWN_BRAND), source=source(allow_changes=True), out=out)
    return Made(distributions(order))


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    computer = Computer(tmp_path)
    yield computer
    wait_until(computer.is_at_rest)


def installed(computer: Computer, what: Path) -> Path:
    """A fresh environment with this installed as anybody would; its Python."""
    folder = computer.home / "venv"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    computer.run(python, "-m", "pip", "install", "--quiet", "--no-input", what, PYTHONWARNINGS="")
    return python


def test_the_sdist_holds_what_the_wheel_is_made_of_and_no_leftovers(made: Made) -> None:
    with tarfile.open(made.sdist) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    with zipfile.ZipFile(made.wheel) as wheel:
        modules = {name for name in wheel.namelist() if name.endswith((".py", ".po"))}
    assert modules <= names
    assert {"packaging/catalogues.py", "pyproject.toml", "LICENSE", "README.md", "PKG-INFO"} <= names
    leftovers = (".coverage", ".mo", ".pyc", ".sqlite", ".log")
    assert not [name for name in names if name.endswith(leftovers) or name.startswith(".ci/")]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_host_with_the_package_in_its_environment(made: Made, kind: str, computer: Computer) -> None:
    python = installed(computer, getattr(made, kind))
    host = computer.home / "host.py"
    host.write_text(HOST, encoding="utf-8")
    note = computer.run(python, host, f"https://{computer.address}/base", status=3)
    assert note.startswith("Reporter: ")
    assert "no verdict" not in note, "the agent was started and has measured"
    verdict = json.loads(
        computer.run(python, "-m", "reporter", "diagnose", f"tcp://{computer.address}", "--json", status=None)
    )
    assert verdict["cause"] in note
    said = computer.run(
        python,
        "-c",
        "from reporter.texts import translator\n"
        "for language in ('en', 'ru', 'uk'): print(translator(language).say('Try again'))",
    ).split("\n")
    assert said[0] == "Try again"
    assert len(set(said[:3])) == 3, "every language has its own words"
    extras = f"{getattr(made, kind)}[demo,inbox,keyring,screenshot]"
    computer.run(python, "-m", "pip", "install", "--dry-run", "--no-input", extras, PYTHONWARNINGS="")


def test_pipx_installs_and_runs_it(made: Made, computer: Computer) -> None:
    folder = computer.home / "pipx"
    venv.create(folder, with_pip=True)
    computer.run(folder / "bin" / "pip", "install", "--quiet", "--no-input", "pipx", PYTHONWARNINGS="")
    computer.environment |= {
        "PIPX_HOME": str(computer.home / "pipx-home"),
        "PIPX_BIN_DIR": str(computer.home / "bin"),
        "PIPX_MAN_DIR": str(computer.home / "man"),
        "PYTHONWARNINGS": "",
    }
    computer.run(folder / "bin" / "pipx", "install", "--python", sys.executable, made.wheel)
    program = computer.home / "bin" / "reporter"
    assert computer.run(program, "--version") == f"reporter {__version__}\n"
    assert json.loads(computer.run(program, "about", "--json"))["sections"]["agent"]
    computer.run(folder / "bin" / "pipx", "uninstall", "reporter-agent")
    assert not program.exists()


def lacking(site: Path) -> list[str]:
    """What packages in a folder need and is not there."""
    held = {canonicalize_name(found.name): found for found in metadata.distributions(path=[str(site)])}
    assert "reporter-agent" in held
    needs = (Requirement(need) for found in held.values() for need in found.requires or ())
    return [
        str(need)
        for need in needs
        if (need.marker is None or need.marker.evaluate({"extra": ""}))
        and (
            canonicalize_name(need.name) not in held
            or held[canonicalize_name(need.name)].version not in need.specifier
        )
    ]


class TestZipapp:
    """On a Python that has no package at all."""

    @pytest.fixture
    def python(self, computer: Computer) -> Path:
        folder = computer.home / "bare"
        venv.create(folder, with_pip=False)
        return folder / "bin" / "python"

    def test_it_runs_and_unpacks_itself_once_for_this_person(
        self, made: Made, computer: Computer, python: Path
    ) -> None:
        computer.run(python, made.zipapp, "--version")
        [unpacked] = (computer.home / ".shiv").glob("reporter-*")
        assert not list(unpacked.rglob("direct_url.json"))
        assert lacking(unpacked / "site-packages") == []
        begun = unpacked.stat().st_mtime_ns
        facts = json.loads(computer.run(python, made.zipapp, "about", "--json"))
        assert facts["sections"]["agent"]
        assert unpacked.stat().st_mtime_ns == begun

    def test_it_is_started_by_its_name_alone(self, made: Made, computer: Computer, python: Path) -> None:
        program = computer.home / "report-it"
        shutil.copy(made.zipapp, program)
        path = f"{python.parent}{os.pathsep}{computer.environment['PATH']}"
        assert computer.run(program, "--version", PATH=path).split()[-1] == __version__

    def test_what_could_not_be_sent_is_sent_by_itself_later(
        self, made: Made, computer: Computer, python: Path, tmp_path: Path
    ) -> None:
        failure = {"target": f"tcp://{computer.address}", "message": "Connection refused"}
        told = computer.run(
            python, made.zipapp, "report", "-", "--send", "--json", given=json.dumps(failure), status=None
        )
        assert json.loads(told)["receipt"]["state"] == "queued"
        wait_until(lambda: len(computer.couriers()) == 1)
        inbox = Inbox(tmp_path / "inbox.sqlite", computer.address)
        inbox.start()
        try:
            computer.spool("UPDATE reports SET next_try_at = strftime('%s', 'now')")
            wait_until(lambda: computer.spool("SELECT state FROM reports") == [("accepted",)])
        finally:
            inbox.stop()

    def test_a_host_in_a_zipapp_of_its_own_gets_its_agent(
        self, made: Made, computer: Computer, python: Path, tmp_path: Path
    ) -> None:
        with zipfile.ZipFile(made.zipapp) as packed:
            for name in packed.namelist():
                if name.startswith("site-packages/"):
                    packed.extract(name, tmp_path)
        site = tmp_path / "site-packages"
        (site / "erp.py").write_text(HOST, encoding="utf-8")
        host = tmp_path / "erp.pyz"
        subprocess.run(
            [sys.executable, "-m", "shiv", "--entry-point", "erp:main", "--site-packages", site, "-o", host],
            check=True,
            capture_output=True,
            timeout=LIMIT_S,
        )
        note = computer.run(python, host, f"https://{computer.address}/base", status=3)
        assert note.startswith("Reporter: ")
        assert "no verdict" not in note
