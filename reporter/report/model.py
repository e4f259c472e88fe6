"""Report: everything support receives about one failure, schema ``report/1``."""

from __future__ import annotations

from datetime import datetime

import msgspec

from reporter.capture.failure import Failure
from reporter.diagnosis.verdict import Verdict
from reporter.facts.model import Facts

SCHEMA = "report/1"
STORY_LIMIT_CHARS = 20_000
CONTACT_LIMIT_CHARS = 300


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """The person's part; each member may be empty."""

    text: str = ""
    contact: str = ""


class Scrubbed(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the scrubbing receipt: what kind was taken out, where, how many times."""

    kind: str
    where: str
    count: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """``reference``: the number a person reads out, also the idempotency key; ``id``: a UUID for
    protocols that want one; ``sent_by_person``: false for automatic reports.
    ``left_out``: sections that settings keep back."""

    schema: str = SCHEMA
    reference: str
    id: str
    created_at: datetime
    sent_by_person: bool
    failure: Failure
    verdict: Verdict | None = None
    facts: Facts | None = None
    story: Story = Story()
    scrubbed: list[Scrubbed] = msgspec.field(default_factory=list)
    left_out: list[str] = msgspec.field(default_factory=list)
    agent: str


def to_bytes(report: Report) -> bytes:
    """The exact bytes of ``report.json``: indented UTF-8 that a person can read in the preview."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2)
