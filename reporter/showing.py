"""Showing: what a waiting person depends on, from the failure document to the open dialog.

Kept apart from the command line, whose parser would cost a tenth of the time until the first window.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reporter import agent, program
from reporter.errors import FailureFormatError, ReporterError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reporter.capture.failure import Failure
    from reporter.settings.layers import Loaded

REQUEST_MESSAGE = "A person asks for help."
"""What support reads as the headline; the story is the person's own."""


def main(argument: str) -> int:
    """``reporter show ARGUMENT`` without options; returns the exit status of the command line's contract."""

    def run() -> int:
        if argument == "--hosted":
            hosted()
            return 0
        return 0 if show(argument, {}).is_solved else 1

    return _ended(run)


def opened() -> int:
    """``reporter open`` without options; the same status."""
    return _ended(lambda: status_of(open_(target="", given={})))


def _ended(run: Callable[[], int]) -> int:
    """The status of what ran, also where it was refused with a sentence or interrupted."""
    try:
        return run()
    except ReporterError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        return 130


def open_(*, target: str, given: Mapping[str, str | None]) -> agent.Outcome:
    """The dialog for a person who asks for help, without a failure; with a ``target``, that is measured.

    Raises UsageError where nobody could see it.
    """
    from reporter.capture.failure import REQUEST, Failure

    loaded = load_and_warn(target, given)
    face = agent.face_for(loaded, terminal=agent.at_a_terminal())
    if face.is_silent:
        raise UsageError(
            "There is no window and no terminal here in which a report could be written. Without them, send "
            'one by: echo \'{"action": "request", "message": "…"}\' | '
            f"{program.command()} report --send"
        )
    request = Failure(
        occurred_at=datetime.now(UTC).astimezone(),
        action=REQUEST,
        target=target,
        message=REQUEST_MESSAGE,
    )
    return agent.stand_in(request, loaded=loaded, face=face)


def status_of(outcome: agent.Outcome) -> int:
    """Of a dialog without a failure: 1 where a report stayed undelivered."""
    receipt = outcome.receipt
    return 1 if receipt is not None and receipt.state not in ("accepted", "answered") else 0


def show(source: str | None, given: Mapping[str, str | None]) -> agent.Outcome:
    """The dialog for a failure document; ``given`` overrides settings.

    Raises FailureFormatError for a document that cannot be read.
    """
    failure = read_failure(source)
    loaded = load_and_warn(failure.target, given)
    face = agent.face_for(loaded, terminal=agent.at_a_terminal())
    outcome = agent.stand_in(failure, loaded=loaded, face=face)
    if face.is_silent and outcome.verdict is not None:
        sys.stderr.write(f"{outcome.verdict.headline} ({outcome.verdict.cause})\n")
    return outcome


def hosted() -> None:
    """The agent's side of a guarded login: the host talks through standard input and output."""
    import signal

    from reporter.capture.handover import AgentSide

    # Whatever else is printed must not get into the conversation.
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    host = AgentSide(sys.stdin.buffer, pipe)
    failure = host.opening.failure
    loaded = load_and_warn(failure.target, {})
    face = agent.face_for(loaded, terminal=host.opening.terminal)
    if face.in_terminal:
        # The terminal is shared with the host, and so is its Ctrl+C; a window outlives it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # The host started this process itself.
    agent.stand_in(failure, loaded=loaded, face=face, host=host, program_pid=os.getppid())


def load_and_warn(target: str, given: Mapping[str, str | None]) -> Loaded:
    """The settings in force; their problems are told, and everything that is right still counts."""
    loaded = agent.load_settings(target, {name: value for name, value in given.items() if value is not None})
    for sentence in (*loaded.problems, *loaded.overruled(given)):
        sys.stderr.write(f"{sentence}\n")
    return loaded


def read_failure(source: str | None) -> Failure:
    """The failure document from a file; from standard input for ``-``, or without a name when it is piped."""
    from reporter.capture.failure import FAILURE_LIMIT_BYTES, parse

    if source is None or source == "-":
        if source is None and sys.stdin.isatty():
            raise FailureFormatError(
                "No failure was given: name a JSON file, or write the document to standard input, "
                'for example: echo \'{"target": "https://erp.example.org", "message": "…"}\' | '
                f"{program.command()} show"
            )
        return parse(sys.stdin.buffer.read(FAILURE_LIMIT_BYTES + 1))
    path = Path(source)
    try:
        with path.open("rb") as file:
            return parse(file.read(FAILURE_LIMIT_BYTES + 1))
    except OSError as error:
        raise FailureFormatError(f"{path} could not be read: {error.strerror or error}.") from None
    except ValueError:
        raise FailureFormatError(
            "The name of the failure file holds characters that no file name can have."
        ) from None
