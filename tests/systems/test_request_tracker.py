"""Request Tracker 5 of Debian: a report that is mailed to it becomes a ticket, once, with everything in it.

RT runs on loopback with a configuration and a database of its own in a temporary folder. The relay in front
of it does what a mail server's pipe does: it hands each mail to ``rt-mailgate``. What RT would send goes to a
file.
"""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from reporter.delivery.access import Access
from reporter.delivery.destination import Kind, Outcome
from reporter.delivery.envelope import Envelope
from reporter.delivery.mail import MailDestination
from reporter.delivery.spool import Spool
from reporter.demo.servers import closed_port
from reporter.report.model import Attachment
from tests.delivery.mail_relays import post_office

SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
SETUP = Path("/usr/sbin/rt-setup-database-5")
GATE = Path("/usr/bin/rt-mailgate-5")
START_LIMIT_S = 120.0
MAILBOX = "helpdesk@helpdesk.example.org"
HEADLINE = "Сертификат сервера «1С:Предприятие» просрочен"
STORY = "Хотела закрыть месяц — не вышло. Ёлка, съезд, 100 % €"

CONFIGURATION = r"""
Set($rtname, 'helpdesk.example.org');
Set($Organization, 'helpdesk.example.org');
Set($CorrespondAddress, 'helpdesk@helpdesk.example.org');
Set($CommentAddress, 'comment@helpdesk.example.org');
Set($WebDomain, '127.0.0.1');
Set($WebPort, PORT);
Set($WebPath, '');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, 'FOLDER/rtdb');
Set($DatabaseUser, '');
Set($DatabasePassword, '');
Set($MailCommand, 'sendmailpipe');
Set($SendmailPath, 'FOLDER/sendmail');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'info');
Set($WebSessionClass, 'Apache::Session::File');
Set($Timezone, 'UTC');
1;
"""
# As RT's own manual says: who writes to the queue's mailbox need not be known to it.
RIGHTS = """
@ACL = map {{GroupDomain => 'SystemInternal', GroupType => 'Everyone', Right => $_, Queue => 'General'}}
    qw(CreateTicket ReplyToTicket);
1;
"""
SENDMAIL = """#!/bin/sh
cat >"FOLDER/sent/$$.eml"
"""

pytestmark = [
    pytest.mark.skipif(
        not all(map(Path.exists, (SERVER, SETUP, GATE))),
        reason="needs request-tracker5; see packaging/develop",
    ),
    pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0,
        reason="RT of Debian keeps compiled pages where only root and its own user may write",
    ),
]


class Tracker:
    """A running RT, asked by its REST interface as its administrator."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.sent = folder / "sent"

    def ask(self, path: str) -> Any:
        answer = requests.get(f"{self.url}/REST/2.0/{path}", auth=("root", "password"), timeout=60)
        answer.raise_for_status()
        return answer.json()

    def tickets(self, query: str) -> list[int]:
        found = requests.get(
            f"{self.url}/REST/2.0/tickets",
            params={"query": query, "per_page": "100"},
            auth=("root", "password"),
            timeout=60,
        ).json()
        return sorted(int(item["id"]) for item in found["items"])

    def texts(self, ticket: int) -> list[dict[str, Any]]:
        """The parts of the ticket's mails, with ``Content`` as bytes; those that hold others are left out."""
        listed = self.ask(f"ticket/{ticket}/attachments?per_page=100")["items"]
        parts = [self.ask(f"attachment/{item['id']}") for item in listed]
        return [
            part | {"Content": base64.b64decode(part.get("Content") or "")}
            for part in parts
            if not part["ContentType"].startswith("multipart/")
        ]

    def headers(self, ticket: int) -> str:
        listed = self.ask(f"ticket/{ticket}/attachments?per_page=100")["items"]
        return str(self.ask(f"attachment/{min(int(item['id']) for item in listed)}")["Headers"])


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    folder = tmp_path_factory.mktemp("rt")
    port = closed_port()
    (folder / "more").mkdir()
    (folder / "sent").mkdir()
    for name, content in (
        ("RT_SiteConfig.pm", CONFIGURATION),
        ("rights", RIGHTS),
        ("sendmail", SENDMAIL),
    ):
        filled = content.replace("FOLDER", str(folder)).replace("PORT", str(port))
        (folder / name).write_text(filled, encoding="utf-8")
    (folder / "sendmail").chmod(0o755)
    environ = os.environ | {
        "RT_SITE_CONFIG": str(folder / "RT_SiteConfig.pm"),
        "RT_SITE_CONFIG_DIR": str(folder / "more"),
    }
    for action in (["init", "--skip-create"], ["insert", "--datafile", str(folder / "rights")]):
        subprocess.run(
            [SETUP, "--action", *action], env=environ, check=True, capture_output=True, timeout=START_LIMIT_S
        )
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [SERVER, "--host", "127.0.0.1", "--port", str(port), "--env", "deployment", "--max-workers", "1"],
            env=environ,
            stdout=log,
            stderr=log,
        )
    try:
        running = Tracker(folder, port)
        _wait_for(running.url, process)
        yield running
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(url, timeout=30)
            return
        time.sleep(0.2)
    pytest.fail("RT did not start")


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "spool.sqlite") as spool:
        yield spool


@pytest.fixture
def deliver(spool: Spool, tracker: Tracker) -> Callable[..., tuple[Envelope, Outcome]]:
    """Mails a report to RT: ``deliver(reference, files)``."""

    def deliver(reference: str, files: Sequence[Attachment] = (), times: int = 1) -> tuple[Envelope, Outcome]:
        kept = spool.enqueue(reference, document(reference), list(files), sendable=True, sent_by_person=True)
        with post_office() as (office, port):
            destination = MailDestination(f"smtp://127.0.0.1:{port}/{MAILBOX}", Access())
            for _ in range(times):
                outcome = destination.deliver(kept)
        for raw in office.raw:
            pipe(raw, tracker)
        return kept, outcome

    return deliver


def document(reference: str) -> bytes:
    return msgspec.json.format(
        msgspec.json.encode(
            {
                "reference": reference,
                "failure": {
                    "application": {"name": "ERP [test #1]", "version": "3.1.4"},
                    "message": "certificate has expired",
                },
                "verdict": {"headline": HEADLINE, "cause": "tls.expired", "owner": "server"},
                "story": {"wanted": STORY, "contact": "anna@example.org"},
                "long": "я" * 5_000,
            }
        ),
        indent=2,
    )


def pipe(raw: bytes, tracker: Tracker) -> None:
    """What the line ``helpdesk: "|rt-mailgate …"`` in a mail server's aliases does."""
    subprocess.run(
        [GATE, "--queue", "General", "--action", "correspond", "--url", tracker.url],
        input=raw,
        check=True,
        capture_output=True,
        timeout=60,
    )


def test_a_report_becomes_a_ticket(
    tracker: Tracker, deliver: Callable[..., tuple[Envelope, Outcome]]
) -> None:
    reference = "7K3D-9QX2M"
    picture = bytes(range(256)) * 300
    log = "раз\r\nдва\n".encode()
    kept, outcome = deliver(
        reference,
        [
            Attachment(name="screenshot-1.png", content_type="image/png", content=picture),
            Attachment(name="logs/1-app.log.txt", content_type="text/plain", content=log),
        ],
    )
    assert outcome.kind is Kind.ACCEPTED
    [ticket] = tracker.tickets(f"Subject LIKE '{reference}'")
    about = tracker.ask(f"ticket/{ticket}")
    assert about["Subject"] == f"ERP (test 1): {HEADLINE} {reference}"
    assert about["Status"] == "new"
    assert [person["id"] for person in about["Requestor"]] == ["anna@example.org"]
    headers = tracker.headers(ticket).lower().splitlines()
    assert f"x-report-id: {reference}".lower() in headers
    assert f"message-id: <{reference}@reporter.invalid>".lower() in headers
    text, *files = tracker.texts(ticket)
    words = text["Content"].decode()
    assert HEADLINE in words
    assert f"Wanted: {STORY}" in words
    assert {file["Filename"]: file["Content"] for file in files} == {
        "report.json.txt": kept.report_json,
        "screenshot-1.png": picture,
        "logs-1-app.log.txt": log,
    }


def test_nobody_gets_an_automatic_answer(
    tracker: Tracker, deliver: Callable[..., tuple[Envelope, Outcome]]
) -> None:
    deliver("8K3D-9QX2M")
    assert tracker.tickets("Subject LIKE '8K3D-9QX2M'")
    assert list(tracker.sent.iterdir()) == []


def test_a_mail_of_a_person_does_get_one_so_that_the_silence_is_ours(tracker: Tracker) -> None:
    before = set(tracker.sent.iterdir())
    pipe(
        b"From: boris@example.org\r\nTo: " + MAILBOX.encode() + b"\r\nSubject: Hello\r\n\r\nHello\r\n",
        tracker,
    )
    [answer] = set(tracker.sent.iterdir()) - before
    assert b"boris@example.org" in answer.read_bytes()
    answer.unlink()


def test_what_support_answers_reaches_the_person_who_left_an_address(
    tracker: Tracker, deliver: Callable[..., tuple[Envelope, Outcome]]
) -> None:
    deliver("AK3D-9QX2M")
    [ticket] = tracker.tickets("Subject LIKE 'AK3D-9QX2M'")
    before = set(tracker.sent.iterdir())
    requests.post(
        f"{tracker.url}/REST/2.0/ticket/{ticket}/correspond",
        auth=("root", "password"),
        data="It is mended.",
        headers={"Content-Type": "text/plain"},
        timeout=60,
    ).raise_for_status()
    mails = [file.read_bytes() for file in set(tracker.sent.iterdir()) - before]
    assert any(b"anna@example.org" in mail and b"It is mended." in mail for mail in mails)


def test_the_same_report_twice_is_two_tickets_with_one_message_id(
    tracker: Tracker, deliver: Callable[..., tuple[Envelope, Outcome]]
) -> None:
    """RT 5 knows no copies by itself; what they have in common is the reference and the message id."""
    deliver("9K3D-9QX2M", times=2)
    tickets = tracker.tickets("Subject LIKE '9K3D-9QX2M'")
    assert len(tickets) == 2
    ids = {
        line
        for ticket in tickets
        for line in tracker.headers(ticket).splitlines()
        if line.lower().startswith("message-id:")
    }
    assert ids == {"Message-ID: <9K3D-9QX2M@reporter.invalid>"}
