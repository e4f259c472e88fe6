"""Workshop: tools are found and run, and what they make appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from release.errors import PackagingError

Completed = subprocess.CompletedProcess[str]

TOOL_LIMIT_S = 900.0
STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""The signals by which a person, a terminal or a system ends a build."""
SAID_LIMIT_LINES = 12
MAKING = ".making-"
"""With this the folders begin in which something is being made."""


def tool(name: str, package: str) -> str:
    """The path of a program; raises PackagingError that names the package it comes with."""
    found = shutil.which(name)
    if found is None:
        raise PackagingError(
            f"{name} is missing; run packaging/develop packages as root, or install {package}, and try again."
        )
    return found


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    quiet: bool = False,
) -> str:
    """What a tool prints on standard output; raises PackagingError with the last that it said where it fails.

    ``environ`` is added to this process's own; ``quiet``: a word on standard error counts as a failure.
    """
    done = completed(command, cwd=cwd, environ=environ)
    if done.returncode or (quiet and done.stderr.strip()):
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-SAID_LIMIT_LINES:]
        how = f"ended with {done.returncode}" if done.returncode else "had a complaint"
        raise PackagingError("\n    ".join([f"{Path(command[0]).name} {how}:", *said]))
    return done.stdout


def completed(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    limit_s: float = TOOL_LIMIT_S,
) -> Completed:
    """A tool that has ended, whatever its status; raises PackagingError where it cannot be started or stays.

    ``environ`` is added to this process's own.
    """
    words = [str(word) for word in command]
    try:
        return _ended(words, cwd, {**os.environ, **(environ or {})}, limit_s)
    except OSError as error:
        raise PackagingError(f"{words[0]} cannot be started: {error.strerror or error}.") from None
    except subprocess.TimeoutExpired:
        raise PackagingError(f"{Path(words[0]).name} did not end within {limit_s:.0f} s.") from None


def fetch(command: Sequence[str | Path], *, environ: Mapping[str, str] | None = None) -> None:
    """Run a pip that installs packages, which it asks their index for; raises PackagingError."""
    try:
        run(command, environ=environ)
    except PackagingError as error:
        raise PackagingError(
            "Python packages could not be installed; see below why, see that this computer reaches the index "
            f"of packages, and try again. {error}"
        ) from None


def _ended(words: Sequence[str], cwd: Path | None, environ: Mapping[str, str], limit_s: float) -> Completed:
    """Run a tool to its end. Where this is broken off it ends with all that it started: none of them may go
    on writing into a workshop that is being cleared."""
    started: subprocess.Popen[str] | None = None
    try:
        with _signals_held_back():
            started = subprocess.Popen(
                words,
                cwd=cwd,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                process_group=0,
            )
        stdout, stderr = started.communicate(timeout=limit_s)
    except BaseException:
        if started is not None:
            _end(started)
        raise
    return subprocess.CompletedProcess(words, started.returncode, stdout, stderr)


def _end(started: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        started.kill()
    else:
        with suppress(ProcessLookupError):  # all of them have just ended by themselves
            os.killpg(started.pid, signal.SIGKILL)
    with started:  # waits for it, and closes what it wrote to
        pass


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """A program whose start is interrupted would run on, and nobody would know of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {one: signal.getsignal(one) for one in STOPPING}
    held = {one: handler for one, handler in before.items() if callable(handler)}
    for one in held:
        signal.signal(one, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for one, handler in held.items():
            signal.signal(one, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def workshop(out: Path) -> Iterator[Path]:
    """An empty folder beside what is to be made, gone afterwards whatever happens. Raises PackagingError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=MAKING, dir=out))
    except OSError as error:
        raise PackagingError(f"{out} cannot be written to: {error.strerror or error}.") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def deliver(made: Path, out: Path) -> Path:
    """Move a finished file or folder from a workshop to ``out``, in place of an older one; its new path.

    A signature beside the older one goes with it: it is none of the new bytes.
    """
    final = out / made.name
    final.with_name(f"{final.name}.asc").unlink(missing_ok=True)
    if final.is_dir() and not final.is_symlink():
        # A folder cannot take the place of one that holds something; a part of the old one is worth nothing.
        with workshop(out) as aside:
            older = final.rename(aside / made.name)
            try:
                made.rename(final)
            except OSError:
                older.rename(final)
                raise
    else:
        made.replace(final)
    return final


def archive(out: Path, files: Mapping[str, bytes], epoch_s: int) -> Path:
    """A zip of ``files``, in the order of their names, with one time and one mode: always the same bytes."""
    with zipfile.ZipFile(out, "w") as packed:
        pack(packed, files, epoch_s)
    return out


def pack(packed: zipfile.ZipFile, files: Mapping[str, bytes], epoch_s: int) -> None:
    """Put ``files`` into an open zip, as ``archive`` does."""
    # A zip counts in steps of two seconds.
    moment = time.gmtime(epoch_s - epoch_s % 2)[:6]
    for name in sorted(files):
        entry = zipfile.ZipInfo(name, moment)
        entry.external_attr = 0o100644 << 16
        entry.create_system = 3
        packed.writestr(entry, files[name], zipfile.ZIP_DEFLATED, compresslevel=9)
