"""The real window on a real X server, operated with real events and photographed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tkinter
from collections import Counter
from collections.abc import Callable
from itertools import product
from tkinter import ttk

import msgspec
import pytest

from reporter.delivery.receipt import State
from reporter.diagnosis.verdict import Retry
from reporter.report.model import STORY_LIMIT_CHARS, Story
from reporter.texts import Translator
from reporter.ui.desk import RetryResult
from reporter.ui.notice import Notice
from reporter.ui.window.prose import Prose, TextBox
from tests.ui.conftest import Screens
from tests.ui.desk import (
    EXPIRED,
    LOCKED,
    REFERENCE,
    REFUSED,
    RUSSIAN,
    UKRAINIAN,
    FakeDesk,
    picture,
    receipt_of,
)
from tests.ui.screen import Person, Script

Texts = Callable[[str], Translator]
HOSTILE = Notice(
    headline="\u202eevil\u202c \x1b[31mred\x00 [bold]markup[/bold] {braces} %s " + "h" * 5_000_000,
    advice=["one\u2028two\u2066three", "\ud800", *("line\n" * 50 for _ in range(300))],
    help_text="help\x07\u202e\n" * 9_000,
    details="details\x1b]0;title\x07 " + "d" * 5_000_000,
)


def seen(widget: tkinter.Misc) -> str:
    return (
        f"{widget.winfo_class()} {widget.cget('text') if isinstance(widget, ttk.Label | ttk.Button) else ''}"
    )


def assert_nothing_is_clipped(person: Person) -> None:
    """Every control has the room it asks for and lies within its parent; every text shows all its lines,
    or scrolls."""
    for widget in person.widgets():
        if isinstance(widget, ttk.Label | ttk.Button | ttk.Entry | ttk.Progressbar):
            assert widget.winfo_reqwidth() <= widget.winfo_width(), f"too narrow: {seen(widget)}"
            assert widget.winfo_reqheight() <= widget.winfo_height(), f"too low: {seen(widget)}"
        if isinstance(widget, Prose):
            count = widget.tk.call(widget.text, "count", "-update", "-ypixels", "1.0", "end")
            shown = widget.text.winfo_height()
            assert widget.tk.getint(count) <= shown or widget._bar is not None, "a text is cut off"
        parent = widget.master
        if parent is not None and not isinstance(widget, tkinter.Tk | tkinter.Toplevel):
            assert widget.winfo_x() + widget.winfo_width() <= parent.winfo_width(), (
                f"sticks out: {seen(widget)}"
            )
            if not isinstance(parent, tkinter.Canvas):
                bottom = widget.winfo_y() + widget.winfo_height()
                assert bottom <= parent.winfo_height(), f"sticks out below: {seen(widget)}"
    root = person.root
    assert root.winfo_rootx() >= 0
    assert root.winfo_rooty() >= 0
    assert root.winfo_rootx() + root.winfo_width() <= root.winfo_screenwidth()
    assert root.winfo_rooty() + root.winfo_height() <= root.winfo_screenheight()


def need_xdotool() -> None:
    if shutil.which("xdotool") is None:
        pytest.skip("xdotool is not installed: the keyboard was NOT tested; install the package xdotool")


def photograph(person: Person, *, dark: bool) -> None:
    """The picture shows something, on the right ground: no white flash in the dark, nothing blank."""
    person.root.update()
    colours = Counter(memoryview(person.screen.picture(person.root)).cast("I"))
    assert len(colours) > 50, "the picture is blank"
    bright = sum(count for colour, count in colours.items() if all(c > 230 for c in colour.to_bytes(4)[1:]))
    share = bright / colours.total()
    assert share < 0.05 if dark else share > 0.6


@pytest.mark.parametrize(
    ("screen", "language", "appearance"),
    [
        *product([("1600x1200", 96), ("2400x1800", 192)], ["en", "ru"], ["light", "dark"]),
        (("1024x600", 96), "ru", "light"),
        (("1024x600", 96), "uk", "light"),
        (("2400x1800", 192), "uk", "dark"),
    ],
)
def test_every_page_is_whole_and_readable(
    screens: Screens, texts: Texts, screen: tuple[str, int], language: str, appearance: str
) -> None:
    notice = {"ru": RUSSIAN, "uk": UKRAINIAN}.get(language, EXPIRED)
    desk = FakeDesk(msgspec.structs.replace(notice, asks_access_code=True))
    desk.gate.clear()
    say = texts(language).say
    person = Person(screens(*screen), desk, texts(language), appearance=appearance)

    def script() -> Script:
        def look() -> None:
            person.root.update()
            assert_nothing_is_clipped(person)
            photograph(person, dark=appearance == "dark")

        assert person.face._theme.scale == screen[1] / 96
        yield lambda: person.reads(say("Looking for the cause…"))
        look()
        desk.gate.set()
        yield person.idle
        look()
        assert person.reads(notice.headline)
        assert person.reads(notice.help_text)
        person.click(say("Show details…"))
        yield lambda: person.reads("verify code 10")
        look()
        person.click(say("About…"))
        yield lambda: person.reads("Debian GNU/Linux 12")
        look()
        person.face._dialog._about.close()  # type: ignore[union-attr]
        person.presenter.compose()
        yield lambda: person.reads(say("How can support reach you?"))
        look()
        person.write("I wanted to post an invoice. " * 40)
        person.click(say("Ask a question"))
        person.write("Is it saved? " * 20)
        look()
        person.click(say("Add a screenshot…"))
        yield lambda: person.reads("ERP: invoice 4711")
        look()
        person.press("<Escape>")
        person.presenter.attach(picture(), [])
        yield lambda: person.reads("screenshot-1.png")
        look()
        person.click(say("What will be sent…"))
        yield lambda: person.reads("Fact 29")
        look()
        person.face._dialog._preview.close()  # type: ignore[union-attr]
        person.press("<Escape>")
        yield lambda: person.reads(say("Keep writing"))
        look()
        person.click(say("Keep writing"))
        desk.gate.clear()
        person.click(say("Send"))
        yield lambda: person.reads(say("Sending the report…"))
        look()
        desk.gate.set()
        yield lambda: person.reads(say("Support has your report."))
        look()

    person.run(script())


def test_the_whole_dialog_by_keyboard_alone(screens: Screens, texts: Texts) -> None:
    need_xdotool()
    screen = screens()
    desk = FakeDesk(EXPIRED)
    person = Person(screen, desk, texts("en"))

    def label() -> str:
        widget = person.root.focus_get()
        return str(widget.cget("text")) if isinstance(widget, ttk.Button) else type(widget).__name__

    def script() -> Script:
        yield person.idle
        yield lambda: label() == "Send report…"
        screen.type_keys("Tab")
        yield lambda: label() != "Send report…"
        order = [label()]
        while order[-1] != "Send report…":
            screen.type_keys("Tab")
            yield lambda: label() != order[-1]
            order.append(label())
        assert order == [
            "Need help?",
            "NumberField",
            "Copy",
            "Show details…",
            "About…",
            "Close",
            "Try again",
            "Send report…",
        ]
        screen.type_keys("Return")
        yield lambda: label() == "Text"
        screen.type_keys("H", "i", "Return", "y", "o", "u")
        yield lambda: person.face._dialog.story() == Story(wanted="Hi\nyou")
        screen.type_keys("Tab", "a")
        yield lambda: person.face._dialog.story().expected == "a"
        screen.type_keys("Tab", "b")
        yield lambda: person.face._dialog.story().happened == "b"
        screen.type_keys("Tab", "4", "4")
        yield lambda: person.face._dialog.story().contact == "44"
        screen.type_keys("Tab", "8")
        yield lambda: person.face._dialog.story().best_time == "8"
        for expected in ("Ask a question", "Add a screenshot…", "What will be sent…", "Back", "Send"):
            screen.type_keys("Tab")
            yield lambda expected=expected: label() == expected  # type: ignore[misc]
        screen.type_keys("Escape")
        yield lambda: label() == "Keep writing"
        screen.type_keys("Escape")
        yield lambda: label() == "Text"
        screen.type_keys("ctrl+Return")
        yield lambda: person.reads("Support has your report.")
        story = Story(wanted="Hi\nyou", expected="a", happened="b", contact="44", best_time="8")
        assert desk.sent == [story]
        yield lambda: label() == "Close"
        screen.type_keys("Return")
        yield lambda: person.presenter.view().closed

    person.run(script())


def test_what_has_the_focus_can_be_seen(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(LOCKED, first=LOCKED), texts("en"))

    def script() -> Script:
        yield person.idle
        stops = [w for w in person.widgets() if isinstance(w, ttk.Button | ttk.Entry)]
        assert len(stops) > 6
        for stop in stops:
            person.root.focus_set()
            person.root.update()
            without = person.screen.picture(stop)
            stop.focus_set()
            person.root.update()
            yield lambda stop=stop: person.root.focus_get() is stop  # type: ignore[misc]
            person.root.update()
            assert person.screen.picture(stop) != without, f"no focus to be seen: {seen(stop)}"

    person.run(script())


def test_escape_closes_at_once_where_nothing_was_typed(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield person.idle
        person.press("<Escape>")
        yield lambda: person.presenter.view().closed

    person.run(script())


def test_ctrl_c_in_the_terminal_that_started_it_closes(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield person.idle
        person.root.after(0, lambda: signal.raise_signal(signal.SIGINT))
        yield lambda: person.presenter.view().closed

    person.run(script())
    assert person.presenter.view().closed


def test_closing_asks_while_a_report_was_begun_and_keeps_it(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield person.idle
        person.click("Send report…")
        yield lambda: person.reads("How can support reach you?")
        person.write("half a thought")
        person.click("Back")
        yield lambda: person.reads(EXPIRED.headline)
        person.root.event_generate("<Escape>")
        yield lambda: person.reads("Close without sending?")
        person.click("Keep writing")
        yield lambda: person.reads("half a thought")
        person.press("<Escape>")
        yield lambda: person.reads("Close without sending?")
        person.click("Close")
        yield lambda: person.presenter.view().closed
        assert desk.sent == []
        assert desk.kept[-1] == Story(wanted="half a thought")

    person.run(script())


def test_a_report_that_can_neither_be_kept_nor_sent_leads_to_the_other_ways(
    screens: Screens, texts: Texts
) -> None:
    desk = FakeDesk()
    desk.disk_full = True
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield person.idle
        person.click("Send report…")
        yield lambda: person.reads("Tell support what happened")
        assert not person.reads("Other ways to reach support…")
        person.click("Send")
        yield lambda: person.reads("was not sent") and person.reads("Other ways to reach support…")
        person.presenter.use_phone()
        yield lambda: person.reads("Reach support by telephone")

    person.run(script())


def test_a_window_that_the_system_destroys_ends_the_dialog_as_closing_does(
    screens: Screens, texts: Texts
) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield person.idle
        person.root.tk.call("destroy", ".")

    person.run(script())
    assert person.presenter.view().closed


def test_a_window_closed_while_sending_ends_when_the_report_has_arrived(
    screens: Screens, texts: Texts
) -> None:
    desk = FakeDesk()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield person.idle
        desk.gate.clear()
        person.presenter.send(Story(happened="on its way"))
        yield lambda: desk.sent and person.face._dialog._view.sending
        person.press("<Escape>")
        assert not person.root.winfo_ismapped()
        assert not person.presenter.view().closed
        desk.gate.set()
        yield lambda: person.presenter.view().closed

    person.run(script())
    assert person.presenter.receipt is not None


def test_the_access_code_goes_to_the_host_by_enter(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk(LOCKED, results=(RetryResult.SUCCEEDED,))
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield person.idle
        field = person.root.focus_get()
        assert isinstance(field, ttk.Entry)
        assert str(field.cget("show")) == "•"
        person.write("opensesame")
        person.press("<Return>")
        yield lambda: person.presenter.view().closed

    person.run(script())
    assert desk.codes == ["opensesame"]
    assert person.presenter.succeeded


def test_the_countdown_is_seen_and_details_stop_it(screens: Screens, texts: Texts) -> None:
    seconds = [0.0]
    person = Person(screens(), FakeDesk(REFUSED), texts("en"), clock=lambda: seconds[0])

    def script() -> Script:
        yield person.idle
        assert person.reads("Try again (5)")
        seconds[0] = 1.0
        yield lambda: person.reads("Try again (4)")
        person.click("Show details…")
        yield lambda: person.reads("Errno 111")
        yield lambda: "Try again" in person.texts()

    person.run(script())


def test_the_window_never_shrinks_when_the_verdict_comes(screens: Screens, texts: Texts) -> None:
    short = msgspec.structs.replace(EXPIRED, headline="Short.", advice=[], help_text="", help_url="")
    long = msgspec.structs.replace(EXPIRED, headline="long " * 100)
    desk = FakeDesk(short, long, first=EXPIRED)
    desk.gate.clear()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield lambda: person.face._started
        person.root.update()
        first = person.root.winfo_height()
        desk.gate.set()
        yield person.idle
        person.root.update()
        assert person.root.winfo_height() == first
        desk.has_host = False
        person.presenter.try_again()
        yield lambda: person.idle() and person.reads("long long")
        yield lambda: person.root.winfo_height() > first

    person.run(script())


def test_folding_the_details_gives_back_their_height(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield person.idle
        person.root.update()
        before = person.root.winfo_height()
        person.click("Show details…")
        yield lambda: person.root.winfo_height() > before
        person.click("Hide details")
        yield lambda: person.root.winfo_height() == before

    person.run(script())


def test_about_comes_later_in_a_window_of_its_own(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield person.idle
        desk.gate.clear()
        person.click("About…")
        yield lambda: person.reads("Collecting…")
        desk.gate.set()
        yield lambda: person.reads("Debian GNU/Linux 12")
        window = next(w for w in person.root.winfo_children() if isinstance(w, tkinter.Toplevel))
        window.event_generate("<Escape>")
        yield lambda: not window.winfo_exists()
        assert person.reads(EXPIRED.headline), "the dialog is still there"

    person.run(script())


def test_the_preview_is_the_text_of_the_desk(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk()
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield person.idle
        person.click("Send report…")
        yield lambda: person.reads("How can support reach you?")
        person.write("my story")
        person.click("What will be sent…")
        shown = desk.preview(Story(wanted="my story"))
        yield lambda: shown.readable in person.texts()
        person.choose("Byte for byte")
        yield lambda: shown.exact in person.texts()

    person.run(script())


def test_links_go_through_the_desk(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk(receipt=receipt_of(State.ACCEPTED, page="javascript:alert(1)"))
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield person.idle
        person.click("Need help?")
        yield lambda: desk.opened == [EXPIRED.help_url]
        person.presenter.send(Story())
        yield lambda: person.reads("Support has your report.")
        person.click("Open the report's page")
        yield lambda: person.reads("The address could not be opened: javascript:alert(1)")

    person.run(script())


def test_the_reference_number_can_be_copied(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield person.idle
        person.click("Copy")
        assert person.clipboard() == REFERENCE
        assert person.reads("Copied")

    person.run(script())


def test_a_story_has_its_limit(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield person.idle
        person.click("Send report…")
        yield lambda: person.reads("How can support reach you?")
        box = next(w for w in person.widgets() if isinstance(w, TextBox))
        box.text.insert("end", "x" * (STORY_LIMIT_CHARS + 500))
        yield lambda: len(box.get()) == STORY_LIMIT_CHARS
        assert person.reads("The text is full: it holds 20000 characters.")

    person.run(script())


def test_a_report_that_could_not_be_kept_stays_on_the_page(screens: Screens, texts: Texts) -> None:
    desk = FakeDesk()
    desk.disk_full = True
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield person.idle
        person.click("Send report…")
        yield lambda: person.reads("How can support reach you?")
        person.write("still here")
        person.click("Send")
        yield lambda: person.reads("The report could not be kept, and was not sent. The disk is full.")
        assert person.reads("still here")
        assert_nothing_is_clipped(person)

    person.run(script())


@pytest.mark.parametrize("dpi", [96, 192])
def test_hostile_texts_are_shown_as_harmless_text(screens: Screens, texts: Texts, dpi: int) -> None:
    person = Person(
        screens("1600x1200" if dpi == 96 else "2400x1800", dpi),
        FakeDesk(HOSTILE, first=HOSTILE, application="\x1b]0;x\x07" + "A" * 4_000),
        texts("en"),
    )

    def script() -> Script:
        yield person.idle
        person.click("Show details…")
        yield lambda: person.reads("details]0;title")
        assert person.reads("[31mred [bold]markup[/bold] {braces} %s")
        everything = "".join(person.texts())
        assert not any(letter in everything for letter in "\x1b\x07\x00\u202e\u2066\u2028")
        assert len(person.root.title()) < 100
        assert_nothing_is_clipped(person)
        for _ in range(300):
            person.press("<Next>")

    person.run(script())


@pytest.mark.parametrize(
    "notice",
    [
        msgspec.structs.replace(EXPIRED, headline="The server erp.example.org " * 11),
        msgspec.structs.replace(
            EXPIRED, advice=[f"Advice number {n}: look at the cable." for n in range(200)]
        ),
        msgspec.structs.replace(EXPIRED, help_text="\n".join(f"Paragraph {n} of help." for n in range(200))),
        msgspec.structs.replace(EXPIRED, headline="A" * 300, advice=["B" * 900], help_text="C" * 900),
        msgspec.structs.replace(EXPIRED, details="one line of details\n" * 800),
    ],
    ids=["headline", "advice", "help", "unbroken", "details"],
)
def test_long_texts_scroll_and_are_not_clipped(screens: Screens, texts: Texts, notice: Notice) -> None:
    person = Person(screens("1024x600"), FakeDesk(notice), texts("en"))

    def script() -> Script:
        yield person.idle
        person.click("Show details…")
        yield lambda: person.reads(notice.details.strip())
        person.root.update()
        assert_nothing_is_clipped(person)
        last = person.button("About…")
        last.focus_set()
        person.root.update()
        area = person.face._dialog.page.area
        assert area.winfo_rooty() <= last.winfo_rooty()
        assert last.winfo_rooty() + last.winfo_height() <= area.winfo_rooty() + area.winfo_height()

    person.run(script())


def test_a_widened_window_breaks_its_lines_anew(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield person.idle
        headline = next(w for w in person.widgets() if isinstance(w, Prose))
        before = headline.winfo_height()
        person.root.geometry("1000x700")
        yield lambda: headline.winfo_height() < before
        person.root.update()
        prose = [w for w in person.widgets() if isinstance(w, Prose)]
        assert all(one.text.yview() == (0.0, 1.0) for one in prose)

    person.run(script())


def test_copying_works_with_a_russian_keyboard(screens: Screens, texts: Texts) -> None:
    need_xdotool()
    screen = screens("1280x1024")
    subprocess.run(["setxkbmap", "-display", screen.name, "ru"], check=True)
    person = Person(screen, FakeDesk(), texts("ru"))

    def script() -> Script:
        yield person.idle
        person.click("Показать подробности…")
        yield lambda: person.reads("verify code 10")
        box = next(w for w in person.widgets() if isinstance(w, TextBox))
        box.text.focus_force()
        person.root.update()
        screen.type_keys("ctrl+Cyrillic_ef", "ctrl+Cyrillic_es")
        yield lambda: "verify code 10" in person.clipboard()

    person.run(script())


def test_the_window_is_named_for_desktops(screens: Screens, texts: Texts) -> None:
    person = Person(screens(), FakeDesk(), texts("en"))

    def script() -> Script:
        yield person.idle
        assert person.root.winfo_class() == "Reporter"
        assert person.root.title() == "ERP"

    person.run(script())


def test_no_try_by_itself_where_it_could_lock_the_account(screens: Screens, texts: Texts) -> None:
    notice = msgspec.structs.replace(EXPIRED, retry=Retry.BY_HAND)
    desk = FakeDesk(notice)
    person = Person(screens(), desk, texts("en"))

    def script() -> Script:
        yield person.idle
        assert person.presenter.view().countdown_s is None
        person.click("Try again")
        yield lambda: person.idle() and desk.codes == [""]
        assert person.reads("It did not work yet.")

    person.run(script())
