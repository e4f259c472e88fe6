"""Typical reports are byte for byte what they were; what is meant to change is written anew by a command."""

from __future__ import annotations

import pytest

from tests.report import typical


@pytest.mark.parametrize("name", typical.TYPICAL)
def test_a_typical_report_is_byte_for_byte_the_golden_one(name: str) -> None:
    golden = (typical.GOLDEN / f"{name}.json").read_bytes()
    assert typical.TYPICAL[name]().report_json == golden, (
        "if this was meant: .venv/bin/python -m tests.report.typical"
    )


def test_there_are_no_other_golden_reports() -> None:
    assert {path.stem for path in typical.GOLDEN.iterdir()} == set(typical.TYPICAL)


@pytest.mark.parametrize("name", typical.TYPICAL)
def test_no_planted_secret_is_in_a_golden_report(name: str) -> None:
    made = typical.TYPICAL[name]()
    whole = made.report_json + b"".join(file.content for file in made.attachments)
    for secret in ("Winter2026!", "Зима2026!", "session=0123", "/home/anna", "Users\\Анна"):
        assert secret.encode() not in whole
