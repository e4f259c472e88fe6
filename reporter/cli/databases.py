"""Commands for the lists of databases of this computer."""

from __future__ import annotations

import os

import click

from reporter.cli.common import BAD_USAGE, DONE, as_json, finish, print_json


@click.command()
@as_json
def infobases(json_: bool) -> None:
    """List the databases of 1C:Enterprise that this computer knows.

    Each stands in the person's own list or in a shared one (files *.v8i). infobase:NAME is accepted wherever
    a target is asked for. Who signs in, with what, and the folders of file databases are not shown.

    Ends with status 2 where a list cannot be read, or something in it cannot be used, with every problem.
    """
    from reporter.settings import paths, v8i

    found = v8i.find(os.environ, cache=paths.cache(os.environ))
    problems = [f"{gap.reason}." for gap in found.gaps]
    problems += [problem for each in found.lists for problem in each.problems]
    rows = [
        {
            "name": infobase.name,
            "kind": str(infobase.connection.kind),
            "address": v8i.address(infobase),
            "base": infobase.connection.base,
            "folder": infobase.folder,
            "list": infobase.place,
            "line": infobase.line,
            "list_copied_at": each.copied_at,
        }
        for each in found.lists
        for infobase in each.infobases
    ]
    if json_:
        lists = [
            {"place": each.place, "infobases": len(each.infobases), "copied_at": each.copied_at}
            for each in found.lists
        ]
        print_json({"infobases": rows, "lists": lists, "problems": problems})
    else:
        name_chars = min(max((len(str(row["name"])) for row in rows), default=0), 40)
        address_chars = min(max((len(str(row["address"])) for row in rows), default=0), 60)
        for row in rows:
            address = f"{row['address']:{address_chars}}"
            click.echo(
                f"{row['name']:{name_chars}}  {row['kind']:7}  {address}  {row['list']}, line {row['line']}"
            )
        if not rows:
            click.echo("There are no databases in the lists of this computer.", err=True)
        for problem in problems:
            click.echo(problem, err=True)
    finish(BAD_USAGE if problems else DONE)
