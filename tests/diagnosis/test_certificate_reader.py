"""The reader of certificates agrees with a full implementation, and survives whatever it is given."""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from reporter.diagnosis.x509 import (
    CERTIFICATE_LIMIT_BYTES,
    NAMES_LIMIT,
    UnreadableCertificate,
    covers,
    read_certificate,
)

KEY = ec.generate_private_key(ec.SECP256R1())


def built(
    subject: list[tuple[x509.ObjectIdentifier, str]],
    names: list[x509.GeneralName],
    not_before: datetime,
    not_after: datetime,
    issuer: str = "Example CA",
) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(kind, value) for kind, value in subject]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


CN, ORG = x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME
DAY = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SAMPLE = built(
    [(CN, "erp.example.org"), (ORG, "Büro & Söhne")],
    [
        x509.DNSName("erp.example.org"),
        x509.DNSName("*.example.org"),
        x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
        x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
        x509.RFC822Name("somebody@example.org"),
    ],
    DAY,
    datetime(2051, 1, 1, tzinfo=UTC),
)


def test_reads_what_a_person_wants_to_know() -> None:
    certificate = read_certificate(SAMPLE)
    assert certificate.subject == "CN=erp.example.org, O=Büro & Söhne"
    assert certificate.issuer == "CN=Example CA"
    assert certificate.names == ["erp.example.org", "*.example.org", "192.0.2.1", "2001:db8::1"]
    assert certificate.not_before == DAY
    assert certificate.not_after == datetime(2051, 1, 1, tzinfo=UTC)
    assert not certificate.self_signed
    assert certificate.sha256 == hashlib.sha256(SAMPLE).hexdigest()


def test_reads_real_authorities_and_their_certificates() -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("erp.example.org", "127.0.0.1")
    for pem in (authority.cert_pem.bytes(), leaf.cert_chain_pems[0].bytes()):
        full = x509.load_pem_x509_certificate(pem)
        certificate = read_certificate(full.public_bytes(Encoding.DER))
        assert certificate.not_before == full.not_valid_before_utc
        assert certificate.not_after == full.not_valid_after_utc
        assert certificate.self_signed == (full.subject == full.issuer)
        for attribute in full.subject:
            assert str(attribute.value) in certificate.subject


def test_the_common_name_counts_where_there_is_no_other() -> None:
    der = built([(CN, "old.example.org")], [], DAY, DAY + timedelta(1))
    assert read_certificate(der).names == ["old.example.org"]


def test_subject_and_issuer_alike_is_self_signed() -> None:
    der = built([(CN, "Example CA")], [], DAY, DAY + timedelta(1))
    assert read_certificate(der).self_signed


def test_names_are_bounded_and_safe() -> None:
    names: list[x509.GeneralName] = [x509.DNSName(f"n{number}.example.org") for number in range(10_000)]
    certificate = read_certificate(built([(CN, "a\u202eb" + "c" * 50)], names, DAY, DAY + timedelta(1)))
    assert len(certificate.names) == NAMES_LIMIT
    assert "\u202e" not in certificate.subject


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    return draw(st.datetimes(datetime(1950, 1, 1), datetime(2200, 1, 1))).replace(microsecond=0, tzinfo=UTC)  # noqa: DTZ001


@given(
    names=st.lists(
        st.from_regex(r"[a-z]{1,10}(\.[a-z]{1,10}){0,3}", fullmatch=True).map(x509.DNSName)
        | st.ip_addresses().map(x509.IPAddress),
        max_size=5,
    ),
    organisation=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=16),
    dates=st.tuples(moments(), moments()).map(sorted),
)
def test_agrees_with_a_full_implementation(
    names: list[x509.GeneralName], organisation: str, dates: list[datetime]
) -> None:
    certificate = read_certificate(built([(ORG, organisation)], names, dates[0], dates[1]))
    assert certificate.names == [str(name.value) for name in names]
    assert certificate.subject == f"O={organisation}"
    assert [certificate.not_before, certificate.not_after] == dates


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(UnreadableCertificate):
        read_certificate(data)


@given(position=st.integers(0, len(SAMPLE) - 1), value=st.integers(0, 255))
def test_a_damaged_certificate_is_read_or_refused(position: int, value: int) -> None:
    damaged = bytearray(SAMPLE)
    damaged[position] = value
    try:
        certificate = read_certificate(bytes(damaged))
    except UnreadableCertificate as error:
        assert str(error)
    else:
        assert len(certificate.sha256) == 64


@given(st.integers(0, len(SAMPLE) - 1))
def test_a_truncated_certificate_is_refused(length: int) -> None:
    with pytest.raises(UnreadableCertificate):
        read_certificate(SAMPLE[:length])


def test_an_endless_certificate_is_refused() -> None:
    with pytest.raises(UnreadableCertificate, match="more than"):
        read_certificate(b"\x30" * (CERTIFICATE_LIMIT_BYTES + 1))


@pytest.mark.parametrize(
    ("names", "host", "expected"),
    [
        (["erp.example.org"], "erp.example.org", True),
        (["ERP.example.org"], "erp.EXAMPLE.org.", True),
        (["*.example.org"], "erp.example.org", True),
        (["*.example.org"], "example.org", False),
        (["*.example.org"], "a.b.example.org", False),
        (["*.org"], "example.org", False),
        (["erp*.example.org"], "erp1.example.org", False),
        (["erp.example.org"], "crm.example.org", False),
        (["192.0.2.1"], "192.0.2.1", True),
        (["*.0.2.1"], "192.0.2.1", False),
        (["2001:db8::1"], "2001:db8:0::1", True),
        ([], "erp.example.org", False),
    ],
)
def test_which_names_a_certificate_covers(names: list[str], host: str, expected: bool) -> None:
    assert covers(names, host) is expected
