"""End to end over a real wire: spool, postman, native destination, inbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from reporter.delivery.destination import Destination, open_destination
from reporter.delivery.postman import Postman
from reporter.delivery.receipt import Receipt, State
from reporter.delivery.spool import Spool
from reporter.inbox.server import Inbox
from reporter.report.model import Attachment

Document = Callable[..., dict[str, Any]]

REFERENCE = "7K3D-9QX2M"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "spool.sqlite") as spool:
        yield spool


def destination(base: str) -> Destination:
    return open_destination(f"{base}reports", pack=lambda envelope: b"")


def send(spool: Spool, base: str, raw: bytes, *, attachment: bytes = b"\x89PNG") -> Receipt:
    spool.enqueue(
        REFERENCE,
        raw,
        [Attachment(name="Снимок.png", content_type="image/png", content=attachment)],
        sendable=True,
        sent_by_person=True,
    )
    return Postman(spool, [destination(base)]).deliver(REFERENCE)


def test_support_has_what_was_previewed(spool: Spool, base: str, document: Document) -> None:
    raw = json.dumps(document(), indent=2, ensure_ascii=False).encode()
    receipt = send(spool, base, raw)
    assert (receipt.state, receipt.page, receipt.reason) == (State.ACCEPTED, f"{base}reports/{REFERENCE}", "")
    assert httpx.get(f"{receipt.page}/report.json").content == raw
    stored = httpx.get(receipt.page, headers={"Accept": "application/json"}).json()
    assert [(file["name"], file["content_type"]) for file in stored["attachments"]] == [
        ("Снимок.png", "image/png")
    ]


def test_a_confirmation_lost_on_the_way_leaves_one_report(
    spool: Spool, base: str, document: Document, tmp_path: Path
) -> None:
    raw = json.dumps(document()).encode()
    send(spool, base, raw)
    with Spool(tmp_path / "before-the-record.sqlite") as forgetful:
        receipt = send(forgetful, base, raw)
    assert receipt.state is State.ACCEPTED
    assert httpx.get(receipt.page, headers={"Accept": "application/json"}).json()["repeats"] == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": "report/9"}, "the endpoint answered 422 Unprocessable "),
        (
            {"story": {"text": "x" * 3_000_000}},
            "the endpoint answered 413 Request Entity Too Large: The part “report”",
        ),
    ],
)
def test_what_the_inbox_does_not_take_is_kept_with_its_reason(
    spool: Spool, base: str, document: Document, change: dict[str, Any], reason: str
) -> None:
    receipt = send(spool, base, json.dumps(document(**change)).encode())
    assert receipt.state is State.REFUSED
    assert receipt.reason.startswith(reason)
    assert spool.get(REFERENCE) is not None


def test_an_attachment_that_is_too_large_is_refused_and_not_tried_for_ever(
    spool: Spool, base: str, document: Document
) -> None:
    receipt = send(spool, base, json.dumps(document()).encode(), attachment=b"x" * 12_000_000)
    assert (receipt.state, "larger than 10,485,760 bytes" in receipt.reason) == (State.REFUSED, True)


def test_an_inbox_that_comes_back_gets_what_waited(spool: Spool, document: Document, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox.sqlite")
    base = inbox.start()
    inbox.stop()
    receipt = send(spool, base, json.dumps(document()).encode())
    assert (receipt.state, receipt.reason) == (State.QUEUED, "the endpoint's server refuses the connection")
    back = Inbox(tmp_path / "inbox.sqlite", base.removeprefix("http://").rstrip("/"))
    assert back.start() == base
    [receipt] = Postman(spool, [destination(base)]).flush(force=True)
    back.stop()
    assert (receipt.state, receipt.tries) == (State.ACCEPTED, 2)


# Asked before, counted, and answered


KIND = "a41c09be77d2f350"


@pytest.fixture
def support(base: str) -> Iterator[Callable[..., None]]:
    """Fills in a form of the kind as support does: ``support("need", need="nothing")``."""
    with httpx.Client(base_url=base) as browser:

        def support(form: str, **fields: str) -> None:
            page = browser.get("/", params={"kind": KIND}).text
            key = page.partition('name="key" value="')[2].partition('"')[0]
            filled = {"key": key, "fingerprint": KIND} | fields
            answer = browser.post(f"kind/{form}", data=filled, headers={"Sec-Fetch-Site": "same-origin"})
            assert answer.status_code == 303

        yield support


def automatic(spool: Spool, document: Document, reference: str) -> bytes:
    raw = json.dumps(document(reference, fingerprint=KIND, schema="report/2")).encode()
    spool.enqueue(reference, raw, [], sendable=True, sent_by_person=False, fingerprint=KIND)
    return raw


def test_who_is_counted_instead_of_reporting_learns_the_answer_too(
    spool: Spool, base: str, document: Document, support: Callable[..., None]
) -> None:
    support("need", need="nothing", message="We know.")
    postman = Postman(spool, [destination(base)])
    automatic(spool, document, REFERENCE)
    for _ in range(2):
        assert postman.deliver(REFERENCE).state is State.ACCEPTED
    asked = httpx.post(f"{base}reports/precheck", json={"fingerprint": KIND}).json()
    assert (asked["need"], asked["message"]) == ("nothing", "We know.")
    assert "1 more has it too" in httpx.get(base, params={"kind": KIND}).text
    assert httpx.get(f"{base}reports/{REFERENCE}").status_code == 404
    assert postman.inquire(REFERENCE).answer == ""
    support("answer", text="Mended.", solved="yes")
    told = postman.inquire(REFERENCE)
    assert (told.answer, told.state) == ("Mended.", State.ANSWERED)


def test_a_summary_is_sent_where_no_more_is_wanted(
    spool: Spool, base: str, document: Document, support: Callable[..., None]
) -> None:
    support("need", need="summary")
    raw = automatic(spool, document, REFERENCE)
    summary = json.dumps(document(REFERENCE, fingerprint=KIND, schema="report/2", facts={})).encode()
    postman = Postman(
        spool,
        [destination(base)],
        reduce=lambda envelope: msgspec.structs.replace(envelope, report_json=summary),
    )
    assert postman.deliver(REFERENCE).state is State.ACCEPTED
    kept = spool.get(REFERENCE)
    assert kept is not None
    assert kept.report_json == raw
    assert httpx.get(f"{base}reports/{REFERENCE}/report.json").content == summary


def test_an_answer_to_one_person_is_for_nobody_else(
    spool: Spool, base: str, document: Document, support: Callable[..., None], tmp_path: Path
) -> None:
    raw = json.dumps(document()).encode()
    send(spool, base, raw)
    with Spool(tmp_path / "of-another.sqlite") as other:
        send(other, base, raw)  # the same bytes, and a secret of its own
        support("need", need="everything")
        with httpx.Client(base_url=base) as browser:
            key = (
                browser.get(f"/reports/{REFERENCE}").text.partition('name="key" value="')[2].partition('"')[0]
            )
            browser.post(
                f"reports/{REFERENCE}/answer",
                data={"key": key, "text": "Only for you."},
                headers={"Sec-Fetch-Site": "same-origin"},
            )
        assert Postman(spool, [destination(base)]).inquire(REFERENCE).answer == "Only for you."
        assert Postman(other, [destination(base)]).inquire(REFERENCE).answer == ""
