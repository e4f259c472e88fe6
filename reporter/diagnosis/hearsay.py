"""Hearsay: what the host application saw, and the evidence it would have been had we measured it.

The same rules then judge both. Only numbers, names of types and statuses count, never the text of
a message.
"""

from __future__ import annotations

from msgspec.structs import replace

from reporter.capture.failure import Failure
from reporter.diagnosis import answer, codes
from reporter.diagnosis.evidence import (
    Dns,
    DnsOutcome,
    Evidence,
    Http,
    HttpOutcome,
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
    bare = replace(evidence, local=None, dns=None, tcp=None, tls=None, http=None)
    names = {name.rpartition(".")[2] for name in [reported.type, *reported.chain]}
    port = 0 if evidence.target is None else evidence.target.port
    if reported.status is not None or reported.problem is not None:
        return replace(bare, http=_answered(evidence, reported))
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
    return _connection(bare, reported, names, port)


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
