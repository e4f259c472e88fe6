"""What the packages cost, as a table in Markdown: size, time to build, to install and to a first window.

    python -m tests.benchmarks.packages [--rounds N] [--windows-payload DIR]

after ``packaging/develop test-systems``, as root. Everything is built once from this checkout as it stands.
Each is installed where nothing of it was before, the median of some rounds: what it needs of the system or of
the index was fetched before, so that no network is measured. The windows of the frozen program, of the same
packages unfrozen and of the zipapp are taken turn by turn.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

import msgspec  # noqa: E402 - the rooms of packaging/ are found by the line above

from packages import ARTEFACTS, FROZEN, WINDOWS  # noqa: E402
from release.errors import PackagingError  # noqa: E402
from release.identity import OWN_BRAND, identify  # noqa: E402
from release.order import Order  # noqa: E402
from release.source import source  # noqa: E402
from tests.benchmarks.__main__ import Bench, shown  # noqa: E402
from tests.benchmarks.samples import Samples, take_turns  # noqa: E402
from tests.benchmarks.screen import CannotMeasure, Screen  # noqa: E402
from tests.packaging.windows_payload import program  # noqa: E402
from tests.systems.cleanroot import CleanRoot  # noqa: E402
from tests.systems.wine import Wine  # noqa: E402

INSTALL_LIMIT_S = 600
INSTALL_ROUNDS = 3
# Made beside the others and not rolled out.
UNLISTED = frozenset({"winget", "checksums"})


class Row(msgspec.Struct, kw_only=True):
    """A line of the table; ``build_s``: of all that one builder makes, None for what is not built."""

    name: str
    size_bytes: int
    build_s: float | None = None
    install: Samples | None = None
    window: Samples | None = None

    def __str__(self) -> str:
        """The line in Markdown."""
        build = "" if self.build_s is None else f"{self.build_s:.1f} s"
        install = f"{self.install.median / 1000:.1f} s" if self.install else ""
        window = shown(self.window, "ms") if self.window else ""
        size = f"{self.size_bytes / 1e6:.2f} MB"
        return f"| `{self.name}` | {size} | {build} | {install} | {window} |"


class Measuring:
    """``folder``: for all that is made; ``gaps``: what could not be measured; ``notes``: what to know of
    the rest; both are sentences.
    """

    def __init__(self, folder: Path, rounds: int, windows_payload: Path | None) -> None:
        self.folder = folder
        self.rounds = rounds
        self.windows_payload = windows_payload
        self.order = Order(
            identity=identify(OWN_BRAND), source=source(allow_changes=True), out=folder / "out"
        )
        self.rows: dict[str, Row] = {}
        self.gaps: list[str] = []
        self.notes: list[str] = []

    def build(self) -> None:
        """Everything that this system makes, each timed."""
        for one in ARTEFACTS.values():
            if sys.platform not in one.systems or one.name in UNLISTED:
                continue
            with self.noting(one.name):
                ordered = self.order
                if one.packs == WINDOWS:
                    payload = self.windows_payload or self._stand_in()
                    ordered = msgspec.structs.replace(self.order, payload=payload)
                begun = time.perf_counter()
                made = one.make(ordered)
                build_s = time.perf_counter() - begun
                for path in made:
                    self.rows[path.name] = Row(name=path.name, size_bytes=_size(path), build_s=build_s)
                if one.name == FROZEN:
                    self.order = msgspec.structs.replace(self.order, payload=made[0])

    def install(self) -> None:
        """Each that was made, where it was not before."""
        ways: dict[str, Callable[[Path], Samples]] = {
            ".whl": self._wheel, ".pyz": self._zipapp, ".deb": self._deb, ".rpm": self._rpm,
            ".msi": self._msi, ".tar.xz": self._archive,
        }  # fmt: skip
        for row in list(self.rows.values()):
            way = next((way for end, way in ways.items() if row.name.endswith(end)), None)
            if way:
                print(f"Installing {row.name} …", file=sys.stderr)
                with self.noting(row.name):
                    row.install = way(self.order.out / row.name)

    def show(self) -> None:
        """From the start of each program to its first mapped window, turn by turn."""
        from freeze.environment import environment

        bench = Bench(self.folder, self.rounds)
        words = ["show", str(bench.failure)]
        commands: dict[str, list[str]] = {}
        if self.order.payload:
            commands[self.order.payload.name] = [
                str(self.order.payload / self.order.identity.command),
                *words,
            ]
        for name in self.rows:
            if name.endswith(".pyz"):
                commands[name] = [sys.executable, str(self.order.out / name), *words]
        with self.noting("windows"):
            with environment(self.order) as used:
                python = used.python
            # As the library starts it: a folder that happens to be the current one is not looked at.
            unfrozen = "the same packages, not frozen"
            commands[unfrozen] = [str(python), "-P", "-X", "utf8", "-m", "reporter", *words]
            self.rows[unfrozen] = Row(name=unfrozen, size_bytes=_size(python.parent.parent))
            with Screen() as screen:
                times = take_turns(
                    {
                        name: lambda command=command: screen.time_to_window(command, bench.environment)  # type: ignore[misc]
                        for name, command in commands.items()
                    },
                    self.rounds,
                )
            for name, taken in times.items():
                self.rows[name].window = taken

    @contextmanager
    def noting(self, what: str) -> Iterator[None]:
        """What cannot be made or measured is told under the table, and the rest goes on."""
        try:
            yield
        except (
            PackagingError,
            CannotMeasure,
            OSError,
            AssertionError,
            RuntimeError,
            subprocess.SubprocessError,
        ) as error:
            self.gaps.append(f"{what}: {error}")

    def _stand_in(self) -> Path:
        """A payload about as large as one frozen on Windows: this system's, with programs that are none."""
        if self.order.payload is None:
            raise PackagingError("There is no frozen program to stand in for one of Windows.")
        folder = self.folder / "windows"
        shutil.copytree(
            self.order.payload, folder, ignore=lambda *_: [self.order.identity.command, *_links(*_)]
        )
        content = program() + (self.order.payload / self.order.identity.command).read_bytes()
        for name in ("", "w"):
            (folder / f"{self.order.identity.command}{name}.exe").write_bytes(content)
        self.notes.append("The .msi is packed around a stand-in: the files frozen here, named as on Windows.")
        return folder

    def _again(self, install: Callable[[], object], remove: Callable[[], object]) -> Samples:
        """Milliseconds that an installation takes, each time after a removal; the first is not counted."""
        taken = []
        for number in range(INSTALL_ROUNDS + 1):
            begun = time.perf_counter()
            install()
            if number:
                taken.append((time.perf_counter() - begun) * 1000)
            remove()
        return Samples(tuple(taken))

    def _deb(self, package: Path) -> Samples:
        needs = _said(["dpkg-deb", "--field", package, "Depends"])
        names = [word.split("|")[0].split("(")[0].strip() for word in needs.split(",") if word.strip()]
        name = _said(["dpkg-deb", "--field", package, "Package"]).strip()
        with CleanRoot("bench") as root:
            if names:
                root.install_packages(*names)
            root.copy_in(package, "/root/package.deb")
            return self._again(
                lambda: root.run(["dpkg", "--install", "/root/package.deb"]),
                lambda: root.run(["dpkg", "--purge", name]),
            )

    def _rpm(self, package: Path) -> Samples:
        root = self.folder / "rpm-root"
        root.mkdir()
        name = _said(["rpm", "--query", "--package", "--queryformat", "%{NAME}", package])
        # What it needs is not there, nor a shell for its scripts.
        command: list[str | Path] = ["rpm", "--root", root, "--dbpath", "/var/lib/rpm"]
        _said([*command, "--initdb"])
        return self._again(
            lambda: _said([*command, "--install", "--nodeps", "--noscripts", package]),
            lambda: _said([*command, "--erase", "--nodeps", "--noscripts", name]),
        )

    def _msi(self, package: Path) -> Samples:
        if shutil.which("wine") is None:
            raise CannotMeasure("wine is missing; run packaging/develop test-systems.")
        wine = Wine(self.folder / "wine")
        name = f"{self.order.identity.command}.exe"

        def install() -> None:
            wine.install(package)
            if not any(wine.drive.glob(f"Program Files/**/{name}")):
                raise CannotMeasure(f"There is no {name} after the installation of {package.name}.")

        try:
            return self._again(install, lambda: wine.remove(package))
        finally:
            wine.close()

    def _archive(self, package: Path) -> Samples:
        target = self.folder / "unpacked"

        def unpack() -> None:
            target.mkdir()
            _said(["tar", "-xf", package, "-C", target])

        return self._again(unpack, lambda: shutil.rmtree(target))

    def _wheel(self, wheel: Path) -> Samples:
        store = self.folder / "wheels"
        pip: list[str | Path] = [
            sys.executable,
            "-m",
            "pip",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
        ]
        _said([*pip, "download", "--dest", store, wheel])
        # pipx brings the newest along for all that it installs.
        _said([*pip, "download", "--dest", store, "pip"])
        target = self.folder / "venv"

        def install() -> None:
            venv.create(target, with_pip=False)
            into: list[str | Path] = [*pip, "--python", target / "bin" / "python"]
            _said([*into, "install", "--no-index", "--find-links", store, wheel])

        taken = self._again(install, lambda: shutil.rmtree(target))
        with self.noting("pipx"):
            name = "pipx install"
            self.rows[name] = Row(
                name=name, size_bytes=wheel.stat().st_size, install=self._pipx(wheel, store)
            )
        return taken

    def _pipx(self, wheel: Path, store: Path) -> Samples:
        folder = self.folder / "pipx"
        venv.create(folder, with_pip=True)
        _said([folder / "bin" / "pip", "install", "--quiet", "--no-input", "pipx"])
        environ = {
            **os.environ,
            "PIPX_HOME": str(self.folder / "pipx-home"),
            "PIPX_BIN_DIR": str(self.folder / "pipx-bin"),
            "PIPX_MAN_DIR": str(self.folder / "pipx-man"),
        }
        pipx = folder / "bin" / "pipx"
        offline = f"--pip-args=--no-index --find-links={store}"
        return self._again(
            lambda: _said([pipx, "install", "--python", sys.executable, offline, wheel], environ),
            lambda: _said([pipx, "uninstall", "reporter-agent"], environ),
        )

    def _zipapp(self, program: Path) -> Samples:
        """Its first start, which unpacks it."""
        home = self.folder / "home"

        def start() -> None:
            home.mkdir()
            _said([sys.executable, program, "--version"], {"HOME": str(home), "PATH": os.environ["PATH"]})

        return self._again(start, lambda: shutil.rmtree(home))


def _links(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if Path(folder, name).is_symlink()]


def _said(command: Sequence[str | Path], environ: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=INSTALL_LIMIT_S,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise CannotMeasure(f"{Path(command[0]).name} ended with {done.returncode}: {said}")
    return done.stdout


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(one.lstat().st_size for one in path.rglob("*") if one.is_file() and not one.is_symlink())
    return path.stat().st_size


def main() -> int:
    """Measure everything and print the table; 1 when something was not measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.packages")
    parser.add_argument("--rounds", type=int, default=15, help="turns of the windows (default: 15)")
    parser.add_argument("--windows-payload", type=Path, metavar="DIR", help="a program frozen on Windows")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    # Not in the folder of temporary files, which may be no disk at all.
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=cache) as folder:
        measuring = Measuring(Path(folder), max(2, given.rounds), given.windows_payload)
        for step in (measuring.build, measuring.install, measuring.show):
            print(f"Measuring: {step.__name__} …", file=sys.stderr)
            step()
    print("| artefact | size | build | install | first window |")
    print("|---|---|---|---|---|")
    for row in measuring.rows.values():
        print(row)
    print(
        f"\nInstallation: median of {INSTALL_ROUNDS}, of a zipapp its first start; windows: median and "
        f"quartiles of {measuring.rounds} turns; {os.cpu_count()} processors, load {load:.1f} before, "
        f"Python {sys.version.split()[0]}."
    )
    for sentence in (*measuring.notes, *measuring.gaps):
        print(sentence)
    return 1 if measuring.gaps else 0


if __name__ == "__main__":
    sys.exit(main())
