"""Commands for IT: what is set, where it came from, and whether it works."""

from __future__ import annotations

import os

import click

from reporter import program, showing
from reporter.cli.common import BAD_USAGE, DONE, as_json, finish, print_json
from reporter.errors import UsageError


@click.command()
@click.option(
    "--send-test",
    is_flag=True,
    help="Give each destination a report that is marked as a test, and print its reference.",
)
@as_json
def doctor(send_test: bool, json_: bool) -> None:
    """Say what is wrong with the settings, the destinations and the queue of this computer.

    Also told: the layers of settings, the lists of databases, trust store, proxy, display and versions.
    Destinations are asked whether they are there and take this computer's sign-in; a report is only sent with
    --send-test. Takes twenty seconds at most.

    Ends with status 0 where nothing is wrong, 1 where reports do not get through or will not, and 2 where
    settings are malformed.
    """
    from reporter import agent, checkup
    from reporter.checkup import page

    found = checkup.run(agent.load_settings, send_test=send_test, terminal=agent.at_a_terminal())
    if json_:
        print_json(found)
    else:
        for line in page.lines(found):
            click.echo(line)
    finish(found.status)


@click.command()
@click.argument("pseudonym", required=False)
@as_json
def names(pseudonym: str | None, json_: bool) -> None:
    """What stands for what in reports of this computer, such as host-1.

    The table never leaves this computer; support may ask for the meaning of a PSEUDONYM by telephone.
    """
    from reporter.report.pseudonyms import Pseudonyms
    from reporter.settings import paths

    table = Pseudonyms(paths.pseudonyms(os.environ)).entries()
    if pseudonym is not None:
        if pseudonym not in table:
            raise UsageError(
                f"{pseudonym!r} stands for nothing on this computer; `{program.command()} names` lists all."
            )
        table = {pseudonym: table[pseudonym]}
    if json_:
        print_json(table)
    else:
        for name, meaning in table.items():
            click.echo(f"{name}  {meaning}")
        if not table:
            click.echo("No name was replaced in a report of this computer yet.", err=True)


@click.command()
@click.argument("target", required=False, default="")
@as_json
def policies(target: str, json_: bool) -> None:
    """List every setting: its value, where it came from, whether it is locked, and what is ignored.

    With a TARGET, an address or infobase:NAME, as they are for a login there: with the help that its entry
    in the list of databases holds, and with what its server has published.

    Ends with status 2 where anything is ignored, with the reason for each.
    """
    from reporter import agent, examination
    from reporter.settings.model import BY_NAME

    if target:
        examination.check(target)
    loaded = showing.load_and_warn(target, {}) if json_ else agent.load_settings(target)
    rows = loaded.rows()
    if json_:
        print_json({"settings": rows, "problems": loaded.problems, "ignored": loaded.ignored})
    else:
        width = max(len(str(row["name"])) for row in rows)
        for row in rows:
            planned = ", not acted on by this version" if BY_NAME[str(row["name"])].planned else ""
            locked = ", locked" if row["locked"] else ""
            click.echo(f"{row['name']:{width}}  {row['value']}  ({row['origin']}{locked}{planned})")
        for problem in loaded.problems:
            click.echo(f"\nIgnored: {problem}")
    finish(BAD_USAGE if loaded.problems else DONE)
