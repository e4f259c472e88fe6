"""Which answer of an endpoint means what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import requests
import responses

from reporter.delivery.destination import Kind, Outcome
from reporter.delivery.envelope import Envelope
from reporter.delivery.native import NativeDestination

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ENDPOINT = "https://support.example.org/reports"
CONFIRMED = {
    "reference": "7K3D-9QX2M",
    "state": "accepted",
    "page": "https://support.example.org/r/7K3D-9QX2M",
}

Deliver = Callable[..., Outcome]


@pytest.fixture
def deliver(enqueue: Callable[[], Envelope]) -> Iterator[Deliver]:
    """Delivers a report to an endpoint that gives this answer."""
    with responses.RequestsMock() as endpoint:

        def deliver(**answer: object) -> Outcome:
            endpoint.post(ENDPOINT, **answer)
            return NativeDestination(ENDPOINT, now=lambda: NOW).deliver(enqueue())

        yield deliver


@pytest.mark.parametrize("status", [200, 201, 202])
def test_accepted_only_when_the_endpoint_confirms_it(deliver: Deliver, status: int) -> None:
    assert deliver(status=status, json=CONFIRMED) == Outcome(
        kind=Kind.ACCEPTED, page="https://support.example.org/r/7K3D-9QX2M"
    )


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        '"accepted"',
        "{}",
        "<!doctype html><title>Sign in to the guest network</title>",
        '{"reference": "AAAA-AAAA1", "state": "accepted"}',
        '{"reference": "7K3D-9QX2M", "state": "queued"}',
        '{"state": "accepted"}',
        "\xff\xfe",
        "[" * 100_000,
    ],
)
def test_a_200_that_does_not_confirm_is_not_delivered(deliver: Deliver, body: str) -> None:
    outcome = deliver(status=200, body=body.encode("latin-1"))
    assert (outcome.kind, outcome.server_fault) == (Kind.POSTPONED, False)
    assert "did not confirm the report" in outcome.reason


@pytest.mark.parametrize("page", ["javascript:alert(1)", "file:///etc/passwd", r"\\server\share", 7, None])
def test_a_page_that_must_not_be_opened_is_left_out(deliver: Deliver, page: object) -> None:
    assert deliver(status=201, json=CONFIRMED | {"page": page}) == Outcome(kind=Kind.ACCEPTED)


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
def test_what_the_endpoint_will_never_take_is_refused_with_its_own_words(
    deliver: Deliver, status: int
) -> None:
    outcome = deliver(status=status, json={"detail": "The story is\ntoo long."})
    assert outcome.kind is Kind.REFUSED
    assert outcome.reason.startswith(f"the endpoint answered {status} ")
    assert outcome.reason.endswith(": The story is too long")


@pytest.mark.parametrize(
    ("status", "what_to_do"),
    [
        (401, "let the endpoint take reports without a sign-in"),
        (403, "let the endpoint take reports without a sign-in"),
        (404, "correct the address of the endpoint"),
        (405, "correct the address of the endpoint"),
        (410, "correct the address of the endpoint"),
    ],
)
def test_what_an_administrator_must_mend_pauses_the_destination(
    deliver: Deliver, status: int, what_to_do: str
) -> None:
    outcome = deliver(status=status)
    assert outcome.kind is Kind.PAUSED
    assert what_to_do in outcome.reason


def test_the_endpoints_words_are_one_short_harmless_line(deliver: Deliver) -> None:
    outcome = deliver(status=422, json={"detail": "No.\r\n\u202e\x1b[2J" + "x" * 5_000})
    assert len(outcome.reason) < 300
    assert outcome.reason.isprintable()


@pytest.mark.parametrize("status", [408, 425, 429, 511])
def test_not_now_is_postponed(deliver: Deliver, status: int) -> None:
    outcome = deliver(status=status, headers={"Retry-After": "90"})
    assert (outcome.kind, outcome.retry_after_s, outcome.server_fault) == (Kind.POSTPONED, 90, False)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_fault_of_the_server_is_postponed_and_counted(deliver: Deliver, status: int) -> None:
    outcome = deliver(status=status, headers={"Retry-After": "Sun, 22 Nov 2026 09:01:30 GMT"})
    assert (outcome.kind, outcome.retry_after_s, outcome.server_fault) == (Kind.POSTPONED, 90, True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_but_told(deliver: Deliver, status: int) -> None:
    outcome = deliver(status=status, headers={"Location": "https://portal.example/?token=s3cret"})
    assert outcome.kind is Kind.POSTPONED
    assert "redirects to https://portal.example/;" in outcome.reason
    assert "s3cret" not in outcome.reason


@pytest.mark.parametrize(
    ("error", "clause"),
    [
        (requests.exceptions.SSLError("x"), "certificate"),
        (requests.exceptions.ProxyError("x"), "the proxy"),
        (requests.exceptions.ConnectTimeout("x"), "no connection to the endpoint within 5 s"),
        (requests.exceptions.ReadTimeout("x"), "no answer from the endpoint within 20 s"),
        (requests.exceptions.ChunkedEncodingError("x"), "broke off (ChunkedEncodingError)"),
        (requests.exceptions.ConnectionError("x"), "no connection to the endpoint"),
        (requests.exceptions.ConnectionError(ConnectionResetError(104, "x")), "cut off"),
        (requests.exceptions.ConnectionError(ConnectionRefusedError(111, "x")), "refuses the connection"),
        (RuntimeError("x"), "could not be made (RuntimeError)"),
    ],
)
def test_whatever_a_library_raises_is_an_outcome(deliver: Deliver, error: Exception, clause: str) -> None:
    outcome = deliver(body=error)
    assert (outcome.kind, outcome.server_fault) == (Kind.POSTPONED, False)
    assert clause in outcome.reason
