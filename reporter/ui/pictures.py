"""Pictures: where those that a person may attach come from, and what is said where one cannot be had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from reporter.errors import PictureError
from reporter.texts import N_, Translator
from reporter.texts.safe import one_line
from reporter.ui.desk import Desk

if TYPE_CHECKING:
    from reporter.report.drawing import Picture, Source

PATH_LIMIT_CHARS = 200
PICTURE_LIMIT_BYTES = 64 * 1024 * 1024
NOTHING_COPIED = N_("There is no picture on the clipboard.")

Answer = TypeVar("Answer")


class Attempt(Protocol):
    """Does ``work``; where a PictureError or another fault ends it, the person is told why and the answer
    is None."""

    def __call__(self, work: Callable[[], Answer]) -> Answer | None:
        """What ``work`` gives."""


class Pictures:
    """Asks the desk; every method may take a moment and is called on a background thread."""

    def __init__(self, desk: Desk, texts: Translator, attempt: Attempt) -> None:
        self._desk = desk
        self._texts = texts
        self._attempt = attempt

    def sources(self) -> list[Source]:
        """What a screenshot can be taken of; empty where nothing: the person was told why."""
        return self._attempt(self._desk.sources) or []

    def take(self, source_id: str) -> Picture | None:
        """A screenshot; None where it could not be taken: the person was told why."""
        return self._attempt(lambda: self._desk.take(source_id))

    def pasted(self, *, says_nothing: bool = False) -> Picture | None:
        """The picture on the clipboard; None where there is none: the person was told so, unless they asked
        for something else and it ``says_nothing``."""

        def look() -> Picture | None:
            picture = self._desk.pasted()
            if picture is None and not says_nothing:
                raise PictureError(NOTHING_COPIED)
            return picture

        return self._attempt(look)

    def within(self, path: str) -> Picture | None:
        """The picture in a file; None where there is none: the person was told so."""
        return self._attempt(lambda: self._desk.picture_of(self._read(path)))

    def scaled(self, picture: Picture, width: int) -> bytes:
        """The picture as PNG, at most ``width`` pixels wide. Raises ReporterError."""
        return self._desk.scaled(picture, width)

    def _read(self, path: str) -> bytes:
        say = self._texts.say
        try:
            content = _content_of(Path(path).expanduser())
        except (OSError, ValueError, RuntimeError):
            raise PictureError(
                say("The file could not be read: {path}", path=one_line(path, PATH_LIMIT_CHARS))
            ) from None
        if len(content) > PICTURE_LIMIT_BYTES:
            raise PictureError(say("The file is too large for a report."))
        return content


def _content_of(path: Path) -> bytes:
    """Of a file, a little more than may be read; OSError for what is none: a pipe would be waited for."""
    if not path.is_file():
        raise OSError(path)
    with path.open("rb") as file:
        return file.read(PICTURE_LIMIT_BYTES + 1)
