"""Differences: what the proxy, the controls, the portal page and the sibling ports tell beyond the climb.

A server that does not answer and a network that does not reach it look alike from one target. What
else works, or does not, tells them apart.
"""

from __future__ import annotations

import ipaddress
import re

from reporter.diagnosis import codes
from reporter.diagnosis.evidence import (
    Control,
    ControlOutcome,
    DnsOutcome,
    Evidence,
    Fault,
    PacOutcome,
    PortalOutcome,
    ProxyOutcome,
    Sibling,
    TcpOutcome,
    TlsOutcome,
)

# Words in the issuer's name by which products that read along can be told, and what they are called.
_VENDORS = {
    "avast": "Avast",
    "avg": "AVG",
    "barracuda": "Barracuda",
    "bitdefender": "Bitdefender",
    "blue coat": "Blue Coat",
    "bluecoat": "Blue Coat",
    "check point": "Check Point",
    "cisco umbrella": "Cisco Umbrella",
    "eset": "ESET",
    "forcepoint": "Forcepoint",
    "fortinet": "Fortinet",
    "fortigate": "Fortinet",
    "kaspersky": "Kaspersky",
    "mcafee": "McAfee",
    "mitmproxy": "mitmproxy",
    "netskope": "Netskope",
    "palo alto": "Palo Alto Networks",
    "skyhigh": "Skyhigh Security",
    "smoothwall": "Smoothwall",
    "sonicwall": "SonicWall",
    "sophos": "Sophos",
    "symantec web": "Symantec",
    "usergate": "UserGate",
    "watchguard": "WatchGuard",
    "websense": "Forcepoint",
    "zscaler": "Zscaler",
}
_VENDOR = re.compile(r"\b(" + "|".join(map(re.escape, _VENDORS)) + r")\b", re.IGNORECASE)

# Why a proxy's wish for a sign-in says little: its address holds a name that the probe never sends.
CREDENTIALS_WITHHELD = "CREDENTIALS_WITHHELD"
# The name server had not answered about the proxy's name when its time was over.
LOOK_UP_ABANDONED = "LOOK_UP_ABANDONED"
# Schemes with which programs sign in as the person who sits at the computer, without asking.
_SINGLE_SIGN_ON = ("kerberos", "negotiate", "ntlm")

_OUT_OF_REACH = (ControlOutcome.NAME_FAILED, ControlOutcome.CONNECT_FAILED)
_PROXY_IS_THERE = (
    ProxyOutcome.TUNNEL,
    ProxyOutcome.RELAYED,
    ProxyOutcome.AUTH_REQUIRED,
    ProxyOutcome.DENIED,
    ProxyOutcome.BAD_GATEWAY,
)
_UNTRUSTED = (Fault.SELF_SIGNED, Fault.UNKNOWN_ISSUER)
_HEARD = (TcpOutcome.CONNECTED, TcpOutcome.REFUSED)
_SILENT = (TcpOutcome.TIMED_OUT, TcpOutcome.UNREACHABLE, TcpOutcome.NO_ROUTE)


def vendor(issuer: str) -> str:
    """The maker of a product that reads along, by the name of an issuer; empty for none that is known."""
    match = _VENDOR.search(issuer)
    return "" if match is None else _VENDORS[match[1].lower()]


def proxy_unasked(evidence: Evidence) -> bool:
    """The proxy's name was not found because nobody answered, not because there is none."""
    proxy = evidence.proxy
    if proxy is None or proxy.outcome is not ProxyOutcome.UNKNOWN_NAME:
        return False
    is_silent = codes.dns_outcome(proxy.gai_code) is DnsOutcome.NO_ANSWER
    return is_silent or proxy.reason == LOOK_UP_ABANDONED


def proxy_met(evidence: Evidence, outcome: TcpOutcome) -> bool:
    """Whether the connection to the proxy came to this end."""
    proxy = evidence.proxy
    is_unreachable = proxy is not None and proxy.outcome is ProxyOutcome.UNREACHABLE
    return proxy is not None and is_unreachable and codes.tcp_outcome(proxy.errno) is outcome


def may_sign_in_itself(evidence: Evidence) -> bool:
    """The proxy wants a sign-in that programs may well do by themselves, and the probe does not."""
    proxy = evidence.proxy
    if proxy is None or proxy.outcome is not ProxyOutcome.AUTH_REQUIRED:
        return False
    offered = {scheme.lower() for scheme in proxy.authenticate}
    return proxy.reason == CREDENTIALS_WITHHELD or not offered.isdisjoint(_SINGLE_SIGN_ON)


def relayed_502(evidence: Evidence) -> bool:
    """A gateway's status through a proxy that passes requests on: of the proxy, or of a gateway behind it."""
    proxy, http = evidence.proxy, evidence.http
    is_relayed = proxy is not None and proxy.outcome is ProxyOutcome.RELAYED
    return is_relayed and http is not None and http.status in (502, 504)


def silent_tunnel(evidence: Evidence) -> bool:
    """The proxy answers other requests at once, but not the one for a way to the target."""
    proxy = evidence.proxy
    return proxy is not None and proxy.outcome is ProxyOutcome.BAD_GATEWAY and proxy.status is None


def pac_unavailable(evidence: Evidence) -> bool:
    """The proxy file does not come, and without a proxy there is no way."""
    pac, tcp = evidence.pac, evidence.tcp
    is_missing = pac is not None and pac.outcome is PacOutcome.UNAVAILABLE
    is_connected = tcp is not None and tcp.outcome is TcpOutcome.CONNECTED
    return is_missing and evidence.proxy is None and not is_connected


def proxy_unknown(evidence: Evidence) -> bool:
    """A proxy may be meant for the target that could not be asked: SOCKS, or one that a file names."""
    local, pac = evidence.local, evidence.pac
    went_around = local is not None and bool(local.proxy) and evidence.proxy is None
    unread = pac is not None and pac.outcome is PacOutcome.NOT_SUPPORTED
    return went_around or unread


def signs_in(evidence: Evidence) -> bool:
    """A sign-in page of the network answers in place of the known page."""
    portal, tls, target = evidence.portal, evidence.tls, evidence.target
    if portal is None or portal.outcome is not PortalOutcome.SIGNS_IN:
        return False
    if tls is not None and tls.outcome is TlsOutcome.VERIFIED:
        return False  # nobody stands in between
    if evidence.proxy is not None and evidence.proxy.outcome in _PROXY_IS_THERE:
        return False  # networks with a proxy often answer for everything that goes past it
    is_plain_page = target is not None and target.scheme == "http"
    is_connected = evidence.tcp is not None and evidence.tcp.outcome is TcpOutcome.CONNECTED
    return is_plain_page or tls is not None or not is_connected


def network_works(evidence: Evidence) -> bool:
    """Something else that was asked answered."""
    portal = evidence.portal
    return bool(_answering(evidence)) or (portal is not None and portal.outcome is PortalOutcome.EXPECTED)


def nothing_works(evidence: Evidence) -> bool:
    """Nothing of all that was asked can be reached."""
    portal = evidence.portal
    return (
        bool(evidence.controls)
        and all(control.outcome in _OUT_OF_REACH for control in evidence.controls)
        and (portal is None or portal.outcome is PortalOutcome.FAILED)
        and not any(sibling.outcome in _HEARD for sibling in evidence.siblings)
    )


def outside_only(evidence: Evidence) -> bool:
    """A control outside answers, and no internal one does."""
    answering = _answering(evidence)
    return bool(answering) and not any(control.is_internal for control in answering)


def vpn_hides_name(evidence: Evidence) -> bool:
    """The name is not known here, and neither is the rest of the internal network."""
    unknown = evidence.dns is not None and evidence.dns.outcome is DnsOutcome.NOT_FOUND
    return unknown and (nothing_works(evidence) or outside_only(evidence))


def vpn_hides_server(evidence: Evidence) -> bool:
    """Silence from the server and from an internal control, while one outside answers."""
    is_cut_off = any(control.outcome in _OUT_OF_REACH for control in evidence.controls)
    return is_silent(evidence) and is_cut_off and outside_only(evidence)


def is_silent(evidence: Evidence) -> bool:
    """Nobody turned the connection away; there was just no answer, or no way."""
    return evidence.tcp is not None and evidence.tcp.outcome in _SILENT and not _is_own(evidence)


def name_is_missing(evidence: Evidence) -> bool:
    """Only this name is not known: an internal control answers."""
    unknown = evidence.dns is not None and evidence.dns.outcome is DnsOutcome.NOT_FOUND
    return unknown and any(control.is_internal for control in _answering(evidence))


def inspected(evidence: Evidence) -> bool:
    """Another host shows the same issuer that is not known here, or its name tells a product."""
    return _is_doubtful(evidence) and (_shares_issuer(evidence) or bool(vendor(issuer(evidence))))


def surely_inspected(evidence: Evidence) -> bool:
    """Both."""
    return _is_doubtful(evidence) and _shares_issuer(evidence) and bool(vendor(issuer(evidence)))


def issuer(evidence: Evidence) -> str:
    """Who issued the certificate that was shown; empty where none was."""
    tls = evidence.tls
    return "" if tls is None or tls.certificate is None else tls.certificate.issuer


def answering_control(evidence: Evidence) -> Control | None:
    """A control that proves the network, for a sentence about it."""
    return next(iter(_answering(evidence)), None)


def answering_sibling(evidence: Evidence) -> Sibling | None:
    """A port of the same server that answers."""
    return next((s for s in evidence.siblings if s.outcome is TcpOutcome.CONNECTED), None)


def _answering(evidence: Evidence) -> list[Control]:
    return [c for c in evidence.controls if c.outcome is ControlOutcome.ANSWERED]


def _is_doubtful(evidence: Evidence) -> bool:
    return evidence.tls is not None and any(fault in evidence.tls.faults for fault in _UNTRUSTED)


def _shares_issuer(evidence: Evidence) -> bool:
    name = issuer(evidence)
    return bool(name) and any(c.issuer == name and not c.same_host for c in evidence.controls)


def _is_own(evidence: Evidence) -> bool:
    """Whether the target is this computer itself, which no network stands before."""
    tried = [] if evidence.tcp is None else evidence.tcp.attempts
    try:
        return bool(tried) and all(
            ipaddress.ip_address(attempt.address.partition("%")[0]).is_loopback for attempt in tried
        )
    except ValueError:
        return False
