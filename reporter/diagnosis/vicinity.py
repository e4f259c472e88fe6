"""The vicinity: what is asked beside the climb, so that one cause can be told from its neighbour."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from reporter.diagnosis.errand import Errand
from reporter.diagnosis.evidence import (
    Control,
    Pac,
    Portal,
    Resolver,
    ServiceNotice,
    Target,
)
from reporter.diagnosis.probes import control, pac, portal, proxy, resolver, status
from reporter.diagnosis.surroundings import Surroundings
from reporter.diagnosis.target import HTTP_SCHEMES, parse_target
from reporter.errors import TargetError

VICINITY_LIMIT_S = 3.0
HOMEWARD_S = 0.1

_T = TypeVar("_T")


class Found(NamedTuple):
    """What came back in time."""

    controls: list[Control]
    portal: Portal | None = None
    pac: Pac | None = None
    resolver: Resolver | None = None
    service_notice: ServiceNotice | None = None


class Vicinity:
    """Controls, portal page, proxy file, name server and startup-error service, all asked at once from the
    moment of ``ask``."""

    def __init__(self, target: Target, surroundings: Surroundings, deadline: float) -> None:
        self._target = target
        self._controls = [
            page
            for page in map(_page, surroundings.control_urls[: control.CONTROLS_LIMIT])
            if page is not None
        ]
        self._portal = _page(surroundings.portal_url)
        self._status_url = surroundings.status_url
        self._language = surroundings.language
        self._deadline = min(deadline, time.monotonic() + VICINITY_LIMIT_S)
        self._errands: dict[str, Errand[object]] = {}

    @property
    def watches_portal(self) -> bool:
        """Whether a sign-in page of the network could be told from the target's own page."""
        return self._portal is not None

    def ask(self) -> None:
        """Send everybody out; nobody is waited for."""
        until = self._within(VICINITY_LIMIT_S)
        for page in self._controls:
            self._send(page.display, partial(control.probe, page, deadline=until))
        if self._portal is not None:
            self._send("portal", partial(portal.probe, self._portal, deadline=until))
        # an explicit proxy is used without asking the file
        if proxy.configured(self._target) is None:
            self._send("pac", partial(self._ask_for_proxy_file, until))
        if servers := resolver.name_servers():
            until_named = self._within(resolver.LIMIT_S)
            self._send("resolver", lambda: resolver.probe(self._target, servers, deadline=until_named))
        if self._status_url:
            until_asked = self._within(status.LIMIT_S)
            self._send("status", lambda: self._ask_service(until_asked))

    def found(self, addresses: list[str], *, patient: bool) -> Found:
        """What came back; where ``patient``, after waiting until all are back or their time is over.

        ``addresses``: of the target. To be called once.
        """
        found = {name: self._back(errand, patient=patient) for name, errand in self._errands.items()}
        controls = [checked for checked in found.values() if isinstance(checked, control.Checked)]
        portal_page, proxy_file = found.get("portal"), found.get("pac")
        name_server, notice = found.get("resolver"), found.get("status")
        return Found(
            [
                replace(checked.control, same_host=not set(addresses).isdisjoint(checked.addresses))
                for checked in controls
            ],
            portal_page if isinstance(portal_page, Portal) else None,
            proxy_file if isinstance(proxy_file, Pac) else None,
            name_server if isinstance(name_server, Resolver) else None,
            notice if isinstance(notice, ServiceNotice) else None,
        )

    def _ask_for_proxy_file(self, until: float) -> Pac | None:
        # asking macOS for its address takes a program of its own
        address = pac.configured(self._target)
        return pac.probe(address, deadline=until) if address else None

    def _ask_service(self, until: float) -> ServiceNotice:
        """Its notice. Looking up its name cannot be interrupted, and is abandoned in its own time."""
        errand = Errand(
            "status page",
            lambda: status.probe(self._status_url, self._language, target=self._target, deadline=until),
        )
        try:
            notice = errand.answer(until - time.monotonic())
        except TimeoutError:
            notice = None
        return notice or status.unreachable(self._status_url)

    def _within(self, limit_s: float) -> float:
        """The end of that time, early enough to be back when everybody is heard."""
        return min(self._deadline - HOMEWARD_S, time.monotonic() + limit_s)

    def _send(self, name: str, work: Callable[[], object]) -> None:
        self._errands[name] = Errand(name, work)

    def _back(self, errand: Errand[object], *, patient: bool) -> object:
        try:
            return errand.answer(self._deadline - time.monotonic() if patient else 0)
        except TimeoutError:
            return None


def _page(address: str) -> Target | None:
    """The page at an address; None for none, or one that no request can be sent to."""
    try:
        target = parse_target(address)
    except TargetError:
        return None
    return target if target.scheme in HTTP_SCHEMES else None
