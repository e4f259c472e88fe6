"""What a server's answer says beyond its status: typed problems, and when to come back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from reporter.diagnosis.evidence import Problem
from reporter.texts.safe import one_line

PROBLEM_TYPE = "application/problem+json"
TEXT_LIMIT_CHARS = 1_000
CODE_LIMIT_CHARS = 64
WAIT_LIMIT = timedelta(days=366)

# A code is the part after "app." of a cause; an answer with any other code is not typed.
TYPED_CODES = frozenset({
    "account_disabled",
    "account_locked",
    "bad_credentials",
    "client_too_old",
    "licence_exhausted",
    "maintenance",
    "mfa_required",
    "no_such_database",
    "password_expired",
    "session_locked",
    "starting_up",
    "too_many_connections",
})  # fmt: skip


def read_problem(content_type: str, body: bytes) -> Problem | None:
    """The problem in an answer's body; None where its type is another or its JSON is not an object."""
    if content_type.partition(";")[0].strip().lower() != PROBLEM_TYPE:
        return None
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return problem_of(document) if isinstance(document, dict) else None


def problem_of(document: Mapping[str, Any]) -> Problem:
    """The known members of a parsed problem; whatever has an unexpected type counts as absent."""
    seconds = document.get("retry_after")
    return Problem(
        code=_text(document, "code", CODE_LIMIT_CHARS),
        title=_text(document, "title", TEXT_LIMIT_CHARS),
        detail=_text(document, "detail", TEXT_LIMIT_CHARS),
        until=moment(document.get("until")),
        minimum=_text(document, "min", CODE_LIMIT_CHARS),
        # bool is an int to Python, and endless numbers have no text
        retry_after=str(seconds)
        if type(seconds) is int and 0 <= seconds <= WAIT_LIMIT.total_seconds()
        else _text(document, "retry_after", CODE_LIMIT_CHARS),
    )


def http_date(text: str) -> datetime | None:
    """The moment in a Date or Retry-After header, with zone; None where it is none."""
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        # "-0000" means UTC without a claim about the local zone
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment


def retry_moment(retry_after: str, *, now: datetime, server_date: datetime | None = None) -> datetime | None:
    """When to come back, by this computer's clock; None where nothing usable was said.

    ``retry_after``: seconds or a date. A date is of the server's clock and is moved by the difference
    between the clocks where that is known.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        # longer numbers are beyond the limit anyway, and int() refuses endless ones
        wait = timedelta(seconds=int(text)) if len(text) <= 9 else None
    else:
        moment = http_date(text) if text else None
        wait = None if moment is None else moment - (server_date or now)
    if wait is None or wait < timedelta(0) or wait > WAIT_LIMIT:
        return None
    return now + wait


def moment(value: object) -> datetime | None:
    """An RFC 3339 moment; without a zone it says too little to be used."""
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else None
    if not isinstance(value, str):
        return None
    try:
        read = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return None
    return read if read.tzinfo is not None else None


def _text(document: Mapping[str, Any], member: str, limit_chars: int) -> str:
    value = document.get(member)
    return one_line(value, limit_chars) if isinstance(value, str) else ""
