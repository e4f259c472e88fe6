"""A code that was read out or photographed becomes a small report."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import sync_playwright

from reporter.inbox.server import Inbox
from reporter.inbox.spoken_page import spoken_page
from reporter.report import spoken
from reporter.report.spoken import Spoken, Step, encode, groups
from tests.report import typical

OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def code() -> str:
    return encode(typical.tls_expired().report)


@pytest.fixture
def read(client: httpx.Client) -> Callable[[str], httpx.Response]:
    """Sends the form of the page as a browser does."""
    key = client.get("decode").text.partition('name="key" value="')[2].partition('"')[0]

    def read(text: str) -> httpx.Response:
        return client.post("decode", data={"key": key, "code": text}, headers=OWN)

    return read


def text_of(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def test_a_code_becomes_a_small_report(read: Callable[[str], httpx.Response], code: str) -> None:
    found = spoken.decode(code)
    for text in (code, groups(code).lower(), f"https://help.example.org/#r={code}", f"#r={code}"):
        answer = read(text)
        assert answer.status_code == 200
        page = text_of(answer.text)
        for part in (found.reference, found.cause, found.host, "Only the code has come"):
            assert part in page, part


def test_where_the_whole_report_is_there_too_it_is_linked(
    read: Callable[[str], httpx.Response], code: str, post: Any, document: Any
) -> None:
    reference = spoken.decode(code).reference
    post(document(reference))
    assert f'href="/reports/{reference}"' in read(code).text


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "holds no code"),
        ("7K3D-9QX2M", "not complete"),
        ("!", "which is in no code"),
        ("<script>alert(1)</script>", "which is in no code"),
        ("Z" * 9_000, "longer than 8,192 characters"),
        ("Z" * 3_000, "at most 2,048 are read"),
        ("A" * 100, "not complete"),
    ],
)
def test_what_is_no_code_gets_a_sentence_and_stays_in_the_field(
    read: Callable[[str], httpx.Response], text: str, part: str
) -> None:
    answer = read(text)
    assert answer.status_code == 422
    assert part in text_of(answer.text)
    assert answer.text.count("<script") == 1
    assert text[:50] in unescape(answer.text)


def test_only_this_page_has_a_script_and_only_from_here(
    client: httpx.Client, read: Callable[[str], httpx.Response], code: str
) -> None:
    for answer in (client.get("decode"), read(code), read("x")):
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
        assert re.findall("<script[^>]*>[^<]*</script>", answer.text) == [
            '<script src="/decode.js" defer></script>'
        ]
    assert client.get("decode.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert "script-src" not in client.get("/").headers["content-security-policy"]


def test_an_attack_in_a_code_is_only_text() -> None:
    attack = "<script>alert(1)</script>\"'"
    found = Spoken(
        reference=attack,
        cause=attack,
        layer=attack,
        runner_up=attack,
        host=attack,
        steps=[Step(attack, attack, attack), Step("tls", attack, attack)],
        application=attack,
        version=attack,
    )
    page = spoken_page("key", text=attack, found=found)
    assert page.count("<script") == 1
    assert page.count("&lt;script&gt;") > 8


def test_a_code_with_nothing_in_it_has_a_page() -> None:
    assert "7K3D-9QX2M" in spoken_page("key", found=Spoken(reference="7K3D-9QX2M"))


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    inbox = Inbox(tmp_path / "inbox.sqlite", password="geheim")
    yield inbox.start()
    inbox.stop()


def test_codes_are_read_for_support_only(guarded: str) -> None:
    assert httpx.get(f"{guarded}decode").status_code == 401
    assert httpx.post(f"{guarded}decode", data={"code": "x"}, headers=OWN).status_code == 401


def test_a_link_with_a_fragment_is_read_by_the_page_itself(base: str, code: str) -> None:
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{base}decode#r={code}")
        page.wait_for_selector(".verdict")
        assert spoken.decode(code).reference in page.inner_text(".verdict")
        assert code not in page.url
        assert complaints == []
        browser.close()
