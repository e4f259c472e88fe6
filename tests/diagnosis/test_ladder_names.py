"""The first rungs: this computer and the name."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable

import pytest

from reporter.diagnosis.evidence import DnsOutcome, Family
from reporter.diagnosis.ladder import StageProgress, examine
from reporter.diagnosis.probes import local, proxy
from reporter.diagnosis.target import parse_target
from reporter.diagnosis.weighing import diagnose
from tests.diagnosis.wire import Climb

Stub = Callable[[object], None]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Replaces the system's resolver by one that raises, or gives addresses."""

    def answer(with_: object) -> None:
        def getaddrinfo(_host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
            if isinstance(with_, Exception):
                raise with_
            assert isinstance(with_, list)
            return [(0, 0, 0, "", (address, port)) for address in with_]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return answer


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (-2, "dns.not_found"),
        (-5, "dns.not_found"),
        (11001, "dns.not_found"),
        (11004, "dns.not_found"),
        (8, "dns.not_found"),
        (-3, "dns.no_answer"),
        (11002, "dns.no_answer"),
        (-11, "unknown"),
    ],
)
def test_what_the_resolver_says(resolver: Stub, climb: Climb, code: int, cause: str) -> None:
    resolver(socket.gaierror(code, "the message does not count"))
    evidence = climb("https://erp.example.org/")
    assert evidence.dns is not None
    assert evidence.dns.gai_code == code
    assert evidence.tcp is None
    assert diagnose(evidence).cause == cause


def test_a_name_that_is_really_unknown(climb: Climb) -> None:
    # ".invalid" never exists (RFC 6761); without any name server the answer is another one
    assert diagnose(climb("https://erp.invalid/")).layer in ("dns", "local")


@pytest.mark.parametrize("host", ["erp..example.org", "a" * 64 + ".example.org"])
def test_names_that_no_server_can_have(climb: Climb, host: str) -> None:
    evidence = climb(f"https://{host}/")
    verdict = diagnose(evidence)
    assert verdict.cause == "dns.bad_name"
    assert evidence.dns is not None
    assert evidence.dns.name_fault


def test_a_strange_name_that_the_resolver_knows_is_fine(
    resolver: Stub, climb: Climb, closed_port: int
) -> None:
    resolver(["127.0.0.1"])
    evidence = climb(f"tcp://erp!x:{closed_port}")
    assert evidence.dns is not None
    assert evidence.dns.outcome is DnsOutcome.RESOLVED
    assert diagnose(evidence).cause == "tcp.refused"


def test_a_silent_name_server_holds_nothing(monkeypatch: pytest.MonkeyPatch, climb: Climb) -> None:
    released, asked = threading.Event(), threading.Event()
    looking_up: list[threading.Thread] = []

    def getaddrinfo(*_arguments: object, **_options: object) -> list[object]:
        looking_up.append(threading.current_thread())
        asked.set()
        released.wait(60)
        return []

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        evidence = climb("https://erp.example.org/", deadline_s=0.5)
    assert asked.is_set()
    [thread] = looking_up
    assert thread.is_alive()
    assert thread.daemon, "the process must be able to end"
    assert evidence.dns is not None
    assert evidence.dns.abandoned
    assert evidence.dns.elapsed_ms > 0
    assert evidence.deadline_reached
    verdict = diagnose(evidence)
    assert (verdict.cause, verdict.layer, verdict.owner) == ("dns.no_answer", "dns", "network")
    released.set()
    thread.join(10)


def test_an_address_asks_nobody(monkeypatch: pytest.MonkeyPatch, climb: Climb, closed_port: int) -> None:
    evidence = climb(f"tcp://127.0.0.1:{closed_port}")
    assert evidence.dns is not None
    assert evidence.dns.outcome is DnsOutcome.LITERAL


def test_progress_is_told_step_by_step(closed_port: int) -> None:
    steps: list[StageProgress] = []
    examine(parse_target(f"https://127.0.0.1:{closed_port}/"), observer=steps.append)
    assert [(step.stage, step.state) for step in steps] == [
        ("local", "started"),
        ("local", "done"),
        ("dns", "started"),
        ("dns", "done"),
        ("tcp", "started"),
        ("tcp", "done"),
    ]
    assert [step.result for step in steps[2:]] == [
        "",
        "→ 127.0.0.1",
        "",
        f"port {closed_port} refused",
    ]


def test_a_display_that_breaks_breaks_nothing(closed_port: int) -> None:
    def broken(_progress: StageProgress) -> None:
        raise RuntimeError

    evidence = examine(parse_target(f"tcp://127.0.0.1:{closed_port}"), observer=broken)
    assert evidence.tcp is not None


def test_a_probe_that_breaks_leaves_a_gap(
    monkeypatch: pytest.MonkeyPatch, climb: Climb, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_target: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(local, "probe", broken)
    evidence = climb("https://erp..example.org/")
    assert evidence.local is None
    assert evidence.dns is not None
    assert "local probe broke" in caplog.text


def test_without_time_nothing_is_measured(climb: Climb) -> None:
    evidence = climb("https://erp.example.org/", deadline_s=0)
    assert evidence.deadline_reached
    assert (evidence.local, evidence.dns, evidence.tcp) == (None, None, None)
    assert diagnose(evidence).cause == "unknown"


class NoWay(socket.socket):
    """A socket on a computer without a route."""

    def connect_ex(self, _address: object, /) -> int:
        return errno.ENETUNREACH


@pytest.mark.parametrize(("has_address", "cause"), [(False, "local.no_network"), (True, "dns.no_answer")])
def test_without_a_way_out(
    monkeypatch: pytest.MonkeyPatch, resolver: Stub, climb: Climb, has_address: bool, cause: str
) -> None:
    monkeypatch.setattr(socket, "socket", NoWay)
    monkeypatch.setattr(local, "_has_usable_address", lambda: has_address)
    resolver(socket.gaierror(-3, ""))
    evidence = climb("https://erp.example.org/")
    assert evidence.local is not None
    assert [(route.family, route.is_open) for route in evidence.local.routes] == [
        (Family.IPV4, False),
        (Family.IPV6, False),
    ]
    assert diagnose(evidence).cause == cause


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.168.1.20", True),
        ("2001:db8::20", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("169.254.10.1", False),
        ("fe80::1%eth0", False),
        ("00:11:22:33:44:55", False),
    ],
)
def test_which_addresses_are_of_use(address: str, expected: bool) -> None:
    assert local.is_usable(address) is expected


def test_this_computer_knows_its_addresses() -> None:
    assert local._has_usable_address() is not None


@pytest.mark.parametrize(
    ("url", "settings", "expected"),
    [
        ("https://erp.example.org/", {}, ""),
        (
            "https://erp.example.org/",
            {"https_proxy": "http://anna:geheim@proxy:3128"},
            "http://proxy:3128",
        ),
        ("https://erp.example.org/", {"https_proxy": "anna:geheim@proxy:3128"}, "http://proxy:3128"),
        ("https://erp.example.org/", {"http_proxy": "http://proxy:3128"}, ""),
        (
            "https://erp.example.org/",
            {"https_proxy": "http://proxy:3128", "no_proxy": "example.org"},
            "",
        ),
        ("http://10.1.2.3/", {"http_proxy": "http://proxy:3128", "no_proxy": "example.org, 10.0.0.0/8"}, ""),
        ("http://11.1.2.3/", {"http_proxy": "http://proxy", "no_proxy": "10.0.0.0/8"}, "http://proxy"),
        ("http://erp.example.org:8080/", {"http_proxy": "http://p", "no_proxy": "erp.example.org:8080"}, ""),
        ("tcp://erp.example.org:22", {"all_proxy": "http://proxy:3128"}, ""),
        ("http://localhost:8080/", {"http_proxy": "http://proxy:3128"}, ""),
        ("http://127.0.0.1:8080/", {"http_proxy": "http://proxy:3128"}, ""),
    ],
)
def test_the_configured_proxy(
    monkeypatch: pytest.MonkeyPatch, url: str, settings: dict[str, str], expected: str
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    named = proxy.configured(parse_target(url))
    assert ("" if named is None else named.address) == expected
    assert local.probe(parse_target(url)).proxy == expected
