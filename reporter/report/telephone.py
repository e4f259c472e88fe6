"""Telephone: what a person reads out to support, in a few plain sentences.

The number first, then what is so in one sentence, then three to five facts; the last of them is for support
in support's own words.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime

from reporter.diagnosis.verdict import Confidence
from reporter.report.model import Report
from reporter.report.spoken import Spoken, Step, spoken
from reporter.texts import N_, Translator
from reporter.texts.safe import one_line

HEADLINE_LIMIT_CHARS = 200

_STOPS = {
    "local.no_address": N_("This computer has no address in any network."),
    "local.no_route": N_("This computer is connected to no network."),
    "proxy.auth_required": N_("The proxy wants to know who uses it."),
    "proxy.denied": N_("The proxy does not let this address through."),
    "proxy": N_("The way ended at the proxy."),
    "dns.not_found": N_("The name of the server was not found."),
    "dns.no_answer": N_("The name servers did not answer."),
    "dns": N_("The name of the server could not be looked up."),
    "tcp.refused": N_("The connection was turned down."),
    "tcp.timed_out": N_("The server did not answer."),
    "tcp.unreachable": N_("No way leads to the server at the moment."),
    "tcp.no_route": N_("No way leads to the server at the moment."),
    "tcp.blocked": N_("This computer does not let the connection out."),
    "tcp.reset": N_("The connection was cut off."),
    "tcp": N_("No connection came about."),
    "tls.untrusted": N_("The certificate of the server was not accepted."),
    "tls.not_tls": N_("What answers there offers no secure connection."),
    "tls.client_certificate": N_("The server asks for a personal certificate."),
    "tls": N_("No secure connection came about."),
    "http.answered": N_("The server answers with status {code}."),
    "http.no_answer": N_("The server took the request and did not answer."),
    "http.cut_short": N_("The server's answer broke off."),
    "http": N_("The server's answer could not be understood."),
    "portal": N_("The network wants a sign-in on a page of its own."),
    "database.refused": N_("The database answers with code {code}."),
    "database": N_("The database did not answer as expected."),
}
"""What is said of the stage at which the way ended: by stage and outcome, else by stage."""
_PASSED = {
    "proxy.tunnel": N_("proxy in {elapsed} ms"),
    "proxy.relayed": N_("proxy in {elapsed} ms"),
    "dns.resolved": N_("name in {elapsed} ms"),
    "tcp.connected": N_("connection in {elapsed} ms"),
    "tls.verified": N_("secure connection in {elapsed} ms"),
}
_CONFIDENCES = {
    Confidence.CERTAIN: N_("certain"),
    Confidence.LIKELY: N_("likely"),
    Confidence.POSSIBLE: N_("possible"),
}
_ON_THE_WAY = ("local", "proxy", "dns", "tcp", "tls", "http", "database", "portal")


def read_out(report: Report, texts: Translator) -> list[str]:
    """The sentences to read out; pure. ``report`` as it would be sent: what is hidden there stays hidden."""
    content = spoken(report)
    say = texts.say
    number = "\u00a0–\u00a0".join("\u00a0".join(group) for group in report.reference.split("-"))
    return [
        say("The number of my report is {reference}.", reference=number),
        _headline(report, content, texts),
        *_facts(report, content, texts),
    ]


def _headline(report: Report, content: Spoken, texts: Translator) -> str:
    say = texts.say
    name = content.application or say("The program")
    if report.failure.is_request:
        headline = say("I ask for help with a problem")
    elif report.failure.action == "run":
        headline = say("{application} has ended unexpectedly", application=name)
    elif report.failure.is_crash or report.verdict is None:
        headline = say("A part of {application} did not work", application=name)
    else:
        headline = one_line(report.verdict.headline, HEADLINE_LIMIT_CHARS)
    return headline if headline.endswith((".", "?", "…")) else f"{headline}."


def _facts(report: Report, content: Spoken, texts: Translator) -> Iterator[str]:
    say = texts.say
    day, minute = _local(report.failure.occurred_at or report.created_at)
    if content.application:
        name = " ".join(filter(None, (content.application, content.version)))
        yield say("It was at {time} on {day}, in {application}.", time=minute, day=day, application=name)
    else:
        yield say("It was at {time} on {day}.", time=minute, day=day)
    if content.host:
        yield say("The server is {address}, port {port}.", address=content.host, port=content.port)
    stop, passed = _way(content, texts)
    if content.valid_from and content.valid_until and report.verdict is not None:
        first, last = _local(content.valid_from)[0], _local(content.valid_until)[0]
        dates = say("The certificate is for the time from {first} to {last}.", first=first, last=last)
        yield f"{stop} {dates}".strip()
    elif stop:
        yield stop
    if passed:
        yield say("Before that it worked: {stages}.", stages=", ".join(passed))
    if content.cause:
        yield say("For support: {words}.", words=", ".join(_for_support(content, texts)))


def _way(content: Spoken, texts: Translator) -> tuple[str, list[str]]:
    """What is said of the stage at which the way ended, and of those that were passed before."""
    passed, stop = [], ""
    for step in content.steps:
        if step.stage not in _ON_THE_WAY:
            continue
        if words := _PASSED.get(f"{step.stage}.{step.outcome}"):
            passed.append(texts.say(words, elapsed=step.elapsed_ms))
        elif not _is_quiet(step):
            words = _STOPS.get(f"{step.stage}.{step.outcome}") or _STOPS.get(step.stage, "")
            stop = texts.say(words, code=step.code)
    return stop, passed


def _is_quiet(step: Step) -> bool:
    """It says nothing: an address instead of a name, or a database that is ready."""
    return step.outcome in ("literal", "ready") or (step.outcome == "answered" and not step.code)


def _for_support(content: Spoken, texts: Translator) -> Iterator[str]:
    yield content.cause
    ways = [step for step in content.steps if step.stage in _ON_THE_WAY and step.code]
    if ways:
        yield texts.say("code {code}", code=ways[-1].code)
    if content.confidence is not None:
        yield texts.say(_CONFIDENCES[content.confidence])
    if content.runner_up:
        yield texts.say("or else {cause}", cause=content.runner_up)
    if content.skew_s is not None:
        yield texts.say("clocks apart by {minutes} min", minutes=round(abs(content.skew_s) / 60))


def _local(moment: datetime) -> tuple[str, str]:
    """Day and time of day, by the clock on the wall."""
    with contextlib.suppress(OverflowError, ValueError, OSError):  # at the ends of the calendar
        moment = moment.astimezone()
    return moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M")
