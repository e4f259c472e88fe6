"""The ladder: local → DNS → TCP → TLS → HTTP, each rung on a thread that can be abandoned.

Where a proxy is configured, it stands in the place of DNS and TCP, and the way behind it is climbed. A
rung that cannot be climbed ends the examination, because what lies above it would only show symptoms.
What the administrator named around the target is asked at the same time; a healthy target does not wait.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from reporter.diagnosis import narrative
from reporter.diagnosis.errand import Errand
from reporter.diagnosis.evidence import (
    Database,
    Dns,
    DnsOutcome,
    Evidence,
    Http,
    HttpOutcome,
    Local,
    Proxy,
    ProxyOutcome,
    Redirect,
    Reported,
    Sibling,
    Target,
    Tcp,
    TcpOutcome,
    Tls,
)
from reporter.diagnosis.probes import dns, elapsed_ms, local, proxy, remaining_s, siblings, tcp
from reporter.diagnosis.rules import is_well
from reporter.diagnosis.surroundings import Surroundings
from reporter.diagnosis.target import DATABASE_SCHEMES, HTTP_SCHEMES, TLS_SCHEMES, parse_target, why_bad_name
from reporter.diagnosis.vicinity import Found, Vicinity
from reporter.errors import TargetError
from reporter.texts.safe import one_line, without_secrets

if TYPE_CHECKING:
    from reporter.diagnosis.probes import http

DEADLINE_S = 5.0
DEADLINE_LIMIT_S = 60.0
# With the grace, three seconds: what is silent for longer will stay so.
STAGE_LIMIT_S = 2.9
# Probes keep their deadline themselves; this much later they are given up.
GRACE_S = 0.1
REDIRECTS_LIMIT = 5
LOCATION_LIMIT_CHARS = 300

# A connection that takes longer is in trouble; other ports are then tried beside it.
TROUBLE_AFTER_S = 1.0

_T = TypeVar("_T")


class StageProgress(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the examination, for a live display.

    ``stage``: ``local``, ``dns``, ``proxy``, ``tcp``, ``tls``, ``http`` or ``database``; a redirect
    climbs from ``tcp`` or ``proxy`` again.
    ``result``: a few English words, empty while the stage is going on.
    """

    stage: str
    state: Literal["started", "done", "abandoned"]
    result: str = ""
    elapsed_ms: int = 0


def examine(
    target: Target,
    *,
    surroundings: Surroundings = Surroundings(),  # noqa: B008 - frozen
    reported: Reported | None = None,
    deadline_s: float = DEADLINE_S,
    observer: Callable[[StageProgress], None] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Evidence:
    """Measure what lies between this computer and the target; never raises for what it meets.

    Takes at most ``deadline_s`` seconds, and STAGE_LIMIT_S a stage. ``surroundings``: what the administrator
    named around the target. ``reported`` is what the host application saw. ``observer`` is called on the
    calling thread. ``now`` judges certificate dates.
    """
    climb = _Climb(target, surroundings, max(0.0, min(deadline_s, DEADLINE_LIMIT_S)), observer, now)
    try:
        climb.go()
    finally:
        climb.let_go()
    return climb.evidence(reported)


def unmeasured(
    target: Target | None,
    reported: Reported | None,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Evidence:
    """The evidence before anything was measured, for a first message at once or without a target."""
    return Evidence(target=target, taken_at=now(), reported=reported)


class _Hop(NamedTuple):
    """Where a redirect leads; ``path`` with its query."""

    target: Target
    path: str


class _Climb:
    """One examination; its attributes are the record as far as it has come."""

    def __init__(
        self,
        target: Target,
        surroundings: Surroundings,
        deadline_s: float,
        observer: Callable[[StageProgress], None] | None,
        now: Callable[[], datetime],
    ) -> None:
        self._target = target
        self._observer = observer
        self._now = now
        self._taken_at = now()
        self._started = time.monotonic()
        self._deadline = self._started + deadline_s
        self._out_of_time = False
        self._vicinity = Vicinity(target, surroundings, self._deadline)
        self._found = Found([])
        self._through: proxy.Configured | None = None
        self._siblings: list[Sibling] = []
        self._wire: socket.socket | None = None
        self._cookies: dict[str, str] = {}
        self._redirects: list[Redirect] = []
        self._local: Local | None = None
        self._dns: Dns | None = None
        self._proxy: Proxy | None = None
        self._tcp: Tcp | None = None
        self._tls: Tls | None = None
        self._http: Http | None = None
        self._database: Database | None = None

    def evidence(self, reported: Reported | None) -> Evidence:
        """The record as it stands."""
        return Evidence(
            target=self._target,
            taken_at=self._taken_at,
            elapsed_ms=elapsed_ms(self._started),
            deadline_reached=self._out_of_time,
            local=self._local,
            dns=self._dns,
            tcp=self._tcp,
            tls=self._tls,
            http=self._http,
            redirects=self._redirects,
            proxy=self._proxy,
            pac=self._found.pac,
            siblings=self._siblings,
            controls=self._found.controls,
            portal=self._found.portal,
            resolver=self._found.resolver,
            service_notice=self._found.service_notice,
            database=self._database,
            reported=reported,
        )

    def go(self) -> None:
        """Climb as far as possible, again for every redirect on the same host; then hear the vicinity."""
        if time.monotonic() < self._deadline:
            self._vicinity.ask()
        self._local = self._stage(
            "local", lambda _deadline: local.probe(self._target), narrative.local_result
        )
        hop: _Hop | None = _Hop(self._target, self._target.path)
        while hop is not None and self._reach(hop.target) and self._secure(hop.target):
            hop = self._ask(hop)
        self._hear_vicinity()

    def let_go(self) -> None:
        """Close the connection that is still open, if any."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _reach(self, target: Target) -> bool:
        """Open the way to the target: through the proxy that is configured for it, or directly."""
        self._proxy = self._tcp = self._tls = self._http = None
        # a name that cannot be asked for is no fault of the proxy
        self._through = None if why_bad_name(target.host) else proxy.configured(target)
        if self._through is not None and proxy.can_be_asked(self._through):
            return self._pass_proxy(target, self._through)
        self._through = None
        return self._look_up() and self._connect(target)

    def _pass_proxy(self, target: Target, through: proxy.Configured) -> bool:
        # everything but the look-up of its name keeps the deadline by itself
        waited_for_its_name: tuple[Proxy, socket.socket | None] = (proxy.nameless(through), None)
        passed = self._stage(
            "proxy",
            lambda deadline: proxy.probe(through, target, deadline=deadline),
            lambda measured: narrative.proxy_result(measured[0]),
            abandoned=waited_for_its_name,
        )
        if passed is not None:
            self._proxy, self._wire = passed
        return self._wire is not None

    def _look_up(self) -> bool:
        if self._dns is None:
            asked = time.monotonic()
            self._dns = self._stage(
                "dns",
                lambda _deadline: dns.probe(self._target),
                narrative.dns_result,
                abandoned=Dns(outcome=DnsOutcome.NO_ANSWER, abandoned=True),
            )
            if self._dns is not None and self._dns.abandoned:
                self._dns = replace(self._dns, elapsed_ms=elapsed_ms(asked))
        return self._dns is not None and bool(self._dns.addresses)

    def _connect(self, target: Target) -> bool:
        addresses = [] if self._dns is None else self._dns.addresses
        ended = threading.Event()
        beside = Errand("siblings", lambda: self._try_siblings(addresses, target, ended))
        connected = self._stage(
            "tcp",
            lambda deadline: tcp.probe(addresses, target.port, deadline=deadline),
            lambda measured: narrative.tcp_result(measured[0]),
        )
        if connected is not None:
            self._tcp, self._wire = connected
        ended.set()
        if self._wire is None and self._is_in_doubt():
            with contextlib.suppress(TimeoutError):
                wait_s = min(siblings.SIBLINGS_LIMIT_S + GRACE_S, self._deadline - time.monotonic())
                self._siblings = beside.answer(wait_s) or []
        return self._wire is not None

    def _try_siblings(self, addresses: list[str], target: Target, ended: threading.Event) -> list[Sibling]:
        """Other ports of the server, once the connection has come to nothing or takes long."""
        ended.wait(TROUBLE_AFTER_S)
        if ended.is_set() and not self._is_in_doubt():
            return []
        limit_s = min(siblings.SIBLINGS_LIMIT_S, self._deadline - time.monotonic())
        return siblings.probe(addresses, target, deadline=time.monotonic() + limit_s) if limit_s > 0 else []

    def _is_in_doubt(self) -> bool:
        """Whether a stopped service, a stopped computer and a closed way look alike."""
        return self._tcp is not None and self._tcp.outcome in (TcpOutcome.REFUSED, TcpOutcome.TIMED_OUT)

    def _hear_vicinity(self) -> None:
        """Take what came back; only doubt is worth waiting for."""
        seen = self.evidence(None)
        # a sign-in page of the network can pass for a plain page
        may_be_portal = self._target.scheme == "http" and self._tls is None and self._vicinity.watches_portal
        is_proven = is_well(seen) and not may_be_portal
        addresses = [] if self._dns is None else self._dns.addresses
        self._found = self._vicinity.found(addresses, patient=not is_proven)

    def _secure(self, target: Target) -> bool:
        if target.scheme not in TLS_SCHEMES:
            return True
        from reporter.diagnosis.probes import tls

        wire = self._wire
        if wire is None:
            return False
        secured = self._stage(
            "tls",
            lambda deadline: tls.probe(
                wire,
                target,
                reconnect=lambda: self._reconnect(target, deadline),
                deadline=deadline,
                now=self._now,
            ),
            lambda measured: narrative.tls_result(measured[0]),
        )
        self.let_go()
        if secured is not None:
            self._tls, self._wire = secured
        return self._wire is not None

    def _reconnect(self, target: Target, deadline: float) -> socket.socket:
        """The way that was found, once more. Raises OSError."""
        if self._through is not None:
            return proxy.reconnect(self._through, target, deadline=deadline)
        address = self._tcp.answered if self._tcp is not None else None
        return socket.create_connection((address, target.port), remaining_s(deadline))

    def _ask(self, hop: _Hop) -> _Hop | None:
        """Ask for the hop's page; the result is where its answer leads on the same host."""
        wire = self._wire
        if wire is not None and hop.target.scheme in DATABASE_SCHEMES:
            self._ask_database(wire, hop.target)
        if wire is None or hop.target.scheme not in HTTP_SCHEMES:
            return None
        from reporter.diagnosis.probes import http

        relayed = self._proxy is not None and self._proxy.outcome is ProxyOutcome.RELAYED
        question = http.Question(hop.target, hop.path, self._cookies, relayed)
        reply = self._stage(
            "http",
            lambda deadline: http.probe(
                wire, question, deadline=proxy.keeping_back(deadline) if relayed else deadline, now=self._now
            ),
            lambda measured: narrative.http_result(measured.http),
        )
        self.let_go()
        if reply is None:
            return None
        self._http, self._cookies = reply.http, reply.cookies
        if relayed:
            self._judge_relay(reply)
        return self._redirected(reply.location, reply.http) if reply.location else None

    def _ask_database(self, wire: socket.socket, target: Target) -> None:
        """Begin to speak to a database or directory, which may secure the connection by itself."""
        from reporter.diagnosis.probes import database

        answer = self._stage(
            "database",
            lambda deadline: database.probe(
                wire,
                target,
                self._tls,
                reconnect=lambda: self._reconnect(target, deadline),
                deadline=deadline,
                now=self._now,
            ),
            lambda measured: narrative.database_result(measured.database),
        )
        self.let_go()
        if answer is not None:
            self._database, self._tls = answer

    def _judge_relay(self, reply: http.Reply) -> None:
        """Tell what the proxy answered by itself from what it passed on."""
        record, through = self._proxy, self._through
        if record is None or through is None:
            return
        if reply.http.outcome is HttpOutcome.NO_ANSWER:
            judged = self._stage(
                "proxy",
                lambda deadline: proxy.after_silence(record, through, deadline=deadline),
                narrative.proxy_result,
            )
            self._proxy = judged or record
        else:
            self._proxy = proxy.after_answer(record, through, reply)

    def _redirected(self, location: str, answer: Http) -> _Hop | None:
        """The next hop, where a redirect stays on the host; other hosts are none of our business."""
        try:
            target = parse_target(location)
        except TargetError:
            target = None
        stays = target is not None and target.scheme in HTTP_SCHEMES and target.host == self._target.host
        is_loop = stays and len(self._redirects) >= REDIRECTS_LIMIT
        self._redirects.append(
            Redirect(
                status=answer.status or 0,
                location=one_line(without_secrets(location), LOCATION_LIMIT_CHARS),
                followed=stays and not is_loop,
            )
        )
        if is_loop:
            self._http = replace(answer, outcome=HttpOutcome.REDIRECT_LOOP)
        if target is None or not stays or is_loop:
            return None
        query = urlsplit(location).query
        return _Hop(target, f"{target.path}?{query}" if query else target.path)

    def _stage(
        self,
        stage: str,
        work: Callable[[float], _T],
        result: Callable[[_T], str],
        *,
        abandoned: _T | None = None,
    ) -> _T | None:
        """What ``work`` measured within its time; ``abandoned`` where it did not come back.

        None, too, where no time was left or the probe itself broke, which is logged.
        """
        started = time.monotonic()
        limit_s = min(STAGE_LIMIT_S, self._deadline - started)
        if limit_s <= 0:
            self._out_of_time = True
            return None
        self._tell(StageProgress(stage=stage, state="started"))
        errand = Errand(stage, lambda: work(started + limit_s))
        state: Literal["done", "abandoned"] = "done"
        try:
            measured = errand.answer(limit_s + GRACE_S)
        except TimeoutError:
            measured, state = abandoned, "abandoned"
        self._out_of_time = self._out_of_time or time.monotonic() >= self._deadline
        words = "not measured" if measured is None else result(measured)
        self._tell(StageProgress(stage=stage, state=state, result=words, elapsed_ms=elapsed_ms(started)))
        return measured

    def _tell(self, progress: StageProgress) -> None:
        if self._observer is not None:
            # a display that breaks must not break the diagnosis
            with contextlib.suppress(Exception):
                self._observer(progress)
