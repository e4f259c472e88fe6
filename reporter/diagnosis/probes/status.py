"""The startup-error service: does the organisation know of the fault already, and until when?

A static JSON file on any web server, asked for when a login does not work:

    {"userMessage": "…", "until": "2026-11-22T18:00:00+03:00", "cause": "tcp", "url": "https://…",
     "target": ["https://erp.example.org/base"], "ru": {"userMessage": "…", "url": "…"}}

``userMessage`` is shown as plain text; an empty one means that all is well. ``until`` (RFC 3339, with zone)
ends the notice by the server's clock, so that a wrong clock here neither hides nor keeps it. ``cause`` is
the name of a cause or of a layer that the notice explains; without it, every fault of reaching the server.
``target``: the logins it is about, as an address (and everything below it) or the bare name of a server;
without it, all. Members under a language tag replace the general ones. Anything else is recorded and not
shown.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec.structs import replace

from reporter.diagnosis.answer import moment
from reporter.diagnosis.evidence import HttpOutcome, ServiceNotice, ServiceNoticeOutcome, Target
from reporter.diagnosis.probes import elapsed_ms, page
from reporter.diagnosis.target import HTTP_SCHEMES, parse_target
from reporter.errors import TargetError
from reporter.texts.safe import one_line, plain, why_unsafe_link, without_secrets

if TYPE_CHECKING:
    from reporter.diagnosis.probes import http

LIMIT_S = 2.0
MESSAGE_LIMIT_CHARS = 2_000
CAUSE_LIMIT_CHARS = 64
ADDRESS_LIMIT_CHARS = 300
# Clocks that differ by less agree well enough to be left alone.
SKEW_LIMIT = timedelta(minutes=5)


class Read(NamedTuple):
    """What a document says; ``outcome`` is ``valid``, ``empty`` or ``malformed``."""

    outcome: ServiceNoticeOutcome
    message: str = ""
    until: datetime | None = None
    covers: str = ""
    url: str = ""


def probe(
    address: str,
    language: str,
    *,
    deadline: float,
    target: Target | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> ServiceNotice:
    """Ask the service once, without following redirects; nothing is sent but the question.

    ``target``: of the login that did not work; a notice about others is empty to it. None: any.
    ``until`` in the result is by this computer's clock where the two clocks differ notably.
    """
    started = time.monotonic()
    reply = _fetch(address, deadline)
    notice = judged(reply, language, target, now) if reply is not None else None
    notice = notice or unreachable(address)
    return replace(
        notice,
        address=unreachable(address).address,
        status=None if reply is None else reply.http.status,
        elapsed_ms=elapsed_ms(started),
    )


def unreachable(address: str) -> ServiceNotice:
    """The record of a service that gave no answer in time."""
    return ServiceNotice(
        address=one_line(without_secrets(address), ADDRESS_LIMIT_CHARS),
        outcome=ServiceNoticeOutcome.UNREACHABLE,
    )


def read_notice(body: bytes, language: str, target: Target | None = None) -> Read:
    """The notice in a document, in ``language`` where it has that; its texts are made safe. Never raises."""
    try:
        document = msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8))  # some editors write one
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document = None
    if not isinstance(document, dict) or "userMessage" not in document:
        return Read(ServiceNoticeOutcome.MALFORMED)
    until = moment(document.get("until"))
    if until is None and document.get("until") is not None:
        # it would never end, or end at a time that nobody meant
        return Read(ServiceNoticeOutcome.MALFORMED)
    named = document.get("target")
    named = [named] if isinstance(named, str) else named
    if named is not None and not (isinstance(named, list) and all(isinstance(n, str) for n in named)):
        return Read(ServiceNoticeOutcome.MALFORMED)
    said = {**document, **words_in(document, language)}
    if not isinstance(said.get("userMessage"), str):
        return Read(ServiceNoticeOutcome.MALFORMED)
    message = plain(said["userMessage"], MESSAGE_LIMIT_CHARS).strip()
    url = _text(said, "url")
    if named and target is not None and not any(concerns(name, target) for name in named):
        return Read(ServiceNoticeOutcome.EMPTY)
    return Read(
        ServiceNoticeOutcome.VALID if message else ServiceNoticeOutcome.EMPTY,
        message=message,
        until=until,
        covers=one_line(_text(document, "cause"), CAUSE_LIMIT_CHARS),
        url=url if url and why_unsafe_link(url) is None else "",
    )


def words_in(document: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The members of a document for one language, however its tag is written; empty where it has none."""
    for tag in (document.keys() & {language}) or document:
        primary = tag.replace("_", "-").partition("-")[0].lower()
        if isinstance(document[tag], dict) and language and (tag == language or primary == language.lower()):
            return dict(document[tag])
    return {}


def concerns(named: str, target: Target) -> bool:
    """Whether what a notice names is the login's target: an address it lies below, or its server."""
    try:
        other = parse_target(named)
    except TargetError:
        return named.strip().lower() == target.host
    if (other.scheme, other.host, other.port) != (target.scheme, target.host, target.port):
        return False
    return f"{target.path.rstrip('/')}/".startswith(f"{other.path.rstrip('/')}/")


def _fetch(address: str, deadline: float) -> http.Reply | None:
    """The service's answer; None where it cannot be reached, or its certificate is not in order."""
    try:
        target = parse_target(address)
    except TargetError:
        return None
    if target.scheme not in HTTP_SCHEMES:
        return None
    return page.fetch(target, deadline=deadline).reply


def judged(
    reply: http.Reply, language: str, target: Target | None, now: Callable[[], datetime]
) -> ServiceNotice | None:
    """The notice in an answer; None where it is not an answer to be read."""
    from reporter.diagnosis.probes import http

    if reply.http.outcome is not HttpOutcome.ANSWERED or reply.http.status != 200:
        return None
    if reply.http.body_bytes >= http.BODY_LIMIT_BYTES:
        return ServiceNotice(address="", outcome=ServiceNoticeOutcome.OVERSIZED)
    read = read_notice(reply.body, language, target)
    own_time = now()
    server_time = reply.http.server_date or own_time
    outcome, until = read.outcome, read.until
    if until is not None:
        if outcome is ServiceNoticeOutcome.VALID and until <= server_time:
            outcome = ServiceNoticeOutcome.EXPIRED
        if abs(server_time - own_time) > SKEW_LIMIT:
            until = _shifted(until, own_time - server_time)
    return ServiceNotice(
        address="", outcome=outcome, message=read.message, until=until, covers=read.covers, url=read.url
    )


def _shifted(until: datetime, by: timedelta) -> datetime | None:
    try:
        return until + by
    except OverflowError:  # beyond the calendar
        return None


def _text(document: Mapping[str, Any], member: str) -> str:
    value = document.get(member)
    return value if isinstance(value, str) else ""
