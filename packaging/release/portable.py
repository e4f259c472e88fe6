"""Portable: the frozen program as one compressed file, to be unpacked anywhere and used as it is."""

from __future__ import annotations

import platform
import sys
import tarfile
from pathlib import Path

from freeze.payload import check_payload
from release.order import Order
from release.workshop import archive, deliver, workshop

_SYSTEMS = {"linux": "linux", "win32": "windows", "darwin": "macos"}


def system_name() -> str:
    """The system this runs on, as file names tell it: ``linux-x86_64``."""
    return f"{_SYSTEMS.get(sys.platform, sys.platform)}-{platform.machine().lower()}"


def portable(order: Order) -> list[Path]:
    """A zip for Windows, else a ``tar.xz``, which keeps links and modes; raises PackagingError."""
    payload = check_payload(order.payload, order, sys.platform)
    name = f"{order.identity.command}-{order.version}-{system_name()}"
    with workshop(order.out) as folder:
        if sys.platform == "win32":
            files = {
                f"{name}/{path.relative_to(payload).as_posix()}": path.read_bytes()
                for path in payload.rglob("*")
                if path.is_file()
            }
            return [deliver(archive(folder / f"{name}.zip", files, order.source.epoch_s), order.out)]
        return [deliver(_tar(folder / f"{name}.tar.xz", name, payload, order.source.epoch_s), order.out)]


def _tar(out: Path, top: str, folder: Path, epoch_s: int) -> Path:
    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = epoch_s
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        if entry.islnk():  # another name of a file that is inside already, which tells how it was copied
            entry.type, entry.linkname = tarfile.REGTYPE, ""
            entry.size = (folder / entry.name.removeprefix(f"{top}/")).stat().st_size
        return entry

    with tarfile.open(out, "w:xz", preset=9, format=tarfile.GNU_FORMAT) as packed:
        packed.add(folder, arcname=top, recursive=False, filter=plain)
        for path in sorted(folder.rglob("*")):
            packed.add(path, arcname=f"{top}/{path.relative_to(folder)}", recursive=False, filter=plain)
    return out
