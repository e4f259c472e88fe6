"""Payload: the folder of the frozen program, which every installer is packed around.

```
reporter            the program: reporter.exe and, without a console, reporterw.exe on Windows
_internal/          its Python, its libraries and its texts
brand.toml          whose program it is, with the logos that it names
LICENSE licenses/   of the program, and of everything inside
sbom.cdx.json       what is inside, by name and version
```

On macOS the folder holds ``<product>.app``: the program lies in its ``Contents/MacOS``, the files beside it
in ``Contents/Resources``.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from release.errors import PackagingError
from release.order import Order

INTERNAL = "_internal"
LICENSES = "licenses"
BRAND = "brand.toml"
SBOM = "sbom.cdx.json"
LICENSE = "LICENSE"
MACOS_MINIMUM = "11.0"
"""The least version of macOS that the libraries inside are published for."""

SYSTEMS = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}
"""By the names of ``sys.platform``."""
_FORMATS = {
    b"\x7fELF": "linux",
    b"MZ": "win32",
    b"\xcf\xfa\xed\xfe": "darwin",
    b"\xca\xfe\xba\xbe": "darwin",  # for more than one processor
}


class _Component(msgspec.Struct):
    version: str = ""


class _Metadata(msgspec.Struct):
    component: _Component = msgspec.field(default_factory=_Component)


class _Bill(msgspec.Struct):
    """What is read of an SBOM: the program that it describes."""

    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


def programs(folder: Path, order: Order, system: str) -> list[Path]:
    """Where the payload has its programs, the one for a console first; ``system`` as in ``sys.platform``."""
    command = order.identity.command
    if system == "win32":
        return [folder / f"{command}.exe", folder / f"{command}w.exe"]
    if system == "darwin":
        return [folder / f"{order.identity.product}.app" / "Contents" / "MacOS" / command]
    return [folder / command]


def resources(folder: Path, order: Order, system: str) -> Path:
    """Where the payload has its brand, licences and SBOM."""
    if system == "darwin":
        return folder / f"{order.identity.product}.app" / "Contents" / "Resources"
    return folder


def check_payload(folder: Path | None, order: Order, system: str) -> Path:
    """The folder, if it holds the program that was ordered; raises PackagingError with what is wrong.

    ``system``: ``linux``, ``win32`` or ``darwin``. The program is not started: it may be of another system.
    """
    if folder is None:
        raise PackagingError("There is no frozen program to pack; freeze it first or give --payload DIR.")
    if not folder.is_dir():
        raise PackagingError(f"{folder} is no folder of a frozen program; freeze it first.")
    for program in programs(folder, order, system):
        _check_program(folder, program, system)
    beside = resources(folder, order, system)
    if system != "darwin" and not (folder / INTERNAL).is_dir():
        raise PackagingError(f"{folder} lacks {INTERNAL}, what the program is made of; freeze it again.")
    _check_brand(beside, order)
    for name in (LICENSE, SBOM):
        if not (beside / name).is_file():
            raise PackagingError(f"{beside} lacks {name}; freeze it again.")
    if not any((beside / LICENSES).glob("*")):
        raise PackagingError(f"{beside} lacks {LICENSES}, of what is inside; freeze it again.")
    _check_version(beside / SBOM, order)
    return folder


def _check_program(folder: Path, program: Path, system: str) -> None:
    try:
        with program.open("rb") as opened:
            begin = opened.read(4)
    except OSError as error:
        reason = error.strerror or error
        raise PackagingError(
            f"{folder} lacks the program {program.relative_to(folder)} ({reason}); give the folder that "
            "freezing has made under this brand."
        ) from None
    found = next((name for magic, name in _FORMATS.items() if begin.startswith(magic)), "")
    if found != system:
        what = f"a program for {SYSTEMS[found]}" if found else "no program"
        raise PackagingError(f"{program} is {what}; give the payload that was frozen on {SYSTEMS[system]}.")


def logos(brand: Path) -> list[str]:
    """The pictures that a ``brand.toml`` names; it was read before and is whole."""
    import tomllib

    named = tomllib.loads(brand.read_text(encoding="utf-8-sig"))
    return sorted({str(named[key]) for key in ("logo", "logo_dark") if named.get(key)})


def _check_brand(beside: Path, order: Order) -> None:
    brand = order.identity.brand
    files = {BRAND: brand} | {name: brand.parent / name for name in logos(brand)}
    for name, ordered in files.items():
        try:
            same = (beside / name).read_bytes() == ordered.read_bytes()
        except OSError as error:
            raise PackagingError(
                f"{error.filename} cannot be read ({error.strerror}); the payload has to be of this brand."
            ) from None
        if not same:
            raise PackagingError(f"{beside} holds another {name} than {ordered}; freeze it under this brand.")


def _check_version(sbom: Path, order: Order) -> None:
    try:
        version = msgspec.json.decode(sbom.read_bytes(), type=_Bill).metadata.component.version
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        raise PackagingError(f"{sbom} cannot be read ({error}); freeze the program again.") from None
    if version != order.version:
        raise PackagingError(
            f"{sbom.parent} holds version {version or 'without a number'}, and {order.version} is to be "
            "packed; freeze the program again."
        )
