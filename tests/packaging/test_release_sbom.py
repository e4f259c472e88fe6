"""The SBOM names what is in the frozen program, with what scanners need to know it by, and nothing else."""

from __future__ import annotations

import json
import platform
import sqlite3
import ssl
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from release import sbom as room
from release.errors import PackagingError
from release.portable import system_name
from release.sbom import document, sbom
from tests.packaging.release_orders import EPOCH_S, OTHER_BRAND, VERSION, order

NEEDS = {
    "reporter-agent": ["Some.Library>=1", 'pillow; extra == "screenshot"'],
    "some-library": [],
    "pillow": [],
    "pip": [],
}


class Environment:
    """An environment of packages that consist of nothing but their description."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=True)
        self.python = folder / "bin" / "python"
        [self.site] = folder.glob("lib/python3*/site-packages")
        for name, needs in NEEDS.items():
            self.install(name, VERSION, needs)

    def install(self, name: str, version: str, needs: list[str]) -> None:
        folder = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", "License-Expression: MIT"]
        lines += [f"Requires-Dist: {need}" for need in needs]
        (folder / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (folder / "RECORD").touch()
        # As pip notes where a wheel was.
        where = {"url": f"file://{self.site}/{name}.whl", "archive_info": {}}
        (folder / "direct_url.json").write_text(json.dumps(where), encoding="utf-8")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "runtime")


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What becomes of an environment as it should be."""
    folder = tmp_path_factory.mktemp("plain")
    return document(Environment(folder / "runtime").python, order(folder))


@pytest.fixture
def packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system on which Debian's packages are known."""

    def packages(files: list[str]) -> dict[str, dict[str, Any]]:
        known = {
            "libssl.so.3": f"{ssl.OPENSSL_VERSION.split()[1]}-1",
            "libpython3.11.so.1.0": "3.0.1-1",
            "libX11.so.6": "2:1.8.4-2",
        }
        return {
            file: {"name": file[:6], "purl": f"pkg:deb/debian/{file[:6]}", "version": known[file]}
            for file in files
            if file in known
        }

    monkeypatch.setattr(room, "_debian_packages", packages)
    monkeypatch.setattr("sys.platform", "linux")


def listed(raw: bytes) -> dict[str, dict[str, Any]]:
    return {component["bom-ref"]: component for component in json.loads(raw)["components"]}


def test_it_names_what_is_frozen_and_none_of_the_tools(raw: bytes) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(raw.decode()) is None
    names = {component["name"] for component in listed(raw).values()}
    assert {"some-library", "pillow", "python", "openssl", "sqlite"} <= names
    assert not {"pip", "reporter-agent"} & names
    own = json.loads(raw)["metadata"]["component"]
    assert (own["name"], own["version"], own["type"]) == ("Reporter", VERSION, "application")
    assert own["purl"] == f"pkg:pypi/reporter-agent@{VERSION}"
    assert own["supplier"] == {"name": "Reporter"}
    assert own["licenses"][0]["license"]["id"] == "MIT"


def test_scanners_know_the_interpreter_and_its_libraries_by_the_names_of_their_dictionary(
    raw: bytes,
) -> None:
    found = listed(raw)
    openssl = ssl.OPENSSL_VERSION.split()[1]
    assert found["native:openssl"]["cpe"] == f"cpe:2.3:a:openssl:openssl:{openssl}:*:*:*:*:*:*:*"
    assert found["native:sqlite"]["version"] == sqlite3.sqlite_version
    assert found["native:python"]["purl"] == f"pkg:generic/python@{platform.python_version()}"


def test_it_is_always_the_same_and_knows_no_place(
    raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Environment(tmp_path / "a" / "much" / "longer" / "folder")
    for name, value in {"TZ": "Asia/Tokyo", "LANG": "ru_RU.UTF-8", "PYTHONHASHSEED": "7"}.items():
        monkeypatch.setenv(name, value)
    assert document(other.python, order(tmp_path / "elsewhere")) == raw
    assert str(tmp_path.parent).encode() not in raw
    assert b"file:" not in raw
    assert json.loads(raw)["metadata"]["timestamp"].startswith("2023-11-14T22:13:21")
    assert EPOCH_S == 1_700_000_001, "the moment above"


def test_everything_depends_on_something_that_is_listed(raw: bytes) -> None:
    found = json.loads(raw)
    references = [entry["ref"] for entry in found["dependencies"]]
    own = found["metadata"]["component"]["bom-ref"]
    assert sorted(references) == sorted([own, *listed(raw)])
    [ours] = [entry for entry in found["dependencies"] if entry["ref"] == own]
    assert {f"some-library=={VERSION}", "native:python"} <= set(ours["dependsOn"])


@pytest.mark.usefixtures("packaged")
def test_libraries_of_the_tree_are_listed_with_the_package_they_came_from(
    environment: Environment, tmp_path: Path
) -> None:
    tree = tmp_path / "tree" / "_internal"
    names = (
        "libssl.so.3",
        "libpython3.11.so.1.0",
        "libX11.so.6",
        "libodd.so",
        "pillow.libs/libfoo-0123abcd.so.1",
    )
    for name in (*names, "library.txt"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).touch()
    raw = document(environment.python, order(tmp_path, payload=tree.parent))
    found = listed(raw)

    def places(reference: str) -> list[str]:
        return [place["location"] for place in found[reference]["evidence"]["occurrences"]]

    assert places("native:openssl") == ["libssl.so.3"]
    assert found["native:openssl"]["purl"] == "pkg:deb/debian/libssl", "patches of the system count"
    assert places("native:python") == ["libpython3.11.so.1.0"]
    assert found["native:python"]["purl"].startswith("pkg:generic/"), "a package of another version is not it"
    assert found["deb:libX11"]["version"] == "2:1.8.4-2"
    assert places("library:libodd") == ["libodd.so"]
    assert places("library:libfoo") == ["libfoo-0123abcd.so.1"]
    assert "library.txt" not in raw.decode()


def test_what_the_program_does_not_need_is_refused(environment: Environment, tmp_path: Path) -> None:
    environment.install("pyinstaller", "6.0", [])
    with pytest.raises(PackagingError, match="holds pyinstaller, which the program does not need"):
        document(environment.python, order(tmp_path))


@pytest.mark.parametrize("held", ["in no version", "1.2.4"])
def test_an_environment_of_another_version_is_refused(
    environment: Environment, tmp_path: Path, held: str
) -> None:
    own = environment.site / f"reporter_agent-{VERSION}.dist-info"
    if held == "1.2.4":
        text = (own / "METADATA").read_text(encoding="utf-8").replace("Version: 1.2.3", "Version: 1.2.4")
        (own / "METADATA").write_text(text, encoding="utf-8")
    else:
        (own / "METADATA").unlink()
        for file in own.iterdir():
            file.unlink()
        own.rmdir()
    with pytest.raises(PackagingError, match=rf"holds reporter-agent {held}, and not 1\.2\.3"):
        document(environment.python, order(tmp_path))


def test_a_python_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="/nowhere/python cannot be started"):
        document(Path("/nowhere/python"), order(tmp_path))


def test_the_tool_that_is_missing_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "find_spec", lambda name: None)
    with pytest.raises(PackagingError, match="cyclonedx-bom is missing; run packaging/develop packages"):
        document(Path("/nowhere/python"), order(tmp_path))


def test_a_document_that_breaks_the_rules_is_never_given(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(room.NATIVE, "sqlite", room.Native("sqlite:sqlite", "no licence of SPDX", ()))
    with pytest.raises(PackagingError, match="breaks the rules of CycloneDX"):
        document(environment.python, order(tmp_path))


def of(system: object) -> list[dict[str, object]]:
    return [{"name": "platform", "value": system}]


class TestBeside:
    """The SBOM inside the payload is put beside the artefacts."""

    @pytest.fixture
    def payload(self, tmp_path: Path) -> Path:
        folder = tmp_path / "payload"
        folder.mkdir()
        self.put(folder / "sbom.cdx.json")
        return folder

    def put(self, file: Path, **changed: object) -> None:
        component = {
            "name": "Reporter",
            "version": VERSION,
            "properties": of(system_name()),
            **changed,
        }
        file.write_text(json.dumps({"metadata": {"component": component}}), encoding="utf-8")

    def test_under_a_name_that_tells_what_it_is_of(self, payload: Path, tmp_path: Path) -> None:
        [made] = sbom(order(tmp_path / "dist", payload=payload))
        assert made == tmp_path / "dist" / f"reporter-{VERSION}-{system_name()}.cdx.json"
        assert made.read_bytes() == (payload / "sbom.cdx.json").read_bytes()

    def test_from_where_a_bundle_of_macos_has_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")
        resources = tmp_path / "payload" / "Reporter.app" / "Contents" / "Resources"
        resources.mkdir(parents=True)
        self.put(resources / "sbom.cdx.json", properties=[{"name": "platform", "value": "macos-arm64"}])
        [made] = sbom(order(tmp_path / "dist", payload=tmp_path / "payload"))
        assert made.name == f"reporter-{VERSION}-macos-arm64.cdx.json"

    @pytest.mark.parametrize(
        ("spoil", "sentence"),
        [
            (lambda file: file.unlink(), "holds no sbom.cdx.json; freeze the program again"),
            (lambda file: file.write_text("{}"), "is no SBOM of this program"),
            (lambda file: file.write_text("[]"), "is no SBOM of this program"),
            (lambda file: file.write_bytes(b"\xff\x00"), "is no SBOM of this program"),
            (lambda file: file.write_text("[" * 100_000), "is no SBOM of this program"),
            (lambda file: TestBeside().put(file, properties=of("../x")), "is no SBOM of this program"),
            (lambda file: TestBeside().put(file, properties=of("\0-x")), "is no SBOM of this program"),
            (
                lambda file: TestBeside().put(file, properties=of(["linux-x86_64"])),
                "is no SBOM of this program",
            ),
            (lambda file: (file.unlink(), file.mkdir()), "cannot be read: Is a directory"),
            (lambda file: TestBeside().put(file, version="1.2.4"), "is that of Reporter 1.2.4, and not of"),
            (lambda file: TestBeside().put(file, name="Hilfe"), "is that of Hilfe 1.2.3, and not of"),
        ],
    )
    def test_a_payload_without_a_good_one(
        self, payload: Path, tmp_path: Path, spoil: Callable[[Path], object], sentence: str
    ) -> None:
        spoil(payload / "sbom.cdx.json")
        with pytest.raises(PackagingError) as refused:
            sbom(order(tmp_path / "dist", payload=payload))
        assert sentence in str(refused.value)
        assert not (tmp_path / "dist").exists()

    def test_no_payload_and_no_folder_to_write_to(self, payload: Path, tmp_path: Path) -> None:
        with pytest.raises(PackagingError, match="freeze it first"):
            sbom(order(tmp_path / "dist"))
        (tmp_path / "dist").touch()
        with pytest.raises(PackagingError, match="cannot be written to"):
            sbom(order(tmp_path / "dist", payload=payload))

    def test_another_brand_is_another_program(self, payload: Path, tmp_path: Path) -> None:
        with pytest.raises(PackagingError, match="and not of Anmeldehilfe"):
            sbom(order(tmp_path / "dist", payload=payload, brand=OTHER_BRAND))
