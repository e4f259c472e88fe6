"""The published schemas are those of the code, and what is produced follows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.report import schema

DOCS = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("name", schema.PUBLISHED)
def test_the_published_schema_is_the_codes(name: str) -> None:
    published = (DOCS / name).read_text(encoding="utf-8")
    assert published == schema.text(schema.PUBLISHED[name]), (
        "run: python -m reporter.report.schema docs/schemas"
    )


def test_nothing_else_is_published() -> None:
    assert {path.name for path in DOCS.iterdir()} == set(schema.PUBLISHED)
