"""Source: which version of the program an artefact is made from, of which files, and when it was made.

The time of the commit stands for every time inside an artefact, so that the same commit gives the same bytes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import msgspec

from release.errors import PackagingError

ROOT = Path(__file__).resolve().parents[2]
EPOCH = "SOURCE_DATE_EPOCH"
SHOWN_LIMIT_CHARS = 40
# What a tree without git holds that is nobody else's; with git only what it knows is taken.
LEFTOVERS = (
    ".git", ".venv*", ".cache", ".coverage*", ".hypothesis", ".*_cache", "__pycache__", "*.egg-info", "*.mo",
    ".making-*", "build", "dist",
)  # fmt: skip


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """``version``: three numbers; ``epoch_s``: seconds since 1970; ``commit``: empty outside a repository."""

    version: str
    epoch_s: int
    commit: str = ""


def source(root: Path = ROOT, *, allow_changes: bool = False) -> Source:
    """The version of a checkout.

    Raises PackagingError where the version is no ``N.N.N``, where files were changed since the commit (unless
    ``allow_changes``), and where nothing tells a time.
    """
    try:
        text = (root / "reporter" / "_version.py").read_text(encoding="utf-8")
    except OSError as error:
        raise PackagingError(
            f"{root} is no checkout of the program: reporter/_version.py cannot be read "
            f"({error.strerror or error})."
        ) from None
    found = re.search(r'^__version__ = "(.*)"$', text, re.MULTILINE)
    version = found[1] if found else ""
    # Windows Installer compares three numbers: 255.255.65535 at most.
    numbers = re.fullmatch(r"(\d{1,3})\.(\d{1,3})\.(\d{1,5})", version)
    if not numbers or int(numbers[1]) > 255 or int(numbers[2]) > 255 or int(numbers[3]) > 65535:
        raise PackagingError(
            f"reporter/_version.py says {version!r}; packages need three numbers, at most 255.255.65535, "
            "such as 1.2.0."
        )
    if not (root / ".git").exists():
        return Source(version=version, epoch_s=_given_epoch())
    changed = git(root, "status", "--porcelain", "--untracked-files=no").splitlines()
    if changed and not allow_changes:
        names = ", ".join(line[3:] for line in changed[:3]) + (" …" if len(changed) > 3 else "")
        raise PackagingError(
            f"Changed since the last commit: {names}. Commit first, so that version {version} means one "
            "thing, or build for a try with --allow-changes."
        )
    given = os.environ.get(EPOCH, "")
    epoch_s = _given_epoch() if given else int(git(root, "log", "-1", "--no-show-signature", "--format=%ct"))
    return Source(version=version, epoch_s=epoch_s, commit=git(root, "rev-parse", "HEAD").strip())


def _given_epoch() -> int:
    given = os.environ.get(EPOCH, "")
    if not given:
        raise PackagingError(
            f"{EPOCH} is not set; outside a git checkout it has to say when this version was made, "
            "in seconds since 1970, such as 1795305600."
        )
    # Archives know no time before 1980 and installers none after 2107.
    if not re.fullmatch(r"[0-9]{9,10}", given) or not 315_532_800 <= int(given) < 4_354_819_200:
        shown = given if len(given) <= SHOWN_LIMIT_CHARS else f"{given[:SHOWN_LIMIT_CHARS]}…"
        raise PackagingError(
            f"{EPOCH} is {shown!r}; it says when this version was made, in seconds since 1970 from 1980 to "
            "2107, such as 1795305600. Correct it, or in a git checkout leave it out."
        )
    return int(given)


def export(root: Path, target: Path, *, out: Path) -> None:
    """Copy what a checkout consists of: the files that git knows, and all others where some were changed.

    ``out``: where artefacts appear, which is no part of it. Raises PackagingError.
    """
    root, out = root.resolve(), out.resolve()
    if not (root / ".git").exists():
        shutil.copytree(
            root,
            target,
            ignore=lambda folder, names: {
                *shutil.ignore_patterns(*LEFTOVERS)(folder, names),
                *(name for name in names if Path(folder, name) == out),
            },
        )
    else:
        # A try with --allow-changes is to try the changes, files that are not yet known to git among them.
        kinds = ["--cached"]
        if git(root, "status", "--porcelain", "--untracked-files=no"):
            kinds += ["--others", "--exclude-standard"]
        for name in filter(None, git(root, "ls-files", "-z", *kinds).split("\0")):
            source = root / name
            if source.is_file() and not source.is_relative_to(out):
                copy = target / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)
                copy.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
    if not (target / "pyproject.toml").is_file():
        raise PackagingError(f"{root} has no pyproject.toml; make packages in a checkout of the program.")


def git(root: Path, *words: str) -> str:
    """What git prints about a repository, names of files as the system has them; raises PackagingError."""
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=True)  # noqa: S607 - wherever it is
    except FileNotFoundError:
        raise PackagingError(
            "git is missing, which tells what the packages are made of; install git."
        ) from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        raise PackagingError(f"git cannot tell about {root}: {said}.") from None
    return done.stdout.decode("utf-8", "surrogateescape")
