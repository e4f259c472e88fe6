"""Commands for IT: what is set, where it came from, and whether it works."""

from __future__ import annotations

import click

from reporter import showing
from reporter.cli.common import BAD_USAGE, DONE, as_json, finish, print_json


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
