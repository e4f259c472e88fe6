"""Before the report and after it: asked, counted, answered, and without any network at all."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from reporter import agent, outbox
from reporter.capture.failure import Application, Failure
from reporter.case import Case
from reporter.delivery.receipt import State
from reporter.demo import servers
from reporter.diagnosis.evidence import ServiceNotice, ServiceNoticeOutcome
from reporter.errors import ReporterError, SpoolError
from reporter.inbox.server import Inbox
from reporter.report import bundle, spoken
from reporter.report.model import Story
from reporter.report.summary import KEPT_SECTIONS
from reporter.ui.desk import Wanted
from reporter.ui.recorded import RecordedFace
from reporter.ui.view import Page
from tests.agent.test_story import STORY, just_look, play, send_the_story

UNREACHABLE = "http://127.0.0.1:9/reports"


@pytest.fixture
def expired(home: Path) -> Iterator[Failure]:
    """A login at a server whose certificate has expired."""
    with servers.application(home, expired=True) as port:
        yield Failure(
            target=f"https://localhost:{port}/login",
            message="certificate verify failed",
            application=Application(name="ERP", version="3.1"),
        )


@pytest.fixture
def base(inbox: Inbox) -> Iterator[httpx.Client]:
    endpoint = agent.load_settings().settings.endpoint
    with httpx.Client(base_url=endpoint.removesuffix("reports"), follow_redirects=True) as browser:
        yield browser


def say_of_kind(base: httpx.Client, failure: Failure, form: str, **fields: str) -> str:
    """Support fills in a form about this kind of failure, which somebody has reported; its fingerprint."""
    case = Case(failure, loaded=agent.load_settings(failure.target))
    case.diagnose(lambda notice: None)
    kind = case.bundle(Story()).report.fingerprint
    page = base.get("/", params={"kind": kind}).text
    key = page.partition('name="key" value="')[2].partition('"')[0]
    filled = {"key": key, "fingerprint": kind} | fields
    answer = base.post(f"kind/{form}", data=filled, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200
    return kind


# Before sending


def test_where_support_knows_it_all_a_person_is_counted_in(expired: Failure, base: httpx.Client) -> None:
    kind = say_of_kind(base, expired, "need", need="nothing", message="We are renewing the certificate.")

    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        face.presenter.compose()
        asked = face.wait_until(lambda view: view.precheck.wanted is Wanted.NOTHING).precheck
        assert asked.message == "We are renewing the certificate."
        face.presenter.send(Story(), counts_only=True)
        face.wait_until(lambda view: view.page is Page.RECEIPT)

    outcome, face = play(expired, script)
    assert outcome.receipt is not None
    assert outcome.receipt.state is State.ACCEPTED
    assert face.last.receipt_lines[0] == "You are counted in."
    assert base.get(f"reports/{outcome.receipt.reference}").status_code == 404
    assert "1 more has it too" in base.get("/", params={"kind": kind}).text


def test_a_full_report_is_still_possible(expired: Failure, base: httpx.Client) -> None:
    say_of_kind(base, expired, "need", need="nothing")
    outcome, _ = play(expired, send_the_story)
    assert outcome.receipt is not None
    stored = base.get(f"reports/{outcome.receipt.reference}/report.json").json()
    assert stored["story"]["happened"].startswith("I wanted to post an invoice.")


def test_where_a_summary_is_enough_the_preview_is_one_too(expired: Failure, base: httpx.Client) -> None:
    say_of_kind(base, expired, "need", need="summary")
    exact: list[str] = []

    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        assert len(json.loads(face.presenter.preview(STORY).exact)["facts"]["sections"]) > 3
        face.presenter.compose()
        face.wait_until(lambda view: view.precheck.wanted is Wanted.SUMMARY)
        exact.append(face.presenter.preview(STORY).exact)
        face.presenter.send(STORY)
        face.wait_until(lambda view: view.page is Page.RECEIPT)

    outcome, _ = play(expired, script)
    assert outcome.receipt is not None
    received = base.get(f"reports/{outcome.receipt.reference}/report.json").text
    assert received == exact[0]
    assert set(json.loads(received)["facts"]["sections"]) <= set(KEPT_SECTIONS)
    assert json.loads(received)["story"]["contact"]


def test_an_endpoint_that_cannot_be_asked_wants_everything(
    expired: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTER_ENDPOINT", UNREACHABLE)
    case = Case(expired, loaded=agent.load_settings(expired.target))
    assert case.precheck().wanted is Wanted.EVERYTHING


def test_a_fault_that_the_service_speaks_of_needs_no_report(
    expired: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(expired, loaded=agent.load_settings(expired.target))
    case.diagnose(lambda notice: None)
    assert case.verdict is not None
    notice = ServiceNotice(address="http://status", outcome=ServiceNoticeOutcome.VALID, message="At noon.")
    replace = msgspec.structs.replace
    case.verdict = replace(case.verdict, evidence=replace(case.verdict.evidence, service_notice=notice))
    monkeypatch.setattr(outbox, "precheck", lambda bundle, loaded: pytest.fail("nobody need be asked"))
    assert case.precheck().wanted is Wanted.NOTHING


def test_where_nobody_can_count_a_summary_goes(
    expired: Failure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    monkeypatch.setenv("REPORTER_DESTINATIONS", folder.as_uri())
    case = Case(expired, loaded=agent.load_settings(expired.target))
    case.diagnose(lambda notice: None)
    assert case.send(Story(), counts_only=True).state is State.ACCEPTED
    [arrived] = folder.rglob("*.zip")
    facts = bundle.read(arrived).report.facts
    assert facts is not None
    assert set(facts.sections) <= set(KEPT_SECTIONS)


# Answers to earlier reports


def test_an_answer_is_shown_once_at_the_next_start(expired: Failure, base: httpx.Client) -> None:
    first, _ = play(expired, send_the_story)
    assert first.receipt is not None
    say_of_kind(base, expired, "answer", text="The certificate is renewed.", solved="yes")

    def read(face: RecordedFace) -> None:
        view = face.wait_until(lambda view: bool(view.answers))
        face.presenter.answers_shown()
        told.append((view.answers[0].reference, view.answers[0].text))
        face.wait_until_idle()

    told: list[tuple[str, str]] = []
    play(expired, read)
    assert told == [(first.receipt.reference, "The certificate is renewed.")]
    _wait_until_seen()
    _, third = play(expired, just_look)
    assert third.last.answers == []


def test_an_answer_that_support_corrects_is_shown_again(expired: Failure, base: httpx.Client) -> None:
    play(expired, send_the_story)
    loaded = agent.load_settings(expired.target)
    for text in ("It takes until noon.", "It takes until three."):
        say_of_kind(base, expired, "answer", text=text)
        outbox.inquire(loaded)
        [receipt] = outbox.answers()
        assert text in receipt.answer
        outbox.mark_seen(receipt.reference, receipt.answer)
        assert outbox.answers() == []


def _wait_until_seen() -> None:
    from tests.waiting import wait_until

    wait_until(lambda: not outbox.answers())


def test_nothing_is_asked_where_nothing_was_ever_sent(
    home: Path, expired: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTER_ENDPOINT", UNREACHABLE)
    loaded = agent.load_settings(expired.target)
    outbox.inquire(loaded)
    assert outbox.answers() == []
    assert not list(home.rglob("spool.sqlite"))


def test_only_the_last_reports_that_support_has_are_asked_about(
    expired: Failure, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "leave_to_courier", lambda loaded: None)
    loaded = agent.load_settings(expired.target)
    sent = []
    for _ in range(outbox.ASKED_FOR_REPORTS + 2):
        case = Case(expired, loaded=loaded)
        sent.append(case.send(Story()).reference)
    asked: list[str] = []
    monkeypatch.setattr("reporter.delivery.postman.Postman.inquire", lambda self, ref: asked.append(ref))
    outbox.inquire(loaded)
    assert asked == sent[-outbox.ASKED_FOR_REPORTS :]
    monkeypatch.setattr(outbox, "ASKED_FOR_DAYS", -1)
    asked.clear()
    outbox.inquire(loaded)
    assert asked == []


def test_a_dialog_closed_while_a_report_is_on_its_way_neither_loses_nor_doubles_it(
    expired: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint takes connections and never answers."""
    monkeypatch.setattr(outbox, "leave_to_courier", lambda loaded: None)
    monkeypatch.setenv("REPORTER_SUBMISSION", "auto")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("REPORTER_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}/reports")

        def script(face: RecordedFace) -> None:
            face.wait_until_idle()
            face.presenter.compose()
            face.presenter.send(STORY)
            while True:
                connection = silent.accept()[0]
                if b"/precheck " not in connection.recv(1_000):
                    break
                connection.close()
            on_its_way.append(connection)

        on_its_way: list[socket.socket] = []
        outcome, _ = play(expired, script)
        assert outcome.receipt is None
        with outbox.spool() as kept:
            [envelope] = kept.list()
        assert envelope.sent_by_person
        assert "I wanted to post an invoice" in envelope.report_json.decode()
        assert Case(expired, loaded=agent.load_settings(expired.target)).draft() == Story()
        on_its_way[0].close()


# Without a disk


def test_what_no_disk_takes_is_sent_all_the_same(expired: Failure, base: httpx.Client, home: Path) -> None:
    (home / "spool").write_text("a file where the folder would be")
    outcome, face = play(expired, send_the_story)
    assert outcome.receipt is not None
    assert outcome.receipt.state is State.ACCEPTED
    assert outcome.receipt.reference in base.get("/").text
    assert face.last.page is Page.RECEIPT


def test_what_neither_disk_nor_support_takes_can_be_taken_elsewhere(
    expired: Failure, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTER_ENDPOINT", UNREACHABLE)
    (home / "spool").write_text("a file where the folder would be")

    def script(face: RecordedFace) -> None:
        face.wait_until_idle()
        face.presenter.compose()
        assert not face.last.offers_phone
        face.presenter.send(STORY)
        face.wait_until(lambda view: "was not sent" in view.remark)

    outcome, face = play(expired, script)
    assert outcome.receipt is None
    assert face.last.offers_phone


def test_a_disk_that_fills_up_after_the_report_was_kept_does_not_unmake_it(
    expired: Failure, base: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise SpoolError("the disk is full")

    monkeypatch.setattr("reporter.delivery.spool.Spool.record", full)
    monkeypatch.setattr(outbox, "leave_to_courier", lambda loaded: None)
    outcome, _ = play(expired, send_the_story)
    assert outcome.receipt is not None
    assert outcome.receipt.state is State.QUEUED
    assert outcome.receipt.reference in base.get("/").text


def test_nobody_is_asked_for_answers_once_reports_are_switched_off(
    expired: Failure, base: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(expired, send_the_story)
    asked: list[str] = []
    monkeypatch.setattr(
        "reporter.delivery.native.NativeDestination.status", lambda self, *told: asked.append(told[0])
    )
    outbox.inquire(agent.load_settings())
    assert len(asked) == 1
    monkeypatch.setenv("REPORTER_SUBMISSION", "off")
    outbox.inquire(agent.load_settings())
    assert len(asked) == 1


# Without the network


def test_what_waits_goes_by_telephone_and_as_a_file(
    expired: Failure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REPORTER_ENDPOINT", UNREACHABLE)
    monkeypatch.setenv("REPORTER_HELP_URL", "https://help.example.org/login")
    monkeypatch.setattr(outbox, "leave_to_courier", lambda loaded: None)
    path = tmp_path / "report.zip"

    def script(face: RecordedFace) -> None:
        send_the_story(face)
        assert face.last.offers_phone
        face.presenter.use_phone()
        face.wait_until(lambda view: view.telephone is not None and not view.busy)
        face.presenter.save(str(path))
        face.wait_until(lambda view: view.remark == f"The report is saved: {path}")
        face.presenter.save(str(tmp_path / "nowhere" / "report.zip"))
        face.wait_until(lambda view: "could not be written" in view.remark)

    outcome, face = play(expired, script)
    assert outcome.receipt is not None
    assert outcome.receipt.state is State.QUEUED
    given = face.last.telephone
    assert given is not None
    assert given.link.startswith("https://help.example.org/login#r=")
    found = spoken.decode(given.link)
    assert (found.reference, found.cause) == (outcome.receipt.reference, "tls.expired")
    assert spoken.decode(given.code) == found
    assert given.lines[1].startswith("The certificate of localhost has run out")
    saved = bundle.read(path)
    assert saved.report.reference == outcome.receipt.reference
    assert "hunter2-marker" not in saved.report_json.decode() + given.link


def test_a_help_address_too_long_for_a_code_leaves_the_text(
    expired: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporter.report.qr.squares", _too_long)
    given = Case(expired, loaded=agent.load_settings(expired.target)).spoken(Story())
    assert given.squares == []
    assert given.lines


def _too_long(text: str) -> list[list[bool]]:
    raise ReporterError("This text has too many characters.")


@pytest.mark.parametrize(
    ("setting", "value", "mailbox"),
    [
        ("REPORTER_DESTINATIONS", "smtp://relay.example.org:25/helpdesk@example.org", "helpdesk@example.org"),
        ("REPORTER_HELP_URL", "mailto:it@example.org", "it@example.org"),
        ("REPORTER_HELP_URL", "https://help.example.org", ""),
    ],
)
def test_a_mail_program_gets_the_report_where_a_mailbox_is_known(
    expired: Failure,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    setting: str,
    value: str,
    mailbox: str,
) -> None:
    monkeypatch.setenv(setting, value)
    program = tmp_path / "bin" / "xdg-email"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/given\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    case = Case(expired, loaded=agent.load_settings(expired.target))
    assert case.can_mail is bool(mailbox)
    if mailbox:
        assert case.mail(STORY).startswith("The report is a draft in your mail program now.")
        given = (tmp_path / "given").read_text(encoding="utf-8").splitlines()
        assert given[-1] == mailbox
        assert any(case.reference in line for line in given)


def test_without_a_mail_program_that_is_said(
    expired: Failure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REPORTER_HELP_URL", "mailto:it@example.org")
    monkeypatch.setenv("PATH", str(tmp_path))
    case = Case(expired, loaded=agent.load_settings(expired.target))
    assert case.mail(STORY).startswith("No mail program could be opened.")
