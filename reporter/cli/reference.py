"""Reference: the documentation of the commands, made from the commands themselves.

``python -m reporter.cli.reference > docs/commands.md``
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc

import click

from reporter.cli import reporter

_HEAD = """\
# Commands

<!-- Made by `python -m reporter.cli.reference > docs/commands.md`; edit reporter/cli/ instead. -->

Every command knows `--help`; `reporter --version` prints the version. Where a command has `--json`, it
prints exactly one JSON document on standard output, and whatever is meant for people goes to standard error.

Exit status: 0 done; 1 a failure was diagnosed, or something stayed undelivered; 2 bad usage or bad
configuration, with a sentence that says what and where. Where a command has others, it says so.

What a command does not say itself it takes from the [settings](settings.md).

| command | does |
|---|---|
{overview}
"""

# What a value is, where the option does not say it: our word for the name of click's type.
_KINDS = {"text": "TEXT", "path": "FILE", "float range": "NUMBER", "integer range": "NUMBER"}


def reference() -> str:
    """The whole page, in Markdown."""
    found = list(commands())
    overview = "\n".join(
        f"| [`{path}`](#{_anchor(path)}) | {_first_sentence(command)} |" for path, command in found
    )
    return "\n".join([_HEAD.format(overview=overview), *(_section(path, command) for path, command in found)])


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with what a person types for it, such as ``reporter queue list``, by name."""
    yield from _below("reporter", reporter)


def _below(path: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        here = f"{path} {name}"
        # A group that does something by itself is a command as well.
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield here, command
        if isinstance(command, click.Group):
            yield from _below(here, command)


def _section(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    pieces = command.collect_usage_pieces(context)
    if isinstance(command, click.Group):  # the commands below it have sections of their own
        pieces = [piece for piece in pieces if piece != command.subcommand_metavar]
    usage = " ".join([path, *pieces])
    lines = [f"## `{path}`\n", f"```text\n{usage}\n```\n", f"{cleandoc(command.help or '')}\n"]
    options = [option for option in command.params if isinstance(option, click.Option)]
    if options:
        lines += ["| option | means |", "|---|---|", *map(_row, options), ""]
    return "\n".join(lines)


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    kind = option.metavar or _KINDS.get(option.type.name, option.type.name.upper())
    value = "" if option.is_flag else f" `{kind}`"
    default = f" Default: `{option.default}`." if option.show_default and option.default else ""
    return f"| {names}{value} | {_cell(option.help or '')}{default} |"


def _first_sentence(command: click.Command) -> str:
    return _cell((command.help or "").partition("\n\n")[0].replace("\n", " "))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _anchor(path: str) -> str:
    """As web pages of Markdown name a heading."""
    return path.replace(" ", "-")


if __name__ == "__main__":
    sys.stdout.buffer.write(reference().encode())
