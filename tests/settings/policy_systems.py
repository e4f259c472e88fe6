"""Other systems for the tests of policies: a registry, preferences of macOS, folders of Linux."""

from __future__ import annotations

import ctypes
import os
import plistlib
from pathlib import Path
from types import TracebackType

from reporter.settings.layers import Loaded, load
from reporter.settings.policy import Policies
from reporter.settings.policy.base import VENDOR
from reporter.settings.policy.linux import LinuxPolicies, policies
from reporter.settings.policy.trusted import Trust

Value = tuple[object, int]


class Nothing(Policies):
    """A computer without policies."""

    def read(self) -> dict:  # type: ignore[type-arg]
        return {}


class FakeKey:
    """An open key; also the context manager that ``winreg`` gives."""

    def __init__(self, values: dict[str, Value], keys: list[str]) -> None:
        self.values = list(values.items())
        self.keys = keys

    def __enter__(self) -> FakeKey:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class FakeWinreg:
    """What is used of the module ``winreg``; keys by hive and whole path, without letter case."""

    HKEY_LOCAL_MACHINE = "HKLM"
    HKEY_CURRENT_USER = "HKCU"
    KEY_READ = 0x20019
    KEY_WOW64_64KEY = 0x0100
    REG_SZ = 1
    REG_EXPAND_SZ = 2
    REG_BINARY = 3
    REG_DWORD = 4
    REG_MULTI_SZ = 7
    REG_QWORD = 11

    def __init__(self) -> None:
        self.content: dict[tuple[str, str], dict[str, Value]] = {}
        self.denied: set[str] = set()

    def write(self, hive: str, path: str, name: str, data: object, kind: int) -> None:
        """As an administrator would; the keys above are made."""
        parts = path.split("\\")
        for length in range(1, len(parts) + 1):
            self.content.setdefault((hive, "\\".join(parts[:length]).lower()), {})
        self.content[hive, path.lower()][name] = (data, kind)

    def write_raw(self, hive: str, path: str, name: str, raw: object) -> None:
        """A value of Python in the form that the contract gives it."""
        if isinstance(raw, bool):
            self.write(hive, path, name, int(raw), self.REG_DWORD)
        elif isinstance(raw, int):
            self.write(hive, path, name, raw, self.REG_DWORD)
        elif isinstance(raw, str):
            self.write(hive, path, name, raw, self.REG_SZ)
        else:
            assert isinstance(raw, list)
            self.write(hive, rf"{path}\{name}", "", None, self.REG_SZ)
            for number, item in enumerate(raw, 1):
                self.write(hive, rf"{path}\{name}", str(number), item, self.REG_SZ)

    def OpenKey(self, root: str, path: str, reserved: int, access: int) -> FakeKey:  # noqa: N802 - winreg's
        assert access & self.KEY_WOW64_64KEY, "a 32-bit process would read another registry"
        path = path.lower()
        if path in self.denied:
            raise PermissionError(13, "Access is denied")
        if (root, path) not in self.content:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        below = [known[len(path) + 1 :] for hive, known in self.content if hive == root]
        above = [known for hive, known in self.content if hive == root and known.startswith(path + "\\")]
        keys = [name for known in above if "\\" not in (name := known[len(path) + 1 :]) and name in below]
        return FakeKey(self.content[root, path], keys)

    def QueryInfoKey(self, key: FakeKey) -> tuple[int, int, int]:  # noqa: N802 - winreg's
        return len(key.keys), len(key.values), 0

    def EnumValue(self, key: FakeKey, number: int) -> tuple[str, object, int]:  # noqa: N802 - winreg's
        name, (data, kind) = key.values[number]
        return name, data, kind

    def EnumKey(self, key: FakeKey, number: int) -> str:  # noqa: N802 - winreg's
        return key.keys[number]


class FakeFoundation:
    """What is used of Core Foundation: handles are numbers, everything that is made has to be released."""

    def __init__(self, forced: dict[str, object]) -> None:
        self.forced_values = forced
        self.alive: dict[int, object] = {}
        self._buffers: dict[int, ctypes.Array[ctypes.c_char]] = {}
        self._made = 0

    def _handle(self, value: object) -> int:
        self._made += 1
        self.alive[self._made] = value
        return self._made

    def CFStringCreateWithCString(self, allocator: None, text: bytes, encoding: int) -> int:  # noqa: N802
        assert encoding == 0x08000100
        return self._handle(text.decode())

    def CFPreferencesAppValueIsForced(self, key: int, bundle_id: int) -> int:  # noqa: N802
        assert self.alive[bundle_id] == "org.reporter.agent"
        return int(self.alive[key] in self.forced_values)

    def CFPreferencesCopyAppValue(self, key: int, bundle_id: int) -> int:  # noqa: N802
        return self._handle(self.forced_values[str(self.alive[key])])

    def CFPropertyListCreateData(  # noqa: N802
        self, allocator: None, value: int, form: int, options: int, error: None
    ) -> int:
        try:
            data = plistlib.dumps(self.alive[value], fmt=plistlib.FMT_BINARY)  # type: ignore[arg-type]
        except (TypeError, OverflowError):
            return 0
        handle = self._handle(data)
        self._buffers[handle] = ctypes.create_string_buffer(data, len(data))
        return handle

    def CFDataGetBytePtr(self, data: int) -> int:  # noqa: N802
        return ctypes.addressof(self._buffers[data])

    def CFDataGetLength(self, data: int) -> int:  # noqa: N802
        return len(self._buffers[data])

    def CFRelease(self, handle: int) -> None:  # noqa: N802
        del self.alive[handle]


class LinuxRoot:
    """A root of a file system with the folders of policies, as an administrator leaves it."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.managed = top / policies(VENDOR) / "managed"
        self.recommended = top / policies(VENDOR) / "recommended"
        for folder in (self.managed, self.recommended):
            folder.mkdir(parents=True)
        for folder in (self.managed, *self.managed.parents, self.recommended):
            if folder.is_relative_to(top):
                folder.chmod(0o755)

    def write(self, content: str | bytes, name: str = "policy.json", *, recommended: bool = False) -> Path:
        """A policy file with the mode that it should have."""
        path = (self.recommended if recommended else self.managed) / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o644)
        return path

    @property
    def policies(self) -> LinuxPolicies:
        """The policies in it; the tester plays root."""
        return LinuxPolicies(Trust(self.top, os.getuid()))

    def load(self) -> Loaded:
        """The settings in force with them, and nothing else said."""
        return load(environ=NO_FILE, policies=self.policies)


NO_FILE = {"REPORTER_SETTINGS": os.devnull, "HOME": "/nonexistent"}
