"""The checkup: always a page, whatever hangs or is broken, and a status that scripts can rely on."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reporter import checkup, outbox
from reporter.agent import load_settings
from reporter.checkup import computer, page, promise, trial
from reporter.checkup.model import Checkup, Finding, Section, State, status_of
from reporter.delivery.destination import Check, Destination, Kind, Outcome
from reporter.delivery.envelope import Envelope
from reporter.errors import SpoolError, UsageError
from reporter.facts.model import Facts
from reporter.settings.layers import Loaded
from reporter.settings.model import Settings

ADDRESS = "https://support.example.org/reports"


class Place(Destination):
    """A destination that answers as it is told."""

    def __init__(self, check: Check, outcome: Outcome | None = None) -> None:
        self.name = ADDRESS
        self._check = check
        self._outcome = outcome
        self.taken: list[Envelope] = []

    def check(self) -> Check:
        return self._check

    def deliver(self, envelope: Envelope) -> Outcome:
        self.taken.append(envelope)
        return self._outcome or Outcome(kind=Kind.ACCEPTED)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[Destination], None]:
    """Puts a destination at the address of the settings."""

    def put(place: Destination) -> None:
        monkeypatch.setenv("REPORTER_ENDPOINT", ADDRESS)
        monkeypatch.setattr(outbox, "destination", lambda address, loaded: place)

    return put


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("SSL_CERT_FILE", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def run(
    load: Callable[[], Loaded] = load_settings, *, send_test: bool = False, limit_s: float = 16
) -> Checkup:
    return checkup.run(load, send_test=send_test, limit_s=limit_s)


def facts(**sections: Any) -> Facts:
    return Facts(collected_at=datetime.now(UTC), elapsed_ms=0, sections=sections)


def findings(found: Checkup, section: str) -> list[Finding]:
    [one] = [each for each in found.sections if each.name == section]
    return one.findings


def test_where_nothing_is_wrong_the_status_is_zero(at: Callable[[Destination], None]) -> None:
    at(Place(Check(is_reached=True, is_let_in=True)))
    found = run()
    assert found.status == 0
    [destination] = findings(found, "destinations")
    assert destination.state is State.GOOD
    assert re.fullmatch(r"reachable \(\d+ ms\); lets this computer in", destination.words)
    assert list(page.lines(found))[-1] == "Nothing is wrong."


def test_without_a_destination_something_is_wrong() -> None:
    found = run()
    assert found.status == 1
    assert findings(found, "destinations")[0].words == "There is nowhere to send to: set `endpoint`."


def test_every_problem_is_told_with_its_place(home: Path, at: Callable[[Destination], None]) -> None:
    at(Place(Check(is_reached=True, is_let_in=True)))
    (home / "settings.toml").write_text('help_txt = "x"\nface = "wndow"\n', encoding="utf-8")
    found = run()
    assert found.status == 2
    malformed = [each for each in findings(found, "settings") if each.state is State.MALFORMED]
    assert [each.facts["meant"] for each in malformed] == ["help_text", ""]
    assert "line 1, column 1" in malformed[0].facts["place"]
    assert "did you mean help_text?" in malformed[0].words
    layer = next(each for each in findings(found, "layers") if each.subject == "user settings")
    assert layer.facts["ignored"] == 2


def test_the_key_in_an_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(Check(is_reached=True))
    monkeypatch.setattr(outbox, "destination", lambda address, loaded: place)
    monkeypatch.setenv("REPORTER_DESTINATIONS", f"sentry+https://geheim@sentry.example.org/1,{ADDRESS}")
    found = run()
    assert "sentry.example.org" in msgspec.json.encode(found).decode()
    assert "geheim" not in msgspec.json.encode(found).decode()


@pytest.mark.parametrize(
    ("check", "state", "words"),
    [
        (
            Check(is_reached=False, reason="the name is not known"),
            State.WRONG,
            "; the name is not",
        ),
        (Check(is_reached=True, is_let_in=False, reason="it said 401"), State.WRONG, "does not let this"),
        (Check(is_reached=True, remark="only a report can tell"), State.NOTE, "; only a report"),
        (Check(is_reached=None, remark="it cannot be asked"), State.NOTE, "it cannot be asked"),
    ],
)
def test_what_a_look_at_a_destination_comes_to(
    at: Callable[[Destination], None], check: Check, state: State, words: str
) -> None:
    at(Place(check))
    found = run()
    [destination] = findings(found, "destinations")
    assert destination.state is state
    assert words in destination.words
    assert destination.facts["is_reached"] is check.is_reached
    assert found.status == (1 if state is State.WRONG else 0)


def test_a_paused_destination_is_told_with_since_when_and_why(at: Callable[[Destination], None]) -> None:
    at(Place(Check(is_reached=True, is_let_in=True)))
    with outbox.spool() as kept:
        kept.standing.pause(ADDRESS, "the endpoint answered 401")
    found = run()
    [destination] = findings(found, "destinations")
    assert destination.state is State.WRONG
    assert destination.facts["paused_reason"] == "the endpoint answered 401"
    assert f"paused since {datetime.now(UTC):%Y-%m-%d}" in destination.words


def test_a_test_report_that_is_taken_ends_the_pause(at: Callable[[Destination], None]) -> None:
    place = Place(Check(is_reached=True, is_let_in=True))
    at(place)
    with outbox.spool() as kept:
        kept.standing.pause(ADDRESS, "the endpoint answered 401")
    found = run(send_test=True)
    assert found.status == 0
    [_, test] = findings(found, "destinations")
    [taken] = place.taken
    assert test.facts["reference"] == taken.reference
    assert test.facts["outcome"] == "accepted"
    with outbox.spool() as kept:
        assert kept.standing.pauses() == ()
        assert kept.list() == ()


def test_a_test_report_that_is_not_taken_is_wrong(at: Callable[[Destination], None]) -> None:
    at(Place(Check(is_reached=True, is_let_in=True), Outcome(kind=Kind.REFUSED, reason="it was too odd")))
    found = run(send_test=True)
    assert found.status == 1
    assert "refused, it was too odd" in findings(found, "destinations")[1].words


def test_no_test_report_leaves_where_reports_are_switched_off(
    at: Callable[[Destination], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(Check(is_reached=True, is_let_in=True))
    at(place)
    monkeypatch.setenv("REPORTER_SUBMISSION", "off")
    found = run(send_test=True)
    assert place.taken == []
    assert found.status == 1
    assert "switched off (from environment" in findings(found, "destinations")[0].words


def test_a_test_report_says_what_it_is_and_nothing_of_this_computer() -> None:
    report = trial.report().report
    assert report.failure.application is not None
    assert report.failure.application.name == "Test"
    assert report.story.wanted.startswith("Test: ")
    assert report.facts is None
    assert trial.report().report.reference != report.reference


def test_what_hangs_is_told_and_everything_else_too(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()

    class Hanging(Place):
        def check(self) -> Check:
            never.wait()
            return super().check()

    hanging, fine = Hanging(Check(is_reached=True)), Place(Check(is_reached=True, is_let_in=True))
    monkeypatch.setenv("REPORTER_DESTINATIONS", f"https://hangs.example.org/,{ADDRESS}")
    monkeypatch.setattr(outbox, "destination", lambda address, _: hanging if "hangs" in address else fine)
    try:
        found = run(limit_s=3)
    finally:
        never.set()
    first, second = findings(found, "destinations")
    assert (first.state, first.words) == (State.WRONG, "not reachable; no answer in time")
    assert second.state is State.GOOD
    assert [section.name for section in found.sections] == list(checkup.TITLES)


def test_settings_that_hang_or_break_still_give_a_page() -> None:
    never = threading.Event()

    def hang() -> Loaded:
        never.wait()
        return load_settings()

    def break_down() -> Loaded:
        raise RuntimeError("home")

    try:
        hung = run(hang, limit_s=0.2)
    finally:
        never.set()
    assert findings(hung, "settings")[0].words == "did not end in time"
    assert hung.status == 1
    assert "RuntimeError" in findings(run(break_down), "settings")[0].words


def test_a_section_that_breaks_down_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise SpoolError("Reports cannot be kept here.")

    def break_down() -> bool:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(outbox, "health", refuse)
    monkeypatch.setattr(outbox, "has_courier", break_down)
    words = [finding.words for finding in findings(run(), "spool")]
    assert words == ["Reports cannot be kept here.", "could not be looked at (Input/output error)"]


def test_an_address_that_is_none_is_malformed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: str, loaded: Loaded) -> Destination:
        raise UsageError("This address is none.")

    monkeypatch.setenv("REPORTER_ENDPOINT", ADDRESS)
    monkeypatch.setattr(outbox, "destination", refuse)
    found = run()
    [destination] = findings(found, "destinations")
    assert (destination.state, destination.words) == (State.MALFORMED, "This address is none.")
    assert found.status == 2


def test_the_spool_is_told_with_what_waits() -> None:
    bundle = trial.report()
    with outbox.spool() as kept:
        kept.enqueue("7K3D-9QX2M", bundle.report_json, [], sendable=True, sent_by_person=True)
    health, reports, courier = findings(run(), "spool")
    assert health.facts["states"] == {"queued": 1}
    assert health.facts["limit_bytes"] == 100_000_000
    assert health.words.startswith("sound, format ")
    assert reports.words.startswith("queued: 1; the oldest that waits is of ")
    assert courier.facts == {"is_at_work": False}


def test_a_damaged_spool_is_wrong_now_and_later(home: Path) -> None:
    (home / "spool").mkdir()
    (home / "spool" / "spool.sqlite").write_bytes(b"no database at all" * 100)
    first = [finding.subject for finding in findings(run(), "spool") if finding.state is State.WRONG]
    again = [finding.subject for finding in findings(run(), "spool") if finding.state is State.WRONG]
    # Who opened it first had the damage to tell: the destinations' pauses, or the spool's own section.
    assert first in (["damage"], ["set aside"])
    assert again == ["set aside"]


def test_a_courier_at_work_is_seen(home: Path) -> None:
    from reporter.files import only_one

    (home / "spool").mkdir()
    with only_one(home / "spool" / "spool.sqlite.courier", wait_s=0):
        assert findings(run(), "spool")[-1].facts == {"is_at_work": True}


def test_a_home_that_cannot_be_written_is_wrong(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    monkeypatch.setenv("REPORTER_HOME", str(home / "file"))
    spool = findings(run(), "spool")[0]
    assert spool.state is State.WRONG
    assert "no spool can be made here" in spool.words


def test_lists_of_databases_are_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / ".1C" / "1cestart"
    folder.mkdir(parents=True)
    (folder / "ibases.v8i").write_text('[A]\nConnect=Pwd="geheim";\n', encoding="utf-8")
    (folder / "1cestart.cfg").write_text(f"CommonInfoBases={home}/none.v8i\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    told = findings(run(), "databases")
    assert [finding.state for finding in told] == [State.NOTE, State.WRONG, State.NOTE]
    assert "none.v8i: No such file" in told[1].words
    assert "line 2, column 9" in told[2].words
    assert "geheim" not in repr(told)


def test_a_brand_that_is_not_all_right_is_malformed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "brand.toml").write_text("nonsense = 1\n", encoding="utf-8")
    monkeypatch.setenv("REPORTER_BRAND", str(home / "brand.toml"))
    found = run()
    file, problem = findings(found, "brand")
    assert file.facts == {"place": str(home / "brand.toml")}
    assert "line 1, column 1: nonsense" in problem.words
    assert found.status == 2


def test_the_trust_store_is_wrong_where_it_is_empty_or_missing() -> None:
    store = {"variable": "SSL_CERT_FILE", "place": "system folder", "exists": False}
    empty = facts(trust={"ca_count": 0, "stores_of_environment": [store]})
    assert [finding.state for finding in computer.trust(empty)] == [State.WRONG, State.WRONG]
    [finding] = computer.trust(facts(trust={"kind": "files of the system", "private_ca_count": 0}))
    assert (finding.state, "install ca-certificates" in finding.words) == (State.NOTE, True)
    full = facts(trust={"ca_count": 140, "private_ca_count": 2})
    [finding] = computer.trust(full)
    assert (finding.state, finding.words.partition(": ")[2]) == (
        State.GOOD,
        "140 authorities, 2 of them added here",
    )


def test_proxies_are_asked_for_a_connection(monkeypatch: pytest.MonkeyPatch, dead_port: int) -> None:
    monkeypatch.setenv("https_proxy", f"http://anna:geheim@127.0.0.1:{dead_port}")
    monkeypatch.setenv("http_proxy", f"127.0.0.1:{dead_port}")
    monkeypatch.setenv("no_proxy", "intern.example.org")
    told = computer.proxies(facts())
    assert [finding.state for finding in told] == [State.WRONG, State.WRONG, State.GOOD]
    assert {finding.subject for finding in told[:2]} == {f"http://127.0.0.1:{dead_port}"}
    assert told[2].words == "intern.example.org"
    assert "geheim" not in repr(told)


def test_a_display_is_only_missed_where_the_window_was_asked_for() -> None:
    def window(face: str) -> Finding:
        return computer.faces(Settings(face=face), {}, terminal=False)[0]

    assert (window("auto").state, window("window").state) == (State.NOTE, State.WRONG)
    assert window("auto").facts == {"is_possible": False}
    assert computer.faces(Settings(), {}, terminal=True)[2].words == "auto; in this session: terminal"


def test_a_display_that_is_not_there_is_told_from_one_that_answers() -> None:
    def window(display: str) -> Finding:
        settings = Settings(face="window", include_screenshot=False)
        return computer.faces(settings, {"DISPLAY": display}, terminal=False)[0]

    # A display of another computer by its name, which is not asked for a word.
    with socket.create_server(("127.0.0.2", 0)) as listener:
        display = f"127.0.0.2:{listener.getsockname()[1] - computer.DISPLAY_PORT}"
        assert window(display).state is State.GOOD
    gone = window(display)
    assert (gone.state, gone.words) == (State.WRONG, f"the display {display} cannot be reached")


def test_wayland_alone_shows_no_window() -> None:
    told = computer.faces(Settings(), {"WAYLAND_DISPLAY": "wayland-0"}, terminal=False)[0]
    assert "Xwayland" in told.words


def test_a_clock_that_nobody_keeps_is_noted() -> None:
    [kept] = computer.clock(facts(time={"zone": "Europe/Kyiv", "is_clock_synchronized": True}))
    [unkept] = computer.clock(facts(time={"is_clock_synchronized": False}))
    [unknown] = computer.clock(facts())
    assert [each.state for each in (kept, unkept, unknown)] == [State.GOOD, State.NOTE, State.GOOD]
    assert kept.words.endswith("zone Europe/Kyiv, kept by a time server")


def test_versions_name_the_agent_and_its_packages() -> None:
    from reporter import __version__

    told = {finding.subject: finding for finding in computer.versions(facts())}
    assert told["reporter-agent"].facts == {"version": __version__}
    assert told["msgspec"].words == msgspec.__version__


def test_the_worst_finding_decides_about_the_status() -> None:
    def status(*states: State) -> int:
        found = [Finding(state=state, subject="x") for state in states]
        return status_of([Section(name="a", title="A", findings=found)])

    assert [
        status(State.GOOD, State.NOTE),
        status(State.GOOD, State.WRONG),
        status(State.WRONG, State.MALFORMED),
    ] == [0, 1, 2]


def test_the_page_wraps_what_is_long() -> None:
    long = Finding(state=State.WRONG, subject="https://support.example.org/a/long/path", words="word " * 60)
    section = Section(name="a", title="A title", findings=[long, Finding(state=State.GOOD, subject="bare")])
    found = Checkup(checked_at=datetime(2026, 11, 22, tzinfo=UTC), elapsed_ms=5, status=1, sections=[section])
    lines = list(page.lines(found))
    assert lines[2:4] == ["A title", "  WRONG  https://support.example.org/a/long/path:"]
    assert max(map(len, lines)) <= page.WIDTH_CHARS
    assert lines[-3:] == ["  ok     bare", "", "1 thing is wrong."]


def test_a_promise_that_is_broken_raises_what_broke_it() -> None:
    def fail() -> int:
        raise KeyError("x")

    with pytest.raises(KeyError):
        promise.Promise(fail).result(10**9)


@pytest.fixture
def dead_port() -> int:
    from reporter.demo.servers import closed_port

    return closed_port()
