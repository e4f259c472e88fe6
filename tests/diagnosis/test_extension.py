"""Causes that an application adds, by entry points of a package that is really there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib import machinery, metadata
from pathlib import Path

import pytest
from msgspec.structs import replace

from reporter.diagnosis import extension, weighing
from reporter.diagnosis.evidence import Evidence, Http, HttpOutcome, Problem, Reported, Tcp, TcpOutcome
from reporter.diagnosis.target import parse_target
from reporter.texts import translator
from tests.diagnosis.wire import NOW, Serve, answering, response

GOOD = """
from reporter.diagnosis.extension import AppCause
from reporter.diagnosis.verdict import Owner, Retry

CAUSES = [
    AppCause(
        cause="app.period_closed",
        owner=Owner.SERVER,
        retry=Retry.AFTER_FIX,
        words={
            "en": ("The period is closed", ("Choose a later date.", "Ask support.")),
            "ru": ("Период закрыт", ("Выберите более позднюю дату.", "Спросите поддержку.")),
        },
    ),
    AppCause(
        cause="app.wrong_branch",
        owner=Owner.USER,
        retry=Retry.BY_HAND,
        words={"en": ("Another branch answers", ("Ask support.\\x1b[31m",))},
        when=lambda evidence: evidence.http is not None and evidence.http.headers.get("server") == "branch",
    ),
    AppCause(
        cause="app.breaks",
        owner=Owner.USER,
        retry=Retry.BY_HAND,
        words={"en": ("It breaks", ("Ask support.",))},
        when=lambda evidence: 1 / 0,
    ),
]
"""
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package with this source beside Reporter, as an installer would; the result is its folder."""

    def forget() -> None:
        extension.installed.cache_clear()
        weighing._table.cache_clear()

    def put(name: str, source: str, point: str = "CAUSES") -> Path:
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        described = tmp_path / f"{name}-1.0.dist-info"
        described.mkdir()
        (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (described / "entry_points.txt").write_text(f"[reporter.rules]\n{name} = {name}:{point}\n")
        return tmp_path

    monkeypatch.syspath_prepend(str(tmp_path))
    forget()
    yield put
    forget()


def answered(code: str = "", **members: object) -> Evidence:
    http = Http(outcome=HttpOutcome.ANSWERED, status=409, problem=Problem(code=code) if code else None)
    return Evidence(
        target=parse_target("https://erp.example.org/"),
        taken_at=NOW,
        tcp=Tcp(outcome=TcpOutcome.CONNECTED, port=443),
        http=replace(http, **members),
    )


def test_a_package_in_an_archive_is_found_too(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = install("erp", GOOD)
    archive = tmp_path / "erp.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in sorted(beside.rglob("*")):
            if path.is_file() and path != archive:
                zipped.write(path, path.relative_to(beside))
    shutil.rmtree(beside / "erp-1.0.dist-info")
    monkeypatch.syspath_prepend(str(archive))
    assert extension.installed().find("app.period_closed") is not None


def test_without_such_packages_nothing_is_looked_through(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other-1.0.dist-info").mkdir()
    (tmp_path / "other-1.0.dist-info" / "entry_points.txt").write_text(
        "[console_scripts]\nother = other:main\n"
    )
    # Where a frozen program looks first.
    (tmp_path / "base_library.zip").write_bytes(b"PK")
    places = [tmp_path / "base_library.zip", tmp_path, tmp_path / "absent"]
    monkeypatch.setattr(sys, "path", list(map(str, places)))
    monkeypatch.setattr(sys, "meta_path", [machinery.PathFinder])
    monkeypatch.setattr(metadata, "entry_points", lambda **_: pytest.fail("it was looked through"))
    assert extension.installed() == extension.Extensions()


def test_a_typed_answer_of_the_application(install: Install) -> None:
    install("erp_reporter_a", GOOD)
    verdict = weighing.diagnose(answered("period_closed"))
    assert (verdict.cause, verdict.layer, verdict.owner, verdict.retry) == (
        "app.period_closed",
        "app",
        "server",
        "after_fix",
    )
    assert verdict.advice == ["Choose a later date.", "Ask support."]
    assert weighing.diagnose(answered("period_closed"), translator("ru")).headline == "Период закрыт"


def test_a_typed_answer_that_only_the_host_application_saw(install: Install) -> None:
    install("erp_reporter_b", GOOD)
    reported = Reported(status=409, problem=Problem(code="period_closed"))
    verdict = weighing.diagnose(replace(answered(status=200), reported=reported))
    assert (verdict.cause, verdict.confidence) == ("app.period_closed", "certain")


def test_a_look_at_the_evidence(install: Install) -> None:
    install("erp_reporter_c", GOOD)
    verdict = weighing.diagnose(answered(headers={"server": "branch"}))
    assert (verdict.cause, verdict.advice) == ("app.wrong_branch", ["Ask support.[31m"])
    refused = replace(answered(headers={"server": "branch"}), tcp=Tcp(outcome=TcpOutcome.REFUSED, port=443))
    assert weighing.diagnose(refused).cause == "tcp.refused", "roots stand before symptoms"


@pytest.mark.usefixtures("install")
def test_what_nobody_added_is_not_typed() -> None:
    assert weighing.diagnose(answered("period_closed")).cause == "unknown"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("", "AttributeError"),
        ("CAUSES = 7", "a sequence of them"),
        ("CAUSES = [7]", "int is not an AppCause"),
        (GOOD.replace("app.period_closed", "tcp.refused"), "'tcp.refused' is not app."),
        (GOOD.replace("app.period_closed", "app.maintenance"), "defined already"),
        (GOOD.replace("Owner.SERVER", "'boss'"), "'boss' is not a valid Owner"),
        (GOOD.replace('"en": ("The period', '"de": ("The period'), "no English words"),
        (GOOD.replace('("Ask support.",)', "(7,)"), "all text"),
        ("raise SystemExit", "SystemExit"),
    ],
)
def test_a_package_that_cannot_be_used_is_a_recorded_gap(install: Install, source: str, why: str) -> None:
    install("erp_reporter_d", source)
    sys.modules.pop("erp_reporter_d", None)
    [gap] = extension.installed().gaps
    assert why in gap
    assert gap.startswith("The causes of erp_reporter_d (erp_reporter_d:CAUSES) are left out: ")
    assert weighing.diagnose(answered(status=403)).cause == "http.forbidden"


def test_in_the_process_of_the_agent(install: Install, serve: Serve) -> None:
    folder = install("erp_reporter_e", GOOD)
    problem = response(
        "409 Conflict", "Content-Type: application/problem+json", body='{"code": "period_closed"}'
    )
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "reporter",
            "diagnose",
            "--json",
            f"http://127.0.0.1:{serve(answering(problem))}/",
        ],
        env={**os.environ, "PYTHONPATH": str(folder), "REPORTER_HOME": str(folder / "home")},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )
    assert json.loads(ended.stdout)["cause"] == "app.period_closed"
    assert ended.returncode == 1
