"""The evidence as text: one measured fact a line, for "Show details…" and for the live display.

English only, like every technical text; names, numbers and dates are what support searches for.
"""

from __future__ import annotations

from datetime import datetime

from reporter.diagnosis.evidence import (
    Certificate,
    Control,
    Database,
    Dns,
    Evidence,
    Http,
    Local,
    PacOutcome,
    PortalOutcome,
    Proxy,
    ProxyOutcome,
    Reported,
    Resolver,
    ServiceNotice,
    Tcp,
    TcpOutcome,
    Tls,
    TlsOutcome,
)
from reporter.texts.safe import one_line

NAMES_SHOWN = 5
MESSAGE_SHOWN_CHARS = 300


def narrate(evidence: Evidence) -> list[str]:
    """What was measured, in the order of measuring."""
    lines = []
    if evidence.target is not None:
        lines.append(f"Target  {evidence.target.display}")
    if evidence.local is not None:
        lines.append(f"Local  {local_result(evidence.local)}")
    lines += _proxy_lines(evidence)
    if evidence.dns is not None:
        name = "the name" if evidence.target is None else evidence.target.host
        lines.append(f"DNS  {name} {dns_result(evidence.dns)} ({evidence.dns.elapsed_ms} ms)")
    if evidence.resolver is not None:
        lines.append(f"DNS  {_resolver(evidence.resolver)}")
    if evidence.tcp is not None:
        lines += _tcp_lines(evidence.tcp)
    if evidence.tls is not None:
        lines += _tls_lines(evidence.tls)
    for redirect in evidence.redirects:
        followed = "followed" if redirect.followed else "not followed"
        lines.append(f"HTTP  status {redirect.status} → {redirect.location} ({followed})")
    if evidence.http is not None:
        lines += _http_lines(evidence.http)
    if evidence.database is not None:
        lines.append(f"Database  {database_result(evidence.database)} ({evidence.database.elapsed_ms} ms)")
    if evidence.service_notice is not None:
        lines += _notice_lines(evidence.service_notice)
    lines += _around_lines(evidence)
    if evidence.reported is not None:
        lines.append(f"Reported  {_reported(evidence.reported)}")
    if evidence.deadline_reached:
        lines.append("The time for the examination was over before its end")
    lines.append(f"Measured  {_moment(evidence.taken_at)}, within {evidence.elapsed_ms} ms")
    return lines


def local_result(local: Local) -> str:
    """This computer, in a few words."""
    open_families = [_FAMILY[route.family] for route in local.routes if route.is_open]
    if open_families:
        return f"routes for {' and '.join(open_families)}"
    closed = ", ".join(f"{_FAMILY[route.family]} errno {route.errno}" for route in local.routes)
    address = {True: ", but an address of its own", False: " and no address", None: ""}[local.has_address]
    return f"no route outward{address}" + (f" ({closed})" if closed else "")


def dns_result(dns: Dns) -> str:
    """The resolver's answer, in a few words."""
    if dns.addresses:
        return f"→ {', '.join(dns.addresses)}"
    result = dns.outcome.value.replace("_", " ")
    if dns.abandoned:
        result += ", abandoned"
    if dns.gai_code is not None:
        result += f", code {dns.gai_code}"
    return result + (f": {dns.name_fault}" if dns.name_fault else "")


def tcp_result(tcp: Tcp) -> str:
    """The connection, in a few words."""
    if tcp.answered is not None:
        return f"{_endpoint(tcp.answered, tcp.port)} connected"
    return f"port {tcp.port} {_words(tcp.outcome)}"


def proxy_result(proxy: Proxy) -> str:
    """The proxy's word, in a few words."""
    words = [f"{proxy.address} {_PROXY[proxy.outcome]}"]
    if proxy.status is not None:
        words.append(f"status {proxy.status}")
    if proxy.authenticate:
        words.append(f"offers {', '.join(proxy.authenticate)}")
    if proxy.gai_code is not None:
        words.append(f"code {proxy.gai_code}")
    if proxy.errno is not None:
        words.append(f"errno {proxy.errno}")
    if proxy.reason:
        words.append(proxy.reason)
    return ", ".join(words)


def tls_result(tls: Tls) -> str:
    """The secure connection, in a few words."""
    if tls.outcome is TlsOutcome.VERIFIED:
        return f"{tls.version}, certificate verified"
    if tls.faults:
        return "certificate " + ", ".join(_words(fault) for fault in tls.faults)
    details = [_words(tls.outcome)]
    if tls.verify_code is not None:
        details.append(f"verify code {tls.verify_code}")
    if tls.reason:
        details.append(tls.reason)
    if tls.errno is not None:
        details.append(f"errno {tls.errno}")
    return ", ".join(details)


def http_result(http: Http) -> str:
    """The answer, in a few words."""
    words = [] if http.status is None else [f"status {http.status}"]
    if http.outcome != "answered":
        words.append(_words(http.outcome))
    if http.reason:
        words.append(http.reason)
    if http.errno is not None:
        words.append(f"errno {http.errno}")
    if http.problem is not None and http.problem.code:
        words.append(f"problem {http.problem.code!r}")
    return ", ".join(words)


def database_result(database: Database) -> str:
    """The database's or directory's word, in a few words."""
    words = [f"{database.protocol} {_words(database.outcome)}"]
    if database.sqlstate:
        words.append(f"SQLSTATE {database.sqlstate}")
    if database.ldap_code is not None:
        words.append(f"result code {database.ldap_code}")
    if database.ldap_data:
        words.append(f"data {database.ldap_data}")
    return ", ".join(words)


_FAMILY = {"ipv4": "IPv4", "ipv6": "IPv6"}
_PROXY = {
    ProxyOutcome.TUNNEL: "opened a way to the target",
    ProxyOutcome.RELAYED: "passes requests on",
    ProxyOutcome.AUTH_REQUIRED: "asks to sign in",
    ProxyOutcome.DENIED: "does not let through",
    ProxyOutcome.BAD_GATEWAY: "did not reach the target",
    ProxyOutcome.NO_ANSWER: "took the connection, but did not answer",
    ProxyOutcome.UNREACHABLE: "was not reached",
    ProxyOutcome.UNKNOWN_NAME: "has a name that was not found",
    ProxyOutcome.WRONG_SCHEME: "speaks another protocol than its address says",
    ProxyOutcome.FAILED: "did not answer as a proxy does",
}
_PAC = {
    PacOutcome.FETCHED: "was fetched",
    PacOutcome.UNAVAILABLE: "did not come",
    PacOutcome.NOT_SUPPORTED: "is not evaluated here; what was measured directly may differ behind its proxy",
}
_PORTAL = {
    PortalOutcome.EXPECTED: "brings its own answer",
    PortalOutcome.SIGNS_IN: "brings another answer, as a sign-in page of the network does",
    PortalOutcome.FAILED: "did not answer",
}


def _proxy_lines(evidence: Evidence) -> list[str]:
    lines = []
    if (proxy := evidence.proxy) is not None:
        source = f"from the {proxy.source}, " if proxy.source else ""
        lines.append(f"Proxy  {proxy_result(proxy)} ({source}{proxy.elapsed_ms} ms)")
    elif evidence.local is not None and evidence.local.proxy:
        lines.append(f"Proxy  {evidence.local.proxy} is configured; what follows was measured without it")
    if (pac := evidence.pac) is not None:
        status = "" if pac.status is None else f", status {pac.status}"
        lines.append(f"Proxy file  {pac.address} {_PAC[pac.outcome]}{status} ({pac.elapsed_ms} ms)")
    return lines


def _around_lines(evidence: Evidence) -> list[str]:
    """What was asked beside the target."""
    lines = [f"Beside  port {sibling.port} {_words(sibling.outcome)}" for sibling in evidence.siblings]
    lines += [f"Control  {_control_result(each)} ({each.elapsed_ms} ms)" for each in evidence.controls]
    if (portal := evidence.portal) is not None:
        status = "" if portal.status is None else f", status {portal.status}"
        leads = f" → {portal.location}" if portal.location else ""
        lines.append(
            f"Portal page  {portal.address} {_PORTAL[portal.outcome]}{status}{leads} ({portal.elapsed_ms} ms)"
        )
    return lines


def _control_result(control: Control) -> str:
    words = [f"{control.address} {_words(control.outcome)}"]
    if control.status is not None:
        words.append(f"status {control.status}")
    if control.issuer:
        words.append(f"certificate issued by {control.issuer}")
    if control.same_host:
        words.append("on an address of the target")
    return ", ".join(words)


# RFC 1035 and RFC 2136
_RCODES = {0: "no error", 1: "format error", 2: "server failure", 3: "no such name", 5: "refused"}


def _resolver(resolver: Resolver) -> str:
    if resolver.rcode is None:
        result = "stays silent"
    elif resolver.addresses:
        result = f"→ {', '.join(resolver.addresses)}"
    else:
        result = _RCODES.get(resolver.rcode, f"response code {resolver.rcode}") + ", no address"
    return f"the name server {resolver.server}, asked directly: {result} ({resolver.elapsed_ms} ms)"


def _notice_lines(notice: ServiceNotice) -> list[str]:
    status = "" if notice.status is None else f", status {notice.status}"
    lines = [f"Service  {notice.address} {_words(notice.outcome)}{status} ({notice.elapsed_ms} ms)"]
    if notice.message:
        lines.append(f"Service  {one_line(notice.message, MESSAGE_SHOWN_CHARS)}")
    if notice.until is not None:
        lines.append(f"Service  until {_moment(notice.until)}")
    if notice.covers:
        lines.append(f"Service  explains {notice.covers}")
    return lines


def _tcp_lines(tcp: Tcp) -> list[str]:
    lines = []
    for attempt in tcp.attempts:
        if attempt.outcome is TcpOutcome.PENDING:
            result = "no answer before another address had connected"
        else:
            result = _words(attempt.outcome)
        number = "" if attempt.errno is None else f", errno {attempt.errno}"
        lines.append(
            f"TCP  {_endpoint(attempt.address, tcp.port)} {result}{number} ({attempt.elapsed_ms} ms)"
        )
    return lines + _families_line(tcp)


def _families_line(tcp: Tcp) -> list[str]:
    """That one family was left behind by the other; an attempt that began later had no chance."""
    winner = next((a for a in tcp.attempts if a.outcome is TcpOutcome.CONNECTED), None)
    if winner is None:
        return []
    behind = {
        a.family
        for a in tcp.attempts
        if a.family is not winner.family
        and (a.outcome is not TcpOutcome.PENDING or a.elapsed_ms > winner.elapsed_ms)
    }
    return [f"TCP  {_FAMILY[family]} did not connect, {_FAMILY[winner.family]} did" for family in behind]


def _tls_lines(tls: Tls) -> list[str]:
    lines = [f"TLS  {tls_result(tls)} ({tls.elapsed_ms} ms)"]
    if tls.certificate is not None:
        lines += _certificate_lines(tls.certificate)
    if tls.banner:
        lines.append(f"TLS  the port answers in plain text: {tls.banner}")
    if tls.skew_s is not None and tls.server_date is not None:
        lines.append(f"TLS  the server's clock says {_moment(tls.server_date)}, {_skew(tls.skew_s)}")
    return lines


def _certificate_lines(certificate: Certificate) -> list[str]:
    names = ", ".join(certificate.names[:NAMES_SHOWN]) or "none"
    more = len(certificate.names) - NAMES_SHOWN
    return [
        f"TLS  certificate for {names}" + (f" and {more} more" if more > 0 else ""),
        f"TLS  issued by {certificate.issuer or 'nobody'}"
        + (" (itself)" if certificate.self_signed else "")
        + f" to {certificate.subject or 'nobody'}",
        f"TLS  valid from {_moment(certificate.not_before)} to {_moment(certificate.not_after)}",
        f"TLS  SHA-256 {certificate.sha256}",
    ]


def _http_lines(http: Http) -> list[str]:
    lines = [f"HTTP  {http_result(http)} ({http.elapsed_ms} ms)"]
    lines += [f"HTTP  {name}: {value}" for name, value in http.headers.items()]
    if http.problem is not None:
        if http.problem.title or http.problem.detail:
            lines.append(f"HTTP  problem: {http.problem.title} {http.problem.detail}".rstrip())
        if http.problem.until is not None:
            lines.append(f"HTTP  until {_moment(http.problem.until)}")
    if http.skew_s is not None:
        lines.append(f"HTTP  the server's clock is {_skew(http.skew_s)}")
    return lines


def _reported(reported: Reported) -> str:
    members = {
        "": reported.type,
        "errno": reported.errno,
        "getaddrinfo": reported.gai_code,
        "reason": reported.reason,
        "verify code": reported.verify_code,
        "SQLSTATE": reported.sqlstate,
        "LDAP result code": reported.ldap_code,
        "data": reported.ldap_data,
        "status": reported.status,
        "content type": reported.content_type,
        "problem": reported.problem.code if reported.problem is not None else None,
    }
    words = [f"{name} {value}".strip() for name, value in members.items() if value not in (None, "")]
    if reported.timed_out:
        words.append("timed out")
    return "by the program: " + (", ".join(words) or "nothing that can be decided on")


def _skew(seconds: int) -> str:
    if abs(seconds) < 2:
        return "in step with this computer"
    return f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} this computer"


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _words(name: str) -> str:
    return str(name).replace("_", " ")


def _moment(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")
