"""Programs in any language, started and watched: what became of them, as a Failure.

A watched program may say more than its exit status: it finds the name of a file in the
environment variable ``REPORTER_FAILURE_FILE`` and may write a Failure document there before it ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from reporter.capture.failure import FAILURE_LIMIT_BYTES, Application, ExceptionInfo, Failure, parse, tidy
from reporter.capture.handover import Farewell, Result
from reporter.errors import FailureFormatError, UsageError

FAILURE_FILE_VARIABLE = "REPORTER_FAILURE_FILE"
NOT_STARTED_STATUS = 127
NOT_EXECUTABLE_STATUS = 126
WINDOWS_CRASH_STATUS = 0xC0000000

# Signals that a person or the system sends on purpose: an end, not a crash.
_MEANT = frozenset(
    getattr(signal, name)
    for name in ("SIGHUP", "SIGINT", "SIGKILL", "SIGPIPE", "SIGTERM")
    if hasattr(signal, name)
)


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """``status``: the program's exit status as a shell shows it (128 + number for a signal);
    ``failure``: what it reported or how it crashed, null when it ended by its own will."""

    status: int
    failure: Failure | None


class Restart:
    """The watched program as the dialog's host: "Try again" closes the dialog and starts it once more."""

    can_retry = True
    accepts_access_code = False
    automatic = False  # a program that starts and ends by itself every few seconds would be a burden

    def __init__(self) -> None:
        self.wanted = False

    def ask(self, access_code: str) -> Result:
        """Remember the wish; the dialog closes as after a success."""
        del access_code
        self.wanted = True
        return Result()

    def close(self, farewell: Farewell) -> None:
        """Nothing is waiting on the other side."""


def run(command: Sequence[str], *, target: str = "") -> Ended:
    """Run a program to its end, its standard streams untouched.

    With a ``target``, any status but 0 counts as a failed login. Raises UsageError when the program
    cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="reporter-watch-") as folder:
        note = Path(folder) / "failure.json"
        started_at = datetime.now(UTC).astimezone()
        code = _run(command, {**os.environ, FAILURE_FILE_VARIABLE: str(note)})
        reported = _reported(note)
    status = 128 - code if code < 0 else code
    name = Application(name=Path(command[0]).stem)
    if reported is not None:
        failure = msgspec.structs.replace(
            reported,
            target=reported.target or target,
            occurred_at=reported.occurred_at or started_at,
            application=reported.application or name,
        )
    elif _crashed(code):
        failure = Failure(
            occurred_at=datetime.now(UTC).astimezone(),
            action="run",
            target=target,
            message=f"{name.name} ended unexpectedly ({_how(code)}).",
            exception=ExceptionInfo(type=_how(code)),
            application=name,
        )
    elif target and code > 0:
        failure = Failure(
            occurred_at=datetime.now(UTC).astimezone(),
            target=target,
            message=f"{name.name} ended with status {code}.",
            application=name,
        )
    else:
        return Ended(status=status, failure=None)
    return Ended(status=status, failure=tidy(failure))


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
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
        return process.wait()
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


def _reported(note: Path) -> Failure | None:
    """The failure that the program wrote; one that cannot be read is shown with the reason."""
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
        return parse(raw)
    except FailureFormatError as error:
        return Failure(action="login", message=f"The program reported a failed login. {error}")


def _crashed(code: int) -> bool:
    if os.name == "nt":
        return code & 0xFFFFFFFF >= WINDOWS_CRASH_STATUS
    return code < 0 and -code not in _MEANT


def _how(code: int) -> str:
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"0x{code & 0xFFFFFFFF:08X}"
