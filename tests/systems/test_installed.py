"""The real program from the deb and the rpm, as a person and an administrator meet it.

It is frozen once. The second brand is the same program under another name, with another ``brand.toml``.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from freeze.libraries import needs
from linux.build import deb, rpm
from release.identity import identify
from release.order import Order
from reporter._version import __version__
from tests.packaging.linux_payload import brand
from tests.systems.cleanroot import PERSON, PERSON_ID, CleanRoot, needs_clean_root

pytestmark = [
    needs_clean_root,
    pytest.mark.skipif(
        not all(map(shutil.which, ("objdump", "strip", "lintian", "rpm"))),
        reason="needs binutils, lintian and rpm; see packaging/develop",
    ),
]

LIMIT_BYTES = 12_000_000
LIMIT_S = 60.0
REFUSED = '{"target": "https://erp.example.org/", "message": "Connection refused"}'


@pytest.fixture(scope="module")
def own_deb(order: Order) -> Path:
    return deb(order)[0]


@pytest.fixture(scope="module")
def own_rpm(order: Order) -> Path:
    return rpm(order)[0]


@pytest.fixture(scope="module")
def branded_deb(order: Order, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("branded")
    payload = folder / "payload"
    assert order.payload is not None
    shutil.copytree(order.payload, payload, symlinks=True)
    named = brand(folder)
    (payload / "reporter").rename(payload / "login-help")
    shutil.copyfile(named, payload / "brand.toml")
    return deb(Order(identity=identify(named), source=order.source, out=folder / "out", payload=payload))[0]


@pytest.fixture
def root() -> Iterator[CleanRoot]:
    with CleanRoot("installed") as made:
        yield made


def install(root: CleanRoot, package: Path) -> None:
    root.copy_in(package, f"/root/{package.name}")
    root.install_packages(f"/root/{package.name}")


def document(root: CleanRoot, *words: str) -> Any:
    """What a command prints with --json, for an ordinary person."""
    done = root.run([*words, "--json"], person=True, check=False, limit_s=LIMIT_S)
    return json.loads(done.stdout)


def put_policy(root: CleanRoot, command: str, **values: str) -> None:
    place = root.path / "etc" / command / "policies" / "managed" / "support.json"
    place.write_text(json.dumps(values))


def effective(root: CleanRoot, command: str, name: str) -> Any:
    found = document(root, command, "policies")
    return next(row for row in found["settings"] if row["name"] == name)["value"]


def test_the_packages_are_as_small_as_promised(own_deb: Path, own_rpm: Path) -> None:
    assert own_deb.stat().st_size <= LIMIT_BYTES
    assert own_rpm.stat().st_size <= LIMIT_BYTES


def test_lintian_objects_to_nothing_that_is_not_justified(own_deb: Path) -> None:
    done = subprocess.run(
        ["lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning", own_deb],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_apt_brings_what_the_program_needs_and_it_runs(root: CleanRoot, own_deb: Path) -> None:
    install(root, own_deb)
    assert root.run(["reporter", "--version"], person=True).stdout == f"reporter {__version__}\n"
    assert root.run(["reporter", "--version"]).stdout == f"reporter {__version__}\n"
    assert document(root, "reporter", "about")
    assert root.run(["dpkg", "--verify", "reporter"]).stdout == ""


def test_rpm_finds_every_library_and_symbol_that_it_requires(
    root: CleanRoot, order: Order, own_deb: Path, own_rpm: Path, tmp_path: Path
) -> None:
    """The libraries are those of Debian, and what rpm itself finds in them is what it lets count."""
    install(root, own_deb)  # apt brings the libraries
    root.run(["dpkg", "--remove", "reporter"])
    root.install_packages("rpm")
    assert order.payload is not None
    found_in = "/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu"
    names = " -o ".join(f"-name {name}" for name in needs(order.payload).libraries)
    search = f"find -H {found_in} \\( {names} \\) -exec readlink -f {{}} +"
    listed = root.run(["sh", "-c", search]).stdout
    found = root.run(["/usr/lib/rpm/rpmdeps", "--provides"], given=listed).stdout.split("\n")
    provides = sorted({"/bin/sh", *(one for one in found if "(" in one)})
    settings = {"name": "system", "arch": "amd64", "version": "1", "maintainer": "A <a@example.org>"}
    written = tmp_path / "system.json"
    written.write_text(json.dumps({**settings, "description": "Debian.", "provides": provides}))
    system = tmp_path / "system.rpm"
    nfpm = Path(sys.executable).parent / "nfpm"
    subprocess.run(
        [nfpm, "package", "-f", written, "-p", "rpm", "-t", system], check=True, capture_output=True
    )
    for one in (system, own_rpm):
        root.copy_in(one, f"/root/{one.name}")
        root.run(["rpm", "--install", f"/root/{one.name}"])
    assert root.run(["reporter", "--version"], person=True).stdout == f"reporter {__version__}\n"
    assert root.run(["rpm", "--verify", "reporter"]).stdout == ""
    root.run(["rpm", "--erase", "reporter"])
    assert not (root.path / "opt/reporter").exists()


def test_two_brands_read_their_own_policies_and_keep_their_own_reports(
    root: CleanRoot, own_deb: Path, branded_deb: Path
) -> None:
    install(root, own_deb)
    install(root, branded_deb)
    put_policy(root, "reporter", help_text="Of the first")
    put_policy(root, "login-help", help_text="Of the second")
    assert effective(root, "reporter", "help_text") == "Of the first"
    assert effective(root, "login-help", "help_text") == "Of the second"
    assert root.run(["login-help", "--version"], person=True).stdout == f"login-help {__version__}\n"

    keep_report(root, "login-help")
    data = root.path / "home" / PERSON / ".local" / "share"
    assert (data / "login-help" / "spool").is_dir()
    assert not (data / "reporter").exists()
    root.run(["dpkg", "--purge", "login-help"])
    assert (data / "login-help" / "spool").is_dir()
    assert (root.path / "etc/login-help/policies/managed/support.json").exists()
    assert effective(root, "reporter", "help_text") == "Of the first"


def keep_report(root: CleanRoot, command: str) -> None:
    """A person sends a report, and there is nowhere to send it to: it waits."""
    root.run([command, "report", "-", "--send"], given=REFUSED, person=True, check=False, limit_s=LIMIT_S)


@pytest.mark.parametrize(
    ("shell", "script", "expected"),
    [
        (
            "bash",
            "source /usr/share/bash-completion/completions/reporter\n"
            "complete -p reporter >/dev/null || exit 1\n"
            "COMP_WORDS=(reporter queue flush --al) COMP_CWORD=3; _reporter_completion reporter\n"
            'echo "${COMPREPLY[@]}"',
            "--all",
        ),
        ("fish", "complete -C 'reporter queue flush --al'", "--all"),
        (
            "zsh",
            # What zsh would show is told by the function that it hands it to.
            "autoload -Uz compinit && compinit -u\n"
            '[ "${_comps[reporter]}" = _reporter ] || exit 1\n'
            "compadd() { print -r -- $completions }\n"
            "_describe() { print -r -- $completions_with_descriptions }\n"
            "words=(reporter queue flush --al) CURRENT=4\n"
            "_reporter",
            "--all",
        ),
    ],
)
def test_shells_complete_commands_and_options(
    root: CleanRoot, own_deb: Path, shell: str, script: str, expected: str
) -> None:
    install(root, own_deb)
    if shell != "bash":
        root.install_packages(shell)
    done = root.run([shell, "-c", script], person=True, cwd=f"/home/{PERSON}")
    assert done.stdout.startswith(expected), done.stdout + done.stderr


@contextmanager
def person_manager(root: CleanRoot) -> Iterator[dict[str, str]]:
    """A person's own systemd, in a control group of its own; gives its environment."""
    runtime = f"/run/user/{PERSON_ID}"
    group = f"/sys/fs/cgroup/clean-root-{root.path.parent.name}"
    owned = " ".join(
        f"{group}/{name}" for name in ("", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads")
    )
    prepared = root.run(
        [
            "sh",
            "-ec",
            "mkdir -p /run/systemd/system\n"
            "mount -t sysfs sysfs /sys; mount -t cgroup2 groups /sys/fs/cgroup\n"
            f"mkdir {group}; chown {PERSON_ID}:{PERSON_ID} {owned}\n"
            f"mkdir -p {runtime}; chown {PERSON_ID}:{PERSON_ID} {runtime}; chmod 700 {runtime}",
        ],
        check=False,
    )
    if prepared.returncode:
        pytest.skip(f"no control groups of version 2 can be made here: {prepared.stderr}")
    environ = {"XDG_RUNTIME_DIR": runtime, "HOME": f"/home/{PERSON}", "USER": PERSON}
    enter = (
        f"echo $$ >{group}/cgroup.procs; exec setpriv --reuid={PERSON_ID} --regid={PERSON_ID} --clear-groups "
    )
    manager = root.start(["sh", "-c", enter + "/lib/systemd/systemd --user"], environ=environ)
    try:
        until = time.monotonic() + LIMIT_S
        ask = ["systemctl", "--user", "is-active", "timers.target"]
        while root.run(ask, environ=environ, person=True, check=False).stdout != "active\n":
            assert manager.poll() is None, manager.communicate()
            assert time.monotonic() < until, "the person's systemd did not start"
            time.sleep(0.1)
        yield environ
    finally:
        root.run(["systemctl", "--user", "exit"], environ=environ, person=True, check=False)
        manager.communicate()
        root.run(["find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"], check=False)


@contextmanager
def inbox(folder: Path) -> Iterator[str]:
    """Support's endpoint, on this computer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    words = ["-m", "reporter", "inbox", "--listen", address, "--database", str(folder / "inbox.sqlite")]
    with subprocess.Popen([sys.executable, *words], stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            assert "127.0.0.1" in server.stderr.readline()
            yield f"http://{address}/reports"
        finally:
            server.terminate()


def test_the_timer_of_each_person_sends_what_waits_and_does_nothing_for_others(
    root: CleanRoot, own_deb: Path, tmp_path: Path
) -> None:
    root.install_packages("systemd", "dbus-user-session")
    install(root, own_deb)
    with person_manager(root) as environ:

        def ask(*words: str) -> str:
            return root.run(["systemctl", "--user", *words], environ=environ, person=True).stdout

        def result(*names: str) -> Sequence[str]:
            asked = [word for name in names for word in ("-p", name)]
            return ask("show", "--value", *asked, "reporter-postman.service").split()

        # Nobody switched it on, and it waits for its time.
        assert "reporter-postman.timer" in ask("list-timers")
        ask("start", "reporter-postman.service")
        assert result("ConditionResult") == ["no"]
        assert result("ExecMainPID") == ["0"]

        # Without a destination it says so to nobody and is no failure.
        keep_report(root, "reporter")
        ask("start", "reporter-postman.service")
        assert result("ConditionResult") == ["yes"]
        assert result("ExecMainStatus") == ["2"]
        assert result("Result") == ["success"]

        with inbox(tmp_path) as address:
            put_policy(root, "reporter", endpoint=address)
            ask("start", "reporter-postman.service")
        assert result("ExecMainStatus") == ["0"]
        [row] = document(root, "reporter", "queue")
        assert row["state"] == "accepted"

        # A session outlives the package: its timer then finds no program and starts nothing.
        root.run(["dpkg", "--remove", "reporter"])
        root.run(["systemctl", "--user", "start", "reporter-postman.service"], environ=environ, person=True)
        assert result("ConditionResult") == ["no"]
        assert ask("--failed", "--no-legend") == ""
