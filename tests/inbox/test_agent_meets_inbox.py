"""End to end over a real wire: spool, postman, native destination, inbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
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
