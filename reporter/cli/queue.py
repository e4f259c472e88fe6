"""Commands about reports that were made: what waits, what was delivered, what was refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter import program, showing
from reporter.cli.common import (
    DONE,
    FAILED,
    as_json,
    finish,
    load_or_refuse,
    print_json,
    print_receipt,
    setting_options,
)
from reporter.errors import SettingsError, UsageError

STATUS_LIMIT_REPORTS = 20

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope
    from reporter.delivery.receipt import Receipt
    from reporter.delivery.spool import Spool
    from reporter.settings.layers import Loaded


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def queue(ctx: click.Context, json_: bool) -> None:
    """What waits, what was delivered, what was refused."""
    if ctx.invoked_subcommand is None:
        list_queue(json_)


@queue.command("list")
@as_json
def queue_list(json_: bool) -> None:
    """List every report on this computer, newest first."""
    list_queue(json_)


@queue.command("flush")
@click.argument("reference", required=False)
@setting_options("endpoint")
@click.option(
    "--all",
    "force",
    is_flag=True,
    help="Also what is planned for later, and automatic reports that were only saved.",
)
@click.option(
    "--wait",
    is_flag=True,
    help="Stay, for two hours at most, until all is sent. It is started by itself where reports wait.",
)
@as_json
def queue_flush(reference: str | None, *, force: bool, wait: bool, json_: bool, **given: str | None) -> None:
    """Send what waits, or one REFERENCE now.

    One that is named is sent whatever time was planned, also where it was refused before.
    """
    from reporter import outbox

    if force + wait + (reference is not None) > 1:
        raise UsageError("A REFERENCE and --all send at once, --wait at the planned times; give one of them.")
    # Nobody reads what a waiting one says about the settings; everything that is right in them counts.
    loaded = showing.load_and_warn("", given) if wait else load_or_refuse("", given)
    if loaded.settings.submission == "off":
        raise SettingsError(
            [
                f"Reports are switched off (submission is off, from {loaded.origins['submission']}); "
                "nothing was sent."
            ]
        )
    if not loaded.settings.destinations_in_order():
        raise SettingsError(
            [
                "There is nowhere to send to: set `endpoint`, for example REPORTER_ENDPOINT=https://support.example.org/reports."
            ]
        )
    if wait:
        receipts = outbox.stay_as_courier(lambda: showing.load_and_warn("", given))
        print_receipts(receipts, json_, none="Nothing waits, or another process is already sending it.")
    elif reference is not None:
        with opened_spool(loaded) as kept:
            wanted = known_reference(reference)
            if kept.get(wanted) is None:
                raise no_such_report(wanted)
            receipts = [outbox.postman(kept, loaded).deliver(wanted)]
            print_receipts(receipts, json_, none="")
    else:
        with opened_spool(loaded) as kept:
            receipts = outbox.postman(kept, loaded).flush(force=force)
            print_receipts(receipts, json_, none="Nothing is due.")
            saved = sum(envelope.state == "saved" for envelope in kept.list())
            if saved:
                click.echo(
                    f"Reports that are only saved on this computer: {saved}; "
                    f"`{program.command()} queue flush --all` sends them.",
                    err=True,
                )
    delivered = ("accepted", "answered")
    finish(DONE if all(receipt.state in delivered for receipt in receipts) else FAILED)


@queue.command("export")
@click.argument("reference")
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.zip")
def queue_export(reference: str, output: Path) -> None:
    """Write the report REFERENCE to a zip file, to hand it over by other means."""
    from reporter.report import bundle

    with opened_spool() as kept:
        envelope = kept.get(known_reference(reference))
        if envelope is None:
            raise no_such_report(reference)
    bundle.write(output, envelope)
    click.echo(f"{envelope.reference}  written to {output}")


@queue.command("drop")
@click.argument("reference")
def queue_drop(reference: str) -> None:
    """Delete the report REFERENCE from this computer."""

    wanted = known_reference(reference)
    with opened_spool() as kept:
        if not kept.drop(wanted):
            raise no_such_report(wanted)
    click.echo(f"{wanted}  deleted")


@click.command()
@click.argument("reference", required=False)
@setting_options("endpoint")
@as_json
def status(reference: str | None, json_: bool, **given: str | None) -> None:
    """What became of a report: support's answer.

    Asks the endpoint that has the report REFERENCE, or all that support may still answer.
    """
    from reporter import outbox

    loaded = load_or_refuse("", given)
    with opened_spool(loaded) as kept:
        sender = outbox.postman(kept, loaded)
        if reference is None:
            has_it = ("accepted", "answered")
            asked = [envelope.reference for envelope in kept.list() if envelope.state in has_it]
            for one in asked[-STATUS_LIMIT_REPORTS:]:
                sender.inquire(one)
            shown = [envelope for envelope in reversed(kept.list()) if envelope.state != "saved"]
        else:
            wanted = known_reference(reference)
            if kept.get(wanted) is None:
                raise no_such_report(wanted)
            shown = [sender.inquire(wanted)]
        receipts = [envelope.receipt() for envelope in shown]
        if json_:
            print_json([receipt_and_history(envelope) for envelope in shown])
        else:
            print_receipts(receipts, json_, none="No report was sent from this computer.")
            if reference is not None:
                print_history(shown[0])
        for envelope in shown:
            if envelope.answer:
                kept.mark_seen(envelope.reference, envelope.answer)
    delivered = all(receipt.state in ("accepted", "answered") for receipt in receipts)
    finish(DONE if delivered else FAILED)


def known_reference(text: str) -> str:
    """The standard form of a reference number; raises UsageError for what is not one."""
    from reporter.report import reference

    parsed = reference.parse(text)
    if parsed is None:
        raise UsageError(
            f"{text!r} is not a reference number, or a character of it was misheard; "
            f"it looks like 7K3D-9QX2V. `{program.command()} queue` lists yours."
        )
    return parsed


@contextmanager
def opened_spool(loaded: Loaded | None = None) -> Iterator[Spool]:
    """This person's spool; what waits in it afterwards is left to the courier.

    Raises SpoolError at the end, after the command has printed what it found, when the spool was damaged
    and had to be set aside: that is also why a report is not found.
    """
    from reporter import agent, outbox
    from reporter.errors import SpoolError

    with outbox.spool() as kept:
        try:
            yield kept
        finally:
            if kept.remark:
                raise SpoolError(kept.remark)
    outbox.leave_to_courier(loaded or agent.load_settings())


def no_such_report(reference: str) -> UsageError:
    """The sentence for a reference that is not on this computer."""
    return UsageError(
        f"There is no report {reference} on this computer; `{program.command()} queue` lists those there are."
    )


def receipt_and_history(envelope: Envelope) -> dict[str, object]:
    """A receipt with all that was tried, for a document."""
    import msgspec

    document: dict[str, object] = msgspec.to_builtins(envelope.receipt())
    return document | {"history": envelope.history}


def print_history(envelope: Envelope) -> None:
    """What was tried for a report, one line each."""
    for row in envelope.history:
        parts = [f"{row.at.astimezone():%Y-%m-%d %H:%M:%S}", row.destination, row.outcome, row.reason]
        click.echo(f"    {'  '.join(part for part in parts if part)}")


def list_queue(json_: bool) -> None:
    """Print every report on this computer."""

    with opened_spool() as kept:
        receipts = [envelope.receipt() for envelope in reversed(kept.list())]
        print_receipts(receipts, json_, none="There are no reports on this computer.")


def print_receipts(receipts: list[Receipt], json_: bool, *, none: str) -> None:
    """One line each, or one document; ``none`` is the sentence for an empty list."""
    if json_:
        print_json(receipts)
        return
    for receipt in receipts:
        print_receipt(receipt)
    if not receipts:
        click.echo(none, err=True)
