"""DestinationAddress: where reports are delivered to, checked when it is set and not when it is needed.

What passes here, delivery opens on this system.
"""

from __future__ import annotations

import re
import sys
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

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
MAILBOX_LIMIT_CHARS = 254
STARTTLS = ("auto", "required", "off")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_MAILBOX = re.compile(r"[0-9A-Za-z!#$%&'*+/=?^_`{|}~.-]+@(?:[0-9A-Za-z.-]+|\[[0-9A-Za-z.:]+\])")
_DRIVE = re.compile(r"[A-Za-z][:|]")
# With and without TLS an address looks the same.
_EXAMPLES = {example.partition("://")[0].removesuffix("s"): example for example in EXAMPLES}


class _Fault(NamedTuple):
    """``what``: a clause whose subject is the address; ``remedy``: empty for the example of its kind."""

    what: str
    remedy: str = ""


class DestinationAddress(Kind):
    """The address of a destination; its scheme tells the kind. Empty means none.

    ``system``: as in ``sys.platform``; only Windows reaches a share by its name.
    """

    description = f"an address such as {listed(EXAMPLES)}, or a folder such as \\\\server\\share"

    def __init__(self, system: str = sys.platform) -> None:
        self._is_windows = system == "win32"

    def read(self, raw: object, complain: Complain) -> str:
        """The address. Problems never quote it, for it may hold a password."""
        address = self.text(raw)
        if not address:
            return ""
        remedy = f"write {self.description}"
        if len(address) > ADDRESS_LIMIT_CHARS:
            raise MalformedError(f"is longer than {ADDRESS_LIMIT_CHARS:,} characters", remedy)
        odd = next((number for number, c in enumerate(address, 1) if not c.isprintable()), 0)
        if odd:
            raise MalformedError(f"holds a character at position {odd} that no address has", remedy)
        if address.startswith("\\\\"):
            fault = self._share_fault(*address[2:].partition("\\")[::2])
            scheme = "file"
        else:
            scheme = _scheme(address, remedy)
            fault = self._fault(scheme, address)
        if fault is not None:
            raise MalformedError(
                fault.what, fault.remedy or f"write it like {_EXAMPLES[scheme.removesuffix('s')]}"
            )
        return address

    def _fault(self, scheme: str, address: str) -> _Fault | None:
        """What is wrong with the parts of an address; None where nothing is."""
        if not address[len(scheme) :].startswith("://"):
            return _Fault(f"has no // behind {scheme}:")
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            return _Fault("names a server or a port that does not exist")
        if scheme == "file":
            return self._folder_fault(parts)
        space = next((number for number, c in enumerate(address, 1) if c.isspace()), 0)
        if space:
            return _Fault(f"holds a space at position {space}")
        if not host:
            return _Fault("names no server")
        if port == 0:
            return _Fault("names a server or a port that does not exist")
        if "@" in parts.netloc and (scheme not in SENTRY_SCHEMES or parts.password is not None):
            return _Fault(
                "holds a user name or password",
                "leave it out: it belongs into the system's keyring or the credentials file",
            )
        if scheme in SENTRY_SCHEMES:
            return _dsn_fault(parts)
        return _mail_fault(parts) if scheme in MAIL_SCHEMES else None

    def _folder_fault(self, parts: SplitResult) -> _Fault | None:
        if parts.query or parts.fragment:
            return _Fault("holds a ? or a # of its own", "write %3F and %23 for them")
        server, path = "" if parts.netloc.lower() == "localhost" else parts.netloc, unquote(parts.path)
        if server and not (self._is_windows and _DRIVE.fullmatch(server)):
            return self._share_fault(server, path)
        return None if (server or path.strip("/\\")) and "\0" not in path else _Fault("names no folder")

    def _share_fault(self, server: str, path: str) -> _Fault | None:
        if "\0" in path or not path.strip("/\\") or not server or server in (".", "?"):
            return _Fault("names no share", "write \\\\server\\share")
        if not self._is_windows:
            return _Fault(
                "is a share that only Windows reaches by its name",
                "mount it, and write it like file:///mnt/reports",
            )
        if "@" in server:
            return _Fault("holds a user name or password", "leave it out: Windows signs in by itself")
        return None


def _scheme(address: str, remedy: str) -> str:
    found = _SCHEME.match(address)
    if found is None:
        raise MalformedError("has no scheme at its beginning", remedy)
    scheme = found[1].lower()
    if scheme not in SCHEMES:
        meant = nearest(scheme, SCHEMES)
        hint = f" (did you mean {meant}://?)" if meant else ""
        raise MalformedError(
            f"begins with {one_line(scheme, 30)}:, which is no kind of destination", f"{remedy}{hint}"
        )
    return scheme


def _dsn_fault(parts: SplitResult) -> _Fault | None:
    if not _is_name(parts.username or ""):
        return _Fault("has no key of letters and digits before the server's name")
    if not _is_name(parts.path.rstrip("/").rpartition("/")[2]):
        return _Fault("has no project of letters and digits at its end")
    return None


def _is_name(text: str) -> bool:
    return text.isascii() and text.isalnum()


def _mail_fault(parts: SplitResult) -> _Fault | None:
    if parts.fragment or not _is_mailbox(unquote(parts.path[1:])):
        return _Fault("names no mailbox behind the server")
    # A "+" is a plus in a mailbox, not a space.
    pairs = parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True)
    options = dict(pairs)
    if len(options) != len(pairs):
        return _Fault("has an option twice", "leave one of them out")
    unknown = next((name for name in options if name not in ("starttls", "from")), None)
    if unknown is not None:
        meant = nearest(unknown, ("starttls", "from"))
        hint = f" (did you mean {meant}?)" if meant else ""
        return _Fault("has an option that is not known", f"use starttls or from{hint}")
    if options.get("starttls", "auto") not in STARTTLS:
        return _Fault("has another word for starttls than there are", f"write {listed(STARTTLS)}")
    if "from" in options and not _is_mailbox(options["from"]):
        return _Fault("names no mailbox in from", "write it like ?from=agent@example.org")
    return None


def _is_mailbox(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return False
    mailbox = f"{local}@{ascii_domain}"
    return bool(_MAILBOX.fullmatch(mailbox)) and len(mailbox) <= MAILBOX_LIMIT_CHARS
