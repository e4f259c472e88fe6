"""The deb in a clean Debian: what dpkg makes of it, from installation to purge.

The program inside is a tiny one: what is tested is the package.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linux.build import deb
from linux.documents import OVERRIDES
from linux.scripts import deb_scripts, rpm_scripts
from release.identity import OWN_BRAND, identify
from release.source import ROOT
from tests.packaging.linux_payload import EPOCH_S, brand, elf, order
from tests.systems.cleanroot import PERSON, CleanRoot, is_of_root_for_all, needs_clean_root

pytestmark = [
    needs_clean_root,
    pytest.mark.skipif(
        not all(map(shutil.which, ("dpkg-deb", "lintian", "shellcheck", "desktop-file-validate"))),
        reason="needs dpkg, lintian, shellcheck and desktop-file-utils; see packaging/develop",
    ),
]

MANAGED = "/etc/login-help/policies/managed"
POLICY = '{"endpoint": "https://support.example.org/reports"}\n'
END_LIMIT_S = 30.0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes the deb of a brand and version, once."""
    made: dict[tuple[str, str], Path] = {}

    def build(version: str = "1.2.0", command: str = "login-help") -> Path:
        if (command, version) not in made:
            folder = tmp_path_factory.mktemp(command)
            made[command, version] = deb(order(folder, named(folder, command), version))[0]
        return made[command, version]

    return build


def named(folder: Path, command: str) -> Path:
    return brand(
        folder, command=command, product=command.replace("-", " ").title(), bundle_id=f"org.example.{command}"
    )


@pytest.fixture
def root() -> Iterator[CleanRoot]:
    with CleanRoot("deb") as made:
        yield made


def install(root: CleanRoot, package: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """What dpkg says; it has nobody to ask."""
    root.copy_in(package, f"/root/{package.name}")
    return root.run(["dpkg", "--install", f"/root/{package.name}"], environ=environ, check=False)


def ok(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def left(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """What is there now and was not, is another, or is gone; without dpkg's notes and the test's own files.

    dpkg takes an empty /opt along, as it does with every package that had something there.
    """
    changed = {place for place in {**before, **after} if after.get(place) != before.get(place)}
    return {
        place for place in changed if not place.startswith(("/var/lib/dpkg/", "/root/")) and place != "/opt"
    }


def version_of(root: CleanRoot, command: str = "login-help") -> str:
    return root.run(["dpkg-query", "--show", "--showformat=${Version} ${db:Status-Status}", command]).stdout


def test_a_person_and_root_run_what_was_installed(root: CleanRoot, built: Callable[..., Path]) -> None:
    ok(install(root, built()))
    for person in (False, True):
        done = root.run(["login-help", "--version"], person=person, cwd="/")
        assert done.stdout == "login-help 1.2.0\n"
    assert root.run(["dpkg", "--verify", "login-help"]).stdout == ""
    assert root.run(["dpkg", "--audit"]).stdout == ""


def test_everything_belongs_to_root_and_is_readable_for_all(
    root: CleanRoot, built: Callable[..., Path]
) -> None:
    before = root.files()
    ok(install(root, built()))
    after = root.files()
    new = left(before, after)
    assert "/opt/example-trading/login-help/_internal/odd name [1] {x}.txt" in new
    assert [place for place in new if not is_of_root_for_all(after[place])] == []
    link = "lrwxrwxrwx 0:0 -> /opt/example-trading/login-help/login-help"
    assert after["/usr/bin/login-help"] == link
    files = [place for place in new if after[place].startswith("-") and not place.startswith("/var/")]
    assert {int((root.path / place.lstrip("/")).lstat().st_mtime) for place in files} == {EPOCH_S}


def test_removal_leaves_nothing_and_purge_nothing_either(root: CleanRoot, built: Callable[..., Path]) -> None:
    before = root.files()
    ok(install(root, built()))
    root.run(["dpkg", "--remove", "login-help"])
    assert left(before, root.files()) == set()
    ok(install(root, built()))
    root.run(["dpkg", "--purge", "login-help"])
    assert left(before, root.files()) == set()


def test_the_files_of_the_administrator_outlive_everything(
    root: CleanRoot, built: Callable[..., Path]
) -> None:
    before = root.files()
    ok(install(root, built("1.2.0")))
    home = f"/home/{PERSON}/.local/share/login-help/spool"
    root.run(["mkdir", "-p", home], person=True)
    # One has the name of an example of ours.
    places = [f"{MANAGED}/support.json", f"{MANAGED}/example.json", "/etc/login-help/note", f"{home}/reports"]

    def write(text: str) -> None:
        for place in places:
            (root.path / place.lstrip("/")).write_text(text)

    def check(text: str) -> None:
        for place in places:
            assert (root.path / place.lstrip("/")).read_text() == text

    write(POLICY)
    done = install(root, built("1.10.0"))
    ok(done)
    assert "?" not in done.stdout + done.stderr
    assert version_of(root) == "1.10.0-1 installed"
    assert not (root.path / "opt/example-trading/login-help/_internal/parts/only-1.2.0.txt").exists()
    check(POLICY)
    write("{}\n")
    ok(install(root, built("1.10.0")))
    check("{}\n")
    root.run(["dpkg", "--remove", "login-help"])
    check("{}\n")
    ok(install(root, built("1.10.0")))
    assert root.run(["login-help"], person=True).stdout == "login-help 1.10.0\n"
    root.run(["dpkg", "--purge", "login-help"])
    check("{}\n")
    kept = {parent for place in places for parent in (place, *map(str, Path(place).parents))}
    assert left(before, root.files()) <= kept


def test_an_older_version_is_refused_until_somebody_insists(
    root: CleanRoot, built: Callable[..., Path]
) -> None:
    ok(install(root, built("1.10.0")))
    (root.path / MANAGED.lstrip("/") / "support.json").write_text(POLICY)
    before = root.files()
    refused = install(root, built("1.2.0"))
    assert refused.returncode != 0
    assert "login-help 1.10.0-1 is installed; 1.2.0-1 is older" in refused.stderr
    assert "LOGIN_HELP_ALLOW_DOWNGRADE=1" in refused.stderr
    assert version_of(root) == "1.10.0-1 installed"
    assert left(before, root.files()) == set()
    assert root.run(["login-help"]).stdout == "login-help 1.10.0\n"

    ok(install(root, built("1.2.0"), LOGIN_HELP_ALLOW_DOWNGRADE="1"))
    assert root.run(["login-help"]).stdout == "login-help 1.2.0\n"
    assert (root.path / MANAGED.lstrip("/") / "support.json").read_text() == POLICY


def test_after_removal_any_version_may_come(root: CleanRoot, built: Callable[..., Path]) -> None:
    ok(install(root, built("1.10.0")))
    root.run(["dpkg", "--remove", "login-help"])
    ok(install(root, built("1.2.0")))
    assert version_of(root) == "1.2.0-1 installed"


def test_two_brands_stand_side_by_side_and_go_one_by_one(root: CleanRoot, built: Callable[..., Path]) -> None:
    before = root.files()
    ok(install(root, built()))
    alone = root.files()
    ok(install(root, built(command="help-desk")))
    assert root.run(["login-help"]).stdout == "login-help 1.2.0\n"
    assert root.run(["help-desk"]).stdout == "help-desk 1.2.0\n"
    both = root.files()
    # The second added its own and changed nothing of the first.
    assert all(both[place] == about for place, about in alone.items() if not place.startswith("/var/"))
    root.run(["dpkg", "--purge", "help-desk"])
    assert left(alone, root.files()) == set()
    assert root.run(["login-help"]).stdout == "login-help 1.2.0\n"
    root.run(["dpkg", "--purge", "login-help"])
    assert left(before, root.files()) == set()


@pytest.mark.parametrize("way", ["--remove", "upgrade"])
def test_a_postman_that_runs_is_ended_and_a_window_is_left_alone(
    root: CleanRoot, built: Callable[..., Path], tmp_path: Path, way: str
) -> None:
    stays = order(tmp_path, named(tmp_path, "login-help"), "1.1.0", elf("on\n", stays=True))
    ok(install(root, deb(stays)[0]))
    with (
        root.start(["login-help", "queue", "flush", "--wait"], person=True) as postman,
        root.start(["login-help", "show", "-"], person=True) as window,
    ):
        for started in (postman, window):
            assert started.stdout is not None
            assert started.stdout.readline() == "on\n"
        if way == "upgrade":
            ok(install(root, built("1.2.0")))
        else:
            root.run(["dpkg", way, "login-help"])
        assert postman.wait(END_LIMIT_S) != 0
        assert window.poll() is None
        window.kill()


def test_nothing_else_of_the_system_is_needed(root: CleanRoot, built: Callable[..., Path]) -> None:
    """No systemd, no desktop, no manual reader: the smallest Debian has none of them."""
    assert (
        root.run(["sh", "-c", "command -v systemctl update-desktop-database man"], check=False).stdout == ""
    )
    ok(install(root, built()))
    root.run(["dpkg", "--purge", "login-help"])


def test_no_path_of_the_build_is_told(built: Callable[..., Path], tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--raw-extract", built(), tmp_path / "x"], check=True)
    words = (str(built().parents[1]).encode(), str(ROOT).encode(), os.uname().nodename.encode())
    for path in (tmp_path / "x").rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            assert not [word for word in words if word in content], path


def test_the_shells_of_debian_find_nothing_wrong_with_the_scripts(tmp_path: Path) -> None:
    identity = identify(OWN_BRAND)
    for form, scripts in (("deb", deb_scripts(identity, "1.2.0-1")), ("rpm", rpm_scripts(identity))):
        for name, text in scripts.items():
            file = tmp_path / f"{form}-{name}"
            file.write_text(text)
            checked = subprocess.run(
                ["shellcheck", "--shell=sh", file], capture_output=True, text=True, check=False
            )
            assert checked.returncode == 0, checked.stdout
            ok(subprocess.run(["dash", "-n", file], capture_output=True, text=True, check=False))


def test_lintian_objects_to_nothing_that_is_not_justified(built: Callable[..., Path]) -> None:
    assert complaints(built()) == []
    assert all(OVERRIDES.values())


def complaints(package: Path) -> list[str]:
    """What lintian says of errors and warnings, each with its tag; the tiny program is no real one."""
    done = subprocess.run(
        ["lintian", "--allow-root", "--tag-display-limit", "0", package],
        capture_output=True,
        text=True,
        check=False,
    )
    # The tiny program is what it is: it was not linked by a linker.
    tiny = r"statically-linked-binary|unstripped|elf-error|missing-dependency-on-libc"
    return [line for line in done.stdout.splitlines() if not re.search(tiny, line)] + done.stderr.splitlines()


def test_the_menu_entry_is_valid(built: Callable[..., Path], tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", built(), tmp_path], check=True)
    checked = subprocess.run(
        ["desktop-file-validate", tmp_path / "usr/share/applications/login-help.desktop"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    for size in (16, 48, 256):
        picture = tmp_path / f"usr/share/icons/hicolor/{size}x{size}/apps/login-help.png"
        assert picture.read_bytes()[16:24] == size.to_bytes(4, "big") * 2


def test_the_manual_is_shown_without_a_warning(root: CleanRoot, built: Callable[..., Path]) -> None:
    root.install_packages("man-db")
    ok(install(root, built()))
    listed = root.run(["sh", "-c", "ls /usr/share/man/man1/login-help*.1.gz"]).stdout.split()
    assert len(listed) > 15
    for page in listed:
        said = root.run(
            ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", page], environ={"MANWIDTH": "80"}
        )
        assert said.stderr == "", page
    shown = root.run(["man", "login-help-queue-flush"], person=True).stdout
    assert "Send what waits" in shown
    assert "--all" in shown


def test_systemd_finds_nothing_wrong_with_the_units(root: CleanRoot, built: Callable[..., Path]) -> None:
    root.install_packages("systemd", "man-db")
    ok(install(root, built()))
    for unit in ("service", "timer"):
        said = root.run(
            ["systemd-analyze", "--user", "verify", f"/usr/lib/systemd/user/login-help-postman.{unit}"],
            environ={"XDG_RUNTIME_DIR": "/run"},
            check=False,
        )
        assert (said.returncode, said.stdout + said.stderr) == (0, ""), unit
    assert root.run(["systemctl", "--global", "is-enabled", "login-help-postman.timer"]).stdout == "static\n"
    # An administrator who does not want it says so once, also for later versions.
    root.run(["systemctl", "--global", "mask", "login-help-postman.timer"])
    ok(install(root, built("1.10.0")))
    mask = root.path / "etc/systemd/user/login-help-postman.timer"
    assert str(mask.readlink()) == "/dev/null"
    root.run(["dpkg", "--purge", "login-help"])
    assert str(mask.readlink()) == "/dev/null"
