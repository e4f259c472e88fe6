"""What else works, or does not, tells one cause from its neighbour."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reporter.diagnosis.differential import vendor
from reporter.diagnosis.evidence import (
    Attempt,
    Certificate,
    Control,
    ControlOutcome,
    Dns,
    DnsOutcome,
    Evidence,
    Family,
    Fault,
    Http,
    HttpOutcome,
    Local,
    Pac,
    PacOutcome,
    Portal,
    PortalOutcome,
    Proxy,
    ProxyOutcome,
    Reported,
    Route,
    Sibling,
    Tcp,
    TcpOutcome,
    Tls,
    TlsOutcome,
)
from reporter.diagnosis.target import parse_target
from reporter.diagnosis.verdict import Verdict
from reporter.diagnosis.weighing import diagnose
from tests.diagnosis.wire import NOW

TARGET = parse_target("https://erp.example.org/base")
ONLINE = Local(routes=[Route(family=Family.IPV4, is_open=True)], has_address=True)
RESOLVED = Dns(outcome=DnsOutcome.RESOLVED, addresses=["192.0.2.1"])
UNKNOWN_NAME = Dns(outcome=DnsOutcome.NOT_FOUND, gai_code=-2)
NAMELESS = Dns(outcome=DnsOutcome.NO_ANSWER, gai_code=-3)
CONNECTED = Tcp(outcome=TcpOutcome.CONNECTED, port=443, answered="192.0.2.1")

INSIDE = Control(
    address="https://intranet.example.org/", outcome=ControlOutcome.ANSWERED, status=200, is_internal=True
)
OUTSIDE = replace(INSIDE, address="https://www.example.org/", is_internal=False)
NO_INSIDE = Control(address=INSIDE.address, outcome=ControlOutcome.NAME_FAILED)
NO_OUTSIDE = replace(OUTSIDE, outcome=ControlOutcome.CONNECT_FAILED, status=None)

BEACON = Portal(address="http://beacon.example.org/", outcome=PortalOutcome.EXPECTED, status=204)
SIGN_IN_PAGE = replace(BEACON, outcome=PortalOutcome.SIGNS_IN, status=302)
NO_BEACON = replace(BEACON, outcome=PortalOutcome.FAILED, status=None)


def tcp(outcome: TcpOutcome, address: str = "192.0.2.1") -> Tcp:
    return Tcp(
        outcome=outcome,
        port=443,
        attempts=[Attempt(address=address, family=Family.IPV4, outcome=outcome)],
    )


def evidence(**stages: object) -> Evidence:
    return Evidence(target=TARGET, taken_at=NOW, **{"local": ONLINE, "dns": RESOLVED, **stages})  # type: ignore[arg-type]


def untrusted(issuer: str, *faults: Fault, **around: object) -> Evidence:
    certificate = Certificate(
        subject="CN=erp.example.org",
        issuer=issuer,
        names=["erp.example.org"],
        not_before=NOW - timedelta(1),
        not_after=NOW + timedelta(1),
        self_signed=False,
        sha256="00",
    )
    faulty = list(faults or (Fault.UNKNOWN_ISSUER,))
    tls = Tls(outcome=TlsOutcome.UNTRUSTED, faults=faulty, certificate=certificate)
    return evidence(tcp=CONNECTED, tls=tls, **around)


def said(verdict: Verdict) -> tuple[str, str, str | None]:
    return verdict.cause, verdict.confidence, verdict.runner_up


@pytest.mark.parametrize(
    ("controls", "expected"),
    [
        ([], ("dns.not_found", "likely", "dns.vpn_off")),
        ([INSIDE], ("dns.not_found", "certain", None)),
        ([INSIDE, OUTSIDE], ("dns.not_found", "certain", None)),
        ([NO_INSIDE], ("dns.vpn_off", "likely", "dns.not_found")),
        ([NO_INSIDE, OUTSIDE], ("dns.vpn_off", "likely", "dns.not_found")),
        ([OUTSIDE], ("dns.vpn_off", "likely", "dns.not_found")),
    ],
)
def test_an_unknown_name_and_the_vpn(controls: list[Control], expected: tuple[str, str, str | None]) -> None:
    verdict = diagnose(evidence(dns=UNKNOWN_NAME, controls=controls))
    assert said(verdict) == expected
    assert verdict.owner == ("user" if verdict.cause == "dns.vpn_off" else "it")


def test_a_name_service_that_answers_for_others() -> None:
    assert said(diagnose(evidence(dns=NAMELESS)))[1:] == ("likely", "local.no_network")
    assert said(diagnose(evidence(dns=NAMELESS, controls=[INSIDE])))[1:] == ("certain", None)


@pytest.mark.parametrize(
    ("around", "expected"),
    [
        ({}, ("tcp.timeout", "likely", "tcp.unreachable")),
        ({"controls": [INSIDE]}, ("tcp.timeout", "certain", None)),
        ({"portal": BEACON}, ("tcp.timeout", "certain", None)),
        ({"controls": [NO_INSIDE], "portal": BEACON}, ("tcp.timeout", "certain", None)),
        ({"controls": [NO_INSIDE, OUTSIDE]}, ("dns.vpn_off", "likely", "tcp.timeout")),
        ({"controls": [NO_INSIDE, NO_OUTSIDE]}, ("local.no_network", "likely", "tcp.timeout")),
        ({"controls": [NO_INSIDE], "portal": NO_BEACON}, ("local.no_network", "likely", "tcp.timeout")),
        ({"portal": SIGN_IN_PAGE}, ("portal.sign_in", "certain", None)),
        (
            {"controls": [NO_INSIDE], "siblings": [Sibling(port=22, outcome=TcpOutcome.REFUSED)]},
            ("tcp.timeout", "likely", "tcp.unreachable"),
        ),
    ],
)
def test_silence_and_what_else_works(
    around: dict[str, object], expected: tuple[str, str, str | None]
) -> None:
    assert said(diagnose(evidence(tcp=tcp(TcpOutcome.TIMED_OUT), **around))) == expected


def test_a_refusal_is_never_certain_and_names_what_answers() -> None:
    refused = evidence(
        tcp=tcp(TcpOutcome.REFUSED),
        controls=[INSIDE],
        siblings=[
            Sibling(port=443, outcome=TcpOutcome.TIMED_OUT),
            Sibling(port=22, outcome=TcpOutcome.CONNECTED),
        ],
    )
    verdict = diagnose(refused)
    assert said(verdict) == ("tcp.refused", "likely", "tcp.timeout")
    assert any("port 22" in line for line in verdict.advice)
    assert not any("port 22" in line for line in diagnose(replace(refused, siblings=[])).advice)


def test_silence_of_this_computer_itself_is_no_matter_of_the_network() -> None:
    own = evidence(tcp=tcp(TcpOutcome.TIMED_OUT, "127.0.0.1"), controls=[NO_INSIDE])
    assert diagnose(own).cause == "tcp.timeout"


def test_a_self_assigned_address_is_no_network() -> None:
    alone = Local(routes=[Route(family=Family.IPV4, is_open=True)], has_address=False)
    for outcome in (TcpOutcome.TIMED_OUT, TcpOutcome.UNREACHABLE, TcpOutcome.NO_ROUTE):
        assert diagnose(evidence(local=alone, tcp=tcp(outcome))).cause == "local.no_network"


def test_without_a_way_out_the_controls_make_it_certain() -> None:
    isolated = Local(routes=[Route(family=Family.IPV4, is_open=False, errno=101)], has_address=True)
    measured = evidence(local=isolated, tcp=tcp(TcpOutcome.NO_ROUTE))
    assert said(diagnose(measured)) == ("local.no_network", "likely", "tcp.unreachable")
    assert said(diagnose(replace(measured, controls=[NO_INSIDE]))) == ("local.no_network", "certain", None)


# The sign-in page of a network


@pytest.mark.parametrize(
    "measured",
    [
        untrusted("CN=Portal"),
        untrusted("CN=Portal", Fault.WRONG_NAME, Fault.SELF_SIGNED),
        evidence(dns=UNKNOWN_NAME),
        evidence(dns=NAMELESS),
        evidence(tcp=tcp(TcpOutcome.REFUSED)),
        evidence(tcp=CONNECTED, tls=Tls(outcome=TlsOutcome.CLOSED)),
    ],
)
def test_a_portal_explains_what_it_causes(measured: Evidence) -> None:
    verdict = diagnose(replace(measured, portal=SIGN_IN_PAGE))
    assert (verdict.cause, verdict.owner, verdict.confidence) == ("portal.sign_in", "user", "certain")
    assert diagnose(replace(measured, portal=BEACON)).cause != "portal.sign_in"


def test_a_portal_explains_a_plain_page_but_no_verified_one() -> None:
    answered = Http(outcome=HttpOutcome.ANSWERED, status=200)
    plain = replace(evidence(tcp=CONNECTED, http=answered), target=parse_target("http://erp.example.org/"))
    assert diagnose(replace(plain, portal=SIGN_IN_PAGE)).cause == "portal.sign_in"
    verified = evidence(tcp=CONNECTED, tls=Tls(outcome=TlsOutcome.VERIFIED), http=answered)
    assert diagnose(replace(verified, portal=SIGN_IN_PAGE)).cause == "ok"
    bare = replace(evidence(tcp=CONNECTED), target=parse_target("tcp://erp.example.org:1541"))
    assert diagnose(replace(bare, portal=SIGN_IN_PAGE)).cause == "ok"


def test_a_network_with_a_proxy_may_answer_for_what_goes_past_it() -> None:
    proxy = Proxy(address="http://proxy:3128", source="system", outcome=ProxyOutcome.DENIED, status=403)
    measured = evidence(dns=None, proxy=proxy, portal=SIGN_IN_PAGE)
    assert diagnose(measured).cause == "proxy.denied"
    away = replace(proxy, outcome=ProxyOutcome.UNKNOWN_NAME, gai_code=-2)
    assert diagnose(replace(measured, proxy=away)).cause == "portal.sign_in"


# Somebody who reads along


def test_the_same_unknown_issuer_elsewhere_reads_along() -> None:
    same = replace(INSIDE, outcome=ControlOutcome.TLS_FAILED, issuer="CN=Company Proxy CA")
    verdict = diagnose(untrusted("CN=Company Proxy CA", controls=[same]))
    assert said(verdict) == ("tls.inspected", "likely", "tls.unknown_issuer")
    for other in (
        replace(same, issuer="CN=Another"),
        replace(same, same_host=True),
        replace(same, issuer=""),
    ):
        assert diagnose(untrusted("CN=Company Proxy CA", controls=[other])).cause == "tls.unknown_issuer"


def test_a_known_product_reads_along() -> None:
    issuer = "O=Zscaler Inc., CN=Zscaler Intermediate Root CA"
    verdict = diagnose(untrusted(issuer))
    assert said(verdict) == ("tls.inspected", "likely", "tls.unknown_issuer")
    assert any("Zscaler" in line for line in verdict.advice)
    same = replace(INSIDE, outcome=ControlOutcome.TLS_FAILED, issuer=issuer)
    assert diagnose(untrusted(issuer, controls=[same])).confidence == "certain"


@given(st.text())
def test_any_issuer_has_a_vendor_or_none(issuer: str) -> None:
    assert isinstance(vendor(issuer), str)


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [
        ("CN=FortiGate CA, O=Fortinet", "Fortinet"),
        ("CN=Kaspersky Anti-Virus Personal Root Certificate", "Kaspersky"),
        ("CN=ESET SSL Filter CA", "ESET"),
        ("CN=Reset Bureau", ""),
        ("CN=Example CA", ""),
    ],
)
def test_vendors_are_told_by_whole_words(issuer: str, expected: str) -> None:
    assert vendor(issuer) == expected


# Proxies


def test_a_proxy_file_that_does_not_come() -> None:
    missing = Pac(address="http://wpad/proxy.pac", outcome=PacOutcome.UNAVAILABLE)
    for stages in (
        {"dns": UNKNOWN_NAME},
        {"tcp": tcp(TcpOutcome.TIMED_OUT)},
        {"tcp": tcp(TcpOutcome.REFUSED)},
    ):
        verdict = diagnose(evidence(pac=missing, **stages))
        assert (verdict.cause, verdict.owner) == ("proxy.pac_unavailable", "it")
        assert any("http://wpad/proxy.pac" in line for line in verdict.advice)
    answered = Http(outcome=HttpOutcome.ANSWERED, status=200)
    well = evidence(tcp=CONNECTED, tls=Tls(outcome=TlsOutcome.VERIFIED), http=answered, pac=missing)
    assert diagnose(well).cause == "ok"


def test_a_proxy_file_that_is_not_understood_leaves_doubt() -> None:
    unread = Pac(address="http://wpad/proxy.pac", outcome=PacOutcome.NOT_SUPPORTED)
    verdict = diagnose(evidence(tcp=tcp(TcpOutcome.REFUSED), pac=unread))
    assert (verdict.cause, verdict.confidence) == ("tcp.refused", "possible")


@pytest.mark.parametrize(
    ("errno", "local", "cause"),
    [
        (111, ONLINE, "proxy.unreachable"),
        (13, ONLINE, "local.blocked"),
        (
            101,
            Local(routes=[Route(family=Family.IPV4, is_open=False)], has_address=False),
            "local.no_network",
        ),
        (101, ONLINE, "proxy.unreachable"),
    ],
)
def test_roots_stand_before_the_proxy(errno: int, local: Local, cause: str) -> None:
    proxy = Proxy(
        address="http://proxy:3128", source="environment", outcome=ProxyOutcome.UNREACHABLE, errno=errno
    )
    assert diagnose(evidence(local=local, dns=None, proxy=proxy)).cause == cause


def test_a_host_application_that_the_proxy_let_through_saw_more() -> None:
    asking = Proxy(
        address="http://proxy:3128",
        source="environment",
        outcome=ProxyOutcome.AUTH_REQUIRED,
        status=407,
        authenticate=["Negotiate"],
    )
    measured = evidence(dns=None, proxy=asking, reported=Reported(status=503))
    assert diagnose(measured).cause == "http.unavailable"
    assert diagnose(replace(measured, reported=Reported(errno=111))).cause == "proxy.auth_required"


@pytest.mark.parametrize(
    ("reported", "cause"),
    [
        (Reported(chain=["ProxyError", "NameResolutionError"]), "proxy.unknown_name"),
        (Reported(chain=["ProxyError", "NewConnectionError"], errno=111), "proxy.unreachable"),
        (Reported(chain=["ProxyError"], reason="WRONG_VERSION_NUMBER"), "proxy.wrong_scheme"),
        (Reported(chain=["ProxyError", "ReadTimeoutError"], timed_out=True), "proxy.no_answer"),
    ],
)
def test_what_the_host_application_met_at_the_proxy(reported: Reported, cause: str) -> None:
    assert diagnose(Evidence(taken_at=NOW, reported=reported)).cause == cause
