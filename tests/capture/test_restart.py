"""A crashed program is started again by the agent, with its environment and in its folder."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import msgspec
import pytest

from reporter.capture import restart
from reporter.capture.failure import Failure
from reporter.capture.handover import AgentSide, Farewell, Opening, Result
from tests.capture.hosts import Stage
from tests.waiting import wait_until

NOTES = (
    "import json, os, sys; json.dump([os.getcwd(), sys.argv[2], os.environ['MARK']], open(sys.argv[1], 'w'))"
)


def side(command: list[str], folder: str) -> AgentSide:
    opening = Opening(
        failure=Failure(action="run"),
        can_retry=False,
        accepts_access_code=False,
        terminal=False,
        restart=command,
        restart_folder=folder,
    )
    return AgentSide(io.BytesIO(msgspec.json.encode(opening) + b"\n"), io.BytesIO())


def test_it_is_the_command_that_started_this_process() -> None:
    assert restart.command(restart=True) == [sys.executable, *sys.orig_argv[1:]]
    assert restart.command(restart=False) == []
    assert restart.command(["erp", "--quick"]) == ["erp", "--quick"]


def test_a_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "argv", ["erp", "--quick"])
    assert restart.command(restart=True) == [sys.executable, "--quick"]


@pytest.mark.parametrize("words", [["erp", "x" * 20_000], ["erp", "\udcff"], []])
def test_a_command_that_cannot_travel_is_not_offered(words: list[str]) -> None:
    assert restart.command(words) == []


def test_the_person_asks_and_the_program_starts_with_folder_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARK", "kept")
    result = tmp_path / "result.json"
    host = side([sys.executable, "-c", NOTES, str(result), "an argument"], str(tmp_path))
    assert host.can_retry
    assert not host.automatic
    assert host.ask("") == Result()
    wait_until(lambda: result.exists() and result.read_text().endswith("]"))
    assert json.loads(result.read_text()) == [str(tmp_path), "an argument", "kept"]
    host.close(Farewell())


def test_a_folder_that_is_gone_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARK", "kept")
    result = tmp_path / "result.json"
    command = [sys.executable, "-c", NOTES, str(result), ""]
    assert side(command, str(tmp_path / "gone")).ask("") == Result()
    wait_until(lambda: result.exists() and result.read_text().endswith("]"))


def test_a_program_that_cannot_be_started_is_gone() -> None:
    assert side(["/nonexistent"], "").ask("") is None


def test_without_a_command_the_host_is_asked() -> None:
    host = side([], "")
    assert not host.can_retry
    assert host.automatic


def test_only_a_crash_that_ends_the_program_offers_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    install = "reporter.install(restart=True)\n"
    stage.run("raise KeyError", install=install)
    (opening,) = stage.openings()
    assert opening["restart"][0] == sys.executable
    assert opening["restart"][1] == "-c"
    assert Path(opening["restart_folder"]).samefile(tmp_path)
    stage.run("t = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()", install=install)
    assert sorted(bool(opening["restart"]) for opening in stage.openings(2)) == [False, True]
