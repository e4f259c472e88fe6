"""What the tests of delivery share: a spool on a clock that is turned by hand, and a report in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reporter.delivery.spool import Attachment, Envelope, Spool

REFERENCE = "7K3D-9QX2M"
NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Clock:
    """A time of day that only moves when told."""

    def __init__(self) -> None:
        self.time = NINE

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **amount: float) -> None:
        self.time += timedelta(**amount)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spool(tmp_path: Path, clock: Clock) -> Iterator[Spool]:
    with Spool(tmp_path / "private" / "spool.sqlite", now=clock) as spool:
        yield spool


@pytest.fixture
def enqueue(spool: Spool) -> Callable[..., Envelope]:
    """Puts a report into the spool: ``enqueue(reference, sendable=False)``."""

    def enqueue(reference: str = REFERENCE, *, sendable: bool = True) -> Envelope:
        return spool.enqueue(
            reference,
            b'{"reference": "%s"}' % reference.encode(),
            [Attachment(name="Снимок.png", content_type="image/png", content=b"\x89PNG\r\n--x\r\n")],
            sendable=sendable,
            sent_by_person=True,
        )

    return enqueue
