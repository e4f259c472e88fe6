"""Reports from any data that can come in, for Hypothesis.

Made with limits that are much smaller than the real ones, so that little data goes beyond them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest import mock

from hypothesis import strategies as st

from reporter.capture.failure import Application, ExceptionInfo, Failure, Response
from reporter.diagnosis.evidence import Evidence, Http, HttpOutcome, Reported, Target
from reporter.diagnosis.verdict import Confidence, Owner, Retry, Verdict
from reporter.facts.model import Facts, Gap
from reporter.report.build import build
from reporter.report.logs import LogTail
from reporter.report.model import Attachment, Bundle, Dropped, Story
from tests.report.typical import NOW

# The longest story and the longest receipt take half of a report.
REPORT_LIMIT_BYTES = 800 * 1024
BUNDLE_LIMIT_BYTES = 1600 * 1024
NUMBERS = st.integers(-(2**53), 2**53)
# Lone surrogates, controls, everything; now and then far too much of it.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=60) | st.builds(
    lambda text, times: text * times,
    st.text(st.characters(exclude_categories=()), min_size=1, max_size=8),
    st.sampled_from((1, 1, 1, 5_000)),
)
SHORT = st.text(st.characters(exclude_categories=()), max_size=30)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SCALARS = st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | SHORT


def lists(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Short ones, and ones without a reasonable end."""
    return st.lists(items, max_size=4) | st.builds(
        lambda item, n: [item] * n, items, st.sampled_from((9, 9, 500))
    )


exceptions = st.builds(
    ExceptionInfo,
    type=SHORT,
    message=TEXTS,
    traceback=TEXTS,
    errno=st.none() | NUMBERS,
    timed_out=st.booleans(),
    chain=lists(SHORT),
)
responses = st.builds(
    Response,
    status=NUMBERS,
    content_type=SHORT,
    problem=st.none()
    | st.dictionaries(st.sampled_from(("code", "title", "detail", "x")), st.recursive(SCALARS, st.lists)),
)
failures = st.builds(
    Failure,
    occurred_at=st.none() | MOMENTS,
    action=SHORT,
    target=TEXTS,
    message=TEXTS,
    exception=st.none() | exceptions,
    application=st.none() | st.builds(Application, name=SHORT, version=SHORT),
    response=st.none() | responses,
)
evidences = st.builds(
    Evidence,
    target=st.none() | st.builds(Target, scheme=SHORT, host=SHORT, port=NUMBERS, path=SHORT, display=TEXTS),
    taken_at=MOMENTS,
    elapsed_ms=NUMBERS,
    http=st.none()
    | st.builds(
        Http, outcome=st.sampled_from(HttpOutcome), headers=st.dictionaries(SHORT, TEXTS, max_size=3)
    ),
    reported=st.none() | st.builds(Reported, type=SHORT, chain=lists(SHORT)),
)
verdicts = st.builds(
    Verdict,
    cause=SHORT,
    layer=SHORT,
    owner=st.sampled_from(Owner),
    confidence=st.sampled_from(Confidence),
    retry=st.sampled_from(Retry),
    retry_at=st.none() | MOMENTS,
    headline=TEXTS,
    advice=lists(TEXTS),
    elapsed_ms=NUMBERS,
    target=TEXTS,
    evidence=evidences,
)
values = SCALARS | lists(SHORT | st.dictionaries(SHORT, SCALARS, max_size=3)) | TEXTS
facts = st.builds(
    Facts,
    collected_at=MOMENTS,
    elapsed_ms=NUMBERS,
    sections=st.dictionaries(SHORT, st.dictionaries(SHORT, values, max_size=4), max_size=5),
    gaps=lists(st.builds(Gap, section=SHORT, reason=TEXTS)),
)
stories = st.builds(
    Story,
    wanted=TEXTS,
    expected=TEXTS,
    happened=TEXTS,
    questions=lists(TEXTS),
    contact=TEXTS,
    best_time=TEXTS,
)
sizes = st.sampled_from((0, 5, 300_000, 1_200_000))
attachments = st.builds(
    Attachment, name=SHORT, content_type=SHORT, content=sizes.map(lambda size: b"\x89" * size)
)
logs = st.builds(
    LogTail,
    name=SHORT,
    text=SHORT | sizes.map(lambda size: "log line\n" * (size // 9)),
    encoding=st.just("utf-8"),
    size_bytes=NUMBERS,
    modified_s=st.floats(0, 2e9),
    is_cut=st.booleans(),
)


@st.composite
def bundles(draw: st.DrawFn) -> Bundle:
    """What ``build`` makes of anything."""
    with (
        mock.patch("reporter.report.build.REPORT_LIMIT_BYTES", REPORT_LIMIT_BYTES),
        mock.patch("reporter.report.build.BUNDLE_LIMIT_BYTES", BUNDLE_LIMIT_BYTES),
    ):
        return _anything(draw)


def _anything(draw: st.DrawFn) -> Bundle:
    return build(
        reference="7K3D-9QX2M",
        report_id="5b0b42a1-6f3c-4c6e-9df0-000000000001",
        created_at=NOW,
        sent_by_person=draw(st.booleans()),
        failure=draw(failures),
        verdict=draw(st.none() | verdicts),
        facts=draw(st.none() | facts),
        story=draw(stories),
        left_out=draw(st.lists(st.sampled_from(("failure", "verdict", "facts", "story", "logs", "network")))),
        attachments=draw(st.lists(attachments, max_size=3) | st.lists(attachments, min_size=21, max_size=22)),
        logs=draw(st.lists(logs, max_size=3)),
        dropped=draw(st.lists(st.builds(Dropped, what=TEXTS, reason=TEXTS), max_size=3)),
    )
