"""What is asked beside the climb: controls, portal page, sibling ports and the proxy file."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from reporter.diagnosis.evidence import ControlOutcome, Evidence, PacOutcome, PortalOutcome, TcpOutcome
from reporter.diagnosis.ladder import examine
from reporter.diagnosis.narrative import narrate
from reporter.diagnosis.probes import pac, portal, resolver, siblings
from reporter.diagnosis.surroundings import Surroundings
from reporter.diagnosis.target import parse_target
from reporter.diagnosis.weighing import diagnose
from tests.diagnosis.wire import LoopbackServer, Serve, answering, certified, response

Examine = Callable[..., Evidence]


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Examine:
    """Examines a URL with these surroundings; no proxy, no name server."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "auto_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(resolver, "name_servers", list)

    def examined(url: str, deadline_s: float = 5, **surroundings: object) -> Evidence:
        known = Surroundings(**surroundings)  # type: ignore[arg-type]
        return examine(parse_target(url), surroundings=known, deadline_s=deadline_s)

    return examined


def test_controls_tell_how_far_they_go(
    authority: trustme.CA, serve: Serve, around: Examine, closed_port: int
) -> None:
    good = serve(answering(response("403 Forbidden", "Date: Sun, 22 Nov 2026 09:00:00 GMT")))
    unknown = serve(answering(response("200 OK")), certified(authority, "127.0.0.1"))
    mute = serve(lambda connection: connection.close())
    urls = (
        f"http://127.0.0.1:{good}/",
        f"https://127.0.0.1:{unknown}/",
        f"http://127.0.0.1:{mute}/",
        "http://control..example.org/",
        "http://the-fifth.example.org/",
    )
    evidence = around(f"http://127.0.0.1:{closed_port}/", control_urls=urls)
    outcomes = {control.address: control.outcome for control in evidence.controls}
    assert outcomes == {
        urls[0]: ControlOutcome.ANSWERED,
        urls[1]: ControlOutcome.TLS_FAILED,
        urls[2]: ControlOutcome.NO_ANSWER,
        urls[3]: ControlOutcome.NAME_FAILED,
    }
    first, second = evidence.controls[:2]
    assert (first.status, first.is_internal, first.same_host) == (403, True, True)
    assert first.skew_s is not None
    assert "Example Organisation" in second.issuer
    assert sum(line.startswith("Control") for line in narrate(evidence)) == 4


def test_a_healthy_target_does_not_wait_for_its_controls(
    trusted: trustme.CA, serve: Serve, around: Examine, silent_port: int
) -> None:
    asked, released = threading.Event(), threading.Event()

    def waiting(_connection: object) -> None:
        asked.set()
        released.wait(10)

    slow = LoopbackServer(waiting, None)
    well = serve(answering(response("200 OK")), certified(trusted, "localhost"))
    evidence = around(
        f"https://localhost:{well}/",
        control_urls=(f"http://127.0.0.1:{slow.port}/", f"http://127.0.0.1:{silent_port}/"),
        portal_url=f"http://127.0.0.1:{silent_port}/",
    )
    assert asked.wait(10)
    released.set()
    slow.close()
    assert diagnose(evidence).cause == "ok"
    assert (evidence.controls, evidence.portal) == ([], None)


def test_silent_controls_hold_nothing_beyond_the_deadline(
    around: Examine, closed_port: int, silent_port: int
) -> None:
    evidence = around(
        f"http://127.0.0.1:{closed_port}/", 0.5, control_urls=(f"http://127.0.0.1:{silent_port}/",)
    )
    assert diagnose(evidence).cause == "tcp.refused"
    assert all(control.outcome is ControlOutcome.NO_ANSWER for control in evidence.controls)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (response("204 No Content"), PortalOutcome.EXPECTED),
        (response("200 OK", body="Success\n"), PortalOutcome.EXPECTED),
        (response("200 OK", body="ok"), PortalOutcome.EXPECTED),
        (response("200 OK"), PortalOutcome.EXPECTED),
        (response("200 OK", body="<html>Welcome to the hotel"), PortalOutcome.SIGNS_IN),
        (response("302 Found", "Location: http://hotel.example/?from=secret"), PortalOutcome.SIGNS_IN),
        (response("511 Network Authentication Required"), PortalOutcome.SIGNS_IN),
        (response("503 Service Unavailable"), PortalOutcome.FAILED),
        (response("404 Not Found"), PortalOutcome.FAILED),
        (b"no HTTP at all\r\n\r\n", PortalOutcome.FAILED),
        (b"", PortalOutcome.FAILED),
    ],
)
def test_what_the_portal_page_answers(
    serve: Serve, around: Examine, closed_port: int, answer: bytes, outcome: PortalOutcome
) -> None:
    page = f"http://127.0.0.1:{serve(answering(answer))}/"
    evidence = around(f"https://127.0.0.1:{closed_port}/", portal_url=page)
    assert evidence.portal is not None
    assert evidence.portal.outcome is outcome
    assert "secret" not in str(evidence)
    assert (diagnose(evidence).cause == "portal.sign_in") is (outcome is PortalOutcome.SIGNS_IN)


@given(st.binary(max_size=40))
def test_any_body_is_the_expected_one_or_not(body: bytes) -> None:
    assert portal.is_expected(body) is (body.strip().lower() in (b"", b"ok", b"success"))


def test_other_ports_are_tried_only_in_doubt(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, around: Examine, closed_port: int, silent_port: int
) -> None:
    monkeypatch.setattr(siblings, "ports_beside", lambda _target: [silent_port])
    evidence = around(f"http://127.0.0.1:{closed_port}/")
    assert [(sibling.port, sibling.outcome) for sibling in evidence.siblings] == [
        (silent_port, TcpOutcome.CONNECTED)
    ]
    well = around(f"http://127.0.0.1:{serve(answering(response('200 OK')))}/")
    assert well.siblings == []


def test_a_port_that_is_silent_leaves_the_others_their_time(
    monkeypatch: pytest.MonkeyPatch, deaf_port: int, silent_port: int
) -> None:
    monkeypatch.setattr(siblings, "ports_beside", lambda _target: [deaf_port, silent_port])
    target = parse_target("https://erp.example.org/")
    found = siblings.probe(["127.0.0.1"], target, deadline=time.monotonic() + 0.4)
    assert [sibling.outcome for sibling in found] == [TcpOutcome.TIMED_OUT, TcpOutcome.CONNECTED]


def test_other_ports_are_few_and_fit_the_service() -> None:
    for url, ports in {
        "https://erp.example.org/": [80, 22, 3389],
        "http://erp.example.org/": [443, 22, 3389],
        "tcp://erp.example.org:1541": [1540, 1560, 443],
        "tcp://erp.example.org:5432": [443, 80, 22],
    }.items():
        assert siblings.ports_beside(parse_target(url)) == ports


# The proxy file


@pytest.mark.parametrize(
    ("status", "outcome"), [("200 OK", PacOutcome.NOT_SUPPORTED), ("404 Not Found", PacOutcome.UNAVAILABLE)]
)
def test_the_proxy_file_is_fetched(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, around: Examine, status: str, outcome: PacOutcome
) -> None:
    port = serve(answering(response(status, body="function FindProxyForURL() {}")))
    monkeypatch.setenv("AUTO_PROXY", f"http://anna:geheim@127.0.0.1:{port}/proxy.pac?key=secret")
    evidence = around("https://erp..example.org/")
    assert evidence.pac is not None
    assert evidence.pac.outcome is outcome
    assert evidence.pac.address == f"http://127.0.0.1:{port}/proxy.pac"


@pytest.mark.parametrize(
    ("address", "outcome"),
    [
        ("file:///etc/proxy.pac", PacOutcome.NOT_SUPPORTED),
        (r"\\server\share\proxy.pac", PacOutcome.UNAVAILABLE),
        ("tcp://127.0.0.1:1", PacOutcome.UNAVAILABLE),
        ("nonsense", PacOutcome.UNAVAILABLE),
    ],
)
def test_addresses_of_proxy_files_that_are_not_fetched(
    monkeypatch: pytest.MonkeyPatch, around: Examine, address: str, outcome: PacOutcome
) -> None:
    monkeypatch.setenv("auto_proxy", address)
    evidence = around("https://erp..example.org/")
    assert evidence.pac is not None
    assert evidence.pac.outcome is outcome


def test_an_explicit_proxy_is_used_without_the_file(
    monkeypatch: pytest.MonkeyPatch, around: Examine, closed_port: int
) -> None:
    monkeypatch.setenv("AUTO_PROXY", f"http://127.0.0.1:{closed_port}/proxy.pac")
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port}")
    evidence = around("https://erp.example.org/")
    assert evidence.pac is None
    assert diagnose(evidence).cause == "proxy.unreachable"


def test_the_proxy_file_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    class Key:
        def __enter__(self) -> Key:
            return self

        def __exit__(self, *_error: object) -> None:
            pass

    def query(_key: Key, name: str) -> tuple[str, int]:
        assert name == "AutoConfigURL"
        return "http://wpad/proxy.pac", 1

    registry = SimpleNamespace(HKEY_CURRENT_USER=1, OpenKey=lambda _root, _path: Key(), QueryValueEx=query)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "winreg", registry)
    assert pac.configured(parse_target("https://erp.example.org/")) == "http://wpad/proxy.pac"
    assert pac.configured(parse_target("tcp://erp.example.org:22")) == ""


def test_the_proxy_file_of_macos() -> None:
    listing = """<dictionary> {
  ProxyAutoConfigEnable : 1
  ProxyAutoConfigURLString : http://wpad/proxy.pac
}"""
    assert pac.mac_address(listing) == "http://wpad/proxy.pac"
    assert pac.mac_address(listing.replace(": 1", ": 0")) == ""


@given(st.text())
def test_any_listing_of_macos_is_read(listing: str) -> None:
    assert isinstance(pac.mac_address(listing), str)
