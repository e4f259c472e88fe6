"""The frozen program on a Debian that has nothing but what our package depends on.

It is frozen for real, twice, and started from a folder of another name than it was made in.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from freeze.build import freeze
from freeze.libraries import elf_files, needs
from freeze.payload import check_payload
from linux.requirements import deb_depends
from release.errors import PackagingError
from release.order import Order
from release.portable import portable
from reporter._version import __version__
from tests.benchmarks.screen import Screen
from tests.systems.cleanroot import PERSON, CleanRoot, needs_clean_root

pytestmark = [
    needs_clean_root,
    pytest.mark.skipif(
        not all(map(shutil.which, ("Xvfb", "xdotool", "objdump", "readelf", "strip"))),
        reason="needs Xvfb, xdotool and binutils; see packaging/develop",
    ),
]

INSTALLED_LIMIT_BYTES = 35_000_000
COMPRESSED_LIMIT_BYTES = 12_000_000
LIMIT_S = 60.0
PLACE = "/opt/somewhere/reporter"
PROGRAM = f"{PLACE}/reporter"
REFUSED = {
    "schema": "failure/1",
    "occurred_at": "2026-11-22T09:00:00+03:00",
    "action": "login",
    "message": "Connection refused",
}


@pytest.fixture(scope="module")
def payload(order: Order) -> Path:
    assert order.payload is not None
    return order.payload


@pytest.fixture(scope="module")
def root(payload: Path) -> Iterator[CleanRoot]:
    """With the program, and the packages that the deb depends on."""
    with CleanRoot("frozen") as made:
        assert made.run(["sh", "-c", "command -v python3"], check=False).returncode
        # Without the version of the C library, which dpkg would check and apt has no word for.
        made.install_packages(*(name.partition(" ")[0] for name in deb_depends(needs(payload))))
        made.copy_in(payload, PLACE)
        yield made


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Support's endpoint, on this computer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    database = tmp_path_factory.mktemp("inbox") / "inbox.sqlite"
    command = [sys.executable, "-m", "reporter", "inbox", "--listen", address, "--database", str(database)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        assert "127.0.0.1" in server.stderr.readline()
        yield f"http://{address}"
    finally:
        server.terminate()
        server.communicate()


def document(root: CleanRoot, *words: str, status: int = 0, **environ: str) -> Any:
    """What a command prints with --json."""
    done = root.run([PROGRAM, *words, "--json"], environ=environ, check=False, person=True, limit_s=LIMIT_S)
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_it_is_as_small_as_promised(order: Order, payload: Path) -> None:
    installed = sum(
        path.stat().st_size for path in payload.rglob("*") if path.is_file() and not path.is_symlink()
    )
    [compressed] = portable(order)
    assert installed <= INSTALLED_LIMIT_BYTES
    assert compressed.stat().st_size <= COMPRESSED_LIMIT_BYTES


def test_two_freezes_are_the_same_to_the_byte(order: Order, payload: Path, tmp_path: Path) -> None:
    again = freeze(msgspec.structs.replace(order, payload=None, out=tmp_path / "a longer name of a folder"))
    assert tree(again) == tree(payload)


def tree(folder: Path) -> dict[str, tuple[int, int, object]]:
    found: dict[str, tuple[int, int, object]] = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        content: object = path.readlink() if path.is_symlink() else path.is_file() and path.read_bytes()
        time_s = 0 if path.is_symlink() else int(about.st_mtime)
        found[str(path.relative_to(folder))] = (about.st_mode, time_s, content)
    return found


def test_it_tells_nothing_of_where_it_was_made(payload: Path) -> None:
    here = os.fsencode(Path(__file__).resolve().parents[2])
    told = [path for path in payload.rglob("*") if path.is_file() and here in path.read_bytes()]
    assert told == []


def test_the_inbox_the_demo_and_tools_are_not_inside(root: CleanRoot, payload: Path) -> None:
    names = {path.name for path in payload.rglob("*")}
    assert "reporter.mo" in names
    assert not names & {"inbox", "style.css", "reporter.po", "cacert.pem", "tzdata", "pip", "setuptools"}
    for command in ("inbox", "demo"):
        done = root.run([PROGRAM, command], check=False)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
        assert f"pip install 'reporter-agent[{command}]'" in done.stderr


def test_licences_and_sbom_are_of_what_is_inside(payload: Path) -> None:
    sbom = json.loads((payload / "sbom.cdx.json").read_bytes())
    listed = {component["name"].lower().replace("-", "_") for component in sbom["components"]}
    licences = {path.stem for path in (payload / "licenses").iterdir()}
    assert {"requests", "pillow", "python", "tcl", "sqlite"} <= listed
    assert {"requests", "pillow", "Python", "reporter_agent"} <= licences
    assert not {"charset_normalizer", "pygments", "pip"} & (listed | licences)
    assert all(path.stat().st_size > 500 for path in (payload / "licenses").iterdir())


def test_every_library_is_stripped(payload: Path) -> None:
    libraries = [path for path in elf_files(payload) if ".so" in path.name]
    command = ["readelf", "--sections", "--wide", *map(str, libraries)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert len(libraries) > 20
    assert told.count(".dynsym ") >= len(libraries)
    assert ".symtab" not in told
    assert ".debug_" not in told


def test_it_says_who_it_is(root: CleanRoot) -> None:
    assert root.run([PROGRAM, "--version"]).stdout == f"reporter {__version__}\n"
    assert root.run([PROGRAM, "--version"], person=True).stdout == f"reporter {__version__}\n"


def test_it_tells_about_this_computer(root: CleanRoot) -> None:
    about = document(root, "about")
    text = json.dumps(about)
    assert __version__ in text
    assert "Debian" in text


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_it_speaks_other_languages(root: CleanRoot, language: str) -> None:
    verdict = document(
        root, "diagnose", f"tcp://127.0.0.1:{closed_port()}", status=1, REPORTER_LANGUAGE=language
    )
    assert re.search("[а-яії]", verdict["headline"])


def test_it_knows_the_versions_of_what_it_is_made_of(root: CleanRoot) -> None:
    done = root.run([PROGRAM, "doctor"], check=False, person=True)
    for package in ("msgspec", "requests", "pillow", "tkinterdnd2", "truststore"):
        assert re.search(rf"ok +{package}: \d", done.stdout), done.stdout + done.stderr


def test_it_diagnoses(root: CleanRoot, inbox: str) -> None:
    assert document(root, "diagnose", inbox)["cause"] == "ok"
    refused = document(root, "diagnose", f"tcp://127.0.0.1:{closed_port()}", status=1)
    assert refused["cause"] == "tcp.refused"


def test_it_sends_a_report(root: CleanRoot, inbox: str) -> None:
    failure = json.dumps({**REFUSED, "target": f"tcp://127.0.0.1:{closed_port()}"})
    done = root.run(
        [PROGRAM, "report", "-", "--send", "--json"],
        environ={"REPORTER_ENDPOINT": f"{inbox}/reports"},
        given=failure,
        check=False,
        person=True,
        limit_s=LIMIT_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["receipt"]["state"] == "accepted"


def test_the_courier_of_what_waits_is_the_program_once_more(root: CleanRoot) -> None:
    home = f"/home/{PERSON}/waiting"
    place = {"REPORTER_HOME": home, "REPORTER_ENDPOINT": f"http://127.0.0.1:{closed_port()}/reports"}
    failure = json.dumps({**REFUSED, "target": f"tcp://127.0.0.1:{closed_port()}"})
    words = [PROGRAM, "report", "-", "--send", "--json"]
    done = root.run(words, environ=place, given=failure, check=False, person=True, limit_s=LIMIT_S)
    assert done.returncode == 1, done.stdout + done.stderr
    assert json.loads(done.stdout)["receipt"]["state"] == "queued"
    couriers = [PROGRAM, "queue", "flush", "--wait"]
    assert until(lambda: any(one.info["cmdline"] == couriers for one in psutil.process_iter(["cmdline"])))
    shutil.rmtree(root.path / home.lstrip("/"))  # which ends it


def test_what_it_starts_has_the_persons_environment(root: CleanRoot) -> None:
    done = root.run(
        [PROGRAM, "watch", "--", "/usr/bin/env"],
        environ={
            "LD_LIBRARY_PATH": "/usr/lib/ours",
            "TCL_LIBRARY": "/usr/lib/our-tcl",
            "REPORTER_FACE": "none",
        },
        check=False,
    )
    assert "LD_LIBRARY_PATH=/usr/lib/ours\n" in done.stdout
    assert "TCL_LIBRARY=/usr/lib/our-tcl\n" in done.stdout
    assert PLACE not in done.stdout
    assert "_PYI_" not in done.stdout


def at_a_terminal(root: CleanRoot, *words: str, language: str = "C.UTF-8") -> bytes:
    """What a person sees of a command that is typed in a terminal, who then says nothing."""
    typed = shlex.join([PROGRAM, *words])
    command = root._words(["script", "--quiet", "--return", "--command", typed, "/dev/null"], True, "/")
    environ = root._environ({"LC_ALL": language, "TERM": "xterm"}, True)
    done = subprocess.run(
        command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, check=False
    )
    return done.stdout


def test_it_works_at_a_terminal(root: CleanRoot) -> None:
    target = f"tcp://127.0.0.1:{closed_port()}"
    (root.path / "tmp/refused.json").write_text(json.dumps({**REFUSED, "target": target}))
    for words in (["diagnose", target], ["show", "/tmp/refused.json"]):  # noqa: S108 - inside the clean root
        told = at_a_terminal(root, *words)
        assert b"No connection to 127.0.0.1 could be made" in told
        assert b"Traceback" not in told


def test_it_writes_in_the_letters_of_an_old_terminal(root: CleanRoot) -> None:
    root.install_packages("locales")
    root.run(["localedef", "-i", "ru_RU", "-f", "KOI8-R", "ru_RU.KOI8-R"])
    target = f"tcp://127.0.0.1:{closed_port()}"
    (root.path / "tmp/refused.json").write_text(json.dumps({**REFUSED, "target": target}))
    for words in (["diagnose", target], ["show", "/tmp/refused.json"]):  # noqa: S108 - inside the clean root
        told = at_a_terminal(root, *words, language="ru_RU.KOI8-R")
        assert "Не удалось соединиться с сервером".encode("koi8-r") in told


class TestWindow:
    @pytest.fixture
    def screen(self) -> Iterator[Screen]:
        with Screen() as made:
            yield made

    def test_the_dialog_shows_takes_files_and_closes(
        self, root: CleanRoot, screen: Screen, tmp_path: Path
    ) -> None:
        failure = {**REFUSED, "target": f"tcp://127.0.0.1:{closed_port()}"}
        (root.path / "tmp/failure.json").write_text(json.dumps(failure))
        command = [PROGRAM, "show", "/tmp/failure.json"]  # noqa: S108 - inside the clean root
        shown = root.start(command, environ={"DISPLAY": screen.name}, person=True)
        window = wait_for_window(screen.name)
        assert xdotool(screen.name, "getwindowname", window) == "Reporter"
        # Letters and colours take fonts of the system and the files of Tk.
        assert until(lambda: colours(picture(screen.name, tmp_path / "window.png")) > 50)
        [process] = [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == command]
        # The button that sends leads to a page on which pictures can be dropped.
        assert until(lambda: has_loaded(screen.name, window, process, "libtkdnd"))
        xdotool(screen.name, "windowclose", window)
        shown.communicate(timeout=LIMIT_S)

    def test_an_open_window_goes_on_when_an_upgrade_comes(self, root: CleanRoot, screen: Screen) -> None:
        failure = {**REFUSED, "target": f"tcp://127.0.0.1:{closed_port()}"}
        (root.path / "tmp/failure.json").write_text(json.dumps(failure))
        command = [PROGRAM, "show", "/tmp/failure.json"]  # noqa: S108 - inside the clean root
        shown = root.start(command, environ={"DISPLAY": screen.name}, person=True)
        window = wait_for_window(screen.name)
        [process] = [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == command]
        # As dpkg and rpm do it: another file takes the name.
        place = root.path / PROGRAM.lstrip("/")
        aside = place.rename(place.with_name("aside"))
        try:
            place.write_bytes(b"the program of the next version")
            assert until(lambda: has_loaded(screen.name, window, process, "libtkdnd"))
            xdotool(screen.name, "windowclose", window)
            shown.communicate(timeout=LIMIT_S)
        finally:
            aside.replace(place)


def has_loaded(display: str, window: str, process: psutil.Process, library: str) -> bool:
    said = xdotool(display, "getwindowgeometry", "--shell", window)
    at = {name: int(value) for name, value in re.findall(r"(?m)^(X|Y|WIDTH|HEIGHT)=(\d+)$", said)}
    right, bottom = at["X"] + at["WIDTH"] - 104, at["Y"] + at["HEIGHT"] - 34
    xdotool(display, "mousemove", str(right), str(bottom), "click", "1")
    time.sleep(1.0)
    return any(library in one.path for one in process.memory_maps())


def until(happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.2)
    return False


def wait_for_window(display: str) -> str:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", "."],
            env={**os.environ, "DISPLAY": display},
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        if found:
            return found[-1]
        time.sleep(0.1)
    raise AssertionError("no window was mapped")


def xdotool(display: str, *words: str) -> str:
    done = subprocess.run(
        ["xdotool", *words],
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def picture(display: str, path: Path) -> Path:
    from PIL import ImageGrab

    ImageGrab.grab(xdisplay=display).save(path)
    return path


def colours(path: Path) -> int:
    from PIL import Image

    with Image.open(path) as image:
        return len(image.convert("RGB").getcolors(1 << 24) or [])


def test_another_version_is_refused(order: Order, payload: Path, tmp_path: Path) -> None:
    other = msgspec.structs.replace(order, source=msgspec.structs.replace(order.source, version="9.9.9"))
    with pytest.raises(PackagingError, match=r"holds version .*, and 9\.9\.9 is to be packed"):
        check_payload(payload, other, "linux")
    with pytest.raises(PackagingError, match=r"holds version .*, and 9\.9\.9 is to be frozen"):
        freeze(msgspec.structs.replace(other, out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_the_archive_unpacks_to_the_program(order: Order, payload: Path) -> None:
    [packed] = portable(order)
    with tarfile.open(fileobj=io.BytesIO(packed.read_bytes())) as archive:
        top = packed.name.removesuffix(".tar.xz")
        assert archive.getmember(f"{top}/reporter").mode == 0o755
        assert len(archive.getmembers()) == len(list(payload.rglob("*"))) + 1
