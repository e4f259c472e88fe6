"""A real Bugsink takes our reports by the real postman, and gives every fact back through its API."""

from __future__ import annotations

import gzip
import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.validators import validator_for

from reporter.delivery import sentry_event
from reporter.delivery.destination import Destination, Kind, open_destination
from reporter.delivery.envelope import Envelope
from reporter.delivery.postman import Postman
from reporter.delivery.receipt import Receipt, State
from reporter.delivery.spool import Spool
from reporter.report.bundle import pack
from reporter.report.model import Attachment, Bundle
from tests.delivery.conftest import NINE
from tests.delivery.documents import ANY, damaged
from tests.delivery.envelopes import enveloped, keep
from tests.delivery.test_sentry import event_of
from tests.report import typical
from tests.systems.bugsink import Bugsink
from tests.waiting import wait_until


@pytest.fixture(scope="session")
def bugsink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bugsink]:
    running = Bugsink(tmp_path_factory.mktemp("bugsink"))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def deliver(bugsink: Bugsink, bundle: Bundle, folder: Path, *, times: int = 1) -> list[Receipt]:
    """Send a report by the real postman, each time from a spool that knows nothing of the times before."""
    receipts = []
    for number in range(times):
        with Spool(folder / f"{number}" / "spool.sqlite") as spool:
            postman = Postman(spool, [open_destination(bugsink.address, pack=pack)])
            receipts.append(postman.deliver(keep(spool, bundle)))
    return receipts


def stored(bugsink: Bugsink, event_id: str) -> dict[str, Any]:
    """The one event of this id, when it is digested."""
    found: list[dict[str, Any]] = []

    def arrived() -> bool:
        found[:] = [event for event in bugsink.events() if event["event_id"].replace("-", "") == event_id]
        return bool(found)

    wait_until(arrived)
    [event] = found
    return event


def is_within(part: Any, whole: Any) -> bool:
    """Whether everything that a part says stands in the whole."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            name in whole and is_within(one, whole[name]) for name, one in part.items()
        )
    return bool(part == whole)


@pytest.mark.parametrize("name", typical.TYPICAL)
def test_every_fact_comes_back(bugsink: Bugsink, tmp_path: Path, name: str) -> None:
    bundle = typical.TYPICAL[name]()
    report = json.loads(bundle.report_json)
    report["id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    bundle = changed(bundle, report)
    [receipt] = deliver(bugsink, bundle, tmp_path)
    assert (receipt.state, receipt.reason) == (State.ACCEPTED, "")
    event = stored(bugsink, uuid.UUID(report["id"]).hex)
    data = event["data"]
    assert datetime.fromisoformat(event["timestamp"]) == typical.NOW
    sections = report["facts"]["sections"]
    assert len(sections) > 8
    for section, facts in sections.items():
        name_there = f"{section}_facts" if section == "runtime" else section
        assert is_within(facts, data["contexts"][name_there]), section
    assert is_within(
        {name: part for name, part in report.items() if name != "facts"}, data["extra"]["report"]
    )
    told = data["logentry"]["formatted"]
    # Who asks for help without a failure comes from no application.
    story, host = report["story"], report["failure"]["application"]
    for words in (
        story["wanted"],
        story["expected"],
        story["happened"],
        *story["questions"],
        story["contact"],
    ):
        assert words in told
    assert is_within(
        {"reference": report["reference"], **({"application": host["name"]} if host else {})},
        data["tags"],
    )
    assert bool(data.get("release")) == bool(host)
    exception = report["failure"]["exception"]
    if exception is not None:
        [value] = data["exception"]["values"]
        assert (value["type"], value["value"]) == (exception["type"], exception["message"])


def changed(bundle: Bundle, document: dict[str, Any]) -> Bundle:
    report = msgspec.convert(document, type(bundle.report))
    return Bundle(report=report, report_json=json.dumps(document).encode(), attachments=bundle.attachments)


def test_a_traceback_is_shown_as_one(bugsink: Bugsink, tmp_path: Path) -> None:
    report = json.loads(typical.crash().report_json) | {"id": str(uuid.uuid4())}
    deliver(bugsink, changed(typical.crash(), report), tmp_path)
    event = stored(bugsink, uuid.UUID(report["id"]).hex)
    [value] = event["data"]["exception"]["values"]
    frames = value["stacktrace"]["frames"]
    assert [(frame["lineno"], frame["function"]) for frame in frames] == [(41, "<module>"), (37, "main")]
    assert "main()" in event["stacktrace_md"]
    assert event["data"]["level"] == "fatal"


def test_the_same_report_twice_is_one_event_and_one_kind_is_one_issue(
    bugsink: Bugsink, tmp_path: Path
) -> None:
    first = json.loads(typical.refused().report_json) | {"id": str(uuid.uuid4()), "fingerprint": "twice"}
    other = first | {"id": str(uuid.uuid4()), "reference": "7K3D-9QX3N"}
    for number, report in enumerate((first, other)):
        receipts = deliver(bugsink, changed(typical.refused(), report), tmp_path / f"{number}", times=2)
        assert [receipt.state for receipt in receipts] == [State.ACCEPTED] * 2
    wait_until(lambda: bugsink.log().count("ValidationError: ['Event already exists']") == 2)
    events = [stored(bugsink, uuid.UUID(report["id"]).hex) for report in (first, other)]
    assert events[0]["issue"] == events[1]["issue"]
    [issue] = [issue for issue in bugsink.issues() if issue["id"] == events[0]["issue"]]
    assert issue["stored_event_count"] == 2


def destination(address: str) -> Destination:
    return open_destination(address, pack=pack)


@pytest.mark.parametrize("change", ["key", "project"])
def test_a_wrong_key_or_project_pauses_the_destination(bugsink: Bugsink, tmp_path: Path, change: str) -> None:
    address = bugsink.address
    if change == "key":
        key = address.partition("://")[2].partition("@")[0]
        address = address.replace(key, uuid.uuid4().hex)
    else:
        address = address[: address.rindex("/")] + "/77"
    with Spool(tmp_path / "spool.sqlite") as spool:
        receipt = Postman(spool, [destination(address)]).deliver(keep(spool, typical.refused()))
        assert receipt.state is State.QUEUED
        [pause] = spool.standing.pauses()
    assert "correct the key or the project in the address" in pause.reason
    assert address.partition("://")[2].partition("@")[0] not in f"{pause.destination} {pause.reason}"


def test_the_largest_report_arrives_and_says_what_it_lost(bugsink: Bugsink, tmp_path: Path) -> None:
    document = json.loads(typical.portal().report_json)
    document |= {"id": str(uuid.uuid4()), "fingerprint": "largest"}
    document["failure"]["exception"] = {"type": "E", "message": "m", "traceback": "ы" * 60_000}
    document["facts"]["sections"]["large"] = {f"fact_{number}": "ы" * 500 for number in range(1_500)}
    files = [Attachment(name=f"{n}.bin", content_type="application/octet-stream", content=b"x" * 3_000_000)
             for n in range(3)]  # fmt: skip
    raw = json.dumps(document, ensure_ascii=False).encode()
    assert len(raw) > 1_500_000
    outcome = destination(bugsink.address).deliver(enveloped(raw, *files))
    assert outcome.kind is Kind.ACCEPTED
    data = stored(bugsink, uuid.UUID(document["id"]).hex)["data"]
    assert "contexts" in data["extra"]["left_out"]
    assert "To post an invoice" in data["logentry"]["formatted"]


def test_an_event_over_the_limit_is_what_413_is_for(
    bugsink: Bugsink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentry_event, "EVENT_LIMIT_BYTES", 10_000_000)
    facts = {"sections": {"large": {"fact": ["x" * 1_000] * 1_200}}}
    outcome = destination(bugsink.address).deliver(enveloped(json.dumps({"facts": facts}).encode()))
    assert outcome.kind is Kind.REFUSED
    assert outcome.reason.startswith("the receiver answered 413")


def test_what_bugsink_says_with_every_success_limits_nothing(bugsink: Bugsink) -> None:
    there = destination(bugsink.address)
    outcomes = [there.deliver(enveloped(b"{}", reference=f"7K3D-9QX{n}N")) for n in range(3)]
    assert [outcome.kind for outcome in outcomes] == [Kind.ACCEPTED] * 3
    answer = sent(bugsink, enveloped(b"{}"))
    assert answer.headers["X-Sentry-Rate-Limits"] == "86400:transaction;span:organization"


def sent(bugsink: Bugsink, envelope: Envelope) -> requests.Response:
    """The answer to an envelope as such."""
    key, _, host = bugsink.address.partition("://")[2].partition("@")
    content = sentry_event.enveloped(envelope, sent_at=datetime.now(UTC))
    host, _, project = host.partition("/")
    return requests.post(
        f"http://{host}/api/{project}/envelope/?sentry_key={key}",
        data=gzip.compress(content),
        headers={"Content-Encoding": "gzip", "Content-Type": "application/x-sentry-envelope"},
        timeout=20,
    )


@pytest.mark.parametrize(
    "report_json",
    [
        b"",
        b"\xff\xfe nonsense",
        b"[1, 2]",
        b'{"created_at": "yesterday", "verdict": 7, "story": [], "facts": {"sections": {"os": {"name": 1}}}}',
        b'{"created_at": "0001-01-01T00:00:00+14:00", "fingerprint": 5, "extra": 1' + b"0" * 40 + b"}",
        b'{"schema": "report/1", "story": {"text": "\\u0000 It said no."}}',
    ],
)
def test_damaged_reports_arrive_too(bugsink: Bugsink, report_json: bytes) -> None:
    reference = f"7K3D-{len(report_json):05}"
    envelope = enveloped(report_json, reference=reference)
    assert destination(bugsink.address).deliver(envelope).kind is Kind.ACCEPTED
    event = stored(bugsink, sentry_event.event_id(envelope))
    assert event["data"]["tags"]["reference"] == reference


def test_any_report_becomes_an_event_of_the_published_schema(bugsink: Bugsink) -> None:
    schema = bugsink.schema()
    validator = validator_for(schema)(schema)

    @given(st.binary() | damaged() | ANY.map(lambda part: json.dumps(part).encode()))
    def check(report_json: bytes) -> None:
        validator.validate(event_of(sentry_event.enveloped(enveloped(report_json), sent_at=NINE)))

    check()


def test_bugsink_itself_had_no_trouble(bugsink: Bugsink) -> None:
    """Runs last: its validation of events and its digestion are strict, and would have said so."""
    raised = re.findall(r"^([a-z_.]+\.)?([A-Z]\w+): (.+)$", bugsink.log(), re.MULTILINE)
    assert {(name, said) for _, name, said in raised if name != "PermissionDenied"} == {
        ("ValidationError", "['Event already exists']")
    }


def test_a_look_tells_whether_the_key_is_known_and_stores_nothing(bugsink: Bugsink) -> None:
    before = bugsink.issues()
    found = open_destination(bugsink.address, pack=pack).check()
    assert (found.is_reached, found.is_let_in, found.reason) == (True, True, "")
    scheme, _, rest = bugsink.address.partition("://")
    stranger = f"{scheme}://{'0' * 32}@{rest.partition('@')[2]}"
    refused = open_destination(stranger, pack=pack).check()
    assert refused.is_reached
    assert "correct the" in refused.reason
    assert bugsink.issues() == before
