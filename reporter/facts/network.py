"""Network: the interfaces of this computer, without a single address.

The scope of an address ("IPv4 private") tells support whether a lease or a VPN is missing; the address
itself would tell more than that. Where the way out leads is told by the routes.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from reporter.facts.guard import Row, Section

INTERFACE_LIMIT = 24
OTHER = "other"

# The first that fits names the kind; [K] for Windows and macOS, whose names are known, not measured.
_KINDS = (
    (r"lo\d*|Loopback.*", "loopback"),
    (
        r"(docker|veth|br-|virbr|vmnet|vnet|cni|flannel|lxc|lxdbr|podman|bridge|vboxnet|dummy|ifb).*",
        "virtual",
    ),
    (r".*(vEthernet|VirtualBox|VMware|Hyper-V).*", "virtual"),
    (r"(tun|tap|wg|ppp|utun|ipsec|gpd|cscotun|tailscale|zt|nordlynx|proton|vpn).*", "VPN"),
    (
        r".*(VPN|WireGuard|AnyConnect|TAP-|GlobalProtect|PANGP|Fortinet|FortiClient|Pulse|Juniper|Wintun|Zscaler).*",
        "VPN",
    ),
    (r"(wl|wifi|ath|ra\d).*|.*(Wi-?Fi|Wireless|WLAN|Беспроводная|Бездротова).*", "wireless"),
    (r"(wwan|rmnet|wwp|pdp_ip).*|.*(Cellular|Mobile Broadband).*", "mobile"),
    (r"(bnep|pan).*|.*Bluetooth.*", "Bluetooth"),
    (r"en\d+", "wired or wireless"),
    (
        r"(eth|en|em|p\d+p|bond|team|ib).*|(Ethernet|Local Area Connection|Подключение по локальной).*",
        "wired",
    ),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in _KINDS)
# 100.64.0.0/10, RFC 6598: between a provider's customers and its address translation.
_SHARED = ipaddress.ip_network("100.64.0.0/10")


def interfaces(kinds: Mapping[str, str] | None = None) -> Section:
    """One row an interface: name, kind, whether it is up, speed, scopes of its addresses.

    ``kinds`` are those that the system knows better than names tell.
    """
    import psutil

    states = psutil.net_if_stats()
    addresses = psutil.net_if_addrs()
    names = sorted(states.keys() | addresses.keys(), key=lambda name: (not _is_up(states.get(name)), name))
    rows: list[Row] = []
    used = set()
    for name in names:
        state = states.get(name)
        scopes = dict.fromkeys(scope_of(address.address) for address in addresses.get(name, ()))
        told = [scope for scope in scopes if scope]
        kind = (kinds or {}).get(name) or kind_of(name)
        if _is_up(state) and any(not scope.endswith("link-local") for scope in told):
            used.add(kind)
        rows.append(
            {
                "name": name,
                "kind": kind,
                "is_up": _is_up(state),
                "speed_mbps": state.speed or None if state else None,
                "addresses": ", ".join(told),
            }
        )
    section: Section = {
        "interfaces": rows[:INTERFACE_LIMIT],
        # macOS keeps tunnels without an address of their own, which are none to anywhere
        "is_vpn_used": "VPN" in used,
        "is_wireless_used": "wireless" in used,
    }
    if len(names) > INTERFACE_LIMIT:
        section["left_out_count"] = len(names) - INTERFACE_LIMIT
    return section


def names_up() -> set[str]:
    """The names of the interfaces that are up."""
    import psutil

    return {name for name, state in psutil.net_if_stats().items() if _is_up(state)}


def kind_of(name: str) -> str:
    """What an interface of this name most probably is; ``other`` where its name does not tell."""
    return next((kind for pattern, kind in _PATTERNS if pattern.fullmatch(name)), OTHER)


def scope_of(address: str) -> str:
    """``IPv4 private`` and the like; empty for what is no IP address, such as a hardware address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    family = f"IPv{parsed.version}"
    if parsed.is_loopback:
        return f"{family} loopback"
    if parsed.is_link_local:
        return f"{family} link-local"
    if parsed.version == 4 and parsed in _SHARED:
        return f"{family} shared"
    return f"{family} private" if parsed.is_private else f"{family} public"


def _is_up(state: object) -> bool:
    return bool(getattr(state, "isup", False))
