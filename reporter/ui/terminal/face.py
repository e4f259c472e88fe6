"""TerminalFace: the message, then a menu of letters."""

from __future__ import annotations

import select
import threading
from typing import TYPE_CHECKING, TextIO

from reporter.ui.face import Face
from reporter.ui.presenter import Presenter
from reporter.ui.terminal.form import Form
from reporter.ui.terminal.printer import Printer
from reporter.ui.terminal.streams import can_select, echo_off, open_terminal
from reporter.ui.view import Page, View, answer_head, retry_text, scan_hint, send_text

if TYPE_CHECKING:
    from reporter.texts import Translator

WAIT_S = 0.25
# The Russian and Ukrainian letters on the same keys, so that nobody has to switch the keyboard for the menu.
SAME_KEY = str.maketrans("епыівфцрсиощкчудзьташ", "tgssdawhcbjorxelpmnfi")


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
            reader, writer = open_terminal()
        self._reader = reader
        self._writer = writer
        self._out = Printer(writer)
        self._changed = threading.Event()
        self._answered: set[str] = set()
        self._presenter: Presenter
        self._texts: Translator

    def run(self, presenter: Presenter) -> None:
        """Show the message and the menu until the person closes."""
        self._presenter = presenter
        self._texts = presenter.texts
        first = presenter.view()
        try:
            if first.product:
                self._out.line(first.product)
            self._print_cause(first)
            presenter.start(self)
            view = self.wait()
            if (view.headline, view.advice) != (first.headline, first.advice):
                self._print_cause(view)
            self._print_help(view)
            while not view.closed:
                view = self._serve(view)
        except (_End, KeyboardInterrupt):
            self._out.line("")
        if presenter.succeeded:
            say = self._texts.say
            if first.is_session:
                self._out.line(say("The connection is back."))
            else:
                self._out.line(
                    say("The program was started again.") if first.is_crash else say("The sign-in worked.")
                )
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
        chosen = self.choose(choices)
        if chosen is None:  # the countdown came to its end
            return self._after_try(view)
        if chosen == "c":
            self._presenter.close()
        elif chosen == "t":
            self._presenter.try_again(self._ask_code() if view.asks_access_code else "")
            return self._after_try(view)
        elif chosen == "s":
            self._compose(view)
        elif chosen == "h":
            self._presenter.open_help()
        elif chosen == "r":
            self._presenter.open_service_link()
        elif chosen == "o":
            self._presenter.open_receipt_page()
        elif chosen == "p":
            self._phone()
        else:
            self._presenter.stop_countdown()
            self._print_text(chosen, view)
        view = self.wait()
        self._print_remark(view)
        return view

    def _choices(self, view: View) -> dict[str, str]:
        """The letters that apply now, each with its label."""
        say = self._texts.say
        choices = {"t": retry_text(view)} if view.retry_enabled and view.retry_label else {}
        if view.can_send:
            choices["s"] = send_text(view, say)
            choices["w"] = say("What will be sent…")
        if view.receipt_page:
            choices["o"] = say("Open the report's page")
        if view.offers_phone:
            choices["p"] = say("Other ways to reach support…")
        if view.has_service_link and view.page is Page.MESSAGE:
            choices["r"] = say("Read more")
        if view.has_help_link and view.page is Page.MESSAGE:
            choices["h"] = say("Need help?")
        if not view.is_request:
            choices["d"] = say("Show details…")
        choices["a"] = say("About…")
        choices["c"] = say("Close")
        return choices

    def choose(self, choices: dict[str, str]) -> str | None:
        """A letter of ``choices``; None when the login was tried by itself meanwhile."""
        self._print_choices(choices)
        while True:
            answer = self._ask_until_tried(self._texts.say("Your choice:"))
            if answer is None:
                return None
            letter = answer.strip().lower()[:1].translate(SAME_KEY)
            if letter in choices:
                return letter
            self._presenter.stop_countdown()
            self._out.line(
                self._texts.say("Please type one of these letters: {letters}", letters=", ".join(choices))
            )

    def _compose(self, before: View) -> None:
        Form(self._presenter, self._out, self).run()
        view = self.wait()
        if view.receipt_lines and not before.receipt_lines:
            headline, *rest = view.receipt_lines
            self._out.line("")
            self._out.line(headline, "bold")
            for sentence in rest:
                self._out.line(sentence)
            self._print_reference(view)

    def _phone(self) -> None:
        """Support without this computer's network, until the person goes back."""
        presenter, say = self._presenter, self._texts.say
        presenter.use_phone()
        view = self.wait()
        if view.telephone is not None:
            self._out.line("")
            if self._out.squares(view.telephone.squares):
                self._out.line(scan_hint(view.telephone.link, say))
                self._out.line("")
            self._out.line(say("Or read this out"), "bold")
            for sentence in view.telephone.lines:
                self._out.item("•", sentence)
        while True:
            self._print_remark(view)
            choices = {"f": say("Save report to a file…")}
            if view.can_mail:
                choices["m"] = say("Send by e-mail…")
            chosen = self.choose({**choices, "b": say("Back")})
            if chosen == "f":
                path = self.ask(say("Save to this file:"))
                if path:
                    presenter.save(path)
            elif chosen == "m":
                presenter.mail()
            else:
                presenter.back()
                return
            view = self.wait()

    def _print_text(self, letter: str, view: View) -> None:
        say = self._texts.say
        if letter == "d":
            self._out.page(say("Details"), self._presenter.details())
        elif letter == "a":
            self._out.page(say("About this computer and its configuration"), self._presenter.about().text)
        else:
            preview = self._presenter.preview(self._presenter.story)
            self._out.page(say("Exactly this is sent, and nothing else:"), preview.readable)

    def _after_try(self, before: View) -> View:
        view = self.wait()
        self._print_remark(view)
        if not view.closed:
            if (view.headline, view.advice) != (before.headline, before.advice):
                self._print_cause(view)
            if view.help_text != before.help_text:
                self._print_help(view)
        return view

    # Input

    def ask(self, prompt: str) -> str:
        """One line from the person, without the spaces around it; raises _End at the end of input."""
        self._out.write(f"{prompt} ")
        return self._read_line().strip()

    def _ask_until_tried(self, prompt: str) -> str | None:
        """The same; None once the countdown ran out, where input can be waited for."""
        presenter = self._presenter
        if not can_select(self._reader):
            return self.ask(prompt)
        shown = ""
        while True:
            view = presenter.view()
            if view.busy or view.closed:
                self._out.line("")
                return None
            label = f"{prompt} " if view.countdown_s is None else f"{retry_text(view)}  {prompt} "
            if not shown:
                self._out.write(label)
            elif label != shown:
                self._out.write(f"\r\x1b[K{label}" if self._out.is_terminal else "")
            shown = label
            if select.select([self._reader], [], [], WAIT_S)[0]:
                return self._read_line()
            presenter.tick()

    def _ask_code(self) -> str:
        self._presenter.stop_countdown()
        with echo_off(self._reader):
            # asked only now: whoever types at once must not see the code either
            self._out.write(self._texts.say("Access code (it stays hidden):") + " ")
            code = self._read_line().strip()
        self._out.line("")
        return code

    def _read_line(self) -> str:
        line = self._reader.readline()
        if not line:
            raise _End
        return line.rstrip("\r\n")

    # Output

    def wait(self) -> View:
        """The view once nothing is going on any more; meanwhile says what is."""
        presenter = self._presenter
        view = presenter.view()
        while view.busy:
            with self._out.status(view.busy):
                now = view.busy
                while view.busy == now:
                    self._changed.wait(WAIT_S)
                    self._changed.clear()
                    view = presenter.view()
        return view

    def _print_cause(self, view: View) -> None:
        self._out.line("")
        self._out.line(view.headline, "bold")
        for sentence in view.advice:
            self._out.item("•" if len(view.advice) > 1 else "", sentence)

    def _print_help(self, view: View) -> None:
        if view.service_message:
            told = "\n".join(filter(None, (view.service_message, view.service_until)))
            self._out.panel(self._texts.say("From the service"), told)
        if view.help_text:
            self._out.panel(self._texts.say("From your organisation"), view.help_text)
        self._print_answers(view)
        if view.latest:
            self._out.panel(self._texts.say("Your last reports"), view.latest)
        if not view.is_request:
            self._print_reference(view)

    def _print_answers(self, view: View) -> None:
        """What support answered to earlier reports, each once."""
        for answer in view.answers:
            if answer.reference not in self._answered:
                self._answered.add(answer.reference)
                self._out.panel(answer_head(answer, self._texts.say), answer.text)
                self._presenter.answers_shown()

    def _print_reference(self, view: View) -> None:
        caption = self._texts.say("Reference number")
        self._out.line(f"{caption}  {view.reference}")

    def _print_remark(self, view: View) -> None:
        if view.remark:
            self._out.line(view.remark, "yellow")

    def _print_choices(self, choices: dict[str, str]) -> None:
        self._out.line("")
        for letter, label in choices.items():
            self._out.item(letter, label)
