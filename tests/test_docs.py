"""The documentation names what there is, and all of it."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from reporter.cli import reporter
from reporter.cli.reference import commands, reference
from reporter.settings.model import TABLE

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(ROOT / "packaging").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

# Each opening fence of a block, with its language, to the closing one.
_BLOCK = re.compile(r"^(```+)(\w*)\n(.*?)^\1$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?\)|<(?:img|a)\s[^>]*?(?:src|href)=\"([^\"]+)\"")
_INLINE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
_OF_THE_WORK = re.compile(
    r"\b(?:issue|ticket) ?#?\d|\bthe (?:lead|helper|brief|reviewer)\b|\bhelpers?\b"
    r"|\b(?:this|last|next|previous|earlier) session\b|/work/|/tmp/",
    re.IGNORECASE,
)
# What a person writes something else for: TARGET, [OPTIONS].
_PLACEHOLDER = re.compile(r"\[?[A-Z]{2,}\]?")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def without_blocks(text: str) -> str:
    return _BLOCK.sub("", text)


def anchors(text: str) -> set[str]:
    """The names of the headings, as web pages of Markdown make them."""
    found: set[str] = set()
    for heading in _HEADING.findall(without_blocks(text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def links(text: str) -> Iterator[str]:
    for match in _LINK.finditer(_INLINE.sub("", without_blocks(text))):
        yield match[1] or match[2]


def test_the_commands_are_documented_as_they_are() -> None:
    page = text_of("docs/commands.md")
    assert page == reference(), "run: python -m reporter.cli.reference > docs/commands.md"


def test_every_command_and_option_is_on_the_page_of_the_commands() -> None:
    sections = dict(
        part.split("`\n", 1)
        for part in re.split(r"^## `", text_of("docs/commands.md"), flags=re.MULTILINE)[1:]
    )
    found = list(walk("reporter", reporter))
    assert len(found) > 15
    for path, command in found:
        if isinstance(command, click.Group) and not command.invoke_without_command:
            continue
        assert path in sections, f"{path} is missing"
        for option in command.params:
            if isinstance(option, click.Option):
                for name in option.opts:
                    assert f"`{name}`" in sections[path], f"{path} {name} is missing"
    assert {path for path, _ in commands()} == set(sections)


def walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Every command below one, by the command line's own means."""
    if path != "reporter":
        yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(f"{path} {name}", below)


def test_every_setting_has_a_section() -> None:
    written = anchors(text_of("docs/settings.md"))
    assert {row.name for row in TABLE} <= written


def test_every_variable_of_the_environment_is_told() -> None:
    told = "".join(text_of(name) for name in NAMES) + "REPORTER_CLIPBOARD"  # a name in X11, no variable
    for module in (ROOT / "reporter").rglob("*.py"):
        for name in re.findall(r"\"(REPORTER_[A-Z_]+[A-Z])\"", module.read_text(encoding="utf-8")):
            assert name in told, f"{name} of {module.name}"


@pytest.mark.parametrize("name", NAMES)
def test_links_and_pictures_lead_somewhere(name: str) -> None:
    page = ROOT / name
    text = text_of(name)
    for link in links(text):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        where, _, anchor = link.partition("#")
        meant = (page.parent / unquote(where)) if where else page
        assert meant.exists(), f"{name} leads to {link}, which is not there"
        if anchor and meant.suffix == ".md":
            assert anchor in anchors(meant.read_text(encoding="utf-8")), f"{name}: there is no {link}"


def test_every_picture_is_shown_somewhere() -> None:
    used = {Path(link).name for name in NAMES for link in links(text_of(name))}
    assert {path.name for path in (DOCS / "images").iterdir()} <= used


@pytest.mark.parametrize("name", NAMES)
def test_commands_that_are_shown_exist(name: str) -> None:
    for line in command_lines(text_of(name)):
        why = why_unknown(line)
        assert not why, f"{name}: {line}: {why}"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("reporter queue flush --all", ""),
        ("reporter status 7K3D-9QX2V", ""),
        ("reporter watch --target x -- erp --any thing", ""),
        ("reporter notice write FILE --message x --until 14:00", ""),
        ("reporter queue burn", "queue has no command burn"),
        ("reporter fly", "reporter has no command fly"),
        ("reporter report --story", ""),
        ("reporter diagnose --colour red", "diagnose has no option --colour"),
        ("reporter queue drop --all", "drop has no option --all"),
    ],
)
def test_what_does_not_exist_is_noticed(line: str, why: str) -> None:
    assert why_unknown(line) == why


@pytest.mark.parametrize("name", NAMES)
def test_examples_can_be_read_by_what_they_are_for(name: str) -> None:
    read: dict[str, Callable[[str], object]] = {
        "python": lambda text: compile(text, name, "exec"),
        "json": json.loads,
        "toml": tomllib.loads,
    }
    for _, language, block in _BLOCK.findall(text_of(name)):
        if language in read:
            read[language](block)


@pytest.mark.parametrize("name", NAMES)
def test_pages_speak_of_the_product_alone(name: str) -> None:
    text = text_of(name)
    found = _OF_THE_WORK.search(text)
    assert found is None, f"{name}: {text[max(0, found.start() - 40) : found.end() + 40]!r}"


def test_sources_hold_no_paths_of_the_machine_they_were_written_on() -> None:
    endings = {".py", ".toml", ".sh", ".conf", ".css", ".js", ".json", ".po", ".svg", ".html", ""}
    for folder in ("reporter", "packaging", "docs", "tests"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in endings and path != Path(__file__):
                assert "/work/" not in path.read_text(encoding="utf-8", errors="replace"), path


def command_lines(text: str) -> Iterator[str]:
    """Every ``reporter …`` of the shell examples and between backquotes."""
    for _, language, block in _BLOCK.findall(text):
        if language in ("sh", "") or block.startswith("reporter "):
            for line in block.replace("\\\n", " ").splitlines():
                yield from commands_in(line)
    for piece in _INLINE.findall(without_blocks(text)):
        if piece.startswith("reporter ") and "→" not in piece:
            yield piece


def commands_in(line: str) -> Iterator[str]:
    """The ``reporter …`` of one line: after a pipe, an && or variables too."""
    for part in re.split(r"\s\|\s|&&|;", line):
        found = re.match(r"\s*(?:[A-Z_]+=\S*\s+)*(reporter\s.*)$", part)
        if found:
            yield found[1]


def why_unknown(line: str) -> str:
    """What of a command line does not exist; empty where all of it does."""
    words = shlex.split(line.replace("…", ""), comments=True)[1:]
    command: click.Command = reporter
    name = "reporter"
    for at, word in enumerate(words):
        if word == "--":
            break
        if word.startswith("-") and word.strip("[]") != "-":  # which stands for standard input
            known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
            if isinstance(command, click.Group) and name == "reporter":
                known.add("--version")
            given = word.strip("[],").partition("=")[0]
            if given not in known:
                return f"{name} has no option {given}"
        elif isinstance(command, click.Group) and is_command_place(words, at):
            plain = word.strip("[],")
            below = command.commands.get(plain)
            if below is None:
                return f"{name} has no command {plain}"
            if word.startswith("[") or word.endswith(","):
                continue  # one of several that are listed in brackets
            command, name = below, plain
    return ""


def is_command_place(words: list[str], at: int) -> bool:
    """Whether a word stands where a group expects a command and not a value of an option."""
    return not _PLACEHOLDER.fullmatch(words[at]) and not (at and words[at - 1].startswith("--"))
