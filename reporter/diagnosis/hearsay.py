"""Hearsay: what the host application saw, and the evidence it would have been had we measured it.

The same rules then judge both. Only numbers, names of types and statuses count, never the text of
a message.
"""

from __future__ import annotations

from msgspec.structs import replace

from reporter.capture.failure import Failure
from reporter.diagnosis import answer, codes
from reporter.diagnosis.evidence import (
    Database,
    DatabaseOutcome,
    Dns,
    DnsOutcome,
    Evidence,
    Http,
    HttpOutcome,
    Proxy,
    ProxyOutcome,
    Reported,
    Tcp,
    TcpOutcome,
    Tls,
    TlsOutcome,
)
from reporter.texts.safe import one_line

CHAIN_LIMIT = 32
NAME_LIMIT_CHARS = 256
NUMBER_LIMIT = 2**31

# Root exceptions of the standard library without a number, and the wrappers of HTTP libraries that
# name the stage. The last part of a dotted name counts.
_TCP_BY_TYPE = {
    "ConnectionRefusedError": TcpOutcome.REFUSED,
    "ConnectionResetError": TcpOutcome.RESET,
    "ConnectionAbortedError": TcpOutcome.RESET,
    "BrokenPipeError": TcpOutcome.RESET,
    "ConnectTimeout": TcpOutcome.TIMED_OUT,
    "ConnectTimeoutError": TcpOutcome.TIMED_OUT,
}
_HTTP_BY_TYPE = {
    "RemoteDisconnected": HttpOutcome.NO_ANSWER,
    "ServerDisconnectedError": HttpOutcome.NO_ANSWER,
    "ReadTimeout": HttpOutcome.NO_ANSWER,
    "ReadTimeoutError": HttpOutcome.NO_ANSWER,
    "IncompleteRead": HttpOutcome.CUT_SHORT,
    "TooManyRedirects": HttpOutcome.REDIRECT_LOOP,
}
# The answer arrived, but was not what the host application can read.
UNREADABLE_TYPES = {"JSONDecodeError", "ContentTypeError", "InvalidJSONError", "ContentDecodingError"}


def heard(failure: Failure) -> Reported | None:
    """What of a Failure a rule may decide on; None where it names neither an exception nor an answer."""
    exception, response = failure.exception, failure.response
    if exception is None and response is None:
        return None
    reported = Reported()
    if exception is not None:
        reported = replace(
            reported,
            type=one_line(exception.type, NAME_LIMIT_CHARS),
            errno=_number(exception.errno),
            gai_code=_number(exception.gai_code),
            reason=None if exception.reason is None else one_line(exception.reason, NAME_LIMIT_CHARS),
            verify_code=_number(exception.verify_code),
            timed_out=exception.timed_out,
            chain=[one_line(name, NAME_LIMIT_CHARS) for name in exception.chain[:CHAIN_LIMIT]],
            sqlstate=one_line(exception.sqlstate, NAME_LIMIT_CHARS),
            ldap_code=_number(exception.ldap_code),
            ldap_data=one_line(exception.ldap_data, NAME_LIMIT_CHARS).lower(),
        )
    if response is not None:
        reported = replace(
            reported,
            status=response.status if 100 <= response.status <= 599 else None,
            content_type=one_line(response.content_type, NAME_LIMIT_CHARS),
            retry_after=one_line(response.retry_after, NAME_LIMIT_CHARS),
            problem=None if response.problem is None else answer.problem_of(response.problem),
        )
    return reported


def as_measured(evidence: Evidence) -> Evidence | None:
    """The evidence with what was reported in place of what was measured; None where it tells nothing."""
    reported = evidence.reported
    if reported is None:
        return None
    # nothing that was measured later, nor the routes, speaks of that moment
    bare = Evidence(target=evidence.target, taken_at=evidence.taken_at, reported=reported)
    names = type_names(reported)
    port = 0 if evidence.target is None else evidence.target.port
    if reported.status is not None or reported.problem is not None:
        return replace(bare, http=_answered(evidence, reported))
    if reported.sqlstate or reported.ldap_code is not None or reported.ldap_data:
        return replace(bare, database=_refused(reported))
    if "ProxyError" in names:
        return replace(bare, proxy=_proxy(evidence, reported, names))
    if reported.verify_code is not None:
        fault = codes.certificate_fault(reported.verify_code)
        faults = [] if fault is None else [fault]
        tls = Tls(outcome=TlsOutcome.UNTRUSTED, verify_code=reported.verify_code, faults=faults)
        # the certificate as measured, if it was, gives the dates and names for the sentences
        certificate = None if evidence.tls is None else evidence.tls.certificate
        return replace(bare, tls=replace(tls, certificate=certificate))
    if reported.reason:
        outcome = codes.tls_outcome(reported.reason)
        return replace(bare, tls=Tls(outcome=outcome, reason=reported.reason))
    if reported.gai_code is not None or "gaierror" in names:
        # a look-up without its code: the name is the likeliest, and the confidence is low anyway
        dns = DnsOutcome.NOT_FOUND if reported.gai_code is None else codes.dns_outcome(reported.gai_code)
        return replace(bare, dns=Dns(outcome=dns, gai_code=reported.gai_code))
    for name, http in _HTTP_BY_TYPE.items():
        if name in names:
            return replace(bare, http=Http(outcome=http))
    if names & UNREADABLE_TYPES:
        return replace(bare, http=Http(outcome=HttpOutcome.ANSWERED))
    return _connection(bare, reported, names, port)


def _proxy(evidence: Evidence, reported: Reported, names: set[str]) -> Proxy:
    """The proxy as the host application met it; what it answered stands only in the text of its exception."""
    if reported.gai_code is not None or names & {"gaierror", "NameResolutionError"}:
        outcome = ProxyOutcome.UNKNOWN_NAME
    elif codes.tls_outcome(reported.reason) is TlsOutcome.NOT_TLS:
        outcome = ProxyOutcome.WRONG_SCHEME
    elif reported.errno is not None or "NewConnectionError" in names:
        outcome = ProxyOutcome.UNREACHABLE
    elif reported.timed_out:
        outcome = ProxyOutcome.NO_ANSWER
    else:
        outcome = ProxyOutcome.FAILED
    address = "" if evidence.local is None else evidence.local.proxy
    return Proxy(
        address=address,
        source="",
        outcome=outcome,
        errno=reported.errno,
        gai_code=reported.gai_code,
        reason=reported.reason,
    )


def type_names(reported: Reported) -> set[str]:
    """The last parts of the names of all exception types that were met."""
    return {name.rpartition(".")[2] for name in [reported.type, *reported.chain]}


def _refused(reported: Reported) -> Database:
    return Database(
        protocol="postgresql" if reported.sqlstate else "ldap",
        outcome=DatabaseOutcome.REFUSED,
        sqlstate=reported.sqlstate,
        ldap_code=reported.ldap_code,
        ldap_data=reported.ldap_data,
    )


def _answered(evidence: Evidence, reported: Reported) -> Http:
    """The host's answer; where the probe saw the same status, its Retry-After and clock complete it."""
    http = Http(
        outcome=HttpOutcome.ANSWERED,
        status=reported.status,
        content_type=reported.content_type,
        problem=reported.problem,
        retry_after=reported.retry_after,
    )
    seen = evidence.http
    if seen is not None and seen.status == reported.status:
        http = replace(http, retry_after=http.retry_after or seen.retry_after, server_date=seen.server_date)
    return http


def _connection(bare: Evidence, reported: Reported, names: set[str], port: int) -> Evidence | None:
    outcome = codes.tcp_outcome(reported.errno)
    if outcome is TcpOutcome.FAILED:
        outcome = next((tcp for name, tcp in _TCP_BY_TYPE.items() if name in names), outcome)
    if outcome is TcpOutcome.FAILED and reported.timed_out:
        outcome = TcpOutcome.TIMED_OUT
    if outcome is TcpOutcome.FAILED:
        return None
    return replace(bare, tcp=Tcp(outcome=outcome, port=port))


def _number(value: int | None) -> int | None:
    """Numbers from outside that no system gives are dropped; JSON could not carry them either."""
    return value if value is not None and abs(value) < NUMBER_LIMIT else None
