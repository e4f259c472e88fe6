"""Build: the installer package of macOS around the frozen program.

In order: the program is copied, signed from the inside out or sealed, laid out with its launch agent and its
``uninstall`` as they will lie on the disk, packed by pkgbuild, wrapped by productbuild with title, licence
and requirements, signed, notarised and stapled. Keys are named by the environment as for ``packaging/sign``;
where none are, the package is made all the same, and it is said loudly that it is not signed.

One package is for one processor, that of the Mac it was made on: the libraries inside are published for one
processor each. A program for both gives a package for both.

Not yet run on macOS: written from the documentation, tested with tools that record what they are told.
"""

from __future__ import annotations

import os
import plistlib
import shutil
import sys
from pathlib import Path
from typing import Any

from freeze.payload import LICENSE as LICENSE_INSIDE
from freeze.payload import MACOS_MINIMUM, check_payload
from macos import parts
from release.errors import PackagingError
from release.order import Order
from release.workshop import deliver, run, tool, workshop
from signing.apple import XCODE, App, Pkg, seal

_FAT, _THIN = b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe"
_PROCESSORS = {0x01000007: "x86_64", 0x0100000C: "arm64"}


def pkg(order: Order) -> list[Path]:
    """``<command>-<version>-macos-<processor>.pkg``; raises PackagingError."""
    if sys.platform != "darwin":
        raise PackagingError(
            "The package for macOS is made on a Mac: pkgbuild and productbuild exist nowhere else."
        )
    payload = check_payload(order.payload, order, "darwin")
    signer, is_signed = Pkg(os.environ), _is_signed()
    app = payload / parts.app_name(order.identity)
    minimum = str(_information(app, order).get("LSMinimumSystemVersion", MACOS_MINIMUM))
    processors = architectures(app / "Contents" / "MacOS" / order.identity.command)
    pkgbuild, productbuild = (tool(name, XCODE) for name in ("pkgbuild", "productbuild"))
    processor = processors[0] if len(processors) == 1 else "universal"
    with workshop(order.out) as folder:
        tree, scripts, resources = (folder / name for name in ("tree", "scripts", "resources"))
        _lay_out(tree, app, order)
        _write(
            scripts / "preinstall", parts.script("preinstall", order.identity, order.version).encode(), 0o755
        )
        _write(
            scripts / "postinstall",
            parts.script("postinstall", order.identity, order.version).encode(),
            0o755,
        )
        _write(resources / parts.LICENSE, (app / "Contents" / "Resources" / LICENSE_INSIDE).read_bytes())
        _write(folder / "components.plist", parts.components(order.identity))
        described = parts.distribution(
            order.identity, order.version, architectures=processors, minimum=minimum
        )
        _write(folder / "distribution.xml", described)
        run(
            [
                *(pkgbuild, "--root", tree, "--component-plist", folder / "components.plist"),
                *("--scripts", scripts, "--identifier", parts.receipt(order.identity)),
                *("--version", order.version, "--install-location", "/", "--ownership", "recommended"),
                folder / parts.component_name(order.identity),
            ]
        )
        made = folder / f"{order.identity.command}-{order.version}-macos-{processor}.pkg"
        run(
            [
                *(productbuild, "--distribution", folder / "distribution.xml"),
                *("--resources", resources, "--package-path", folder, made),
            ]
        )
        lacking = signer.sign(made) if is_signed else f"is NOT SIGNED: set {signer.wanted}"
        if lacking:
            print(f"{made.name} {lacking}", file=sys.stderr)
        return [deliver(made, order.out)]


def _is_signed() -> bool:
    """Whether keys for the package are named; raises PackagingError where Apple would turn it down."""
    signer = Pkg(os.environ)
    if signer.is_set() and signer.notary() and not App(os.environ).is_set():
        raise PackagingError(
            f"Apple notarises no package around an unsigned program; set {App.wanted} too, or no account."
        )
    return signer.is_set()


def architectures(program: Path) -> list[str]:
    """The processors that a program is for, sorted; raises PackagingError where no Mac has one of them."""
    with program.open("rb") as opened:
        begin = opened.read(4096)
    numbers: list[int] = []
    if begin.startswith(_THIN):
        numbers = [int.from_bytes(begin[4:8], "little")]
    elif begin.startswith(_FAT):
        # The number of parts, then 20 bytes for each, all with the highest byte first.
        count = min(int.from_bytes(begin[4:8], "big"), 16)
        numbers = [int.from_bytes(begin[at : at + 4], "big") for at in range(8, 8 + 20 * count, 20)]
    found = sorted({_PROCESSORS[number] for number in numbers if number in _PROCESSORS})
    if not found:
        raise PackagingError(f"{program} is for no processor that a Mac has; freeze it on a Mac.")
    return found


def _information(app: Path, order: Order) -> dict[str, Any]:
    """What a bundle says about itself; raises PackagingError where that is not what was ordered."""
    place = app / "Contents" / "Info.plist"
    try:
        found = plistlib.loads(place.read_bytes())
        if not isinstance(found, dict):
            found = {}
    except Exception as error:  # noqa: BLE001 - its parsers raise many things for foreign bytes
        raise PackagingError(f"{place} cannot be read ({error}); freeze the program again.") from None
    wanted = {
        "CFBundleIdentifier": order.identity.bundle_id,
        "CFBundleShortVersionString": order.version,
        "CFBundleExecutable": order.identity.command,
    }
    wrong = [
        f"{name} {found.get(name)!r} and not {value!r}"
        for name, value in wanted.items()
        if found.get(name) != value
    ]
    if wrong:
        raise PackagingError(f"{place} says {', '.join(wrong)}; freeze the program under this brand.")
    return dict(found)


def _lay_out(tree: Path, app: Path, order: Order) -> None:
    """What will lie on the disk, below ``tree``."""
    identity = order.identity
    copy = tree / "Applications" / app.name
    shutil.copytree(app, copy, symlinks=True)
    signer = App(os.environ)
    if signer.is_set():
        signer.sign(copy)
    else:
        print(f"{app.name} is NOT SIGNED: set {signer.wanted}", file=sys.stderr)
        seal(copy)
    _write(tree / "Library" / "LaunchAgents" / f"{parts.label(identity)}.plist", parts.agent(identity))
    _write(
        tree / "Library" / "Application Support" / identity.bundle_id / "uninstall",
        parts.script("uninstall", identity, order.version).encode(),
        0o755,
    )
    _open_for_all(tree)


def _open_for_all(tree: Path) -> None:
    """Modes as macOS has them, whatever the mask was under which the program was frozen."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            executed = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executed else 0o644)
    (tree / "Applications").chmod(0o775)  # administrators put programs there


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
