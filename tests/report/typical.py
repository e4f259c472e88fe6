"""Typical reports: what people really send, with a clock and a reference that stand still.

The files in ``golden/`` hold their exact bytes; after a change that is meant, this writes them anew:

    .venv/bin/python -m tests.report.typical
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from reporter.capture.failure import Application, ExceptionInfo, Failure, Response
from reporter.diagnosis.evidence import (
    Attempt,
    Certificate,
    Dns,
    DnsOutcome,
    Evidence,
    Family,
    Fault,
    Http,
    HttpOutcome,
    Local,
    Portal,
    PortalOutcome,
    Problem,
    Reported,
    Route,
    Target,
    Tcp,
    TcpOutcome,
    Tls,
    TlsOutcome,
)
from reporter.diagnosis.verdict import Confidence, Owner, Retry, Verdict
from reporter.facts.model import Facts, Gap
from reporter.report.build import build
from reporter.report.logs import LogTail
from reporter.report.model import Attachment, Bundle, Dropped, Story

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
VERSION = "0.0.0"
ERP = Target(
    scheme="https", host="erp.example.org", port=443, path="/base", display="https://erp.example.org/base"
)
RESOLVED = Dns(outcome=DnsOutcome.RESOLVED, addresses=["192.0.2.7"], elapsed_ms=3)
CONNECTED = Tcp(
    outcome=TcpOutcome.CONNECTED,
    port=443,
    answered="192.0.2.7",
    attempts=[Attempt(address="192.0.2.7", family=Family.IPV4, outcome=TcpOutcome.CONNECTED, elapsed_ms=12)],
    elapsed_ms=12,
)
VERIFIED = Tls(outcome=TlsOutcome.VERIFIED, version="TLSv1.3", elapsed_ms=31)
LOCAL = Local(routes=[Route(family=Family.IPV4, is_open=True)], has_address=True, elapsed_ms=1)
FACTS = Facts(
    collected_at=NOW,
    elapsed_ms=41,
    sections={
        "application": {"name": "ERP", "version": "3.1.4"},
        "agent": {"version": VERSION, "architecture": "x86_64"},
        "system": {"name": "Windows 11 Pro", "build": "26100.2314", "virtual_machine": "no", "domain": True},
        "processor": {"model": "Intel Core i5-1235U", "architecture": "AMD64", "count": 12},
        "memory": {"total_bytes": 17_179_869_184, "available_bytes": 6_012_954_214},
        "storage": {"system_total_bytes": 512_110_190_592, "system_free_bytes": 88_046_829_568},
        "locale": {"format": "ru_RU", "language": "ru", "keyboards": ["ru", "en"]},
        "time": {"zone": "Europe/Moscow", "utc_offset_minutes": 180, "source": "time.example.org"},
        "network": {
            "interfaces": [
                {"name": "Ethernet", "is_up": True, "mtu": 1500, "scope": "IPv4 private"},
                {"name": "Wi-Fi", "is_up": False, "mtu": 1500, "scope": None},
                {"name": "VPN", "is_up": True, "mtu": 1400, "scope": "IPv4 private"},
            ]
        },
        "proxy": {"source": "system", "all": "http://proxy.example.org:3128"},
        "display": {"session": "console", "monitors": [{"width": 1920, "height": 1080, "scale": 1.25}]},
        "runtime": {"implementation": "CPython", "version": "3.12.7"},
    },
    gaps=[Gap(section="security", reason="the system does not tell")],
)
ADDRESS = "https://anna:Winter2026!@erp.example.org/base?session=0123#top"


def of(
    *,
    failure: Failure,
    verdict: Verdict | None,
    story: Story = Story(),  # noqa: B008 - it cannot change
    sent_by_person: bool = True,
    **more: Any,
) -> Bundle:
    """A bundle of the fixed moment and reference."""
    given: dict[str, Any] = {"facts": FACTS, "left_out": ["identity"]} | more
    with mock.patch("reporter.report.build.__version__", VERSION):
        return build(
            reference="7K3D-9QX2M",
            report_id="5b0b42a1-6f3c-4c6e-9df0-000000000001",
            created_at=NOW,
            sent_by_person=sent_by_person,
            failure=failure,
            verdict=verdict,
            story=story,
            **given,
        )


def verdict(cause: str, owner: Owner, headline: str, *advice: str, evidence: Evidence) -> Verdict:
    """A verdict as it would be told; its sentences are those of the day it was recorded."""
    return Verdict(
        cause=cause,
        layer=cause.partition(".")[0],
        owner=owner,
        confidence=Confidence.CERTAIN,
        retry=Retry.AFTER_FIX,
        headline=headline,
        advice=list(advice),
        elapsed_ms=evidence.elapsed_ms,
        target=evidence.target.display if evidence.target else "",
        evidence=evidence,
    )


def failed(message: str, exception: ExceptionInfo | None = None, **more: Any) -> Failure:
    """A login that did not work."""
    given: dict[str, Any] = {
        "target": ADDRESS,
        "application": Application(name="ERP", version="3.1.4"),
        "occurred_at": NOW,
    } | more
    return Failure(message=message, exception=exception, **given)


def tls_expired() -> Bundle:
    """The certificate of the server is past its last day."""
    tls = Tls(
        outcome=TlsOutcome.UNTRUSTED,
        version="TLSv1.3",
        verify_code=10,
        reason="CERTIFICATE_VERIFY_FAILED",
        faults=[Fault.EXPIRED],
        certificate=Certificate(
            subject="CN=erp.example.org",
            issuer="CN=Example CA 2",
            names=["erp.example.org"],
            not_before=datetime(2025, 11, 20, tzinfo=UTC),
            not_after=datetime(2026, 11, 20, tzinfo=UTC),
            self_signed=False,
            sha256="1c6b0a60f4a5d0b6f2a2e5a4c3b2d1e0ffeeddccbbaa99887766554433221100",
        ),
        skew_s=0,
        elapsed_ms=44,
    )
    evidence = Evidence(
        target=ERP, taken_at=NOW, elapsed_ms=92, local=LOCAL, dns=RESOLVED, tcp=CONNECTED, tls=tls
    )
    return of(
        failure=failed(
            "The certificate has expired.",
            ExceptionInfo(
                type="SSLCertVerificationError",
                message="[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired (_ssl.c:1007)",
                verify_code=10,
                reason="CERTIFICATE_VERIFY_FAILED",
                chain=["ConnectionError", "SSLCertVerificationError"],
            ),
        ),
        verdict=verdict(
            "tls.expired",
            Owner.SERVER,
            "The certificate of erp.example.org has run out",
            "A certificate proves that a server is the real one. This one was valid until 20 November.",
            evidence=evidence,
        ),
        story=Story(happened="I could not sign in since this morning.", contact="anna@example.org"),
    )


def refused() -> Bundle:
    """Nothing listens; sent by itself, without a person."""
    tcp = Tcp(
        outcome=TcpOutcome.REFUSED,
        port=443,
        attempts=[
            Attempt(
                address="192.0.2.7", family=Family.IPV4, outcome=TcpOutcome.REFUSED, errno=111, elapsed_ms=1
            )
        ],
        elapsed_ms=1,
    )
    evidence = Evidence(target=ERP, taken_at=NOW, elapsed_ms=7, local=LOCAL, dns=RESOLVED, tcp=tcp)
    error = ExceptionInfo(
        type="ConnectionRefusedError", message="[Errno 111] Connection refused", errno=111, chain=["OSError"]
    )
    return of(
        failure=failed("Connection refused", error),
        verdict=verdict(
            "tcp.refused",
            Owner.SERVER,
            "erp.example.org takes no connections at the moment",
            "Try again in a few minutes.",
            evidence=evidence,
        ),
        sent_by_person=False,
    )


def crash() -> Bundle:
    """A program ended unexpectedly; its traceback names a home folder and a password."""
    traceback = (
        "Traceback (most recent call last):\n"
        '  File "/home/anna/erp/main.py", line 41, in <module>\n'
        "    main()\n"
        '  File "/home/anna/erp/main.py", line 37, in main\n'
        '    connect("postgresql://erp:Winter2026!@db.example.org/erp")\n'
        "ValueError: unexpected answer, password=Winter2026!\n"
    )
    error = ExceptionInfo(
        type="ValueError",
        message="unexpected answer, password=Winter2026!",
        traceback=traceback,
        chain=["ValueError"],
    )
    return of(failure=failed("ERP has ended", error, action="run", target=""), verdict=None)


def portal() -> Bundle:
    """The sign-in page of a hotel stands in the way."""
    evidence = Evidence(
        target=ERP,
        taken_at=NOW,
        elapsed_ms=210,
        local=LOCAL,
        dns=RESOLVED,
        tcp=CONNECTED,
        portal=Portal(
            address="http://portal.example.org/204",
            outcome=PortalOutcome.SIGNS_IN,
            status=302,
            location="http://login.hotel.example/start",
            elapsed_ms=80,
        ),
    )
    return of(
        failure=failed("HTTP 302", response=Response(status=302, content_type="text/html")),
        verdict=verdict(
            "portal.sign_in",
            Owner.USER,
            "The network asks to be signed in to first",
            "Open a browser and confirm the page that appears.",
            evidence=evidence,
        ),
        story=Story(
            wanted="To post an invoice from the hotel.",
            expected="The list of invoices.",
            happened="A message came instead.",
            questions=["May I use my telephone's network?", "Is the VPN needed?"],
            contact="+7 495 000-00-00",
            best_time="after 18:00",
        ),
    )


def infobase() -> Bundle:
    """A base of 1C whose sessions are blocked for maintenance, as the server itself says."""
    problem = Problem(code="maintenance", title="Maintenance", detail="Обновление до 10:30", until=NOW)
    evidence = Evidence(
        target=ERP,
        taken_at=NOW,
        elapsed_ms=140,
        local=LOCAL,
        dns=RESOLVED,
        tcp=CONNECTED,
        tls=VERIFIED,
        http=Http(outcome=HttpOutcome.ANSWERED, status=503, problem=problem, elapsed_ms=60),
        reported=Reported(type="V8Exception", status=503, problem=problem),
    )
    return of(
        failure=failed(
            'Ошибка при выполнении операции: Srvr="srv-1c";Ref="erp";Usr="Иванова";Pwd="Зима2026!";',
            target='Srvr="srv-1c";Ref="erp";Usr="Иванова";Pwd="Зима2026!";',
            application=Application(name="1С:Предприятие", version="8.3.21.1709"),
            response=Response(status=503, content_type="application/problem+json"),
        ),
        verdict=verdict(
            "app.maintenance",
            Owner.SERVER,
            "База erp сейчас обслуживается",
            "Попробуйте ещё раз после 10:30.",
            evidence=evidence,
        ),
    )


def logs_and_story() -> Bundle:
    """Two logs, a picture, and a story in Russian with a password in it."""
    journal = (
        "2026-11-22 08:59:57 INFO  Запуск, рабочая папка C:\\Users\\Анна\\erp\n"
        "2026-11-22 08:59:58 DEBUG POST https://erp.example.org/login?user=anna&password=Зима2026!\n"
        "2026-11-22 08:59:59 ОШИБКА Пароль: Зима2026! не подошёл\n"
    )
    return of(
        failure=failed("Не удалось войти"),
        verdict=None,
        story=Story(
            wanted="Провести накладную № 17.",
            expected="Накладная проводится.",
            happened="Появилось сообщение.\nПароль: Зима2026!",
            questions=["Можно ли работать с другого компьютера?"],
            contact="Иванова Анна, вн. 4471",
            best_time="с 10 до 12",
        ),
        attachments=[Attachment(name="screenshot-1.png", content_type="image/png", content=b"\x89PNG" * 100)],
        logs=[
            LogTail(
                name="журнал.log",
                text=journal,
                encoding="cp1251",
                size_bytes=5_000_000,
                modified_s=2.0,
                is_cut=True,
            ),
            LogTail(
                name="start.log", text="ok\n", encoding="utf-8", size_bytes=3, modified_s=1.0, is_cut=False
            ),
        ],
        dropped=[Dropped(what="logs/old.log", reason="It is not there.")],
    )


def request() -> Bundle:
    """A person asks for help where nothing failed that is known."""
    return of(
        failure=Failure(action="request", message="A person asks for help.", occurred_at=NOW),
        verdict=None,
        story=Story(wanted="To print the invoice.", happened="Nothing comes out of /home/anna/invoice.pdf."),
    )


TYPICAL: Mapping[str, Callable[[], Bundle]] = {
    "tls_expired": tls_expired,
    "refused": refused,
    "crash": crash,
    "portal": portal,
    "infobase": infobase,
    "logs_and_story": logs_and_story,
    "request": request,
}


def main() -> None:
    """Write every golden report."""
    GOLDEN.mkdir(exist_ok=True)
    for name, make in TYPICAL.items():
        (GOLDEN / f"{name}.json").write_bytes(make().report_json)


if __name__ == "__main__":
    main()
