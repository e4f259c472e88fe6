"""Native crashes: what kills the interpreter itself leaves a note, and the next start finds it.

Every process with ``reporter.install`` keeps one file open into which Python's faulthandler writes the stack
when the process dies of a fault in native code. Its first line is ours and says whose it is; a file with
nothing after it is of a process that lives or ended well. A lock tells the living from the dead, and a file
that was read is removed, so that each crash is told once. Where the host has enabled faulthandler itself, its
own place is kept and nothing is written here.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from reporter.capture.failure import Failure

FOLDER_VARIABLE = "REPORTER_CRASHES"
HOME_VARIABLE = "REPORTER_HOME"
SCHEMA = "reporter-crash/1"
NAME_LIMIT_CHARS = 256
SUFFIX = ".crash"
AGE_LIMIT_S = 14 * 86_400
FILES_LIMIT = 64
READ_LIMIT_BYTES = 512 * 1024
TEXT_LIMIT_CHARS = 48_000

_kept: Kept | None = None


class Header(NamedTuple):
    """Whose file it is. ``parent``: number of the process that started this one."""

    application: str = ""
    version: str = ""
    pid: int = 0
    parent: int = 0


class Crash(NamedTuple):
    """A process that died of a native fault.

    ``at``: seconds of the system's clock; ``stack``: what faulthandler wrote, the thread that failed first;
    ``others``: how many older crashes of the program were found with it.
    """

    header: Header
    at: float
    stack: str
    others: int = 0


class Kept(NamedTuple):
    """The file of this process. ``header_bytes``: its length while nothing was written into it."""

    path: str
    descriptor: int
    pid: int
    header_bytes: int


def folder(environ: Mapping[str, str]) -> str:
    """Where the files lie: what ``reporter watch`` names, else below the agent's own folder."""
    named = environ.get(FOLDER_VARIABLE, "")
    if named:
        return named
    home = environ.get(HOME_VARIABLE, "")
    if home:
        return os.path.join(os.path.abspath(os.path.expanduser(home)), "crashes")  # noqa: PTH100, PTH111, PTH118 - pathlib costs a host's start
    from platformdirs import PlatformDirs

    from reporter import program

    return os.path.join(PlatformDirs(program.name(), appauthor=False).user_data_dir, "crashes")  # noqa: PTH118


def keep(application: str, version: str, *, where: str) -> bool:
    """Have faulthandler write into a file of this process; False where the host has enabled it already.

    Raises OSError when the file cannot be made.
    """
    import faulthandler

    global _kept  # noqa: PLW0603 - a process has one faulthandler
    if _kept is not None and _kept.pid == os.getpid():
        return True
    inherited = _kept
    if inherited is None and faulthandler.is_enabled():
        return False
    os.makedirs(where, mode=0o700, exist_ok=True)  # noqa: PTH103
    path = os.path.join(where, f"{os.getpid()}-{time.time_ns():x}{SUFFIX}")  # noqa: PTH118
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | _binary(), 0o600)
    try:
        _lock(descriptor)
        header = Header(application=application, version=version, pid=os.getpid(), parent=os.getppid())
        line = _written(header)
        os.write(descriptor, line)
        faulthandler.enable(descriptor)
    except BaseException:
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108
        raise
    import atexit

    _kept = Kept(path=path, descriptor=descriptor, pid=os.getpid(), header_bytes=len(line))
    atexit.register(_leave, _kept)
    if inherited is not None:
        os.close(inherited.descriptor)  # of the process that forked this one; it has its own
    return True


def _leave(kept: Kept) -> None:
    """This process ends in order: its file goes, unless a child that it forked has crashed into it."""
    if kept.pid != os.getpid():
        return  # a forked child that ends; the file is its parent's
    with suppress(OSError):
        if sys.platform == "win32" or os.fstat(kept.descriptor).st_size <= kept.header_bytes:
            import faulthandler

            faulthandler.disable()
            os.close(kept.descriptor)
            os.unlink(kept.path)  # noqa: PTH108


def collect(where: str, *, application: str = "", pid: int = 0, now: float | None = None) -> Crash | None:
    """The newest crash left by ``application``, or by the process ``pid`` or a child of it; else None.

    What was found is removed, and so is whatever is empty, too old or too much; the files of living processes
    and the newer ones of other programs stay. Never raises.
    """
    found: list[Crash] = []
    moment = time.time() if now is None else now
    for place, path in enumerate(_newest_first(where)):
        try:
            crash = _of_the_dead(path)
            if crash is None:
                continue
            is_told = bool(crash.stack) and moment - crash.at <= AGE_LIMIT_S
            header = crash.header
            is_asked_for = (
                pid in (header.pid, header.parent) if pid else header.application == _folded(application)
            )
            if is_told and not is_asked_for and place < FILES_LIMIT:
                continue
            os.unlink(path)  # noqa: PTH108
            if is_told and is_asked_for:  # and nobody else was faster to take it
                found.append(crash)
        except OSError:
            continue
    return found[0]._replace(others=len(found) - 1) if found else None


def _newest_first(where: str) -> list[str]:
    aged: list[tuple[float, str]] = []
    try:
        with os.scandir(where) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                    with suppress(OSError):
                        aged.append((entry.stat(follow_symlinks=False).st_mtime, entry.path))
    except OSError:
        return []
    return [path for _, path in sorted(aged, reverse=True)]


def _of_the_dead(path: str) -> Crash | None:
    """What a file holds whose process has ended; None for one that lives. Raises OSError."""
    if _kept is not None and path == _kept.path:
        return None
    flags = os.O_RDWR | _binary() | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    try:
        if not _lock(descriptor):
            return None
        header, stack = _read(descriptor)
        return Crash(header=header, at=os.fstat(descriptor).st_mtime, stack=stack)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Hold the file until it is closed; False where another process does.

    Windows needs none: a file that is open cannot be removed there. Not yet run on Windows.
    """
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _binary() -> int:
    return int(getattr(os, "O_BINARY", 0))


def _read(descriptor: int) -> tuple[Header, str]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    raw = os.read(descriptor, READ_LIMIT_BYTES)
    line, _, rest = raw.partition(b"\n")
    header = _parsed(line)
    if header is None:
        header, rest = Header(), raw  # the disk was full when it was begun
    return header, failed_thread_first(rest.decode("utf-8", "replace").strip())


def _written(header: Header) -> bytes:
    names = [_folded(name) for name in (header.application, header.version)]
    numbers = [str(header.pid), str(header.parent)]
    return "\t".join([SCHEMA, *numbers, *names]).encode("utf-8", "replace") + b"\n"


def _folded(name: str) -> str:
    return " ".join(name.split())[:NAME_LIMIT_CHARS]


def _parsed(line: bytes) -> Header | None:
    match line.decode("utf-8", "replace").split("\t"):
        case [schema, pid, parent, application, version] if schema == SCHEMA:
            with suppress(ValueError):
                return Header(application=application, version=version, pid=int(pid), parent=int(parent))
    return None


def as_failure(crash: Crash) -> Failure:
    """The crash as a Failure: how the process ended as its type, the stack as its traceback."""
    from datetime import UTC, datetime

    from reporter.capture.failure import Application, ExceptionInfo, Failure
    from reporter.capture.signals import told_by_faulthandler

    header = crash.header
    ending = told_by_faulthandler(crash.stack.partition("\n")[0])
    remark = f"\n[{crash.others:,} older crashes were found with it.]\n" if crash.others else ""
    return Failure(
        occurred_at=datetime.fromtimestamp(crash.at, UTC).astimezone(),
        action="run",
        message=f"{header.application or 'The program'} ended unexpectedly ({ending}).",
        exception=ExceptionInfo(type=ending.name, traceback=crash.stack + remark),
        application=Application(name=header.application, version=header.version),
    )


def failed_thread_first(stack: str) -> str:
    """A faulthandler's text with the thread that failed before the others, at most TEXT_LIMIT_CHARS long."""
    blocks = stack.replace("\r\n", "\n").split("\n\n")
    failed = next((block for block in blocks if block.startswith("Current thread")), None)
    if failed is not None:
        blocks.remove(failed)
        blocks.insert(1 if blocks else 0, failed)
    return "\n\n".join(blocks)[:TEXT_LIMIT_CHARS]
