"""What agents ask besides posting: how much is wanted, "me too", and what became of a report."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reporter.inbox import intake as intake_module
from reporter.inbox.limits import Bucket, Room
from reporter.inbox.server import Inbox

Post = Callable[..., httpx.Response]
Document = Callable[..., dict[str, Any]]

REFERENCE = "7K3D-9QX2M"
KIND = "a41c09be77d2f350"
TOKEN = "t" * 43


def is_problem(answer: httpx.Response, status: int, part: str) -> bool:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"].endswith(".")
    return answer.status_code == problem["status"] == status and part in problem["detail"]


def count(client: httpx.Client, reference: str, *, kind: str = KIND, token: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": reference} | ({"Report-Token": token} if token else {})
    return client.post("reports/count", json={"reference": reference, "fingerprint": kind}, headers=headers)


def known(client: httpx.Client, kind: str = KIND) -> int:
    answer = client.post("reports/precheck", json={"fingerprint": kind})
    assert answer.status_code == 200
    found: int = answer.json()["known"]
    return found


@pytest.fixture
def say(client: httpx.Client) -> Callable[..., httpx.Response]:
    """Sends a form as a browser does from a page of the inbox: ``say("kind/need", need="nothing")``."""

    def say(path: str, **fields: str) -> httpx.Response:
        page = client.get(f"/?kind={KIND}").text
        key = page.partition('name="key" value="')[2].partition('"')[0]
        return client.post(
            path,
            data={"key": key, "fingerprint": KIND} | fields,
            headers={"Sec-Fetch-Site": "same-origin"},
        )

    return say


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporter.inbox.kinds.KNOWN_KEPT_S", -1.0)


def test_of_a_new_kind_everything_is_wanted(client: httpx.Client) -> None:
    answer = client.post("reports/precheck", json={"fingerprint": KIND, "cause": "tls.expired", "later": 1})
    assert answer.json() == {"need": "everything", "message": "", "spread_s": None, "known": 0}


def test_support_says_how_much_is_wanted_and_why(client: httpx.Client, say: Callable[..., Any]) -> None:
    answer = say("kind/need", need="nothing", message="We are on it.\r\nBack at 11.")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/?kind={KIND}")
    asked = client.post("reports/precheck", json={"fingerprint": KIND}).json()
    assert (asked["need"], asked["message"]) == ("nothing", "We are on it.\nBack at 11.")
    assert client.post("reports/precheck", json={"fingerprint": "other"}).json()["need"] == "everything"
    assert say("kind/need", need="summary").status_code == 303
    assert client.post("reports/precheck", json={"fingerprint": KIND}).json()["need"] == "summary"


def test_what_everybody_asks_at_once_is_looked_up_once(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, say: Callable[..., Any]
) -> None:
    monkeypatch.setattr("reporter.inbox.kinds.KNOWN_KEPT_S", 1000.0)
    assert known(client, "remembered") == 0
    assert count(client, REFERENCE, kind="remembered").status_code == 201
    assert known(client, "remembered") == 0
    say("kind/need", fingerprint="remembered", need="everything")
    assert known(client, "remembered") == 1


def test_me_too_is_counted_once_for_each_reference(client: httpx.Client, post: Post) -> None:
    first, again = count(client, REFERENCE), count(client, REFERENCE)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"reference": REFERENCE, "state": "accepted"}
    count(client, "AAAA-AAAA1")
    assert known(client) == 2


def test_who_reports_and_is_counted_is_one(client: httpx.Client, post: Post, document: Document) -> None:
    count(client, REFERENCE)
    post(document(fingerprint=KIND, schema="report/2"))
    assert known(client) == 1
    assert count(client, REFERENCE).status_code == 200
    assert known(client) == 1


def test_pages_tell_how_many_have_it(client: httpx.Client, post: Post, document: Document) -> None:
    for number in range(3):
        post(document(f"0000-{number:05}", fingerprint=KIND, schema="report/2"))
    for number in range(2):
        count(client, f"1111-{number:05}")
    count(client, "2222-22222", kind="never reported")
    page = client.get("reports/0000-00000").text
    assert "3 reports, 2 more have it too" in page
    assert "Also to the 4 others who have it" in page
    assert "3 + 2 of this kind" in client.get("/").text
    kinds = client.get("/", params={"view": "kinds"}).text
    assert "never reported" in kinds
    assert "1 has it" in kinds
    assert ", 2 more have it too" in client.get("/", params={"kind": KIND}).text
    assert client.get("/", params={"kind": "never reported"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        (b"", 400, "not valid JSON"),
        (b"{", 400, "not valid JSON"),
        (b"\xff", 400, "not valid JSON"),
        (b"[" * 10_000, 422, "not understood"),
        (b"[]", 422, "not understood"),
        (b"null", 422, "not understood"),
        (b"{}", 422, "fingerprint"),
        (b'{"fingerprint": 7}', 422, "fingerprint"),
        (b'{"fingerprint": ""}', 422, "1 to 100 characters"),
        (b'{"fingerprint": "%s"}' % (b"x" * 101), 422, "1 to 100 characters"),
        (b'{"fingerprint": "%s"}' % (b"x" * 20_000), 413, "larger than 16,384 bytes"),
    ],
)
@pytest.mark.parametrize("what", ["precheck", "count"])
def test_what_is_no_question_gets_a_sentence(
    client: httpx.Client, what: str, body: bytes, status: int, part: str
) -> None:
    assert is_problem(client.post(f"reports/{what}", content=body), status, part)


@pytest.mark.parametrize("reference", ["", "7k3d-9qx2m", "../../etc", "AAAA-AAAAA-A", "7K3D-9QX2M\n"])
def test_only_references_are_counted(client: httpx.Client, reference: str) -> None:
    answer = client.post("reports/count", json={"reference": reference, "fingerprint": KIND})
    assert is_problem(answer, 422, "not a reference")


def test_a_count_without_its_key_is_refused(client: httpx.Client) -> None:
    answer = client.post("reports/count", json={"reference": REFERENCE, "fingerprint": KIND})
    assert is_problem(answer, 422, "Idempotency-Key")
    assert known(client) == 0


# What became of it


def send(client: httpx.Client, document: Document, reference: str, token: str) -> None:
    raw = json.dumps(document(reference, fingerprint=KIND, schema="report/2")).encode()
    answer = client.post(
        "reports",
        headers={"Idempotency-Key": reference, "Report-Token": token},
        files={"report": ("report.json", raw, "application/json")},
    )
    assert answer.status_code == 201


def status(client: httpx.Client, reference: str = REFERENCE, token: str = TOKEN) -> httpx.Response:
    return client.get(f"reports/{reference}/status", headers={"Report-Token": token} if token else {})


def test_only_the_digest_of_a_token_is_kept(
    client: httpx.Client, document: Document, running: tuple[str, Path]
) -> None:
    token = secrets.token_urlsafe(32)
    send(client, document, REFERENCE, token)
    with sqlite3.connect(running[1]) as db:
        [(kept,)] = db.execute("SELECT token FROM reports").fetchall()
    db.close()
    assert len(kept) == 32
    files = [running[1], running[1].with_name("inbox.sqlite-wal")]
    assert not any(token.encode() in file.read_bytes() for file in files if file.exists())


def test_an_answer_reaches_who_has_the_token(
    client: httpx.Client, document: Document, say: Callable[..., Any]
) -> None:
    send(client, document, REFERENCE, TOKEN)
    send(client, document, "AAAA-AAAA1", "u" * 43)
    assert status(client).json() == {
        "reference": REFERENCE,
        "state": "accepted",
        "answer": None,
        "solved": False,
    }
    answer = say(
        f"reports/{REFERENCE}/answer", text=" Please try <b>again</b>. ", by="Oleh\u202e", solved="yes"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/reports/{REFERENCE}#answers")
    told = status(client).json()
    assert (told["state"], told["solved"]) == ("answered", True)
    assert (told["answer"]["text"], told["answer"]["by"]) == ("Please try <b>again</b>.", "Oleh")
    assert told["answer"]["at"].endswith("Z")
    assert status(client, "AAAA-AAAA1", "u" * 43).json()["state"] == "accepted"
    page = client.get(f"reports/{REFERENCE}").text
    assert "Please try &lt;b&gt;again&lt;/b&gt;." in page
    say(f"reports/{REFERENCE}/answer", text="It broke again; we are on it.")
    assert status(client).json()["solved"] is False


def test_everybody_who_has_it_now_gets_the_answer_and_nobody_later(
    client: httpx.Client, document: Document, say: Callable[..., Any]
) -> None:
    send(client, document, REFERENCE, TOKEN)
    count(client, "AAAA-AAAA1", token="u" * 43)
    assert say("kind/answer", text="It is mended.", solved="yes").status_code == 303
    send(client, document, "BBBB-BBBB1", "v" * 43)
    assert status(client).json()["answer"]["text"] == "It is mended."
    assert status(client, "AAAA-AAAA1", "u" * 43).json()["solved"] is True
    assert status(client, "BBBB-BBBB1", "v" * 43).json()["answer"] is None
    say("reports/BBBB-BBBB1/answer", text="And now for you too.", everybody="yes")
    assert status(client).json()["answer"]["text"] == "And now for you too."
    assert status(client, "BBBB-BBBB1", "v" * 43).json()["answer"]["text"] == "And now for you too."


@pytest.mark.parametrize(
    ("reference", "token"),
    [
        (REFERENCE, ""),
        (REFERENCE, "x" * 43),
        ("AAAA-AAAA1", TOKEN),
        ("0000-00007", ""),
        ("0000-00007", "x" * 43),
        ("nonsense", TOKEN),
    ],
)
def test_unknown_and_wrong_are_told_the_same(
    client: httpx.Client, document: Document, post: Post, reference: str, token: str
) -> None:
    send(client, document, REFERENCE, TOKEN)
    post(document("0000-00007"))  # of an agent that gave no token
    answer = status(client, reference, token)
    assert is_problem(answer, 404, "There is no report with this reference and this token here.")


@pytest.mark.parametrize("token", ["short", "x" * 44, "x" * 42 + "!", "x" * 10_000])
def test_a_token_of_another_shape_is_refused(client: httpx.Client, document: Document, token: str) -> None:
    assert is_problem(status(client, token=token), 422, "43 letters")
    raw = json.dumps(document()).encode()
    answer = client.post(
        "reports", headers={"Idempotency-Key": REFERENCE, "Report-Token": token}, files={"report": ("r", raw)}
    )
    assert is_problem(answer, 422, "Report-Token")


def test_an_agent_without_token_is_said_not_to_fetch_answers(
    client: httpx.Client, post: Post, document: Document
) -> None:
    post(document())
    page = client.get(f"reports/{REFERENCE}").text
    assert "fetches no answers" in page
    assert "<textarea" not in page


# Limits


def test_too_many_questions_are_put_off(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bucket, "takes", lambda self: False)
    for answer in (client.post("reports/precheck", json={"fingerprint": KIND}), count(client, REFERENCE)):
        assert is_problem(answer, 429, "send it again later")
        assert 5 <= int(answer.headers["retry-after"]) <= 60
    assert is_problem(status(client), 429, "send it again later")


def test_a_bucket_fills_with_time() -> None:
    now = 0.0
    bucket = Bucket(2.0, clock=lambda: now)
    assert [bucket.takes() for _ in range(3)] == [True, True, False]
    now = 0.5
    assert [bucket.takes() for _ in range(2)] == [True, False]
    now = 1000.0
    assert [bucket.takes() for _ in range(3)] == [True, True, False]
    assert all(Bucket(0).takes() for _ in range(100))


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[str]:
    inbox = Inbox(tmp_path / "inbox.sqlite", spread_s=600, reports_per_s=0.001)
    yield inbox.start()
    inbox.stop()


def test_an_inbox_takes_as_many_reports_as_it_was_told(limited: str, document: Document) -> None:
    def send_one(reference: str) -> httpx.Response:
        report = {"report": ("r", json.dumps(document(reference)).encode())}
        return httpx.post(f"{limited}reports", headers={"Idempotency-Key": reference}, files=report)

    assert send_one(REFERENCE).status_code == 201
    answer = send_one("AAAA-AAAA1")
    assert is_problem(answer, 429, "send it again later")
    first_turn_s = int(answer.headers["retry-after"])
    next_turn_s = int(send_one("AAAA-AAAA2").headers["retry-after"])
    assert 990 <= first_turn_s <= 1000, "one report in a thousand seconds"
    assert 990 <= next_turn_s - first_turn_s <= 1000, "nobody else has this turn"
    asked = httpx.post(f"{limited}reports/precheck", json={"fingerprint": KIND}).json()
    assert asked["spread_s"] == 600


def test_what_is_received_at_once_has_its_limit(
    tmp_path: Path, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "ROOM_LIMIT_BYTES", 100_000)
    inbox = Inbox(tmp_path / "inbox.sqlite")
    base = inbox.start()

    def send_one(size: int) -> httpx.Response:
        files = [("report", ("r", json.dumps(document()).encode())), ("attachment", ("a", b"x" * size))]
        return httpx.post(f"{base}reports", headers={"Idempotency-Key": REFERENCE}, files=files)

    assert is_problem(send_one(3_000_000), 429, "More comes in than this inbox can take")
    assert send_one(1_000).status_code == 201
    inbox.stop()


def test_room_is_given_back() -> None:
    room = Room(10)
    assert (room.take(7), room.take(7), room.take(3)) == (True, False, True)
    room.give(10)
    assert room.take(10)
