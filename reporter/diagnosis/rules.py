"""The rules: an ordered table from Evidence to Verdict; the first that matches wins.

Roots stand before symptoms: this computer, its names, the connection, its security, the answer, the
application. ``diagnose`` is pure, so that support can replay a report and get the same verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from reporter.diagnosis import codes
from reporter.diagnosis.answer import TYPED_CODES, retry_moment
from reporter.diagnosis.evidence import (
    DnsOutcome,
    Evidence,
    Fault,
    Http,
    HttpOutcome,
    TcpOutcome,
    TlsOutcome,
)
from reporter.diagnosis.hearsay import as_measured
from reporter.diagnosis.target import HTTP_SCHEMES, TLS_SCHEMES
from reporter.diagnosis.verdict import Confidence, Owner, Retry, Verdict
from reporter.diagnosis.wording import word
from reporter.texts import Translator, translator

CLOCK_SKEW_LIMIT_S = 300

# Answers to a question that did not suit the address; the server is there and well.
_ANSWERS_ANYWAY = (405, 406, 411, 415, 422, 426, 428)
_ALWAYS_NUMBERS = range(500, 600)


class Rule(NamedTuple):
    """One row. ``runner_up``: the neighbour that looks the same, where there is one."""

    cause: str
    owner: Owner
    confidence: Confidence
    retry: Retry
    when: Callable[[Evidence], bool]
    runner_up: str | None = None

    @property
    def layer(self) -> str:
        """The part of the cause before the dot; empty for ``ok`` and ``unknown``."""
        return self.cause.rpartition(".")[0]
