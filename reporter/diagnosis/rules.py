"""The rules: an ordered table from Evidence to Verdict; the first that matches wins.

Roots stand before symptoms: this computer, its names, the connection, its security, the answer, the
application. Which of the rows that match counts in the end, see weighing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from reporter.diagnosis import codes, differential, extension, signs
from reporter.diagnosis.answer import TYPED_CODES, retry_moment
from reporter.diagnosis.evidence import (
    DatabaseOutcome,
    DnsOutcome,
    Evidence,
    Fault,
    HttpOutcome,
    ProxyOutcome,
    TcpOutcome,
    TlsOutcome,
)
from reporter.diagnosis.target import DATABASE_SCHEMES, HTTP_SCHEMES, TLS_SCHEMES
from reporter.diagnosis.verdict import Confidence, Owner, Retry

# Answers to a question that did not suit the address; the server is there and well.
_ANSWERS_ANYWAY = (405, 406, 411, 415, 422, 426, 428)
# Databases that went on past their certificate.
_SPOKEN = (DatabaseOutcome.READY, DatabaseOutcome.REFUSED)


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
    """A database that speaks past its certificate is not held up by it: its clients seldom verify one."""
    return lambda e: e.tls is not None and fault in e.tls.faults and not _database(*_SPOKEN)(e)


def _http(*outcomes: HttpOutcome) -> Callable[[Evidence], bool]:
    return lambda e: e.http is not None and e.http.outcome in outcomes


def _status(*statuses: int) -> Callable[[Evidence], bool]:
    return lambda e: e.http is not None and e.http.status in statuses


def _database(*outcomes: DatabaseOutcome) -> Callable[[Evidence], bool]:
    return lambda e: e.database is not None and e.database.outcome in outcomes


def _sqlstate(*states: str) -> Callable[[Evidence], bool]:
    return lambda e: _database(DatabaseOutcome.REFUSED)(e) and _state(e) in states


def _state(evidence: Evidence) -> str:
    return "" if evidence.database is None else evidence.database.sqlstate


def _ldap(code: int) -> Callable[[Evidence], bool]:
    """A result code that Active Directory has not explained further."""
    return lambda e: e.database is not None and (e.database.ldap_code, e.database.ldap_data) == (code, "")


def _typed(code: str) -> Callable[[Evidence], bool]:
    return lambda e: answer_code(e) == code


def answer_code(evidence: Evidence) -> str:
    """The code of a typed answer, of the server or of a database; empty for codes that are not known."""
    http, database = evidence.http, evidence.database
    if http is not None and http.problem is not None:
        code = http.problem.code
        is_known = code in TYPED_CODES or extension.installed().find(f"app.{code}") is not None
        return code if is_known else ""
    return "" if database is None else codes.database_code(database)


def _proxy(*outcomes: ProxyOutcome) -> Callable[[Evidence], bool]:
    return lambda e: e.proxy is not None and e.proxy.outcome in outcomes


def _any_route(evidence: Evidence) -> bool:
    return evidence.local is not None and any(route.is_open for route in evidence.local.routes)


def _no_network(evidence: Evidence) -> bool:
    """No way out and no address of its own, and the target was not reached all the same."""
    alone = evidence.local is not None and evidence.local.has_address is False
    unresolved = _dns(DnsOutcome.NOT_FOUND, DnsOutcome.NO_ANSWER, DnsOutcome.FAILED)(evidence)
    not_reached = _no_route(evidence) or differential.is_silent(evidence)
    return alone and (unresolved or not_reached or _proxy(ProxyOutcome.UNKNOWN_NAME)(evidence))


def _no_route(evidence: Evidence) -> bool:
    return _tcp(TcpOutcome.NO_ROUTE)(evidence) or differential.proxy_met(evidence, TcpOutcome.NO_ROUTE)


def _no_way_out(evidence: Evidence) -> bool:
    """The network is unreachable, and not only that of the target's address family."""
    return _no_route(evidence) and not _any_route(evidence)


def _no_way_anywhere(evidence: Evidence) -> bool:
    return _no_way_out(evidence) and differential.nothing_works(evidence)


def _no_way_to_anything(evidence: Evidence) -> bool:
    return differential.is_silent(evidence) and differential.nothing_works(evidence)


def _only_this_name(evidence: Evidence) -> bool:
    """Other names are found, so the name service answers."""
    return _dns(DnsOutcome.NO_ANSWER)(evidence) and differential.network_works(evidence)


def _only_this_server(evidence: Evidence) -> bool:
    """Something else answers, so the network works up to here."""
    return _tcp(TcpOutcome.TIMED_OUT)(evidence) and differential.network_works(evidence)


def _blocked(evidence: Evidence) -> bool:
    """The system forbids this connection, or any connection so that not even names can be asked."""
    local = evidence.local
    forbidden = local is not None and any(
        codes.tcp_outcome(route.errno) is TcpOutcome.BLOCKED for route in local.routes
    )
    unresolved = _dns(DnsOutcome.NO_ANSWER, DnsOutcome.FAILED)(evidence)
    held_back = _tcp(TcpOutcome.BLOCKED)(evidence) or differential.proxy_met(evidence, TcpOutcome.BLOCKED)
    return held_back or (forbidden and not _any_route(evidence) and unresolved)


def _clock(evidence: Evidence) -> bool:
    """The certificate's dates do not fit this computer's clock, but fit the server's."""
    tls = evidence.tls
    if tls is None or tls.certificate is None or tls.server_date is None or tls.skew_s is None:
        return False
    fits = tls.certificate.not_before <= tls.server_date <= tls.certificate.not_after
    dates = _fault(Fault.EXPIRED)(evidence) or _fault(Fault.NOT_YET_VALID)(evidence)
    return dates and fits and abs(tls.skew_s) > signs.CLOCK_SKEW_LIMIT_S


def _plain_service(evidence: Evidence) -> bool:
    """The port speaks something else: by OpenSSL's word, or by its greeting."""
    spoken = evidence.tls is not None and bool(evidence.tls.speaks)
    hung_up = _tls(TlsOutcome.CLOSED, TlsOutcome.RESET, TlsOutcome.TIMED_OUT)(evidence)
    return _tls(TlsOutcome.NOT_TLS)(evidence) or (hung_up and spoken)


def _client_certificate(evidence: Evidence) -> bool:
    return _tls(TlsOutcome.CLIENT_CERTIFICATE)(evidence) or _http(HttpOutcome.CLIENT_CERTIFICATE)(evidence)


def _not_accepted(evidence: Evidence) -> bool:
    """The server does not let in, by its status or by the code of a database."""
    database = evidence.database
    return _status(403)(evidence) or (database is not None and codes.lets_nobody_in(database))


def return_at(evidence: Evidence) -> datetime | None:
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


def _come_back_later(evidence: Evidence) -> bool:
    return _status(503)(evidence) and return_at(evidence) is not None


def is_well(evidence: Evidence) -> bool:
    """The target answers: a page, a redirect, a request to sign in, or the bare service."""
    http, scheme = evidence.http, "" if evidence.target is None else evidence.target.scheme
    if http is not None:
        asks_to_sign_in = http.status == 401 and "www-authenticate" in http.headers
        status = http.status or 0
        fine = 200 <= status < 400 or status in _ANSWERS_ANYWAY or asks_to_sign_in
        return fine and http.outcome is HttpOutcome.ANSWERED
    if scheme in DATABASE_SCHEMES:
        return _database(DatabaseOutcome.READY)(evidence)
    if scheme in TLS_SCHEMES:
        return scheme not in HTTP_SCHEMES and _tls(TlsOutcome.VERIFIED)(evidence)
    return scheme not in HTTP_SCHEMES and _tcp(TcpOutcome.CONNECTED)(evidence)


_unreachable = _tcp(TcpOutcome.UNREACHABLE, TcpOutcome.NO_ROUTE)
_handshake_refused = _tls(TlsOutcome.REFUSED)
_plain_credentials = _ldap(codes.LDAP_CREDENTIALS)
_database_silent = _database(DatabaseOutcome.NO_ANSWER, DatabaseOutcome.CLOSED)

_USER, _IT, _SERVER, _NETWORK = Owner.USER, Owner.IT, Owner.SERVER, Owner.NETWORK
_CERTAIN, _LIKELY, _POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_AUTOMATIC, _AFTER_FIX, _BY_HAND = Retry.AUTOMATIC, Retry.AFTER_FIX, Retry.BY_HAND

# "dns.vpn_off", "tls.inspected": neighbours that only configured control addresses can tell apart
# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("local.no_network", _USER, _CERTAIN, _AUTOMATIC, _no_network),
    Rule("local.no_network", _USER, _CERTAIN, _AUTOMATIC, _no_way_anywhere),
    Rule("local.no_network", _USER, _LIKELY, _AUTOMATIC, _no_way_out, "tcp.unreachable"),
    Rule("local.blocked", _IT, _CERTAIN, _AFTER_FIX, _blocked),
    Rule("dns.bad_name", _IT, _CERTAIN, _AFTER_FIX, _dns(DnsOutcome.BAD_NAME)),
    Rule("portal.sign_in", _USER, _CERTAIN, _AUTOMATIC, differential.signs_in),
    Rule("dns.no_answer", _NETWORK, _LIKELY, _AUTOMATIC, differential.proxy_unasked, "proxy.unknown_name"),
    Rule("proxy.unknown_name", _IT, _CERTAIN, _AFTER_FIX, _proxy(ProxyOutcome.UNKNOWN_NAME)),
    Rule("proxy.unreachable", _NETWORK, _CERTAIN, _AUTOMATIC, _proxy(ProxyOutcome.UNREACHABLE)),
    Rule("proxy.wrong_scheme", _IT, _CERTAIN, _AFTER_FIX, _proxy(ProxyOutcome.WRONG_SCHEME)),
    Rule("proxy.wrong_scheme", _IT, _LIKELY, _AFTER_FIX, _proxy(ProxyOutcome.FAILED), "proxy.no_answer"),
    Rule("proxy.auth_required", _USER, _LIKELY, _BY_HAND, differential.may_sign_in_itself, "unknown"),
    Rule("proxy.auth_required", _USER, _CERTAIN, _BY_HAND, _proxy(ProxyOutcome.AUTH_REQUIRED)),
    Rule("proxy.denied", _IT, _CERTAIN, _AFTER_FIX, _proxy(ProxyOutcome.DENIED)),
    Rule("proxy.bad_gateway", _NETWORK, _LIKELY, _AUTOMATIC, differential.silent_tunnel, "proxy.no_answer"),
    Rule("proxy.bad_gateway", _NETWORK, _CERTAIN, _AUTOMATIC, _proxy(ProxyOutcome.BAD_GATEWAY)),
    Rule("proxy.bad_gateway", _NETWORK, _LIKELY, _AUTOMATIC, differential.relayed_502, "http.bad_gateway"),
    Rule("proxy.no_answer", _NETWORK, _CERTAIN, _AUTOMATIC, _proxy(ProxyOutcome.NO_ANSWER)),
    Rule("proxy.pac_unavailable", _IT, _LIKELY, _AUTOMATIC, differential.pac_unavailable, "tcp.timeout"),
    Rule("dns.overridden", _IT, _LIKELY, _AFTER_FIX, signs.hidden, "dns.not_found"),
    Rule("dns.vpn_off", _USER, _LIKELY, _AUTOMATIC, differential.vpn_hides_name, "dns.not_found"),
    Rule("dns.not_found", _IT, _CERTAIN, _AFTER_FIX, differential.name_is_missing),
    Rule("dns.not_found", _IT, _CERTAIN, _AFTER_FIX, signs.without_address),
    Rule("dns.not_found", _IT, _LIKELY, _AFTER_FIX, _dns(DnsOutcome.NOT_FOUND), "dns.vpn_off"),
    Rule("dns.no_answer", _NETWORK, _CERTAIN, _AUTOMATIC, signs.name_server_unable),
    Rule("dns.no_answer", _NETWORK, _CERTAIN, _AUTOMATIC, _only_this_name),
    Rule("dns.no_answer", _NETWORK, _LIKELY, _AUTOMATIC, _dns(DnsOutcome.NO_ANSWER), "local.no_network"),
    Rule("dns.vpn_off", _USER, _LIKELY, _AUTOMATIC, differential.vpn_hides_server, "tcp.timeout"),
    Rule("local.no_network", _USER, _LIKELY, _AUTOMATIC, _no_way_to_anything, "tcp.timeout"),
    # its runner-up is what would be said if the name led to the right place
    Rule("dns.overridden", _IT, _LIKELY, _AFTER_FIX, signs.overridden, "tcp.timeout"),
    Rule("tcp.refused", _SERVER, _LIKELY, _AUTOMATIC, _tcp(TcpOutcome.REFUSED), "tcp.timeout"),
    Rule("tcp.reset", _NETWORK, _CERTAIN, _AUTOMATIC, _tcp(TcpOutcome.RESET)),
    Rule("tcp.timeout", _NETWORK, _CERTAIN, _AUTOMATIC, _only_this_server),
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
    Rule("local.clock", _USER, _LIKELY, _AFTER_FIX, signs.ticket_clock, "http.unauthorized"),
    Rule("tls.revoked", _SERVER, _CERTAIN, _AFTER_FIX, _fault(Fault.REVOKED)),
    Rule("tls.wrong_name", _SERVER, _CERTAIN, _AFTER_FIX, _fault(Fault.WRONG_NAME)),
    Rule("tls.expired", _SERVER, _CERTAIN, _AFTER_FIX, _fault(Fault.EXPIRED)),
    Rule("tls.not_yet_valid", _SERVER, _CERTAIN, _AFTER_FIX, _fault(Fault.NOT_YET_VALID)),
    Rule("tls.inspected", _IT, _CERTAIN, _AFTER_FIX, differential.surely_inspected),
    Rule("tls.inspected", _IT, _LIKELY, _AFTER_FIX, differential.inspected, "tls.unknown_issuer"),
    Rule("tls.self_signed", _IT, _CERTAIN, _AFTER_FIX, _fault(Fault.SELF_SIGNED)),
    Rule("tls.unknown_issuer", _IT, _LIKELY, _AFTER_FIX, _fault(Fault.UNKNOWN_ISSUER), "tls.inspected"),
    Rule("app.bad_credentials", _USER, _LIKELY, _BY_HAND, _plain_credentials, "app.account_locked"),
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
    Rule("app.too_many_connections", _SERVER, _LIKELY, _AUTOMATIC, _ldap(codes.LDAP_BUSY), "app.starting_up"),
    Rule("app.starting_up", _SERVER, _LIKELY, _AUTOMATIC, _ldap(codes.LDAP_UNAVAILABLE), "app.maintenance"),
    Rule("app.starting_up", _SERVER, _LIKELY, _AUTOMATIC, _sqlstate("57P01", "57P02"), "app.maintenance"),
    Rule("app.session_locked", _SERVER, _CERTAIN, _AFTER_FIX, _status(423)),
    Rule("app.maintenance", _SERVER, _LIKELY, _AUTOMATIC, _come_back_later, "http.unavailable"),
    Rule("http.redirect_loop", _SERVER, _CERTAIN, _AFTER_FIX, _http(HttpOutcome.REDIRECT_LOOP)),
    Rule("http.unexpected_page", _IT, _CERTAIN, _AFTER_FIX, signs.unexpected_page),
    Rule("http.unexpected_page", _IT, _LIKELY, _AFTER_FIX, signs.unreadable, "http.cut_short"),
    Rule("http.unexpected_page", _IT, _CERTAIN, _AFTER_FIX, _database(DatabaseOutcome.NOT_SPOKEN)),
    Rule("ok", _USER, _CERTAIN, _AUTOMATIC, is_well),
    Rule("http.unauthorized", _USER, _CERTAIN, _BY_HAND, _status(401)),
    Rule("http.forbidden", _SERVER, _CERTAIN, _AFTER_FIX, _not_accepted),
    Rule("http.not_found", _IT, _CERTAIN, _AFTER_FIX, _status(404, 410)),
    Rule("http.too_large", _IT, _CERTAIN, _AFTER_FIX, _status(413, 431)),
    Rule("http.wrong_host", _SERVER, _CERTAIN, _AFTER_FIX, _status(421)),
    Rule("http.blocked_by_law", _NETWORK, _CERTAIN, _AFTER_FIX, _status(451)),
    Rule("http.rate_limited", _SERVER, _CERTAIN, _AUTOMATIC, _status(429)),
    Rule("http.bad_gateway", _SERVER, _CERTAIN, _AUTOMATIC, _status(502)),
    Rule("http.unavailable", _SERVER, _CERTAIN, _AUTOMATIC, _status(503)),
    Rule("http.gateway_timeout", _SERVER, _CERTAIN, _AUTOMATIC, _status(504, 408)),
    Rule("http.server_error", _SERVER, _CERTAIN, _AUTOMATIC, _status(*range(500, 600))),
    Rule("http.no_answer", _SERVER, _CERTAIN, _AUTOMATIC, _http(HttpOutcome.NO_ANSWER)),
    Rule("http.no_answer", _SERVER, _CERTAIN, _AUTOMATIC, _database_silent),
    Rule("http.cut_short", _NETWORK, _CERTAIN, _AUTOMATIC, _http(HttpOutcome.CUT_SHORT)),
    Rule("unknown", _IT, _POSSIBLE, _BY_HAND, lambda _evidence: True),
)
# fmt: on

UNKNOWN = RULES[-1]
