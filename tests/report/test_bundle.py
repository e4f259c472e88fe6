"""The bundle: whole, deterministic, and refused with a sentence when it is not ours."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporter.capture.failure import Failure
from reporter.errors import BundleError
from reporter.facts.model import Facts, Gap
from reporter.report import bundle
from reporter.report.build import build
from reporter.report.model import Report, Story, to_bytes


def report(story: str = "") -> Report:
    return build(
        reference="7K3D-9QX2M",
        report_id="5b0b42a1-6f3c-4c6e-9df0-000000000001",
        created_at=datetime(2026, 11, 22, 9, tzinfo=UTC),
        sent_by_person=True,
        failure=Failure(target="https://anna:pw@erp.example.org/base?x=1", message="refused"),
        verdict=None,
        facts=None,
        story=Story(text=story, contact="  anna@example.org  "),
        left_out=["network"],
    )


def test_the_same_report_gives_the_same_bytes() -> None:
    assert to_bytes(report()) == to_bytes(report())
    assert bundle.pack(to_bytes(report()), {"b": b"2", "a": b"1"}) == bundle.pack(
        to_bytes(report()), {"a": b"1", "b": b"2"}
    )


def test_report_json_comes_first_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "report.zip"
    bundle.write(path, to_bytes(report("It broke.")), {"aaa.txt": b"log"})
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["report.json", "aaa.txt"]
    assert bundle.read(path) == report("It broke.")
    assert list(tmp_path.iterdir()) == [path]


def test_the_target_travels_without_secrets_and_the_contact_as_given() -> None:
    built = report()
    assert built.failure.target == "https://erp.example.org/base"
    assert built.story.contact == "anna@example.org"
    assert built.left_out == ["network"]


def test_a_place_that_cannot_be_written_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="missing"):
        bundle.write(tmp_path / "missing" / "report.zip", b"{}")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BundleError, match="folder"):
        bundle.write(tmp_path / "folder", b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def _zip(path: Path, **files: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)


def test_what_is_no_bundle_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with pytest.raises(BundleError, match="could not be read"):
        bundle.read(path)
    path.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(BundleError, match="not a readable zip"):
        bundle.read(path)
    _zip(path, other_txt=b"x")
    with pytest.raises(BundleError, match=r"no report\.json"):
        bundle.read(path)
    _zip(path, report_json=b"{}")
    with pytest.raises(BundleError, match="does not follow"):
        bundle.read(path)
    _zip(path, report_json=b" " * (bundle.REPORT_LIMIT_BYTES + 1))
    with pytest.raises(BundleError, match="too large"):
        bundle.read(path)
    newer = json.loads(to_bytes(report())) | {"schema": "report/7"}
    _zip(path, report_json=json.dumps(newer).encode())
    with pytest.raises(BundleError, match="report/7"):
        bundle.read(path)


def test_sections_that_settings_keep_back_do_not_travel() -> None:
    whole = report("It broke.")
    kept = build(
        reference=whole.reference,
        report_id=whole.id,
        created_at=whole.created_at,
        sent_by_person=True,
        failure=whole.failure,
        verdict=None,
        facts=None,
        story=whole.story,
        left_out=["failure", "story"],
    )
    assert kept.failure == Failure(action="login")
    assert kept.story == Story()
    assert kept.left_out == ["failure", "story"]


def test_sections_of_facts_that_settings_keep_back_do_not_travel() -> None:
    whole = report()
    facts = Facts(
        collected_at=whole.created_at,
        elapsed_ms=1,
        sections={"network": {"interfaces": []}, "memory": {"total_bytes": 1}},
        gaps=[Gap(section="network", reason="x")],
    )
    built = build(
        reference=whole.reference,
        report_id=whole.id,
        created_at=whole.created_at,
        sent_by_person=True,
        failure=whole.failure,
        verdict=None,
        facts=facts,
        story=Story(),
        left_out=["network"],
    )
    assert built.facts is not None
    assert set(built.facts.sections) == {"memory"}
    assert built.facts.gaps == []
