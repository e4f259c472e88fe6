"""Commands for IT: what is set, where it came from, and whether it works."""

from __future__ import annotations

import os

import click

from reporter import showing
from reporter.cli.common import BAD_USAGE, DONE, as_json, finish, print_json
from reporter.errors import UsageError


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
                f"{pseudonym!r} stands for nothing on this computer; `reporter names` lists all."
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
@as_json
def policies(json_: bool) -> None:
    """List every setting: its value, and where it came from."""
    from reporter.settings.model import BY_NAME

    loaded = showing.load_and_warn("", {})
    rows = loaded.rows()
    if json_:
        print_json({"settings": rows, "problems": loaded.problems})
    else:
        width = max(len(str(row["name"])) for row in rows)
        for row in rows:
            planned = ", not acted on by this version" if BY_NAME[str(row["name"])].planned else ""
            click.echo(f"{row['name']:{width}}  {row['value']}  ({row['origin']}{planned})")
    finish(BAD_USAGE if loaded.problems else DONE)
