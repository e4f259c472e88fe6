"""The connection: which addresses answer, and how do the others not?"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import selectors
import socket
import time
from itertools import chain, zip_longest

from reporter.diagnosis import codes
from reporter.diagnosis.evidence import Attempt, Family, Tcp, TcpOutcome
from reporter.diagnosis.probes import elapsed_ms

ATTEMPTS_LIMIT = 8
STAGGER_S = 0.25

# 10035: WSAEWOULDBLOCK, which Windows says instead of EINPROGRESS
_UNDER_WAY = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, 10035}


def probe(addresses: list[str], port: int, *, deadline: float) -> tuple[Tcp, socket.socket | None]:
    """Connect to the addresses in turn, a new one every STAGGER_S or when one has come to nothing (RFC 8305).

    The first that answers ends the waiting; at most ATTEMPTS_LIMIT are tried, both families among them.
    The connected socket is the caller's to close.
    """
    started = time.monotonic()
    waiting = _both_families(addresses)
    # with little time left, every address still gets its turn
    stagger_s = min(STAGGER_S, max(deadline - started, 0) / (len(waiting) + 1))
    with contextlib.closing(_Race(port)) as race:
        while race.is_open and (waiting or race.is_running) and time.monotonic() < deadline:
            if waiting:
                race.begin(waiting.pop(0))
            race.wait(min(time.monotonic() + stagger_s, deadline) if waiting else deadline)
        attempts = race.attempts()
        answered = next((a.address for a in attempts if a.outcome is TcpOutcome.CONNECTED), None)
        measured = Tcp(
            outcome=most_telling([attempt.outcome for attempt in attempts]),
            port=port,
            answered=answered,
            attempts=attempts,
            elapsed_ms=elapsed_ms(started),
        )
    return measured, race.connected


class _Race:
    """Connections under way at the same time; those that lost are closed at the end."""

    def __init__(self, port: int) -> None:
        self.connected: socket.socket | None = None
        self._port = port
        self._ended: list[Attempt] = []
        self._under_way: dict[socket.socket, tuple[str, float]] = {}
        self._selector = selectors.DefaultSelector()

    @property
    def is_open(self) -> bool:
        """Nobody has won yet."""
        return self.connected is None

    @property
    def is_running(self) -> bool:
        """Somebody may still answer."""
        return bool(self._under_way)

    def begin(self, address: str) -> None:
        """Start to connect to one more address."""
        begun = time.monotonic()
        wire, number = _begin(address, self._port)
        if number in _UNDER_WAY and wire is not None:
            self._selector.register(wire, selectors.EVENT_WRITE, data=wire)
            self._under_way[wire] = address, begun
        else:
            self._end(wire, address, number, begun)

    def wait(self, until: float) -> None:
        """Wait until one has ended, either way, or until the moment has come."""
        if not self.is_open or not self.is_running:
            return
        for key, _events in self._selector.select(max(until - time.monotonic(), 0)):
            wire: socket.socket = key.data
            self._selector.unregister(wire)
            address, begun = self._under_way.pop(wire)
            number = wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or _met_itself(wire)
            self._end(wire, address, number, begun)

    def attempts(self) -> list[Attempt]:
        """Every attempt, also those that are still under way."""
        outcome = TcpOutcome.TIMED_OUT if self.is_open else TcpOutcome.PENDING
        return self._ended + [
            Attempt(address=address, family=_family(address), outcome=outcome, elapsed_ms=elapsed_ms(begun))
            for address, begun in self._under_way.values()
        ]

    def close(self) -> None:
        """Give up what is still under way."""
        self._selector.close()
        for wire in self._under_way:
            wire.close()

    def _end(self, wire: socket.socket | None, address: str, number: int | None, begun: float) -> None:
        self._ended.append(_attempt(address, number, begun))
        if wire is not None and number == 0 and self.connected is None:
            self.connected = wire
        elif wire is not None:
            wire.close()


def most_telling(outcomes: list[TcpOutcome]) -> TcpOutcome:
    """The outcome that stands for all attempts: an answer before silence, silence before no way."""
    order = list(TcpOutcome)
    return min(outcomes, key=order.index, default=TcpOutcome.FAILED)


def _begin(address: str, port: int) -> tuple[socket.socket | None, int | None]:
    """Start to connect; the result is an errno, 0 for connected."""
    family = socket.AF_INET6 if _family(address) is Family.IPV6 else socket.AF_INET
    wire = None
    try:
        wire = socket.socket(family, socket.SOCK_STREAM)
        wire.setblocking(False)
        return wire, wire.connect_ex((address, port))
    except (OSError, OverflowError) as error:
        if wire is not None:
            wire.close()
        return None, getattr(error, "errno", None)


def _attempt(address: str, number: int | None, started: float) -> Attempt:
    outcome = TcpOutcome.CONNECTED if number == 0 else codes.tcp_outcome(number)
    if number == errno.EINVAL and ipaddress.ip_address(address).is_link_local:
        outcome = TcpOutcome.NO_ROUTE  # a link-local address without its interface, not a blackhole
    return Attempt(
        address=address,
        family=_family(address),
        outcome=outcome,
        errno=number or None,
        elapsed_ms=elapsed_ms(started),
    )


def _met_itself(wire: socket.socket) -> int:
    """A connection to a closed local port can meet itself; that is a refusal in disguise."""
    try:
        return errno.ECONNREFUSED if wire.getsockname() == wire.getpeername() else 0
    except OSError as error:
        return error.errno or errno.ECONNRESET


def _both_families(addresses: list[str]) -> list[str]:
    """The first addresses of both families by turns, the resolver's favourite first (RFC 8305)."""
    if not addresses:
        return []
    first = [a for a in addresses if _family(a) is _family(addresses[0])]
    other = [a for a in addresses if _family(a) is not _family(addresses[0])]
    by_turns = chain.from_iterable(zip_longest(first, other))
    return [address for address in by_turns if address is not None][:ATTEMPTS_LIMIT]


def _family(address: str) -> Family:
    return Family.IPV6 if ":" in address else Family.IPV4
