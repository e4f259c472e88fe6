"""Documents: what lies in ``/usr/share/doc``: changes, copyright, examples of policies, and first steps."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Iterator

from freeze.payload import LICENSE, LICENSES
from linux.pieces import File, Folder, Piece
from policy.templates import TemplateError
from policy.templates import files as policy_files
from release.errors import PackagingError
from release.order import Order
from release.source import ROOT

RELEASE = "1"
"""Of the package, where one version of the program is packed anew."""

_README = """\
{product} {version}
{line}

{product} is ready for every person on this computer: "{command} --help" lists what it does, and
"man {command}" tells more. It reads nothing but the policies below, until an address for reports is set.

Policies of the administrator are files ending in .json, which belong to root and which nobody else may
write to:

    /etc/{command}/policies/managed        what people cannot change
    /etc/{command}/policies/recommended    what they can

This folder holds an example of each under policies/, with the schema that editors check them by. For a start:

    {{"endpoint": "https://support.example.org/reports", "help_text": "Call the help desk: 5555"}}

"{command} policies" then lists every setting with its origin, "{command} doctor" says what is wrong.

Reports that could not be sent wait in the home of the person, and go every quarter of an hour. No process is
started for a person who never had one. To switch this off for everybody:

    systemctl --global mask {command}-postman.timer

Removing the package leaves every file of the administrator in /etc/{command}, and what belongs to people in
their homes: .local/share/{command}, .cache/{command} and .config/{command}.
"""

_COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: {product}
Upstream-Contact: {maintainer}
Comment: The program is frozen: the Python and the libraries that it is made of lie beside it.

Files: *
Copyright: {copyright}
License: Expat

Files: {folder}/_internal/*
Copyright: those who made it, as {folder}/{licenses} names them
License: of-the-parts
 Each part has its own licence; all of them permit that it is passed on.
 Their texts lie in {folder}/{licenses}, and
 {folder}/sbom.cdx.json lists the parts by name and version.

License: Expat
{license}
"""


def documents(order: Order, form: str) -> Iterator[Piece]:
    """Every document with its folders; ``form``: ``deb`` or ``rpm``. Raises PackagingError."""
    identity = order.identity
    folder = f"/usr/share/doc/{identity.command}"
    yield Folder(place=folder)
    yield File(place=f"{folder}/README", content=readme(order).encode(), role="doc")
    changes = (ROOT / "CHANGELOG.md").read_bytes()
    yield File(place=f"{folder}/changelog.gz", content=_packed(changes), role="doc")
    if form == "deb":
        yield File(place=f"{folder}/changelog.Debian.gz", content=_packed(debian_changelog(order).encode()))
        yield File(place=f"{folder}/copyright", content=copyright_file(order).encode())
        yield File(
            place=f"/usr/share/lintian/overrides/{identity.command}", content=overrides(order).encode()
        )
    else:
        licenses = f"/usr/share/licenses/{identity.command}"
        yield Folder(place=licenses)
        yield File(place=f"{licenses}/{LICENSE}", content=ROOT / LICENSE, role="license")
    yield from _policies(order, f"{folder}/policies")


def _policies(order: Order, folder: str) -> Iterator[Piece]:
    try:
        found = {
            name.removeprefix("linux/"): content
            for name, content in policy_files(order.identity.keys)
            if name.startswith("linux/")
        }
    except TemplateError as error:
        raise PackagingError(str(error)) from None
    folders = {folder, *(f"{folder}/{name.rpartition('/')[0]}".rstrip("/") for name in found)}
    for place in sorted(folders):
        yield Folder(place=place)
    for name, content in sorted(found.items()):
        yield File(place=f"{folder}/{name}", content=content, role="doc")


def readme(order: Order) -> str:
    """First steps, for an administrator."""
    title = f"{order.identity.product} {order.version}"
    return _README.format(
        product=order.identity.product,
        command=order.identity.command,
        version=order.version,
        line="=" * len(title),
    )


def debian_changelog(order: Order) -> str:
    """One entry, in the form that Debian's tools read."""
    moment = time.gmtime(order.source.epoch_s)
    days, months = "Mon Tue Wed Thu Fri Sat Sun", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
    date = (
        f"{days.split()[moment.tm_wday]}, {moment.tm_mday:02d} {months.split()[moment.tm_mon - 1]} "
        f"{time.strftime('%Y %H:%M:%S', moment)} +0000"
    )
    return (
        f"{order.identity.command} ({order.version}-{RELEASE}) stable; urgency=medium\n\n"
        f"  * {order.identity.product} {order.version}; changelog.gz tells what is new.\n\n"
        f" -- {order.identity.maintainer}  {date}\n"
    )


def copyright_file(order: Order) -> str:
    """Who may do what with the package, in the form that machines read."""
    text = (ROOT / LICENSE).read_text(encoding="utf-8")
    found = re.search(r"^Copyright (?:\(c\) )?(.+)$", text, re.MULTILINE)
    if not found:
        raise PackagingError(f"{ROOT / LICENSE} does not say whose the program is; add a line Copyright (c).")
    words = text[found.end() :].strip().splitlines()
    return _COPYRIGHT.format(
        product=order.identity.product,
        maintainer=order.identity.maintainer,
        copyright=found[1],
        folder=order.identity.linux_folder.lstrip("/"),
        licenses=LICENSES,
        license="\n".join(f" {line}" if line else " ." for line in words),
    )


def overrides(order: Order) -> str:
    """What lintian objects to and we do on purpose, each with the reason."""
    command = order.identity.command
    return "".join(f"# {reason}\n{command}: {tag}\n\n" for tag, reason in OVERRIDES.items())[:-1]


OVERRIDES: dict[str, str] = {
    "dir-or-file-in-opt *": "Software that is no part of Debian has its place in /opt.",
    "embedded-library *": "The program brings its libraries along, so that one package fits many systems.",
    "library-not-linked-against-libc *": "Modules of Python find the C library through the program.",
    "shared-library-lacks-prerequisites *": "Modules of Python find everything through the program.",
    "missing-depends-on-sensible-utils *": "Python knows sensible-editor as one of many, and needs none.",
    "hardening-no-pie *": "The program starts by PyInstaller's own loader, as its makers compile it.",
    "initial-upload-closes-no-bugs *": "The package is no part of Debian, which knows no bug about it.",
}


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=9, mtime=0)
