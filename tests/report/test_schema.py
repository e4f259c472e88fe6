"""The published schemas are those of the code, and whatever is produced follows them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from reporter.report import bundle, schema
from reporter.report.model import Bundle
from tests.report import strategies, typical

DOCS = Path(__file__).parents[2] / "docs" / "schemas"
FROZEN = {"report-1.schema.json": "c1c8de2f645f123469ba78a08b02bfa74fb2699507252f0ad0b54ea23c7666ac"}


def validator(name: str) -> jsonschema.Draft202012Validator:
    document: dict[str, Any] = json.loads((DOCS / name).read_bytes())
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


@pytest.fixture(scope="module")
def report_2() -> jsonschema.Draft202012Validator:
    return validator("report-2.schema.json")


@pytest.mark.parametrize("name", schema.PUBLISHED)
def test_the_published_schema_is_the_codes(name: str) -> None:
    published = (DOCS / name).read_text(encoding="utf-8")
    assert published == schema.text(schema.PUBLISHED[name]), (
        "run: python -m reporter.report.schema docs/schemas"
    )


def test_schemas_of_older_versions_stay_as_they_were() -> None:
    assert set(FROZEN) == set(schema.FROZEN)
    for name, digest in FROZEN.items():
        assert hashlib.sha256((DOCS / name).read_bytes()).hexdigest() == digest


def test_nothing_else_is_published() -> None:
    assert {path.name for path in DOCS.iterdir()} == {*schema.PUBLISHED, *schema.FROZEN}


@pytest.mark.parametrize("name", typical.TYPICAL)
def test_every_typical_report_follows_the_schema(
    name: str, report_2: jsonschema.Draft202012Validator
) -> None:
    report_2.validate(json.loads(typical.TYPICAL[name]().report_json))


def test_the_old_bundle_follows_the_old_schema() -> None:
    old = bundle.read(Path(__file__).parent / "old" / "report-1.zip")
    validator("report-1.schema.json").validate(json.loads(old.report_json))


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(made=strategies.bundles())
def test_whatever_is_produced_follows_the_schema(
    made: Bundle, report_2: jsonschema.Draft202012Validator
) -> None:
    report_2.validate(json.loads(made.report_json))


def test_the_schema_refuses_what_is_no_report(report_2: jsonschema.Draft202012Validator) -> None:
    document = json.loads(typical.logs_and_story().report_json)
    for broken in (
        {name: member for name, member in document.items() if name != "reference"},
        document | {"story": {"questions": "none"}},
        document | {"attachments": [{"name": "a"}]},
    ):
        assert not report_2.is_valid(broken)
