"""Distributions: the program for those who have a Python: wheel, source distribution and zipapp.

The wheel is made from the source distribution, so that this one is known to hold all that is needed. The
zipapp is one file with everything inside, for one version of Python on one system; it unpacks itself to
``~/.shiv`` when it is first started. A brand changes none of them: only the frozen program carries one.
"""

from __future__ import annotations

import csv
import io
import platform
import shutil
import sys
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

from release.errors import PackagingError
from release.order import Order
from release.portable import system_name
from release.source import EPOCH, ROOT, export
from release.workshop import deliver, fetch, pack, run, workshop

NAME = "reporter"
REQUIREMENTS = Path(__file__).with_name("requirements-zipapp.txt")
SHEBANG = "/usr/bin/env python3"
# Runs before the program, also where its libraries would not load.
PREAMBLE = """\
import platform, sys
from importlib.machinery import EXTENSION_SUFFIXES
suffix, machine = EXTENSION_SUFFIXES[0], platform.machine().lower()
if (suffix, machine) != {made_for!r}:
    python = "%s %s.%s" % (platform.python_implementation(), *sys.version_info[:2])
    sys.exit(
        "This file was made for {name} on {where} ({made_for[0]}), and this is %s on %s-%s (%s). Start it "
        "with the right Python, or install reporter-agent with pip or pipx, which choose what fits."
        % (python, sys.platform, machine, suffix)
    )
"""


def distributions(order: Order) -> list[Path]:
    """Wheel, source distribution and zipapp of this checkout; raises PackagingError."""
    for module in ("build", "hatchling", "babel", "twine", "shiv", "pip"):
        if find_spec(module) is None:
            raise PackagingError(f"{module} is missing; run packaging/develop packages and try again.")
    with workshop(order.out) as folder:
        tree = folder / "tree"
        export(ROOT, tree, out=order.out)
        made = _wheel_and_sdist(order, tree, folder / "made")
        made.append(_zipapp(order, made[0], folder))
        return [deliver(path, order.out) for path in made]


def _wheel_and_sdist(order: Order, tree: Path, out: Path) -> list[Path]:
    environ = _environ(order)
    # The tools that are installed here, so that the same commit is always built by the same ones.
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", out, tree], environ=environ)
    made = [*sorted(out.glob("*.whl")), *sorted(out.glob("*.tar.gz"))]
    if [path.name.split("-")[1].removesuffix(".tar.gz") for path in made] != [order.version] * 2:
        names = ", ".join(path.name for path in made)
        raise PackagingError(f"Version {order.version} was to be made, and {ROOT} gave {names or 'nothing'}.")
    run([sys.executable, "-m", "twine", "check", "--strict", *made], environ=environ)
    return made


def _zipapp(order: Order, wheel: Path, folder: Path) -> Path:
    from freeze.environment import requirements_of

    site = folder / "site-packages"
    # What the frozen program is made of, to the version, and what that can do without.
    fetch(
        [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check", "install",
         "--no-deps", "--no-compile", "--only-binary=:all:", "--target", site,
         "--requirement", requirements_of(sys.platform), "--requirement", REQUIREMENTS, wheel],
        environ=_environ(order),
    )  # fmt: skip
    _forget_the_installation(site)
    made_for = (EXTENSION_SUFFIXES[0], platform.machine().lower())
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    preamble = folder / "preamble.py"
    preamble.write_text(
        PREAMBLE.format(
            made_for=made_for,
            name=f"CPython {version}",
            where=system_name(),
        ),
        encoding="utf-8",
    )
    raw = folder / "raw.pyz"
    run(
        [sys.executable, "-m", "shiv", "--reproducible", "--python", SHEBANG, "--console-script", NAME,
         "--site-packages", site, "--preamble", preamble, "--output-file", raw],
        environ=_environ(order),
    )  # fmt: skip
    return _plain(
        raw, folder / f"{NAME}-{order.version}-{system_name()}-py{version}.pyz", order.source.epoch_s
    )


def _forget_the_installation(site: Path) -> None:
    """Take away what tells where this was installed from and by which Python."""
    shutil.rmtree(site / "bin", ignore_errors=True)
    for record in site.glob("*.dist-info/RECORD"):
        (record.parent / "direct_url.json").unlink(missing_ok=True)
        rows = csv.reader(io.StringIO(record.read_text(encoding="utf-8")))
        kept = [
            row for row in rows if not row[0].startswith("..") and not row[0].endswith("/direct_url.json")
        ]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(sorted(kept))
        record.write_text(text.getvalue(), encoding="utf-8")


def _plain(raw: Path, target: Path, epoch_s: int) -> Path:
    """The zipapp with one time and one mode for all that is inside, however the tools were installed."""
    with target.open("wb") as opened:
        opened.write(f"#!{SHEBANG}\n".encode())
        with zipfile.ZipFile(raw) as before, zipfile.ZipFile(opened, "w") as after:
            pack(after, {name: before.read(name) for name in before.namelist()}, epoch_s)
    target.chmod(0o755)
    return target


def _environ(order: Order) -> dict[str, str]:
    return {EPOCH: str(order.source.epoch_s), "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "NO_COLOR": "1"}
