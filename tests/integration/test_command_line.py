"""The command line as scripts meet it: one JSON document, an exit status, sentences instead of tracebacks."""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reporter.demo import servers
from reporter.demo.servers import closed_port
from reporter.inbox.server import Inbox
from tests.waiting import wait_until

LIMIT_S = 60


class Reporter:
    """Runs ``reporter`` in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("REPORTER_")},
            "REPORTER_HOME": str(home),
            "REPORTER_SETTINGS": str(home / "settings.toml"),
            "REPORTER_FACE": "none",
            "REPORTER_LANGUAGE": "en",
            "SSL_CERT_FILE": str(home / "ca.pem"),
        }
        (home / "settings.toml").touch()

    def __call__(
        self, *arguments: str, given: str | bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        ended = subprocess.run(
            [sys.executable, "-m", "reporter", *arguments],
            input=given.encode() if isinstance(given, str) else given,
            capture_output=True,
            env={**self.environment, **environment},
            timeout=LIMIT_S,
            check=False,
        )
        assert b"Traceback" not in ended.stderr, ended.stderr.decode()
        return ended


@pytest.fixture
def reporter(tmp_path: Path) -> Iterator[Reporter]:
    home = tmp_path / "home"
    home.mkdir()
    yield Reporter(home)
    shutil.rmtree(home / "spool", ignore_errors=True)  # which ends a courier


@pytest.fixture
def endpoint(tmp_path: Path, reporter: Reporter) -> Iterator[Inbox]:
    listen = f"127.0.0.1:{closed_port()}"
    inbox = Inbox(tmp_path / "inbox.sqlite", listen)
    inbox.start()
    reporter.environment["REPORTER_ENDPOINT"] = f"http://{listen}/reports"
    yield inbox
    inbox.stop()


def refused() -> str:
    return json.dumps({"target": f"tcp://127.0.0.1:{closed_port()}", "message": "Connection refused"})


def test_diagnose_prints_one_verdict(reporter: Reporter) -> None:
    ended = reporter("diagnose", f"tcp://127.0.0.1:{closed_port()}", "--json")
    assert ended.returncode == 1
    verdict = json.loads(ended.stdout)
    assert (verdict["schema"], verdict["cause"], verdict["owner"]) == ("verdict/1", "tcp.refused", "server")
    assert verdict["evidence"]["tcp"]["attempts"][0]["errno"] == 111


def test_diagnose_says_ok_with_status_zero(reporter: Reporter) -> None:
    with servers.application(reporter.home) as port:
        ended = reporter("diagnose", f"https://localhost:{port}/", "--json")
    assert ended.returncode == 0, ended.stdout
    assert json.loads(ended.stdout)["cause"] == "ok"


def test_diagnose_for_a_person_is_readable(reporter: Reporter) -> None:
    with servers.application(reporter.home, expired=True) as port:
        ended = reporter("diagnose", f"https://localhost:{port}/")
    text = ended.stdout.decode()
    assert ended.returncode == 1
    assert "tls.expired (certain" in text
    assert "  • " in text


def test_a_silent_server_does_not_hold_the_process(reporter: Reporter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        ended = reporter("diagnose", f"https://127.0.0.1:{port}/", "--json", "--deadline", "0.5")
    verdict = json.loads(ended.stdout)
    assert verdict["cause"] == "tls.no_answer"
    assert verdict["elapsed_ms"] < 3000


@pytest.mark.parametrize(
    "target",
    [
        "not a url",
        "",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "\\\\server\\share",
        "https://",
        "https://h:99999/",
        "tcp://h",
        "infobase:ERP",
        "ftp://h/",
        "https://[::1",
        "a" * 100_000,
    ],
)
def test_a_target_that_is_none_gets_a_sentence(reporter: Reporter, target: str) -> None:
    ended = reporter("diagnose", target, "--json")
    assert ended.returncode == 2
    assert ended.stdout == b""
    assert 10 < len(ended.stderr) < 2000


@pytest.mark.parametrize("command", [["show"], ["report", "--preview"], ["report", "--send"]])
@pytest.mark.parametrize(
    "document",
    ["", "{", "[]", "{}", '{"schema": "failure/9", "message": "x"}', '{"message": 5}', b"\xff\xfe\x00"],
)
def test_a_document_that_is_none_gets_a_sentence(
    reporter: Reporter, command: list[str], document: str | bytes
) -> None:
    ended = reporter(*command, "-", given=document)
    assert ended.returncode == 2
    assert ended.stdout == b""
    assert b"failure document" in ended.stderr


def test_a_file_that_is_not_there_gets_a_sentence(reporter: Reporter) -> None:
    ended = reporter("show", "/nonexistent/failure.json")
    assert ended.returncode == 2
    assert b"/nonexistent/failure.json could not be read" in ended.stderr


def test_show_without_a_display_tells_what_it_found(reporter: Reporter) -> None:
    ended = reporter("show", "-", "--json", given=refused())
    outcome = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert outcome["verdict"]["cause"] == "tcp.refused"
    assert outcome["receipt"] is None


def test_five_megabytes_of_message_are_borne(reporter: Reporter) -> None:
    document = json.dumps({"target": "", "message": "\u202e\x1b[2J" + "x" * 5_000_000})
    ended = reporter("report", "-", "--preview", given=document)
    assert ended.returncode == 0
    assert len(ended.stdout) < 200_000
    assert "\\u202e" not in ended.stdout.decode()
    assert "\u202e" not in ended.stdout.decode()


def test_preview_output_and_sending_hold_the_same_report(
    reporter: Reporter, endpoint: Inbox, tmp_path: Path
) -> None:
    output = tmp_path / "report.zip"
    ended = reporter(
        "report", "-", "--json", "--send", "--output", str(output), "--story", "It broke.", given=refused()
    )
    assert ended.returncode == 0, ended.stderr
    result = json.loads(ended.stdout)
    assert result["receipt"]["state"] == "accepted"
    with zipfile.ZipFile(output) as archive:
        assert archive.namelist()[0] == "report.json"
        report = json.loads(archive.read("report.json"))
    assert report["reference"] == result["report"]["reference"]
    assert report["story"]["happened"] == "It broke."

    replayed = reporter("replay", str(output), "--json")
    verdict = json.loads(replayed.stdout)
    assert verdict["cause"] == report["verdict"]["cause"]
    assert verdict["evidence"] == report["verdict"]["evidence"]


def test_the_queue_lists_exports_and_drops(reporter: Reporter, tmp_path: Path) -> None:
    sent = reporter("report", "-", "--json", "--send", given=refused())
    assert sent.returncode == 1
    reference = json.loads(sent.stdout)["receipt"]["reference"]
    [listed] = json.loads(reporter("queue", "--json").stdout)
    assert (listed["reference"], listed["state"]) == (reference, "saved")
    assert reference.encode() in reporter("queue", "list").stdout

    output = tmp_path / "one.zip"
    assert reporter("queue", "export", reference.lower(), str(output)).returncode == 0
    assert zipfile.is_zipfile(output)
    assert reporter("queue", "drop", reference).returncode == 0
    assert json.loads(reporter("queue", "--json").stdout) == []
    for command in (["export", reference, str(output)], ["drop", reference], ["drop", "nonsense"]):
        ended = reporter("queue", *command)
        assert ended.returncode == 2
        assert ended.stderr


def test_a_flush_sends_what_waits(reporter: Reporter, endpoint: Inbox) -> None:
    endpoint.stop()
    sent = reporter("report", "-", "--json", "--send", given=refused())
    assert sent.returncode == 1
    assert json.loads(sent.stdout)["receipt"]["state"] == "queued"
    endpoint.start()
    flushed = reporter("queue", "flush", "--all", "--json")
    assert flushed.returncode == 0
    assert [receipt["state"] for receipt in json.loads(flushed.stdout)] == ["accepted"]


def test_one_report_is_sent_by_its_reference_whatever_was_planned(
    reporter: Reporter, endpoint: Inbox
) -> None:
    endpoint.stop()
    sent = reporter("report", "-", "--json", "--send", given=refused())
    reference = json.loads(sent.stdout)["receipt"]["reference"]
    endpoint.start()
    flushed = reporter("queue", "flush", reference.lower(), "--json")
    assert flushed.returncode == 0
    assert [receipt["state"] for receipt in json.loads(flushed.stdout)] == ["accepted"]
    again = reporter("queue", "flush", reference)
    assert again.returncode == 0
    unknown = reporter("queue", "flush", "7K3D-9QX2V")
    assert unknown.returncode == 2
    assert b"There is no report 7K3D-9QX2V on this computer" in unknown.stderr
    both = reporter("queue", "flush", reference, "--all")
    assert both.returncode == 2


def test_a_flush_without_an_address_says_what_to_set(reporter: Reporter) -> None:
    ended = reporter("queue", "flush")
    assert ended.returncode == 2
    assert b"REPORTER_ENDPOINT" in ended.stderr


def test_reports_that_are_switched_off_are_not_sent(reporter: Reporter, endpoint: Inbox) -> None:
    ended = reporter("report", "-", "--send", given=refused(), REPORTER_SUBMISSION="off")
    assert ended.returncode == 2
    assert b"switched off" in ended.stderr


def test_nothing_that_waits_is_sent_once_reports_are_switched_off(reporter: Reporter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as endpoint:
        address = f"http://127.0.0.1:{endpoint.getsockname()[1]}/reports"
        away = f"http://127.0.0.1:{closed_port()}/reports"
        assert reporter("report", "-", "--send", given=refused(), REPORTER_ENDPOINT=away).returncode == 1
        for how in ("--all", "--wait"):
            off = {"REPORTER_ENDPOINT": address, "REPORTER_SUBMISSION": "off"}
            ended = reporter("queue", "flush", how, **off)
            assert ended.returncode == 2
            assert b"switched off" in ended.stderr
        endpoint.settimeout(0)
        with pytest.raises(BlockingIOError):
            endpoint.accept()


def test_status_tells_what_was_tried(reporter: Reporter, endpoint: Inbox) -> None:
    away, there = f"http://127.0.0.1:{closed_port()}/away", reporter.environment["REPORTER_ENDPOINT"]
    places = {"REPORTER_DESTINATIONS": f"{away},{there}"}
    sent = json.loads(reporter("report", "-", "--send", "--json", given=refused(), **places).stdout)
    reference = sent["report"]["reference"]
    assert sent["receipt"]["attempt"] == "accepted"
    text = reporter("status", reference, **places).stdout.decode()
    assert f"{away}  postponed  the endpoint's server refuses the connection" in text
    assert f"{there}  accepted" in text
    [document] = json.loads(reporter("status", reference, "--json", **places).stdout)
    assert [row["outcome"] for row in document["history"]] == ["postponed", "accepted"]
    assert "token" not in document


def test_the_example_of_a_reference_is_one(reporter: Reporter) -> None:
    from reporter.report.reference import parse

    ended = reporter("status", "7K3D")
    example = ended.stderr.decode().partition("it looks like ")[2].partition(". ")[0]
    assert parse(example) == example


def test_every_problem_of_the_settings_is_told_at_once(reporter: Reporter) -> None:
    (reporter.home / "settings.toml").write_text(
        'endpont = "https://a.example"\nface = "browser"\n'
        'help_url = "javascript:alert(1)"\nhelp_text = "Call 4711."\n'
    )
    # What is malformed is ignored alone: only who asks for the settings gets it as the command's result.
    for command, status in ((["policies", "--json"], 2), (["diagnose", "tcp://127.0.0.1:9"], 1)):
        ended = reporter(*command)
        text = ended.stderr.decode()
        assert ended.returncode == status
        for part in ("endpont", "did you mean endpoint", "browser", "javascript", "line 1", "line 3"):
            assert part in text
    settings = {row["name"]: row for row in json.loads(reporter("policies", "--json").stdout)["settings"]}
    assert settings["help_text"]["value"] == "Call 4711."
    shown = reporter("show", "-", "--json", given=refused())
    assert shown.returncode == 1, "a person who cannot log in gets the dialog, whatever the settings say"


def test_about_is_text_or_one_document(reporter: Reporter) -> None:
    facts = json.loads(reporter("about", "--json").stdout)
    assert facts["schema"] == "facts/1"
    assert "system" in facts["sections"]
    text = reporter("about").stdout.decode()
    assert len(text.splitlines()) > 15


def test_about_names_no_secrets_of_the_environment(reporter: Reporter) -> None:
    ended = reporter(
        "about",
        "--json",
        HTTPS_PROXY="http://anna:hunter2-marker@proxy.example:3128",
        SECRET_TOKEN="hunter2-marker",
        REPORTER_ENDPOINT="https://anna:hunter2-marker@support.example/reports",
    )
    assert b"hunter2-marker" not in ended.stdout + ended.stderr
    assert b"proxy.example" in ended.stdout


def test_watch_passes_streams_and_status_on(reporter: Reporter) -> None:
    program = [sys.executable, "-c", "import sys; print(sys.stdin.read() + '!'); sys.exit(7)"]
    ended = reporter("watch", "--", *program, given="hello")
    assert (ended.returncode, ended.stdout.strip()) == (7, b"hello!")


def test_watch_reports_a_crash_when_that_is_allowed(reporter: Reporter, endpoint: Inbox) -> None:
    program = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGABRT)"]
    ended = reporter("watch", "--", *program, REPORTER_SUBMISSION="auto")
    assert ended.returncode == 128 + 6
    [listed] = json.loads(reporter("queue", "--json").stdout)
    assert listed["state"] in ("queued", "accepted")


def test_watch_says_when_a_program_cannot_be_started(reporter: Reporter) -> None:
    ended = reporter("watch", "--", "/nonexistent/program")
    assert ended.returncode == 2
    assert b"/nonexistent/program" in ended.stderr


def test_the_inbox_refuses_what_it_cannot_do(reporter: Reporter, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = reporter("inbox", "--listen", f"127.0.0.1:{port}", "--database", str(tmp_path / "x.sqlite"))
    assert ended.returncode == 1
    assert str(port).encode() in ended.stderr
    ended = reporter("inbox", "--listen", "0.0.0.0:0", "--database", str(tmp_path / "x.sqlite"))
    assert ended.returncode in (1, 2)
    assert b"REPORTER_INBOX_PASSWORD" in ended.stderr


def test_help_and_version(reporter: Reporter) -> None:
    assert reporter("--version").stdout.startswith(b"reporter ")
    text = reporter("--help").stdout.decode()
    for command in (
        "about",
        "demo",
        "diagnose",
        "inbox",
        "policies",
        "queue",
        "replay",
        "report",
        "show",
        "watch",
    ):
        assert f"  {command} " in text


def test_standard_output_that_is_closed_early_is_borne(reporter: Reporter) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reporter", "about"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=reporter.environment,
    )
    assert process.stdout is not None
    process.stdout.close()
    timer = threading.Timer(LIMIT_S, process.kill)
    timer.start()
    _, errors = process.communicate()
    timer.cancel()
    assert b"Traceback" not in errors


@pytest.mark.parametrize(
    "command",
    [["show", "-"], ["diagnose", "tcp://127.0.0.1:9"], ["about"], ["policies"], ["report", "--preview"]],
)
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full"])
def test_closed_and_full_streams_end_quietly(reporter: Reporter, command: list[str], closed: str) -> None:
    line = " ".join([shlex.quote(sys.executable), "-m", "reporter", *map(shlex.quote, command), closed])
    ended = subprocess.run(
        ["sh", "-c", line],
        input=refused().encode(),
        capture_output=True,
        env=reporter.environment,
        timeout=LIMIT_S,
        check=False,
    )
    assert b"Traceback" not in ended.stderr
    assert b"Exception ignored" not in ended.stderr
    assert ended.returncode in (0, 1, 2)


def test_what_is_not_a_file_is_not_replaced(reporter: Reporter, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ended = reporter("report", "-", "--output", str(pipe), given=refused())
    assert ended.returncode == 1
    assert b"is not a file" in ended.stderr
    assert pipe.is_fifo()


def test_a_picture_that_is_a_pipe_or_a_folder_is_not_waited_for(reporter: Reporter, tmp_path: Path) -> None:
    pipe = tmp_path / "picture.png"
    os.mkfifo(pipe)
    ended = reporter("report", "-", "--preview", "--attach", str(pipe), given=refused())
    assert ended.returncode == 2
    assert ended.stderr.decode() == f"{pipe} could not be read: it is not a file.\n"
    assert ended.stdout == b""


def test_a_face_that_cannot_be_shown_costs_neither_status_nor_report(
    reporter: Reporter, endpoint: Inbox
) -> None:
    program = ["sh", "-c", "exit 7"]
    target = f"tcp://127.0.0.1:{closed_port()}"
    without_display = {"REPORTER_FACE": "window", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    ended = reporter(
        "watch", "--target", target, "--", *program, **without_display, REPORTER_SUBMISSION="auto"
    )
    assert ended.returncode == 7
    assert b"The window cannot be shown" in ended.stderr
    assert len(json.loads(reporter("queue", "--json").stdout)) == 1


def test_a_pipe_in_place_of_a_failure_document_does_not_hold_the_watcher(reporter: Reporter) -> None:
    ended = reporter("watch", "--", "sh", "-c", 'mkfifo "$REPORTER_FAILURE_FILE"; exit 4')
    assert ended.returncode == 4


def test_show_without_any_face_says_the_cause(reporter: Reporter) -> None:
    ended = reporter("show", "-", given=refused())
    assert b"(tcp.refused)" in ended.stderr


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of read() is that of x86_64")
def test_ctrl_c_ends_without_a_traceback(reporter: Reporter) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reporter", "show", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=reporter.environment,
    )
    # it reads its input: from here on an interrupt is the person's
    wait_until(lambda: is_reading(process.pid))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert errors == b""


def is_reading(pid: int) -> bool:
    """Whether a process waits in read(0, …), by what the kernel tells of it."""
    try:
        call = Path(f"/proc/{pid}/syscall").read_text().split()
    except OSError:
        return False
    return call[:2] == ["0", "0x0"]
