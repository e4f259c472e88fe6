"""What the commands share: options, settings, printing, and the end of a command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reporter import program
from reporter.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from reporter.delivery.receipt import Receipt
    from reporter.diagnosis.verdict import Verdict
    from reporter.settings.layers import Loaded

DONE, FAILED, BAD_USAGE = 0, 1, 2

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "json_", is_flag=True, help="Print one JSON document.")
failure_argument = click.argument("failure", required=False, metavar="[FAILURE.json or -]")


def setting_options(*names: str) -> Callable[[F], F]:
    """Options that override a setting of the same name for this run, made from the table of settings."""
    from reporter.settings.model import BY_NAME

    def decorate(command: F) -> F:
        for name in reversed(names):
            option = click.option(f"--{name.replace('_', '-')}", name, help=BY_NAME[name].help)
            command = option(command)
        return command

    return decorate


def load_or_refuse(target: str, given: dict[str, str | None]) -> Loaded:
    """The settings in force; raises SettingsError with every problem where an option cannot be used.

    What is wrong elsewhere is told and ignored: the person here may not be who can correct it.
    """
    from reporter import agent
    from reporter.settings.source import Layer

    loaded = agent.load_settings(target, {name: value for name, value in given.items() if value is not None})
    if any(ignored.layer == Layer.COMMAND_LINE for ignored in loaded.ignored):
        raise SettingsError(loaded.problems)
    for sentence in (*loaded.problems, *loaded.overruled(given)):
        click.echo(sentence, err=True)
    return loaded


def missing_extra(extra: str, error: ModuleNotFoundError) -> UsageError:
    """The sentence for a part of this program that is not installed."""
    if program.is_agent():
        return UsageError(
            "This command is no part of the installed program. Where Python is, "
            f"pip install 'reporter-agent[{extra}]' installs it."
        )
    return UsageError(
        f"This command needs the package {error.name!r}; install it with: "
        f"pip install 'reporter-agent[{extra}]'"
    )


def print_json(value: object) -> None:
    """One document on standard output."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_verdict(verdict: Verdict) -> None:
    """A verdict for a person at a terminal."""
    from reporter.diagnosis.narrative import narrate

    click.secho(verdict.headline, bold=True)
    for sentence in verdict.advice:
        click.echo(f"  • {sentence}")
    click.echo()
    neighbour = f", or {verdict.runner_up}" if verdict.runner_up else ""
    click.echo(f"{verdict.cause} ({verdict.confidence}{neighbour}), {verdict.owner}, {verdict.elapsed_ms} ms")
    for line in narrate(verdict.evidence):
        click.secho(f"  {line}", dim=True)


def print_receipt(receipt: Receipt) -> None:
    """A receipt as one line."""
    parts = [receipt.reference, receipt.state.value, receipt.at.astimezone().strftime("%Y-%m-%d %H:%M")]
    parts.extend(part for part in (receipt.destination, receipt.page, receipt.reason) if part)
    if receipt.next_try_at is not None:
        parts.append(f"next try {receipt.next_try_at.astimezone():%Y-%m-%d %H:%M}")
    click.echo("  ".join(parts))
    for line in receipt.answer.splitlines():
        click.echo(f"    {line}")


def finish(status: int) -> None:
    """End the command with an exit status, without waiting for probes that were given up."""
    sys.stdout.flush()
    click.get_current_context().exit(status)
