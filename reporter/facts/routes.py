"""Routes: default gateways and name servers as the files of a system write them; pure.

Addresses are told, for without them support asks at once; a report replaces private ones by pseudonyms.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterable

from reporter.facts.guard import Row

ROUTES_LIMIT_ITEMS = 16

_UP_THROUGH_A_GATEWAY = 0x3
_NOWHERE = "0" * 32


def gateways_of_ipv4(table: str) -> list[Row]:
    """From /proc/net/route, where addresses are hexadecimal in the byte order of the machine."""
    rows: list[Row] = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        try:
            interface, destination, gateway, flags, metric = *fields[:4], fields[6]
            if int(destination, 16) or int(fields[7], 16) or not _is_default(flags):
                continue
            address = socket.inet_ntoa(struct.pack("=I", int(gateway, 16)))
            rows.append({"address": address, "interface": interface, "metric": int(metric)})
        except (IndexError, ValueError, struct.error):
            continue
    return rows[:ROUTES_LIMIT_ITEMS]


def gateways_of_ipv6(table: str) -> list[Row]:
    """From /proc/net/ipv6_route, where addresses are hexadecimal in their own order."""
    rows: list[Row] = []
    for line in table.splitlines():
        fields = line.split()
        try:
            destination, length, gateway, metric, flags, interface = *fields[:2], *fields[4:6], *fields[8:10]
            if destination != _NOWHERE or int(length, 16) or gateway == _NOWHERE or not _is_default(flags):
                continue
            address = str(ipaddress.IPv6Address(bytes.fromhex(gateway)))
            rows.append({"address": address, "interface": interface, "metric": int(metric, 16)})
        except (IndexError, ValueError):
            continue
    return rows[:ROUTES_LIMIT_ITEMS]


def gateways_of_netstat(answer: str) -> list[Row]:
    """From ``netstat -rn`` of macOS: destination, gateway, flags, interface."""
    rows: list[Row] = []
    for line in answer.splitlines():
        fields = line.split()
        if len(fields) >= 4 and fields[0] == "default":
            address = fields[1].partition("%")[0]
            if is_address(address):
                rows.append({"address": address, "interface": fields[3], "metric": None})
    return rows[:ROUTES_LIMIT_ITEMS]


def name_servers_of(resolv_conf: str) -> list[str]:
    """From resolv.conf(5); its search domains are names of the organisation, and stay here."""
    words = (line.split() for line in resolv_conf.splitlines())
    return addresses(parts[1] for parts in words if len(parts) > 1 and parts[0] == "nameserver")


def addresses(texts: Iterable[str]) -> list[str]:
    """Those of the texts that are addresses, each once."""
    return list(dict.fromkeys(text for text in texts if is_address(text)))[:ROUTES_LIMIT_ITEMS]


def is_address(text: str) -> bool:
    """Whether it is an address that somebody can have, with or without a zone."""
    try:
        return not ipaddress.ip_address(text.partition("%")[0]).is_unspecified
    except ValueError:
        return False


def _is_default(flags: str) -> bool:
    return int(flags, 16) & _UP_THROUGH_A_GATEWAY == _UP_THROUGH_A_GATEWAY
