"""Signatures of Apple: in which order, with what, and what is left where one does not come about."""

from __future__ import annotations

import base64
import os
import plistlib
import subprocess
from pathlib import Path

import pytest

from catalogues import ROOT
from release.errors import PackagingError
from signing.apple import ENTITLEMENTS, App, Pkg, inside_out, seal
from signing.command import main
from tests.packaging.apple import Tools, branded, frozen, on_a_mac

APPLICATION = {"SIGN_APPLE_APPLICATION": "Developer ID Application: Example (TEAM)"}
INSTALLER = {"SIGN_APPLE_INSTALLER": "Developer ID Installer: Example (TEAM)"}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    return on_a_mac(tmp_path, monkeypatch)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    identity = branded(tmp_path)
    return frozen(tmp_path, identity) / f"{identity.product}.app"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "x.pkg"
    path.write_bytes(b"xar!unsigned")
    return path


def test_code_is_signed_from_the_inside_out(app: Path) -> None:
    names = [str(path.relative_to(app / "Contents")) for path in inside_out(app)]
    assert names == [
        "Frameworks/Python.framework/Versions/3.13/Python",
        "Frameworks/lib-dynload/_ssl.so",
        "Frameworks/Python.framework",
        "Frameworks/libtcl.dylib",
    ]


def test_a_program_is_signed_with_the_hardened_runtime_last_of_all(tools: Tools, app: Path) -> None:
    assert App(APPLICATION).sign(app) == ""
    inner, outer, check = tools.calls("codesign")
    for call in (inner, outer):
        assert call[:6] == [
            *("--force", "--timestamp", "--options", "runtime"),
            *("--sign", APPLICATION["SIGN_APPLE_APPLICATION"]),
        ]
    # A right of the program is no right of its libraries.
    assert "--entitlements" not in inner
    assert outer[outer.index("--entitlements") + 1] == str(ENTITLEMENTS)
    assert outer[-1].endswith("Login & Help.app")
    assert check[:3] == ["--verify", "--deep", "--strict"]


def test_the_program_may_do_one_thing_more_than_others() -> None:
    assert plistlib.loads(ENTITLEMENTS.read_bytes()) == {
        "com.apple.security.cs.allow-unsigned-executable-memory": True
    }


def test_a_sealed_program_is_signed_for_no_one(tools: Tools, app: Path) -> None:
    seal(app)
    assert tools.calls("codesign") == [["--force", "--deep", "--sign", "-", str(app)]]


def test_a_program_that_could_not_be_signed_stays_as_it_was(tools: Tools, app: Path) -> None:
    tools.add(
        "codesign",
        'for last; do :; done; echo broken >"$last/Contents/x"; echo "no identity found" >&2; exit 1',
    )
    with pytest.raises(PackagingError, match="the keychain has no such certificate"):
        App(APPLICATION).sign(app)
    assert not (app / "Contents/x").exists()
    assert sorted(path.name for path in app.parent.iterdir()) == [app.name]


def test_a_folder_that_is_no_program_is_refused(tools: Tools, tmp_path: Path) -> None:
    folder = tmp_path / "x.app"
    folder.mkdir()
    with pytest.raises(PackagingError, match="is no program for macOS"):
        App(APPLICATION).sign(folder)


def test_elsewhere_it_says_that_a_mac_is_needed(app: Path, package: Path) -> None:
    with pytest.raises(PackagingError, match="on a Mac only"):
        App(APPLICATION).sign(app)
    with pytest.raises(PackagingError, match="on a Mac only"):
        Pkg(INSTALLER).sign(package)


def test_a_package_is_signed_notarised_and_stapled(tools: Tools, package: Path, tmp_path: Path) -> None:
    key = tmp_path / "AuthKey.p8"
    key.write_text("secret key", encoding="utf-8")
    environ = {
        **INSTALLER,
        "SIGN_APPLE_NOTARY_KEY": str(key),
        "SIGN_APPLE_NOTARY_KEY_ID": "KEYID",
        "SIGN_APPLE_NOTARY_ISSUER": "issuer-id",
    }
    assert Pkg(environ).sign(package) == ""
    assert package.read_bytes() == b"xar!signed"
    [signed] = tools.calls("productsign")
    assert signed[:3] == ["--timestamp", "--sign", INSTALLER["SIGN_APPLE_INSTALLER"]]
    submitted, stapled, validated = tools.calls("xcrun")
    account = ["--key", str(key), "--key-id", "KEYID", "--issuer", "issuer-id"]
    assert submitted[:2] == ["notarytool", "submit"]
    assert submitted[3:9] == account
    assert submitted[9:12] == ["--wait", "--output-format", "json"]
    assert stapled[:2] == ["stapler", "staple"]
    assert validated[:2] == ["stapler", "validate"]
    assert "secret key" not in str(tools.calls())


def test_a_package_that_apple_turns_down_stays_unsigned_and_says_why(tools: Tools, package: Path) -> None:
    # notarytool ends with 0 then.
    tools.add(
        "xcrun",
        """case $2 in
        submit) echo 'Conducting pre-submission checks'; echo '{"id": "2efe", "status": "Invalid"}' ;;
        log) echo '"message": "The executable does not have the hardened runtime enabled."' ;;
        esac""",
    )
    with pytest.raises(PackagingError, match=r"\(Invalid\)[\s\S]*hardened runtime"):
        Pkg({**INSTALLER, "SIGN_APPLE_NOTARY_PROFILE": "notary"}).sign(package)
    assert package.read_bytes() == b"xar!unsigned"
    assert tools.calls("xcrun")[-1][:3] == ["notarytool", "log", "2efe"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("echo 'Error: HTTP status code: 401. Unauthenticated' >&2; exit 1", "does not know the account"),
        ("echo '{}'", "was not notarised"),
        ("exit 1", "was not notarised"),
        (
            "case $1 in stapler) echo 'Error 65' >&2; exit 65 ;; esac\n"
            'echo \'{"id": 1, "status": "Accepted"}\'',
            "Error 65",
        ),
    ],
)
def test_notarisation_that_fails_leaves_the_package_as_it_was(
    tools: Tools, package: Path, answer: str, reason: str
) -> None:
    tools.add("xcrun", answer)
    with pytest.raises(PackagingError, match=reason):
        Pkg({**INSTALLER, "SIGN_APPLE_NOTARY_PROFILE": "notary"}).sign(package)
    assert package.read_bytes() == b"xar!unsigned"


@pytest.mark.parametrize("lacking", ["NOTARY_KEY", "NOTARY_KEY_ID", "NOTARY_ISSUER"])
def test_half_an_account_is_refused(package: Path, lacking: str) -> None:
    environ = {
        f"SIGN_APPLE_{name}": str(package) for name in ("NOTARY_KEY", "NOTARY_KEY_ID", "NOTARY_ISSUER")
    }
    del environ[f"SIGN_APPLE_{lacking}"]
    with pytest.raises(PackagingError, match="all three or none"):
        Pkg(environ).is_set()


def test_a_package_that_was_not_notarised_counts_as_not_completely_signed(
    tools: Tools, package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(package)], INSTALLER) == 3
    assert package.read_bytes() == b"xar!signed"
    assert "is signed but NOT NOTARISED" in capsys.readouterr().err


def test_a_file_that_only_calls_itself_a_package_is_refused(tools: Tools, package: Path) -> None:
    package.write_bytes(b"PK\x03\x04")
    with pytest.raises(PackagingError, match="is no installer package"):
        Pkg(INSTALLER).sign(package)


def test_a_named_keychain_is_used(tools: Tools, package: Path, tmp_path: Path) -> None:
    keychain = tmp_path / "build.keychain-db"
    keychain.touch()
    Pkg({**INSTALLER, "SIGN_APPLE_KEYCHAIN": str(keychain)}).sign(package)
    [signed] = tools.calls("productsign")
    assert signed[signed.index("--keychain") + 1] == str(keychain)
    with pytest.raises(PackagingError, match=r"SIGN_APPLE_KEYCHAIN names .* cannot be read"):
        Pkg({**INSTALLER, "SIGN_APPLE_KEYCHAIN": str(tmp_path / "none")}).sign(package)


def test_all_leaves_alone_what_someone_has_signed(
    tools: Tools, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tools.add("codesign", "case $1 in --display) echo Authority=Example >&2 ;; esac")
    assert main(["--all", str(app.parent)], APPLICATION) == 0
    assert "is signed already" in capsys.readouterr().out
    tools.add("codesign", "case $1 in --display) echo Signature=adhoc >&2 ;; esac")
    assert main(["--all", str(app.parents[1])], APPLICATION) == 0
    assert f"{app}: signed" in capsys.readouterr().out


class Keychain:
    """keychain.sh, whose security writes down what it is told on its standard input too."""

    def __init__(self, folder: Path) -> None:
        self.tools = Tools(folder)
        self.heard = folder / "heard"
        self.security("echo '1) ABC \"Developer ID Application: Example (TEAM)\"'")

    def security(self, found: str) -> None:
        self.tools.add("security", f"case $1 in -i) cat >{self.heard} ;; find-identity) {found} ;; esac")

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", ROOT / "packaging/macos/keychain.sh", *arguments],
            env={"PATH": f"{self.tools.bin}:{os.environ['PATH']}", **environ},
            capture_output=True,
            text=True,
            check=False,
        )


CERTIFICATES = base64.encodebytes(b"pkcs12" * 40).decode()


def test_a_keychain_is_made_without_showing_a_password(tmp_path: Path) -> None:
    keychain = Keychain(tmp_path)
    ran = keychain.run(
        "make",
        "build.keychain-db",
        SIGN_APPLE_CERTIFICATES=CERTIFICATES,
        SIGN_APPLE_CERTIFICATES_PASSWORD="se cret$",
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    heard = keychain.heard.read_text(encoding="utf-8")
    assert [line.split()[0] for line in heard.splitlines()] == [
        "create-keychain",
        "set-keychain-settings",
        "unlock-keychain",
        "import",
        "set-key-partition-list",
    ]
    assert '-P "se cret$"' in heard
    assert "se cret$" not in str(keychain.tools.calls())
    # Only in that list codesign finds what a certificate descends from, and the check that it is valid too.
    assert keychain.tools.calls("security")[1:] == [
        ["list-keychains", "-d", "user", "-s", "build.keychain-db", "login.keychain-db"],
        ["find-identity", "-v", "build.keychain-db"],
    ]


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({}, "SIGN_APPLE_CERTIFICATES is not set"),
        ({"SIGN_APPLE_CERTIFICATES": "%%%"}, "is no base64"),
        (
            {"SIGN_APPLE_CERTIFICATES": CERTIFICATES, "SIGN_APPLE_CERTIFICATES_PASSWORD": 'a"b'},
            "a quotation mark",
        ),
    ],
)
def test_a_keychain_that_cannot_be_made_is_a_sentence(
    tmp_path: Path, environ: dict[str, str], reason: str
) -> None:
    keychain = Keychain(tmp_path)
    ran = keychain.run("make", "build.keychain-db", **environ)
    assert ran.returncode == 1
    assert reason in ran.stderr
    assert not keychain.heard.exists()


def test_a_keychain_without_a_valid_certificate_is_removed_again(tmp_path: Path) -> None:
    keychain = Keychain(tmp_path)
    keychain.security("echo '0 valid identities found'")
    ran = keychain.run("make", "build.keychain-db", SIGN_APPLE_CERTIFICATES=CERTIFICATES)
    assert ran.returncode == 1
    assert "no Developer ID" in ran.stderr
    assert keychain.tools.calls("security")[-1] == ["delete-keychain", "build.keychain-db"]


@pytest.mark.parametrize("arguments", [(), ("make",), ("burn", "x"), ("make", "a", "b")])
def test_bad_usage_of_the_keychain_is_said(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = Keychain(tmp_path).run(*arguments)
    assert ran.returncode == 2
    assert ran.stderr.startswith("Usage: ")
