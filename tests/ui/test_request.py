"""A person who comes without a failure, on every face."""

from __future__ import annotations

import io
from collections.abc import Callable

import msgspec
import pytest

from reporter.delivery.receipt import State
from reporter.texts import Translator
from reporter.ui.desk import Answer
from reporter.ui.notice import Notice
from reporter.ui.presenter import Presenter
from reporter.ui.recorded import RecordedFace
from reporter.ui.terminal import TerminalFace
from reporter.ui.view import Page
from tests.ui.conftest import Screens
from tests.ui.desk import HELP, HELP_URL, REFERENCE, FakeDesk, receipt_of
from tests.ui.screen import Person, Script

ASKED = Notice(
    headline="What can we do for you?",
    advice=["If something does not work, report it."],
    help_text=HELP,
    help_url=HELP_URL,
    is_request=True,
)
QUEUED = msgspec.structs.replace(receipt_of(State.QUEUED), reference="7K3D-9QX2M")
ANSWERED = msgspec.structs.replace(receipt_of(State.ANSWERED), answer="The toner is new.")


def desk_of(*, answers: bool = False) -> FakeDesk:
    desk = FakeDesk(ASKED, first=ASKED)
    desk.application = ""
    desk.has_host = False
    desk.latest_receipts = [QUEUED, ANSWERED]
    if answers:
        desk.known_answers = [Answer(reference=REFERENCE, text="The toner is new.")]
    return desk


def test_there_is_nothing_to_try_and_always_another_way() -> None:
    face = RecordedFace(lambda face: face.presenter.try_again())
    face.run(Presenter(desk_of(), Translator("en"), background=lambda work: work()))
    view = face.last
    assert (view.title, view.retry_label, view.countdown_s) == ("Help and support", "", None)
    assert view.offers_phone
    assert view.latest.startswith("7K3D-9QX2M, 2026-11-22")
    assert "will be sent by itself" in view.latest
    assert view.latest.endswith("The toner is new.")


def test_an_answer_that_is_new_stands_in_its_own_place_alone() -> None:
    face = RecordedFace(lambda face: None)
    face.run(Presenter(desk_of(answers=True), Translator("en"), background=lambda work: work()))
    assert [answer.text for answer in face.last.answers] == ["The toner is new."]
    assert face.last.latest.endswith("Support has answered your report.")


def test_a_failed_login_says_nothing_of_other_reports() -> None:
    desk = FakeDesk()
    desk.latest_receipts = [QUEUED]
    face = RecordedFace(lambda face: None)
    face.run(Presenter(desk, Translator("en"), background=lambda work: work()))
    assert face.last.latest == ""


def test_at_a_terminal() -> None:
    paper = io.StringIO()
    face = TerminalFace(reader=io.StringIO("d\nh\nc\n"), writer=paper)
    desk = desk_of()
    face.run(Presenter(desk, Translator("en"), jitter=lambda: 0.0))
    written = paper.getvalue()
    for part in ("What can we do for you?", "Report a problem…", "Your last reports", "7K3D-9QX2M", "About…"):
        assert part in written
    for part in ("Show details…", "Reference number", "Check again", "Send report…"):
        assert part not in written
    assert desk.opened == [HELP_URL]


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_in_the_window(screens: Screens, texts: Callable[[str], Translator], appearance: str) -> None:
    desk = desk_of()
    person = Person(screens(), desk, texts("en"), appearance=appearance)

    def script() -> Script:
        yield lambda: person.reads("Your last reports")
        assert person.reads("What can we do for you?")
        assert person.reads(HELP)
        assert person.reads("The toner is new.")
        labels = person.texts()
        for absent in ("Show details…", "Check again", "Try again", "Send report…"):
            assert absent not in labels
        assert str(person.root.focus_get()) == str(person.button("Report a problem…"))
        person.press("<Return>")
        yield lambda: person.presenter.view().page is Page.COMPOSE

    person.run(script())
