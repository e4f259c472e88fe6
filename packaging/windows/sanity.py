"""Sanity: what is wrong in the tables of an installer, before a computer finds it out.

The rules of Windows Installer's own validation that can be broken here: what is referred to is there, names
are unique, each component has its key, and files are numbered as the cabinet holds them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from windows.table import Table, Value

REFERENCES = (
    # From a column of one table to the key of another; an empty value refers to nothing.
    ("File", "Component_", "Component"),
    ("Component", "Directory_", "Directory"),
    ("Directory", "Directory_Parent", "Directory"),
    ("FeatureComponents", "Feature_", "Feature"),
    ("FeatureComponents", "Component_", "Component"),
    ("Registry", "Component_", "Component"),
    ("Environment", "Component_", "Component"),
    ("Shortcut", "Component_", "Component"),
    ("Shortcut", "Directory_", "Directory"),
    ("Shortcut", "WkDir", "Directory"),
    ("Shortcut", "Icon_", "Icon"),
    ("IniFile", "Component_", "Component"),
    ("IniFile", "DirProperty", "Directory"),
    ("RemoveFile", "Component_", "Component"),
    ("RemoveFile", "DirProperty", "Directory"),
    ("AppSearch", "Signature_", "RegLocator"),
    ("MsiFileHash", "File_", "File"),
)
REQUIRED = (
    *("ProductCode", "ProductName", "ProductVersion", "ProductLanguage", "Manufacturer", "UpgradeCode"),
    *("ALLUSERS",),
)
STANDARD_ACTIONS = frozenset(
    (
        *("AppSearch", "CostFinalize", "CostInitialize", "CreateFolders", "CreateShortcuts", "ExecuteAction"),
        *("FileCost", "FindRelatedProducts", "InstallAdminPackage", "InstallFiles", "InstallFinalize"),
        *("InstallInitialize", "InstallValidate", "LaunchConditions", "MigrateFeatureStates"),
        *("ProcessComponents", "PublishFeatures", "PublishProduct", "RegisterProduct", "RegisterUser"),
        *("RemoveEnvironmentStrings", "RemoveExistingProducts", "RemoveFiles", "RemoveFolders"),
        *("RemoveIniValues", "RemoveRegistryValues", "RemoveShortcuts", "UnpublishFeatures"),
        *("ValidateProductID", "WriteEnvironmentStrings", "WriteIniValues", "WriteRegistryValues"),
    )
)
NEEDED_ACTIONS = {
    "File": ("InstallFiles", "RemoveFiles"),
    "Registry": ("WriteRegistryValues", "RemoveRegistryValues"),
    "Environment": ("WriteEnvironmentStrings", "RemoveEnvironmentStrings"),
    "Shortcut": ("CreateShortcuts", "RemoveShortcuts"),
    "IniFile": ("WriteIniValues", "RemoveIniValues"),
    "Upgrade": ("FindRelatedProducts", "RemoveExistingProducts"),
    "AppSearch": ("AppSearch",),
    "LaunchCondition": ("LaunchConditions",),
}

_CODE = re.compile(r"\{[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\}")
_SHORT = re.compile(r"[^\\?|><:/*\"+,;=\[\] .]{1,8}(?:\.[^\\?|><:/*\"+,;=\[\] .]{1,3})?")
_REGISTRY_KEY_PATH = 4
_DIRECTORIES_OF_THE_SYSTEM = {"TARGETDIR", "ProgramFiles64Folder", "ProgramMenuFolder", "System64Folder"}

_Tables = Mapping[str, Table]


def faults(tables: _Tables) -> list[str]:
    """What is wrong, as sentences; empty where nothing is."""
    return [
        *_references(tables),
        *_keys(tables),
        *_components(tables),
        *_names(tables),
        *_files(tables),
        *_properties(tables),
        *_sequences(tables),
    ]


def _rows(tables: _Tables, name: str) -> list[dict[str, Value]]:
    return tables[name].dicts() if name in tables else []


def _column(tables: _Tables, name: str, column: str) -> list[Value]:
    return [row[column] for row in _rows(tables, name)]


def _references(tables: _Tables) -> Iterator[str]:
    for name, column, target in REFERENCES:
        known = {row[0] for row in tables[target].rows} if target in tables else set()
        for value in _column(tables, name, column):
            if value and value not in known:
                yield f"{name}.{column} refers to {value}, which {target} does not hold."
    for name in ("Registry", "Shortcut"):
        column = "Value" if name == "Registry" else "Target"
        for value in _column(tables, name, column):
            for file in re.findall(r"(?<!\\)\[#(\w+)\]", str(value)):
                if file not in _column(tables, "File", "File"):
                    yield f"{name}.{column} refers to the file {file}, which is not there."


def _keys(tables: _Tables) -> Iterator[str]:
    for table in tables.values():
        counted = Counter(row[: table.keys] for row in table.rows)
        yield from (
            f"{table.name} holds {key} more than once." for key, times in counted.items() if times > 1
        )


def _components(tables: _Tables) -> Iterator[str]:
    codes = Counter(_column(tables, "Component", "ComponentId"))
    yield from (f"Two components have the code {code}." for code, times in codes.items() if times > 1)
    in_features = set(_column(tables, "FeatureComponents", "Component_"))
    owners = {
        kind: {row[kind]: row["Component_"] for row in _rows(tables, kind)} for kind in ("File", "Registry")
    }
    for row in _rows(tables, "Component"):
        component = row["Component"]
        if not _CODE.fullmatch(str(row["ComponentId"])):
            yield f"The component {component} has the code {row['ComponentId']!r}."
        kind = "Registry" if int(row["Attributes"]) & _REGISTRY_KEY_PATH else "File"
        if owners[kind].get(row["KeyPath"]) != component:
            yield f"The component {component} has no key of its own: {row['KeyPath']!r} in {kind}."
        if component not in in_features:
            yield f"The component {component} is in no feature."


def _names(tables: _Tables) -> Iterator[str]:
    folders = {row["Component"]: row["Directory_"] for row in _rows(tables, "Component")}
    placed = [(folders.get(row["Component_"]), row["FileName"]) for row in _rows(tables, "File")]
    placed += [
        (row["Directory_Parent"], row["DefaultDir"])
        for row in _rows(tables, "Directory")
        if row["Directory"] not in _DIRECTORIES_OF_THE_SYSTEM
    ]
    taken: Counter[tuple[Value | None, str]] = Counter()
    for folder, name in placed:
        short, bar, long = str(name).partition("|")
        if not _SHORT.fullmatch(short):
            yield f"{short!r} is no short name of a file."
        taken.update({(folder, one.casefold()) for one in ((short, long) if bar else (short,))})
    yield from (
        f"{name!r} is in {folder} more than once." for (folder, name), times in taken.items() if times > 1
    )


def _files(tables: _Tables) -> Iterator[str]:
    numbers = sorted(int(number) for number in _column(tables, "File", "Sequence"))
    if numbers != list(range(1, len(numbers) + 1)):
        yield "Files are not numbered from 1 on."
    last = [int(number) for number in _column(tables, "Media", "LastSequence")]
    if last != [len(numbers)]:
        yield f"The cabinet ends with file {last}, and there are {len(numbers)}."
    versioned = {row["File"] for row in _rows(tables, "File") if row["Version"]}
    hashed = set(_column(tables, "MsiFileHash", "File_"))
    if versioned & hashed or versioned | hashed != set(_column(tables, "File", "File")):
        yield "Not every file has either a version or a hash."


def _properties(tables: _Tables) -> Iterator[str]:
    given = {row["Property"]: str(row["Value"]) for row in _rows(tables, "Property")}
    yield from (f"The property {name} is missing." for name in REQUIRED if not given.get(name))
    for name in ("ProductCode", "UpgradeCode"):
        if not _CODE.fullmatch(given.get(name, "")):
            yield f"{name} is {given.get(name)!r}."
    if not re.fullmatch(r"\d{1,3}\.\d{1,3}\.\d{1,5}", given.get("ProductVersion", "")):
        yield f"ProductVersion is {given.get('ProductVersion')!r}."
    secure = given.get("SecureCustomProperties", "").split(";")
    passed = _column(tables, "Upgrade", "ActionProperty")
    if "AppSearch" in _column(tables, "InstallUISequence", "Action"):
        # It is done once: there, with the rights of the person.
        passed += _column(tables, "AppSearch", "Property")
    for one in passed:
        if one not in secure:
            yield f"The property {one} does not reach the part of Windows Installer that has the rights."
    icon = given.get("ARPPRODUCTICON")
    if icon and icon not in _column(tables, "Icon", "Name"):
        yield f"There is no icon {icon}."


def _sequences(tables: _Tables) -> Iterator[str]:
    known = STANDARD_ACTIONS | set(map(str, _column(tables, "CustomAction", "Action")))
    for name, table in tables.items():
        if not name.endswith("Sequence"):
            continue
        numbers = Counter(row["Sequence"] for row in table.dicts())
        yield from (f"{name} has {times} actions at {at}." for at, times in numbers.items() if times > 1)
        yield from (
            f"{name} has the action {row['Action']}, which does not exist."
            for row in table.dicts()
            if row["Action"] not in known
        )
    there = _column(tables, "InstallExecuteSequence", "Action")
    for name, actions in NEEDED_ACTIONS.items():
        if name in tables:
            yield from (
                f"Nothing is done with {name}: {one} is missing." for one in actions if one not in there
            )
