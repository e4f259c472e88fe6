"""The Sentry destination: what is sent, and what answers mean."""

from __future__ import annotations

import gzip
import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.delivery import sentry_event
from reporter.delivery.destination import Destination, Kind, open_destination
from reporter.delivery.postman import SERVER_FAULT_LIMIT_TRIES, Postman
from reporter.delivery.receipt import State
from reporter.delivery.sentry import SentryDestination, judge, limited_s
from reporter.delivery.spool import Spool
from reporter.delivery.transport import Answer, Transport
from reporter.errors import UsageError
from reporter.report.bundle import pack
from reporter.report.model import Attachment, Bundle
from tests.delivery.conftest import NINE, REFERENCE, Clock
from tests.delivery.documents import ANY, damaged
from tests.delivery.envelopes import enveloped, keep, of_bundle
from tests.report import typical
from tests.report.strategies import bundles

KEY = "0123456789abcdef0123456789abcdef"
BUGSINKS = "86400:transaction;span:organization"


def items(content: bytes) -> tuple[dict[str, Any], list[tuple[dict[str, Any], bytes]]]:
    """The header and the items of an envelope, read by their lengths as a receiver does."""
    header, _, rest = content.partition(b"\n")
    found = []
    while rest:
        line, _, rest = rest.partition(b"\n")
        about = json.loads(line)
        payload, rest = rest[: about["length"]], rest[about["length"] :]
        assert len(payload) == about["length"]
        assert rest[:1] == b"\n"
        found.append((about, payload))
        rest = rest[1:]
    return json.loads(header), found


def event_of(content: bytes) -> dict[str, Any]:
    _, [(about, payload), *_] = items(content)
    assert about["type"] == "event"
    event = json.loads(payload)
    assert isinstance(event, dict)
    return event


def raw(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def confirmed(bundle: Bundle, *headers: str) -> bytes:
    return raw(200, json.dumps({"id": uuid.UUID(bundle.report.id).hex}).encode(), *headers)


def at(server: Any) -> Destination:
    return open_destination(f"sentry+http://{KEY}@127.0.0.1:{server.port}/bugs/7", pack=pack)


def http(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


# What is sent.


def test_the_envelope_goes_to_the_project_with_its_key(raw_server: Any, spool: Spool, clock: Clock) -> None:
    bundle = typical.logs_and_story()
    server = raw_server(answer=confirmed(bundle, f"X-Sentry-Rate-Limits: {BUGSINKS}"))
    receipt = Postman(spool, [at(server)], now=clock).deliver(keep(spool, bundle))
    assert (receipt.state, receipt.reason) == (State.ACCEPTED, "")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /bugs/api/7/envelope/ HTTP/1.1\r\n")
    assert f"sentry_key={KEY}".encode() in head
    assert b"Authorization" not in head
    header, [event, words, report, *files] = items(gzip.decompress(body))
    assert header["event_id"] == json.loads(event[1])["event_id"] == uuid.UUID(bundle.report.id).hex
    assert [about["type"] for about, _ in (event, words)] == ["event", "user_report"]
    assert "Провести накладную № 17." in json.loads(words[1])["comments"]
    assert (report[0]["filename"], report[1]) == ("report.json", bundle.report_json)
    assert [(about["filename"], content) for about, content in files] == [
        (file.name, file.content) for file in bundle.attachments
    ]


def test_the_event_holds_all_that_support_asks_for() -> None:
    bundle = typical.portal()
    event = event_of(sentry_event.enveloped(of_bundle(bundle), sent_at=NINE))
    report = json.loads(bundle.report_json)
    sections = report.pop("facts")["sections"]
    for name, facts in sections.items():
        assert event["contexts"]["runtime_facts" if name == "runtime" else name] == facts
    assert event["extra"]["report"] == report
    assert datetime.fromisoformat(event["timestamp"]) == typical.NOW
    assert event["fingerprint"] == [bundle.report.fingerprint]
    assert event["release"] == "ERP@3.1.4"
    assert event["tags"] == {
        "reference": "7K3D-9QX2M",
        "cause": "portal.sign_in",
        "layer": "portal",
        "owner": "user",
        "confidence": "certain",
        "application": "ERP",
        "target": "https://erp.example.org/base",
    }
    told = event["logentry"]["formatted"]
    assert told.startswith("The network asks to be signed in to first\n\nWanted: To post an invoice")
    assert "2. Is the VPN needed?\nContact: +7 495 000-00-00, after 18:00" in told
    assert "user" not in event
    assert (event["platform"], event["level"]) == ("other", "error")


def test_a_person_who_asks_for_help_is_no_error() -> None:
    event = event_of(sentry_event.enveloped(of_bundle(typical.request()), sent_at=NINE))
    assert event["level"] == "info"
    told = event["logentry"]["formatted"]
    assert told.startswith("A person asks for help.\n\nWanted: To print the invoice.")


def test_a_traceback_becomes_frames_in_their_order() -> None:
    event = event_of(sentry_event.enveloped(of_bundle(typical.crash()), sent_at=NINE))
    assert (event["platform"], event["level"]) == ("python", "fatal")
    [value] = event["exception"]["values"]
    assert value["type"] == "ValueError"
    assert value["mechanism"]["handled"] is False
    [outer, inner] = value["stacktrace"]["frames"]
    assert (outer["lineno"], outer["function"], outer["context_line"]) == (41, "<module>", "main()")
    assert (inner["lineno"], inner["function"]) == (37, "main")


def test_of_a_chain_the_last_traceback_counts() -> None:
    part = 'Traceback (most recent call last):\n  File "{0}.py", line 1, in {0}\n    {0}()\nE: x\n\n'
    text = part.format("cause") + "During handling of the above exception, …\n\n" + part.format("effect")
    document = {"failure": {"exception": {"type": "E", "traceback": text}}}
    event = event_of(sentry_event.enveloped(enveloped(json.dumps(document).encode()), sent_at=NINE))
    [frame] = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert frame["function"] == "effect"


def test_names_of_people_and_computers_stand_where_the_report_has_them() -> None:
    document = {"facts": {"sections": {"identity": {"user_name": "anna", "host_name": "pc-7"}}}}
    event = event_of(sentry_event.enveloped(enveloped(json.dumps(document).encode()), sent_at=NINE))
    assert (event["user"], event["server_name"]) == ({"username": "anna"}, "pc-7")


def test_a_large_event_loses_what_stands_in_the_attached_report_and_says_so() -> None:
    document = json.loads(typical.crash().report_json)
    document["facts"]["sections"]["large"] = {"fact": ["ы" * 1_000] * 600}
    raw_report = json.dumps(document, ensure_ascii=False).encode()
    content = sentry_event.enveloped(enveloped(raw_report), sent_at=NINE)
    _, [(_, event), *_] = items(content)
    assert len(event) <= sentry_event.EVENT_LIMIT_BYTES
    left = json.loads(event)
    assert left["extra"]["left_out"][-1] == "contexts"
    assert left["exception"]["values"][0]["stacktrace"]
    assert raw_report in content


def test_what_readers_of_json_cannot_hold_is_made_so_that_they_can() -> None:
    deep = json.loads("[" * 200 + "]" * 200)
    document = {
        "deep": deep,
        "number": 10**30,
        "text": "a\0b",
        "facts": {"sections": {"os": {"n": 10**30}, "x": 7}},
    }
    event = event_of(sentry_event.enveloped(enveloped(json.dumps(document).encode()), sent_at=NINE))
    report = event["extra"]["report"]
    assert (report["number"], report["text"]) == (str(10**30), "ab")
    assert json.dumps(report["deep"]).count("[") == sentry_event.DEPTH_LIMIT
    assert event["contexts"]["os_facts"] == {"n": str(10**30)}
    assert "x" not in event["contexts"]


@pytest.mark.parametrize(
    ("name", "version", "release"),
    [
        ("ERP", "3.1.4", "ERP@3.1.4"),
        ("1С:Предприятие 8", "8.3\n.21", "1С:Предприятие-8@8.3-.21"),
        ("a/b\\c", "", "a-b-c@0"),
        ("", "1", "unknown@1"),
    ],
)
def test_a_release_has_letters_that_receivers_take(name: str, version: str, release: str) -> None:
    document = {"failure": {"application": {"name": name, "version": version}}}
    event = event_of(sentry_event.enveloped(enveloped(json.dumps(document).encode()), sent_at=NINE))
    assert event["release"] == release


@given(st.binary() | damaged() | ANY.map(lambda part: json.dumps(part).encode()), st.binary(max_size=40))
def test_anything_in_the_spool_becomes_an_event(report_json: bytes, content: bytes) -> None:
    file = Attachment(name="a\nb", content_type="", content=content)
    envelope = enveloped(report_json, file)
    header, [(_, payload), *rest] = items(sentry_event.enveloped(envelope, sent_at=NINE))
    event = json.loads(payload)
    check(event)
    assert header["event_id"] == event["event_id"] == sentry_event.event_id(envelope)
    assert event["tags"]["reference"] == REFERENCE
    assert [content for _, content in rest[-2:]] == [report_json, content]


@settings(max_examples=30)
@given(bundles())
def test_any_report_that_is_built_becomes_an_event(bundle: Bundle) -> None:
    content = sentry_event.enveloped(of_bundle(bundle), sent_at=NINE)
    check(event_of(content))
    assert event_of(content)["event_id"] == uuid.UUID(bundle.report.id).hex


def check(event: dict[str, Any]) -> None:
    """What receivers want of an event; what is otherwise is lost with a 200."""
    assert len(msgspec.json.encode(event)) <= 1_000_000
    assert uuid.UUID(event["event_id"]).hex == event["event_id"]
    assert datetime.fromisoformat(event["timestamp"]).utcoffset() == timedelta(0)
    assert event["timestamp"].endswith("Z")
    assert all(isinstance(one, str) and one for one in event["fingerprint"])
    assert all(isinstance(one, str) and len(one) <= 200 for one in event["tags"].values())
    assert all(isinstance(one, dict) for one in event["contexts"].values())
    assert len(event.get("release", "")) <= 200
    assert not set(event.get("release", "")) & set("\n\t/\\ ")
    assert event["level"] in ("fatal", "error", "info")
    assert event["platform"] in ("python", "other")
    [value] = event["exception"]["values"]
    assert isinstance(value["type"], str)
    assert isinstance(value["value"], str)
    for frame in value.get("stacktrace", {"frames": []})["frames"]:
        assert 0 <= frame["lineno"] < 2**31


# What answers mean.


@pytest.mark.parametrize(
    "body", [b"", b"null", b"{}", b"<html>Sign in", b'{"id": "0"}', b'{"id": null}', b'["id"]', b"\xff"]
)
def test_a_success_that_names_no_event_is_not_delivered(
    raw_server: Any, body: bytes, spool: Spool, clock: Clock
) -> None:
    there = at(raw_server(answer=raw(200, body)))
    receipt = Postman(spool, [there], now=clock).deliver(keep(spool, typical.portal()))
    assert receipt.state is State.QUEUED
    assert "did not confirm the report" in receipt.reason


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_key_that_is_not_known_pauses_the_destination(
    raw_server: Any, spool: Spool, clock: Clock, status: int
) -> None:
    server = raw_server(answer=raw(status, b'{"message": "no such project"}'))
    there = at(server)
    postman = Postman(spool, [there], now=clock)
    assert postman.deliver(keep(spool, typical.portal())).state is State.QUEUED
    [pause] = spool.standing.pauses()
    assert (pause.destination, KEY in pause.reason) == (there.name, False)
    assert KEY not in there.name
    assert pause.reason.endswith("no such project; correct the key or the project in the address")
    clock.advance(minutes=30)
    postman.flush()
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_will_never_be_taken_is_refused(
    raw_server: Any, spool: Spool, clock: Clock, status: int
) -> None:
    there = at(raw_server(answer=raw(status)))
    receipt = Postman(spool, [there], now=clock).deliver(keep(spool, typical.portal()))
    assert (receipt.state, receipt.reason) == (State.REFUSED, f"the receiver answered {status}")


def test_where_all_of_it_is_too_large_the_event_goes_alone(
    raw_server: Any, spool: Spool, clock: Clock
) -> None:
    bundle = typical.logs_and_story()

    def behave(connection: Any, request: bytes) -> None:
        content = gzip.decompress(request.partition(b"\r\n\r\n")[2])
        is_small = b'"attachment"' not in content
        connection.sendall(confirmed(bundle) if is_small else raw(413))

    server = raw_server(behave=behave)
    receipt = Postman(spool, [at(server)], now=clock).deliver(keep(spool, bundle))
    assert receipt.state is State.ACCEPTED
    _, sent = items(gzip.decompress(server.requests[1].partition(b"\r\n\r\n")[2]))
    assert [about["type"] for about, _ in sent] == ["event", "user_report"]
    assert json.loads(sent[0][1])["extra"]["left_out"] == ["files"]


def test_faults_of_the_receiver_are_borne_so_many_times(raw_server: Any, spool: Spool, clock: Clock) -> None:
    postman = Postman(spool, [at(raw_server(answer=raw(502)))], now=clock)
    keep(spool, typical.portal())
    states = []
    for _ in range(SERVER_FAULT_LIMIT_TRIES + 2):
        states += [receipt.state for receipt in postman.flush()]
        clock.advance(days=2)
    assert states == [State.QUEUED] * (SERVER_FAULT_LIMIT_TRIES - 1) + [State.REFUSED]


def test_after_a_limit_nothing_is_sent_before_its_time(raw_server: Any, spool: Spool, clock: Clock) -> None:
    bundle = typical.portal()
    server = raw_server(answer=confirmed(bundle, f"X-Sentry-Rate-Limits: {BUGSINKS}, 300:error:key"))
    there = SentryDestination(f"sentry+http://{KEY}@127.0.0.1:{server.port}/7", Transport(), now=clock)
    envelope = of_bundle(bundle)
    assert there.deliver(envelope).kind is Kind.ACCEPTED
    clock.advance(seconds=60)
    waiting = there.deliver(envelope)
    assert (waiting.kind, waiting.retry_after_s, len(server.requests)) == (Kind.POSTPONED, 240, 1)
    clock.advance(seconds=240)
    assert there.deliver(envelope).kind is Kind.ACCEPTED


def test_what_bugsink_says_with_every_success_limits_nothing(raw_server: Any, clock: Clock) -> None:
    bundle = typical.portal()
    server = raw_server(answer=confirmed(bundle, f"X-Sentry-Rate-Limits: {BUGSINKS}"))
    there = SentryDestination(f"sentry+http://{KEY}@127.0.0.1:{server.port}/7", Transport(), now=clock)
    assert [there.deliver(of_bundle(bundle)).kind for _ in range(3)] == [Kind.ACCEPTED] * 3


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (BUGSINKS, 0),
        ("60:error:organization", 60),
        ("60::organization", 60),
        ("60", 60),
        ("60:default;transaction:key, 300:error", 300),
        ("300:transaction:key, 60:ERROR:key", 60),
        (" 2.5 : error ", 0),
        ("2.5: error :key", 2.5),
        ("999999999999:error:key", 86_400),
        ("9" * 400 + ":error:key", 0),
        ("-5:error:key", 0),
        ("soon:error:key", 0),
        ("٣:error:key", 0),
        (",,;;::", 0),
        ("", 0),
    ],
)
def test_limits_are_read_by_their_categories(header: str, seconds: float) -> None:
    assert limited_s(http(200, X_Sentry_Rate_Limits=header)) == seconds


@given(st.text())
def test_any_limit_is_a_time_up_to_a_day(header: str) -> None:
    assert 0 <= limited_s(http(429, X_Sentry_Rate_Limits=header)) <= 86_400


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (http(429), 60),
        (http(429, X_Sentry_Rate_Limits=BUGSINKS), 60),
        (http(429, Retry_After="7"), 7),
        (http(429, Retry_After="7", X_Sentry_Rate_Limits="30:error:key"), 30),
        (http(429, Retry_After="70", X_Sentry_Rate_Limits="30:error:key"), 70),
        (http(503, X_Sentry_Rate_Limits="30:error:key"), 30),
        (http(503, Retry_After="7"), 7),
        (http(503), None),
        (http(302, Location="http://portal.example/"), None),
    ],
)
def test_how_long_to_wait(answer: Answer, seconds: float | None) -> None:
    outcome = judge(answer, event_id="0" * 32, now=NINE)
    assert (outcome.kind, outcome.retry_after_s) == (Kind.POSTPONED, seconds)


def test_nobody_listens() -> None:
    there = open_destination(f"sentry+http://{KEY}@127.0.0.1:9/1", pack=pack)
    outcome = there.deliver(enveloped(b"{}"))
    assert (outcome.kind, outcome.reason) == (Kind.POSTPONED, "the endpoint's server refuses the connection")


@pytest.mark.parametrize(
    "dsn", ["https://host/1", "https://k@host/", "https://k@host", "https://k@/1", "https://k-k@host/1",
            "https://k@host/a%20b", "https://k@host:x/1", "https://k@[::1/1", "https://ключ@host/1"],
)  # fmt: skip
def test_what_is_no_dsn_gets_one_sentence_without_its_key(dsn: str) -> None:
    with pytest.raises(UsageError, match=r"^[^\n]+\.$") as raised:
        open_destination(f"sentry+{dsn}", pack=pack)
    assert "k@" not in str(raised.value)


def test_a_password_in_a_dsn_is_not_kept() -> None:
    with pytest.raises(UsageError, match="DSN"):
        open_destination("sentry+https://:s3cret@host/1", pack=pack)
    there = open_destination("sentry+https://key:s3cret@host/1", pack=pack)
    assert there.name == "sentry+https://host/1"
