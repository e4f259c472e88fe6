"""Build: the packages for dpkg and for rpm, around the frozen program, by nfpm."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from freeze.libraries import needs
from freeze.payload import check_payload
from linux.archive import shrink_deb, shrink_rpm
from linux.completions import completions
from linux.documents import RELEASE, documents
from linux.manual import manual
from linux.menu import menu
from linux.pieces import File, Folder, Link, Piece
from linux.requirements import RECOMMENDED, deb_depends, rpm_requires
from linux.scripts import deb_scripts, rpm_scripts
from linux.units import units
from release.errors import PackagingError
from release.identity import DESCRIPTION, SUMMARY
from release.order import Order
from release.workshop import deliver, run, tool, workshop

DEB, RPM = "deb", "rpm"
SYSTEM_PACKAGES = frozenset(
    {
        *("adduser", "apt", "base-files", "base-passwd", "bash", "bsdutils", "bzip2", "coreutils"),
        *("cron", "dash", "dbus", "debconf", "debianutils", "diffutils", "dnf", "dnf5", "dpkg"),
        *("e2fsprogs", "filesystem", "findutils", "gawk", "glibc", "gpg", "grep", "grub", "gzip"),
        *("hostname", "init", "initscripts", "iproute2", "kmod", "libc-bin", "libc6", "login"),
        *("mount", "ncurses-base", "ncurses-bin", "openssl", "pam", "passwd", "perl", "perl-base"),
        *("procps", "python", "python3", "rpm", "sed", "selinux-policy", "setup", "shadow"),
        *("shadow-utils", "sudo", "systemd", "sysvinit", "sysvinit-utils", "tar", "tzdata", "udev"),
        *("util-linux", "xz-utils", "yum", "zlib", "zypper"),
    }
)
"""Packages that systems are made of: one of our own under such a name would take its place."""
# Libraries are read, not run; freezing marks them as programs.
_LIBRARY = re.compile(r"\.so(?:\.|$)")
# What belongs to the distribution: its packages may have their own mind about mode and owner.
_SYSTEM = {
    *("/", "/etc", "/opt", "/usr", "/usr/bin", "/usr/lib", "/usr/lib/systemd", "/usr/lib/systemd/user"),
    *("/usr/share", "/usr/share/applications", "/usr/share/doc", "/usr/share/icons", "/usr/share/licenses"),
    *("/usr/share/man", "/usr/share/man/man1"),
}
# By the processor that a program's own header names: as nfpm calls it.
_PROCESSORS = {62: "amd64", 183: "arm64"}


def deb(order: Order) -> list[Path]:
    """The package for Debian and Ubuntu; raises PackagingError."""
    return [_build(order, DEB)]


def rpm(order: Order) -> list[Path]:
    """The package for Red Hat, Fedora and SUSE; raises PackagingError."""
    return [_build(order, RPM)]


def _build(order: Order, form: str) -> Path:
    payload = check_payload(order.payload, order, "linux")
    with workshop(order.out) as folder:
        settings = configuration(order, payload, form, folder / "parts")
        written = folder / "nfpm.yaml"
        # nfpm reads YAML, and JSON is YAML.
        written.write_text(json.dumps(settings, ensure_ascii=False, indent=1), encoding="utf-8")
        made = folder / "made"
        made.mkdir()
        run(
            [_nfpm(), "package", "--config", written, "--packager", form, "--target", f"{made}/"],
            environ={"LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": str(order.source.epoch_s)},
        )
        packages = list(made.iterdir())
        if len(packages) != 1:
            raise PackagingError(f"nfpm made {len(packages)} files where one {form} was wanted.")
        shrink = shrink_deb if form == DEB else shrink_rpm
        shrink(packages[0], str(settings["arch"]))
        return deliver(packages[0], order.out)


def configuration(order: Order, payload: Path, form: str, parts: Path) -> dict[str, object]:
    """What nfpm is told; what has no file yet is written to ``parts``. Raises PackagingError."""
    identity = order.identity
    if len(identity.command) < 2:
        raise PackagingError(
            f"{identity.brand} gives the command {identity.command!r}, and dpkg wants names of at least two "
            "letters; choose a longer one."
        )
    if identity.command in SYSTEM_PACKAGES:
        raise PackagingError(
            f"{identity.brand} gives the command {identity.command!r}, and a package of that name is part of "
            f'systems, whose place it would take; add another, such as command = "{identity.command}-help".'
        )
    found = needs(payload)
    scripts = deb_scripts(identity, f"{order.version}-{RELEASE}") if form == DEB else rpm_scripts(identity)
    parts.mkdir()
    for name, text in scripts.items():
        (parts / name).write_text(text, encoding="utf-8")
    moment = _moment(order)
    description = "\n".join([SUMMARY, *_wrapped(DESCRIPTION)])
    settings: dict[str, object] = {
        "name": identity.command,
        "arch": _processor(payload / identity.command),
        "platform": "linux",
        "version": order.version,
        "version_schema": "none",
        "release": RELEASE,
        "section": "utils",
        "priority": "optional",
        "maintainer": identity.maintainer,
        "vendor": identity.vendor,
        "description": description,
        "license": "MIT",
        "homepage": identity.help_url.replace("$", "%24"),  # nfpm would put in a variable
        "mtime": moment,
        "disable_globbing": True,
        "depends": deb_depends(found) if form == DEB else rpm_requires(found),
        "recommends": RECOMMENDED[form],
        "scripts": {name: str(parts / name) for name in scripts},
        "contents": _contents(pieces(order, payload, form), form, parts, moment),
    }
    if form == DEB:
        settings["deb"] = {"compression": "none"}  # see archive.py
    else:
        settings["rpm"] = {
            "compression": "xz",  # and see archive.py
            "summary": SUMMARY,
            "packager": identity.maintainer,
            "group": "Applications/System",
            # The name of the computer would make each build another one.
            "buildhost": "reproducible",
        }
    return settings


def pieces(order: Order, payload: Path, form: str) -> list[Piece]:
    """Everything that the package holds, by its place. Raises PackagingError."""
    identity = order.identity
    policies = f"/etc/{identity.command}/policies"
    found: list[Piece] = [
        *program(payload, identity.linux_folder),
        Link(place=f"/usr/bin/{identity.command}", to=f"{identity.linux_folder}/{identity.command}"),
        *(Folder(place=place) for place in (f"/etc/{identity.command}", policies)),
        *(Folder(place=f"{policies}/{name}") for name in ("managed", "recommended")),
        *menu(order),
        *manual(order),
        *completions(identity, form),
        *units(identity),
        *documents(order, form),
    ]
    if form == RPM:
        found += _parents(found)
    return sorted(found, key=lambda piece: piece.place)


def _parents(found: Sequence[Piece]) -> list[Folder]:
    """The folders that are not part of every system: dpkg knows them from the files below, rpm is told."""
    known = {piece.place for piece in found} | _SYSTEM
    above = {str(parent) for piece in found for parent in PurePosixPath(piece.place).parents}
    return [Folder(place=place) for place in above - known]


def program(payload: Path, folder: str) -> Iterator[Piece]:
    """The frozen program as it lies in the package: root's, for everybody to read, for nobody to change.

    Raises PackagingError for what is neither file, folder nor a link that stays inside.
    """
    yield Folder(place=folder)
    for path in sorted(payload.rglob("*")):
        place = f"{folder}/{path.relative_to(payload).as_posix()}"
        about = path.lstat()
        if stat.S_ISLNK(about.st_mode):
            to = path.readlink()
            # Path.resolve() fails where links lead round.
            inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(payload))
            if to.is_absolute() or not inside:
                raise PackagingError(f"{path} leads out of the frozen program, to {to}; freeze it again.")
            yield Link(place=place, to=to.as_posix())
        elif stat.S_ISDIR(about.st_mode):
            yield Folder(place=place)
        elif stat.S_ISREG(about.st_mode):
            runs = about.st_mode & 0o100 and not _LIBRARY.search(path.name)
            yield File(place=place, content=path, mode=0o755 if runs else 0o644)
        else:
            raise PackagingError(f"{path} is neither file, folder nor link; freeze the program again.")


def _contents(found: Sequence[Piece], form: str, parts: Path, moment: str) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = []
    for number, piece in enumerate(found):
        about: dict[str, object] = {"owner": "root", "group": "root", "mtime": moment}
        entry: dict[str, object] = {"dst": piece.place, "file_info": about}
        match piece:
            case Link():
                entry |= {"src": piece.to, "type": "symlink"}
            case Folder():
                entry |= {"type": "dir"}
                about["mode"] = piece.mode
            case File():
                source = piece.content
                if isinstance(source, bytes):
                    source = parts / f"{number:05}"
                    source.write_bytes(piece.content)  # type: ignore[arg-type]
                # nfpm leaves out of a deb what has a role.
                entry |= {"src": str(source), "type": piece.role if form == RPM else ""}
                about["mode"] = piece.mode
        listed.append(entry)
    return listed


def _processor(path: Path) -> str:
    header = path.read_bytes()[:20]
    little = header[5:6] == b"\x01"
    number = int.from_bytes(header[18:20], "little" if little else "big")
    if number not in _PROCESSORS or header[4:5] != b"\x02":
        raise PackagingError(
            f"{path} is a program for another processor than {' or '.join(_PROCESSORS.values())}; "
            "freeze it on a computer that has one of these."
        )
    return _PROCESSORS[number]


def _moment(order: Order) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(order.source.epoch_s))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 76, break_on_hyphens=False)


def _nfpm() -> str:
    beside = Path(sys.executable).parent / "nfpm"
    return str(beside) if beside.is_file() else tool("nfpm", "the Python package nfpm")
