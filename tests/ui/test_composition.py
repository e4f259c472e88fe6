"""What the person writes and attaches: kept, restored, left out, sent; told to the recorded face."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reporter.errors import PictureError
from reporter.report.album import TOO_MANY
from reporter.report.drawing import Arrow, BlackOut, Mark, Picture
from reporter.report.model import Enclosure, Story
from reporter.texts import Translator
from reporter.ui.composition import KEEP_AFTER_S
from reporter.ui.desk import RetryResult
from reporter.ui.presenter import Presenter
from reporter.ui.recorded import RecordedFace
from reporter.ui.view import size_text
from tests.ui.desk import CRASHED, EXPIRED, SECTIONS, FakeDesk, picture

HALF = Story(wanted="half a thought")
WHOLE = Story(wanted="half a thought", happened="and the other half")
Script = Callable[[RecordedFace], None]


class Time:
    """Seconds that pass when the test says so."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def tell(desk: FakeDesk, script: Script, *, clock: Time | None = None) -> RecordedFace:
    presenter = Presenter(desk, Translator("en"), clock=clock or Time(), background=lambda work: work())
    face = RecordedFace(script)
    face.run(presenter)
    return face


# What is kept


def test_a_pause_in_writing_keeps_the_text_once() -> None:
    clock, desk = Time(), FakeDesk()

    def script(face: RecordedFace) -> None:
        face.presenter.compose()
        face.presenter.write(HALF)
        clock.seconds += KEEP_AFTER_S / 2
        face.presenter.write(WHOLE)
        clock.seconds += KEEP_AFTER_S / 2
        face.presenter.tick()
        assert desk.kept == []
        clock.seconds += KEEP_AFTER_S / 2
        face.presenter.tick()
        assert desk.kept == [WHOLE]
        clock.seconds += KEEP_AFTER_S
        face.presenter.tick()

    tell(desk, script, clock=clock)
    assert desk.kept == [WHOLE]


def test_closing_keeps_what_was_just_written() -> None:
    desk = FakeDesk()

    def script(face: RecordedFace) -> None:
        face.presenter.compose()
        face.presenter.write(HALF)
        assert face.presenter.has_news

    tell(desk, script)
    assert desk.kept == [HALF]


def test_what_was_kept_is_there_the_next_time() -> None:
    desk = FakeDesk(draft=WHOLE)

    def script(face: RecordedFace) -> None:
        assert not face.last.is_restored
        face.presenter.compose()
        assert face.last.is_restored
        assert face.presenter.story == WHOLE
        assert not face.presenter.has_news, "nothing new was written"

    tell(desk, script)
    assert desk.kept == [], "nothing has changed"


def test_starting_empty_forgets_what_was_kept() -> None:
    desk = FakeDesk(draft=WHOLE)

    def script(face: RecordedFace) -> None:
        face.presenter.compose()
        face.presenter.start_empty()
        assert not face.last.is_restored
        assert face.presenter.story == Story()

    tell(desk, script)
    assert desk.kept == [Story()]


def test_what_was_sent_is_not_kept() -> None:
    desk = FakeDesk(draft=HALF)

    def script(face: RecordedFace) -> None:
        face.presenter.compose()
        face.presenter.send(WHOLE)
        assert not face.presenter.has_news

    tell(desk, script)
    assert desk.sent == [WHOLE]
    assert desk.kept[-1] == Story()


def test_what_could_not_be_sent_is_kept_or_at_least_tried() -> None:
    desk = FakeDesk()
    desk.disk_full = True

    def script(face: RecordedFace) -> None:
        face.presenter.compose()
        face.presenter.send(WHOLE)
        assert face.presenter.has_news
        assert face.presenter.story == WHOLE

    tell(desk, script)
    assert WHOLE in desk.kept


def test_discarding_keeps_nothing() -> None:
    desk = FakeDesk(draft=HALF)

    def script(face: RecordedFace) -> None:
        face.presenter.compose()
        face.presenter.write(WHOLE)
        face.presenter.discard()

    face = tell(desk, script)
    assert face.last.closed
    assert desk.kept == [Story()]


def test_a_login_that_works_meanwhile_does_not_lose_the_text() -> None:
    desk = FakeDesk(EXPIRED, results=(RetryResult.SUCCEEDED,))

    def script(face: RecordedFace) -> None:
        face.presenter.compose()
        face.presenter.write(HALF)
        face.presenter.back()
        face.presenter.try_again()

    assert tell(desk, script).presenter.succeeded
    assert desk.kept == [HALF]


# What travels with it


def test_the_sections_are_those_of_the_desk_while_the_person_composes() -> None:
    desk = FakeDesk()

    def script(face: RecordedFace) -> None:
        assert face.last.sections == []
        face.presenter.compose()
        assert face.last.sections == list(SECTIONS)
        face.presenter.switch("verdict", False)
        face.presenter.switch("failure", False)
        off = {section.name for section in face.last.sections if not section.is_on}
        assert "verdict" in off
        assert "failure" not in off, "it is locked"

    tell(desk, script)


def test_a_screenshot_is_taken_marked_and_attached() -> None:
    desk, arrow = FakeDesk(), Arrow(x1=1, y1=2, x2=3, y2=4)

    def script(face: RecordedFace) -> None:
        face.write(HALF)
        assert face.add_screenshot([arrow], of="window") is not None
        assert [one.name for one in face.last.attachments] == ["screenshot-1.png"]
        assert face.presenter.has_news
        face.presenter.detach("screenshot-1.png")
        assert face.last.attachments == []

    tell(desk, script)
    assert desk.taken == ["window-7"]
    (_, marks), *_ = desk.attached
    assert marks == [BlackOut(x1=40, y1=40, x2=120, y2=60, reason="password"), arrow]
    assert desk.kept == [HALF]


def test_what_cannot_be_taken_is_said() -> None:
    desk = FakeDesk()
    desk.pictures_work = False
    sentence = "No picture of this screen can be taken: its owner does not allow it."

    def script(face: RecordedFace) -> None:
        presenter = face.presenter
        presenter.compose()
        attempts: list[Callable[[], object]] = [
            presenter.pictures.sources,
            lambda: presenter.pictures.take("monitor-1"),
            presenter.pictures.pasted,
            lambda: presenter.attach(picture(), []),
        ]
        for attempt in attempts:
            assert not attempt()
            assert face.last.remark == sentence
            assert not face.last.busy
            presenter.back()
            presenter.compose()
        desk.pictures_work = True
        assert presenter.pictures.take("monitor-1") is not None
        assert face.last.remark == ""

    tell(desk, script)


def test_why_there_is_no_picture_is_said_in_the_persons_language() -> None:
    desk = FakeDesk()

    def full(picture: Picture, marks: list[Mark]) -> Enclosure:
        raise PictureError(TOO_MANY)

    desk.attach = full  # type: ignore[method-assign]
    presenter = Presenter(desk, Translator("ru"), clock=Time(), background=lambda work: work())
    presenter.attach(picture(), [])
    assert presenter.view().remark == Translator("ru").say(TOO_MANY) != TOO_MANY


def test_a_fault_of_our_own_does_not_end_the_dialog() -> None:
    desk = FakeDesk()

    def fault(source_id: str) -> None:
        raise ZeroDivisionError(source_id)

    desk.take = fault  # type: ignore[method-assign, assignment]

    def script(face: RecordedFace) -> None:
        assert face.presenter.pictures.take("monitor-1") is None
        assert face.last.remark == "This step could not be finished. Please try again."

    tell(desk, script)


def test_a_picture_comes_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = FakeDesk()
    (tmp_path / "shot.png").write_bytes(b"a picture")
    (tmp_path / "large.png").write_bytes(b"x" * 11)
    os.mkfifo(tmp_path / "pipe.png")
    monkeypatch.setattr("reporter.ui.pictures.PICTURE_LIMIT_BYTES", 10)

    def script(face: RecordedFace) -> None:
        assert face.presenter.pictures.within(str(tmp_path / "shot.png")) is not None
        for name, remark in (
            ("large.png", "The file is too large for a report."),
            ("pipe.png", f"The file could not be read: {tmp_path}/pipe.png"),
            ("none\n.png", f"The file could not be read: {tmp_path}/none .png"),
            ("", f"The file could not be read: {tmp_path}/"),
        ):
            assert face.presenter.pictures.within(f"{tmp_path}/{name}") is None
            assert face.last.remark == remark
        assert face.presenter.pictures.within("~nobody-of-that-name/x") is None
        assert face.presenter.pictures.within("\0") is None

    tell(desk, script)
    assert desk.given == [b"a picture"]


def test_an_empty_clipboard_is_told_to_those_who_wanted_to_paste() -> None:
    desk = FakeDesk()

    def script(face: RecordedFace) -> None:
        assert face.presenter.pictures.pasted(says_nothing=True) is None
        assert face.last.remark == ""
        assert face.presenter.pictures.pasted() is None
        assert face.last.remark == "There is no picture on the clipboard."
        desk.clipboard = picture()
        assert face.presenter.pictures.pasted() == picture()
        assert face.last.remark == ""

    tell(desk, script)


def test_nothing_is_sent_while_a_picture_is_being_attached() -> None:
    desk, waiting = FakeDesk(), list[Callable[[], None]]()
    presenter = Presenter(desk, Translator("en"), clock=Time(), background=waiting.append)

    def script(face: RecordedFace) -> None:
        while waiting:
            waiting.pop()()
        presenter.compose()
        waiting.pop()()  # support is asked how much it wants
        presenter.attach(picture(), [])
        presenter.attach(picture(), [])
        assert face.last.attaching
        assert face.last.busy == "Adding the screenshot…"
        presenter.send(HALF)
        assert len(waiting) == 1
        waiting.pop()()
        assert not face.last.attaching
        presenter.send(HALF)
        waiting.pop()()

    RecordedFace(script).run(presenter)
    assert desk.sent == [HALF]
    assert len(desk.attached) == 1


def test_where_pictures_are_not_allowed_none_is_offered() -> None:
    face = tell(FakeDesk(can_attach_pictures=False), lambda face: face.presenter.compose())
    assert not face.last.can_attach_pictures


@pytest.mark.parametrize(("size_bytes", "text"), [(0, "1 KB"), (216_000, "211 KB"), (3_500_000, "3.3 MB")])
def test_sizes_are_said_as_people_read_them(size_bytes: int, text: str) -> None:
    assert size_text(size_bytes, Translator("en").say) == text


# A program that has ended


def test_after_a_crash_the_host_can_start_the_program_again() -> None:
    desk = FakeDesk(
        CRASHED, first=CRASHED, results=(RetryResult.FAILED, RetryResult.SUCCEEDED), application=""
    )

    def script(face: RecordedFace) -> None:
        assert face.last.retry_label == "Start again"
        assert face.last.title == "Program help"
        face.presenter.try_again()
        assert "Starting the program again…" in [view.busy for view in face.views]
        face.presenter.try_again()

    assert tell(desk, script).presenter.succeeded


def test_after_a_crash_without_a_host_there_is_nothing_to_try() -> None:
    desk = FakeDesk(CRASHED, first=CRASHED, has_host=False)

    def script(face: RecordedFace) -> None:
        assert face.last.retry_label == ""
        face.presenter.try_again()

    tell(desk, script)
    assert desk.told == ["diagnose"]
