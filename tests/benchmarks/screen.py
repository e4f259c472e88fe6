"""Screen: a private X server, and an observer that sees the first window of a program."""

from __future__ import annotations

import os
import select
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psutil
from Xlib import X
from Xlib.display import Display
from Xlib.error import XError

SIZE = "1280x800x24"
WINDOW_LEAST_PX = 50
WINDOW_LIMIT_S = 20.0
SERVER_LIMIT_S = 10.0
END_LIMIT_S = 5.0
# Gives a program time to load what it loads after its window stands.
SETTLE_S = 1.5
MIB = 1024 * 1024


class CannotMeasure(Exception):
    """A program did not do what is measured; the sentence says which and how."""


@dataclass(frozen=True)
class Memory:
    """What a program and its children hold, in MiB; ``pss`` shares out what others use too."""

    rss: float
    pss: float


class Screen:
    """An X server of our own without a window manager, and a connection that watches its root window."""

    def __enter__(self) -> Self:
        reader, writer = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", SIZE, "-nolisten", "tcp", "-noreset"],
            pass_fds=[writer],
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        with os.fdopen(reader) as answer:
            ready, _, _ = select.select([answer], [], [], SERVER_LIMIT_S)
            self.name = f":{answer.readline().strip()}" if ready else ""
        if self.name in ("", ":"):
            self._server.kill()
            raise CannotMeasure("Xvfb did not start.")
        self._display = Display(self.name)
        self._display.screen().root.change_attributes(event_mask=X.SubstructureNotifyMask)
        self._display.sync()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._display.close()
        end(self._server)

    def time_to_window(self, command: list[str], environment: dict[str, str]) -> float:
        """Milliseconds from starting ``command`` to its first mapped window; ends it then."""
        with self._shown(command, environment) as (_, elapsed_s):
            return elapsed_s * 1000

    def memory(self, command: list[str], environment: dict[str, str]) -> Memory:
        """What ``command`` holds once its window stands and it came to rest; ends it then."""
        with self._shown(command, environment) as (process, _):
            time.sleep(SETTLE_S)
            root = psutil.Process(process.pid)
            family = [p.memory_full_info() for p in (root, *root.children(recursive=True))]
            return Memory(sum(m.rss for m in family) / MIB, sum(m.pss for m in family) / MIB)

    @contextmanager
    def _shown(
        self, command: list[str], environment: dict[str, str]
    ) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
        self._forget_events()
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            env={**environment, "DISPLAY": self.name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._wait_for_window(process, started + WINDOW_LIMIT_S)
            yield process, time.perf_counter() - started
        finally:
            end(process)

    def _forget_events(self) -> None:
        self._display.sync()
        while self._display.pending_events():
            self._display.next_event()

    def _wait_for_window(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        while (left := deadline - time.perf_counter()) > 0:
            if not self._display.pending_events():
                select.select([self._display], [], [], min(left, 0.1))
            while self._display.pending_events():
                event = self._display.next_event()
                if event.type in (X.MapNotify, X.ConfigureNotify) and self._is_a_dialog(event.window):
                    return
            if process.poll() is not None:
                raise CannotMeasure(
                    f"{named(process)} ended with {process.returncode} before it showed a window."
                )
        raise CannotMeasure(f"{named(process)} showed no window in {WINDOW_LIMIT_S:.0f} s.")

    def _is_a_dialog(self, window: Any) -> bool:
        try:
            attributes, geometry = window.get_attributes(), window.get_geometry()
        except XError:
            return False  # gone already
        return bool(
            attributes.map_state == X.IsViewable
            and not attributes.override_redirect
            and geometry.width > WINDOW_LEAST_PX
            and geometry.height > WINDOW_LEAST_PX
        )


def named(process: subprocess.Popen[bytes]) -> str:
    """The command of a process, as a person would type it."""
    return shlex.join(process.args) if isinstance(process.args, list) else str(process.args)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started, and its children, by their ids."""
    try:
        family = [*psutil.Process(process.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    process.terminate()
    try:
        process.wait(END_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in family:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
