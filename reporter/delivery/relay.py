"""Relay: one bounded conversation with a mail relay.

smtplib speaks; this sees to it that the connection is safe where it has to be, that an endless answer ends,
and that another thread can end it all.
"""

from __future__ import annotations

import base64
import smtplib
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import NamedTuple

from reporter.delivery.access import Access

ANSWERS_LIMIT_BYTES = 64 * 1024
"""Of everything that a relay says in one conversation."""
PARTING_TIMEOUT_S = 5.0


class Refusal(Exception):
    """The relay said no: ``code`` and ``words``; ``about_content`` where it had read the message or was told
    its size."""

    def __init__(self, code: int, words: bytes, *, about_content: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.words = words
        self.about_content = about_content

    @property
    def is_too_large(self) -> bool:
        """Whether a smaller message may be taken."""
        return self.about_content and self.code == 552


class Unfit(Exception):
    """What is set up cannot work with this relay; its text is an English clause."""


class Unanswered(Exception):
    """No answer that could be used; its text is an English clause."""


class Address(NamedTuple):
    """``is_tls``: from the first byte; ``starttls``: ``auto``, ``required`` or ``off``."""

    host: str
    port: int
    is_tls: bool
    starttls: str


class Line:
    """The line to a relay, which another thread can cut; ``deadline`` is a moment of the monotonic clock."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self._guard = threading.Lock()
        self._handle: socket.socket | None = None
        self._is_cut = False

    def hold(self, connection: socket.socket) -> None:
        """Take the line; raises Unanswered where it was cut before it stood."""
        with self._guard:
            if self._is_cut:
                raise Unanswered("the relay does not answer in time")
            self._handle = connection.dup()  # stays valid when TLS takes the connection over

    def cut(self) -> None:
        """End whatever is said on it, now or later."""
        with self._guard:
            self._is_cut = True
            if self._handle is not None:
                with suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    def let_go(self) -> None:
        """Give the line back."""
        with self._guard:
            if self._handle is not None:
                self._handle.close()
            self._handle = None


class Relay:
    """Connects and signs in when made; to be closed.

    Raises Refusal, Unfit, Unanswered, OSError (ssl.SSLError and TimeoutError among them) and
    smtplib.SMTPException; so does ``send``.
    """

    def __init__(self, address: Address, access: Access, line: Line, *, timeout_s: float) -> None:
        self._address = address
        self._line = line
        self._talk = smtplib.SMTP(local_hostname="localhost", timeout=timeout_s)
        self._connection = socket.create_connection((address.host, address.port), timeout_s)
        try:
            line.hold(self._connection)
            self._begin(access)
        except BaseException:
            self.close()
            raise

    @property
    def limit_bytes(self) -> int | None:
        """The largest message that it takes, as far as it said so (RFC 1870)."""
        announced = str(self._talk.esmtp_features.get("size", "")).strip()
        return int(announced) or None if announced.isdecimal() and len(announced) < 20 else None

    def send(self, sender: str, mailbox: str, content: bytes) -> None:
        """Hand one message over."""
        self._connection.settimeout(max(1.0, self._line.deadline - time.monotonic()))
        size = [f"SIZE={len(content)}"] if self._talk.has_extn("size") else []
        answer = self._talk.mail(sender, size)
        _expect(answer, about_content=bool(size) and answer[0] == 552)
        _expect(self._talk.rcpt(mailbox))
        try:
            answer = self._talk.data(content)
        except smtplib.SMTPDataError as error:  # it did not even say "go on"
            words = error.smtp_error
            raise Refusal(error.smtp_code, words if isinstance(words, bytes) else words.encode()) from None
        _expect(answer, about_content=True)

    def part(self) -> None:
        """Say good-bye; never raises."""
        with suppress(OSError, smtplib.SMTPException, Unanswered):
            self._connection.settimeout(PARTING_TIMEOUT_S)
            self._talk.docmd("QUIT")

    def close(self) -> None:
        """Let go of the connection; never raises."""
        with suppress(OSError, smtplib.SMTPException):
            self._talk.close()
        with suppress(OSError):
            self._connection.close()
        self._line.let_go()

    def _begin(self, access: Access) -> None:
        # By its address, as RFC 5321 wants of a computer without a public name; its own name stays here.
        self._talk.local_hostname = _literal(self._connection)
        if self._address.is_tls:
            self._secure(access)
        self._listen()
        _expect(self._talk.getreply())
        self._talk.ehlo_or_helo_if_needed()
        is_safe = self._address.is_tls or self._start_tls(access)
        self._sign_in(access, is_safe=is_safe)

    def _listen(self) -> None:
        self._talk.sock = self._connection
        self._answers = _Answers(self._connection, self._line.deadline)
        self._talk.file = self._answers

    def _secure(self, access: Access) -> None:
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            access.show_certificate(context)
        except OSError:  # ssl.SSLError is one
            raise Unfit(
                "the client certificate cannot be used: its file is missing, unreadable or no PEM file"
            ) from None
        self._connection = context.wrap_socket(self._connection, server_hostname=self._address.host)

    def _start_tls(self, access: Access) -> bool:
        """Whether the line is safe now."""
        if self._address.starttls == "off":
            return False
        if not self._talk.has_extn("starttls"):
            if self._address.starttls == "required":
                raise Unfit("the relay offers no STARTTLS")
            return False
        _expect(self._talk.docmd("STARTTLS"))
        # What came before is forgotten with its buffer: somebody between may have put it in (RFC 3207).
        self._answers.close()
        self._secure(access)
        self._listen()
        _expect(self._talk.ehlo())
        return True

    def _sign_in(self, access: Access, *, is_safe: bool) -> None:
        if access.token and not access.user:
            raise Unfit("a relay wants a user name and a password, and a token is kept for it")
        if not access.user:
            return
        if not is_safe:
            raise Unfit("the relay offers no TLS, and no password is sent without")
        offered = str(self._talk.esmtp_features.get("auth", "")).upper().split()
        if "PLAIN" in offered:  # said here, because smtplib only knows passwords of ASCII
            pair = _base64(f"\0{access.user}\0{access.password}")
            _expect(self._talk.docmd("AUTH", f"PLAIN {pair}"))
        elif "LOGIN" in offered:
            _expect(self._talk.docmd("AUTH", "LOGIN"))
            _expect(self._talk.docmd(_base64(access.user)))
            _expect(self._talk.docmd(_base64(access.password)))
        else:
            raise Unfit("the relay offers no sign-in by PLAIN or LOGIN")


class _Answers:
    """What the relay says, as smtplib reads it; ends where it does not end by itself."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._file = connection.makefile("rb")
        self._deadline = deadline
        self._left_bytes = ANSWERS_LIMIT_BYTES

    def readline(self, limit_bytes: int) -> bytes:
        """The next line; what is raised is no OSError, which smtplib would take for the end."""
        try:
            line = self._file.readline(limit_bytes)
        except TimeoutError:
            raise Unanswered("the relay does not answer in time") from None
        self._left_bytes -= len(line)
        if self._left_bytes < 0:
            raise Unanswered("the relay's answers do not end")
        if time.monotonic() > self._deadline:
            raise Unanswered("the relay does not answer in time")
        return line

    def close(self) -> None:
        """Stop reading."""
        self._file.close()


def _expect(answer: tuple[int, bytes], *, about_content: bool = False) -> None:
    """Raises Refusal for any answer but "done" and "go on"."""
    code, words = answer
    if not 200 <= code < 400:
        raise Refusal(code, words, about_content=about_content)


def _literal(connection: socket.socket) -> str:
    """This end's address as RFC 5321 writes it."""
    name = str(connection.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{name}]" if ":" in name else f"[{name}]"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
