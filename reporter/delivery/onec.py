"""The 1C destination: the error-registration protocol of 1C:Enterprise, as its receivers implement it.

``pushReport`` takes one zip with a ``report.json`` of the receiver's own form; ``getInfo`` is asked before.
The document is put together from what our report says; every field is there, empty where nothing is known,
because receivers check types and presence. They answer 200 even where they stored nothing: the body decides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from reporter._version import __version__
from reporter.delivery.backoff import retry_after_s
from reporter.delivery.destination import Destination, Kind, Need, Outcome, Pack, Precheck, Question
from reporter.delivery.transport import CLAUSE_LIMIT_CHARS, Answer, Transport, checked_url
from reporter.report.model import Attachment
from reporter.texts.safe import one_line, plain, without_secrets

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

EXAMPLE = "onec+https://support.example.org/api/reg"
ASKING_LIMIT_S = 5.0
MESSAGE_LIMIT_CHARS = 4_000
LOCALE_LIMIT_CHARS = 10
CATEGORY = "LoginFailure"
DESCRIPTION_CATEGORY = "UserDescription"
SCREENSHOT = "screenshot.png"
NO_MESSAGE = "A login did not work."

# Who must act, or nobody can: as for the native endpoint.
_POSTPONED = frozenset({408, 425, 429, 511})
_REFUSED = frozenset({400, 409, 413, 415, 422})

_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>.+)')


class OneCDestination(Destination):
    """``onec+https://`` and the base address of a receiver, such as ``…/api/reg``.

    Raises UsageError for an address that cannot be posted to.
    """

    def __init__(
        self,
        address: str,
        transport: Transport,
        pack: Pack,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._base = checked_url(address.partition("+")[2], example=EXAMPLE).rstrip("/")
        self.name = f"onec+{without_secrets(self._base)}"
        self._transport = transport
        self._quick = transport.limited(ASKING_LIMIT_S)
        self._pack = pack
        self._now = now

    def deliver(self, envelope: Envelope) -> Outcome:
        """Push the report; sending the same one again is idempotent by its ``id``."""
        from urllib3.filepost import encode_multipart_formdata

        content = self._pack(translated(envelope))
        body, content_type = encode_multipart_formdata(
            [("report", ("report.zip", content, "application/zip"))]
        )
        answer = self._transport.exchange(
            "POST",
            f"{self._base}/pushReport",
            headers={"Accept": "application/json", "Content-Type": content_type},
            body=body,
        )
        return _postponed(answer) if isinstance(answer, str) else judge(answer, now=self._now())

    def precheck(self, question: Question) -> Precheck | None:
        """Ask whether a report is wanted (``getInfo``)."""
        answer = self._quick.exchange(
            "POST",
            f"{self._base}/getInfo",
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            body=msgspec.json.encode(_info(question)),
        )
        if isinstance(answer, str) or answer.status != 200:
            return None
        document = answer.json_object()
        needed, message = document.get("needSendReport"), document.get("userMessage")
        if not isinstance(needed, bool):
            return None
        return Precheck(
            need=Need.EVERYTHING if needed else Need.NOTHING,
            message=plain(message, MESSAGE_LIMIT_CHARS).strip() if isinstance(message, str) else "",
        )

    def count_in(self, question: Question) -> Outcome | None:
        """The receiver has counted when it was asked; that it was is all that can be known."""
        asked = self.precheck(question)
        if asked is None:
            return _postponed("the receiver does not answer")
        return Outcome(kind=Kind.ACCEPTED) if asked.need is Need.NOTHING else None


def judge(answer: Answer, *, now: datetime) -> Outcome:
    """What an answer to ``pushReport`` means; pure.

    200 with an empty body, ``null`` or a page stored nothing. "bad convert" is said with 500 and is for good;
    other 5xx are tried again, so many times.
    """
    said = _said(answer)
    if 200 <= answer.status < 300:
        body = answer.body.strip()
        is_page = "html" in answer.headers.get("Content-Type", "") or body[:1] == b"<"
        if not body or body in (b"null", b"false") or is_page or "error" in answer.json_object():
            return _postponed(
                "what answered did not confirm the report; a sign-in page of the network, or another "
                "service, may stand at the receiver's address"
            )
        return Outcome(kind=Kind.ACCEPTED)
    after_s = retry_after_s(answer.headers.get("Retry-After", ""), now)
    if answer.status in _POSTPONED:
        return Outcome(kind=Kind.POSTPONED, reason=said, retry_after_s=after_s)
    if answer.status in _REFUSED:
        return Outcome(kind=Kind.REFUSED, reason=said)
    if answer.status >= 500:
        return Outcome(kind=Kind.POSTPONED, reason=said, retry_after_s=after_s, server_fault=True)
    return Outcome(kind=Kind.PAUSED, reason=f"{said}; correct the address or the sign-in of the receiver")


def translated(envelope: Envelope) -> Envelope:
    """The report as this protocol wants it, with the files it names."""
    try:
        document = msgspec.json.decode(envelope.report_json)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document = {}
    report = _Report(document if isinstance(document, dict) else {})
    pictures = [file for file in envelope.attachments if file.content_type.startswith("image/")]
    others = [file for file in envelope.attachments if file not in pictures[:1]]
    files = [
        Attachment(name="report-original.json", content_type="application/json", content=envelope.report_json)
    ]
    if pictures:
        files.append(
            Attachment(name=SCREENSHOT, content_type=pictures[0].content_type, content=pictures[0].content)
        )
    # The root of the zip holds them all: no receiver looks into folders.
    files += [msgspec.structs.replace(file, name=file.name.replace("/", "-")) for file in others]
    pushed = _pushed(
        report,
        envelope,
        screenshot=SCREENSHOT if pictures else "",
        additional=[file.name for file in files if file.name != SCREENSHOT],
    )
    return msgspec.structs.replace(envelope, report_json=msgspec.json.encode(pushed), attachments=files)


class _Report:
    """Our own document, read by paths; whatever is missing or odd is empty."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def at(self, *path: str) -> Any:
        """What stands at a path; None where nothing does."""
        part: Any = self._document
        for name in path:
            part = part.get(name) if isinstance(part, dict) else None
        return part

    def text(self, *path: str) -> str:
        """The text at a path."""
        part = self.at(*path)
        return part if isinstance(part, str) else ""

    def number(self, *path: str) -> int:
        """The whole number at a path, 0 where there is none."""
        part = self.at(*path)
        return int(part) if isinstance(part, int | float) and not isinstance(part, bool) else 0


def _pushed(report: _Report, envelope: Envelope, *, screenshot: str, additional: list[str]) -> dict[str, Any]:
    story = _story(report)
    message = report.text("failure", "message") or report.text("verdict", "headline") or NO_MESSAGE
    stack = report.text("failure", "exception", "traceback")
    language = report.text("facts", "sections", "locale", "language")[:LOCALE_LIMIT_CHARS]
    name = report.text("failure", "application", "name") or "Unknown"
    version = report.text("failure", "application", "version")
    is_crash = report.text("failure", "action") == "run"
    errors = [[message, [CATEGORY, report.text("verdict", "cause") or "unknown"]]]
    if story:
        errors.append([story, [DESCRIPTION_CATEGORY]])
    return {
        "time": report.text("created_at"),
        "id": report.text("id"),
        "clientInfo": {
            "platformType": _platform(report),
            "appVersion": version,
            "appName": name,
            "systemInfo": {
                "osVersion": " ".join(
                    filter(
                        None,
                        (
                            report.text("facts", "sections", "system", "name"),
                            report.text("facts", "sections", "system", "build"),
                        ),
                    )
                ),
                "fullRAM": report.number("facts", "sections", "memory", "total_bytes"),
                "freeRAM": report.number("facts", "sections", "memory", "available_bytes"),
                "processor": report.text("facts", "sections", "processor", "model"),
                "useragent": f"reporter-agent/{__version__}",
                "clientID": "",
            },
        },
        "sessionInfo": {
            "userName": report.text("facts", "sections", "identity", "user_name"),
            "dataSeparation": "",
            "platformInterfaceLanguageCode": language,
            "configurationInterfaceLanguageCode": language,
            "localeCode": language,
        },
        "infoBaseInfo": {"localeCode": language},
        "serverInfo": {"type": "", "platformType": "", "appVersion": "", "dbms": ""},
        "configInfo": {
            "name": name,
            "description": report.text("failure", "target"),
            "version": version,
            "compatibilityMode": "",
            "hash": _md5(f"{name} {version}"),
            "changeEnabled": False,
            "extensions": [],
            "extentions": [],
            "disabledExtensions": [],
            "disabledExtentions": [],
        },
        "errorInfo": {
            "userDescription": story,
            "systemErrorInfo": {
                "clientStack": stack,
                "clientStackHash": _md5(envelope.fingerprint or stack),
                "serverStack": "",
                "serverStackHash": "",
                "systemCrash": is_crash,
            },
            "applicationErrorInfo": {
                "errors": errors,
                "stack": [
                    [frame["file"], int(frame["line"]), frame["function"].strip()] for frame in _frames(stack)
                ],
                "stackHash": _md5(envelope.fingerprint or stack),
            },
        },
        "screenshot": {"file": screenshot},
        "additionalInfo": "",
        "additionalData": "",
        "additionalFiles": additional,
        "dump": {"type": "0", "file": "", "reasonForNoDump": {}},
    }


def _story(report: _Report) -> str:
    """The person's part in one text."""
    questions = report.at("story", "questions")
    asked = [one for one in questions if isinstance(one, str)] if isinstance(questions, list) else []
    parts = [
        *(report.text("story", name) for name in ("wanted", "expected", "happened", "text")),
        *(f"{number}. {question}" for number, question in enumerate(asked, 1)),
        *(report.text("story", name) for name in ("contact", "best_time")),
        f"Report {report.text('reference')}" if report.text("reference") else "",
    ]
    return "\n".join(part for part in parts if part)


def _platform(report: _Report) -> str:
    family = report.text("facts", "sections", "system", "family")
    machine = report.text("facts", "sections", "runtime", "architecture").lower()
    system = {"Linux": "Linux", "Windows": "Windows", "macOS": "MacOS"}.get(family, "Linux")
    bits = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "ARM64", "aarch64": "ARM64"}.get(machine, "x86")
    return f"{system}_{bits}"


def _info(question: Question) -> dict[str, Any]:
    mark = _md5(question.fingerprint)
    language = question.language[:LOCALE_LIMIT_CHARS]
    return {
        "configName": question.application or "Unknown",
        "configVersion": question.version,
        "configHash": _md5(f"{question.application or 'Unknown'} {question.version}"),
        "appStackHash": mark,
        "clientStackHash": mark,
        "serverStackHash": "",
        "platformType": "",
        "appName": question.application,
        "appVersion": question.version,
        "platformInterfaceLanguageCode": language,
        "configurationInterfaceLanguageCode": language,
        "clientID": "",
        "reportID": question.reference,
        "systemCrash": False,
        "ErrorCategories": [CATEGORY, question.cause or "unknown"],
    }


def _frames(stack: str) -> list[re.Match[str]]:
    return list(_FRAME.finditer(stack))


def _md5(text: str) -> str:
    """32 hexadecimal characters, as the protocol groups by."""
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _said(answer: Answer) -> str:
    message = answer.json_object().get("message")
    more = f": {one_line(message, CLAUSE_LIMIT_CHARS)}" if isinstance(message, str) and message else ""
    return f"the receiver answered {answer.status}{more}"


def _postponed(reason: str) -> Outcome:
    return Outcome(kind=Kind.POSTPONED, reason=reason)
