"""The person's own mail program: a report as a draft that the person sends, or does not.

Where no destination can be reached, a mail program may: it has its own way out and waits by itself. Nobody
learns whether the draft was sent, so the report stays in the spool in the state it was in.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter.delivery.message import (
    REPORT_FILE,
    checked_mailbox,
    file_name,
    message,
    reference_of,
    subject,
    text,
)
from reporter.report.model import Attachment
from reporter.texts.safe import plain

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

KEPT_S = 7 * 24 * 3600.0
START_LIMIT_S = 5.0
"""A program that runs longer has opened its window, or is on its way."""
ARGUMENT_LIMIT_CHARS = 4_000
"""Of a text on a command line; the rest is in the attachment."""

_DRAFT = re.compile(r"[0-9A-Za-z-]{1,40}")

Start = Callable[[Sequence[str]], "int | None"]
"""Starts a command and gives its exit status, None while it runs; raises OSError where it cannot."""


def hand_over(
    envelope: Envelope,
    *,
    folder: Path,
    mailbox: str = "",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    system: str = sys.platform,
    start: Start | None = None,
    startfile: Callable[[str], Any] | None = None,
) -> bool:
    """Open the report as a draft in the person's mail program; whether a program was started.

    The draft is kept in ``folder``, which is private and made where it is missing; drafts older than seven
    days are removed. ``mailbox`` is the address that stands in the draft, empty where the person chooses it.
    Takes five seconds at most for each program tried. Never raises.

    Not yet run on Windows and macOS.
    """
    run = start or _start
    try:
        tidy(folder, now=now)
        draft = _write_draft(envelope, folder, mailbox, now())
        if system == "win32":
            (startfile or _startfile)(str(draft))
            return True
    except OSError:
        return False
    if system == "darwin":
        return _is_started(run, ["open", str(draft)])
    return _is_started(run, _composing(envelope, draft.parent, mailbox)) or _is_started(
        run, ["xdg-open", str(draft)]
    )


def tidy(folder: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Remove drafts older than seven days; what cannot be removed stays. Never raises."""
    with suppress(OSError):
        for place in list(folder.iterdir()):
            with suppress(OSError):
                if not _DRAFT.fullmatch(place.name) or place.is_symlink() or not place.is_dir():
                    continue
                if now().timestamp() - place.stat().st_mtime > KEPT_S:
                    for file in list(place.iterdir()):
                        file.unlink()
                    place.rmdir()


def _write_draft(envelope: Envelope, folder: Path, mailbox: str, now: datetime) -> Path:
    """The draft as ``message.eml``, and beside it the files for programs that want them single."""
    place = folder / reference_of(envelope)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.mkdir(mode=0o700, exist_ok=True)
    files = [
        Attachment(name=REPORT_FILE, content_type="text/plain", content=envelope.report_json),
        *envelope.attachments,
    ]
    draft = message(envelope, files=files, sender="", mailbox=_checked(mailbox), now=now)
    draft["X-Unsent"] = "1"  # opens as a draft, not as a mail that came
    for header in ("Auto-Submitted", "X-Auto-Response-Suppress", "Message-ID", "X-Mailer", "Reply-To"):
        del draft[header]  # a person sends it
    for file in files:
        _write(place / _on_disk(file.name), file.content)
    _write(place / "message.eml", draft.as_bytes())
    os.utime(place)
    return place / "message.eml"


def _composing(envelope: Envelope, place: Path, mailbox: str) -> list[str]:
    """The command that opens a window to write in, with the files attached."""
    names = [REPORT_FILE, *(_on_disk(file.name) for file in envelope.attachments)]
    command = ["xdg-email", "--utf8", "--subject", subject(envelope)]
    command += ["--body", plain(text(envelope), ARGUMENT_LIMIT_CHARS)]
    for name in names:
        command += ["--attach", str(place / name)]
    return [*command, *filter(None, [_checked(mailbox)])]


def _on_disk(name: str) -> str:
    """A name of a file without what xdg-email and mail programs trip over."""
    return re.sub(r"[^\w.-]+", "-", file_name(name))


def _checked(mailbox: str) -> str:
    """The mailbox, empty where it could be taken for an option or another header."""
    known = checked_mailbox(mailbox)
    return "" if known.startswith("-") else known


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    beside.replace(path)


def _is_started(start: Start, command: Sequence[str]) -> bool:
    try:
        return start(command) in (0, None)
    except (OSError, ValueError):
        return False


def _start(command: Sequence[str]) -> int | None:
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)
    with suppress(subprocess.TimeoutExpired):
        return process.wait(START_LIMIT_S)
    # Collected when it ends, so that no defunct process stays behind.
    threading.Thread(target=process.wait, daemon=True, name="reporter-mail-program").start()
    return None


def _startfile(path: str) -> None:
    opener: Callable[[str], None] = getattr(os, "startfile")  # noqa: B009 - of Windows alone
    opener(path)
