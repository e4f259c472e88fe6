"""Command: signs artefacts with the keys that the environment names, and says loudly what stays unsigned.

    packaging/sign FILE…
    packaging/sign --all DIR

``--all`` takes everything that is commonly signed in a folder, below that folder only what Windows or macOS
executes, and leaves alone what bears a signature already, whosever it is; a file that is named is signed
anew. Each file is signed beside itself, checked, and only then replaced.

=====================================  =================================================================
.exe .dll .pyd .msi                    ``SIGN_AUTHENTICODE_PKCS12``, or ``…_CERTIFICATE`` with ``…_KEY``
                                       (a PEM file, or ``pkcs11:…`` with ``…_PKCS11_MODULE`` and perhaps
                                       ``…_PKCS11_ENGINE``); ``…_PASSWORD`` or ``…_PASSWORD_FILE``;
                                       ``…_TIMESTAMP``: address of a timestamp service; ``…_ROOTS``: PEM
                                       file of the roots that the signature is checked against
.deb .zip .whl .gz .xz .pyz .json      ``SIGN_GPG_KEY``; ``…_PASSPHRASE`` or ``…_PASSPHRASE_FILE``;
SHA256SUMS                             ``GNUPGHOME``. The signature is ``FILE.asc``
.rpm                                   the same; the signature is inside
.app                                   ``SIGN_APPLE_APPLICATION``, ``SIGN_APPLE_KEYCHAIN``
.pkg                                   ``SIGN_APPLE_INSTALLER``, and for notarisation
                                       ``SIGN_APPLE_NOTARY_PROFILE``, or ``…_NOTARY_KEY`` with
                                       ``…_NOTARY_KEY_ID`` and ``…_NOTARY_ISSUER``
=====================================  =================================================================

The order of a release: sign the payload for Windows, pack it, sign what was packed, make SHA256SUMS, sign
SHA256SUMS. Checksums that do not agree with the files are not signed.

The status is 0 where everything was signed, 1 where something could not be, 2 for a wrong command line, and 3
where nothing went wrong but no key is set for something: it is NOT signed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from release.errors import PackagingError
from signing.apple import App, Pkg
from signing.authenticode import Authenticode
from signing.base import Signer
from signing.openpgp import Detached, InsideRpm
from signing.sums import SUMS

SIGNED, FAILED, UNSIGNED = 0, 1, 3
KINDS: dict[str, type[Signer]] = {
    **dict.fromkeys((".exe", ".dll", ".pyd", ".msi"), Authenticode),
    **dict.fromkeys((".deb", ".zip", ".whl", ".gz", ".xz", ".pyz", ".json", SUMS), Detached),
    ".rpm": InsideRpm,
    ".app": App,
    ".pkg": Pkg,
}


def kind_of(path: Path) -> type[Signer] | None:
    """How a file is signed, by its name."""
    return KINDS.get(SUMS if path.name == SUMS else path.suffix.lower())


def everything(folder: Path) -> list[Path]:
    """What ``--all`` takes, the checksums last."""
    found = [
        *(path for path in sorted(folder.iterdir()) if kind_of(path) and _is_whole(path)),
        *_executed_below(folder),
    ]
    return sorted(found, key=lambda path: path.name == SUMS)


def _is_whole(path: Path) -> bool:
    """A bundle is a folder, everything else a file."""
    return path.is_dir() if path.suffix == ".app" else path.is_file()


def _executed_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not path.is_dir() or path.is_symlink() or path.name.startswith(".") or path.suffix == ".app":
            continue
        for inner in sorted(path.iterdir()):
            if kind_of(inner) in (Authenticode, App) and _is_whole(inner):
                yield inner
        yield from _executed_below(path)


def sign_all(paths: Sequence[Path], environ: Mapping[str, str], *, anew: bool = True) -> int:
    """Sign each file, and with ``anew`` also what is signed already; returns the status."""
    unsigned, failed = 0, 0
    kinds = {kind_of(path) for path in paths}
    signers: dict[type[Signer] | None, Signer] = {kind: kind(environ) for kind in kinds if kind}
    for path in paths:
        try:
            lacking = _sign(signers.get(kind_of(path)), path, anew=anew)
        except (PackagingError, OSError) as error:
            print(error, file=sys.stderr)
            failed += 1
            continue
        if lacking:
            print(f"{path} {lacking}", file=sys.stderr)
            unsigned += 1
    if unsigned:
        print(f"NOT SIGNED, or not completely: {unsigned} of {len(paths)} files.", file=sys.stderr)
    if failed:
        print(f"Signing failed: {failed} of {len(paths)} files.", file=sys.stderr)
    return FAILED if failed else UNSIGNED if unsigned else SIGNED


def _sign(signer: Signer | None, path: Path, *, anew: bool) -> str:
    """Sign a file; returns what is lacking, empty where nothing is."""
    if signer is None:
        raise PackagingError(f"{path} is nothing that is signed here.")
    if not _is_whole(path):
        raise PackagingError(f"{path} is not there.")
    if not signer.is_set():
        return f"is NOT SIGNED: set {signer.wanted}"
    if not anew and signer.is_signed(path):
        print(f"{path}: is signed already")
        return ""
    lacking = signer.sign(path)
    if not lacking:
        print(f"{path}: signed")
    return lacking


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """The command line; argparse itself leaves with status 2."""
    parser = argparse.ArgumentParser(
        prog="packaging/sign",
        description="Sign artefacts with the keys that the environment names.",
        epilog="The variables stand in packaging/signing/command.py. Status 3: something is NOT signed, for "
        "no key is set for it.",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--all", type=Path, metavar="DIR", help="everything in a folder that is signed")
    given = parser.parse_args(arguments)
    if bool(given.files) == bool(given.all):
        parser.error("name files, or a folder with --all")
    if not given.all:
        return sign_all(given.files, environ)
    if not given.all.is_dir():
        parser.error(f"{given.all} is no folder")
    try:
        chosen = everything(given.all)
    except OSError as error:
        print(
            f"{error.filename} cannot be looked through: {error.strerror}; nothing was signed.",
            file=sys.stderr,
        )
        return FAILED
    if not chosen:
        print(f"{given.all} holds nothing that is signed.", file=sys.stderr)
        return FAILED
    return sign_all(chosen, environ, anew=False)
