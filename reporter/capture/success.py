"""Success: what a login that worked sets going, without costing it anything.

Now and then the agent asks the server what help it publishes for worse times; a process of its own does
that. Starting a process takes milliseconds, starting a thread some seventy microseconds and waking one some
ten: all more than a login may lose. So a thread looks now and then, from the moment the guard is loaded,
and a login that worked only leaves a note for it, at most once an hour for each target. The thread goes when
nothing was to be done for an hour; the next one is then started on demand.
"""

from __future__ import annotations

import _thread
import sys
from os import getpid
from time import monotonic, sleep

INTERVAL_S = 3600.0
PATIENCE_S = 3600.0
FIRST_LOOK_S = 0.02
LOOK_INTERVAL_S = 1.0
LOOK_GROWTH = 1.1
"""A login mostly follows at once; later there is time, and no need to wake a computer often."""
TARGETS_LIMIT = 50
"""A host that logs in to ever new targets asks for the first ones only."""

_due_at: dict[str, float] = {}


class Attendant:
    """The thread that looks for notes, and what stands on them."""

    def __init__(self) -> None:
        self.targets_limit = TARGETS_LIMIT
        self._wishes: list[str] = []
        self._process = 0  # in which it looks: a forked child has no threads

    def begin(self) -> None:
        """Start the thread, unless it is there already; never raises."""
        if self._process == getpid():
            return
        self._process = getpid()
        try:
            _thread.start_new_thread(self._attend, ())
        except RuntimeError:  # no thread can be started any more
            self._process = 0

    def leave(self, target: str) -> None:
        """Let the target be asked soon; never raises."""
        self._wishes.append(target)
        if self._process != getpid():
            self.begin()

    def _attend(self) -> None:
        interval_s, leaves_at = FIRST_LOOK_S, monotonic() + PATIENCE_S
        while monotonic() < leaves_at:
            if self._wishes:
                self._serve()
                leaves_at = monotonic() + PATIENCE_S
            sleep(interval_s)
            interval_s = min(interval_s * LOOK_GROWTH, LOOK_INTERVAL_S)
        self._process = 0
        self._serve()  # what came in just now

    def _serve(self) -> None:
        while self._wishes:
            try:
                ask(self._wishes.pop())
            except Exception:  # noqa: BLE001 - never into the host
                _log_trouble()


def _log_trouble() -> None:
    import logging

    logging.getLogger("reporter").info("The server's published help cannot be asked for.", exc_info=True)


attendant = Attendant()


def noted(target: str) -> None:
    """A login at ``target`` worked: have its server asked what it publishes, if that is due. Never raises."""
    try:
        now_s = monotonic()
        if now_s < _due_at.get(target, 0.0):
            return
        if target in _due_at or len(_due_at) < attendant.targets_limit:
            _due_at[target] = now_s + INTERVAL_S
            attendant.leave(target)
    except Exception:  # noqa: BLE001 - never into the host, whatever it calls a target
        return


def ask_nobody() -> None:
    """From now on this process has no server asked: it is a demonstration or a measurement."""
    attendant.targets_limit = 0


def ask(target: str) -> None:
    """Start the process that asks, and wait for its end, so that no defunct one stays behind.

    It outlives a host that ends meanwhile.
    """
    import subprocess

    from reporter import program
    from reporter.texts.safe import without_secrets

    if not (name := without_secrets(target)):
        return
    nowhere = subprocess.DEVNULL
    subprocess.run(
        [*program.agent_command(), "published", "refresh", "--", name],
        stdin=nowhere,
        stdout=nowhere,
        stderr=nowhere,
        env=program.environment(),
        start_new_session=True,
        creationflags=program.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
        check=False,
    )
