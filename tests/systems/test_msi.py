"""The installer for Windows, installed, upgraded and removed in a Wine's Windows.

What Wine does not do is told where it shows: it keeps of a scheduled task no more than its name, leaves the
emptied folder of the vendor and a semicolon in the path, repairs nothing by ``/f``, leaves a component whose
condition has changed (``HELPTEXT=-`` for the installed version), and loses quotation marks and double
spaces of its command line.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from release.errors import PackagingError
from tests.packaging.release_orders import OTHER_BRAND
from tests.packaging.windows_payload import CYRILLIC_BRAND, HOSTILE_BRAND, windows_order
from tests.systems.wine import PATH_KEY, Wine
from windows.build import msi, winget
from windows.database import SETTINGS
from windows.table import tables

OLD, NEW = "1.2.3", "1.10.0"
KEY = r"Software\Reporter\Reporter"
POLICIES = r"Software\Policies\Reporter\Reporter"
UNINSTALL = r"software\microsoft\windows\currentversion\uninstall"
PROGRAM = "Program Files/Reporter/Reporter"
TASKS = "windows/system32/tasks"
TASK = "Reporter Postman (org.reporter.agent)"
LINKS = "users"
NAMESAKE_BRAND = """\
product = "Reporter"
vendor = "Acme"
bundle_id = "com.acme.reporter"
command = "reporter"
maintainer = "IT <it@acme.example>"
"""
NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    made = Wine(tmp_path_factory.mktemp("wine") / "fresh")
    yield made
    made.close()


@pytest.fixture
def wine(fresh: Wine, tmp_path: Path) -> Iterator[Wine]:
    copy = fresh.copy(tmp_path / "windows")
    yield copy
    copy.close()


@pytest.fixture(scope="session")
def packages(fresh: Wine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two versions of our own, one of three other brands by their command, and one that is called as ours."""
    folder = tmp_path_factory.mktemp("packages")
    real = fresh.drive / "windows/system32/hostname.exe"
    orders = {
        OLD: windows_order(folder / "old", version=OLD, real=real),
        NEW: windows_order(folder / "new", version=NEW, real=real),
        "anmeldehilfe": windows_order(folder / "other", brand=OTHER_BRAND),
        "pomosch": windows_order(folder / "cyrillic", brand=CYRILLIC_BRAND),
        "oneil-help": windows_order(folder / "hostile", brand=HOSTILE_BRAND),
        "acme": windows_order(folder / "acme", brand=NAMESAKE_BRAND),
    }
    return {name: msi(order)[0] for name, order in orders.items()}


def settings(wine: Wine) -> dict[str, str | int]:
    return wine.key(KEY)


def properties_of(package: Path) -> dict[str, str]:
    return {str(row["Property"]): str(row["Value"]) for row in tables(package)["Property"].dicts()}


def entries(wine: Wine) -> list[dict[str, str | int]]:
    """What stands under Apps in the system's settings."""
    return [
        values
        for name, values in wine.registry().items()
        if re.fullmatch(rf"{re.escape(UNINSTALL)}\\.+", name)
    ]


def path_of(wine: Wine) -> list[str]:
    return [part for part in str(wine.key(PATH_KEY)["PATH"]).split(";") if part]


def links(wine: Wine) -> set[str]:
    return {Path(name).name for name in wine.files(LINKS) if name.endswith(".lnk")}


def task_command(wine: Wine, folder: str = PROGRAM) -> str:
    text = (wine.drive / folder / "postman.xml").read_text(encoding="utf-16")
    command = ElementTree.fromstring(text).findtext(f".//{NAMESPACE}Command")  # noqa: S314 - our own file
    assert command is not None
    return command


def traces(wine: Wine, word: str) -> list[str]:
    """Where anything called so stands, in files or in the registry of either hive."""
    found = [name for name in wine.files("") if word in name.casefold()]
    for hive in ("system", "user"):
        for key, values in wine.registry(hive).items():
            found += [key] if word in key else []
            plain = [str(value).casefold().rstrip(";") for value in values.values()]
            found += [f"{key}: {value}" for value in plain if word in value]
    return found


def test_a_silent_installation_puts_everything_in_its_place(wine: Wine, packages: dict[str, Path]) -> None:
    wine.install(packages[OLD], ENDPOINT="https://help.example.org/report?a=1&b=2", HELPTEXT="Call 4455")

    files = wine.files(PROGRAM)
    payload = packages[OLD].parents[1] / "payload"
    wanted = {path.relative_to(payload).as_posix() for path in payload.rglob("*") if path.is_file()}
    assert {name for name in files if not name.endswith("/")} == wanted | {"postman.xml"}
    for name in wanted:
        assert (wine.drive / PROGRAM / name).read_bytes() == (payload / name).read_bytes(), name
    assert settings(wine) == {"Endpoint": "https://help.example.org/report?a=1&b=2", "HelpText": "Call 4455"}
    assert wine.key(POLICIES) == {}
    [entry] = entries(wine)
    assert entry["DisplayName"] == entry["Publisher"] == "Reporter"
    assert entry["DisplayVersion"] == OLD
    assert entry["InstallLocation"] == "C:\\Program Files\\Reporter\\Reporter\\"
    assert entry["NoModify"] == 1
    assert entry["HelpLink"] == ""
    assert path_of(wine)[-1] == "C:\\Program Files\\Reporter\\Reporter\\"
    assert links(wine) == {"Reporter.lnk"}
    assert (wine.drive / TASKS / TASK).is_file()
    assert task_command(wine) == r"C:\Program Files\Reporter\Reporter\reporterw.exe"


def test_the_command_is_found_and_runs(wine: Wine, packages: dict[str, Path]) -> None:
    name = wine.run("hostname").strip()
    assert wine.run("cmd", "/c", "reporter").strip() != name
    wine.install(packages[OLD])
    assert wine.run("cmd", "/c", "reporter").strip() == name


@pytest.mark.parametrize(
    "value",
    [
        "two words",
        "it's 100 % & <all> of [X] and {Y}, or [~]; ^ %PATH%",
        "Позвоните в поддержку: 4455 — €",
        "#1 is to call us",
        "##2",
        "#%x",
        "x" * 1_999 + ".",
    ],
)
def test_a_value_arrives_as_it_was_written_and_is_kept(
    wine: Wine, packages: dict[str, Path], value: str
) -> None:
    wine.install(packages[OLD], HELPTEXT=value)
    assert settings(wine) == {"HelpText": value}
    wine.install(packages[NEW])
    assert settings(wine) == {"HelpText": value}


def test_a_value_of_a_transform_may_hold_quotes(
    wine: Wine, packages: dict[str, Path], tmp_path: Path
) -> None:
    # What Wine's msiexec cannot take on its command line; a transform writes into the same table.
    changed = tmp_path / "changed.msi"
    shutil.copyfile(packages[OLD], changed)
    property_table = tables(changed)["Property"]
    value = 'Say "hello"  twice or call \\\\us\\'
    text = msgspec.structs.replace(property_table, rows=(*property_table.rows, ("HELPTEXT", value))).text()
    (tmp_path / "Property.idt").write_bytes(text.encode())
    subprocess.run(["msibuild", changed, "-i", tmp_path / "Property.idt"], check=True)
    wine.install(changed)
    assert settings(wine) == {"HelpText": value}


def test_a_silent_upgrade_keeps_everything_that_was_given(wine: Wine, packages: dict[str, Path]) -> None:
    given = {name: f"https://example.org/{name.lower()}" for name in SETTINGS}
    wine.install(packages[OLD], **given)
    wine.install(packages[NEW])
    assert settings(wine) == {SETTINGS[name]: value for name, value in given.items()}
    [entry] = entries(wine)
    assert entry["DisplayVersion"] == NEW
    assert entry["HelpLink"] == "https://example.org/helpurl"
    assert (wine.drive / PROGRAM / "_internal/base_library.zip").read_bytes() == b"PK" + NEW.encode()
    assert path_of(wine).count("C:\\Program Files\\Reporter\\Reporter\\") == 1
    assert links(wine) == {"Reporter.lnk"}
    assert (wine.drive / TASKS / TASK).is_file()


def test_an_upgrade_replaces_what_it_names_and_takes_away_what_it_says(
    wine: Wine, packages: dict[str, Path]
) -> None:
    wine.install(
        packages[OLD], ENDPOINT="https://old.example", HELPTEXT="old", HELPURL="https://old.example/h"
    )
    wine.install(packages[NEW], HELPTEXT="new", HELPURL="-", STATUSURL="https://new.example/s")
    assert settings(wine) == {
        "Endpoint": "https://old.example",
        "HelpText": "new",
        "StatusUrl": "https://new.example/s",
    }


def test_an_installed_version_is_set_anew_by_installing_it_again(
    wine: Wine, packages: dict[str, Path]
) -> None:
    wine.install(packages[OLD], ENDPOINT="https://old.example", HELPTEXT="old")
    wine.install(packages[OLD], HELPTEXT="new", STATUSURL="https://new.example/s")
    assert settings(wine) == {
        "Endpoint": "https://old.example",
        "HelpText": "new",
        "StatusUrl": "https://new.example/s",
    }
    assert len(entries(wine)) == 1


def test_files_that_were_lost_come_back_and_settings_stay(wine: Wine, packages: dict[str, Path]) -> None:
    wine.install(packages[OLD], HELPTEXT="kept")
    (wine.drive / PROGRAM / "brand.toml").unlink()
    wine.install(packages[OLD], REINSTALL="ALL")
    assert (wine.drive / PROGRAM / "brand.toml").is_file()
    assert settings(wine) == {"HelpText": "kept"}


def test_an_older_version_is_refused(wine: Wine, packages: dict[str, Path]) -> None:
    wine.install(packages[NEW], HELPTEXT="new")
    before = wine.files(PROGRAM), settings(wine), entries(wine), path_of(wine)
    wine.install(packages[OLD], HELPTEXT="old")
    assert (wine.files(PROGRAM), settings(wine), entries(wine), path_of(wine)) == before
    assert (wine.drive / PROGRAM / "_internal/base_library.zip").read_bytes() == b"PK" + NEW.encode()


def test_removal_leaves_what_the_person_has_and_what_others_wrote_and_nothing_else(
    wine: Wine, packages: dict[str, Path]
) -> None:
    wine.run("reg", "add", rf"HKLM\{POLICIES}", "/v", "HelpText", "/d", "policy", "/f")
    wine.run("reg", "add", r"HKCU\Software\Reporter", "/v", "Mine", "/d", "kept", "/f")
    spool = wine.drive / "users" / "person" / "AppData" / "Local" / "Reporter" / "spool.sqlite"
    spool.parent.mkdir(parents=True)
    spool.write_bytes(b"reports")
    before_path = path_of(wine)
    before = traces(wine, "reporter")
    wine.install(packages[OLD], ENDPOINT="https://help.example.org")
    wine.install(packages[NEW])
    assert len(traces(wine, "reporter")) > len(before)

    wine.remove(packages[NEW])
    left = set(traces(wine, "reporter")) - set(before)
    assert left <= {"Program Files/Reporter/"}  # which Wine leaves, empty
    assert wine.files("Program Files/Reporter") == set()
    assert path_of(wine) == before_path
    assert wine.key(POLICIES) == {"HelpText": "policy"}
    assert wine.registry("user")[r"software\reporter"] == {"Mine": "kept"}
    assert spool.read_bytes() == b"reports"

    wine.install(packages[OLD])
    assert settings(wine) == {}
    assert "reporter.exe" in wine.files(PROGRAM)


def test_another_folder_is_kept_by_an_upgrade(wine: Wine, packages: dict[str, Path]) -> None:
    wine.install(packages[OLD], INSTALLDIR=r"C:\Apps & more\Мой")
    assert task_command(wine, "Apps & more/Мой") == r"C:\Apps & more\Мой\reporterw.exe"
    wine.install(packages[NEW])
    assert wine.files("Program Files").isdisjoint({"Reporter/", "Reporter/Reporter/"})
    assert (wine.drive / "Apps & more/Мой/_internal/base_library.zip").read_bytes() == b"PK" + NEW.encode()
    assert path_of(wine)[-1] == "C:\\Apps & more\\Мой\\"
    wine.remove(packages[NEW])
    assert wine.files("Apps & more") == set()


def test_what_is_installed_stays_where_it_is(wine: Wine, packages: dict[str, Path]) -> None:
    # Else a person without rights could have the system read another task by a repair.
    wine.install(packages[OLD], INSTALLDIR="C:\\Apps\\")
    wine.install(packages[OLD], INSTALLDIR=r"C:\Elsewhere", HELPTEXT="new")
    wine.install(packages[OLD], INSTALLDIR=r"C:\Elsewhere", REINSTALL="ALL")
    assert settings(wine) == {"HelpText": "new"}
    assert not (wine.drive / "Elsewhere").exists()
    assert task_command(wine, "Apps") == r"C:\Apps\reporterw.exe"
    assert path_of(wine)[-1] == "C:\\Apps\\"


def test_another_program_of_the_same_name_neither_chooses_the_folder_nor_loses_its_task(
    wine: Wine, packages: dict[str, Path]
) -> None:
    wine.install(packages[OLD])
    wine.install(packages["acme"])
    theirs = wine.files("Program Files/Acme/Reporter")
    wine.install(packages[NEW])
    assert (wine.drive / PROGRAM / "_internal/base_library.zip").read_bytes() == b"PK" + NEW.encode()
    wine.remove(packages[NEW])
    assert wine.files(PROGRAM) == set()
    assert wine.files("Program Files/Acme/Reporter") == theirs
    assert "reporter.exe" in theirs
    assert {path.name for path in (wine.drive / TASKS).glob("Reporter*")} == {
        "Reporter Postman (com.acme.reporter)"
    }


@pytest.mark.parametrize(
    "brand", [OTHER_BRAND, CYRILLIC_BRAND, HOSTILE_BRAND], ids=["latin", "cyrillic", "hostile"]
)
def test_another_brand_stands_beside_the_original(wine: Wine, packages: dict[str, Path], brand: str) -> None:
    named = tomllib.loads(brand)
    command, product, vendor = (str(named[name]) for name in ("command", "product", "vendor"))
    wine.install(packages[OLD], HELPTEXT="ours")
    ours = traces(wine, "reporter")
    wine.install(packages[command], HELPTEXT="theirs")

    assert settings(wine) == {"HelpText": "ours"}
    assert wine.key(rf"Software\{vendor}\{product}") == {"HelpText": "theirs"}
    # Windows takes no dot at the end of a name.
    vendor_folder, product_folder = vendor.rstrip("."), product.rstrip(".")
    folder = f"Program Files/{vendor_folder}/{product_folder}"
    assert f"{command}w.exe" in wine.files(folder)
    assert task_command(wine, folder) == rf"C:\Program Files\{vendor_folder}\{product_folder}\{command}w.exe"
    assert {entry["DisplayName"]: entry["Publisher"] for entry in entries(wine)} == {
        "Reporter": "Reporter",
        product: vendor,
    }
    assert links(wine) == {"Reporter.lnk", f"{product_folder}.lnk"}
    assert (wine.drive / TASKS / f"{product} Postman ({named['bundle_id']})").is_file()
    assert f"C:\\Program Files\\{vendor_folder}\\{product_folder}\\" in path_of(wine)

    wine.remove(packages[command])
    assert traces(wine, "reporter") == ours
    assert set(traces(wine, product.casefold())) == set()


def test_two_builds_are_the_same_bytes(tmp_path: Path) -> None:
    orders = [windows_order(tmp_path / name, brand=CYRILLIC_BRAND) for name in ("one", "a-longer-name")]
    manifests = orders[0].out / "pomosch-1.2.3-winget"
    manifests.mkdir(parents=True)
    one, other = [msi(order)[0].read_bytes() for order in orders]
    assert not manifests.exists(), "the checksum in it is that of another installer"
    assert one == other
    payload = orders[0].payload
    assert payload is not None
    (payload / "_internal/base_library.zip").write_bytes(b"PK other")
    assert msi(orders[0])[0].read_bytes() != one


def test_manifests_are_of_the_very_installer(tmp_path: Path) -> None:
    order = msgspec.structs.replace(
        windows_order(tmp_path / "order", brand=CYRILLIC_BRAND), download_url="https://dl.example.org/"
    )
    [package] = msi(order)
    [folder] = winget(order)
    digest = hashlib.sha256(package.read_bytes()).hexdigest().upper()
    assert digest in (folder / "zavod.pomosch.installer.yaml").read_text(encoding="utf-8")
    shutil.rmtree(folder)
    package.write_bytes(b"x")
    with pytest.raises(PackagingError, match="is no installer for Windows; make msi again"):
        winget(order)
    assert sorted(order.out.iterdir()) == [package]


def test_what_wine_does_not_do_is_in_the_tables(packages: dict[str, Path]) -> None:
    found = tables(packages[OLD])
    actions = {row["Action"]: row for row in found["CustomAction"].dicts()}
    create = f'"[System64Folder]schtasks.exe" /create /f /tn "{TASK}" /xml "[INSTALLDIR]postman.xml"'
    delete = f'"[System64Folder]schtasks.exe" /delete /f /tn "{TASK}"'
    about_tasks = {str(name): row for name, row in actions.items() if "Task" in str(name)}
    # A program from a folder; whatever it answers, later, as the system; and on rollback.
    assert {name: (row["Type"], row["Target"]) for name, row in about_tasks.items()} == {
        "CreateTask": (34 + 64 + 1024 + 2048, create),
        "CreateTaskBack": (34 + 64 + 256 + 1024 + 2048, delete),
        "DeleteTask": (34 + 64 + 1024 + 2048, delete),
        "DeleteTaskBack": (34 + 64 + 256 + 1024 + 2048, create),
    }
    order = {row["Action"]: int(row["Sequence"]) for row in found["InstallExecuteSequence"].dicts()}
    in_order = sorted(about_tasks, key=lambda name: order[name])
    assert in_order == ["DeleteTaskBack", "DeleteTask", "CreateTaskBack", "CreateTask"]
    assert order["DeleteTask"] < order["RemoveFiles"]
    assert order["CreateTask"] > order["WriteIniValues"]
    assert {row["DirProperty"] for row in found["RemoveFile"].dicts()} == {"INSTALLDIR", "VENDORDIR"}
    [shortcut] = found["Shortcut"].dicts()
    files = {str(row["FileName"]).split("|")[-1]: row["File"] for row in found["File"].dicts()}
    assert (shortcut["Target"], shortcut["Arguments"]) == (f"[#{files['reporterw.exe']}]", "open")
    transitive = {row["Component"] for row in found["Component"].dicts() if int(row["Attributes"]) & 64}
    assert transitive == {f"Set{name}" for name in SETTINGS.values()}


def test_what_it_says_of_itself(packages: dict[str, Path]) -> None:
    said = subprocess.run(
        ["msiinfo", "suminfo", packages["pomosch"]], capture_output=True, text=True, check=True
    ).stdout
    assert "Template: x64;1033" in said
    assert "Subject: pomosch" in said
    assert "Author: org.zavod.pomosch" in said
    properties = properties_of(packages["pomosch"])
    assert properties["ProductName"] == "Помощь при входе"
    assert properties["Manufacturer"] == "Завод & Ко"
    content = packages["pomosch"].read_bytes()
    assert "Помощь при входе".encode("cp1251") in content
    assert "Помощь при входе".encode() not in content


def test_versions_of_files_are_those_of_their_resources(packages: dict[str, Path]) -> None:
    rows = tables(packages["anmeldehilfe"])["File"].dicts()
    found = {str(row["FileName"]).split("|")[-1]: row["Version"] for row in rows}
    assert found["python313.dll"] == "3.13.9.0"
    assert found["brand.toml"] == ""


def test_codes_are_of_the_version_or_of_all_versions(packages: dict[str, Path]) -> None:
    codes = {name: properties_of(package) for name, package in packages.items()}
    assert codes[OLD]["UpgradeCode"] == codes[NEW]["UpgradeCode"]
    assert len({of["UpgradeCode"] for of in codes.values()}) == 5
    assert len({of["ProductCode"] for of in codes.values()}) == 6
    components = [
        {row[1] for row in tables(packages[name])["Component"].rows} for name in (OLD, "anmeldehilfe")
    ]
    assert components[0].isdisjoint(components[1])


def test_the_icon_and_the_files_are_inside(packages: dict[str, Path]) -> None:
    streams = subprocess.run(
        ["msiinfo", "streams", packages[OLD]], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"program.cab", "Icon.program.ico"} <= set(streams)
    icon = subprocess.run(
        ["msiinfo", "extract", packages[OLD], "Icon.program.ico"], capture_output=True, check=True
    ).stdout
    assert icon.startswith(b"\0\0\1\0")
