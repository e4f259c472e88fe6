"""The 1C destination against a strict receiver, in the manner of each receiver in the field."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
import requests
from urllib3.filepost import encode_multipart_formdata

from reporter.delivery import onec_report
from reporter.delivery.destination import Destination, Kind, Need, Outcome, Question, open_destination
from reporter.delivery.onec import judge
from reporter.delivery.postman import SERVER_FAULT_LIMIT_TRIES, Postman
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.delivery.transport import Answer
from reporter.report.bundle import pack
from tests.delivery.conftest import NINE, REFERENCE, Clock
from tests.delivery.envelopes import enveloped, keep, of_bundle
from tests.delivery.onec_receiver import Manner, Receiver, read
from tests.report import typical

Start = Callable[..., Receiver]


@pytest.fixture
def receiver() -> Iterator[Start]:
    """Starts receivers: ``receiver(Manner.GO)``."""
    receivers: list[Receiver] = []

    def start(manner: Manner = Manner.GO) -> Receiver:
        receivers.append(Receiver(manner))
        return receivers[-1]

    yield start
    for one in receivers:
        one.close()


def destination(receiver: Receiver) -> Destination:
    return open_destination(receiver.address, pack=pack)


def http(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def raw(status: int, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


def at(server: Any) -> Destination:
    return open_destination(f"onec+http://127.0.0.1:{server.port}/api", pack=pack)


@pytest.mark.parametrize("manner", Manner)
@pytest.mark.parametrize("name", typical.TYPICAL)
def test_every_receiver_stores_every_typical_report(
    receiver: Start, manner: Manner, name: str, spool: Spool, clock: Clock
) -> None:
    bundle = typical.TYPICAL[name]()
    there = receiver(manner)
    reference = keep(spool, bundle)
    receipt = Postman(spool, [destination(there)], now=clock).deliver(reference)
    assert (receipt.state, there.faults) == (State.ACCEPTED, [])
    [stored] = there.stored.values()
    assert stored.report.id == uuid.UUID(bundle.report.id)
    assert stored.files["report-original.json"] == bundle.report_json
    told = there.passed_on(stored)
    assert reference in told
    for words in (bundle.report.story.wanted, bundle.report.story.happened, *bundle.report.story.questions):
        assert words in told


def test_the_question_is_asked_in_exact_types(receiver: Start) -> None:
    there = receiver()
    there.message = "  Already known; it is mended tonight.\u202e "
    envelope = of_bundle(typical.refused())
    asked = destination(there).precheck(envelope.question())
    assert asked is not None
    assert (asked.need, asked.message) == (Need.EVERYTHING, "Already known; it is mended tonight.")
    [heard] = there.asked
    assert (heard.configName, heard.configVersion) == ("ERP", "3.1.4")
    assert heard.ErrorCategories == ["LoginFailure", "tcp.refused"]
    assert (heard.platformInterfaceLanguageCode, heard.systemCrash) == ("ru", False)


def test_an_automatic_report_is_only_counted_where_the_receiver_has_its_kind(
    receiver: Start, spool: Spool, clock: Clock
) -> None:
    there = receiver(Manner.C_SHARP)
    postman = Postman(spool, [destination(there)], now=clock, random=lambda: 0.0)
    first = typical.refused()
    keep(spool, first, sent_by_person=False)
    clock.advance(minutes=2)
    assert [receipt.state for receipt in postman.flush()] == [State.ACCEPTED]
    assert there.pushes == 1
    report = msgspec.structs.replace(first.report, reference="7K3D-9QX3N", id=str(uuid.uuid4()))
    keep(spool, msgspec.structs.replace(first, report=report), sent_by_person=False)
    asked = len(there.asked)
    clock.advance(minutes=2)
    assert [receipt.state for receipt in postman.flush()] == [State.ACCEPTED]
    assert there.pushes == 1, "the receiver said that it needs no report"
    assert len(there.asked) == asked + 1, "being asked once is being counted once"


@pytest.mark.parametrize("needs", [False, True])
def test_a_person_who_says_me_too_is_counted_or_sends_where_the_report_is_needed_after_all(
    receiver: Start, spool: Spool, clock: Clock, needs: bool
) -> None:
    there = receiver()
    there.needs = needs
    reference = keep(spool, typical.refused(), counts_only=True)
    receipt = Postman(spool, [destination(there)], now=clock).deliver(reference)
    assert (receipt.state, there.pushes, len(there.asked)) == (State.ACCEPTED, int(needs), 1)


def test_a_question_that_cannot_be_put_is_no_answer() -> None:
    there = open_destination("onec+http://127.0.0.1:9/api", pack=pack)
    question = Question(reference=REFERENCE, fingerprint="f")
    assert there.precheck(question) is None
    counted = there.count_in(question)
    assert (counted and counted.kind) is Kind.POSTPONED


def test_me_too_is_not_believed_where_nobody_answers(raw_server: Any) -> None:
    server = raw_server(answer=raw(200, b"null"))
    there = at(server)
    counted = there.count_in(Question(reference=REFERENCE, fingerprint="f"))
    assert counted is not None
    assert counted.kind is Kind.POSTPONED


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"needSendReport": "no"}', b'{"needSendReport": 0}', b"<html>", b"\xff"],
)
def test_nonsense_is_no_answer_to_the_question(raw_server: Any, body: bytes) -> None:
    server = raw_server(answer=raw(200, body))
    there = at(server)
    assert there.precheck(Question(reference=REFERENCE, fingerprint="f")) is None


def test_the_query_of_the_address_stays_behind_the_path(raw_server: Any) -> None:
    server = raw_server(answer=raw(200, b"null"))
    there = open_destination(f"onec+http://127.0.0.1:{server.port}/api/reg/?site=1", pack=pack)
    there.precheck(Question(reference=REFERENCE, fingerprint="f"))
    assert server.requests[0].startswith(b"POST /api/reg/getInfo?site=1 HTTP/1.1\r\n")
    assert there.name == f"onec+http://127.0.0.1:{server.port}/api/reg"


def test_the_same_report_again_is_one_report(receiver: Start) -> None:
    there = receiver()
    envelope = of_bundle(typical.portal())
    outcomes = [destination(there).deliver(envelope) for _ in range(2)]
    assert [outcome.kind for outcome in outcomes] == [Kind.ACCEPTED] * 2
    assert (there.pushes, len(there.stored)) == (2, 1)


@pytest.mark.parametrize(
    "body",
    [b"", b"  ", b"null", b"[]", b"false", b"1", b'"ok"', b"<html>Sign in", b'{"error": "disk full"}', b"{"],
)
def test_a_success_that_confirms_nothing_is_not_delivered(
    raw_server: Any, body: bytes, spool: Spool, clock: Clock
) -> None:
    """Whatever is asked: a portal gives the same answer to every question."""
    server = raw_server(answer=raw(200, body))
    there = at(server)
    receipt = Postman(spool, [there], now=clock).deliver(keep(spool, typical.portal()))
    assert receipt.state is State.QUEUED
    assert "did not confirm the report" in receipt.reason
    assert receipt.next_try_at is not None


def test_a_report_that_cannot_be_read_is_refused_for_good(
    raw_server: Any, spool: Spool, clock: Clock
) -> None:
    there = at(raw_server(answer=raw(500, b'{"message": "bad convert"}')))
    receipt = Postman(spool, [there], now=clock).deliver(keep(spool, typical.portal()))
    assert (receipt.state, receipt.reason) == (State.REFUSED, "the receiver answered 500: bad convert")


def test_other_faults_of_a_receiver_are_borne_so_many_times(
    raw_server: Any, spool: Spool, clock: Clock
) -> None:
    there = at(raw_server(answer=raw(502)))
    postman = Postman(spool, [there], now=clock)
    keep(spool, typical.portal())
    states = []
    for _ in range(SERVER_FAULT_LIMIT_TRIES + 2):
        states += [receipt.state for receipt in postman.flush()]
        clock.advance(days=2)
    assert states == [State.QUEUED] * (SERVER_FAULT_LIMIT_TRIES - 1) + [State.REFUSED]


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_an_address_that_is_wrong_pauses_the_destination(
    raw_server: Any, spool: Spool, clock: Clock, status: int
) -> None:
    server = raw_server(answer=raw(status))
    there = at(server)
    postman = Postman(spool, [there], now=clock)
    receipt = postman.deliver(keep(spool, typical.portal()))
    assert receipt.state is State.QUEUED
    [pause] = spool.standing.pauses()
    assert pause.destination == there.name
    assert "correct the address or the sign-in" in pause.reason
    asked = len(server.requests)
    clock.advance(minutes=30)
    postman.flush()
    assert len(server.requests) == asked, "a paused destination is left alone for an hour"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (http(200, b'[{"ID": "1", "EventID": null}]'), Kind.ACCEPTED),
        (http(201, b"{}"), Kind.ACCEPTED),
        (http(302, Location="http://portal.example/login"), Kind.POSTPONED),
        (http(400, b'{"message": "bad request"}'), Kind.REFUSED),
        (http(413), Kind.REFUSED),
        (http(422), Kind.REFUSED),
        (http(408), Kind.POSTPONED),
        (http(429, Retry_After="120"), Kind.POSTPONED),
        (http(503, b"bad convert"), Kind.POSTPONED),
        (http(511), Kind.POSTPONED),
        (http(418), Kind.PAUSED),
    ],
)
def test_statuses_as_everywhere(answer: Answer, outcome: Kind) -> None:
    assert judge(answer, now=NINE).kind is outcome


def test_the_receivers_wish_to_wait_is_kept() -> None:
    assert judge(http(429, Retry_After="120"), now=NINE).retry_after_s == 120
    assert judge(http(429, Retry_After="Sun, 22 Nov 2026 09:05:00 GMT"), now=NINE).retry_after_s == 300
    fault = judge(http(503, Retry_After="-5"), now=NINE)
    assert fault == Outcome(
        kind=Kind.POSTPONED,
        reason="the receiver answered 503",
        server_fault=True,
        is_busy=True,
        retry_after_s=None,
    )


def test_a_portal_is_no_fault_of_the_receiver() -> None:
    assert not judge(http(511), now=NINE).server_fault
    assert judge(http(500), now=NINE).server_fault


def test_nobody_listens() -> None:
    there = open_destination("onec+http://127.0.0.1:9/api", pack=pack)
    outcome = there.deliver(enveloped(b"{}"))
    assert (outcome.kind, outcome.reason) == (Kind.POSTPONED, "the endpoint's server refuses the connection")


# The receiver of these tests is as strict as those in the field.


def zipped(document: dict[str, Any] | None, *, mark: bytes = b"", **files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if document is not None:
            archive.writestr("report.json", mark + json.dumps(document).encode())
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def changed(*path: str, to: object) -> bytes:
    """A report as we send it, but for one place."""
    translated = onec_report.translated(of_bundle(typical.portal()), [])
    document = json.loads(translated.report_json)
    part = document
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = to
    return zipped(document, **{file.name: file.content for file in translated.attachments})


def test_the_receiver_takes_what_is_unchanged() -> None:
    assert read(changed("additionalInfo", to="")).report.configInfo.name == "ERP"


@pytest.mark.parametrize(
    "content",
    [
        changed("clientInfo", "systemInfo", "fullRAM", to=1.5),
        changed("clientInfo", "systemInfo", "freeRAM", to=2**63),
        changed("time", to="2026-11-22T09:00:00"),
        changed("additionalData", to={}),
        changed("screenshot", "file", to="no-such.png"),
        changed("sessionInfo", "localeCode", to="ru_RU.UTF-8"),
        changed("dump", "reasonForNoDump", to=""),
        changed("id", to="7K3D-9QX2M"),
        changed("unheard_of", to=""),
        zipped({}),
        zipped(None, other=b"{}"),
        zipped(None, **{"folder/report.json": b"{}"}),
        zipped({}, mark=b"\xef\xbb\xbf"),
        b"PK",
    ],
)
def test_the_receiver_does_not_take_what_receivers_do_not(receiver: Start, content: bytes) -> None:
    there = receiver()
    body, kind = encode_multipart_formdata([("report", ("report.zip", content, "application/zip"))])
    url = there.address.partition("+")[2] + "/pushReport"
    answer = requests.post(url, data=body, headers={"Content-Type": kind}, timeout=5)
    assert (answer.status_code, answer.json()) == (500, {"message": "bad convert"})
    assert not there.stored


def test_the_receiver_stores_nothing_without_a_file(receiver: Start) -> None:
    there = receiver()
    body, kind = encode_multipart_formdata([("report", "not a file")])
    url = there.address.partition("+")[2] + "/pushReport"
    answer = requests.post(url, data=body, headers={"Content-Type": kind}, timeout=5)
    assert (answer.status_code, answer.content) == (200, b"null")
    assert not there.stored
