"""The message of the startup-error service, on every face that draws it."""

from __future__ import annotations

import io
import tkinter
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from reporter.texts import Translator
from reporter.ui.notice import SERVICE_LIMIT_CHARS, tidy
from reporter.ui.presenter import Presenter
from reporter.ui.recorded import RecordedFace
from reporter.ui.terminal import TerminalFace
from tests.ui.conftest import Screens
from tests.ui.desk import EXPIRED, HELP, HELP_URL, FakeDesk
from tests.ui.screen import Person, Script

UNTIL = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
MESSAGE = "We are closing the month.\n[bold]Nothing[/bold] is lost."
STATUS_PAGE = "https://status.example.org"
TOLD = msgspec.structs.replace(EXPIRED, service_message=MESSAGE, service_until=UNTIL, service_url=STATUS_PAGE)


def test_the_view_says_until_when() -> None:
    face = RecordedFace(lambda face: None)
    face.run(Presenter(FakeDesk(TOLD, first=TOLD), Translator("en"), background=lambda work: work()))
    view = face.last
    assert view.service_message == MESSAGE
    assert view.service_until == f"Until {UNTIL.astimezone():%Y-%m-%d %H:%M}"
    assert view.has_service_link


@pytest.mark.parametrize(
    ("members", "until", "has_link"),
    [
        ({"service_message": ""}, "", False),
        ({"service_url": ""}, f"Until {UNTIL.astimezone():%Y-%m-%d %H:%M}", False),
        ({"service_until": None}, "", True),
        ({"service_until": datetime.max.replace(tzinfo=UTC)}, None, True),
    ],
)
def test_what_is_not_said_is_not_shown(members: dict[str, object], until: str | None, has_link: bool) -> None:
    notice = msgspec.structs.replace(TOLD, **members)
    view = Presenter(FakeDesk(notice, first=notice), Translator("en")).view()
    assert until is None or view.service_until == until
    assert view.has_service_link == has_link


def test_a_long_or_harmful_message_is_made_fit() -> None:
    kept = tidy(msgspec.structs.replace(TOLD, service_message="\x1b[31m\u202e" + "x" * 9_000)).service_message
    assert kept.startswith("[31mx")
    assert len(kept) < SERVICE_LIMIT_CHARS + 20


def test_at_a_terminal() -> None:
    paper = io.StringIO()
    desk = FakeDesk(TOLD, first=TOLD)
    face = TerminalFace(reader=io.StringIO("r\nc\n"), writer=paper)
    face.run(Presenter(desk, Translator("en"), jitter=lambda: 0.0))
    written = paper.getvalue()
    for part in ("From the service", "[bold]Nothing[/bold] is lost.", "Until 2026-11-22", "Read more"):
        assert part in written
    assert desk.opened == [STATUS_PAGE]


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_in_the_window(screens: Screens, texts: Callable[[str], Translator], appearance: str) -> None:
    desk = FakeDesk(TOLD)
    desk.gate.clear()
    person = Person(screens(), desk, texts("en"), appearance=appearance)

    def top(part: str) -> int:
        return next(
            widget.winfo_rooty()
            for widget in person.widgets()
            if isinstance(widget, tkinter.Text) and part in widget.get("1.0", "end-1c")
        )

    def script() -> Script:
        yield lambda: person.reads("Looking for the cause…")
        assert not person.reads("From the service")
        desk.gate.set()
        yield person.idle
        person.root.update()
        assert person.reads(MESSAGE)
        assert person.reads("Until 2026-11-22")
        assert top(MESSAGE) < top(HELP), "the service stands above the organisation's help"
        person.click("Read more")
        person.click("Need help?")
        assert desk.opened == [STATUS_PAGE, HELP_URL]
        person.button("Read more").focus_set()
        person.press("<Tab>")
        yield lambda: str(person.root.focus_get()) == str(person.button("Need help?"))

    person.run(script())
