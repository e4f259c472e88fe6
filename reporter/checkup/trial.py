"""Trial: a report that everybody can tell from a real one."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from reporter._version import __version__
from reporter.capture.failure import Application, Failure
from reporter.report import reference
from reporter.report.build import build
from reporter.report.model import Bundle, Story

APPLICATION = "Test"
MARK = "Test: this is no real report, and nothing has to be done about it."


def report() -> Bundle:
    """A new one, with a reference of its own, and with nothing about this computer."""
    now = datetime.now(UTC).astimezone()
    return build(
        reference=reference.mint(),
        report_id=str(uuid.uuid4()),
        created_at=now,
        sent_by_person=True,
        failure=Failure(
            occurred_at=now,
            message=MARK,
            application=Application(name=APPLICATION, version=__version__),
        ),
        verdict=None,
        facts=None,
        story=Story(
            wanted="Test: to see whether reports reach support.",
            expected="Test: this report arrives.",
            happened=MARK,
        ),
        left_out=(),
    )
