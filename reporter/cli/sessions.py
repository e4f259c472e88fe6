"""Commands for a session that runs and lost its server."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from reporter import agent, showing
from reporter.capture.failure import SESSION, Application, Failure
from reporter.capture.handover import Farewell, Result
from reporter.capture.watched import run, takes_access_code
from reporter.cli.common import DONE, FAILED, as_json, finish, print_json, setting_options
from reporter.errors import UsageError

if TYPE_CHECKING:
    from reporter.settings.model import Settings

TRY_LIMIT_S = 3.0


class Reconnection:
    """The dialog's host for a session of which the address is known: a try measures the way there, or runs
    the command that restores the session."""

    can_retry = True
    automatic = True

    def __init__(self, target: str, settings: Settings, command: Sequence[str] = ()) -> None:
        self.accepts_access_code = takes_access_code(command)
        self._target = target
        self._settings = settings
        self._command = command

    def ask(self, access_code: str) -> Result:
        """One try."""
        return Result(failure=self._run(access_code) if self._command else self._measure())

    def close(self, farewell: Farewell) -> None:
        """Nothing is waiting on the other side."""

    def _measure(self) -> Failure | None:
        from reporter import examination

        verdict = examination.diagnose(self._target, settings=self._settings, deadline_s=TRY_LIMIT_S)
        return None if verdict.cause == "ok" else lost(self._target)

    def _run(self, access_code: str) -> Failure | None:
        try:
            ended = run(self._command, target=self._target, access_code=access_code)
        except UsageError as error:
            return msgspec.structs.replace(lost(self._target), message=str(error))
        if ended.failure is None:
            return None if ended.status == 0 else lost(self._target)
        return msgspec.structs.replace(ended.failure, action=SESSION)


def lost(target: str, name: str = "") -> Failure:
    """All that is known when a session lost its server: that it did."""
    return Failure(
        occurred_at=datetime.now(UTC).astimezone(),
        action=SESSION,
        target=target,
        application=Application(name=name) if name else None,
    )


@click.command()
@click.option("--target", required=True, help="The session's server: an address or infobase:NAME.")
@click.option(
    "--command",
    "line",
    default="",
    metavar="LINE",
    help="Program and arguments that restore the session; else an answer of the server will do.",
)
@click.option("--application", default="", metavar="NAME", help="The name of the program.")
@setting_options("endpoint", "help_text", "help_url", "face", "appearance", "language")
@as_json
def reconnect(target: str, line: str, application: str, json_: bool, **given: str | None) -> None:
    """Show that a running session lost its server, and close when it is back.

    Counts down to each try: after 5, 10, 20, 40, then every 60 seconds, and at once when this computer is
    back in a network; never by itself where a person has to sign in anew.
    Ends with 0 when the server answers again, with 1 when the person closed the dialog before.
    """
    from reporter import examination

    examination.check(target)
    command = _split(line)
    loaded = showing.load_and_warn(target, given)
    face = agent.face_for(loaded, terminal=agent.at_a_terminal())
    outcome = agent.stand_in(
        lost(target, application),
        loaded=loaded,
        face=face,
        host=Reconnection(target, loaded.settings, command),
    )
    if json_:
        print_json(outcome)
    elif face.is_silent and outcome.verdict is not None:
        click.echo(f"{outcome.verdict.headline} ({outcome.verdict.cause})", err=True)
    is_back = outcome.succeeded if command else outcome.is_solved
    finish(DONE if is_back else FAILED)


def _split(line: str) -> list[str]:
    """The words of a command line; raises UsageError where its quotation marks are left open."""
    try:
        words = shlex.split(line, posix=sys.platform != "win32")
    except ValueError as error:
        raise UsageError(f"--command cannot be read: {error}. Close its quotation marks.") from None
    # On Windows backslashes are part of paths, and the quotation marks stay around a word.
    return [word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word for word in words]
