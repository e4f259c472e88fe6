"""packaging/sign with real keys, made for the test and trusted by nobody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogues import ROOT

SIGN = ROOT / "packaging" / "sign"
PASSWORD = "se cret$"
GPG_USER = "release@example.org"
MODULE = Path(sysconfig.get_paths()["purelib"]) / "pip/_vendor/distlib/t64.exe"

INSTALLER = """\
<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="*" Name="x" Language="1033" Version="1.0.0" Manufacturer="x"
           UpgradeCode="12345678-1234-1234-1234-123456789012">
    <Package InstallerVersion="200" Compressed="yes"/>
    <Media Id="1" Cabinet="c.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFilesFolder"><Directory Id="D" Name="x">
      <Component Id="C" Guid="12345678-1234-1234-1234-123456789013">
        <File Id="F" Name="a.txt" Source="a.txt"/>
      </Component>
    </Directory></Directory></Directory>
    <Feature Id="F1" Level="1"><ComponentRef Id="C"/></Feature>
  </Product>
</Wix>
"""
SPEC = """\
Name: x
Version: 1
Release: 1
Summary: x
License: MIT
BuildArch: noarch
%description
x
%files
"""


def run(*command: str | Path, **more: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def signed(*arguments: str | Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """packaging/sign with these keys and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGN_")}
    return subprocess.run(
        [SIGN, *map(str, arguments)], env={**kept, **environ}, capture_output=True, text=True, check=False
    )


class Authority:
    """A certificate authority of the moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate, self._key = folder / "ca.pem", folder / "ca.key"
        run(
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=Throwaway",
                "-days",
                "2",
            ),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign"),
            *("-keyout", self._key, "-out", self.certificate),
        )

    def issue(self, name: str, *, usage: str = "codeSigning", at: str = "1 hour ago") -> tuple[Path, Path]:
        """A certificate for a day and its key, both as PEM files."""
        certificate, key, request, more = (
            self.folder / f"{name}{end}" for end in (".pem", ".key", ".csr", ".ext")
        )
        more.write_text(f"extendedKeyUsage={usage}\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n")
        run(
            *("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", key, "-out", request),
        )
        run(
            *("faketime", at, "openssl", "x509", "-req", "-in", request, "-days", "1", "-extfile", more),
            *("-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-out", certificate),
        )
        return certificate, key

    def pkcs12(self, name: str) -> Path:
        """Both in one file, behind PASSWORD."""
        certificate, key = self.issue(name)
        path = self.folder / f"{name}.p12"
        run(
            *("openssl", "pkcs12", "-export", "-in", certificate, "-inkey", key, "-out", path),
            *("-passout", "env:WORD"),
            WORD=PASSWORD,
        )
        return path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def environ(authority: Authority) -> dict[str, str]:
    """A key for Windows' signatures."""
    return {
        "SIGN_AUTHENTICODE_PKCS12": str(authority.pkcs12("vendor")),
        "SIGN_AUTHENTICODE_PASSWORD": PASSWORD,
        "SIGN_AUTHENTICODE_ROOTS": str(authority.certificate),
    }


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A keyring with one key behind PASSWORD and one that has expired."""
    # The socket of gpg's agent has a name of at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="gpg-"))

    home = {"GNUPGHOME": str(folder)}
    try:
        for user, moment in ((GPG_USER, "1 hour ago"), ("old@example.org", "2020-01-01 00:00:00")):
            run(
                *(
                    "faketime",
                    moment,
                    "gpg",
                    "--batch",
                    "--pinentry-mode",
                    "loopback",
                    "--passphrase",
                    PASSWORD,
                ),
                *("--quick-gen-key", f"Release <{user}>", "rsa2048", "sign", "2d"),
                **home,
            )
        yield {**home, "SIGN_GPG_KEY": GPG_USER, "SIGN_GPG_PASSPHRASE": PASSWORD}
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, **home}, check=False)
        shutil.rmtree(folder)


def windows_file(folder: Path, name: str) -> Path:
    path = folder / name
    if path.suffix == ".msi":
        (folder / "a.txt").write_text("a", encoding="utf-8")
        (folder / "x.wxs").write_text(INSTALLER, encoding="utf-8")
        subprocess.run(["wixl", "-o", name, "x.wxs"], cwd=folder, check=True)
    else:
        shutil.copyfile(MODULE, path)
    return path


@pytest.mark.parametrize("name", ["reporter.exe", "reporter.msi"])
def test_a_signature_of_windows_goes_round_and_notices_a_change(
    tmp_path: Path, authority: Authority, environ: dict[str, str], name: str
) -> None:
    path = windows_file(tmp_path, name)
    before = path.read_bytes()
    done = signed(path, environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert path.read_bytes() != before
    check = ["osslsigncode", "verify", "-CAfile", str(authority.certificate), "-in", str(path)]
    assert "Signature verification: ok" in run(*check)
    content = bytearray(path.read_bytes())
    place = content.find(b"This program") if name.endswith(".exe") else content.find(b"MSCF")
    content[place] ^= 1
    path.write_bytes(content)
    tampered = subprocess.run(check, capture_output=True, text=True, check=False)
    assert tampered.returncode != 0
    assert "MISMATCH" in tampered.stdout


def test_signing_anew_replaces_and_all_leaves_alone(tmp_path: Path, environ: dict[str, str]) -> None:
    path = windows_file(tmp_path, "reporter.exe")
    assert signed(path, environ=environ).returncode == 0
    first = path.read_bytes()
    again = signed("--all", tmp_path, environ=environ)
    assert again.returncode == 0
    assert "is signed already" in again.stdout
    assert path.read_bytes() == first
    assert signed(path, environ=environ).returncode == 0
    assert "Number of verified signatures: 1" in run(
        "osslsigncode", "verify", "-CAfile", environ["SIGN_AUTHENTICODE_ROOTS"], "-in", path
    )


def test_a_certificate_and_key_as_pem_sign_too(tmp_path: Path, authority: Authority) -> None:
    certificate, key = authority.issue("pem")
    path = windows_file(tmp_path, "reporter.exe")
    done = signed(
        path,
        environ={
            "SIGN_AUTHENTICODE_CERTIFICATE": str(certificate),
            "SIGN_AUTHENTICODE_KEY": str(key),
            "SIGN_AUTHENTICODE_ROOTS": str(authority.certificate),
        },
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("what", ["expired", "not yet", "purpose", "password", "key", "root", "timestamp"])
def test_what_is_wrong_with_a_certificate_is_a_sentence_and_the_file_stays(
    tmp_path: Path, authority: Authority, environ: dict[str, str], what: str
) -> None:
    path = windows_file(tmp_path, "reporter.exe")
    before = path.read_bytes()
    given = dict(environ)

    def pem(certificate: Path, key: Path) -> dict[str, str]:
        return {
            "SIGN_AUTHENTICODE_CERTIFICATE": str(certificate),
            "SIGN_AUTHENTICODE_KEY": str(key),
            "SIGN_AUTHENTICODE_ROOTS": str(authority.certificate),
        }

    if what == "expired":
        given, reason = pem(*authority.issue("old", at="2020-01-01 00:00:00")), "the certificate has expired"
    elif what == "not yet":
        given, reason = pem(*authority.issue("new", at="5 days")), "the certificate is not valid yet"
    elif what == "purpose":
        given, reason = pem(*authority.issue("web", usage="serverAuth")), "not meant for signing programs"
    elif what == "password":
        given["SIGN_AUTHENTICODE_PASSWORD"], reason = "wrong", "the password is wrong"
    elif what == "key":
        given = pem(authority.issue("one")[0], authority.issue("other")[1])
        reason = "the key is not that of the certificate"
    elif what == "root":
        del given["SIGN_AUTHENTICODE_ROOTS"]
        reason = "its root is not trusted here; name it with SIGN_AUTHENTICODE_ROOTS"
    else:
        given["SIGN_AUTHENTICODE_TIMESTAMP"] = "http://127.0.0.1:1/"
        reason = "the timestamp service did not answer"
    done = signed(path, environ=given)
    assert done.returncode == 1
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["reporter.exe"]
    assert PASSWORD not in done.stderr


def test_a_signature_beside_a_file_goes_round_and_notices_a_change(
    tmp_path: Path, keyring: dict[str, str]
) -> None:
    path = tmp_path / "reporter_1.2.3_amd64.deb"
    path.write_bytes(b"!<arch>\n")
    done = signed(path, environ=keyring)
    assert (done.returncode, done.stderr) == (0, "")
    assert path.read_bytes() == b"!<arch>\n"
    signature = tmp_path / "reporter_1.2.3_amd64.deb.asc"
    assert signature.read_text(encoding="ascii").startswith("-----BEGIN PGP SIGNATURE-----")
    home = keyring["GNUPGHOME"]
    run("gpg", "--verify", signature, path, GNUPGHOME=home)
    path.write_bytes(b"!<arch>\ntampered")
    bad = ["gpg", "--homedir", home, "--verify", str(signature), str(path)]
    assert subprocess.run(bad, capture_output=True, check=False).returncode != 0
    # The old signature is not taken for one of the new file.
    again = signed("--all", tmp_path, environ=keyring)
    assert again.stdout == f"{path}: signed\n"
    run("gpg", "--verify", signature, path, GNUPGHOME=home)


@pytest.mark.parametrize("name", ["", "my 100%{_gpg_name} \"secret's\\"])
def test_an_rpm_bears_its_signature_inside(tmp_path: Path, keyring: dict[str, str], name: str) -> None:
    if name:  # of the file with the passphrase, which goes through a macro of rpm
        (tmp_path / name).write_text(keyring["SIGN_GPG_PASSPHRASE"], encoding="utf-8")
        keyring = {**keyring, "SIGN_GPG_PASSPHRASE": "", "SIGN_GPG_PASSPHRASE_FILE": str(tmp_path / name)}
        keyring["GNUPGHOME"] = os.path.relpath(keyring["GNUPGHOME"])  # and rpm is started elsewhere
        # Its agent would remember the passphrase of the tests before.
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, **keyring}, check=True)
    (tmp_path / "x.spec").write_text(SPEC, encoding="utf-8")
    run("rpmbuild", "-bb", "--define", f"_topdir {tmp_path}/build", tmp_path / "x.spec")
    path = tmp_path / "x.rpm"
    [built] = (tmp_path / "build/RPMS/noarch").glob("*.rpm")
    shutil.copyfile(built, path)
    done = signed(path, environ=keyring)
    assert (done.returncode, done.stderr) == (0, "")
    public, database = tmp_path / "key.asc", tmp_path / "database"
    run("gpg", "--armor", "--output", public, "--export", GPG_USER, GNUPGHOME=keyring["GNUPGHOME"])
    run("rpmkeys", "--dbpath", database, "--import", public)
    check = ["rpmkeys", "--dbpath", str(database), "--checksig", str(path)]
    assert "digests signatures OK" in run(*check)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "NOT OK" in subprocess.run(check, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"SIGN_GPG_KEY": "nobody@example.org"}, "gpg has no secret key nobody@example.org"),
        ({"SIGN_GPG_KEY": "old@example.org"}, "has expired"),
        ({"SIGN_GPG_PASSPHRASE": "wrong"}, "the passphrase is wrong"),
        ({"SIGN_GPG_PASSPHRASE": ""}, "the key has a passphrase"),
    ],
)
def test_what_is_wrong_with_a_key_is_a_sentence(
    tmp_path: Path, keyring: dict[str, str], change: dict[str, str], reason: str
) -> None:
    # Its agent would remember the passphrase of the tests before.
    subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, **keyring}, check=True)
    path = tmp_path / "x.deb"
    path.touch()
    done = signed(path, environ={**keyring, **change})
    assert done.returncode == 1
    assert reason in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["x.deb"]


def test_a_whole_release_in_its_order(
    tmp_path: Path, environ: dict[str, str], keyring: dict[str, str]
) -> None:
    keys = {**environ, **keyring}
    windows_file(tmp_path, "reporter.exe")
    (tmp_path / "reporter.deb").write_bytes(b"!<arch>\n")
    assert signed("--all", tmp_path, environ=keys).returncode == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["reporter.deb", "reporter.deb.asc", "reporter.exe"]
    sums = subprocess.run(
        ["sha256sum", "--binary", *names], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    (tmp_path / "SHA256SUMS").write_text(sums.stdout, encoding="utf-8")
    done = signed("--all", tmp_path, environ=keys)
    assert (done.returncode, done.stderr) == (0, "")
    subprocess.run(["sha256sum", "--quiet", "--check", "SHA256SUMS"], cwd=tmp_path, check=True)
    # One that is signed after the sums were made is noticed.
    assert signed(tmp_path / "reporter.deb", tmp_path / "reporter.exe", environ=keys).returncode == 0
    late = signed("--all", tmp_path, environ=keys)
    assert late.returncode == 1
    assert "it is made after everything else was signed" in late.stderr
