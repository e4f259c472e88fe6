"""Host programs as real processes; the agent they start is replaced by one that writes down what it heard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.waiting import wait_until

PREAMBLE = """
import os, sys, threading, time
from reporter import program
LISTENER = '''
import os, sys
line = sys.stdin.readline()
if line:
    with open(os.path.join(sys.argv[1], f"{os.getpid()}.tmp"), "w") as file:
        file.write(line)
    os.rename(file.name, file.name[:-3] + "json")
'''
program.agent_command = lambda: [sys.executable, "-S", "-X", "utf8", "-c", LISTENER, os.environ["HEARD"]]
import reporter
"""
INSTALL = 'reporter.install(application="ERP", version="3.1")\n'


# What measures the tests' coverage loads modules and writes files of its own.
_NOT_A_HOSTS = ("COV_", "COVERAGE_", "PYTHONFAULT")


class Stage:
    """``heard``: where the openings are written; ``home``: the agent's folder."""

    def __init__(self, folder: Path) -> None:
        self.heard = folder / "heard"
        self.home = folder / "home"
        self.heard.mkdir()

    def environ(self, **more: str) -> dict[str, str]:
        usual = {**os.environ, "HEARD": str(self.heard), "REPORTER_HOME": str(self.home), **more}
        return {name: value for name, value in usual.items() if not name.startswith(_NOT_A_HOSTS)}

    def run(
        self, body: str, *, install: str = INSTALL, options: tuple[str, ...] = (), **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a host to its end."""
        return subprocess.run(
            [sys.executable, *options, "-c", PREAMBLE + install + body],
            env=self.environ(**environ),
            cwd=self.heard.parent,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def openings(self, expected: int = 1) -> list[dict[str, Any]]:
        """What the agents were told; the host may end before they have written it."""
        wait_until(lambda: len(list(self.heard.glob("*.json"))) >= expected)
        return [json.loads(path.read_text()) for path in sorted(self.heard.glob("*.json"))]

    def failure(self) -> dict[str, Any]:
        """The failure of the only dialog there is."""
        (opening,) = self.openings()
        found: dict[str, Any] = opening["failure"]
        return found

    def is_quiet(self) -> bool:
        """No agent heard anything, nor is one about to write."""
        wait_until(lambda: not list(self.heard.glob("*.tmp")))
        return not list(self.heard.glob("*.json"))

    def crashes(self) -> list[Path]:
        """The files of native crashes."""
        return sorted((self.home / "crashes").glob("*.crash"))
