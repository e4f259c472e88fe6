"""Commands for IT: what is set, where it came from, and whether it works."""

from __future__ import annotations

import os
from collections import Counter

import click

from reporter import showing
from reporter.cli.common import BAD_USAGE, DONE, FAILED, as_json, finish, print_json
from reporter.errors import UsageError


@click.command()
@as_json
def doctor(json_: bool) -> None:
    """Say what is wrong with the settings, the destinations and the queue of this computer.

    Ends with status 0 where nothing is, 1 where reports are held up, and 2 where settings are malformed.
    """
    from reporter import outbox

    loaded = showing.load_and_warn("", {})
    with outbox.spool(loaded) as kept:
        envelopes = kept.list()
        pauses = [
            {
                "destination": pause.destination,
                "since": pause.since,
                "reason": pause.reason,
            }
            for pause in kept.pauses()
        ]
        remark = kept.remark
    addresses = loaded.settings.destinations_in_order()
    held_up = [str(pause["destination"]) for pause in pauses]
    states = Counter(str(envelope.state) for envelope in envelopes)
    if json_:
        print_json(
            {
                "problems": [*loaded.problems, *([remark] if remark else [])],
                "destinations": [outbox.shown(address) for address in addresses],
                "paused": pauses,
                "queue": states,
            }
        )
    else:
        for address in addresses:
            name = outbox.shown(address)
            click.echo(f"{name}  {'paused' if name in held_up else 'not paused'}")
        for pause in pauses:
            click.echo(
                f"{pause['destination']}  paused since {pause['since']:%Y-%m-%d %H:%M}: {pause['reason']}"
            )
        if not addresses:
            click.echo("There is nowhere to send to: set `endpoint`.")
        click.echo(
            "  ".join(f"{state}: {number}" for state, number in sorted(states.items())) or "No reports."
        )
        if remark:
            click.echo(remark, err=True)
    finish(BAD_USAGE if loaded.problems else FAILED if pauses or remark or not addresses else DONE)


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
