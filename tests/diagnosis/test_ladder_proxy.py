"""The way through a proxy: its faults are its own, and those of the server behind it are the server's."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from reporter.diagnosis.evidence import Evidence, ProxyOutcome
from reporter.diagnosis.ladder import examine
from reporter.diagnosis.narrative import narrate
from reporter.diagnosis.probes import resolver
from reporter.diagnosis.probes.proxy import schemes
from reporter.diagnosis.target import parse_target
from reporter.diagnosis.weighing import diagnose
from tests.diagnosis.proxies import Handler, ProxyServer, saying, silent, tunnel_to
from tests.diagnosis.wire import Serve, answering, certified, response

Behind = Callable[..., Evidence]
StartProxy = Callable[..., ProxyServer]


@pytest.fixture
def proxy() -> Iterator[StartProxy]:
    servers: list[ProxyServer] = []

    def start(handler: Handler, context: ssl.SSLContext | None = None) -> ProxyServer:
        servers.append(ProxyServer(handler, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Behind:
    """Examines a URL on a computer with this proxy, which is given as a port or an address."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "auto_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(resolver, "name_servers", list)

    def examined(at: int | str, url: str = "https://erp.example.org/", deadline_s: float = 5) -> Evidence:
        address = f"http://127.0.0.1:{at}" if isinstance(at, int) else at
        monkeypatch.setenv("https_proxy", address)
        monkeypatch.setenv("http_proxy", address)
        return examine(parse_target(url), deadline_s=deadline_s)

    return examined


def test_a_server_behind_a_proxy_is_well(
    trusted: trustme.CA, serve: Serve, proxy: StartProxy, behind: Behind
) -> None:
    origin = serve(answering(response("200 OK")), certified(trusted, "erp.example.org"))
    through = proxy(tunnel_to(origin))
    evidence = behind(through.port)
    assert evidence.proxy is not None
    assert evidence.proxy.outcome is ProxyOutcome.TUNNEL
    assert evidence.proxy.source == "environment"
    assert (evidence.dns, evidence.tcp) == (None, None), "the direct way is not climbed"
    assert diagnose(evidence).cause == "ok"
    assert any("opened a way to the target" in line for line in narrate(evidence))


def test_a_fault_of_the_server_behind_the_proxy_is_the_servers(
    trusted: trustme.CA, serve: Serve, proxy: StartProxy, behind: Behind
) -> None:
    expired = certified(trusted, "erp.example.org", valid=(-30, -1))
    through = proxy(tunnel_to(serve(answering(response("200 OK")), expired)))
    verdict = diagnose(behind(through.port))
    assert (verdict.cause, verdict.owner, verdict.confidence) == ("tls.expired", "server", "certain")


def test_plain_pages_are_relayed(serve: Serve, proxy: StartProxy, behind: Behind) -> None:
    through = proxy(tunnel_to(serve(answering(response("503 Service Unavailable")))))
    evidence = behind(through.port, "http://erp.example.org:8080/base")
    [head] = through.heads
    assert head.startswith(b"GET http://erp.example.org:8080/base HTTP/1.1\r\n")
    assert evidence.proxy is not None
    assert evidence.proxy.outcome is ProxyOutcome.RELAYED
    assert diagnose(evidence).cause == "http.unavailable"


def test_a_name_in_other_letters_travels_as_dns_knows_it(proxy: StartProxy, behind: Behind) -> None:
    through = proxy(saying(b"HTTP/1.1 403 Forbidden\r\n\r\n"))
    behind(through.port, "https://bücher.example/")
    assert through.heads[0].startswith(b"CONNECT xn--bcher-kva.example:443 HTTP/1.1\r\n")


def test_a_name_that_no_server_can_have_is_no_fault_of_the_proxy(proxy: StartProxy, behind: Behind) -> None:
    through = proxy(silent)
    assert diagnose(behind(through.port, "https://erp..example.org/")).cause == "dns.bad_name"
    assert through.heads == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            b"HTTP/1.1 407 P\r\nProxy-Authenticate: Basic realm=x\r\n\r\n",
            ("auth_required", "user", "certain"),
        ),
        (b"HTTP/1.1 407 P\r\nProxy-Authenticate: Negotiate\r\n\r\n", ("auth_required", "user", "likely")),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", ("denied", "it", "certain")),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", ("bad_gateway", "network", "certain")),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", ("bad_gateway", "network", "certain")),
        (b"HTTP/1.1 504 Gateway Timeout\r\n\r\n", ("bad_gateway", "network", "certain")),
        (b"", ("no_answer", "network", "certain")),
        (b"\x15\x03\x01\x00\x02\x02\x46", ("wrong_scheme", "it", "certain")),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ("wrong_scheme", "it", "likely")),
        (b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n", ("wrong_scheme", "it", "likely")),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000, ("wrong_scheme", "it", "likely")),
        (b"HTTP/1.1 200 " + b"x" * 1_000_000, ("wrong_scheme", "it", "likely")),
        (b"HTTP/1.1 999999999999999 \r\n\r\n", ("wrong_scheme", "it", "likely")),
    ],
)
def test_what_a_proxy_answers(
    proxy: StartProxy, behind: Behind, answer: bytes, expected: tuple[str, str, str]
) -> None:
    evidence = behind(proxy(saying(answer)).port)
    verdict = diagnose(evidence)
    assert verdict.layer == "proxy"
    assert (verdict.cause.removeprefix("proxy."), verdict.owner, verdict.confidence) == expected
    assert narrate(evidence)


def test_a_password_in_the_proxys_address_is_never_sent(proxy: StartProxy, behind: Behind) -> None:
    asking = proxy(saying(b'HTTP/1.1 407 P\r\nProxy-Authenticate: Basic realm="a, b", NTLM\r\n\r\n'))
    evidence = behind(f"http://anna:geheim@127.0.0.1:{asking.port}")
    assert b"geheim" not in b"".join(asking.heads)
    assert b"uthorization" not in b"".join(asking.heads)
    assert "geheim" not in str(evidence)
    assert evidence.proxy is not None
    assert evidence.proxy.authenticate == ["Basic", "NTLM"]
    assert diagnose(evidence).confidence == "likely", "programs do send it"


@pytest.mark.parametrize(
    ("headers", "status", "cause"),
    [
        ("Server: tinyproxy/1.11.0", "403 Filtered", "proxy.denied"),
        ("Server: tinyproxy/1.11.1", "500 Unable to connect", "proxy.bad_gateway"),
        ("X-Squid-Error: ERR_ACCESS_DENIED 0", "403 Forbidden", "proxy.denied"),
        ("Proxy-Status: gw; error=connection_timeout", "503 Service Unavailable", "proxy.bad_gateway"),
        ("Proxy-Authenticate: Basic", "407 Proxy Authentication Required", "proxy.auth_required"),
        ("X: y", "502 Bad Gateway", "proxy.bad_gateway"),
        ("X: y", "403 Forbidden", "http.forbidden"),
        ("X: y", "503 Service Unavailable", "http.unavailable"),
    ],
)
def test_of_a_relayed_answer_the_proxys_own_is_told_by_its_mark(
    proxy: StartProxy, behind: Behind, headers: str, status: str, cause: str
) -> None:
    evidence = behind(proxy(saying(response(status, headers))).port, "http://erp.example.org/")
    assert diagnose(evidence).cause == cause


def test_a_silent_proxy_is_told_from_a_silent_server(proxy: StartProxy, behind: Behind) -> None:
    def waiting_for_the_server(connection: socket.socket, head: bytes) -> None:
        if head.startswith(b"OPTIONS"):
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        else:
            silent(connection, head)

    verdict = diagnose(behind(proxy(silent).port, deadline_s=1))
    assert (verdict.cause, verdict.owner) == ("proxy.no_answer", "network")
    verdict = diagnose(behind(proxy(waiting_for_the_server).port, deadline_s=1))
    assert (verdict.cause, verdict.runner_up) == ("proxy.bad_gateway", "proxy.no_answer")
    verdict = diagnose(behind(proxy(silent).port, "http://erp.example.org/", deadline_s=1))
    assert verdict.cause == "proxy.no_answer"
    relayed = proxy(waiting_for_the_server)
    assert diagnose(behind(relayed.port, "http://erp.example.org/", deadline_s=1)).cause == "http.no_answer"


def test_an_answer_that_drips_is_left_in_time(proxy: StartProxy, behind: Behind) -> None:
    def dripping(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        connection.settimeout(0.05)
        while True:
            connection.sendall(b"y")
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue

    evidence = behind(proxy(dripping).port, deadline_s=1)
    assert diagnose(evidence).cause == "proxy.no_answer"


def test_a_proxy_that_is_not_there(behind: Behind, closed_port: int) -> None:
    for url in ("https://erp.example.org/", "http://erp.example.org/"):
        evidence = behind(closed_port, url)
        assert evidence.proxy is not None
        assert evidence.proxy.errno == 111
        verdict = diagnose(evidence)
        assert (verdict.cause, verdict.owner) == ("proxy.unreachable", "network")


@pytest.mark.parametrize(("code", "cause"), [(-2, "proxy.unknown_name"), (-3, "dns.no_answer")])
def test_a_proxy_whose_name_is_not_found(
    monkeypatch: pytest.MonkeyPatch, behind: Behind, code: int, cause: str
) -> None:
    def getaddrinfo(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(code, "")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    evidence = behind("http://proxy.example.org:3128")
    assert evidence.proxy is not None
    assert evidence.proxy.outcome is ProxyOutcome.UNKNOWN_NAME
    assert diagnose(evidence).cause == cause


def test_https_given_for_a_plain_proxy(proxy: StartProxy, serve: Serve, behind: Behind) -> None:
    bad_request = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    # one answers the TLS greeting at once, one waits for the end of its line
    ports = (serve(lambda connection: connection.sendall(bad_request)), proxy(saying(bad_request)).port)
    for port in ports:
        verdict = diagnose(behind(f"https://127.0.0.1:{port}", deadline_s=1))
        assert (verdict.cause, verdict.owner) == ("proxy.wrong_scheme", "it")


def test_a_proxy_that_is_itself_reached_by_tls(
    trusted: trustme.CA, serve: Serve, proxy: StartProxy, behind: Behind
) -> None:
    origin = serve(answering(response("200 OK")), certified(trusted, "erp.example.org"))
    through = proxy(tunnel_to(origin), certified(trusted, "127.0.0.1"))
    evidence = behind(f"https://127.0.0.1:{through.port}")
    assert evidence.proxy is not None
    assert evidence.proxy.outcome is ProxyOutcome.TUNNEL
    assert diagnose(evidence).cause == "ok"


def test_after_a_redirect_each_scheme_goes_its_own_way(
    trusted: trustme.CA, serve: Serve, proxy: StartProxy, behind: Behind
) -> None:
    secured = serve(answering(response("200 OK")), certified(trusted, "erp.example.org"))
    leading = serve(answering(response("302 Found", "Location: https://erp.example.org/login")))

    def both(connection: socket.socket, head: bytes) -> None:
        tunnel_to(secured if head.startswith(b"CONNECT") else leading)(connection, head)

    evidence = behind(proxy(both).port, "http://erp.example.org/")
    assert [redirect.followed for redirect in evidence.redirects] == [True]
    assert evidence.proxy is not None
    assert evidence.proxy.outcome is ProxyOutcome.TUNNEL
    assert diagnose(evidence).cause == "ok"


def test_a_proxy_that_cannot_be_asked_leaves_doubt(behind: Behind) -> None:
    evidence = behind("socks5://127.0.0.1:1080", "https://erp..example.org/")
    assert evidence.proxy is None
    assert diagnose(evidence).confidence == "possible"


@pytest.mark.parametrize("address", ["http://proxy:port", "http://", "//", "ftp://proxy:21", "http://[::1"])
def test_an_address_that_is_none(behind: Behind, address: str) -> None:
    verdict = diagnose(behind(address))
    assert (verdict.cause, verdict.owner) == ("proxy.wrong_scheme", "it")


@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_challenge_is_read(challenges: list[str]) -> None:
    for scheme in schemes(tuple(challenges)):
        assert re.fullmatch("[A-Za-z0-9-]+", scheme)


@pytest.mark.parametrize(
    ("challenges", "expected"),
    [
        ((), []),
        (("Negotiate", "NTLM"), ["Negotiate", "NTLM"]),
        (('Digest realm="a, Basic b", nonce=xyz, Basic realm=x',), ["Digest", "Basic"]),
        (("Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+g==",), ["Negotiate"]),
        (("Basic, Basic",), ["Basic"]),
        (("=,,;", "a b c, \x00"), ["a"]),
    ],
)
def test_schemes_that_are_offered(challenges: tuple[str, ...], expected: list[str]) -> None:
    assert schemes(challenges) == expected
