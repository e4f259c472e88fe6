"""The package of macOS, made with tools that write down what they are told."""

from __future__ import annotations

import plistlib
import shutil
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from macos import build, parts
from release.errors import PackagingError
from release.identity import Identity
from release.source import ROOT
from tests.packaging.apple import ARM64, X86_64, Tools, branded, frozen, mach_o, on_a_mac, ordered
from tests.packaging.release_orders import VERSION

APP = "Login & Help.app"


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return branded(tmp_path)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    return on_a_mac(tmp_path, monkeypatch)


def keep(tools: Tools, tmp_path: Path) -> Path:
    """What pkgbuild and productbuild get is kept, for they are given a folder that goes."""
    kept = tmp_path / "kept"
    tools.add("pkgbuild", f'for last; do :; done\ncp -a "$(dirname "$last")" {kept}\nprintf "xar!" >"$last"')
    return kept


def test_only_a_mac_makes_it(tmp_path: Path, identity: Identity) -> None:
    order = ordered(tmp_path, identity, tmp_path)
    with pytest.raises(PackagingError, match="is made on a Mac"):
        build.pkg(order)
    assert not order.out.exists()


def test_the_package_holds_program_agent_and_removal(
    tmp_path: Path, identity: Identity, tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = keep(tools, tmp_path)
    order = ordered(tmp_path, identity, frozen(tmp_path, identity))
    [made] = build.pkg(order)
    assert made == order.out / "login-help-1.2.3-macos-arm64.pkg"
    assert list(order.out.iterdir()) == [made]

    tree = kept / "tree"
    contents = tree / "Applications" / APP / "Contents"
    assert (contents / "MacOS/login-help").read_bytes() == mach_o(ARM64)
    assert (contents / "Frameworks/base_library.zip").is_symlink()
    agent = plistlib.loads((tree / "Library/LaunchAgents/org.example.login-help.postman.plist").read_bytes())
    assert agent["ProgramArguments"] == [f"/Applications/{APP}/Contents/MacOS/login-help", "queue", "flush"]
    assert agent["Label"] == "org.example.login-help.postman"
    assert agent["RunAtLoad"]
    assert agent["StartInterval"] == 900
    assert agent["ProcessType"] == "Background"
    assert "KeepAlive" not in agent
    removal = tree / "Library/Application Support/org.example.login-help/uninstall"
    assert removal.stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in (kept / "scripts").iterdir()) == ["postinstall", "preinstall"]
    for path in (kept / "scripts").iterdir():
        assert path.stat().st_mode & 0o777 == 0o755
        assert "@" not in path.read_text(encoding="utf-8").replace('"$@"', "")
    [component] = plistlib.loads((kept / "components.plist").read_bytes())
    assert component["RootRelativeBundlePath"] == f"Applications/{APP}"
    assert component["BundleIsRelocatable"] is False
    assert component["BundleIsVersionChecked"] is False

    [packed] = tools.calls("pkgbuild")
    for words in (
        ["--identifier", "org.example.login-help.pkg"],
        ["--version", VERSION],
        ["--install-location", "/"],
        ["--ownership", "recommended"],
    ):
        assert packed[packed.index(words[0]) + 1] == words[1]
    assert tools.calls("productsign") == []
    # A program without a signature of its own does not start on Apple silicon.
    [sealed] = tools.calls("codesign")
    assert sealed[:-1] == ["--force", "--deep", "--sign", "-"]
    said = capsys.readouterr().err
    assert f"{APP} is NOT SIGNED: set SIGN_APPLE_APPLICATION" in said
    assert "login-help-1.2.3-macos-arm64.pkg is NOT SIGNED: set SIGN_APPLE_INSTALLER" in said


def test_the_installer_says_what_it_is_and_what_it_needs(
    tmp_path: Path, identity: Identity, tools: Tools
) -> None:
    kept = keep(tools, tmp_path)
    build.pkg(ordered(tmp_path, identity, frozen(tmp_path, identity)))
    top = ElementTree.parse(kept / "distribution.xml").getroot()  # noqa: S314 - made by ourselves
    assert top.findtext("title") == "Login & Help 1.2.3"
    options = top.find("options")
    assert options is not None
    assert options.get("hostArchitectures") == "arm64"
    lowest = top.find("volume-check/allowed-os-versions/os-version")
    assert lowest is not None
    assert lowest.get("min") == "12.0"  # what the program itself asks for
    domains = top.find("domains")
    assert domains is not None
    assert domains.get("enable_currentUserHome") == "false"
    license_ = top.find("license")
    assert license_ is not None
    assert (kept / "resources" / str(license_.get("file"))).read_bytes() == (ROOT / "LICENSE").read_bytes()
    package = next(one for one in top.findall("pkg-ref") if one.text)
    assert package.get("id") == "org.example.login-help.pkg"
    [packed] = tools.calls("pkgbuild")
    assert Path(packed[-1]).name == package.text
    [wrapped] = tools.calls("productbuild")
    assert wrapped[wrapped.index("--package-path") + 1] == str(Path(packed[-1]).parent)


def test_the_brand_lies_where_the_program_looks_for_it_and_no_data_lies_where_code_belongs(
    tmp_path: Path, identity: Identity, tools: Tools
) -> None:
    kept = keep(tools, tmp_path)
    build.pkg(ordered(tmp_path, identity, frozen(tmp_path, identity)))
    contents = kept / "tree/Applications" / APP / "Contents"
    assert (contents / "Resources/brand.toml").read_bytes() == identity.brand.read_bytes()
    # Every file there would have to be signed by itself.
    assert [path.name for path in (contents / "MacOS").iterdir()] == ["login-help"]


def test_everybody_may_read_what_was_frozen_under_a_narrow_mask(
    tmp_path: Path, identity: Identity, tools: Tools
) -> None:
    kept = keep(tools, tmp_path)
    payload = frozen(tmp_path, identity)
    for path in sorted(payload.rglob("*"), reverse=True):
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() or path.name == "login-help" else 0o600)
    build.pkg(ordered(tmp_path, identity, payload))
    for path in (kept / "tree").rglob("*"):
        if not path.is_symlink():
            wanted = 0o755 if path.is_dir() or path.name in ("login-help", "uninstall") else 0o644
            is_top = path == kept / "tree/Applications"
            assert path.stat().st_mode & 0o777 == (0o775 if is_top else wanted), path


@pytest.mark.parametrize(
    ("processors", "names"),
    [
        ((ARM64,), ["arm64"]),
        ((X86_64,), ["x86_64"]),
        ((X86_64, ARM64), ["arm64", "x86_64"]),
    ],
)
def test_the_processors_are_those_of_the_program(
    tmp_path: Path, processors: tuple[int, ...], names: list[str]
) -> None:
    program = tmp_path / "program"
    program.write_bytes(mach_o(*processors))
    assert build.architectures(program) == names


def test_a_program_for_both_processors_gives_a_package_for_both(
    tmp_path: Path, identity: Identity, tools: Tools
) -> None:
    payload = frozen(tmp_path, identity, processors=(X86_64, ARM64))
    [made] = build.pkg(ordered(tmp_path, identity, payload))
    assert made.name == "login-help-1.2.3-macos-universal.pkg"


@pytest.mark.parametrize(
    "content", [b"", b"\xcf\xfa\xed\xfe", mach_o(7), b"\xca\xfe\xba\xbe\xff\xff\xff\xff"]
)
def test_a_damaged_program_is_refused(
    tmp_path: Path, identity: Identity, tools: Tools, content: bytes
) -> None:
    payload = frozen(tmp_path, identity)
    (payload / APP / "Contents/MacOS/login-help").write_bytes(content)
    order = ordered(tmp_path, identity, payload)
    with pytest.raises(PackagingError):
        build.pkg(order)
    assert not order.out.exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CFBundleIdentifier", "org.other.agent"),
        ("CFBundleShortVersionString", "0.9.0"),
        ("CFBundleExecutable", "reporter"),
    ],
)
def test_a_program_of_another_name_or_version_is_refused(
    tmp_path: Path, identity: Identity, tools: Tools, key: str, value: str
) -> None:
    payload = frozen(tmp_path, identity)
    place = payload / APP / "Contents/Info.plist"
    place.write_bytes(plistlib.dumps({**plistlib.loads(place.read_bytes()), key: value}))
    order = ordered(tmp_path, identity, payload)
    with pytest.raises(PackagingError, match=f"{key} '{value}' and not"):
        build.pkg(order)
    assert not order.out.exists()


def test_a_program_without_information_is_refused(tmp_path: Path, identity: Identity, tools: Tools) -> None:
    payload = frozen(tmp_path, identity)
    (payload / APP / "Contents/Info.plist").write_bytes(b"<plist>")
    with pytest.raises(PackagingError, match=r"Info\.plist cannot be read"):
        build.pkg(ordered(tmp_path, identity, payload))


@pytest.mark.parametrize("missing", ["pkgbuild", "productbuild", "codesign"])
def test_a_missing_tool_is_named_and_leaves_nothing(
    tmp_path: Path, identity: Identity, tools: Tools, missing: str
) -> None:
    (tools.bin / missing).unlink()
    order = ordered(tmp_path, identity, frozen(tmp_path, identity))
    with pytest.raises(PackagingError, match=f"{missing} is missing"):
        build.pkg(order)
    assert not order.out.exists() or not list(order.out.iterdir())


def test_a_tool_that_fails_leaves_the_package_of_before(
    tmp_path: Path, identity: Identity, tools: Tools
) -> None:
    order = ordered(tmp_path, identity, frozen(tmp_path, identity))
    [before] = build.pkg(order)
    content = before.read_bytes()
    tools.add("productbuild", "echo 'productbuild: error: no space' >&2; exit 1")
    with pytest.raises(PackagingError, match="no space"):
        build.pkg(order)
    assert list(order.out.iterdir()) == [before]
    assert before.read_bytes() == content


def test_with_keys_everything_is_signed_before_it_is_packed(
    tmp_path: Path, identity: Identity, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGN_APPLE_APPLICATION", "Developer ID Application: Example (TEAM)")
    monkeypatch.setenv("SIGN_APPLE_INSTALLER", "Developer ID Installer: Example (TEAM)")
    monkeypatch.setenv("SIGN_APPLE_NOTARY_PROFILE", "notary")
    order = ordered(tmp_path, identity, frozen(tmp_path, identity))
    [made] = build.pkg(order)
    assert made.read_bytes() == b"xar!signed"
    names = [call[0] for call in tools.calls()]
    assert (
        names.index("codesign") < names.index("pkgbuild") < names.index("productsign") < names.index("xcrun")
    )
    assert [call[:2] for call in tools.calls("xcrun")] == [
        ["notarytool", "submit"],
        ["stapler", "staple"],
        ["stapler", "validate"],
    ]
    assert list(order.out.iterdir()) == [made]


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"INSTALLER": "Example", "NOTARY_PROFILE": "notary"}, "set SIGN_APPLE_APPLICATION too"),
        ({"NOTARY_KEY_ID": "KEYID"}, "all three or none"),
    ],
)
def test_keys_that_cannot_go_together_are_said_before_anything_is_made(
    tmp_path: Path,
    identity: Identity,
    tools: Tools,
    environ: dict[str, str],
    reason: str,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(f"SIGN_APPLE_{name}", value)
        with pytest.raises(PackagingError, match=reason):
            build.pkg(ordered(tmp_path, identity, frozen(tmp_path, identity)))
    assert tools.calls() == []


def test_two_brands_share_nothing_on_one_mac(tmp_path: Path, identity: Identity) -> None:
    other = msgspec.structs.replace(
        identity, product="Reporter", bundle_id="org.reporter.agent", command="reporter"
    )
    for name in (parts.label, parts.receipt, parts.app_name, parts.component_name):
        assert name(identity) != name(other)
    for script in ("preinstall", "postinstall", "uninstall"):
        text = parts.script(script, identity, VERSION)
        assert "Reporter" not in text
        assert "reporter" not in text


def test_a_product_with_any_allowed_name_stays_one_word_in_the_scripts(identity: Identity) -> None:
    odd = msgspec.structs.replace(identity, product="It's & Co (x)")
    assert """product='It'"'"'s & Co (x)'""" in parts.script("uninstall", odd, VERSION)
    described = parts.distribution(odd, VERSION, architectures=["arm64"], minimum="11.0")
    assert ElementTree.fromstring(described).findtext("title") == "It's & Co (x) 1.2.3"  # noqa: S314


def test_the_payload_itself_is_left_as_it_was(tmp_path: Path, identity: Identity, tools: Tools) -> None:
    payload = frozen(tmp_path, identity)
    copy = tmp_path / "copy"
    shutil.copytree(payload, copy, symlinks=True)
    build.pkg(ordered(tmp_path, identity, payload))
    assert {p.relative_to(payload) for p in payload.rglob("*")} == {
        p.relative_to(copy) for p in copy.rglob("*")
    }
