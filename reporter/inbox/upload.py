"""Upload: reads the multipart body of one posted report, never more of it than the limits allow."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from reporter.inbox.store import Arrival, Attachment, Summary
from reporter.texts.safe import one_line

REPORT_LIMIT_BYTES = 2 * 1024 * 1024
BODY_LIMIT_BYTES = 10 * 1024 * 1024
# What comes after the limit is read and thrown away up to here: an answer given while the sender still
# sends would be lost with the connection, and it would come again and again.
DRAIN_LIMIT_BYTES = 3 * BODY_LIMIT_BYTES
ATTACHMENT_LIMIT_FILES = 20
NAME_LIMIT_CHARS = 255
SUMMARY_LIMIT_CHARS = 4_000

SCHEMAS = ("report/1", "report/2")
FINGERPRINT_LIMIT_CHARS = 100
REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{5}")


class Rejected(Exception):
    """The upload is answered with this HTTP status and this sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


async def receive(content_type: str, key: str, body: AsyncIterator[bytes]) -> Arrival:
    """The report in a posted body; ``key`` is the header ``Idempotency-Key``. Raises Rejected.

    Only what the store needs is looked at; members that this version does not know are kept as they are.
    """
    form = _Form(content_type)
    size = 0
    async for block in body:
        size += len(block)
        if size > DRAIN_LIMIT_BYTES:
            break
        if size <= BODY_LIMIT_BYTES:
            form.feed(block)
    if size > BODY_LIMIT_BYTES:
        raise Rejected(413, f"The body is larger than {BODY_LIMIT_BYTES:,} bytes; leave out attachments.")
    return _arrival(form.finish(), key)


class _Part:
    """One part of the form while it comes in; ``field`` and ``file_name`` are known after its headers."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.content = bytearray()
        self.field = ""
        self.file_name = ""
        self.content_type = ""

    def read_headers(self) -> None:
        """Fill in the fields that the headers tell."""
        _, options = parse_options_header(self.headers.get(b"content-disposition", b""))
        self.field = _text(options.get(b"name", b""))
        self.file_name = _text(options.get(b"filename", b""))
        self.content_type = _text(self.headers.get(b"content-type", b""))[:NAME_LIMIT_CHARS]


class _Form:
    """Collects the parts through the callbacks of the streaming parser.

    What cannot be taken is remembered and said at the end, when the sender listens.
    """

    def __init__(self, content_type: str) -> None:
        self._parts: list[_Part] = []
        self._rejected: Rejected | None = None
        self._ended = False
        self._header = bytearray()
        self._value = bytearray()
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            self._rejected = Rejected(
                415, "Post the report as multipart/form-data, with a part named “report”."
            )
            return
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._part_begin,
                    "on_part_data": self._part_data,
                    "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            self._rejected = Rejected(415, "The boundary of the multipart body cannot be used.")

    def feed(self, block: bytes) -> None:
        """Take in a part of the body; ignored once the form was rejected."""
        if self._rejected is not None:
            return
        try:
            self._parser.write(block)
        except FormParserError:
            self._rejected = Rejected(400, "The multipart body is malformed.")
        except Rejected as rejected:
            self._rejected = rejected

    def finish(self) -> list[_Part]:
        """The parts, once the body has ended. Raises Rejected."""
        if self._rejected is not None:
            raise self._rejected
        if not self._ended:
            raise Rejected(400, "The multipart body ends before its closing boundary.")
        return self._parts

    def _part_begin(self) -> None:
        if len(self._parts) > ATTACHMENT_LIMIT_FILES:
            raise Rejected(413, f"More than {ATTACHMENT_LIMIT_FILES} attachments came with one report.")
        self._parts.append(_Part())

    def _header_end(self) -> None:
        self._parts[-1].headers[bytes(self._header).lower()] = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        self._parts[-1].read_headers()

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._parts[-1]
        part.content += data[start:end]
        if part.field == "report" and len(part.content) > REPORT_LIMIT_BYTES:
            raise Rejected(
                413, f"The part “report” is larger than {REPORT_LIMIT_BYTES:,} bytes; shorten its texts."
            )

    def _end(self) -> None:
        self._ended = True


def _arrival(parts: list[_Part], key: str) -> Arrival:
    reports = [bytes(part.content) for part in parts if part.field == "report"]
    if len(reports) > 1:
        raise Rejected(422, "Only one part “report” may come with a post; send each report by itself.")
    attachments = [
        Attachment(
            name=_file_name(part.file_name),
            content_type=part.content_type or "application/octet-stream",
            content=bytes(part.content),
        )
        for part in parts
        if part.field == "attachment"
    ]
    report_json = reports[0] if reports else b""
    if not report_json:
        raise Rejected(422, "The part “report” is missing or empty; it must hold report.json.")
    report = _report(report_json)
    reference = report.get("reference")
    if not isinstance(reference, str) or not REFERENCE.fullmatch(reference):
        raise Rejected(422, "The member “reference” of the report is not a reference such as 7K3D-9QX2M.")
    if key != reference:
        raise Rejected(422, "The header Idempotency-Key must hold the reference of the report.")
    _check_digests(report.get("attachments"), attachments)
    return Arrival(
        reference=reference, report_json=report_json, attachments=attachments, summary=summarise(report)
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
