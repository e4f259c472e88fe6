"""OpenPGP: signatures by gpg, beside a file or, in an rpm, inside it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from release.errors import PackagingError
from release.workshop import tool, workshop
from signing.base import Ended, Signer, ended, why
from signing.sums import SUMS, check_sums

KEY = "SIGN_GPG_KEY"
PASSPHRASE = "SIGN_GPG_PASSPHRASE"  # noqa: S105 - the name of a variable


class Detached(Signer):
    """An armoured signature ``FILE.asc`` beside the file, which itself stays as it is."""

    wanted = KEY

    def is_set(self) -> bool:
        """Whether a key is named: its fingerprint, or what else gpg finds it by."""
        return bool(self.given.text(KEY))

    def sign(self, path: Path) -> str:
        """Write ``FILE.asc``."""
        if path.name == SUMS:
            check_sums(path)
        gpg = tool("gpg", "gpg")
        final = path.with_name(f"{path.name}.asc")
        with workshop(path.parent) as folder, self.given.secret(PASSPHRASE) as passphrase:
            made = folder / final.name
            command = [gpg, *_loopback(passphrase), "--local-user", self.given.text(KEY)]
            done = ended([*command, "--armor", "--detach-sign", "--output", made, "--", path])
            if done.status:
                raise PackagingError(f"{path} was not signed: {why(done, self._reasons())}")
            check_detached(made, path)
            made.replace(final)
        return ""

    def is_signed(self, path: Path) -> bool:
        """Whether ``FILE.asc`` is of this file as it is; raises PackagingError for wrong checksums."""
        if path.name == SUMS:
            check_sums(path)
        signature = path.with_name(f"{path.name}.asc")
        try:
            check_detached(signature, path)
        except PackagingError:
            return False
        return True

    def _reasons(self) -> dict[str, str]:
        key = self.given.text(KEY)
        return {
            "No secret key": f"gpg has no secret key {key} ({KEY}); import it, or set GNUPGHOME.",
            "Unusable secret key": f"the key {key} ({KEY}) has expired, was revoked, or does not sign.",
            "Bad passphrase": f"the passphrase is wrong; set {PASSPHRASE} or {PASSPHRASE}_FILE.",
            "can't get input": f"the key has a passphrase; set {PASSPHRASE} or {PASSPHRASE}_FILE.",
        }


class InsideRpm(Detached):
    """The signature of an rpm is its own part, which rpm and dnf look for; nobody looks for one beside it."""

    def sign(self, path: Path) -> str:
        """Sign with rpmsign, and check with a database that holds this key alone."""
        rpmsign, rpmkeys = tool("rpmsign", "rpm"), tool("rpmkeys", "rpm")
        with path.open("rb") as opened:
            if opened.read(4) != b"\xed\xab\xee\xdb":
                raise PackagingError(f"{path} is no rpm, whatever its name says.")
        with workshop(path.parent) as folder, self.given.secret(PASSPHRASE) as passphrase:
            signed = folder / path.name
            shutil.copy2(path, signed)
            if passphrase:
                # Its own name would have to pass a macro of rpm and another division into words.
                (folder / "passphrase").symlink_to(passphrase)
            more = " ".join(_loopback(passphrase and Path("passphrase")))
            done = ended(
                [
                    *(rpmsign, "--addsign", "--define", f"_gpg_name {self.given.text(KEY)}"),
                    *("--define", f"__gpg {tool('gpg', 'gpg')}"),
                    *("--define", f"_gpg_sign_cmd_extra_args {more}"),
                    signed.absolute(),
                ],
                cwd=folder,
                environ=_keys_from_here(),
            )
            if done.status:
                raise PackagingError(f"{path} was not signed: {why(done, self._reasons())}")
            self._check(signed, rpmkeys, folder)
            signed.replace(path)
        return ""

    def is_signed(self, path: Path) -> bool:
        """Whether the header of an rpm is signed."""
        asked = "%|RSAHEADER?{yes}:{%|DSAHEADER?{yes}:{no}|}|"
        return ended([tool("rpm", "rpm"), "-qp", "--nosignature", "--qf", asked, path]).said == "yes"

    def _check(self, signed: Path, rpmkeys: str, folder: Path) -> None:
        public, database = folder / "key.asc", folder.absolute() / "database"
        gpg = tool("gpg", "gpg")
        steps: list[list[str | Path]] = [
            [gpg, "--batch", "--armor", "--output", public, "--export", self.given.text(KEY)],
            [rpmkeys, "--dbpath", database, "--import", public],
            [rpmkeys, "--dbpath", database, "--checksig", "--verbose", signed],
        ]
        done = Ended(0, "")
        for step in steps:
            done = ended(step)
            if done.status:
                break
        if done.status or "signature, key" not in done.said.lower() or "NOKEY" in done.said:
            raise PackagingError(f"The signature of {signed.name} is not valid: {why(done, {})}")


def check_detached(signature: Path, path: Path) -> None:
    """Raises PackagingError where a signature is not that of the file, or its key no longer counts."""
    done = ended([tool("gpg", "gpg"), "--batch", "--status-fd", "1", "--verify", "--", signature, path])
    if done.status or "[GNUPG:] GOODSIG " not in done.said:
        raise PackagingError(f"The signature of {path} is not valid: {why(done, _WRONG)}")


def _keys_from_here() -> dict[str, str]:
    """Where gpg finds its keys, for one that is started in another folder."""
    home = os.environ.get("GNUPGHOME", "")
    return {"GNUPGHOME": str(Path(home).absolute())} if home else {}


def _loopback(passphrase: Path | None) -> list[str]:
    # Nobody is there to be asked; loopback keeps gpg's agent from trying.
    words = ["--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback"]
    return [*words, "--passphrase-file", str(passphrase)] if passphrase else words


_WRONG = {
    "BADSIG": "the file was changed after it was signed.",
    "EXPKEYSIG": "its key has expired.",
    "REVKEYSIG": "its key was revoked.",
    "NO_PUBKEY": "gpg does not know the key that made it.",
}
