"""The command line: one function a command.

Every command that prints results takes ``--json``: exactly one JSON document on standard output;
progress and sentences for people who watch go to standard error. Exit status: 0 done; 1 a failure
was diagnosed, or something stayed undelivered; 2 bad usage or bad configuration.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reporter import showing
from reporter._version import __version__
from reporter.errors import ReporterError, SettingsError, UsageError

if TYPE_CHECKING:
    from reporter.delivery.receipt import Receipt
    from reporter.delivery.spool import Spool
    from reporter.diagnosis.verdict import Verdict
    from reporter.settings.layers import Loaded

DONE, FAILED, BAD_USAGE = 0, 1, 2
DEADLINE_LIMIT_S = 60.0

F = TypeVar("F", bound=Callable[..., Any])


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
@click.version_option(__version__, prog_name="reporter", message="%(prog)s %(version)s")
def reporter() -> None:
    """Say why a login cannot connect, and get a structured report to support."""


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


@reporter.command()
@click.argument("target")
@click.option(
    "--deadline",
    "deadline_s",
    type=click.FloatRange(0.1, DEADLINE_LIMIT_S),
    default=5.0,
    show_default=True,
    metavar="S",
    help="Seconds after which the best verdict so far is given.",
)
@setting_options("language")
@as_json
def diagnose(target: str, deadline_s: float, json_: bool, **given: str | None) -> None:
    """Find out why TARGET cannot be reached.

    TARGET: https://…, http://…, tcp://host:port, postgresql://…, ldap://… or ldaps://…
    """
    from reporter import agent
    from reporter.texts import translator
    from reporter.ui.progress import show_progress

    loaded = load_or_refuse(target, given)
    with show_progress(enabled=not json_) as observer:
        verdict = agent.diagnose(
            target,
            settings=loaded.settings,
            texts=translator(loaded.settings.language),
            deadline_s=deadline_s,
            observer=observer,
        )
    if json_:
        print_json(verdict)
    else:
        print_verdict(verdict)
    finish(DONE if verdict.cause == "ok" else FAILED)


@reporter.command()
@failure_argument
@setting_options("endpoint", "help_text", "help_url", "face", "appearance", "language")
@as_json
def show(failure: str | None, json_: bool, **given: str | None) -> None:
    """Show the dialog for a failure.

    Any program can describe one as JSON.
    The document needs only {"target": "https://…", "message": "…"}; "-" reads it from standard input.
    """

    outcome = showing.show(failure, given)
    if json_:
        print_json(outcome)
    finish(DONE if outcome.is_solved else FAILED)


@reporter.command()
@failure_argument
@click.option("--story", "story_text", default="", help="What the person wanted to do, and what happened.")
@click.option("--contact", default="", help="How support can reach the person.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as a zip file."
)
@click.option("--send", "send_", is_flag=True, help="Keep the report in the queue and send it.")
@click.option("--preview", is_flag=True, help="Print exactly the bytes of report.json that would be sent.")
@setting_options("endpoint", "language")
@as_json
def report(
    failure: str | None,
    *,
    story_text: str,
    contact: str,
    output: Path | None,
    send_: bool,
    preview: bool,
    json_: bool,
    **given: str | None,
) -> None:
    """Build a report without a dialog.

    Preview it, write it to a file, or send it. The failure is described as for `reporter show`.
    """
    from reporter import agent
    from reporter.report import bundle
    from reporter.report.model import Story, to_bytes

    if not (output or send_ or preview):
        raise UsageError("Nothing was asked for: give --preview, --output FILE.zip or --send.")
    if preview and json_:
        raise UsageError("--preview prints the report itself, so it cannot be joined with --json.")
    described = showing.read_failure(failure)
    loaded = load_or_refuse(described.target, given)
    if send_ and loaded.settings.submission == "off":
        origin = loaded.origins["submission"]
        raise SettingsError(
            [f"Reports are switched off (submission is off, from {origin}); nothing was sent."]
        )
    case = agent.Case(described, loaded=loaded)
    case.diagnose(lambda notice: None)
    built = case.report(Story(text=story_text, contact=contact))
    if preview:
        sys.stdout.buffer.write(to_bytes(built))
        sys.stdout.buffer.flush()
    if output:
        bundle.write(output, to_bytes(built))
    receipt = agent.send(built, loaded=loaded) if send_ else None
    if json_:
        print_json(
            {
                "report": {"reference": built.reference},
                "receipt": receipt,
                "output": None if output is None else str(output),
            }
        )
    elif not preview:
        if output:
            click.echo(f"{built.reference}  written to {output}")
        if receipt:
            print_receipt(receipt)
    undelivered = receipt is not None and receipt.state not in ("accepted", "answered")
    finish(FAILED if undelivered else DONE)


@reporter.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--target", default="", help="The address of the program's login; any status but 0 is then diagnosed."
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="PROGRAM [ARGS]…")
def watch(target: str, command: tuple[str, ...]) -> None:
    """Start a program and stand beside it.

    Shows the dialog when it crashes or reports a failed login.
    Ends with the program's own exit status. The program may write a failure document to the file that
    the environment variable REPORTER_FAILURE_FILE names.
    """
    from reporter import agent

    if target:
        from reporter.diagnosis.target import parse_target

        parse_target(target)
    loaded = showing.load_and_warn(target, {})
    finish(agent.watch(command, target=target, loaded=loaded))


@reporter.command()
@setting_options("language")
@as_json
def about(json_: bool, **given: str | None) -> None:
    """Print platform and configuration information."""
    from reporter import agent

    loaded = showing.load_and_warn("", given)
    facts = agent.collect_facts(loaded)
    if json_:
        print_json(facts)
    else:
        from reporter.facts.text import as_text
        from reporter.texts import translator

        click.echo(as_text(facts, translator(loaded.settings.language)))
    finish(BAD_USAGE if loaded.problems else DONE)


@reporter.group(invoke_without_command=True)
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
    help="Stay, for two hours at most, until all is sent. Reporter starts this by itself where reports wait.",
)
@as_json
def queue_flush(force: bool, wait: bool, json_: bool, **given: str | None) -> None:
    """Send what waits."""
    from reporter import agent

    if force and wait:
        raise UsageError("--all sends at once and --wait at the planned times; give one of them.")
    # Nobody reads what a waiting one says about the settings; everything that is right in them counts.
    loaded = showing.load_and_warn("", given) if wait else load_or_refuse("", given)
    if not loaded.settings.destinations_in_order():
        raise SettingsError(
            [
                "There is nowhere to send to: set `endpoint`, for example REPORTER_ENDPOINT=https://support.example.org/reports."
            ]
        )
    if wait:
        receipts = agent.stay_as_courier(loaded)
        print_receipts(receipts, json_, none="Nothing waits, or another process is already sending it.")
    else:
        with opened_spool(loaded) as kept:
            receipts = agent.postman(kept, loaded).flush(force=force)
            print_receipts(receipts, json_, none="Nothing is due.")
            saved = sum(envelope.state == "saved" for envelope in kept.list())
            if saved:
                click.echo(
                    f"Reports that are only saved on this computer: {saved}; "
                    "`reporter queue flush --all` sends them.",
                    err=True,
                )
    finish(FAILED if any(receipt.state != "accepted" for receipt in receipts) else DONE)


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
    bundle.write(output, envelope.report_json, {part.name: part.content for part in envelope.attachments})
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


@reporter.command()
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


@reporter.command()
@click.argument("bundle_path", type=click.Path(path_type=Path), metavar="REPORT.zip")
@setting_options("language")
@as_json
def replay(bundle_path: Path, json_: bool, **given: str | None) -> None:
    """Judge the evidence of a report again."""
    from reporter.diagnosis import rules
    from reporter.errors import BundleError
    from reporter.report import bundle
    from reporter.texts import translator

    loaded = load_or_refuse("", given)
    stored = bundle.read(bundle_path).verdict
    if stored is None:
        raise BundleError(f"{bundle_path} holds no evidence: the report was made without a verdict.")
    verdict = rules.diagnose(stored.evidence, translator(loaded.settings.language))
    if json_:
        print_json(verdict)
    else:
        print_verdict(verdict)
    finish(DONE if verdict.cause == "ok" else FAILED)


@reporter.command()
@click.option(
    "--listen", default="127.0.0.1:8765", show_default=True, metavar="HOST:PORT", help="Where to listen."
)
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The SQLite file; default: inbox.sqlite in the data folder.",
)
def inbox(listen: str, database: Path | None) -> None:
    """Run the reference support endpoint."""
    try:
        from reporter.inbox.server import serve
    except ModuleNotFoundError as error:
        raise missing_extra("inbox", error) from None
    from reporter.settings import paths

    serve(
        listen,
        database or paths.spool(os.environ).parent / "inbox.sqlite",
        password=os.environ.get("REPORTER_INBOX_PASSWORD", ""),
        announce=lambda sentence: click.echo(sentence, err=True),
    )


@reporter.command()
@click.option(
    "--scenario",
    default="expired",
    show_default=True,
    metavar="NAME",
    help="What goes wrong; `list` names them all.",
)
@setting_options("face", "appearance", "language")
@as_json
def demo(scenario: str, json_: bool, **given: str | None) -> None:
    """Make a real login fail on this computer.

    Shows the dialog and sends the report to an inbox of its own; nothing of it stays.
    """
    try:
        from reporter.demo import stage
    except ModuleNotFoundError as error:
        raise missing_extra("demo", error) from None

    if scenario == "list":
        for name, what in stage.SCENARIOS.items():
            click.echo(f"{name:14}{what.summary}")
        return
    result = stage.play(scenario, given={name: value for name, value in given.items() if value}, quiet=json_)
    if json_:
        print_json(result)
    undelivered = result.receipt is not None and result.receipt.state != "accepted"
    finish(FAILED if undelivered or not (result.signed_in or result.verdict) else DONE)


# What the commands share.


def load_or_refuse(target: str, given: dict[str, str | None]) -> Loaded:
    """The settings in force; raises SettingsError with every problem found in them."""
    from reporter import agent

    loaded = agent.load_settings(target, {name: value for name, value in given.items() if value is not None})
    if loaded.problems:
        raise SettingsError(loaded.problems)
    return loaded


def known_reference(text: str) -> str:
    """The standard form of a reference number; raises UsageError for what is not one."""
    from reporter.report import reference

    parsed = reference.parse(text)
    if parsed is None:
        raise UsageError(
            f"{text!r} is not a reference number, or a character of it was misheard; "
            "it looks like 7K3D-9QX2M. `reporter queue` lists yours."
        )
    return parsed


@contextmanager
def opened_spool(loaded: Loaded | None = None) -> Iterator[Spool]:
    """This person's spool; what waits in it afterwards is left to the courier.

    Raises SpoolError at the end, after the command has printed what it found, when the spool was damaged
    and had to be set aside: that is also why a report is not found.
    """
    from reporter import agent
    from reporter.errors import SpoolError

    with agent.spool() as kept:
        try:
            yield kept
        finally:
            if kept.remark:
                raise SpoolError(kept.remark)
    agent.leave_to_courier(loaded or agent.load_settings())


def missing_extra(extra: str, error: ModuleNotFoundError) -> UsageError:
    """The sentence for a part of Reporter that is not installed."""
    return UsageError(
        f"This command needs the package {error.name!r}; install it with: "
        f"pip install 'reporter-agent[{extra}]'"
    )


def no_such_report(reference: str) -> UsageError:
    """The sentence for a reference that is not on this computer."""
    return UsageError(
        f"There is no report {reference} on this computer; `reporter queue` lists those there are."
    )


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


def finish(status: int) -> None:
    """End the command with an exit status, without waiting for probes that were given up."""
    sys.stdout.flush()
    click.get_current_context().exit(status)
