"""A report survives the telephone: its heart in a few characters, and nothing is believed on the way back."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.capture.failure import Application
from reporter.diagnosis.evidence import (
    Database,
    DatabaseOutcome,
    Family,
    Http,
    HttpOutcome,
    Local,
    Proxy,
    ProxyOutcome,
    Reported,
    Route,
)
from reporter.diagnosis.verdict import Confidence, Owner
from reporter.errors import ReporterError
from reporter.report import spoken
from reporter.report.model import Bundle, Report
from reporter.report.qr import QUIET_ZONE, squares
from reporter.report.reference import ALPHABET
from reporter.report.spoken import Spoken, Step
from reporter.report.telephone import read_out
from reporter.texts import LANGUAGES, Translator, translator
from reporter.texts.causes import CAUSES
from tests.report import typical
from tests.report.strategies import bundles

HELP = "https://help.example.org/login"
ENGLISH = Translator("en")
TYPICAL = (
    typical.tls_expired,
    typical.refused,
    typical.portal,
    typical.infobase,
    typical.crash,
    typical.logs_and_story,
)
EXPIRED_CODE = (
    "06DVZJPWVFC4BNSJ631CGXSNA8RR8QA36V9QN0FNM1M4CJHQ811JD4Z14AEP"
    "QZSKWPH1HBQXSZXDZPVGC0RV0KJYDAP6FA3708097CPX2C"
)
EXPIRED = Spoken(
    reference="7K3D-9QX2M",
    cause="tls.expired",
    layer="tls",
    owner=Owner.SERVER,
    confidence=Confidence.CERTAIN,
    occurred_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
    host="erp.example.org",
    port=443,
    steps=[
        Step("dns", "resolved", "", 3),
        Step("tcp", "connected", "", 12),
        Step("tls", "untrusted", "10", 44),
    ],
    valid_from=datetime(2025, 11, 20, tzinfo=UTC),
    valid_until=datetime(2026, 11, 20, tzinfo=UTC),
    application="ERP",
    version="3.1.4",
)


def with_verdict(report: Report, **changes: object) -> Report:
    assert report.verdict is not None
    verdict = msgspec.structs.replace(report.verdict, **changes)
    return msgspec.structs.replace(report, verdict=verdict)


def with_evidence(report: Report, **changes: object) -> Report:
    assert report.verdict is not None
    return with_verdict(report, evidence=msgspec.structs.replace(report.verdict.evidence, **changes))


def steps(report: Report) -> list[Step]:
    return spoken.decode(spoken.encode(report)).steps


def version_of(text: str) -> int:
    return (len(squares(text)) - 17) // 4


def sealed(body: bytes, version: int = spoken.VERSION) -> str:
    """A code whose check is right, whatever is in it."""
    body = bytes([version]) + body
    return spoken._letters(body + zlib.crc32(body).to_bytes(spoken.CHECK_BYTES))


def squeezed(plain: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=spoken._DICTIONARY)
    return squeezer.compress(plain) + squeezer.flush()


# What is in it


def test_the_heart_of_a_report_comes_back() -> None:
    assert spoken.decode(spoken.encode(typical.tls_expired().report)) == EXPIRED


@pytest.mark.parametrize("make", TYPICAL)
def test_a_typical_report_fits_a_small_code(make: Callable[[], Bundle]) -> None:
    report = make().report
    code = spoken.encode(report)
    assert set(code) <= set(ALPHABET)
    assert version_of(spoken.link(HELP, code)) <= 10
    assert spoken.decode(code) == spoken.spoken(report)


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_every_cause_with_its_neighbour_fits(cause: str) -> None:
    """The longest way: a proxy, every stage, a database, and what the application saw."""
    layer = cause.partition(".")[0]
    report = with_verdict(
        typical.tls_expired().report, cause=cause, layer=layer, runner_up="proxy.auth_required"
    )
    report = with_evidence(
        report,
        proxy=Proxy(address="http://proxy:3128", source="pac", outcome=ProxyOutcome.TUNNEL, elapsed_ms=184),
        http=Http(outcome=HttpOutcome.ANSWERED, status=503, elapsed_ms=2_931),
        reported=Reported(type="ConnectionResetError", errno=104),
    )
    code = spoken.encode(report)
    assert version_of(spoken.link(HELP, code)) <= 10
    assert spoken.decode(code).cause == cause


def test_the_numbers_of_outcomes_go_along() -> None:
    report = with_evidence(
        typical.refused().report,
        local=Local(routes=[Route(family=Family.IPV4, is_open=False, errno=101)], has_address=False),
        database=Database(protocol="ldap", outcome=DatabaseOutcome.REFUSED, ldap_code=49, ldap_data="775"),
        reported=Reported(type="ConnectionRefusedError", errno=111),
    )
    assert steps(report) == [
        Step("local", "no_address", "101", 0),
        Step("dns", "resolved", "", 3),
        Step("tcp", "refused", "111", 1),
        Step("database", "refused", "49/775", 0),
        Step("reported", "ConnectionRefusedError", "111", 0),
    ]


def test_nothing_is_told_that_the_report_does_not_tell() -> None:
    """The host of a report whose names are hidden is the name that stands in it."""
    report = msgspec.structs.replace(typical.tls_expired().report, verdict=None)
    told = spoken.decode(spoken.encode(report))
    assert (told.host, told.cause, told.steps) == ("", "", [])


def test_dates_are_told_only_where_the_cause_lies_in_them() -> None:
    report = with_verdict(typical.tls_expired().report, cause="http.unavailable", layer="http")
    assert spoken.decode(spoken.encode(report)).valid_until is None


def test_long_names_are_shortened_before_the_code_grows() -> None:
    application = Application(
        name="Управление торговлей, редакция 11, ООО «Ромашка и партнёры»" * 9, version="9" * 99
    )
    report = typical.infobase().report
    report = msgspec.structs.replace(
        report, failure=msgspec.structs.replace(report.failure, application=application)
    )
    code = spoken.encode(report)
    assert len(code) * 5 // 8 <= spoken.AIM_BYTES
    assert "Управление т".startswith(spoken.decode(code).application[:12])


def test_the_first_version_stays_readable_for_ever() -> None:
    """A code that somebody photographed may be read years later: neither words nor order may change."""
    assert spoken.decode(EXPIRED_CODE) == EXPIRED
    digest = hashlib.sha256(spoken._DICTIONARY).hexdigest()
    assert digest == "361431d63be853702ef0567fe01093f6184912c76b9a174ecbedb10fa83cb6ab"


@given(bundle=bundles())
@settings(deadline=None)
def test_whatever_a_report_holds_can_be_spoken(bundle: Bundle) -> None:
    code = spoken.encode(bundle.report)
    assert len(code) * 5 // 8 <= 2 * spoken.AIM_BYTES
    assert spoken.decode(code).reference == bundle.report.reference
    for language in LANGUAGES:
        assert all(line and "\n" not in line for line in read_out(bundle.report, translator(language)))


# What is understood


@pytest.mark.parametrize(
    "wrap",
    [
        "{code}",
        "  {code}\n",
        "r={code}",
        "#r={code}",
        f"{HELP}#r={{code}}",
        f"{HELP}?a=b#page=1&r={{code}}",
        "mailto:help@example.org?subject=Reporter%207K3D-9QX2M&body={code}",
    ],
)
def test_a_code_is_found_in_what_people_paste(wrap: str) -> None:
    assert spoken.decode(wrap.format(code=EXPIRED_CODE)) == EXPIRED


def test_a_code_may_be_typed_as_it_is_read() -> None:
    typed = spoken.groups(EXPIRED_CODE).lower().replace("0", "o").replace("1", "l")
    assert " " in typed
    assert spoken.decode(typed) == EXPIRED
    assert spoken.decode(typed.replace(" ", "-\n")) == EXPIRED


# What is not believed


def test_every_single_slip_is_noticed() -> None:
    for at, letter in enumerate(EXPIRED_CODE):
        other = ALPHABET[(ALPHABET.index(letter) + 1) % len(ALPHABET)]
        with pytest.raises(ReporterError):
            spoken.decode(EXPIRED_CODE[:at] + other + EXPIRED_CODE[at + 1 :])


def test_every_cut_is_noticed() -> None:
    for length in range(len(EXPIRED_CODE)):
        with pytest.raises(ReporterError):
            spoken.decode(EXPIRED_CODE[:length])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no code"),
        ("https://help.example.org/#r=", "holds no code"),
        ("ABC!", "The code holds “!”"),
        ("x" * 9_000, "longer than 8,192 characters"),
        ("A" * 3_000, "has 3,000 characters"),
        ("K7QF-9M2T7", "is the number of a report"),
        (EXPIRED_CODE[:-4], "not complete"),
    ],
)
def test_what_is_no_code_is_said_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ReporterError, match=re.escape(sentence)) as caught:
        spoken.decode(text)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(squeezed(b"\x00" * 50_000_000), id="bomb"),
        pytest.param(squeezed(b"\xdd\xff\xff\xff\xff"), id="endless array"),
        pytest.param(squeezed(b"\x91" * 2_000), id="nested"),
        pytest.param(squeezed(msgspec.msgpack.encode({"reference": "x"})), id="object"),
        pytest.param(squeezed(msgspec.msgpack.encode(["x", 1])), id="wrong type"),
        pytest.param(
            squeezed(msgspec.msgpack.encode(Spoken(reference="x", steps=[Step("a", "b")] * 13))),
            id="long way",
        ),
        pytest.param(squeezed(msgspec.msgpack.encode(EXPIRED)) + b"more", id="something behind"),
        pytest.param(squeezed(msgspec.msgpack.encode(EXPIRED))[:-3], id="cut"),
        pytest.param(b"\xff\xff\xff", id="noise"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_code_made_by_hand_is_not_believed(body: bytes) -> None:
    if len(code := sealed(body)) > spoken.CODE_LIMIT_CHARS:
        code = sealed(body[:1_000])
    with pytest.raises(ReporterError):
        spoken.decode(code)


def test_text_made_by_hand_is_harmless() -> None:
    hostile = "\u202eevil\x1b[2J\nline" + "x" * 500
    found = spoken.decode(
        sealed(squeezed(msgspec.msgpack.encode(Spoken(reference=hostile, host=hostile, application=hostile))))
    )
    for text in (found.reference, found.host, found.application):
        assert text.startswith("evil[2J line")
        assert len(text) < 80


def test_a_version_to_come_is_named() -> None:
    with pytest.raises(ReporterError, match="newer version"):
        spoken.decode(sealed(b"whatever it will hold", version=2))


def test_a_newer_version_may_add_members() -> None:
    members = [*msgspec.msgpack.decode(msgspec.msgpack.encode(EXPIRED)), "new", 7]
    assert spoken.decode(sealed(squeezed(msgspec.msgpack.encode(members)))) == EXPIRED


@given(text=st.text() | st.text(ALPHABET, min_size=8).map(lambda letters: f"#r=0{letters}"))
def test_anything_typed_is_a_code_or_a_sentence(text: str) -> None:
    with pytest.raises(ReporterError, match=r"\.$"):
        spoken.decode(text)


# Where it goes


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (HELP, f"{HELP}#r=CODE"),
        ("http://help.example.org", "http://help.example.org#r=CODE"),
        (f"{HELP}?tab=2#old", f"{HELP}?tab=2#r=CODE"),
        (
            "mailto:help@example.org?subject=old",
            "mailto:help@example.org?subject=Reporter%207K3D-9QX2M&body=CODE",
        ),
        ("tel:+7-495-000-00-00", "tel:+7-495-000-00-00"),
        ("", "CODE"),
        ("javascript:alert(1)", "CODE"),
        ("file:///etc/passwd", "CODE"),
        (r"\\server\share", "CODE"),
    ],
)
def test_the_link_follows_the_kind_of_the_help_address(address: str, link: str) -> None:
    assert spoken.link(address, EXPIRED_CODE) == link.replace("CODE", EXPIRED_CODE)


# What is read out


def test_what_is_read_out_is_short_and_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    assert read_out(typical.tls_expired().report, ENGLISH) == [
        "The number of my report is 7_K_3_D_–_9_Q_X_2_M.".replace("_", "\u00a0"),
        "The certificate of erp.example.org has run out.",
        "It was at 09:00 on 2026-11-22, in ERP 3.1.4.",
        "The server is erp.example.org, port 443.",
        "The certificate of the server was not accepted. "
        "The certificate is for the time from 2025-11-20 to 2026-11-20.",
        "Before that it worked: name in 3 ms, connection in 12 ms.",
        "For support: tls.expired, code 10, certain.",
    ]


def test_a_neighbour_and_the_code_are_named_for_support() -> None:
    report = with_verdict(typical.refused().report, confidence=Confidence.LIKELY, runner_up="tcp.unreachable")
    assert (
        read_out(report, ENGLISH)[-1]
        == "For support: tcp.refused, code 111, likely, or else tcp.unreachable."
    )


def test_a_crash_is_read_out_without_a_server() -> None:
    lines = read_out(typical.crash().report, ENGLISH)
    assert lines[1] == "ERP has ended unexpectedly."
    assert not any("server" in line for line in lines)


# Through a camera


def _picture(rows: list[list[bool]], scale: int) -> bytes:
    side = (len(rows) + 2 * QUIET_ZONE) * scale
    light = b"\xff" * side
    lines = [light] * (QUIET_ZONE * scale)
    for row in rows:
        line = b"\xff" * (QUIET_ZONE * scale)
        line += b"".join((b"\x00" if dark else b"\xff") * scale for dark in row)
        lines += [line + b"\xff" * (QUIET_ZONE * scale)] * scale
    lines += [light] * (QUIET_ZONE * scale)
    return b"P5 %d %d 255\n" % (side, side) + b"".join(lines)


@pytest.mark.parametrize("make", TYPICAL)
def test_a_camera_reads_the_same_link(make: Callable[[], Bundle], tmp_path: Path) -> None:
    zbarimg = shutil.which("zbarimg")
    assert zbarimg is not None, "zbar-tools is missing: run packaging/develop test"
    report = make().report
    link = spoken.link(HELP, spoken.encode(report))
    picture = tmp_path / "code.pgm"
    picture.write_bytes(_picture(squares(link), 3))
    seen = subprocess.run(
        [zbarimg, "--quiet", "--raw", str(picture)], capture_output=True, text=True, timeout=30, check=True
    ).stdout.strip()
    assert seen == link
    assert spoken.decode(seen) == spoken.spoken(report)


def test_a_text_too_long_for_any_code_is_said() -> None:
    with pytest.raises(ReporterError, match="too many for a code"):
        squares("я" * 3_000)
