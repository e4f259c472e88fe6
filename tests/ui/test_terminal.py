"""The terminal face: with streams of the test, and at a real pseudo-terminal."""

from __future__ import annotations

import io
import os
import pty
import select
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import msgspec
import pytest

from reporter.delivery.receipt import State
from reporter.diagnosis.verdict import Retry
from reporter.errors import FaceUnavailable
from reporter.report.model import Story
from reporter.texts import Translator
from reporter.ui.desk import RetryResult
from reporter.ui.presenter import Presenter
from reporter.ui.terminal import TerminalFace
from tests.ui.desk import CRASHED, EXPIRED, LOCKED, REFERENCE, REFUSED, RUSSIAN, FakeDesk, receipt_of

READ_LIMIT_S = 10
NOTHING_TOLD = ("",) * 6
"""An empty line for each question of the form."""


class Paper(io.StringIO):
    """What was written, on a terminal that knows the letters of ``encoding``."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding
        self.when_written: dict[str, Callable[[], None]] = {}

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def write(self, text: str) -> int:
        text.encode(self._encoding)
        for part, act in self.when_written.items():
            if part in text:
                act()
        return super().write(text)


def talk(
    desk: FakeDesk,
    *answers: str,
    texts: Translator | None = None,
    encoding: str = "utf-8",
    slow: bool = False,
) -> tuple[Presenter, str]:
    """``slow``: the verdict comes only after the person was told that the cause is looked for."""
    paper = Paper(encoding)
    if slow:
        desk.gate.clear()
        paper.when_written["Looking for the cause"] = desk.gate.set
    presenter = Presenter(desk, texts or Translator("en"), jitter=lambda: 0.0)
    TerminalFace(reader=io.StringIO("".join(f"{answer}\n" for answer in answers)), writer=paper).run(
        presenter
    )
    assert presenter.view().closed
    return presenter, paper.getvalue()


def test_the_message_the_help_and_the_number_are_there() -> None:
    _, written = talk(FakeDesk(EXPIRED), "c", slow=True)
    for part in (
        "Looking for the cause…",
        EXPIRED.headline,
        "Telephone 4455",
        REFERENCE,
        "From your organisation",
    ):
        assert part in written
    assert max(map(len, written.splitlines())) <= 80


def test_only_the_choices_that_apply_are_offered() -> None:
    plain = msgspec.structs.replace(EXPIRED, help_url="", help_text="")
    _, written = talk(FakeDesk(plain, can_send=False), "s", "c")
    assert "Send report…" not in written
    assert "Need help?" not in written
    assert "Please type one of these letters: t, d, a, c" in written


def test_a_report_is_composed_previewed_and_sent() -> None:
    desk = FakeDesk(receipt=receipt_of(State.ACCEPTED, page="https://support.example.org/1"))
    told = (
        "I wanted",
        "to post",
        "",
        "a form",
        "",
        "nothing",
        "",
        "Is it saved?",
        "When?",
        "",
        "4471",
        "noon",
    )
    presenter, written = talk(desk, "s", *told, "w", "x", "s", "o", "c")
    story = Story(
        wanted="I wanted\nto post",
        expected="a form",
        happened="nothing",
        questions=["Is it saved?", "When?"],
        contact="4471",
        best_time="noon",
    )
    assert desk.sent == [story]
    assert desk.preview(story).readable.rstrip() in "\n".join(map(str.rstrip, written.splitlines()))
    assert '"contact": "4471"' in written
    assert "Support has your report." in written
    assert desk.opened == ["https://support.example.org/1"]
    assert presenter.receipt is not None


def test_going_back_sends_nothing() -> None:
    desk = FakeDesk()
    _, written = talk(desk, "s", *NOTHING_TOLD, "b", "c")
    assert desk.sent == []
    assert written.count("Send report…") == 2


def test_a_report_that_could_not_be_kept_is_told() -> None:
    desk = FakeDesk()
    desk.disk_full = True
    _, written = talk(desk, "s", *NOTHING_TOLD, "s", "c")
    assert "The disk is full." in written


def test_details_about_and_help_are_shown() -> None:
    desk = FakeDesk()
    _, written = talk(desk, "d", "a", "w", "h", "c")
    for part in ("verify code 10", "Debian GNU/Linux 12", f"Number {REFERENCE}"):
        assert part in written
    assert desk.opened == [EXPIRED.help_url]


def test_a_retry_that_works_ends_the_talk() -> None:
    presenter, written = talk(FakeDesk(results=(RetryResult.SUCCEEDED,)), "t")
    assert presenter.succeeded
    assert "The sign-in worked." in written


def test_a_retry_that_does_not_work_tells_the_new_cause() -> None:
    _, written = talk(FakeDesk(EXPIRED, REFUSED), "t", "c")
    assert "It did not work yet." in written
    assert REFUSED.headline in written


def test_the_access_code_is_asked_for() -> None:
    desk = FakeDesk(LOCKED, results=(RetryResult.SUCCEEDED,))
    talk(desk, "t", "opensesame")
    assert desk.codes == ["opensesame"]


@pytest.mark.parametrize("answers", [[], ["s"], ["s", "a story"], ["x"]])
def test_the_end_of_input_closes_cleanly(answers: list[str]) -> None:
    desk = FakeDesk()
    talk(desk, *answers)
    assert desk.sent == []


def test_ctrl_c_closes_cleanly() -> None:
    class Impatient(io.StringIO):
        def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
            raise KeyboardInterrupt

    presenter = Presenter(FakeDesk(), Translator("en"))
    TerminalFace(reader=Impatient(), writer=Paper()).run(presenter)
    assert presenter.view().closed


def test_markup_and_control_sequences_are_only_text() -> None:
    hostile = msgspec.structs.replace(
        EXPIRED,
        headline="[bold red]not markup[/] :warning: \x1b[31m\u202e",
        advice=["[link=https://evil.example]click[/link]"],
        help_text="[/] \x07 ]0;title",
        details="\x1b]0;owned\x07",
    )
    desk = FakeDesk(hostile)
    desk.about_text = "\x1b[2J [red]about[/red]"
    _, written = talk(desk, "d", "a", "c")
    for part in (
        "[bold red]not markup[/] :warning: [31m",
        "[link=https://evil.example]click[/link]",
        "[red]about[/red]",
    ):
        assert part in written
    assert not any(letter in written for letter in "\x1b\x07\u202e")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "koi8-r"])
def test_a_terminal_without_all_letters_still_reads_well(
    encoding: str, texts: Callable[[str], Translator]
) -> None:
    _, english = talk(FakeDesk(EXPIRED), "d", "c", encoding=encoding, slow=True)
    assert "Looking for the cause..." in english
    assert "Show details..." in english
    _, russian = talk(FakeDesk(RUSSIAN), "c", texts=texts("ru"), encoding=encoding)
    assert ("Номер обращения" in russian) == (encoding == "koi8-r")


@pytest.mark.parametrize(("language", "send"), [("ru", "ы"), ("uk", "і")])
def test_cyrillic_letters_on_the_same_keys_choose_too(
    language: str, send: str, texts: Callable[[str], Translator]
) -> None:
    desk = FakeDesk()
    talk(desk, "р", send, *NOTHING_TOLD, send, "с", texts=texts(language))
    assert desk.opened == [EXPIRED.help_url]
    assert desk.sent == [Story()]


class Terminal:
    """A pseudo-terminal with a person at its other end."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        self.reader: TextIO = os.fdopen(os.dup(slave), "r", encoding="utf-8")
        self.writer: TextIO = os.fdopen(slave, "w", encoding="utf-8")
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def read_until(self, part: str) -> None:
        while part not in self.seen:
            assert select.select([self._master], [], [], READ_LIMIT_S)[0], (
                f"never came: {part!r} in {self.seen!r}"
            )
            self.seen += os.read(self._master, 65_536).decode("utf-8", "replace")

    def close(self) -> None:
        self.reader.close()
        self.writer.close()
        os.close(self._master)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    one = Terminal()
    yield one
    one.close()


def at(
    terminal: Terminal, desk: FakeDesk, clock: Callable[[], float] = lambda: 0.0
) -> tuple[Presenter, threading.Thread]:
    presenter = Presenter(desk, Translator("en"), clock=clock, jitter=lambda: 0.0)
    face = TerminalFace(reader=terminal.reader, writer=terminal.writer)
    thread = threading.Thread(target=face.run, args=(presenter,))
    thread.start()
    return presenter, thread


def test_at_a_terminal_the_countdown_runs_and_tries_by_itself(terminal: Terminal) -> None:
    desk = FakeDesk(msgspec.structs.replace(REFUSED, retry=Retry.AUTOMATIC), results=(RetryResult.SUCCEEDED,))
    seconds = [0.0]
    presenter, thread = at(terminal, desk, lambda: seconds[0])
    terminal.read_until("Try again (5)")
    seconds[0] = 2.0
    terminal.read_until("Try again (3)")
    seconds[0] = 5.0
    terminal.read_until("The sign-in worked.")
    thread.join(READ_LIMIT_S)
    assert presenter.succeeded


def test_at_a_terminal_the_access_code_is_not_seen(terminal: Terminal) -> None:
    desk = FakeDesk(LOCKED, results=(RetryResult.SUCCEEDED,))
    _, thread = at(terminal, desk)
    terminal.read_until("Your choice:")
    terminal.type("t\n")
    terminal.read_until("(it stays hidden):")
    terminal.type("opensesame\n")
    terminal.read_until("The sign-in worked.")
    thread.join(READ_LIMIT_S)
    assert desk.codes == ["opensesame"]
    assert "opensesame" not in terminal.seen


def test_without_a_terminal_the_face_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_terminal(*_: object, **__: object) -> TextIO:
        raise OSError(6, "No such device or address")

    monkeypatch.setattr("builtins.open", no_terminal)
    with pytest.raises(FaceUnavailable, match="belongs to no terminal"):
        TerminalFace()


def test_what_was_kept_is_shown_and_can_be_sent_as_it_is() -> None:
    desk = FakeDesk(draft=Story(wanted="to post\x1b[2J", questions=["Is it saved?"], contact="4471"))
    _, written = talk(desk, "s", "s", "c")
    assert "Kept from last time." in written
    assert "1. Is it saved?" in written
    assert "\x1b[2J" not in written
    assert [story.contact for story in desk.sent] == ["4471"]


def test_answers_can_be_changed_kept_and_taken_away() -> None:
    desk = FakeDesk(draft=Story(wanted="to post", happened="nothing", questions=["One?"], contact="4471"))
    changed = ("", "a form", "", "-", "", "", "-", "noon")
    talk(desk, "s", "e", *changed, "s", "c")
    assert desk.sent == [
        Story(wanted="to post", expected="a form", questions=["One?"], contact="", best_time="noon")
    ]


def test_starting_empty_at_a_terminal() -> None:
    desk = FakeDesk(draft=Story(wanted="to post"))
    talk(desk, "s", "n", *NOTHING_TOLD, "s", "c")
    assert desk.sent == [Story()]


def test_every_answer_is_kept_even_when_the_terminal_goes_away() -> None:
    desk = FakeDesk()
    talk(desk, "s", "to post", "", "a form")
    assert desk.kept[-1] == Story(wanted="to post")
    assert desk.sent == []


def test_sections_are_switched_by_number() -> None:
    desk = FakeDesk()
    _, written = talk(desk, "s", *NOTHING_TOLD, "l", "3", "2", "77", "", "x", "b", "c")
    off = [section.name for section in desk.sections() if not section.is_on]
    assert off == ["verdict", "user", "logs"]
    assert "[x] The failure (Set by your administrator)" in written
    assert "[ ] The cause that was found" in written
    assert "Please type a number from 1 to 9." in written
    assert "'failure', 'facts'" in written, "the verdict between them is left out"


def test_pictures_are_attached_from_files_and_removed(tmp_path: Path) -> None:
    desk, file = FakeDesk(), tmp_path / "shot.png"
    file.write_bytes(b"a picture")
    told = ("p", f'"{file}"', "p", "/nonexistent", "p", str(file), "m", "1", "s", "c")
    _, written = talk(desk, "s", *NOTHING_TOLD, *told)
    assert desk.given == [b"a picture"] * 2
    assert "screenshot-1.png  211 KB" in written
    assert "The file could not be read: /nonexistent" in written
    assert [one.name for one in desk.attachments()] == ["screenshot-2.png"]


def test_where_pictures_are_not_allowed_no_letter_offers_them() -> None:
    _, written = talk(FakeDesk(can_attach_pictures=False), "s", *NOTHING_TOLD, "p", "b", "c")
    assert "Please type one of these letters: s, w, x, e, l, b" in written


@pytest.mark.parametrize(("has_host", "offered"), [(True, True), (False, False)])
def test_after_a_crash_the_program_can_be_started_again(has_host: bool, offered: bool) -> None:
    desk = FakeDesk(CRASHED, first=CRASHED, has_host=has_host, results=(RetryResult.SUCCEEDED,))
    _, written = talk(desk, "t", "c")
    assert ("Start again" in written) == offered
    assert ("The program was started again." in written) == offered
    assert "Check again" not in written
