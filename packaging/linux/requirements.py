"""Requirements: what the packages ask the system for, from what the frozen program is linked with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from freeze.libraries import PROVIDED, Needs
from release.errors import PackagingError

RECOMMENDED = {
    "deb": ["ca-certificates", "fontconfig-config", "fonts-dejavu-core", "xdg-utils"],
    "rpm": ["ca-certificates", "fontconfig", "xdg-utils"],
}
"""Without certificates no HTTPS is trusted, without any font a window shows no letter, without the last no
browser and no mail program is found; a computer with a desktop has all of it."""

# Linkers mark with it that relative relocations are packed; C libraries understand it since this version.
_MARKS = {"GLIBC_ABI_DT_RELR": "2.36"}
_VERSION = re.compile(r"(?P<soname>.+)\((?P<mark>.+)\)")


def deb_depends(found: Needs) -> list[str]:
    """Packages of Debian, the C library in the least version that has every symbol; raises PackagingError."""
    packages = {_package(soname) for soname in found.libraries}
    least = _least_libc(found.versions)
    if least and "libc6" in packages:
        packages = packages - {"libc6"} | {f"libc6 (>= {least})"}
    return sorted(packages)


def rpm_requires(found: Needs) -> list[str]:
    """Libraries and symbols, as rpm itself computes them; each distribution knows which package has them."""
    # The scripts of the package run in it.
    plain = ["/bin/sh", *(f"{soname}()(64bit)" for soname in found.libraries)]
    return sorted({*plain, *(f"{version}(64bit)" for version in found.versions)})


def _package(soname: str) -> str:
    try:
        return PROVIDED[soname]
    except KeyError:
        raise PackagingError(
            f"The frozen program needs {soname}, which is neither inside nor part of every system; "
            "install it on this computer and freeze again."
        ) from None


def _least_libc(versions: Sequence[str]) -> str:
    numbers = []
    for version in versions:
        found = _VERSION.fullmatch(version)
        if not found or PROVIDED.get(found["soname"]) != "libc6":
            continue
        number = _MARKS.get(found["mark"], found["mark"].removeprefix("GLIBC_"))
        if re.fullmatch(r"[0-9.]+", number):
            numbers.append(number)
    return max(numbers, key=lambda number: [int(part) for part in number.split(".")], default="")
