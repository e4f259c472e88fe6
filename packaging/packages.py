"""Packages: everything that IT rolls out, from one commit, by one command.

    python packaging/packages.py [ARTEFACT …] [--brand BRAND.toml] [--out DIR]
                                 [--payload DIR] [--windows-payload DIR] [--allow-changes]

Without a name it makes all that this system can: the frozen program of this system, what is packed from it,
and what needs none. ``--payload`` takes a program that was frozen before, ``--windows-payload`` one that was
frozen on Windows: the installer for Windows is packed around it on Linux. What is finished appears in dist/
whole, or not at all. The status is 0 where everything was made, 1 where something was not, 2 for a wrong
command line.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

try:
    import msgspec
except ImportError:
    sys.exit(
        f"{sys.executable} lacks what makes packages; run packaging/develop packages and then "
        ".venv-packages/bin/python packaging/packages.py; elsewhere than on Linux install it by "
        "python -m pip install --editable . --group packages"
    )

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":  # started by its path, from any folder
    sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

from freeze.payload import SYSTEMS  # noqa: E402 - see above
from release.checksums import SIGNATURES  # noqa: E402
from release.errors import PackagingError  # noqa: E402
from release.identity import OWN_BRAND, identify  # noqa: E402
from release.order import Order  # noqa: E402
from release.source import source  # noqa: E402
from release.workshop import MAKING, STOPPING  # noqa: E402
from signing.sums import SUMS  # noqa: E402

Builder = Callable[[Order], list[Path]]


class Artefact(msgspec.Struct, frozen=True):
    """``builder``: its module and function; ``systems``: where it can be made, as ``sys.platform`` says;
    ``packs``: the program frozen on this system, or on Windows, that has to be there before.
    """

    name: str
    builder: str
    systems: tuple[str, ...] = ("linux", "win32", "darwin")
    packs: str = ""

    def make(self, order: Order) -> list[Path]:
        """The finished files; raises PackagingError."""
        module, function = self.builder.split(":")
        build: Builder = getattr(import_module(module), function)
        return build(order)


FROZEN, WINGET = "frozen", "winget"
HERE, WINDOWS = "here", "windows"
ARTEFACTS = {
    one.name: one
    for one in (
        # In the order in which they are made: what packs comes after what is packed, the sums come last.
        Artefact("wheel", "release.distributions:distributions"),
        Artefact(FROZEN, "freeze.build:frozen"),
        Artefact("archive", "release.portable:portable", packs=HERE),
        Artefact("deb", "linux.build:deb", ("linux",), HERE),
        Artefact("rpm", "linux.build:rpm", ("linux",), HERE),
        Artefact("pkg", "macos.build:pkg", ("darwin",), HERE),
        Artefact("msi", "windows.build:msi", ("linux",), WINDOWS),
        Artefact(WINGET, "windows.build:winget", ("linux",)),
        Artefact("policies", "release.policies:policies"),
        Artefact("sbom", "release.sbom:sbom", packs=HERE),
        Artefact("checksums", "release.checksums:checksums"),
    )
}


def wanted(
    names: Sequence[str], payload: Path | None, windows_payload: Path | None, download_url: str = ""
) -> list[Artefact]:
    """What to make, in order; raises PackagingError for what cannot be made here or from what is given."""
    chosen = [one for one in ARTEFACTS.values() if not names or one.name in names]
    if sys.platform not in SYSTEMS:
        raise PackagingError(
            f"Packages are made on {', '.join(SYSTEMS.values())}, and this is {sys.platform}."
        )
    if not names:
        chosen = [one for one in chosen if sys.platform in one.systems]
        chosen = [one for one in chosen if one.packs != WINDOWS or windows_payload]
        chosen = [one for one in chosen if one.name != WINGET or (windows_payload and download_url)]
        return [one for one in chosen if one.name != FROZEN or not payload]
    for one in chosen:
        if sys.platform not in one.systems:
            systems = " or ".join(SYSTEMS[system] for system in one.systems)
            here = SYSTEMS.get(sys.platform, sys.platform)
            raise PackagingError(f"{one.name} is made on {systems}, and this is {here}; leave it out.")
        if one.packs == HERE and not payload and FROZEN not in names:
            raise PackagingError(
                f"{one.name} packs the frozen program: name frozen too, or give it with --payload DIR."
            )
        if one.packs == WINDOWS and not windows_payload:
            raise PackagingError(
                f"{one.name} packs a program that was frozen on Windows: give it with --windows-payload DIR; "
                "docs/windows.md says how it is frozen."
            )
    return chosen


def make_all(chosen: Sequence[Artefact], order: Order, windows_payload: Path | None) -> list[str]:
    """Make what was chosen; returns why something was not made. What is finished stays."""
    problems: list[str] = []
    width = max(len(one.name) for one in chosen)
    for one in chosen:
        if one.packs == HERE and order.payload is None:
            problems.append(f"{one.name}: there is no frozen program to pack; see above why.")
            print(problems[-1], file=sys.stderr)
            continue
        given = windows_payload if one.packs == WINDOWS else order.payload
        begun = time.monotonic()
        try:
            made = one.make(msgspec.structs.replace(order, payload=given))
        except (PackagingError, OSError) as error:
            problems.append(f"{one.name}: {_sentence(error, order.out)}")
            print(problems[-1], file=sys.stderr)
            continue
        if one.name == FROZEN:
            order = msgspec.structs.replace(order, payload=made[0])
        for path in made:
            seconds = time.monotonic() - begun
            print(
                f"{one.name:<{width}}  {_size_bytes(path) / 1e6:7.2f} MB  {seconds:6.1f} s  {path}",
                flush=True,
            )
    return problems


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="packages.py",
        description="Make what IT rolls out.",
        epilog=f"Artefacts: {', '.join(ARTEFACTS)}.",
    )
    parser.add_argument(
        "artefacts", nargs="*", metavar="ARTEFACT", help="what to make; all that this system can without"
    )
    parser.add_argument(
        "--brand", type=Path, default=OWN_BRAND, metavar="BRAND.toml", help="the names to use"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR", help="where it appears")
    parser.add_argument("--payload", type=Path, metavar="DIR", help="a program frozen before on this system")
    parser.add_argument("--windows-payload", type=Path, metavar="DIR", help="a program frozen on Windows")
    parser.add_argument(
        "--download-url", default="", metavar="URL", help="where the installer will lie (winget)"
    )
    parser.add_argument("--allow-changes", action="store_true", help="for a try: files may be uncommitted")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.artefacts if name not in ARTEFACTS]
    if unknown:
        parser.error(f"there is no artefact {', '.join(unknown)}; there are {', '.join(ARTEFACTS)}")
    try:
        chosen = wanted(given.artefacts, given.payload, given.windows_payload, given.download_url)
        order = Order(
            identity=identify(given.brand.absolute()),
            source=source(allow_changes=given.allow_changes),
            out=given.out.absolute(),
            payload=given.payload and given.payload.absolute(),
            download_url=given.download_url,
        )
        check_out(order.out, [one for one in (given.payload, given.windows_payload) if one])
        with alone(order.out):
            # Sums of other files than those that are there would be worse than none.
            for name in (SUMS, *SIGNATURES):
                (order.out / name).unlink(missing_ok=True)
            # Of a build that was killed.
            for left in order.out.glob(f"{MAKING}*"):
                shutil.rmtree(left, ignore_errors=True)
            if order.payload and any(one.packs == HERE for one in chosen):
                try_payload(order)
            problems = make_all(chosen, order, given.windows_payload and given.windows_payload.absolute())
    except (PackagingError, OSError) as error:
        print(_sentence(error, given.out), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"Stopped; what was finished before lies in {given.out}, nothing else.", file=sys.stderr)
        return 1
    if problems:
        print(f"Not made: {len(problems)} of {len(chosen)}; see above.", file=sys.stderr)
    return 1 if problems else 0


def try_payload(order: Order) -> None:
    """Raises PackagingError where a program that was frozen before is not whole, or does not start."""
    from freeze.build import try_out
    from freeze.payload import check_payload

    try_out(check_payload(order.payload, order, sys.platform), order)


def check_out(out: Path, payloads: Sequence[Path]) -> None:
    """Raises PackagingError where what appears in ``out`` would become a part of what it is made of."""
    held = Path(os.path.realpath(out))  # Path.resolve() fails where links lead round
    if ROOT.is_relative_to(held):
        raise PackagingError(
            f"{out} holds this checkout; give a folder for the packages alone with --out DIR."
        )
    for payload in payloads:
        if held.is_relative_to(os.path.realpath(payload)):
            raise PackagingError(f"{out} lies in the frozen program {payload}; give another with --out DIR.")


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold the folder of finished artefacts, so that no other build replaces what this one packs.

    Raises PackagingError. On Windows, where folders cannot be held, nothing is.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PackagingError(
            f"{out} cannot be written to: {error.strerror or error}; give another folder with --out DIR."
        ) from None
    if sys.platform == "win32":
        yield
        return
    import fcntl

    folder = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PackagingError(
                f"Another build writes to {out}; wait for it, or give another folder with --out DIR."
            ) from None
        yield
    finally:
        os.close(folder)


def _sentence(error: Exception, out: Path) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or out} cannot be used: {error.strerror}; correct this and try again."
    return str(error)


def _stop(number: int, frame: Any) -> None:
    """End with what was begun cleared away, which another signal does not interrupt."""
    for one in STOPPING:
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


def _size_bytes(path: Path) -> int:
    if path.is_dir():
        return sum(one.lstat().st_size for one in path.rglob("*") if one.is_file() and not one.is_symlink())
    return path.stat().st_size


if __name__ == "__main__":
    for one in STOPPING:
        if signal.getsignal(one) != signal.SIG_IGN:  # as nohup has set it
            signal.signal(one, _stop)
    sys.exit(main())
