"""Printer: what is written to the terminal, as text only: never as markup or as a control sequence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from reporter.texts.safe import plain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

TEXT_LIMIT_CHARS = 2_000_000
# Where a terminal lacks a letter, its neighbour in ASCII says the same.
ASCII = str.maketrans(
    {"…": "...", "•": "-", "–": "-", "—": "-", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"'}
)


class Printer:
    """Writes to ``writer``, in letters that it has."""

    def __init__(self, writer: TextIO) -> None:
        self._writer = writer
        self._encoding = getattr(writer, "encoding", None) or "utf-8"
        self._console = _console(writer)

    @property
    def is_terminal(self) -> bool:
        """Whether what was written can be written over."""
        return self._writer.isatty()

    @contextmanager
    def status(self, sentence: str) -> Iterator[None]:
        """Say what is going on while it does."""
        from rich.text import Text

        if not self._console.is_terminal:
            self.line(sentence)
            yield
            return
        spinner = "dots" if self._encoding.lower().replace("-", "") == "utf8" else "line"
        with self._console.status(Text(self._encodable(sentence)), spinner=spinner):
            yield

    def page(self, heading: str, text: str) -> None:
        """A heading, and a text of any length from anywhere."""
        self.line("")
        self.line(heading, "bold")
        self.line(plain(text, TEXT_LIMIT_CHARS).rstrip())

    def line(self, text: str, style: str = "") -> None:
        """A line, or more where ``text`` has several."""
        from rich.text import Text

        self._print(Text(self._encodable(text), style=style))

    def item(self, mark: str, text: str) -> None:
        """A line of a list."""
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2))
        grid.add_row(Text(self._encodable(mark), style="bold"), Text(self._encodable(text)))
        self._print(grid if mark else Text(self._encodable(text)))

    def panel(self, heading: str, text: str) -> None:
        """Words that are not ours, in a frame."""
        from rich.box import ASCII as ASCII_BOX
        from rich.box import ROUNDED
        from rich.panel import Panel
        from rich.text import Text

        box = ROUNDED if self._encodable("╭") == "╭" else ASCII_BOX
        title = Text(self._encodable(heading))
        self._print(
            Panel(Text(self._encodable(text)), title=title, title_align="left", box=box, expand=False)
        )

    def _print(self, what: RenderableType) -> None:
        self._console.print(what, highlight=False, markup=False, emoji=False)

    def write(self, text: str) -> None:
        """Exactly this, and no end of line."""
        self._writer.write(self._encodable(text))
        self._writer.flush()

    def _encodable(self, text: str) -> str:
        """``text`` in letters that the terminal has."""
        try:
            text.encode(self._encoding)
        except (UnicodeEncodeError, LookupError):
            ascii_only = text.translate(ASCII)
            try:
                return ascii_only.encode(self._encoding, "replace").decode(self._encoding)
            except LookupError:
                return ascii_only.encode("ascii", "replace").decode("ascii")
        return text


def _console(writer: TextIO) -> Console:
    from rich.console import Console

    return Console(file=writer, highlight=False, markup=False, emoji=False)
