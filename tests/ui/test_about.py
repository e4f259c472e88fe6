"""About: rows that hold every word, and the real window in which a person looks for one."""

from __future__ import annotations

import shutil
import tkinter
from collections.abc import Callable, Iterator
from itertools import product
from tkinter import ttk

import pytest

from reporter.texts import Translator
from reporter.ui.about import About, Group, Row, matching
from reporter.ui.window.about import AboutWindow
from tests.ui.conftest import Screens
from tests.ui.stand_in import StandIn, stand_in

Texts = Callable[[str], Translator]

SYSTEM = Group(
    heading="System",
    rows=[
        Row(label="Name", value="Debian GNU/Linux 12 (bookworm)"),
        Row(label="Architecture", value="x86_64"),
    ],
)
NETWORK = Group(
    heading="Сеть",
    rows=[
        Row(label="Прокси", value="http://proxy.example.org:3128"),
        Row(label="Interfaces", value="eth0 192.0.2.17/24"),
        Row(label="", value="wg0 10.8.0.2/32 (VPN)"),
    ],
)
LIST = Group(
    heading="Security", rows=[Row(label="", value="one product"), Row(label="", value="another one")]
)
MANY = Group(heading="Settings", rows=[Row(label=f"setting_{n:03}", value=f"value {n}") for n in range(600)])
ABOUT = About(groups=[SYSTEM, NETWORK, LIST, MANY], text="System\n  Name: Debian", json='{"system": {}}\n')


def rows(groups: list[Group]) -> list[str]:
    return [row.value for group in groups for row in group.rows]


def test_no_words_find_everything() -> None:
    assert matching([SYSTEM, NETWORK], "  ") == [SYSTEM, NETWORK]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("BOOKWORM", ["Debian GNU/Linux 12 (bookworm)"]),
        ("прокси", ["http://proxy.example.org:3128"]),
        ("СЕТЬ прокси", ["http://proxy.example.org:3128"]),
        ("system", ["Debian GNU/Linux 12 (bookworm)", "x86_64"]),
        ("system x86", ["x86_64"]),
        ("x86 debian", []),
        ("[", []),
    ],
)
def test_a_row_is_found_by_all_the_words_in_any_case(words: str, found: list[str]) -> None:
    assert rows(matching([SYSTEM, NETWORK], words)) == found


@pytest.fixture(autouse=True)
def _tools() -> None:
    if shutil.which("xdotool") is None:
        pytest.skip("xdotool is not installed: the window was NOT tested; install the package xdotool")


@pytest.fixture
def person(screens: Screens, texts: Texts) -> Iterator[StandIn]:
    with stand_in(screens(), texts("en")) as made:
        yield made


def opened(person: StandIn, about: About | None = ABOUT) -> AboutWindow:
    window = AboutWindow(person)
    if about is not None:
        window.show(about)
    person.focus(window._search)
    return window


def text_of(window: AboutWindow) -> str:
    return window._box.text.get("1.0", "end-1c")


def test_it_opens_at_once_and_waits_for_what_is_collected(person: StandIn) -> None:
    window = opened(person, None)
    assert text_of(window) == "Collecting…"
    assert all("disabled" in button.state() for button in window._copies)
    person.write("vpn")
    assert text_of(window) == "Collecting…"
    window.show(ABOUT)
    person.settle()
    assert text_of(window) == "Сеть\nInterfaces\twg0 10.8.0.2/32 (VPN)"
    assert not any("disabled" in button.state() for button in window._copies)


def test_rows_stand_under_their_headings_with_values_in_one_column(person: StandIn) -> None:
    window = opened(person)
    text = window._box.text
    assert text_of(window).startswith(
        "System\nName\tDebian GNU/Linux 12 (bookworm)\nArchitecture\tx86_64\nСеть\n"
    )
    columns = set()
    for value in ("Debian", "x86_64", "http", "eth0", "wg0"):
        place = text.bbox(text.search(value, "1.0"))
        assert place is not None
        columns.add(place[0])
    assert len(columns) == 1
    line = text.bbox(text.search("one product", "1.0"))
    heading = text.bbox(text.search("Security", "1.0"))
    assert line is not None
    assert heading is not None
    assert line[0] == heading[0]


def test_typing_filters_and_escape_clears_then_closes(person: StandIn) -> None:
    window = opened(person)
    person.write("setting_59")
    assert len(text_of(window).splitlines()) == 11
    assert window._found.cget("text") == "Found: 10"
    assert window._box.text.tag_ranges("found")
    person.write("zz")
    assert text_of(window) == "Nothing was found for “setting_59zz”."
    assert window._found.cget("text") == ""
    person.keys("Escape")
    assert window.open
    assert "Debian" in text_of(window)
    person.keys("Escape")
    assert not window.open
    assert person.root.winfo_exists()


@pytest.mark.parametrize("words", ["{", "$x [exit]", "\\", '"', "-all", "(", "☃"])
def test_words_are_words_whatever_they_mean_to_tk(person: StandIn, words: str) -> None:
    window = opened(
        person,
        About(groups=[Group(heading="H", rows=[Row(label="a", value=f"b {words} c")])], text="", json=""),
    )
    window._search.insert(0, words)
    person.settle()
    assert text_of(window) == f"H\na\tb {words} c"
    assert window._box.text.tag_ranges("found")


def test_copies_are_whole_and_say_so_quietly(person: StandIn) -> None:
    window = opened(person)
    window._search.insert(0, "nothing of this kind")
    words = {"Copy": ABOUT.text, "Copy as JSON": ABOUT.json}
    for button, (label, copied) in zip(window._copies, words.items(), strict=True):
        assert button.cget("text") == label
        width = button.winfo_width()
        button.invoke()
        assert person.root.clipboard_get() == copied
        assert button.cget("text") == "Copied"
        person.settle()
        assert button.winfo_width() == width
    person.wait(lambda: [str(button.cget("text")) for button in window._copies] == list(words))


def test_everything_is_reached_with_the_keyboard_alone(person: StandIn) -> None:
    window = opened(person)
    text = window._box.text
    person.keys("Next")
    assert text.yview()[0] > 0
    person.keys("Tab")
    assert person.root.focus_get() is text
    assert "focus" in window._box.state()
    person.keys("End")
    assert text.yview()[1] == 1
    person.keys("Home")
    assert text.yview()[0] == 0
    person.keys("ctrl+slash", "ctrl+c")
    assert person.root.clipboard_get().startswith("System\nName\tDebian")
    seen = []
    for _ in range(4):
        person.keys("Tab")
        focus = person.root.focus_get()
        seen.append(str(focus.cget("text")) if isinstance(focus, ttk.Button) else focus)
    assert seen == ["Copy", "Copy as JSON", "Close", window._search]
    person.keys("Tab", "Tab", "Tab", "Return")
    assert person.root.clipboard_get() == ABOUT.json
    person.keys("ctrl+f")
    assert person.root.focus_get() is window._search
    person.keys("Tab", "Tab", "Tab", "Tab", "space")
    assert not window.open


def test_the_wheel_scrolls_wherever_the_pointer_is(person: StandIn) -> None:
    window = opened(person)
    text = window._box.text
    for place in (window._search, text):
        text.yview_moveto(0)
        person.mouse("mousemove", place.winfo_rootx() + 9, place.winfo_rooty() + 9)
        person.mouse("click", 5)
        assert text.yview()[0] > 0


def test_hundreds_of_rows_are_one_widget(person: StandIn) -> None:
    window = opened(person)
    assert len(text_of(window).splitlines()) > 600
    waiting: list[tkinter.Misc] = [window.window]
    count = 0
    while waiting:
        widget = waiting.pop()
        count += 1
        waiting.extend(widget.winfo_children())
    assert count < 40


def test_what_comes_after_closing_is_let_go(person: StandIn) -> None:
    window = opened(person, None)
    window.close()
    window.show(ABOUT)
    window.close()
    assert not window.open


def test_closing_while_something_is_planned_leaves_nothing_behind(
    person: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporter.ui.window.about.COPIED_SHOWN_MS", 20)
    window = opened(person)
    window._copies[0].invoke()
    window._search.insert(0, "x")
    window.close()
    person.settle()
    assert person.root.clipboard_get() == ABOUT.text


def test_hostile_values_are_bounded_and_harmless(person: StandIn) -> None:
    evil = Row(label="l\u202e\x00" * 500, value="\x1b[31mred\u202e " + "v" * 3_000_000)
    window = opened(person, About(groups=[Group(heading="\ud800h", rows=[evil] * 3)], text="t", json="j"))
    assert len(text_of(window)) < 10_000
    assert not set("\u202e\x00\x1b\ud800") & set(text_of(window))


def test_nothing_known_is_said(person: StandIn) -> None:
    assert text_of(opened(person, About(groups=[], text="", json="{}"))) == "Nothing is known."


@pytest.mark.parametrize(
    ("screen", "language", "appearance"),
    [
        *product([("1600x1200", 96), ("2400x1800", 192)], ["en", "ru"], ["light", "dark"]),
        (("1024x600", 96), "ru", "light"),
        (("1366x768", 192), "uk", "dark"),
    ],
)
def test_nothing_is_clipped(
    screens: Screens, texts: Texts, screen: tuple[str, int], language: str, appearance: str
) -> None:
    with stand_in(screens(*screen), texts(language), appearance) as person:
        window = opened(person)
        least = window.window.minsize()
        for size in ("", f"{least[0]}x{least[1]}"):
            window.window.geometry(size)
            person.settle()
            assert_whole(window.window)


def assert_whole(window: tkinter.Misc) -> None:
    """Every control has the room it asks for, and lies on the window and on the screen."""
    right, bottom = window.winfo_rootx() + window.winfo_width(), window.winfo_rooty() + window.winfo_height()
    assert right <= window.winfo_screenwidth()
    assert bottom <= window.winfo_screenheight()
    waiting = [*window.winfo_children()]
    while waiting:
        widget = waiting.pop()
        if not widget.winfo_ismapped() or isinstance(widget, tkinter.Toplevel):
            continue
        waiting.extend(widget.winfo_children())
        assert widget.winfo_rootx() + widget.winfo_width() <= right, widget
        assert widget.winfo_rooty() + widget.winfo_height() <= bottom, widget
        if isinstance(widget, ttk.Button | ttk.Label | ttk.Entry):
            assert widget.winfo_reqwidth() <= widget.winfo_width(), (widget, widget.cget("style"))
            assert widget.winfo_reqheight() <= widget.winfo_height(), widget
