"""Programs in any language, started and watched: what became of them, as a Failure.

A watched program may say more than its exit status: it finds the name of a file in the
environment variable ``REPORTER_FAILURE_FILE`` and may write a Failure document there before it ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from reporter.capture import native, signals
from reporter.capture.crash import FAILURE_FILE_VARIABLE, shown_mark
from reporter.capture.failure import (
    FAILURE_LIMIT_BYTES,
    Application,
    ExceptionInfo,
    Failure,
    parse,
    tidy,
    without,
)
from reporter.capture.handover import Farewell, Result
from reporter.errors import FailureFormatError, UsageError

NOT_STARTED_STATUS = 127
NOT_EXECUTABLE_STATUS = 126
ACCESS_CODE = "{access_code}"
CODE_LIMIT_CHARS = 256


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """``status``: the program's exit status as a shell shows it (128 + number for a signal);
    ``failure``: what it reported or how it crashed, null when it ended by its own will."""

    status: int
    failure: Failure | None


class Restart:
    """The watched program as the dialog's host: "Try again" closes the dialog and starts it once more."""

    can_retry = True
    automatic = False  # a program that starts and ends by itself every few seconds would be a burden

    def __init__(self, command: Sequence[str] = ()) -> None:
        self.accepts_access_code = takes_access_code(command)
        self.access_code = ""
        """For the next start of the program, and for nothing else."""
        self.wanted = False

    def ask(self, access_code: str) -> Result:
        """Remember the wish; the dialog closes as after a success."""
        self.access_code = access_code if self.accepts_access_code else ""
        self.wanted = True
        return Result()

    def close(self, farewell: Farewell) -> None:
        """Nothing is waiting on the other side."""


def takes_access_code(command: Sequence[str]) -> bool:
    """Whether an argument has a place for the code that opens a locked system."""
    return any(ACCESS_CODE in argument for argument in command[1:])


def filled(command: Sequence[str], access_code: str = "") -> list[str]:
    """The command with the code in its place; without one, the argument that holds the place is left out.

    The operating system shows a program's arguments to others on this computer as long as it runs.
    """
    code = access_code[:CODE_LIMIT_CHARS].replace("\0", "")
    return [
        *command[:1],
        *(one.replace(ACCESS_CODE, code) for one in command[1:] if code or ACCESS_CODE not in one),
    ]


def run(command: Sequence[str], *, target: str = "", access_code: str = "") -> Ended:
    """Run a program to its end, its standard streams untouched.

    ``access_code`` takes the place of ``{access_code}`` in its arguments, and is in nothing that is told.
    With a ``target``, any status but 0 counts as a failed login, unless the program has shown its own dialog
    (``reporter.install``). Raises UsageError when the program cannot be started.
    """
    crashes = native.folder(os.environ)
    with tempfile.TemporaryDirectory(prefix="reporter-watch-") as folder:
        note = Path(folder) / "failure.json"
        started_at = datetime.now(UTC).astimezone()
        places = {FAILURE_FILE_VARIABLE: str(note), native.FOLDER_VARIABLE: crashes}
        code, pid = _run(filled(command, access_code), {**os.environ, **places})
        reported = _reported(note, access_code)
        is_shown = Path(shown_mark(str(note), pid)).exists()
    ending = signals.ending(code, system=sys.platform)
    status = 128 - code if code < 0 else code
    name = Application(name=Path(command[0]).stem)
    if reported is not None:
        failure = msgspec.structs.replace(
            reported,
            target=reported.target or target,
            occurred_at=reported.occurred_at or started_at,
            application=reported.application or name,
        )
    elif ending is not None:
        failure = _crash(ending, native.collect(crashes, pid=pid), name=name, target=target)
    elif target and code > 0 and not is_shown:
        failure = Failure(
            occurred_at=datetime.now(UTC).astimezone(),
            target=target,
            message=f"{name.name} ended with status {code}.",
            application=name,
        )
    else:
        return Ended(status=status, failure=None)
    return Ended(status=status, failure=tidy(failure))


def _crash(ending: signals.Ending, left: native.Crash | None, *, name: Application, target: str) -> Failure:
    """``left``: what faulthandler wrote, where the program had ``reporter.install``."""
    named = None if left is None else native.as_failure(left)
    told = named.exception if named and named.exception else ExceptionInfo()
    application = named.application if named and named.application and named.application.name else name
    return Failure(
        occurred_at=datetime.now(UTC).astimezone(),
        action="run",
        target=target,
        message=f"{application.name} ended unexpectedly ({ending}).",
        exception=msgspec.structs.replace(told, type=ending.name),
        application=application,
    )


def _run(command: Sequence[str], environment: dict[str, str]) -> tuple[int, int]:
    """The program's exit code as ``subprocess`` gives it, and the number its process had."""
    try:
        process = subprocess.Popen(list(command), env=environment)
    except FileNotFoundError:
        raise UsageError(
            f"The program {command[0]!r} was not found. Give its full path, or check the search path."
        ) from None
    except OSError as error:
        raise UsageError(
            f"The program {command[0]!r} could not be started: {error.strerror or error}. "
            "Check that it is a program and that you may run it."
        ) from None
    # Ctrl+C reaches the program by itself; a request to end is passed on. Only the main thread may set this.
    previous = _forward_signals(process)
    try:
        return process.wait(), process.pid
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _forward_signals(process: subprocess.Popen[bytes]) -> dict[int, signal._HANDLER]:
    previous: dict[int, signal._HANDLER] = {}
    try:
        previous[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
        previous[signal.SIGTERM] = signal.signal(
            signal.SIGTERM, lambda number, frame: process.send_signal(number)
        )
    except ValueError:  # not the main thread: the host's handlers stay
        pass
    return previous


def _reported(note: Path, access_code: str) -> Failure | None:
    """The failure that the program wrote; one that cannot be read is shown with the reason.

    A program may quote the code that it was given: it is taken out before anything is known of it.
    """
    if note.is_symlink() or not note.is_file():
        return None  # nothing, or a pipe that would never end
    try:
        with note.open("rb") as file:
            raw = file.read(FAILURE_LIMIT_BYTES + 1)
    except OSError:
        return None
    if not raw.strip():
        return None
    try:
        return without(parse(raw), access_code)
    except FailureFormatError as error:
        return Failure(action="login", message=f"The program reported a failed login. {error}")
