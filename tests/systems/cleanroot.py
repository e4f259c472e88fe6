"""Clean root: a Debian with nothing but its smallest self, in which packages are installed for real.

It is made once by debootstrap, below ``.cache/``. A test gets a layer above it that is kept in memory, in
mount and process namespaces of its own: whatever the test leaves, mounts, files and running programs, is gone
with the one process that holds them, also when the test itself is killed. The network is the computer's own,
so that what listens on 127.0.0.1 is reached from inside, and so is a display (abstract sockets).
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pytest

CACHE = Path(__file__).resolve().parents[2] / ".cache"
BASE = CACHE / "clean-root"
SUITE = "bookworm"
USUAL_MIRROR = "http://deb.debian.org/debian"
BUILD_LIMIT_S = 900.0
RUN_LIMIT_S = 300.0
PERSON_ID = 1000
PERSON = "person"

needs_clean_root = pytest.mark.skipif(
    not hasattr(os, "geteuid")
    or os.geteuid() != 0
    or not all(map(shutil.which, ("debootstrap", "unshare", "nsenter"))),
    reason="a clean root is made by root with debootstrap and util-linux; see packaging/develop",
)

# What is mounted anew or changes by itself.
_PASSING = ("dev", "proc", "run", "sys", "tmp", "var/cache/apt", "var/lib/apt/lists", "var/log")

_HOLD = """\
set -e
mount -t tmpfs -o mode=755 layer "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
mount -t proc proc "$1/root/proc"
mount --bind /dev "$1/root/dev"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$1/root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$1/root/dev/shm"
mount -t tmpfs -o mode=755 run "$1/root/run"
mount --bind "$3" "$1/root/var/cache/apt/archives"
cp /etc/resolv.conf "$1/root/etc/resolv.conf" 2>/dev/null || true
echo ready
trap : TERM INT
while :; do sleep 3600 & wait; done
"""


def base() -> Path:
    """The folder of the clean Debian, made where it is missing; some hundred megabytes from the mirror."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "clean-root.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not BASE.is_dir():
            unfinished = Path(tempfile.mkdtemp(prefix="clean-root-", dir=CACHE))
            try:
                _debootstrap(unfinished)
                unfinished.rename(BASE)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return BASE


def _debootstrap(folder: Path) -> None:
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", SUITE, str(folder), _mirror()],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=BUILD_LIMIT_S,
        check=False,
    )
    if made.returncode:
        log = folder / "debootstrap" / "debootstrap.log"
        more = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        said = f"{made.stdout[-2000:]}{made.stderr}{more}"
        raise RuntimeError(f"debootstrap ended with {made.returncode}: {said}")
    folder.chmod(0o755)
    person = f"{PERSON}:x:{PERSON_ID}:{PERSON_ID}:A person:/home/{PERSON}:/bin/sh\n"
    for name, line in (("passwd", person), ("group", f"{PERSON}:x:{PERSON_ID}:\n")):
        with (folder / "etc" / name).open("a") as file:
            file.write(line)
    home = folder / "home" / PERSON
    home.mkdir()
    os.chown(home, PERSON_ID, PERSON_ID)
    for package in (folder / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()


def _mirror() -> str:
    """Where this computer takes Debian from."""
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for file in files:
        text = file.read_text(errors="replace") if file.is_file() else ""
        for line in text.splitlines():
            found = re.match(r"(?:URIs:|deb\s+(?:\[[^]]*\]\s+)?)\s*(https?://\S+/debian)/?(?:\s|$)", line)
            if found:
                return found[1]
    return USUAL_MIRROR


class CleanRoot:
    """``with CleanRoot() as root``: a Debian of one's own; ``path`` is its root, as seen from outside.

    Absolute symbolic links inside are read from outside as if they meant this computer: use ``run``, or
    ``os.readlink``, for them.
    """

    path: Path

    def __init__(self, name: str = "test") -> None:
        self._name = name
        self._holder: subprocess.Popen[str] | None = None
        self._first = 0

    def __enter__(self) -> CleanRoot:
        lower = base()
        packages = CACHE / "clean-root-packages"
        (packages / "partial").mkdir(parents=True, exist_ok=True)
        self._point = tempfile.mkdtemp(prefix=f"clean-root-{self._name}-")
        hold = ["sh", "-c", _HOLD, "hold", self._point, str(lower), str(packages)]
        spaces = ["--mount", "--pid", "--ipc", "--uts", "--propagation", "private"]
        self._holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--fork", "--kill-child", *spaces, "--", *hold],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "ready\n":
            said = self._holder.communicate()[1]
            self.__exit__(None, None, None)
            raise RuntimeError(f"A clean root cannot be mounted here: {said}")
        outer = self._holder.pid
        self._first = int(Path(f"/proc/{outer}/task/{outer}/children").read_text().split()[0])
        self.path = Path(f"/proc/{self._first}/root{self._point}/root")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._holder is not None:
            self._holder.kill()
            self._holder.communicate()
            self._holder = None
        Path(self._point).rmdir()

    def _words(self, command: Sequence[str | Path], person: bool, cwd: str) -> list[str]:
        inside = f"{self._point}/root"
        # nsenter waits for it as for a child: who ends one ends the other.
        who = ["setpriv", "--pdeathsig=KILL"]
        who += [f"--reuid={PERSON_ID}", f"--regid={PERSON_ID}", "--clear-groups"] if person else []
        move = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "run", cwd]
        enter = ["nsenter", f"--target={self._first}", "--mount", "--root", "--pid", "--ipc", "--uts"]
        return [*enter, "chroot", inside, *who, *move, *map(str, command)]

    @staticmethod
    def _environ(environ: Mapping[str, str] | None, person: bool) -> dict[str, str]:
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": f"/home/{PERSON}" if person else "/root",
            "USER": PERSON if person else "root",
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            **(environ or {}),
        }

    def run(
        self,
        command: Sequence[str | Path],
        *,
        environ: Mapping[str, str] | None = None,
        check: bool = True,
        person: bool = False,
        cwd: str = "/",
        given: str = "",
        limit_s: float = RUN_LIMIT_S,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside, as root or as an ordinary ``person``, with an environment of its own.

        ``given``: its standard input; ``check``: an AssertionError with all that it said where it fails.
        """
        done = subprocess.run(
            self._words(command, person, cwd),
            env=self._environ(environ, person),
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
            check=False,
        )
        if check and done.returncode:
            words = " ".join(map(str, command))
            raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def start(
        self,
        command: Sequence[str | Path],
        *,
        environ: Mapping[str, str] | None = None,
        person: bool = False,
        cwd: str = "/",
    ) -> subprocess.Popen[str]:
        """Start a program inside that goes on running, at the latest until the root is left."""
        return subprocess.Popen(
            self._words(command, person, cwd),
            env=self._environ(environ, person),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def install_packages(self, *names: str) -> None:
        """Install packages of Debian, with what they need and nothing that they recommend."""
        install = ["apt-get", "-qq", "-y", "install", "--no-install-recommends", *names]
        (CACHE / "clean-root-packages").mkdir(exist_ok=True)
        with (CACHE / "clean-root-packages.lock").open("w") as lock:
            # The downloads are shared by all roots.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.run(install, check=False).returncode:
                self.run(["apt-get", "-qq", "update"])
                self.run(install)

    def copy_in(self, source: Path, place: str) -> None:
        """Copy a file or folder of this computer to ``place`` inside, an absolute path."""
        target = self.path / place.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)

    def files(self) -> dict[str, str]:
        """What lies inside, by absolute path: kind, mode, owner and, of a link, where it points.

        Without what is mounted or changes by itself.
        """
        found = {}
        for folder, folders, names in os.walk(self.path):
            here = os.path.relpath(folder, self.path)
            folders[:] = [name for name in folders if os.path.normpath(f"{here}/{name}") not in _PASSING]
            for name in (*folders, *names):
                entry = Path(folder, name)
                about = entry.lstat()
                text = f"{stat.filemode(about.st_mode)} {about.st_uid}:{about.st_gid}"
                if stat.S_ISLNK(about.st_mode):
                    text += f" -> {entry.readlink()}"
                found["/" + os.path.normpath(f"{here}/{name}")] = text
        return found


def is_of_root_for_all(about: str) -> bool:
    """Whether what ``files`` says of one place means: root's, for everybody to read, for nobody to change."""
    mode, _, owner = about.partition(" ")
    return owner.startswith("0:0") and ("->" in owner or mode in ("-rw-r--r--", "-rwxr-xr-x", "drwxr-xr-x"))
