"""No collector can fail or delay the whole."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from reporter.facts import guard
from reporter.facts.guard import Collector, Section
from reporter.facts.model import Gap


def gives(**facts: str) -> Callable[[], Section]:
    return lambda: dict(facts)


def raises(error: BaseException) -> Callable[[], Section]:
    def gather() -> Section:
        raise error

    return gather


def test_facts_of_one_section_are_put_together() -> None:
    sections, gaps = guard.run(
        [
            Collector("system", "name", gives(name="X")),
            Collector("memory", "memory", gives(total="1")),
            Collector("system", "uptime", gives(uptime="2")),
        ]
    )
    assert sections == {"system": {"name": "X", "uptime": "2"}, "memory": {"total": "1"}}
    assert gaps == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("odd"), "uptime: ValueError: odd"),
        (KeyError("MemTotal"), "uptime: KeyError: 'MemTotal'"),
        (RuntimeError(), "uptime: RuntimeError"),
        (SystemExit(3), "uptime: SystemExit: 3"),
        (RecursionError("deep"), "uptime: RecursionError: deep"),
        (ValueError("bell\x07\nline"), "uptime: ValueError: bell line"),
    ],
)
def test_whatever_is_raised_becomes_a_gap_and_the_rest_stays(error: BaseException, reason: str) -> None:
    sections, gaps = guard.run(
        [Collector("system", "uptime", raises(error)), Collector("system", "name", gives(name="X"))]
    )
    assert sections == {"system": {"name": "X"}}
    assert gaps == [Gap(section="system", reason=reason)]


def test_a_gap_does_not_tell_the_path_that_was_denied() -> None:
    error = PermissionError(13, "Permission denied", "/home/ivan/secret")
    _, [gap] = guard.run([Collector("storage", "home folder", raises(error))])
    assert gap.reason == "home folder: PermissionError: Permission denied"


def test_one_that_hangs_is_abandoned() -> None:
    released = threading.Event()

    def hang() -> Section:
        released.wait()
        return {"too": "late"}

    try:
        sections, gaps = guard.run(
            [Collector("storage", "home folder", hang, 20), Collector("system", "name", gives(name="X"))]
        )
        assert sections == {"system": {"name": "X"}}
        assert gaps == [Gap(section="storage", reason="home folder: no answer within 20 ms")]
    finally:
        released.set()


def test_all_hanging_ones_wait_side_by_side() -> None:
    """Each of them blocks until every other has begun: one after the other they would never end."""
    together = threading.Barrier(8)

    def meet() -> Section:
        together.wait()
        return {}

    _, gaps = guard.run([Collector("system", str(number), meet) for number in range(8)])
    assert gaps == []


def test_a_machine_without_threads_left_has_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert guard.run([Collector("system", "name", gives(name="X"))]) == (
        {},
        [Gap(section="system", reason="name: RuntimeError: can't start new thread")],
    )


def test_the_program_does_not_wait_for_an_abandoned_one() -> None:
    released = threading.Event()
    try:
        guard.run([Collector("storage", "abandoned", lambda: {"x": released.wait()}, 1)])
        threads = [thread for thread in threading.enumerate() if thread.name == "facts"]
        assert threads
        assert all(thread.daemon for thread in threads)
    finally:
        released.set()


def test_quick_ones_share_a_thread() -> None:
    threads: set[int] = set()

    def note() -> Section:
        threads.add(threading.get_ident())
        return {}

    guard.run([Collector("system", str(number), note) for number in range(100)])
    assert len(threads) < 100


def test_each_is_gathered_once_and_told_in_its_place() -> None:
    calls: list[int] = []

    def count(number: int) -> Section:
        calls.append(number)
        if number % 7 == 0:
            threading.Event().wait(0.03)
        return {"number": number}

    told = guard.outcomes(Collector("system", "x", lambda n=n: count(n)) for n in range(30))  # type: ignore[misc]
    assert told == [{"number": number} for number in range(30)]
    assert sorted(calls) == list(range(30))


def test_nothing_to_gather_is_nothing_told() -> None:
    assert guard.run([]) == ({}, [])
