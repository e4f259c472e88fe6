"""Workshop: tools are found and run, and what they make appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from release.errors import PackagingError

TOOL_LIMIT_S = 900.0
SAID_LIMIT_LINES = 12


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
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TOOL_LIMIT_S,
            check=False,
        )
    except OSError as error:
        raise PackagingError(f"{words[0]} cannot be started: {error.strerror or error}.") from None
    except subprocess.TimeoutExpired:
        raise PackagingError(f"{Path(words[0]).name} did not end within {TOOL_LIMIT_S:.0f} s.") from None
    if done.returncode or (quiet and done.stderr.strip()):
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-SAID_LIMIT_LINES:]
        how = f"ended with {done.returncode}" if done.returncode else "had a complaint"
        raise PackagingError("\n    ".join([f"{Path(words[0]).name} {how}:", *said]))
    return done.stdout


@contextmanager
def workshop(out: Path) -> Iterator[Path]:
    """An empty folder beside what is to be made, gone afterwards whatever happens. Raises PackagingError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".making-", dir=out))
    except OSError as error:
        raise PackagingError(f"{out} cannot be written to: {error.strerror or error}.") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def deliver(made: Path, out: Path) -> Path:
    """Move a finished file or folder from a workshop to ``out``, in place of an older one; its new path."""
    final = out / made.name
    if final.is_dir() and not final.is_symlink():
        # A folder cannot take the place of one that holds something.
        shutil.rmtree(final)
    made.replace(final)
    return final


def archive(out: Path, files: Mapping[str, bytes], epoch_s: int) -> Path:
    """A zip of ``files``, in the order of their names, with one time and one mode: always the same bytes."""
    moment = time.gmtime(epoch_s - epoch_s % 2)[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, moment)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, files[name])
    return out
