"""Form: what the person adds to the report at a terminal, one question after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from reporter.report.model import (
    CONTACT_LIMIT_CHARS,
    QUESTION_LIMIT_CHARS,
    QUESTIONS_LIMIT_ITEMS,
    STORY_LIMIT_CHARS,
    Story,
)
from reporter.texts.safe import plain
from reporter.ui.desk import Precheck, Section, Wanted
from reporter.ui.presenter import Presenter
from reporter.ui.terminal.printer import Printer
from reporter.ui.view import View, precheck_lines, size_text

NOTHING = "-"
"""Typed instead of an answer, it takes away the one that was kept."""


class Person(Protocol):
    """Who sits at the terminal."""

    def ask(self, prompt: str) -> str:
        """One line from the person, without the spaces around it."""

    def choose(self, choices: dict[str, str]) -> str | None:
        """One of these letters; None when there is nothing to choose any more."""

    def wait(self) -> View:
        """The view once nothing is going on."""


class Form:
    """Every answer may stay empty, and is kept for the next time as soon as it is given."""

    def __init__(self, presenter: Presenter, out: Printer, person: Person) -> None:
        self._presenter = presenter
        self._say = presenter.texts.say
        self._out = out
        self._person = person
        self._precheck = Precheck()

    def run(self) -> None:
        """Ask, show, let the person correct, and send or go back."""
        presenter, say = self._presenter, self._say
        presenter.compose()
        self._out.line("")
        if presenter.story == Story():
            self._write()
        else:
            kept = say("Kept from last time.") if presenter.view().is_restored else say("So far:")
            self._out.line(kept, "bold")
            self._print_story(presenter.story)
        does: dict[str, Callable[[], None]] = {
            "w": self._print_readable,
            "x": self._print_exact,
            "e": self._write,
            "n": self._start_empty,
            "l": self._switch,
            "p": self._attach,
            "m": self._detach,
        }
        while (letter := self._choose()) not in ("s", "i", "b", None):
            does[letter or ""]()
        is_sent = letter in ("s", "i")
        if is_sent:
            presenter.send(presenter.story, counts_only=letter == "i")
        if not is_sent or not self._person.wait().receipt_lines:
            presenter.back()

    def _choose(self) -> str | None:
        """Say what support said as soon as it is known, and let the person choose."""
        precheck = self._presenter.view().precheck
        if precheck != self._precheck:
            self._precheck = precheck
            head, *lines = precheck_lines(precheck, self._say)
            self._out.panel(head, "\n".join(lines))
        return self._person.choose(self._choices())

    def _choices(self) -> dict[str, str]:
        say, view = self._say, self._presenter.view()
        choices = {"i": say("Count me in")} if view.precheck.wanted is Wanted.NOTHING else {}
        choices |= {
            "s": say("Send"),
            "w": say("What will be sent…"),
            "x": say("The same, byte for byte…"),
            "e": say("Write or change the answers…"),
        }
        if view.is_restored:
            choices["n"] = say("Start empty")
        if view.sections:
            choices["l"] = say("Leave something out…")
        if view.can_attach_pictures:
            choices["p"] = say("Add a picture from a file…")
        if view.attachments:
            choices["m"] = say("Remove an attachment…")
        return {**choices, "b": say("Back")}

    # The story

    def _write(self) -> None:
        say, had = self._say, self._presenter.story
        self._out.line(say("Every answer may stay empty. An empty line ends it."), "dim")
        if had != Story():
            self._out.line(say("An empty line keeps what is there; a dash takes it away."), "dim")
        wanted = self._paragraphs(say("What did you want to do?"), had.wanted)
        self._keep(Story(wanted=wanted, questions=had.questions))
        expected = self._paragraphs(say("What did you expect?"), had.expected)
        happened = self._paragraphs(say("What happened instead?"), had.happened)
        self._keep(Story(wanted=wanted, expected=expected, happened=happened, questions=had.questions))
        questions = self._questions(had.questions)
        hint = say("A telephone number or an e-mail address.")
        contact = self._line(say("How can support reach you?"), hint, had.contact)
        hint = say("For example: on weekdays after 14:00.")
        best_time = self._line(say("When is a good time?"), hint, had.best_time)
        self._keep(
            Story(
                wanted=wanted,
                expected=expected,
                happened=happened,
                questions=questions,
                contact=contact,
                best_time=best_time,
            )
        )

    def _start_empty(self) -> None:
        self._presenter.start_empty()
        self._presenter.keep()
        self._write()

    def _keep(self, story: Story) -> None:
        self._presenter.write(story)
        self._presenter.keep()

    def _paragraphs(self, label: str, had: str) -> str:
        self._out.line(label, "bold")
        self._quote(had)
        lines: list[str] = []
        while line := self._person.ask(">"):
            lines.append(line)
        return _answer("\n".join(lines), had)[:STORY_LIMIT_CHARS]

    def _line(self, label: str, hint: str, had: str) -> str:
        self._out.line(label, "bold")
        self._out.line(hint, "dim")
        self._quote(had)
        return _answer(self._person.ask(">"), had)[:CONTACT_LIMIT_CHARS]

    def _questions(self, had: list[str]) -> list[str]:
        self._out.line(self._say("Your questions to support, one line each"), "bold")
        for number, question in enumerate(had, 1):
            self._quote(f"{number}. {question}")
        asked: list[str] = []
        while len(asked) < QUESTIONS_LIMIT_ITEMS and (question := self._person.ask(f"{len(asked) + 1}.")):
            if question == NOTHING:
                return []
            asked.append(question[:QUESTION_LIMIT_CHARS])
        return asked or had

    def _quote(self, text: str) -> None:
        if text:
            self._out.line(plain(text, STORY_LIMIT_CHARS), "dim")

    def _print_story(self, story: Story) -> None:
        say = self._say
        for label, text in (
            (say("What did you want to do?"), story.wanted),
            (say("What did you expect?"), story.expected),
            (say("What happened instead?"), story.happened),
            (
                say("Your questions to support"),
                "\n".join(f"{n}. {q}" for n, q in enumerate(story.questions, 1)),
            ),
            (say("How can support reach you?"), story.contact),
            (say("When is a good time?"), story.best_time),
        ):
            if text:
                self._out.line(label, "dim")
                self._out.line(plain(text, STORY_LIMIT_CHARS))

    # What goes with it

    def _print_readable(self) -> None:
        preview = self._presenter.preview(self._presenter.story)
        self._out.page(self._say("Exactly this is sent, and nothing else:"), preview.readable)

    def _print_exact(self) -> None:
        preview = self._presenter.preview(self._presenter.story)
        self._out.page(self._say("Exactly this is sent, and nothing else:"), preview.exact)

    def _switch(self) -> None:
        """Switch one section after the other, until an empty line."""
        while True:
            sections = self._presenter.view().sections
            self._out.line("")
            for number, section in enumerate(sections, 1):
                self._out.item(f"{number:>2}", self._section(section))
            at = self._number(self._say("Number to leave out or take in, or an empty line:"), len(sections))
            if at is None:
                return
            if sections[at].is_locked:
                self._out.line(self._say("Set by your administrator"), "yellow")
            else:
                self._presenter.switch(sections[at].name, not sections[at].is_on)

    def _section(self, section: Section) -> str:
        mark = "[x]" if section.is_on else "[ ]"
        indent = "    " if section.parent else ""
        locked = f" ({self._say('Set by your administrator')})" if section.is_locked else ""
        return f"{indent}{mark} {section.title}{locked}"

    def _attach(self) -> None:
        path = self._person.ask(self._say("Name of the file:")).strip("\"'")
        picture = self._presenter.pictures.within(path) if path else None
        if picture is not None:
            self._presenter.attach(picture, list(picture.marks))
        view = self._person.wait()
        if view.remark:
            self._out.line(view.remark, "yellow")
        for enclosure in view.attachments:
            self._out.line(f"{enclosure.name}  {size_text(enclosure.size_bytes, self._say)}")

    def _detach(self) -> None:
        attachments = self._presenter.view().attachments
        for number, enclosure in enumerate(attachments, 1):
            self._out.item(f"{number:>2}", f"{enclosure.name}  {size_text(enclosure.size_bytes, self._say)}")
        at = self._number(self._say("Number to remove, or an empty line:"), len(attachments))
        if at is not None:
            self._presenter.detach(attachments[at].name)

    def _number(self, prompt: str, most: int) -> int | None:
        """A number from 1 to ``most``, told from 0; None for an empty line."""
        while answer := self._person.ask(prompt):
            if answer.isdecimal() and 1 <= int(answer) <= most:
                return int(answer) - 1
            self._out.line(self._say("Please type a number from 1 to {most}.", most=most))
        return None


def _answer(given: str, had: str) -> str:
    return "" if given == NOTHING else given or had
