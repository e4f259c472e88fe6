"""Page: a checkup as plain text that can be read on a screen and pasted into a ticket."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from reporter import program
from reporter.checkup.model import Checkup, Finding, State

WIDTH_CHARS = 110
SUBJECT_LIMIT_CHARS = 28
WORDS = {State.GOOD: "ok", State.NOTE: "note", State.WRONG: "WRONG", State.MALFORMED: "WRONG"}


def lines(checkup: Checkup) -> Iterator[str]:
    """The lines of the page: a heading, the sections, and how many things are wrong."""
    name = f"{program.product()} {checkup.version}"
    yield f"{name}, {checkup.checked_at:%Y-%m-%d %H:%M %z}, {checkup.elapsed_ms} ms"
    for section in checkup.sections:
        yield ""
        yield section.title
        for finding in section.findings:
            yield from _lines(finding)
    yield ""
    wrong = sum(
        finding.state in (State.WRONG, State.MALFORMED)
        for section in checkup.sections
        for finding in section.findings
    )
    yield {0: "Nothing is wrong.", 1: "1 thing is wrong."}.get(wrong, f"{wrong} things are wrong.")


def _lines(finding: Finding) -> Iterator[str]:
    # An address or a path is long, and what there is to say of it then stands below.
    head = f"  {WORDS[finding.state]:5}  {finding.subject}"
    indent = " " * 9
    words = finding.words.split()
    if not words:
        yield head
        return
    text = " ".join(words)
    if len(finding.subject) <= SUBJECT_LIMIT_CHARS and len(head) + len(text) + 2 <= WIDTH_CHARS:
        yield f"{head}: {text}"
        return
    yield f"{head}:"
    yield from textwrap.wrap(
        text,
        WIDTH_CHARS,
        initial_indent=indent + "  ",
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
