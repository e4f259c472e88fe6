"""A program as it is frozen on a Mac, and Apple's tools as scripts that write down what they are told."""

from __future__ import annotations

import os
import plistlib
import struct
from pathlib import Path

import pytest

from release.identity import Identity, identify
from release.order import Order
from release.source import Source
from tests.packaging.release_orders import EPOCH_S, VERSION, put_beside

BRAND = """\
product = "Login & Help"
vendor = "Example Trading"
bundle_id = "org.example.login-help"
command = "login-help"
maintainer = "Example Trading <it@example.org>"
"""
ARM64, X86_64 = 0x0100000C, 0x01000007


def mach_o(*processors: int) -> bytes:
    """The begin of a program for one processor or several."""
    if len(processors) == 1:
        return b"\xcf\xfa\xed\xfe" + struct.pack("<I", processors[0]) + bytes(24)
    parts = b"".join(struct.pack(">5I", processor, 0, 4096, 64, 12) for processor in processors)
    return b"\xca\xfe\xba\xbe" + struct.pack(">I", len(processors)) + parts


def branded(folder: Path) -> Identity:
    """The identity of BRAND."""
    brand = folder / "brand.toml"
    brand.write_text(BRAND, encoding="utf-8")
    return identify(brand)


def frozen(folder: Path, identity: Identity, *, processors: tuple[int, ...] = (ARM64,)) -> Path:
    """The payload of a Mac."""
    contents = folder / "payload" / f"{identity.product}.app" / "Contents"
    files = {
        "Info.plist": plistlib.dumps(
            {
                "CFBundleIdentifier": identity.bundle_id,
                "CFBundleShortVersionString": VERSION,
                "CFBundleExecutable": identity.command,
                "LSMinimumSystemVersion": "12.0",
            }
        ),
        f"MacOS/{identity.command}": mach_o(*processors),
        "Frameworks/lib-dynload/_ssl.so": mach_o(*processors),
        "Frameworks/libtcl.dylib": mach_o(*processors),
        "Frameworks/Python.framework/Versions/3.13/Python": mach_o(*processors),
        "Frameworks/Python.framework/Versions/3.13/Resources/Info.plist": b"<plist/>",
        "Resources/base_library.zip": b"PK",
    }
    put_beside(contents / "Resources", identity.brand, VERSION)
    for name, content in files.items():
        (contents / name).parent.mkdir(parents=True, exist_ok=True)
        (contents / name).write_bytes(content)
    (contents / "MacOS" / identity.command).chmod(0o755)
    (contents / "Frameworks/base_library.zip").symlink_to("../Resources/base_library.zip")
    (contents / "Frameworks/Python.framework/Versions/Current").symlink_to("3.13")
    return contents.parents[1]


def ordered(folder: Path, identity: Identity, payload: Path) -> Order:
    """A package of VERSION in ``folder/out``."""
    return Order(
        identity=identity,
        source=Source(version=VERSION, epoch_s=EPOCH_S),
        out=folder / "out",
        payload=payload,
    )


class Tools:
    """Programs in a folder that stands first on PATH; each writes down its name and arguments."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.log = folder / "calls"
        self.bin.mkdir()

    def add(self, name: str, script: str = "") -> None:
        """A tool that then does what a shell script says, with its arguments."""
        path = self.bin / name
        # Each word and then each call ends with a character that stands in none of them.
        record = f"""{{ printf '%s\\037' {name} "$@"; printf '\\036'; }} >>'{self.log}'"""
        path.write_text(f"#!/bin/sh\n{record}\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def calls(self, name: str = "") -> list[list[str]]:
        """What was called, in order: of one tool without its name, else with it."""
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        found = [call.split("\x1f")[:-1] for call in text.split("\x1e")[:-1]]
        return [call[1:] for call in found if call[0] == name] if name else found


LAST = "for last; do :; done\n"
PKGBUILD = LAST + 'printf "xar!component" >"$last"'
PRODUCTSIGN = LAST + 'printf "xar!signed" >"$last"'
NOTARY = 'case $2 in submit) echo \'{"id": "2efe2717", "status": "Accepted"}\' ;; esac'


def on_a_mac(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Apple's tools, all of which succeed, on what takes itself for a Mac where no key is set."""
    made = Tools(folder)
    for name in ("codesign", "pkgutil"):
        made.add(name)
    made.add("pkgbuild", PKGBUILD)
    made.add("productbuild", PKGBUILD)
    made.add("productsign", PRODUCTSIGN)
    made.add("xcrun", NOTARY)
    monkeypatch.setenv("PATH", f"{made.bin}:/usr/bin:/bin")
    monkeypatch.setattr("sys.platform", "darwin")
    for name in [name for name in os.environ if name.startswith("SIGN_")]:
        monkeypatch.delenv(name)
    return made
