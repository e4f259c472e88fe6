"""The Sentry destination: a report as an event in an envelope, for Sentry and Bugsink.

The person's words travel twice: in the event itself, which every receiver keeps, and as a user report, which
some show beside it. Files travel as attachments, which some discard, so nothing stands in them alone but the
files themselves.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from reporter._version import __version__
from reporter.delivery.backoff import retry_after_s
from reporter.delivery.destination import Destination, Kind, Outcome
from reporter.delivery.transport import CLAUSE_LIMIT_CHARS, Answer, Transport, checked_url
from reporter.errors import UsageError
from reporter.texts.safe import one_line, without_secrets

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

EXAMPLE = "sentry+https://KEY@sentry.example.org/1"
EVENT_LIMIT_BYTES = 900_000
"""Receivers refuse events over 1 MiB."""
TAG_LIMIT_CHARS = 200
RATE_LIMITED_S = 60.0
NO_MESSAGE = "A login did not work."
CLIENT = f"reporter-agent/{__version__}"

_POSTPONED = frozenset({408, 425, 429, 511})
_REFUSED = frozenset({400, 409, 413, 415, 422})
# The categories of what is sent; one that is limited for another category is no concern of ours.
_CATEGORIES = frozenset({"", "error", "default"})
_FRAME = re.compile(r'^ {2}File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>.+)$', re.MULTILINE)


class SentryDestination(Destination):
    """``sentry+https://KEY@host/PROJECT``: the project's DSN with ``sentry+`` before it.

    Raises UsageError for an address without key or project.
    """

    def __init__(
        self,
        address: str,
        transport: Transport,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        dsn = address.partition("+")[2]
        try:
            parts = urlsplit(dsn)
            key, host = parts.username or "", parts.netloc.rpartition("@")[2]
        except ValueError:
            key, host = "", ""
        prefix, _, project = parts.path.rstrip("/").rpartition("/") if host else ("", "", "")
        shown = one_line(without_secrets(address), CLAUSE_LIMIT_CHARS)
        if not key or not key.isalnum() or not project.isalnum():
            raise UsageError(
                f"The destination {shown} is no DSN of Sentry or Bugsink; it should look like {EXAMPLE}."
            )
        self._url = checked_url(
            urlunsplit((parts.scheme, host, f"{prefix}/api/{project}/envelope/", "", "")), example=EXAMPLE
        )
        self._key = key
        self.name = without_secrets(address)
        self._transport = transport
        self._now = now

    def deliver(self, envelope: Envelope) -> Outcome:
        """Send the event; the same report has the same event id, which receivers store once."""
        answer = self._transport.exchange(
            "POST",
            self._url,
            headers={
                "Content-Type": "application/x-sentry-envelope",
                "Content-Encoding": "gzip",
                "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={self._key}, sentry_client={CLIENT}",
            },
            body=gzip.compress(enveloped(envelope, sent_at=self._now()), mtime=0),
        )
        if isinstance(answer, str):
            return Outcome(kind=Kind.POSTPONED, reason=answer)
        return judge(answer, event_id=event_id(envelope), now=self._now())


def event_id(envelope: Envelope) -> str:
    """The id of the event: the report's own UUID, made from the reference where it has none."""
    found = _text(_document(envelope.report_json), "id")
    try:
        return uuid.UUID(found).hex
    except ValueError:
        return hashlib.sha256(envelope.reference.encode()).hexdigest()[:32]


def judge(answer: Answer, *, event_id: str, now: datetime) -> Outcome:
    """What an answer means; pure. 2xx counts only with the event's id in a JSON body."""
    said = f"the receiver answered {answer.status}"
    if 200 <= answer.status < 300:
        if str(answer.json_object().get("id", "")).replace("-", "") == event_id:
            return Outcome(kind=Kind.ACCEPTED)
        return Outcome(
            kind=Kind.POSTPONED,
            reason="what answered did not confirm the report; a sign-in page of the network, or another "
            "service, may stand at the receiver's address",
        )
    if answer.status in _POSTPONED:
        return Outcome(kind=Kind.POSTPONED, reason=said, retry_after_s=_limited_s(answer, now))
    if answer.status >= 500:
        after_s = retry_after_s(answer.headers.get("Retry-After", ""), now)
        return Outcome(kind=Kind.POSTPONED, reason=said, retry_after_s=after_s, server_fault=True)
    if answer.status in _REFUSED:
        return Outcome(kind=Kind.REFUSED, reason=said)
    return Outcome(kind=Kind.PAUSED, reason=f"{said}; correct the key or the project in the address")


def _limited_s(answer: Answer, now: datetime) -> float:
    """How long a limit lasts that concerns events, in seconds.

    ``X-Sentry-Rate-Limits`` comes with any status and is read by its categories; an empty one means all.
    """
    longest = 0.0
    for limit in answer.headers.get("X-Sentry-Rate-Limits", "").split(","):
        seconds, _, rest = limit.strip().partition(":")
        categories = rest.partition(":")[0].split(";")
        if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", seconds) and _CATEGORIES.intersection(categories):
            longest = max(longest, float(seconds))
    named_s = retry_after_s(answer.headers.get("Retry-After", ""), now)
    if longest or named_s is not None:
        return max(longest, named_s or 0.0)
    return RATE_LIMITED_S


def enveloped(envelope: Envelope, *, sent_at: datetime) -> bytes:
    """The envelope: its header, the event, the user report, and the files."""
    document = _document(envelope.report_json)
    mark = event_id(envelope)
    event = msgspec.json.encode(_event(document, envelope, mark))
    header = {"event_id": mark, "sent_at": sent_at.astimezone(UTC).isoformat(), "sdk": _sdk()}
    parts = [msgspec.json.encode(header), *_item({"type": "event"}, event)]
    words = _words(document)
    if words:
        told = {"event_id": mark, "name": "", "email": _mail(document), "comments": words}
        parts += _item({"type": "user_report"}, msgspec.json.encode(told))
    for name, content_type, content in (
        ("report.json", "application/json", envelope.report_json),
        *((file.name, file.content_type, file.content) for file in envelope.attachments),
    ):
        parts += _item({"type": "attachment", "filename": name, "content_type": content_type}, content)
    return b"\n".join(parts) + b"\n"


def _item(header: dict[str, str], payload: bytes) -> list[bytes]:
    return [msgspec.json.encode({**header, "length": len(payload)}), payload]


def _event(document: dict[str, Any], envelope: Envelope, mark: str) -> dict[str, Any]:
    """The event; everything support asks for stands in it, for attachments may be discarded."""
    headline = _text(document, "verdict", "headline") or _text(document, "failure", "message")
    cause = _text(document, "verdict", "cause") or "unknown"
    application = _text(document, "failure", "application", "name")
    version = _text(document, "failure", "application", "version")
    facts = _at(document, "facts", "sections")
    sections = facts if isinstance(facts, dict) else {}
    event: dict[str, Any] = {
        "event_id": mark,
        "timestamp": _text(document, "created_at") or envelope.created_at.astimezone(UTC).isoformat(),
        "platform": "python",
        "level": "fatal" if _text(document, "failure", "action") == "run" else "error",
        "logger": "reporter",
        "message": {
            "formatted": "\n\n".join(filter(None, (headline, _words(document)))) or "A login did not work."
        },
        "exception": {"values": [_exception(document, cause, headline)]},
        "fingerprint": [envelope.fingerprint or cause],
        "tags": {
            name: one_line(value, TAG_LIMIT_CHARS)
            for name, value in {
                "reference": envelope.reference,
                "cause": cause,
                "layer": _text(document, "verdict", "layer"),
                "owner": _text(document, "verdict", "owner"),
                "confidence": _text(document, "verdict", "confidence"),
                "application": application,
                "target": _text(document, "failure", "target"),
            }.items()
            if value
        },
        "contexts": {
            **{_context(name): section for name, section in sections.items() if isinstance(section, dict)},
            "report": {"type": "report", "reference": envelope.reference, **_strings(document.get("story"))},
        },
        "extra": {
            "report": {name: part for name, part in document.items() if name not in ("facts", "failure")},
        },
        "sdk": _sdk(),
    }
    if application or version:
        event["release"] = f"{application or 'unknown'}@{version or '0'}"
    # In this order, until the receiver's limit is kept: the same stands in the attached report.
    for name in ("extra", "contexts", "exception"):
        if len(msgspec.json.encode(event)) > EVENT_LIMIT_BYTES:
            event.pop(name)
    return event


def _context(name: str) -> str:
    """Names that receivers give a meaning of their own are avoided."""
    return {"system": "operating_system", "runtime": "python"}.get(name, name)


def _exception(document: dict[str, Any], cause: str, headline: str) -> dict[str, Any]:
    stack = _text(document, "failure", "exception", "traceback")
    value: dict[str, Any] = {
        "type": _text(document, "failure", "exception", "type") or cause,
        "value": _text(document, "failure", "exception", "message") or headline,
        "mechanism": {"type": "reporter", "handled": _text(document, "failure", "action") != "run"},
    }
    frames = [
        {"filename": frame["file"], "lineno": int(frame["line"]), "function": frame["function"]}
        for frame in _FRAME.finditer(stack)
    ]
    if frames:
        value["stacktrace"] = {"frames": frames}
    return value


def _words(document: dict[str, Any]) -> str:
    """The person's part as one text."""
    story = document.get("story")
    told = story if isinstance(story, dict) else {}
    questions = told.get("questions")
    parts = [
        *(_text(told, name) for name in ("wanted", "expected", "happened", "text")),
        *(
            f"{number}. {question}"
            for number, question in enumerate(questions if isinstance(questions, list) else [], 1)
        ),
        *(_text(told, name) for name in ("contact", "best_time")),
    ]
    return "\n".join(part for part in parts if part)


def _mail(document: dict[str, Any]) -> str:
    contact = _text(document, "story", "contact")
    return contact if re.fullmatch(r"[^\s@]{1,64}@[^\s@]{1,255}", contact) else ""


def _strings(part: object) -> dict[str, Any]:
    return {name: value for name, value in part.items() if value} if isinstance(part, dict) else {}


def _sdk() -> dict[str, str]:
    return {"name": "reporter-agent", "version": __version__}


def _document(raw: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _at(part: Any, *path: str) -> Any:
    for name in path:
        part = part.get(name) if isinstance(part, dict) else None
    return part


def _text(part: Any, *path: str) -> str:
    found = _at(part, *path)
    return found if isinstance(found, str) else ""
