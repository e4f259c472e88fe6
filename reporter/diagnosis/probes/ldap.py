"""LDAP: does the directory answer an anonymous look at its root, and with which result code?

The root entry (RFC 4512, 5.1) may be read by everybody before anybody signs in. No bind is sent, so no
answer can be about a person. Active Directory explains a refusal in the diagnostic message by a token
such as ``data 52e``, whose values Microsoft documents; no other word of a message is looked at.
Sources: RFC 4511 (messages), X.690 (BER).
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from reporter.diagnosis import codes
from reporter.diagnosis.evidence import Database, DatabaseOutcome, Tls
from reporter.diagnosis.probes import Answer, elapsed_ms, receive_exactly, remaining_s

MESSAGE_LIMIT_BYTES = 256 * 1024
MESSAGES_LIMIT = 64
LENGTH_LIMIT_BYTES = 4
DIAGNOSTIC_LIMIT_BYTES = 1_024
RESULT_LIMIT = 0xFFFF

INTEGER, OCTET_STRING, ENUMERATED, SEQUENCE = 0x02, 0x04, 0x0A, 0x30
# entry, end of the search, reference, and what a server says unasked before it hangs up
_ENTRY, _DONE, _REFERENCE, _EXTENDED = 0x64, 0x65, 0x73, 0x78

# search the entry "" itself for (objectClass=*), one entry, within two seconds, only this attribute
ROOT_SEARCH = bytes.fromhex(
    "303b020101"  # LDAPMessage 1
    "6336"  # SearchRequest
    "0400"  # baseObject ""
    "0a0100"  # scope: baseObject
    "0a0100"  # derefAliases: never
    "020101"  # sizeLimit 1
    "020102"  # timeLimit 2 s
    "010100"  # typesOnly: no
    "870b6f626a656374436c617373"  # filter: present, objectClass
    "3016" + "0414" + b"supportedLDAPVersion".hex()
)

_DATA_TOKEN = re.compile(rb"\bdata ([0-9a-fA-F]{2,8})\b")


class NotLdap(ValueError):
    """These bytes are not a message of a directory server."""


class _Element(NamedTuple):
    tag: int
    content: bytes


def probe(wire: socket.socket, tls: Tls | None, *, deadline: float) -> Answer:
    """Ask over a connected socket, which is closed afterwards; ``tls``: how it was secured."""
    started = time.monotonic()
    outcome = DatabaseOutcome.CLOSED
    database: Database | None = None
    with wire:
        try:
            wire.settimeout(remaining_s(deadline))
            # a server that refuses early has closed the door, but its reason can still be read
            with contextlib.suppress(OSError):
                wire.sendall(ROOT_SEARCH)
            database = read_answer(lambda count: receive_exactly(wire, count, deadline))
        except NotLdap:
            outcome = DatabaseOutcome.NOT_SPOKEN
        except TimeoutError:
            outcome = DatabaseOutcome.NO_ANSWER
        except ssl.SSLError as error:
            if tls is not None:
                # TLS 1.3 refuses a missing client certificate only when something is read
                tls = replace(tls, outcome=codes.tls_outcome(error.reason), reason=error.reason)
        except OSError:
            pass
    database = database or Database(protocol="ldap", outcome=outcome)
    return Answer(replace(database, elapsed_ms=elapsed_ms(started)), tls)


def read_answer(receive: Callable[[int], bytes]) -> Database:
    """What the directory says; ``receive`` gives exactly the number of bytes it is asked for.

    Reads at most MESSAGES_LIMIT messages of MESSAGE_LIMIT_BYTES together. Raises NotLdap, and what
    ``receive`` raises.
    """
    left_bytes = MESSAGE_LIMIT_BYTES
    for _ in range(MESSAGES_LIMIT):
        message = _message(receive, left_bytes)
        left_bytes -= len(message)
        number, position = _element(message, 0)
        operation, _position = _element(message, position)
        if number.tag != INTEGER:
            raise NotLdap("a message without its number")
        if operation.tag == _ENTRY:
            break
        if operation.tag in (_DONE, _EXTENDED):
            return _result(operation.content)
        if operation.tag != _REFERENCE:
            raise NotLdap(f"an operation of the kind {operation.tag:#04x}")
    return Database(protocol="ldap", outcome=DatabaseOutcome.READY)


def active_directory_data(diagnostic: bytes) -> str:
    """The token after "data" in Active Directory's diagnostic message, in lower case; empty without one."""
    found = _DATA_TOKEN.search(diagnostic[:DIAGNOSTIC_LIMIT_BYTES])
    return found[1].decode("ascii").lower() if found is not None else ""


def _result(content: bytes) -> Database:
    """The LDAPResult: its code, the name it speaks of, and the diagnostic message."""
    code, position = _element(content, 0)
    _name, position = _element(content, position)
    diagnostic, _position = _element(content, position)
    if code.tag != ENUMERATED or diagnostic.tag != OCTET_STRING or not 1 <= len(code.content) <= 4:
        raise NotLdap("a result without its code")
    number = int.from_bytes(code.content, "big", signed=True)
    if not 0 <= number <= RESULT_LIMIT:
        raise NotLdap(f"the result code {number}")
    return Database(
        protocol="ldap",
        outcome=DatabaseOutcome.REFUSED if number else DatabaseOutcome.READY,
        ldap_code=number,
        ldap_data=active_directory_data(diagnostic.content),
    )


def _message(receive: Callable[[int], bytes], limit_bytes: int) -> bytes:
    """The content of the next LDAPMessage."""
    tag, length = receive(2)
    if tag != SEQUENCE:
        raise NotLdap(f"a message of the kind {tag:#04x}")
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= LENGTH_LIMIT_BYTES:
            raise NotLdap("a message of unknown length")
        length = int.from_bytes(receive(octets), "big")
    if length > limit_bytes:
        raise NotLdap(f"a message of {length:,} bytes")
    return receive(length)


def _element(data: bytes, position: int) -> tuple[_Element, int]:
    """The element at ``position`` and where the next one begins."""
    header = data[position : position + 2]
    if len(header) < 2 or header[0] & 0x1F == 0x1F:
        raise NotLdap(f"no element at byte {position}")
    position += 2
    length = header[1]
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= LENGTH_LIMIT_BYTES or position + octets > len(data):
            raise NotLdap(f"no length at byte {position}")
        length = int.from_bytes(data[position : position + octets], "big")
        position += octets
    end = position + length
    if end > len(data):
        raise NotLdap(f"an element at byte {position} is longer than its frame")
    return _Element(header[0], data[position:end]), end
