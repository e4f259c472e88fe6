"""Report: everything support receives about one failure, schema ``report/2``."""

from __future__ import annotations

from datetime import datetime

import msgspec

from reporter.capture.failure import Failure
from reporter.diagnosis.verdict import Verdict
from reporter.facts.model import Facts

SCHEMA = "report/2"
STORY_LIMIT_CHARS = 20_000
QUESTION_LIMIT_CHARS = 1_000
QUESTIONS_LIMIT_ITEMS = 20
CONTACT_LIMIT_CHARS = 300


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """The person's part; each member may be empty.

    ``wanted``, ``expected``, ``happened``: what they wanted to do, what they expected, and what happened
    instead; ``questions``: in their order; ``contact``: how support reaches them, and ``best_time``: when.
    """

    wanted: str = ""
    expected: str = ""
    happened: str = ""
    questions: list[str] = msgspec.field(default_factory=list)
    contact: str = ""
    best_time: str = ""


class Scrubbed(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the scrubbing receipt: what kind was taken out, where, how many times."""

    kind: str
    where: str
    count: int


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that travels beside ``report.json``, named as in the zip (``screenshot-1.png``)."""

    name: str
    content_type: str
    content: bytes


class Enclosure(msgspec.Struct, frozen=True, kw_only=True):
    """What ``report.json`` says of an attachment. ``remark``: what was left out of it, an English clause."""

    name: str
    content_type: str
    size_bytes: int
    sha256: str
    remark: str = ""


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was left out because the report would have been too large, or that could not be had."""

    what: str
    reason: str
    size_bytes: int | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """``reference``: the number a person reads out, also the idempotency key; ``id``: a UUID for
    protocols that want one; ``sent_by_person``: false for automatic reports; ``fingerprint``: the same for
    failures of one kind, whoever has them and in whichever version; ``suppressed``: how many automatic
    reports of that kind were not sent before this one.
    ``left_out``: sections that settings or the person keep back."""

    schema: str = SCHEMA
    reference: str
    id: str
    created_at: datetime
    sent_by_person: bool
    fingerprint: str = ""
    suppressed: int = 0
    failure: Failure
    verdict: Verdict | None = None
    facts: Facts | None = None
    story: Story = Story()
    attachments: list[Enclosure] = msgspec.field(default_factory=list)
    scrubbed: list[Scrubbed] = msgspec.field(default_factory=list)
    left_out: list[str] = msgspec.field(default_factory=list)
    dropped: list[Dropped] = msgspec.field(default_factory=list)
    agent: str


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """What travels: the exact bytes of ``report.json``, and the files that go with it."""

    report: Report
    report_json: bytes
    attachments: list[Attachment] = msgspec.field(default_factory=list)


def to_bytes(report: Report) -> bytes:
    """The exact bytes of ``report.json``: indented UTF-8 that a person can read in the preview."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2)
