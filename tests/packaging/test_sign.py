"""packaging/sign: loud about what stays unsigned, silent about passwords; tests/systems signs for real."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogues import ROOT
from release.errors import PackagingError
from signing.authenticode import Authenticode
from signing.base import Given
from signing.command import KINDS, everything, main
from signing.openpgp import Detached
from signing.sums import check_sums
from tests.packaging.apple import LAST, Tools

PROGRAM = b"MZ" + bytes(62)
INSTALLER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.p12"
    path.write_bytes(b"\x30\x82")
    return path


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Tools for Windows' signatures that do what they are asked; nothing else is on PATH."""
    made = Tools(tmp_path)
    made.add("osslsigncode", f'case $1 in sign) {LAST} printf "MZsigned" >"$last" ;; esac')
    monkeypatch.setenv("PATH", str(made.bin))
    return made


def program(folder: Path, name: str = "reporter.exe") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(INSTALLER if path.suffix == ".msi" else PROGRAM)
    return path


def test_without_keys_every_file_is_named_as_unsigned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["a.msi", "a.exe", "b.deb", "c.rpm", "d.pkg", "SHA256SUMS"]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    assert main(["--all", str(tmp_path)], {}) == 3
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    for name in names:
        begin = f"{tmp_path / name} is NOT SIGNED: set SIGN_"
        assert sum(line.startswith(begin) for line in lines) == 1
    assert lines[-1] == "NOT SIGNED, or not completely: 6 of 6 files."
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_the_command_runs_by_its_path_from_any_folder(tmp_path: Path) -> None:
    ran = subprocess.run(
        [ROOT / "packaging/sign", program(tmp_path)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 3
    assert "is NOT SIGNED: set SIGN_AUTHENTICODE_PKCS12" in ran.stderr


@pytest.mark.parametrize("arguments", [[], ["--all", "nowhere"], ["a.exe", "--all", "."], ["--everything"]])
def test_a_wrong_command_line_has_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments, {})
    assert left.value.code == 2
    assert "usage: packaging/sign" in capsys.readouterr().err


def test_a_folder_with_nothing_to_sign_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").touch()
    assert main(["--all", str(tmp_path)], {}) == 1
    assert "holds nothing that is signed" in capsys.readouterr().err


def test_all_takes_what_lies_there_and_what_windows_runs_below(tmp_path: Path) -> None:
    taken = ["a.msi", "b.deb", "c.whl", "payload/reporter.exe", "payload/_internal/x.pyd", "SHA256SUMS"]
    left = ["payload/_internal/base_library.zip", ".making-x/a.exe", "notes.txt", "b.deb.asc", "folder.exe/y"]
    for name in taken + left:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in everything(tmp_path)]
    assert sorted(found) == sorted(taken)
    assert found[-1] == "SHA256SUMS"


def test_a_password_is_never_an_argument(tmp_path: Path, tools: Tools, key: Path) -> None:
    tools.add(
        "osslsigncode",
        'seen=; for one; do [ "$seen" != -readpass ] || { read -r line <"$one"; echo "$line" >>'
        f"{tmp_path}/read; }}; seen=$one; done\n"
        f'case $1 in sign) {LAST} printf "MZsigned" >"$last" ;; esac',
    )
    path = program(tmp_path)
    environ = {"SIGN_AUTHENTICODE_PKCS12": str(key), "SIGN_AUTHENTICODE_PASSWORD": "se cret"}
    assert main([str(path)], environ) == 0
    assert (tmp_path / "read").read_text(encoding="utf-8") == "se cret\n"
    assert "se cret" not in str(tools.calls())
    [call] = [call for call in tools.calls("osslsigncode") if call[0] == "sign"]
    # And the file that held it is gone.
    assert not Path(call[call.index("-readpass") + 1]).exists()


def test_the_file_of_a_secret_is_for_its_owner_alone() -> None:
    with Given({"X_PASSWORD": "se cret"}).secret("X_PASSWORD") as held:
        assert held is not None
        assert held.read_text(encoding="utf-8") == "se cret"
        assert stat.S_IMODE(held.stat().st_mode) == 0o600
        assert stat.S_IMODE(held.parent.stat().st_mode) == 0o700
    assert not held.exists()
    with Given({}).secret("X_PASSWORD") as none:
        assert none is None


def test_a_file_with_the_password_is_named_as_it_is(tmp_path: Path, tools: Tools, key: Path) -> None:
    password = tmp_path / "password"
    password.write_text("se cret", encoding="utf-8")
    path = program(tmp_path)
    environ = {"SIGN_AUTHENTICODE_PKCS12": str(key), "SIGN_AUTHENTICODE_PASSWORD_FILE": str(password)}
    assert main([str(path)], environ) == 0
    [call] = [call for call in tools.calls("osslsigncode") if call[0] == "sign"]
    assert call[call.index("-readpass") + 1] == str(password)
    assert password.exists()


def test_a_file_is_replaced_only_after_its_signature_was_checked(
    tmp_path: Path, tools: Tools, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tools.add(
        "osslsigncode",
        f'case $1 in sign) {LAST} printf "MZsigned" >"$last" ;; verify) echo "MISMATCH!!!"; exit 1 ;; esac',
    )
    path = program(tmp_path)
    assert main([str(path)], {"SIGN_AUTHENTICODE_PKCS12": str(key)}) == 1
    assert path.read_bytes() == PROGRAM
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bin", "calls", "key.p12", "reporter.exe"]
    said = capsys.readouterr().err
    assert f"The signature of {path} is not valid: the file was changed after it was signed." in said
    assert "Signing failed: 1 of 1 files." in said


def test_one_file_that_fails_does_not_keep_the_others_from_being_signed(
    tmp_path: Path, tools: Tools, key: Path
) -> None:
    bad, good = program(tmp_path, "bad.exe"), program(tmp_path, "good.exe")
    bad.write_bytes(b"\x7fELF")
    assert (
        main([str(bad), str(tmp_path / "none.exe"), str(good)], {"SIGN_AUTHENTICODE_PKCS12": str(key)}) == 1
    )
    assert good.read_bytes() == b"MZsigned"
    assert bad.read_bytes() == b"\x7fELF"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("reporter.exe", "is no program for Windows"), ("reporter.msi", "is no installer for Windows")],
)
def test_a_file_that_is_not_what_it_calls_itself_is_refused(
    tmp_path: Path, tools: Tools, key: Path, name: str, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(PackagingError, match=reason):
        Authenticode({"SIGN_AUTHENTICODE_PKCS12": str(key)}).sign(path)


@pytest.mark.parametrize("name", ["notes.txt", "b.deb.asc", "Makefile"])
def test_what_nobody_signs_is_refused_by_name(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).touch()
    assert main([str(tmp_path / name)], {}) == 1
    assert f"{name} is nothing that is signed here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"CERTIFICATE": "c.pem"}, "SIGN_AUTHENTICODE_CERTIFICATE is set without SIGN_AUTHENTICODE_KEY"),
        ({"KEY": "k.pem"}, "SIGN_AUTHENTICODE_KEY is set without SIGN_AUTHENTICODE_CERTIFICATE"),
        ({"PKCS12": "a", "CERTIFICATE": "b", "KEY": "c"}, "the first holds both"),
        ({"CERTIFICATE": "c.pem", "KEY": "pkcs11:object=x"}, "which library reads it"),
    ],
)
def test_half_a_key_is_refused_and_not_skipped(environ: dict[str, str], reason: str) -> None:
    with pytest.raises(PackagingError, match=reason):
        Authenticode({f"SIGN_AUTHENTICODE_{name}": value for name, value in environ.items()}).is_set()


def test_the_home_of_nobody_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="names ~no-such-person/key, which cannot be read"):
        Given({"KEY": "~no-such-person/key"}).file("KEY")


def test_a_password_may_be_of_any_bytes() -> None:
    with Given({"WORD": os.fsdecode(b"s\xe9cret")}).secret("WORD") as path:
        assert path is not None
        assert path.read_bytes() == b"s\xe9cret"


def test_a_folder_that_cannot_be_looked_through_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(folder: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert main(["--all", str(tmp_path)], {}) == 1
    assert f"{tmp_path} cannot be looked through: Permission denied" in capsys.readouterr().err


def test_the_end_of_a_name_may_be_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "X.MSI").write_bytes(INSTALLER)
    Authenticode._check_kind(tmp_path / "X.MSI")


def test_an_empty_variable_counts_as_unset() -> None:
    empty = {"SIGN_AUTHENTICODE_PKCS12": "", "SIGN_AUTHENTICODE_KEY": " ", "SIGN_GPG_KEY": ""}
    assert not Authenticode(empty).is_set()
    assert not Detached(empty).is_set()


def test_a_key_that_is_not_there_is_named(
    tmp_path: Path, tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    path = program(tmp_path)
    assert main([str(path)], {"SIGN_AUTHENTICODE_PKCS12": str(tmp_path / "gone.p12")}) == 1
    said = capsys.readouterr().err
    assert "SIGN_AUTHENTICODE_PKCS12 names" in said
    assert "gone.p12, which cannot be read (No such file or directory)" in said


def test_a_key_in_a_token_is_asked_for_by_its_uri(tmp_path: Path, tools: Tools, key: Path) -> None:
    path = program(tmp_path)
    environ = {
        "SIGN_AUTHENTICODE_CERTIFICATE": str(key),
        "SIGN_AUTHENTICODE_KEY": "pkcs11:object=release;type=private",
        "SIGN_AUTHENTICODE_PKCS11_MODULE": str(key),
        "SIGN_AUTHENTICODE_TIMESTAMP": "http://timestamp.example.org",
    }
    assert main([str(path)], environ) == 0
    [call] = [call for call in tools.calls("osslsigncode") if call[0] == "sign"]
    assert call[call.index("-key") + 1] == "pkcs11:object=release;type=private"
    assert call[call.index("-pkcs11module") + 1] == str(key)
    assert call[call.index("-ts") + 1] == "http://timestamp.example.org"


@pytest.mark.parametrize(
    ("name", "environ", "missing"),
    [
        ("a.exe", {"SIGN_AUTHENTICODE_PKCS12": "key.p12"}, "osslsigncode"),
        ("a.deb", {"SIGN_GPG_KEY": "x"}, "gpg"),
        ("a.rpm", {"SIGN_GPG_KEY": "x"}, "rpmsign"),
    ],
)
def test_a_missing_tool_is_named(
    tmp_path: Path, tools: Tools, name: str, environ: dict[str, str], missing: str
) -> None:
    (tools.bin / "osslsigncode").unlink()
    path = program(tmp_path, name)
    signer = KINDS[path.suffix](environ)
    assert signer.is_set()
    with pytest.raises(PackagingError, match=f"{missing} is missing"):
        signer.sign(path)


def sums(folder: Path, *names: str, begin: str = "") -> Path:
    lines = [f"{begin}{hashlib.sha256((folder / name).read_bytes()).hexdigest()} *{name}" for name in names]
    path = folder / "SHA256SUMS"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_sums_that_agree_may_be_signed(tmp_path: Path) -> None:
    program(tmp_path)
    check_sums(sums(tmp_path, "reporter.exe"))
    program(tmp_path, "odd\\name.exe")
    path = sums(tmp_path, "odd\\name.exe", begin="\\")
    path.write_text(path.read_text(encoding="utf-8").replace("odd\\", "odd\\\\"), encoding="utf-8")
    check_sums(path)


def test_sums_of_files_with_any_name_may_be_signed(tmp_path: Path) -> None:
    names = ["a\u0085b.exe", "a\u2028b.exe", os.fsdecode(b"a\xff.exe")]
    for name in names:
        program(tmp_path, name)
    lines = [hashlib.sha256(PROGRAM).hexdigest().encode() + b" *" + os.fsencode(name) for name in names]
    (tmp_path / "SHA256SUMS").write_bytes(b"\n".join(lines) + b"\n")
    check_sums(tmp_path / "SHA256SUMS")


def test_sums_made_before_signing_are_refused(tmp_path: Path) -> None:
    path = program(tmp_path)
    listed = sums(tmp_path, "reporter.exe")
    path.write_bytes(PROGRAM + b"signature")
    with pytest.raises(PackagingError, match="made after everything else was signed"):
        check_sums(listed)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("abc reporter.exe\n", "line 1, is no checksum"),
        ("0" * 64 + " *gone\n", "names 'gone', which cannot be read"),
        ("0" * 64 + " *a\0b\n", "which cannot be read"),
    ],
)
def test_sums_that_are_none_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "SHA256SUMS"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PackagingError, match=reason):
        check_sums(path)


def test_every_kind_and_variable_stands_in_the_help() -> None:
    from signing import command

    assert command.__doc__ is not None
    for kind, signer in KINDS.items():
        assert kind in command.__doc__
        assert signer.wanted.split(",")[0] in command.__doc__
