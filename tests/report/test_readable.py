"""The report in words: everything that is sent, what was taken out of it, and what stays here."""

from __future__ import annotations

import pytest

from reporter.report import scrub
from reporter.report.model import Dropped, Story
from reporter.report.readable import _KINDS, readable, size
from reporter.texts import Translator
from reporter.ui.about import Group, Row
from tests.report import typical
from tests.report.test_build import built

ENGLISH = Translator("en")


def test_a_report_reads_in_the_order_in_which_a_person_asks() -> None:
    text = readable(
        typical.portal().report,
        ENGLISH,
        groups=[
            Group(heading="Memory", rows=[Row(label="Total", value="16 GiB"), Row(label="", value="fast")])
        ],
        titles={"identity": "Names"},
    )
    headings = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert headings == [
        "Report 7K3D-9QX2M",
        "What you wrote",
        "What happened",
        "What was found",
        "Memory",
        "What stays on this computer",
    ]
    for part in (
        "  What you wanted to do: To post an invoice from the hotel.\n",
        "  Questions:\n    1. May I use my telephone's network?\n    2. Is the VPN needed?\n",
        "  Best time: after 18:00\n",
        "  The network asks to be signed in to first\n  • Open a browser",
        "  Total: 16 GiB\n  fast\n",
        "  Names\n",
    ):
        assert part in text


def test_files_the_receipt_and_what_is_missing_are_told() -> None:
    text = readable(typical.logs_and_story().report, ENGLISH)
    for part in (
        "  screenshot-1.png, 400 B\n",
        "  The log журнал.log, ",
        ", only its end\n",
        "  Passwords or keys, in what you wrote: 1\n",
        "  Passwords or keys, in the log журнал.log: 1\n",
        "  The log old.log: It is not there.\n",
    ):
        assert part in text
    assert "Зима2026" not in text


def test_what_was_dropped_for_its_size_is_told_with_it() -> None:
    dropped = [
        Dropped(what="facts.network", reason="The report would have become too large.", size_bytes=3 * 2**20),
        Dropped(what="screenshot-2.png", reason="x"),
    ]
    text = readable(built(dropped=dropped).report, ENGLISH, titles={"network": "Network"})
    assert "  Network (3.0 MiB): The report would have become too large.\n  screenshot-2.png: x\n" in text


def test_sections_of_facts_that_are_left_out_altogether_are_not_named_one_by_one() -> None:
    report = built(left_out=["facts", "network", "memory"]).report
    end = readable(report, ENGLISH).partition("What stays on this computer\n")[2]
    assert end == "  About this computer\n"


def test_an_empty_report_has_no_empty_headings() -> None:
    text = readable(built(story=Story()).report, ENGLISH)
    assert [line for line in text.splitlines() if line and line[0] != " "] == [
        "Report 7K3D-9QX2M",
        "What happened",
    ]


def test_every_line_of_what_happened_stays_under_its_heading() -> None:
    text = readable(typical.crash().report, ENGLISH)
    assert "  Where in the program:\n    Traceback (most recent call last):\n" in text


SECRETS = """
password=hunter2  https://anna:hunter2@erp.example.org/base?session=1  Cookie: sid=hunter2
Authorization: Basic aHVudGVyMjpodW50ZXIy  Bearer abcdefghij0123456789
ghp_0123456789abcdefghij0123456789abcdef  anna@mail.example.net  +7 (495) 123-45-67  4111 1111 1111 1111
/home/anna/erp  $2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW
-----BEGIN PRIVATE KEY-----
MIIabc
-----END PRIVATE KEY-----
"""


def test_every_kind_of_the_receipt_has_words() -> None:
    _, kinds = scrub.text(SECRETS)
    assert len(kinds) >= 9
    assert set(kinds) <= set(_KINDS)


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(0, "0 B"), (1023, "1023 B"), (2048, "2 KiB"), (3 << 19, "1.5 MiB")]
)
def test_sizes_are_for_people(size_bytes: int, text: str) -> None:
    assert size(size_bytes) == text
