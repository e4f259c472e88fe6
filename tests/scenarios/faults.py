"""What can be put into a room, each as a function that takes it: servers, proxies, names, firewalls."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

from tests.diagnosis.wire import answering, resetting, response
from tests.scenarios import certificates
from tests.scenarios.room import NAME_SERVER, PORTAL, PROXY, SERVER, Handler, Room

Fault = Callable[[Room], None]

PAGE = response("200 OK", "Content-Type: text/html", body="<title>Sign in</title><form></form>")
PROXY_PORT = 3128


# ---- names ----


def names(**zone: tuple[str, ...] | str) -> Fault:
    """What the name server says; keyword ``erp`` stands for erp.example.org."""
    return lambda room: room.zone.update({f"{name}.example.org": entry for name, entry in zone.items()})


def all_names(entry: str) -> Fault:
    """One answer for every name."""

    def put(room: Room) -> None:
        room.zone.clear()
        room.zone["*"] = entry

    return put


def hosts_file(line: str) -> Fault:
    """A line in this computer's hosts file."""

    def put(room: Room) -> None:
        room.hosts += line + "\n"

    return put


# ---- the network ----


def firewall(rule: str) -> Fault:
    """A rule of nftables for what comes in to the servers."""
    table = f"table inet scenario {{\nchain input {{\ntype filter hook input priority 0\n{rule}\n}}\n}}\n"
    return lambda room: room.world.command("nft", "-f", "-", given=table)


def ip(*commands: str) -> Fault:
    """Commands of iproute2 for this computer."""
    return lambda room: room.home.command("ip", "-batch", "-", given="\n".join(commands) + "\n")


no_link = ip("link set uplink down")
no_default_route = ip("route del default via 10.77.0.1", "route del default via fd77::1")
only_self_assigned = ip(
    "address flush dev uplink scope global",
    "route del default via fd77::1",
    "address add 169.254.7.7/16 dev uplink",
)
no_name_server = firewall(f"ip daddr {NAME_SERVER} udp dport 53 reject")
drop_https = firewall("tcp dport 443 drop")


# ---- servers ----


def serves(
    handler: Handler,
    *,
    port: int = 443,
    address: str = SERVER,
    tls: Callable[[], ssl.SSLContext] | None = None,
) -> Fault:
    """A server with TLS, where a context is given."""
    return lambda room: room.serve(handler, address, port, None if tls is None else tls())


def site(
    answer: bytes | Handler = PAGE,
    *,
    tls: Callable[[], ssl.SSLContext] = certificates.good,
    address: str = SERVER,
    port: int = 443,
) -> Fault:
    """An HTTPS site; without arguments a healthy one."""
    handler = answering(answer) if isinstance(answer, bytes) else answer
    return serves(handler, port=port, address=address, tls=tls)


def plain_site(answer: bytes | Handler = PAGE, *, address: str = SERVER, port: int = 80) -> Fault:
    """An HTTP site without TLS."""
    return serves(answering(answer) if isinstance(answer, bytes) else answer, port=port, address=address)


def says(status: str, *headers: str, body: str = "") -> Fault:
    """A healthy HTTPS site with this one answer."""
    return site(response(status, "Connection: close", *headers, body=body))


def problem(status: str, members: str) -> Fault:
    """A typed answer (RFC 9457)."""
    return says(status, "Content-Type: application/problem+json", body=members)


def greets(banner: bytes) -> Handler:
    """A service that speaks first."""

    def handle(connection: socket.socket) -> None:
        connection.sendall(banner)
        connection.recv(4096)

    return handle


def stalls(connection: socket.socket) -> None:
    """Takes everything and never says a word."""
    while connection.recv(4096):
        pass


def hangs_up(connection: socket.socket) -> None:
    """Hears the first words, and ends the connection politely."""
    connection.recv(4096)


def resets(connection: socket.socket) -> None:
    """Hears the first words, and tears the connection."""
    connection.recv(4096)
    resetting(connection)


def without_words(connection: socket.socket) -> None:
    """Hears the request, and ends the connection without an answer."""
    connection.recv(4096)


def dated(status: str = "200 OK") -> Handler:
    """Answers with the right time in its Date."""

    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        date = format_datetime(datetime.now(UTC), usegmt=True)
        connection.sendall(response(status, f"Date: {date}"))

    return handle


def pages(**answers: bytes) -> Handler:
    """Answers by the last word of the path; the front page is ``front``."""

    def handle(connection: socket.socket) -> None:
        path = connection.recv(4096).split(b" ")[1].decode("ascii")
        connection.sendall(answers[path.rpartition("/")[2] or "front"])

    return handle


def web_server(connection: socket.socket) -> None:
    """Answers a request with a page, and anything else as web servers do."""
    heard = connection.recv(4096)
    connection.sendall(PAGE if heard.startswith(b"GET ") else response("400 Bad Request"))


def slowly(answer: bytes) -> Handler:
    """Answers in three pieces, with pauses."""

    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        for start in range(0, len(answer), len(answer) // 3 + 1):
            threading.Event().wait(0.4)
            connection.sendall(answer[start : start + len(answer) // 3 + 1])

    return handle


# ---- proxies and portals ----


def proxy_says(status: str, *headers: str) -> Fault:
    """A proxy with one answer to everything."""
    return plain_site(response(status, *headers), address=PROXY, port=PROXY_PORT)


def tinyproxy(*lines: str) -> Fault:
    """The real one, with these lines in its configuration."""

    def put(room: Room) -> None:
        file = room.folder / "tinyproxy.conf"
        common = (
            f"Port {PROXY_PORT}",
            f"Listen {PROXY}",
            "Timeout 10",
            "Allow 10.77.0.0/24",
            "LogLevel Error",
        )
        file.write_text("\n".join((*common, *lines, "")), encoding="utf-8")
        room.start(room.words_with_files(["tinyproxy", "-d", "-c", str(file)]), PROXY, PROXY_PORT)

    return put


def portal(answer: bytes = b"") -> Fault:
    """The page whose answer is known; an ``answer`` of its own is a sign-in page in its way."""
    return plain_site(answer or response("204 No Content"), address=PORTAL)


def portal_catches_all(room: Room) -> None:
    """A network's sign-in page in the place of every server, with a certificate of its own."""
    redirect = response("302 Found", "Location: http://portal.example.net/sign-in")
    room.serve(answering(redirect), PORTAL, 80)
    room.serve(answering(redirect), SERVER, 443, certificates.of_portal())


def deaf(room: Room) -> None:
    """A port of the target that is open but takes nobody in: its queue is full."""
    listener = room.world.inside(socket.create_server, (SERVER, 443), backlog=0)
    room.keep(listener)
    for _ in range(4):
        filler = room.world.inside(socket.socket)
        filler.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            room.world.inside(filler.connect, (SERVER, 443))
        room.keep(filler)
