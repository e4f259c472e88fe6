"""The ladder: local → DNS → TCP → TLS → HTTP, each rung on a thread that can be abandoned.

A rung that cannot be climbed ends the examination, because what lies above it would only show
symptoms. Threads are daemons, never executors: those join at exit, and a silent name server would
hold the whole process.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from reporter.diagnosis import narrative
from reporter.diagnosis.evidence import (
    Dns,
    DnsOutcome,
    Evidence,
    Http,
    HttpOutcome,
    Local,
    Redirect,
    Reported,
    Target,
    Tcp,
    Tls,
)
from reporter.diagnosis.probes import dns, elapsed_ms, local, tcp
from reporter.diagnosis.target import HTTP_SCHEMES, TLS_SCHEMES, parse_target
from reporter.errors import TargetError
from reporter.texts.safe import one_line, without_secrets

DEADLINE_S = 5.0
DEADLINE_LIMIT_S = 60.0
STAGE_LIMIT_S = 3.0
# Probes keep their deadline themselves; this much later they are given up.
GRACE_S = 0.1
REDIRECTS_LIMIT = 5
LOCATION_LIMIT_CHARS = 300

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class StageProgress(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the examination, for a live display.

    ``stage``: ``local``, ``dns``, ``tcp``, ``tls`` or ``http``; a redirect climbs from ``tcp`` again.
    ``result``: a few English words, empty while the stage is going on.
    """

    stage: str
    state: Literal["started", "done", "abandoned"]
    result: str = ""
    elapsed_ms: int = 0


def examine(
    target: Target,
    *,
    reported: Reported | None = None,
    deadline_s: float = DEADLINE_S,
    observer: Callable[[StageProgress], None] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Evidence:
    """Measure what lies between this computer and the target; never raises for what it meets.

    Takes at most ``deadline_s`` seconds, and STAGE_LIMIT_S a stage. ``reported`` is what the host
    application saw. ``observer`` is called on the calling thread. ``now`` judges certificate dates.
    """
    climb = _Climb(target, max(0.0, min(deadline_s, DEADLINE_LIMIT_S)), observer, now)
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
        self._wire: socket.socket | None = None
        self._cookies: dict[str, str] = {}
        self._redirects: list[Redirect] = []
        self._local: Local | None = None
        self._dns: Dns | None = None
        self._tcp: Tcp | None = None
        self._tls: Tls | None = None
        self._http: Http | None = None

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
            reported=reported,
        )

    def go(self) -> None:
        """Climb as far as possible, again for every redirect on the same host."""
        self._local = self._stage(
            "local", lambda _deadline: local.probe(self._target), narrative.local_result
        )
        asked = time.monotonic()
        self._dns = self._stage(
            "dns",
            lambda _deadline: dns.probe(self._target),
            narrative.dns_result,
            abandoned=Dns(outcome=DnsOutcome.NO_ANSWER, abandoned=True),
        )
        if self._dns is not None and self._dns.abandoned:
            self._dns = replace(self._dns, elapsed_ms=elapsed_ms(asked))
        hop: _Hop | None = _Hop(self._target, self._target.path)
        while hop is not None and self._connect(hop.target) and self._secure(hop.target):
            hop = self._ask(hop)

    def let_go(self) -> None:
        """Close the connection that is still open, if any."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _connect(self, target: Target) -> bool:
        if self._dns is None or not self._dns.addresses:
            return False
        addresses = self._dns.addresses
        self._tcp = self._tls = self._http = None
        connected = self._stage(
            "tcp",
            lambda deadline: tcp.probe(addresses, target.port, deadline=deadline),
            lambda measured: narrative.tcp_result(measured[0]),
        )
        if connected is not None:
            self._tcp, self._wire = connected
        return self._wire is not None

    def _secure(self, target: Target) -> bool:
        if target.scheme not in TLS_SCHEMES:
            return True
        from reporter.diagnosis.probes import tls

        wire, address = self._wire, self._tcp.answered if self._tcp is not None else None
        if wire is None or address is None:
            return False
        secured = self._stage(
            "tls",
            lambda deadline: tls.probe(wire, address, target, deadline=deadline, now=self._now),
            lambda measured: narrative.tls_result(measured[0]),
        )
        self.let_go()
        if secured is not None:
            self._tls, self._wire = secured
        return self._wire is not None

    def _ask(self, hop: _Hop) -> _Hop | None:
        """Ask for the hop's page; the result is where its answer leads on the same host."""
        wire = self._wire
        if wire is None or hop.target.scheme not in HTTP_SCHEMES:
            return None
        from reporter.diagnosis.probes import http

        question = http.Question(hop.target, hop.path, self._cookies)
        reply = self._stage(
            "http",
            lambda deadline: http.probe(wire, question, deadline=deadline, now=self._now),
            lambda measured: narrative.http_result(measured.http),
        )
        self.let_go()
        if reply is None:
            return None
        self._http, self._cookies = reply.http, reply.cookies
        return self._redirected(reply.location, reply.http) if reply.location else None

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
        answers: queue.SimpleQueue[_T | None] = queue.SimpleQueue()

        def run() -> None:
            try:
                answers.put(work(started + limit_s))
            except Exception:  # noqa: BLE001 - a gap in the evidence, never a failure of the examination
                _log.exception("The %s probe broke", stage)
                answers.put(None)

        state: Literal["done", "abandoned"] = "done"
        try:
            threading.Thread(target=run, daemon=True, name=f"reporter-{stage}").start()
            measured = answers.get(timeout=limit_s + GRACE_S)
        except queue.Empty:
            measured, state = abandoned, "abandoned"
        except RuntimeError:  # no thread can be started
            measured = None
        self._out_of_time = self._out_of_time or time.monotonic() >= self._deadline
        words = "not measured" if measured is None else result(measured)
        self._tell(StageProgress(stage=stage, state=state, result=words, elapsed_ms=elapsed_ms(started)))
        return measured

    def _tell(self, progress: StageProgress) -> None:
        if self._observer is not None:
            # a display that breaks must not break the diagnosis
            with contextlib.suppress(Exception):
                self._observer(progress)
