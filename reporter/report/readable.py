"""Readable: the whole report in words, for the person who is about to send it.

It says the same as ``report.json``, in the order in which a person asks: what they wrote, what happened, what
was found, what is told of this computer, which files go along; then what was taken out, what stays here, and
what could not be taken along.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from reporter.report.contents import TITLES
from reporter.report.model import Report, Scrubbed
from reporter.texts import N_, Translator
from reporter.ui.about import Group

_KINDS = {
    "address credentials": N_("User names and passwords in addresses"),
    "address query": N_("What addresses hold after a question mark"),
    "authorization": N_("Sign-in data of requests"),
    "bearer token": N_("Sign-in keys"),
    "card": N_("Card numbers"),
    "cookie": N_("Cookies"),
    "e-mail": N_("E-mail addresses"),
    "home directory": N_("Names of home folders"),
    "host name": N_("Names of computers"),
    "password hash": N_("Encrypted passwords"),
    "phone": N_("Telephone numbers"),
    "private address": N_("Addresses of the internal network"),
    "private key": N_("Private keys"),
    "secret": N_("Passwords or keys"),
    "token": N_("Sign-in keys"),
    "user name": N_("User names"),
}
"""What scrubbing takes out, by the kinds of its receipt."""
_PLACES = {
    "story": N_("in what you wrote"),
    "failure": N_("in the error message"),
    "verdict": N_("in what was measured"),
    "facts": N_("in the information about this computer"),
    "dropped": N_("in the names of files"),
}
_LOG = re.compile(r"logs/\d+-(.+)\.txt|logs/(.+)")


def readable(
    report: Report,
    texts: Translator,
    *,
    groups: Sequence[Group] = (),
    titles: Mapping[str, str] | None = None,
) -> str:
    """The text. ``groups``: the facts of the report in words; ``titles``: the names of sections for people,
    already translated."""
    say = texts.say
    parts = [
        (say("What you wrote"), _story(report, texts)),
        (say("What happened"), _failure(report, texts)),
        (say("What was found"), _verdict(report, texts)),
        *((group.heading, [_row(row.label, row.value) for row in group.rows]) for group in groups),
        (say("Files that go along"), list(_files(report, texts))),
        (say("What was taken out"), _taken_out(report.scrubbed, texts)),
        (say("What stays on this computer"), _left_out(report, texts, titles or {})),
        (say("What could not be taken along"), list(_dropped(report, texts, titles or {}))),
    ]
    blocks = [say("Report {reference}", reference=report.reference)]
    blocks += ["\n".join([title, *map(_indented, lines)]) for title, lines in parts if lines]
    return "\n\n".join(blocks) + "\n"


def size(size_bytes: int) -> str:
    """A size for people, such as ``312 KiB``."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    if size_bytes < 1024 * 1024:
        return f"{size_bytes / 1024:.0f} KiB"
    return f"{size_bytes / 1024 / 1024:.1f} MiB"


def _story(report: Report, texts: Translator) -> list[str]:
    say, story = texts.say, report.story
    rows = [
        (say("What you wanted to do"), story.wanted),
        (say("What you expected"), story.expected),
        (say("What happened instead"), story.happened),
        (say("Questions"), "\n".join(f"{number}. {text}" for number, text in enumerate(story.questions, 1))),
        (say("How support reaches you"), story.contact),
        (say("Best time"), story.best_time),
    ]
    return [_row(label, text) for label, text in rows if text]


def _failure(report: Report, texts: Translator) -> list[str]:
    say, failure = texts.say, report.failure
    application, exception = failure.application, failure.exception
    when = failure.occurred_at or report.created_at
    rows = [
        (say("Time"), when.isoformat(" ", "minutes")),
        (say("Message"), failure.message),
        (say("Address"), failure.target),
        (say("Application"), f"{application.name} {application.version}".strip() if application else ""),
        (say("Answer of the server"), f"HTTP {failure.response.status}" if failure.response else ""),
    ]
    if exception is not None:
        rows += [
            (say("Technical message"), f"{exception.type}: {exception.message}".strip(": ")),
            (say("Where in the program"), exception.traceback.rstrip()),
        ]
    return [_row(label, text) for label, text in rows if text]


def _verdict(report: Report, texts: Translator) -> list[str]:
    verdict = report.verdict
    if verdict is None:
        return []
    return [
        verdict.headline,
        *(f"• {sentence}" for sentence in verdict.advice),
        _row(texts.say("For support"), f"{verdict.cause} ({verdict.confidence})"),
        texts.say("Every value that was measured stands in the exact text."),
    ]


def _files(report: Report, texts: Translator) -> Iterator[str]:
    for file in report.attachments:
        remark = f", {texts.say(file.remark)}" if file.remark else ""
        yield f"{_named(file.name, texts)}, {size(file.size_bytes)}{remark}"


def _taken_out(receipt: Sequence[Scrubbed], texts: Translator) -> list[str]:
    counts: Counter[tuple[str, str]] = Counter()
    for line in receipt:
        counts[texts.say(_KINDS.get(line.kind, line.kind)), _place(line.where, texts)] += line.count
    return [f"{kind}, {place}: {count}" for (kind, place), count in counts.items()]


def _place(where: str, texts: Translator) -> str:
    log = _LOG.fullmatch(where)
    if log:
        return texts.say("in the log {name}", name=log[1] or log[2])
    return texts.say(_PLACES.get(where.split(".", maxsplit=1)[0], where))


def _left_out(report: Report, texts: Translator, titles: Mapping[str, str]) -> list[str]:
    # Who leaves out the facts has left out their sections.
    whole = "facts" in report.left_out
    named = [name for name in report.left_out if name in TITLES or not whole]
    return [titles.get(name) or texts.say(TITLES.get(name, name)) for name in named]


def _dropped(report: Report, texts: Translator, titles: Mapping[str, str]) -> Iterator[str]:
    for one in report.dropped:
        about = f" ({size(one.size_bytes)})" if one.size_bytes is not None else ""
        part, _, section = one.what.partition(".")
        title = titles.get(section, section) if part == "facts" and section else _named(one.what, texts)
        yield f"{title}{about}: {texts.say(one.reason)}"


def _named(name: str, texts: Translator) -> str:
    log = _LOG.fullmatch(name)
    if log:
        return texts.say("The log {name}", name=log[1] or log[2])
    return texts.say(TITLES.get(name.split(".", maxsplit=1)[0], name))


def _row(label: str, value: str) -> str:
    if not label:
        return value
    return f"{label}:\n{_indented(value)}" if "\n" in value else f"{label}: {value}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.split("\n"))
