"""Commands for IT about what a server publishes: notices of known faults, and help for failed logins."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.common import DONE, FAILED, as_json, finish, print_json
from reporter.errors import UsageError

if TYPE_CHECKING:
    from reporter.diagnosis.notice_check import Inspection

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@click.group()
def notice() -> None:
    """Tell everybody whose login fails that the fault is known, and until when."""


@notice.command("write")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--message", required=True, metavar="TEXT", help="What people read; plain text.")
@click.option("--message-ru", default="", metavar="TEXT", help="The same in Russian.")
@click.option("--message-uk", default="", metavar="TEXT", help="The same in Ukrainian.")
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="TAG=TEXT",
    help="The same in another language, such as de=…; may be repeated.",
)
@click.option(
    "--until",
    required=True,
    metavar="WHEN",
    help="When it ends by itself: 14:00 (the next one, local time), +2h, or 2026-11-22T14:00+03:00.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    help="Only for logins at this address and below it, or at this server; may be repeated.",
)
@click.option("--cause", default="", help="Only for this cause or layer, such as tcp or tls.expired.")
@click.option("--url", default="", metavar="ADDRESS", help="Where people can read more.")
@click.option(
    "--language-url",
    "language_urls",
    multiple=True,
    metavar="TAG=ADDRESS",
    help="The same in another language; may be repeated.",
)
@as_json
def notice_write(
    file: Path,
    *,
    message: str,
    message_ru: str,
    message_uk: str,
    languages: tuple[str, ...],
    until: str,
    targets: tuple[str, ...],
    cause: str,
    url: str,
    language_urls: tuple[str, ...],
    json_: bool,
) -> None:
    """Write a notice to FILE, which a web server delivers as the startup-error service."""
    from reporter.diagnosis import startup_notice

    messages = {tag: text for tag, text in (("ru", message_ru), ("uk", message_uk)) if text}
    document = startup_notice.compose(
        message,
        until=startup_notice.parse_until(until, now=datetime.now(UTC)),
        cause=cause,
        url=url,
        targets=targets,
        messages=messages | _by_language("--language", languages),
        urls=_by_language("--language-url", language_urls),
    )
    startup_notice.save(file, document)
    _told(file, json_)


@notice.command("clear")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@as_json
def notice_clear(file: Path, json_: bool) -> None:
    """End the notice in FILE: the service then says that all is well."""
    from reporter.diagnosis import startup_notice

    startup_notice.save(file, startup_notice.nothing())
    _told(file, json_)


@notice.command("check")
@click.argument("source", metavar="URL|FILE")
@click.option("--target", default="", help="As a person would see it whose login at this address fails.")
@as_json
def notice_check(source: str, target: str, json_: bool) -> None:
    """Say what people would see now, in each language, and what is wrong with it.

    Ends with status 0 where nothing is, also where no notice is shown, and 1 where something is.
    """
    from reporter.diagnosis import notice_check as checking
    from reporter.diagnosis.target import parse_target

    login = parse_target(target) if target else None
    is_address = "://" in source or (_ADDRESS.match(source) is not None and not Path(source).exists())
    if is_address:
        found = checking.check_address(source, target=login)
    else:
        found = checking.check_file(Path(source), target=login)
    _print(found, json_)
    finish(FAILED if found.faults else DONE)


@click.group(hidden=True)
def published() -> None:
    """What servers publish for failed logins."""


@published.command("refresh")
@click.argument("target")
@click.option("--now", "at_once", is_flag=True, help="Also where it was read within the last hour.")
@as_json
def published_refresh(target: str, at_once: bool, json_: bool) -> None:
    """Read what the server of TARGET publishes, and keep it.

    It is started by itself after a login that worked.
    """
    from reporter import agent, publication

    loaded = agent.load_settings(target)
    result = publication.refresh(target, loaded.settings, os.environ, at_once=at_once)
    if json_:
        print_json(result)
    else:
        click.echo(result.sentence, err=True)
    finish(DONE if result.is_in_order else FAILED)


def _by_language(option: str, given: Iterable[str]) -> dict[str, str]:
    """What was given by language; raises UsageError for what names none."""
    found: dict[str, str] = {}
    for one in given:
        tag, equals, text = one.partition("=")
        if not equals:
            raise UsageError(
                f'{option} is given as {option} ru="…": a language, an equals sign and its words.'
            )
        found[tag.strip()] = text
    return found


def _told(file: Path, json_: bool) -> None:
    """Say what was written, as a reader finds it."""
    from reporter.diagnosis.notice_check import check_file

    found = check_file(file)
    if json_:
        print_json(found)
        return
    if found.until is None:
        click.echo(f"{file}: no notice is shown any more.")
    else:
        click.echo(f"{file}: shown until {found.until.isoformat(' ', 'minutes')}.")
    for sentence in found.remarks:
        click.echo(sentence, err=True)


def _print(found: Inspection, json_: bool) -> None:
    if json_:
        print_json(found)
        return
    until = f" until {found.until.isoformat(' ', 'minutes')}" if found.until else ""
    click.secho(f"{'Shown' if found.is_shown else 'Not shown'}{until} ({found.outcome})", bold=True)
    if found.cause:
        click.echo(f"  for {found.cause}")
    for target in found.targets:
        click.echo(f"  for logins at {target}")
    for words in found.words:
        click.echo(f"  {words.language}{'' if words.own else ' (general)'}: {words.message}")
        if words.url:
            click.echo(f"    {words.url}")
    if found.served is not None:
        served = found.served
        shown = {
            "Status": served.status,
            "Content-Type": served.content_type,
            "Cache-Control": served.cache_control,
            "ETag": served.etag,
            "Last-Modified": served.last_modified,
        }
        for name, value in shown.items():
            click.secho(f"  {name}: {value or 'none'}", dim=True)
    for sentence in found.faults:
        click.secho(f"  ✗ {sentence}", fg="red")
    for sentence in found.remarks:
        click.echo(f"  • {sentence}")
