"""From what is known to the Bundle that is sent: what may leave, scrubbed, with its receipt, within limits.

A ``report.json`` that would be larger than its limit loses, in this order and no more than needed: the long
lists of the facts, whole sections of the facts (the largest first), details of the evidence, the middle of
the traceback, the length of the failure's texts, the facts, the verdict, most of the failure. The story
always stays. Files that do not fit into the bundle any more are left out: first the logs, the oldest first,
then all others, the largest first. Everything that is left out for its size is told in ``dropped``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from reporter._version import __version__
from reporter.capture.failure import PROBLEM_MEMBERS, Failure
from reporter.diagnosis.verdict import Verdict
from reporter.facts.model import Facts
from reporter.report import fingerprint, scrub
from reporter.report.bundle import (
    BUNDLE_LIMIT_BYTES,
    FILES_LIMIT_ITEMS,
    REPORT_LIMIT_BYTES,
    WRAPPING_BYTES,
    entry_name,
)
from reporter.report.model import (
    CONTACT_LIMIT_CHARS,
    QUESTION_LIMIT_CHARS,
    QUESTIONS_LIMIT_ITEMS,
    STORY_LIMIT_CHARS,
    Attachment,
    Bundle,
    Dropped,
    Enclosure,
    Report,
    Scrubbed,
    Story,
    to_bytes,
)
from reporter.texts import N_
from reporter.texts.safe import one_line, plain, without_secrets

if TYPE_CHECKING:
    from reporter.report.logs import LogTail
    from reporter.report.pseudonyms import Names

LOG_TYPE = "text/plain; charset=utf-8"
TEXT_LIMIT_CHARS = 256 * 1024
"""Of any single text, before it is looked at closely."""
TRACEBACK_END_CHARS = 8_000
RECEIPT_LIMIT_ITEMS = 500
DROPPED_LIMIT_ITEMS = 50
NAME_LIMIT_CHARS = 300
SECTIONS_LOSS_LIMIT_ITEMS = 40
ROOM_BYTES = 64 * 1024
"""Kept free in ``report.json`` for what it says of its files."""

ONLY_ITS_END = N_("only its end")
TOO_LARGE = N_("The report would have become too large.")
SHORTENED = N_("It was shortened, because the report would have become too large.")
TOO_MANY = N_("There were more than a report holds.")

_AS_GIVEN = frozenset(
    (name,) for name in ("schema", "reference", "id", "created_at", "fingerprint", "left_out", "agent")
) | {("story", "contact"), ("story", "best_time")}


def build(
    *,
    reference: str,
    report_id: str,
    created_at: datetime,
    sent_by_person: bool,
    failure: Failure,
    verdict: Verdict | None,
    facts: Facts | None,
    story: Story,
    left_out: Sequence[str],
    attachments: Sequence[Attachment] = (),
    logs: Sequence[LogTail] = (),
    dropped: Sequence[Dropped] = (),
    names: Names | None = None,
    suppressed: int = 0,
) -> Bundle:
    """The bundle, a pure function of its arguments: the same story gives the same bytes.

    ``left_out`` names the sections that settings or the person keep back; of a failure its time and action
    always stay. ``dropped``: what could not be had, such as logs that are not there. Contact and best time
    are the only texts of the person that are not scrubbed: they are given to be used.
    """
    if "failure" in left_out:
        failure = Failure(occurred_at=failure.occurred_at, action=failure.action)
    if "verdict" in left_out:
        verdict = None
    if "logs" in left_out:
        logs, dropped = (), [one for one in dropped if not one.what.startswith("logs")]
    told, lost = _tidy(Story() if "story" in left_out else story)
    report = Report(
        reference=reference,
        id=report_id,
        created_at=created_at,
        sent_by_person=sent_by_person,
        fingerprint=fingerprint.of(failure, verdict),
        suppressed=suppressed,
        failure=_reduced(failure),
        verdict=verdict and msgspec.structs.replace(verdict, target=without_secrets(verdict.target)),
        facts=_allowed(facts, left_out),
        story=told,
        left_out=list(left_out),
        dropped=[*dropped[:DROPPED_LIMIT_ITEMS], *lost],
        agent=f"reporter-agent/{__version__}",
    )
    document = _encodable(msgspec.to_builtins(report, builtin_types=(datetime,)))
    document, receipt = scrub.document(document, keep=_AS_GIVEN.__contains__, names=names)
    if document["facts"] is not None:
        # A section whose very name tells of a secret was taken out as a whole.
        sections = document["facts"]["sections"]
        document["facts"]["sections"] = {n: found for n, found in sections.items() if isinstance(found, dict)}
    written = [_log(number, log, names) for number, log in enumerate(logs, 1)]
    receipt = [*receipt, *(line for _, lines in written for line in lines)]
    document["scrubbed"] = msgspec.to_builtins(receipt[:RECEIPT_LIMIT_ITEMS])
    _fit(document)
    files, left = _chosen(
        [(log.modified_s, file) for log, (file, _) in zip(logs, written, strict=True)],
        _named(attachments),
        BUNDLE_LIMIT_BYTES - WRAPPING_BYTES - ROOM_BYTES - _size(document),
    )
    staying = {file.name for file, _ in written if file not in files}
    document["scrubbed"] = [line for line in document["scrubbed"] if line["where"] not in staying]
    document["dropped"] += msgspec.to_builtins(left[:DROPPED_LIMIT_ITEMS])
    is_cut = {file.name for log, (file, _) in zip(logs, written, strict=True) if log.is_cut}
    document["attachments"] = msgspec.to_builtins(
        [enclosure(file, ONLY_ITS_END if file.name in is_cut else "") for file in files]
    )
    sent = msgspec.convert(document, Report)
    return Bundle(report=sent, report_json=to_bytes(sent), attachments=files)


def enclosure(file: Attachment, remark: str = "") -> Enclosure:
    """What a report says of a file."""
    return Enclosure(
        name=file.name,
        content_type=file.content_type,
        size_bytes=len(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
        remark=remark,
    )


def _tidy(story: Story) -> tuple[Story, list[Dropped]]:
    questions = [plain(question, QUESTION_LIMIT_CHARS).strip() for question in story.questions]
    asked = [question for question in questions if question]
    told = Story(
        wanted=plain(story.wanted, STORY_LIMIT_CHARS).strip(),
        expected=plain(story.expected, STORY_LIMIT_CHARS).strip(),
        happened=plain(story.happened, STORY_LIMIT_CHARS).strip(),
        questions=asked[:QUESTIONS_LIMIT_ITEMS],
        contact=one_line(story.contact, CONTACT_LIMIT_CHARS),
        best_time=one_line(story.best_time, CONTACT_LIMIT_CHARS),
    )
    too_many = len(asked) > QUESTIONS_LIMIT_ITEMS
    return told, [Dropped(what="story.questions", reason=TOO_MANY)] if too_many else []


def _reduced(failure: Failure) -> Failure:
    """Of the server's problem only plain values of the known members, and of the address no secrets."""
    replace = msgspec.structs.replace
    response = failure.response
    if response is not None and response.problem is not None:
        problem = {name: response.problem[name] for name in PROBLEM_MEMBERS if name in response.problem}
        scalars = {name: value for name, value in problem.items() if isinstance(value, str | int | float)}
        response = replace(response, problem=scalars)
    return replace(failure, target=without_secrets(failure.target), response=response)


def _allowed(facts: Facts | None, left_out: Sequence[str]) -> Facts | None:
    if facts is None or "facts" in left_out:
        return None
    return msgspec.structs.replace(
        facts,
        sections={name: section for name, section in facts.sections.items() if name not in left_out},
        gaps=[gap for gap in facts.gaps if gap.section not in left_out],
    )


def _encodable(part: Any) -> Any:
    """The same document with texts that UTF-8 can hold, none of them endless."""
    if isinstance(part, str):
        text = part if part.isascii() else part.encode("utf-8", "replace").decode()
        return text if len(text) <= TEXT_LIMIT_CHARS else f"{text[:TEXT_LIMIT_CHARS]}…"
    if isinstance(part, dict):
        return {_encodable(name): _encodable(member) for name, member in part.items()}
    if isinstance(part, list | tuple):
        return [_encodable(member) for member in part]
    return part


def _log(number: int, log: LogTail, names: Names | None) -> tuple[Attachment, list[Scrubbed]]:
    """A log as it travels, and its lines of the receipt."""
    text, counts = scrub.text(log.text, names=names)
    # The ending is no part of a host's name.
    stem, dot, ending = log.name.rpartition(".")
    title = scrub.text(scrub.text(stem, names=names)[0] + dot + ending, names=names)[0]
    name = f"logs/{number}-{entry_name(title)}.txt"
    file = Attachment(name=name, content_type=LOG_TYPE, content=text.encode("utf-8", "replace"))
    lines = [Scrubbed(kind=kind, where=name, count=count) for kind, count in sorted(counts.items())]
    return file, lines


def _named(files: Sequence[Attachment]) -> list[Attachment]:
    """The same files, each with a name of its own that every system can write."""
    taken: set[str] = set()
    named = []
    for file in files:
        name = wanted = entry_name(file.name)
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{number}-{wanted}"
        taken.add(name.casefold())
        kind = one_line(file.content_type, NAME_LIMIT_CHARS)
        named.append(msgspec.structs.replace(file, name=name, content_type=kind))
    return named


def _chosen(
    logs: Sequence[tuple[float, Attachment]], others: Sequence[Attachment], limit_bytes: int
) -> tuple[list[Attachment], list[Dropped]]:
    """The files that fit, pictures first, and what was left out; ``logs`` with their time."""
    in_order_of_loss = [file for _, file in sorted(logs, key=lambda pair: pair[0])]
    in_order_of_loss += sorted(others, key=lambda file: -len(file.content))
    total_bytes = sum(len(file.content) for file in in_order_of_loss)
    count = len(in_order_of_loss)
    lost: list[Dropped] = []
    gone: set[str] = set()
    for file in in_order_of_loss:
        if total_bytes <= limit_bytes and count <= FILES_LIMIT_ITEMS:
            break
        reason = TOO_LARGE if total_bytes > limit_bytes else TOO_MANY
        lost.append(Dropped(what=file.name, reason=reason, size_bytes=len(file.content)))
        gone.add(file.name)
        total_bytes -= len(file.content)
        count -= 1
    return [file for file in (*others, *(file for _, file in logs)) if file.name not in gone], lost


def _fit(document: dict[str, Any]) -> None:
    """Make the document small enough, by the losses that hurt least; see above."""
    for lose in (
        _lose_long_lists,
        _lose_sections,
        _lose_evidence_details,
        _lose_traceback_middle,
        _lose_length,
        _lose_facts,
        _lose_verdict,
        _lose_failure,
    ):
        if _fits(document):
            return
        lose(document)


def _fits(document: dict[str, Any]) -> bool:
    return _size(document) <= REPORT_LIMIT_BYTES - ROOM_BYTES


def _size(document: dict[str, Any]) -> int:
    return len(msgspec.json.format(msgspec.json.encode(document), indent=2))


def _lose_long_lists(document: dict[str, Any]) -> None:
    if document["facts"] is not None:
        document["facts"] = _shortened(document["facts"], 20, 1_000)
        _note(document, "facts", SHORTENED)


def _lose_sections(document: dict[str, Any]) -> None:
    if document["facts"] is None:
        return
    sections = document["facts"]["sections"]
    by_size = sorted(sections, key=lambda name: -len(msgspec.json.encode(sections[name])))
    for name in by_size[:SECTIONS_LOSS_LIMIT_ITEMS]:
        if _fits(document):
            return
        size_bytes = len(msgspec.json.encode(sections.pop(name)))
        _note(document, f"facts.{name[:NAME_LIMIT_CHARS]}", TOO_LARGE, size_bytes)


def _lose_evidence_details(document: dict[str, Any]) -> None:
    if document["verdict"] is not None:
        document["verdict"] = _shortened(document["verdict"], 8, 500)
        _note(document, "verdict.evidence", SHORTENED)


def _lose_traceback_middle(document: dict[str, Any]) -> None:
    exception = document["failure"]["exception"]
    if exception is None or len(exception["traceback"]) <= 2 * TRACEBACK_END_CHARS:
        return
    text = exception["traceback"]
    first = text[:TRACEBACK_END_CHARS].rpartition("\n")[0]
    last = text[-TRACEBACK_END_CHARS:].partition("\n")[2]
    exception["traceback"] = f"{first}\n… [-{len(text) - len(first) - len(last):,}]\n{last}"
    _note(document, "failure.exception.traceback", SHORTENED)


def _lose_length(document: dict[str, Any]) -> None:
    exception = document["failure"]["exception"]
    kept = exception and exception["traceback"]
    document["failure"] = _shortened(document["failure"], 32, 2_000)
    if kept:
        document["failure"]["exception"]["traceback"] = kept[: 3 * TRACEBACK_END_CHARS]
    _note(document, "failure", SHORTENED)


def _lose_facts(document: dict[str, Any]) -> None:
    document["facts"] = None
    _note(document, "facts", TOO_LARGE)


def _lose_verdict(document: dict[str, Any]) -> None:
    document["verdict"] = None
    _note(document, "verdict", TOO_LARGE)


def _lose_failure(document: dict[str, Any]) -> None:
    document["failure"] = _shortened(document["failure"], 0, NAME_LIMIT_CHARS)
    for name in ("left_out", "dropped"):
        document[name] = _shortened(document[name], DROPPED_LIMIT_ITEMS, NAME_LIMIT_CHARS)
    _note(document, "failure", TOO_LARGE)


def _shortened(part: Any, items: int, chars: int) -> Any:
    if isinstance(part, str):
        return part if len(part) <= chars else f"{part[:chars]}… [+{len(part) - chars:,}]"
    if isinstance(part, dict):
        return {name: _shortened(member, items, chars) for name, member in part.items()}
    if isinstance(part, list):
        return [_shortened(member, items, chars) for member in part[:items]]
    return part


def _note(document: dict[str, Any], what: str, reason: str, size_bytes: int | None = None) -> None:
    document["dropped"].append(msgspec.to_builtins(Dropped(what=what, reason=reason, size_bytes=size_bytes)))
