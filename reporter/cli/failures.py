"""Commands for the person who cannot log in, and for programs that stand beside them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter import showing
from reporter.cli.common import (
    BAD_USAGE,
    DONE,
    FAILED,
    as_json,
    failure_argument,
    finish,
    load_or_refuse,
    missing_extra,
    print_json,
    print_receipt,
    print_verdict,
    setting_options,
)
from reporter.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from reporter.case import Case

DEADLINE_LIMIT_S = 60.0
PICTURE_FILE_LIMIT_BYTES = 64 * 1024 * 1024


@click.command()
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

    TARGET: https://…, http://…, tcp://host:port, postgresql://…, ldap://…, ldaps://…, or infobase:NAME of
    a list of databases (`reporter infobases` lists them)
    """
    from reporter import examination
    from reporter.texts import translator
    from reporter.ui.progress import show_progress

    loaded = load_or_refuse(target, given)
    with show_progress(enabled=not json_) as observer:
        verdict = examination.diagnose(
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


@click.command()
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


@click.command(name="open")
@click.option("--target", default="", help="Also find out whether this address, or infobase:NAME, works.")
@setting_options("endpoint", "help_text", "help_url", "face", "appearance", "language")
@as_json
def open_(target: str, json_: bool, **given: str | None) -> None:
    """Open the dialog without a failure: report a problem, see what became of the last reports.

    The menu entry of the installed program starts it. The exit status is 1 where a report stayed undelivered.
    """
    from reporter import examination

    if target:
        examination.check(target)
    outcome = showing.open_(target=target, given=given)
    if json_:
        print_json(outcome)
    finish(showing.status_of(outcome))


@click.command()
@failure_argument
@click.option("--wanted", default="", metavar="TEXT", help="What the person wanted to do.")
@click.option("--expected", default="", metavar="TEXT", help="What the person expected.")
@click.option("--story", "happened", default="", metavar="TEXT", help="What happened.")
@click.option(
    "--question", "questions", multiple=True, metavar="TEXT", help="A question to support; may be repeated."
)
@click.option("--contact", default="", metavar="TEXT", help="How support can reach the person.")
@click.option("--best-time", default="", metavar="TEXT", help="When.")
@click.option(
    "--attach",
    "pictures",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PICTURE",
    help="A picture to send with the report; may be repeated.",
)
@click.option(
    "--leave-out",
    "left_out",
    multiple=True,
    metavar="SECTION",
    help="A part of the report that stays here, such as facts, logs or network; may be repeated.",
)
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
    wanted: str,
    expected: str,
    happened: str,
    questions: tuple[str, ...],
    contact: str,
    best_time: str,
    pictures: tuple[Path, ...],
    left_out: tuple[str, ...],
    output: Path | None,
    send_: bool,
    preview: bool,
    json_: bool,
    **given: str | None,
) -> None:
    """Build a report without a dialog.

    Preview it, write it to a file, or send it. The failure is described as for `reporter show`.
    """
    from reporter import outbox
    from reporter.case import Case
    from reporter.report.bundle import write
    from reporter.report.model import Story

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
    case = Case(described, loaded=loaded)
    leave_out(case, left_out)
    for picture in pictures:
        case.attach(case.picture_of(read_picture(picture)), [])
    case.diagnose(lambda notice: None)
    built = case.bundle(
        Story(
            wanted=wanted,
            expected=expected,
            happened=happened,
            questions=list(questions),
            contact=contact,
            best_time=best_time,
        )
    )
    if preview:
        sys.stdout.buffer.write(built.report_json)
        sys.stdout.buffer.flush()
    if output:
        write(output, built)
    receipt = outbox.send(built, loaded=loaded) if send_ else None
    if json_:
        print_json(
            {
                "report": {"reference": built.report.reference},
                "receipt": receipt,
                "output": None if output is None else str(output),
            }
        )
    elif not preview:
        if output:
            click.echo(f"{built.report.reference}  written to {output}")
        if receipt:
            print_receipt(receipt)
    undelivered = receipt is not None and receipt.state not in ("accepted", "answered")
    finish(FAILED if undelivered else DONE)


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--target",
    default="",
    help="Where the program signs in, an address or infobase:NAME; any status but 0 is then diagnosed.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="PROGRAM [ARGS]…")
def watch(target: str, command: tuple[str, ...]) -> None:
    """Start a program and stand beside it.

    Shows the dialog when it crashes or reports a failed login.
    Ends with the program's own exit status. The program may write a failure document to the file that
    the environment variable REPORTER_FAILURE_FILE names. Where an argument holds {access_code}, the dialog
    of a locked system asks for the code, and the program is started again with it; without a code the
    argument is left out.
    """
    from reporter import agent, examination

    if target:
        examination.check(target)
    loaded = showing.load_and_warn(target, {})
    finish(agent.watch(command, target=target, loaded=loaded))


def leave_out(case: Case, names: Sequence[str]) -> None:
    """Switch sections off; raises UsageError for one that there is not, or that has to go along."""
    sections = {section.name: section for section in case.sections()}
    for name in names:
        section = sections.get(name)
        if section is None:
            raise UsageError(f"A report has no section {name!r}; it has {', '.join(sections)}.")
        if section.is_on and section.is_locked:
            raise UsageError(f"The section {name} cannot be left out: the administrator requires it.")
        case.switch(name, False)


def read_picture(path: Path) -> bytes:
    """The bytes of a file, as far as a picture may be long; raises UsageError where it cannot be read."""
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} could not be read: it is not a file.")  # a pipe would be waited for
    try:
        with path.open("rb") as file:
            return file.read(PICTURE_FILE_LIMIT_BYTES)
    except OSError as error:
        raise UsageError(f"{path} could not be read: {error.strerror or error}.") from None


@click.command()
@setting_options("language")
@as_json
def about(json_: bool, **given: str | None) -> None:
    """Print platform and configuration information."""
    from reporter import examination

    loaded = showing.load_and_warn("", given)
    facts = examination.collect_facts(loaded)
    if json_:
        print_json(facts)
    else:
        from reporter.facts.text import as_text
        from reporter.texts import translator

        click.echo(as_text(facts, translator(loaded.settings.language)))
    finish(BAD_USAGE if loaded.problems else DONE)


@click.command()
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
