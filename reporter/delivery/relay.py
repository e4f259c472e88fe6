"""Relay: one bounded conversation with a mail relay, up to the point where it takes commands.

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
from typing import Any, NamedTuple

from reporter.delivery.access import Access

ANSWERS_LIMIT_BYTES = 64 * 1024
"""Of everything a relay says in one conversation."""


class Refusal(Exception):
    """The relay said no: ``code`` and its ``words``."""

    def __init__(self, code: int, words: bytes) -> None:
        super().__init__(code)
        self.code = code
        self.words = words


class NotSafe(Exception):
    """What is needed cannot be done here; its text is an English clause."""


class Address(NamedTuple):
    """``is_tls``: from the first byte; ``starttls``: ``auto``, ``required`` or ``off``."""

    host: str
    port: int
    is_tls: bool
    starttls: str


class Relay:
    """Connects and signs in when made; to be closed. ``deadline`` is a moment of the monotonic clock.

    Raises Refusal, NotSafe, OSError (TimeoutError and ssl.SSLError among them) and smtplib's exceptions.
    """

    def __init__(self, line: Line, address: Address, access: Access, *, timeout_s: float) -> None:
        self._line = line
        self._address = address
        self._talk = smtplib.SMTP(local_hostname="localhost", timeout=timeout_s)
        connection = socket.create_connection((address.host, address.port), timeout_s)
        try:
            line.hold(connection)
            self._use(_wrapped(connection, address, access) if address.is_tls else connection)
            # By its address, as RFC 5321 wants of a computer without a public name; its own name stays here.
            self._talk.local_hostname = _literal(connection if not address.is_tls else self._socket)
            self._expect(self._talk.getreply())
            self._talk.ehlo_or_helo_if_needed()
            is_safe = address.is_tls or self._start_tls(access)
            self._sign_in(access, is_safe=is_safe)
        except BaseException:
            connection.close()
            self.close()
            raise

    @property
    def limit_bytes(self) -> int | None:
        """The largest message it takes, as far as it said so (RFC 1870)."""
        announced = str(self._talk.esmtp_features.get("size", "")).split()
        with suppress(ValueError, IndexError):
            return int(announced[0]) or None
        return None

    def send(self, sender: str, mailbox: str, content: bytes) -> None:
        """Hand one message over; raises Refusal, with ``about_content`` where it is the message."""
        size = [f"SIZE={len(content)}"] if self._talk.has_extn("size") else []
        self._expect(self._talk.mail(sender, size))
        self._expect(self._talk.rcpt(mailbox))
        try:
            self._expect(self._talk.data(content), about_content=True)
        except smtplib.SMTPDataError as error:  # it did not even say "go on"
            raise Refusal(error.smtp_code, _bytes(error.smtp_error)) from None

    def begin_anew(self) -> None:
        """Forget the message that was not taken."""
        self._expect(self._talk.rset())

    def close(self) -> None:
        """Say good-bye, as far as it still listens; never raises."""
        with suppress(OSError, smtplib.SMTPException, ValueError):
            if self._talk.sock is not None:
                self._talk.docmd("QUIT")
        with suppress(OSError, smtplib.SMTPException):
            self._talk.close()

    def _use(self, connection: socket.socket) -> None:
        self._socket = connection
        self._talk.sock = connection
        self._talk.file = _Answers(connection, self._line)

    def _start_tls(self, access: Access) -> bool:
        if self._address.starttls == "off":
            return False
        if not self._talk.has_extn("starttls"):
            if self._address.starttls == "required":
                raise NotSafe("the relay offers no STARTTLS")
            return False
        self._expect(self._talk.docmd("STARTTLS"))
        # What was said before is forgotten with the buffer: it may have been put in by somebody between.
        self._use(_wrapped(self._socket, self._address, access))
        code, words = self._talk.ehlo()
        self._expect((code, words))
        return True

    def _sign_in(self, access: Access, *, is_safe: bool) -> None:
        if access.token and not access.user:
            raise NotSafe("a relay wants a user name and a password, and a token was given for it")
        if not access.user:
            return
        if not is_safe:
            raise NotSafe("the relay offers no TLS, and without it no password is sent")
        offered = str(self._talk.esmtp_features.get("auth", "")).upper().split()
        if "PLAIN" in offered:  # here and not in smtplib, which only knows passwords of ASCII
            words = f"\0{access.user}\0{access.password}".encode()
            self._expect(self._talk.docmd("AUTH", f"PLAIN {base64.b64encode(words).decode()}"))
        elif "LOGIN" in offered:
            self._expect(self._talk.docmd("AUTH", "LOGIN"))
            for word in (access.user, access.password):
                self._expect(self._talk.docmd(base64.b64encode(word.encode()).decode()))
        else:
            raise NotSafe("the relay offers no sign-in by PLAIN or LOGIN")

    def _expect(self, answer: tuple[int, bytes], *, about_content: bool = False) -> None:
        code, words = answer
        if not 200 <= code < 400:
            refusal = Refusal(code, words)
            refusal.about_content = about_content
            raise refusal


class Line:
    """The line to a relay as another thread sees it: it can be cut."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self._handle: socket.socket | None = None
        self._is_cut = False
        self._guard = threading.Lock()
