"""What a typical report weighs on the wire, and which part of it weighs what.

    .venv/bin/python -m tests.benchmarks.report_size

The facts are those of this computer, the failure is a certificate that has run out, with a traceback of forty
frames and a story. A part is weighed by packing the report without it.
"""

from __future__ import annotations

import random
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from reporter.capture.failure import ExceptionInfo
from reporter.facts.collect import collect
from reporter.report import bundle
from reporter.report.logs import FILE_LIMIT_BYTES, LogTail
from reporter.report.model import Attachment, Bundle, Story
from tests.report import typical

LIMIT_BYTES = 12 * 1024
STORY = Story(
    wanted="Провести накладную № 17 и распечатать её для водителя.",
    expected="Накладная проводится, как вчера.",
    happened="После ввода пароля появилось сообщение о сертификате. Перезагрузка не помогла.",
    questions=["Можно ли работать с другого компьютера?", "Когда это исправят?"],
    contact="Иванова Анна, вн. 4471",
    best_time="с 10 до 12",
)


class Weight(NamedTuple):
    """``plain_bytes``: as written, indented; ``zipped_bytes``: what it adds to the zip."""

    what: str
    plain_bytes: int
    zipped_bytes: int


class Packed(NamedTuple):
    """What ``bundle.pack`` takes."""

    report_json: bytes
    attachments: list[Attachment]


def typical_report(*, with_log: bool = False) -> Bundle:
    """The report that is weighed; with the end of a log as long as is taken of one."""
    frames = "".join(
        f'  File "/opt/erp/lib/erp/{module}/{name}.py", line {31 * number + 7}, in {name}_{number}\n'
        f"    return self.{name}.{module}_{number}(request, timeout=timeout)\n"
        for number, (module, name) in enumerate(
            zip(
                ["net", "session", "ui", "core"] * 10,
                ["open", "send", "login", "retry", "call"] * 8,
                strict=True,
            )
        )
    )
    error = ExceptionInfo(
        type="SSLCertVerificationError",
        message="[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired (_ssl.c:1007)",
        traceback=f"Traceback (most recent call last):\n{frames}",
        verify_code=10,
        chain=["ConnectionError", "MaxRetryError", "SSLCertVerificationError"],
    )
    expired = typical.tls_expired().report.verdict
    return typical.of(
        failure=typical.failed("The certificate has expired.", error),
        verdict=expired,
        facts=collect(application_name="ERP", application_version="3.1.4"),
        story=STORY,
        logs=[log()] if with_log else [],
    )


def log() -> LogTail:
    """Lines that differ as those of a real log do."""
    drawn = random.Random(7)
    lines, size = [], 0
    while size < FILE_LIMIT_BYTES - 200:
        lines.append(
            f"2026-11-22 09:{drawn.randrange(60):02}:{drawn.randrange(60):02}.{drawn.randrange(1000):03} "
            f"{drawn.choice(('INFO ', 'DEBUG', 'WARN '))} [worker-{drawn.randrange(16)}] "
            f"{drawn.choice(('request', 'query', 'render', 'post'))} {drawn.getrandbits(48):012x} "
            f"took {drawn.randrange(5000)} ms"
        )
        size += len(lines[-1]) + 1
    return LogTail(
        name="app.log",
        text="\n".join(lines) + "\n",
        encoding="utf-8",
        size_bytes=size,
        modified_s=0.0,
        is_cut=True,
    )


def weights(whole: Bundle) -> list[Weight]:
    """All of it first, then every part, the heaviest first."""
    document = msgspec.json.decode(whole.report_json)
    total = zipped(document, whole.attachments)
    parts = []
    for name in document:
        rest = {other: member for other, member in document.items() if other != name}
        plain = len(written(document)) - len(written(rest))
        parts.append(Weight(name, plain, total - zipped(rest, whole.attachments)))
    parts += [
        Weight(
            file.name,
            len(file.content),
            total - zipped(document, [f for f in whole.attachments if f != file]),
        )
        for file in whole.attachments
    ]
    plain = len(whole.report_json) + sum(len(file.content) for file in whole.attachments)
    return [Weight("whole report", plain, total), *sorted(parts, key=lambda part: -part.zipped_bytes)]


def written(document: object) -> bytes:
    """As ``report.json`` is written."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def zipped(document: object, attachments: list[Attachment]) -> int:
    """The size of the zip in bytes."""
    return len(bundle.pack(Packed(written(document), attachments)))


def main() -> None:
    """Print both tables."""
    for title, whole in (
        ("A typical report", typical_report()),
        ("The same with the end of a log", typical_report(with_log=True)),
    ):
        table = Table("part", "plain, bytes", "zipped, bytes", title=title, title_justify="left", box=None)
        for part in weights(whole):
            table.add_row(part.what, f"{part.plain_bytes:,}", f"{part.zipped_bytes:,}")
        Console().print(table)


if __name__ == "__main__":
    main()
