"""What support sees: everything that was sent, findable, and nothing that a report could do to its reader."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.inbox.markup import Html, tag
from reporter.inbox.report_page import report_page
from reporter.inbox.store import Stored, StoredFile

Post = Callable[..., httpx.Response]
Document = Callable[..., dict[str, Any]]

REFERENCE = "7K3D-9QX2M"
PNG = b"\x89PNG\r\n\x1a\n"
ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>"

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


class Tags(HTMLParser):
    """Every element and attribute that a browser would see."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(markup: str) -> None:
    for name, attributes in Tags(markup).found:
        assert name not in ("script", "svg", "iframe", "object", "style", "base"), name
        assert not [key for key in attributes if key.startswith("on") or key == "style"], attributes
        for key in ("href", "src", "action"):
            address = attributes.get(key) or "/"
            assert re.match(r"(?:/(?!/)|mailto:|tel:)", address), address
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08]", markup)


def stored(report: object, **members: Any) -> Stored:
    return Stored(
        reference=REFERENCE,
        received_at=datetime(2026, 11, 22, 6, 0, tzinfo=UTC),
        repeats=0,
        report_json=json.dumps(report).encode(),
        attachments=members.get("attachments", []),
    )


def text_of(answer: httpx.Response) -> str:
    """What a person reads on a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


# Escaping


def test_text_is_escaped_unless_it_was_made_as_markup() -> None:
    assert tag("p", "<b>", tag("b", "&"), None, ["x", ["y"]]) == "<p>&lt;b&gt;<b>&amp;</b>xy</p>"
    assert tag("a", "x", href='"><script>', class_="c", aria_label="l", hidden=True, title=None) == (
        '<a href="&quot;&gt;&lt;script&gt;" class="c" aria-label="l" hidden>x</a>'
    )
    assert isinstance(tag("img", src="/x"), Html)
    assert tag("p", "a\u202eb\x00") == "<p>ab</p>"


def test_an_attack_in_every_text_is_only_text(client: httpx.Client, post: Post, document: Document) -> None:
    def attack(found: Any) -> Any:
        if isinstance(found, dict):
            return {key: attack(inner) for key, inner in found.items()} | {ATTACK: ATTACK}
        if isinstance(found, list):
            return [*(attack(inner) for inner in found), ATTACK]
        return ATTACK if isinstance(found, str) else found

    report = attack(document(**NEW)) | {"schema": "report/2", "reference": REFERENCE}
    assert (
        post(report, attachments=[(ATTACK, b"<script>", "text/html"), ("x", b"1", ATTACK)]).status_code == 201
    )
    for path in (
        "/",
        f"/?q={ATTACK}",
        f"/?cause={ATTACK}",
        f"/?kind={ATTACK}",
        "/?view=kinds",
        f"reports/{REFERENCE}",
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert_harmless(answer.text)
    page = client.get(f"reports/{REFERENCE}").text
    assert page.count(escape(ATTACK)) > 20
    assert unescape(page).count(ATTACK) >= page.count(escape(ATTACK))


@pytest.mark.parametrize(
    "contact", ["javascript:alert(1)", "a@b.example?bcc=all@x", "tel:1", "data:text/html,x", "a b@c.d"]
)
def test_only_plain_addresses_and_numbers_become_links(document: Document, contact: str) -> None:
    markup = report_page(stored(document(story={"contact": contact})))
    assert_harmless(markup)
    assert "mailto:" not in markup
    assert 'href="tel:' not in markup


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "failure",
                "verdict",
                "facts",
                "story",
                "scrubbed",
                "left_out",
                "dropped",
                "attachments",
                "fingerprint",
                "x",
            ]
        ),
        ANY_JSON,
    )
)
def test_any_document_makes_a_harmless_page(report: dict[str, Any]) -> None:
    assert_harmless(report_page(stored(report)))


@given(st.lists(ANY_JSON, min_size=5, max_size=5))
def test_any_members_of_the_known_objects_make_a_page(values: list[Any]) -> None:
    evidence, advice, sections, exception, gaps = values
    report = {
        "verdict": {
            "evidence": {"tls": evidence, "x": advice},
            "advice": advice,
            "layer": "app",
            "retry_at": gaps,
        },
        "facts": {"sections": {"a": sections, "b": {"c_bytes": gaps}}, "gaps": gaps},
        "failure": {"exception": exception, "application": advice, "occurred_at": sections},
        "scrubbed": [{"count": evidence, "kind": advice, "where": gaps}],
        "left_out": advice,
        "dropped": [{"what": evidence, "reason": advice, "size_bytes": sections}],
        "attachments": [{"name": "a", "remark": gaps}, {"name": advice}],
        "story": {"wanted": evidence, "questions": advice, "best_time": gaps, "contact": sections},
        "fingerprint": exception,
    }
    assert_harmless(
        report_page(stored(report, attachments=[StoredFile(name="a", content_type="b", size_bytes=1)]))
    )


def test_every_answer_forbids_scripts_frames_and_guessing(client: httpx.Client, post: Post) -> None:
    post(attachments=[("a.html", b"<script>alert(1)</script>", "text/html"), ("b.png", PNG, "image/png")])
    file = f"reports/{REFERENCE}/attachments"
    for path in (
        "",
        "style.css",
        "nowhere",
        f"reports/{REFERENCE}",
        f"{file}/0",
        f"{file}/1",
        f"{file}/0/text",
    ):
        headers = client.get(path, headers={"Accept": "text/html"}).headers
        assert headers["x-content-type-options"] == "nosniff", path
        if path != "nowhere":
            assert "default-src 'none'" in headers["content-security-policy"]
    page = client.get(f"reports/{REFERENCE}/attachments/0")
    assert page.headers["content-type"] == "application/octet-stream"
    picture = client.get(f"reports/{REFERENCE}/attachments/1")
    assert (picture.headers["content-type"], picture.headers["content-disposition"][:10]) == (
        "image/png",
        "inline; fi",
    )


# The list


def test_an_empty_inbox_says_what_will_come(client: httpx.Client) -> None:
    assert "No report has come in yet." in text_of(client.get("/"))


def test_a_row_shows_what_support_sorts_by(client: httpx.Client, post: Post) -> None:
    post()
    page = text_of(client.get("/"))
    for part in (
        REFERENCE, "The certificate of erp.example.org ran out yesterday.", "tls.expired", "Server team",
        "ERP", "Хотела провести накладные.", "maria@example.org", "Today",
    ):  # fmt: skip
        assert part in page


def test_reports_are_found_by_words_cause_and_number(
    client: httpx.Client, post: Post, document: Document
) -> None:
    post()
    post(document("AAAA-AAAA1", verdict={"cause": "tcp.refused"}, story={"text": "nobody can log in"}))
    assert "1 report mentioning НАКЛАДНЫЕ" in text_of(client.get("/", params={"q": "НАКЛАДНЫЕ"}))
    assert "AAAA-AAAA1" not in text_of(client.get("/", params={"q": "НАКЛАДНЫЕ"}))
    assert "1 report with the cause tcp.refused" in text_of(client.get("/", params={"cause": "tcp.refused"}))
    assert "Nothing matches." in text_of(client.get("/", params={"q": "zebra"}))
    answer = client.get("/", params={"q": " 7k3d 9qx2m "})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/reports/{REFERENCE}")


def test_many_reports_are_paged(client: httpx.Client, post: Post, document: Document) -> None:
    for number in range(52):
        post(document(f"0000-{number:05}"))
    first = text_of(client.get("/"))
    assert "52 reports" in first
    assert "Page 1 of 2" in first
    assert "0000-00051" in first
    assert "0000-00001" not in first
    second = client.get("/", params={"page": "2"})
    assert "0000-00001" in text_of(second)
    assert 'href="/"' in second.text
    for odd in ("0", "-1", "x", "9" * 30, "²"):
        assert client.get("/", params={"page": odd}).status_code == 200


# One report


def test_the_page_tells_everything(client: httpx.Client, post: Post, document: Document) -> None:
    post(
        document(
            scrubbed=[{"kind": "password", "where": "failure.message", "count": 2}],
            left_out=["host name"],
            later={"mood": "sunny"},
        ),
        attachments=[("Снимок.png", PNG + b"1" * 2_040, "image/png")],
    )
    page = text_of(client.get(f"reports/{REFERENCE}"))
    for part in (
        "The certificate of erp.example.org ran out yesterday.",
        "The server team has to renew it.",
        "Хотела провести накладные.",
        "Name lookup resolved 14 ms",
        "Encryption untrusted 22 ms",
        "Web answer not looked at",
        "Total 15.5 GiB",
        "2 × password in failure.message",
        "host name kept back by the settings or the person",
        "Снимок.png 2 KiB",
        "ERP 3.1.4",
        "Later · Mood sunny",
        "report.json, exactly as it was sent",
    ):
        assert part in page, part


def test_the_stage_at_fault_is_marked(document: Document) -> None:
    markup = report_page(stored(document()))
    assert re.search(r'class="stage bad"><h3>Encryption', markup)
    assert re.search(r'class="stage good"><h3>Name lookup', markup)


def test_a_report_without_verdict_or_story_has_a_page(document: Document) -> None:
    bare = {
        "schema": "report/1",
        "reference": REFERENCE,
        "failure": {"message": "Connection refused"},
        "verdict": None,
    }
    markup = report_page(stored(bare))
    assert "<h1>Connection refused</h1>" in markup
    assert "Nothing was written." in markup


# report/2


NEW = {
    "schema": "report/2",
    "fingerprint": "a41c09be77d2f350",
    "story": {
        "wanted": "Провести накладные.",
        "expected": "That it opens.",
        "happened": "An error came up.",
        "questions": ["When?", "Is my work\nlost?", "", 7],
        "contact": "+380 44 555 12 34",
        "best_time": "before 17:00",
    },
    "attachments": [
        {"name": "screen.png", "remark": "other windows are blacked out"},
        {"name": "erp.log", "remark": "the last 64 KiB of 3 MiB"},
        {"name": "gone.log"},
    ],
    "left_out": ["identity"],
    "dropped": [
        {"what": "old.log", "reason": "the report would have been too large", "size_bytes": 8_388_608},
        {"what": "x.log", "reason": "not readable", "size_bytes": True},
    ],
    "scrubbed": [{"kind": "host name", "where": "erp.log", "count": 1_031}],
}


def test_the_new_story_is_shown_as_it_was_asked_for(document: Document) -> None:
    markup = report_page(stored(document(**NEW)))
    page = " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())
    assert (
        "What I wanted to do Провести накладные. What I expected That it opens. What happened An error came "
        "up. Questions When? Is my work lost? Contact +380 44 555 12 34 Best time before 17:00"
    ) in page
    assert '<ol class="questions"><li class="prose">When?</li>' in markup
    assert 'href="tel:+380445551234"' in markup
    assert_harmless(markup)


def test_what_is_not_in_a_report_is_said_with_its_reason(
    client: httpx.Client, post: Post, document: Document
) -> None:
    post(
        document(**NEW),
        attachments=[("screen.png", PNG, "image/png"), ("erp.log", b"one\ntwo\n", "text/plain")],
    )
    page = text_of(client.get(f"reports/{REFERENCE}"))
    for part in (
        "identity kept back by the settings or the person",
        "old.log the report would have been too large · 8 MiB",
        "x.log not readable gone.log did not arrive with the report",
        "1,031 × host name in erp.log",
        "screen.png 8 bytes other windows are blacked out",
        "erp.log 8 bytes the last 64 KiB of 3 MiB Read Save",
        "The only report of its kind a41c09be77d2f350",
    ):
        assert part in page, part


def test_only_what_is_a_picture_is_drawn(client: httpx.Client, post: Post, document: Document) -> None:
    html = b"<script>alert(1)</script>"
    files = [
        ("a.png", PNG + b"x", "image/png", "image/png"),
        ("b.jpg", b"\xff\xd8\xff\xe0x", "IMAGE/JPEG; q=1", "image/jpeg"),
        ("c.png", html, "image/png", ""),
        ("d.png", b"\xff\xd8\xff\xe0x", "image/png", ""),
        ("e.svg", b"<svg onload='alert(1)'/>", "image/svg+xml", ""),
        ("f.gif", b"GIF89a", "image/gif", ""),
        ("g.html", PNG + html, "text/html", ""),
    ]
    post(document(), attachments=[(name, content, kind) for name, content, kind, _ in files])
    page = client.get(f"reports/{REFERENCE}").text
    for position, (name, content, _, shown) in enumerate(files):
        path = f"/reports/{REFERENCE}/attachments/{position}"
        answer = client.get(path)
        assert answer.content == content
        assert answer.headers["content-type"] == (shown or "application/octet-stream"), name
        assert answer.headers["content-disposition"].startswith("inline" if shown else "attachment"), name
        assert (f'<img src="{path}"' in page) == bool(shown), name


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("один\nдва".encode(), "один\nдва"),
        ("один".encode("utf-16"), "один"),
        ("один".encode("cp1251"), "один"),
        (b"\x1b[31mred\x1b[0m", "[31mred[0m"),
        (b"</pre><script>alert(1)</script>", "&lt;/pre&gt;&lt;script&gt;"),
        ("evil\u202etxt".encode(), "eviltxt"),
        ("я".encode() * 600_000 + b"the end", "яthe end</pre>"),
    ],
)
def test_a_log_can_be_read(
    client: httpx.Client, post: Post, document: Document, content: bytes, part: str
) -> None:
    post(document(), attachments=[("erp.log", content, "application/octet-stream")])
    assert f'href="/reports/{REFERENCE}/attachments/0/text#end"' in client.get(f"reports/{REFERENCE}").text
    answer = client.get(f"reports/{REFERENCE}/attachments/0/text")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert part in answer.text
    assert len(answer.text) < 1_200_000
    assert_harmless(answer.text)


@pytest.mark.parametrize("content", [b"", b"\x00\x01", PNG, b"MZ\x90\x00"])
def test_what_is_not_text_is_only_saved(
    client: httpx.Client, post: Post, document: Document, content: bytes
) -> None:
    post(document(), attachments=[("erp.log", content, "text/plain")])
    assert "/text" not in client.get(f"reports/{REFERENCE}").text
    assert client.get(f"reports/{REFERENCE}/attachments/0/text").status_code == 404
    assert client.get(f"reports/{REFERENCE}/attachments/1/text").status_code == 404


def test_reports_of_one_kind_are_counted_and_listed_together(
    client: httpx.Client, post: Post, document: Document
) -> None:
    for number in range(3):
        post(document(f"0000-{number:05}", fingerprint="aa&b=c", schema="report/2"))
    post(document("1111-11111", fingerprint="other", schema="report/2"))
    post(document("2222-22222"))
    post(document("3333-33333"))
    assert text_of(client.get("/")).count("3 of this kind") == 3
    kinds = client.get("/", params={"view": "kinds"})
    assert "6 reports of 4 kinds" in text_of(kinds)
    every = ("0000-00000", "0000-00002", "1111-11111", "3333-33333")
    assert [name for name in every if name in kinds.text] == ["0000-00002", "1111-11111", "3333-33333"]
    assert 'href="/?kind=aa%26b%3Dc"' in kinds.text
    one = text_of(client.get("/", params={"kind": "aa&b=c"}))
    assert "3 reports of this kind aa&b=c" in one
    assert "1111-11111" not in one
    page = client.get("reports/0000-00001")
    assert "3 reports of this kind aa&b=c" in text_of(page)
    assert page.text.count('href="/?kind=aa%26b%3Dc"') == 2
    assert "of this kind" not in client.get("reports/2222-22222").text
    assert "Nothing matches." in text_of(client.get("/", params={"kind": "zebra", "view": "kinds"}))


def test_the_new_story_is_found_by_its_words(client: httpx.Client, post: Post, document: Document) -> None:
    post(document(**NEW))
    for words in ("накладные", "that it opens", "an error came", "lost?", "a41c09be77d2f350"):
        assert REFERENCE in client.get("/", params={"q": words}).text, words
    assert "Провести накладные. That it opens." in text_of(client.get("/"))


def test_programs_get_json(client: httpx.Client, post: Post, document: Document, base: str) -> None:
    post(attachments=[("a.png", b"12", "image/png")])
    answer = client.get(f"reports/{REFERENCE}", headers={"Accept": "application/json"}).json()
    assert answer["report"] == document()
    assert (answer["reference"], answer["state"], answer["repeats"]) == (REFERENCE, "accepted", 0)
    assert answer["attachments"] == [
        {
            "name": "a.png",
            "content_type": "image/png",
            "size_bytes": 2,
            "url": f"{base}reports/{REFERENCE}/attachments/0",
        }
    ]


@pytest.mark.parametrize(
    "path",
    ["nowhere", "reports/AAAA-AAAA1", "reports/x", "reports/%2e%2e%2fetc",
     f"reports/{REFERENCE}/attachments/0", f"reports/{REFERENCE}/attachments/-1",
     f"reports/{REFERENCE}/attachments/{'9' * 6000}"],
)  # fmt: skip
def test_what_is_not_there_is_said_to_people_and_to_programs(client: httpx.Client, path: str) -> None:
    page = client.get(path, headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert_harmless(page.text)
    answer = client.get(path, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.skipif(
    shutil.which("chromium") is None, reason="Chromium is not installed: the pages were not drawn"
)
def test_a_browser_draws_the_page_with_its_style(base: str, post: Post, tmp_path: Path) -> None:
    post()
    drawn = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1280,900",
         f"--screenshot={tmp_path / 'page.png'}", f"{base}reports/{REFERENCE}"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "Refused to" not in drawn.stderr
    assert (tmp_path / "page.png").stat().st_size > 20_000
