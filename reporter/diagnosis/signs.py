"""Signs: what a few pieces of evidence show together, where one alone would not.

The name server's word beside the system's, and what the host application met beside what was measured.
"""

from __future__ import annotations

from reporter.diagnosis import dnsmessage
from reporter.diagnosis.evidence import DnsOutcome, Evidence, Fault, TcpOutcome, TlsOutcome
from reporter.diagnosis.hearsay import UNREADABLE_TYPES, type_names

# Tickets and tokens are refused beyond it, by Kerberos's own default.
CLOCK_SKEW_LIMIT_S = 300

_PAGE_TYPES = ("text/html", "application/xhtml+xml")
# Packages whose exceptions speak of Kerberos tickets and signed tokens, both good for a limited time.
_TICKET_PACKAGES = (
    "gssapi",
    "jose",
    "jwt",
    "kerberos",
    "krb5",
    "requests_gssapi",
    "requests_kerberos",
    "spnego",
    "winkerberos",
)


def name_server_unable(evidence: Evidence) -> bool:
    """The name server answers, so the network is well, but it cannot or will not look the name up."""
    resolver = evidence.resolver
    answers = (None, dnsmessage.NO_ERROR, dnsmessage.NO_SUCH_NAME)
    return resolver is not None and resolver.rcode not in answers and _names(evidence, DnsOutcome.NO_ANSWER)


def without_address(evidence: Evidence) -> bool:
    """The name server knows the name, but no address for it."""
    resolver = evidence.resolver
    known = resolver is not None and resolver.rcode == dnsmessage.NO_ERROR and not resolver.addresses
    return known and _names(evidence, DnsOutcome.NOT_FOUND)


def hidden(evidence: Evidence) -> bool:
    """The name server knows the name, and the system does not."""
    resolver = evidence.resolver
    return resolver is not None and bool(resolver.addresses) and _names(evidence, DnsOutcome.NOT_FOUND)


def overridden(evidence: Evidence) -> bool:
    """The name leads elsewhere than the name server says, and there is not what was expected."""
    dns, resolver, tcp, tls = evidence.dns, evidence.resolver, evidence.tcp, evidence.tls
    if dns is None or resolver is None or dns.outcome is not DnsOutcome.RESOLVED:
        return False
    differs = not set(dns.addresses) & set(resolver.addresses)
    answers = resolver.rcode == dnsmessage.NO_SUCH_NAME or bool(resolver.addresses)
    elsewhere = (Fault.WRONG_NAME, Fault.SELF_SIGNED, Fault.UNKNOWN_ISSUER)
    is_stranger = tls is not None and (
        tls.outcome is TlsOutcome.NOT_TLS or any(fault in tls.faults for fault in elsewhere)
    )
    not_there = tcp is not None and tcp.outcome is not TcpOutcome.CONNECTED
    return (
        differs
        and answers
        and (not_there or is_stranger or (evidence.http is not None and evidence.http.status in (404, 421)))
    )


def ticket_clock(evidence: Evidence) -> bool:
    """A ticket or token was not accepted, and the clocks differ by more than such things allow."""
    reported, http = evidence.reported, evidence.http
    if reported is None or http is None or http.skew_s is None or reported.problem is not None:
        return False
    packages = {name.partition(".")[0] for name in [reported.type, *reported.chain]}
    not_accepted = reported.status == 401 or not packages.isdisjoint(_TICKET_PACKAGES)
    return not_accepted and abs(http.skew_s) >= CLOCK_SKEW_LIMIT_S


def unexpected_page(evidence: Evidence) -> bool:
    """The host application was given a page for people where its interface was asked for."""
    reported = evidence.reported
    kind = "" if reported is None else reported.content_type.partition(";")[0].strip().lower()
    return kind in _PAGE_TYPES and _answer_for_another(evidence)


def unreadable(evidence: Evidence) -> bool:
    """The host application could not read an answer that was not an error."""
    reported = evidence.reported
    is_unreadable = reported is not None and not UNREADABLE_TYPES.isdisjoint(type_names(reported))
    return is_unreadable and _answer_for_another(evidence)


def _answer_for_another(evidence: Evidence) -> bool:
    """An answer that neither side's status calls an error: it may be well, but for somebody else."""
    reported, http = evidence.reported, evidence.http
    told = None if reported is None else reported.status
    seen = None if http is None else http.status
    return http is not None and all(status is None or 200 <= status < 400 for status in (told, seen))


def _names(evidence: Evidence, outcome: DnsOutcome) -> bool:
    return evidence.dns is not None and evidence.dns.outcome is outcome
