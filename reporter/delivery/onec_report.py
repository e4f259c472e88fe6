"""OneCReport: a report in the form that receivers of 1C's error-registration protocol read.

Every field is there, empty where nothing is known, because receivers check types and presence; both spellings
of the extensions, because receivers differ. The zip has no folders and keeps the size that receivers bear.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from reporter._version import __version__
from reporter.delivery.destination import Pack, Question
from reporter.delivery.document import Document
from reporter.report.model import Attachment
from reporter.texts.safe import one_line

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

ZIP_LIMIT_BYTES = 10_000_000
"""Larger ones are answered with 200 and lost behind the receiver."""
LOCALE_LIMIT_CHARS = 10
FILE_NAME_LIMIT_CHARS = 100
CATEGORY = "LoginFailure"
DESCRIPTION_CATEGORY = "UserDescription"
LEFT_OUT_CATEGORY = "LeftOut"
NO_MESSAGE = "A login did not work."
UNKNOWN = "Unknown"
OWN_REPORT = "report-original.json"

_SYSTEMS = {"Linux": "Linux", "Windows": "Windows", "macOS": "MacOS"}
_PROCESSORS = {
    **dict.fromkeys(("amd64", "x86_64"), "x86_64"),
    **dict.fromkeys(("x86", "i386", "i586", "i686"), "x86"),
    **dict.fromkeys(("arm64", "aarch64"), "ARM64"),
}
_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "screenshot.png", b"\xff\xd8\xff": "screenshot.jpg"}
# One point. A receiver opens the file that "screenshot" names without asking whether it names one, and loses
# the report where it does not.
_NO_PICTURE = Attachment(
    name="screenshot.png",
    content_type="image/png",
    content=base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    ),
)
_UNWRITABLE = re.compile(r'[<>:"/\\|?*\s]+')


def packed(envelope: Envelope, pack: Pack) -> bytes:
    """The zip for ``pushReport``; what makes it too large is left out, the largest first, and told."""
    files = [
        Attachment(name=OWN_REPORT, content_type="application/json", content=envelope.report_json),
        *envelope.attachments,
    ]
    left_out: list[str] = []
    while True:
        content = pack(translated(envelope, files, left_out))
        if len(content) <= ZIP_LIMIT_BYTES or not files:
            return content
        largest = max(files, key=lambda file: len(file.content))
        files.remove(largest)
        left_out.append(largest.name)


def translated(envelope: Envelope, files: Sequence[Attachment], left_out: Sequence[str] = ()) -> Envelope:
    """The report as this protocol wants it, with ``files`` in the root of the zip; pure."""
    pictures = sorted(
        (file for file in files if _picture_name(file)),
        key=lambda file: _picture_name(file) != "screenshot.png",
    )
    picture = pictures[0] if pictures else _NO_PICTURE
    shown = msgspec.structs.replace(picture, name=_picture_name(picture))
    others = _flat([file for file in files if file is not picture], taken=("report.json", shown.name))
    document = _document(
        Document(envelope.report_json),
        envelope,
        screenshot=shown.name,
        additional=[file.name for file in others],
        left_out=left_out,
    )
    return msgspec.structs.replace(
        envelope, report_json=msgspec.json.encode(document), attachments=[shown, *others]
    )


def info(question: Question) -> dict[str, Any]:
    """The document for ``getInfo``: by its hashes a receiver knows what ``pushReport`` would bring."""
    mark = _mark(question)
    language = question.language[:LOCALE_LIMIT_CHARS]
    return {
        "configName": _name(question),
        "configVersion": question.version,
        "configHash": _config_hash(question),
        "appStackHash": mark,
        "clientStackHash": mark,
        "serverStackHash": "",
        "platformType": _platform(question),
        "appName": _name(question),
        "appVersion": question.version,
        "platformInterfaceLanguageCode": language,
        "configurationInterfaceLanguageCode": language,
        "clientID": "",
        "reportID": question.report_id,
        "systemCrash": question.is_crash,
        "ErrorCategories": _categories(question),
    }


def _document(
    document: Document,
    envelope: Envelope,
    *,
    screenshot: str,
    additional: Sequence[str],
    left_out: Sequence[str],
) -> dict[str, Any]:
    question = envelope.question()
    mark = _mark(question)
    language = question.language[:LOCALE_LIMIT_CHARS]
    headline = document.text("verdict", "headline")
    message = document.text("failure", "message") or headline or NO_MESSAGE
    described = "\n\n".join(filter(None, (document.words(), f"Report {envelope.reference}")))
    errors = [[message, _categories(question)], [described, [DESCRIPTION_CATEGORY]]]
    if headline not in ("", message):
        errors.insert(1, [headline, _categories(question)])
    if left_out:
        errors.append([f"Left out for their size: {', '.join(left_out)}", [LEFT_OUT_CATEGORY]])
    return {
        # Not "Z": there are readers of RFC 3339 that do not know it.
        "time": document.moment(envelope.created_at).isoformat(timespec="seconds"),
        "id": question.report_id,
        "clientInfo": {
            "platformType": _platform(question),
            "appVersion": question.version,
            "appName": _name(question),
            "systemInfo": {
                "osVersion": _joined(document.fact("system", "name"), document.fact("system", "build")),
                "fullRAM": document.number("facts", "sections", "memory", "total_bytes"),
                "freeRAM": document.number("facts", "sections", "memory", "available_bytes"),
                "processor": document.fact("processor", "model"),
                "useragent": f"reporter-agent/{__version__}",
                "clientID": "",
            },
        },
        "sessionInfo": {
            "userName": document.fact("identity", "user_name"),
            "dataSeparation": "",
            "platformInterfaceLanguageCode": language,
            "configurationInterfaceLanguageCode": language,
            "localeCode": document.fact("locale", "format").partition(".")[0][:LOCALE_LIMIT_CHARS]
            or language,
        },
        "infoBaseInfo": {"localeCode": ""},
        "serverInfo": {"type": "", "platformType": "", "appVersion": "", "dbms": ""},
        "configInfo": {
            "name": _name(question),
            "description": document.text("failure", "target"),
            "version": question.version,
            "compatibilityMode": "",
            "hash": _config_hash(question),
            "changeEnabled": False,
            "extensions": [],
            "extentions": [],
            "disabledExtensions": [],
            "disabledExtentions": [],
        },
        "errorInfo": {
            "userDescription": described,
            "systemErrorInfo": {
                "clientStack": document.text("failure", "exception", "traceback"),
                "clientStackHash": mark,
                "serverStack": "",
                "serverStackHash": "",
                "systemCrash": question.is_crash,
            },
            "applicationErrorInfo": {
                "errors": errors,
                "stack": [[one.file, one.line, one.code or one.function] for one in document.frames()],
                "stackHash": mark,
            },
        },
        "screenshot": {"file": screenshot},
        "additionalInfo": "",
        "additionalData": "",
        "additionalFiles": list(additional),
        "dump": {"type": "", "file": "", "reasonForNoDump": {}},
    }


def _flat(files: Iterable[Attachment], *, taken: Iterable[str]) -> list[Attachment]:
    """The files under names of their own without folders: no receiver looks into them."""
    names = set(taken)
    named = []
    for file in files:
        wanted = _UNWRITABLE.sub("-", one_line(file.name[-FILE_NAME_LIMIT_CHARS:], FILE_NAME_LIMIT_CHARS))
        wanted = name = wanted.strip("-. ") or "file"
        number = 1
        while name.casefold() in names:
            number += 1
            name = f"{number}-{wanted}"
        names.add(name.casefold())
        named.append(msgspec.structs.replace(file, name=name))
    return named


def _picture_name(file: Attachment) -> str:
    """How a screenshot is called by what it holds; empty for what is no picture."""
    if not file.content_type.startswith("image/"):
        return ""
    return next((name for start, name in _SIGNATURES.items() if file.content.startswith(start)), "")


def _name(question: Question) -> str:
    """The configuration's name, the one text that receivers want to be there."""
    return question.application.strip() or UNKNOWN


def _platform(question: Question) -> str:
    """``Linux_x86_64`` and its like; empty where either half is not known."""
    system = _SYSTEMS.get(question.system, "")
    processor = _PROCESSORS.get(question.architecture.lower(), "")
    return f"{system}_{processor}" if system and processor else ""


def _categories(question: Question) -> list[str]:
    return [CATEGORY, question.cause or "unknown"]


def _mark(question: Question) -> str:
    return _md5(question.fingerprint or question.cause)


def _config_hash(question: Question) -> str:
    return _md5(f"{_name(question)} {question.version}")


def _md5(text: str) -> str:
    """32 hexadecimal characters, as the protocol groups by."""
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
