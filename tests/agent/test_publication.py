"""Published settings: read over real connections after a login that worked, and shown when one does not."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

import reporter
from reporter import agent, publication
from reporter.capture import success
from reporter.publication import Refreshed
from reporter.settings.model import Settings
from reporter.settings.published import recall, remember
from tests.diagnosis.wire import LoopbackServer, certified, response
from tests.waiting import wait_until

ASK = success.ask  # the tests of the house put another in its place
DOCUMENT = {"help_text": "Call 5555.", "help": {"tls": {"ru": {"text": "Звоните 5555."}}}}
GOOD = response("200 OK", 'ETag: "1"', "Content-Type: application/json", body=json.dumps(DOCUMENT))
UNCHANGED = response("304 Not Modified", 'ETag: "1"')


class Server:
    """Answers every request with ``answer``, and keeps the requests."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.answer = GOOD
        self.requests: list[str] = []
        self._server = LoopbackServer(self._handle, context)
        scheme = "http" if context is None else "https"
        self.target = f"{scheme}://localhost:{self._server.port}/base"
        self.address = f"{scheme}://localhost:{self._server.port}/.well-known/reporter.json"

    def _handle(self, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            received = connection.recv(4096)
            if not received:
                return
            request += received
        self.requests.append(request.decode())
        connection.sendall(self.answer)

    def close(self) -> None:
        self._server.close()


@pytest.fixture(name="authority", scope="session")
def _authority() -> trustme.CA:
    return trustme.CA(organization_name="Example Organisation")


@pytest.fixture(name="trusted")
def _trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.fixture(name="server")
def _server(authority: trustme.CA, trusted: None) -> Iterator[Server]:
    started = Server(certified(authority, "localhost"))
    yield started
    started.close()


@pytest.fixture(name="environ")
def _environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    home = {"REPORTER_HOME": str(tmp_path / "home"), "REPORTER_SETTINGS": os.devnull, "NO_PROXY": "localhost"}
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture(name="refresh")
def _refresh(environ: dict[str, str]) -> Callable[..., Refreshed]:
    def refreshed(target: str, where: str = "/.well-known/reporter.json", **given: object) -> Refreshed:
        options: dict[str, object] = {"at_once": True, "limit_s": 20.0, **given}
        return publication.refresh(target, Settings(published_settings_url=where), environ, **options)  # type: ignore[arg-type]

    return refreshed


def test_what_is_published_is_shown_in_later_failures(
    server: Server, refresh: Callable[..., Refreshed], environ: dict[str, str]
) -> None:
    assert refresh(server.target).state == "kept"
    assert recall(server.target, environ) == DOCUMENT
    settings = agent.load_settings(server.target).settings
    assert settings.help_for("tcp.refused", "tcp", "ru").text == "Call 5555."
    assert settings.help_for("tls.expired", "tls", "ru").text == "Звоните 5555."
    [request] = server.requests
    assert request.startswith("GET /.well-known/reporter.json HTTP/1.1\r\n")
    assert "Cookie" not in request
    assert "Authorization" not in request


def test_an_unchanged_document_is_not_sent_again(server: Server, refresh: Callable[..., Refreshed]) -> None:
    refresh(server.target)
    server.answer = UNCHANGED
    assert refresh(server.target).state == "unchanged"
    assert 'If-None-Match: "1"' in server.requests[1]
    assert refresh(server.target, server.address.replace("json", "other")).state == "failed", (
        "nothing was known"
    )
    assert "If-None-Match" not in server.requests[2]


def test_the_host_named_with_a_password_is_asked_without_it(
    server: Server, refresh: Callable[..., Refreshed], environ: dict[str, str]
) -> None:
    result = refresh(server.target.replace("https://", "https://me:geheim@") + "?token=t0p")
    assert result.state == "kept"
    assert "geheim" not in server.requests[0]
    assert "t0p" not in str(result) + server.requests[0]
    assert recall(server.target, environ) == DOCUMENT


def test_it_is_asked_once_an_hour(server: Server, refresh: Callable[..., Refreshed]) -> None:
    now_s = 1_790_000_000.0
    states = [
        refresh(server.target, at_once=False, now_s=now_s + later).state for later in (0, 1, 3_599, 3_600)
    ]
    assert states == ["kept", "not_due", "not_due", "kept"]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (response("404 Not Found"), "nothing", "publishes nothing"),
        (response("410 Gone"), "nothing", "publishes nothing"),
        (response("304 Not Modified"), "unchanged", "has not changed"),
        (response("302 Found", "Location: /.well-known/reporter.json"), "failed", "status 302"),
        (response("301 Moved", "Location: http://169.254.169.254/"), "failed", "status 301"),
        (response("401 Unauthorized"), "failed", "status 401"),
        (response("503 Down"), "failed", "status 503"),
        (response("200 OK", body="<html>Sign in</html>"), "failed", "not JSON"),
        (response("200 OK", body='{"name": "app"}'), "failed", "no object with help_text"),
        (response("200 OK", body=""), "failed", "not JSON"),
        (response("200 OK", body='{"help_text": "' + "x" * 70_000 + '"}'), "failed", "65,536 bytes or more"),
        (b"SSH-2.0-x\r\n\r\n", "failed", "could not be read"),
        (b"", "failed", "could not be read"),
    ],
)
def test_what_was_read_last_stays(
    server: Server,
    refresh: Callable[..., Refreshed],
    environ: dict[str, str],
    *,
    answer: bytes,
    state: str,
    words: str,
) -> None:
    refresh(server.target)
    server.answer = answer
    result = refresh(server.target)
    assert (result.state, recall(server.target, environ)) == (state, DOCUMENT)
    assert words in result.sentence
    assert result.sentence.endswith(".")
    assert len(server.requests) == 2, "no redirect is followed"


def test_an_empty_document_takes_it_back(
    server: Server, refresh: Callable[..., Refreshed], environ: dict[str, str]
) -> None:
    refresh(server.target)
    server.answer = response("200 OK", body="{}")
    assert refresh(server.target).state == "kept"
    assert recall(server.target, environ) == {}


def test_what_cannot_be_used_is_left_out_and_told(
    server: Server, refresh: Callable[..., Refreshed], environ: dict[str, str]
) -> None:
    server.answer = response(
        "200 OK", body=json.dumps({"help_text": "x", "help_url": "file:///etc/passwd", "submission": "auto"})
    )
    result = refresh(server.target)
    assert recall(server.target, environ) == {"help_text": "x"}
    assert len(result.problems) == 2
    loaded = agent.load_settings(server.target)
    assert (loaded.problems, loaded.settings.submission) == ([], "ask")


def test_a_server_that_is_not_trusted_publishes_nothing(
    authority: trustme.CA, refresh: Callable[..., Refreshed], environ: dict[str, str]
) -> None:
    untrusted = Server(certified(authority, "localhost"))
    try:
        assert "certificate" in refresh(untrusted.target).sentence
        assert recall(untrusted.target, environ) == {}
    finally:
        untrusted.close()


def test_plain_http_is_read_from_the_server_of_the_login_only(refresh: Callable[..., Refreshed]) -> None:
    plain = Server(None)
    try:
        assert refresh(plain.target).state == "kept"
        assert refresh("tcp://localhost:1541", plain.address).state == "kept"
        other = refresh("https://erp.example.org", plain.address)
        assert (other.state, len(plain.requests)) == ("failed", 2)
        assert "neither https nor at the server of the login" in other.sentence
    finally:
        plain.close()


@pytest.mark.parametrize(
    "target", ["tcp://erp.example.org:1541", "nonsense", "", "infobase:none", 'Srvr="h";']
)
def test_a_target_that_is_no_web_server_has_no_default_address(
    refresh: Callable[..., Refreshed], target: str
) -> None:
    assert refresh(target).state == "nothing"


def test_it_can_be_switched_off(server: Server, refresh: Callable[..., Refreshed]) -> None:
    assert refresh(server.target, "").state == "nothing"
    assert server.requests == []


def test_a_server_that_drips_is_left_after_the_limit(refresh: Callable[..., Refreshed]) -> None:
    over = threading.Event()

    def dripping(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.05):
            connection.sendall(b"X: y\r\n")

    server = LoopbackServer(dripping, None)
    try:
        result = refresh(f"http://127.0.0.1:{server.port}/", limit_s=1.5)
        assert (result.state, "longer than 1.5 s" in result.sentence) == ("failed", True)
    finally:
        over.set()
        server.close()


def test_a_disk_that_refuses_is_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = publication.refresh(server.target, Settings(), {"REPORTER_HOME": str(tmp_path / "file")})
    assert (result.state, result.sentence) == ("failed", "The cache folder cannot be written.")


def test_the_command_says_what_became_of_it(server: Server, environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "reporter", "published", "refresh", "--json"]

    def run(*options: str) -> tuple[int, str]:
        ended = subprocess.run(
            [*command, *options, server.target], capture_output=True, check=False, timeout=60
        )
        return ended.returncode, json.loads(ended.stdout)["state"]

    assert run() == (0, "kept")
    assert run() == (0, "not_due")
    server.answer = response("503 Down")
    assert run("--now") == (1, "failed")
    helped = subprocess.run(
        [sys.executable, "-m", "reporter", "--help"], capture_output=True, check=True, timeout=60
    )
    assert b"published" not in helped.stdout
    assert b"notice" in helped.stdout


# From the guard to the cache


@pytest.fixture(name="asked")
def _asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []
    monkeypatch.setattr(success, "ask", asked.append)
    monkeypatch.setattr(success, "_due_at", {})
    return asked


def test_a_login_that_worked_has_its_server_asked(
    server: Server, environ: dict[str, str], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(success, "ask", ASK)
    assert reporter.guard(lambda: "session", target=server.target) == "session"
    wait_until(lambda: recall(server.target, environ) == DOCUMENT)


def test_every_form_of_the_guard_tells_of_success(asked: list[str]) -> None:
    import asyncio

    @reporter.guard(target="https://decorated")
    def decorated() -> None: ...

    @reporter.guard(target="https://coroutine")
    async def coroutine() -> None: ...

    async def in_context() -> None:
        async with reporter.guard(target="https://async"):
            pass

    decorated()
    asyncio.run(coroutine())
    asyncio.run(in_context())
    with reporter.guard(target="https://context"):
        pass
    reporter.guard(lambda: None, target="https://plain")
    wait_until(lambda: len(asked) == 5)
    assert set(asked) == {f"https://{n}" for n in ("decorated", "coroutine", "async", "context", "plain")}


def test_a_login_that_did_not_work_asks_nobody(asked: list[str]) -> None:
    with pytest.raises(KeyError), reporter.guard(target="https://fails"):
        raise KeyError
    reporter.guard(lambda: None, target="https://works")
    wait_until(lambda: asked != [])
    assert asked == ["https://works"]


def test_each_target_is_asked_once_an_hour(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000.0]
    monkeypatch.setattr(success, "monotonic", lambda: clock[0])
    rung: list[str] = []
    monkeypatch.setattr(success.attendant, "leave", rung.append)
    for later_s, target in (
        (0, "a"),
        (1, "a"),
        (1, "b"),
        (3_599, "a"),
        (3_600, "a"),
        (3_600, "b"),
        (3_601, "b"),
    ):
        clock[0] = 1_000.0 + later_s
        success.noted(target)
    assert rung == ["a", "b", "a", "b"]


def test_a_host_with_ever_new_targets_starts_no_storm(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(success.attendant, "leave", rung.append)
    for number in range(500):
        success.noted(f"https://{number}")
    assert len(rung) == success.TARGETS_LIMIT


def test_a_demonstration_asks_nobody(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(success.attendant, "leave", rung.append)
    monkeypatch.setattr(success.attendant, "targets_limit", success.TARGETS_LIMIT)
    success.ask_nobody()
    success.noted("https://a")
    assert rung == []


def test_nothing_reaches_the_host(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(target: str) -> None:
        asked.append(target)
        raise OSError("no such program")

    monkeypatch.setattr(success, "ask", broken)
    success.noted(["not hashable"])  # type: ignore[arg-type]
    success.noted("https://a")
    success.noted("https://b")
    wait_until(lambda: len(asked) == 2)
    monkeypatch.setattr(success.attendant, "leave", lambda target: asked.append(1 / 0))  # type: ignore[arg-type]
    success.noted("https://c")


def test_the_calling_thread_starts_nothing_and_opens_nothing() -> None:
    # In a process of its own: such a hook stays, and with it threads that begin at once may not be traced.
    script = """
import _thread, sys, threading, time
import reporter
from reporter.capture import success
asked, events, listening = [], [], False
success.ask = asked.append
guarded = reporter.guard  # from here on the thread looks
here = threading.get_ident()
really_start = _thread.start_new_thread
def watch(event, arguments):
    if listening and threading.get_ident() == here:
        events.append(event)
def start(function, arguments):
    events.append("a thread")
    return really_start(function, arguments)
_thread.start_new_thread = start
sys.addaudithook(watch)
listening = True
guarded(lambda: None, target="https://first-success")
guarded(lambda: None, target="https://first-success")
listening = False
end = time.monotonic() + 30
while not asked and time.monotonic() < end:
    time.sleep(0.01)
print(events, asked)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == ("[] ['https://first-success']\n", "")


def test_an_attendant_that_left_is_replaced(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(success, "PATIENCE_S", 0.01)
    impatient = success.Attendant()
    impatient.begin()
    wait_until(lambda: impatient._process == 0)
    impatient.leave("https://late")
    wait_until(lambda: asked == ["https://late"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_forked_child_has_an_attendant_of_its_own() -> None:
    script = """
import os, sys, time
import reporter
reporter.guard
from reporter.capture import success
asked = []
success.ask = asked.append
child = os.fork()
if child == 0:
    reporter.guard(lambda: None, target="https://child")
    end = time.monotonic() + 30
    while not asked and time.monotonic() < end:
        time.sleep(0.01)
    os._exit(0 if asked == ["https://child"] else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0


def test_the_process_gets_no_secret_and_no_option(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    ASK("https://me:geheim@erp.example.org/base?token=t0p")
    ASK("--help")
    ASK("")
    assert [command[-4:] for command in commands] == [
        ["published", "refresh", "--", "https://erp.example.org/base"],
        ["published", "refresh", "--", "--help"],
    ]


def test_what_a_host_remembers_itself_and_what_is_read_go_together(
    server: Server, refresh: Callable[..., Refreshed], environ: dict[str, str]
) -> None:
    remember(server.target, help_text="From the host.", help_url="", environ=environ)
    server.answer = response("404 Not Found")
    refresh(server.target)
    assert recall(server.target, environ) == {"help_text": "From the host."}
    server.answer = GOOD
    refresh(server.target)
    assert recall(server.target, environ) == DOCUMENT
