"""The packages for Linux: what they hold, what they ask of the system, and what is refused."""

from __future__ import annotations

import hashlib
import lzma
import os
import re
import stat
import struct
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from freeze.contents import excluded
from freeze.libraries import Needs
from linux.archive import shrink_deb, shrink_rpm
from linux.build import configuration, deb, pieces, program, rpm
from linux.completions import script
from linux.documents import copyright_file, debian_changelog, overrides, readme
from linux.manual import NOT_INSIDE, pages
from linux.menu import entry
from linux.pieces import File, Folder, Link
from linux.requirements import deb_depends, rpm_requires
from linux.scripts import deb_scripts, downgrade_variable, rpm_scripts
from linux.units import units
from release.errors import PackagingError
from release.identity import identify
from release.order import Order
from reporter.cli.reference import commands
from tests.packaging.linux_payload import brand, order


@pytest.fixture
def wanted(tmp_path: Path) -> Order:
    return order(tmp_path, brand(tmp_path))


def everything(wanted: Order, form: str) -> dict[str, File | Folder | Link]:
    assert wanted.payload is not None
    return {piece.place: piece for piece in pieces(wanted, wanted.payload, form)}


def text_of(piece: object) -> str:
    assert isinstance(piece, File)
    assert isinstance(piece.content, bytes)
    return piece.content.decode()


@pytest.mark.parametrize("form", ["deb", "rpm"])
def test_everything_lies_where_the_brand_says_and_nothing_under_another_name(
    wanted: Order, form: str
) -> None:
    found = everything(wanted, form)
    for place in (
        "/opt/example-trading/login-help/login-help",
        "/opt/example-trading/login-help/brand.toml",
        "/usr/bin/login-help",
        "/etc/login-help/policies/managed",
        "/etc/login-help/policies/recommended",
        "/usr/share/applications/login-help.desktop",
        "/usr/share/icons/hicolor/48x48/apps/login-help.png",
        "/usr/share/man/man1/login-help.1.gz",
        "/usr/share/man/man1/login-help-queue-flush.1.gz",
        "/usr/share/bash-completion/completions/login-help",
        "/usr/lib/systemd/user/login-help-postman.service",
        "/usr/lib/systemd/user/timers.target.wants/login-help-postman.timer",
        "/usr/share/doc/login-help/README",
        "/usr/share/doc/login-help/changelog.gz",
        "/usr/share/doc/login-help/policies/managed/example.json",
    ):
        assert place in found
    assert not [place for place in found if re.search(r"(?<!-)\breporter", place)]
    assert found["/usr/bin/login-help"] == Link(
        place="/usr/bin/login-help", to="/opt/example-trading/login-help/login-help"
    )


def test_nothing_of_a_package_lies_in_the_folders_of_policies(wanted: Order) -> None:
    for form in ("deb", "rpm"):
        found = [piece for place, piece in everything(wanted, form).items() if place.startswith("/etc")]
        assert found
        assert all(isinstance(piece, Folder) for piece in found)


def test_what_is_frozen_becomes_readable_for_all_and_writable_for_root_alone(wanted: Order) -> None:
    assert wanted.payload is not None
    library = wanted.payload / "_internal" / "libx.so.1"
    library.write_bytes(b"")
    library.chmod(0o777)
    found = {piece.place: piece for piece in program(wanted.payload, "/opt/x")}
    modes = {place: piece.mode for place, piece in found.items() if not isinstance(piece, Link)}
    assert modes["/opt/x/login-help"] == 0o755
    assert modes["/opt/x/_internal/libx.so.1"] == 0o644
    assert set(modes.values()) == {0o755, 0o644}


@pytest.mark.parametrize("to", ["/etc/passwd", "../../../elsewhere"])
def test_a_link_that_leads_out_of_the_program_is_refused(wanted: Order, to: str) -> None:
    assert wanted.payload is not None
    (wanted.payload / "_internal" / "away").symlink_to(to)
    with pytest.raises(PackagingError, match="leads out"):
        list(program(wanted.payload, "/opt/x"))


def test_a_link_that_leads_round_is_packed_as_it_is(wanted: Order) -> None:
    assert wanted.payload is not None
    (wanted.payload / "_internal" / "round").symlink_to("round")
    assert Link(place="/opt/x/_internal/round", to="round") in list(program(wanted.payload, "/opt/x"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_refused(wanted: Order) -> None:
    assert wanted.payload is not None
    os.mkfifo(wanted.payload / "pipe")
    with pytest.raises(PackagingError, match="neither file, folder nor link"):
        list(program(wanted.payload, "/opt/x"))


@pytest.mark.parametrize("build", [deb, rpm])
@pytest.mark.parametrize("fault", ["none", "empty", "windows", "processor", "version", "brand"])
def test_a_wrong_payload_is_refused_with_a_sentence_and_nothing_is_left(
    wanted: Order, build: object, fault: str
) -> None:
    assert callable(build)
    assert wanted.payload is not None
    executable = wanted.payload / "login-help"
    content = bytearray(executable.read_bytes())
    bad = wanted
    match fault:
        case "none":
            bad = Order(identity=wanted.identity, source=wanted.source, out=wanted.out)
        case "empty":
            (wanted.out.parent / "nothing").mkdir()
            bad = Order(
                identity=wanted.identity,
                source=wanted.source,
                out=wanted.out,
                payload=wanted.out.parent / "nothing",
            )
        case "windows":
            executable.write_bytes(b"MZ" + bytes(content[2:]))
        case "processor":
            content[18] = 8
            executable.write_bytes(content)
        case "version":
            (wanted.payload / "sbom.cdx.json").write_text('{"metadata": {"component": {"version": "9.9.9"}}}')
        case "brand":
            (wanted.payload / "brand.toml").write_text('product = "Another"\n')
    with pytest.raises(PackagingError) as refused:
        build(bad)
    assert str(refused.value).rstrip().endswith(".")
    assert not wanted.out.exists() or not list(wanted.out.iterdir())


@pytest.mark.parametrize("build", [deb, rpm])
def test_a_tool_that_is_missing_is_named_and_nothing_is_left(
    wanted: Order, build: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(build)
    monkeypatch.setattr("linux.build.needs", lambda payload: Needs(libraries=(), versions=()))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PackagingError, match="nfpm is missing"):
        build(wanted)
    assert not list(wanted.out.iterdir())


NEEDED = Needs(
    libraries=("ld-linux-x86-64.so.2", "libX11.so.6", "libc.so.6", "libm.so.6"),
    versions=(
        "libX11.so.6(V9)",
        "libc.so.6(GLIBC_2.34)",
        "libc.so.6(GLIBC_2.4)",
        "libm.so.6(GLIBC_2.9)",
    ),
)


def test_the_c_library_is_asked_for_in_the_least_version_that_has_every_symbol() -> None:
    assert deb_depends(NEEDED) == ["libc6 (>= 2.34)", "libx11-6"]
    packed = Needs(
        libraries=("libc.so.6",), versions=("libc.so.6(GLIBC_2.4)", "libc.so.6(GLIBC_ABI_DT_RELR)")
    )
    assert deb_depends(packed) == ["libc6 (>= 2.36)"]
    assert deb_depends(Needs(libraries=(), versions=())) == []


def test_rpm_asks_for_libraries_and_symbols() -> None:
    asked = rpm_requires(NEEDED)
    assert "libX11.so.6()(64bit)" in asked
    assert "libc.so.6(GLIBC_2.34)(64bit)" in asked
    assert asked == sorted(asked)


def test_a_library_that_no_package_is_known_for_is_named() -> None:
    with pytest.raises(PackagingError, match=r"libodd\.so\.3"):
        deb_depends(Needs(libraries=("libodd.so.3",), versions=()))


def test_the_configuration_names_no_variable_and_one_time(
    wanted: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wanted.payload is not None
    monkeypatch.setattr("linux.build.needs", lambda payload: NEEDED)
    for form in ("deb", "rpm"):
        settings = configuration(wanted, wanted.payload, form, tmp_path / form)
        contents = settings["contents"]
        assert isinstance(contents, list)
        assert {entry["file_info"]["mtime"] for entry in contents} == {settings["mtime"]}
        assert [entry["dst"] for entry in contents] == sorted(entry["dst"] for entry in contents)
        assert {(entry["file_info"]["owner"], entry["file_info"]["group"]) for entry in contents} == {
            ("root", "root")
        }
        # nfpm would put in what the environment of the build has under such a name.
        plain = [value for value in settings.values() if isinstance(value, str)]
        assert not [value for value in plain if "$" in value]
    assert "conflicts" not in settings


def test_the_menu_opens_the_window_and_speaks_three_languages(wanted: Order) -> None:
    text = entry(wanted.identity)
    assert "\nExec=login-help open\n" in text
    assert "\nName=Login Help\n" in text
    for key in ("GenericName", "Comment"):
        for language in ("", r"\[ru\]", r"\[uk\]"):
            assert re.search(rf"^{key}{language}=.+$", text, re.MULTILINE)


def test_there_is_a_page_for_the_program_and_each_command_under_its_own_name(wanted: Order) -> None:
    found = pages(wanted)
    # What the frozen program leaves out has no page.
    inside = [path for path, _ in commands() if path.split()[1] not in NOT_INSIDE]
    assert set(found) == {"login-help", *("-".join(["login-help", *path.split()[1:]]) for path in inside)}
    assert {f"reporter.{name}" for name in NOT_INSIDE} <= set(excluded("linux"))
    for name, text in found.items():
        assert text.startswith(".TH "), name
        assert not re.search(r"\breporter\b", text), name
        assert text.isascii(), name
        # A line that begins with a point or an apostrophe is a command of roff.
        for line in text.splitlines():
            assert not line.startswith("'"), (name, line)
            if line.startswith("."):
                assert re.match(r"\.(TH|SH|TP|PP|B)\b", line), (name, line)
    assert r"\fB\-\-all\fP" in found["login-help-queue-flush"]
    assert "login\\-help\\-queue\\-list" in found["login-help"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_asks_the_program_of_this_name(shell: str) -> None:
    text = script("login-help", shell).decode()
    assert "_LOGIN_HELP_COMPLETE" in text
    assert "login-help" in text
    assert "reporter" not in text


def test_the_postman_starts_nothing_for_a_person_without_reports(wanted: Order) -> None:
    found = {piece.place.rpartition("/")[2]: piece for piece in units(wanted.identity)}
    service = text_of(found["login-help-postman.service"])
    conditions = re.findall(r"^Condition\w+=(.+)$", service, re.MULTILINE)
    assert conditions == [
        "/opt/example-trading/login-help/login-help",
        "|%h/.local/share/login-help/spool/spool.sqlite",
        "|XDG_DATA_HOME",
        "|REPORTER_HOME",
    ]
    assert "ExecStart=/opt/example-trading/login-help/login-help queue flush\n" in service
    assert "StandardError=journal\n" in service  # else the null of its output counts for both


def test_an_older_version_is_refused_unless_the_administrator_insists(wanted: Order) -> None:
    text = deb_scripts(wanted.identity, "1.2.0-1")["preinstall"]
    assert downgrade_variable(wanted.identity) == "LOGIN_HELP_ALLOW_DOWNGRADE"
    assert "gt 1.2.0-1" in text
    assert "LOGIN_HELP_ALLOW_DOWNGRADE=1" in text


def test_a_program_whose_name_begins_with_a_digit_is_upgraded_too(wanted: Order, tmp_path: Path) -> None:
    named = msgspec.structs.replace(wanted.identity, command="1c-help")
    script = tmp_path / "preinst"
    script.write_text(deb_scripts(named, "1.2.0-1")["preinstall"], encoding="utf-8")
    for installed, given, status in (("1.1.0-1", "", 0), ("1.3.0-1", "", 1), ("1.3.0-1", "1", 0)):
        environ = {**os.environ, "_1C_HELP_ALLOW_DOWNGRADE": given}
        done = subprocess.run(
            ["/bin/sh", script, "upgrade", installed],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        assert ("set _1C_HELP_ALLOW_DOWNGRADE=1" in done.stderr) == bool(status)


def test_scripts_touch_neither_homes_nor_policies(wanted: Order) -> None:
    for text in (*deb_scripts(wanted.identity, "1-1").values(), *rpm_scripts(wanted.identity).values()):
        assert "set -e" in text
        assert not re.search(r"/etc|/home|\brm\b|systemctl", text)


def test_documents_speak_of_this_program_and_this_version(wanted: Order) -> None:
    assert readme(wanted).startswith("Login Help 1.2.0\n================\n")
    assert debian_changelog(wanted) == (
        "login-help (1.2.0-1) stable; urgency=medium\n\n"
        "  * Login Help 1.2.0; changelog.gz tells what is new.\n\n"
        " -- Example Desk <desk@example.org>  Sun, 22 Nov 2026 00:00:00 +0000\n"
    )
    text = copyright_file(wanted)
    assert "\nFiles: opt/example-trading/login-help/_internal/*\n" in text
    assert "THE SOFTWARE IS PROVIDED" in text
    for line in overrides(wanted).splitlines():
        assert not line or line.startswith(("# ", "login-help: "))


@pytest.mark.parametrize("command", ["login", "bash", "sudo", "systemd"])
def test_a_command_that_systems_are_made_of_is_refused(wanted: Order, command: str) -> None:
    named = msgspec.structs.replace(wanted.identity, command=command)
    payload = wanted.payload
    assert payload is not None
    with pytest.raises(PackagingError, match=f'add another, such as command = "{command}-help"'):
        configuration(
            msgspec.structs.replace(wanted, identity=named), payload, "deb", payload.parent / "parts"
        )


def test_a_command_of_one_letter_is_refused(tmp_path: Path) -> None:
    wanted = order(tmp_path, brand(tmp_path, command="x"))
    with pytest.raises(PackagingError, match="two letters"):
        deb(wanted)
    assert not list(wanted.out.iterdir())


def test_our_own_brand_gives_our_own_names() -> None:
    from release.identity import OWN_BRAND

    found = identify(OWN_BRAND)
    assert found.linux_folder == "/opt/reporter/reporter"
    assert downgrade_variable(found) == "REPORTER_ALLOW_DOWNGRADE"


def test_the_contents_of_a_deb_are_packed_and_all_else_stays(tmp_path: Path) -> None:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        about = tarfile.TarInfo("./x")
        about.size = 5
        tar.addfile(about, BytesIO(b"hello"))
    made = b"!<arch>\n"
    for name, content in (
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", b"odd"),
        ("data.tar", packed.getvalue()),
    ):
        head = f"{name:<16}{1795305600:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n"
        made += head.encode() + content + b"\n" * (len(content) % 2)
    package = tmp_path / "x.deb"
    package.write_bytes(made)
    shrink_deb(package, "amd64")
    found = package.read_bytes()
    at = found.index(b"data.tar.xz")
    size = int(found[at + 48 : at + 58])
    assert lzma.decompress(found[at + 60 : at + 60 + size]) == packed.getvalue()
    assert found[:at] == made[:at]
    assert stat.S_ISREG(int(found[at + 40 : at + 48], 8))


def rpm_of(payload: bytes) -> bytes:
    """An rpm with the parts that are replaced, and nothing else."""

    def header(*values: tuple[int, int, bytes]) -> bytes:
        index, data = b"", b""
        for tag, kind, value in values:
            index += struct.pack(">IIII", tag, kind, len(data), 1)
            data += value
        return b"\x8e\xad\xe8\x01" + b"\0" * 4 + struct.pack(">II", len(values), len(data)) + index + data

    signature = header(
        (269, 6, b"0" * 40 + b"\0"), (273, 6, b"0" * 64 + b"\0"), (1000, 4, b"0000"), (1004, 7, b"0" * 16)
    )
    begin = b"\xed\xab\xee\xdb".ljust(96, b"\0") + signature
    return begin + b"\0" * (-len(begin) % 8) + header((5092, 8, b"0" * 64 + b"\0")) + lzma.compress(payload)


def test_the_contents_of_an_rpm_are_packed_anew_and_its_digests_are_true(tmp_path: Path) -> None:
    package = tmp_path / "x.rpm"
    package.write_bytes(rpm_of(b"contents " * 99))
    shrink_rpm(package, "amd64")
    found = package.read_bytes()
    at = found.index(b"\xfd7zXZ")
    packed = found[at:]
    assert lzma.decompress(packed) == b"contents " * 99
    told = found[found.rindex(b"\x8e\xad\xe8\x01", 0, at) : at]
    for digest in (
        hashlib.sha256(packed).hexdigest().encode(),
        hashlib.sha256(told).hexdigest().encode(),
        hashlib.sha1(told, usedforsecurity=False).hexdigest().encode(),
        hashlib.md5(told + packed, usedforsecurity=False).digest(),
        struct.pack(">I", len(told) + len(packed)),
    ):
        assert digest in found[:at]


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"odd", b"!<arch>\n", b"!<arch>\nshort", b"!<arch>\n" + b"x" * 60),
        *(rpm_of(b"x")[:cut] for cut in (50, 100, 130, 200, -20)),
        rpm_of(b"x").replace(struct.pack(">I", 5092), struct.pack(">I", 5091)),
        rpm_of(b"x").replace(b"\xfd7zXZ", b"other"),
    ],
)
def test_what_is_no_package_is_not_packed(tmp_path: Path, content: bytes) -> None:
    package = tmp_path / "x"
    package.write_bytes(content)
    for shrink in (shrink_deb, shrink_rpm):
        with pytest.raises(PackagingError, match="as nfpm makes it"):
            shrink(package, "amd64")
    assert package.read_bytes() == content
