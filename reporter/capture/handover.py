"""How a host process and the agent process talk about one failure.

The host starts the agent as ``reporter show --hosted`` and both write JSON lines: the host the
failure and what became of each further try, the agent each wish of the person. When either side
ends, the other goes on alone: a crashed host still gets its dialog, and a host never waits for an
agent that is gone.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

import msgspec

from reporter import program
from reporter.capture import restart
from reporter.capture.failure import Failure
from reporter.delivery.receipt import Receipt
from reporter.diagnosis.verdict import Verdict
from reporter.errors import FailureFormatError

LINE_LIMIT_BYTES = 1024 * 1024


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of the host.

    ``can_retry``: the login can be tried again; ``accepts_access_code``: with a code;
    ``terminal``: a person sits at the terminal the host was started from; ``restart``: the command that
    starts a crashed host once more, empty where nobody is to, and ``restart_folder`` its working directory.
    The command stays on this computer: it is no part of the failure.
    """

    failure: Failure
    can_retry: bool
    accepts_access_code: bool
    terminal: bool
    restart: list[str] = msgspec.field(default_factory=list)
    restart_folder: str = ""


class Wish(msgspec.Struct, frozen=True, kw_only=True, tag="wish"):
    """A line of the agent: the person wants one more try."""

    access_code: str = ""


class Farewell(msgspec.Struct, frozen=True, kw_only=True, tag="farewell"):
    """The agent's last line: what it found, and what became of the report, null when none was made."""

    verdict: Verdict | None = None
    receipt: Receipt | None = None

    def __str__(self) -> str:
        """One line for the host's log."""
        cause = f"{self.verdict.cause} ({self.verdict.confidence})" if self.verdict else "no verdict"
        report = f"report {self.receipt.reference} {self.receipt.state}" if self.receipt else "no report"
        return f"Reporter: {cause}, {report}"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The host's answer to a wish; ``failure`` is null when the login succeeded."""

    failure: Failure | None = None


def _unseen() -> int:
    """A host without a console has the agent open none: it had no stream, whatever it writes to by now.

    Not yet run on Windows.
    """
    if sys.platform != "win32" or (sys.stderr is not None and sys.__stderr__ is not None):
        return 0
    return program.CREATE_NO_WINDOW


class HostSide:
    """The host's end: starts the agent, tells it the failure, hears the person's wishes."""

    def __init__(self, opening: Opening, *, patience_s: float | None = None) -> None:
        """Raises OSError when the agent cannot be started.

        ``patience_s``: how long to wait at most until it has heard the opening; None: as long as it takes.
        """
        import subprocess

        self._process = subprocess.Popen(
            [*program.agent_command(), "show", "--hosted"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=program.environment(),
            creationflags=_unseen(),
        )
        self.farewell: Farewell | None = None
        if patience_s is None:
            self._write(opening)
        else:
            self._write_within(opening, patience_s)

    def wishes(self) -> Iterator[Wish]:
        """Each wish for one more try; ends when the dialog is closed."""
        reader = self._process.stdout
        assert reader is not None  # noqa: S101 - opened above as a pipe
        for line in iter(lambda: reader.readline(LINE_LIMIT_BYTES), b""):
            try:
                message = msgspec.json.decode(line, type=Wish | Farewell)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return
            if isinstance(message, Farewell):
                self.farewell = message
                return
            yield message

    def answer(self, failure: Failure | None) -> None:
        """Tell the agent what became of the try; None means the login succeeded."""
        self._write(Result(failure=failure))

    def leave(self) -> None:
        """Go on without the agent; a dialog that is still open stays and can still report."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        # Collected when it ends, so that no defunct process stays behind a long-lived host.
        with suppress(RuntimeError):  # no thread can be started any more: the host is about to end
            threading.Thread(target=self._process.wait, daemon=True, name="reporter-agent").start()

    def _write_within(self, message: Opening, patience_s: float) -> None:
        """Write from another thread, since a pipe that nobody empties would hold a host that is ending."""
        import os

        writer = self._process.stdin
        assert writer is not None  # noqa: S101 - opened above as a pipe
        raw = msgspec.json.encode(message) + b"\n"
        # A handle of its own and no buffer: the host may close the pipe, or end, while this still writes.
        descriptor = os.dup(writer.fileno())

        def write() -> None:
            rest = memoryview(raw)
            try:
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
            except OSError:  # an agent that is gone shows nothing
                pass
            finally:
                os.close(descriptor)

        writing = threading.Thread(target=write, daemon=True, name="reporter-opening")
        try:
            writing.start()
        except RuntimeError:  # no thread can be started any more
            write()
        else:
            writing.join(patience_s)

    def _write(self, message: Opening | Result) -> None:
        writer = self._process.stdin
        assert writer is not None  # noqa: S101 - opened above as a pipe
        with suppress(OSError):  # an agent that is gone is noticed when its wishes end
            writer.write(msgspec.json.encode(message) + b"\n")
            writer.flush()


class AgentSide:
    """The agent's end of the conversation."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        """Reads the opening; raises FailureFormatError when it is not one."""
        self._reader, self._writer = reader, writer
        try:
            self.opening = msgspec.json.decode(reader.readline(), type=Opening)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise FailureFormatError(
                f"The host's first line is not an opening ({error}). "
                f"`{program.command()} show --hosted` is started by reporter.guard, not by hand."
            ) from None

    @property
    def can_retry(self) -> bool:
        """The host can try the login again, or a crashed one can be started again."""
        return self.opening.can_retry or bool(self.opening.restart)

    @property
    def accepts_access_code(self) -> bool:
        """The host can try it with an access code."""
        return self.opening.accepts_access_code

    @property
    def automatic(self) -> bool:
        """A guarded login may be tried again by itself; a program is only started when the person asks."""
        return not self.opening.restart

    def ask(self, access_code: str) -> Result | None:
        """Ask the host for one more try and wait for its end; None when the host is gone.

        A crashed host cannot be asked: it is started again, which is the whole of the success.
        """
        if self.opening.restart:
            return Result() if restart.start(self.opening.restart, self.opening.restart_folder) else None
        try:
            self._writer.write(msgspec.json.encode(Wish(access_code=access_code)) + b"\n")
            self._writer.flush()
            line = self._reader.readline()
            return msgspec.json.decode(line, type=Result) if line else None
        except (OSError, ValueError, msgspec.DecodeError, RecursionError):
            return None

    def close(self, farewell: Farewell) -> None:
        """The dialog is closed: let the host go on."""
        with suppress(OSError, ValueError):
            self._writer.write(msgspec.json.encode(farewell) + b"\n")
            self._writer.close()
