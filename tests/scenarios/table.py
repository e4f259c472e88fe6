"""The proving ground's table: every cause, on real sockets, names, proxies, certificates and clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.diagnosis.wire import resetting, response
from tests.scenarios import certificates as tls
from tests.scenarios import databases
from tests.scenarios.faults import (
    PAGE,
    PROXY_PORT,
    Fault,
    all_names,
    dated,
    deaf,
    drop_https,
    firewall,
    greets,
    hangs_up,
    hosts_file,
    ip,
    names,
    no_default_route,
    no_link,
    no_name_server,
    only_self_assigned,
    pages,
    plain_site,
    portal,
    portal_catches_all,
    problem,
    proxy_says,
    resets,
    says,
    serves,
    site,
    slowly,
    stalls,
    tinyproxy,
    web_server,
    without_words,
)
from tests.scenarios.room import FAR, NOBODY, NOBODY_6, OTHER, OUTSIDE, PORTAL, PROXY, SERVER, SERVER_6
from tests.scenarios.scenario import Scenario

ERP = "https://erp.example.org/"
EITHER = ("certain", "likely")
CONTROL = {"REPORTER_CONTROL_URLS": "https://control.example.org/"}
CONTROLS = {"REPORTER_CONTROL_URLS": "https://control.example.org/,https://outside.example.org/"}
PORTAL_PAGE = {"REPORTER_PORTAL_URL": "http://portal.example.org/"}
STATUS = {"REPORTER_STATUS_URL": "http://portal.example.org/status.json"}
BY_PROXY = {"HTTPS_PROXY": f"http://proxy.example.org:{PROXY_PORT}"}
POSTGRESQL, TINYPROXY, SLAPD, FAKETIME = ("postgresql",), ("tinyproxy",), ("slapd",), ("faketime",)
LATER = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")

control = site(address=OTHER)
outside = site(address=OUTSIDE)
notice = plain_site(
    response(
        "200 OK", "Content-Type: application/json", body=f'{{"userMessage":"Back soon","until":"{LATER}"}}'
    ),
    address=PORTAL,
)


def row(name: str, target: str, *faults: Fault, **rest: Any) -> Scenario:
    """A row; a neighbour that looks the same makes it "likely"."""
    if rest.get("like"):
        rest.setdefault("confidence", ("likely",))
    return Scenario(name=name, target=target, faults=faults, **rest)


def heard(status: int, code: str, **members: str) -> dict[str, Any]:
    """What a program reports of a typed answer to its login."""
    answer = {
        "status": status,
        "content_type": "application/problem+json",
        "problem": {"code": code, **members},
    }
    return {"message": "Sign-in did not work", "response": answer}


HEALTHY = (
    row("healthy page", ERP, site(), cause="ok"),
    row("slow but fine", ERP, site(slowly(PAGE)), cause="ok"),
    row(
        "self-signed, trusted by the system store",
        ERP,
        site(tls=tls.self_signed),
        cause="ok",
        trust="system",
        needs=("a trust store in a file",),
    ),
    row("IPv6 only", ERP, names(erp=(SERVER_6,)), site(address=SERVER_6), cause="ok"),
    row("IPv6 address", f"https://[{SERVER_6}]/", site(address=SERVER_6), cause="ok"),
    row(
        "redirect to a login page on the same host",
        ERP,
        site(pages(front=response("302 Found", "Location: /login"), login=PAGE)),
        cause="ok",
    ),
    row(
        "redirect to the sign-in of another host",
        ERP,
        says("302 Found", "Location: https://login.example.net/"),
        cause="ok",
    ),
    row("asks to sign in", ERP, says("401 Unauthorized", 'WWW-Authenticate: Basic realm="ERP"'), cause="ok"),
    row("through a good proxy", ERP, site(), tinyproxy(), environment=BY_PROXY, cause="ok", needs=TINYPROXY),
    row("first address dead", ERP, names(erp=(NOBODY, SERVER)), site(), cause="ok"),
    row("first family dead", ERP, names(erp=(NOBODY_6, SERVER)), site(), cause="ok"),
    row(
        "proxy that is not for this host",
        ERP,
        site(),
        environment={**BY_PROXY, "NO_PROXY": "example.org"},
        cause="ok",
    ),
    row(
        "controls and portal well",
        ERP,
        site(),
        control,
        portal(),
        environment=CONTROL | PORTAL_PAGE,
        cause="ok",
    ),
    row("name with letters of its own", "https://bücher.example/", names(), site(), cause="ok"),
    row(
        "by the hosts file, as the name server says",
        ERP,
        hosts_file(f"{SERVER} erp.example.org"),
        site(),
        cause="ok",
    ),
    row("plain TCP service", "tcp://erp.example.org:1541", serves(stalls, port=1541), cause="ok"),
    row(
        "PostgreSQL asks for a password",
        "postgresql://erp.example.org/payroll",
        databases.postgresql(),
        cause="ok",
        needs=POSTGRESQL,
    ),
    row(
        "PostgreSQL lets in nobody whom it does not know",
        "postgresql://erp.example.org/vault",
        databases.postgresql(),
        cause="ok",
        needs=POSTGRESQL,
    ),
    row("directory", "ldap://erp.example.org", databases.slapd, cause="ok", needs=SLAPD),
    row("directory over TLS", "ldaps://erp.example.org", databases.slapd, cause="ok", needs=SLAPD),
)

LOCAL = (
    row("no link, a name", ERP, no_link, cause="local.no_network"),
    row("no link, an address", f"https://{SERVER}/", no_link, cause="local.no_network"),
    row("only a self-assigned address", ERP, only_self_assigned, cause="local.no_network"),
    row(
        "only a self-assigned address, asked by address",
        f"https://{SERVER}/",
        only_self_assigned,
        cause="local.no_network",
    ),
    row(
        "no route out",
        f"tcp://{FAR}:443",
        no_default_route,
        cause="local.no_network",
        like="tcp.unreachable",
    ),
    row(
        "no way to anything",
        ERP,
        firewall("meta l4proto tcp drop"),
        environment=CONTROL,
        cause="local.no_network",
        like="tcp.timeout",
    ),
    row(
        "a ticket was not accepted, the clock is off",
        ERP,
        site(dated()),
        heard={"message": "not accepted", "response": {"status": 401}},
        clock="+20m",
        cause="local.clock",
        like="http.unauthorized",
        needs=FAKETIME,
    ),
    row("prohibited route", f"tcp://{FAR}:443", ip(f"route add prohibit {FAR}"), cause="local.blocked"),
    row("blackhole route", f"tcp://{FAR}:443", ip(f"route add blackhole {FAR}"), cause="local.blocked"),
    row(
        "clock far ahead",
        ERP,
        site(dated()),
        clock="+400d",
        cause="local.clock",
        confidence=("likely",),
        needs=FAKETIME,
    ),
    row(
        "clock far behind",
        ERP,
        site(dated()),
        clock="-400d",
        cause="local.clock",
        confidence=("likely",),
        needs=FAKETIME,
    ),
)

DNS = (
    row("no such name", ERP, all_names("NXDOMAIN"), cause="dns.not_found", like="dns.vpn_off"),
    row("name without addresses", ERP, names(erp=()), cause="dns.not_found", confidence=EITHER),
    row(
        "no such name, the control works",
        ERP,
        names(erp="NXDOMAIN"),
        control,
        environment=CONTROL,
        cause="dns.not_found",
        confidence=EITHER,
    ),
    row(
        "no internal name is known",
        ERP,
        names(erp="NXDOMAIN", control="NXDOMAIN"),
        environment=CONTROL,
        cause="dns.vpn_off",
        confidence=EITHER,
    ),
    row(
        "no internal name is known, a control outside works",
        ERP,
        names(erp="NXDOMAIN", control="NXDOMAIN"),
        outside,
        environment=CONTROLS,
        cause="dns.vpn_off",
        confidence=EITHER,
    ),
    row(
        "no way to internal servers, a control outside works",
        ERP,
        firewall(f"ip daddr {{ {SERVER}, {OTHER} }} drop"),
        outside,
        environment=CONTROLS,
        cause="dns.vpn_off",
        like="tcp.timeout",
    ),
    row("server failure", ERP, all_names("SERVFAIL"), cause="dns.no_answer", confidence=EITHER),
    row("refused by the name server", ERP, all_names("REFUSED"), cause="dns.no_answer", confidence=EITHER),
    row("silent name server", ERP, all_names("silence"), cause="dns.no_answer", confidence=EITHER),
    row("no name server there", ERP, no_name_server, cause="dns.no_answer", confidence=EITHER),
    row(
        "silence about this name only",
        ERP,
        names(erp="silence"),
        control,
        environment=CONTROL,
        cause="dns.no_answer",
        confidence=EITHER,
    ),
    row("label too long", f"https://{'e' * 64}.example.org/", cause="dns.bad_name"),
    row("empty label", "https://erp..example.org/", cause="dns.bad_name"),
    row("impossible characters", "https://erp*.example.org/", cause="dns.bad_name"),
    row(
        "hosts file names a server that is gone",
        ERP,
        hosts_file(f"{NOBODY} erp.example.org"),
        site(),
        cause="dns.overridden",
        confidence=EITHER,
    ),
    row(
        "hosts file names a computer without the service",
        ERP,
        hosts_file(f"{OTHER} erp.example.org"),
        site(),
        cause="dns.overridden",
        confidence=EITHER,
    ),
)

PROXIES = (
    row(
        "proxy's name unknown",
        ERP,
        names(proxy="NXDOMAIN"),
        site(),
        environment=BY_PROXY,
        cause="proxy.unknown_name",
        confidence=EITHER,
    ),
    row("nobody at the proxy's port", ERP, site(), environment=BY_PROXY, cause="proxy.unreachable"),
    row(
        "proxy behind a firewall",
        ERP,
        site(),
        firewall(f"ip daddr {PROXY} drop"),
        environment=BY_PROXY,
        cause="proxy.unreachable",
        confidence=EITHER,
    ),
    row(
        "proxy wants a sign-in",
        ERP,
        site(),
        proxy_says("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="p"'),
        environment=BY_PROXY,
        cause="proxy.auth_required",
    ),
    row(
        "tinyproxy wants a sign-in",
        ERP,
        site(),
        tinyproxy("BasicAuth somebody secret"),
        environment=BY_PROXY,
        cause="proxy.auth_required",
        needs=TINYPROXY,
    ),
    row(
        "proxy wants a ticket",
        ERP,
        site(),
        proxy_says("407 Proxy Authentication Required", "Proxy-Authenticate: Negotiate"),
        environment=BY_PROXY,
        cause="proxy.auth_required",
        confidence=EITHER,
    ),
    row(
        "proxy file missing, and no way without it",
        ERP,
        drop_https,
        environment={"AUTO_PROXY": "http://proxy.example.org/proxy.pac"},
        cause="proxy.pac_unavailable",
        like="tcp.timeout",
    ),
    row(
        "silence about the proxy's name",
        ERP,
        names(proxy="silence"),
        site(),
        environment=BY_PROXY,
        cause="dns.no_answer",
        like="proxy.unknown_name",
    ),
    row(
        "something else at the proxy's port",
        ERP,
        site(),
        serves(greets(b"SSH-2.0-OpenSSH_9.2\r\n"), address=PROXY, port=PROXY_PORT),
        environment=BY_PROXY,
        cause="proxy.wrong_scheme",
        like="proxy.no_answer",
    ),
    row(
        "proxy relays a plain request and says 502",
        "http://erp.example.org/",
        proxy_says("502 Bad Gateway"),
        environment={"HTTP_PROXY": BY_PROXY["HTTPS_PROXY"], "http_proxy": BY_PROXY["HTTPS_PROXY"]},
        cause="proxy.bad_gateway",
        like="http.bad_gateway",
    ),
    row(
        "proxy says no", ERP, site(), proxy_says("403 Forbidden"), environment=BY_PROXY, cause="proxy.denied"
    ),
    row(
        "tinyproxy does not allow the port",
        ERP,
        site(),
        tinyproxy("ConnectPort 563"),
        environment=BY_PROXY,
        cause="proxy.denied",
        needs=TINYPROXY,
    ),
    row(
        "proxy 502",
        ERP,
        site(),
        proxy_says("502 Bad Gateway"),
        environment=BY_PROXY,
        cause="proxy.bad_gateway",
    ),
    row("proxy 503", ERP, proxy_says("503 Unavailable"), environment=BY_PROXY, cause="proxy.bad_gateway"),
    row("proxy 504", ERP, proxy_says("504 Timeout"), environment=BY_PROXY, cause="proxy.bad_gateway"),
    row(
        "proxy stalls",
        ERP,
        site(),
        serves(stalls, address=PROXY, port=PROXY_PORT),
        environment=BY_PROXY,
        cause="proxy.no_answer",
    ),
    row(
        "proxy given with the wrong scheme",
        ERP,
        site(),
        tinyproxy(),
        environment={"HTTPS_PROXY": f"https://proxy.example.org:{PROXY_PORT}"},
        cause="proxy.wrong_scheme",
        needs=TINYPROXY,
    ),
    row(
        "expired certificate behind a good proxy",
        ERP,
        site(tls=tls.expired),
        tinyproxy(),
        environment=BY_PROXY,
        cause="tls.expired",
        needs=TINYPROXY,
    ),
    row(
        "server's own 403 behind a good proxy",
        ERP,
        says("403 Forbidden"),
        tinyproxy(),
        environment=BY_PROXY,
        cause="http.forbidden",
        needs=TINYPROXY,
    ),
)

PORTALS = (
    row(
        "portal redirects",
        ERP,
        all_names("silence"),
        names(portal=(PORTAL,)),
        portal(response("302 Found", "Location: http://portal.example.net/")),
        environment=PORTAL_PAGE,
        cause="portal.sign_in",
        confidence=EITHER,
    ),
    row(
        "portal answers 511",
        ERP,
        drop_https,
        portal(response("511 Network Authentication Required")),
        environment=PORTAL_PAGE,
        cause="portal.sign_in",
        confidence=EITHER,
    ),
    row(
        "portal shows its own page",
        ERP,
        drop_https,
        portal(PAGE),
        environment=PORTAL_PAGE,
        cause="portal.sign_in",
        confidence=EITHER,
    ),
)

TCP = (
    row("nobody listens", ERP, cause="tcp.refused", like="tcp.timeout"),
    row(
        "nobody listens on a plain service",
        "tcp://erp.example.org:1541",
        cause="tcp.refused",
        like="tcp.timeout",
    ),
    row("nobody listens on IPv6", f"https://[{SERVER_6}]/", cause="tcp.refused", like="tcp.timeout"),
    row(
        "nobody listens, the control and a sibling port work",
        ERP,
        control,
        plain_site(),
        environment=CONTROL,
        cause="tcp.refused",
        confidence=EITHER,
    ),
    row(
        "firewall resets",
        ERP,
        site(),
        firewall("tcp dport 443 reject with tcp reset"),
        cause="tcp.refused",
        like="tcp.timeout",
    ),
    row(
        "firewall says port unreachable",
        ERP,
        site(),
        firewall("tcp dport 443 reject with icmp type port-unreachable"),
        cause="tcp.refused",
        like="tcp.timeout",
    ),
    row("firewall drops", ERP, site(), drop_https, cause="tcp.timeout", confidence=("likely",)),
    row("overfull queue", ERP, deaf, cause="tcp.timeout", confidence=("likely",)),
    row(
        "firewall drops both families",
        ERP,
        names(erp=(SERVER, SERVER_6)),
        site(),
        drop_https,
        cause="tcp.timeout",
        confidence=("likely",),
    ),
    row(
        "firewall drops, the control works",
        ERP,
        site(),
        firewall(f"ip daddr {SERVER} drop"),
        control,
        environment=CONTROL,
        cause="tcp.timeout",
        confidence=EITHER,
    ),
    row("nobody has the address", f"tcp://{NOBODY}:443", cause="tcp.unreachable", like="tcp.timeout"),
    row(
        "nobody has the IPv6 address", f"tcp://[{NOBODY_6}]:443", cause="tcp.unreachable", like="tcp.timeout"
    ),
    row("dead gateway", f"https://{FAR}/", cause="tcp.unreachable", like="tcp.timeout"),
    *(
        row(
            f"firewall says {kind}",
            ERP,
            site(),
            firewall(f"tcp dport 443 reject with icmp type {kind}"),
            cause="tcp.unreachable",
            like="tcp.timeout",
        )
        for kind in ("admin-prohibited", "host-prohibited", "host-unreachable", "net-unreachable")
    ),
    row(
        "unreachable route",
        f"tcp://{FAR}:443",
        ip(f"route add unreachable {FAR}"),
        cause="tcp.unreachable",
        like="tcp.timeout",
    ),
    row("reset in the handshake", ERP, serves(resets), cause="tcp.reset"),
    row("reset before a word", ERP, serves(resetting), cause="tcp.reset"),
)

TLS = (
    row("plain HTTP on the port", ERP, serves(web_server), cause="tls.not_tls"),
    row("SSH on the port", ERP, serves(greets(b"SSH-2.0-OpenSSH_9.2\r\n")), cause="tls.not_tls"),
    row("mail on the port", ERP, serves(greets(b"220 mail.example.org ESMTP\r\n")), cause="tls.not_tls"),
    row("handshake hangs", ERP, serves(stalls), cause="tls.no_answer"),
    row("handshake ends politely", ERP, serves(hangs_up), cause="tls.closed"),
    row("expired", ERP, site(tls=tls.expired), cause="tls.expired"),
    row("not yet valid", ERP, site(tls=tls.not_yet_valid), cause="tls.not_yet_valid"),
    row("for another name", ERP, site(tls=tls.wrong_name), cause="tls.wrong_name"),
    row(
        "for a name, asked by address", f"https://{SERVER}/", site(tls=tls.wrong_name), cause="tls.wrong_name"
    ),
    row("self-signed", ERP, site(tls=tls.self_signed), cause="tls.self_signed", confidence=EITHER),
    row("unknown root, sent along", ERP, site(tls=tls.root_sent), cause="tls.self_signed", confidence=EITHER),
    row(
        "unknown issuer", ERP, site(tls=tls.unknown_issuer), cause="tls.unknown_issuer", like="tls.inspected"
    ),
    row(
        "missing intermediate",
        ERP,
        site(tls=tls.missing_intermediate),
        cause="tls.unknown_issuer",
        like="tls.inspected",
    ),
    row(
        "opened by a device on the way",
        ERP,
        site(tls=tls.inspected),
        site(tls=tls.inspected, address=OTHER),
        environment=CONTROL,
        cause="tls.inspected",
        confidence=EITHER,
    ),
    row(
        "opened by a device on the way, nothing to compare with",
        ERP,
        site(tls=tls.inspected),
        cause="tls.inspected",
        like="tls.unknown_issuer",
    ),
    row("expired directory", "ldaps://erp.example.org", site(tls=tls.expired, port=636), cause="tls.expired"),
    row(
        "a program was told that it is revoked",
        ERP,
        site(),
        heard={
            "message": "Revoked",
            "exception": {"type": "ssl.SSLCertVerificationError", "verify_code": 23},
        },
        cause="tls.revoked",
        confidence=("possible",),
    ),
    row("no common version", ERP, site(tls=tls.old_version), cause="tls.no_common_version"),
    row(
        "no common suite",
        ERP,
        site(tls=tls.odd_suite),
        cause="tls.handshake_refused",
        like="tls.client_certificate",
    ),
    row(
        "client certificate, TLS 1.2",
        ERP,
        site(tls=lambda: tls.wants_client_certificate(newest=False)),
        cause="tls.handshake_refused",
        like="tls.client_certificate",
    ),
    row(
        "client certificate, TLS 1.3",
        ERP,
        site(tls=tls.wants_client_certificate),
        cause="tls.client_certificate",
    ),
    row("server of other names", ERP, site(tls=tls.knows_other_names), cause="tls.unknown_host"),
)

HTTP = (
    *(
        row(status, ERP, says(status), cause=cause)
        for status, cause in (
            ("401 Unauthorized", "http.unauthorized"),
            ("403 Forbidden", "http.forbidden"),
            ("404 Not Found", "http.not_found"),
            ("410 Gone", "http.not_found"),
            ("413 Content Too Large", "http.too_large"),
            ("431 Request Header Fields Too Large", "http.too_large"),
            ("421 Misdirected Request", "http.wrong_host"),
            ("429 Too Many Requests", "http.rate_limited"),
            ("451 Unavailable For Legal Reasons", "http.blocked_by_law"),
            ("500 Internal Server Error", "http.server_error"),
            ("507 Insufficient Storage", "http.server_error"),
            ("502 Bad Gateway", "http.bad_gateway"),
            ("503 Service Unavailable", "http.unavailable"),
            ("504 Gateway Timeout", "http.gateway_timeout"),
            ("408 Request Timeout", "http.gateway_timeout"),
        )
    ),
    row("redirects in a circle", ERP, says("302 Found", "Location: /"), cause="http.redirect_loop"),
    row("ends without a byte", ERP, site(without_words), cause="http.no_answer"),
    row("never answers", ERP, site(stalls), cause="http.no_answer"),
    row(
        "a program was given a page where it asked for data",
        ERP,
        site(),
        heard={"message": "Unexpected", "response": {"status": 200, "content_type": "text/html"}},
        cause="http.unexpected_page",
        confidence=EITHER,
    ),
    row(
        "a program could not read the answer",
        ERP,
        site(),
        heard={"message": "?", "exception": {"type": "json.decoder.JSONDecodeError"}},
        cause="http.unexpected_page",
        confidence=("likely", "possible"),
    ),
    row(
        "a program met what nobody knows",
        ERP,
        site(),
        heard={"message": "?", "exception": {"type": "erp.SomethingError"}},
        cause="unknown",
        confidence=("possible",),
    ),
    row(
        "a database that says nothing",
        "postgresql://erp.example.org/payroll",
        serves(stalls, port=5432),
        cause="http.no_answer",
        confidence=EITHER,
    ),
    row(
        "a web server at the database's port",
        "postgresql://erp.example.org/payroll",
        serves(web_server, port=5432),
        cause="http.unexpected_page",
        confidence=EITHER,
    ),
    row("answer cut short", ERP, site(PAGE[:-10]), cause="http.cut_short"),
    row(
        "plain HTTP 502",
        "http://erp.example.org/",
        plain_site(response("502 Bad Gateway")),
        cause="http.bad_gateway",
    ),
)

APPLICATION = (
    *(
        row(f"typed {code}", ERP, problem(status, f'{{"code":"{code}"}}'), cause=f"app.{code}")
        for code, status in (
            ("licence_exhausted", "503 Service Unavailable"),
            ("session_locked", "423 Locked"),
            ("client_too_old", "426 Upgrade Required"),
            ("too_many_connections", "503 Service Unavailable"),
            ("starting_up", "503 Service Unavailable"),
            ("no_such_database", "404 Not Found"),
        )
    ),
    row(
        "typed maintenance",
        ERP,
        problem("503 Service Unavailable", f'{{"code":"maintenance","until":"{LATER}"}}'),
        cause="app.maintenance",
    ),
    row("bare 423", ERP, says("423 Locked"), cause="app.session_locked"),
    row(
        "503 with a time to come back",
        ERP,
        says("503 Service Unavailable", "Retry-After: 600"),
        cause="app.maintenance",
        like="http.unavailable",
    ),
    *(
        row(f"a program was told {code}", ERP, site(), heard=heard(status, code), cause=f"app.{code}")
        for code, status in (
            ("bad_credentials", 401),
            ("account_locked", 403),
            ("account_disabled", 403),
            ("password_expired", 403),
            ("mfa_required", 401),
        )
    ),
    row(
        "a program was told 401 without a type",
        ERP,
        site(),
        heard={"message": "wrong password", "response": {"status": 401}},
        cause="http.unauthorized",
    ),
    row(
        "a personal answer to a probe that named nobody",
        ERP,
        problem("401 Unauthorized", '{"code":"bad_credentials"}'),
        cause="http.unauthorized",
    ),
    row(
        "notice of the startup-error service",
        ERP,
        says("503 Service Unavailable"),
        notice,
        environment=STATUS,
        cause="app.maintenance",
        confidence=EITHER,
    ),
)

DATABASES = (
    row(
        "PostgreSQL without that database",
        "postgresql://erp.example.org/nowhere",
        databases.postgresql(),
        cause="app.no_such_database",
        needs=POSTGRESQL,
    ),
    row(
        "PostgreSQL with all places taken",
        "postgresql://erp.example.org/postgres",
        databases.postgresql("max_connections=6", then=databases.crowd),
        cause="app.too_many_connections",
        needs=POSTGRESQL,
    ),
    row(
        "PostgreSQL recovering",
        "postgresql://erp.example.org/postgres",
        databases.recovering,
        cause="app.starting_up",
        needs=POSTGRESQL,
    ),
    row(
        "PostgreSQL shutting down",
        "postgresql://erp.example.org/postgres",
        databases.shutting_down,
        cause="app.starting_up",
        needs=POSTGRESQL,
    ),
    row(
        "a fake PostgreSQL, ended by its administrator",
        "postgresql://erp.example.org/payroll",
        serves(databases.refusing(b"57P01"), port=5432),
        cause="app.starting_up",
        like="app.maintenance",
    ),
    row(
        "a fake directory that is busy",
        "ldap://erp.example.org",
        serves(databases.directory_says(51), port=389),
        cause="app.too_many_connections",
        like="app.starting_up",
    ),
    row(
        "a fake directory that is not available",
        "ldap://erp.example.org",
        serves(databases.directory_says(52), port=389),
        cause="app.starting_up",
        like="app.maintenance",
    ),
    row(
        "no PostgreSQL there", "postgresql://erp.example.org/payroll", cause="tcp.refused", like="tcp.timeout"
    ),
    row("no directory there", "ldap://erp.example.org", cause="tcp.refused", like="tcp.timeout"),
)

PAIRS = (
    row(
        "expired, for another name",
        ERP,
        site(tls=tls.expired_wrong_name),
        cause="tls.wrong_name",
        then="tls.expired",
    ),
    row(
        "expired, unknown issuer",
        ERP,
        site(tls=tls.unknown_issuer_expired),
        cause="tls.expired",
        then="tls.unknown_issuer",
    ),
    row(
        "not yet valid, unknown issuer",
        ERP,
        site(tls=tls.unknown_issuer_not_yet_valid),
        cause="tls.not_yet_valid",
        then="tls.unknown_issuer",
    ),
    row(
        "for another name, unknown issuer",
        ERP,
        site(tls=tls.unknown_issuer_wrong_name),
        cause="tls.wrong_name",
        then="tls.unknown_issuer",
    ),
    row(
        "dead IPv6 and an expired certificate",
        ERP,
        names(erp=(NOBODY_6, SERVER)),
        site(tls=tls.expired),
        cause="tls.expired",
        then="tcp.unreachable",
    ),
    row(
        "first address refuses, the second has a certificate for another name",
        ERP,
        names(erp=(OTHER, SERVER)),
        site(tls=tls.wrong_name),
        cause="tls.wrong_name",
        then="tcp.refused",
    ),
    row(
        "expired certificate of a site in trouble",
        ERP,
        site(response("503 Service Unavailable"), tls=tls.expired),
        cause="tls.expired",
        then="http.unavailable",
    ),
    row(
        "clock ahead, server in trouble",
        ERP,
        site(dated("500 Internal Server Error")),
        clock="+400d",
        cause="local.clock",
        then="http.server_error",
        confidence=("likely",),
        needs=FAKETIME,
    ),
    row(
        "no link, silent name server",
        ERP,
        no_link,
        all_names("silence"),
        cause="local.no_network",
        then="dns.no_answer",
    ),
    row(
        "server failure of names, nobody listens",
        ERP,
        all_names("SERVFAIL"),
        cause="dns.no_answer",
        then="tcp.refused",
        confidence=EITHER,
    ),
    row(
        "portal page, certificate of the portal",
        ERP,
        portal_catches_all,
        environment=PORTAL_PAGE,
        cause="portal.sign_in",
        then="tls.wrong_name",
        confidence=EITHER,
    ),
    row(
        "proxy wants a sign-in, expired certificate behind it",
        ERP,
        site(tls=tls.expired),
        proxy_says("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="p"'),
        environment=BY_PROXY,
        cause="proxy.auth_required",
        then="tls.expired",
    ),
    row(
        "nobody at the proxy, the name unknown here",
        ERP,
        names(erp="NXDOMAIN"),
        environment=BY_PROXY,
        cause="proxy.unreachable",
        then="dns.not_found",
    ),
    row(
        "proxy's name unknown, the server refuses",
        ERP,
        names(proxy="NXDOMAIN"),
        environment=BY_PROXY,
        cause="proxy.unknown_name",
        then="tcp.refused",
        confidence=EITHER,
    ),
    row(
        "hosts file, and a certificate for another name there",
        ERP,
        hosts_file(f"{OTHER} erp.example.org"),
        site(tls=tls.wrong_name, address=OTHER),
        site(),
        cause="dns.overridden",
        then="tls.wrong_name",
        confidence=EITHER,
    ),
    row(
        "redirect to a secure site that expired",
        "http://erp.example.org/",
        plain_site(response("301 Moved Permanently", "Location: https://erp.example.org/")),
        site(tls=tls.expired),
        cause="tls.expired",
        then="http.unexpected_page",
    ),
    row(
        "nobody listens, planned maintenance",
        ERP,
        notice,
        environment=STATUS,
        cause="app.maintenance",
        then="tcp.refused",
        confidence=EITHER,
    ),
    row(
        "prohibited route, silent name server for others",
        f"https://{FAR}/",
        ip(f"route add prohibit {FAR}"),
        all_names("silence"),
        cause="local.blocked",
        then="dns.no_answer",
    ),
    row(
        "PostgreSQL full, and without that database",
        "postgresql://erp.example.org/nowhere",
        databases.postgresql("max_connections=6", then=databases.crowd),
        cause="app.too_many_connections",
        then="app.no_such_database",
        needs=POSTGRESQL,
    ),
)

SINGLE = LOCAL + DNS + PROXIES + PORTALS + TCP + TLS + HTTP + APPLICATION + DATABASES
TABLE = HEALTHY + SINGLE + PAIRS
