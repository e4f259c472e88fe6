"""macOS: policies in the preferences of the agent, written by profiles of a device management.

What a profile forces is mandatory; ``/Library/Preferences/<bundle id>.plist`` recommends. The system is
asked what is forced; names that are no setting are looked up in the files in ``/Library/Managed
Preferences``, for the system has no list of what it forces.

Not yet run on macOS: written from the documentation, tested with a foundation of recorded values.
"""

from __future__ import annotations

import getpass
import plistlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from reporter.settings.kinds import MalformedError
from reporter.settings.model import BY_NAME, TABLE
from reporter.settings.policy.base import VENDOR, Policies, Vendor
from reporter.settings.policy.trusted import Trust
from reporter.settings.source import Entry, Layer, Said, at, understand, unreadable
from reporter.settings.textfile import RefusedError
from reporter.texts.safe import one_line

CORE_FOUNDATION = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"
MANAGED = Path("Library/Managed Preferences")
RECOMMENDED = Path("Library/Preferences")
# What a profile adds about itself.
PROFILE_KEYS = ("Payload", "PFC_")
UTF8 = 0x08000100
BINARY_PROPERTY_LIST = 200

# A library of ctypes.
_Native = Any


class MacPolicies(Policies):
    """``foundation``: another library in tests; ``trust``: whose files count, and below which folder."""

    def __init__(
        self,
        vendor: Vendor = VENDOR,
        *,
        foundation: _Native = None,
        trust: Trust | None = None,
        user: str | None = None,
    ) -> None:
        self._bundle_id = vendor.bundle_id
        self._preferences = Preferences(vendor.bundle_id, foundation)
        self._trust = trust or Trust()
        self._user = user

    def read(self) -> dict[Layer, Said]:
        """A forced value that stands in the person's managed file alone is a policy for the person."""
        computers, persons = self._managed()
        layers: dict[Layer, list[Entry]] = {Layer.MACHINE_POLICY: [], Layer.USER_POLICY: []}
        for row in TABLE:
            is_persons = row.name in persons and row.name not in computers
            layer = Layer.USER_POLICY if is_persons else Layer.MACHINE_POLICY
            place = at(f"the managed preferences of {self._bundle_id}")
            try:
                raw = self._preferences.forced(row.name)
                if raw is not msgspec.UNSET:
                    layers[layer].append(Entry(name=row.name, raw=raw, where=place))
            except MalformedError as fault:
                layers[layer].append(Entry(name=row.name, raw=None, where=place, fault=fault))
        for layer, file, managed in (
            (Layer.MACHINE_POLICY, self._file(MANAGED), computers),
            (Layer.USER_POLICY, self._file(MANAGED / self._person()), persons),
        ):
            layers[layer] += [entry for entry in _entries(managed, file) if entry.name not in BY_NAME]
        return {
            **{layer: understand(entries) for layer, entries in layers.items()},
            Layer.RECOMMENDED_POLICY: self._recommended(),
        }

    def _recommended(self) -> Said:
        path = self._file(RECOMMENDED)
        try:
            return understand(_entries(self._members(path), path))
        except FileNotFoundError:
            return Said()
        except RefusedError as refused:
            return unreadable(_named(path), str(refused), refused.remedy)
        except OSError as error:
            reason = f"it cannot be read ({error.strerror or type(error).__name__})"
            return unreadable(_named(path), reason, "correct it or remove it")

    def _managed(self) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """What is managed for the computer and for the person, as far as the files tell."""
        found: list[Mapping[str, object]] = []
        for folder in (MANAGED, MANAGED / self._person()):
            try:
                found.append(self._members(self._file(folder)))
            except (OSError, RefusedError):  # the values come from the system itself
                found.append({})
        return found[0], found[1]

    def _members(self, path: Path) -> Mapping[str, object]:
        """The members of a property list; raises OSError or RefusedError."""
        raw = self._trust.read(path)
        try:
            found = plistlib.loads(raw)
        except Exception as error:  # noqa: BLE001 - its parsers raise many things for foreign bytes
            reason = f"this is no property list ({type(error).__name__})"
            raise RefusedError(reason, "write it with defaults or plutil") from None
        if not isinstance(found, dict):
            raise RefusedError("this property list is no dictionary", "write a dictionary")
        return {str(name): value for name, value in found.items()}

    def _file(self, folder: Path) -> Path:
        return self._trust.top / folder / f"{self._bundle_id}.plist"

    def _person(self) -> str:
        if self._user is None:
            try:
                self._user = getpass.getuser()
            except (OSError, KeyError, ImportError):
                self._user = ""
        return self._user if self._user not in (".", "..") and "/" not in self._user else ""


class Preferences:
    """What Core Foundation tells about the preferences of one bundle."""

    def __init__(self, bundle_id: str, foundation: _Native = None) -> None:
        if foundation is None:
            import ctypes

            foundation = ctypes.CDLL(CORE_FOUNDATION)
            _declare(foundation)
        self._foundation = foundation
        self._bundle_id = bundle_id

    def forced(self, name: str) -> object:
        """The value that is forced, UNSET where none is; raises MalformedError where it cannot be read."""
        foundation = self._foundation
        key, bundle_id = self._string(name), self._string(self._bundle_id)
        try:
            if not foundation.CFPreferencesAppValueIsForced(key, bundle_id):
                return msgspec.UNSET
            value = foundation.CFPreferencesCopyAppValue(key, bundle_id)
        finally:
            foundation.CFRelease(key)
            foundation.CFRelease(bundle_id)
        if not value:
            return msgspec.UNSET
        try:
            return plistlib.loads(self._property_list(value))
        except Exception:  # noqa: BLE001 - a value that no property list can hold
            raise MalformedError("cannot be read", "correct it in the profile") from None
        finally:
            foundation.CFRelease(value)

    def _string(self, text: str) -> int:
        found: int = self._foundation.CFStringCreateWithCString(None, text.encode(), UTF8)
        if not found:
            raise MalformedError("cannot be asked for", "ask those who manage this computer")
        return found

    def _property_list(self, value: int) -> bytes:
        """A Core Foundation value as bytes that Python reads, so that none of its types is needed here."""
        import ctypes

        foundation = self._foundation
        data = foundation.CFPropertyListCreateData(None, value, BINARY_PROPERTY_LIST, 0, None)
        if not data:
            raise MalformedError("cannot be read", "correct it in the profile")
        try:
            return ctypes.string_at(foundation.CFDataGetBytePtr(data), foundation.CFDataGetLength(data))
        finally:
            foundation.CFRelease(data)


def _entries(members: Mapping[str, object], path: Path) -> Iterator[Entry]:
    for name, raw in members.items():
        if not name.startswith(PROFILE_KEYS):
            yield Entry(name=name, raw=raw, where=at(_named(path)))


def _named(path: Path) -> str:
    return one_line(str(path), 300)


def _declare(foundation: _Native) -> None:
    import ctypes

    pointer, number = ctypes.c_void_p, ctypes.c_long
    for name, result, arguments in (
        ("CFStringCreateWithCString", pointer, [pointer, ctypes.c_char_p, ctypes.c_uint32]),
        ("CFPreferencesAppValueIsForced", ctypes.c_ubyte, [pointer, pointer]),
        ("CFPreferencesCopyAppValue", pointer, [pointer, pointer]),
        ("CFPropertyListCreateData", pointer, [pointer, pointer, number, ctypes.c_ulong, pointer]),
        ("CFDataGetBytePtr", pointer, [pointer]),
        ("CFDataGetLength", number, [pointer]),
        ("CFRelease", None, [pointer]),
    ):
        function = getattr(foundation, name)
        function.restype, function.argtypes = result, arguments
