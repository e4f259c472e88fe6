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
