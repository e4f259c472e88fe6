"""The live display of the probes while ``reporter diagnose`` looks for the cause."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """One step of a probe, as the ladder tells it."""

    @property
    def stage(self) -> str:
        """Which stage of the ladder."""

    @property
    def state(self) -> str:
        """``started``, ``done`` or ``abandoned``."""

    @property
    def result(self) -> str:
        """What came of it, in a few words."""

    @property
    def elapsed_ms(self) -> int:
        """How long it took."""


MARKS = {"started": "…", "done": "✓", "abandoned": "✗"}


@contextmanager
def show_progress(*, enabled: bool) -> Iterator[Callable[[Progress], None] | None]:
    """An observer that draws each stage on standard error; None where nobody watches a terminal there."""
    if not enabled or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

    stages: dict[str, Progress] = {}

    def draw() -> Table:
        table = Table.grid(padding=(0, 2))
        for stage in stages.values():
            elapsed = f"{stage.elapsed_ms} ms" if stage.state != "started" else ""
            table.add_row(
                Text(MARKS.get(stage.state, " ")),
                Text(stage.stage.upper()),
                Text(stage.result),
                Text(elapsed),
            )
        return table

    with Live(
        console=Console(stderr=True), transient=True, get_renderable=draw, refresh_per_second=12
    ) as live:

        def observe(progress: Progress) -> None:
            stages[progress.stage] = progress
            live.refresh()

        yield observe
