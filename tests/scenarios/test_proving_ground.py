"""Every injected fault is named: its layer, its owner, its cause, and how sure one can be."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reporter.diagnosis import rules
from tests.scenarios import proving
from tests.scenarios.proving import Proving
from tests.scenarios.scenario import OWNERS, Scenario
from tests.scenarios.table import HEALTHY, PAIRS, SINGLE, TABLE

# Causes that cannot be injected on one Linux machine, and why.
NOT_INJECTED: dict[str, str] = {}
# Rules whose cause is injected, but never with this confidence, and why.
NOT_REACHED: dict[tuple[str, str], str] = {
    ("app.bad_credentials", "likely"): "a directory's answer to a bind, which no probe sends",
    ("tls.revoked", "certain"): "the system's trust store holds no list of revocations; programs may",
}
# One scenario of every cause, without those whose cost is in a server of their own.
SAMPLE = tuple({s.cause: s for s in TABLE if not s.needs}.values())


def skip_without_needs(scenario: Scenario) -> None:
    if why := proving.why_not(scenario):
        pytest.skip(why)


@pytest.mark.parametrize("scenario", TABLE, ids=lambda scenario: scenario.name)
def test_the_fault_is_named(ground: Proving, scenario: Scenario) -> None:
    skip_without_needs(scenario)
    result = ground.result(scenario)
    verdict = result.verdict
    told = (verdict.cause, verdict.owner, verdict.runner_up, verdict.evidence, result.printed)
    assert verdict.layer == scenario.layer, told
    assert verdict.owner == scenario.owner, told
    assert verdict.cause == scenario.cause, told
    assert verdict.confidence in scenario.confidence, told
    assert result.status == (0 if scenario.cause == "ok" else 1)
    if scenario.like:
        assert verdict.runner_up == scenario.like, told


@pytest.mark.parametrize("scenario", SAMPLE, ids=lambda scenario: scenario.name)
def test_no_decision_depends_on_a_foreign_message(ground: Proving, scenario: Scenario) -> None:
    ours = ground.result(scenario).verdict
    theirs = ground.result(scenario, foreign=True).verdict
    assert (theirs.cause, theirs.confidence, theirs.runner_up) == (
        ours.cause,
        ours.confidence,
        ours.runner_up,
    )


def test_every_cause_has_a_scenario() -> None:
    injected = {scenario.cause for scenario in TABLE}
    known = {rule.cause for rule in rules.RULES}
    assert known - injected - set(NOT_INJECTED) == set()
    assert not injected & set(NOT_INJECTED)
    assert known | set(NOT_INJECTED) >= set(OWNERS)


def test_every_rule_decides_a_scenario(ground: Proving) -> None:
    verdicts = [ground.result(scenario).verdict for scenario in TABLE if not proving.why_not(scenario)]
    decided = {(verdict.cause, verdict.confidence.value) for verdict in verdicts}
    rows = {(rule.cause, rule.confidence.value) for rule in rules.RULES}
    assert rows - decided - set(NOT_REACHED) == set()
    assert not decided & set(NOT_REACHED)


def test_the_scrambling_is_real() -> None:
    code = "import socket\ntry: socket.create_connection(('127.0.0.1', 1))\nexcept OSError as e: print(e)"
    ended = subprocess.run(
        [sys.executable, "-c", code], env=proving.FOREIGN, capture_output=True, text=True, check=True
    )
    assert "повідомлення" in ended.stdout


def test_the_ground_is_as_large_as_promised() -> None:
    assert len(SINGLE) >= 70
    assert len(PAIRS) >= 15
    assert len(HEALTHY) >= 10
    assert all(scenario.then for scenario in PAIRS)
    assert all(scenario.cause == "ok" for scenario in HEALTHY)
    assert len({scenario.name for scenario in TABLE}) == len(TABLE)


def test_the_targets_are_reached(ground: Proving) -> None:
    can_run = [scenario for scenario in TABLE if not proving.why_not(scenario)]
    ground.start(can_run)
    results = [ground.result(scenario) for scenario in can_run]
    text = proving.summary(results)
    assert all(r.verdict.layer == r.scenario.layer for r in results), text
    assert all(r.verdict.owner == r.scenario.owner for r in results), text
    exact = sum(r.verdict.cause == r.scenario.cause for r in results) / len(results)
    assert exact >= proving.EXACT_TARGET, text
    for r in results:
        if r.scenario.like:
            assert (r.verdict.confidence, r.verdict.runner_up) == ("likely", r.scenario.like), r.scenario.name
        if r.verdict.cause == "app.bad_credentials":
            reported = r.verdict.evidence.reported
            assert reported is not None
            assert reported.problem is not None
            assert reported.problem.code == "bad_credentials"
    # the examination's own deadline by its own clock; the shares of the rest are printed, not judged
    assert max(r.verdict.elapsed_ms for r in results) <= proving.MAX_TARGET_MS, text
