"""Access: how this computer proves to a destination that it may deliver.

A user name with password or a bearer token, from the system's keyring or from a file that only its owner can
read; a client certificate from the settings. None of it ever stands in an address, a log or a report.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from reporter.texts.safe import one_line

if TYPE_CHECKING:
    import ssl

    import requests


KEYRING_SERVICE = "reporter-agent"
KEYRING_LIMIT_S = 10.0
"""A keyring that waits for a person must not hold delivery up."""
FILE_LIMIT_BYTES = 256 * 1024


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """``token``: sent as a bearer token where there is no user name; ``certificate``: a PEM file that holds
    the client certificate, and its key too unless ``key`` names another. All may be empty."""

    user: str = ""
    password: str = ""
    token: str = ""
    certificate: str = ""
    key: str = ""

    def sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with its ``Authorization``; as it is where there is nothing to sign in with."""
        import base64

        if self.user:
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            request.headers["Authorization"] = f"Basic {pair}"
        elif self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def show_certificate(self, context: ssl.SSLContext) -> None:
        """Let a TLS context show the client certificate; raises OSError where it cannot be read.

        A key behind a password cannot be used: without the empty one given here, OpenSSL would ask at the
        terminal.
        """
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key or None, password="")

    def __repr__(self) -> str:
        """Without the secrets: this may end in a log."""
        return f"Access(signs_in={bool(self.user or self.token)}, certificate={self.certificate!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for tracebacks that show variables."""
        return [("signs_in", bool(self.user or self.token)), ("certificate", self.certificate)]


class CredentialsError(Exception):
    """Credentials that cannot be used; its text is a sentence for IT."""


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """A host in the credentials file."""

    user: str = ""
    password: str = ""
    token: str = ""


def find(host: str, *, credentials_file: str = "", certificate: str = "", key: str = "") -> Access:
    """What this computer may show to ``host`` (with its port where the address names one).

    The system's keyring is asked first (service ``reporter-agent``, the host as user name; the secret is
    ``user:password`` or a token), then the credentials file. Raises CredentialsError for a file that is not
    safe or cannot be read, and for a secret that cannot be sent.
    """
    proof = _from_keyring(host) or _from_file(credentials_file, host)
    return msgspec.structs.replace(proof, certificate=certificate, key=key)


def _from_keyring(host: str) -> Access | None:
    """None where there is no keyring, it is locked, or it knows nothing of the host."""
    secret = _secret(host)
    if not secret:
        return None
    user, colon, password = secret.partition(":")
    entry = _Entry(user=user, password=password) if colon else _Entry(token=secret)
    return _checked(entry, f"The entry of {_shown(host)} in the system's keyring")


def _secret(host: str) -> str:
    """What the keyring holds for the host, within a bounded time; empty where it holds nothing."""
    import threading

    try:
        import keyring
    except ImportError:
        return ""
    found: list[str] = []

    def ask() -> None:
        try:
            secret = keyring.get_password(KEYRING_SERVICE, host)
        except Exception:  # noqa: BLE001 - back ends raise what they like, and none of it is worth a report
            return
        if isinstance(secret, str):
            found.append(secret.strip("\r\n"))

    thread = threading.Thread(target=ask, daemon=True, name="reporter-keyring")
    thread.start()
    thread.join(KEYRING_LIMIT_S)
    return found[0] if found else ""


def _from_file(name: str, host: str) -> Access:
    """The entry of the host in the credentials file, an empty one where there is none."""
    import tomllib

    if not name:
        return Access()
    path = Path(name)
    what = f"The credentials file {one_line(name, 300)}"
    try:
        path = path.expanduser()
        content = _content(path, what)
        document = tomllib.loads(content.decode())
    except OSError as error:
        raise CredentialsError(
            f"{what} could not be read: {error.strerror or type(error).__name__}."
        ) from None
    except (ValueError, RecursionError):  # its text may hold what no log may hold
        raise CredentialsError(f"{what} is not TOML in UTF-8; correct it.") from None
    except RuntimeError:
        raise CredentialsError(f"{what} lies in a home folder that is not there; correct its name.") from None
    what = f"The entry of {_shown(host)} in the credentials file {one_line(name, 300)}"
    entries = {known.lower(): entry for known, entry in document.items()}
    try:
        entry = msgspec.convert(entries.get(host.lower(), {}), _Entry)
    except msgspec.ValidationError:
        raise CredentialsError(f"{what} must hold user and password, or token, each as text.") from None
    return _checked(entry, what)


def _content(path: Path, what: str) -> bytes:
    """The bytes of a file that only its owner can read, who is this user or root. Raises OSError."""
    import os
    import stat

    # A pipe would keep its reader waiting.
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode):
            raise CredentialsError(f"{what} is not a file; correct its name.")
        if os.name == "posix" and (about.st_mode & 0o077 or about.st_uid not in (0, os.getuid())):
            raise CredentialsError(
                f"{what} can be read by others, so it is not used. "
                "Let it belong to this user and set its mode to 600."
            )
        with open(number, "rb", closefd=False) as file:
            content = file.read(FILE_LIMIT_BYTES + 1)
    finally:
        os.close(number)
    if len(content) > FILE_LIMIT_BYTES:
        raise CredentialsError(f"{what} is larger than {FILE_LIMIT_BYTES // 1024} KiB, so it is not used.")
    return content


def _checked(entry: _Entry, what: str) -> Access:
    """The entry, if it can be sent; the sentence never holds any of it."""
    if bool(entry.user) != bool(entry.password) or (entry.user and entry.token):
        raise CredentialsError(f"{what} must hold user and password, or token, and not both.")
    is_printable = (entry.user + entry.password).isprintable()
    if not is_printable or not entry.token.isascii() or not entry.token.isprintable():
        raise CredentialsError(f"{what} holds characters that cannot be sent; enter it again.")
    return Access(user=entry.user, password=entry.password, token=entry.token)


def _shown(host: str) -> str:
    return one_line(host, 200)
