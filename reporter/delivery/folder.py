"""The folder destination: a report as one zip file in a directory or a share, whole or not at all.

The file is named after the reference, so that the same report is never there twice. It is written under
another name first and renamed when it is complete: who reads the folder never meets half a report.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sys
import threading
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from reporter.delivery.destination import Check, Destination, Kind, Outcome, Pack
from reporter.errors import UsageError
from reporter.texts.safe import one_line, without_secrets

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

LIMIT_S = 60.0
"""A share that hangs must not hold the postman up."""
LOOK_LIMIT_S = 8.0
LEFTOVER_AGE_S = 24 * 3600.0
LEFTOVERS_LIMIT_ITEMS = 10_000
"""How many entries of a folder are looked at for leftovers."""
SHOWN_ADDRESS_CHARS = 200

_NOT_THERE = "the folder is not there"
_LEFTOVER = re.compile(r"\.[0-9A-Za-z-]{1,40}\.[0-9a-f]{8}\.part")
_NOT_OF_A_NAME = re.compile(r"[^0-9A-Za-z-]")
_DRIVE = re.compile(r"[A-Za-z]:")


class FolderDestination(Destination):
    r"""``file:///folder``, ``file://server/share`` or ``\\server\share``.

    ``pack`` makes the zip. The folder itself is never made: one that is missing is a share that is not there
    now. Raises UsageError for an address that names no folder. Shares are not yet run on Windows.
    """

    def __init__(
        self, address: str, pack: Pack, *, system: str = sys.platform, limit_s: float = LIMIT_S
    ) -> None:
        self.name = address if address.startswith("\\\\") else without_secrets(address)
        self._pack = pack
        self._folder = Path(_path(address, system))
        self._limit_s = limit_s
        self._is_tidy = False

    def deliver(self, envelope: Envelope) -> Outcome:
        """Put the zip into the folder; one that is there already with the same content is enough."""
        outcomes: list[Outcome] = []
        thread = threading.Thread(
            target=lambda: outcomes.append(self._put(envelope)), daemon=True, name="reporter-delivery"
        )
        thread.start()
        thread.join(self._limit_s)
        if not outcomes:
            return _postponed(f"the folder does not answer within {self._limit_s:g} s")
        return outcomes[0]

    def check(self) -> Check:
        """Make an empty file in the folder, and take it away again."""
        found: list[Check] = []
        thread = threading.Thread(
            target=lambda: found.append(self._look()), daemon=True, name="reporter-delivery"
        )
        thread.start()
        thread.join(min(LOOK_LIMIT_S, self._limit_s))
        if not found:
            reason = f"the folder does not answer within {min(LOOK_LIMIT_S, self._limit_s):g} s"
            return Check(is_reached=False, reason=reason)
        return found[0]

    def _look(self) -> Check:
        try:
            if not self._folder.is_dir():
                return Check(is_reached=False, reason=_NOT_THERE)
            _clock_of(self._folder)
        except OSError as error:
            reason = f"this user cannot write into the folder ({error.strerror or type(error).__name__})"
            return Check(is_reached=True, is_let_in=False, reason=reason)
        except Exception as error:  # noqa: BLE001 - the contract is a Check
            return Check(is_reached=False, reason=f"the folder cannot be used ({type(error).__name__})")
        return Check(is_reached=True, is_let_in=True)

    def _put(self, envelope: Envelope) -> Outcome:
        try:
            if not self._folder.is_dir():
                return _postponed(_NOT_THERE)
            content = self._pack(envelope)
            # Another report of the same reference is somebody else's: it stays, and this one lies beside it.
            stem = _NOT_OF_A_NAME.sub("", envelope.reference) or "report"
            digest = hashlib.sha256(content).hexdigest()[:8]
            for name in (f"{stem}.zip", f"{stem}-{digest}.zip"):
                if self._is_there(self._folder / name, content):
                    self._tidy()
                    return Outcome(kind=Kind.ACCEPTED)
        except PermissionError:
            return _closed("this user may not write into the folder; allow it to its users")
        except OSError as error:
            import errno

            if error.errno == errno.EROFS:
                return _closed("the folder can only be read; let it be written by its users")
            return _postponed(f"the folder cannot be written: {error.strerror or type(error).__name__}")
        except Exception as error:  # noqa: BLE001 - the contract is an Outcome
            return _postponed(f"the folder cannot be used ({type(error).__name__})")
        return _postponed("other files of the same name are in the folder")

    def _is_there(self, place: Path, content: bytes) -> bool:
        """Whether the content is at that place now; false where something else is. Raises OSError."""
        if not os.path.lexists(place) and _write(place, content):
            return True
        about = place.lstat()
        return S_ISREG(about.st_mode) and about.st_size == len(content) and place.read_bytes() == content

    def _tidy(self) -> None:
        """Take away what processes left that died while they wrote; once for each destination."""
        if self._is_tidy:
            return
        self._is_tidy = True
        with suppress(OSError):
            leftovers = []
            with os.scandir(self._folder) as entries:
                for _, entry in zip(range(LEFTOVERS_LIMIT_ITEMS), entries, strict=False):
                    if _LEFTOVER.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                        leftovers.append(Path(entry.path))
            if not leftovers:
                return
            now_s = _clock_of(self._folder)
            for leftover in leftovers:
                with suppress(OSError):
                    if now_s - leftover.stat().st_mtime > LEFTOVER_AGE_S:
                        leftover.unlink()


def _write(place: Path, content: bytes) -> bool:
    """Write a file under another name and rename it; false where the place was taken meanwhile."""
    beside = place.with_name(f".{place.stem}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return _settle(beside, place)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _settle(beside: Path, place: Path) -> bool:
    """Give a file its place without taking another's."""
    if os.name != "posix":
        try:
            beside.rename(place)  # Windows never replaces here
        except FileExistsError:
            return False
        return True
    try:
        place.hardlink_to(beside)
    except FileExistsError:
        return False
    except OSError:  # many shares know no links
        beside.replace(place)
    with suppress(OSError):  # not every share can
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return True


def _clock_of(folder: Path) -> float:
    """The time by the clock that dates the folder's files, which may be a server's. Raises OSError."""
    probe = folder / f".clock.{secrets.token_hex(4)}.part"
    try:
        probe.touch(exist_ok=False)
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _path(address: str, system: str) -> str:
    """The folder; only Windows knows servers in a path."""
    is_windows = system == "win32"
    shown = one_line(without_secrets(address), SHOWN_ADDRESS_CHARS)
    if address.startswith("\\\\"):
        server, _, path = address[2:].partition("\\")
    else:
        try:
            parts = urlsplit(address)
            host = parts.netloc
        except ValueError:
            raise UsageError(f"The destination {shown or 'file://'} names no folder.") from None
        if parts.query or parts.fragment:
            raise UsageError(
                f"The destination {shown} holds a ? or a # of its own; write them as %3F and %23, as in "
                "file:///mnt/reports%231."
            )
        server, path = "" if host.lower() == "localhost" else host, unquote(parts.path)
        if is_windows and _DRIVE.fullmatch(server):
            server, path = "", f"/{server}{path}"
    if "\0" in path or not path.strip("/\\") or server in (".", "?"):
        raise UsageError(
            f"The destination {shown or 'file://'} names no folder; write it like file:///mnt/reports"
            + (" or \\\\server\\share." if is_windows else ".")
        )
    if not server:
        return path.lstrip("/") if is_windows and _DRIVE.match(path.lstrip("/")) else path
    if not is_windows:
        raise UsageError(
            f"The destination {shown} is a share that only Windows reaches by its name; on this "
            "system mount it, and write it like file:///mnt/reports."
        )
    if "@" in server:
        raise UsageError(
            f"The destination {shown} was given with a user name or password. Leave them out: "
            "Windows signs in to a share by itself."
        )
    tail = path.replace("/", "\\").strip("\\")
    return f"\\\\{server}\\{tail}"


def _closed(reason: str) -> Outcome:
    return Outcome(kind=Kind.PAUSED, reason=reason)


def _postponed(reason: str) -> Outcome:
    return Outcome(kind=Kind.POSTPONED, reason=reason)
