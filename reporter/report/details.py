"""The full technical text behind "Show details…": what was seen and what was measured.

Written for the person's support, in English, and scrubbed like everything that may be copied into an e-mail.
"""

from __future__ import annotations

from collections.abc import Sequence

from reporter.capture.failure import Failure
from reporter.diagnosis.verdict import Verdict
from reporter.report import scrub
from reporter.texts.safe import without_secrets


def details(failure: Failure, verdict: Verdict | None, measured: Sequence[str]) -> str:
    """The text, in sections; a section without content is left out."""
    exception = failure.exception
    application = failure.application
    sections = [
        ("Message", [failure.message]),
        (
            "Attempt",
            [
                _row("Target", without_secrets(failure.target)),
                _row("Action", failure.action),
                _row(
                    "Time", failure.occurred_at.isoformat(timespec="seconds") if failure.occurred_at else ""
                ),
                _row(
                    "Application", f"{application.name} {application.version}".strip() if application else ""
                ),
                _row("Answer", f"HTTP {failure.response.status}" if failure.response else ""),
            ],
        ),
        ("Verdict", _verdict(verdict)),
        ("Measured", list(measured)),
        ("Exception", [] if exception is None else [f"{exception.type}: {exception.message}".rstrip(": ")]),
        ("Traceback", [] if exception is None else [exception.traceback.rstrip()]),
    ]
    text = "\n\n".join(
        "\n".join([title, *(f"  {line}" for row in rows if row for line in row.splitlines())])
        for title, rows in sections
        if any(rows)
    )
    return scrub.text(text)[0]


def _verdict(verdict: Verdict | None) -> list[str]:
    if verdict is None:
        return []
    sure = f"{verdict.cause} ({verdict.confidence})"
    if verdict.runner_up:
        sure += f", or {verdict.runner_up}"
    return [
        _row("Cause", sure),
        _row("Can be mended by", verdict.owner),
        _row(
            "Try again", verdict.retry_at.isoformat(timespec="seconds") if verdict.retry_at else verdict.retry
        ),
        _row("Measured in", f"{verdict.elapsed_ms} ms"),
    ]


def _row(name: str, value: str) -> str:
    return f"{name + ':':18}{value}" if value else ""
