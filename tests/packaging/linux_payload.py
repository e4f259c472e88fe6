"""Linux payload: a frozen program that is small: it prints name, version and its arguments, and ends."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from release.identity import identify
from release.order import Order
from release.source import Source
from tests.packaging.release_orders import put_beside

EPOCH_S = 1_795_305_600
_LOADED_AT = 0x400000


def brand(folder: Path, **values: str) -> Path:
    """A ``brand.toml`` with these values over those of an example."""
    given = {
        "product": "Login Help",
        "vendor": "Example Trading",
        "bundle_id": "org.example.login-help",
        "command": "login-help",
        "maintainer": "Example Desk <desk@example.org>",
        **values,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "brand.toml"
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in given.items())
    path.write_text("".join(lines), encoding="utf-8")
    return path


def order(folder: Path, named: Path, version: str = "1.2.0", program: bytes = b"") -> Order:
    """An order of one version with its payload made, below ``folder``."""
    found = Order(
        identity=identify(named),
        source=Source(version=version, epoch_s=EPOCH_S),
        out=folder / "out",
        payload=folder / f"payload-{version}",
    )
    assert found.payload is not None
    payload(found.payload, found, program)
    return found


def payload(folder: Path, wanted: Order, content: bytes = b"") -> None:
    """The folder, as freezing leaves it; by default the program prints its name and version."""
    command = wanted.identity.command
    (folder / "_internal" / "parts").mkdir(parents=True)
    program = folder / command
    program.write_bytes(content or elf(f"{command} {wanted.version}\n"))
    program.chmod(0o700)  # whoever froze it may have been strict
    (folder / "_internal" / "parts" / f"only-{wanted.version}.txt").write_text("parts\n")
    (folder / "_internal" / "odd name [1] {x}.txt").write_text("odd\n")
    (folder / "_internal" / "link.txt").symlink_to(f"parts/only-{wanted.version}.txt")
    put_beside(folder, wanted.identity.brand, wanted.version)


def elf(says: str, *, stays: bool = False) -> bytes:
    """A program for Linux on x86-64 that prints a text and ends, or ``stays`` until a signal ends it."""
    text = says.encode()
    end = b"\xb8\x22\x00\x00\x00\x0f\x05" if stays else b"\xb8\x3c\x00\x00\x00\x31\xff\x0f\x05"
    begin = b"\xb8\x01\x00\x00\x00\xbf\x01\x00\x00\x00\x48\xbe"  # write(1, …
    middle = b"\xba" + struct.pack("<I", len(text)) + b"\x0f\x05"
    head = 64 + 56
    at = _LOADED_AT + head + len(begin) + 8 + len(middle) + len(end)
    code = begin + struct.pack("<Q", at) + middle + end + text
    size = head + len(code)
    header = struct.pack(
        "<4sBBBB8xHHIQQQIHHHHHH",
        *(b"\x7fELF", 2, 1, 1, 0, 2, 62, 1, _LOADED_AT + head, 64, 0, 0, 64, 56, 1, 64, 0, 0),
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _LOADED_AT, _LOADED_AT, size, size, 0x1000)
    return header + segment + code
