"""Weighing: which rule counts, of what was measured and of what the host application saw.

``diagnose`` is pure, so that support can replay a report and get the same verdict.
"""

from __future__ import annotations

import functools
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from reporter.diagnosis import codes, differential, extension
from reporter.diagnosis.evidence import DatabaseOutcome, Evidence, Http, ServiceNoticeOutcome
from reporter.diagnosis.hearsay import as_measured
from reporter.diagnosis.rules import RULES, UNKNOWN, Rule, answer_code, return_at
from reporter.diagnosis.verdict import Confidence, Owner, Retry, Verdict
from reporter.diagnosis.wording import sentences
from reporter.texts import Translator, translator

# Typed answers about the one who signs in; they count only when the host application, which did, got them.
PERSONAL_CODES = ("account_disabled", "account_locked", "bad_credentials", "mfa_required", "password_expired")
# What a proxy that could not be asked explains.
_DIRECT_LAYERS = ("local", "dns", "tcp")
_CONNECTION_LAYERS = ("local", "dns", "proxy", "portal", "tcp", "tls")
# What a notice that names no cause explains: the server cannot be reached, or cannot serve.
_OUTAGES = (
    "tcp.",
    "tls.closed",
    "tls.no_answer",
    "http.bad_gateway",
    "http.cut_short",
    "http.gateway_timeout",
    "http.no_answer",
    "http.server_error",
    "http.unavailable",
    "app.starting_up",
    "app.too_many_connections",
)
# No row, because its runner-up is whatever the others found.
_ANNOUNCED = Rule(
    "app.maintenance",
    Owner.SERVER,
    Confidence.LIKELY,
    Retry.AUTOMATIC,
    lambda _evidence: False,
    "tcp.refused",
)


class _Finding(NamedTuple):
    """A rule that matched, and ``view``: the evidence it matched in, measured or reported."""

    rule: Rule
    view: Evidence
    confidence: Confidence
    retry: Retry
    runner_up: str | None

    def at_most(self, confidence: Confidence) -> _Finding:
        """The same with lowered confidence."""
        order = list(Confidence)
        return self._replace(confidence=max(self.confidence, confidence, key=order.index))


def diagnose(evidence: Evidence, texts: Translator | None = None) -> Verdict:
    """The verdict on this evidence, its sentences in the language of ``texts`` (default: English).

    Pure but for the local time zone, in which moments are written. Never raises.
    """
    finding = _announced(_find(evidence), evidence)
    rule, view = finding.rule, finding.view
    until = _announced_end(finding, evidence) or return_at(view)
    headline, advice = sentences(rule.cause, view, until, texts or translator("en"))
    return Verdict(
        cause=rule.cause,
        layer=rule.layer,
        owner=rule.owner,
        confidence=finding.confidence,
        runner_up=finding.runner_up,
        retry=Retry.AT if until is not None and finding.retry is not Retry.BY_HAND else finding.retry,
        retry_at=until,
        headline=headline,
        advice=advice,
        elapsed_ms=evidence.elapsed_ms,
        target="" if evidence.target is None else evidence.target.display,
        evidence=evidence,
    )


def _find(evidence: Evidence) -> _Finding:
    """The finding that counts: of what was measured, or of what the host application reported.

    What is measured now wins over what was seen before, except where only the host could see: past
    a proxy, and past the sign-in.
    """
    measured = _first(_anonymous(evidence))
    is_direct_fault = differential.proxy_unknown(evidence) and measured.rule.layer in _DIRECT_LAYERS
    if is_direct_fault:
        measured = measured.at_most(Confidence.POSSIBLE)
    if evidence.deadline_reached:
        measured = measured.at_most(Confidence.LIKELY)
    reported = evidence.reported
    if reported is None:
        return measured
    heard = as_measured(evidence)
    told = None if heard is None else _first(heard)
    says = reported.status is not None or bool(reported.sqlstate) or reported.ldap_code is not None
    if told is None or (told.rule is UNKNOWN and not says):
        # a login that did not work is not "ok", only unexplained
        return _first_of(UNKNOWN, evidence) if measured.rule.cause == "ok" else measured
    if is_direct_fault:
        return told.at_most(Confidence.LIKELY)
    if says and measured.rule.cause == "proxy.auth_required":
        return told  # it was let through, with a name that we do not have
    if measured.rule.layer in _CONNECTION_LAYERS:
        return measured
    is_passing = not answer_code(told.view) and (_passes(told.view.http) or not says)
    if not is_passing or measured.rule.cause == told.rule.cause:
        return told
    if measured.rule.layer in ("http", "app") and measured.rule.retry is Retry.AUTOMATIC:
        return measured
    told = told.at_most(Confidence.POSSIBLE)
    # what was amiss a moment ago is well now
    return told._replace(retry=Retry.AUTOMATIC) if measured.rule.cause == "ok" else told


def _anonymous(evidence: Evidence) -> Evidence:
    """The measurement without an answer about a person: the probe sent no name and no password."""
    http = evidence.http
    if http is not None and http.problem is not None and http.problem.code in PERSONAL_CODES:
        evidence = replace(evidence, http=replace(http, problem=None))
    database = evidence.database
    is_refused = database is not None and database.outcome is DatabaseOutcome.REFUSED
    if database is not None and is_refused and codes.concerns_who_asks(database):
        evidence = replace(evidence, database=replace(database, outcome=DatabaseOutcome.READY))
    return evidence


@functools.cache
def _table() -> tuple[Rule, ...]:
    """The rules with those that applications add, which stand before our own of the application."""
    first = next(number for number, rule in enumerate(RULES) if rule.layer == "app")
    added = [
        Rule(cause.cause, cause.owner, Confidence.CERTAIN, cause.retry, functools.partial(_added, cause))
        for cause in extension.installed().causes
    ]
    return (*RULES[:first], *added, *RULES[first:])


def _added(cause: extension.AppCause, evidence: Evidence) -> bool:
    return answer_code(evidence) == cause.code or extension.applies(cause, evidence)


def _first(evidence: Evidence) -> _Finding:
    return _first_of(next(rule for rule in _table() if rule.when(evidence)), evidence)


def _first_of(rule: Rule, view: Evidence) -> _Finding:
    return _Finding(rule, view, rule.confidence, rule.retry, _runner_up(rule, view))


def _announced(finding: _Finding, evidence: Evidence) -> _Finding:
    """The finding, or the maintenance that a valid notice of the startup-error service explains it by."""
    notice, cause = evidence.service_notice, finding.rule.cause
    if notice is None or notice.outcome is not ServiceNoticeOutcome.VALID or cause == _ANNOUNCED.cause:
        return finding
    # what concerns one person alone is never explained by a notice to all
    if not _covers(notice.covers, cause) or finding.retry is Retry.BY_HAND:
        return finding
    return finding._replace(
        rule=_ANNOUNCED, confidence=_ANNOUNCED.confidence, retry=_ANNOUNCED.retry, runner_up=cause
    )


def _announced_end(finding: _Finding, evidence: Evidence) -> datetime | None:
    """When the service's notice about this finding ends, if that is still to come."""
    notice = evidence.service_notice
    if notice is None or notice.outcome is not ServiceNoticeOutcome.VALID or notice.until is None:
        return None
    is_about_it = finding.rule.cause == _ANNOUNCED.cause
    return notice.until if is_about_it and notice.until > evidence.taken_at else None


def _covers(named: str, cause: str) -> bool:
    """Whether a notice that names a cause, a layer or nothing explains a cause."""
    if named in ("", _ANNOUNCED.cause, _ANNOUNCED.layer):
        return cause.startswith(_OUTAGES)
    return cause == named or cause.startswith(f"{named}.")


def _passes(http: Http | None) -> bool:
    """Whether the status of an answer speaks of the server's state, not of the one who asked."""
    status = 0 if http is None else http.status or 0
    return status >= 500 or status in (408, 429)


def _runner_up(rule: Rule, view: Evidence) -> str | None:
    """The second fault of a certificate, which is mended after the first; else the rule's neighbour."""
    if rule.cause == "dns.overridden":
        return next(other.cause for other in RULES if other.cause != rule.cause and other.when(view))
    if view.tls is not None and view.tls.faults:
        others = [f"tls.{fault}" for fault in view.tls.faults if f"tls.{fault}" != rule.cause]
        return others[0] if others else rule.runner_up
    return rule.runner_up
