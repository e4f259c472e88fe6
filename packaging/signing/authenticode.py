"""Authenticode: signatures that Windows knows, in programs, libraries and installers, by osslsigncode."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from release.errors import PackagingError
from release.workshop import tool, workshop
from signing.base import Signer, ended, why

PREFIX = "SIGN_AUTHENTICODE_"
_PROGRAM, _INSTALLER = b"MZ", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Authenticode(Signer):
    """With a key in a PKCS#12 file, in a PEM file, or in a token behind PKCS#11."""

    wanted = f"{PREFIX}PKCS12, or {PREFIX}CERTIFICATE and {PREFIX}KEY"

    def is_set(self) -> bool:
        """Whether a certificate and its key are named."""
        pkcs12, certificate, key = (self._text(name) for name in ("PKCS12", "CERTIFICATE", "KEY"))
        if pkcs12 and (certificate or key):
            raise PackagingError(
                f"{PREFIX}PKCS12 and {PREFIX}CERTIFICATE or {PREFIX}KEY are set; the first holds both, so "
                "leave the others empty."
            )
        if bool(certificate) != bool(key):
            there, lacking = ("CERTIFICATE", "KEY") if certificate else ("KEY", "CERTIFICATE")
            raise PackagingError(f"{PREFIX}{there} is set without {PREFIX}{lacking}; set both or neither.")
        if key.startswith("pkcs11:") and not self._text("PKCS11_MODULE"):
            raise PackagingError(
                f"{PREFIX}KEY lies in a token, and {PREFIX}PKCS11_MODULE does not say which library reads it."
            )
        return bool(pkcs12 or key)

    def sign(self, path: Path) -> str:
        """Put a signature into a file, with the time of a timestamp service where one is named."""
        self._check_kind(path)
        osslsigncode = tool("osslsigncode", "osslsigncode")
        with workshop(path.parent) as folder, self.given.secret(f"{PREFIX}PASSWORD") as password:
            signed = folder / path.name
            command = [osslsigncode, "sign", *self._key(), "-h", "sha256"]
            command += ["-readpass", str(password)] if password else []
            command += ["-ts", self._text("TIMESTAMP")] if self._text("TIMESTAMP") else []
            done = ended([*command, "-in", path, "-out", signed])
            if done.status or not signed.is_file():
                raise PackagingError(f"{path} was not signed: {why(done, _REASONS)}")
            self.check(signed, named=path)
            shutil.copymode(path, signed)
            signed.replace(path)
        return ""

    def check(self, path: Path, *, named: Path | None = None) -> None:
        """Raises PackagingError where a signature is not whole, trusted and in force."""
        command = [tool("osslsigncode", "osslsigncode"), "verify"]
        roots = self.given.file(f"{PREFIX}ROOTS")
        command += ["-CAfile", str(roots), "-TSA-CAfile", str(roots)] if roots else []
        done = ended([*command, "-in", path])
        if done.status:
            raise PackagingError(f"The signature of {named or path} is not valid: {why(done, _REASONS)}")

    def is_signed(self, path: Path) -> bool:
        """Whether a file has a signature, whosever it is."""
        with tempfile.TemporaryDirectory(prefix="signing-") as folder:
            out = Path(folder) / "signature"
            osslsigncode = tool("osslsigncode", "osslsigncode")
            return ended([osslsigncode, "extract-signature", "-in", path, "-out", out]).status == 0

    def _text(self, name: str) -> str:
        return self.given.text(PREFIX + name)

    def _key(self) -> list[str]:
        words: list[str] = []
        pkcs12 = self.given.file(f"{PREFIX}PKCS12")
        if pkcs12:
            words = ["-pkcs12", str(pkcs12)]
        elif self._text("KEY").startswith("pkcs11:"):
            engine = self.given.file(f"{PREFIX}PKCS11_ENGINE")
            words = ["-pkcs11engine", str(engine)] if engine else []
            words += ["-pkcs11module", str(self.given.file(f"{PREFIX}PKCS11_MODULE"))]
            words += ["-certs", str(self.given.file(f"{PREFIX}CERTIFICATE")), "-key", self._text("KEY")]
        else:
            words = ["-certs", str(self.given.file(f"{PREFIX}CERTIFICATE"))]
            words += ["-key", str(self.given.file(f"{PREFIX}KEY"))]
        return words

    @staticmethod
    def _check_kind(path: Path) -> None:
        kind, magic = ("installer", _INSTALLER) if path.suffix.lower() == ".msi" else ("program", _PROGRAM)
        with path.open("rb") as opened:
            if opened.read(len(magic)) != magic:
                raise PackagingError(f"{path} is no {kind} for Windows, whatever its name says.")


# What osslsigncode and OpenSSL say, and what is meant by it.
_REASONS = {
    "Wrong password?": f"the password is wrong or missing; set {PREFIX}PASSWORD or {PREFIX}PASSWORD_FILE.",
    "certificate has expired": "the certificate has expired; sign with its successor.",
    "certificate is not yet valid": "the certificate is not valid yet; look at the clock of this computer.",
    "MISMATCH": "the file was changed after it was signed.",
    "checking the consistency of a private key": "the key is not that of the certificate.",
    "timestamping failed": f"the timestamp service did not answer; look at {PREFIX}TIMESTAMP.",
    "unable to get local issuer certificate": f"its root is not trusted here; name it with {PREFIX}ROOTS.",
    "self-signed certificate": f"its root is not trusted here; name it with {PREFIX}ROOTS.",
    "certificate purpose": "the certificate is not meant for signing programs.",
}
