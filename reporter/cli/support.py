"""Commands for support: the reference endpoint, and reports judged again."""

from __future__ import annotations

import os
from pathlib import Path

import click

from reporter.cli.common import (
    DONE,
    FAILED,
    as_json,
    finish,
    load_or_refuse,
    missing_extra,
    print_json,
    print_verdict,
    setting_options,
)


@click.command()
@click.argument("bundle_path", type=click.Path(path_type=Path), metavar="REPORT.zip")
@setting_options("language")
@as_json
def replay(bundle_path: Path, json_: bool, **given: str | None) -> None:
    """Judge the evidence of a report again."""
    from reporter.diagnosis import weighing
    from reporter.errors import BundleError
    from reporter.report import bundle
    from reporter.texts import translator

    loaded = load_or_refuse("", given)
    stored = bundle.read(bundle_path).report.verdict
    if stored is None:
        raise BundleError(f"{bundle_path} holds no evidence: the report was made without a verdict.")
    verdict = weighing.diagnose(stored.evidence, translator(loaded.settings.language))
    if json_:
        print_json(verdict)
    else:
        print_verdict(verdict)
    finish(DONE if verdict.cause == "ok" else FAILED)


@click.command()
@click.option(
    "--listen", default="127.0.0.1:8765", show_default=True, metavar="HOST:PORT", help="Where to listen."
)
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The SQLite file; default: inbox.sqlite in the data folder.",
)
@click.option(
    "--spread-seconds",
    type=click.FloatRange(0, 86_400),
    help="Over how much time agents are to spread automatic reports; default: as they are set.",
)
@click.option(
    "--reports-per-second",
    type=click.FloatRange(min=0),
    default=0,
    help="More are told to come back later; default: no limit.",
)
def inbox(
    listen: str, database: Path | None, spread_seconds: float | None, reports_per_second: float
) -> None:
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
        spread_s=spread_seconds,
        reports_per_s=reports_per_second,
        announce=lambda sentence: click.echo(sentence, err=True),
    )
