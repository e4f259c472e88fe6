"""A page beside the target: one request with all that lies on the way to it, in one piece."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, NamedTuple

from reporter.diagnosis.evidence import Dns, Target, Tcp, Tls
from reporter.diagnosis.probes import dns, proxy, remaining_s, tcp
from reporter.diagnosis.target import TLS_SCHEMES

if TYPE_CHECKING:
    from reporter.diagnosis.probes import http


class Page(NamedTuple):
    """How far it went; what was not reached is None."""

    dns: Dns | None = None
    tcp: Tcp | None = None
    tls: Tls | None = None
    reply: http.Reply | None = None


def fetch(
    target: Target, *, deadline: float, through: proxy.Configured | None = None, etag: str = ""
) -> Page:
    """Ask for a page, directly or through a proxy; never raises for what it meets.

    ``etag``: of the copy that is known already; the answer to an unchanged page is then 304.
    """
    page = Page()
    if through is None:
        page = page._replace(dns=dns.probe(target))
        measured, wire = tcp.probe(page.dns.addresses if page.dns else [], target.port, deadline=deadline)
        page = page._replace(tcp=measured)
    else:
        _proxy, wire = proxy.probe(through, target, deadline=deadline)
    if wire is None:
        return page
    if target.scheme in TLS_SCHEMES:
        from reporter.diagnosis.probes import tls

        address = page.tcp.answered if page.tcp is not None else None

        def again() -> socket.socket:
            if through is not None:
                return proxy.reconnect(through, target, deadline=deadline)
            return socket.create_connection((address, target.port), remaining_s(deadline))

        secured, wire = tls.probe(wire, target, reconnect=again, deadline=deadline)
        page = page._replace(tls=secured)
    if wire is None:
        return page
    from reporter.diagnosis.probes import http

    relayed = through is not None and target.scheme not in TLS_SCHEMES
    question = http.Question(target, target.path, {}, relayed, etag)
    return page._replace(reply=http.probe(wire, question, deadline=deadline))
