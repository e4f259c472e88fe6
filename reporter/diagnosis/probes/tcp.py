"""The connection: which addresses answer, and how do the others not?"""

from __future__ import annotations

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

# 10035: WSAEWOULDBLOCK, which Windows says instead of EINPROGRESS
_UNDER_WAY = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, 10035}


def probe(addresses: list[str], port: int, *, deadline: float) -> tuple[Tcp, socket.socket | None]:
    """Connect to all addresses at once; the first that answers ends the waiting.

    At most ATTEMPTS_LIMIT are tried, both families among them. The connected socket is the
    caller's to close.
    """
    started = time.monotonic()
    attempts: dict[str, Attempt] = {}
    connected: socket.socket | None = None
    under_way: dict[socket.socket, str] = {}
    with selectors.DefaultSelector() as selector:
        try:
            for address in _both_families(addresses):
                wire, number = _begin(address, port)
                if number in _UNDER_WAY and wire is not None:
                    selector.register(wire, selectors.EVENT_WRITE, data=wire)
                    under_way[wire] = address
                    continue
                attempts[address] = _attempt(address, number, started)
                if wire is not None and number == 0 and connected is None:
                    connected = wire
                elif wire is not None:
                    wire.close()
            while under_way and connected is None and (left := deadline - time.monotonic()) > 0:
                for key, _events in selector.select(left):
                    ready: socket.socket = key.data
                    selector.unregister(ready)
                    address = under_way.pop(ready)
                    number = ready.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or _met_itself(ready)
                    attempts[address] = _attempt(address, number, started)
                    if number == 0 and connected is None:
                        connected = ready
                    else:
                        ready.close()
        finally:
            for wire in under_way:
                wire.close()
    for address in under_way.values():
        outcome = TcpOutcome.TIMED_OUT if connected is None else TcpOutcome.PENDING
        attempts[address] = Attempt(
            address=address, family=_family(address), outcome=outcome, elapsed_ms=elapsed_ms(started)
        )
    return _summary(attempts, port, connected, started), connected


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


def _summary(attempts: dict[str, Attempt], port: int, connected: socket.socket | None, started: float) -> Tcp:
    answered = None
    if connected is not None:
        answered = next(a.address for a in attempts.values() if a.outcome is TcpOutcome.CONNECTED)
    return Tcp(
        outcome=most_telling([attempt.outcome for attempt in attempts.values()]),
        port=port,
        answered=answered,
        attempts=list(attempts.values()),
        elapsed_ms=elapsed_ms(started),
    )


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
