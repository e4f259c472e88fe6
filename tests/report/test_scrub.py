"""The second net: planted secrets do not come through, and the receipt counts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.report import scrub

PLANTED = {
    "secret": [
        "password=hunter2-marker",
        'PASSWORD: "hunter2-marker"',
        "{'db_password': 'hunter2-marker'}",
        '"api_key": "hunter2-marker",',
        "client_secret => hunter2-marker",
        "login --password hunter2-marker --user anna",
        "пароль: hunter2-marker",
        "Server=db;Uid=sa;Pwd=hunter2-marker;Database=erp",
        "access_code=hunter2-marker",
    ],
    "address credentials": [
        "https://anna:hunter2-marker@erp.example.org/base",
        "postgresql://anna:hunter2-marker@db/erp",
    ],
    "address query": [
        "GET https://erp.example.org/login?session=hunter2-marker HTTP/1.1",
        "https://a.example/#hunter2-marker",
    ],
    "authorization": [
        "Authorization: Basic aHVudGVyMi1tYXJrZXI-hunter2-marker",
        "authorization=Bearer hunter2-marker",
    ],
    "bearer token": ["curl -H 'X: Bearer hunter2-marker'"],
    "cookie": ["Cookie: sid=hunter2-marker; theme=dark", "Set-Cookie: sid=hunter2-marker; Path=/"],
    "token": ["jwt eyJhbGciOiJI.eyJodW50ZXIy.hunter2-marker end"],
    "private key": ["-----BEGIN RSA PRIVATE KEY-----\nhunter2-marker\n-----END RSA PRIVATE KEY-----"],
    "home directory": [
        "/home/hunter2-marker/project/login.py",
        r"C:\Users\hunter2-marker\AppData",
        "/Users/hunter2-marker/x",
    ],
}


@pytest.mark.parametrize(
    ("kind", "planted"), [(kind, text) for kind, texts in PLANTED.items() for text in texts]
)
def test_a_planted_secret_is_taken_out_and_counted(kind: str, planted: str) -> None:
    clean, found = scrub.text(f"before {planted} after")
    assert "hunter2-marker" not in clean
    assert clean.startswith("before ")
    assert found[kind] >= 1


@pytest.mark.parametrize(
    "innocent",
    [
        "The connection to https://erp.example.org/base was refused.",
        "Passwords are not stored here.",
        "token ring adapters: 2",
        "The password has expired on 2026-11-20.",
        "/usr/lib/python3.11/ssl.py, line 1379",
        "Ключ сертификата не подошёл.",
    ],
)
def test_innocent_text_stays_as_it_is(innocent: str) -> None:
    assert scrub.text(innocent) == (innocent, {})


def test_the_receipt_tells_kind_place_and_number_and_keeps_what_it_is_told_to() -> None:
    clean, receipt = scrub.document(
        {"failure": {"message": "password=a1 token=b2"}, "story": {"contact": "password=kept"}, "n": 3},
        keep=lambda path: path == ("story", "contact"),
    )
    assert clean["failure"]["message"] == "password=<secret> token=<secret>"
    assert clean["story"]["contact"] == "password=kept"
    assert [(line.kind, line.where, line.count) for line in receipt] == [("secret", "failure.message", 2)]


@given(st.text(max_size=400))
def test_scrubbing_twice_changes_nothing_more_and_never_raises(text: str) -> None:
    once, _ = scrub.text(text)
    assert scrub.text(once)[0] == once


_pieces = st.sampled_from(
    [
        "password",
        "=",
        ": ",
        '"',
        "'",
        "https://",
        "u:p@",
        "host",
        "?q=1",
        "#f",
        " ",
        "Bearer ",
        "abcdefgh1",
        "Cookie: ",
        "\n",
        "<",
        ">",
        "/home/",
        "x",
        "token",
        "--",
    ]
)


@given(st.lists(_pieces, max_size=25).map("".join))
def test_scrubbing_is_idempotent_on_text_made_of_its_own_triggers(text: str) -> None:
    once, _ = scrub.text(text)
    twice, _ = scrub.text(once)
    assert scrub.text(twice)[0] == twice == once
