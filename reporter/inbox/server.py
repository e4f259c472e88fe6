"""Server: runs the inbox, in the foreground for support or on a thread for the demo."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from reporter.errors import InboxError
from reporter.inbox.app import USER, create_app
from reporter.inbox.connections import Sweeper, connections_limit, protocol
from reporter.inbox.store import Store

PASSWORD_VARIABLE = "REPORTER_INBOX_PASSWORD"  # noqa: S105 - the name of the variable, not a password
BACKLOG_CONNECTIONS = 2_048
KEEP_ALIVE_S = 30
STOP_LIMIT_S = 3
START_LIMIT_S = 10.0


def serve(
    listen: str,
    database: Path,
    *,
    password: str = "",
    spread_s: float | None = None,
    reports_per_s: float = 0,
    announce: Callable[[str], None],
) -> None:
    """Run the inbox at ``listen`` (``host:port``, port 0 for a free one) until it is interrupted.

    ``announce`` is given a sentence with the address once connections are accepted. Raises InboxError
    when the address or the database cannot be used. The rest is as for Inbox.
    """
    inbox = Inbox(database, listen, password=password, spread_s=spread_s, reports_per_s=reports_per_s)

    def listening(address: str) -> None:
        announce(f"The inbox takes reports at {address}reports and shows them at {address}.")
        if password:
            announce(f"Its pages ask for the user “{USER}” and the password in {PASSWORD_VARIABLE}.")

    try:
        inbox.run(listening)
    except KeyboardInterrupt:
        announce("The inbox has stopped; everything it accepted is on the disk.")


class Inbox:
    """One inbox on one address; the database is opened and the port taken when it starts.

    ``spread_s``: over how many seconds agents are told to spread automatic reports, None for no opinion;
    ``reports_per_s``: more reports are told to come back later, 0 for no limit.
    """

    def __init__(
        self,
        database: Path,
        listen: str = "127.0.0.1:0",
        *,
        password: str = "",
        spread_s: float | None = None,
        reports_per_s: float = 0,
    ) -> None:
        self._database = database
        self._host, self._port = parse_listen(listen)
        self._password = password
        self._spread_s = spread_s
        self._reports_per_s = reports_per_s
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        if not password and not _is_loopback(self._host):
            raise InboxError(
                f"The inbox would show reports to everybody who reaches {self._host}: set a password in the "
                f"environment variable {PASSWORD_VARIABLE}, or listen on 127.0.0.1."
            )

    def run(self, listening: Callable[[str], None]) -> None:
        """Serve on this thread until stopped; ``listening`` is given the base URL, ending with a slash."""
        # Malformed requests are answered; what the parsers think of each of them is nobody's business.
        for name in ("python_multipart", "uvicorn.error"):
            logging.getLogger(name).setLevel(logging.ERROR)
        store = Store(self._database)
        try:
            with self._bind() as bound:
                base = _base_url(self._host, bound.getsockname()[1])
                application = create_app(
                    store,
                    password=self._password,
                    spread_s=self._spread_s,
                    reports_per_s=self._reports_per_s,
                )
                config = uvicorn.Config(
                    application,
                    http=protocol(),
                    ws="none",
                    lifespan="off",
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    backlog=BACKLOG_CONNECTIONS,
                    limit_concurrency=connections_limit(),
                    timeout_keep_alive=KEEP_ALIVE_S,
                    timeout_graceful_shutdown=STOP_LIMIT_S,
                )
                self._server = _AnnouncingServer(config, lambda: listening(base))
                self._server.run(sockets=[bound])
        finally:
            store.close()

    def start(self) -> str:
        """Serve on a background thread; returns the base URL, ending with a slash, once it listens."""
        addresses: list[str] = []
        errors: list[BaseException] = []
        settled = threading.Event()

        def listening(address: str) -> None:
            addresses.append(address)
            settled.set()

        def work() -> None:
            try:
                self.run(listening)
            except BaseException as error:  # noqa: BLE001 - raised again by start, on the caller's thread
                errors.append(error)
            finally:
                settled.set()

        self._thread = threading.Thread(target=work, name="inbox", daemon=True)
        self._thread.start()
        settled.wait(START_LIMIT_S)
        if errors:
            raise errors[0]
        if not addresses:
            raise InboxError(
                f"The inbox did not begin to listen within {START_LIMIT_S:g} seconds; try again."
            )
        return addresses[0]

    def stop(self) -> None:
        """End the background thread; what was accepted is on the disk."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # With the protocol named, asyncio sets TCP_NODELAY; without, each answer would wait 40 ms for an ACK.
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":  # elsewhere this option would take a port away from another program
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((self._host, self._port))
        except OSError as error:
            bound.close()
            raise InboxError(
                f"The inbox cannot listen on {self._host} port {self._port}: {error.strerror or error}. "
                "End what uses the port, or choose another address with --listen (port 0 takes a free one)."
            ) from None
        return bound


class _AnnouncingServer(uvicorn.Server):
    """Tells when connections are really accepted, and has them swept."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening
        self._sweeping: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._sweeping = asyncio.create_task(Sweeper(self.server_state.connections).run())
            self._listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
        await super().shutdown(sockets=sockets)


def parse_listen(listen: str) -> tuple[str, int]:
    """Host and port in ``127.0.0.1:8765``, ``[::1]:8765`` or ``localhost:0``; raises InboxError."""
    try:
        parts = urlsplit(f"//{listen.strip()}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None or parts.path or parts.username is not None:
        raise InboxError(
            f"The address to listen on must be host:port, for example 127.0.0.1:8765; “{listen[:80]}” is not."
        )
    return host, port


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _base_url(host: str, port: int) -> str:
    """Where a browser on this computer finds it; an address for "everywhere" is no place to go to."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - recognised, not bound
        host = socket.gethostname()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
