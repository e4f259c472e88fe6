"""Apple: signatures that macOS asks for, and Apple's own word that it has looked at a program.

An ``.app`` is signed from the inside out for the hardened runtime; a ``.pkg`` is signed, notarised and
stapled.
``codesign`` and its companions exist on macOS alone.

Not yet run on macOS: written from the documentation, tested with tools that record what they are told.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from release.errors import PackagingError
from release.workshop import deliver, tool, workshop
from signing.base import Signer, ended, why

PREFIX = "SIGN_APPLE_"
XCODE = "the command line tools of Xcode"
NOTARY_LIMIT_S = 3600.0
AT_ONCE = 40
"""Files in one call of codesign; each of them asks Apple for the time."""

ENTITLEMENTS = Path(__file__).resolve().parents[1] / "macos" / "entitlements.plist"
"""What the program may do, each with its reason."""

_MACH_O = {
    *(b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe"),  # one processor
    *(b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"),  # several
}


class App(Signer):
    """A program as a bundle."""

    wanted = f"{PREFIX}APPLICATION"

    def is_set(self) -> bool:
        """Whether the ``Developer ID Application`` certificate is named."""
        return bool(self.given.text(f"{PREFIX}APPLICATION"))

    def sign(self, path: Path) -> str:
        """Sign a copy from the inside out, check it, and put it in place of the bundle."""
        _check_mac(path)
        if not (path / "Contents" / "Info.plist").is_file():
            raise PackagingError(f"{path} is no program for macOS: it has no Contents/Info.plist.")
        codesign = tool("codesign", XCODE)
        with workshop(path.parent) as folder:
            copy = folder / path.name
            shutil.copytree(path, copy, symlinks=True)
            command = [codesign, "--force", "--timestamp", "--options", "runtime"]
            command += ["--sign", self.given.text(f"{PREFIX}APPLICATION"), *_keychain(self)]
            inside = inside_out(copy)
            for at in range(0, len(inside), AT_ONCE):
                _run(path, *command, *inside[at : at + AT_ONCE])
            _run(path, *command, "--entitlements", ENTITLEMENTS, copy)
            _run(path, codesign, "--verify", "--deep", "--strict", "--verbose=2", copy)
            deliver(copy, path.parent)
        return ""

    def is_signed(self, path: Path) -> bool:
        """Whether someone has signed a bundle; one that is sealed for no one has no authority."""
        done = ended([tool("codesign", XCODE), "--display", "--verbose=2", path])
        return done.status == 0 and "Authority=" in done.said


class Pkg(Signer):
    """An installer package."""

    wanted = f"{PREFIX}INSTALLER"

    def is_set(self) -> bool:
        """Whether the ``Developer ID Installer`` certificate is named; it is another than for programs."""
        self.notary()
        return bool(self.given.text(f"{PREFIX}INSTALLER"))

    def sign(self, path: Path) -> str:
        """Sign, check, and where an account is named have it notarised and staple the ticket to it."""
        _check_mac(path)
        with path.open("rb") as opened:
            if opened.read(4) != b"xar!":
                raise PackagingError(f"{path} is no installer package, whatever its name says.")
        productsign = tool("productsign", XCODE)
        account = self.notary()
        with workshop(path.parent) as folder:
            signed = folder / path.name
            certificate = self.given.text(f"{PREFIX}INSTALLER")
            command = [productsign, "--timestamp", "--sign", certificate, *_keychain(self)]
            _run(path, *command, path, signed)
            _run(path, tool("pkgutil", XCODE), "--check-signature", signed)
            if account:
                self._notarise(path, signed, account)
            signed.replace(path)
        return "" if account else f"is signed but NOT NOTARISED: set {PREFIX}NOTARY_PROFILE or …_NOTARY_KEY"

    def is_signed(self, path: Path) -> bool:
        """Whether a package has a signature that is trusted here."""
        return ended([tool("pkgutil", XCODE), "--check-signature", path]).status == 0

    def notary(self) -> list[str]:
        """How notarytool signs in: a profile of the keychain, or a key of App Store Connect; else empty."""
        profile, key_id, issuer = (
            self.given.text(f"{PREFIX}NOTARY_{name}") for name in ("PROFILE", "KEY_ID", "ISSUER")
        )
        key = self.given.file(f"{PREFIX}NOTARY_KEY")
        if profile:
            return ["--keychain-profile", profile]
        if key and key_id and issuer:
            return ["--key", str(key), "--key-id", key_id, "--issuer", issuer]
        if key or key_id or issuer:
            raise PackagingError(
                f"To notarise with a key set {PREFIX}NOTARY_KEY, {PREFIX}NOTARY_KEY_ID and "
                f"{PREFIX}NOTARY_ISSUER, all three or none."
            )
        return []

    def _notarise(self, path: Path, signed: Path, account: list[str]) -> None:
        xcrun = tool("xcrun", XCODE)
        waited = ["--wait", "--output-format", "json"]
        done = ended([xcrun, "notarytool", "submit", signed, *account, *waited], limit_s=NOTARY_LIMIT_S)
        try:
            # Its status is 0 for a package that was looked at and turned down, too.
            answer = json.loads(done.said[done.said.index("{") : done.said.rindex("}") + 1])
            status, number = str(answer["status"]), str(answer["id"])
        except (ValueError, KeyError, TypeError):
            raise PackagingError(f"{path} was not notarised: {why(done, _REASONS)}") from None
        if status != "Accepted":
            log = ended([xcrun, "notarytool", "log", number, *account])
            raise PackagingError(f"Apple did not notarise {path} ({status}): {why(log, {})}")
        _run(path, xcrun, "stapler", "staple", signed)
        _run(path, xcrun, "stapler", "validate", signed)


def _run(path: Path, *command: str | Path) -> None:
    done = ended(command)
    if done.status:
        raise PackagingError(f"{path} was not signed: {why(done, _REASONS)}")


def seal(app: Path) -> None:
    """Sign a bundle for no one: without any signature a Mac with Apple silicon starts no program."""
    done = ended([tool("codesign", XCODE), "--force", "--deep", "--sign", "-", app])
    if done.status:
        raise PackagingError(f"{app} was not sealed: {why(done, _REASONS)}")


def inside_out(app: Path) -> list[Path]:
    """Every piece of code below a bundle, what lies deepest first, each framework after what it holds."""
    code = [path for path in app.rglob("*") if _is_code(path)]
    return sorted(code, key=lambda path: (-len(path.parts), str(path)))


def _is_code(path: Path) -> bool:
    if path.is_symlink():
        return False
    if path.is_dir():
        return path.suffix == ".framework"
    # The program itself is signed with its bundle, which holds what it may do.
    if path.parent.name == "MacOS" and path.parent.parent.name == "Contents":
        return False
    with path.open("rb") as opened:
        return opened.read(4) in _MACH_O


def _keychain(signer: Signer) -> list[str]:
    keychain = signer.given.file(f"{PREFIX}KEYCHAIN")
    return ["--keychain", str(keychain)] if keychain else []


def _check_mac(path: Path) -> None:
    if sys.platform != "darwin":
        raise PackagingError(f"{path} can be signed on a Mac only: codesign exists nowhere else.")


_NO_CERTIFICATE = (
    f"the keychain has no such certificate with its key ({PREFIX}APPLICATION, {PREFIX}INSTALLER)."
)
_REASONS = {
    "no identity found": _NO_CERTIFICATE,
    "Could not find appropriate signing identity": _NO_CERTIFICATE,
    "errSecInternalComponent": f"the keychain is locked or keeps the key to itself ({PREFIX}KEYCHAIN).",
    "The timestamp service is not available": "Apple's timestamp service did not answer; try again later.",
    "CERT_EXPIRED": "the certificate has expired; sign with its successor.",
    "HTTP status code: 401": f"Apple does not know the account of {PREFIX}NOTARY_PROFILE or …_NOTARY_KEY.",
}
