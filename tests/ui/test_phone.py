"""Support without the network, before the report and after it: on every face that draws it."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tkinter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from reporter.delivery.receipt import State
from reporter.report import qr, spoken, telephone
from reporter.report.model import Story
from reporter.texts import Translator
from reporter.ui.desk import Answer, ByTelephone, Precheck, Wanted
from reporter.ui.presenter import Presenter
from reporter.ui.recorded import RecordedFace
from reporter.ui.terminal import TerminalFace
from reporter.ui.terminal.printer import Printer
from reporter.ui.view import Page, View, local_time, receipt_lines, scan_hint
from reporter.ui.window.compose import ComposePage
from reporter.ui.window.phone import PhonePage
from reporter.ui.window.qr import QrCode, draw
from tests.report import typical
from tests.ui.conftest import Screens
from tests.ui.desk import BY_TELEPHONE, EXPIRED, REFERENCE, FakeDesk, receipt_of
from tests.ui.screen import Person, Script
from tests.ui.test_terminal import NOTHING_TOLD, talk

ENGLISH = Translator("en")
CUT_OFF = msgspec.structs.replace(EXPIRED, is_cut_off=True)
KNOWN = Precheck(wanted=Wanted.NOTHING, message="It will be mended by 12:00.")
ANSWERED_AT = datetime(2026, 11, 21, 15, 40, tzinfo=UTC)
ANSWER = Answer(reference="3H8K-2PQRV", text="The certificate is renewed.", answered_at=ANSWERED_AT)
OTHER_WAYS = "Other ways to reach support…"

Texts = Callable[[str], Translator]


def tell(desk: FakeDesk, script: Callable[[RecordedFace], None]) -> View:
    """The last view of a dialog in which everything happens at once."""
    face = RecordedFace(script)
    face.run(Presenter(desk, ENGLISH, background=lambda work: work()))
    return face.last


def real() -> ByTelephone:
    report = typical.tls_expired().report
    code = spoken.encode(report)
    link = spoken.link("https://help.example.org/login", code)
    return ByTelephone(
        lines=telephone.read_out(report, ENGLISH),
        code=spoken.groups(code),
        link=link,
        squares=qr.squares(link),
    )


def seen_by_a_camera(picture: Path) -> str:
    zbarimg = shutil.which("zbarimg")
    assert zbarimg is not None, "zbar-tools is missing: run packaging/develop test"
    done = subprocess.run(
        [zbarimg, "--quiet", "--raw", str(picture)], capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout.strip()


# When other ways are offered


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (State.SAVED, True),
        (State.QUEUED, True),
        (State.REFUSED, True),
        (State.ACCEPTED, False),
        (State.ANSWERED, False),
    ],
)
def test_who_has_a_report_with_support_needs_no_other_way(state: State, offered: bool) -> None:
    desk = FakeDesk(receipt=receipt_of(state))
    assert tell(desk, lambda face: face.presenter.send(Story())).offers_phone is offered


def test_other_ways_are_offered_at_once_where_the_network_is_away() -> None:
    assert tell(FakeDesk(CUT_OFF), lambda face: None).offers_phone
    assert not tell(FakeDesk(EXPIRED), lambda face: None).offers_phone
    assert not tell(FakeDesk(CUT_OFF, can_send=False), lambda face: None).offers_phone


# The page


def test_the_page_has_everything_and_leads_back() -> None:
    desk = FakeDesk(CUT_OFF)
    desk.can_mail = True

    def script(face: RecordedFace) -> None:
        face.presenter.use_phone()
        assert face.last.page is Page.PHONE
        assert face.last.telephone == BY_TELEPHONE
        assert face.last.can_mail
        assert face.last.busy == ""
        face.presenter.back()

    assert tell(desk, script).page is Page.MESSAGE


def test_after_the_receipt_it_leads_back_to_the_receipt() -> None:
    def script(face: RecordedFace) -> None:
        face.presenter.send(Story())
        face.presenter.use_phone()
        assert face.last.page is Page.PHONE
        face.presenter.back()

    assert tell(FakeDesk(receipt=receipt_of(State.QUEUED)), script).page is Page.RECEIPT


def test_a_file_is_written_and_said() -> None:
    desk = FakeDesk(CUT_OFF)
    story = Story(happened="It closed.")

    def script(face: RecordedFace) -> None:
        face.write(story)
        face.presenter.back()
        face.presenter.use_phone()
        face.presenter.save("/media/stick/report.zip")

    assert tell(desk, script).remark == "The report is saved: /media/stick/report.zip"
    assert desk.saved == [(story, "/media/stick/report.zip")]


def test_a_file_that_cannot_be_written_is_said() -> None:
    desk = FakeDesk(CUT_OFF)
    desk.disk_full = True
    assert tell(desk, lambda face: face.presenter.save("x.zip")).remark == "The disk is full."


def test_the_mail_program_is_opened_and_that_is_said() -> None:
    desk = FakeDesk(CUT_OFF)
    view = tell(desk, lambda face: face.presenter.mail())
    assert view.remark == "The report is a draft in your mail program now."
    assert desk.mailed == [Story()]


def test_one_errand_at_a_time() -> None:
    desk, waiting = FakeDesk(CUT_OFF), list[Callable[[], None]]()
    presenter = Presenter(desk, ENGLISH, background=waiting.append)

    def script(face: RecordedFace) -> None:
        while waiting:
            waiting.pop()()
        presenter.mail()
        presenter.mail()
        assert face.last.busy == "Opening the mail program…"
        while waiting:
            waiting.pop()()
        assert face.last.busy == ""

    RecordedFace(script).run(presenter)
    assert len(desk.mailed) == 1


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("https://help.example.org/#r=X", "a page of support"),
        ("mailto:help@example.org?body=X", "an e-mail"),
        ("tel:4455", "calls support"),
        ("0123", "a text"),
    ],
)
def test_the_hint_says_what_the_camera_does(link: str, words: str) -> None:
    assert words in scan_hint(link, ENGLISH.say)


# Before sending


def test_support_is_asked_once_when_the_form_opens() -> None:
    desk = FakeDesk()

    def script(face: RecordedFace) -> None:
        assert desk.asked == 0
        face.presenter.compose()
        face.presenter.back()
        face.presenter.compose()

    assert tell(desk, script).precheck == Precheck()
    assert desk.asked == 1


def test_nobody_is_asked_where_reports_are_switched_off() -> None:
    desk = FakeDesk(can_send=False)
    tell(desk, lambda face: face.presenter.compose())
    assert desk.asked == 0


def test_what_support_says_is_made_harmless() -> None:
    desk = FakeDesk()
    desk.wanted = Precheck(wanted=Wanted.NOTHING, message="\x1b[31m\u202e" + "x" * 9_000)
    message = tell(desk, lambda face: face.presenter.compose()).precheck.message
    assert message.startswith("[31mx")
    assert len(message) < 2_100


def test_whoever_is_counted_in_is_told_so() -> None:
    desk = FakeDesk(receipt=receipt_of(State.ACCEPTED))
    view = tell(desk, lambda face: face.presenter.send(Story(), counts_only=True))
    assert desk.counted == [True]
    assert view.receipt_lines[0] == "You are counted in."


def test_whoever_will_be_counted_in_later_is_told_that() -> None:
    desk = FakeDesk(receipt=receipt_of(State.QUEUED))
    view = tell(desk, lambda face: face.presenter.send(Story(), counts_only=True))
    assert view.receipt_lines == [
        "You will be counted in as soon as support can be reached.",
        "This goes by itself. You need not do anything.",
    ]


def test_a_report_is_not_taken_for_a_count() -> None:
    desk = FakeDesk()
    assert (
        tell(desk, lambda face: face.presenter.send(Story())).receipt_lines[0] == "Support has your report."
    )
    assert desk.counted == [False]


# The receipt is honest


def test_the_next_try_is_told() -> None:
    when = datetime(2026, 11, 22, 9, 4, tzinfo=UTC)
    receipt = msgspec.structs.replace(receipt_of(State.QUEUED), next_try_at=when)
    assert f"The next try is at {when.astimezone():%H:%M}." in receipt_lines(receipt, ENGLISH)
    assert not any("next try" in line for line in receipt_lines(receipt_of(State.QUEUED), ENGLISH))


def test_a_try_of_another_day_is_told_with_its_day() -> None:
    receipt = receipt_of(State.QUEUED)
    later = receipt.at + timedelta(hours=30)
    lines = receipt_lines(msgspec.structs.replace(receipt, next_try_at=later), ENGLISH)
    assert f"The next try is at {later.astimezone():%Y-%m-%d %H:%M}." in lines


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        ("", "You need not do anything."),
        ("postponed", "Support cannot be reached at the moment. You need not do anything."),
        ("busy", "Support's system does not take reports at the moment. You need not do anything."),
        ("paused", "Support's system does not take reports at the moment. You need not do anything."),
    ],
)
def test_why_a_report_waits_is_told_as_it_is(attempt: str, why: str) -> None:
    receipt = msgspec.structs.replace(receipt_of(State.QUEUED), attempt=attempt)
    assert receipt_lines(receipt, ENGLISH)[1] == why


def test_an_answer_stands_on_the_receipt() -> None:
    receipt = msgspec.structs.replace(receipt_of(State.ANSWERED), answer="Restart\nit.")
    assert receipt_lines(receipt, ENGLISH) == ["Support has answered your report.", "Restart\nit."]


def test_there_is_no_local_time_at_the_end_of_the_calendar() -> None:
    east = datetime.max.replace(tzinfo=UTC) - timedelta(minutes=1)
    assert local_time(None) == ""
    assert isinstance(local_time(east), str)


# Answers to earlier reports


def test_an_answer_is_shown_then_those_that_the_endpoint_tells() -> None:
    desk = FakeDesk()
    later = msgspec.structs.replace(ANSWER, reference="7K3D-9QX2M")
    desk.known_answers, desk.new_answers = [ANSWER], [later]
    assert tell(desk, lambda face: None).answers == [ANSWER, later]
    assert desk.inquiries == 1
    assert desk.seen_answers == []  # nothing was drawn yet


def test_the_endpoint_is_not_asked_again_with_every_look_for_the_cause() -> None:
    desk = FakeDesk(has_host=False)
    tell(desk, lambda face: face.presenter.try_again())
    assert desk.told == ["diagnose", "diagnose"]
    assert desk.inquiries == 1


def test_an_answer_that_was_drawn_is_not_shown_again() -> None:
    desk = FakeDesk()
    desk.known_answers = [ANSWER]

    def script(face: RecordedFace) -> None:
        face.presenter.answers_shown()
        face.presenter.answers_shown()

    assert tell(desk, script).answers == [ANSWER]
    assert desk.seen_answers == ["3H8K-2PQRV"]


def test_a_hostile_answer_is_made_harmless_and_many_are_few() -> None:
    desk = FakeDesk()
    desk.known_answers = [
        Answer(reference=f"{n}\x1b[31m" + "9" * 99, text="\u202eabc\x07" + "x" * 9_000) for n in range(20)
    ]
    answers = tell(desk, lambda face: None).answers
    assert len(answers) == 3
    assert answers[0].text.startswith("abcx")
    assert len(answers[0].text) < 4_100
    assert "\x1b" not in answers[0].reference


# On the screen


def test_the_window_shows_a_code_that_a_camera_reads(screens: Screens, tmp_path: Path) -> None:
    """The pixels of the real window, light and dark, at both sizes."""
    given = real()
    for dpi, appearance in ((96, "light"), (192, "dark")):
        desk = FakeDesk(CUT_OFF)
        desk.by_telephone = given
        screen = screens("2400x1800", dpi)
        person = Person(screen, desk, ENGLISH, appearance=appearance)
        picture = tmp_path / f"{dpi}.ppm"

        def script(person: Person = person, picture: Path = picture, given: ByTelephone = given) -> Script:
            yield person.idle
            person.button(OTHER_WAYS).invoke()
            yield lambda: person.reads("Reach support by telephone")
            yield lambda: [w for w in person.widgets() if isinstance(w, QrCode)]
            person.root.update()
            code = next(w for w in person.widgets() if isinstance(w, QrCode))
            shot = person.screen.picture(code)
            pixels = b"".join(shot[at : at + 3][::-1] for at in range(0, len(shot), 4))
            size = b"P6 %d %d 255\n" % (code.winfo_width(), code.winfo_height())
            picture.write_bytes(size + pixels)
            for line in given.lines:
                assert person.reads(line)

        person.run(script())
        assert seen_by_a_camera(picture) == given.link
        assert spoken.decode(seen_by_a_camera(picture)) == spoken.spoken(typical.tls_expired().report)


def test_the_page_works_in_the_window(
    screens: Screens, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk = FakeDesk(receipt=receipt_of(State.QUEUED))
    desk.can_mail = True
    person = Person(screens(), desk, ENGLISH)
    asked: list[str] = []

    def choose(**options: object) -> str:
        asked.append(str(options["initialfile"]))
        return str(tmp_path / "r.zip")

    monkeypatch.setattr("tkinter.filedialog.asksaveasfilename", choose)

    def script() -> Script:
        yield person.idle
        person.presenter.compose()
        person.presenter.send(Story())
        yield lambda: person.reads(OTHER_WAYS)
        person.button(OTHER_WAYS).invoke()
        yield lambda: person.reads(BY_TELEPHONE.lines[0])
        person.button("Copy").invoke()
        assert person.clipboard().splitlines() == [*BY_TELEPHONE.lines, "", BY_TELEPHONE.link]
        person.button("Save report to a file…").invoke()
        yield lambda: person.reads("The report is saved: ")
        person.button("Send by e-mail…").invoke()
        yield lambda: desk.mailed
        assert isinstance(person.face._dialog.page, PhonePage)
        person.press("<Escape>")
        yield lambda: person.reads("Your report is kept and will be sent by itself.")

    person.run(script())
    assert asked == [f"{REFERENCE}.zip"]
    assert [path for _, path in desk.saved] == [str(tmp_path / "r.zip")]


def test_without_a_code_there_is_still_the_text(screens: Screens) -> None:
    desk = FakeDesk(CUT_OFF)
    desk.by_telephone = msgspec.structs.replace(BY_TELEPHONE, squares=[])
    person = Person(screens(), desk, ENGLISH)

    def script() -> Script:
        yield person.idle
        person.presenter.use_phone()
        yield lambda: person.reads(BY_TELEPHONE.lines[0])
        assert not person.reads("Scan this with a telephone")
        assert not person.reads("Send by e-mail…")

    person.run(script())


@pytest.mark.parametrize("language", ["en", "ru", "uk"])
def test_everything_fits_into_the_window(screens: Screens, texts: Texts, language: str) -> None:
    desk = FakeDesk(CUT_OFF)
    desk.known_answers = [ANSWER]
    desk.can_mail = True
    person = Person(screens(), desk, texts(language))

    def script() -> Script:
        yield person.idle
        assert_whole(person)
        person.presenter.use_phone()
        yield lambda: person.reads(BY_TELEPHONE.lines[0])
        person.root.update()
        assert_whole(person)

    person.run(script())


def assert_whole(person: Person) -> None:
    right = person.root.winfo_rootx() + person.root.winfo_width()
    for widget in person.widgets():
        if not isinstance(widget, tkinter.Tk):
            assert widget.winfo_rootx() + widget.winfo_width() <= right, widget
            assert widget.winfo_width() >= widget.winfo_reqwidth() or isinstance(widget, tkinter.Text), widget


def test_the_card_is_light_and_its_squares_are_whole(screens: Screens) -> None:
    person = Person(screens(), FakeDesk(), ENGLISH, appearance="dark")

    def script() -> Script:
        yield person.idle
        card = draw(person.face._theme, [[True, False], [False, True]], 100)
        assert card.width == card.height == 100
        assert bytes(card._rows[41][41 * 4 : 41 * 4 + 4]) == b"\0\0\0\xff"
        assert bytes(card._rows[41][51 * 4 : 51 * 4 + 4]) == b"\xff\xff\xff\xff"
        tiny = draw(person.face._theme, [[True] * 60] * 60, 100)
        assert tiny.width == 2 * 68

    person.run(script())


def test_the_banner_is_calm_and_marks_the_answer_as_seen(screens: Screens) -> None:
    desk = FakeDesk()
    desk.new_answers = [ANSWER]
    person = Person(screens(), desk, ENGLISH)

    def script() -> Script:
        yield lambda: person.reads("Support has answered your report 3H8K-2PQRV")
        assert person.reads("The certificate is renewed.")
        assert person.reads(f"{ANSWERED_AT.astimezone():%Y-%m-%d %H:%M}")
        yield lambda: desk.seen_answers == ["3H8K-2PQRV"]

    person.run(script())


def test_counting_in_is_the_main_thing_until_something_is_written(screens: Screens) -> None:
    desk = FakeDesk()
    desk.wanted = KNOWN
    person = Person(screens(), desk, ENGLISH)

    def script() -> Script:
        yield person.idle
        person.presenter.compose()
        yield lambda: person.reads("Support knows about this already")
        assert person.reads("It will be mended by 12:00.")
        page = person.face._dialog.page
        assert isinstance(page, ComposePage)
        assert page.primary is person.button("Count me in")
        page.first_focus().insert("end", "It closed.")  # type: ignore[union-attr]
        page.body.update()
        yield lambda: page.primary is person.button("Send report")
        page.first_focus().delete("1.0", "end")  # type: ignore[union-attr]
        yield lambda: page.primary is person.button("Count me in")
        person.button("Count me in").invoke()
        yield lambda: person.reads("You are counted in.")

    person.run(script())
    assert desk.counted == [True]


def test_a_summary_is_announced_above_the_form(screens: Screens) -> None:
    desk = FakeDesk()
    desk.wanted = Precheck(wanted=Wanted.SUMMARY)
    person = Person(screens(), desk, ENGLISH)

    def script() -> Script:
        yield person.idle
        person.presenter.compose()
        yield lambda: person.reads("Support only needs a summary this time")
        assert person.reads("What will be sent…")
        assert not person.reads("Add a screenshot…")  # it would not go along

    person.run(script())


# At a terminal


def test_at_a_terminal_the_same_is_read_and_done(tmp_path: Path) -> None:
    desk = FakeDesk(CUT_OFF)
    desk.can_mail = True
    _, read = talk(desk, "p", "f", "report.zip", "m", "b", "c")
    assert f"p  {OTHER_WAYS}" in read
    for line in BY_TELEPHONE.lines:
        assert line in read
    assert "█" in read
    assert "The report is saved: report.zip" in read
    assert [path for _, path in desk.saved] == ["report.zip"]
    assert len(desk.mailed) == 1


def test_a_terminal_without_the_letters_shows_the_text_alone() -> None:
    _, read = talk(FakeDesk(CUT_OFF), "p", "b", "c", encoding="ascii")
    assert BY_TELEPHONE.lines[1] in read
    assert "The camera of a telephone" not in read


def test_a_narrow_terminal_shows_the_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    _, read = talk(FakeDesk(CUT_OFF), "p", "b", "c")
    assert "█" not in read
    assert "The camera of a telephone" not in read


@pytest.mark.parametrize("has_colours", [False, True])
def test_the_code_at_a_terminal_is_read_by_a_camera(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_colours: bool
) -> None:
    """The characters as a terminal draws them: black on white with colours, else light on its dark ground."""
    given = real()
    paper = io.StringIO()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(paper, "isatty", lambda: has_colours)
    assert Printer(paper).squares(given.squares)
    written = paper.getvalue()
    assert ("\x1b[30;107m" in written) is has_colours
    lines = re.sub(r"\x1b\[[0-9;]*m", "", written).splitlines()
    unit, ink, ground = 4, *((b"\0", b"\xff") if has_colours else (b"\xff", b"\0"))
    rows = []
    for line in lines:
        for halves in ("▀█", "▄█"):
            rows += [b"".join((ink if letter in halves else ground) * unit for letter in line)] * unit
    picture = tmp_path / "terminal.pgm"
    picture.write_bytes(b"P5 %d %d 255\n" % (len(lines[0]) * unit, len(rows)) + b"".join(rows))
    assert seen_by_a_camera(picture) == given.link


def test_counting_in_at_a_terminal() -> None:
    desk = FakeDesk(receipt=receipt_of(State.ACCEPTED))
    desk.wanted = KNOWN
    paper = io.StringIO()
    answers = "".join(f"{answer}\n" for answer in ("s", *NOTHING_TOLD, "i", "c"))
    presenter = Presenter(desk, ENGLISH, background=lambda work: work(), jitter=lambda: 0.0)
    TerminalFace(reader=io.StringIO(answers), writer=paper).run(presenter)
    read = paper.getvalue()
    assert "Support knows about this already" in read
    assert "i  Count me in" in read
    assert "You are counted in." in read
    assert desk.counted == [True]


def test_an_answer_is_told_at_a_terminal_once() -> None:
    desk = FakeDesk()
    desk.known_answers = [ANSWER]
    paper = io.StringIO()
    presenter = Presenter(desk, ENGLISH, background=lambda work: work(), jitter=lambda: 0.0)
    TerminalFace(reader=io.StringIO("t\nc\n"), writer=paper).run(presenter)
    assert paper.getvalue().count("Support has answered your report 3H8K-2PQRV") == 1
    assert desk.seen_answers == ["3H8K-2PQRV"]
