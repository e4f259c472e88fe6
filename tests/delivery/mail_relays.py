"""Mail relays for tests: a real one (aiosmtpd), and one that says exactly what it is told to."""

from __future__ import annotations

import contextlib
import email.policy
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

CRLF = b"\r\n"


@dataclass
class PostOffice:
    """A relay's inside: keeps what it takes, and gives the answers it is told to give."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    """By command; the first is given first, and those that are used up give way to "yes"."""
    raw: list[bytes] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    safe: list[bool] = field(default_factory=list)
    signed_in: list[tuple[bytes, bytes]] = field(default_factory=list)

    def mails(self) -> list[EmailMessage]:
        """What it took, read as a mail program does."""
        parser = BytesParser(EmailMessage, policy=email.policy.default)
        return [parser.parsebytes(raw) for raw in self.raw]

    def mail(self) -> EmailMessage:
        [mail] = self.mails()
        return mail

    def _answer(self, command: str) -> str | None:
        waiting = self.answers.get(command, [])
        return waiting.pop(0) if waiting else None

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._answer("MAIL")
        if answer is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._answer("RCPT")
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self._answer("DATA")
        if answer is None:
            self.raw.append(envelope.original_content or b"")
            self.envelopes.append(envelope)
            self.safe.append(session.ssl is not None)
        return answer or "250 taken over"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> Any:
        assert isinstance(data, LoginPassword)
        self.signed_in.append((data.login, data.password))
        answer = self._answer("AUTH")
        return AuthResult(success=answer is None, handled=False, message=answer)


@contextlib.contextmanager
def post_office(
    *, tls: ssl.SSLContext | None = None, is_tls: bool = False, **options: Any
) -> Iterator[tuple[PostOffice, int]]:
    """A running relay and its port: STARTTLS where there is ``tls``, or TLS from the first byte."""
    inside = PostOffice()
    if options.pop("signs_in", False):
        options["authenticator"] = inside.authenticate
    if tls is not None and not is_tls:
        options["tls_context"] = tls
    controller = Controller(
        inside,
        hostname="127.0.0.1",
        port=0,
        ssl_context=tls if is_tls else None,
        ready_timeout=30,
        **options,
    )
    controller.port = _free_port()
    controller.start()
    try:
        yield inside, controller.port
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class Script:
    """A relay that holds one conversation: sends the lines of ``says``, reading one command before each but
    the first, then hands the connection to ``then``, which may keep it, or closes it."""

    def __init__(self, *says: bytes, then: Callable[[socket.socket], None] | None = None) -> None:
        self._says = says
        self._then = then
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError):
            is_data = False
            for number, line in enumerate(self._says):
                if number:
                    heard = lines.readline()
                    if is_data:
                        while heard not in (b".\r\n", b""):
                            heard = lines.readline()
                    self.heard.append(heard)
                connection.sendall(line)
                is_data = line.startswith(b"354")
            if self._then is not None:
                self._then(connection)
