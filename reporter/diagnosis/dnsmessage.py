"""A small encoder and decoder of DNS messages, for one question and the addresses in its answer.

Sources: RFC 1035 (messages), RFC 3596 (AAAA).
"""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

A, AAAA = 1, 28
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME, REFUSED = 0, 2, 3, 5

NAME_LIMIT_BYTES = 255
LABEL_LIMIT_BYTES = 63
RECORDS_LIMIT = 64
_POINTER = 0xC0
_IN = 1
_RECURSION_DESIRED = 0x0100
_ANSWER, _TRUNCATED = 0x8000, 0x0200
_HEADER = struct.Struct("!6H")
_QUESTION = struct.Struct("!2H")
_RECORD = struct.Struct("!HHIH")


class Answer(NamedTuple):
    """``number``: of the question it answers; ``truncated``: addresses may be missing."""

    number: int
    rcode: int
    addresses: list[str]
    truncated: bool


class Unreadable(ValueError):
    """These bytes are not an answer that can be read; the only exception of this module."""


def question(number: int, name: str, kind: int) -> bytes:
    """The message that asks for the addresses of ``kind`` (A or AAAA) of an ASCII name.

    Raises Unreadable for a name that does not fit into DNS.
    """
    labels = [label.encode("ascii", "replace") for label in name.removesuffix(".").split(".")]
    if not all(1 <= len(label) <= LABEL_LIMIT_BYTES for label in labels):
        raise Unreadable("a label that is empty or too long")
    encoded = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    if len(encoded) > NAME_LIMIT_BYTES:
        raise Unreadable("a name that is too long")
    return _HEADER.pack(number, _RECURSION_DESIRED, 1, 0, 0, 0) + encoded + _QUESTION.pack(kind, _IN)


def read_answer(message: bytes) -> Answer:
    """The response code and the addresses in an answer; records of other kinds are passed over."""
    if len(message) < _HEADER.size:
        raise Unreadable("shorter than a header")
    number, flags, questions, answers, _authorities, _additional = _HEADER.unpack_from(message)
    if not flags & _ANSWER:
        raise Unreadable("a question, not an answer")
    if questions + answers > RECORDS_LIMIT:
        raise Unreadable(f"{questions + answers} records")
    position = _HEADER.size
    for _ in range(questions):
        position = _after_name(message, position) + _QUESTION.size
    addresses = []
    for _ in range(answers):
        position = _after_name(message, position)
        if position + _RECORD.size > len(message):
            raise Unreadable("a record that is cut off")
        kind, class_, _lifetime_s, length = _RECORD.unpack_from(message, position)
        position += _RECORD.size
        data = message[position : position + length]
        if len(data) != length:
            raise Unreadable("data that are cut off")
        position += length
        if class_ == _IN and (kind, length) in ((A, 4), (AAAA, 16)):
            addresses.append(str(ipaddress.ip_address(data)))
    return Answer(number, flags & 0xF, addresses, bool(flags & _TRUNCATED))


def _after_name(message: bytes, position: int) -> int:
    """Where the name at ``position`` ends. A pointer ends it, and need not be followed."""
    end = position + NAME_LIMIT_BYTES
    while position < min(end, len(message)):
        length = message[position]
        if length == 0:
            return position + 1
        if length & _POINTER == _POINTER:
            if position + 2 > len(message):
                break
            return position + 2
        if length & _POINTER:
            raise Unreadable("a label of an unknown kind")
        position += 1 + length
    raise Unreadable("a name without an end")
