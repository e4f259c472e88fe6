"""An address selects its destination, or a sentence says what is wrong with it, without its secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.delivery import destination
from reporter.delivery.destination import Destination
from reporter.delivery.folder import FolderDestination
from reporter.delivery.mail import MailDestination
from reporter.delivery.native import NativeDestination
from reporter.delivery.onec import OneCDestination
from reporter.delivery.sentry import SentryDestination
from reporter.errors import UsageError
from reporter.report.bundle import pack


def open_destination(address: str) -> Destination:
    return destination.open_destination(address, pack=pack)


@pytest.mark.parametrize(
    "address",
    ["https://support.example.org/reports", "http://127.0.0.1:8765/reports", " HTTPS://поддержка.example/ "],
)
def test_web_addresses_are_native_destinations(address: str) -> None:
    assert isinstance(open_destination(address), NativeDestination)


def test_the_name_shows_neither_password_nor_token() -> None:
    destination = open_destination("https://support.example.org:8443/reports?token=s3cret#top")
    assert destination.name == "https://support.example.org:8443/reports"


@pytest.mark.parametrize(
    ("address", "kind", "name"),
    [
        ("onec+https://support.example.org/api/reg", OneCDestination, ""),
        ("sentry+https://k3y@host/1", SentryDestination, "sentry+https://host/1"),
        ("sentry+http://k3y@host:8000/bugs/1", SentryDestination, "sentry+http://host:8000/bugs/1"),
        ("smtp://relay:25/helpdesk@example.org", MailDestination, ""),
        ("smtps://relay/helpdesk@example.org", MailDestination, ""),
        ("file:///share/reports", FolderDestination, ""),
    ],
)
def test_the_scheme_tells_the_kind(address: str, kind: type[Destination], name: str) -> None:
    opened = open_destination(address)
    assert isinstance(opened, kind)
    assert opened.name == (name or address)


@pytest.mark.parametrize("address", [r"\\server\share", "file://server/share/reports"])
def test_a_share_by_its_name_is_for_windows(address: str) -> None:
    with pytest.raises(UsageError, match="mount it, and write it like file:///mnt/reports"):
        open_destination(address)
    assert FolderDestination(address, pack, system="win32").name == address


@pytest.mark.parametrize(
    ("address", "guess"),
    [("htps://a.example/", "https"), ("stmp://relay/", "smtp"), ("onec+htps://a/", "onec+https")],
)
def test_a_mistyped_scheme_is_guessed(address: str, guess: str) -> None:
    with pytest.raises(UsageError, match=rf"did you mean {guess.replace('+', r'[+]')}://\?"):
        open_destination(address)


@pytest.mark.parametrize(
    "address",
    ["", "   ", "support.example.org", "https://", "https:///reports", "https://host:99999/", "http://host:0/",
     "https://a b/", "https://host/\u202ereports", "https://[::1/", "gopher://host/", "://"],
)  # fmt: skip
def test_what_is_no_destination_gets_one_sentence(address: str) -> None:
    with pytest.raises(UsageError, match=r"^[^\n]+\.$"):
        open_destination(address)


@pytest.mark.parametrize(
    "address",
    [
        "htps://agent:s3cret@host/",
        "agent:s3cret@host/reports",
        "https://agent:s3cret@/x",
        "https://agent:s3cret@support.example.org/reports",
        "https://s3cret@support.example.org/reports",
        "x://s3cret@h?s3cret",
    ],
)
def test_sentences_hold_no_passwords(address: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_destination(address)
    assert "s3cret" not in str(raised.value)


@given(st.text() | st.text().map("https://".__add__))
def test_any_text_is_a_destination_or_a_usage_error(address: str) -> None:
    try:
        assert isinstance(open_destination(address), Destination)
    except UsageError as error:
        assert "\n" not in str(error)
