"""The third rung: the secure connection, against real TLS servers."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme

from reporter.diagnosis.evidence import Certificate, Evidence, Fault, TlsOutcome
from reporter.diagnosis.ladder import examine
from reporter.diagnosis.probes import tls
from reporter.diagnosis.target import parse_target
from reporter.diagnosis.weighing import diagnose
from tests.diagnosis.wire import (
    Climb,
    Serve,
    answering,
    certified,
    resetting,
    response,
    self_signed,
)

PAGE = answering(response("200 OK", body="Welcome"))


def faults(evidence: Evidence) -> list[str]:
    assert evidence.tls is not None
    assert evidence.tls.outcome is TlsOutcome.UNTRUSTED
    return [fault.value for fault in evidence.tls.faults]


def test_a_good_certificate_is_well(trusted: trustme.CA, serve: Serve, climb: Climb) -> None:
    port = serve(PAGE, certified(trusted, "localhost"))
    evidence = climb(f"https://localhost:{port}/")
    assert evidence.tls is not None
    assert (evidence.tls.outcome, evidence.tls.version) == (TlsOutcome.VERIFIED, "TLSv1.3")
    assert evidence.tls.certificate is not None
    assert evidence.tls.certificate.names == ["localhost"]
    assert diagnose(evidence).cause == "ok"


@pytest.mark.parametrize(
    ("name", "valid", "expected"),
    [
        ("localhost", (-30, -10), ("tls.expired", None)),
        ("localhost", (10, 30), ("tls.not_yet_valid", None)),
        ("crm.example.org", (-30, 30), ("tls.wrong_name", None)),
        ("crm.example.org", (-30, -10), ("tls.wrong_name", "tls.expired")),
        ("crm.example.org", (10, 30), ("tls.wrong_name", "tls.not_yet_valid")),
    ],
)
def test_faults_of_a_certificate_from_a_known_issuer(
    trusted: trustme.CA,
    serve: Serve,
    name: str,
    valid: tuple[int, int],
    expected: tuple[str, str | None],
) -> None:
    port = serve(PAGE, certified(trusted, name, valid=valid))
    verdict = diagnose(examine(parse_target(f"https://localhost:{port}/")))
    assert (verdict.cause, verdict.runner_up) == expected
    assert (verdict.layer, verdict.owner, verdict.confidence) == ("tls", "server", "certain")
    assert verdict.retry == "after_fix"


def test_a_certificate_for_another_address(trusted: trustme.CA, serve: Serve, climb: Climb) -> None:
    port = serve(PAGE, certified(trusted, "localhost"))
    evidence = climb(f"https://127.0.0.1:{port}/")
    assert evidence.tls is not None
    assert evidence.tls.verify_code == 64
    verdict = diagnose(evidence)
    assert verdict.cause == "tls.wrong_name"
    assert any("localhost" in line for line in verdict.advice)


def test_an_unknown_issuer_hides_no_other_fault(trusted: trustme.CA, serve: Serve, climb: Climb) -> None:
    stranger = trustme.CA(organization_name="Stranger")
    port = serve(PAGE, certified(stranger, "localhost"))
    verdict = diagnose(climb(f"https://localhost:{port}/"))
    assert (verdict.cause, verdict.owner, verdict.confidence) == ("tls.unknown_issuer", "it", "likely")
    assert any("Stranger" in line for line in verdict.advice)

    port = serve(PAGE, certified(stranger, "crm.example.org", valid=(-30, -10)))
    evidence = climb(f"https://localhost:{port}/")
    assert faults(evidence) == ["wrong_name", "expired", "unknown_issuer"]
    assert diagnose(evidence).cause == "tls.wrong_name"


def test_self_signed(tmp_path: Path, trusted: trustme.CA, serve: Serve, climb: Climb) -> None:
    port = serve(PAGE, self_signed(tmp_path, "localhost"))
    evidence = climb(f"https://localhost:{port}/")
    assert faults(evidence) == ["self_signed"]
    verdict = diagnose(evidence)
    assert (verdict.cause, verdict.owner) == ("tls.self_signed", "it")


def test_self_signed_but_trusted_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Serve, climb: Climb
) -> None:
    port = serve(PAGE, self_signed(tmp_path, "localhost"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "self-signed.pem"))
    assert diagnose(climb(f"https://localhost:{port}/")).cause == "ok"


@pytest.mark.parametrize("valid", [(100, 200), (-200, -100)])
def test_the_clock_of_this_computer(
    trusted: trustme.CA, serve: Serve, climb: Climb, valid: tuple[int, int]
) -> None:
    within = datetime.now(UTC) + timedelta(days=sum(valid) / 2)
    page = answering(response("200 OK", f"Date: {format_datetime(within, usegmt=True)}"))
    port = serve(page, certified(trusted, "localhost", valid=valid))
    verdict = diagnose(climb(f"https://localhost:{port}/"))
    assert (verdict.cause, verdict.layer, verdict.owner) == ("local.clock", "local", "user")
    assert verdict.runner_up in ("tls.expired", "tls.not_yet_valid")
    assert any(within.astimezone().strftime("%Y-%m-%d") in line for line in verdict.advice)


def test_a_server_whose_clock_agrees_has_expired(trusted: trustme.CA, serve: Serve, climb: Climb) -> None:
    page = answering(response("200 OK", f"Date: {format_datetime(datetime.now(UTC), usegmt=True)}"))
    port = serve(page, certified(trusted, "localhost", valid=(-30, -10)))
    evidence = climb(f"https://localhost:{port}/")
    assert evidence.tls is not None
    assert evidence.tls.skew_s is not None
    assert abs(evidence.tls.skew_s) < 60
    assert diagnose(evidence).cause == "tls.expired"


def test_plain_http_on_a_secure_port(serve: Serve, climb: Climb) -> None:
    port = serve(answering(response("200 OK")))
    evidence = climb(f"https://localhost:{port}/", deadline_s=1.5)
    verdict = diagnose(evidence)
    assert (verdict.cause, verdict.owner) == ("tls.not_tls", "it")
    assert evidence.tls is not None
    assert (evidence.tls.banner, evidence.tls.speaks) == ("HTTP/1.1 200 OK", "http")


def test_a_web_server_that_answers_nonsense_with_400(serve: Serve, climb: Climb) -> None:
    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(response("400 Bad Request"))

    assert diagnose(climb(f"https://localhost:{serve(handle)}/")).cause == "tls.not_tls"


def test_a_greeting_service_on_a_secure_port(serve: Serve, climb: Climb) -> None:
    def handle(connection: socket.socket) -> None:
        connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        connection.recv(4096)

    evidence = climb(f"ldaps://localhost:{serve(handle)}")
    assert evidence.tls is not None
    assert evidence.tls.speaks == "ssh"
    assert diagnose(evidence).cause == "tls.not_tls"


def test_silence_in_the_handshake(silent_port: int, climb: Climb) -> None:
    evidence = climb(f"https://localhost:{silent_port}/", deadline_s=0.6)
    verdict = diagnose(evidence)
    assert (verdict.cause, verdict.layer, verdict.owner) == ("tls.no_answer", "tls", "network")
    assert verdict.confidence == "likely", "with more time it might have answered"


def test_hung_up_in_the_handshake(serve: Serve, climb: Climb) -> None:
    def handle(connection: socket.socket) -> None:
        connection.recv(4096)

    verdict = diagnose(climb(f"https://localhost:{serve(handle)}/"))
    assert (verdict.cause, verdict.owner) == ("tls.closed", "network")


def test_reset_in_the_handshake(serve: Serve, climb: Climb) -> None:
    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        resetting(connection)

    assert diagnose(climb(f"https://localhost:{serve(handle)}/")).cause == "tcp.reset"


LDAP_DONE = bytes.fromhex("300c02010165070a010004000400")


def alert(description: int) -> bytes:
    """A fatal TLS alert as it travels."""
    return bytes([21, 3, 3, 0, 2, 2, description])


@pytest.mark.parametrize(
    ("description", "cause", "runner_up"),
    [
        (70, "tls.no_common_version", None),
        (112, "tls.unknown_host", None),
        (40, "tls.handshake_refused", "tls.client_certificate"),
        (80, "tls.handshake_refused", "tls.client_certificate"),
    ],
)
def test_alerts(serve: Serve, climb: Climb, description: int, cause: str, runner_up: str | None) -> None:
    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(alert(description))
        connection.recv(4096)

    verdict = diagnose(climb(f"https://localhost:{serve(handle)}/"))
    assert (verdict.cause, verdict.runner_up) == (cause, runner_up)


def test_a_real_server_of_another_version(
    trusted: trustme.CA, serve: Serve, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    modern_only = tls.trust_context()
    modern_only.minimum_version = ssl.TLSVersion.TLSv1_3
    monkeypatch.setattr(tls, "trust_context", lambda: modern_only)
    context = certified(trusted, "localhost")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert diagnose(climb(f"https://localhost:{serve(PAGE, context)}/")).cause == "tls.no_common_version"


@pytest.mark.parametrize("scheme", ["https", "ldaps"])
def test_a_client_certificate_is_wanted_after_the_handshake(
    trusted: trustme.CA, serve: Serve, climb: Climb, scheme: str
) -> None:
    context = certified(trusted, "localhost")
    context.verify_mode = ssl.CERT_REQUIRED
    trusted.configure_trust(context)
    verdict = diagnose(climb(f"{scheme}://localhost:{serve(PAGE, context)}/"))
    assert (verdict.cause, verdict.layer, verdict.owner) == ("tls.client_certificate", "tls", "it")


def test_a_client_certificate_wanted_by_an_older_version(
    trusted: trustme.CA, serve: Serve, climb: Climb
) -> None:
    context = certified(trusted, "localhost")
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    trusted.configure_trust(context)
    verdict = diagnose(climb(f"https://localhost:{serve(PAGE, context)}/"))
    assert (verdict.cause, verdict.runner_up) == ("tls.handshake_refused", "tls.client_certificate")


def test_a_service_that_waits_for_the_client_is_well(trusted: trustme.CA, serve: Serve, climb: Climb) -> None:
    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(LDAP_DONE)

    port = serve(handle, certified(trusted, "localhost"))
    assert diagnose(climb(f"ldaps://localhost:{port}")).cause == "ok"


def test_dates_are_judged_by_the_given_clock(tmp_path: Path, trusted: trustme.CA, serve: Serve) -> None:
    port = serve(PAGE, self_signed(tmp_path, "localhost"))
    evidence = examine(
        parse_target(f"https://localhost:{port}/"), now=lambda: datetime.now(UTC) + timedelta(days=400)
    )
    assert faults(evidence) == ["expired", "self_signed"]


def certificate(*, names: list[str], first: datetime, last: datetime, own: bool = False) -> Certificate:
    return Certificate(
        subject="CN=a",
        issuer="CN=a" if own else "CN=b",
        names=names,
        not_before=first,
        not_after=last,
        self_signed=own,
        sha256="",
    )


NOW = datetime(2026, 11, 22, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(10), NOW + timedelta(10)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (certificate(names=["erp"], first=BEFORE, last=BEFORE), [Fault.EXPIRED]),
        (certificate(names=["erp"], first=AFTER, last=AFTER), [Fault.NOT_YET_VALID]),
        (certificate(names=["crm"], first=BEFORE, last=AFTER), [Fault.WRONG_NAME]),
        (certificate(names=["erp"], first=BEFORE, last=AFTER, own=True), [Fault.SELF_SIGNED]),
        (certificate(names=["erp"], first=BEFORE, last=AFTER), [Fault.UNKNOWN_ISSUER]),
        (None, [Fault.UNKNOWN_ISSUER]),
    ],
)
def test_where_codes_mean_something_else_the_certificate_tells(
    shown: Certificate | None, expected: list[Fault]
) -> None:
    """Trust stores of Windows and macOS put their own numbers where OpenSSL's would be."""
    assert tls.judge(shown, "erp", NOW, 62, knows_codes=False) == expected


def test_windows_and_macos_use_their_own_trust_store(monkeypatch: pytest.MonkeyPatch) -> None:
    import truststore

    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    monkeypatch.setattr(truststore, "SSLContext", lambda _protocol: made)
    monkeypatch.setattr("sys.platform", "win32")
    assert tls.trust_context() is made
