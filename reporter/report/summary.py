"""Summary: as much of a report as an endpoint wants that knows the fault already."""

from __future__ import annotations

import msgspec

from reporter.report.model import Bundle, Dropped, Report, to_bytes

KEPT_SECTIONS = ("application", "agent", "system")
REASON = "the endpoint knows this fault and asked for a summary"


def summarize(bundle: Bundle) -> Bundle:
    """The same report without files, without the traceback, and with the shortest facts; pure.

    What the person wrote stays. What is left out is told in ``dropped``.
    """
    report = bundle.report
    dropped = [
        Dropped(what=file.name, reason=REASON, size_bytes=file.size_bytes) for file in report.attachments
    ]
    facts = report.facts
    if facts is not None:
        left = [name for name in facts.sections if name not in KEPT_SECTIONS]
        dropped += [Dropped(what=f"facts.{name}", reason=REASON) for name in left]
        facts = msgspec.structs.replace(
            facts,
            sections={name: facts.sections[name] for name in facts.sections if name not in left},
            gaps=[],
        )
    failure = report.failure
    if failure.exception is not None and failure.exception.traceback:
        dropped.append(Dropped(what="failure.exception.traceback", reason=REASON))
        failure = msgspec.structs.replace(
            failure, exception=msgspec.structs.replace(failure.exception, traceback="")
        )
    short = msgspec.structs.replace(
        report, failure=failure, facts=facts, attachments=[], dropped=[*report.dropped, *dropped]
    )
    return Bundle(report=short, report_json=to_bytes(short))


def summarize_document(report_json: bytes) -> bytes:
    """The same for a document that waits in the spool; one that is no report stays as it is."""
    try:
        report = msgspec.json.decode(report_json, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return report_json
    return summarize(Bundle(report=report, report_json=report_json)).report_json
