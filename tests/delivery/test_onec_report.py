"""A report in the form of 1C's protocol: every field in its type, whatever stands in the spool."""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reporter.delivery import onec_report
from reporter.delivery.envelope import Envelope
from reporter.report.bundle import pack
from reporter.report.model import Attachment, Bundle
from tests.delivery.conftest import REFERENCE
from tests.delivery.documents import ANY, damaged
from tests.delivery.envelopes import enveloped, of_bundle
from tests.delivery.onec_receiver import Asked, Stored, read
from tests.report import typical
from tests.report.strategies import bundles

GOLDEN = Path(__file__).parent / "golden"
PNG = b"\x89PNG\r\n\x1a\n picture"
JPEG = b"\xff\xd8\xff\xe0 picture"


def pushed(envelope: Envelope) -> Stored:
    return read(onec_report.packed(envelope, pack))


def test_facts_are_told_under_the_names_of_the_protocol() -> None:
    report = pushed(of_bundle(typical.crash())).report
    assert report.time == typical.NOW
    assert report.clientInfo.appName == report.configInfo.name == "ERP"
    assert report.clientInfo.appVersion == report.configInfo.version == "3.1.4"
    system = report.clientInfo.systemInfo
    assert (system.osVersion, system.processor) == ("Windows 11 Pro 26100.2314", "Intel Core i5-1235U")
    assert (system.fullRAM, system.freeRAM) == (17_179_869_184, 6_012_954_214)
    session = report.sessionInfo
    assert (session.platformInterfaceLanguageCode, session.localeCode) == ("ru", "ru_RU")
    assert report.errorInfo.systemErrorInfo.systemCrash is True
    [outer, inner] = report.errorInfo.applicationErrorInfo.stack
    assert (outer[1], outer[2]) == (41, "main()")
    assert inner[1] == 37


@pytest.mark.parametrize(
    ("system", "architecture", "platform"),
    [
        ("Linux", "x86_64", "Linux_x86_64"),
        ("Windows", "AMD64", "Windows_x86_64"),
        ("Windows", "x86", "Windows_x86"),
        ("macOS", "arm64", "MacOS_ARM64"),
        ("Linux", "riscv64", ""),
        ("Haiku", "x86_64", ""),
        ("", "", ""),
    ],
)
def test_the_platform_is_told_where_it_is_known(system: str, architecture: str, platform: str) -> None:
    facts = {"sections": {"system": {"family": system}, "runtime": {"architecture": architecture}}}
    envelope = enveloped(msgspec.json.encode({"facts": facts}))
    assert pushed(envelope).report.clientInfo.platformType == platform
    assert onec_report.info(envelope.question())["platformType"] == platform


@pytest.mark.parametrize(
    ("written", "code"),
    [("ru_RU.UTF-8", "ru_RU"), ("sr_Latn_RS_ijekavsk", "sr_Latn_RS"), ("", "de"), ("C.UTF-8", "C")],
)
def test_the_locale_keeps_the_length_of_the_protocol(written: str, code: str) -> None:
    facts = {"sections": {"locale": {"format": written, "language": "de"}}}
    assert pushed(enveloped(msgspec.json.encode({"facts": facts}))).report.sessionInfo.localeCode == code


def test_hashes_tell_the_kind_of_the_fault_and_the_same_before_and_with_the_report() -> None:
    envelope = of_bundle(typical.refused())
    report, asked = pushed(envelope).report, onec_report.info(envelope.question())
    mark = hashlib.md5(envelope.fingerprint.encode()).hexdigest()  # noqa: S324 - the protocol's
    assert report.errorInfo.systemErrorInfo.clientStackHash == asked["clientStackHash"] == mark
    assert report.errorInfo.applicationErrorInfo.stackHash == asked["appStackHash"] == mark
    assert report.configInfo.hash == asked["configHash"]
    assert str(report.id) == asked["reportID"]
    other = onec_report.info(of_bundle(typical.tls_expired()).question())
    assert other["clientStackHash"] != mark


def test_what_the_person_typed_stands_twice() -> None:
    error_info = pushed(of_bundle(typical.portal())).report.errorInfo
    described = error_info.userDescription
    assert described.startswith("Wanted: To post an invoice")
    assert "1. May I use my telephone's network?" in described
    assert "Contact: +7 495 000-00-00, after 18:00" in described
    assert (described, ["UserDescription"]) in error_info.applicationErrorInfo.errors


def test_a_report_of_the_first_version_keeps_its_story() -> None:
    old = {"schema": "report/1", "id": str(uuid.uuid4()), "story": {"text": "It said no.", "contact": "4471"}}
    stored = pushed(enveloped(msgspec.json.encode(old)))
    assert stored.report.errorInfo.userDescription.startswith("It said no.\nContact: 4471")
    assert str(stored.report.id) == old["id"]


@pytest.mark.parametrize(
    ("content", "name"),
    [(PNG, "screenshot.png"), (JPEG, "screenshot.jpg"), (b"no picture", "screenshot.png")],
)
def test_the_screenshot_is_what_its_name_says(content: bytes, name: str) -> None:
    picture = Attachment(name="screenshot-1.png", content_type="image/png", content=content)
    stored = pushed(enveloped(b"{}", picture))
    assert stored.report.screenshot.file == name
    is_picture = content != b"no picture"
    assert (stored.files[name] == content) is is_picture
    assert ("screenshot-1.png" in stored.report.additionalFiles) is not is_picture


def test_files_of_folders_and_of_one_name_all_go_into_the_root() -> None:
    names = [
        "logs/1-a.txt",
        "logs-1-a.txt",
        "LOGS-1-A.TXT",
        "report.json",
        "screenshot.png",
        "../../x",
        "",
        "C:\\a",
    ]
    files = [Attachment(name=name, content_type="text/plain", content=name.encode()) for name in names]
    stored = pushed(enveloped(b"{}", *files))
    assert {name.encode() for name in names} <= set(stored.files.values())


def test_a_large_report_is_made_small_enough_and_says_so() -> None:
    noise = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(190_000))
    files = [
        Attachment(name="logs/1-large.txt", content_type="text/plain", content=noise),
        Attachment(name="small.txt", content_type="text/plain", content=noise[:5_000_000]),
    ]
    content = onec_report.packed(enveloped(b"{}", *files), pack)
    assert len(content) <= onec_report.ZIP_LIMIT_BYTES
    stored = read(content)
    assert sorted(stored.report.additionalFiles) == ["report-original.json", "small.txt"]
    told = stored.report.errorInfo.applicationErrorInfo.errors
    assert ("Left out for their size: logs/1-large.txt", ["LeftOut"]) in told


@pytest.mark.parametrize("name", ["getinfo", "pushreport"])
def test_the_documents_are_as_they_always_were(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onec_report, "__version__", typical.VERSION)
    assert golden()[name] == json.loads((GOLDEN / f"onec_{name}.json").read_text(encoding="utf-8"))


def golden() -> dict[str, Any]:
    """The documents of one report, as JSON."""
    bundle = typical.logs_and_story()
    envelope = of_bundle(bundle)
    translated = onec_report.translated(envelope, bundle.attachments)
    return {
        "getinfo": onec_report.info(envelope.question()),
        "pushreport": json.loads(translated.report_json),
    }


FILES = st.lists(
    st.builds(
        Attachment,
        name=st.text(max_size=20) | st.sampled_from(["report.json", "screenshot.png", "..", "logs/1-a.txt"]),
        content_type=st.sampled_from(["image/png", "text/plain", ""]),
        content=st.binary(max_size=50) | st.sampled_from([PNG, JPEG]),
    ),
    max_size=4,
)


@example(JPEG, [])
@given(st.binary() | damaged() | ANY.map(lambda part: json.dumps(part).encode()), FILES)
def test_anything_in_the_spool_becomes_a_report_that_the_receiver_takes(
    report_json: bytes, files: list[Attachment]
) -> None:
    envelope = enveloped(report_json, *files)
    stored = pushed(envelope)
    assert pushed(envelope).report == stored.report
    assert stored.files["report-original.json"] == report_json
    assert REFERENCE in stored.report.errorInfo.userDescription
    msgspec.json.decode(msgspec.json.encode(onec_report.info(envelope.question())), type=Asked)


@settings(max_examples=30)
@given(bundles())
def test_any_report_that_is_built_becomes_one_that_the_receiver_takes(bundle: Bundle) -> None:
    stored = pushed(of_bundle(bundle))
    assert stored.report.id == uuid.UUID(bundle.report.id)
    assert stored.report.time == bundle.report.created_at


def main() -> None:
    """Write the golden documents."""
    vars(onec_report)["__version__"] = typical.VERSION
    for name, document in golden().items():
        text = json.dumps(document, ensure_ascii=False, indent=2)
        (GOLDEN / f"onec_{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
