"""Place: whether a folder is on this computer or on another one, which a database has to know.

SQLite's write-ahead log needs memory that all its processes share; on a network folder, such as a home that
follows its person from computer to computer, there is none.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# As /proc/self/mountinfo names them; "fuse." stands before local ones too.
NETWORK_KINDS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "ceph", "lustre", "davfs", "coda"}
    | {"vboxsf", "prl_fs", "fuse.sshfs", "fuse.davfs", "fuse.rclone", "fuse.glusterfs"}
    | {"fuse.gvfsd-fuse", "fuse.vmhgfs-fuse"}
)
_MOUNTS = Path("/proc/self/mountinfo")
_DRIVE_REMOTE = 4  # of the Windows API


def is_remote(folder: Path, *, platform: str = sys.platform, mounts: Path = _MOUNTS) -> bool:
    """Whether the folder lies on a network share; False where that cannot be told.

    The Windows side has not yet run on Windows. On macOS it is not told.
    """
    if platform == "win32":
        return _is_remote_drive(folder)
    try:
        table = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return False
    return kind_of(folder.resolve(), table) in NETWORK_KINDS


def kind_of(folder: Path, table: str) -> str:
    """The kind of the file system that holds ``folder`` after a table as in /proc/self/mountinfo; empty where
    none does. Of two at one place the later one covers the earlier."""
    found, depth = "", -1
    for line in table.splitlines():
        head, dash, tail = line.partition(" - ")
        fields, kinds = head.split(" "), tail.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = Path(_unescaped(fields[4]))
        if len(point.parts) >= depth and folder.is_relative_to(point):
            found, depth = kinds[0], len(point.parts)
    return found


def _unescaped(name: str) -> str:
    """Space, tab, newline and backslash stand in the table as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), name)


def _is_remote_drive(folder: Path) -> bool:
    import ctypes

    root = str(folder.absolute())
    if root.startswith("\\\\"):
        return True
    windows = getattr(ctypes, "windll", None)
    return windows is not None and windows.kernel32.GetDriveTypeW(folder.absolute().anchor) == _DRIVE_REMOTE
