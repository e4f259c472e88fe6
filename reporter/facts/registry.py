"""Registry: values of Windows' registry as text, over the module ``winreg``.

Not yet run on Windows: written from the documentation, tested with a registry of recorded values.
"""

from __future__ import annotations

import importlib
from typing import Any

KEYS_LIMIT_ITEMS = 1_000


class Registry:
    """``winreg`` is the module of that name, a fake in tests."""

    def __init__(self, winreg: Any = None) -> None:
        self._winreg = winreg or importlib.import_module("winreg")

    def machine(self, path: str) -> Key:
        """A key of the computer."""
        return Key(self._winreg, self._winreg.HKEY_LOCAL_MACHINE, path)

    def person(self, path: str) -> Key:
        """A key of the person."""
        return Key(self._winreg, self._winreg.HKEY_CURRENT_USER, path)


class Key:
    """Values of one key; what does not exist is empty. Raises OSError for what may not be read."""

    def __init__(self, winreg: Any, root: Any, path: str) -> None:
        self._winreg = winreg
        self._root = root
        self._path = path

    def __call__(self, name: str) -> str:
        """A value as text; of several lines the first that is not empty."""
        found = self.value(name)
        if isinstance(found, list):
            found = next((line for line in found if line), "")
        return "" if found is None else str(found)

    def value(self, name: str) -> object:
        """A value as the registry has it; None where there is none."""
        try:
            with self._open() as key:
                found: object = self._winreg.QueryValueEx(key, name)[0]
                return found
        except FileNotFoundError:
            return None

    def exists(self) -> bool:
        """Whether there is such a key."""
        try:
            with self._open():
                return True
        except FileNotFoundError:
            return False

    def count(self) -> int:
        """How many keys it holds."""
        try:
            with self._open() as key:
                return int(self._winreg.QueryInfoKey(key)[0])
        except FileNotFoundError:
            return 0

    def names(self) -> list[str]:
        """The names of the keys it holds."""
        try:
            with self._open() as key:
                count = min(self._winreg.QueryInfoKey(key)[0], KEYS_LIMIT_ITEMS)
                return [str(self._winreg.EnumKey(key, number)) for number in range(count)]
        except FileNotFoundError:
            return []

    def below(self, name: str) -> Key:
        """A key that it holds."""
        return Key(self._winreg, self._root, rf"{self._path}\{name}")

    def _open(self) -> Any:
        # A 32-bit process would otherwise be shown its own copy of the registry.
        access = self._winreg.KEY_READ | self._winreg.KEY_WOW64_64KEY
        return self._winreg.OpenKey(self._root, self._path, 0, access)
