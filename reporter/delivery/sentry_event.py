"""SentryEvent: a report as an event in an envelope.

The person's words travel twice: in the event itself, which every receiver keeps, and as a user report, which
some show beside it. Files travel as attachments, which some discard, so nothing stands in them alone but the
files themselves.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from reporter._version import __version__
from reporter.capture.failure import REQUEST
from reporter.delivery.document import NUMBER_LIMIT, TEXT_LIMIT_CHARS, Document
from reporter.texts.safe import one_line, plain

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

EVENT_LIMIT_BYTES = 900_000
"""Receivers refuse events over 1 MiB."""
MESSAGE_LIMIT_CHARS = 100_000
VALUE_LIMIT_CHARS = 16_384
NAME_LIMIT_CHARS = 200
DEPTH_LIMIT = 40
NO_MESSAGE = "A login did not work."
CLIENT = f"reporter-agent/{__version__}"

# Contexts of these names have members of their own, which receivers check.
_TAKEN_CONTEXTS = frozenset(
    {
        *("app", "browser", "cloud_resource", "culture", "device", "feedback", "gpu", "monitor", "nel", "os"),
        *("otel", "profile", "replay", "report", "response", "runtime", "state", "trace", "unity"),
    }
)
# What a large event loses, in this order; it all stands in the attached report too.
_LOSSES = (
    ("extra", "report", "verdict", "evidence"),
    ("extra", "report", "failure"),
    ("extra", "report"),
    ("contexts",),
    ("exception", "stacktrace"),
)


def event_id(envelope: Envelope) -> str:
    """The id of the event: the report's own UUID, or one made from the reference."""
    return Document(envelope.report_json).report_id(envelope.reference).hex


def enveloped(envelope: Envelope, *, sent_at: datetime, has_files: bool = True) -> bytes:
    """The envelope: its header, the event, the user report, and the files; pure."""
    document = Document(envelope.report_json)
    mark = event_id(envelope)
    header = {"event_id": mark, "sent_at": _written(sent_at), "sdk": _sdk()}
    event = _fitting(_event(document, envelope), [] if has_files else ["files"])
    parts = [msgspec.json.encode(header), *_item({"type": "event"}, event)]
    words = document.words()
    if words:
        told = {
            "event_id": mark,
            "name": "",
            "email": _mail(document),
            "comments": plain(words, MESSAGE_LIMIT_CHARS),
        }
        parts += _item({"type": "user_report"}, msgspec.json.encode(told))
    files = [
        ("report.json", "application/json", envelope.report_json),
        *((file.name, file.content_type, file.content) for file in envelope.attachments),
    ]
    for name, content_type, content in files if has_files else ():
        parts += _item({"type": "attachment", "filename": name, "content_type": content_type}, content)
    return b"\n".join(parts) + b"\n"


def _item(header: dict[str, str], payload: bytes) -> list[bytes]:
    return [msgspec.json.encode({**header, "length": len(payload)}), payload]


def _event(document: Document, envelope: Envelope) -> dict[str, Any]:
    """The event; everything support asks for stands in it, for attachments may be discarded."""
    question = envelope.question()
    cause = question.cause or "unknown"
    headline = document.text("verdict", "headline") or document.text("failure", "message") or NO_MESSAGE
    sections = document.at("facts", "sections")
    exception = _exception(document, cause, headline)
    event: dict[str, Any] = {
        "event_id": event_id(envelope),
        # One that cannot be read is answered with 200 and lost.
        "timestamp": _written(document.moment(envelope.created_at)),
        "platform": "python" if "stacktrace" in exception else "other",
        "level": _level(document, is_crash=question.is_crash),
        "logger": "reporter",
        "logentry": {
            "formatted": plain("\n\n".join(filter(None, (headline, document.words()))), MESSAGE_LIMIT_CHARS)
        },
        "exception": {"values": [exception]},
        "fingerprint": [question.fingerprint or cause],
        "tags": _named(
            reference=envelope.reference,
            cause=cause,
            layer=question.layer,
            owner=document.text("verdict", "owner"),
            confidence=document.text("verdict", "confidence"),
            application=question.application,
            target=document.text("failure", "target"),
        ),
        "user": _named(username=document.fact("identity", "user_name")),
        "server_name": one_line(document.fact("identity", "host_name"), NAME_LIMIT_CHARS),
        "release": _release(question.application, question.version),
        "contexts": {
            "report": {"reference": envelope.reference, **_told(document.at("story"))},
            **_contexts(sections if isinstance(sections, dict) else {}),
        },
        "extra": {"report": _bounded({n: part for n, part in document.whole.items() if n != "facts"})},
        "sdk": _sdk(),
    }
    return {name: part for name, part in event.items() if part}


def _fitting(event: dict[str, Any], left_out: list[str]) -> bytes:
    """The event within the receiver's limit; ``extra.left_out`` tells what it lost for that."""
    while True:
        if left_out:
            event.setdefault("extra", {})["left_out"] = left_out
        encoded = msgspec.json.encode(event)
        lost = next((path for path in _LOSSES if ".".join(path) not in left_out), None)
        if len(encoded) <= EVENT_LIMIT_BYTES or lost is None:
            return encoded
        left_out = [*left_out, ".".join(lost)]
        place: Any = event["exception"]["values"][0] if lost[0] == "exception" else event
        for name in lost[:-1] if lost[0] != "exception" else ():
            place = place.get(name) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place.pop(lost[-1], None)


def _contexts(sections: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The facts, each section under a name that means nothing else to receivers."""
    return {
        f"{name}_facts" if name in _TAKEN_CONTEXTS else name: section
        for name, section in _bounded(sections).items()
        if isinstance(section, dict)
    }


def _level(document: Document, *, is_crash: bool) -> str:
    if document.text("failure", "action") == REQUEST:
        return "info"  # a person asks for help, and nothing is known to be broken
    return "fatal" if is_crash else "error"


def _exception(document: Document, cause: str, headline: str) -> dict[str, Any]:
    kind = document.text("failure", "exception", "type", limit_chars=NAME_LIMIT_CHARS)
    said = document.text("failure", "exception", "message", limit_chars=VALUE_LIMIT_CHARS)
    value: dict[str, Any] = {
        "type": kind or one_line(cause, NAME_LIMIT_CHARS),
        "value": said or plain(headline, VALUE_LIMIT_CHARS),
        "mechanism": {"type": "reporter", "handled": document.text("failure", "action") != "run"},
    }
    frames = [
        {
            "filename": frame.file,
            "lineno": frame.line,
            "function": frame.function,
            **({"context_line": frame.code} if frame.code else {}),
        }
        for frame in document.frames()
    ]
    if frames:
        value["stacktrace"] = {"frames": frames}
    return value


def _release(application: str, version: str) -> str:
    """The version, in letters that receivers take in one; empty where neither is known."""
    if not application and not version:
        return ""
    name = f"{application or 'unknown'}@{version or '0'}"
    return re.sub(r"[\\/\s]+", "-", one_line(name, NAME_LIMIT_CHARS))[:NAME_LIMIT_CHARS]


def _named(**texts: str) -> dict[str, str]:
    """The texts that are there, each on one line within a tag's limit."""
    short = {name: one_line(text, NAME_LIMIT_CHARS) for name, text in texts.items()}
    return {name: text[:NAME_LIMIT_CHARS] for name, text in short.items() if text}


def _mail(document: Document) -> str:
    contact = document.text("story", "contact")
    return contact if re.fullmatch(r"[^\s@]{1,64}@[^\s@]{1,255}", contact) else ""


def _told(story: object) -> dict[str, Any]:
    return (
        {name: value for name, value in _bounded(story).items() if value} if isinstance(story, dict) else {}
    )


def _bounded(part: Any, depth: int = 0) -> Any:
    """The same as every reader of JSON can hold it: numbers, depth, and texts without control characters."""
    if depth > DEPTH_LIMIT:
        return "…"
    if isinstance(part, dict):
        return {plain(name, NAME_LIMIT_CHARS): _bounded(one, depth + 1) for name, one in part.items()}
    if isinstance(part, list):
        return [_bounded(one, depth + 1) for one in part]
    if isinstance(part, str):
        return plain(part, TEXT_LIMIT_CHARS)
    return str(part) if isinstance(part, int) and abs(part) > NUMBER_LIMIT else part


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sdk() -> dict[str, str]:
    return {"name": "reporter-agent", "version": __version__}
