"""Manual: the manual pages, made from the commands themselves."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Iterator, Sequence
from inspect import cleandoc

import click

from linux.pieces import File, Piece
from release.identity import DESCRIPTION, SUMMARY, Identity
from release.order import Order
from reporter.cli.reference import commands

FOLDER = "/usr/share/man/man1"
NOT_INSIDE = ("demo", "inbox")
"""Commands of which the frozen program only says that they are no part of it."""

_STATUSES = (
    ("0", "Done."),
    ("1", "A failure was diagnosed, or something stayed undelivered."),
    ("2", "Bad usage or bad configuration, with a sentence that says what and where."),
)
_VARIABLES = (
    ("REPORTER_HOME", "A folder for everything that is written: queue, cache, drafts."),
    ("REPORTER_SETTINGS", "The settings file to read in place of the person's own."),
    ("REPORTER_…", "Any setting, by its name in capitals, such as REPORTER_ENDPOINT."),
)
_DESCRIPTION = (
    DESCRIPTION,
    "Every command knows `--help`. Where a command has `--json`, it prints exactly one JSON document on "
    "standard output, and whatever is meant for people goes to standard error.",
)


def manual(order: Order) -> Iterator[Piece]:
    """One page for the program and one for each command, compressed."""
    for name, text in pages(order).items():
        packed = gzip.compress(text.encode(), compresslevel=9, mtime=0)
        yield File(place=f"{FOLDER}/{name}.1.gz", content=packed, role="doc")


def pages(order: Order) -> dict[str, str]:
    """Every page by its name, such as ``reporter-queue-list``, in roff."""
    known = {path: command for path, command in commands() if path.split()[1] not in NOT_INSIDE}
    named = {_name(order.identity, path): command for path, command in known.items()}
    made = {order.identity.command: _overview(order, named)}
    for path, command in known.items():
        name = _name(order.identity, path)
        made[name] = _page(order, name, path, command)
    return made


def _overview(order: Order, known: dict[str, click.Command]) -> str:
    identity = order.identity
    lines = [
        *_head(order, identity.command, SUMMARY),
        ".SH SYNOPSIS",
        f".B {_roff(identity.command)}",
        r"\fICOMMAND\fP [\fIOPTION\fP]... [\fIARGUMENT\fP]...",
        ".SH DESCRIPTION",
        *_paragraphs(identity, _DESCRIPTION),
        ".SH COMMANDS",
    ]
    for name, command in known.items():
        first = _first(command)
        lines += [".TP", rf"\fB{_roff(name)}\fP(1)", *_text(identity, first)]
    lines += [".SH EXIT STATUS", *_terms(identity, _STATUSES)]
    lines += [".SH ENVIRONMENT", *_terms(identity, _VARIABLES)]
    lines += [".SH FILES", *_terms(identity, _files(identity))]
    return "\n".join([*lines, ""])


def _page(order: Order, name: str, path: str, command: click.Command) -> str:
    identity = order.identity
    typed = " ".join([identity.command, *path.split()[1:]])
    context = click.Context(command, info_name=typed)
    pieces = command.collect_usage_pieces(context)
    if isinstance(command, click.Group):  # the commands below it have pages of their own
        pieces = [piece for piece in pieces if piece != command.subcommand_metavar]
    lines = [
        *_head(order, name, _first(command)),
        ".SH SYNOPSIS",
        f".B {_roff(typed)}",
        *([_roff(" ".join(pieces))] if pieces else []),
        ".SH DESCRIPTION",
        *_paragraphs(identity, cleandoc(command.help or "").split("\n\n")),
    ]
    options = [option for option in command.params if isinstance(option, click.Option)]
    if options:
        lines.append(".SH OPTIONS")
    for option in options:
        lines += [".TP", _option(option), *_text(identity, option.help or "")]
        if option.show_default and option.default:
            lines += _text(identity, f"Default: `{option.default}`.")
    lines += [".SH SEE ALSO", rf"\fB{_roff(identity.command)}\fP(1)"]
    return "\n".join([*lines, ""])


def _head(order: Order, name: str, summary: str) -> list[str]:
    identity = order.identity
    date = time.strftime("%Y-%m-%d", time.gmtime(order.source.epoch_s))
    about = _roff(_own(identity, summary).rstrip(".").replace("`", ""))
    product = _roff(f"{identity.product} {order.version}").replace('"', "")
    return [
        f'.TH "{_roff(name.upper())}" "1" "{date}" "{product}" "User Commands"',
        ".SH NAME",
        rf"{_roff(name)} \- {about}",
    ]


def _option(option: click.Option) -> str:
    names = ", ".join(rf"\fB{_roff(name)}\fP" for name in (*option.opts, *option.secondary_opts))
    value = option.make_metavar(click.Context(click.Command(""))) if not option.is_flag else ""
    return rf"{names} \fI{_roff(value)}\fP" if value else names


def _files(identity: Identity) -> Sequence[tuple[str, str]]:
    command = identity.command
    return (
        (
            f"/etc/{command}/policies/managed",
            "Mandatory policies of the administrator, files ending in .json.",
        ),
        (f"/etc/{command}/policies/recommended", "Recommended policies, which a person may overrule."),
        (f"~/.config/{command}/settings.toml", "The person's own settings."),
        (f"~/.local/share/{command}", "Reports that wait, and drafts."),
        (f"/usr/share/doc/{command}", "Examples of policies, and what changed from version to version."),
    )


def _name(identity: Identity, path: str) -> str:
    return "-".join([identity.command, *path.split()[1:]])


def _first(command: click.Command) -> str:
    return cleandoc(command.help or "").partition("\n\n")[0].replace("\n", " ")


def _terms(identity: Identity, terms: Sequence[tuple[str, str]]) -> Iterator[str]:
    for term, text in terms:
        yield from (".TP", rf"\fB{_roff(term)}\fP", *_text(identity, text))


def _paragraphs(identity: Identity, paragraphs: Sequence[str]) -> Iterator[str]:
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield ".PP"
        yield from _text(identity, " ".join(paragraph.split()))


def _text(identity: Identity, text: str) -> Iterator[str]:
    """Lines of running text, in which what stands between backticks is bold."""
    for sentence in re.split(r"(?<=[.;:]) ", _own(identity, text)):
        parts = sentence.split("`")
        written = "".join(
            rf"\fB{_roff(part)}\fP" if index % 2 else _roff(part) for index, part in enumerate(parts)
        )
        # At the begin of a line these would be commands; _roff keeps them from it, bold text does not.
        yield rf"\&{written}" if written.startswith((".", "'")) else written


def _own(identity: Identity, text: str) -> str:
    """The text of a command with the names of this brand."""
    text = re.sub(r"\breporter(?= [a-z]|`)", identity.command, text)
    return re.sub(r"\bReporter\b", lambda _: identity.product, text)


def _roff(text: str) -> str:
    special = {"\\": r"\e", "-": r"\-", "~": r"\(ti", "^": r"\(ha", "'": r"\(aq", "`": r"\(ga", '"': r"\(dq"}
    return "".join(
        special.get(character) or (character if ord(character) < 128 else rf"\[u{ord(character):04X}]")
        for character in text
    )
