"""The published JSON Schemas, made from the structs themselves.

``python -m reporter.report.schema docs/schemas`` writes them; a test compares them with the code.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from reporter.capture.failure import Failure
from reporter.delivery.receipt import Receipt
from reporter.diagnosis.verdict import Verdict
from reporter.report.model import Report

PUBLISHED: dict[str, type] = {
    "failure-1.schema.json": Failure,
    "receipt-1.schema.json": Receipt,
    "report-2.schema.json": Report,
    "verdict-1.schema.json": Verdict,
}


FROZEN = ("report-1.schema.json",)
"""Of older versions, as they were then."""


def schema(kind: type) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a struct."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}


def text(kind: type) -> str:
    """The schema as the published file holds it."""
    return msgspec.json.format(msgspec.json.encode(schema(kind)), indent=2).decode() + "\n"


def main(folder: str) -> None:
    """Write every schema into ``folder``."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, kind in PUBLISHED.items():
        (Path(folder) / name).write_text(text(kind), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
