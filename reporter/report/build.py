"""From what is known to the Report that is sent: what may leave, scrubbed, with its receipt."""

from __future__ import annotations

from datetime import datetime

import msgspec

from reporter._version import __version__
from reporter.capture.failure import Failure
from reporter.diagnosis.verdict import Verdict
from reporter.facts.model import Facts
from reporter.report import scrub
from reporter.report.model import CONTACT_LIMIT_CHARS, STORY_LIMIT_CHARS, Report, Story
from reporter.texts.safe import one_line, plain, without_secrets


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
    left_out: list[str],
) -> Report:
    """The report, a pure function of its arguments: the same story gives the same bytes.

    ``left_out`` names the sections that settings keep back; of a failure its time and action always stay.
    The person's contact is the only text that is not scrubbed: it is given to be used.
    """
    if "failure" in left_out:
        failure = Failure(occurred_at=failure.occurred_at, action=failure.action)
    if facts is not None:
        facts = msgspec.structs.replace(
            facts,
            sections={name: section for name, section in facts.sections.items() if name not in left_out},
            gaps=[gap for gap in facts.gaps if gap.section not in left_out],
        )
    report = Report(
        reference=reference,
        id=report_id,
        created_at=created_at,
        sent_by_person=sent_by_person,
        failure=msgspec.structs.replace(failure, target=without_secrets(failure.target)),
        verdict=None if "verdict" in left_out else verdict,
        facts=None if "facts" in left_out else facts,
        story=Story() if "story" in left_out else _tidy(story),
        left_out=left_out,
        agent=f"reporter-agent/{__version__}",
    )
    clean, receipt = scrub.document(msgspec.to_builtins(report), keep=_stays)
    return msgspec.structs.replace(msgspec.convert(clean, Report), scrubbed=receipt)


def _tidy(story: Story) -> Story:
    return Story(
        text=plain(story.text, STORY_LIMIT_CHARS).strip(),
        contact=one_line(story.contact, CONTACT_LIMIT_CHARS),
    )


def _stays(path: tuple[str, ...]) -> bool:
    return path == ("story", "contact")
