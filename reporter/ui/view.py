"""View: one complete picture of the dialog, and the phrases that faces put it into."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from reporter.delivery.receipt import Receipt, State
from reporter.report.model import Enclosure
from reporter.texts import Translator
from reporter.texts.safe import one_line, plain
from reporter.ui.desk import Answer, ByTelephone, Precheck, Section, Wanted

REASON_LIMIT_CHARS = 300
ANSWER_LIMIT_CHARS = 4_000
ANSWERS_LIMIT_ITEMS = 3
MEGABYTE = 1024 * 1024


class Page(StrEnum):
    """The pages of the dialog, in the order a person meets them."""

    MESSAGE = "message"
    COMPOSE = "compose"
    RECEIPT = "receipt"
    PHONE = "phone"


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One complete picture of the dialog: what to draw, nothing to decide.

    ``service_message``: of the startup-error service; ``service_until``: a phrase, empty where it has no end;
    ``countdown_s``: whole seconds until the next automatic try, null when none is planned;
    ``retry_label``: what one more try is called here, empty where there is nothing to try;
    ``is_crash``: a program has ended by itself; ``is_session``: a running session restores its connection;
    ``is_request``: a person asks for help, ``latest``: and sees here what became of earlier reports;
    ``is_restored``: the story began with what was kept from last
    time; ``sections`` and ``attachments``: what the report holds, known while the person composes it;
    ``busy``: what is going on, a sentence, empty when nothing is; ``remark``: a passing sentence
    (the last try, a copied text); ``receipt_lines``: what became of the report, its headline first.
    ``answers``: of support to earlier reports, to be shown once; ``precheck``: what support said before this
    one is sent; ``offers_phone``: there are other ways to support than the network; ``telephone``: the
    report for them, null until it is made; ``can_mail``: a mail program is one of them. ``product``: the
    name of the brand, empty for our own.
    """

    page: Page
    title: str
    headline: str
    advice: list[str]
    help_text: str
    has_help_link: bool
    service_message: str
    service_until: str
    has_service_link: bool
    reference: str
    details: str
    asks_access_code: bool
    retry_label: str
    retry_enabled: bool
    countdown_s: int | None
    can_send: bool
    is_crash: bool
    sending: bool
    attaching: bool
    can_attach_pictures: bool
    is_restored: bool
    sections: list[Section]
    attachments: list[Enclosure]
    busy: str
    remark: str
    receipt_state: State | None
    receipt_lines: list[str]
    receipt_page: str
    closed: bool
    answers: list[Answer] = []
    precheck: Precheck = Precheck()
    offers_phone: bool = False
    can_mail: bool = False
    telephone: ByTelephone | None = None
    is_session: bool = False
    is_request: bool = False
    latest: str = ""
    product: str = ""


def retry_text(view: View) -> str:
    """The label of the button that tries again, with the time until it does so by itself."""
    if view.countdown_s is None:
        return view.retry_label
    minutes, seconds = divmod(view.countdown_s, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{view.retry_label} ({hours}:{minutes:02}:{seconds:02})"
    return f"{view.retry_label} ({minutes}:{seconds:02})" if minutes else f"{view.retry_label} ({seconds})"


def size_text(size_bytes: int, say: Callable[..., str]) -> str:
    """The size of a file, as people read it."""
    if size_bytes < MEGABYTE:
        return say("{size} KB", size=max(1, round(size_bytes / 1024)))
    return say("{size} MB", size=f"{size_bytes / MEGABYTE:.1f}")


def scan_hint(link: str, say: Callable[..., str]) -> str:
    """What a telephone does with the QR code of this link."""
    scheme = link.partition(":")[0].lower()
    if scheme in ("https", "http"):
        return say("The camera of a telephone opens a page of support with it.")
    if scheme == "mailto":
        return say("The camera of a telephone begins an e-mail to support with it.")
    if scheme == "tel":
        return say("The camera of a telephone calls support with it.")
    return say("The camera of a telephone turns it into a text that support can read.")


def precheck_lines(precheck: Precheck, say: Callable[..., str]) -> list[str]:
    """What support said before a report is sent, its heading first; empty where it wants everything."""
    if precheck.wanted is Wanted.NOTHING:
        lines = [
            say("Support knows about this already"),
            precheck.message,
            say("It is enough to be counted in. A report can still be sent."),
        ]
    elif precheck.wanted is Wanted.SUMMARY:
        lines = [
            say("Support only needs a summary this time"),
            precheck.message,
            say("Files and most details about this computer are left out; what you write goes along."),
        ]
    else:
        lines = [say("From support"), precheck.message] if precheck.message else []
    return [line for line in lines if line]


def answer_head(answer: Answer, say: Callable[..., str]) -> str:
    """The heading above what support answered."""
    return say("Support has answered your report {reference}", reference=answer.reference)


def receipt_lines(receipt: Receipt, texts: Translator, *, counts_only: bool = False) -> list[str]:
    """What became of the report, as sentences; the first is the headline. ``counts_only``: no report went,
    only that this person has the same trouble."""
    say = texts.say
    if counts_only and receipt.state is State.ACCEPTED:
        return [
            say("You are counted in."),
            say("Support knows how many have the same trouble, and is at work on it."),
            say("Give the number {reference} when you call.", reference=receipt.reference),
        ]
    if counts_only and receipt.state is State.QUEUED:
        lines = [
            say("You will be counted in as soon as support can be reached."),
            say("This goes by itself. You need not do anything."),
            _next_try(receipt, texts),
        ]
        return [line for line in lines if line]
    match receipt.state:
        case State.ACCEPTED:
            lines = [
                say("Support has your report."),
                say("Give the number {reference} when you call.", reference=receipt.reference),
            ]
        case State.ANSWERED:
            lines = [say("Support has answered your report."), plain(receipt.answer, ANSWER_LIMIT_CHARS)]
        case State.QUEUED:
            lines = [
                say("Your report is kept and will be sent by itself."),
                _why_it_waits(receipt, say),
                _next_try(receipt, texts),
                say("The number {reference} is valid already.", reference=receipt.reference),
            ]
        case State.SAVED:
            lines = [
                say("Your report is saved on this computer."),
                say("No address of support is set up here, so nothing was sent."),
            ]
        case State.REFUSED:
            lines = [
                say("Support's system did not take the report."),
                say("It is kept on this computer, so nothing is lost. Please call support."),
            ]
    if receipt.reason and receipt.state is State.REFUSED:
        lines.append(say("Reason: {reason}", reason=one_line(receipt.reason, REASON_LIMIT_CHARS)))
    return [line for line in lines if line]


def latest_text(receipts: Sequence[Receipt], texts: Translator, *, answered: Collection[str]) -> str:
    """What became of earlier reports; ``answered``: the references whose answers stand elsewhere in full."""
    parts = []
    for receipt in receipts:
        headline, *_ = receipt_lines(receipt, texts)
        lines = [f"{receipt.reference}, {local_time(receipt.at)}", headline]
        if receipt.state is State.ANSWERED and receipt.reference not in answered:
            lines.append(plain(receipt.answer, ANSWER_LIMIT_CHARS))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def send_text(view: View, say: Callable[..., str]) -> str:
    """The label of the button that begins a report."""
    return say("Report a problem…") if view.is_request else say("Send report…")


def _why_it_waits(receipt: Receipt, say: Callable[..., str]) -> str:
    match receipt.attempt:
        case "":
            return say("You need not do anything.")
        case "busy" | "paused":
            return say("Support's system does not take reports at the moment. You need not do anything.")
        case _:
            return say("Support cannot be reached at the moment. You need not do anything.")


def _next_try(receipt: Receipt, texts: Translator) -> str:
    """When it is tried again, by the clock on the wall; empty where that is not known."""
    time = local_time(receipt.next_try_at, "%H:%M")
    if local_time(receipt.next_try_at, "%j") != local_time(receipt.at, "%j"):
        time = local_time(receipt.next_try_at)
    return texts.say("The next try is at {time}.", time=time) if time else ""


def local_time(moment: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """A moment by the clock on the wall; empty where there is none, or no local time for it."""
    try:
        return "" if moment is None else moment.astimezone().strftime(form)
    except (OverflowError, ValueError, OSError):
        return ""  # at the ends of the calendar
