"""What this computer signs in with: where it is found, what is wrong with it, and that it is never told."""

from __future__ import annotations

import io
import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import msgspec
import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from rich.console import Console

from reporter.delivery import access
from reporter.delivery.access import Access, CredentialsError, find
from reporter.delivery.destination import Kind, open_destination
from reporter.delivery.envelope import Envelope
from reporter.delivery.native import NativeDestination
from reporter.delivery.postman import PAUSE_S, Postman
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.delivery.transport import Transport
from reporter.report.bundle import pack
from tests.delivery.envelopes import enveloped
from tests.delivery.mail_relays import post_office

Enqueue = Callable[..., Envelope]

REFERENCE = "7K3D-9QX2M"
SECRET = "hunter2-Пароль"
HOST = "support.example.org"

posix = pytest.mark.skipif(sys.platform == "win32", reason="files have modes and owners")
on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the trust store is set by variables"
)


class Keyring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.secrets: dict[tuple[str, str], str] = {}
        self.fault: Exception | None = None
        self.hold: threading.Event | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.hold is not None:
            self.hold.wait(60)
        if self.fault is not None:
            raise self.fault
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.secrets[service, username]


@pytest.fixture(autouse=True)
def ring() -> Iterator[Keyring]:
    before = keyring.get_keyring()
    ring = Keyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def credentials(tmp_path: Path) -> Callable[[str | bytes], str]:
    """Writes a credentials file that only its owner can read; its name."""

    def write(content: str | bytes) -> str:
        path = tmp_path / "credentials.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o600)
        return str(path)

    return write


# The keyring


def test_a_user_name_and_a_password_of_the_keyring(ring: Keyring) -> None:
    keyring.set_password("reporter-agent", HOST, f"anna:{SECRET}:with:colons")
    assert find(HOST) == Access(user="anna", password=f"{SECRET}:with:colons")


def test_a_token_of_the_keyring_without_the_line_end_that_came_with_it(ring: Keyring) -> None:
    keyring.set_password("reporter-agent", HOST, "t0ken\n")
    assert find(HOST) == Access(token="t0ken")


def test_the_keyring_goes_before_the_file(ring: Keyring, credentials: Callable[[str | bytes], str]) -> None:
    name = credentials(f'["{HOST}"]\ntoken = "of the file"\n["other.example.org"]\ntoken = "other"\n')
    keyring.set_password("reporter-agent", HOST, "ofthering")
    assert find(HOST, credentials_file=name).token == "ofthering"
    assert find("other.example.org", credentials_file=name).token == "other"


@pytest.mark.parametrize(
    "fault", [keyring.errors.KeyringLocked("locked"), keyring.errors.NoKeyringError(), RuntimeError("x")]
)
def test_a_keyring_that_cannot_be_asked_is_none(
    ring: Keyring, credentials: Callable[[str | bytes], str], fault: Exception
) -> None:
    ring.fault = fault
    assert find(HOST, credentials_file=credentials(f'["{HOST}"]\ntoken = "t"')).token == "t"


def test_a_keyring_that_waits_for_a_person_is_not_waited_for(
    ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "KEYRING_LIMIT_S", 0.1)
    ring.hold = threading.Event()
    keyring.set_password("reporter-agent", HOST, "t0ken")
    assert find(HOST) == Access()
    ring.hold.set()


def test_without_keyring_the_file_is_enough(
    monkeypatch: pytest.MonkeyPatch, credentials: Callable[[str | bytes], str]
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert find(HOST, credentials_file=credentials(f'["{HOST}"]\ntoken = "t"')).token == "t"


def test_nothing_known_is_nothing_shown() -> None:
    assert find(HOST) == Access()


# The file


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("support.example.org", Access(token="plain")),
        ("support.example.org:8443", Access(user="anna", password=SECRET)),
        ("support.example.org:9000", Access()),
        ("MIXED.example.org".lower(), Access(token="mixed")),
        ("", Access()),
    ],
)
def test_entries_are_found_by_host_and_port(
    credentials: Callable[[str | bytes], str], host: str, expected: Access
) -> None:
    name = credentials(
        f'["support.example.org"]\ntoken = "plain"\n'
        f'["support.example.org:8443"]\nuser = "anna"\npassword = "{SECRET}"\n'
        '["Mixed.Example.org"]\ntoken = "mixed"\n'
    )
    assert find(host, credentials_file=name) == expected


def test_the_client_certificate_comes_from_the_settings(credentials: Callable[[str | bytes], str]) -> None:
    name = credentials(f'["{HOST}"]\ntoken = "t"')
    found = find(HOST, credentials_file=name, certificate="/a.pem", key="/k.pem")
    assert found == Access(token="t", certificate="/a.pem", key="/k.pem")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (f"password = {SECRET}", "is not TOML in UTF-8"),
        (SECRET.encode("cp1251"), "is not TOML in UTF-8"),
        (b"\xff\xfe" + SECRET.encode("utf-16-le"), "is not TOML in UTF-8"),
        ("x = " + "[" * 100_000, "is not TOML in UTF-8"),
        (f'["{HOST}"]\ntoken = "t"\n#' + "x" * 300_000, "is larger than 256 KiB"),
        (f'["{HOST}"]\ntoken = 17', "must hold user and password, or token, each as text"),
        (f'"{HOST}" = "{SECRET}"', "must hold user and password, or token, each as text"),
        (f'["{HOST}"]\npasword = "{SECRET}"\nuser = "a"', "must hold user and password, or token"),
        (f'["{HOST}"]\nuser = "anna"', "must hold user and password, or token, and not both"),
        (f'["{HOST}"]\npassword = "{SECRET}"', "must hold user and password, or token, and not both"),
        (f'["{HOST}"]\nuser = "a"\npassword = "{SECRET}"\ntoken = "t"', "and not both"),
        (f'["{HOST}"]\ntoken = "{SECRET}"', "holds characters that cannot be sent"),
        (f'["{HOST}"]\ntoken = "a\\r\\nX-Evil: b"', "holds characters that cannot be sent"),
        (f'["{HOST}"]\nuser = "a"\npassword = "{SECRET}\\u0000"', "holds characters that cannot be sent"),
    ],
    ids=range(14),
)
def test_a_file_that_cannot_be_used_is_said_without_what_it_holds(
    credentials: Callable[[str | bytes], str], content: str | bytes, sentence: str
) -> None:
    name = credentials(content)
    with pytest.raises(CredentialsError) as caught:
        find(HOST, credentials_file=name)
    said = str(caught.value)
    assert sentence in said
    assert name in said
    assert "hunter2" not in said
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o601])
def test_a_file_that_others_may_use_is_not_used(credentials: Callable[[str | bytes], str], mode: int) -> None:
    name = credentials(f'["{HOST}"]\ntoken = "t"')
    Path(name).chmod(mode)
    with pytest.raises(CredentialsError, match="can be read by others, so it is not used"):
        find(HOST, credentials_file=name)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="gives a file away")
def test_a_file_of_somebody_else_is_not_used(credentials: Callable[[str | bytes], str]) -> None:
    name = credentials(f'["{HOST}"]\ntoken = "t"')
    os.chown(name, 12_345, -1)
    with pytest.raises(CredentialsError, match="Let it belong to this user"):
        find(HOST, credentials_file=name)


@posix
def test_a_link_is_judged_by_what_it_leads_to(
    credentials: Callable[[str | bytes], str], tmp_path: Path
) -> None:
    name = credentials(f'["{HOST}"]\ntoken = "t"')
    link = tmp_path / "link.toml"
    link.symlink_to(name)
    assert find(HOST, credentials_file=str(link)).token == "t"
    Path(name).chmod(0o644)
    with pytest.raises(CredentialsError, match="can be read by others"):
        find(HOST, credentials_file=str(link))
    Path(name).unlink()
    with pytest.raises(CredentialsError, match="could not be read: No such file"):
        find(HOST, credentials_file=str(link))


@posix
def test_what_is_no_file_is_said_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("pipe", "."):
        with pytest.raises(CredentialsError, match="is not a file; correct its name"):
            find(HOST, credentials_file=str(tmp_path / name))


@pytest.mark.parametrize("name", ["/no/such/file.toml", "~nobody-of-that-name/x.toml", "a\0b"])
def test_a_name_that_leads_nowhere_is_said(name: str) -> None:
    with pytest.raises(CredentialsError, match=r"^The credentials file \S+ .*\.$"):
        find(HOST, credentials_file=name)


# A destination that IT has to mend first


def test_credentials_that_cannot_be_used_pause_the_destination_until_they_are_mended(
    enqueue: Enqueue,
    spool: Spool,
    clock: Any,
    credentials: Callable[[str | bytes], str],
) -> None:
    enqueue()
    with post_office() as (office, port):
        name = credentials(f'["127.0.0.1:{port}"]\npasword = "{SECRET}"\n')
        address = f"smtp://127.0.0.1:{port}/help@example.org"

        def postman() -> Postman:
            destination = open_destination(address, pack=pack, credentials_file=name)
            return Postman(spool, [destination], now=clock, random=lambda: 0.5)

        receipt = postman().deliver(REFERENCE)
        assert receipt.state is State.QUEUED
        assert "The entry of 127.0.0.1:" in receipt.reason
        assert "hunter2" not in receipt.reason
        [pause] = spool.standing.pauses()
        assert (pause.destination, pause.reason) == (address, receipt.reason)
        assert postman().flush() == []
        assert office.raw == []
        credentials("")
        clock.advance(seconds=2 * PAUSE_S)
        assert [receipt.state for receipt in postman().flush()] == [State.ACCEPTED]
        assert spool.standing.pauses() == ()


@pytest.mark.parametrize("address", ["http://{host}/r", "onec+http://{host}/r", "HTTP://{host}?x=/"])
def test_credentials_are_not_sent_without_tls(enqueue: Enqueue, ring: Keyring, address: str) -> None:
    for host in ("localhost.example.org", "127.0.0.1.example.org", "10.0.0.1:8080"):
        keyring.set_password("reporter-agent", host, "t0ken-hunter2")
        outcome = open_destination(address.format(host=host), pack=pack).deliver(enqueue())
        assert (outcome.kind, outcome.reason) == (
            Kind.PAUSED,
            f"Credentials are kept for {host}, and they are only sent over TLS. "
            "Let its address begin with https.",
        )


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
def test_on_this_computer_they_may(ring: Keyring, host: str) -> None:
    keyring.set_password("reporter-agent", host, "t0ken")
    assert isinstance(open_destination(f"http://{host}/", pack=pack), NativeDestination)


# Certificates


@pytest.fixture
def picky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[trustme.CA, ssl.SSLContext]:
    """An authority that this computer trusts, and a server that wants a certificate of it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    return authority, context


CONFIRMATION = b'{"reference": "7K3D-9QX2M", "state": "accepted"}'
ANSWER = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(CONFIRMATION),
    CONFIRMATION,
)


@on_linux
def test_a_server_that_wants_a_client_certificate_gets_it(
    picky: tuple[trustme.CA, ssl.SSLContext], raw_server: Any, enqueue: Enqueue, tmp_path: Path
) -> None:
    authority, context = picky
    client = authority.issue_cert("agent@example.org")
    together, alone, key = tmp_path / "both.pem", tmp_path / "cert.pem", tmp_path / "key.pem"
    client.private_key_and_cert_chain_pem.write_to_path(str(together))
    alone.write_bytes(b"".join(blob.bytes() for blob in client.cert_chain_pems))
    client.private_key_pem.write_to_path(str(key))
    for certificate, its_key in ((together, ""), (alone, str(key))):
        server = raw_server(answer=ANSWER, context=context)
        shown = Access(certificate=str(certificate), key=its_key)
        url = f"https://127.0.0.1:{server.port}/"
        assert NativeDestination(url, Transport(shown)).deliver(enqueue()).kind is Kind.ACCEPTED


@on_linux
def test_without_it_nothing_is_delivered(
    picky: tuple[trustme.CA, ssl.SSLContext], raw_server: Any, enqueue: Enqueue, tmp_path: Path
) -> None:
    _, context = picky
    stranger = tmp_path / "stranger.pem"
    trustme.CA().issue_cert("x@example.org").private_key_and_cert_chain_pem.write_to_path(str(stranger))
    for shown in (Access(), Access(certificate=str(stranger))):
        server = raw_server(answer=ANSWER, context=context)
        url = f"https://127.0.0.1:{server.port}/"
        assert NativeDestination(url, Transport(shown)).deliver(enqueue()).kind is Kind.POSTPONED
        assert server.requests in ([], [b""])


@pytest.mark.parametrize("content", [None, b"", b"no PEM"])
def test_a_certificate_that_cannot_be_used_pauses_until_somebody_mends_it(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "client.pem"
    if content is not None:
        file.write_bytes(content)
    for address in ("https://a.example/x", "onec+https://a.example/x", "sentry+https://key@a.example/1"):
        there = open_destination(address, pack=lambda envelope: b"", certificate=str(file))
        outcome = there.deliver(enveloped(b"{}"))
        assert outcome.kind is Kind.PAUSED
        assert "client_certificate" in outcome.reason
        assert "key@" not in there.name


LOCKED_OUT = """
import ssl, sys
from reporter.delivery.access import Access
try:
    Access(certificate=sys.argv[1]).show_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
except OSError:
    print("not usable")
"""


@posix
def test_a_key_behind_a_password_is_said_and_nobody_is_asked(tmp_path: Path) -> None:
    """OpenSSL would ask at the terminal, which here is one that nobody answers at."""
    import pty

    client = trustme.CA().issue_cert("agent@example.org")
    key = serialization.load_pem_private_key(client.private_key_pem.bytes(), None)
    path = tmp_path / "locked.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"s3cret"),
        )
        + client.cert_chain_pems[0].bytes()
    )
    master, slave = pty.openpty()
    try:
        run = subprocess.run(
            [sys.executable, "-c", LOCKED_OUT, str(path)],
            stdin=slave,
            capture_output=True,
            start_new_session=True,
            timeout=60,
            check=True,
        )
    finally:
        os.close(master)
        os.close(slave)
    assert run.stdout.strip() == b"not usable"


# Never told


def test_nothing_that_shows_an_access_shows_its_secrets() -> None:
    shown = Access(user="anna", password=SECRET, token="t0ken-hunter2")
    console = Console(file=io.StringIO(), width=200)
    try:
        secret_holder = shown  # noqa: F841 - to stand in the traceback
        raise ValueError("x")
    except ValueError:
        console.print_exception(show_locals=True)
    console.print(shown)
    file = console.file
    assert isinstance(file, io.StringIO)
    told = [repr(shown), str(shown), f"{shown}", f"{[shown]}", file.getvalue()]
    assert all("hunter2" not in text and "anna" not in text for text in told)
    assert "signs_in" in file.getvalue()


@on_linux
def test_secrets_go_to_their_server_and_nowhere_else(
    enqueue: Enqueue,
    spool: Spool,
    clock: Any,
    *,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    ring: Keyring,
    raw_server: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through the kinds of destination that sign in, with servers that refuse and repeat what they heard."""
    caplog.set_level(logging.DEBUG)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    def parrot(connection: socket.socket, request: bytes) -> None:
        body = b"denied: " + request.partition(b"\r\n\r\n")[0]
        connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    enqueue()
    servers = [raw_server(behave=parrot, context=tls) for _ in range(2)]
    with post_office(tls=tls, signs_in=True) as (office, port):
        office.answers["AUTH"] = ["535 5.7.8 hunter2-pass is wrong"]
        addresses = [
            f"https://127.0.0.1:{servers[0].port}/reports",
            f"onec+https://127.0.0.1:{servers[1].port}/errors",
            f"smtp://127.0.0.1:{port}/help@example.org",
        ]
        for number in (servers[0].port, servers[1].port, port):
            keyring.set_password("reporter-agent", f"127.0.0.1:{number}", "annahunter2:hunter2-pass")
        destinations = [open_destination(address, pack=pack) for address in addresses]
        receipt = Postman(spool, destinations, now=clock, random=lambda: 0.5).deliver(REFERENCE)
    assert receipt.state is State.QUEUED
    assert office.signed_in == [(b"annahunter2", b"hunter2-pass")]
    assert all(b"Authorization: Basic " in server.requests[0] for server in servers)
    kept = spool.list()
    # The relay's own words are not ours.
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    out, err = capfd.readouterr()
    history = msgspec.json.encode(kept).decode() + repr(spool.standing.pauses())
    assert [row.outcome for row in kept[0].history] == ["paused"] * 3
    for text in (history, repr(receipt), logged, out, err, *(repr(vars(d)) for d in destinations)):
        assert "hunter2" not in text
        assert "YW5uYWh1bnRlcjI6aHVudGVyMi1wYXNz" not in text  # in base64
