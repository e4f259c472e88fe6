"""How fast scrubbing is, in MB of text a second of processor time, and which pattern takes most of it.

``python -m tests.benchmarks.scrubbing`` prints the speeds; with ``--rows`` also the share of each group.
"""

# ruff: noqa: E501 - a line of a log is one line here too
from __future__ import annotations

import random
import sys
import time
from collections import Counter

from reporter.report import scrub
from reporter.report.pseudonyms import Names, Pseudonyms
from tests.report.corpus import filled, filled_line, makers, planted

LOG_BYTES = 256 * 1024
RUNS = 7
SECRET_RICH = 0.05
"""One line in so many holds a secret of the corpus, besides the addresses and hosts of all lines."""

# Lines of the kinds of log that are attached: a web server's, an application's, the system's, the platform's.
CLEAN = (
    '‹public_address› - - [22/Nov/2026:09:‹small›:07 +0300] "GET /base/ru_RU/e1cib/modules/call HTTP/1.1" 200 ‹number› '
    '"-" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/‹version› Safari/537.36"',
    "‹time› INFO  [http-nio-8080-exec-‹small›] o.s.web.servlet.DispatcherServlet - Completed initialization in ‹small› ms",
    "‹time› DEBUG [worker-‹small›] urllib3.connectionpool: Starting new HTTPS connection (‹small›): erp.example.org:443",
    "‹time› WARNING erp.sync: document ‹uuid› was changed ‹small› times while it was being read, reading it again",
    "Nov 22 09:‹small›:07 gateway systemd[1]: Started session-‹number›.scope - Session ‹number› of User root.",
    "Nov 22 09:‹small›:07 gateway kernel: [‹number›.‹small›] e1000e 0000:00:1f.6 eth0: NIC Link is Up 1000 Mbps Full Duplex",
    "09:‹small›.‹number›-‹number›,EXCP,5,process=rphost,p:processName=buh,OSThread=‹number›,t:clientID=‹small›,"
    "t:applicationName=1CV8C,Exception=DataBaseException,Descr='Ошибка СУБД: превышено время ожидания блокировки'",
    "09:‹small›.‹number›-‹number›,DBPOSTGRS,4,process=rphost,Trans=0,Sql=SELECT T1._IDRRef FROM _Document‹small› T1 "
    "WHERE T1._Date_Time >= '2026-11-22 00:00:00'::timestamp AND T1._Marked = FALSE,Rows=‹small›,RowsAffected=-1",
    '  File "/usr/lib/python3/dist-packages/urllib3/connectionpool.py", line ‹small›, in urlopen',
    "    response = self._make_request(conn, method, url, timeout=timeout_obj, body=body, headers=headers)",
    "Traceback (most recent call last):",
    "ConnectionRefusedError: [Errno 111] Connection refused by erp.example.org, attempt ‹small› of ‹small›",
    "‹time› ERROR Не удалось подключиться к серверу erp.example.org:1541: подключение не установлено, код ‹number›",
    '{"at":"2026-11-22T09:‹small›:07.‹number›Z","level":"info","msg":"request done","status":200,"ms":‹small›,'
    '"trace":"‹uuid›","path":"/api/v2/orders/‹number›"}',
    "‹time› INFO  c.e.erp.jobs.NightlyExport - exported ‹number› rows to /var/lib/erp/export/2026-11-22.csv in ‹small› s",
)
# What an organisation's log holds besides: its hosts and its addresses.
PRIVATE = (
    '‹address› - - [22/Nov/2026:09:‹small›:07 +0300] "POST /base/hs/exchange/v1/documents HTTP/1.1" 200 ‹number› "-" "1C+Enterprise/8.3"',
    "‹time› INFO  [http-nio-8080-exec-‹small›] c.e.erp.net.Pool - connection to ‹host›:5432 (‹address›) opened in ‹small› ms",
)


def log(*, rich: float, size_bytes: int = LOG_BYTES) -> str:
    """A log of this size; the share ``rich`` of its lines holds secrets, and one in eight names of hosts."""
    source = random.Random(5)
    secrets = [plant.text for plant in filled(planted.TEMPLATES, seed=5)]
    hosts = [filled_line(source.choice(PRIVATE), source) for _ in range(40)]
    lines: list[str] = []
    size = 0
    while size < size_bytes:
        chance = source.random()
        if chance < rich:
            line = source.choice(secrets)
        elif rich and chance < rich + 0.125:
            line = source.choice(hosts)
        else:
            line = filled_line(source.choice(CLEAN), source)
        lines.append(line)
        size += len(line.encode()) + 1
    return "\n".join(lines)


def names() -> Names:
    """Names as they are where the organisation is known."""
    return Names(
        Pseudonyms(),
        users=(makers.USER,),
        homes=(makers.HOME,),
        hosts=(makers.HOST,),
        domains=makers.DOMAINS,
    )


def speeds_mb_per_s(text: str, with_names: Names | None) -> list[float]:
    """The speed of each run, in 10⁶ bytes of UTF-8 a second of this process."""
    size = len(text.encode()) / 1e6
    taken: list[float] = []
    for _ in range(RUNS):
        started = time.process_time()
        scrub.text(text, with_names)
        taken.append(size / (time.process_time() - started))
    return sorted(taken)


def lines() -> list[str]:
    """The table of speeds: median and quartiles."""
    table = ["log                    median     quartiles     taken out"]
    for name, rich in (("clean", 0.0), ("rich in secrets", SECRET_RICH)):
        for kinds, known in (("", None), (", with names", names())):
            text = log(rich=rich)
            runs = speeds_mb_per_s(text, known)
            count = sum(scrub.text(text, known)[1].values())
            spread = f"{runs[RUNS // 4]:.1f} to {runs[-1 - RUNS // 4]:.1f}"
            table.append(f"{name + kinds:29}{runs[RUNS // 2]:5.1f} MB/s ({spread}) {count:5}")
    return table


def shares(rich: float = SECRET_RICH) -> list[str]:
    """What each group takes of a log, in nanoseconds a character."""
    from reporter.report.scrub import sweep

    text = log(rich=rich)
    lowered = text.lower()
    table: list[tuple[float, float, str]] = []
    for group in (*scrub._BLOCKS, *scrub._with(names())):
        started = time.process_time()
        hits = len(group.spans(text if group.cased else lowered))
        probed = time.process_time() - started
        started = time.process_time()
        sweep._pass(group, text, lowered, Counter())
        taken = time.process_time() - started
        what = f"{group.rows[0].kind:20} {hits:6} hits  {group.probes[0].text[:50] if group.probes else ''!r}"
        table.append((taken * 1e9 / len(text), probed * 1e9 / len(text), what))
    return [
        f"{taken:6.1f} ns, probe {probed:5.1f} ns  {what}"
        for taken, probed, what in sorted(table, reverse=True)
    ]


if __name__ == "__main__":
    print("\n".join(lines()))
    if "--rows" in sys.argv:
        print("\n".join(shares()))
