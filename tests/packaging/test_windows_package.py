"""The installer for Windows and its manifests: what is settled before the tools run, and what is refused.

What the tools make of it is installed in tests/systems/test_msi.py.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from release.errors import PackagingError
from release.order import Order
from release.source import ROOT
from reporter.settings.model import TABLE
from reporter.settings.names import pascal_case
from tests.packaging.release_orders import OTHER_BRAND
from tests.packaging.windows_payload import CYRILLIC_BRAND, HOSTILE_BRAND, again, program, windows_order
from windows import manifest, task
from windows.build import file_name, msi, planned, winget
from windows.columns import table
from windows.database import SETTINGS, Plan, database
from windows.manifest import address, package_identifier
from windows.sanity import faults
from windows.source import source
from windows.table import Table
from windows.tree import Tree

HASHES = "File_:s72 Options:i2 HashPart1:i4 HashPart2:i4 HashPart3:i4 HashPart4:i4"
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def plan_of(order: Order, folder: Path) -> Plan:
    assert order.payload is not None
    folder.mkdir(exist_ok=True)
    return planned(order, order.payload, folder)


def whole(plan: Plan) -> dict[str, Table]:
    """The tables of a plan with those that wixl makes."""
    without_version = [file.id for file in plan.tree.files if not file.version]
    tables = [
        *database(plan),
        Table("Feature", "Feature:s38", 1, (("Program",),)),
        Table("Media", "DiskId:i2 LastSequence:i4", 1, ((1, len(plan.tree.files)),)),
        Table("Icon", "Name:s72", 1, (("program.ico",),)),
        Table("MsiFileHash", HASHES, 1, tuple((name, 0, 0, 0, 0, 0) for name in without_version)),
    ]
    return {one.name: one for one in tables}


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Table]:
    return whole(plan_of(windows_order(tmp_path / "order"), tmp_path / "made"))


@pytest.mark.parametrize("brand", ["", OTHER_BRAND, CYRILLIC_BRAND, HOSTILE_BRAND])
def test_the_tables_of_any_brand_are_sane(tmp_path: Path, brand: str) -> None:
    plan = plan_of(windows_order(tmp_path / "order", brand=brand), tmp_path / "made")
    assert faults(whole(plan)) == []
    ElementTree.fromstring(source(plan))  # noqa: S314 - our own text
    assert source(plan).isascii()


def test_the_settings_are_those_that_the_program_reads() -> None:
    known = {pascal_case(row.name) for row in TABLE}
    assert set(SETTINGS.values()) <= known
    assert {name: value.upper() for name, value in SETTINGS.items()} == {name: name for name in SETTINGS}


def test_the_registry_is_where_the_program_looks(tmp_path: Path) -> None:
    order = windows_order(tmp_path / "order", brand=OTHER_BRAND)
    rows = whole(plan_of(order, tmp_path / "made"))["Registry"].dicts()
    keys = {row["Key"] for row in rows if row["Name"] in SETTINGS.values()}
    assert keys == {order.identity.keys.installer_key}
    assert not [row for row in rows if "policies" in str(row["Key"]).casefold()]


def without(name: str, column: str, value: str) -> Any:
    def change(tables: dict[str, Table]) -> Table:
        found = tables[name]
        kept = tuple(
            row for row, known in zip(found.rows, found.dicts(), strict=True) if known[column] != value
        )
        assert len(kept) < len(found.rows)
        return msgspec.structs.replace(found, rows=kept)

    return change


def instead(name: str, row: int, column: int, value: str | int) -> Any:
    def change(tables: dict[str, Table]) -> Table:
        rows = [list(one) for one in tables[name].rows]
        rows[row][column] = value
        return msgspec.structs.replace(tables[name], rows=tuple(map(tuple, rows)))

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (instead("File", 0, 1, "CX"), "File.Component_ refers to CX"),
        (instead("File", 1, 0, "F00001"), "File holds ('F00001',) more than once."),
        (instead("File", 0, 2, "much too long.txt"), "is no short name of a file"),
        (instead("File", 0, 7, 99), "Files are not numbered"),
        (instead("File", 0, 4, "1.0.0.0"), "Not every file has either a version or a hash."),
        (instead("Component", 0, 1, "{x}"), "has the code '{x}'"),
        (instead("Component", 0, 5, "F00002"), "has no key of its own"),
        (instead("Component", 0, 2, "DX"), "Component.Directory_ refers to DX"),
        (instead("Media", 0, 1, 1), "The cabinet ends with"),
        (instead("Shortcut", 0, 4, "[#FX]"), "refers to the file FX"),
        (instead("InstallExecuteSequence", 0, 2, 50), "has 2 actions at 50"),
        (without("FeatureComponents", "Component_", "CF00001"), "is in no feature"),
        (without("Property", "Property", "UpgradeCode"), "The property UpgradeCode is missing."),
        (without("Property", "Property", "SecureCustomProperties"), "does not reach the part"),
        (without("Icon", "Name", "program.ico"), "There is no icon"),
        (without("CustomAction", "Action", "CreateTask"), "has the action CreateTask, which does not exist"),
        (without("InstallExecuteSequence", "Action", "RemoveFiles"), "Nothing is done with File"),
    ],
)
def test_what_is_wrong_in_the_tables_is_found(tables: dict[str, Table], change: Any, fault: str) -> None:
    changed = change(tables)
    assert any(fault in one for one in faults(tables | {changed.name: changed})), faults(
        tables | {changed.name: changed}
    )


def sequence(tables: dict[str, Table], name: str) -> dict[str, tuple[str, int]]:
    return {str(row["Action"]): (str(row["Condition"]), int(row["Sequence"])) for row in tables[name].dicts()}


def test_a_removal_that_fails_makes_the_task_again_from_a_whole_file(tables: dict[str, Table]) -> None:
    # What is undone is undone backwards, and without its line the file is no task.
    actions = sequence(tables, "InstallExecuteSequence")
    assert actions["DeleteTaskBack"][1] < actions["DeleteTask"][1] < actions["RemoveIniValues"][1]
    assert actions["InstallInitialize"][1] < actions["DeleteTaskBack"][1]


def test_a_repair_that_fails_leaves_the_task(tables: dict[str, Table]) -> None:
    assert sequence(tables, "InstallExecuteSequence")["CreateTaskBack"][0] == "NOT Installed"


def test_whoever_has_no_rights_changes_nothing_by_a_repair(tables: dict[str, Table]) -> None:
    # Windows Installer repairs for everybody, as the system, and passes on what is declared to be secure.
    actions = sequence(tables, "InstallExecuteSequence")
    for given, setting in SETTINGS.items():
        for action in ("Take", "Mark"):
            assert actions[f"{action}{setting}"][0].endswith(" AND NOT (Installed AND RestrictedUserControl)")
        assert actions[f"Keep{setting}"][0] == (
            f"PREV_{given} AND (NOT {given} OR (Installed AND RestrictedUserControl))"
        )
    # The folder decides what the system runs: of what is installed nobody gives another.
    assert actions["KeepFolder"][0] == "PREV_INSTALLDIR AND (Installed OR (OLDER_FOUND AND NOT INSTALLDIR))"
    values = {row["Property"]: str(row["Value"]) for row in tables["Property"].dicts()}
    assert "PREV_" not in values["SecureCustomProperties"]
    assert set(sequence(tables, "InstallUISequence")) == {
        "FindRelatedProducts",
        "LaunchConditions",
        "ExecuteAction",
    }


def test_a_search_in_the_window_has_to_be_passed_on(tables: dict[str, Table]) -> None:
    window = tables["InstallUISequence"]
    searched = msgspec.structs.replace(window, rows=(*window.rows, ("AppSearch", "", 50)))
    assert any("PREV_HELPTEXT does not reach" in one for one in faults(tables | {window.name: searched}))


@pytest.mark.parametrize("brand", ["", HOSTILE_BRAND, CYRILLIC_BRAND])
def test_the_task_runs_the_postman_as_whoever_is_signed_in(tmp_path: Path, brand: str) -> None:
    order = windows_order(tmp_path / "order", brand=brand)
    folder = r"%ProgramFiles%\A & B\C"
    text = task.text(order.identity, folder).decode("utf-16")
    root = ElementTree.fromstring(text)  # noqa: S314 - our own text
    said = {element.tag.removeprefix(TASK): element.text for element in root.iter()}
    assert said["Command"] == rf"{folder}\{order.identity.command}w.exe"
    assert said["Arguments"] == "queue flush"
    assert said["GroupId"] == "S-1-5-32-545"
    assert said["RunLevel"] == "LeastPrivilege"
    assert said["WakeToRun"] == said["DisallowStartIfOnBatteries"] == "false"
    assert said["Interval"] == "PT15M"
    trigger = [element.tag.removeprefix(TASK) for element in root.find(f".//{TASK}TimeTrigger") or ()]
    assert trigger == ["StartBoundary", "Repetition", "RandomDelay"]  # Windows wants them in this order
    # The line that Windows Installer writes is the one that stands there, with the true folder.
    section = text.index(f"[{task.SECTION}]")
    written = task.line(order.identity).replace("[INSTALLDIR]", f"{folder}\\")
    written = written.replace(r"[\[]", "[").replace(r"[\]]", "]")
    assert f"\n{task.KEY}={written}\r\n" in text[section:]
    assert text.count("\r\n[") == 1


def test_a_payload_that_is_none_leaves_nothing(tmp_path: Path) -> None:
    order = windows_order(tmp_path / "order")
    payload = order.payload
    assert payload is not None
    refused = {
        "no folder of a frozen program": tmp_path / "missing",
        "lacks the program reporter.exe": tmp_path,
    }
    for sentence, folder in refused.items():
        with pytest.raises(PackagingError, match=sentence):
            msi(msgspec.structs.replace(order, payload=folder))
    with pytest.raises(PackagingError, match="no frozen program to pack"):
        msi(msgspec.structs.replace(order, payload=None))
    for content, sentence in (
        (b"\x7fELF", "a program for Linux"),
        (program(machine=0x14C), "no program of 64 bit"),
    ):
        (payload / "reporter.exe").write_bytes(content)
        with pytest.raises(PackagingError, match=sentence):
            msi(order)
    assert not order.out.exists()


def test_a_payload_of_another_version_or_brand_is_refused(tmp_path: Path) -> None:
    order = windows_order(tmp_path / "order", brand=OTHER_BRAND)
    newer = msgspec.structs.replace(order.source, version="9.9.9")
    with pytest.raises(PackagingError, match=r"holds version 1\.2\.3, and 9\.9\.9 is to be packed"):
        msi(msgspec.structs.replace(order, source=newer))
    order.identity.brand.write_text(OTHER_BRAND.replace("Müller", "Maier"), encoding="utf-8")
    with pytest.raises(PackagingError, match=r"another brand\.toml"):
        msi(again(order))
    assert not order.out.exists()


def test_a_missing_tool_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = windows_order(tmp_path / "order")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PackagingError, match="wixl is missing; run packaging/develop packages as root"):
        msi(order)
    assert not order.out.exists()


@pytest.mark.parametrize("wixl", ["echo unknown attribute >&2", "exit 3"])
def test_a_complaint_of_a_tool_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wixl: str
) -> None:
    tools = {"faketime": 'shift 2; exec "$@"', "wixl": f'touch "$4"; {wixl}', "msibuild": "", "msiinfo": ""}
    for name, script in tools.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    order = windows_order(tmp_path / "order")
    with pytest.raises(PackagingError, match=r"had a complaint:\s+unknown attribute|ended with 3"):
        msi(order)
    assert list(order.out.iterdir()) == []


def test_a_name_in_no_code_page_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windows.build.TOOLS", {})
    order = windows_order(tmp_path / "order", brand=OTHER_BRAND.replace("Anmeldehilfe", "\u0905\u0906"))
    with pytest.raises(PackagingError, match="one code page, and none holds all of"):
        msi(order)
    assert list(order.out.iterdir()) == []


def manifests(order: Order) -> dict[str, dict[str, Any]]:
    """Every file of the folder, by its kind: each line is a name and a value in JSON, which is YAML too."""
    [folder] = winget(order)
    found = {}
    for file in folder.iterdir():
        lines = [line.partition(": ") for line in file.read_text(encoding="utf-8").splitlines()[2:]]
        values = {name: json.loads(value) for name, _, value in lines}
        found[values["ManifestType"]] = {**values, "file": file.name}
    return found


@pytest.fixture
def ordered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Order:
    order = windows_order(tmp_path / "order", brand=OTHER_BRAND)
    order.out.mkdir()
    (order.out / file_name(order)).write_bytes(b"an installer")
    code = Plan(order.identity, order.version, Tree([], [])).product_code
    said = Table("Property", "Property:s72 Value:l0", 1, (("ProductCode", code), ("ALLUSERS", "1")))
    monkeypatch.setattr("windows.build.tool", lambda name, package: name)
    monkeypatch.setattr("windows.build.exported", lambda package, name: said)
    return msgspec.structs.replace(order, download_url="https://dl.example.org/packages/")


def test_the_manifests_describe_the_installer_that_lies_there(ordered: Order) -> None:
    found = manifests(ordered)
    assert {kind: one["file"] for kind, one in found.items()} == {
        "version": "mueller.anmeldehilfe.yaml",
        "installer": "mueller.anmeldehilfe.installer.yaml",
        "defaultLocale": "mueller.anmeldehilfe.locale.en-US.yaml",
    }
    for one in found.values():
        assert (one["PackageIdentifier"], one["PackageVersion"]) == ("mueller.anmeldehilfe", "1.2.3")
        assert one["ManifestVersion"] == "1.6.0"
    installer = found["installer"]
    assert installer["Installers"] == [
        {
            "Architecture": "x64",
            "InstallerUrl": "https://dl.example.org/packages/anmeldehilfe-1.2.3-x64.msi",
            "InstallerSha256": hashlib.sha256(b"an installer").hexdigest().upper(),
        }
    ]
    assert installer["Scope"] == "machine"
    assert installer["InstallerSwitches"] == {"Custom": "/norestart"}
    assert uuid.UUID(installer["ProductCode"]) != uuid.UUID(
        installer["AppsAndFeaturesEntries"][0]["UpgradeCode"]
    )
    described = found["defaultLocale"]
    assert (described["Publisher"], described["PackageName"]) == ("Müller & Söhne", "Anmeldehilfe")
    assert described["PublisherSupportUrl"] == "https://hilfe.mueller.example/"
    assert found["version"]["DefaultLocale"] == described["PackageLocale"] == "en-US"


def test_manifests_are_the_same_each_time(ordered: Order) -> None:
    [folder] = winget(ordered)
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    [folder] = winget(ordered)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first
    assert sorted(path.name for path in ordered.out.iterdir()) == [
        "anmeldehilfe-1.2.3-winget",
        "anmeldehilfe-1.2.3-x64.msi",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://dl.example.org/",
        "dl.example.org",
        "https://",
        "https://dl.example.org/a b",
        "file:///x",
        "https://[x/",
    ],
)
def test_an_address_that_winget_does_not_take_is_refused(ordered: Order, url: str) -> None:
    with pytest.raises(PackagingError, match="none that winget takes"):
        winget(msgspec.structs.replace(ordered, download_url=url))
    assert [path.name for path in ordered.out.iterdir()] == ["anmeldehilfe-1.2.3-x64.msi"]


def test_an_address_of_neither_a_folder_nor_an_installer_is_refused(ordered: Order) -> None:
    url = "https://dl.example.org/download/v1.2.3"
    with pytest.raises(PackagingError, match=r"end it with / or with anmeldehilfe-1\.2\.3-x64\.msi"):
        winget(msgspec.structs.replace(ordered, download_url=url))
    assert [path.name for path in ordered.out.iterdir()] == ["anmeldehilfe-1.2.3-x64.msi"]


def test_a_name_of_one_letter_is_none_for_winget(tmp_path: Path, ordered: Order) -> None:
    named = msgspec.structs.replace(ordered.identity, vendor="X")
    with pytest.raises(PackagingError, match="names of two letters at least"):
        manifest.manifests(
            msgspec.structs.replace(ordered, identity=named), "x.msi", "0", Plan(named, "1.2.3", Tree([], []))
        )


def test_manifests_are_of_the_installer_that_was_ordered_and_no_other(ordered: Order) -> None:
    newer = msgspec.structs.replace(ordered.source, version="1.2.4")
    other = msgspec.structs.replace(ordered, source=newer)
    (other.out / file_name(other)).write_bytes(b"an installer")
    with pytest.raises(PackagingError, match="is the installer of another program; make msi again"):
        winget(other)


def test_manifests_need_an_address_and_an_installer(ordered: Order) -> None:
    with pytest.raises(PackagingError, match="the address that people download from"):
        winget(msgspec.structs.replace(ordered, download_url=""))
    (ordered.out / file_name(ordered)).unlink()
    with pytest.raises(PackagingError, match="make msi first"):
        winget(ordered)


def test_an_address_is_of_the_file_or_of_its_folder() -> None:
    assert address("https://a.example/x/", "r.msi") == "https://a.example/x/r.msi"
    assert address("https://a.example/x/other.msi", "r.msi") == "https://a.example/x/other.msi"


def test_a_package_is_called_by_vendor_and_product_where_they_are_latin() -> None:
    assert package_identifier("O'Neil & Sons", "Login Help", "org.oneil.help") == "ONeilSons.LoginHelp"
    assert package_identifier("Завод", "Help", "org.zavod.help") == "zavod.help"
    assert package_identifier("x" * 40, "y" * 40, "org.x.y") == "x" * 32 + "." + "y" * 32


def test_columns_are_known_by_table() -> None:
    assert table("Property", [("A", "b")]).names == ["Property", "Value"]


def test_the_page_tells_the_codes_and_properties_that_are(tables: dict[str, Table]) -> None:
    page = (ROOT / "docs" / "windows.md").read_text(encoding="utf-8")
    [upgrade_code] = {row["UpgradeCode"] for row in tables["Upgrade"].dicts()}
    assert f"`{upgrade_code}`" in page
    for name, value in SETTINGS.items():
        assert f"| `{name}` | " in page
        assert f"| `{value}` |" in page
    task_made = next(row for row in tables["CustomAction"].dicts() if row["Action"] == "CreateTask")
    words = (
        str(task_made["Target"])
        .partition(" ")[2]
        .replace("[INSTALLDIR]", r"%ProgramFiles%\Reporter\Reporter" + "\\")
    )
    assert f"schtasks {words}" in page
