"""The proxy: does it let us through, asked by a CONNECT of our own?

HTTP libraries fold every fault of a proxy into one exception whose text alone tells them apart. Here the
proxy is asked on a socket of our own. The user name and password that its address may hold are never sent.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from reporter._version import __version__
from reporter.diagnosis import codes
from reporter.diagnosis.differential import CREDENTIALS_WITHHELD, LOOK_UP_ABANDONED
from reporter.diagnosis.evidence import DnsOutcome, Http, Proxy, ProxyOutcome, Target, TlsOutcome
from reporter.diagnosis.probes import dns, elapsed_ms, remaining_s, tcp
from reporter.diagnosis.target import HTTP_SCHEMES, parse_target, wire_name
from reporter.errors import TargetError
from reporter.texts.safe import one_line, without_secrets

if TYPE_CHECKING:
    from reporter.diagnosis.probes.http import Reply, Source

ADDRESS_LIMIT_CHARS = 200
SCHEMES_LIMIT = 8
# What is kept back to ask a silent proxy whether it answers anything at all.
LIVENESS_LIMIT_S = 0.6

UNREADABLE = "an address that cannot be read"
SILENT_TUNNEL = "SILENT_TUNNEL"
BAD_ADDRESS = "BAD_ADDRESS"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,31}")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
# Proxies that sign their own pages with their name.
_SIGNATURES = ("squid", "tinyproxy")


class Configured(NamedTuple):
    """``address``: a URL without credentials; ``source``: ``environment`` or ``system``; ``knows_who``: the
    address as it was configured holds a user name, which programs send and the probe does not."""

    address: str
    source: str
    knows_who: bool = False


class _UnusableError(Exception):
    """The way to the proxy ends here; ``outcome`` says how."""

    def __init__(
        self,
        outcome: ProxyOutcome,
        *,
        errno: int | None = None,
        gai_code: int | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.members = {"errno": errno, "gai_code": gai_code, "reason": reason}


def configured(target: Target) -> Configured | None:
    """The proxy that programs would use for the target.

    No proxy reaches this computer's own loopback, whatever is configured.
    """
    if target.scheme not in HTTP_SCHEMES or _is_loopback(target.host):
        return None
    has_system_settings = sys.platform in ("win32", "darwin")
    if not has_system_settings and not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies, getproxies_environment, proxy_bypass

    host = f"[{target.host}]" if ":" in target.host else target.host
    try:
        proxies = getproxies()
        address = proxies.get(target.scheme) or proxies.get("all") or ""
        if not address or proxy_bypass(f"{host}:{target.port}") or _is_excepted(target.host):
            return None
        source = "environment" if address in getproxies_environment().values() else "system"
    except (OSError, ValueError):
        return None
    url = address if "://" in address else f"http://{address}"
    # what cannot be understood is not shown: nobody knows where in it the password would be
    shown = one_line(without_secrets(url), ADDRESS_LIMIT_CHARS).rstrip("/") or UNREADABLE
    return Configured(shown, source, knows_who="@" in url)


def can_be_asked(named: Configured) -> bool:
    """Whether it speaks HTTP; SOCKS proxies do not."""
    return not named.address.lower().startswith("socks")


def probe(named: Configured, target: Target, *, deadline: float) -> tuple[Proxy, socket.socket | None]:
    """Reach the proxy and, for ``https``, ask it for a tunnel to the target.

    The socket leads to the target (``tunnel``) or to a proxy that will pass a request on (``relayed``); it is
    the caller's to close.
    """
    started = time.monotonic()
    record = Proxy(address=named.address, source=named.source, outcome=ProxyOutcome.RELAYED)
    wire = None
    try:
        at = _parsed(named)
        wire = _reach(at, deadline)
        if at.scheme == "https":
            wire = _secured(wire, at, deadline)
        if target.scheme != "http":
            record = _ask_for_tunnel(record, wire, at, target, deadline)
    except _UnusableError as why:
        wire = None
        record = replace(record, outcome=why.outcome, **why.members)
    record = _with_withheld(record, named)
    if wire is not None and record.outcome not in (ProxyOutcome.TUNNEL, ProxyOutcome.RELAYED):
        wire.close()
        wire = None
    if wire is not None and record.outcome is ProxyOutcome.TUNNEL:
        import ssl

        from reporter.diagnosis.pump import plain_end

        if isinstance(wire, ssl.SSLSocket):
            wire = plain_end(wire)
    return replace(record, elapsed_ms=elapsed_ms(started)), wire


def nameless(named: Configured) -> Proxy:
    """The record of a proxy whose name is still being looked up."""
    return Proxy(
        address=named.address,
        source=named.source,
        outcome=ProxyOutcome.UNKNOWN_NAME,
        reason=LOOK_UP_ABANDONED,
    )


def reconnect(named: Configured, target: Target, *, deadline: float) -> socket.socket:
    """The same way once more. Raises ConnectionError where it is closed now."""
    _record, wire = probe(named, target, deadline=deadline)
    if wire is None:
        raise ConnectionError("the proxy does not let through any more")
    return wire


def keeping_back(deadline: float) -> float:
    """An earlier deadline, which leaves the time to find out whether a silent proxy answers anything."""
    return deadline - min(LIVENESS_LIMIT_S, remaining_s(deadline) / 3)


def after_answer(record: Proxy, named: Configured, reply: Reply) -> Proxy:
    """The record after an answer to a request that was to be passed on: the proxy may have given it."""
    answer = reply.http
    if answer.status == 407:
        outcome = ProxyOutcome.AUTH_REQUIRED
    elif answer.status == 403 and is_signed(answer):
        outcome = ProxyOutcome.DENIED
    elif (answer.status or 0) >= 500 and is_signed(answer):
        outcome = ProxyOutcome.BAD_GATEWAY
    else:
        return record
    record = replace(record, outcome=outcome, status=answer.status, authenticate=schemes(reply.challenges))
    return _with_withheld(record, named)


def after_silence(record: Proxy, named: Configured, *, deadline: float) -> Proxy:
    """The record after no answer at all: a proxy that is alive waits for the target itself."""
    try:
        is_alive = _speaks_plainly(_parsed(named), deadline)
    except _UnusableError:
        is_alive = False
    return record if is_alive else replace(record, outcome=ProxyOutcome.NO_ANSWER)


def is_signed(answer: Http) -> bool:
    """Whether an answer bears the mark of a proxy that wrote it itself (RFC 9209, and well-known ones)."""
    software = answer.headers.get("server", "").lower()
    return (
        "x-squid-error" in answer.headers
        or "proxy-status" in answer.headers
        or software.startswith(_SIGNATURES)
    )


def schemes(challenges: tuple[str, ...]) -> list[str]:
    """The names of the authentication schemes in Proxy-Authenticate headers, each once (RFC 9110, 11.6)."""
    found: dict[str, None] = {}
    for challenge in challenges:
        for piece in _QUOTED.sub('""', challenge).split(","):
            word = piece.strip().partition(" ")[0]
            if _SCHEME.fullmatch(word):
                found[word] = None
    return list(found)[:SCHEMES_LIMIT]


def _with_withheld(record: Proxy, named: Configured) -> Proxy:
    if record.outcome is ProxyOutcome.AUTH_REQUIRED and named.knows_who:
        return replace(record, reason=CREDENTIALS_WITHHELD)
    return record


def _parsed(named: Configured) -> Target:
    try:
        at = parse_target(named.address)
    except TargetError:
        raise _UnusableError(ProxyOutcome.FAILED, reason=BAD_ADDRESS) from None
    if at.scheme not in HTTP_SCHEMES:
        raise _UnusableError(ProxyOutcome.FAILED, reason=BAD_ADDRESS)
    return at


def _reach(at: Target, deadline: float) -> socket.socket:
    found = dns.probe(at)
    if found.outcome not in (DnsOutcome.RESOLVED, DnsOutcome.LITERAL):
        raise _UnusableError(ProxyOutcome.UNKNOWN_NAME, gai_code=found.gai_code)
    measured, wire = tcp.probe(found.addresses, at.port, deadline=deadline)
    if wire is None:
        number = next((a.errno for a in measured.attempts if a.outcome is measured.outcome), None)
        raise _UnusableError(ProxyOutcome.UNREACHABLE, errno=number)
    return wire


def _secured(wire: socket.socket, at: Target, deadline: float) -> socket.socket:
    """The connection to an ``https`` proxy; many are given as such and speak plain HTTP."""
    import ssl

    from reporter.diagnosis.probes.tls import trust_context

    try:
        wire.settimeout(max((deadline - time.monotonic()) / 2, 0.001))
        return trust_context().wrap_socket(wire, server_hostname=wire_name(at.host))
    except (OSError, ValueError) as error:
        wire.close()
        reason = error.reason if isinstance(error, ssl.SSLError) else None
        is_plain = codes.tls_outcome(reason) is TlsOutcome.NOT_TLS or _speaks_plainly(at, deadline)
        outcome = ProxyOutcome.WRONG_SCHEME if is_plain else ProxyOutcome.FAILED
        raise _UnusableError(outcome, reason=reason, errno=getattr(error, "errno", None)) from None


def _ask_for_tunnel(record: Proxy, wire: socket.socket, at: Target, target: Target, deadline: float) -> Proxy:
    import http.client

    from reporter.diagnosis.probes.http import Reader, Source

    source = Source(wire, keeping_back(deadline))
    with Reader(source, "CONNECT") as answer:
        try:
            wire.settimeout(remaining_s(deadline))
            wire.sendall(_connect_request(target))
            answer.begin()
        except (OSError, http.client.HTTPException, ValueError) as error:
            return _without_tunnel(record, error, source, at, deadline)
        status = answer.status
        challenges = tuple(answer.headers.get_all("Proxy-Authenticate", []))
    if 200 <= status < 300:
        outcome = ProxyOutcome.TUNNEL
    elif status == 407:
        outcome = ProxyOutcome.AUTH_REQUIRED
    elif status >= 500:
        outcome = ProxyOutcome.BAD_GATEWAY
    elif status >= 400:
        outcome = ProxyOutcome.DENIED
    else:
        outcome = ProxyOutcome.FAILED
    return replace(record, outcome=outcome, status=status, authenticate=schemes(challenges))


def _without_tunnel(record: Proxy, error: Exception, source: Source, at: Target, deadline: float) -> Proxy:
    """The record of a CONNECT without a whole answer."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, TimeoutError):
        # it may be waiting itself, for a target that does not answer
        if source.received_bytes == 0 and _speaks_plainly(at, deadline):
            return replace(record, outcome=ProxyOutcome.BAD_GATEWAY, reason=SILENT_TUNNEL)
        return replace(record, outcome=ProxyOutcome.NO_ANSWER)
    if source.received_bytes == 0:
        return replace(record, outcome=ProxyOutcome.NO_ANSWER, errno=number)
    # an alert of TLS: the proxy expects a secure connection to itself
    outcome = ProxyOutcome.WRONG_SCHEME if source.first_byte == b"\x15" else ProxyOutcome.FAILED
    return replace(record, outcome=outcome, errno=number)


def _connect_request(target: Target) -> bytes:
    host = wire_name(target.host)
    authority = f"[{host}]:{target.port}" if ":" in host else f"{host}:{target.port}"
    lines = [
        f"CONNECT {authority} HTTP/1.1",
        f"Host: {authority}",
        f"User-Agent: Reporter/{__version__} (diagnosis)",
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _speaks_plainly(at: Target, deadline: float) -> bool:
    """Whether it answers a plain request that asks for nothing but itself."""
    try:
        wire = _reach(at, deadline)
        with wire:
            wire.settimeout(min(LIVENESS_LIMIT_S, remaining_s(deadline)))
            wire.sendall(b"OPTIONS * HTTP/1.0\r\n\r\n")
            return wire.recv(7) == b"HTTP/1."
    except (OSError, _UnusableError):
        return False


def _is_excepted(host: str) -> bool:
    """Whether NO_PROXY names a network that holds this address, which many programs understand."""
    from urllib.request import getproxies_environment

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    for entry in getproxies_environment().get("no", "").split(","):
        with contextlib.suppress(ValueError):
            if address in ipaddress.ip_network(entry.strip(), strict=False):
                return True
    return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
