"""JSON files: examples of policies for Linux, and the schema by which editors check them."""

from __future__ import annotations

import json

from policy.examples import mandatory, recommended
from policy.words import explanation
from reporter.settings.help import TEXT_LIMIT_CHARS, HelpTable
from reporter.settings.kinds import Choice, Flag, Kind, ListOf, Number, Sections
from reporter.settings.model import TABLE, Setting
from reporter.texts import translator

SCHEMA_NAME = "policy.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, object]


def managed_example() -> bytes:
    """A mandatory policy."""
    return _written({"$schema": f"../{SCHEMA_NAME}", **mandatory()})


def recommended_example() -> bytes:
    """A recommended policy."""
    return _written({"$schema": f"../{SCHEMA_NAME}", **recommended()})


def schema(product: str) -> bytes:
    """The JSON Schema of a policy file; what it refuses, the agent ignores with a reason."""
    return _written(
        {
            "$schema": DIALECT,
            "title": f"Policies of {product}",
            "type": "object",
            "properties": {"$schema": {"type": "string"}, **{row.name: _setting(row) for row in TABLE}},
            "additionalProperties": False,
        }
    )


def _setting(row: Setting) -> Schema:
    default = json.loads(json.dumps(row.default)) if not isinstance(row.default, dict) else {}
    return {
        "title": row.title,
        "description": explanation(row, translator("en"), recommended=not row.lockable),
        "default": default,
        **_kind(row.kind),
    }


def _kind(kind: Kind) -> Schema:
    if isinstance(kind, Flag):
        return {"type": "boolean"}
    if isinstance(kind, Number):
        return {"type": "integer", "minimum": kind.least, "maximum": kind.most}
    if isinstance(kind, Choice):
        return {"enum": list(kind.options)}
    if isinstance(kind, Sections):
        return {"type": "array", "items": {"enum": [*kind.parts, *kind.facts]}}
    if isinstance(kind, ListOf):
        return {"type": "array", "items": _kind(kind.item)}
    if isinstance(kind, HelpTable):
        words: Schema = {
            "text": {"type": "string", "maxLength": TEXT_LIMIT_CHARS},
            "url": {"type": "string"},
        }
        spoken = {"type": "object", "properties": words, "additionalProperties": False}
        cause = {"type": "object", "properties": words, "additionalProperties": spoken}
        pattern = r"^[a-z]+(\.[a-z0-9_]+)?$"
        return {"type": "object", "propertyNames": {"pattern": pattern}, "additionalProperties": cause}
    return {"type": "string", "$comment": kind.description}


def _written(value: object) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False, indent=2)}\n".encode()
