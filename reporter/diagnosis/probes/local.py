"""This computer: is there a way out at all, and is a proxy configured for the target?"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import time

from reporter.diagnosis.evidence import Family, Local, Route, Target
from reporter.diagnosis.probes import elapsed_ms
from reporter.diagnosis.target import HTTP_SCHEMES
from reporter.texts.safe import one_line, without_secrets

# Addresses reserved for documentation (RFC 5737, RFC 3849): nobody is there, and connecting a UDP socket
# sends nothing. It only asks the routing table.
_SOMEWHERE = {
    Family.IPV4: (socket.AF_INET, "198.51.100.1"),
    Family.IPV6: (socket.AF_INET6, "2001:db8::1"),
}
PROXY_LIMIT_CHARS = 200


def probe(target: Target) -> Local:
    """Measure both families; nothing is sent."""
    started = time.monotonic()
    routes = [_route(family) for family in Family]
    return Local(
        routes=routes,
        # an open route has an address; otherwise the interfaces tell an isolated network from none
        has_address=any(route.is_open for route in routes) or _has_usable_address(),
        proxy=configured_proxy(target),
        elapsed_ms=elapsed_ms(started),
    )


def configured_proxy(target: Target) -> str:
    """The proxy that programs would use for the target, without credentials; empty for none.

    No proxy reaches this computer's own loopback, whatever is configured.
    """
    if target.scheme not in HTTP_SCHEMES or _is_loopback(target.host):
        return ""
    has_system_settings = sys.platform in ("win32", "darwin")
    if not has_system_settings and not any(name.lower().endswith("_proxy") for name in os.environ):
        return ""
    from urllib.request import getproxies, proxy_bypass

    try:
        proxies = getproxies()
        address = proxies.get(target.scheme) or proxies.get("all") or ""
        if not address or proxy_bypass(target.host):
            return ""
    except (OSError, ValueError):
        return ""
    return one_line(without_secrets(address if "://" in address else f"http://{address}"), PROXY_LIMIT_CHARS)


def is_usable(address: str) -> bool:
    """Whether an interface's address reaches beyond its own link: neither loopback nor self-assigned."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _route(family: Family) -> Route:
    number, address = _SOMEWHERE[family]
    try:
        with socket.socket(number, socket.SOCK_DGRAM) as asking:
            error = asking.connect_ex((address, 9))
    except OSError as failure:  # the family is switched off
        return Route(family=family, is_open=False, errno=failure.errno)
    return Route(family=family, is_open=error == 0, errno=error or None)


def _has_usable_address() -> bool | None:
    import psutil

    try:
        status, addresses = psutil.net_if_stats(), psutil.net_if_addrs()
    except (OSError, psutil.Error):
        return None
    return any(
        is_usable(entry.address)
        for name, entries in addresses.items()
        if name in status and status[name].isup
        for entry in entries
    )
