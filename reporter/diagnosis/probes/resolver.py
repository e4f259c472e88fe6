"""The name server, asked directly: what does it say, apart from the system's resolver?

The system's word counts for the connection; this one tells a server that has no answer from one that
refuses or stays silent (all the same to getaddrinfo), and shows a name that this computer overrides.
"""

from __future__ import annotations

import contextlib
import ipaddress
import selectors
import socket
import time
from pathlib import Path

from reporter.diagnosis import dnsmessage
from reporter.diagnosis.evidence import Resolver, Target
from reporter.diagnosis.probes import elapsed_ms
from reporter.diagnosis.target import is_address, why_bad_name, wire_name

RESOLV_CONF = Path("/etc/resolv.conf")
CONFIGURATION_LIMIT_BYTES = 64 * 1024
SERVERS_LIMIT = 3
LIMIT_S = 1.5
ADDRESSES_LIMIT = 16
MESSAGE_LIMIT_BYTES = 4_096
# Answers that are not ours, or not readable, are passed over; more of them end the waiting.
STRAY_ANSWERS_LIMIT = 16
DNS_PORT = 53

# Names that no name server is asked for: loopback (RFC 6761) and multicast (RFC 6762).
_ON_THE_LINK = ("localhost", "local")


def name_servers(configuration: Path = RESOLV_CONF) -> list[str]:
    """The system's name servers, first choice first; empty where the system keeps them elsewhere."""
    try:
        with configuration.open("rb") as file:
            text = file.read(CONFIGURATION_LIMIT_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    servers = []
    for line in text.splitlines():
        keyword, _space, value = line.strip().partition(" ")
        address = value.strip().partition("%")[0]
        if keyword == "nameserver" and is_address(address):
            servers.append(value.strip())
    return servers[:SERVERS_LIMIT]


def can_be_asked(target: Target) -> bool:
    """Whether a name server is to know this name as it stands.

    Single words are completed by the system's search list, loopback and multicast names stay on the link.
    """
    host = target.host.removesuffix(".")
    is_near = host.rpartition(".")[2] in _ON_THE_LINK
    return "." in host and not is_near and not is_address(host) and not why_bad_name(host)


def probe(target: Target, servers: list[str], *, deadline: float, port: int = DNS_PORT) -> Resolver | None:
    """Ask the first server for both families; None where there is nothing to ask or nobody to be asked.

    ``addresses``: of both families, in the order of the answers. Where one family is answered, the other
    is waited for no longer than the deadline.
    """
    if not servers or not can_be_asked(target):
        return None
    started = time.monotonic()
    server = servers[0]
    try:
        answers = _ask(server, port, wire_name(target.host), deadline)
    except (OSError, UnicodeError, dnsmessage.Unreadable):
        answers = []  # a closed port is as silent as a lost packet
    addresses = [address for answer in answers for address in answer.addresses]
    return Resolver(
        server=server,
        # one family without addresses is no fault; one that is answered tells more than one that is not
        rcode=min((answer.rcode for answer in answers), default=None),
        addresses=list(dict.fromkeys(addresses))[:ADDRESSES_LIMIT],
        elapsed_ms=elapsed_ms(started),
    )


def _ask(server: str, port: int, name: str, deadline: float) -> list[dnsmessage.Answer]:
    """The answers for both families as far as they came; raises OSError where the server's port is closed."""
    import secrets

    # numbers that cannot be guessed keep strangers from answering
    number = secrets.randbelow(1 << 16)
    waiting = {number: dnsmessage.A, number ^ 1: dnsmessage.AAAA}
    answers: list[dnsmessage.Answer] = []
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as wire, selectors.DefaultSelector() as selector:
        wire.setblocking(False)
        wire.connect(_endpoint(server, port))
        selector.register(wire, selectors.EVENT_READ)
        for asked, kind in waiting.items():
            wire.send(dnsmessage.question(asked, name, kind))
        for _ in range(STRAY_ANSWERS_LIMIT):
            if not waiting or not selector.select(max(0.0, deadline - time.monotonic())):
                break
            with contextlib.suppress(dnsmessage.Unreadable, BlockingIOError):
                answer = dnsmessage.read_answer(wire.recv(MESSAGE_LIMIT_BYTES))
                if waiting.pop(answer.number, None) is not None:
                    answers.append(answer)
    return answers


def _endpoint(server: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    address, _percent, scope = server.partition("%")
    if ipaddress.ip_address(address).version == 4:
        return address, port
    return address, port, 0, socket.if_nametoindex(scope) if scope else 0
