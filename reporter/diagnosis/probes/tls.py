"""The secure connection: does a verified handshake succeed, and if not, what are all the faults?

OpenSSL names one fault of several, so a certificate that was not accepted is looked at again in a
second handshake without verification. Nothing but a question for the server's clock crosses that one.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec.structs import replace

from reporter.diagnosis import codes, x509
from reporter.diagnosis.evidence import Certificate, Fault, Target, TcpOutcome, Tls, TlsOutcome
from reporter.diagnosis.probes import elapsed_ms, http, remaining_s
from reporter.diagnosis.target import HTTP_SCHEMES, wire_name
from reporter.texts.safe import one_line

BANNER_LIMIT_BYTES = 512
BANNER_LIMIT_CHARS = 120
BANNER_LIMIT_S = 0.5

# After these the port is asked in plain text what it speaks. Many plain services do not answer a
# TLS greeting with nonsense, but hang up or wait.
_MAY_BE_PLAIN = (TlsOutcome.NOT_TLS, TlsOutcome.CLOSED, TlsOutcome.RESET, TlsOutcome.TIMED_OUT)


def trust_context() -> ssl.SSLContext:
    """The trust store this system's programs use; the one place where it is chosen.

    Windows and macOS have their own, which truststore asks; elsewhere it is OpenSSL's, with
    ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``.
    """
    if sys.platform in ("win32", "darwin"):
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.create_default_context()
    # Python 3.13 began to refuse what browsers and other programs accept from company authorities
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # what Python's own default is, unless a distribution left it to a configuration file of OpenSSL
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def probe(
    wire: socket.socket,
    target: Target,
    *,
    reconnect: Callable[[], socket.socket],
    deadline: float,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    context: ssl.SSLContext | None = None,
) -> tuple[Tls, ssl.SSLSocket | None]:
    """Handshake over a connected socket, which is consumed.

    The verified connection is the caller's to close. ``reconnect`` opens a further connection that is
    ready for a handshake, and may raise OSError or ValueError. ``now`` judges dates; OpenSSL uses the
    system's clock.
    """
    started = time.monotonic()
    # a handshake that hangs must leave the time to ask what hangs there
    handshake_deadline = deadline - min(BANNER_LIMIT_S, remaining_s(deadline) / 3)
    secured, tls = _verified_handshake(wire, target, context or trust_context(), handshake_deadline)
    if secured is not None:
        tls = replace(tls, version=secured.version() or "", certificate=_certificate(secured))
    elif tls.outcome is TlsOutcome.UNTRUSTED:
        tls = _second_look(tls, reconnect, target, deadline=deadline, now=now)
    elif tls.outcome in _MAY_BE_PLAIN:
        banner = _banner(reconnect, target, deadline)
        tls = replace(tls, banner=_readable(banner), speaks=_language(banner))
    return replace(tls, elapsed_ms=elapsed_ms(started)), secured


def judge(
    certificate: Certificate | None, host: str, now: datetime, verify_code: int | None, *, knows_codes: bool
) -> list[Fault]:
    """All faults of a certificate that was not accepted, in the order of mending.

    ``knows_codes``: the code is OpenSSL's. Systems with a trust store of their own have other codes; there
    the issuer is doubted when nothing else explains the refusal.
    """
    named = codes.certificate_fault(verify_code) if knows_codes else None
    faults = set() if named is None else {named}
    if certificate is not None:
        if now > certificate.not_after:
            faults.add(Fault.EXPIRED)
        if now < certificate.not_before:
            faults.add(Fault.NOT_YET_VALID)
        if not x509.covers(certificate.names, host):
            faults.add(Fault.WRONG_NAME)
        if not knows_codes and certificate.self_signed:
            faults.add(Fault.SELF_SIGNED)
    if not knows_codes and not faults:
        faults.add(Fault.UNKNOWN_ISSUER)
    return [fault for fault in Fault if fault in faults]


def unverified(wire: socket.socket, target: Target, *, deadline: float) -> ssl.SSLSocket:
    """A handshake that accepts any certificate, over a connected socket, which is consumed.

    Nothing secret may cross it. Raises OSError and ValueError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        wire.settimeout(remaining_s(deadline))
        return context.wrap_socket(wire, server_hostname=wire_name(target.host))
    except (OSError, ValueError):
        wire.close()
        raise


def _verified_handshake(
    wire: socket.socket, target: Target, context: ssl.SSLContext, deadline: float
) -> tuple[ssl.SSLSocket | None, Tls]:
    try:
        wire.settimeout(remaining_s(deadline))
        # a reset that is here already would make wrap_socket skip the handshake, or lose its socket
        if number := wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(number, "ended before the handshake")  # noqa: TRY301 - one place classifies
        secured = context.wrap_socket(wire, server_hostname=wire_name(target.host))
    except ssl.SSLCertVerificationError as error:
        knows_codes = type(context) is ssl.SSLContext
        code = getattr(error, "verify_code", None)
        faults = judge(None, target.host, datetime.now(UTC), code, knows_codes=knows_codes)
        tls = Tls(outcome=TlsOutcome.UNTRUSTED, verify_code=code if knows_codes else None, faults=faults)
    except TimeoutError:
        tls = Tls(outcome=TlsOutcome.TIMED_OUT)
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
        tls = Tls(outcome=TlsOutcome.CLOSED, reason=error.reason)
    except ssl.SSLError as error:
        tls = Tls(outcome=codes.tls_outcome(error.reason), reason=error.reason)
    except OSError as error:
        is_reset = codes.tcp_outcome(error.errno) is TcpOutcome.RESET
        tls = Tls(outcome=TlsOutcome.RESET if is_reset else TlsOutcome.FAILED, errno=error.errno)
    except ValueError:  # a name that TLS cannot carry
        tls = Tls(outcome=TlsOutcome.FAILED)
    else:
        if secured.version() is not None:
            return secured, Tls(outcome=TlsOutcome.VERIFIED)
        secured.close()
        tls = Tls(outcome=TlsOutcome.RESET)
    wire.close()
    return None, tls


def _second_look(
    tls: Tls,
    reconnect: Callable[[], socket.socket],
    target: Target,
    *,
    deadline: float,
    now: Callable[[], datetime],
) -> Tls:
    """The same record with everything that an unverified handshake shows."""
    try:
        with unverified(reconnect(), target, deadline=deadline) as secured:
            certificate = _certificate(secured)
            faults = judge(
                certificate,
                wire_name(target.host),
                now(),
                tls.verify_code,
                knows_codes=tls.verify_code is not None,
            )
            tls = replace(tls, version=secured.version() or "", certificate=certificate, faults=faults)
            if target.scheme in HTTP_SCHEMES and {Fault.EXPIRED, Fault.NOT_YET_VALID}.intersection(faults):
                date = http.server_date(secured, target, deadline=deadline)
                skew_s = None if date is None else round((date - now()).total_seconds())
                tls = replace(tls, server_date=date, skew_s=skew_s)
    except (OSError, ValueError):
        pass  # the first handshake's word stands
    return tls


def _certificate(secured: ssl.SSLSocket) -> Certificate | None:
    der = secured.getpeercert(binary_form=True)
    try:
        return x509.read_certificate(der) if der else None
    except x509.UnreadableCertificate:
        return None


def _banner(reconnect: Callable[[], socket.socket], target: Target, deadline: float) -> bytes:
    """The first bytes the port answers to a plain request; some services greet before it."""
    with contextlib.suppress(OSError, ValueError), reconnect() as wire:
        wire.settimeout(min(BANNER_LIMIT_S, remaining_s(deadline)))
        wire.sendall(f"GET / HTTP/1.0\r\nHost: {wire_name(target.host)}\r\n\r\n".encode("ascii"))
        return wire.recv(BANNER_LIMIT_BYTES)
    return b""


def _language(banner: bytes) -> str:
    if banner.startswith(b"HTTP/1.") and banner[9:12] != b"400":
        # a TLS port of a web server, too, answers a plain request with 400
        return "http"
    if banner.startswith(b"SSH-"):
        return "ssh"
    if banner.startswith((b"220", b"+OK", b"* OK")):
        return "greeting"
    return ""


def _readable(banner: bytes) -> str:
    return one_line(banner.split(b"\r\n")[0].decode("ascii", "replace"), BANNER_LIMIT_CHARS)
