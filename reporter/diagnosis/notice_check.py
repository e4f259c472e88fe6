"""Notice check: what a person would see of a notice, and everything that is wrong with it or its server.

The address is asked as the agent asks it: directly, without redirects, within two seconds. A *fault* keeps
the notice, or a part of it, from being shown; a *remark* is what IT would want to know.
"""

from __future__ import annotations

import codecs
import difflib
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from reporter import program
from reporter.diagnosis import jsonplaces
from reporter.diagnosis.answer import moment
from reporter.diagnosis.evidence import Evidence, HttpOutcome, ServiceNoticeOutcome, Target
from reporter.diagnosis.narrative import narrate
from reporter.diagnosis.probes import http, page, status
from reporter.diagnosis.startup_notice import NOT_LANGUAGES, UNTIL_LIMIT, why_bad_cause, why_bad_target
from reporter.diagnosis.target import HTTP_SCHEMES, parse_target
from reporter.errors import UsageError
from reporter.texts import LANGUAGES
from reporter.texts.safe import one_line, plain, why_unsafe_link, without_secrets

MEMBERS = ("userMessage", "until", "cause", "url", "target")
WORDS = ("userMessage", "url")
CACHE_LIMIT_S = 60
LANGUAGES_LIMIT = 30
PROBLEM_LIMIT = 50

_MAX_AGE = re.compile(r"(?:^|[\s,])(?:s-maxage|max-age)\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}")


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What a person reads in one language. ``own``: the notice has words of this language."""

    language: str
    message: str
    url: str
    own: bool


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """How the web server delivers it. ``skew_s``: its clock minus this computer's; ``revalidates``: it
    confirms an unchanged notice with status 304, null where that was not asked."""

    status: int | None
    content_type: str = ""
    cache_control: str = ""
    etag: str = ""
    last_modified: str = ""
    server_date: datetime | None = None
    skew_s: int | None = None
    revalidates: bool | None = None
    elapsed_ms: int = 0


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """``is_shown``: a login that fails now would show it; ``until``: by the server's clock, null for no end;
    ``words``: for each language of the product and of the notice; ``served``: null for a file."""

    source: str
    outcome: ServiceNoticeOutcome
    is_shown: bool
    until: datetime | None = None
    cause: str = ""
    targets: list[str] = msgspec.field(default_factory=list)
    words: list[Words] = msgspec.field(default_factory=list)
    served: Served | None = None
    faults: list[str] = msgspec.field(default_factory=list)
    remarks: list[str] = msgspec.field(default_factory=list)


def check_file(
    path: Path, *, target: Target | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Inspection:
    """What a file would say if it were served; raises UsageError where it cannot be read."""
    try:
        if not path.is_file():
            raise UsageError(
                f"{_named(path)} is no file that can be read; name a notice, or its web address."
            )
        with path.open("rb") as file:
            body = file.read(http.BODY_LIMIT_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is not the path of a file"
        raise UsageError(f"{_named(path)} cannot be read ({reason}).") from None
    if len(body) >= http.BODY_LIMIT_BYTES:
        return _broken(_named(path), ServiceNoticeOutcome.OVERSIZED, _TOO_LONG)
    return _inspect(_named(path), body, target, now(), now())


def check_address(
    address: str,
    *,
    target: Target | None = None,
    limit_s: float = status.LIMIT_S,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Inspection:
    """What the service at an address says now; raises UsageError for what is no web address."""
    service = parse_target(address)
    if service.scheme not in HTTP_SCHEMES:
        raise UsageError("A startup-error service has an address that begins with https:// or http://.")
    source = without_secrets(address)
    asked = page.fetch(service, deadline=time.monotonic() + limit_s)
    if asked.reply is None or asked.reply.http.outcome is not HttpOutcome.ANSWERED:
        evidence = Evidence(target=service, taken_at=now(), dns=asked.dns, tcp=asked.tcp, tls=asked.tls)
        if asked.reply is not None:
            evidence = replace(evidence, http=asked.reply.http)
        return _broken(source, ServiceNoticeOutcome.UNREACHABLE, *_out_of_reach(evidence, limit_s))
    reply = asked.reply
    served = _served(reply, service, time.monotonic() + limit_s)
    faults = list(_not_a_notice(reply, source))
    if faults:
        oversized = reply.http.status == 200
        outcome = ServiceNoticeOutcome.OVERSIZED if oversized else ServiceNoticeOutcome.UNREACHABLE
        return replace(_broken(source, outcome, *faults), served=served)
    own_time = now()
    inspection = _inspect(source, reply.body, target, served.server_date or own_time, own_time)
    remarks = [*inspection.remarks, *_remarks_on(served, service, "?" in address)]
    return replace(inspection, served=served, remarks=remarks)


_TOO_LONG = f"It has {http.BODY_LIMIT_BYTES:,} bytes or more, so agents do not read it; shorten it."


def _inspect(
    source: str, body: bytes, target: Target | None, server_time: datetime, own_time: datetime
) -> Inspection:
    """``server_time``: when the notice is judged; for a file, by this computer's clock."""
    faults: list[str] = []
    remarks: list[str] = []
    if body.startswith(codecs.BOM_UTF8):
        body = body.removeprefix(codecs.BOM_UTF8)
        remarks.append(
            "It begins with a byte order mark, which older readers refuse; save it as UTF-8 without."
        )
    read = status.read_notice(body, "", target)
    document, places, syntax = _document(body)
    faults += [syntax] if syntax else []
    if document is not None:
        faults += _faults_in(document, places)
        remarks += _remarks_in(document, places)
    outcome = read.outcome
    if outcome is ServiceNoticeOutcome.VALID and read.until is not None:
        if read.until <= server_time:
            outcome = ServiceNoticeOutcome.EXPIRED
            remarks.append(f"It ended at {_shown(read.until)}, so nothing is shown any more.")
        elif read.until - own_time > UNTIL_LIMIT:
            remarks.append(f"It ends only at {_shown(read.until)}; is that meant?")
    elif outcome is ServiceNoticeOutcome.VALID:
        remarks.append("It has no end and is shown until it is changed; `until` would end it by itself.")
    elif outcome is ServiceNoticeOutcome.MALFORMED and not faults:
        faults.append(
            f"It is not a notice, so agents ignore it; `{program.command()} notice write` makes one."
        )
    named = document.get("target") if document else None
    return Inspection(
        source=source,
        outcome=outcome,
        is_shown=outcome is ServiceNoticeOutcome.VALID,
        until=read.until,
        cause=read.covers,
        targets=[named]
        if isinstance(named, str)
        else list(filter(_is_text, named or []))
        if _is_list(named)
        else [],
        words=_words(document or {}, body, target),
        faults=faults[:PROBLEM_LIMIT],
        remarks=remarks[:PROBLEM_LIMIT],
    )


def _document(body: bytes) -> tuple[dict[str, Any] | None, jsonplaces.Places, str]:
    """The JSON object in a body, where its members stand, and what keeps it from being one."""
    none = jsonplaces.Places("")
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in body:
        return None, none, "It is not UTF-8 text (UTF-16, perhaps), so agents ignore it; save it as UTF-8."
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        line = len(body[: error.start].split(b"\n"))
        column = error.start - body.rfind(b"\n", 0, error.start)
        return None, none, f"Line {line}, column {column}: this is not UTF-8; save it as UTF-8."
    if text.lstrip()[:1] == "<":
        return None, none, "It is a web page, not a notice; is this the right address?"
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        return None, none, jsonplaces.why_broken(text, error)
    if not isinstance(document, dict):
        return None, none, 'It is JSON, but no notice: write an object such as {"userMessage": "…"}.'
    return document, jsonplaces.Places(text), ""


def _faults_in(document: dict[str, Any], places: jsonplaces.Places) -> Iterator[str]:
    if "userMessage" not in document:
        close = next((name for name in document if name.lower().replace("_", "") == "usermessage"), "")
        hint = f" (did you mean it by {one_line(close, 40)}?)" if close else ""
        where = places.of(close) if close else places.of()
        yield f"{where}: the notice has no userMessage{hint}, so agents ignore it."
    elif not isinstance(document["userMessage"], str):
        yield f"{places.of('userMessage')}: userMessage is not text, so agents ignore the notice."
    until = document.get("until")
    if until is not None and moment(until) is None:
        why = "has no time zone" if _lacks_zone(until) else "is no moment"
        yield (
            f"{places.of('until')}: until {why}, so agents ignore the notice; "
            "write it like 2026-11-22T14:00:00+03:00."
        )
    yield from _faulty_cause(document, places)
    yield from _faulty_target(document, places)
    yield from _faulty_link(document, places, "")
    for tag, own in _languages(document):
        if not isinstance(own, dict):
            yield f'{places.of(tag)}: the words of a language are an object such as {{"userMessage": "…"}}.'
            continue
        if "userMessage" in own and not isinstance(own["userMessage"], str):
            where = places.of(tag, "userMessage")
            yield f"{where}: userMessage is not text, so agents ignore the notice in this language."
        yield from _faulty_link(own, places, tag)


def _lacks_zone(until: object) -> bool:
    try:
        return isinstance(until, str) and datetime.fromisoformat(until).tzinfo is None
    except ValueError:
        return False


def _faulty_cause(document: dict[str, Any], places: jsonplaces.Places) -> Iterator[str]:
    cause = document.get("cause")
    if cause is None or cause == "":
        return
    if not isinstance(cause, str):
        yield f"{places.of('cause')}: cause is not text, so it is ignored; write one such as tcp."
    elif reason := why_bad_cause(cause):
        yield f"{places.of('cause')}: the notice will explain no failure. {reason}"


def _faulty_target(document: dict[str, Any], places: jsonplaces.Places) -> Iterator[str]:
    named = document.get("target")
    if named is None:
        return
    listed = [named] if isinstance(named, str) else named
    if not isinstance(listed, list) or not all(_is_text(one) for one in listed):
        where = places.of("target")
        yield f"{where}: target is no address and no list of them, so agents ignore the notice."
        return
    for one in listed[:PROBLEM_LIMIT]:
        if reason := why_bad_target(one):
            yield f"{places.of('target')}: no login matches this. {reason}"


def _faulty_link(members: dict[str, Any], places: jsonplaces.Places, tag: str) -> Iterator[str]:
    url = members.get("url")
    if url is None or url == "":
        return
    reason = why_unsafe_link(url) if isinstance(url, str) else "it is not text"
    if reason:
        yield f"{places.of(*filter(None, (tag, 'url')))}: the link is not shown, because {reason}."


def _remarks_in(document: dict[str, Any], places: jsonplaces.Places) -> Iterator[str]:
    for path in places.twice:
        yield f"{places.of(*path)}: {one_line(path[-1], 40)} is given twice; the last one counts."
    for name, value in list(document.items())[: PROBLEM_LIMIT * 2]:
        if name not in MEMBERS and not _is_language(name, value):
            yield f"{places.of(name)}: {_meaningless(name, MEMBERS)}"
    said = [("", document), *((tag, own) for tag, own in _languages(document) if isinstance(own, dict))]
    for tag, members in said:
        for name in list(members)[:PROBLEM_LIMIT] if tag else ():
            if name not in WORDS:
                yield f"{places.of(tag, name)}: {_meaningless(name, WORDS)}"
        message = members.get("userMessage")
        if isinstance(message, str) and plain(message, status.MESSAGE_LIMIT_CHARS) != message:
            where = places.of(*filter(None, (tag, "userMessage")))
            yield (
                f"{where}: the message is longer than {status.MESSAGE_LIMIT_CHARS:,} characters, or some of "
                "them are not shown; people see it changed."
            )


def _meaningless(name: str, known: tuple[str, ...]) -> str:
    """The sentence for a member that there is not, with the one that was probably meant."""
    spelled = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name[:40].lower(), list(spelled), n=1)
    hint = f" (did you mean {spelled[near[0]]}?)" if near else ""
    return f"{one_line(name, 40)} has no meaning in a notice and is ignored{hint}."


def _words(document: dict[str, Any], body: bytes, target: Target | None) -> list[Words]:
    tags = dict.fromkeys((*LANGUAGES, *(tag for tag, _ in _languages(document))))
    words = []
    for tag in list(tags)[:LANGUAGES_LIMIT]:
        read = status.read_notice(body, tag, target)
        if read.outcome is ServiceNoticeOutcome.VALID:
            own = bool(status.words_in(document, tag))
            words.append(Words(language=tag, message=read.message, url=read.url, own=own))
    return words


def _languages(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((name, value) for name, value in document.items() if _is_language(name, value))


def _is_language(name: str, value: object) -> bool:
    if name in MEMBERS or name in NOT_LANGUAGES or not _LANGUAGE.fullmatch(name):
        return False
    return isinstance(value, dict) or name in LANGUAGES


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _served(reply: http.Reply, service: Target, deadline: float) -> Served:
    caching = dict(reply.caching)
    revalidates = None
    if reply.http.status == 200 and caching.get("etag"):
        again = page.fetch(service, deadline=deadline, etag=caching["etag"]).reply
        revalidates = again is not None and again.http.status == 304
    return Served(
        status=reply.http.status,
        content_type=reply.http.content_type,
        cache_control=caching.get("cache-control", ""),
        etag=caching.get("etag", ""),
        last_modified=caching.get("last-modified", ""),
        server_date=reply.http.server_date,
        skew_s=reply.http.skew_s,
        revalidates=revalidates,
        elapsed_ms=reply.http.elapsed_ms,
    )


def _not_a_notice(reply: http.Reply, source: str) -> Iterator[str]:
    answer = reply.http
    if answer.status in http.REDIRECTS:
        leads = without_secrets(reply.location)
        where = "to itself" if leads == source else f"to {one_line(leads, 200)}" if leads else "nowhere"
        cure = "let the server answer here" if leads in ("", source) else "name that address instead"
        yield (
            f"It answers with status {answer.status} and leads {where}; agents follow no redirects, "
            f"so {cure}."
        )
    elif answer.status != 200:
        yield f"It answers with status {answer.status}, so agents ignore it; a notice comes with status 200."
    elif answer.body_bytes >= http.BODY_LIMIT_BYTES:
        yield _TOO_LONG


def _out_of_reach(evidence: Evidence, limit_s: float) -> Iterator[str]:
    yield f"It gives no answer that can be used within {limit_s:g} s, so agents show no notice."
    yield from (line for line in narrate(evidence) if not line.startswith(("Target", "Measured")))


def _remarks_on(served: Served, service: Target, has_query: bool) -> Iterator[str]:
    if service.scheme == "http":
        yield "It comes over plain http, where anybody on the way can change it; serve it over https."
    if has_query:
        yield "What follows the ? in the address is not sent by agents."
    kind = served.content_type.partition(";")[0].strip().lower()
    if kind != "application/json":
        yield f"Its content type is {kind or 'missing'}; agents read it, but it should be application/json."
    if not served.cache_control:
        yield "It has no Cache-Control, so proxies may keep an old notice; send Cache-Control: no-cache."
    elif (kept_s := _kept_s(served.cache_control)) > CACHE_LIMIT_S:
        yield f"Proxies may show an old notice for {kept_s:,} s; send Cache-Control: no-cache."
    if not served.etag:
        yield "It has no ETag, so every request takes the whole answer."
    elif not served.revalidates:
        yield "It has an ETag, but a request with it is not answered with status 304."
    if served.server_date is None:
        yield "The server tells no time (Date), so the notice ends by the clock of each computer."
    elif served.skew_s is not None and abs(served.skew_s) > status.SKEW_LIMIT.total_seconds():
        way = "ahead of" if served.skew_s > 0 else "behind"
        yield (
            f"The server's clock is {abs(served.skew_s):,} s {way} this computer's; the notice ends by the "
            "server's."
        )


def _kept_s(cache_control: str) -> int:
    """How long proxies may keep a copy without asking, in seconds."""
    directives = cache_control.lower()
    age = _MAX_AGE.search(directives)
    return int(age[1]) if age and "no-cache" not in directives and "no-store" not in directives else 0


def _broken(source: str, outcome: ServiceNoticeOutcome, *faults: str) -> Inspection:
    return Inspection(source=source, outcome=outcome, is_shown=False, faults=list(faults))


def _shown(until: datetime) -> str:
    try:
        return until.astimezone().isoformat(" ", "minutes")
    except (OverflowError, OSError, ValueError):  # beyond the calendar
        return until.isoformat(" ", "minutes")


def _named(path: Path) -> str:
    return one_line(str(path), 300)
