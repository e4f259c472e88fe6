"""A small payload as Windows freezes it, and orders for it, for the tests of what is packed around one."""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec

from release.identity import identify
from release.order import Order
from tests.packaging.release_orders import VERSION, order, put_beside

CYRILLIC_BRAND = """\
product = "Помощь при входе"
vendor = "Завод & Ко"
bundle_id = "org.zavod.pomosch"
command = "pomosch"
maintainer = "ИТ <it@zavod.example>"
"""
HOSTILE_BRAND = """\
product = "A (1) 'B' & C, + - D."
vendor = "O'Neil & Sons, Inc."
bundle_id = "org.oneil.help"
command = "oneil-help"
maintainer = "IT <it@oneil.example>"
"""


def program(*, version: tuple[int, int, int, int] | None = None, machine: int = 0x8664) -> bytes:
    """The head of a program of Windows, and its version where it has one; it cannot be started."""
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0" + struct.pack("<H", machine)
    if version is None:
        return head + bytes(64)
    high, middle, low, build = version
    numbers = ((high << 16) | middle, (low << 16) | build)
    return head + bytes(18) + struct.pack("<IIII", 0xFEEF04BD, 0x10000, *numbers)


def windows_order(
    folder: Path, *, brand: str = "", version: str = VERSION, real: Path | None = None
) -> Order:
    """An order with its payload; ``real``: a program that can be started, instead of mere heads."""
    folder.mkdir(parents=True, exist_ok=True)
    made = order(folder / "out", brand=brand)
    source = msgspec.structs.replace(made.source, version=version)
    payload = folder / "payload"
    made = msgspec.structs.replace(made, source=source, payload=payload)
    write_payload(payload, made, real)
    return made


def again(made: Order) -> Order:
    """The order as its changed brand gives it."""
    return msgspec.structs.replace(made, identity=identify(made.identity.brand))


def write_payload(payload: Path, made: Order, real: Path | None = None) -> None:
    """The folder of a frozen program, of the version and the brand of an order."""
    put_beside(payload, made.identity.brand, made.version)
    numbers = tuple(int(number) for number in made.version.split("."))
    content = real.read_bytes() if real else program(version=(numbers[0], numbers[1], numbers[2], 0))
    files = {
        f"{made.identity.command}.exe": content,
        f"{made.identity.command}w.exe": content,
        "_internal/base_library.zip": b"PK" + made.version.encode(),
        "_internal/python313.dll": program(version=(3, 13, 9, 0)),
        "_internal/A name longer than eight.data": made.version.encode(),
        "_internal/A name longer than most.data": b"",
        "_internal/Юникод.txt" if not made.identity.product.isascii() else "_internal/tcl8/init.tcl": b"text",
    }
    for name, data in files.items():
        (payload / name).parent.mkdir(parents=True, exist_ok=True)
        (payload / name).write_bytes(data)
