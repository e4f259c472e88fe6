"""The courier stays until what waits is sent, alone, and leaves quietly when there is nothing to stay for."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reporter.delivery import courier
from reporter.delivery.destination import Destination, Kind, Outcome
from reporter.delivery.envelope import Envelope
from reporter.delivery.postman import Postman
from reporter.delivery.receipt import Receipt, State
from reporter.delivery.spool import Spool
from reporter.files import only_one
from tests.waiting import wait_until

REFERENCE = "7K3D-9QX2M"
FAR_S = 600


class Desk(Destination):
    """An endpoint that is down until told otherwise; ``visits`` counts who came."""

    name = "https://support.example.org/"

    def __init__(self) -> None:
        self.is_up = False
        self.visits = 0

    def deliver(self, envelope: Envelope) -> Outcome:
        self.visits += 1
        if self.is_up:
            return Outcome(kind=Kind.ACCEPTED)
        return Outcome(kind=Kind.POSTPONED, reason="no connection to the endpoint")


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "LOOK_INTERVAL_S", 0.01)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "spool.sqlite"


class Stay(threading.Thread):
    """A courier at work; ``receipts`` is what it came to."""

    def __init__(self, path: Path, desk: Desk, **options: Any) -> None:
        super().__init__()
        self.receipts: list[Receipt] = []
        self._work: Callable[[], list[Receipt]] = lambda: courier.stay(
            path, lambda spool: Postman(spool, [desk]), **options
        )
        self.start()

    def run(self) -> None:
        self.receipts = self._work()


def keep(path: Path, reference: str = REFERENCE, *, next_try_in_s: float | None = None) -> None:
    with Spool(path) as spool:
        envelope = spool.enqueue(reference, b"{}", [], sendable=True, sent_by_person=True)
        plan(spool, envelope, next_try_in_s)


def plan(spool: Spool, envelope: Envelope, in_s: float | None) -> None:
    moment = None if in_s is None else datetime.now(UTC) + timedelta(seconds=in_s)
    spool.record(msgspec.structs.replace(envelope, next_try_at=moment), [])


def hurry(path: Path) -> None:
    with Spool(path) as spool:
        for envelope in spool.list():
            plan(spool, envelope, None)


def test_a_report_that_was_put_off_is_sent_when_its_time_comes(path: Path) -> None:
    keep(path, next_try_in_s=0.05)
    desk = Desk()
    desk.is_up = True
    [receipt] = courier.stay(path, lambda spool: Postman(spool, [desk]))
    assert (receipt.state, desk.visits) == (State.ACCEPTED, 1)


def test_it_tries_again_after_a_failure_and_not_before_the_planned_time(path: Path) -> None:
    keep(path)
    desk = Desk()
    stay = Stay(path, desk)
    wait_until(lambda: desk.visits == 1)
    desk.is_up = True
    with Spool(path) as spool:
        wait_until(lambda: spool.list()[0].tries == 1)
        planned = spool.list()[0].next_try_at
        assert planned is not None
        assert planned > datetime.now(UTC)
    hurry(path)
    stay.join()
    assert [receipt.state for receipt in stay.receipts] == [State.ACCEPTED]
    assert desk.visits == 2


def test_a_report_that_comes_while_it_sleeps_is_noticed(path: Path) -> None:
    keep(path, "AAAA-AAAA1", next_try_in_s=FAR_S)
    desk = Desk()
    desk.is_up = True
    stay = Stay(path, desk)
    keep(path)
    wait_until(lambda: desk.visits == 1)
    hurry(path)
    stay.join()
    assert {receipt.reference for receipt in stay.receipts} == {"AAAA-AAAA1", REFERENCE}


def test_a_second_one_leaves_at_once(path: Path) -> None:
    keep(path)
    desk = Desk()
    with only_one(path.with_name("spool.sqlite.courier"), wait_s=0):
        assert courier.stay(path, lambda spool: Postman(spool, [desk])) == []
    assert desk.visits == 0


def test_its_life_is_bounded(path: Path) -> None:
    keep(path)
    desk = Desk()
    [receipt] = courier.stay(path, lambda spool: Postman(spool, [desk]), life_s=0.2)
    assert receipt.state is State.QUEUED


def test_it_leaves_when_the_spool_is_gone_and_makes_no_new_one(path: Path) -> None:
    keep(path, next_try_in_s=FAR_S)
    stay = Stay(path, Desk())
    wait_until(lambda: path.with_name("spool.sqlite.courier").exists())

    def has_left() -> bool:
        shutil.rmtree(path.parent, ignore_errors=True)  # it may be opening a file there at this moment
        return not stay.is_alive()

    wait_until(has_left)
    assert not path.parent.exists()
    assert courier.stay(path, lambda spool: Postman(spool, [Desk()])) == []
    assert not path.parent.exists()


def test_it_leaves_when_nothing_waits(path: Path) -> None:
    Spool(path).close()
    assert courier.stay(path, lambda spool: Postman(spool, [Desk()])) == []


class FakePopen:
    """Remembers how a process was to be started."""

    def __init__(self, command: list[str], **options: Any) -> None:
        self.options = options
        started.append(self)

    def wait(self) -> int:
        return 0


started: list[FakePopen] = []


@pytest.mark.parametrize(
    ("platform", "apart"),
    [
        ("linux", {"start_new_session": True}),
        ("darwin", {"start_new_session": True}),
        ("win32", {"creationflags": 0x08000008}),
    ],
)
def test_its_process_shares_nothing_with_the_one_that_starts_it(
    platform: str, apart: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    started.clear()
    monkeypatch.setattr(subprocess, "Popen", FakePopen)
    courier.start(["reporter"], platform=platform)
    [process] = started
    nowhere = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    assert process.options == nowhere | apart


def test_a_program_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(OSError, match="nonexistent"):
        courier.start(["/nonexistent/reporter"], platform=sys.platform)


@pytest.mark.parametrize(("spread_s", "visits"), [(3_600.0, 0), (0.0, 1)])
def test_switched_on_again_it_spreads_what_is_long_overdue_and_automatic(
    path: Path, spread_s: float, visits: int
) -> None:
    days_ago = datetime.now(UTC) - timedelta(days=2)
    with Spool(path, now=lambda: days_ago, random=lambda: 0.5) as spool:
        spool.enqueue(REFERENCE, b"{}", [], sendable=True, sent_by_person=False)
    desk = Desk()
    desk.is_up = True
    courier.stay(path, lambda spool: Postman(spool, [desk]), life_s=0.1, spread_s=spread_s)
    assert desk.visits == visits
