"""The command line: one function a command, one module a person it is for.

Every command that prints results takes ``--json``: exactly one JSON document on standard output;
progress and sentences for people who watch go to standard error. Exit status: 0 done; 1 a failure
was diagnosed, or something stayed undelivered; 2 bad usage, or bad configuration where it is asked for.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

import click

from reporter import program
from reporter._version import __version__
from reporter.cli import administration, databases, failures, notices, queue, sessions, support
from reporter.cli.common import BAD_USAGE, FAILED
from reporter.errors import ReporterError, UsageError


class Sentences(click.Group):
    """Commands that end in a sentence and an exit status, never in a traceback, for our own errors."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; print what a ReporterError says."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(
                    errors="replace"
                )  # a console that cannot show a character still gets the rest
        try:
            return super().invoke(ctx)
        except UsageError as error:
            click.echo(str(error), err=True)
            ctx.exit(BAD_USAGE)
        except ReporterError as error:
            click.echo(str(error), err=True)
            ctx.exit(FAILED)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # click ends quietly when nobody reads any more
            click.echo(f"The result could not be written: {error.strerror or error}.", err=True)
            # What is still buffered would fail again at the end of the process.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(FAILED)


@click.group(
    cls=Sentences,
    invoke_without_command=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name=program.name(), message="%(prog)s %(version)s")
def reporter() -> None:
    """Say why a login cannot connect, and get a structured report to support."""


for _command in (
    *(failures.demo, failures.diagnose, failures.show, failures.open_, failures.report, failures.watch),
    failures.about,
    sessions.reconnect,
    *(queue.queue, queue.status),
    *(administration.doctor, administration.names, administration.policies, databases.infobases),
    *(support.replay, support.inbox),
    *(notices.notice, notices.published),
):
    reporter.add_command(_command)


def _name(command: click.Command) -> None:
    """What the help tells a person to run has the name that this program goes by here."""
    ours, here = f"`{program.NAME} ", f"`{program.command()} "
    command.help = (command.help or "").replace(ours, here)
    for option in command.params:
        if isinstance(option, click.Option):
            option.help = (option.help or "").replace(ours, here)
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        _name(one)


if program.command() != program.NAME:
    _name(reporter)
