"""Certificates with every fault, each made once; a function gives a server's context."""

from __future__ import annotations

import ssl
import tempfile
import warnings
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import trustme

from tests.diagnosis import wire

NAME = "erp.example.org"
# Weak enough for the oldest versions and suites; OpenSSL 3 allows them only at this level.
_ANY_SUITE = "ALL:@SECLEVEL=0"


@cache
def company() -> trustme.CA:
    """The authority that every room's computer trusts."""
    return trustme.CA(organization_name="Example Organisation")


@cache
def stranger() -> trustme.CA:
    """An authority that nobody trusts."""
    return trustme.CA(organization_name="Stranger Ltd")


@cache
def inspector() -> trustme.CA:
    """The authority of a device that opens secure connections."""
    return trustme.CA(organization_name="Zscaler Inc.")


def prepare() -> None:
    """Make what must exist once only, before scenarios run side by side."""
    for made_once in (company, stranger, inspector, old_version, self_signed):
        made_once()


def context(
    authority: trustme.CA, *names: str, valid: tuple[int, int] = (-30, 30), chain: bool = True
) -> ssl.SSLContext:
    """A certificate from ``authority``; ``valid``: first and last day from today; ``chain``: sent whole."""
    today = datetime.now(UTC)
    certificate = authority.issue_cert(
        *names, not_before=today + timedelta(valid[0]), not_after=today + timedelta(valid[1])
    )
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        pems = certificate.cert_chain_pems if chain else certificate.cert_chain_pems[:1]
        file.write(certificate.private_key_pem.bytes() + b"".join(pem.bytes() for pem in pems))
        file.flush()
        made.load_cert_chain(file.name)
    return made


@cache
def good() -> ssl.SSLContext:
    """Nothing to complain about, for every name and address that scenarios use."""
    return context(company(), *_GOOD_NAMES)


_GOOD_NAMES = (NAME, "*.example.org", "10.77.0.10", "fd77::10", "xn--bcher-kva.example")


def write_good(file: Path) -> None:
    """A good certificate with its key, for servers that read files."""
    certificate = company().issue_cert(*_GOOD_NAMES)
    file.write_bytes(
        certificate.private_key_pem.bytes() + b"".join(pem.bytes() for pem in certificate.cert_chain_pems)
    )


@cache
def expired() -> ssl.SSLContext:
    """Ran out two days ago."""
    return context(company(), NAME, valid=(-30, -2))


@cache
def not_yet_valid() -> ssl.SSLContext:
    """Begins in five days."""
    return context(company(), NAME, valid=(5, 30))


@cache
def wrong_name() -> ssl.SSLContext:
    """For another server."""
    return context(company(), "www.example.net")


@cache
def expired_wrong_name() -> ssl.SSLContext:
    """For another server, and ran out."""
    return context(company(), "www.example.net", valid=(-30, -2))


@cache
def unknown_issuer() -> ssl.SSLContext:
    """From an authority that is not installed, which sends no root."""
    return context(stranger(), NAME)


@cache
def unknown_issuer_expired() -> ssl.SSLContext:
    """From an authority that is not installed, and ran out."""
    return context(stranger(), NAME, valid=(-30, -2))


@cache
def unknown_issuer_not_yet_valid() -> ssl.SSLContext:
    """From an authority that is not installed, and begins in five days."""
    return context(stranger(), NAME, valid=(5, 30))


@cache
def unknown_issuer_wrong_name() -> ssl.SSLContext:
    """From an authority that is not installed, for another server."""
    return context(stranger(), "www.example.net")


@cache
def missing_intermediate() -> ssl.SSLContext:
    """From the company's own intermediate authority, which the server forgets to send."""
    return context(company().create_child_ca(), NAME, chain=False)


@cache
def root_sent() -> ssl.SSLContext:
    """From an unknown authority, whose root the server sends along."""
    made = context(stranger(), NAME)
    leaf = stranger().issue_cert(NAME)
    with tempfile.NamedTemporaryFile() as file:
        file.write(leaf.private_key_and_cert_chain_pem.bytes() + stranger().cert_pem.bytes())
        file.flush()
        made.load_cert_chain(file.name)
    return made


@cache
def inspected() -> ssl.SSLContext:
    """For every name, from the device's authority."""
    return context(inspector(), NAME, "*.example.org")


@cache
def self_signed() -> ssl.SSLContext:
    """Signed by nobody but itself."""
    return _self_signed(NAME)


@cache
def of_portal() -> ssl.SSLContext:
    """What a network's sign-in page shows in the place of every server."""
    return _self_signed("portal.example.net")


def self_signed_pem() -> bytes:
    """The certificate of ``self_signed``, for a computer that trusts it."""
    return _leaf_pem(self_signed())


def _self_signed(name: str) -> ssl.SSLContext:
    with tempfile.TemporaryDirectory() as folder:
        return wire.self_signed(Path(folder), name)


def _leaf_pem(context: ssl.SSLContext) -> bytes:
    """The certificate that a context shows, seen in a handshake with itself in memory."""
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname, asking.verify_mode = False, ssl.CERT_NONE
    client = asking.wrap_bio(ours, theirs)
    server = context.wrap_bio(theirs, ours, server_side=True)
    for side in (client, server, client):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    der = client.getpeercert(binary_form=True)
    assert der is not None
    return ssl.DER_cert_to_PEM_cert(der).encode("ascii")


@cache
def old_version() -> ssl.SSLContext:
    """Speaks nothing newer than TLS 1.1."""
    made = context(company(), NAME)
    made.set_ciphers(_ANY_SUITE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
        made.minimum_version = ssl.TLSVersion.TLSv1
        made.maximum_version = ssl.TLSVersion.TLSv1_1
    return made


@cache
def odd_suite() -> ssl.SSLContext:
    """TLS 1.2 with one suite that no client offers."""
    made = context(company(), NAME)
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers("ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0")
    return made


@cache
def wants_client_certificate(newest: bool = True) -> ssl.SSLContext:
    """Lets in nobody without a certificate; ``newest``: TLS 1.3, else 1.2."""
    made = context(company(), NAME)
    company().configure_trust(made)
    made.verify_mode = ssl.CERT_REQUIRED
    made.maximum_version = ssl.TLSVersion.TLSv1_3 if newest else ssl.TLSVersion.TLSv1_2
    return made


@cache
def knows_other_names() -> ssl.SSLContext:
    """Ends the handshake with "unrecognized name"."""
    made = context(company(), NAME)

    def refuse(_connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> int:
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    made.sni_callback = refuse
    return made
