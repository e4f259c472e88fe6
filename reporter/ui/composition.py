"""Composition: what the person is writing, and how it outlives a dialog that closes before it is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reporter.report.model import Story
from reporter.ui.desk import Desk

KEEP_AFTER_S = 2.0
"""A pause in writing as long as this, and the text is put where a crash does not reach it."""


class Composition:
    """``story``: as it stands; ``is_restored``: it began with what was kept from last time.

    ``clock`` gives monotonic seconds.
    """

    def __init__(self, desk: Desk, clock: Callable[[], float]) -> None:
        self.story = Story()
        self.is_restored = False
        self._desk = desk
        self._clock = clock
        self._lock = threading.Lock()
        self._is_open = False
        self._is_over = False
        self._due: float | None = None
        self._begun_with = self._kept = Story()

    def open(self) -> None:
        """The person begins to write: take up what was kept; a second time nothing happens."""
        if not self._is_open:
            self._is_open = True
            self.story = self._begun_with = self._kept = self._desk.draft()
            self.is_restored = self.story != Story()

    def write(self, story: Story) -> None:
        """The story is now this one."""
        if story != self.story:
            self.story = story
            self._due = self._clock() + KEEP_AFTER_S

    def start_empty(self) -> None:
        """The person does not want what was kept from last time."""
        self.is_restored = False
        self._begun_with = Story()
        self.write(Story())

    @property
    def has_news(self) -> bool:
        """Something was written that is neither sent nor from last time."""
        return not self._is_over and self.story not in (Story(), self._begun_with)

    def is_due(self) -> bool:
        """The pause in writing has come; told once."""
        if self._due is None or self._clock() < self._due:
            return False
        self._due = None
        return True

    def keep(self) -> None:
        """Keep the story for the next time; may take a moment. Raises nothing: the person is writing."""
        with self._lock:
            story = self.story
            if not self._is_over and story != self._kept:
                self._put(story)
                self._kept = story

    def forget(self) -> None:
        """It was sent, or the person does not want it: nothing of it is kept any more."""
        with self._lock:
            self._is_over = True
            self._put(Story())

    def _put(self, story: Story) -> None:
        try:
            self._desk.keep_draft(story)
        except Exception:
            import logging

            logging.getLogger("reporter").exception("What the person wrote could not be kept.")
