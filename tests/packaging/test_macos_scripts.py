"""What the package of macOS does before, after and at removal, in a folder that stands for the disk."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from macos import parts
from tests.packaging.apple import Tools, branded
from tests.packaging.release_orders import VERSION

LABEL = "org.example.login-help.postman"
RECEIPT = "org.example.login-help.pkg"
PROGRAM = "Applications/Login & Help.app/Contents/MacOS/login-help"
LINK = "usr/local/bin/login-help"
AGENT = f"Library/LaunchAgents/{LABEL}.plist"
# As ps says it: a person in front of the screen, one behind, the login window itself, and others' programs.
PEOPLE = """cat <<'END'
  501 /System/Library/CoreServices/loginwindow.app/Contents/MacOS/loginwindow
  502 /System/Library/CoreServices/loginwindow.app/Contents/MacOS/loginwindow
    0 /System/Library/CoreServices/loginwindow.app/Contents/MacOS/loginwindow
  503 /usr/libexec/notloginwindow
  501 /System/Library/CoreServices/Finder.app/Contents/MacOS/Finder
END"""


class Disk:
    """A disk with or without the program, whose launchctl, pkgutil, ps and id are the tests'."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "disk it self"
        self.root.mkdir()
        self.identity = branded(folder)
        self.tools = Tools(folder)
        self.tools.add("launchctl")
        self.tools.add("ps", PEOPLE)
        self.tools.add("id", "echo 0")
        self.installed("")

    def installed(self, version: str) -> None:
        """What macOS remembers to be installed."""
        self.tools.add("pkgutil", f"echo 'version: {version}'; echo 'volume: /'" if version else "exit 1")

    def unpack(self) -> None:
        """What the installer does between preinstall and postinstall."""
        for place in (PROGRAM, AGENT, "Library/Application Support/org.example.login-help/uninstall"):
            (self.root / place).parent.mkdir(parents=True, exist_ok=True)
            (self.root / place).write_text("new", encoding="utf-8")

    def run(
        self, script: str, *, version: str = VERSION, volume: str = "/"
    ) -> subprocess.CompletedProcess[str]:
        """One of the scripts, with the arguments of the installer."""
        text = parts.script(script, self.identity, version, root=str(self.root))
        path = "PATH=/usr/bin:/bin:/usr/sbin:/sbin\n"
        assert path in text
        place = self.root.parent / script
        place.write_text(text.replace(path, f"PATH='{self.tools.bin}':/usr/bin:/bin\n"), encoding="utf-8")
        return subprocess.run(
            ["sh", place, "login-help.pkg", "/", volume, "/"], capture_output=True, text=True, check=False
        )

    def spoken(self) -> list[list[str]]:
        """What launchctl was told."""
        return self.tools.calls("launchctl")


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def install(disk: Disk) -> None:
    for step in ("preinstall", "postinstall"):
        ran = disk.run(step)
        assert (ran.returncode, ran.stderr) == (0, "")
        if step == "preinstall":
            disk.unpack()


def test_installation_links_the_command_and_starts_the_agent_for_all_who_are_signed_in(disk: Disk) -> None:
    install(disk)
    assert str((disk.root / LINK).readlink()) == f"/{PROGRAM}"
    assert disk.spoken() == [
        ["bootout", f"gui/501/{LABEL}"],
        ["bootout", f"gui/502/{LABEL}"],
        ["bootstrap", "gui/501", f"{disk.root}/{AGENT}"],
        ["bootstrap", "gui/502", f"{disk.root}/{AGENT}"],
    ]


def test_an_upgrade_stops_the_agent_first_and_keeps_the_link(disk: Disk) -> None:
    install(disk)
    disk.installed("1.2.2")
    install(disk)
    assert str((disk.root / LINK).readlink()) == f"/{PROGRAM}"
    assert [call[0] for call in disk.spoken()] == 2 * ["bootout", "bootout", "bootstrap", "bootstrap"]


@pytest.mark.parametrize("installed", ["1.2.4", "1.10.0", "2.0.0", "10.0.0"])
def test_an_older_version_is_refused_and_changes_nothing(disk: Disk, installed: str) -> None:
    disk.unpack()
    disk.installed(installed)
    ran = disk.run("preinstall")
    assert ran.returncode == 1
    assert ran.stderr == (
        f"Login & Help {installed} is installed, which is newer than 1.2.3; remove it first to go back.\n"
    )
    assert disk.spoken() == []


@pytest.mark.parametrize("installed", ["1.2.3", "1.2.0", "1.1.9", "0.99.99"])
def test_the_same_or_a_newer_version_is_installed(disk: Disk, installed: str) -> None:
    disk.unpack()
    disk.installed(installed)
    assert disk.run("preinstall").returncode == 0


def test_a_receipt_of_a_program_that_was_thrown_away_refuses_nothing(disk: Disk) -> None:
    disk.installed("9.0.0")
    assert disk.run("preinstall").returncode == 0


@pytest.mark.parametrize("kind", ["file", "link", "dangling"])
def test_a_command_of_someone_else_stays(disk: Disk, kind: str) -> None:
    link = disk.root / LINK
    link.parent.mkdir(parents=True)
    if kind == "file":
        link.write_text("mine", encoding="utf-8")
    else:
        link.symlink_to("/bin/sh" if kind == "link" else "/opt/homebrew/nowhere")
    ran = disk.run("postinstall")
    assert ran.returncode == 0
    assert "/usr/local/bin/login-help is something else and stays" in ran.stderr
    disk.unpack()
    assert disk.run("uninstall").returncode == 0
    assert link.is_symlink() or link.read_text(encoding="utf-8") == "mine"


def test_an_agent_that_does_not_start_is_no_reason_to_fail(disk: Disk) -> None:
    disk.tools.add("launchctl", "exit 5")
    install_step = disk.run("preinstall")
    assert (install_step.returncode, install_step.stderr) == (0, "")
    disk.unpack()
    ran = disk.run("postinstall")
    assert ran.returncode == 0
    assert ran.stderr.count("it starts with the next login") == 2


def test_on_another_disk_nothing_of_this_one_is_touched(disk: Disk, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for step in ("preinstall", "postinstall"):
        assert disk.run(step, volume=str(other)).returncode == 0
    assert (other / LINK).is_symlink()
    assert disk.spoken() == []
    assert list(disk.root.iterdir()) == []
    assert disk.tools.calls("pkgutil") == [["--volume", str(other), "--pkg-info", RECEIPT]]


def test_removal_leaves_nothing_but_what_people_and_management_have(disk: Disk) -> None:
    install(disk)
    disk.installed(VERSION)
    kept = [
        "Users/anna/Library/Application Support/login-help/spool/spool.sqlite",
        "Library/Managed Preferences/org.example.login-help.plist",
        "Library/Preferences/org.example.login-help.plist",
        "Applications/Other.app/Contents/Info.plist",
        "Library/LaunchAgents/org.other.plist",
    ]
    for place in kept:
        (disk.root / place).parent.mkdir(parents=True, exist_ok=True)
        (disk.root / place).write_text("theirs", encoding="utf-8")
    before = len(disk.spoken())
    ran = disk.run("uninstall")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Login & Help was removed" in ran.stdout
    assert disk.spoken()[before:] == [["bootout", f"gui/501/{LABEL}"], ["bootout", f"gui/502/{LABEL}"]]
    assert ["--forget", RECEIPT] in disk.tools.calls("pkgutil")
    left = sorted(str(path.relative_to(disk.root)) for path in disk.root.rglob("*") if not path.is_dir())
    assert left == sorted(kept)
    assert not (disk.root / "Applications/Login & Help.app").exists()
    assert not (disk.root / "Library/Application Support/org.example.login-help").exists()


def test_removal_can_be_repeated(disk: Disk) -> None:
    install(disk)
    assert disk.run("uninstall").returncode == 0
    ran = disk.run("uninstall")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert not [call for call in disk.tools.calls("pkgutil") if call[0] == "--forget"]


def test_removal_needs_an_administrator(disk: Disk) -> None:
    install(disk)
    disk.tools.add("id", "echo 501")
    before = disk.spoken()
    ran = disk.run("uninstall")
    assert ran.returncode == 1
    assert ran.stderr == "Only an administrator can remove Login & Help: run this with sudo.\n"
    assert (disk.root / PROGRAM).exists()
    assert disk.spoken() == before


def test_after_removal_an_older_version_can_be_installed(disk: Disk) -> None:
    install(disk)
    assert disk.run("uninstall").returncode == 0
    assert disk.run("preinstall", version="0.1.0").returncode == 0
