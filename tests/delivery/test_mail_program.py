"""The person's own mail program gets a draft, and the report stays what it was."""

from __future__ import annotations

import email.policy
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest

from reporter.delivery import mailprogram
from reporter.delivery.envelope import Envelope
from reporter.delivery.mailprogram import hand_over, tidy
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool

Enqueue = Callable[..., Envelope]

REFERENCE = "7K3D-9QX2M"
MAILBOX = "help@example.org"

not_on_windows = pytest.mark.skipif(sys.platform == "win32", reason="opens by a script")


class Programs:
    """A folder of programs that write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def add(self, name: str, script: str = "") -> None:
        path = self.folder / name
        calls = str(self.folder / "calls")
        path.write_text(
            f"#!{sys.executable}\nimport sys, time\n"
            f"with open({calls!r}, 'a') as calls:\n    print(sys.argv[1:], file=calls)\n{script}\n",
            encoding="utf-8",
        )
        path.chmod(0o755)

    def calls(self) -> list[list[str]]:
        import ast

        lines = (self.folder / "calls").read_text(encoding="utf-8").splitlines()
        return [ast.literal_eval(line) for line in lines]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    programs = Programs(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(programs.folder))
    return programs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "private" / "mails"


def draft(folder: Path) -> EmailMessage:
    mail = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(
        (folder / REFERENCE / "message.eml").read_bytes()
    )
    assert isinstance(mail, EmailMessage)
    return mail


@not_on_windows
def test_on_linux_a_window_to_write_in_opens_with_the_files(
    enqueue: Enqueue, programs: Programs, folder: Path
) -> None:
    programs.add("xdg-email")
    programs.add("xdg-open")
    kept = enqueue()
    assert hand_over(kept, folder=folder, mailbox=MAILBOX, system="linux")
    [call] = programs.calls()
    place = folder / REFERENCE
    assert call[:3] == ["--utf8", "--subject", f"A login did not work {REFERENCE}"]
    assert call[3] == "--body"
    assert call[5:] == [
        "--attach",
        str(place / "report.json.txt"),
        "--attach",
        str(place / "Снимок.png"),
        MAILBOX,
    ]
    assert (place / "report.json.txt").read_bytes() == kept.report_json
    assert (place / "Снимок.png").read_bytes() == kept.attachments[0].content


def test_the_real_xdg_email_gives_a_mail_program_everything(
    enqueue: Enqueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a home where Thunderbird, or what bears its name, is the program for mails."""
    programs = Programs(tmp_path / "bin")
    programs.add("thunderbird")
    applications = tmp_path / "home" / ".local" / "share" / "applications"
    config = tmp_path / "home" / ".config"
    applications.mkdir(parents=True)
    config.mkdir()
    kind = "x-scheme-handler/mailto"
    (applications / "thunderbird.desktop").write_text(
        "[Desktop Entry]\nType=Application\nName=T\n"
        f"Exec={programs.folder}/thunderbird %u\nMimeType={kind};\n",
        encoding="utf-8",
    )
    (config / "mimeapps.list").write_text(
        f"[Default Applications]\n{kind}=thunderbird.desktop\n", encoding="utf-8"
    )
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CURRENT_DESKTOP", "DESKTOP_SESSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("PATH", f"{programs.folder}{os.pathsep}{os.environ['PATH']}")
    assert hand_over(enqueue(), folder=tmp_path / "mails", mailbox="help+erp@example.org", system="linux")
    [[option, composed]] = programs.calls()
    assert option == "-compose"
    assert "to='help+erp@example.org,'" in composed
    assert f"subject=A%20login%20did%20not%20work%20{REFERENCE}" in composed
    place = tmp_path / "mails" / REFERENCE
    assert composed.endswith(f"attachment='{place}/report.json.txt,{place}/Снимок.png'")


@not_on_windows
@pytest.mark.parametrize("script", [None, "sys.exit(3)"])
def test_where_that_does_not_work_the_draft_itself_is_opened(
    enqueue: Enqueue, programs: Programs, folder: Path, script: str | None
) -> None:
    if script is not None:
        programs.add("xdg-email", script)
    programs.add("xdg-open")
    assert hand_over(enqueue(), folder=folder, system="linux")
    assert programs.calls()[-1] == [str(folder / REFERENCE / "message.eml")]


@not_on_windows
def test_without_any_program_it_says_no(enqueue: Enqueue, programs: Programs, folder: Path) -> None:
    assert not hand_over(enqueue(), folder=folder, system="linux")


@not_on_windows
def test_a_program_that_stays_open_is_not_waited_for(
    enqueue: Enqueue, programs: Programs, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def remember(*arguments: Any, **options: Any) -> Any:
        started.append(real(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", remember)
    monkeypatch.setattr(mailprogram, "START_LIMIT_S", 0.3)
    programs.add("xdg-email", "time.sleep(600)")
    assert hand_over(enqueue(), folder=folder, system="linux")
    [process] = started
    assert process.poll() is None
    process.kill()
    process.wait(30)


def test_on_macos_the_draft_is_opened(enqueue: Enqueue, folder: Path) -> None:
    calls: list[Sequence[str]] = []

    def start(command: Sequence[str]) -> int:
        calls.append(command)
        return 0

    assert hand_over(enqueue(), folder=folder, system="darwin", start=start)
    assert calls == [["open", str(folder / REFERENCE / "message.eml")]]


def test_on_windows_the_draft_is_opened(enqueue: Enqueue, folder: Path) -> None:
    opened: list[str] = []
    assert hand_over(enqueue(), folder=folder, system="win32", startfile=opened.append)
    assert opened == [str(folder / REFERENCE / "message.eml")]


def test_on_windows_without_a_program_for_mails_it_says_no(enqueue: Enqueue, folder: Path) -> None:
    def startfile(path: str) -> None:
        raise OSError(1155, "No application is associated", path)

    assert not hand_over(enqueue(), folder=folder, system="win32", startfile=startfile)


def test_the_draft_is_one_that_a_person_sends(enqueue: Enqueue, folder: Path) -> None:
    kept = enqueue()
    hand_over(kept, folder=folder, mailbox=MAILBOX, system="darwin", start=lambda _: 0)
    mail = draft(folder)
    assert (mail["X-Unsent"], mail["To"], mail["From"]) == ("1", MAILBOX, None)
    assert mail["X-Report-Id"] == REFERENCE
    assert mail["Auto-Submitted"] is None
    report, picture = mail.iter_attachments()
    assert report.get_payload(decode=True) == kept.report_json
    assert picture.get_filename() == "Снимок.png"


@pytest.mark.parametrize(
    "mailbox", ["", "--attach@x.org", "a@b.org?attach=/etc/passwd", "a@b.org\nBcc: c@d.org"]
)
def test_a_mailbox_that_is_none_is_left_to_the_person(
    enqueue: Enqueue, programs: Programs, folder: Path, mailbox: str
) -> None:
    calls: list[Sequence[str]] = []

    def start(command: Sequence[str]) -> int:
        calls.append(command)
        return 0

    assert hand_over(enqueue(), folder=folder, mailbox=mailbox, system="linux", start=start)
    assert calls[0][-2] == "--attach"
    assert draft(folder)["To"] is None


def test_the_report_stays_what_it_was(enqueue: Enqueue, folder: Path, spool: Spool) -> None:
    before = enqueue()
    hand_over(before, folder=folder, system="darwin", start=lambda _: 0)
    after = spool.get(REFERENCE)
    assert after == before
    assert after.state is State.QUEUED


@not_on_windows
def test_only_the_person_can_read_the_draft(enqueue: Enqueue, folder: Path) -> None:
    old = os.umask(0)
    try:
        hand_over(enqueue(), folder=folder, system="darwin", start=lambda _: 0)
    finally:
        os.umask(old)
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_a_second_time_replaces_the_draft(enqueue: Enqueue, folder: Path) -> None:
    kept = enqueue()
    for _ in range(2):
        assert hand_over(kept, folder=folder, system="darwin", start=lambda _: 0)
    assert sorted(path.name for path in (folder / REFERENCE).iterdir()) == [
        "message.eml",
        "report.json.txt",
        "Снимок.png",
    ]


def test_drafts_are_removed_after_seven_days(enqueue: Enqueue, folder: Path) -> None:
    hand_over(enqueue("AAAA-AAAA1"), folder=folder, system="darwin", start=lambda _: 0)
    (folder / "not ours.txt").write_text("x", encoding="utf-8")
    now = datetime.now().astimezone()
    tidy(folder, now=lambda: now + timedelta(days=6, hours=23))
    assert (folder / "AAAA-AAAA1").exists()
    later = now + timedelta(days=7, hours=1)
    hand_over(enqueue("AAAA-AAAA2"), folder=folder, now=lambda: later, system="darwin", start=lambda _: 0)
    assert sorted(path.name for path in folder.iterdir()) == ["AAAA-AAAA2", "not ours.txt"]


@not_on_windows
def test_a_folder_that_cannot_be_written_says_no(enqueue: Enqueue, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert not hand_over(enqueue(), folder=tmp_path / "file" / "mails", system="darwin", start=lambda _: 0)
