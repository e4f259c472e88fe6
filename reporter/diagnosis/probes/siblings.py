"""Sibling ports: does the computer answer elsewhere, where the port that was asked for does not?

A stopped service and a stopped computer look alike from one port. A few others are tried, once, and
only after trouble; nothing is sent to them.
"""

from __future__ import annotations

import time

from reporter.diagnosis.evidence import Sibling, Target
from reporter.diagnosis.probes import remaining_s, tcp

SIBLINGS_LIMIT = 3
SIBLINGS_LIMIT_S = 0.8

# https, http, SSH, remote desktop: what computers with a login mostly also serve
_USUAL_PORTS = (443, 80, 22, 3389)
# the server's agent and its working processes listen side by side
_ONEC_PORTS = (1541, 1540, 1560)
_ONEC_RANGE = range(1540, 1592)


def ports_beside(target: Target) -> list[int]:
    """The ports to try, likeliest first."""
    ports = (*_ONEC_PORTS, *_USUAL_PORTS) if target.port in _ONEC_RANGE else _USUAL_PORTS
    return [port for port in ports if port != target.port][:SIBLINGS_LIMIT]


def probe(addresses: list[str], target: Target, *, deadline: float) -> list[Sibling]:
    """Try them one after the other, each in its share of the time; the first that answers is enough."""
    found: list[Sibling] = []
    ports = ports_beside(target)
    for left, port in zip(range(len(ports), 0, -1), ports, strict=True):
        share_s = remaining_s(deadline) / left
        measured, wire = tcp.probe(addresses, port, deadline=time.monotonic() + share_s)
        found.append(Sibling(port=port, outcome=measured.outcome))
        if wire is not None:
            wire.close()
            break
    return found
