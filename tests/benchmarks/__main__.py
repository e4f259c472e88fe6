"""What Reporter costs, beside known programs of the same kind: ``make bench``.

Every figure is the median of interleaved runs with its quartiles, every ratio is of one run: own
divided by peer, so that below 1 is better. The targets are those of the design; absolute ones are
meant for a quiet machine with two cores. Peers run without a session bus, which favours them.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

import reporter
from tests.benchmarks import delivery, facts, inbox, report_size
from tests.benchmarks.samples import Samples, take_turns
from tests.benchmarks.screen import CannotMeasure, Memory, Screen

PEER_DIALOGS = ("zenity", "yad", "kdialog")
PEERS = (*PEER_DIALOGS, *facts.PEERS, "Xvfb")
GUARDED_CALLS = 20_000
MEMORY_ROUNDS = 3
DELIVERY_ROUNDS = 5
MESSAGE = "The server erp.example.org refuses the connection. Please check the network connection."
# Nothing listens there, so that the diagnosis behind the window stays on this machine.
FAILURE = {"target": "https://127.0.0.1:9/base", "message": "Connection refused"}


@dataclass(frozen=True)
class Figure:
    """One line of the table; ``held`` is empty where no target speaks of this peer."""

    what: str
    own: str
    peer: str
    ratio: str
    target: str
    held: bool | None


class Bench:
    """The measurements; each gives its lines of the table."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self.rounds = rounds
        self.folder = folder
        self.failure = folder / "failure.json"
        self.failure.write_text(json.dumps(FAILURE), encoding="utf-8")
        self.environment = {
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "REPORTER_FACE": "window",
            "REPORTER_HOME": str(folder / "reporter"),
            "XDG_RUNTIME_DIR": str(folder),
        }

    def importing(self) -> list[Figure]:
        """``import reporter`` and ``import sentry_sdk``, over bare Python, in fresh processes."""
        taken = take_turns(
            {
                code: lambda code=code: self._process_ms([sys.executable, "-c", code])  # type: ignore[misc]
                for code in ("pass", "import reporter", "import sentry_sdk")
            },
            self.rounds,
        )
        own = taken["import reporter"].minus(taken["pass"])
        peer = taken["import sentry_sdk"].minus(taken["pass"])
        what = "import, over bare Python"
        return [
            compared(what, own, "sentry_sdk", peer, "ms", below=0.1),
            absolute(what, own, "ms", limit=10),
        ]

    def guarding(self) -> list[Figure]:
        """What ``reporter.guard`` adds to a login that works."""
        from reporter.capture import success

        success.ask = lambda target: None  # the note is left, but no process is to disturb what follows

        def login() -> None:
            return None

        def bare() -> float:
            started = time.perf_counter_ns()
            for _ in range(GUARDED_CALLS):
                login()
            return (time.perf_counter_ns() - started) / GUARDED_CALLS / 1000

        def guarded() -> float:
            guard = reporter.guard
            started = time.perf_counter_ns()
            for _ in range(GUARDED_CALLS):
                guard(login, target="https://erp.example.org")
            return (time.perf_counter_ns() - started) / GUARDED_CALLS / 1000

        taken = take_turns({"bare": bare, "guarded": guarded}, self.rounds)
        added = taken["guarded"].minus(taken["bare"])
        return [absolute("successful guarded login, added", added, "µs", limit=5)]

    def showing(self) -> list[Figure]:
        """From starting the process to its first mapped window, and what it holds then."""
        commands = {
            "reporter": [sys.executable, "-m", "reporter", "show", str(self.failure)],
            "zenity": ["zenity", "--error", "--text", MESSAGE],
            "yad": ["yad", "--image", "dialog-error", "--button", "OK", "--text", MESSAGE],
            "kdialog": ["kdialog", "--error", MESSAGE],
        }
        with Screen() as screen:
            times = take_turns(
                {
                    name: lambda command=command: screen.time_to_window(command, self.environment)  # type: ignore[misc]
                    for name, command in commands.items()
                },
                self.rounds,
            )
            held = {
                name: [screen.memory(command, self.environment) for _ in range(MEMORY_ROUNDS)]
                for name, command in commands.items()
            }
        figures = [
            compared("failure to window", times["reporter"], peer, times[peer], "ms", below=1)
            for peer in PEER_DIALOGS
        ]
        figures.append(absolute("failure to window", times["reporter"], "ms", limit=130))
        kinds: dict[str, Callable[[Memory], float]] = {"RSS": lambda m: m.rss, "PSS": lambda m: m.pss}
        for kind, of in kinds.items():
            samples = {name: Samples(tuple(of(m) for m in memories)) for name, memories in held.items()}
            what = f"window process, {kind}"
            figures += [
                compared(what, samples["reporter"], peer, samples[peer], "MiB") for peer in PEER_DIALOGS
            ]
            if kind == "RSS":
                figures.append(absolute(what, samples["reporter"], "MiB", limit=35))
        return figures

    def about(self) -> list[Figure]:
        """``reporter about --json`` as a whole process, and collecting alone inside one."""
        taken = facts.whole_processes(self._process_ms, self.rounds)
        what = "about --json, whole process"
        figures = [
            compared(what, taken["reporter"], peer, taken[peer], "ms", below=1) for peer in facts.PEERS
        ]
        figures.append(absolute(what, taken["reporter"], "ms", limit=120))
        first, again = facts.inside_the_process(self.environment, self.folder, self.rounds)
        what = "facts, inside the process"
        figures += [compared(what, first, peer, taken[peer], "ms") for peer in facts.PEERS]
        figures.append(absolute(what, first, "ms", limit=60))
        figures.append(absolute("facts, collected again", again, "ms", limit=60))
        return figures

    def report(self) -> list[Figure]:
        """A typical report as it travels, without a screenshot."""
        what = "typical report, zipped"
        kib = report_size.weights(report_size.typical_report())[0].zipped_bytes / 1024
        limit = report_size.LIMIT_BYTES / 1024
        return [Figure(what, f"{kib:.1f} KiB", "", "", f"≤ {limit:g} KiB", kib <= limit)]

    def scrubbing(self) -> list[Figure]:
        """Scrubbing of a quarter of a megabyte of log, with all kinds, in time of the processor."""
        from tests.benchmarks import scrubbing

        figures: list[Figure] = []
        for name, rich in (("clean", 0.0), ("rich in secrets", scrubbing.SECRET_RICH)):
            speeds = Samples(tuple(scrubbing.speeds_mb_per_s(scrubbing.log(rich=rich), scrubbing.names())))
            what = f"scrubbing, log {name}"
            figures.append(Figure(what, shown(speeds, "MB/s"), "", "", "≥ 20 MB/s", speeds.median >= 20))
        return figures

    def settings(self) -> list[Figure]:
        """Loading the settings of all layers, without lists of databases."""
        from tests.benchmarks import settings

        first, again = settings.loading(self.environment, self.folder, self.rounds)
        return [
            absolute("settings of all layers", first, "ms", limit=settings.LIMIT_MS),
            absolute("settings of all layers, again", again, "ms", limit=settings.LIMIT_MS),
        ]

    def inbox(self) -> list[Figure]:
        """What the inbox takes, while the load shares the processors with it."""
        rounds = [inbox.measure() for _ in range(inbox.ROUNDS)]
        taken = {name: Samples(tuple(found[name] for found in rounds)) for name in rounds[0]}
        what, rate = f"inbox, {inbox.CONNECTIONS} connections", taken["rate"]
        held = rate.median >= inbox.RATE_TARGET
        return [
            Figure(what, shown(rate, "/s"), "", "", f"≥ {inbox.RATE_TARGET:g} /s", held),
            absolute(f"{what}, p99", taken["p99_ms"], "ms", limit=inbox.P99_TARGET_MS),
        ]

    def delivering(self) -> list[Figure]:
        """Keeping a report durably, and sending a thousand of them."""
        # Not in the folder of temporary files, which may be no disk at all.
        with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as folder:
            kept, sent = delivery.measure(Path(folder), min(self.rounds, DELIVERY_ROUNDS))
        figures = []
        for way, what in (("whole", "report kept, opening the spool"), ("open", "report kept, spool open")):
            middle, high = delivery.percentiles(kept[way])
            own = f"{middle:.1f} ms, 95 % below {high:.1f} ms"
            figures.append(Figure(what, own, "", "", "95 % ≤ 10 ms", high <= 10))
        what = f"{delivery.REPORTS:,} sent, acknowledged"
        return [*figures, compared(what, sent["reporter"], "sentry_sdk", sent["sentry_sdk"], "s")]

    def _process_ms(self, command: list[str]) -> float:
        started = time.perf_counter()
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        elapsed_ms = (time.perf_counter() - started) * 1000
        if done.returncode != 0:
            raise CannotMeasure(f"{shlex.join(command)} ended with {done.returncode}.")
        return elapsed_ms


def compared(
    what: str, own: Samples, name: str, peer: Samples, unit: str, *, below: float | None = None
) -> Figure:
    """A line against a peer; the target, where there is one, is a ratio below this."""
    ratio = own.median / peer.median
    return Figure(
        what=what,
        own=shown(own, unit),
        peer=f"{name} {shown(peer, unit)}",
        ratio=f"{ratio:.2f}",
        target="" if below is None else f"ratio < {below:g}",
        held=None if below is None else ratio < below,
    )


def absolute(what: str, own: Samples, unit: str, *, limit: float) -> Figure:
    """A line against a fixed limit."""
    return Figure(what, shown(own, unit), "", "", f"≤ {limit:g} {unit}", own.median <= limit)


def shown(samples: Samples, unit: str) -> str:
    """The median and the quartiles, such as "38.2 ms (37.1 to 40.0)"."""
    low, high = samples.spread
    return f"{samples.median:.1f} {unit} ({low:.1f} to {high:.1f})"


def table(figures: list[Figure]) -> Table:
    """The figures, ready to print."""
    drawn = Table("measured", "Reporter", "peer", "ratio", "target", "held", box=None, pad_edge=False)
    for figure in figures:
        held = {True: "yes", False: "NO", None: ""}[figure.held]
        drawn.add_row(figure.what, figure.own, figure.peer, figure.ratio, figure.target, held)
    return drawn


def main() -> int:
    """Measure everything and print one table; 1 when something was not measured, 2 when a peer is absent."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Reporter beside its peers.")
    parser.add_argument("--rounds", type=int, default=15, help="interleaved runs of each (default: 15)")
    rounds = max(2, parser.parse_args().rounds)
    absent = [peer for peer in PEERS if shutil.which(peer) is None]
    if absent:
        print(f"Not installed: {', '.join(absent)}; run packaging/develop bench first.", file=sys.stderr)
        return 2
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="reporter-bench-") as folder:
        bench = Bench(Path(folder), rounds)
        figures: list[Figure] = []
        gaps: list[str] = []
        measures = (bench.importing, bench.guarding, bench.showing, bench.about, bench.report, bench.inbox)
        for measure in (*measures, bench.scrubbing, bench.delivering, bench.settings):
            print(f"Measuring: {measure.__name__} …", file=sys.stderr)
            try:
                figures += measure()
            except CannotMeasure as error:
                gaps.append(f"Not measured ({measure.__name__}): {error}")
    # Lines are never folded: a table that is piped stays a table.
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table(figures))
    console.print(
        f"\nMedians of {rounds} interleaved runs (memory: {MEMORY_ROUNDS}), quartiles in parentheses; "
        f"{os.cpu_count()} processors, load {load:.1f} before, Python {sys.version.split()[0]}. "
        f"Targets held: {sum(f.held is True for f in figures)} of {sum(f.held is not None for f in figures)}."
    )
    for gap in gaps:
        console.print(gap)
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main())
