"""The text of an exception is bounded, whatever the exception is made of, and reads as Python's own."""

from __future__ import annotations

import sys
import traceback
import tracemalloc
from collections.abc import Callable
from types import TracebackType

import pytest

from reporter.capture import backtrace


def raised(work: Callable[[], object]) -> BaseException:
    try:
        work()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what is tested
        return error
    raise AssertionError


def long_trace(length: int) -> TracebackType:
    """A traceback of so many frames, without needing as deep a stack."""
    frame = sys._getframe()
    trace: TracebackType | None = None
    for number in range(length):
        trace = TracebackType(trace, frame, 0, number + 1)
    assert trace is not None
    return trace


def chained(length: int) -> BaseException:
    error = ValueError("link 0")
    for number in range(1, length):
        outer = ValueError(f"link {number}")
        outer.__context__ = error
        error = outer
    return error


def nested(depth: int, width: int) -> BaseException:
    error: Exception = ValueError("innermost")
    for _ in range(depth):
        error = ExceptionGroup("level", [error] * width)
    return error


def test_a_plain_exception_reads_as_python_prints_it() -> None:
    def work() -> None:
        try:
            int("lost")
        except ValueError as error:
            raise KeyError("no price") from error

    error = raised(work)
    usual = [line for line in traceback.format_exception(error) if line.strip()]
    expected = "".join(usual).splitlines()
    told = [line for line in backtrace.text(error).splitlines() if line.strip()]
    assert told == [line for line in expected if line.strip() and set(line.strip()) - set("~^")]


def test_what_was_raised_from_none_hides_its_context() -> None:
    def work() -> None:
        try:
            raise KeyError("hidden")
        except KeyError:
            raise ValueError("shown") from None

    assert "hidden" not in backtrace.text(raised(work))


def test_local_variables_are_not_told() -> None:
    def work() -> None:
        secret = "".join(["pla", "nted"])
        raise ValueError(len(secret))

    assert "planted" not in backtrace.text(raised(work))


def test_notes_are_told() -> None:
    error = ValueError("x")
    error.add_note("while reading the price list")
    assert "while reading the price list" in backtrace.text(error)


def test_the_ends_of_a_long_stack_are_told() -> None:
    def f(left: int) -> None:
        if left:
            f(left - 1)
        else:
            raise ValueError("deep")

    told = backtrace.text(raised(lambda: f(300)))
    assert "further frames" in told
    assert "<lambda>" in told
    assert told.rstrip().endswith("ValueError: deep")
    assert len(told) < 10_000


ERRORS: dict[str, Callable[[], BaseException]] = {
    "100,000 frames": lambda: ValueError().with_traceback(long_trace(100_000)),
    "100,000 links": lambda: chained(100_000),
    "a group of 100,000": lambda: ExceptionGroup("wide", [ValueError(i) for i in range(100_000)]),
    "a group of one, many times": lambda: nested(5, 10_000),
    "2,000 groups in each other": lambda: nested(2_000, 1),
    "groups of groups of groups": lambda: nested(8, 8),
    "long texts everywhere": lambda: ExceptionGroup(
        "x" * 10**6, [ValueError("y" * 10**6) for _ in range(50)]
    ),
    "long notes": lambda: _noted(ValueError("x"), "z" * 10**6, 1_000),
    "many lines": lambda: ValueError("\n" * 10**6),
}


def _noted(error: BaseException, note: str, times: int) -> BaseException:
    for _ in range(times):
        error.add_note(note)
    return error


@pytest.mark.parametrize("kind", ERRORS)
def test_the_text_and_the_memory_for_it_are_bounded(kind: str) -> None:
    error = ERRORS[kind]()
    tracemalloc.start()
    try:
        told = backtrace.text(error)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(told) <= backtrace.LIMIT_CHARS + 100
    assert peak < 8 * 1024 * 1024
    assert "further" in told or "… [+" in told


def test_the_work_does_not_grow_with_a_group() -> None:
    """Counted in calls of the members' own texts, not in seconds."""
    calls = 0

    class Counted(Exception):
        def __str__(self) -> str:
            nonlocal calls
            calls += 1
            return "counted"

    backtrace.text(ExceptionGroup("wide", [Counted() for _ in range(10_000)]))
    assert 0 < calls <= backtrace.GROUP_LIMIT_MEMBERS


def test_a_circle_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__context__ = two, one
    assert backtrace.text(one).count("ValueError: one") == 1


@pytest.mark.parametrize("limit", [0, 10, 100])
def test_shortening_keeps_both_ends(limit: int) -> None:
    whole = "".join(chr(97 + i % 26) for i in range(200))
    short = backtrace.shortened(whole, limit)
    assert short.count("further characters") == 1
    assert whole.startswith(short.split("\n")[0])
    assert whole.endswith(short.rsplit("\n", maxsplit=1)[-1])


def test_a_text_that_fits_is_kept() -> None:
    assert backtrace.shortened("whole", 5) == "whole"
