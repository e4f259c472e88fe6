"""DestinationAddress: where reports are delivered to, checked when it is set and not when it is needed."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from reporter.settings.kinds import Complain, Kind, MalformedError, listed, nearest
from reporter.texts.safe import one_line

WEB_SCHEMES = ("https", "http", "onec+https", "onec+http")
SENTRY_SCHEMES = ("sentry+https", "sentry+http")
MAIL_SCHEMES = ("smtp", "smtps")
SCHEMES = (*WEB_SCHEMES, *SENTRY_SCHEMES, *MAIL_SCHEMES, "file")
EXAMPLES = (
    "https://support.example.org/reports",
    "onec+https://support.example.org/api/reg",
    "sentry+https://KEY@sentry.example.org/1",
    "smtp://relay.example.org:25/helpdesk@example.org",
    "file:///mnt/reports",
)
ADDRESS_LIMIT_CHARS = 2_048

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_MAILBOX = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,255}")


class DestinationAddress(Kind):
    """The address of a destination; its scheme tells the kind. Empty means none."""

    description = f"an address such as {listed(EXAMPLES)}, or a folder such as \\\\server\\share"

    def read(self, raw: object, complain: Complain) -> str:
        """The address. Problems never quote it, for it may hold a password."""
        address = self.text(raw)
        if not address:
            return ""
        if len(address) > ADDRESS_LIMIT_CHARS or any(not c.isprintable() for c in address):
            raise MalformedError("is too long or holds characters that no address has", self._remedy())
        if address.startswith("\\\\"):
            if len([part for part in address.split("\\") if part]) < 2:
                raise MalformedError("names no share", "write \\\\server\\share")
            return address
        found = _SCHEME.match(address)
        if found is None:
            raise MalformedError("has no scheme at its beginning", self._remedy())
        scheme = found[1].lower()
        if scheme not in SCHEMES:
            meant = nearest(scheme, SCHEMES)
            hint = f" (did you mean {meant}:?)" if meant else ""
            raise MalformedError(
                f"begins with {one_line(scheme, 30)}:, which is no kind of destination",
                f"{self._remedy()}{hint}",
            )
        fault = _fault(scheme, address)
        if fault:
            example = next(
                example for example in EXAMPLES if example.startswith(scheme.partition("s:")[0][:4])
            )
            raise MalformedError(fault, f"write it like {example}")
        return address

    def _remedy(self) -> str:
        return f"write {self.description}"


def _fault(scheme: str, address: str) -> str:
    """What is wrong with the parts of an address, as a clause; empty where nothing is."""
    try:
        parts = urlsplit(address)
        host, port, user = parts.hostname, parts.port, parts.username
    except ValueError:
        return "names a server or a port that does not exist"
    if any(c.isspace() for c in address) and scheme != "file":
        return "holds a space"
    if scheme == "file":
        if not address.lower().startswith("file://"):
            return "has no // behind file:"
        return "" if unquote(parts.path).strip("/") or host else "names no folder"
    if not host or port == 0:
        return "names no server"
    if parts.password is not None or (user is not None and scheme not in SENTRY_SCHEMES):
        return "holds a user name or password, which belong into the keyring or the credentials file"
    if scheme in SENTRY_SCHEMES:
        if not user:
            return "has no key before the server's name"
        return "" if parts.path.rpartition("/")[2].isalnum() else "has no project at its end"
    if scheme in MAIL_SCHEMES and not _MAILBOX.fullmatch(unquote(parts.path.strip("/"))):
        return "names no mailbox behind the server"
    return ""
