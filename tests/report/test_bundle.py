"""The bundle: whole, deterministic, and refused with a sentence when it is not ours."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path

import pytest

from reporter.errors import BundleError
from reporter.report import bundle
from reporter.report.model import SCHEMA, Attachment, Bundle
from tests.report import typical

OLD = Path(__file__).parent / "old"


def zipped(path: Path, *files: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(BundleError) as caught:
        bundle.read(path)
    return str(caught.value)


@pytest.mark.parametrize("name", typical.TYPICAL)
def test_what_was_written_is_read_back_report_first(tmp_path: Path, name: str) -> None:
    made = typical.TYPICAL[name]()
    path = tmp_path / "report.zip"
    bundle.write(path, made)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["report.json", *(file.name for file in made.attachments)]
        assert archive.read("report.json") == made.report_json
    assert bundle.read(path) == made
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_bundle_gives_the_same_bytes() -> None:
    assert bundle.pack(typical.logs_and_story()) == bundle.pack(typical.logs_and_story())


def test_a_place_that_cannot_be_written_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    made = typical.refused()
    with pytest.raises(BundleError, match="missing"):
        bundle.write(tmp_path / "missing" / "report.zip", made)
    (tmp_path / "folder").mkdir()
    with pytest.raises(BundleError, match="folder"):
        bundle.write(tmp_path / "folder", made)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_bundle_of_the_first_version_is_still_read() -> None:
    found = bundle.read(OLD / "report-1.zip")
    assert json.loads(found.report_json)["schema"] == "report/1"
    report = found.report
    assert report.schema == SCHEMA
    assert report.story.happened == "Я хотела провести накладную.\nIt did not work."
    assert (report.story.wanted, report.story.questions) == ("", [])
    assert report.story.contact == "anna@example.org, 4471"
    assert report.verdict is not None
    assert report.verdict.cause == "tcp.refused"
    assert report.left_out == ["network"]
    assert (found.attachments, report.attachments, report.dropped, report.fingerprint) == ([], [], [], "")


def test_what_is_no_bundle_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    assert "could not be read" in refusal(path)
    assert "not a file" in refusal(tmp_path)
    for content in (b"", b"PK\x03\x04 broken", b"x" * 5_000):
        path.write_bytes(content)
        assert "not a readable zip" in refusal(path)
    assert "no report.json" in refusal(zipped(path, ("other.txt", b"x")))
    for content in (b"{}", b"[]", b"\xff", b"[" * 5_000, b'{"schema": 5}', b'{"schema": "report/1"}'):
        assert "does not follow" in refusal(zipped(path, ("report.json", content)))
    newer = json.loads(typical.refused().report_json) | {"schema": "report/7"}
    assert "report/7" in refusal(zipped(path, ("report.json", json.dumps(newer).encode())))


def test_a_cut_bundle_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    whole = bundle.pack(typical.logs_and_story())
    path = tmp_path / "cut.zip"
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert "not a readable zip" in refusal(path)


def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    assert "too large" in refusal(zipped(path, ("report.json", b" " * (bundle.REPORT_LIMIT_BYTES + 1))))
    report = ("report.json", typical.refused().report_json)
    assert "too much" in refusal(zipped(path, report, ("a", bytes(bundle.BUNDLE_LIMIT_BYTES))))
    many = [(f"f{number}", b"") for number in range(bundle.FILES_LIMIT_ITEMS + 1)]
    assert "too many" in refusal(zipped(path, report, *many))
    path.write_bytes(bytes(bundle.BUNDLE_LIMIT_BYTES + 1))
    assert "too large" in refusal(path)


def test_a_file_that_unpacks_to_more_than_it_says_is_refused(tmp_path: Path) -> None:
    content = typical.refused().report_json
    path = zipped(tmp_path / "x.zip", ("report.json", content))
    raw = path.read_bytes()
    for claimed in (len(content) - 1, len(content) + 1, 10):
        path.write_bytes(raw.replace(struct.pack("<L", len(content)), struct.pack("<L", claimed)))
        assert refusal(path)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../up.txt",
        "logs/../../up.txt",
        "C:/x",
        "a\\b",
        "logs/",
        "a/b/c.txt",
        ".hidden",
        "con?.txt",
    ],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "x.zip", ("report.json", typical.refused().report_json), (name, b"x"))
    assert "none of ours" in refusal(path)


def test_files_that_the_report_does_not_describe_are_refused(tmp_path: Path) -> None:
    made = typical.logs_and_story()
    path = tmp_path / "x.zip"
    report = ("report.json", made.report_json)
    files = [(file.name, file.content) for file in made.attachments]
    assert "says nothing" in refusal(zipped(path, report, *files, ("more.txt", b"x")))
    assert "as the report describes it" in refusal(zipped(path, report, *files[1:]))
    changed = [(files[0][0], b"another picture"), *files[1:]]
    assert "as the report describes it" in refusal(zipped(path, report, *changed))
    with pytest.warns(UserWarning, match="Duplicate"):
        zipped(path, report, report, *files)
    assert "none of ours" in refusal(path)


def test_other_ways_of_packing_are_refused(tmp_path: Path) -> None:
    report = ("report.json", typical.refused().report_json)
    path = zipped(tmp_path / "x.zip", report, compression=zipfile.ZIP_LZMA)
    assert "packed in a way" in refusal(path)
    assert bundle.read(zipped(path, report, compression=zipfile.ZIP_STORED)) == typical.refused()


def test_an_envelope_of_the_spool_is_packed_like_a_bundle() -> None:
    class Envelope:
        report_json = b"{}"
        attachments = (Attachment(name="a.txt", content_type="text/plain", content=b"x"),)

    with zipfile.ZipFile(io.BytesIO(bundle.pack(Envelope()))) as archive:
        assert archive.namelist() == ["report.json", "a.txt"]
    assert isinstance(typical.refused(), Bundle)
