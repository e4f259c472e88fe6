"""The evidence as text: one measured fact a line, for "Show details…" and for the live display.

English only, like every technical text; names, numbers and dates are what support searches for.
"""

from __future__ import annotations

from datetime import datetime

from reporter.diagnosis.evidence import (
    Certificate,
    Dns,
    Evidence,
    Http,
    Local,
    Reported,
    Tcp,
    TcpOutcome,
    Tls,
    TlsOutcome,
)

NAMES_SHOWN = 5


def narrate(evidence: Evidence) -> list[str]:
    """What was measured, in the order of measuring."""
    lines = []
    if evidence.target is not None:
        lines.append(f"Target  {evidence.target.display}")
    if evidence.local is not None:
        lines.append(f"Local  {local_result(evidence.local)}")
        if evidence.local.proxy:
            lines.append(f"Proxy  {evidence.local.proxy} is configured; what follows was measured without it")
    if evidence.dns is not None:
        name = "the name" if evidence.target is None else evidence.target.host
        lines.append(f"DNS  {name} {dns_result(evidence.dns)} ({evidence.dns.elapsed_ms} ms)")
    if evidence.tcp is not None:
        lines += _tcp_lines(evidence.tcp)
    if evidence.tls is not None:
        lines += _tls_lines(evidence.tls)
    for redirect in evidence.redirects:
        followed = "followed" if redirect.followed else "not followed"
        lines.append(f"HTTP  status {redirect.status} → {redirect.location} ({followed})")
    if evidence.http is not None:
        lines += _http_lines(evidence.http)
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


_FAMILY = {"ipv4": "IPv4", "ipv6": "IPv6"}


def _tcp_lines(tcp: Tcp) -> list[str]:
    lines = []
    for attempt in tcp.attempts:
        if attempt.outcome is TcpOutcome.PENDING:
            result = "not waited for, another address answered"
        else:
            result = _words(attempt.outcome)
        number = "" if attempt.errno is None else f", errno {attempt.errno}"
        lines.append(
            f"TCP  {_endpoint(attempt.address, tcp.port)} {result}{number} ({attempt.elapsed_ms} ms)"
        )
    return lines


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
        "status": reported.status,
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
