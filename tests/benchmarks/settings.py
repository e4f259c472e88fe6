"""Settings: what it costs to load them from every layer, in a fresh process as the agent meets it.

Policies, a settings file, variables, an option and remembered help are there, lists of databases are not. The
time is that of the first loading, with the modules that it imports; a second one follows.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.samples import Samples
from tests.benchmarks.screen import CannotMeasure
from tests.settings.policy_systems import LinuxRoot

LIMIT_MS = 15
TARGET = "https://erp.example.org/base"

_POLICY = '{"submission": "ask", "control_urls": ["https://intranet.example.org/"], "retention_days": 14}'
_RECOMMENDED = '{"help_text": "Call 5555.", "language": "en"}'
_FILE = """\
help_url = "https://intranet.example.org/login-help"
[help."tls.expired"]
text = "The certificate is being renewed."
"""
_LOAD = """
import os, sys, time
from pathlib import Path
from reporter.settings.layers import load
from reporter.settings.published import recall

def everything():
    from reporter.settings.policy.linux import LinuxPolicies
    from reporter.settings.policy.trusted import Trust

    target = sys.argv[2]
    return load(
        environ=os.environ,
        command_line={"face": "none"},
        published=recall(target, os.environ),
        target=target,
        policies=LinuxPolicies(Trust(Path(sys.argv[1]), os.getuid())),
    )

started = time.perf_counter()
loaded = everything()
first = time.perf_counter()
everything()
again = time.perf_counter()
assert not loaded.problems and loaded.is_locked("submission"), loaded.problems
print((first - started) * 1000, (again - first) * 1000)
"""


def loading(environment: Mapping[str, str], folder: Path, rounds: int) -> tuple[Samples, Samples]:
    """The first loading of a process and the one after it, in milliseconds."""
    root = LinuxRoot(folder / "policies")
    root.write(_POLICY)
    root.write(_RECOMMENDED, recommended=True)
    file = folder / "settings.toml"
    file.write_text(_FILE, encoding="utf-8")
    said = {**environment, "REPORTER_SETTINGS": str(file), "REPORTER_SPREAD_SECONDS": "30"}
    first, again = zip(*[_loaded(said, root.top) for _ in range(rounds)], strict=True)
    return Samples(first), Samples(again)


def _loaded(environment: Mapping[str, str], top: Path) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(top), TARGET],
        env=dict(environment),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CannotMeasure(f"The settings could not be loaded: {done.stderr[-300:]}")
    first, again = done.stdout.split()
    return float(first), float(again)
