"""This computer: is there a way out at all, and is a proxy configured for the target?"""

from __future__ import annotations

import ipaddress
import socket
import time

from reporter.diagnosis.evidence import Family, Local, Route, Target
from reporter.diagnosis.probes import elapsed_ms, proxy

# Addresses reserved for documentation (RFC 5737, RFC 3849): nobody is there, and connecting a UDP socket
# sends nothing. It only asks the routing table.
_SOMEWHERE = {
    Family.IPV4: (socket.AF_INET, "198.51.100.1"),
    Family.IPV6: (socket.AF_INET6, "2001:db8::1"),
}


def probe(target: Target) -> Local:
    """Measure both families; nothing is sent."""
    started = time.monotonic()
    ways = [_route(family) for family in Family]
    named = proxy.configured(target)
    return Local(
        routes=[route for route, _source in ways],
        # packets that would leave with a usable address have one; else the interfaces tell an isolated
        # network from none
        has_address=any(is_usable(source) for _route, source in ways) or _has_usable_address(),
        proxy="" if named is None else named.address,
        elapsed_ms=elapsed_ms(started),
    )


def is_usable(address: str) -> bool:
    """Whether an interface's address reaches beyond its own link: neither loopback nor self-assigned."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified)


def _route(family: Family) -> tuple[Route, str]:
    """Whether packets could leave, and the address that they would leave with."""
    number, address = _SOMEWHERE[family]
    try:
        with socket.socket(number, socket.SOCK_DGRAM) as asking:
            error = asking.connect_ex((address, 9))
            source = str(asking.getsockname()[0]) if error == 0 else ""
    except OSError as failure:  # the family is switched off
        return Route(family=family, is_open=False, errno=failure.errno), ""
    return Route(family=family, is_open=error == 0, errno=error or None), source


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
