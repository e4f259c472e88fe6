"""Controls: how far does the way to an address go that is known to answer?"""

from __future__ import annotations

import ipaddress
import time
from typing import NamedTuple

from reporter.diagnosis.evidence import Control, ControlOutcome, Target, TlsOutcome
from reporter.diagnosis.probes import elapsed_ms, page, proxy

CONTROLS_LIMIT = 4
CONTROL_LIMIT_S = 3.0


class Checked(NamedTuple):
    """A control and the addresses of its name, to be compared with those of the target."""

    control: Control
    addresses: tuple[str, ...]


def probe(target: Target, *, deadline: float) -> Checked:
    """Ask it for its page, through the proxy that is configured for it, if any."""
    started = time.monotonic()
    through = proxy.configured(target)
    if through is not None and not proxy.can_be_asked(through):
        through = None
    asked = page.fetch(target, deadline=deadline, through=through)
    addresses = tuple(asked.dns.addresses) if asked.dns is not None else ()
    reply = None if asked.reply is None else asked.reply.http
    certificate = None if asked.tls is None else asked.tls.certificate
    control = Control(
        address=target.display,
        outcome=_outcome(asked),
        status=None if reply is None else reply.status,
        issuer="" if certificate is None else certificate.issuer,
        skew_s=None if reply is None else reply.skew_s,
        is_internal=_is_internal(addresses),
        elapsed_ms=elapsed_ms(started),
    )
    return Checked(control, addresses)


def _outcome(asked: page.Page) -> ControlOutcome:
    if asked.dns is not None and not asked.dns.addresses:
        return ControlOutcome.NAME_FAILED
    if asked.reply is not None and asked.reply.http.status is not None:
        return ControlOutcome.ANSWERED
    if asked.reply is not None:
        return ControlOutcome.NO_ANSWER
    if asked.tls is not None and asked.tls.outcome is not TlsOutcome.VERIFIED:
        return ControlOutcome.TLS_FAILED
    return ControlOutcome.CONNECT_FAILED


def _is_internal(addresses: tuple[str, ...]) -> bool | None:
    """Whether the name leads to addresses of private networks; None where it leads nowhere."""
    try:
        parsed = [ipaddress.ip_address(address.partition("%")[0]) for address in addresses]
    except ValueError:
        return None
    return all(address.is_private for address in parsed) if parsed else None
