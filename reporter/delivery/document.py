"""Document: our own ``report.json`` as the kinds read it that speak another format.

Read by names along a path and never by the structs: a report that waited since an older version, or one that
is damaged, still goes. Whatever is missing or odd is empty; text is without control characters and bounded.
"""

from __future__ import annotations

import hashlib
import math
import re
import uuid
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from reporter.texts.safe import plain

TEXT_LIMIT_CHARS = 70_000  # above every limit within a report
NUMBER_LIMIT = 2**53
FRAMES_LIMIT_ITEMS = 200

_TRACEBACK = "Traceback (most recent call last)"
_FRAME = re.compile(
    r'^ {2}File "(?P<file>[^"\n]{1,500})", line (?P<line>\d{1,9}), in (?P<function>[^\n]{1,200})'
    r"(?:\n {4}(?P<code>\S[^\n]{0,500}))?",
    re.MULTILINE,
)


class Frame(NamedTuple):
    """One line of a traceback; ``code`` is empty where the traceback does not show it."""

    file: str
    line: int
    function: str
    code: str


class Document:
    """What a ``report.json`` says; ``whole`` is all of it, empty where it is no JSON object."""

    def __init__(self, report_json: bytes) -> None:
        try:
            document = msgspec.json.decode(report_json)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            document = {}
        self.whole: dict[str, Any] = document if isinstance(document, dict) else {}

    def at(self, *path: str) -> Any:
        """What stands at a path; None where nothing does."""
        part: Any = self.whole
        for name in path:
            part = part.get(name) if isinstance(part, dict) else None
        return part

    def text(self, *path: str, limit_chars: int = TEXT_LIMIT_CHARS) -> str:
        """The text at a path."""
        part = self.at(*path)
        return plain(part, limit_chars) if isinstance(part, str) else ""

    def fact(self, section: str, name: str) -> str:
        """The text of a fact about the computer."""
        return self.text("facts", "sections", section, name)

    def number(self, *path: str) -> int:
        """The whole number at a path, between 0 and 2⁵³; 0 where there is none."""
        part = self.at(*path)
        if isinstance(part, bool) or not isinstance(part, int | float) or not math.isfinite(part):
            return 0
        return int(min(max(part, 0), NUMBER_LIMIT))

    def moment(self, otherwise: datetime) -> datetime:
        """When the report was made, in UTC; ``otherwise`` where it tells no moment with its zone."""
        try:
            moment = datetime.fromisoformat(self.text("created_at"))
            return moment.astimezone(UTC) if moment.tzinfo else otherwise.astimezone(UTC)
        except (ValueError, OverflowError):
            return otherwise.astimezone(UTC)

    def report_id(self, reference: str) -> uuid.UUID:
        """The report's own UUID; one made from the reference, always the same, where it has none."""
        try:
            return uuid.UUID(self.text("id"))
        except ValueError:
            return uuid.UUID(bytes=hashlib.sha256(reference.encode("utf-8", "replace")).digest()[:16])

    def words(self) -> str:
        """What the person wrote, as one text; empty where they wrote nothing."""
        told = [
            ("Wanted", self.text("story", "wanted")),
            ("Expected", self.text("story", "expected")),
            # Reports of the first version had one text.
            ("Happened", self.text("story", "happened") or self.text("story", "text")),
        ]
        told = [(label, text) for label, text in told if text.strip()]
        lines = [text if len(told) == 1 else f"{label}: {text}" for label, text in told]
        lines += [f"{number}. {question}" for number, question in enumerate(self.questions(), 1)]
        contact = ", ".join(filter(None, (self.text("story", "contact"), self.text("story", "best_time"))))
        return "\n".join([*lines, *([f"Contact: {contact}"] if contact else [])])

    def questions(self) -> list[str]:
        """The person's questions, in their order."""
        questions = self.at("story", "questions")
        if not isinstance(questions, list):
            return []
        return [plain(one, TEXT_LIMIT_CHARS) for one in questions[:100] if isinstance(one, str)]

    def frames(self) -> list[Frame]:
        """The frames of the innermost exception, the outermost first; none where it is no Python program."""
        # Of a chain, the last part is the exception that was not handled.
        stack = self.text("failure", "exception", "traceback").rpartition(_TRACEBACK)[2]
        found = [
            Frame(one["file"], int(one["line"]), one["function"].strip(), (one["code"] or "").strip())
            for one in _FRAME.finditer(stack)
        ]
        return found[-FRAMES_LIMIT_ITEMS:]
