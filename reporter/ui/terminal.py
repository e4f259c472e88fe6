"""The terminal face: the dialog for a person at a text terminal.

The message, then a menu of letters. Whatever comes from outside is printed as text, never as markup
or as a control sequence.
"""

from __future__ import annotations

import io
import select
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from reporter.errors import FaceUnavailable
from reporter.report.model import CONTACT_LIMIT_CHARS, STORY_LIMIT_CHARS, Story
from reporter.texts.safe import plain
from reporter.ui.face import Face
from reporter.ui.presenter import Page, Presenter, View, retry_text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from reporter.texts import Translator

TEXT_LIMIT_CHARS = 2_000_000
WAIT_S = 0.25
# Where a terminal lacks a letter, its neighbour in ASCII says the same.
ASCII = str.maketrans(
    {"…": "...", "•": "-", "–": "-", "—": "-", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"'}
)
# The Russian and Ukrainian letters on the same keys, so that nobody has to switch the keyboard for the menu.
SAME_KEY = str.maketrans("епыівфцрсиощк", "tgssdawhcbjor")


class _End(Exception):
    """The person is gone: end of input, or Ctrl+C."""


class TerminalFace(Face):
    """``reader`` and ``writer``: the person's terminal; by default the one this process belongs to, even
    where its standard streams lead elsewhere.

    Raises FaceUnavailable where there is no terminal.
    """

    in_terminal = True

    def __init__(self, *, reader: TextIO | None = None, writer: TextIO | None = None) -> None:
        self._own_streams = reader is None or writer is None
        if reader is None or writer is None:
            reader, writer = _open_terminal()
        self._reader = reader
        self._writer = writer
        self._encoding = getattr(writer, "encoding", None) or "utf-8"
        self._console = _console(writer)
        self._changed = threading.Event()
        self._presenter: Presenter
        self._texts: Translator

    def run(self, presenter: Presenter) -> None:
        """Show the message and the menu until the person closes."""
        self._presenter = presenter
        self._texts = presenter.texts
        first = presenter.view()
        try:
            self._print_cause(first)
            presenter.start(self)
            view = self._wait()
            if (view.headline, view.advice) != (first.headline, first.advice):
                self._print_cause(view)
            self._print_help(view)
            while not view.closed:
                view = self._serve(view)
        except (_End, KeyboardInterrupt):
            self._line("")
        if presenter.succeeded:
            self._line(self._texts.say("The sign-in worked."))
        presenter.close()
        if self._own_streams:
            self._reader.close()
            self._writer.close()

    def refresh(self) -> None:
        """Wake whoever waits for the next view."""
        self._changed.set()

    # The menu

    def _serve(self, view: View) -> View:
        """Let the person choose once, and do it."""
        choices = self._choices(view)
        chosen = self._choose(choices)
        if chosen is None:  # the countdown came to its end
            return self._after_try(view)
        if chosen == "c":
            self._presenter.close()
        elif chosen == "t":
            self._presenter.try_again(self._ask_code() if view.asks_access_code else "")
            return self._after_try(view)
        elif chosen == "s":
            self._compose()
        elif chosen == "h":
            self._presenter.open_help()
        elif chosen == "r":
            self._presenter.open_service_link()
        elif chosen == "o":
            self._presenter.open_receipt_page()
        else:
            self._presenter.stop_countdown()
            self._print_text(chosen, view)
        view = self._wait()
        self._print_remark(view)
        return view

    def _choices(self, view: View) -> dict[str, str]:
        """The letters that apply now, each with its label."""
        say = self._texts.say
        choices = {"t": retry_text(view)} if view.retry_enabled else {}
        if view.can_send:
            choices["s"] = say("Send report…")
            choices["w"] = say("What will be sent…")
        if view.receipt_page:
            choices["o"] = say("Open the report's page")
        if view.has_service_link and view.page is Page.MESSAGE:
            choices["r"] = say("Read more")
        if view.has_help_link and view.page is Page.MESSAGE:
            choices["h"] = say("Need help?")
        choices["d"] = say("Show details…")
        choices["a"] = say("About…")
        choices["c"] = say("Close")
        return choices

    def _choose(self, choices: dict[str, str]) -> str | None:
        """A letter of ``choices``; None when the login was tried by itself meanwhile."""
        self._print_choices(choices)
        while True:
            answer = self._ask(self._texts.say("Your choice:"), until_tried=True)
            if answer is None:
                return None
            letter = answer.strip().lower()[:1].translate(SAME_KEY)
            if letter in choices:
                return letter
            self._presenter.stop_countdown()
            self._line(
                self._texts.say("Please type one of these letters: {letters}", letters=", ".join(choices))
            )

    def _compose(self) -> None:
        say = self._texts.say
        self._presenter.compose()
        self._line("")
        self._line(say("What did you want to do, and what happened?"), "bold")
        self._line(say("It may stay empty. An empty line ends it."), "dim")
        lines: list[str] = []
        while line := (self._ask(">") or "").rstrip():
            lines.append(line)
        self._line(say("How can support reach you?"), "bold")
        self._line(say("A telephone number or an e-mail address. It may stay empty."), "dim")
        contact = (self._ask(">") or "").strip()
        story = Story(text="\n".join(lines)[:STORY_LIMIT_CHARS], contact=contact[:CONTACT_LIMIT_CHARS])
        choices = {"s": say("Send"), "w": say("What will be sent…"), "b": say("Back")}
        while (letter := self._choose(choices)) == "w":
            self._page(say("Exactly this is sent, and nothing else:"), self._presenter.preview(story))
        if letter == "b":
            self._presenter.back()
            return
        self._presenter.send(story)
        view = self._wait()
        if view.receipt_lines:
            headline, *rest = view.receipt_lines
            self._line("")
            self._line(headline, "bold")
            for sentence in rest:
                self._line(sentence)
            self._print_reference(view)
        else:
            self._presenter.back()

    def _print_text(self, letter: str, view: View) -> None:
        say = self._texts.say
        if letter == "d":
            self._page(say("Details"), view.details)
        elif letter == "a":
            self._page(say("About this computer and its configuration"), self._presenter.about())
        else:
            self._page(say("Exactly this is sent, and nothing else:"), self._presenter.preview(Story()))

    def _after_try(self, before: View) -> View:
        view = self._wait()
        self._print_remark(view)
        if not view.closed:
            if (view.headline, view.advice) != (before.headline, before.advice):
                self._print_cause(view)
            if view.help_text != before.help_text:
                self._print_help(view)
        return view

    # Input

    def _ask(self, prompt: str, *, until_tried: bool = False) -> str | None:
        """One line from the person; with ``until_tried``, None once the countdown ran out.

        Raises _End at the end of input.
        """
        presenter = self._presenter
        if not until_tried or not self._can_select():
            self._write(f"{prompt} ")
            return self._read_line()
        shown = ""
        while True:
            view = presenter.view()
            if view.busy or view.closed:
                self._line("")
                return None
            label = f"{prompt} " if view.countdown_s is None else f"{retry_text(view)}  {prompt} "
            if not shown:
                self._write(label)
            elif label != shown:
                self._write(f"\r\x1b[K{label}" if self._writer.isatty() else "")
            shown = label
            if select.select([self._reader], [], [], WAIT_S)[0]:
                return self._read_line()
            presenter.tick()

    def _ask_code(self) -> str:
        self._presenter.stop_countdown()
        with _echo_off(self._reader):
            # asked only now: whoever types at once must not see the code either
            self._write(self._texts.say("Access code (it stays hidden):") + " ")
            code = self._read_line().strip()
        self._line("")
        return code

    def _read_line(self) -> str:
        line = self._reader.readline()
        if not line:
            raise _End
        return line.rstrip("\r\n")

    def _can_select(self) -> bool:
        """Whether input can be waited for with a time limit: POSIX, and a real stream."""
        if sys.platform == "win32":
            return False
        try:
            self._reader.fileno()
        except (OSError, io.UnsupportedOperation):
            return False
        return True

    # Output

    def _wait(self) -> View:
        """The view once nothing is going on any more; meanwhile says what is."""
        presenter = self._presenter
        view = presenter.view()
        while view.busy:
            with self._status(view.busy):
                now = view.busy
                while view.busy == now:
                    self._changed.wait(WAIT_S)
                    self._changed.clear()
                    view = presenter.view()
        return view

    @contextmanager
    def _status(self, sentence: str) -> Iterator[None]:
        from rich.text import Text

        if not self._console.is_terminal:
            self._line(sentence)
            yield
            return
        spinner = "dots" if self._encoding.lower().replace("-", "") == "utf8" else "line"
        with self._console.status(Text(self._encodable(sentence)), spinner=spinner):
            yield

    def _print_cause(self, view: View) -> None:
        self._line("")
        self._line(view.headline, "bold")
        for sentence in view.advice:
            self._item("•" if len(view.advice) > 1 else "", sentence)

    def _print_help(self, view: View) -> None:
        if view.service_message:
            told = "\n".join(filter(None, (view.service_message, view.service_until)))
            self._panel(self._texts.say("From the service"), told)
        if view.help_text:
            self._panel(self._texts.say("From your organisation"), view.help_text)
        self._print_reference(view)

    def _print_reference(self, view: View) -> None:
        caption = self._texts.say("Reference number")
        self._line(f"{caption}  {view.reference}")

    def _print_remark(self, view: View) -> None:
        if view.remark:
            self._line(view.remark, "yellow")

    def _print_choices(self, choices: dict[str, str]) -> None:
        self._line("")
        for letter, label in choices.items():
            self._item(letter, label)

    def _page(self, heading: str, text: str) -> None:
        self._line("")
        self._line(heading, "bold")
        self._line(plain(text, TEXT_LIMIT_CHARS).rstrip())

    def _line(self, text: str, style: str = "") -> None:
        from rich.text import Text

        self._print(Text(self._encodable(text), style=style))

    def _item(self, mark: str, text: str) -> None:
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2))
        grid.add_row(Text(self._encodable(mark), style="bold"), Text(self._encodable(text)))
        self._print(grid if mark else Text(self._encodable(text)))

    def _panel(self, heading: str, text: str) -> None:
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

    def _write(self, text: str) -> None:
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


def _open_terminal() -> tuple[TextIO, TextIO]:
    """The terminal of this process, for reading and for writing."""
    names = ("CONIN$", "CONOUT$") if sys.platform == "win32" else ("/dev/tty", "/dev/tty")
    try:
        reader = open(names[0], encoding=None)  # noqa: PTH123, SIM115 - devices, open until the end
        writer = open(names[1], "w", encoding=reader.encoding)  # noqa: PTH123, SIM115
    except OSError:
        raise FaceUnavailable(
            "The terminal face cannot be shown: this process belongs to no terminal. "
            "Start it from a terminal, or set face to window, auto or none."
        ) from None
    return reader, writer


@contextmanager
def _echo_off(reader: TextIO) -> Iterator[None]:
    """What is typed stays unseen, where the terminal can do that."""
    try:
        import termios

        number = reader.fileno()
        before = termios.tcgetattr(number)
    except (ImportError, OSError, termios.error):
        yield
        return
    hidden = list(before)
    hidden[3] &= ~termios.ECHO
    termios.tcsetattr(number, termios.TCSADRAIN, hidden)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)
