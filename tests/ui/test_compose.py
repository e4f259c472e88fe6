"""The form on a real screen: fields that grow, questions in their order, drafts, and screenshots."""

from __future__ import annotations

import os
import subprocess
import sys
import tkinter
import types
from collections.abc import Callable
from pathlib import Path
from tkinter import ttk

import pytest

from reporter.report.drawing import Arrow, Mark, Picture
from reporter.report.model import QUESTION_LIMIT_CHARS, QUESTIONS_LIMIT_ITEMS, Story
from reporter.texts import Translator
from reporter.ui.composition import KEEP_AFTER_S
from reporter.ui.desk import RetryResult
from reporter.ui.window.compose import ComposePage
from reporter.ui.window.drop import accept_files
from reporter.ui.window.fields import GrowingBox
from reporter.ui.window.icons import IconButton
from tests.ui.conftest import Screens
from tests.ui.desk import CRASHED, FakeDesk, picture
from tests.ui.screen import Person, Script

Texts = Callable[[str], Translator]
PNG = picture().png
ARROW = Arrow(x1=1, y1=2, x2=3, y2=4)


class FakeEditor:
    """Stands where the editor would: keeps what it was given."""

    opened: list[FakeEditor]

    def __init__(
        self,
        dialog: object,
        picture: Picture,
        done: Callable[[list[Mark]], None],
        scaled: Callable[[int], bytes],
    ) -> None:
        self.picture, self.done, self.scaled = picture, done, scaled
        self.opened.append(self)


@pytest.fixture
def editors(monkeypatch: pytest.MonkeyPatch) -> list[FakeEditor]:
    """Every editor that was opened."""
    FakeEditor.opened = []
    monkeypatch.setattr("reporter.ui.window.editor.Editor", FakeEditor)
    return FakeEditor.opened


def form(person: Person) -> ComposePage:
    page = person.face._dialog.page
    assert isinstance(page, ComposePage)
    return page


def open_form(person: Person) -> Script:
    yield person.idle
    person.presenter.compose()
    yield lambda: isinstance(person.face._dialog.page, ComposePage)
    person.root.update()


def pause(person: Person) -> Script:
    """Let some moments pass, for what another program does in them."""
    over: list[bool] = []
    person.root.after(60, lambda: over.append(True))
    yield lambda: over


def boxes(person: Person) -> list[GrowingBox]:
    return [widget for widget in person.widgets() if isinstance(widget, GrowingBox)]


def icon(person: Person, words: str, at: int) -> IconButton:
    return [w for w in person.widgets() if isinstance(w, IconButton) and w.cget("text") == words][at]


def test_a_field_grows_with_its_text_and_then_scrolls(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield from open_form(person)
        field = boxes(person)[0]
        heights = [field.winfo_height()]
        for text in ("one\ntwo\nthree", "\nfour" * 40, "\nfive" * 40):
            field.text.insert("end", text)
            person.root.update()
            heights.append(field.winfo_height())
        assert heights[0] < heights[1] < heights[2] == heights[3]
        field.text.delete("1.0", "end")
        person.root.update()
        assert field.winfo_height() == heights[0]
        field.text.insert("end", "one long line " * 40)
        person.root.update()
        assert field.winfo_height() > heights[0], "wrapped lines count too"

    person.run(script())


def test_a_restored_text_has_its_room_from_the_start(screens: Screens, texts: Texts) -> None:
    draft = Story(
        wanted="a line\n" * 4 + "a line", happened="short", questions=["first", "second"], contact="4471"
    )
    desk = FakeDesk(draft=draft)
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield from open_form(person)
        assert person.reads("Kept from last time.")
        wanted, _, happened, first, second = boxes(person)
        assert wanted.winfo_height() > happened.winfo_height()
        assert (first.get(), second.get()) == ("first", "second")
        assert form(person).story() == draft
        assert not person.presenter.has_news
        person.click("Start empty")
        yield lambda: not person.reads("Kept from last time.")
        assert form(person).story() == Story()
        assert len(boxes(person)) == 3
        person.press("<Escape>")
        yield lambda: person.presenter.view().closed

    person.run(script())
    assert desk.kept == [Story()]


def test_a_pause_in_writing_keeps_the_text(screens: Screens, texts: Texts) -> None:
    desk, seconds = FakeDesk(), [0.0]
    person = Person(screens(), desk, texts("en"), clock=lambda: seconds[0])

    def script() -> Script:
        yield from open_form(person)
        person.write("invoice")
        contact = next(w for w in person.widgets() if isinstance(w, ttk.Entry))
        contact.focus_force()
        person.root.update()
        person.write("4471")
        yield lambda: person.presenter.story.contact == "4471"
        assert desk.kept == []
        seconds[0] += KEEP_AFTER_S
        yield lambda: desk.kept == [Story(wanted="invoice", contact="4471")]

    person.run(script())


def test_what_was_written_can_be_thrown_away(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield from open_form(person)
        person.write("a secret")
        person.presenter.attach(picture(), [])
        yield lambda: person.reads("screenshot-1.png")
        person.press("<Escape>")
        yield lambda: person.reads("Your text is kept on this computer for next time.")
        assert person.reads("The screenshots are not kept.")
        person.click("Do not keep it")
        yield lambda: person.presenter.view().closed

    person.run(script())
    assert desk.kept == [Story()]


def test_questions_by_keyboard(screens: Screens, texts: Texts) -> None:
    screen = screens()
    desk = FakeDesk()
    person = Person(screen, desk, texts("en"))

    def questions() -> list[str]:
        return form(person).story().questions

    def script() -> Script:
        yield from open_form(person)
        person.click("Ask a question")
        person.root.update()
        screen.type_keys("a", "Return", "b", "Return", "c")
        yield lambda: questions() == ["a", "b", "c"]
        screen.type_keys("alt+Up", "alt+Up", "alt+Up")
        yield lambda: questions() == ["c", "a", "b"]
        screen.type_keys("alt+Down", "x")
        yield lambda: questions() == ["a", "cx", "b"]
        screen.type_keys("Return", "Return")
        yield lambda: len(boxes(person)) == 7
        assert questions() == ["a", "cx", "b"], "an empty one does not count"
        screen.type_keys("BackSpace")
        yield lambda: len(boxes(person)) == 6
        screen.type_keys("Tab", "Tab")
        yield lambda: person.root.focus_get() is icon(person, "Remove", 2)
        screen.type_keys("Return")
        yield lambda: questions() == ["a", "cx"]
        screen.type_keys("ctrl+Return")
        yield lambda: desk.sent == [Story(questions=["a", "cx"])]

    person.run(script())


def test_enter_goes_on_to_the_next_field_and_sends_nothing(screens: Screens, texts: Texts) -> None:
    screen, desk = screens(), FakeDesk()
    person = Person(screen, desk, texts("en"))

    def script() -> Script:
        yield from open_form(person)
        contact, best_time = (w for w in person.widgets() if isinstance(w, ttk.Entry))
        contact.focus_force()
        person.root.update()
        screen.type_keys("4", "Return")
        yield lambda: person.root.focus_get() is best_time
        screen.type_keys("8", "Return")
        yield lambda: person.root.focus_get() is person.button("Ask a question")
        assert desk.sent == []

    person.run(script())


def test_questions_by_mouse_up_to_their_limit(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield from open_form(person)
        person.click("Ask a question")
        person.root.update()
        first = boxes(person)[3]
        first.text.insert("end", "q" * (QUESTION_LIMIT_CHARS + 5))
        yield lambda: person.reads(f"The text is full: it holds {QUESTION_LIMIT_CHARS} characters.")
        assert len(first.get()) == QUESTION_LIMIT_CHARS
        for _ in range(QUESTIONS_LIMIT_ITEMS - 1):
            person.button("Add another question").invoke()
            person.write("?")
        person.root.update()
        assert len(form(person).story().questions) == QUESTIONS_LIMIT_ITEMS
        assert not person.reads("Add another question")
        assert icon(person, "Move up", 0).instate(["disabled"])
        assert icon(person, "Move down", -1).instate(["disabled"])
        icon(person, "Move down", 0).invoke()
        assert form(person).story().questions[1].startswith("qqq")
        for _ in range(QUESTIONS_LIMIT_ITEMS):
            icon(person, "Remove", 0).invoke()
        person.root.update()
        assert person.reads("Ask a question")
        assert form(person).story() == Story()

    person.run(script())


def test_a_sign_says_its_words_when_it_is_pointed_at(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(draft=Story(questions=["one"])), texts("en"))

    def script() -> Script:
        yield from open_form(person)
        sign = icon(person, "Remove", 0)

        def tip() -> list[tkinter.Label]:
            return [w for w in person.widgets() if type(w) is tkinter.Label]

        sign.event_generate("<Enter>")
        yield lambda: [str(one.cget("text")) for one in tip()] == ["Remove"]
        sign.event_generate("<Leave>")
        yield lambda: not tip()

    person.run(script())


# Screenshots


def test_our_windows_step_aside_while_a_picture_is_taken(
    screens: Screens, texts: Texts, editors: list[FakeEditor]
) -> None:
    desk = FakeDesk()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield from open_form(person)
        person.click("What will be sent…")
        yield lambda: person.reads("Byte for byte")
        preview = person.face._dialog._preview
        assert preview is not None
        desk.gate.clear()
        person.click("Add a screenshot…")
        yield lambda: person.reads("Looking…")
        desk.gate.set()
        yield lambda: person.reads("Screen 2 (2560 × 1440)")
        label = next(text for text in person.texts() if text.startswith("Window: Mail"))
        assert label.endswith("…")
        assert len(label) < 100
        before = person.root.winfo_geometry()
        desk.gate.clear()
        person.click("Screen 2 (2560 × 1440)")
        assert not person.root.winfo_viewable()
        assert not preview.window.winfo_viewable()
        assert desk.taken == [], "what was behind our windows is painted first"
        yield lambda: desk.taken == ["monitor-2"]
        assert not person.root.winfo_viewable()
        desk.gate.set()
        yield lambda: len(editors) == 1
        person.root.update()
        assert person.root.winfo_viewable()
        assert preview.window.winfo_viewable()
        assert person.root.winfo_geometry() == before
        assert not person.reads("Screen 2 (2560 × 1440)")
        editors[0].done([ARROW])
        yield lambda: person.reads("screenshot-1.png")
        assert person.reads("211 KB")
        assert desk.attached == [(editors[0].picture, [ARROW])]
        icon(person, "Remove", 0).invoke()
        yield lambda: not person.reads("screenshot-1.png")

    person.run(script())


def test_a_picture_that_cannot_be_taken_brings_the_window_back(
    screens: Screens, texts: Texts, editors: list[FakeEditor]
) -> None:
    desk = FakeDesk()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield from open_form(person)
        person.click("Add a screenshot…")
        yield lambda: person.reads("Window: ERP: invoice 4711")
        desk.pictures_work = False
        person.click("Window: ERP: invoice 4711")
        yield lambda: person.reads("No picture of this screen can be taken")
        assert person.root.winfo_viewable()
        assert editors == []
        person.click("Add a screenshot…")
        yield lambda: not person.reads("Looking…")
        assert person.reads("From a file…"), "files can be added all the same"

    person.run(script())


def test_escape_closes_the_choice_and_only_then_the_dialog(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield from open_form(person)
        for close in (lambda: person.press("<Escape>"), lambda: person.click("Cancel")):
            person.click("Add a screenshot…")
            yield lambda: person.reads("ERP: invoice 4711")
            close()  # type: ignore[no-untyped-call]
            yield lambda: not person.reads("ERP: invoice 4711")
            assert not person.presenter.view().closed
        person.press("<Escape>")
        yield lambda: person.presenter.view().closed

    person.run(script())


def test_a_picture_is_pasted_and_a_text_stays_a_text(
    screens: Screens, texts: Texts, editors: list[FakeEditor]
) -> None:
    screen = screens()
    desk = FakeDesk()
    person = Person(screen, desk, texts("en"))

    def script() -> Script:
        yield from open_form(person)
        person.root.clipboard_clear()
        person.root.clipboard_append("words")
        desk.clipboard = picture()
        screen.type_keys("ctrl+v")
        yield lambda: form(person).story() == Story(wanted="words")
        person.root.selection_clear(selection="CLIPBOARD")
        screen.type_keys("ctrl+v")
        yield lambda: len(editors) == 1
        assert form(person).story() == Story(wanted="words")
        assert editors[0].picture == picture()
        assert editors[0].scaled(160) == b"160 wide"
        desk.clipboard = None
        person.click("Add a screenshot…")
        yield lambda: person.reads("ERP: invoice 4711")
        person.click("Paste")
        yield lambda: person.reads("There is no picture on the clipboard.")
        desk.clipboard = picture()
        person.click("Paste")
        yield lambda: len(editors) == 2
        assert not person.reads("ERP: invoice 4711")

    person.run(script())


def test_a_file_is_dropped(
    screens: Screens,
    texts: Texts,
    editors: list[FakeEditor],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The extension may be missing on the test's machine: what it does with a binding is played here."""
    desk, file = FakeDesk(), tmp_path / "a shot {1}.png"
    file.write_bytes(PNG)
    person = Person(screens(), desk, texts("en"))
    extension = types.ModuleType("tkinterdnd2")
    extension.TkinterDnD = types.SimpleNamespace(_require=lambda widget: "2.9")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tkinterdnd2", extension)
    person.root.tk.eval(
        "namespace eval tkdnd {}; proc tkdnd::drop_target {what widget types} {set ::target $widget}"
    )

    def script() -> Script:
        yield from open_form(person)
        root = person.root
        assert root.getvar("::target") == "."
        root.tk.call("set", "files", root.tk.call("list", str(file), "/another.png"))
        root.tk.eval("eval [string map [list %D [list $files]] [bind . <<Drop>>]]")
        yield lambda: len(editors) == 1
        assert desk.given == [PNG]

    person.run(script())


def test_a_file_is_dragged_here_from_another_program(
    screens: Screens, texts: Texts, editors: list[FakeEditor], tmp_path: Path
) -> None:
    screen, desk, file = screens(), FakeDesk(), tmp_path / "снимок {1} [a] $b.png"
    file.write_bytes(PNG)
    person = Person(screen, desk, texts("en"))
    width, height = person.root.winfo_screenwidth(), person.root.winfo_screenheight()
    source = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("drag_source.py")), str(file)],
        env={**os.environ, "DISPLAY": screen.name},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert source.stdin is not None
    assert source.stdout is not None
    assert source.stdout.readline() == "ready\n"

    def script() -> Script:
        yield from open_form(person)
        root = person.root
        yield lambda: root.tk.call("info", "commands", "::tkdnd::drop_target")
        x, y = root.winfo_rootx() + root.winfo_width() // 2, root.winfo_rooty() + root.winfo_height() // 2
        screen.mouse("mousemove", width - 40, height - 40, "mousedown", 1)
        # A drag begins some pixels away, and its target is asked at each move before it may be let go.
        for step in range(1, 9):
            there = (width - 40 + (x - width + 40) * step // 8, height - 40 + (y - height + 40) * step // 8)
            screen.mouse("mousemove", *there)
            yield from pause(person)
        screen.mouse("mouseup", 1)
        yield lambda: len(editors) == 1
        assert desk.given == [PNG]

    try:
        person.run(script())
        assert source.stdout.readline() == "end copy\n"
    finally:
        source.communicate()


def test_without_the_extension_nothing_can_be_dropped(
    screens: Screens, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tkinterdnd2", None)
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield person.idle
        assert not accept_files(person.root, print)
        assert person.root.bind("<<Drop>>") == ""

    person.run(script())


def test_a_picture_comes_from_a_file(
    screens: Screens,
    texts: Texts,
    editors: list[FakeEditor],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk, file = FakeDesk(), tmp_path / "shot.png"
    file.write_bytes(PNG)
    chosen = ["", str(file), str(tmp_path / "gone.png")]
    monkeypatch.setattr("tkinter.filedialog.askopenfilename", lambda **_: chosen.pop(0))
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield from open_form(person)
        person.click("Add a screenshot…")
        yield lambda: person.reads("ERP: invoice 4711")
        person.click("From a file…")
        assert person.reads("ERP: invoice 4711"), "nothing was chosen"
        person.click("From a file…")
        yield lambda: len(editors) == 1
        assert desk.given == [PNG]
        person.click("Add a screenshot…")
        yield lambda: person.reads("ERP: invoice 4711")
        person.click("From a file…")
        yield lambda: person.reads("The file could not be read")

    person.run(script())


def test_where_pictures_are_not_allowed_none_is_offered(
    screens: Screens, texts: Texts, editors: list[FakeEditor]
) -> None:
    desk = FakeDesk(can_attach_pictures=False)
    desk.clipboard = picture()
    screen = screens()
    person = Person(screen, desk, texts("en"))

    def script() -> Script:
        yield from open_form(person)
        assert not person.reads("Add a screenshot…")
        person.root.selection_clear(selection="CLIPBOARD")
        screen.type_keys("ctrl+v", "x")
        yield lambda: form(person).story() == Story(wanted="x")
        assert form(person)._pictures is None
        assert editors == []

    person.run(script())


# A program that has ended


@pytest.mark.parametrize("has_host", [True, False])
def test_after_a_crash_the_window_offers_what_there_is(
    screens: Screens, texts: Texts, has_host: bool
) -> None:
    desk = FakeDesk(CRASHED, first=CRASHED, has_host=has_host, results=(RetryResult.SUCCEEDED,))
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield person.idle
        assert person.reads("About…")
        assert person.reads("Send report…")
        assert not person.reads("Check again")
        assert person.reads("Start again") == has_host
        if has_host:
            person.click("Start again")
            yield lambda: person.presenter.view().closed

    person.run(script())
    assert person.presenter.succeeded == has_host
