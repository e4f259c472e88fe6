"""Freezing: what gets in and what must not be missing. tests/systems/test_frozen.py does it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from freeze import build, contents, environment, libraries, licences, payload, windows_resource
from freeze.payload import SYSTEMS
from release.errors import PackagingError
from release.identity import OWN_BRAND
from release.order import Order
from release.source import ROOT, Source
from reporter.report.screenshot.picture import FORMATS
from tests.packaging.linux_payload import elf

every_system = pytest.mark.parametrize("system", SYSTEMS)


class TestLibraries:
    """With the libraries of this Python, which are real."""

    @pytest.fixture
    def linked(self, folder: Path) -> Path:
        import _ctypes  # it needs libffi, which no list of a system has

        shutil.copy(_ctypes.__file__, folder / "_internal")
        return folder

    def test_what_is_not_inside_is_needed(self, linked: Path) -> None:
        found = libraries.needs(linked)
        assert "libc.so.6" in found.libraries
        assert any(name.startswith("libffi.so") for name in found.libraries)
        assert any(re.fullmatch(r"libc\.so\.6\(GLIBC_[\d.]+\)", version) for version in found.versions)
        assert list(found.libraries) == sorted(found.libraries)

    def test_the_name_of_its_folder_may_be_anything(self, linked: Path) -> None:
        odd = linked.with_name("a:  file format elf\nb")
        found = libraries.needs(linked)
        linked.rename(odd)
        assert libraries.needs(odd) == found

    def test_what_is_inside_is_not(self, linked: Path) -> None:
        [ffi] = [name for name in libraries.needs(linked).libraries if name.startswith("libffi")]
        (linked / "_internal" / ffi).write_bytes(elf(""))
        assert ffi not in libraries.needs(linked).libraries
        libraries.check(linked)

    def test_a_library_that_is_nowhere_is_named_with_who_needs_it(self, linked: Path) -> None:
        with pytest.raises(PackagingError, match=r"libffi\.so\.\d+, which _internal/_ctypes\S* needs"):
            libraries.check(linked)

    def test_a_folder_without_programs_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "text").write_text("\x7fEL")
        with pytest.raises(PackagingError, match="holds no program of Linux"):
            libraries.needs(tmp_path)

    def test_libraries_that_nothing_links_are_taken_out(self, linked: Path) -> None:
        [ffi] = [name for name in libraries.needs(linked).libraries if name.startswith("libffi")]
        for name in (ffi, "libidle.so.1", "libpython3.11.so.1.0", "module.so"):
            (linked / "_internal" / name).write_bytes(elf(""))
        libraries.remove_unneeded(linked)
        left = {path.name for path in (linked / "_internal").iterdir()}
        assert {ffi, "libpython3.11.so.1.0", "module.so"} <= left
        assert "libidle.so.1" not in left

    def test_without_objdump_a_sentence_names_the_package(
        self, linked: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "")
        with pytest.raises(PackagingError, match=r"objdump is missing; .* or install binutils"):
            libraries.needs(linked)


class TestComplaints:
    @pytest.mark.parametrize(
        "complaint",
        [
            "Library not found: could not resolve 'libfoo.so.1', dependency of '/x/bar.so'.",
            "Hidden import 'reporter.showing' not found",
            "Library libfoo required via ctypes not found",
        ],
    )
    @every_system
    def test_what_is_missing_fails_the_build(self, complaint: str, system: str) -> None:
        assert build.matters(complaint, system)

    def test_libraries_of_windows_are_not_missed_elsewhere(self) -> None:
        complaint = "Library shell32 required via ctypes not found"
        assert not build.matters(complaint, "linux")
        assert not build.matters(complaint, "darwin")
        assert build.matters(complaint, "win32")

    def test_advice_does_not(self) -> None:
        assert not build.matters("Option X is deprecated", "linux")

    def test_what_was_left_out_and_is_imported_at_once_fails_the_build(self) -> None:
        absent = (
            "missing module named yaml - imported by msgspec.yaml (top-level)\n"
            "excluded module named fractions - imported by random (delayed), PIL.PngImagePlugin (top-level)\n"
            "excluded module named tarfile - imported by shutil (delayed)\n"
            "excluded module named PIL.IcoImagePlugin - imported by PIL.Image (top-level)\n"
        )
        assert build.wanted_modules(absent) == ["fractions was left out, and PIL.PngImagePlugin imports it."]


class TestContents:
    def test_every_format_that_is_read_is_inside(self) -> None:
        modules = {name.upper() for name in contents.PICTURE_FORMATS}
        assert {"BMP" if name == "DIB" else name for name in FORMATS} <= modules

    def test_every_format_of_pillow_was_decided_on(self) -> None:
        import PIL

        folder = Path(PIL.__file__).parent
        known = {path.name.removesuffix("ImagePlugin.py") for path in folder.glob("*ImagePlugin.py")}
        stubs = {name for name in known if name.endswith("Stub")}
        assert known - stubs - set(contents.ALL_PICTURE_FORMATS) <= {"McIdas"}

    def test_no_module_of_ours_imports_at_once_what_is_left_out(self) -> None:
        left_out = set(contents.excluded("linux"))
        for path in sorted((ROOT / "reporter").rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if any(f"{module}.".startswith(f"{name}.") for name in left_out):
                continue
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
                wrong = [n for n in names if any(f"{n}.".startswith(f"{one}.") for one in left_out)]
                assert not wrong, f"{path} imports {wrong}"

    @pytest.mark.parametrize("system", ["win32", "darwin"])
    def test_the_keyring_needs_nothing_that_is_left_out(self, system: str) -> None:
        # As the Python that is frozen there sees it; its own parts are there before.
        program = f"""
import sys, tempfile, logging, configparser, importlib.metadata, platform, ctypes, subprocess, urllib.request
left_out = {tuple(contents.excluded(system))!r}
class Finder:
    def find_spec(self, name, path=None, target=None):
        if any((name + ".").startswith(one + ".") for one in left_out):
            raise ModuleNotFoundError(name)
for name in [name for name in sys.modules if any((name + ".").startswith(one + ".") for one in left_out)]:
    del sys.modules[name]
sys.meta_path.insert(0, Finder())
import tarfile
if not hasattr(tarfile, "data_filter"):  # Python before 3.11.4
    tarfile.data_filter = None
sys.version_info = (3, 13, 9, "final", 0)
import jaraco.context
sys.version_info = sys.implementation.version
import keyring, keyring.backends.Windows, keyring.backends.macOS
"""
        done = subprocess.run(
            [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_what_the_system_provides_is_not_taken_in_on_linux_alone(self) -> None:
        assert "libX11.so.6" in contents.left_out("linux")
        assert "libX11.so.6" not in contents.left_out("darwin")


class TestRequirements:
    # Packages whose dependants do without them here; each file says why.
    LEFT_OUT = frozenset({"charset-normalizer", "markdown-it-py", "mdurl", "pygments", "keyring"})

    def pinned(self, system: str) -> dict[str, str]:
        lines = environment.requirements_of(system).read_text(encoding="utf-8").splitlines()
        pins = [line.partition(";")[0].strip() for line in lines if line and not line.startswith("#")]
        assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
        return {
            re.sub(r"[-_.]+", "-", name).lower(): version for name, version in (p.split("==") for p in pins)
        }

    @every_system
    def test_every_dependency_of_ours_is_pinned(self, system: str) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        given = list(project["dependencies"])
        for extra in ("screenshot", "keyring"):
            given += project["optional-dependencies"][extra]
        pins = self.pinned(system)
        for requirement in given:
            name, _, marker = requirement.partition(";")
            plain = re.match(r"[\w-]+", name)
            assert plain
            if ("linux" in marker and system != "linux") or plain[0] in self.LEFT_OUT - set(pins):
                continue
            assert plain[0] in pins, requirement

    def test_keyring_is_inside_where_it_is_small(self) -> None:
        assert "keyring" not in self.pinned("linux")
        assert "keyring" in self.pinned("win32")
        assert "keyring" in self.pinned("darwin")

    def test_the_same_versions_everywhere(self) -> None:
        linux, windows, macos = map(self.pinned, SYSTEMS)
        for name in linux.keys() & windows.keys():
            assert linux[name] == windows[name] == macos[name]

    def test_an_unknown_system_is_refused(self) -> None:
        with pytest.raises(PackagingError, match="cannot be frozen on freebsd14; use Linux, Windows, macOS"):
            environment.requirements_of("freebsd14")


class TestKept:
    def test_what_was_not_finished_is_made_anew(self, tmp_path: Path) -> None:
        requirements = tmp_path / "requirements.txt"
        requirements.write_text("one==1\n")
        made: list[Path] = []

        def break_off(folder: Path, _: Path) -> None:
            folder.mkdir(parents=True)
            (folder / "half").touch()
            raise PackagingError("There is no network.")

        def make(folder: Path, _: Path) -> None:
            assert not folder.exists()
            folder.mkdir(parents=True)
            made.append(folder)

        with pytest.raises(PackagingError):
            environment._kept(tmp_path, "runtime", requirements, break_off)
        first = environment._kept(tmp_path, "runtime", requirements, make)
        assert environment._kept(tmp_path, "runtime", requirements, make) == first
        requirements.write_text("one==2\n")
        assert environment._kept(tmp_path, "runtime", requirements, make) != first
        assert len(made) == 2


class TestOurs:
    def test_what_was_installed_by_half_is_taken_away(self, tmp_path: Path) -> None:
        kept = ["requests/a.py", "requests-2.dist-info/METADATA", "reporters/a.py"]
        ours = [
            "reporter/a.py",
            "reporter_agent-0.1.0.dist-info/METADATA",
            "~eporter/a.py",
            "~eporter-1.dist-info/b",
        ]
        for name in (*kept, *ours):
            (tmp_path / name).parent.mkdir(parents=True)
            (tmp_path / name).touch()
        environment.forget_ours(tmp_path)
        left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
        assert left == sorted(kept)


class TestFreeze:
    def test_another_version_than_the_checkouts_is_refused(
        self, ordered: Order, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(build, "source", lambda **_: Source(version="1.1.9", epoch_s=0))
        with pytest.raises(PackagingError, match=r"holds version 1\.1\.9, and 1\.2\.0 is to be frozen"):
            build.freeze(ordered)
        assert not ordered.out.exists()

    def test_the_program_has_to_say_who_it_is(self, ordered: Order, folder: Path) -> None:
        program = folder / "login-help"
        program.chmod(0o755)
        build.try_out(folder, ordered)
        program.write_bytes(elf("login-help 1.1.0\n"))
        with pytest.raises(PackagingError, match=r"should say 'login-help 1\.2\.0'; it ended with 0"):
            build.try_out(folder, ordered)
        program.write_bytes(b"\x7fELF")
        with pytest.raises(PackagingError, match="cannot be started: "):
            build.try_out(folder, ordered)

    def test_logos_lie_beside_the_brand(self, tmp_path: Path) -> None:
        named = tmp_path / "brand.toml"
        named.write_text('logo = "day.png"\nlogo_dark = "night.png"\nproduct = "X"\n')
        assert payload.logos(named) == ["day.png", "night.png"]
        assert payload.logos(OWN_BRAND) == []

    @pytest.mark.parametrize("name", ["hilfe", "LICENSE", "licenses", "sbom.cdx.json", "brand.toml"])
    def test_a_logo_does_not_take_the_place_of_a_part_of_the_program(
        self, ordered: Order, tmp_path: Path, name: str
    ) -> None:
        brand, made = tmp_path / "names" / "other.toml", tmp_path / "made"
        brand.parent.mkdir()
        made.mkdir()
        brand.write_text(f'logo = "{name}"\n', encoding="utf-8")
        (brand.parent / name).write_bytes(b"a picture")
        (made / "hilfe").write_bytes(b"the program")
        named = msgspec.structs.replace(ordered.identity, brand=brand)
        used = environment.Environment(python=tmp_path, site=tmp_path, tools=tmp_path)
        inside = build.Collected(modules=[], binaries=[])
        with pytest.raises(PackagingError, match=rf"names the logo {name}, as a part of the program"):
            build._put_beside(made, msgspec.structs.replace(ordered, identity=named), used, inside)
        assert (made / "hilfe").read_bytes() == b"the program"

    def test_no_module_of_the_tools_gets_in(self, tmp_path: Path) -> None:
        used = environment.Environment(python=tmp_path, site=tmp_path, tools=tmp_path / "tools")
        loader = str(tmp_path / "tools" / "PyInstaller" / "loader" / "x.py")
        good = build.Collected(modules=[("x", loader), ("y", "/y.py")], binaries=[])
        build._check_collected(good, used)
        bad = msgspec.structs.replace(good, modules=[("setuptools", str(tmp_path / "tools" / "s.py"))])
        with pytest.raises(PackagingError, match="would hold setuptools"):
            build._check_collected(bad, used)


class TestLicences:
    def test_of_a_package_its_texts_are_joined(self, tmp_path: Path) -> None:
        folder = tmp_path / "thing-1.0.dist-info"
        (folder / "licenses").mkdir(parents=True)
        (folder / "licenses" / "any name").write_text("One.")
        (folder / "LICENSE.txt").write_text("Two.")
        (folder / "METADATA").write_text("Not.")
        assert sorted(licences._of_package(folder)) == ["One.", "Two."]

    def test_a_package_without_one_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "thing-1.0.dist-info").mkdir()
        used = environment.Environment(python=tmp_path, site=tmp_path, tools=tmp_path)
        with pytest.raises(PackagingError, match=r"thing-1\.0 comes without the text of its licence"):
            licences.collect(used, [])

    def test_pythons_own_is_found(self) -> None:
        assert "PYTHON SOFTWARE FOUNDATION LICENSE" in licences._python()

    @pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="needs a Debian")
    def test_a_library_that_no_package_knows_is_refused(self, tmp_path: Path) -> None:
        used = environment.Environment(python=tmp_path, site=tmp_path / "site", tools=tmp_path)
        strange = tmp_path / "libstrange.so.1"
        strange.touch()
        with pytest.raises(PackagingError, match="no package says under which licence"):
            licences._of_system(used, [strange])


def test_the_resource_of_windows_is_an_expression(ordered: Order) -> None:
    text = windows_resource.text(ordered)
    ast.parse(text, mode="eval")
    assert "(1, 2, 0, 0)" in text
    assert "'Login Help'" in text
    assert "'Example Trading'" in text


def test_the_entry_marks_the_agent_before_anything_of_ours_is_imported() -> None:
    body = ast.parse((ROOT / "packaging" / "freeze" / "program.py").read_text()).body
    marked = next(i for i, node in enumerate(body) if isinstance(node, ast.Assign))
    ours = next(
        i for i, node in enumerate(body) if isinstance(node, ast.ImportFrom) and node.module != "__future__"
    )
    assert marked < ours


def test_the_recipe_is_python() -> None:
    compiled = subprocess.run(
        [sys.executable, "-c", "import sys; compile(open(sys.argv[1]).read(), 'spec', 'exec')",
         ROOT / "packaging" / "freeze" / "reporter.spec"],
        check=False,
    )  # fmt: skip
    assert compiled.returncode == 0
