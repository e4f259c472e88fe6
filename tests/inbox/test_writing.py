"""What support writes is only taken from the inbox's own pages, by who is signed in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright

from reporter.inbox.server import Inbox

Post = Callable[..., httpx.Response]

REFERENCE = "7K3D-9QX2M"
OWN = {"Sec-Fetch-Site": "same-origin"}


def key_of(client: httpx.Client) -> str:
    return client.get("/?kind=k").text.partition('name="key" value="')[2].partition('"')[0]


@pytest.fixture
def fields(client: httpx.Client) -> dict[str, str]:
    return {"key": key_of(client), "fingerprint": "k", "need": "nothing", "text": "Words."}


def wanted(client: httpx.Client) -> str:
    need: str = client.post("reports/precheck", json={"fingerprint": "k"}).json()["need"]
    return need


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site", "Origin": "own"},
    ],
)
def test_another_site_cannot_write(
    client: httpx.Client, base: str, fields: dict[str, str], headers: dict[str, str]
) -> None:
    own = base.rstrip("/")
    headers = {name: own if value == "own" else value for name, value in headers.items()}
    for path in ("kind/need", "kind/answer", f"reports/{REFERENCE}/answer"):
        answer = client.post(path, data=fields, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["detail"] == "This can only be sent from a page of this inbox."


def test_a_browser_that_only_names_the_origin_can_write(
    client: httpx.Client, base: str, fields: dict[str, str]
) -> None:
    answer = client.post("kind/need", data=fields, headers={"Origin": base.rstrip("/")})
    assert answer.status_code == 303


@pytest.mark.parametrize("key", ["", "0" * 64, "ключ"])
def test_a_form_without_the_key_is_refused(client: httpx.Client, fields: dict[str, str], key: str) -> None:
    answer = client.post("kind/need", data=fields | {"key": key}, headers=OWN)
    assert answer.status_code == 403
    assert "load the page again" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "change", "status", "part"),
    [
        ("kind/need", {"need": "more"}, 422, "Choose how much"),
        ("kind/need", {"fingerprint": ""}, 422, "which kind"),
        ("kind/need", {"fingerprint": "x" * 101}, 422, "which kind"),
        ("kind/answer", {"text": " \n "}, 422, "Write an answer"),
        ("kind/answer", {"text": "x" * 70_000}, 413, "larger than"),
        ("reports/AAAA-AAAA1/answer", {}, 404, "no report"),
        ("reports/nonsense/answer", {}, 404, "no report"),
    ],
)
def test_what_cannot_be_taken_gets_a_sentence(
    client: httpx.Client, fields: dict[str, str], path: str, change: dict[str, str], *, status: int, part: str
) -> None:
    answer = client.post(path, data=fields | change, headers=OWN)
    assert (answer.status_code, part in answer.json()["detail"]) == (status, True)
    page = client.post(path, data=fields | change, headers=OWN | {"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join(b"a=%d" % n for n in range(50)), b"%"])
def test_odd_forms_change_nothing(client: httpx.Client, body: bytes) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("kind/need", content=body, headers=OWN | kind).status_code in (400, 403)
    assert client.post("kind/need", content=body, headers=OWN).status_code == 415


def test_an_attack_in_what_support_writes_is_only_text(client: httpx.Client, fields: dict[str, str]) -> None:
    attack = "</textarea><script>alert(1)</script>"
    client.post("kind/need", data=fields | {"message": attack, "fingerprint": attack}, headers=OWN)
    page = client.get("/", params={"kind": attack}).text
    assert "<script" not in page
    assert "&lt;/textarea&gt;&lt;script&gt;" in page


def test_the_key_outlives_a_restart(tmp_path: Path) -> None:
    keys = set()
    for _ in range(2):
        inbox = Inbox(tmp_path / "inbox.sqlite")
        with httpx.Client(base_url=inbox.start()) as client:
            keys.add(key_of(client))
        inbox.stop()
    assert len(keys) == 1
    assert len(keys.pop()) == 64


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    inbox = Inbox(tmp_path / "inbox.sqlite", password="geheim")
    yield inbox.start()
    inbox.stop()


def test_with_a_password_only_who_knows_it_writes(guarded: str) -> None:
    with httpx.Client(base_url=guarded, auth=("support", "geheim")) as client:
        fields = {"key": key_of(client), "fingerprint": "k", "need": "nothing"}
        assert httpx.post(f"{guarded}kind/need", data=fields, headers=OWN).status_code == 401
        assert wanted(client) == "everything"
        assert client.post("kind/need", data=fields, headers=OWN).status_code == 303
    assert httpx.post(f"{guarded}reports/precheck", json={"fingerprint": "k"}).status_code == 200


ATTACK = """<form action="{address}kind/need" method="post"><input name="key" value="{key}">
<input name="fingerprint" value="k"><input name="need" value="nothing"></form>
<script>document.forms[0].submit()</script>"""


@pytest.mark.parametrize("host", ["127.0.0.1", "inbox.example"])
def test_a_browser_writes_from_the_inbox_and_from_nowhere_else(guarded: str, host: str) -> None:
    """On loopback Chromium tells the site, under another name on plain HTTP only the origin."""
    address = guarded.replace("127.0.0.1", host)
    with (
        httpx.Client(base_url=guarded, auth=("support", "geheim")) as client,
        sync_playwright() as started,
    ):
        key = key_of(client)
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--host-resolver-rules=MAP *.example 127.0.0.1"],
        )
        context = browser.new_context(http_credentials={"username": "support", "password": "geheim"})
        page = context.new_page()
        page.goto(f"{address}?kind=k")
        page.check("input[value=summary]")
        page.click("text=Save")
        page.wait_for_selector("text=Set on")
        assert wanted(client) == "summary"
        # Another site, which even knows the key.
        page.route(
            "http://evil.example/",
            lambda route: route.fulfill(
                content_type="text/html", body=ATTACK.format(address=address, key=key)
            ),
        )
        page.goto("http://evil.example/", wait_until="commit")
        page.wait_for_selector("text=only be sent from a page of this inbox")
        assert wanted(client) == "summary"
        browser.close()
