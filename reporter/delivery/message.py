"""Message: a report as one mail, for ticket systems as much as for people.

A plain subject without brackets and with the reference at its end, headers that keep auto-responders quiet,
the person's words and the verdict as text, and the report itself as an attachment that mail filters let
through. Every line is plain ASCII of at most 78 characters, so that any relay may carry it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from reporter import program
from reporter._version import __version__
from reporter.capture.failure import REQUEST
from reporter.report.model import Attachment
from reporter.texts.safe import one_line, plain

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

REPORT_FILE = "report.json.txt"
"""Named so, because filters that take out ``.json`` let text pass."""
DOMAIN = "reporter.invalid"
"""Of message ids (RFC 2606)."""
SUBJECT_LIMIT_CHARS = 150
APPLICATION_LIMIT_CHARS = 80
TEXT_LIMIT_CHARS = 20_000
FILE_NAME_LIMIT_CHARS = 100
MAILBOX_LIMIT_CHARS = 254
REFERENCE_LIMIT_CHARS = 40

# The relays that cannot carry eight bits are few, and no message is worth finding out which.
_POLICY = SMTP.clone(cte_type="7bit")
# Brackets would be taken for a ticket's number by ticket systems.
_NO_BRACKETS = str.maketrans({"[": "(", "]": ")", "#": " "})
_NOT_OF_A_REFERENCE = re.compile(r"[^0-9A-Za-z-]")
_CONTENT_TYPE = re.compile(r"(text|image|audio|video|application)/([0-9A-Za-z][0-9A-Za-z.+-]{0,60})")
_ADDRESS = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,63}@[0-9A-Za-z][0-9A-Za-z-]*(?:\.[0-9A-Za-z-]+)+")

_MAILBOX = re.compile(r"[0-9A-Za-z!#$%&'*+/=?^_`{|}~.-]+@(?:[0-9A-Za-z.-]+|\[[0-9A-Za-z.:]+\])")


class Letter(NamedTuple):
    """A mail as it goes over the wire, and the names of the files that were left out of it."""

    content: bytes
    left_out: Sequence[str]


def letter(
    envelope: Envelope,
    *,
    sender: str,
    mailbox: str,
    now: datetime,
    limit_bytes: int | None = None,
    without: Sequence[Attachment] = (),
) -> Letter:
    """The mail without some files, and in at most ``limit_bytes`` as far as leaving out more can do it.

    The largest file goes first, ``report.json.txt`` last; the text of the mail says what is missing.
    """
    files = [
        Attachment(name=REPORT_FILE, content_type="text/plain", content=envelope.report_json),
        *(file for file in envelope.attachments if file not in without),
    ]
    left_out = list(without)
    while True:
        least_bytes = sum(len(file.content) * 4 // 3 for file in files)  # in base64
        if limit_bytes is None or least_bytes <= limit_bytes or not files:
            content = message(
                envelope, files=files, left_out=left_out, sender=sender, mailbox=mailbox, now=now
            ).as_bytes()
            if limit_bytes is None or len(content) <= limit_bytes or not files:
                return Letter(content, [file_name(file.name) for file in left_out])
        largest = max(files[1:] or files, key=lambda file: len(file.content))
        files.remove(largest)
        left_out.append(largest)


def message(
    envelope: Envelope,
    *,
    files: Sequence[Attachment],
    left_out: Sequence[Attachment] = (),
    sender: str,
    mailbox: str,
    now: datetime,
) -> EmailMessage:
    """The mail with ``files``; ``sender`` and ``mailbox`` may be empty in a draft.

    The same report has the same message id each time, by which mail systems know copies.
    """
    document = _document(envelope.report_json)
    reference = reference_of(envelope)
    mail = EmailMessage(_POLICY)
    if sender:
        mail["From"] = sender
    if mailbox:
        mail["To"] = mailbox
    contact = _ADDRESS.findall(_text(document, "story", "contact"))
    if len(contact) == 1:  # an answer to the ticket reaches the person, not the agent
        mail["Reply-To"] = contact[0]
    mail["Subject"] = subject(envelope)
    mail["Date"] = format_datetime(now.astimezone())
    mail["Message-ID"] = f"<{reference}@{DOMAIN}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Report-Id"] = reference
    mail["X-Mailer"] = f"reporter-agent/{__version__}"
    mail.set_content(text(envelope, left_out=left_out))
    for file in files:
        main, sub = _content_type(file)
        mail.add_attachment(  # as bytes, because text would lose the exact ends of its lines
            file.content,
            maintype=main,
            subtype=sub,
            filename=file_name(file.name),
            params={"charset": "utf-8"} if main == "text" else None,
        )
    return mail


def subject(envelope: Envelope) -> str:
    """One line: application, headline, reference."""
    document = _document(envelope.report_json)
    application = one_line(_text(document, "failure", "application", "name"), APPLICATION_LIMIT_CHARS)
    headline = one_line(_text(document, "verdict", "headline"), SUBJECT_LIMIT_CHARS)
    is_request = _text(document, "failure", "action") == REQUEST
    missing = "A person asks for help" if is_request else "A login did not work"
    parts = [f"{application}:" if application else "", headline or missing]
    words = " ".join([*parts, reference_of(envelope)]).translate(_NO_BRACKETS)
    # What looks like an encoded word would be decoded on the way.
    return " ".join(words.replace("=?", "= ?").split())


def text(envelope: Envelope, *, left_out: Sequence[Attachment] = ()) -> str:
    """The report in words, at most 20,000 characters of it; ends with what was ``left_out``."""
    document = _document(envelope.report_json)
    told = document.get("story")
    questions = told.get("questions") if isinstance(told, dict) else None
    numbered = [
        f"{number}. {one_line(question, 1_000)}"
        for number, question in enumerate(questions if isinstance(questions, list) else [], 1)
        if isinstance(question, str)
    ]
    confidence = _text(document, "verdict", "confidence")
    rows = [
        ("Report", reference_of(envelope)),
        ("Application", _words(document, ("failure", "application"), "name", "version")),
        ("Target", _text(document, "failure", "target")),
        ("Cause", f"{_text(document, 'verdict', 'cause')} {f'({confidence})' if confidence else ''}".strip()),
        ("Can be mended by", _text(document, "verdict", "owner")),
        ("Wanted", _text(told, "wanted")),
        ("Expected", _text(told, "expected")),
        ("Happened", _text(told, "happened") or _text(told, "text")),
        ("Questions", "\n".join(numbered)),
        ("Contact", _words(told, (), "contact", "best_time")),
        ("Message", _text(document, "failure", "message")),
        ("Of the same kind, not sent before", _count(document.get("suppressed"))),
    ]
    lines = [_text(document, "verdict", "headline"), ""]
    lines += [f"{name}:\n{value}\n" if "\n" in value else f"{name}: {value}" for name, value in rows if value]
    words = plain("\n".join(lines).strip(), TEXT_LIMIT_CHARS) + "\n"
    if left_out:
        names = ", ".join(f"{file_name(file.name)} ({len(file.content):,} bytes)" for file in left_out)
        words += (
            f"\nLeft out, because the mail would have been larger than the relay takes: {names}.\n"
            "The whole report is kept on the computer it came from; there, "
            f"“{program.command()} queue export {reference_of(envelope)}” writes it to a file.\n"
        )
    return words


def checked_mailbox(text: str) -> str:
    """The mailbox with its domain in ASCII; empty where it is none."""
    local, _, domain = text.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return ""
    mailbox = f"{local}@{ascii_domain}"
    return mailbox if _MAILBOX.fullmatch(mailbox) and len(mailbox) <= MAILBOX_LIMIT_CHARS else ""


def reference_of(envelope: Envelope) -> str:
    """The reference as headers and file names may hold it."""
    return _NOT_OF_A_REFERENCE.sub("", envelope.reference)[:REFERENCE_LIMIT_CHARS].strip("-") or "report"


def file_name(name: str) -> str:
    """``logs/1-app.log.txt`` as mail programs can save it: without folders, quotes and control characters."""
    flat = re.sub(r'[/\\:*?"<>|]+', "-", one_line(name, 1_000)).strip("-. ")
    if len(flat) > FILE_NAME_LIMIT_CHARS:
        stem, dot, ending = flat.rpartition(".")
        ending = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        flat = flat[: FILE_NAME_LIMIT_CHARS - len(ending)] + ending
    return flat or "file"


def _content_type(file: Attachment) -> tuple[str, str]:
    """What it says it is, where that is a plain kind of file; mails within mails are only bytes."""
    known = _CONTENT_TYPE.fullmatch(file.content_type.partition(";")[0].strip())
    if known is None:
        return "application", "octet-stream"
    main, sub = known[1], known[2]
    if main == "text" and sub != "plain":
        sub = "plain"  # shown as text, never as markup
    return main, sub


def _words(document: Any, path: Sequence[str], *names: str) -> str:
    return " ".join(filter(None, (_text(document, *path, name) for name in names)))


def _count(number: Any) -> str:
    return f"{number:,}" if isinstance(number, int) and number > 0 else ""


def _document(raw: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _text(document: Any, *path: str) -> str:
    """The text at ``path``; empty where there is none."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return plain(document, TEXT_LIMIT_CHARS).strip() if isinstance(document, str) else ""
