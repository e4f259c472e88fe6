"""Album: the pictures that travel with one report."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from reporter.errors import PictureError
from reporter.report.drawing import Mark, Picture, Source
from reporter.report.model import Attachment, Enclosure
from reporter.texts import N_

TOO_MANY = N_("A report holds five pictures at most. Remove one first.")
SWITCHED_OFF = N_("The administrator has switched screenshots off.")

PICTURES_LIMIT_ITEMS = 5
PICTURE_LIMIT_BYTES = 1536 * 1024
"""Five of them leave room for logs in a bundle."""
PICTURE_LIMIT_PX = 2_560


class Album:
    """``allowed``: false where the administrator wants no screenshots; ``program_pid``: of the program that
    failed, 0 where unknown."""

    def __init__(self, *, allowed: bool, program_pid: int = 0) -> None:
        self._allowed = allowed
        self._program_pid = program_pid
        self._lock = threading.Lock()
        self._pictures: dict[str, Attachment] = {}
        self._minted = 0

    @property
    def can_grow(self) -> bool:
        """Whether pictures are allowed, and this computer can handle them."""
        if not self._allowed:
            return False
        from reporter.report import screenshot

        return screenshot.why_not_edited() is None

    def sources(self) -> list[Source]:
        """What a screenshot can be taken of; raises PictureError where none can be."""
        self._check()
        from reporter.report import screenshot

        return screenshot.sources(self._program_pid or None)

    def take(self, source_id: str) -> Picture:
        """A screenshot, with what is to be hidden suggested; raises PictureError."""
        self._check()
        from reporter.report import screenshot

        return screenshot.take(source_id, self._program_pid or None)

    def picture_of(self, content: bytes) -> Picture:
        """A picture out of a file's bytes; raises PictureError."""
        self._check()
        from reporter.report import screenshot

        return screenshot.picture_of(content)

    def pasted(self) -> Picture | None:
        """The picture on the clipboard, None where there is none; raises PictureError."""
        self._check()
        from reporter.report import screenshot

        content = screenshot.clipboard_picture()
        return None if content is None else screenshot.picture_of(content)

    def attach(self, picture: Picture, marks: Sequence[Mark]) -> Enclosure:
        """Draw the marks in and keep the result; raises PictureError when there are too many."""
        self._check()
        from reporter.report import screenshot
        from reporter.report.build import enclosure

        content, content_type = screenshot.render(
            picture, marks, limit_bytes=PICTURE_LIMIT_BYTES, limit_px=PICTURE_LIMIT_PX
        )
        ending = {"image/png": "png", "image/jpeg": "jpg"}[content_type]
        with self._lock:
            if len(self._pictures) >= PICTURES_LIMIT_ITEMS:
                raise PictureError(TOO_MANY)
            self._minted += 1
            file = Attachment(
                name=f"screenshot-{self._minted}.{ending}", content_type=content_type, content=content
            )
            self._pictures[file.name] = file
        return enclosure(file)

    def detach(self, name: str) -> None:
        """Take a picture out again."""
        with self._lock:
            self._pictures.pop(name, None)

    def attachments(self) -> list[Attachment]:
        """The pictures as they travel, in the order in which they were attached."""
        with self._lock:
            return list(self._pictures.values())

    def enclosures(self) -> list[Enclosure]:
        """What a report says of them."""
        from reporter.report.build import enclosure

        return [enclosure(file) for file in self.attachments()]

    def _check(self) -> None:
        if not self._allowed:
            raise PictureError(SWITCHED_OFF)
