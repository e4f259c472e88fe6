"""The folder destination: a report as one zip file in a directory or a share, whole or not at all.

The file is named after the reference, so that the same report is never there twice. It is written under
another name first and renamed when it is complete: who reads the folder never meets half a report.
"""

from __future__ import annotations

import os
import secrets
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from reporter.delivery.destination import Destination, Kind, Outcome, Pack
from reporter.errors import UsageError

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

LIMIT_S = 60.0
"""A share that hangs must not hold the postman up."""


class FolderDestination(Destination):
    r"""``file:///folder``, ``file://server/share`` or ``\\server\share``.

    ``pack`` makes the zip. The folder itself is never made: one that is missing is a share that is not there
    now. Raises UsageError for an address that names no folder.
    """

    def __init__(
        self, address: str, pack: Pack, *, system: str = sys.platform, limit_s: float = LIMIT_S
    ) -> None:
        self.name = address
        self._pack = pack
        self._folder = _path(address, system)
        self._limit_s = limit_s

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

    def _put(self, envelope: Envelope) -> Outcome:
        content = self._pack(envelope)
        place = self._folder / f"{envelope.reference}.zip"
        beside = self._folder / f".{envelope.reference}.{secrets.token_hex(4)}.part"
        try:
            if not self._folder.is_dir():
                return _postponed("the folder is not there")
            if place.exists() and place.read_bytes() == content:
                return Outcome(kind=Kind.ACCEPTED)
            try:
                with beside.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(place)
            except OSError:
                beside.unlink(missing_ok=True)
                raise
        except PermissionError:
            return Outcome(
                kind=Kind.PAUSED, reason="this user may not write into the folder; allow it to its users"
            )
        except OSError as error:
            return _postponed(f"the folder cannot be written: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 - the contract is an Outcome
            return _postponed(f"the folder cannot be used ({type(error).__name__})")
        return Outcome(kind=Kind.ACCEPTED)


def _path(address: str, system: str) -> Path:
    """The folder; only Windows knows servers in a path."""
    is_windows = system == "win32"
    if address.startswith("\\\\"):
        server, path = address, ""
    else:
        try:
            parts = urlsplit(address)
        except ValueError:
            raise UsageError(f"The destination “{address[:200]}” names no folder.") from None
        server, path = parts.netloc, unquote(parts.path)
        if server.lower() == "localhost":
            server = ""
    if not server:
        if not path.strip("/") or "\0" in path:
            raise UsageError("The destination file:// names no folder; write it like file:///mnt/reports.")
        return Path(path.lstrip("/") if is_windows and path[2:3] == ":" else path)
    if not is_windows:
        raise UsageError(
            f"The destination “{address[:200]}” is a share that only Windows reaches by its name; on this "
            "system mount it, and write it like file:///mnt/reports."
        )
    return Path(address if not path else f"\\\\{server}{path.replace('/', chr(92))}")


def _postponed(reason: str) -> Outcome:
    return Outcome(kind=Kind.POSTPONED, reason=reason)
