"""From evidence to verdict: each rule, their order, and what the host application adds."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from reporter.capture.failure import ExceptionInfo, Failure, Response
from reporter.diagnosis.answer import TYPED_CODES
from reporter.diagnosis.evidence import (
    Certificate,
    Dns,
    DnsOutcome,
    Evidence,
    Family,
    Fault,
    Http,
    HttpOutcome,
    Local,
    Problem,
    Reported,
    Route,
    Tcp,
    TcpOutcome,
    Tls,
    TlsOutcome,
)
from reporter.diagnosis.hearsay import heard
from reporter.diagnosis.ladder import unmeasured
from reporter.diagnosis.rules import RULES
from reporter.diagnosis.target import parse_target
from reporter.diagnosis.verdict import Confidence, Retry, Verdict
from reporter.diagnosis.weighing import PERSONAL_CODES, diagnose
from tests.diagnosis.wire import NOW

TARGET = parse_target("https://erp.example.org/base")
ONLINE = Local(routes=[Route(family=Family.IPV4, is_open=True)], has_address=True)
OFFLINE = Local(routes=[Route(family=Family.IPV4, is_open=False, errno=101)], has_address=False)
ISOLATED = replace(OFFLINE, has_address=True)
RESOLVED = Dns(outcome=DnsOutcome.RESOLVED, addresses=["192.0.2.1"])
CONNECTED = Tcp(outcome=TcpOutcome.CONNECTED, port=443, answered="192.0.2.1")
VERIFIED = Tls(outcome=TlsOutcome.VERIFIED, version="TLSv1.3")
CERTIFICATE = Certificate(
    subject="CN=erp.example.org",
    issuer="O=Example Organisation, CN=Example CA",
    names=["erp.example.org"],
    not_before=NOW - timedelta(30),
    not_after=NOW - timedelta(10),
    self_signed=False,
    sha256="00",
)


def evidence(**stages: object) -> Evidence:
    """Evidence of a climb up to the stages given."""
    return Evidence(target=TARGET, taken_at=NOW, **{"local": ONLINE, "dns": RESOLVED, **stages})  # type: ignore[arg-type]


def at_tls(**members: object) -> Evidence:
    return evidence(tcp=CONNECTED, tls=Tls(**members))  # type: ignore[arg-type]


def answered(status: int, **members: object) -> Evidence:
    http = Http(outcome=HttpOutcome.ANSWERED, status=status, **members)  # type: ignore[arg-type]
    return evidence(tcp=CONNECTED, tls=VERIFIED, http=http)


WELL = answered(200)


@pytest.mark.parametrize(
    ("measured", "cause", "confidence"),
    [
        (evidence(local=OFFLINE, dns=Dns(outcome=DnsOutcome.NO_ANSWER)), "local.no_network", "certain"),
        (evidence(local=OFFLINE, dns=Dns(outcome=DnsOutcome.NOT_FOUND)), "local.no_network", "certain"),
        (
            evidence(local=OFFLINE, tcp=Tcp(outcome=TcpOutcome.NO_ROUTE, port=1)),
            "local.no_network",
            "certain",
        ),
        (evidence(local=OFFLINE, dns=Dns(outcome=DnsOutcome.BAD_NAME)), "dns.bad_name", "certain"),
        (
            evidence(local=ISOLATED, tcp=Tcp(outcome=TcpOutcome.NO_ROUTE, port=1)),
            "local.no_network",
            "likely",
        ),
        (evidence(local=ISOLATED, dns=Dns(outcome=DnsOutcome.NOT_FOUND)), "dns.not_found", "likely"),
        (evidence(tcp=Tcp(outcome=TcpOutcome.NO_ROUTE, port=1)), "tcp.unreachable", "likely"),
        (evidence(tcp=Tcp(outcome=TcpOutcome.UNREACHABLE, port=1)), "tcp.unreachable", "likely"),
        (evidence(tcp=Tcp(outcome=TcpOutcome.BLOCKED, port=1)), "local.blocked", "certain"),
        (evidence(tcp=Tcp(outcome=TcpOutcome.FAILED, port=1)), "unknown", "possible"),
        (at_tls(outcome=TlsOutcome.UNTRUSTED, verify_code=23), "unknown", "possible"),
        (at_tls(outcome=TlsOutcome.FAILED), "unknown", "possible"),
        (evidence(tcp=CONNECTED, tls=VERIFIED), "unknown", "possible"),
        (evidence(tcp=CONNECTED), "unknown", "possible"),
        (WELL, "ok", "certain"),
    ],
)
def test_evidence_made_by_hand(measured: Evidence, cause: str, confidence: str) -> None:
    verdict = diagnose(measured)
    assert (verdict.cause, verdict.confidence) == (cause, confidence)


def test_a_forbidden_route_blocks_even_the_names() -> None:
    forbidden = Local(routes=[Route(family=Family.IPV4, is_open=False, errno=13)], has_address=True)
    assert diagnose(evidence(local=forbidden, dns=Dns(outcome=DnsOutcome.NO_ANSWER))).cause == "local.blocked"


@pytest.mark.parametrize("code", sorted(TYPED_CODES))
def test_every_typed_code_has_its_cause(code: str) -> None:
    verdict = diagnose(evidence(reported=Reported(status=403, problem=Problem(code=code))))
    assert (verdict.cause, verdict.layer, verdict.confidence) == (f"app.{code}", "app", "certain")


@pytest.mark.parametrize("code", sorted(TYPED_CODES))
def test_a_probe_that_named_nobody_learns_nothing_about_a_person(code: str) -> None:
    verdict = diagnose(answered(403, problem=Problem(code=code)))
    assert verdict.cause == ("http.forbidden" if code in PERSONAL_CODES else f"app.{code}")


@pytest.mark.parametrize("code", PERSONAL_CODES)
def test_credentials_are_never_retried_by_themselves(code: str) -> None:
    problem = Problem(code=code, until=NOW + timedelta(minutes=10))
    verdict = diagnose(evidence(reported=Reported(status=401, problem=problem)))
    assert (verdict.cause, verdict.retry) == (f"app.{code}", Retry.BY_HAND)
    assert diagnose(answered(401)).retry is Retry.BY_HAND


def test_wrong_password_only_on_a_typed_answer() -> None:
    for status in range(100, 600):
        assert diagnose(answered(status)).cause != "app.bad_credentials"


def test_a_moment_that_has_passed_promises_nothing() -> None:
    verdict = diagnose(answered(503, problem=Problem(code="maintenance", until=NOW - timedelta(hours=1))))
    assert (verdict.cause, verdict.retry, verdict.retry_at) == ("app.maintenance", "automatic", None)
    assert not any("until" in line for line in verdict.advice)


def test_a_date_to_come_back_follows_the_clock_of_the_server() -> None:
    measured = answered(
        503, retry_after="Sun, 22 Nov 2026 12:30:00 GMT", server_date=NOW + timedelta(hours=3)
    )
    assert diagnose(measured).retry_at == NOW + timedelta(minutes=30)


def test_of_two_faults_the_one_to_mend_first_is_the_cause() -> None:
    faults = [Fault.WRONG_NAME, Fault.EXPIRED, Fault.SELF_SIGNED]
    verdict = diagnose(at_tls(outcome=TlsOutcome.UNTRUSTED, faults=faults))
    assert (verdict.cause, verdict.runner_up) == ("tls.wrong_name", "tls.expired")


def test_the_clock_is_to_blame_only_if_it_explains_the_certificate() -> None:
    def with_skew(seconds: int) -> Verdict:
        return diagnose(
            at_tls(
                outcome=TlsOutcome.UNTRUSTED,
                faults=[Fault.EXPIRED],
                certificate=CERTIFICATE,
                server_date=NOW + timedelta(seconds=seconds),
                skew_s=seconds,
            )
        )

    assert with_skew(-20 * 86_400).cause == "local.clock"
    assert with_skew(-20 * 86_400).runner_up == "tls.expired"
    assert with_skew(-5 * 86_400).cause == "tls.expired"
    assert with_skew(0).cause == "tls.expired"


def test_past_a_proxy_a_direct_fault_says_little() -> None:
    behind = replace(ONLINE, proxy="http://proxy:3128")
    for stages in (
        {"dns": Dns(outcome=DnsOutcome.NOT_FOUND)},
        {"tcp": Tcp(outcome=TcpOutcome.REFUSED, port=443)},
        {"tcp": Tcp(outcome=TcpOutcome.BLOCKED, port=443)},
    ):
        assert diagnose(evidence(local=behind, **stages)).confidence is Confidence.POSSIBLE
    expired = at_tls(outcome=TlsOutcome.UNTRUSTED, faults=[Fault.EXPIRED])
    assert diagnose(replace(expired, local=behind)).confidence is Confidence.CERTAIN


def test_past_a_proxy_the_host_application_saw_more() -> None:
    behind = replace(ONLINE, proxy="http://proxy:3128")
    measured = evidence(local=behind, tcp=Tcp(outcome=TcpOutcome.REFUSED, port=443))
    verdict = diagnose(replace(measured, reported=Reported(verify_code=10)))
    assert (verdict.cause, verdict.confidence) == ("tls.expired", "likely")


def test_out_of_time_nothing_is_certain() -> None:
    measured = replace(at_tls(outcome=TlsOutcome.TIMED_OUT), deadline_reached=True)
    assert diagnose(measured).confidence is Confidence.LIKELY


# What the host application reported


@pytest.mark.parametrize(
    ("reported", "cause"),
    [
        (Reported(errno=111), "tcp.refused"),
        (Reported(errno=101), "local.no_network"),
        (Reported(errno=113), "tcp.unreachable"),
        (Reported(errno=104), "tcp.reset"),
        (Reported(errno=13), "local.blocked"),
        (Reported(gai_code=-2), "dns.not_found"),
        (Reported(gai_code=-3), "dns.no_answer"),
        (Reported(verify_code=10), "tls.expired"),
        (Reported(verify_code=62), "tls.wrong_name"),
        (Reported(reason="WRONG_VERSION_NUMBER"), "tls.not_tls"),
        (Reported(reason="TLSV13_ALERT_CERTIFICATE_REQUIRED"), "tls.client_certificate"),
        (Reported(timed_out=True), "tcp.timeout"),
        (Reported(timed_out=True, chain=["requests.exceptions.ReadTimeout"]), "http.no_answer"),
        (Reported(type="ConnectionRefusedError"), "tcp.refused"),
        (Reported(type="gaierror"), "dns.not_found"),
        (Reported(type="http.client.RemoteDisconnected"), "http.no_answer"),
        (Reported(chain=["ChunkedEncodingError", "IncompleteRead"]), "http.cut_short"),
        (Reported(chain=["TooManyRedirects"]), "http.redirect_loop"),
        (Reported(status=502), "http.bad_gateway"),
    ],
)
def test_what_was_amiss_a_moment_ago_and_is_well_now(reported: Reported, cause: str) -> None:
    verdict = diagnose(replace(WELL, reported=reported))
    assert (verdict.cause, verdict.confidence, verdict.retry) == (cause, "possible", "automatic")


@pytest.mark.parametrize(
    ("status", "cause", "retry"),
    [
        (401, "http.unauthorized", "by_hand"),
        (403, "http.forbidden", "after_fix"),
        (404, "http.not_found", "after_fix"),
        (423, "app.session_locked", "after_fix"),
    ],
)
def test_what_only_the_host_application_could_see(status: int, cause: str, retry: str) -> None:
    asks_to_sign_in = answered(401, headers={"www-authenticate": "Negotiate"})
    for measured in (WELL, asks_to_sign_in, answered(404), answered(500)):
        verdict = diagnose(replace(measured, reported=Reported(status=status)))
        assert (verdict.cause, verdict.confidence, verdict.retry) == (cause, "certain", retry)


def test_a_typed_answer_to_the_host_application_stands() -> None:
    reported = Reported(status=503, problem=Problem(code="maintenance", until=NOW + timedelta(hours=1)))
    verdict = diagnose(replace(WELL, reported=reported))
    assert (verdict.cause, verdict.confidence, verdict.retry) == ("app.maintenance", "certain", "at")


def test_what_is_measured_now_wins() -> None:
    refused = evidence(tcp=Tcp(outcome=TcpOutcome.REFUSED, port=443))
    for reported in (Reported(gai_code=-2), Reported(status=401), Reported(verify_code=10), Reported()):
        assert diagnose(replace(refused, reported=reported)).cause == "tcp.refused"
    starting = answered(503, retry_after="60")
    assert diagnose(replace(starting, reported=Reported(errno=111))).cause == "app.maintenance"
    assert diagnose(replace(starting, reported=Reported(status=502))).cause == "app.maintenance"


def test_both_saw_the_same_and_the_probe_saw_more() -> None:
    measured = replace(answered(503, retry_after="60"), reported=Reported(status=503))
    verdict = diagnose(measured)
    assert (verdict.cause, verdict.retry_at) == ("app.maintenance", NOW + timedelta(seconds=60))


def test_a_page_that_the_probe_does_not_find_says_nothing_about_the_login() -> None:
    verdict = diagnose(replace(answered(404), reported=Reported(errno=111)))
    assert (verdict.cause, verdict.confidence) == ("tcp.refused", "possible")


def test_a_login_that_did_not_work_is_never_ok() -> None:
    for reported in (Reported(), Reported(type="ValueError"), Reported(status=400), Reported(verify_code=99)):
        verdict = diagnose(replace(WELL, reported=reported))
        assert (verdict.cause, verdict.retry) == ("unknown", "by_hand")


def test_before_anything_is_measured_the_report_is_all_there_is() -> None:
    for target in (TARGET, None):
        verdict = diagnose(unmeasured(target, Reported(errno=111), now=lambda: NOW))
        assert (verdict.cause, verdict.confidence) == ("tcp.refused", "possible")
    nothing = diagnose(unmeasured(None, None, now=lambda: NOW))
    assert (nothing.cause, nothing.target) == ("unknown", "")


def test_heard_takes_what_can_be_decided_on() -> None:
    exception = ExceptionInfo(
        type="ConnectionRefusedError", message="secret", traceback="secret", errno=111, chain=["A", "B"]
    )
    problem = {"code": "maintenance", "until": "2026-11-22T14:00:00+03:00", "retry_after": 60, "min": 3}
    response = Response(status=503, retry_after="60", problem=problem)
    reported = heard(Failure(exception=exception, response=response))
    assert reported == Reported(
        type="ConnectionRefusedError",
        errno=111,
        chain=["A", "B"],
        status=503,
        retry_after="60",
        problem=Problem(code="maintenance", until=NOW + timedelta(hours=2), retry_after="60"),
    )


def test_heard_hears_nothing_where_nothing_is() -> None:
    assert heard(Failure(message="It does not work", target="https://erp.example.org")) is None


def test_heard_drops_what_cannot_be() -> None:
    failure = Failure(
        exception=ExceptionInfo(errno=10**30, verify_code=-(10**30)), response=Response(status=10**30)
    )
    assert heard(failure) == Reported()


# The table


def test_every_rule_but_the_last_has_neighbours_that_exist() -> None:
    causes = {rule.cause for rule in RULES} | {"dns.vpn_off", "tls.inspected"}
    for rule in RULES:
        assert rule.runner_up is None or rule.runner_up in causes - {rule.cause}
        assert (rule.confidence is Confidence.LIKELY) == (rule.runner_up is not None)


def test_a_verdict_can_be_replayed_from_what_was_stored() -> None:
    for measured in (
        WELL,
        at_tls(outcome=TlsOutcome.UNTRUSTED, faults=[Fault.EXPIRED], certificate=CERTIFICATE),
    ):
        verdict = diagnose(replace(measured, reported=Reported(errno=111)))
        stored = msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict)
        assert stored == verdict
        assert diagnose(stored.evidence) == verdict


def test_a_page_where_an_interface_was_asked_for() -> None:
    page = Reported(status=200, content_type="text/html; charset=utf-8")
    unreadable = Reported(type="requests.exceptions.JSONDecodeError", chain=["json.decoder.JSONDecodeError"])
    for measured in (WELL, answered(200, content_type="text/html"), answered(302)):
        verdict = diagnose(replace(measured, reported=page))
        assert (verdict.cause, verdict.confidence, verdict.owner) == ("http.unexpected_page", "certain", "it")
        verdict = diagnose(replace(measured, reported=unreadable))
        assert (verdict.cause, verdict.runner_up) == ("http.unexpected_page", "http.cut_short")
        assert diagnose(measured).cause == "ok", "a page is fine where nobody asked for an interface"
    assert diagnose(replace(answered(503), reported=unreadable)).cause == "http.unavailable"
    assert diagnose(replace(WELL, reported=replace(page, status=404))).cause == "http.not_found"


@pytest.mark.parametrize(
    "reported",
    [
        Reported(status=401),
        Reported(type="jwt.exceptions.ImmatureSignatureError"),
        Reported(type="ErpLoginError", chain=["erp.LoginError", "gssapi.exceptions.GSSError"]),
    ],
)
def test_a_ticket_that_is_not_accepted_by_a_clock_far_off(reported: Reported) -> None:
    far = answered(200, server_date=NOW + timedelta(minutes=9), skew_s=540)
    verdict = diagnose(replace(far, reported=reported))
    assert (verdict.cause, verdict.confidence, verdict.runner_up) == (
        "local.clock",
        "likely",
        "http.unauthorized",
    )
    assert any(line.count("09:09") or line.count(":09") for line in verdict.advice)
    near = answered(200, server_date=NOW, skew_s=20)
    assert diagnose(replace(near, reported=reported)).cause != "local.clock"
    assert diagnose(far).cause == "ok"


def test_a_typed_answer_says_more_than_the_clock() -> None:
    far = answered(401, skew_s=-900)
    typed = Reported(status=401, problem=Problem(code="bad_credentials"))
    assert diagnose(replace(far, reported=typed)).cause == "app.bad_credentials"


@pytest.mark.parametrize(
    ("measured", "cause", "owner"),
    [
        (answered(421), "http.wrong_host", "server"),
        (answered(451), "http.blocked_by_law", "network"),
        (at_tls(outcome=TlsOutcome.UNTRUSTED, faults=[Fault.REVOKED]), "tls.revoked", "server"),
        (replace(WELL, reported=Reported(verify_code=23)), "tls.revoked", "server"),
        (answered(400), "unknown", "it"),
    ],
)
def test_rare_answers(measured: Evidence, cause: str, owner: str) -> None:
    verdict = diagnose(measured)
    assert (verdict.cause, verdict.owner) == (cause, owner)


def test_an_answer_that_is_not_understood_names_its_status() -> None:
    assert any("400" in line for line in diagnose(answered(400)).advice)
