"""Running scenarios: each in a room of its own, several side by side, and what they add up to."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from reporter.diagnosis.verdict import Verdict
from tests.scenarios import certificates, databases
from tests.scenarios.room import OTHER, OUTSIDE, PORTAL, PROXY, SERVER, Room, system_trust_store
from tests.scenarios.scenario import Scenario

# Scenarios wait more than they work.
SIDE_BY_SIDE = 4
P95_TARGET_MS, MAX_TARGET_MS = 3_000, 5_300
EXACT_TARGET = 0.95
SCRAMBLED = Path(__file__).with_name("scrambled")
# Another language and other words in every message of the system.
FOREIGN = {
    "REPORTER_LANGUAGE": "uk",
    "LANGUAGE": "uk",
    "LC_ALL": "C.UTF-8",
    "LANG": "uk_UA.UTF-8",
    "PYTHONPATH": str(SCRAMBLED),
}
_USUAL_ZONE = {
    "erp.example.org": (SERVER,),
    "xn--bcher-kva.example": (SERVER,),
    "control.example.org": (OTHER,),
    "outside.example.org": (OUTSIDE,),
    "portal.example.org": (PORTAL,),
    "proxy.example.org": (PROXY,),
}


@dataclass(frozen=True)
class Result:
    """``printed``: what the process said besides its verdict."""

    scenario: Scenario
    verdict: Verdict
    status: int
    printed: str


class _Outcome(msgspec.Struct):
    """Of ``reporter show --json``, what is judged here."""

    verdict: Verdict


class Proving:
    """Runs scenarios once each, in the background, as they are asked for."""

    def __init__(self) -> None:
        certificates.prepare()
        self._workers = ThreadPoolExecutor(SIDE_BY_SIDE, "scenario")
        self._futures: dict[tuple[str, bool], Future[Result]] = {}

    def start(self, scenarios: Iterable[Scenario], *, foreign: bool = False) -> None:
        """Begin with those that were not begun yet."""
        for scenario in scenarios:
            if (scenario.name, foreign) not in self._futures:
                environment = FOREIGN if foreign else {}
                future = self._workers.submit(run, scenario, environment)
                self._futures[scenario.name, foreign] = future

    def result(self, scenario: Scenario, *, foreign: bool = False) -> Result:
        """Wait for one; raises what its set-up raised."""
        self.start([scenario], foreign=foreign)
        return self._futures[scenario.name, foreign].result()

    def results(self) -> list[Result]:
        """Those that are done, in their own language."""
        done = [future for (_name, foreign), future in self._futures.items() if future.done() and not foreign]
        return [f.result() for f in done if not f.cancelled() and f.exception() is None]

    def close(self) -> None:
        """Wait for what is under way, and begin nothing more."""
        self._workers.shutdown(cancel_futures=True)


def why_not(scenario: Scenario) -> str:
    """What of the system this scenario misses; empty for nothing."""
    for need in scenario.needs:
        if need == "a trust store in a file":
            found = bool(system_trust_store())
        elif need == "postgresql":
            found = databases.programs() is not None
        else:
            found = shutil.which(need) is not None
        if not found:
            return f"{need} is missing; run packaging/develop test"
    return ""


def run(scenario: Scenario, environment: Mapping[str, str]) -> Result:
    """Build the room, break what is to be broken, and ask for a verdict in a process of its own."""
    with Room() as room:
        furnish(room, scenario)
        command = [sys.executable, "-m", "reporter"]
        given = ""
        if scenario.heard is None:
            command += ["diagnose", scenario.target, "--json"]
        else:
            command += ["show", "-", "--json"]
            given = msgspec.json.encode({"target": scenario.target, **scenario.heard}).decode()
        if scenario.clock:
            command = ["faketime", "-m", "--exclude-monotonic", "-f", scenario.clock, *command]
        settings = {
            "REPORTER_HOME": str(room.folder / "reporter"),
            "REPORTER_FACE": "none",
            "REPORTER_LANGUAGE": "en",
            **trust(room, scenario),
            **scenario.environment,
            **environment,
        }
        ended = room.run(command, settings, given=given)
    return Result(scenario, _verdict(scenario, ended), ended.returncode, ended.stderr)


def furnish(room: Room, scenario: Scenario) -> None:
    """The usual names, and this scenario's faults."""
    room.zone.update(_USUAL_ZONE)
    for fault in scenario.faults:
        fault(room)


def trust(room: Room, scenario: Scenario) -> dict[str, str]:
    """The room's trust store; the environment that names it, where the system's own place is not used."""
    file = room.folder / "trusted.pem"
    if scenario.trust == "system":
        file.write_bytes(certificates.self_signed_pem())
        room.mounts[system_trust_store()] = file
        return {}
    file.write_bytes(certificates.company().cert_pem.bytes())
    return {"SSL_CERT_FILE": str(file)}


def _verdict(scenario: Scenario, ended: subprocess.CompletedProcess[str]) -> Verdict:
    try:
        if scenario.heard is None:
            return msgspec.json.decode(ended.stdout, type=Verdict)
        return msgspec.json.decode(ended.stdout, type=_Outcome).verdict
    except msgspec.MsgspecError as error:
        raise AssertionError(
            f"{scenario.name}: status {ended.returncode}, {ended.stdout[:500]!r}: {ended.stderr}"
        ) from error


def summary(results: list[Result]) -> str:
    """Counts, latencies, and every cell of the confusion table that is not on its diagonal."""
    if not results:
        return "no scenario was run"
    total = len(results)
    right = {
        "layer": sum(r.verdict.layer == r.scenario.layer for r in results),
        "owner": sum(r.verdict.owner == r.scenario.owner for r in results),
        "exact cause": sum(r.verdict.cause == r.scenario.cause for r in results),
    }
    faults = [r for r in results if r.scenario.cause != "ok"]
    pairs = [r for r in faults if r.scenario.then]
    lines = [
        f"{total} scenarios: {len(faults) - len(pairs)} faults, {len(pairs)} pairs of faults, "
        f"{total - len(faults)} healthy; {len({r.scenario.cause for r in faults})} causes",
        *(f"{what:12} {count:4} of {total}  {count / total:7.1%}" for what, count in right.items()),
        "",
        *_latencies("time to a verdict", results),
        *_latencies("where all is well", [r for r in results if r.scenario.cause == "ok"]),
        *_judgement([r.verdict.elapsed_ms for r in results]),
        "",
        *_confusion(results),
    ]
    return "\n".join(lines)


def _latencies(title: str, results: list[Result]) -> list[str]:
    times = sorted(r.verdict.elapsed_ms for r in results)
    if not times:
        return []
    p95 = percentile(times, 95)
    return [f"{title:18} p50 {statistics.median(times):6.0f} ms  p95 {p95:6} ms  max {times[-1]:6} ms"]


def _judgement(times: list[int]) -> list[str]:
    measured = {
        f"95 of 100 within {P95_TARGET_MS} ms": percentile(times, 95) <= P95_TARGET_MS,
        f"all within {MAX_TARGET_MS} ms": max(times) <= MAX_TARGET_MS,
    }
    return [f"{target}: {'held' if held else 'MISSED'}" for target, held in measured.items()]


def percentile(values: list[int], share: int) -> int:
    """The value below which ``share`` per cent of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def _confusion(results: list[Result]) -> list[str]:
    cells = Counter((r.scenario.cause, r.verdict.cause) for r in results)
    width = max(len(expected) for expected, _got in cells)
    lines = [f"{'injected':{width}}  named"]
    for expected in sorted({expected for expected, _got in cells}):
        named = [f"{got} × {n}" for (injected, got), n in sorted(cells.items()) if injected == expected]
        lines.append(f"{expected:{width}}  {', '.join(named)}")
    return lines
