"""Databases and directories: the one place that knows who speaks which protocol."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime

from reporter.diagnosis.evidence import Target, Tls
from reporter.diagnosis.probes import Answer, ldap, postgresql


def probe(
    wire: socket.socket,
    target: Target,
    tls: Tls | None,
    *,
    reconnect: Callable[[], socket.socket],
    deadline: float,
    now: Callable[[], datetime],
) -> Answer:
    """Speak to the target over a connected socket, which is consumed. ``tls``: how it was secured so far."""
    if target.scheme == "postgresql":
        return postgresql.probe(wire, target, reconnect=reconnect, deadline=deadline, now=now)
    return ldap.probe(wire, tls, deadline=deadline)
