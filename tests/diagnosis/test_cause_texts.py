"""What a person is told: every cause has words, and they say what is known."""

from __future__ import annotations

from datetime import timedelta
from string import Formatter

import pytest
from msgspec.structs import replace

from reporter.diagnosis.evidence import (
    Certificate,
    Control,
    ControlOutcome,
    Evidence,
    Http,
    HttpOutcome,
    Pac,
    PacOutcome,
    Problem,
    Proxy,
    ProxyOutcome,
    Sibling,
    TcpOutcome,
    Tls,
    TlsOutcome,
)
from reporter.diagnosis.rules import RULES
from reporter.diagnosis.target import parse_target
from reporter.diagnosis.wording import sentences, values
from reporter.texts import translator
from reporter.texts.causes import CAUSES
from tests.diagnosis.wire import NOW

PLACEHOLDERS = {
    "control",
    "expired_on",
    "host",
    "issuer",
    "min_version",
    "names",
    "own_time",
    "pac",
    "port",
    "proxy",
    "server_time",
    "sibling",
    "status",
    "until",
    "url",
    "valid_from",
    "vendor",
}
ENGLISH = translator("en")
BARE = Evidence(taken_at=NOW)
FULL = Evidence(
    target=parse_target("https://erp.example.org/base"),
    taken_at=NOW,
    tls=Tls(
        outcome=TlsOutcome.UNTRUSTED,
        certificate=Certificate(
            subject="CN=erp.example.org",
            issuer="O=Example Organisation, CN=Sophos SSL CA",
            names=[f"n{number}.example.org" for number in range(9)],
            not_before=NOW - timedelta(30),
            not_after=NOW - timedelta(10),
            self_signed=False,
            sha256="00",
        ),
        server_date=NOW - timedelta(hours=3),
        skew_s=-3 * 3600,
    ),
    http=Http(outcome=HttpOutcome.ANSWERED, status=503, problem=Problem(minimum="8.3.21")),
    proxy=Proxy(address="http://proxy:3128", source="environment", outcome=ProxyOutcome.TUNNEL),
    pac=Pac(address="http://wpad/proxy.pac", outcome=PacOutcome.UNAVAILABLE),
    controls=[Control(address="https://intranet.example.org/", outcome=ControlOutcome.ANSWERED)],
    siblings=[Sibling(port=22, outcome=TcpOutcome.CONNECTED)],
)


def said_in(message: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(message) if field is not None}


def test_every_rule_has_words_and_all_words_have_a_rule() -> None:
    assert set(CAUSES) == {rule.cause for rule in RULES}


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_texts_hold_only_values_that_exist_and_begin_with_a_word(cause: str) -> None:
    headline, advice = CAUSES[cause]
    assert said_in(headline) <= {"host"}, "a headline is always complete"
    for text in (headline, *advice):
        assert said_in(text) <= PLACEHOLDERS
        assert not text.startswith("{")


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_something_can_be_said_without_any_value(cause: str) -> None:
    headline, advice = sentences(cause, BARE, None, ENGLISH)
    assert advice
    assert "{" not in headline + " ".join(advice)
    assert "None" not in headline + " ".join(advice)


def test_all_values_are_filled_where_they_are_known() -> None:
    early = replace(FULL, taken_at=NOW - timedelta(60))
    known = values(FULL, NOW).keys() | values(early, NOW).keys()
    assert known == PLACEHOLDERS


def test_a_sentence_without_its_value_is_left_out() -> None:
    with_date = sentences("app.maintenance", FULL, NOW, ENGLISH)[1]
    without = sentences("app.maintenance", FULL, None, ENGLISH)[1]
    assert len(with_date) == len(without) + 1
    assert NOW.astimezone().strftime("%Y-%m-%d %H:%M") in with_date[0]


def test_the_server_is_named_where_it_is_known() -> None:
    assert (
        sentences("tcp.refused", FULL, None, ENGLISH)[0] == "No connection to erp.example.org could be made"
    )
    assert sentences("tcp.refused", BARE, None, ENGLISH)[0] == "No connection to the server could be made"


def test_the_authority_is_named_as_a_person_would_name_it() -> None:
    assert values(FULL, None)["issuer"] == "Example Organisation"


def test_a_certificate_that_is_not_over_names_no_last_day() -> None:
    """The certificate of an authority can be the one that ran out."""
    assert "expired_on" not in values(replace(FULL, taken_at=NOW - timedelta(20)), None)


def test_moments_at_the_end_of_the_calendar_can_be_written() -> None:
    assert FULL.tls is not None
    assert FULL.tls.certificate is not None
    endless = replace(FULL.tls.certificate, not_before=NOW.replace(year=9999, month=12, day=31, hour=23))
    assert values(replace(FULL, tls=replace(FULL.tls, certificate=endless)), None)["valid_from"].startswith(
        "9999"
    )
