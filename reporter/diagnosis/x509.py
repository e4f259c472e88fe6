"""A small reader of X.509 certificates in DER, for what a person and a rule want to know.

The standard library hides the contents of a certificate that was not verified, and those are the
ones of interest here. Nothing is verified: that is OpenSSL's part.
Sources: RFC 5280 (certificates), X.690 (DER).
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from reporter.diagnosis.evidence import Certificate
from reporter.texts.safe import one_line

CERTIFICATE_LIMIT_BYTES = 1024 * 1024
NAMES_LIMIT = 100
ATTRIBUTES_LIMIT = 32
TEXT_LIMIT_CHARS = 256
LENGTH_LIMIT_BYTES = 4

INTEGER, OCTET_STRING, OID, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
VERSION_0, EXTENSIONS_3 = 0xA0, 0xA3
DNS_NAME, IP_ADDRESS = 0x82, 0x87

_MOMENT = re.compile(r"[0-9]{14}Z")
_SUBJECT_ALT_NAME = bytes.fromhex("551d11")
_ATTRIBUTES = {
    bytes.fromhex("550403"): "CN",
    bytes.fromhex("550405"): "serialNumber",
    bytes.fromhex("550406"): "C",
    bytes.fromhex("550407"): "L",
    bytes.fromhex("550408"): "ST",
    bytes.fromhex("55040a"): "O",
    bytes.fromhex("55040b"): "OU",
    bytes.fromhex("2a864886f70d010901"): "emailAddress",
    bytes.fromhex("0992268993f22c640119"): "DC",
}
# BMPString and UniversalString are UTF-16 and UTF-32; TeletexString is Latin-1 in practice
_ENCODINGS = {0x0C: "utf-8", 0x14: "latin-1", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}


class UnreadableCertificate(ValueError):
    """These bytes are not a certificate that can be read; the only exception of this module."""


class _Element(NamedTuple):
    tag: int
    content: bytes


def read_certificate(der: bytes) -> Certificate:
    """The certificate in ``der``.

    Texts are made safe and bounded; at most NAMES_LIMIT names are kept. Without alternative names, the
    common name counts, as it does for OpenSSL. Raises UnreadableCertificate.
    """
    if len(der) > CERTIFICATE_LIMIT_BYTES:
        raise UnreadableCertificate(f"more than {CERTIFICATE_LIMIT_BYTES:,} bytes")
    certificate = _take(_elements(der), SEQUENCE)
    fields = _elements(_take(_elements(certificate), SEQUENCE))
    first = next(fields, None)
    if first is not None and first.tag == VERSION_0:
        first = next(fields, None)
    if first is None or first.tag != INTEGER:
        raise UnreadableCertificate("no serial number")
    _take(fields, SEQUENCE)  # the signature's algorithm
    issuer = _take(fields, SEQUENCE)
    validity = _elements(_take(fields, SEQUENCE))
    not_before, not_after = _time(next(validity, None)), _time(next(validity, None))
    subject = _take(fields, SEQUENCE)
    _take(fields, SEQUENCE)  # the public key
    subject_attributes = _attributes(subject)
    names = [name for field in fields if field.tag == EXTENSIONS_3 for name in _alternative_names(field)]
    if not names:
        names = [value for key, value in subject_attributes if key == "CN"]
    return Certificate(
        subject=_text(subject_attributes),
        issuer=_text(_attributes(issuer)),
        names=names[:NAMES_LIMIT],
        not_before=not_before,
        not_after=not_after,
        self_signed=subject == issuer,
        sha256=hashlib.sha256(der).hexdigest(),
    )


def covers(names: list[str], host: str) -> bool:
    """Whether one of a certificate's names is ``host`` (ASCII name or address), by the rules of RFC 6125.

    A star stands for exactly one whole label, the leftmost of at least three.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        host = host.removesuffix(".").lower()
        parent = host.partition(".")[2]
        return any(
            name == host or (name.startswith("*.") and name[2:] == parent and "." in parent)
            for name in (name.removesuffix(".").lower() for name in names)
        )
    return str(address) in names


def _elements(data: bytes) -> Iterator[_Element]:
    """The elements that follow one another in ``data``, read to its very end."""
    position = 0
    while position < len(data):
        header = data[position : position + 2]
        if len(header) < 2 or header[0] & 0x1F == 0x1F:
            raise UnreadableCertificate(f"no element at byte {position}")
        position += 2
        length = header[1]
        if length & 0x80:
            octets = length & 0x7F
            if not 1 <= octets <= LENGTH_LIMIT_BYTES or position + octets > len(data):
                raise UnreadableCertificate(f"no length at byte {position}")
            length = int.from_bytes(data[position : position + octets], "big")
            position += octets
        if position + length > len(data):
            raise UnreadableCertificate(f"an element at byte {position} is longer than its frame")
        yield _Element(header[0], data[position : position + length])
        position += length


def _take(elements: Iterator[_Element], tag: int) -> bytes:
    element = next(elements, None)
    if element is None or element.tag != tag:
        raise UnreadableCertificate(f"an element of type {tag:#04x} is missing")
    return element.content


def _time(element: _Element | None) -> datetime:
    if element is None or element.tag not in (UTC_TIME, GENERALIZED_TIME):
        raise UnreadableCertificate("a date is missing")
    text = element.content.decode("ascii", "replace")
    if element.tag == UTC_TIME:
        # two digits: 50 to 99 are of the last century (RFC 5280, 4.1.2.5.1)
        text = ("19" if text[:2] >= "50" else "20") + text
    # strptime alone would accept spaces and missing digits
    if not _MOMENT.fullmatch(text):
        raise UnreadableCertificate("a date is malformed")
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise UnreadableCertificate("a date is not in the calendar") from None


def _attributes(name: bytes) -> list[tuple[str, str]]:
    """The attributes of a distinguished name, in its order."""
    found: list[tuple[str, str]] = []
    for group in _elements(name):
        if group.tag != SET:
            raise UnreadableCertificate("a name is malformed")
        for attribute in _elements(group.content):
            pair = _elements(attribute.content)
            kind, value = _take(pair, OID), next(pair, None)
            if value is not None and len(found) < ATTRIBUTES_LIMIT:
                found.append((_ATTRIBUTES.get(kind, kind.hex()), _string(value)))
    return found


def _alternative_names(extensions: _Element) -> Iterator[str]:
    for extension in _elements(_take(_elements(extensions.content), SEQUENCE)):
        parts = list(_elements(extension.content))
        if not parts or parts[0] != (OID, _SUBJECT_ALT_NAME):
            continue
        if parts[-1].tag != OCTET_STRING:
            raise UnreadableCertificate("an extension is malformed")
        for name in _elements(_take(_elements(parts[-1].content), SEQUENCE)):
            if name.tag == DNS_NAME:
                yield one_line(name.content.decode("ascii", "replace"), TEXT_LIMIT_CHARS)
            elif name.tag == IP_ADDRESS and len(name.content) in (4, 16):
                yield str(ipaddress.ip_address(name.content))


def _string(element: _Element) -> str:
    encoding = _ENCODINGS.get(element.tag, "ascii")
    return one_line(element.content.decode(encoding, "replace"), TEXT_LIMIT_CHARS)


def _text(attributes: list[tuple[str, str]]) -> str:
    return ", ".join(f"{key}={value}" for key, value in attributes)
