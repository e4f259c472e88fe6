"""Published: the help a server published, remembered for the time when it cannot be reached.

One small file a target, written after a successful login, in the cache folder. A damaged file is the same
as none, and a disk that refuses is no reason to disturb a login that succeeded.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec

from reporter.settings import paths
from reporter.settings.source import Entry, at, understand
from reporter.texts.safe import without_secrets

FILE_LIMIT_BYTES = 64 * 1024


class _Published(msgspec.Struct, frozen=True, kw_only=True):
    target: str
    help_text: str = ""
    help_url: str = ""


def remember(target: str, *, help_text: str, help_url: str, environ: Mapping[str, str]) -> bool:
    """Keep what the server of ``target`` published; True once it is safely on the disk.

    What cannot be used, such as an unsafe link, is left out. Nothing is written where it is known already.
    """
    key = without_secrets(target).rstrip("/")
    if not key:
        return False
    sound = _sound({"help_text": help_text, "help_url": help_url})
    if sound == recall(target, environ):
        return True
    path = _path(key, environ)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with temporary.open("wb") as stream:
            stream.write(msgspec.json.encode(_Published(target=key, **sound)))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        return False
    return True


def recall(target: str, environ: Mapping[str, str]) -> Mapping[str, str]:
    """What was remembered for ``target``: ``help_text`` and ``help_url`` where they are known."""
    key = without_secrets(target).rstrip("/")
    if not _folder(environ).is_dir():
        return {}
    try:
        with _path(key, environ).open("rb") as stream:
            found = msgspec.json.decode(stream.read(FILE_LIMIT_BYTES), type=_Published)
    except (OSError, ValueError, msgspec.MsgspecError):
        return {}
    if found.target != key:
        return {}
    return _sound({"help_text": found.help_text, "help_url": found.help_url})


def _sound(published: Mapping[str, str]) -> dict[str, str]:
    said = understand(Entry(name=name, raw=value, where=at("")) for name, value in published.items() if value)
    return {name: str(given.value) for name, given in said.values.items() if given.value}


def _folder(environ: Mapping[str, str]) -> Path:
    return paths.cache(environ) / "published"


def _path(key: str, environ: Mapping[str, str]) -> Path:
    import hashlib  # it costs the first window some milliseconds, so only where something is remembered

    name = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:32]
    return _folder(environ) / f"{name}.json"
