"""What a person is told follows from what is known, and from nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from reporter.capture.failure import Failure
from reporter.diagnosis.evidence import Evidence
from reporter.diagnosis.verdict import Confidence, Owner, Retry, Verdict
from reporter.explanation import Known, finding, host_of, is_cut_off, opening
from reporter.settings.help import Help
from reporter.texts import Translator
from reporter.ui.brand import Brand

TEXTS = Translator("en")
TARGET = "https://erp.example.org/base"
VERDICT = Verdict(
    cause="tcp.refused",
    layer="tcp",
    owner=Owner.SERVER,
    confidence=Confidence.CERTAIN,
    retry=Retry.AUTOMATIC,
    headline="The server does not take connections.",
    advice=["Wait a moment."],
    elapsed_ms=12,
    target=TARGET,
    evidence=Evidence(taken_at=datetime(2026, 11, 22, 9, tzinfo=UTC)),
)
KNOWN = Known(
    failure=Failure(target=TARGET, message="refused"),
    verdict=VERDICT,
    application="ERP",
    help=Help(),
    brand=Brand(phone="4455", email="help@example.org", url="https://help.example.org/"),
    can_send=True,
    has_host=True,
    accepts_access_code=True,
    automatic=True,
)


def known(**members: object) -> Known:
    return msgspec.structs.replace(KNOWN, **members)


def judged(**members: object) -> Known:
    return known(verdict=msgspec.structs.replace(VERDICT, **members))


@pytest.mark.parametrize("retry", Retry)
def test_a_login_is_repeated_as_the_verdict_lets_it(retry: Retry) -> None:
    assert finding(judged(retry=retry), TEXTS).retry is retry


def test_only_where_the_host_may_try_without_the_person() -> None:
    assert finding(known(automatic=False), TEXTS).retry is Retry.AFTER_FIX
    assert opening(known(verdict=None), TEXTS).retry is Retry.AFTER_FIX


def test_the_brands_contact_stands_in_for_help_that_nobody_wrote() -> None:
    notice = finding(KNOWN, TEXTS)
    assert notice.help_text == "Telephone: 4455\nE-mail: help@example.org"
    assert notice.help_url == "https://help.example.org/"
    notice = finding(known(help=Help(text="Call 5555.", url="https://it.example.org/")), TEXTS)
    assert (notice.help_text, notice.help_url) == ("Call 5555.", "https://it.example.org/")


@pytest.mark.parametrize(
    ("cause", "takes_one", "is_asked"),
    [("app.session_locked", True, True), ("app.session_locked", False, False), ("app.denied", True, False)],
)
def test_a_code_is_asked_for_where_one_opens_the_door(cause: str, takes_one: bool, is_asked: bool) -> None:
    verdict = msgspec.structs.replace(VERDICT, cause=cause, layer="app")
    assert finding(known(verdict=verdict, accepts_access_code=takes_one), TEXTS).asks_access_code is is_asked


def test_nobody_waits_for_what_must_not_be_repeated_nor_for_a_verdict_that_names_no_layer() -> None:
    assert finding(KNOWN, TEXTS).may_recover
    assert not finding(judged(retry=Retry.BY_HAND), TEXTS).may_recover
    assert not finding(judged(layer=""), TEXTS).may_recover
    assert not opening(known(verdict=None), TEXTS).may_recover


@pytest.mark.parametrize(("layer", "is_so"), [("dns", True), ("portal", True), ("tcp", False), ("", False)])
def test_cut_off_is_who_reaches_no_server_at_all(layer: str, is_so: bool) -> None:
    assert is_cut_off(judged(layer=layer).verdict) is is_so
    assert finding(judged(layer=layer), TEXTS).is_cut_off is is_so


def test_the_verdict_on_a_server_does_not_explain_a_crash() -> None:
    crash = known(failure=Failure(action="run", target=TARGET, message="SIGSEGV"))
    assert finding(crash, TEXTS) == opening(crash, TEXTS)
    assert finding(crash, TEXTS).headline == "ERP has ended unexpectedly"


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (TARGET, "erp.example.org"),
        ("infobase:Nordwind", "Nordwind"),
        ("", ""),
        ("infobase:" + "x" * 99, "x" * 80),
    ],
)
def test_a_server_goes_by_the_name_that_a_person_knows(target: str, host: str) -> None:
    assert host_of(target) == host
