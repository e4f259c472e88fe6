"""The guard stands in for faults of the connection, and is not there otherwise.

The agent is a small script here, so that each wish of the person is known; the real agent talks to
the same guard in the integration tests.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import reporter
from reporter import program
from tests.waiting import wait_until

AGENT = """
import json, os, sys
wishes, log = json.loads(sys.argv[1]), sys.argv[2]
heard = [json.loads(sys.stdin.readline())]
for wish in wishes:
    print(json.dumps({"type": "wish", "access_code": wish}), flush=True)
    line = sys.stdin.readline()
    heard.append(json.loads(line) if line else None)
    if heard[-1] and heard[-1]["failure"] is None:
        break
with open(log + ".part", "w") as file:
    json.dump(heard, file)
os.rename(log + ".part", log)
receipt = {"reference": "7K3D-9QX2M", "state": "queued", "at": "2026-11-22T09:00:00Z"}
try:
    print(json.dumps({"type": "farewell", "receipt": receipt}), flush=True)
except BrokenPipeError:
    pass  # a host whose login succeeded does not wait for it
"""

TARGET = "https://erp.example.org/base"


class FakeAgent:
    """Which wishes the person has, and what the agent heard from the host."""

    def __init__(self, log: Path) -> None:
        self.wishes: list[str] = []
        self.was_started = False
        self._log = log

    def command(self) -> list[str]:
        self.was_started = True
        return [sys.executable, "-c", AGENT, json.dumps(self.wishes), str(self._log)]

    @property
    def heard(self) -> list[dict[str, Any]]:
        wait_until(self._log.exists)
        heard: list[dict[str, Any]] = json.loads(self._log.read_text())
        return heard


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeAgent:
    fake = FakeAgent(tmp_path / "heard.json")
    monkeypatch.setattr(program, "agent_command", fake.command)
    return fake


def fails(times: int, then: str = "session") -> Callable[[], str]:
    """A login that is refused a number of times."""
    left = [times]

    def login() -> str:
        if left[0]:
            left[0] -= 1
            raise ConnectionRefusedError(111, f"refused, {left[0]} left")
        return then

    return login


def test_a_login_that_works_returns_its_result_and_starts_nothing(agent: FakeAgent) -> None:
    assert reporter.guard(fails(0), target=TARGET) == "session"
    assert not agent.was_started


def test_a_failure_is_told_to_the_agent_with_target_and_application(agent: FakeAgent) -> None:
    with pytest.raises(ConnectionRefusedError):
        reporter.guard(fails(1), target=TARGET, application="ERP", version="3.1")
    opening = agent.heard[0]
    assert opening["failure"]["target"] == TARGET
    assert opening["failure"]["application"] == {"name": "ERP", "version": "3.1"}
    assert opening["failure"]["exception"]["errno"] == 111
    assert opening["can_retry"] is True
    assert opening["accepts_access_code"] is False


def test_try_again_runs_the_login_again_until_it_works(agent: FakeAgent) -> None:
    agent.wishes = ["", "", ""]
    assert reporter.guard(fails(3), target=TARGET) == "session"
    results = agent.heard[1:]
    assert [result["failure"] is None for result in results] == [False, False, True]


def test_the_last_exception_comes_out_with_a_note_for_the_log(agent: FakeAgent) -> None:
    agent.wishes = [""]
    with pytest.raises(ConnectionRefusedError, match="8 left") as info:
        reporter.guard(fails(10), target=TARGET)
    assert info.value.__notes__ == ["Reporter: no verdict, report 7K3D-9QX2M queued"]


def test_the_access_code_reaches_a_login_that_takes_one(agent: FakeAgent) -> None:
    agent.wishes = ["2468"]

    def login(access_code: str = "") -> str:
        if access_code != "2468":
            raise ConnectionResetError(104, "locked")
        return "session"

    assert reporter.guard(login, target=TARGET) == "session"
    assert agent.heard[0]["accepts_access_code"] is True


def test_an_access_code_is_not_pressed_on_a_login_that_takes_none(agent: FakeAgent) -> None:
    agent.wishes = ["2468"]
    assert reporter.guard(fails(1), target=TARGET) == "session"


def test_programming_errors_pass_through_untouched(agent: FakeAgent) -> None:
    error = TypeError("a bug")

    def login() -> None:
        raise error

    with pytest.raises(TypeError) as info:
        reporter.guard(login, target=TARGET)
    assert info.value is error
    assert not agent.was_started


def test_a_programming_error_in_a_further_try_passes_through(agent: FakeAgent) -> None:
    agent.wishes = [""]
    errors: list[Exception] = [ConnectionRefusedError(111, "refused"), TypeError("a bug")]

    def login() -> None:
        raise errors.pop(0)

    with pytest.raises(TypeError, match="a bug"):
        reporter.guard(login, target=TARGET)


def test_as_a_decorator_arguments_and_name_are_kept(agent: FakeAgent) -> None:
    agent.wishes = [""]
    again = fails(1)

    @reporter.guard(target=TARGET)
    def sign_in(user: str, *, role: str) -> tuple[str, str, str]:
        return user, role, again()

    assert sign_in("anna", role="clerk") == ("anna", "clerk", "session")
    assert sign_in.__name__ == "sign_in"
    assert agent.was_started


def test_a_coroutine_function_is_guarded_and_the_loop_goes_on(agent: FakeAgent) -> None:
    agent.wishes = [""]
    again = fails(1)

    @reporter.guard(target=TARGET)
    async def sign_in() -> str:
        await asyncio.sleep(0)
        return again()

    async def main() -> tuple[str, bool]:
        ticked = asyncio.Event()

        async def other() -> None:
            ticked.set()

        result, _ = await asyncio.gather(sign_in(), other())
        return result, ticked.is_set()

    assert asyncio.run(main()) == ("session", True)


def test_a_context_manager_shows_and_lets_the_exception_go_on(agent: FakeAgent) -> None:
    with pytest.raises(TimeoutError), reporter.guard(target=TARGET) as guarded:
        raise TimeoutError
    assert agent.heard[0]["can_retry"] is False
    assert guarded.farewell is not None
    assert guarded.farewell.receipt is not None


def test_an_async_context_manager_too(agent: FakeAgent) -> None:
    async def main() -> None:
        async with reporter.guard(target=TARGET):
            raise TimeoutError

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert agent.was_started


def test_an_agent_that_cannot_be_started_leaves_the_host_its_exception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(program, "agent_command", lambda: ["/nonexistent/reporter"])
    with pytest.raises(ConnectionRefusedError):
        reporter.guard(fails(1), target=TARGET)


@pytest.mark.parametrize("code", ["import sys; sys.exit(3)", "print('nonsense')", "print('{}')"])
def test_an_agent_that_dies_or_babbles_leaves_the_host_its_exception(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "agent_command", lambda: [sys.executable, "-c", code])
    with pytest.raises(ConnectionRefusedError):
        reporter.guard(fails(1), target=TARGET)


def test_keyboard_interrupt_is_never_ours(agent: FakeAgent) -> None:
    def login() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reporter.guard(login, target=TARGET)
    assert not agent.was_started


def test_a_session_says_so_with_every_failure(agent: FakeAgent) -> None:
    agent.wishes = ["", ""]
    guarded = reporter.guard(target=TARGET, session=True)(fails(2))
    assert guarded() == "session"
    told = [agent.heard[0]["failure"], agent.heard[1]["failure"]]
    assert [one["action"] for one in told] == ["session", "session"]


def test_a_login_says_that_it_is_one(agent: FakeAgent) -> None:
    with pytest.raises(ConnectionRefusedError):
        reporter.guard(fails(1), target=TARGET)
    assert agent.heard[0]["failure"].get("action", "login") == "login"
