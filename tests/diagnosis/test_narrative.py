"""The technical text: one measured fact a line."""

from __future__ import annotations

from datetime import timedelta

from reporter.diagnosis.evidence import (
    Attempt,
    Certificate,
    Database,
    DatabaseOutcome,
    Dns,
    DnsOutcome,
    Evidence,
    Family,
    Fault,
    Http,
    HttpOutcome,
    Local,
    Problem,
    Redirect,
    Reported,
    Resolver,
    Route,
    ServiceNotice,
    ServiceNoticeOutcome,
    Tcp,
    TcpOutcome,
    Tls,
    TlsOutcome,
)
from reporter.diagnosis.narrative import narrate
from reporter.diagnosis.target import parse_target
from tests.diagnosis.wire import NOW

TARGET = parse_target("https://erp.example.org/base")
ONLINE = Local(routes=[Route(family=Family.IPV4, is_open=True), Route(family=Family.IPV6, is_open=False)])
RESOLVED = Dns(outcome=DnsOutcome.RESOLVED, addresses=["2001:db8::1", "192.0.2.1"], elapsed_ms=12)


def test_a_refused_connection() -> None:
    refused = Tcp(
        outcome=TcpOutcome.REFUSED,
        port=443,
        attempts=[
            Attempt(
                address="2001:db8::1",
                family=Family.IPV6,
                outcome=TcpOutcome.NO_ROUTE,
                errno=101,
            ),
            Attempt(
                address="192.0.2.1",
                family=Family.IPV4,
                outcome=TcpOutcome.REFUSED,
                errno=111,
                elapsed_ms=1,
            ),
        ],
    )
    evidence = Evidence(target=TARGET, taken_at=NOW, elapsed_ms=20, local=ONLINE, dns=RESOLVED, tcp=refused)
    assert narrate(evidence) == [
        "Target  https://erp.example.org/base",
        "Local  routes for IPv4",
        "DNS  erp.example.org → 2001:db8::1, 192.0.2.1 (12 ms)",
        "TCP  [2001:db8::1]:443 no route, errno 101 (0 ms)",
        "TCP  192.0.2.1:443 refused, errno 111 (1 ms)",
        "Measured  2026-11-22 09:00:00+00:00, within 20 ms",
    ]


def test_a_certificate_with_two_faults() -> None:
    certificate = Certificate(
        subject="CN=erp",
        issuer="CN=Example CA",
        names=[f"n{number}.example.org" for number in range(7)],
        not_before=NOW - timedelta(30),
        not_after=NOW - timedelta(10),
        self_signed=False,
        sha256="00ff",
    )
    tls = Tls(
        outcome=TlsOutcome.UNTRUSTED,
        faults=[Fault.WRONG_NAME, Fault.EXPIRED],
        certificate=certificate,
        server_date=NOW + timedelta(seconds=90),
        skew_s=90,
        elapsed_ms=7,
    )
    assert narrate(Evidence(taken_at=NOW, tls=tls))[:-1] == [
        "TLS  certificate wrong name, expired (7 ms)",
        "TLS  certificate for n0.example.org, n1.example.org, n2.example.org, n3.example.org, "
        "n4.example.org and 2 more",
        "TLS  issued by CN=Example CA to CN=erp",
        "TLS  valid from 2026-10-23 09:00:00+00:00 to 2026-11-12 09:00:00+00:00",
        "TLS  SHA-256 00ff",
        "TLS  the server's clock says 2026-11-22 09:01:30+00:00, 90 s ahead of this computer",
    ]


def test_an_answer_after_a_redirect_and_what_the_program_saw() -> None:
    http = Http(
        outcome=HttpOutcome.ANSWERED,
        status=503,
        headers={"retry-after": "60"},
        problem=Problem(code="maintenance", title="Maintenance", until=NOW),
        skew_s=0,
        elapsed_ms=9,
    )
    evidence = Evidence(
        taken_at=NOW,
        deadline_reached=True,
        local=Local(
            routes=[Route(family=Family.IPV4, is_open=False, errno=101)],
            has_address=False,
            proxy="http://proxy:3128",
        ),
        dns=Dns(outcome=DnsOutcome.BAD_NAME, gai_code=-2, name_fault="a part between two dots is empty"),
        redirects=[Redirect(status=302, location="https://erp.example.org/login", followed=True)],
        http=http,
        reported=Reported(type="SSLError", reason="UNSUPPORTED_PROTOCOL", timed_out=True),
    )
    assert narrate(evidence) == [
        "Local  no route outward and no address (IPv4 errno 101)",
        "Proxy  http://proxy:3128 is configured; what follows was measured without it",
        "DNS  the name bad name, code -2: a part between two dots is empty (0 ms)",
        "HTTP  status 302 → https://erp.example.org/login (followed)",
        "HTTP  status 503, problem 'maintenance' (9 ms)",
        "HTTP  retry-after: 60",
        "HTTP  problem: Maintenance",
        "HTTP  until 2026-11-22 09:00:00+00:00",
        "HTTP  the server's clock is in step with this computer",
        "Reported  by the program: SSLError, reason UNSUPPORTED_PROTOCOL, timed out",
        "The time for the examination was over before its end",
        "Measured  2026-11-22 09:00:00+00:00, within 0 ms",
    ]


def test_a_name_server_a_database_and_the_service() -> None:
    evidence = Evidence(
        taken_at=NOW,
        dns=Dns(outcome=DnsOutcome.NO_ANSWER, gai_code=-3),
        resolver=Resolver(server="192.0.2.53", rcode=2, elapsed_ms=4),
        database=Database(
            protocol="ldap", outcome=DatabaseOutcome.REFUSED, ldap_code=49, ldap_data="52e", elapsed_ms=3
        ),
        service_notice=ServiceNotice(
            address="https://status.example.org/erp.json",
            outcome=ServiceNoticeOutcome.VALID,
            status=200,
            message="Closed\nfor the month",
            until=NOW,
            covers="tcp",
            elapsed_ms=8,
        ),
        reported=Reported(sqlstate="28P01"),
    )
    assert narrate(evidence)[1:-1] == [
        "DNS  the name server 192.0.2.53, asked directly: server failure, no address (4 ms)",
        "Database  ldap refused, result code 49, data 52e (3 ms)",
        "Service  https://status.example.org/erp.json valid, status 200 (8 ms)",
        "Service  Closed for the month",
        "Service  until 2026-11-22 09:00:00+00:00",
        "Service  explains tcp",
        "Reported  by the program: SQLSTATE 28P01",
    ]
    silent = Evidence(taken_at=NOW, resolver=Resolver(server="192.0.2.53", elapsed_ms=1500))
    assert narrate(silent)[0] == "DNS  the name server 192.0.2.53, asked directly: stays silent (1500 ms)"
