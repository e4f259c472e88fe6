"""Printer: what is written to the terminal, as text only: never as markup or as a control sequence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from reporter.texts.safe import plain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

TEXT_LIMIT_CHARS = 2_000_000
QUIET_ZONE = 4
HALVES = " ▀▄█"
"""Nothing, the upper half, the lower half, both."""
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

    def squares(self, rows: list[list[bool]]) -> bool:
        """A QR code, two rows a line; whether the terminal has the letters and the width for it."""
        width = len(rows) + 2 * QUIET_ZONE
        if not rows or self._encodable(HALVES) != HALVES or self._console.width < width:
            return False
        from rich.text import Text

        light = [False] * width
        framed = [[*light[:QUIET_ZONE], *row, *light[:QUIET_ZONE]] for row in rows]
        framed = [light] * QUIET_ZONE + framed + [light] * QUIET_ZONE
        if len(framed) % 2:
            framed.append(light)
        # Without colours the ground is taken for dark: then light squares are the ones to draw.
        inverse = self._console.color_system is None
        for upper, lower in zip(framed[::2], framed[1::2], strict=True):
            line = "".join(
                HALVES[(above != inverse) + 2 * (below != inverse)]
                for above, below in zip(upper, lower, strict=True)
            )
            self._print(Text(line, style="" if inverse else "black on bright_white", no_wrap=True))
        return True

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
