"""The 1C destination against a strict receiver, in the manner of each receiver in the field."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.delivery import onec_report
from reporter.delivery.destination import Destination, Kind, Need, Outcome, Question, open_destination
from reporter.delivery.envelope import Envelope
from reporter.delivery.onec import OneCDestination, judge
from reporter.delivery.postman import SERVER_FAULT_LIMIT_TRIES, Postman
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.delivery.transport import Answer, Transport
from reporter.report.bundle import pack
from reporter.report.model import Attachment, Bundle
from tests.delivery.conftest import NINE, REFERENCE, Clock
from tests.delivery.onec_receiver import Asked, Manner, Receiver, Stored, read
from tests.report import typical
from tests.report.strategies import bundles

GOLDEN = Path(__file__).parent / "golden"
PNG = b"\x89PNG\r\n\x1a\n picture"
JPEG = b"\xff\xd8\xff\xe0 picture"
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


def enveloped(
    report_json: bytes, *attachments: Attachment, reference: str = REFERENCE, **more: Any
) -> Envelope:
    given: dict[str, Any] = {
        "reference": reference,
        "report_json": report_json,
        "attachments": list(attachments),
        "state": State.QUEUED,
        "tries": 0,
        "server_faults": 0,
        "wait_s": 0.0,
        "next_try_at": None,
        "created_at": NINE,
        "sent_by_person": True,
        "page": "",
        "reason": "",
        "history": [],
    }
    return Envelope(**given | more)


def of_bundle(bundle: Bundle) -> Envelope:
    return enveloped(bundle.report_json, *bundle.attachments, fingerprint=bundle.report.fingerprint)


def pushed(envelope: Envelope) -> Stored:
    return read(onec_report.packed(envelope, pack))


def keep(spool: Spool, bundle: Bundle, *, sent_by_person: bool = True) -> str:
    """Put a bundle into the spool; its reference."""
    spool.enqueue(
        bundle.report.reference,
        bundle.report_json,
        bundle.attachments,
        sendable=True,
        sent_by_person=sent_by_person,
        fingerprint=bundle.report.fingerprint,
    )
    return bundle.report.reference


def http(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def raw(status: int, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


def at(server: Any) -> Destination:
    return open_destination(f"onec+http://127.0.0.1:{server.port}/api", pack=pack)


# -- what is sent --------------------------------------------------------------------------------------------


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


def test_facts_are_told_under_the_names_of_the_protocol() -> None:
    report = pushed(of_bundle(typical.crash())).report
    assert report.time == typical.NOW
    assert report.clientInfo.appName == report.configInfo.name == "ERP"
    assert report.clientInfo.appVersion == report.configInfo.version == "3.1.4"
    system = report.clientInfo.systemInfo
    assert (system.osVersion, system.processor) == ("Windows 11 Pro 26100.2314", "Intel Core i5-1235U")
    assert (system.fullRAM, system.freeRAM) == (17_179_869_184, 6_012_954_214)
    session = report.sessionInfo
    assert (session.platformInterfaceLanguageCode, session.localeCode) == ("ru", "ru_RU")
    assert report.errorInfo.systemErrorInfo.systemCrash is True
    [outer, inner] = report.errorInfo.applicationErrorInfo.stack
    assert (outer[1], outer[2]) == (41, "main()")
    assert inner[1] == 37


@pytest.mark.parametrize(
    ("system", "architecture", "platform"),
    [
        ("Linux", "x86_64", "Linux_x86_64"),
        ("Windows", "AMD64", "Windows_x86_64"),
        ("Windows", "x86", "Windows_x86"),
        ("macOS", "arm64", "MacOS_ARM64"),
        ("Linux", "riscv64", ""),
        ("Haiku", "x86_64", ""),
        ("", "", ""),
    ],
)
def test_the_platform_is_told_where_it_is_known(system: str, architecture: str, platform: str) -> None:
    facts = {"sections": {"system": {"family": system}, "runtime": {"architecture": architecture}}}
    envelope = enveloped(msgspec.json.encode({"facts": facts}))
    assert pushed(envelope).report.clientInfo.platformType == platform
    assert onec_report.info(envelope.question())["platformType"] == platform


def test_hashes_tell_the_kind_of_the_fault_and_the_same_before_and_with_the_report() -> None:
    envelope = of_bundle(typical.refused())
    report, asked = pushed(envelope).report, onec_report.info(envelope.question())
    mark = hashlib.md5(envelope.fingerprint.encode()).hexdigest()  # noqa: S324 - the protocol's
    assert report.errorInfo.systemErrorInfo.clientStackHash == asked["clientStackHash"] == mark
    assert report.errorInfo.applicationErrorInfo.stackHash == asked["appStackHash"] == mark
    assert report.configInfo.hash == asked["configHash"]
    assert str(report.id) == asked["reportID"]
    other = onec_report.info(of_bundle(typical.tls_expired()).question())
    assert other["clientStackHash"] != mark


def test_what_the_person_typed_stands_twice() -> None:
    error_info = pushed(of_bundle(typical.portal())).report.errorInfo
    described = error_info.userDescription
    assert described.startswith("Wanted: To post an invoice")
    assert "1. May I use my telephone's network?" in described
    assert "Contact: +7 495 000-00-00, after 18:00" in described
    assert (described, ["UserDescription"]) in error_info.applicationErrorInfo.errors


def test_a_report_of_the_first_version_keeps_its_story() -> None:
    old = {"schema": "report/1", "id": str(uuid.uuid4()), "story": {"text": "It said no.", "contact": "4471"}}
    stored = pushed(enveloped(msgspec.json.encode(old)))
    assert stored.report.errorInfo.userDescription.startswith("It said no.\nContact: 4471")
    assert str(stored.report.id) == old["id"]


@pytest.mark.parametrize(
    ("content", "name"),
    [(PNG, "screenshot.png"), (JPEG, "screenshot.jpg"), (b"no picture", "screenshot.png")],
)
def test_the_screenshot_is_what_its_name_says(content: bytes, name: str) -> None:
    picture = Attachment(name="screenshot-1.png", content_type="image/png", content=content)
    stored = pushed(enveloped(b"{}", picture))
    assert stored.report.screenshot.file == name
    is_picture = content != b"no picture"
    assert (stored.files[name] == content) is is_picture
    assert ("screenshot-1.png" in stored.report.additionalFiles) is not is_picture


def test_files_of_folders_and_of_one_name_all_go_into_the_root() -> None:
    names = [
        "logs/1-a.txt",
        "logs-1-a.txt",
        "LOGS-1-A.TXT",
        "report.json",
        "screenshot.png",
        "../../x",
        "",
        "C:\\a",
    ]
    files = [Attachment(name=name, content_type="text/plain", content=name.encode()) for name in names]
    stored = pushed(enveloped(b"{}", *files))
    assert {name.encode() for name in names} <= set(stored.files.values())


def test_a_large_report_is_made_small_enough_and_says_so() -> None:
    noise = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(190_000))
    files = [
        Attachment(name="logs/1-large.txt", content_type="text/plain", content=noise),
        Attachment(name="small.txt", content_type="text/plain", content=noise[:5_000_000]),
    ]
    content = onec_report.packed(enveloped(b"{}", *files), pack)
    assert len(content) <= onec_report.ZIP_LIMIT_BYTES
    stored = read(content)
    assert sorted(stored.report.additionalFiles) == ["report-original.json", "small.txt"]
    told = stored.report.errorInfo.applicationErrorInfo.errors
    assert ("Left out for their size: logs/1-large.txt", ["LeftOut"]) in told


@pytest.mark.parametrize("name", ["getinfo", "pushreport"])
def test_the_documents_are_as_they_always_were(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onec_report, "__version__", typical.VERSION)
    assert golden()[name] == json.loads((GOLDEN / f"onec_{name}.json").read_text(encoding="utf-8"))


def golden() -> dict[str, Any]:
    """The documents of one report, as JSON."""
    bundle = typical.logs_and_story()
    envelope = of_bundle(bundle)
    translated = onec_report.translated(envelope, bundle.attachments)
    return {
        "getinfo": onec_report.info(envelope.question()),
        "pushreport": json.loads(translated.report_json),
    }


# -- any report ----------------------------------------------------------------------------------------------

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real report, of this or the first version, with anything in some of its places."""
    document = json.loads(draw(st.sampled_from(list(typical.TYPICAL.values())))().report_json)
    if draw(st.booleans()):
        document |= {"schema": "report/1", "story": {"text": draw(st.text()), "contact": ""}}
    for _ in range(draw(st.integers(1, 6))):
        part = document
        while True:
            name = draw(st.sampled_from(sorted(part)))
            if not isinstance(part[name], dict) or not part[name] or draw(st.booleans()):
                part[name] = draw(ANY)
                break
            part = part[name]
    return json.dumps(document).encode()


FILES = st.lists(
    st.builds(
        Attachment,
        name=st.text(max_size=20) | st.sampled_from(["report.json", "screenshot.png", "..", "logs/1-a.txt"]),
        content_type=st.sampled_from(["image/png", "text/plain", ""]),
        content=st.binary(max_size=50) | st.sampled_from([PNG, JPEG]),
    ),
    max_size=4,
)


@given(st.binary() | damaged() | ANY.map(lambda part: json.dumps(part).encode()), FILES)
def test_anything_in_the_spool_becomes_a_report_that_the_receiver_takes(
    report_json: bytes, files: list[Attachment]
) -> None:
    envelope = enveloped(report_json, *files)
    stored = pushed(envelope)
    assert pushed(envelope).report == stored.report
    assert stored.files["report-original.json"] == report_json
    assert REFERENCE in stored.report.errorInfo.userDescription
    msgspec.json.decode(msgspec.json.encode(onec_report.info(envelope.question())), type=Asked)


@settings(max_examples=30)
@given(bundles())
def test_any_report_that_is_built_becomes_one_that_the_receiver_takes(bundle: Bundle) -> None:
    stored = pushed(of_bundle(bundle))
    assert stored.report.id == uuid.UUID(bundle.report.id)
    assert stored.report.time == bundle.report.created_at


# -- getInfo -------------------------------------------------------------------------------------------------


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


# -- what answers mean ---------------------------------------------------------------------------------------


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
    [pause] = spool.pauses()
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
        kind=Kind.POSTPONED, reason="the receiver answered 503", server_fault=True, retry_after_s=None
    )


def test_nobody_listens() -> None:
    there = OneCDestination("onec+http://127.0.0.1:9/api", Transport(), pack, now=lambda: datetime.now(UTC))
    outcome = there.deliver(enveloped(b"{}"))
    assert (outcome.kind, outcome.reason) == (Kind.POSTPONED, "the endpoint's server refuses the connection")


def main() -> None:
    """Write the golden documents."""
    onec_report.__version__ = typical.VERSION  # type: ignore[misc]
    for name, document in golden().items():
        text = json.dumps(document, ensure_ascii=False, indent=2)
        (GOLDEN / f"onec_{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
