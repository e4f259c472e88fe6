"""One row of the proving ground: what is broken, what a person tries, and what the verdict must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.scenarios.faults import Fault

# Who can mend it, as the table of causes fixes it; the layer is the part before the dot.
OWNERS = {
    "ok": "user", "unknown": "it",
    "local.no_network": "user", "local.blocked": "it", "local.clock": "user",
    "dns.not_found": "it", "dns.vpn_off": "user", "dns.no_answer": "network", "dns.overridden": "it",
    "dns.bad_name": "it",
    "proxy.unknown_name": "it", "proxy.unreachable": "network", "proxy.auth_required": "user",
    "proxy.denied": "it", "proxy.bad_gateway": "network", "proxy.no_answer": "network",
    "proxy.wrong_scheme": "it", "proxy.pac_unavailable": "it",
    "portal.sign_in": "user",
    "tcp.refused": "server", "tcp.timeout": "network", "tcp.unreachable": "network", "tcp.reset": "network",
    "tls.not_tls": "it", "tls.no_answer": "network", "tls.closed": "network", "tls.expired": "server",
    "tls.not_yet_valid": "server", "tls.wrong_name": "server", "tls.self_signed": "it",
    "tls.unknown_issuer": "it", "tls.inspected": "it", "tls.revoked": "server",
    "tls.no_common_version": "it", "tls.handshake_refused": "it", "tls.client_certificate": "it",
    "tls.unknown_host": "server",
    "http.unauthorized": "user", "http.forbidden": "server", "http.not_found": "it", "http.too_large": "it",
    "http.wrong_host": "server", "http.rate_limited": "server", "http.blocked_by_law": "network",
    "http.server_error": "server", "http.bad_gateway": "server", "http.unavailable": "server",
    "http.gateway_timeout": "server", "http.redirect_loop": "server", "http.no_answer": "server",
    "http.cut_short": "network", "http.unexpected_page": "it",
    "app.bad_credentials": "user", "app.account_locked": "user", "app.account_disabled": "user",
    "app.password_expired": "user", "app.mfa_required": "user", "app.licence_exhausted": "server",
    "app.session_locked": "server", "app.maintenance": "server", "app.client_too_old": "it",
    "app.too_many_connections": "server", "app.starting_up": "server", "app.no_such_database": "server",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One row.

    ``like``: the neighbour that cannot be told apart, so that the verdict must be "likely" and name it.
    ``then``: for two faults at once, the one that is mended second; ``cause`` is the first.
    ``confidence``: the accepted ones. ``heard``: what a program reports, for causes only it can see.
    ``clock``: how far this computer's clock is off, in libfaketime's words.
    """

    name: str
    target: str
    faults: tuple[Fault, ...]
    cause: str
    like: str = ""
    then: str = ""
    confidence: tuple[str, ...] = ("certain",)
    environment: dict[str, str] = field(default_factory=dict)
    heard: dict[str, Any] | None = None
    clock: str = ""
    trust: str = "company"
    needs: tuple[str, ...] = ()

    @property
    def layer(self) -> str:
        """The part of the cause before the dot."""
        return self.cause.rpartition(".")[0]

    @property
    def owner(self) -> str:
        """Who can mend it."""
        return OWNERS[self.cause]
