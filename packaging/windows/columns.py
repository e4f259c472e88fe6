"""Columns: of the tables of Windows Installer that are written here, as it defines them."""

from __future__ import annotations

from collections.abc import Iterable

from windows.table import Table, Value

_COLUMNS: dict[str, tuple[str, int]] = {
    # The first columns tell rows apart; so many of them.
    "AppSearch": (
        "Property:s72 Signature_:s72",
        2,
    ),
    "Component": (
        "Component:s72 ComponentId:S38 Directory_:s72 Attributes:i2 Condition:S255 KeyPath:S72",
        1,
    ),
    "CustomAction": (
        "Action:s72 Type:i2 Source:S72 Target:S255 ExtendedType:I4",
        1,
    ),
    "Directory": (
        "Directory:s72 Directory_Parent:S72 DefaultDir:l255",
        1,
    ),
    "Environment": (
        "Environment:s72 Name:l255 Value:L255 Component_:s72",
        1,
    ),
    "FeatureComponents": (
        "Feature_:s38 Component_:s72",
        2,
    ),
    "File": (
        "File:s72 Component_:s72 FileName:l255 FileSize:i4 Version:S72 Language:S20 "
        "Attributes:I2 Sequence:i4",
        1,
    ),
    "IniFile": (
        "IniFile:s72 FileName:l255 DirProperty:S72 Section:l96 Key:l128 Value:l255 Action:i2 Component_:s72",
        1,
    ),
    "InstallExecuteSequence": (
        "Action:s72 Condition:S255 Sequence:I2",
        1,
    ),
    "InstallUISequence": (
        "Action:s72 Condition:S255 Sequence:I2",
        1,
    ),
    "LaunchCondition": (
        "Condition:s255 Description:l255",
        1,
    ),
    "Property": (
        "Property:s72 Value:l0",
        1,
    ),
    "RegLocator": (
        "Signature_:s72 Root:i2 Key:s255 Name:S255 Type:I2",
        1,
    ),
    "Registry": (
        "Registry:s72 Root:i2 Key:l255 Name:L255 Value:L0 Component_:s72",
        1,
    ),
    "RemoveFile": (
        "FileKey:s72 Component_:s72 FileName:L255 DirProperty:s72 InstallMode:i2",
        1,
    ),
    "Shortcut": (
        "Shortcut:s72 Directory_:s72 Name:l128 Component_:s72 Target:s72 Arguments:S255 "
        "Description:L255 Hotkey:I2 Icon_:S72 IconIndex:I2 ShowCmd:I2 WkDir:S72 "
        "DisplayResourceDLL:S255 DisplayResourceId:I2 DescriptionResourceDLL:S255 "
        "DescriptionResourceId:I2",
        1,
    ),
    "Upgrade": (
        "UpgradeCode:s38 VersionMin:S20 VersionMax:S20 Language:S255 Attributes:i4 Remove:S255 "
        "ActionProperty:s72",
        5,
    ),
}


def table(name: str, rows: Iterable[tuple[Value, ...]]) -> Table:
    """A table of the database that holds ``rows``."""
    columns, keys = _COLUMNS[name]
    return Table(name, columns, keys, tuple(rows))
