"""Published: the help a server published, remembered for the time when it cannot be reached.

One small file a target, written after a successful login, in the cache folder. A damaged file is the same
as none, and a disk that refuses is no reason to disturb a login that succeeded. Beside it lies an empty file
whose date says when the server was last asked.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from reporter.files import write_whole
from reporter.settings import paths
from reporter.settings.help import HelpOverride
from reporter.settings.source import Entry, at, understand
from reporter.texts.safe import one_line, without_secrets

FILE_LIMIT_BYTES = 64 * 1024
INTERVAL_S = 3600.0
ETAG_LIMIT_CHARS = 300


class _Published(msgspec.Struct, frozen=True, kw_only=True):
    target: str
    help_text: str = ""
    help_url: str = ""
    help: dict[str, Any] = msgspec.field(default_factory=dict)
    address: str = ""
    etag: str = ""


class Found(NamedTuple):
    """What a document publishes, and a sentence for everything in it that cannot be used."""

    values: dict[str, object]
    problems: list[str]


class NotPublished(ValueError):
    """What was read publishes no settings; the text is a clause that says why."""


def address_for(where: str, login: str) -> str:
    """Where the settings for logins at the address ``login`` are published; empty for nowhere.

    ``where``: the setting ``published_settings_url``. A path is taken at a server of the web. Raises
    NotPublished for an address that is neither https nor at the login's own server.
    """
    try:
        at_login, asked = urlsplit(without_secrets(login)), urlsplit(where)
        host, other = at_login.hostname, asked.hostname
    except ValueError:
        return ""
    if where.startswith("/"):
        is_web = at_login.scheme in ("https", "http") and bool(host)
        return f"{at_login.scheme}://{at_login.netloc}{where}" if is_web else ""
    if not where or asked.scheme.lower() == "https" or (host and other == host):
        return where
    raise NotPublished("the address is neither https nor at the server of the login")


def read(body: bytes, name: str) -> Found:
    """What a document says of the settings that a server may set; ``name``: of the document, for problems.

    Raises NotPublished for anything but a JSON object of them.
    """
    from reporter.settings.layers import PUBLISHABLE

    if len(body) >= FILE_LIMIT_BYTES:
        raise NotPublished(f"the answer has {FILE_LIMIT_BYTES:,} bytes or more")
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotPublished("the answer is not JSON") from None
    if not isinstance(document, dict) or (document and not document.keys() & set(PUBLISHABLE)):
        raise NotPublished(f"the answer is no object with {', '.join(PUBLISHABLE)}")
    allowed = {key: value for key, value in document.items() if key in PUBLISHABLE}
    said = understand(Entry(name=key, raw=value, where=at(name)) for key, value in allowed.items())
    others = [one_line(key, 60) for key in document if key not in PUBLISHABLE]
    refused = [f"In {name}: a server cannot set {', '.join(others[:10])}; this is ignored."] if others else []
    return Found(_raw({key: given.value for key, given in said.values.items()}), [*said.problems, *refused])


def remember(
    target: str,
    *,
    help_text: str,
    help_url: str,
    environ: Mapping[str, str],
    help: Mapping[str, object] | None = None,  # noqa: A002 - the name of the setting
    address: str = "",
    etag: str = "",
) -> bool:
    """Keep what the server of ``target`` published; True once it is safely on the disk.

    What cannot be used, such as an unsafe link, is left out. Nothing is written where it is known already.
    ``address``, ``etag``: where it was read, and which state of it.
    """
    key = without_secrets(target).rstrip("/")
    if not key:
        return False
    sound: dict[str, Any] = _sound({"help_text": help_text, "help_url": help_url, "help": dict(help or {})})
    entry = _Published(target=key, address=address, etag=_header(etag), **sound)
    known = _load(key, environ)
    if entry == known or (known is None and entry == _Published(target=key)):
        return True
    path = _path(key, environ)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, msgspec.json.encode(entry))
    except OSError:
        return False
    return True


def recall(target: str, environ: Mapping[str, str]) -> Mapping[str, object]:
    """What was remembered for ``target``: the settings a server may publish, where they are known."""
    found = _load(without_secrets(target).rstrip("/"), environ)
    if found is None:
        return {}
    return _sound({"help_text": found.help_text, "help_url": found.help_url, "help": found.help})


def etag_of(target: str, address: str, environ: Mapping[str, str]) -> str:
    """Which state of the document at ``address`` is remembered for ``target``; empty where none is."""
    found = _load(without_secrets(target).rstrip("/"), environ)
    return _header(found.etag) if found is not None and found.address == address else ""


def is_due(target: str, environ: Mapping[str, str], *, now_s: float) -> bool:
    """Whether an hour has gone by since the server of ``target`` was asked; if so, it counts as asked now.

    ``now_s``: seconds since 1970, the clock of files. Raises OSError where that cannot be written down.
    """
    path = _path(without_secrets(target).rstrip("/"), environ).with_suffix(".asked")
    with contextlib.suppress(FileNotFoundError):
        if 0 <= now_s - path.stat().st_mtime < INTERVAL_S:
            return False
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch()
    os.utime(path, (now_s, now_s))
    return True


def _load(key: str, environ: Mapping[str, str]) -> _Published | None:
    if not _folder(environ).is_dir():
        return None
    try:
        with _path(key, environ).open("rb") as stream:
            found = msgspec.json.decode(stream.read(4 * FILE_LIMIT_BYTES), type=_Published)
    except (OSError, ValueError, msgspec.MsgspecError, RecursionError):
        return None
    return found if found.target == key else None


def _sound(published: Mapping[str, object]) -> dict[str, Any]:
    said = understand(Entry(name=name, raw=value, where=at("")) for name, value in published.items() if value)
    return _raw({name: given.value for name, given in said.values.items() if given.value})


def _raw(values: Mapping[str, object]) -> dict[str, Any]:
    """Checked values in the form in which they are read."""
    raw = dict(values)
    if isinstance(table := raw.get("help"), dict):
        raw["help"] = {name: _raw_override(override) for name, override in table.items()}
    return raw


def _raw_override(override: HelpOverride) -> dict[str, object]:
    own = {"text": override.text, "url": override.url}
    spoken = {tag: msgspec.to_builtins(words) for tag, words in override.languages.items()}
    return {name: value for name, value in (own | spoken).items() if value}


def _header(etag: str) -> str:
    """An ETag that can be sent back."""
    return etag if len(etag) <= ETAG_LIMIT_CHARS and etag.isascii() and etag.isprintable() else ""


def _folder(environ: Mapping[str, str]) -> Path:
    return paths.cache(environ) / "published"


def _path(key: str, environ: Mapping[str, str]) -> Path:
    import hashlib  # it costs the first window some milliseconds, so only where something is remembered

    name = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:32]
    return _folder(environ) / f"{name}.json"
