"""From what is known to what is sent: what was kept back stays here, and nothing outgrows its limits."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from reporter.capture.failure import ExceptionInfo, Failure
from reporter.facts.model import Facts, Gap
from reporter.report import bundle as zips
from reporter.report.build import ROOM_BYTES, TOO_LARGE, TOO_MANY, build
from reporter.report.logs import LogTail
from reporter.report.model import Attachment, Bundle, Dropped, Story, to_bytes
from reporter.report.pseudonyms import Names, Pseudonyms
from tests.report import strategies, typical
from tests.report.typical import FACTS, NOW

MIB = 1024 * 1024


def built(**given: Any) -> Bundle:
    whole: dict[str, Any] = {
        "reference": "7K3D-9QX2M",
        "report_id": "5b0b42a1-6f3c-4c6e-9df0-000000000001",
        "created_at": NOW,
        "sent_by_person": True,
        "failure": Failure(target="https://anna:pw@erp.example.org/base?x=1", message="refused"),
        "verdict": None,
        "facts": None,
        "story": Story(),
        "left_out": [],
    } | given
    return build(**whole)


def log(name: str, text: str = "all well\n", *, modified_s: float = 1.0) -> LogTail:
    return LogTail(
        name=name, text=text, encoding="utf-8", size_bytes=len(text), modified_s=modified_s, is_cut=False
    )


def told(bundle: Bundle) -> dict[str, str]:
    return {one.what: one.reason for one in bundle.report.dropped}


def test_the_same_arguments_give_the_same_bytes() -> None:
    first, second = typical.logs_and_story(), typical.logs_and_story()
    assert zips.pack(first) == zips.pack(second)
    assert first.report_json == to_bytes(first.report)


def test_the_target_travels_without_secrets() -> None:
    assert built().report.failure.target == "https://erp.example.org/base"


def test_every_part_of_the_story_is_tidied_and_scrubbed_but_how_to_reach_the_person() -> None:
    story = Story(
        wanted=" a\x07b\r\n",
        expected="password=hunter2-a",
        happened="password=hunter2-b",
        questions=["  ", "Why?", "", "Is password=hunter2-c right?"],
        contact="  anna@example.org \n password=4471",
        best_time=" after\n18:00 ",
    )
    report = built(story=story).report
    assert report.story == Story(
        wanted="ab",
        expected="password=<secret>",
        happened="password=<secret>",
        questions=["Why?", "Is password=<secret> right?"],
        contact="anna@example.org password=4471",
        best_time="after 18:00",
    )
    assert {line.where for line in report.scrubbed} == {"story.expected", "story.happened", "story.questions"}


def test_more_questions_than_a_report_holds_are_told() -> None:
    made = built(story=Story(questions=[f"{number}?" for number in range(30)]))
    assert len(made.report.story.questions) == 20
    assert told(made) == {"story.questions": TOO_MANY}


def test_parts_that_are_kept_back_do_not_travel() -> None:
    kept = built(
        verdict=typical.refused().report.verdict,
        facts=FACTS,
        story=Story(happened="It broke.", contact="4471"),
        logs=[log("app.log")],
        dropped=[Dropped(what="logs/b.log", reason="It is empty.")],
        left_out=["failure", "verdict", "facts", "story", "logs"],
    )
    report = kept.report
    assert (report.failure, report.verdict, report.facts, report.story) == (Failure(), None, None, Story())
    assert (kept.attachments, report.attachments, report.dropped) == ([], [], [])
    assert report.left_out == ["failure", "verdict", "facts", "story", "logs"]


def test_sections_of_facts_that_are_kept_back_do_not_travel() -> None:
    facts = Facts(
        collected_at=NOW,
        elapsed_ms=1,
        sections={"network": {"interfaces": []}, "memory": {"total_bytes": 1}},
        gaps=[Gap(section="network", reason="x")],
    )
    found = built(facts=facts, left_out=["network"]).report.facts
    assert found is not None
    assert set(found.sections) == {"memory"}
    assert found.gaps == []


def test_a_section_named_like_a_secret_is_not_sent_and_the_report_is() -> None:
    facts = Facts(
        collected_at=NOW, elapsed_ms=1, sections={"token": {"value": "hunter2"}, "memory": {"total_bytes": 1}}
    )
    made = built(facts=facts)
    assert b"hunter2" not in made.report_json
    assert made.report.facts is not None
    assert set(made.report.facts.sections) == {"memory"}


def test_files_are_described_byte_for_byte() -> None:
    made = built(
        attachments=[Attachment(name="screenshot-1.png", content_type="image/png", content=b"\x89PNG")],
        logs=[log("app.log", "token=ghp_0123456789abcdefghij\nok\n")],
    )
    assert [file.name for file in made.attachments] == ["screenshot-1.png", "logs/1-app.log.txt"]
    assert [(one.name, one.size_bytes, one.sha256, one.content_type) for one in made.report.attachments] == [
        (file.name, len(file.content), hashlib.sha256(file.content).hexdigest(), file.content_type)
        for file in made.attachments
    ]
    assert b"ghp_" not in made.attachments[1].content
    assert [(line.where, line.count) for line in made.report.scrubbed] == [("logs/1-app.log.txt", 1)]


def test_a_host_has_one_pseudonym_in_all_parts_of_a_report() -> None:
    names = Names(Pseudonyms(), users=("anna.kovalenko",), domains=("corp.example.org",))
    made = built(
        failure=Failure(message="no answer of fs17.corp.example.org"),
        story=Story(happened="I opened fs17.corp.example.org", contact="anna.kovalenko, fs17"),
        logs=[log("fs17.corp.example.org.log", "fs17.corp.example.org gone, says anna.kovalenko\n")],
        names=names,
    )
    (file,) = made.attachments
    assert made.report.failure.message == "no answer of host-1"
    assert made.report.story.happened == "I opened host-1"
    assert made.report.story.contact == "anna.kovalenko, fs17", "given to be used"
    assert file.content.startswith(b"host-1 gone, says ")
    assert b"fs17" not in file.content + file.name.encode()
    assert b"kovalenko" not in file.content
    assert ("host name", file.name, 1) in [(one.kind, one.where, one.count) for one in made.report.scrubbed]


def test_names_of_logs_are_scrubbed_and_can_be_written_everywhere() -> None:
    names = ["password=hunter2.log", "../../etc/passwd", 'a<b>:"|?*.log', "x" * 400, "", "журнал сети.log"]
    made = built(logs=[log(name) for name in names])
    entries = [file.name for file in made.attachments]
    assert len(set(entries)) == len(names)
    assert not any("hunter2" in name or ".." in name or len(name) > 120 for name in entries)
    assert entries[5] == "logs/6-журнал_сети.log.txt"


def test_two_files_of_one_name_both_travel() -> None:
    file = Attachment(name="Report.json", content_type="image/png", content=b"1")
    made = built(attachments=[file, file])
    assert sorted(one.name for one in made.attachments) == ["2-_Report.json", "_Report.json"]


def test_of_files_that_do_not_fit_the_oldest_logs_go_first_then_the_largest_pictures() -> None:
    def picture(name: str, mib: int) -> Attachment:
        return Attachment(name=name, content_type="image/png", content=bytes(mib * MIB))

    text = "all well\n" * (MIB // 9)
    made = built(
        attachments=[picture("small.png", 3), picture("large.png", 5)],
        logs=[log("new.log", text, modified_s=9), log("old.log", text + "password=hunter2\n", modified_s=3)],
    )
    assert [file.name for file in made.attachments] == ["small.png", "large.png", "logs/1-new.log.txt"]
    assert told(made) == {"logs/2-old.log.txt": TOO_LARGE}
    assert made.report.scrubbed == [], "what stays here has no line in the receipt"
    made = built(attachments=[picture("small.png", 4), picture("large.png", 6)], logs=[log("new.log", text)])
    assert [file.name for file in made.attachments] == ["small.png"]
    assert list(told(made)) == ["logs/1-new.log.txt", "large.png"]
    assert made.report.dropped[1].size_bytes == 6 * MIB


def large_facts(megabytes: int, sections: int = 3) -> Facts:
    line = "x" * 90
    rows = [line] * (megabytes * 11_000 // sections)
    return Facts(collected_at=NOW, elapsed_ms=1, sections={f"s{n}": {"list": rows} for n in range(sections)})


def test_the_long_lists_of_facts_are_the_first_to_be_cut() -> None:
    made = built(facts=large_facts(4), verdict=typical.refused().report.verdict)
    assert list(told(made)) == ["facts"]
    assert made.report.facts is not None
    assert [len(section["list"]) for section in made.report.facts.sections.values()] == [20] * 3  # type: ignore[arg-type]
    assert made.report.verdict is not None


def test_then_whole_sections_go_the_largest_first() -> None:
    many = {f"name-{number}": "x" * 900 for number in range(3_000)}
    facts = Facts(collected_at=NOW, elapsed_ms=1, sections={"small": {"a": 1}, "large": {**many}})
    made = built(facts=facts, story=Story(happened="It broke."))
    assert list(told(made)) == ["facts", "facts.large"]
    assert made.report.facts is not None
    assert set(made.report.facts.sections) == {"small"}
    assert made.report.story.happened == "It broke."


def test_of_a_traceback_only_the_middle_is_lost() -> None:
    traceback = "first line\n" + '  File "a.py", line 1, in f\n' * 9_000 + "last line\n"
    exception = ExceptionInfo(type="E", message="я" * 2**20, traceback=traceback, chain=["я" * 1000] * 900)
    made = built(failure=Failure(message="я" * 2**20, exception=exception), story=Story(happened="It broke."))
    found = made.report.failure.exception
    assert found is not None
    assert found.traceback.startswith("first line\n")
    assert found.traceback.endswith("last line\n")
    assert "\n… [-" in found.traceback
    assert list(told(made)) == ["failure.exception.traceback", "failure"]
    assert made.report.story.happened == "It broke."


def test_texts_that_utf_8_cannot_hold_are_sent_all_the_same() -> None:
    made = built(failure=Failure(message="a\ud800b"))
    assert json.loads(made.report_json)["failure"]["message"] == "a?b"


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(strategies.bundles())
def test_nothing_outgrows_its_limits_whatever_comes_in(made: Bundle) -> None:
    assert made.report_json == to_bytes(made.report)
    assert len(made.report_json) <= strategies.REPORT_LIMIT_BYTES
    assert len(made.attachments) <= zips.FILES_LIMIT_ITEMS
    total = len(made.report_json) + sum(len(file.content) for file in made.attachments)
    assert total <= strategies.BUNDLE_LIMIT_BYTES - zips.WRAPPING_BYTES
    assert len(zips.pack(made)) <= strategies.BUNDLE_LIMIT_BYTES


@pytest.mark.parametrize("letter", ["я", '"', "\U0001f600"])
def test_the_longest_story_always_travels_whole(letter: str) -> None:
    text = letter * 20_000
    story = Story(wanted=text, expected=text, happened=text, questions=[letter * 1000] * 20)
    verdict = typical.refused().report.verdict
    assert verdict is not None
    made = built(
        story=story, facts=large_facts(4, 300), verdict=verdict, failure=Failure(message="x" * 2**22)
    )
    assert made.report.story == story
    assert len(made.report_json) <= zips.REPORT_LIMIT_BYTES - ROOM_BYTES // 2
