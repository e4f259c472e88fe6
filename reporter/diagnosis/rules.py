"""The rules: an ordered table from Evidence to Verdict; the first that matches wins.

Roots stand before symptoms: this computer, its names, the connection, its security, the answer, the
application. ``diagnose`` is pure, so that support can replay a report and get the same verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from reporter.diagnosis import codes
from reporter.diagnosis.answer import TYPED_CODES, retry_moment
from reporter.diagnosis.evidence import (
    DnsOutcome,
    Evidence,
    Fault,
    Http,
    HttpOutcome,
    TcpOutcome,
    TlsOutcome,
)
from reporter.diagnosis.hearsay import as_measured
from reporter.diagnosis.target import HTTP_SCHEMES, TLS_SCHEMES
from reporter.diagnosis.verdict import Confidence, Owner, Retry, Verdict
from reporter.diagnosis.wording import sentences
from reporter.texts import Translator, translator

CLOCK_SKEW_LIMIT_S = 300
# Typed answers about the one who signs in; they count only when the host application, which did, got them.
PERSONAL_CODES = ("account_disabled", "account_locked", "bad_credentials", "mfa_required", "password_expired")

# Answers to a question that did not suit the address; the server is there and well.
_ANSWERS_ANYWAY = (405, 406, 411, 415, 422, 426, 428)
# What a proxy that was gone around explains.
_DIRECT_LAYERS = ("local", "dns", "tcp")
_CONNECTION_LAYERS = ("local", "dns", "tcp", "tls")


class Rule(NamedTuple):
    """One row. ``runner_up``: the neighbour that looks the same, where there is one."""

    cause: str
    owner: Owner
    confidence: Confidence
    retry: Retry
    when: Callable[[Evidence], bool]
    runner_up: str | None = None

    @property
    def layer(self) -> str:
        """The part of the cause before the dot; empty for ``ok`` and ``unknown``."""
        return self.cause.rpartition(".")[0]


def _dns(*outcomes: DnsOutcome) -> Callable[[Evidence], bool]:
    return lambda e: e.dns is not None and e.dns.outcome in outcomes


def _tcp(*outcomes: TcpOutcome) -> Callable[[Evidence], bool]:
    return lambda e: e.tcp is not None and e.tcp.outcome in outcomes


def _tls(*outcomes: TlsOutcome) -> Callable[[Evidence], bool]:
    return lambda e: e.tls is not None and e.tls.outcome in outcomes


def _fault(fault: Fault) -> Callable[[Evidence], bool]:
    return lambda e: e.tls is not None and fault in e.tls.faults


def _http(*outcomes: HttpOutcome) -> Callable[[Evidence], bool]:
    return lambda e: e.http is not None and e.http.outcome in outcomes


def _status(*statuses: int) -> Callable[[Evidence], bool]:
    return lambda e: e.http is not None and e.http.status in statuses


def _typed(code: str) -> Callable[[Evidence], bool]:
    return lambda e: _code(e.http) == code


def _code(http: Http | None) -> str:
    """The code of a typed answer; empty for codes that are not known."""
    code = "" if http is None or http.problem is None else http.problem.code
    return code if code in TYPED_CODES else ""


def _any_route(evidence: Evidence) -> bool:
    return evidence.local is not None and any(route.is_open for route in evidence.local.routes)


def _no_network(evidence: Evidence) -> bool:
    """No way out and no address of its own, and the target was not reached all the same."""
    alone = evidence.local is not None and evidence.local.has_address is False
    unresolved = _dns(DnsOutcome.NOT_FOUND, DnsOutcome.NO_ANSWER, DnsOutcome.FAILED)(evidence)
    return alone and (unresolved or _tcp(TcpOutcome.NO_ROUTE)(evidence))


def _no_way_out(evidence: Evidence) -> bool:
    """The network is unreachable, and not only that of the target's address family."""
    return _tcp(TcpOutcome.NO_ROUTE)(evidence) and not _any_route(evidence)


def _blocked(evidence: Evidence) -> bool:
    """The system forbids this connection, or any connection so that not even names can be asked."""
    local = evidence.local
    forbidden = local is not None and any(
        codes.tcp_outcome(route.errno) is TcpOutcome.BLOCKED for route in local.routes
    )
    unresolved = _dns(DnsOutcome.NO_ANSWER, DnsOutcome.FAILED)(evidence)
    return _tcp(TcpOutcome.BLOCKED)(evidence) or (forbidden and not _any_route(evidence) and unresolved)


def _clock(evidence: Evidence) -> bool:
    """The certificate's dates do not fit this computer's clock, but fit the server's."""
    tls = evidence.tls
    if tls is None or tls.certificate is None or tls.server_date is None or tls.skew_s is None:
        return False
    fits = tls.certificate.not_before <= tls.server_date <= tls.certificate.not_after
    dates = _fault(Fault.EXPIRED)(evidence) or _fault(Fault.NOT_YET_VALID)(evidence)
    return dates and fits and abs(tls.skew_s) > CLOCK_SKEW_LIMIT_S


def _plain_service(evidence: Evidence) -> bool:
    """The port speaks something else: by OpenSSL's word, or by its greeting."""
    spoken = evidence.tls is not None and bool(evidence.tls.speaks)
    hung_up = _tls(TlsOutcome.CLOSED, TlsOutcome.RESET, TlsOutcome.TIMED_OUT)(evidence)
    return _tls(TlsOutcome.NOT_TLS)(evidence) or (hung_up and spoken)


def _client_certificate(evidence: Evidence) -> bool:
    return _tls(TlsOutcome.CLIENT_CERTIFICATE)(evidence) or _http(HttpOutcome.CLIENT_CERTIFICATE)(evidence)


def _come_back_later(evidence: Evidence) -> bool:
    return _status(503)(evidence) and _return_at(evidence) is not None


def _well(evidence: Evidence) -> bool:
    """The target answers: a page, a redirect, a request to sign in, or the bare service."""
    http, scheme = evidence.http, "" if evidence.target is None else evidence.target.scheme
    if http is not None:
        asks_to_sign_in = http.status == 401 and "www-authenticate" in http.headers
        status = http.status or 0
        fine = 200 <= status < 400 or status in _ANSWERS_ANYWAY or asks_to_sign_in
        return fine and http.outcome is HttpOutcome.ANSWERED
    if scheme in TLS_SCHEMES:
        return scheme not in HTTP_SCHEMES and _tls(TlsOutcome.VERIFIED)(evidence)
    return scheme not in HTTP_SCHEMES and _tcp(TcpOutcome.CONNECTED)(evidence)


_unreachable = _tcp(TcpOutcome.UNREACHABLE, TcpOutcome.NO_ROUTE)
_handshake_refused = _tls(TlsOutcome.REFUSED)

_USER, _IT, _SERVER, _NETWORK = Owner.USER, Owner.IT, Owner.SERVER, Owner.NETWORK
_CERTAIN, _LIKELY, _POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_AUTOMATIC, _AFTER_FIX, _BY_HAND = Retry.AUTOMATIC, Retry.AFTER_FIX, Retry.BY_HAND

# "dns.vpn_off", "tls.inspected": neighbours that only configured control addresses can tell apart
# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("local.no_network", _USER, _CERTAIN, _AUTOMATIC, _no_network),
    Rule("local.no_network", _USER, _LIKELY, _AUTOMATIC, _no_way_out, "tcp.unreachable"),
    Rule("local.blocked", _IT, _CERTAIN, _AFTER_FIX, _blocked),
    Rule("dns.bad_name", _IT, _CERTAIN, _AFTER_FIX, _dns(DnsOutcome.BAD_NAME)),
    Rule("dns.not_found", _IT, _LIKELY, _AFTER_FIX, _dns(DnsOutcome.NOT_FOUND), "dns.vpn_off"),
    Rule("dns.no_answer", _NETWORK, _LIKELY, _AUTOMATIC, _dns(DnsOutcome.NO_ANSWER), "local.no_network"),
    Rule("tcp.refused", _SERVER, _LIKELY, _AUTOMATIC, _tcp(TcpOutcome.REFUSED), "tcp.timeout"),
    Rule("tcp.reset", _NETWORK, _CERTAIN, _AUTOMATIC, _tcp(TcpOutcome.RESET)),
    Rule("tcp.timeout", _NETWORK, _LIKELY, _AUTOMATIC, _tcp(TcpOutcome.TIMED_OUT), "tcp.unreachable"),
    Rule("tcp.unreachable", _NETWORK, _LIKELY, _AUTOMATIC, _unreachable, "tcp.timeout"),
    Rule("tls.not_tls", _IT, _CERTAIN, _AFTER_FIX, _plain_service),
    Rule("tcp.reset", _NETWORK, _CERTAIN, _AUTOMATIC, _tls(TlsOutcome.RESET)),
    Rule("tls.no_answer", _NETWORK, _CERTAIN, _AUTOMATIC, _tls(TlsOutcome.TIMED_OUT)),
    Rule("tls.closed", _NETWORK, _CERTAIN, _AUTOMATIC, _tls(TlsOutcome.CLOSED)),
    Rule("tls.no_common_version", _IT, _CERTAIN, _AFTER_FIX, _tls(TlsOutcome.NO_COMMON_VERSION)),
    Rule("tls.unknown_host", _SERVER, _CERTAIN, _AFTER_FIX, _tls(TlsOutcome.UNKNOWN_HOST)),
    Rule("tls.client_certificate", _IT, _CERTAIN, _AFTER_FIX, _client_certificate),
    Rule("tls.handshake_refused", _IT, _LIKELY, _AFTER_FIX, _handshake_refused, "tls.client_certificate"),
    Rule("local.clock", _USER, _LIKELY, _AFTER_FIX, _clock, "tls.expired"),
    Rule("tls.wrong_name", _SERVER, _CERTAIN, _AFTER_FIX, _fault(Fault.WRONG_NAME)),
    Rule("tls.expired", _SERVER, _CERTAIN, _AFTER_FIX, _fault(Fault.EXPIRED)),
    Rule("tls.not_yet_valid", _SERVER, _CERTAIN, _AFTER_FIX, _fault(Fault.NOT_YET_VALID)),
    Rule("tls.self_signed", _IT, _CERTAIN, _AFTER_FIX, _fault(Fault.SELF_SIGNED)),
    Rule("tls.unknown_issuer", _IT, _LIKELY, _AFTER_FIX, _fault(Fault.UNKNOWN_ISSUER), "tls.inspected"),
    Rule("app.bad_credentials", _USER, _CERTAIN, _BY_HAND, _typed("bad_credentials")),
    Rule("app.account_locked", _USER, _CERTAIN, _BY_HAND, _typed("account_locked")),
    Rule("app.account_disabled", _USER, _CERTAIN, _BY_HAND, _typed("account_disabled")),
    Rule("app.password_expired", _USER, _CERTAIN, _BY_HAND, _typed("password_expired")),
    Rule("app.mfa_required", _USER, _CERTAIN, _BY_HAND, _typed("mfa_required")),
    Rule("app.licence_exhausted", _SERVER, _CERTAIN, _AUTOMATIC, _typed("licence_exhausted")),
    Rule("app.session_locked", _SERVER, _CERTAIN, _AFTER_FIX, _typed("session_locked")),
    Rule("app.maintenance", _SERVER, _CERTAIN, _AUTOMATIC, _typed("maintenance")),
    Rule("app.client_too_old", _IT, _CERTAIN, _AFTER_FIX, _typed("client_too_old")),
    Rule("app.too_many_connections", _SERVER, _CERTAIN, _AUTOMATIC, _typed("too_many_connections")),
    Rule("app.starting_up", _SERVER, _CERTAIN, _AUTOMATIC, _typed("starting_up")),
    Rule("app.no_such_database", _SERVER, _CERTAIN, _AFTER_FIX, _typed("no_such_database")),
    Rule("app.session_locked", _SERVER, _CERTAIN, _AFTER_FIX, _status(423)),
    Rule("app.maintenance", _SERVER, _LIKELY, _AUTOMATIC, _come_back_later, "http.unavailable"),
    Rule("http.redirect_loop", _SERVER, _CERTAIN, _AFTER_FIX, _http(HttpOutcome.REDIRECT_LOOP)),
    Rule("ok", _USER, _CERTAIN, _AUTOMATIC, _well),
    Rule("http.unauthorized", _USER, _CERTAIN, _BY_HAND, _status(401)),
    Rule("http.forbidden", _SERVER, _CERTAIN, _AFTER_FIX, _status(403)),
    Rule("http.not_found", _IT, _CERTAIN, _AFTER_FIX, _status(404, 410)),
    Rule("http.too_large", _IT, _CERTAIN, _AFTER_FIX, _status(413, 431)),
    Rule("http.rate_limited", _SERVER, _CERTAIN, _AUTOMATIC, _status(429)),
    Rule("http.bad_gateway", _SERVER, _CERTAIN, _AUTOMATIC, _status(502)),
    Rule("http.unavailable", _SERVER, _CERTAIN, _AUTOMATIC, _status(503)),
    Rule("http.gateway_timeout", _SERVER, _CERTAIN, _AUTOMATIC, _status(504, 408)),
    Rule("http.server_error", _SERVER, _CERTAIN, _AUTOMATIC, _status(*range(500, 600))),
    Rule("http.no_answer", _SERVER, _CERTAIN, _AUTOMATIC, _http(HttpOutcome.NO_ANSWER)),
    Rule("http.cut_short", _NETWORK, _CERTAIN, _AUTOMATIC, _http(HttpOutcome.CUT_SHORT)),
    Rule("unknown", _IT, _POSSIBLE, _BY_HAND, lambda _evidence: True),
)
# fmt: on

_UNKNOWN = RULES[-1]


class _Finding(NamedTuple):
    """A rule that matched, and ``view``: the evidence it matched in, measured or reported."""

    rule: Rule
    view: Evidence
    confidence: Confidence
    retry: Retry

    def at_most(self, confidence: Confidence) -> _Finding:
        """The same with lowered confidence."""
        order = list(Confidence)
        return self._replace(confidence=max(self.confidence, confidence, key=order.index))


def diagnose(evidence: Evidence, texts: Translator | None = None) -> Verdict:
    """The verdict on this evidence, its sentences in the language of ``texts`` (default: English).

    Pure but for the local time zone, in which moments are written. Never raises.
    """
    finding = _find(evidence)
    rule, view = finding.rule, finding.view
    until = _return_at(view)
    headline, advice = sentences(rule.cause, view, until, texts or translator("en"))
    return Verdict(
        cause=rule.cause,
        layer=rule.layer,
        owner=rule.owner,
        confidence=finding.confidence,
        runner_up=_runner_up(rule, view),
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
    went_around_proxy = evidence.local is not None and bool(evidence.local.proxy)
    is_direct_fault = went_around_proxy and measured.rule.layer in _DIRECT_LAYERS
    if is_direct_fault:
        measured = measured.at_most(Confidence.POSSIBLE)
    if evidence.deadline_reached:
        measured = measured.at_most(Confidence.LIKELY)
    reported = evidence.reported
    if reported is None:
        return measured
    heard = as_measured(evidence)
    told = None if heard is None else _first(heard)
    if told is None or (told.rule is _UNKNOWN and reported.status is None):
        # a login that did not work is not "ok", only unexplained
        return _first_of(_UNKNOWN, evidence) if measured.rule.cause == "ok" else measured
    if is_direct_fault:
        return told.at_most(Confidence.LIKELY)
    if measured.rule.layer in _CONNECTION_LAYERS:
        return measured
    is_passing = _passes(told.view.http) or reported.status is None
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
    if _code(http) not in PERSONAL_CODES or http is None:
        return evidence
    return replace(evidence, http=replace(http, problem=None))


def _first(evidence: Evidence) -> _Finding:
    return _first_of(next(rule for rule in RULES if rule.when(evidence)), evidence)


def _first_of(rule: Rule, view: Evidence) -> _Finding:
    return _Finding(rule, view, rule.confidence, rule.retry)


def _passes(http: Http | None) -> bool:
    """Whether an answer speaks of the server's state, not of the one who asked; typed answers stand."""
    status = 0 if http is None else http.status or 0
    return not _code(http) and (status >= 500 or status in (408, 429))


def _runner_up(rule: Rule, view: Evidence) -> str | None:
    """The second fault of a certificate, which is mended after the first; else the rule's neighbour."""
    if view.tls is not None and view.tls.faults:
        others = [f"tls.{fault}" for fault in view.tls.faults if f"tls.{fault}" != rule.cause]
        return others[0] if others else rule.runner_up
    return rule.runner_up


def _return_at(evidence: Evidence) -> datetime | None:
    """When the server asked to come back, if that is still to come."""
    http = evidence.http
    if http is None or (http.problem is None and (http.status or 0) < 400):
        return None
    problem = http.problem
    moment = None if problem is None else problem.until
    if moment is None:
        retry_after = (problem.retry_after if problem is not None else "") or http.retry_after
        moment = retry_moment(retry_after, now=evidence.taken_at, server_date=http.server_date)
    return moment if moment is not None and moment > evidence.taken_at else None
