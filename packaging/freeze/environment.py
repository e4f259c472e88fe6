"""Environment: what the frozen program is made of and nothing else, and apart from it what freezes.

Both are made once from pinned requirements and kept in ``.cache/packages``; our own package is installed anew
each time, from a wheel of this checkout.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from freeze.payload import SYSTEMS
from release.errors import PackagingError
from release.order import Order
from release.source import EPOCH, ROOT, export
from release.workshop import fetch, run
from reporter.files import only_one

CACHE = ROOT / ".cache" / "packages"
HERE = Path(__file__).resolve().parent
WAIT_LIMIT_S = 900.0
TOOLS = HERE / "requirements-tools.txt"


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """``python``: the interpreter that sees what is frozen; ``site``: the folder of its packages; ``tools``:
    the folder of what freezes, to be put on PYTHONPATH."""

    python: Path
    site: Path
    tools: Path


@contextmanager
def environment(order: Order, cache: Path = CACHE, root: Path = ROOT) -> Iterator[Environment]:
    """The environment of this system with our package in it, for one build at a time.

    Raises PackagingError.
    """
    with ExitStack() as held:
        try:
            cache.mkdir(parents=True, exist_ok=True)
            held.enter_context(only_one(cache / "lock", wait_s=WAIT_LIMIT_S))
        except TimeoutError:
            raise PackagingError(
                f"Another build holds {cache} for {WAIT_LIMIT_S:.0f} s already; try again when it is over."
            ) from None
        except OSError as error:
            raise PackagingError(f"{cache} cannot be used: {error.strerror or error}.") from None
        yield _prepared(order, cache, root)


def _prepared(order: Order, cache: Path, root: Path) -> Environment:
    requirements = requirements_of(sys.platform)
    runtime = _kept(cache, "runtime", requirements, _make_runtime)
    tools = _kept(cache, "tools", TOOLS, _make_tools)
    python = _python(runtime)
    with tempfile.TemporaryDirectory(prefix="wheel-", dir=cache) as made:
        tree = Path(made) / "tree"
        export(root, tree, out=order.out)
        environ = {EPOCH: str(order.source.epoch_s)}
        run([*_PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", made, tree], environ=environ)
        [wheel] = Path(made).glob("*.whl")
        site = Path(
            run([python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip()
        )
        forget_ours(site)
        _install(python, "--no-deps", wheel)
    return Environment(python=python, site=site, tools=tools)


def forget_ours(site: Path) -> None:
    """Take away our package as the build before has left it, perhaps by half: what pip has begun to install
    or to remove it can do neither with again."""
    for pattern in ("reporter", "reporter_agent-*.dist-info", "~*"):
        for path in site.glob(pattern):
            shutil.rmtree(path)


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def requirements_of(system: str) -> Path:
    """What is pinned for a system, as ``sys.platform`` names it; raises PackagingError."""
    if system not in SYSTEMS:
        raise PackagingError(f"The program cannot be frozen on {system}; use {', '.join(SYSTEMS.values())}.")
    return HERE / f"requirements-{SYSTEMS[system].lower()}.txt"


_PIP = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]


def _make_runtime(folder: Path, requirements: Path) -> None:
    # Without an installer of its own, which would be one more thing to look through in the program.
    run([sys.executable, "-m", "venv", "--without-pip", folder])
    _install(_python(folder), "--no-deps", "--requirement", requirements)


def _make_tools(folder: Path, requirements: Path) -> None:
    fetch([*_PIP, "install", "--no-deps", "--target", folder, "--requirement", requirements])


def _install(python: Path, *what: str | Path) -> None:
    fetch([*_PIP, "--python", python, "install", "--no-compile", "--only-binary=:all:", *what])


def _kept(cache: Path, name: str, requirements: Path, make: Callable[[Path, Path], None]) -> Path:
    """A folder that is made once for these requirements and this Python."""
    told = f"{sys.version}\n{sys.base_prefix}\n{cache}\n".encode() + requirements.read_bytes()
    folder = cache / f"{name}-{hashlib.sha256(told).hexdigest()[:16]}"
    ready = folder / "ready"
    if not ready.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        make(folder, requirements)
        ready.touch()
    return folder
