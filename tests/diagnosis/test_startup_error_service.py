"""The startup-error service: what is shown, what is ignored, and what it makes of a verdict."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reporter.diagnosis.evidence import (
    Dns,
    DnsOutcome,
    Evidence,
    Http,
    HttpOutcome,
    Problem,
    Reported,
    ServiceNotice,
    ServiceNoticeOutcome,
    Tcp,
    TcpOutcome,
)
from reporter.diagnosis.ladder import examine
from reporter.diagnosis.probes import http, status
from reporter.diagnosis.surroundings import Surroundings
from reporter.diagnosis.target import parse_target
from reporter.diagnosis.weighing import diagnose
from tests.diagnosis.wire import NOW, Serve, answering, certified, response

HOUR = timedelta(hours=1)
MESSAGE = "The accounts are being closed."


def document(**members: object) -> str:
    return json.dumps({"userMessage": MESSAGE, **members})


def asked(serve: Serve, body: str, *headers: str, line: str = "200 OK", now: datetime = NOW) -> ServiceNotice:
    port = serve(answering(response(line, f"Date: {format_datetime(now, usegmt=True)}", *headers, body=body)))
    return notice_at(f"http://127.0.0.1:{port}/status.json?for=erp")


def notice_at(address: str, language: str = "en") -> ServiceNotice:
    import time

    return status.probe(address, language, deadline=time.monotonic() + 5, now=lambda: NOW)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (document(), "valid"),
        (document(until=(NOW + HOUR).isoformat()), "valid"),
        (document(until=(NOW - HOUR).isoformat()), "expired"),
        (document(until="2026-11-22T12:00:00"), "malformed"),
        (document(until="soon"), "malformed"),
        (document(until=7), "malformed"),
        (json.dumps({"userMessage": "  "}), "empty"),
        (json.dumps({"userMessage": 7}), "malformed"),
        (json.dumps({"until": (NOW + HOUR).isoformat()}), "malformed"),
        ("[]", "malformed"),
        ("<html>Sign in</html>", "malformed"),
        ("", "malformed"),
        (document(filling="x" * http.BODY_LIMIT_BYTES), "oversized"),
        (document() + "x" * 10_000_000, "oversized"),
    ],
)
def test_only_a_sound_notice_is_valid(serve: Serve, body: str, outcome: str) -> None:
    notice = asked(serve, body)
    assert notice.outcome == outcome
    assert (notice.message == MESSAGE) == (outcome in ("valid", "expired"))
    assert notice.status == 200
    assert notice.address.endswith("/status.json")


@pytest.mark.parametrize("line", ["404 Not Found", "302 Found", "204 No Content", "500 Oops"])
def test_any_other_answer_is_none(serve: Serve, line: str) -> None:
    notice = asked(serve, document(), line=line)
    assert (notice.outcome, notice.message) == ("unreachable", "")
    assert notice.status == int(line[:3])


def test_a_service_out_of_reach(closed_port: int) -> None:
    for address in (f"http://127.0.0.1:{closed_port}/", "tcp://127.0.0.1:1", "nonsense"):
        assert notice_at(address).outcome is ServiceNoticeOutcome.UNREACHABLE


def test_over_a_verified_connection_only(
    serve: Serve, authority: trustme.CA, request: pytest.FixtureRequest
) -> None:
    port = serve(answering(response("200 OK", body=document())), certified(authority, "localhost"))
    assert notice_at(f"https://localhost:{port}/").outcome is ServiceNoticeOutcome.UNREACHABLE
    request.getfixturevalue("trusted")
    assert notice_at(f"https://localhost:{port}/").outcome is ServiceNoticeOutcome.VALID


def test_the_clock_of_the_server_counts(serve: Serve) -> None:
    until = (NOW + HOUR).isoformat()
    assert asked(serve, document(until=until), now=NOW + 2 * HOUR).outcome is ServiceNoticeOutcome.EXPIRED
    late = asked(serve, document(until=until), now=NOW - 10 * HOUR)
    assert late.outcome is ServiceNoticeOutcome.VALID
    assert late.until == NOW + 11 * HOUR, "in eleven hours, whatever this computer's clock says"
    assert asked(serve, document(until=until), now=NOW + timedelta(minutes=1)).until == NOW + HOUR


def test_languages_links_and_causes(serve: Serve) -> None:
    body = document(
        cause="tcp",
        url="https://status.example.org",
        ru={"userMessage": "Закрываем месяц.", "url": "file:///x"},
    )
    english = asked(serve, body)
    assert (english.covers, english.url) == ("tcp", "https://status.example.org")
    russian = status.read_notice(body.encode(), "ru")
    assert (russian.message, russian.url, russian.covers) == ("Закрываем месяц.", "", "tcp")


def test_what_a_notice_says_is_text() -> None:
    read = status.read_notice(json.dumps({"userMessage": "<b>a\u202eb\x1b[31m" + "x" * 9_000}).encode(), "en")
    assert read.message.startswith("<b>ab[31mx")
    assert len(read.message) < status.MESSAGE_LIMIT_CHARS + 20


@given(
    st.binary(max_size=200)
    | st.dictionaries(
        st.sampled_from(["userMessage", "until", "cause", "url", "en"]),
        st.none() | st.text(max_size=40) | st.integers() | st.dictionaries(st.text(max_size=9), st.text()),
    ).map(lambda document: json.dumps(document).encode()),
)
def test_any_document_can_be_read(body: bytes) -> None:
    read = status.read_notice(body, "en")
    assert read.outcome in ("valid", "empty", "malformed")
    assert (read.outcome == "valid") == bool(read.message)
    assert read.until is None or read.until.tzinfo is not None


# What it makes of a verdict

REFUSED = Evidence(
    target=parse_target("tcp://erp.example.org:1541"),
    taken_at=NOW,
    dns=Dns(outcome=DnsOutcome.RESOLVED, addresses=["192.0.2.1"]),
    tcp=Tcp(outcome=TcpOutcome.REFUSED, port=1541),
)


def with_notice(evidence: Evidence, **members: object) -> Evidence:
    notice = ServiceNotice(address="http://status", outcome=ServiceNoticeOutcome.VALID, message=MESSAGE)
    return replace(evidence, service_notice=replace(notice, **members))


@pytest.mark.parametrize("covers", ["", "tcp", "tcp.refused", "app.maintenance"])
def test_a_notice_that_explains_the_cause_becomes_it(covers: str) -> None:
    verdict = diagnose(with_notice(REFUSED, covers=covers, until=NOW + HOUR))
    assert (verdict.cause, verdict.owner, verdict.runner_up) == ("app.maintenance", "server", "tcp.refused")
    assert (verdict.retry, verdict.retry_at) == ("at", NOW + HOUR)


def test_a_notice_without_an_end() -> None:
    verdict = diagnose(with_notice(REFUSED))
    assert (verdict.cause, verdict.retry, verdict.retry_at) == ("app.maintenance", "automatic", None)


@pytest.mark.parametrize(
    "members",
    [
        {"covers": "tls"},
        {"covers": "tcp.timeout"},
        {"covers": "tc"},
        {"outcome": ServiceNoticeOutcome.EXPIRED},
        {"outcome": ServiceNoticeOutcome.MALFORMED},
    ],
)
def test_any_other_notice_leaves_the_cause_alone(members: dict[str, object]) -> None:
    assert diagnose(with_notice(REFUSED, **members)).cause == "tcp.refused"


def test_a_fault_on_this_side_is_not_explained_by_a_notice_that_names_none() -> None:
    offline = replace(REFUSED, dns=Dns(outcome=DnsOutcome.NOT_FOUND), tcp=None)
    assert diagnose(with_notice(offline)).cause == "dns.not_found"
    assert diagnose(with_notice(offline, covers="dns")).cause == "app.maintenance"


def test_what_concerns_one_person_is_never_explained_away() -> None:
    told = replace(REFUSED, tcp=None, reported=Reported(status=401, problem=Problem(code="bad_credentials")))
    verdict = diagnose(with_notice(told, covers="app.bad_credentials", until=NOW + HOUR))
    assert (verdict.cause, verdict.retry) == ("app.bad_credentials", "by_hand")


def test_maintenance_known_otherwise_takes_the_end_of_the_notice() -> None:
    answer = Http(outcome=HttpOutcome.ANSWERED, status=503, problem=Problem(code="maintenance"))
    verdict = diagnose(with_notice(replace(REFUSED, tcp=None, http=answer), until=NOW + HOUR))
    assert (verdict.cause, verdict.confidence, verdict.retry_at) == ("app.maintenance", "certain", NOW + HOUR)


def test_it_is_asked_beside_the_climb(serve: Serve, closed_port: int) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + HOUR
    port = serve(answering(response("200 OK", body=document(until=until.isoformat()))))
    surroundings = Surroundings(status_url=f"http://127.0.0.1:{port}/status.json")
    evidence = examine(parse_target(f"tcp://127.0.0.1:{closed_port}"), surroundings=surroundings)
    verdict = diagnose(evidence)
    assert (verdict.cause, verdict.runner_up, verdict.retry_at) == ("app.maintenance", "tcp.refused", until)


def test_a_service_that_stays_silent_is_recorded(silent_port: int, closed_port: int) -> None:
    surroundings = Surroundings(status_url=f"http://127.0.0.1:{silent_port}/status.json")
    evidence = examine(
        parse_target(f"tcp://127.0.0.1:{closed_port}"), surroundings=surroundings, deadline_s=0.5
    )
    assert evidence.service_notice is not None
    assert evidence.service_notice.outcome is ServiceNoticeOutcome.UNREACHABLE
    assert diagnose(evidence).cause == "tcp.refused"
