"""A spool knows whether its folder is on another computer."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from reporter.delivery.place import is_remote, kind_of

TABLE = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:41 / /home rw,relatime shared:2 master:1 - nfs4 server:/home rw,vers=4.2
31 30 0:42 / /home/anna\\040b rw - ext4 /dev/sdb1 rw
32 22 0:43 / /mnt/share rw - cifs //server/share rw
33 32 0:44 / /mnt/share rw - tmpfs none rw
34 22 0:45 /
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/home/ivan/.local/share", "nfs4"),
        ("/homestead", "ext4"),
        ("/home/anna b/.local/share", "ext4"),
        ("/mnt/share/x", "tmpfs"),
    ],
)
def test_the_deepest_and_latest_mount_tells_the_kind(folder: str, kind: str) -> None:
    assert kind_of(Path(folder), TABLE) == kind


def test_a_network_home_is_remote_and_a_local_one_is_not(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(TABLE)
    assert is_remote(Path("/home/ivan"), platform="linux", mounts=mounts)
    assert not is_remote(Path("/opt"), platform="linux", mounts=mounts)
    assert not is_remote(tmp_path, platform="linux")
    assert not is_remote(Path("/home/ivan"), platform="linux", mounts=tmp_path / "none")


@pytest.mark.parametrize(("kind", "remote"), [(4, True), (3, False)])
def test_windows_is_asked_for_the_kind_of_the_drive(
    kind: int, remote: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    windll = SimpleNamespace(kernel32=SimpleNamespace(GetDriveTypeW=lambda root: kind))
    monkeypatch.setattr("ctypes.windll", windll, raising=False)
    assert is_remote(Path("/x"), platform="win32") is remote


@pytest.mark.skipif(sys.platform == "win32", reason="there such a name is made absolute otherwise")
def test_a_share_without_a_drive_letter_is_remote() -> None:
    class Share(type(Path())):  # type: ignore[misc]
        def absolute(self) -> str:
            return "\\\\server\\share"

    assert is_remote(Share("x"), platform="win32")
