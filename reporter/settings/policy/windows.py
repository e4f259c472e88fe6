r"""Windows: policies in the registry, written by group policies or a device management.

``Software\Policies\<vendor>\<product>`` of the computer and of the person, which ordinary people cannot
write, with ``Recommended`` below; what the installer was given stands in ``Software\<vendor>\<product>`` of
the computer. Names are written like ``HelpUrl``; true and false are the numbers 1 and 0, a list is a key with
numbered values, a table is text in JSON.

Not yet run on Windows: written from the documentation, tested with a registry of recorded values.
"""

from __future__ import annotations

import importlib
from typing import Any

from reporter.settings.help import HelpTable
from reporter.settings.kinds import Flag, Kind, ListOf, MalformedError, Number, shown
from reporter.settings.model import TABLE, Setting
from reporter.settings.names import pascal_case
from reporter.settings.policy.base import VENDOR, Policies, Vendor
from reporter.settings.policy.json_object import JsonObject
from reporter.settings.source import Entry, Layer, Said, at, merged, understand, unreadable
from reporter.settings.textfile import RefusedError
from reporter.texts.safe import one_line

VALUES_LIMIT_ITEMS = 1_000
VALUE_LIMIT_CHARS = 64 * 1024

_RECOMMENDED = "recommended"
# Names in the registry have no letter case.
_BY_NAME = {pascal_case(row.name).casefold(): row for row in TABLE}

_Value = tuple[str, object, int]


class WindowsPolicies(Policies):
    """``winreg`` is the module of that name, a fake in tests."""

    def __init__(self, vendor: Vendor = VENDOR, winreg: Any = None) -> None:
        self._vendor = vendor
        self._winreg: Any = winreg or importlib.import_module("winreg")

    def read(self) -> dict[Layer, Said]:
        """The five keys; of recommended policies those of the computer win."""
        vendor = self._vendor
        return {
            Layer.MACHINE_POLICY: self._key("HKLM", vendor.policies_key),
            Layer.USER_POLICY: self._key("HKCU", vendor.policies_key),
            Layer.RECOMMENDED_POLICY: merged(
                self._key(hive, vendor.recommended_key) for hive in ("HKCU", "HKLM")
            ),
            Layer.INSTALLER: self._key("HKLM", vendor.installer_key),
        }

    def _key(self, hive: str, path: str) -> Said:
        place = rf"{hive}\{path}"
        try:
            values, keys = self._content(hive, path)
            entries = [self._value(place, *value) for value in values if value[0]]
            entries += [
                self._list(hive, path, name)
                for name in keys
                if name.casefold() != _RECOMMENDED or path != self._vendor.policies_key
            ]
        except FileNotFoundError:
            return Said()
        except OSError as error:
            reason = f"it cannot be read ({error.strerror or type(error).__name__})"
            return unreadable(place, reason, "correct its permissions")
        # What is at fault last: of a setting that is there as value and as key, nothing is used.
        return understand(sorted(entries, key=lambda entry: entry.fault is not None), pascal_case)

    def _value(self, place: str, name: str, data: object, kind: int) -> Entry:
        where = at(f"{place}, value {one_line(name, 60)}")
        row = _BY_NAME.get(name.casefold())
        if row is None:
            return Entry(name=name, raw=data, where=where)
        try:
            return Entry(name=row.name, raw=self._converted(row.kind, data, kind), where=where)
        except MalformedError as fault:
            return Entry(name=row.name, raw=None, where=where, fault=fault)

    def _converted(self, wanted: Kind, data: object, kind: int) -> object:
        """What a value of the registry stands for; raises MalformedError."""
        if isinstance(wanted, ListOf):
            raise MalformedError(
                "is a single value", "write a key of this name that holds the values 1, 2 and so on"
            )
        if isinstance(wanted, Flag | Number):
            is_number = kind in (self._winreg.REG_DWORD, self._winreg.REG_QWORD)
            if is_number and isinstance(wanted, Number):
                return data
            if is_number and data in (0, 1):
                return data == 1
            numbers = "0 or 1" if isinstance(wanted, Flag) else wanted.description
            raise MalformedError(f"is {shown(data)}", f"write a DWORD, {numbers}")
        text = self._text(data, kind)
        if not isinstance(wanted, HelpTable):
            return text
        try:
            found = JsonObject(text)
        except RefusedError as refused:
            raise MalformedError(f"cannot be used: {refused}", refused.remedy) from None
        for name in found.members:
            fault = found.fault(name)
            if fault is not None:
                raise MalformedError(fault.what, fault.remedy, (name, *fault.path))
        return found.members

    def _text(self, data: object, kind: int) -> str:
        if kind == self._winreg.REG_MULTI_SZ and isinstance(data, list):
            data = "\n".join(str(line) for line in data)
        elif kind != self._winreg.REG_SZ or not isinstance(data, str):
            raise MalformedError("is no text", "write a value of the type REG_SZ")
        text = str(data).rstrip("\0")
        if len(text) > VALUE_LIMIT_CHARS:
            raise MalformedError(f"has more than {VALUE_LIMIT_CHARS:,} characters", "write less")
        if "\0" in text:
            raise MalformedError("holds NUL characters", "write plain text")
        return text

    def _list(self, hive: str, path: str, name: str) -> Entry:
        """The setting in a key of numbered values; raises OSError."""
        place = rf"{hive}\{path}\{one_line(name, 60)}"
        row = _BY_NAME.get(name.casefold())
        if row is None:
            return Entry(name=name, raw=None, where=at(place))
        try:
            values, _ = self._content(hive, rf"{path}\{name}")
            return Entry(name=row.name, raw=self._items(row, values), where=at(place))
        except MalformedError as fault:
            return Entry(name=row.name, raw=None, where=at(place), fault=fault)

    def _items(self, row: Setting, values: list[_Value]) -> list[object]:
        if not isinstance(row.kind, ListOf):
            raise MalformedError("is a key", "write a value of this name")
        numbered: dict[int, object] = {}
        for name, data, kind in values:
            if not name:  # the value without a name, which every key has
                continue
            if not (name.isascii() and name.isdigit()) or len(name) > 6 or int(name) in numbered:
                raise MalformedError(f"holds the value {shown(name)}", "number the values: 1, 2 and so on")
            numbered[int(name)] = self._text(data, kind) if kind == self._winreg.REG_SZ else data
        return [numbered[number] for number in sorted(numbered)]

    def _content(self, hive: str, path: str) -> tuple[list[_Value], list[str]]:
        """The values and the names of the keys in a key; raises OSError."""
        winreg = self._winreg
        root = winreg.HKEY_LOCAL_MACHINE if hive == "HKLM" else winreg.HKEY_CURRENT_USER
        # A 32-bit process would otherwise be shown its own copy of the registry.
        access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        with winreg.OpenKey(root, path, 0, access) as key:
            keys, values, _ = winreg.QueryInfoKey(key)
            if keys > VALUES_LIMIT_ITEMS or values > VALUES_LIMIT_ITEMS:
                raise OSError(0, f"it holds more than {VALUES_LIMIT_ITEMS:,} items")
            return (
                [winreg.EnumValue(key, number) for number in range(values)],
                [winreg.EnumKey(key, number) for number in range(keys)],
            )
