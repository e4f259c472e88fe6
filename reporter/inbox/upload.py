"""Upload: the multipart body of one posted report, and what of it the store wants to know."""

from __future__ import annotations

import functools
import hashlib
import re
from typing import Any, NamedTuple

import msgspec
from python_multipart.multipart import parse_options_header

from reporter.inbox.kinds import token_digest
from reporter.inbox.store import Arrival, Attachment, Summary, digest_of
from reporter.texts.safe import one_line

REPORT_LIMIT_BYTES = 2 * 1024 * 1024
BODY_LIMIT_BYTES = 10 * 1024 * 1024
# What comes after the limit is read and thrown away up to here: an answer given while the sender still
# sends would be lost with the connection, and it would come again and again.
DRAIN_LIMIT_BYTES = 3 * BODY_LIMIT_BYTES
ATTACHMENT_LIMIT_FILES = 20
PARTS_LIMIT = ATTACHMENT_LIMIT_FILES + 1
HEAD_LIMIT_BYTES = 16 * 1024
HEAD_LIMIT_LINES = 32
NAME_LIMIT_CHARS = 255
SUMMARY_LIMIT_CHARS = 4_000

SCHEMAS = ("report/1", "report/2")
FINGERPRINT_LIMIT_CHARS = 100
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
NO_TOKEN = "The header Report-Token must hold 43 letters, digits, hyphens and underscores."  # noqa: S105
_BOUNDARY = re.compile(rb"[ -~]{1,70}")
_HEADER_NAME = re.compile(rb"[!#-'*+.^-z|~A-Z0-9-]{1,80}")
REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{5}")


class Rejected(Exception):
    """The upload is answered with this HTTP status and this sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def read(content_type: str, key: str, body: bytes, *, token: str = "") -> Arrival:
    """The report in a posted body; ``key`` is the header ``Idempotency-Key``. Raises Rejected.

    Only what the store needs is looked at; members that this version does not know are kept as they are.
    """
    if len(body) > BODY_LIMIT_BYTES:
        raise Rejected(413, f"The body is larger than {BODY_LIMIT_BYTES:,} bytes; leave out attachments.")
    if token and not TOKEN.fullmatch(token):
        raise Rejected(422, NO_TOKEN)
    return _arrival(_parts(_boundary(content_type), body), key, token)


class _Part(NamedTuple):
    """One part of the form."""

    field: str
    file_name: str
    content_type: str
    content: bytes


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise Rejected(415, "Post the report as multipart/form-data, with a part named “report”.")
    if not _BOUNDARY.fullmatch(boundary):
        raise Rejected(415, "The boundary of the multipart body cannot be used.")
    return boundary


def _parts(boundary: bytes, body: bytes) -> list[_Part]:
    """The parts of a whole body: what stands between its boundaries (RFC 2046)."""
    delimiter = b"--" + boundary
    if not body.startswith(delimiter):
        raise Rejected(400, "The multipart body is malformed.")
    # One more than may come, so that too many are seen without cutting up the rest.
    pieces = body[len(delimiter) :].split(b"\r\n" + delimiter, PARTS_LIMIT + 1)
    if len(pieces) > PARTS_LIMIT + 1:
        raise Rejected(413, f"More than {ATTACHMENT_LIMIT_FILES} attachments came with one report.")
    if not pieces[-1].startswith(b"--"):
        raise Rejected(400, "The multipart body ends before its closing boundary.")
    return [_part(piece) for piece in pieces[:-1]]


def _part(piece: bytes) -> _Part:
    # The headers of a part without any are empty, and what a client wrote ends with the line of the boundary.
    head, end, content = piece[:HEAD_LIMIT_BYTES].partition(b"\r\n\r\n")
    if not end or not head.startswith(b"\r\n"):
        raise Rejected(400, "The multipart body is malformed.")
    content = piece[len(head) + len(end) :]
    lines = head[2:].split(b"\r\n")
    if len(lines) > HEAD_LIMIT_LINES:
        raise Rejected(400, "The multipart body is malformed.")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _HEADER_NAME.fullmatch(name):
            raise Rejected(400, "The multipart body is malformed.")
        headers[name.lower()] = value.strip()
    field, file_name = _disposition(headers.get(b"content-disposition", b""))
    return _Part(
        field=field,
        file_name=file_name,
        content_type=_text(headers.get(b"content-type", b""))[:NAME_LIMIT_CHARS],
        content=content,
    )


@functools.lru_cache(maxsize=256)
def _disposition(value: bytes) -> tuple[str, str]:
    """Field and file name; most posts bring the same ones."""
    _, options = parse_options_header(value)
    return _text(options.get(b"name", b"")), _text(options.get(b"filename", b""))


def _arrival(parts: list[_Part], key: str, token: str) -> Arrival:
    reports = [part.content for part in parts if part.field == "report"]
    if len(reports) > 1:
        raise Rejected(422, "Only one part “report” may come with a post; send each report by itself.")
    attachments = [
        Attachment(
            name=_file_name(part.file_name),
            content_type=part.content_type or "application/octet-stream",
            content=part.content,
        )
        for part in parts
        if part.field == "attachment"
    ]
    report_json = reports[0] if reports else b""
    if not report_json:
        raise Rejected(422, "The part “report” is missing or empty; it must hold report.json.")
    if len(report_json) > REPORT_LIMIT_BYTES:
        raise Rejected(
            413, f"The part “report” is larger than {REPORT_LIMIT_BYTES:,} bytes; shorten its texts."
        )
    report = _report(report_json)
    reference = report.get("reference")
    if not isinstance(reference, str) or not REFERENCE.fullmatch(reference):
        raise Rejected(422, "The member “reference” of the report is not a reference such as 7K3D-9QX2V.")
    if key != reference:
        raise Rejected(422, "The header Idempotency-Key must hold the reference of the report.")
    _check_digests(report.get("attachments"), attachments)
    return Arrival(
        reference=reference,
        report_json=report_json,
        attachments=attachments,
        summary=summarise(report),
        digest=digest_of(report_json, attachments),
        token=token_digest(token),
    )


def _report(raw: bytes) -> dict[str, Any]:
    try:
        report = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Rejected(422, "The part “report” is not valid JSON.") from None
    if not isinstance(report, dict):
        raise Rejected(422, "The part “report” must hold a JSON object.")
    if report.get("schema") not in SCHEMAS:
        names = " or ".join(f"“{name}”" for name in SCHEMAS)
        raise Rejected(422, f"The report must have the schema {names}; this inbox reads no other.")
    return report


def _check_digests(enclosures: Any, attachments: list[Attachment]) -> None:
    """Raises Rejected for a file that is not the one that the report was made with.

    Files that the report does not name pass, and so do names whose file did not come.
    """
    expected: dict[str, set[str]] = {}
    for enclosure in enclosures if isinstance(enclosures, list) else []:
        name, digest = _member(enclosure, "name"), _member(enclosure, "sha256")
        if name and digest:
            expected.setdefault(_file_name(name), set()).add(digest.strip().lower())
    for attachment in attachments:
        digests = expected.get(attachment.name)
        if digests and hashlib.sha256(attachment.content).hexdigest() not in digests:
            raise Rejected(
                422,
                f"The attachment “{attachment.name}” is not the file that the report names: its SHA-256 "
                "is another. Send the report again with the file it was made with.",
            )


def summarise(report: dict[str, Any]) -> Summary:
    """What the list shows; members of another type than expected count as empty."""
    return Summary(
        cause=_member(report, "verdict", "cause"),
        owner=_member(report, "verdict", "owner"),
        headline=_member(report, "verdict", "headline") or _member(report, "failure", "message"),
        application=_member(report, "failure", "application", "name"),
        target=_member(report, "verdict", "target") or _member(report, "failure", "target"),
        story=_story(report.get("story")),
        contact=_member(report, "story", "contact"),
        fingerprint=_member(report, "fingerprint")[:FINGERPRINT_LIMIT_CHARS],
    )


def _story(story: Any) -> str:
    """Everything the person wrote, a line each; ``text`` is the whole of it in report/1."""
    parts = [_member(story, name) for name in ("text", "wanted", "expected", "happened")]
    questions = story.get("questions") if isinstance(story, dict) else None
    parts += [part for part in questions if isinstance(part, str)] if isinstance(questions, list) else []
    return "\n".join(part for part in parts if part)[:SUMMARY_LIMIT_CHARS]


def _member(document: Any, *path: str) -> str:
    found: Any = document
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found[:SUMMARY_LIMIT_CHARS] if isinstance(found, str) else ""


def _file_name(sent: str) -> str:
    """The last element of the path that a sender gave: never a folder, and nothing that reorders a line."""
    name = one_line(re.split(r"[/\\]", sent)[-1][:NAME_LIMIT_CHARS], NAME_LIMIT_CHARS)
    return name.lstrip(". ") or "attachment"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
