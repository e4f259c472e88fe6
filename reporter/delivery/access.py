"""Access: how this computer proves to a destination that it may deliver.

A user name with password or a bearer token, from the system's keyring or from a file that only its owner can
read; a client certificate from the settings. None of it ever stands in an address, a log or a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import requests
    import truststore


KEYRING_SERVICE = "reporter-agent"
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

    def show_certificate(self, context: truststore.SSLContext) -> None:
        """Let a TLS context show the client certificate; raises OSError where it cannot be read."""
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key or None)

    def __repr__(self) -> str:
        """Without the secrets: this may end in a log."""
        return f"Access(user={self.user!r}, certificate={self.certificate!r})"


class CredentialsError(Exception):
    """A credentials file that cannot be used; its text is a sentence for IT."""


def find(host: str, *, credentials_file: str = "", certificate: str = "", key: str = "") -> Access:
    """What this computer may show to ``host`` (with its port where the address names one).

    The system's keyring is asked first (service ``reporter-agent``, the host as user name; the secret is
    ``user:password`` or a token), then the credentials file. Raises CredentialsError for a file that is not
    safe or cannot be read.
    """
    proof = _from_keyring(host) or _from_file(credentials_file, host)
    return msgspec.structs.replace(proof, certificate=certificate, key=key)


def _from_keyring(host: str) -> Access | None:
    """None where there is no keyring, it is locked, or it knows nothing of the host."""
    try:
        import keyring
    except ImportError:
        return None
    try:
        secret = keyring.get_password(KEYRING_SERVICE, host)
    except Exception:  # noqa: BLE001 - back ends raise what they like, and none of it is worth a report
        return None
    if not secret:
        return None
    user, colon, password = secret.partition(":")
    return Access(user=user, password=password) if colon else Access(token=secret)


def _from_file(name: str, host: str) -> Access:
    """The entry of the host in the credentials file, an empty one where there is none."""
    import os
    import tomllib
    from pathlib import Path

    if not name:
        return Access()
    path = Path(name).expanduser()
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if os.name == "posix" and (about.st_mode & 0o077 or about.st_uid not in (0, os.getuid())):
                raise CredentialsError(
                    f"The credentials file {path} can be read by others, so it is not used. "
                    "Let it belong to this user and set its mode to 600."
                )
            document = tomllib.loads(file.read(FILE_LIMIT_BYTES).decode())
    except OSError as error:
        raise CredentialsError(
            f"The credentials file {path} could not be read: {error.strerror or error}."
        ) from None
    except ValueError:  # its text may hold what no log may hold
        raise CredentialsError(f"The credentials file {path} is not TOML in UTF-8; correct it.") from None
    try:
        return msgspec.convert(document.get(host, {}), Access)
    except msgspec.ValidationError:
        raise CredentialsError(
            f"The entry of {host} in the credentials file {path} must hold user and password, or token, "
            "each as text."
        ) from None
