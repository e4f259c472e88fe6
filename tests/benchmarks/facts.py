"""Facts: what it costs to know this computer, beside programs that tell a person the same.

Every measurement is a fresh process, as the agent meets it. Inside the process the time is taken from the
first import of the collectors to the last fact; a second collection follows without the imports.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.benchmarks.samples import Samples, take_turns
from tests.benchmarks.screen import CannotMeasure

ABOUT = [sys.executable, "-m", "reporter", "about", "--json"]
PEERS = {
    "inxi": ["inxi", "-F", "-c", "0"],
    "neofetch": ["neofetch", "--stdout"],
}

_COLLECT = """
import time
started = time.perf_counter()
from reporter.facts.collect import collect
collect(application_name="ERP", application_path="/opt/erp/erp", application_files=["/etc/hosts"])
first = time.perf_counter()
collect(application_name="ERP", application_path="/opt/erp/erp", application_files=["/etc/hosts"])
print((first - started) * 1000, (time.perf_counter() - first) * 1000)
"""


def whole_processes(process_ms: Callable[[list[str]], float], rounds: int) -> dict[str, Samples]:
    """``reporter about --json`` and its peers, turn by turn, in milliseconds."""
    commands = {"reporter": ABOUT, **PEERS}
    return take_turns(
        {name: lambda command=command: process_ms(command) for name, command in commands.items()},  # type: ignore[misc]
        rounds,
    )


def inside_the_process(environment: Mapping[str, str], folder: Path, rounds: int) -> tuple[Samples, Samples]:
    """The first collection of a process with its imports, and the one after it, in milliseconds."""
    taken = [_collected(environment, folder) for _ in range(rounds)]
    first, again = zip(*taken, strict=True)
    return Samples(first), Samples(again)


def _collected(environment: Mapping[str, str], folder: Path) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _COLLECT],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CannotMeasure(f"The facts could not be collected: {done.stderr[-300:]}")
    first, again = done.stdout.split()
    return float(first), float(again)
