"""The proving ground's session: rooms where the machine lets us make them, and a summary at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scenarios import databases, proving
from tests.scenarios.proving import Proving
from tests.scenarios.room import why_no_rooms
from tests.scenarios.scenario import Scenario

_PROVING = pytest.StashKey[Proving]()


@pytest.fixture(scope="session")
def ground(request: pytest.FixtureRequest) -> Iterator[Proving]:
    """All scenarios that this run asks for, begun at once; skips where there can be no rooms."""
    if why := why_no_rooms():
        pytest.skip(f"NO SCENARIO CAN BE RUN: {why}")
    with databases.made():
        made = Proving()
        request.config.stash[_PROVING] = made
        for item in request.session.items:
            scenario = getattr(getattr(item, "callspec", None), "params", {}).get("scenario")
            if isinstance(scenario, Scenario) and not proving.why_not(scenario):
                made.start([scenario], foreign="foreign" in item.name)
        yield made
        made.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    made = config.stash.get(_PROVING, None)
    if made is None:
        return
    text = proving.summary(made.results())
    terminalreporter.section("the proving ground")
    terminalreporter.write_line(text)
    cache = getattr(config, "cache", None)
    if cache is not None:
        file = cache.mkdir("scenarios") / "summary.txt"
        file.write_text(text + "\n", encoding="utf-8")
        terminalreporter.write_line(f"kept in {file}")
