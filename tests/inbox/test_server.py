"""Starting the inbox: where it listens, who may read, and sentences when it cannot."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from reporter.errors import InboxError
from reporter.inbox.server import Inbox, parse_listen, serve


@pytest.mark.parametrize(
    ("listen", "parts"),
    [("127.0.0.1:8765", ("127.0.0.1", 8765)), ("[::1]:0", ("::1", 0)), (" localhost:80 ", ("localhost", 80))],
)
def test_addresses_to_listen_on(listen: str, parts: tuple[str, int]) -> None:
    assert parse_listen(listen) == parts


@pytest.mark.parametrize(
    "listen", ["", "8765", "127.0.0.1", ":8765", "127.0.0.1:x", "127.0.0.1:99999", "h:1/path", "u@h:1"]
)
def test_what_is_no_address_gets_a_sentence(listen: str) -> None:
    with pytest.raises(InboxError, match=r"must be host:port, for example 127\.0\.0\.1:8765; “.*” is not\.$"):
        parse_listen(listen)


def test_a_busy_port_gets_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InboxError, match=rf"cannot listen on 127\.0\.0\.1 port {port}: .*--listen"):
            Inbox(tmp_path / "inbox.sqlite", f"127.0.0.1:{port}").start()


def test_a_database_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InboxError, match=r"^The database .* cannot be used: .*\.$"):
        serve(
            "127.0.0.1:0", tmp_path / "file" / "inbox.sqlite", announce=lambda sentence: pytest.fail(sentence)
        )


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1", "inbox.example.org"])
def test_without_a_password_reports_are_not_shown_to_the_network(tmp_path: Path, host: str) -> None:
    with pytest.raises(
        InboxError, match=r"environment variable REPORTER_INBOX_PASSWORD, or listen on 127\.0\.0\.1\.$"
    ):
        Inbox(tmp_path / "inbox.sqlite", f"{host}:0")


def test_an_inbox_can_be_stopped_and_started_with_what_it_had(
    tmp_path: Path, document: Callable[..., dict[str, object]]
) -> None:
    inbox = Inbox(tmp_path / "inbox.sqlite")
    base = inbox.start()
    report = httpx.Response(200, json=document()).content
    httpx.post(f"{base}reports", headers={"Idempotency-Key": "7K3D-9QX2M"}, files={"report": ("r", report)})
    inbox.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(base)
    assert "1 report" in httpx.get(inbox.start()).text
    inbox.stop()


def test_a_foreign_name_for_this_computer_shows_nothing(base: str) -> None:
    answer = httpx.get(base, headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert "only shown at the address of this computer" in answer.json()["detail"]
    assert httpx.get(base.replace("127.0.0.1", "localhost")).status_code == 200


# With a password


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    inbox = Inbox(tmp_path_factory.mktemp("guarded") / "inbox.sqlite", "0.0.0.0:0", password="геhe:im")
    address = inbox.start()
    yield f"http://127.0.0.1:{address.rstrip('/').rpartition(':')[2]}/"
    inbox.stop()


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic %%%", "Bearer x", "Basic c3VwcG9ydDo=", "Basic c3VwcG9ydDp3cm9uZw=="]
)
@pytest.mark.parametrize("path", ["", "reports/7K3D-9QX2M", "reports/7K3D-9QX2M/report.json"])
def test_with_a_password_pages_ask_for_it(guarded: str, path: str, header: str) -> None:
    answer = httpx.get(guarded + path, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_the_right_password_opens_from_anywhere(guarded: str) -> None:
    answer = httpx.get(guarded, auth=("support", "геhe:im"), headers={"Host": "inbox.example.org"})
    assert answer.status_code == 200


def test_reports_are_taken_without_the_password(
    guarded: str, document: Callable[..., dict[str, object]]
) -> None:
    report = httpx.Response(200, json=document()).content
    answer = httpx.post(
        f"{guarded}reports", headers={"Idempotency-Key": "7K3D-9QX2M"}, files={"report": ("r", report)}
    )
    assert answer.status_code == 201


def test_with_a_password_health_is_for_everybody(guarded: str) -> None:
    assert httpx.get(f"{guarded}health").json() == {"status": "ok"}
