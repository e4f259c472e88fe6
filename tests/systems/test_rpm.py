"""The rpm in a root of its own: what rpm makes of it, from installation to removal.

The root is a Debian with rpm and a database of its own. What Debian has no rpm of is said by one that holds
nothing and provides what rpm finds in the files of that Debian: so requirements are checked, not skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linux.build import rpm
from tests.packaging.linux_payload import brand, elf, order
from tests.systems.cleanroot import PERSON, CleanRoot, is_of_root_for_all, needs_clean_root

pytestmark = [
    needs_clean_root,
    pytest.mark.skipif(shutil.which("rpm") is None, reason="needs rpm; see packaging/develop"),
]

MANAGED = "/etc/login-help/policies/managed"
POLICY = '{"endpoint": "https://support.example.org/reports"}\n'
END_LIMIT_S = 30.0
# Debian's rpm says at each call that Debian has dpkg.
_SAID_BY_DEBIAN = ("rpm: RPM should not be used", "rpm: However assuming")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes the rpm of a brand and version, once."""
    made: dict[tuple[str, str], Path] = {}

    def build(version: str = "1.2.0", command: str = "login-help") -> Path:
        if (command, version) not in made:
            folder = tmp_path_factory.mktemp(command)
            product = command.replace("-", " ").title()
            named = brand(folder, command=command, product=product, bundle_id=f"org.example.{command}")
            made[command, version] = rpm(order(folder, named, version))[0]
        return made[command, version]

    return build


@pytest.fixture
def root(tmp_path: Path) -> Iterator[CleanRoot]:
    with CleanRoot("rpm") as made:
        made.install_packages("rpm")
        system = system_package(made, tmp_path)
        made.copy_in(system, f"/root/{system.name}")
        ok(call(made, "--install", f"/root/{system.name}"))
        yield made


def system_package(root: CleanRoot, folder: Path) -> Path:
    """An rpm without files that provides the shell and the C library of the root."""
    listed = "/lib/x86_64-linux-gnu/libc.so.6\n/lib/x86_64-linux-gnu/libm.so.6\n"
    found = root.run(["/usr/lib/rpm/rpmdeps", "--provides"], given=listed).stdout.split("\n")
    provides = ["/bin/sh", *(one.replace(" ", "") for one in found if "(" in one)]
    settings = {
        "name": "system",
        "arch": "amd64",
        "version": "1",
        "maintainer": "A <a@example.org>",
        "description": "What Debian brings without an rpm.",
        "provides": provides,
    }
    (folder / "system.json").write_text(json.dumps(settings))
    subprocess.run(
        [
            *(Path(sys.executable).parent / "nfpm", "package", "--packager", "rpm"),
            *("--config", folder / "system.json", "--target", folder / "system.rpm"),
        ],
        check=True,
        capture_output=True,
    )
    return folder / "system.rpm"


def call(root: CleanRoot, *words: str) -> subprocess.CompletedProcess[str]:
    """What rpm says; it has nobody to ask."""
    done = root.run(["rpm", *words], check=False)
    kept = [line for line in done.stderr.splitlines(keepends=True) if not line.startswith(_SAID_BY_DEBIAN)]
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout, "".join(kept))


def put(root: CleanRoot, package: Path, *words: str) -> subprocess.CompletedProcess[str]:
    root.copy_in(package, f"/root/{package.name}")
    return call(root, *(words or ("--upgrade",)), f"/root/{package.name}")


def ok(done: subprocess.CompletedProcess[str]) -> None:
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def left(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """What is there now and was not, is another, or is gone; without rpm's notes and the test's own files."""
    changed = {place for place in {**before, **after} if after.get(place) != before.get(place)}
    return {place for place in changed if not place.startswith(("/root", "/var/lib/rpm"))}


def test_a_person_and_root_run_what_was_installed(root: CleanRoot, built: Callable[..., Path]) -> None:
    ok(put(root, built()))
    for person in (False, True):
        assert root.run(["login-help", "--version"], person=person).stdout == "login-help 1.2.0\n"
    ok(call(root, "--verify", "login-help"))
    checked = call(root, "--checksig", "--verbose", f"/root/{built().name}").stdout.splitlines()[1:]
    assert {line.partition(":")[2].strip() for line in checked} == {"OK"}
    assert len(checked) >= 4
    assert call(root, "--query", "--state", "login-help").stdout.count("normal") > 30


def test_everything_belongs_to_root_and_is_readable_for_all(
    root: CleanRoot, built: Callable[..., Path]
) -> None:
    before = root.files()
    ok(put(root, built()))
    after = root.files()
    new = left(before, after)
    assert "/opt/example-trading/login-help/_internal/odd name [1] {x}.txt" in new
    assert [place for place in new if not is_of_root_for_all(after[place])] == []


def test_removal_leaves_nothing(root: CleanRoot, built: Callable[..., Path]) -> None:
    before = root.files()
    ok(put(root, built()))
    ok(call(root, "--erase", "login-help"))
    # These belong to the distribution, and Debian's smallest self has not all of them.
    shared = {"/usr/share/licenses", "/usr/lib/systemd/user", "/usr/share/applications", "/usr/share/icons"}
    assert left(before, root.files()) <= shared


def test_what_it_requires_has_to_be_there(root: CleanRoot, built: Callable[..., Path]) -> None:
    ok(call(root, "--erase", "system"))
    refused = put(root, built())
    assert refused.returncode != 0
    assert "/bin/sh is needed by login-help" in refused.stderr


def test_the_files_of_the_administrator_outlive_everything(
    root: CleanRoot, built: Callable[..., Path]
) -> None:
    ok(put(root, built("1.2.0")))
    home = f"/home/{PERSON}/.local/share/login-help/spool"
    root.run(["mkdir", "-p", home], person=True)
    places = [f"{MANAGED}/support.json", f"{MANAGED}/example.json", "/etc/login-help/note", f"{home}/reports"]
    for place in places:
        (root.path / place.lstrip("/")).write_text(POLICY)
    steps: list[Callable[[], subprocess.CompletedProcess[str]]] = [
        lambda: put(root, built("1.10.0")),
        lambda: put(root, built("1.10.0"), "--upgrade", "--replacepkgs"),
        lambda: call(root, "--erase", "login-help"),
        lambda: put(root, built("1.10.0")),
        lambda: call(root, "--erase", "login-help"),
    ]
    for step in steps:
        assert step().returncode == 0
        for place in places:
            assert (root.path / place.lstrip("/")).read_text() == POLICY
        assert not (root.path / "opt/example-trading/login-help/_internal/parts/only-1.2.0.txt").exists()
    assert not (root.path / "opt/example-trading").exists()
    assert not list((root.path / MANAGED.lstrip("/")).glob("*.rpm*"))


def test_an_older_version_is_refused_until_somebody_insists(
    root: CleanRoot, built: Callable[..., Path]
) -> None:
    ok(put(root, built("1.10.0")))
    before = root.files()
    refused = put(root, built("1.2.0"))
    assert refused.returncode != 0
    assert "login-help-1.10.0-1.x86_64 (which is newer than login-help-1.2.0-1.x86_64)" in refused.stderr
    assert left(before, root.files()) == set()
    assert root.run(["login-help"]).stdout == "login-help 1.10.0\n"
    ok(put(root, built("1.2.0"), "--upgrade", "--oldpackage"))
    assert root.run(["login-help"]).stdout == "login-help 1.2.0\n"


def test_two_brands_stand_side_by_side_and_go_one_by_one(root: CleanRoot, built: Callable[..., Path]) -> None:
    ok(put(root, built()))
    alone = root.files()
    ok(put(root, built(command="help-desk")))
    assert root.run(["login-help"]).stdout == "login-help 1.2.0\n"
    assert root.run(["help-desk"]).stdout == "help-desk 1.2.0\n"
    ok(call(root, "--verify", "login-help", "help-desk"))
    ok(call(root, "--erase", "help-desk"))
    assert left(alone, root.files()) == set()
    ok(call(root, "--verify", "login-help"))
    assert root.run(["login-help"]).stdout == "login-help 1.2.0\n"


@pytest.mark.parametrize("way", ["--erase", "--upgrade"])
def test_a_postman_that_runs_is_ended_and_a_window_is_left_alone(
    root: CleanRoot, built: Callable[..., Path], tmp_path: Path, way: str
) -> None:
    named = brand(tmp_path, command="login-help")
    stays = order(tmp_path, named, "1.1.0", elf("on\n", stays=True))
    ok(put(root, rpm(stays)[0]))
    with (
        root.start(["login-help", "queue", "flush", "--wait"], person=True) as postman,
        root.start(["login-help", "show", "-"], person=True) as window,
    ):
        for started in (postman, window):
            assert started.stdout is not None
            assert started.stdout.readline() == "on\n"
        ok(put(root, built("1.2.0")) if way == "--upgrade" else call(root, way, "login-help"))
        assert postman.wait(END_LIMIT_S) != 0
        assert window.poll() is None
        window.kill()


def test_rpm_is_told_what_is_a_document_and_what_a_licence(
    root: CleanRoot, built: Callable[..., Path]
) -> None:
    ok(put(root, built()))
    assert call(root, "--query", "--licensefiles", "login-help").stdout.split() == [
        "/usr/share/licenses/login-help/LICENSE"
    ]
    documents = call(root, "--query", "--docfiles", "login-help").stdout.split()
    assert "/usr/share/doc/login-help/policies/managed/example.json" in documents
    assert call(root, "--query", "--configfiles", "login-help").stdout.split() == []
    about = call(root, "--query", "--info", "login-help").stdout
    for words in ("Vendor      : Example Trading", "Packager    : Example Desk", "License     : MIT"):
        assert words in about
    assert "Build Host  : reproducible" in about
