"""What will be sent: for reading, byte for byte, and what of it can be left out."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import ttk

from reporter.report.model import Story
from reporter.texts import Translator
from reporter.ui.window.icons import IconButton
from reporter.ui.window.preview import PreviewWindow
from reporter.ui.window.prose import TextBox
from tests.ui.conftest import Screens
from tests.ui.desk import REFERENCE, FakeDesk, picture
from tests.ui.screen import Person, Script

Texts = Callable[[str], Translator]
STORY = Story(wanted="Post an invoice")


def open_preview(person: Person) -> Script:
    yield person.idle
    person.presenter.compose()
    yield lambda: person.reads("What will be sent…")
    person.click("What will be sent…")
    yield lambda: person.reads("Fact 29")


def window(person: Person) -> PreviewWindow:
    preview = person.face._dialog._preview
    assert preview is not None
    return preview


def box(person: Person) -> TextBox:
    return next(w for w in person.widgets(window(person).window) if isinstance(w, TextBox))


def check(person: Person, title: str) -> ttk.Checkbutton:
    boxes = [w for w in person.widgets() if isinstance(w, ttk.Checkbutton)]
    return next(w for w in boxes if w.cget("text") == title)


def test_both_forms_are_those_of_the_desk(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk(draft=STORY)
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield from open_preview(person)
        shown = desk.preview(STORY)
        assert box(person).get() == shown.readable
        text = box(person).text
        assert text.get(*text.tag_ranges("heading")[:2]) == f"Number {REFERENCE}"
        person.choose("Byte for byte")
        assert not text.tag_ranges("heading")
        assert box(person).get() == shown.exact
        copy = next(
            w
            for w in person.widgets(window(person).window)
            if isinstance(w, ttk.Button) and w.cget("text") == "Copy"
        )
        copy.invoke()
        assert person.clipboard() == shown.exact

    person.run(script())


def test_a_section_is_left_out_and_the_preview_follows(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield from open_preview(person)
        person.choose("Byte for byte")
        box(person).text.yview_moveto(0.4)
        place = box(person).text.index("@0,0")
        assert "'verdict'" in box(person).get()
        person.choose("The cause that was found")
        yield lambda: "'verdict'" not in box(person).get()
        assert box(person).text.index("@0,0") == place, "what was read stays where it was"
        assert [one.is_on for one in desk.sections() if one.name == "verdict"] == [False]
        person.choose("The cause that was found")
        yield lambda: "'verdict'" in box(person).get()

    person.run(script())


def test_what_the_administrator_decided_cannot_be_switched(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield from open_preview(person)
        before = desk.sections()
        for title, is_on in (("The failure", True), ("Your user name", False)):
            locked = check(person, title)
            assert locked.instate(["disabled"])
            assert locked.instate(["selected"]) == is_on
            locked.invoke()
        assert desk.sections() == before
        assert person.texts().count("Set by your administrator") == 2

    person.run(script())


def test_a_part_of_what_is_left_out_cannot_be_switched_on_its_own(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield from open_preview(person)
        assert not check(person, "Memory and processor").instate(["disabled"])
        person.choose("This computer")
        yield lambda: check(person, "Memory and processor").instate(["disabled"])
        assert not check(person, "The cause that was found").instate(["disabled"])

    person.run(script())


def test_by_keyboard_alone(screens: Screens, texts: Texts) -> None:
    screen = screens("1024x600")
    desk = FakeDesk()
    person = Person(screen, desk, texts("en"))

    def label() -> str:
        widget = person.root.focus_get()
        told = isinstance(widget, ttk.Button | ttk.Checkbutton | ttk.Radiobutton)
        return str(widget.cget("text")) if told and widget is not None else type(widget).__name__

    def script() -> Script:
        yield from open_preview(person)
        window(person).window.focus_force()
        box(person).text.focus_force()
        person.root.update()
        order = []
        while "Byte for byte" not in order:
            before = label()
            screen.type_keys("Tab")
            yield lambda before=before: label() != before  # type: ignore[misc]
            order.append(label())
        assert order == [
            "Copy",
            "Close",
            "What you wrote",
            "The cause that was found",
            "This computer",
            "Memory and processor",
            "Network and name servers",
            "Displays and their scaling",
            "The last lines of the program’s log",
            "For reading",
            "Byte for byte",
        ]
        screen.type_keys("Left")
        yield lambda: label() == "For reading"
        screen.type_keys("Right")
        yield lambda: box(person).get().startswith("{")
        last = check(person, "The last lines of the program’s log")
        last.focus_force()
        person.root.update()
        screen.type_keys("space")
        yield lambda: "'logs'" in box(person).get()
        assert label() == "The last lines of the program’s log", "the keyboard stays where it was"
        area = window(person)._area
        seen = check(person, "The last lines of the program’s log")
        assert seen.winfo_rooty() + seen.winfo_height() <= area.winfo_rooty() + area.winfo_height()
        screen.type_keys("Escape")
        yield lambda: not window(person).open
        assert not person.presenter.view().closed

    person.run(script())


def test_it_follows_what_is_written_meanwhile(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield from open_preview(person)
        story = next(w for w in person.widgets() if isinstance(w, tkinter.Text) and w.cget("undo"))
        story.insert("end", "A new thought")
        yield lambda: "A new thought" in box(person).get()

    person.run(script())


def test_an_answer_that_comes_late_is_not_shown(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield from open_preview(person)
        shown = box(person).get()
        late = window(person)._asked - 1
        window(person)._show(late, desk.preview(STORY))
        assert box(person).get() == shown
        window(person).close()
        window(person)._show(late + 1, desk.preview(STORY))
        yield lambda: not window(person).open

    person.run(script())


def test_attachments_are_listed_and_can_be_taken_out(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield person.idle
        person.presenter.compose()
        person.presenter.attach(picture(), [])
        yield from open_preview(person)
        signs = [w for w in person.widgets(window(person).window) if isinstance(w, IconButton)]
        assert len(signs) == 1
        signs[0].invoke()
        yield lambda: not person.reads("screenshot-1.png")
        assert desk.attachments() == []

    person.run(script())


def test_opening_it_again_brings_the_same_window(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield from open_preview(person)
        first = window(person)
        person.click("What will be sent…")
        assert window(person) is first
        first.close()
        yield lambda: not first.open
        person.click("What will be sent…")
        yield lambda: window(person) is not first

    person.run(script())
