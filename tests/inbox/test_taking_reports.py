"""Posting a report: confirmed once it is on the disk, once only, and never more than the limits allow."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

Post = Callable[..., httpx.Response]
Document = Callable[..., dict[str, Any]]

REFERENCE = "7K3D-9QX2M"


def is_problem(answer: httpx.Response, status: int, part: str) -> bool:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"].endswith(".")
    return answer.status_code == problem["status"] == status and part in problem["detail"]


def test_a_new_report_is_created_and_its_page_is_named(base: str, post: Post) -> None:
    answer = post()
    assert answer.status_code == 201
    assert answer.json() == {
        "reference": REFERENCE,
        "state": "accepted",
        "page": f"{base}reports/{REFERENCE}",
    }


def test_an_address_with_a_slash_at_its_end_is_the_same(client: httpx.Client, document: Document) -> None:
    report = {"report": ("r", json.dumps(document()).encode())}
    assert client.post("reports/", headers={"Idempotency-Key": REFERENCE}, files=report).status_code == 201


def test_the_same_bytes_again_get_the_same_answer_and_are_counted(client: httpx.Client, post: Post) -> None:
    first = post(attachments=[("a.png", b"1", "image/png")])
    again = post(attachments=[("a.png", b"1", "image/png")])
    assert (again.status_code, again.json()) == (200, first.json())
    stored = client.get(f"reports/{REFERENCE}", headers={"Accept": "application/json"}).json()
    assert (stored["repeats"], len(stored["attachments"])) == (1, 1)


def test_a_different_report_under_the_same_reference_is_a_conflict(
    client: httpx.Client, post: Post, document: Document
) -> None:
    post()
    other = document(story={"text": "something else"})
    assert is_problem(post(other), 409, "already belongs to a different report")
    assert is_problem(post(attachments=[("a.png", b"1", "image/png")]), 409, "different report")
    assert "something else" not in client.get(f"reports/{REFERENCE}").text


def test_what_was_sent_comes_back_byte_for_byte(client: httpx.Client, post: Post, document: Document) -> None:
    raw = b"  " + json.dumps(document(unknown={"newer": True}), indent=3).encode() + b"\n"
    post(raw, attachments=[("Снимок экрана.png", b"\x89PNG\r\n--", "image/png")])
    assert client.get(f"reports/{REFERENCE}/report.json").content == raw
    file = client.get(f"reports/{REFERENCE}/attachments/0")
    assert file.content == b"\x89PNG\r\n--"
    assert file.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%D0%A1%D0%BD")
    assert file.headers["x-content-type-options"] == "nosniff"


def test_a_storm_from_many_clients_is_taken_whole(base: str, document: Document) -> None:
    def send(number: int) -> int:
        reference = f"0000-{number // 2:05}"  # each one twice
        return httpx.post(
            f"{base}reports",
            headers={"Idempotency-Key": reference},
            files={"report": ("report.json", json.dumps(document(reference)).encode(), "application/json")},
            timeout=30,
        ).status_code

    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(send, range(100)))
    assert (answers.count(201), answers.count(200)) == (50, 50)
    assert "50 reports" in httpx.get(base).text


# What is not taken


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        (b"", "missing or empty"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[" * 200_000, "not valid JSON"),
        (b'{"a": 1e999}', "not valid JSON"),
        (b"[]", "must hold a JSON object"),
        (b"null", "must hold a JSON object"),
        (b'{"reference": "7K3D-9QX2M"}', "must have the schema “report/1”"),
        (
            b'{"schema": "report/3", "reference": "7K3D-9QX2M"}',
            "must have the schema “report/1” or “report/2”;",
        ),
        (b'{"schema": ["report/2"], "reference": "7K3D-9QX2M"}', "must have the schema"),
        (b'{"schema": "report/1"}', "is not a reference"),
        (b'{"schema": "report/1", "reference": 7}', "is not a reference"),
        (b'{"schema": "report/1", "reference": "../../etc"}', "is not a reference"),
        (b'{"schema": "report/1", "reference": "7k3d-9qx2m"}', "is not a reference"),
        (b'{"schema": "report/1", "reference": "7K3D-9QX2M\\n"}', "is not a reference"),
        (b'{"schema": "report/1", "reference": "AAAA-AAAA1"}', "Idempotency-Key"),
    ],
)
def test_what_is_no_report_is_refused_with_a_sentence(post: Post, raw: bytes, part: str) -> None:
    assert is_problem(post(raw), 422, part)


@pytest.mark.parametrize("schema", ["report/1", "report/2"])
def test_both_schemas_are_taken(post: Post, document: Document, schema: str) -> None:
    assert post(document(schema=schema)).status_code == 201


DIGEST = hashlib.sha256(b"one").hexdigest()


@pytest.mark.parametrize(
    "enclosures",
    [
        [{"name": "a.log", "sha256": DIGEST}],
        [{"name": "a.log", "sha256": f" {DIGEST.upper()} "}],
        [{"name": "folder/a.log", "sha256": DIGEST}],
        [{"name": "a.log", "sha256": "0" * 64}, {"name": "a.log", "sha256": DIGEST}],
        [{"name": "a.log"}],
        [{"name": "a.log", "sha256": ""}],
        [{"name": "a.log", "sha256": 7}],
        [{"name": "other.log", "sha256": "0" * 64}],
        [7, None, {"name": 7, "sha256": 7}, []],
        {"name": "a.log", "sha256": "0" * 64},
        "a.log",
    ],
)
def test_a_file_that_is_what_the_report_says_is_taken(
    post: Post, document: Document, enclosures: Any
) -> None:
    report = document(schema="report/2", attachments=enclosures)
    assert post(report, attachments=[("a.log", b"one", "text/plain")]).status_code == 201


def test_a_file_that_is_another_than_the_report_says_is_refused(
    client: httpx.Client, post: Post, document: Document
) -> None:
    report = document(schema="report/2", attachments=[{"name": "a.log", "sha256": DIGEST}])
    answer = post(report, attachments=[("b.log", b"one", "x/y"), ("a.log", b"two", "text/plain")])
    assert is_problem(answer, 422, "“a.log” is not the file that the report names")
    assert "No report has come in yet" in client.get("/").text


def test_a_report_without_its_key_is_refused(post: Post) -> None:
    assert is_problem(post(key=""), 422, "Idempotency-Key")


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 300,
        "multipart/mixed; boundary=x",
    ],
)
def test_another_kind_of_body_is_not_supported(client: httpx.Client, kind: str) -> None:
    assert is_problem(client.post("reports", content=b"{}", headers={"Content-Type": kind}), 415, "multipart")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x\r\n",
        b'--x\r\nContent-Disposition: form-data; name="report"\r\n\r\n{"half": ',
        b"no boundary at all",
        b"--x\r\n" + b"H: v\r\n" * 10_000,
        b"--x\r\nH: " + b"v" * 100_000,
    ],
)
def test_a_truncated_or_malformed_body_is_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post("reports", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert is_problem(answer, 400, "multipart body")


def test_a_report_that_is_too_large_is_refused_and_heard(post: Post, document: Document) -> None:
    assert is_problem(
        post(document(story={"text": "x" * 2_200_000})), 413, "“report” is larger than 2,097,152 bytes"
    )


def test_attachments_that_are_too_large_are_refused_and_heard(post: Post) -> None:
    assert is_problem(
        post(attachments=[("a.bin", b"x" * 11_000_000, "x/y")]), 413, "larger than 10,485,760 bytes"
    )


def test_too_many_attachments_are_refused(post: Post) -> None:
    assert is_problem(post(attachments=[("a", b"1", "x/y")] * 21), 413, "More than 20 attachments")


def test_an_endless_body_is_cut_off(base: str) -> None:
    where = urlsplit(base)
    sent = 0
    with socket.create_connection((where.hostname, where.port)) as connection:
        connection.settimeout(30)
        connection.sendall(
            b"POST /reports HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        block = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            while sent < 200_000_000:
                connection.sendall(block)
                sent += len(block)
        except (ConnectionError, TimeoutError):
            pass
    assert sent < 200_000_000
    assert httpx.get(f"{base}health").json() == {"status": "ok"}


def test_a_sender_that_leaves_in_the_middle_leaves_nothing_behind(base: str, client: httpx.Client) -> None:
    where = urlsplit(base)
    for _ in range(3):
        with socket.create_connection((where.hostname, where.port)) as connection:
            connection.sendall(
                b"POST /reports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
            )
    assert client.get("health").json() == {"status": "ok"}
    assert "No report has come in yet" in client.get("/").text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        (r"..\..\windows\system.ini", "system.ini"),
        ("/etc/shadow", "shadow"),
        ("..", "attachment"),
        (".bashrc", "bashrc"),
        ("", "attachment"),
        ("a" * 500, "a" * 255),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u202e..\u2066.profile", "profile"),
        ("\u200b", "attachment"),
    ],
)
def test_names_of_attachments_are_never_paths(client: httpx.Client, post: Post, sent: str, kept: str) -> None:
    post(attachments=[("x", b"1", "text/plain"), (sent or " ", b"1", "text/plain")])
    stored = client.get(f"reports/{REFERENCE}", headers={"Accept": "application/json"}).json()
    assert [file["name"] for file in stored["attachments"]] == ["x", kept]


def test_two_reports_in_one_post_are_refused(client: httpx.Client, document: Document) -> None:
    part = ("report.json", json.dumps(document()).encode(), "application/json")
    answer = client.post(
        "reports", headers={"Idempotency-Key": REFERENCE}, files=[("report", part), ("report", part)]
    )
    assert is_problem(answer, 422, "Only one part “report”")


# The disk

SERVE = """
import sys
from pathlib import Path
from reporter.inbox.server import serve
serve("127.0.0.1:0", Path(sys.argv[1]), announce=lambda sentence: print(sentence, flush=True))
"""


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path / "inbox.sqlite")], stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


@pytest.mark.skipif(os.name != "posix", reason="kills a process with SIGKILL")
def test_an_inbox_killed_right_after_its_answer_has_lost_nothing(
    tmp_path: Path, process: subprocess.Popen[str], document: Document
) -> None:
    assert process.stdout is not None
    address = process.stdout.readline().split()[5]
    assert address.startswith("http://127.0.0.1:")
    assert address.endswith("/reports")
    for number in range(5):
        reference = f"0000-{number:05}"
        report = json.dumps(document(reference)).encode()
        answer = httpx.post(address, headers={"Idempotency-Key": reference}, files={"report": ("r", report)})
        assert answer.json()["state"] == "accepted"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    db = sqlite3.connect(tmp_path / "inbox.sqlite")
    assert db.execute("SELECT count(*) FROM reports").fetchone() == (5,)
    db.close()


@pytest.mark.skipif(os.name != "posix", reason="interrupts a process with SIGINT")
def test_an_interrupted_inbox_ends_in_peace(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.stdout.read() == "The inbox has stopped; everything it accepted is on the disk.\n"
    assert process.wait() == 0
