"""Upgrade: reports of older versions in today's form.

report/1   the story was one text and a contact; there were no attachments and no fingerprint
"""

from __future__ import annotations

from typing import Any

import msgspec

from reporter.errors import BundleError
from reporter.report.model import SCHEMA, Report
from reporter.texts.safe import one_line

OLD = ("report/1",)


def read(raw: bytes, *, where: str = "The report") -> Report:
    """The report in the bytes of a ``report.json`` of any known version; raises BundleError.

    ``where`` begins the sentence of the error.
    """
    try:
        document = msgspec.json.decode(raw)
        found = document.get("schema", "") if isinstance(document, dict) else ""
        if isinstance(found, str) and found not in ("", SCHEMA, *OLD):
            raise BundleError(
                f"{where} has the schema {one_line(found, 60)!r}; "
                f"this version reads {SCHEMA!r} and older ones."
            )
        if found in OLD:
            document = _from_1(document)
        return msgspec.convert(document, Report)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"{where} does not follow {SCHEMA} ({one_line(str(error), 300)}).") from None


def _from_1(document: dict[str, Any]) -> dict[str, Any]:
    story = document.get("story")
    if isinstance(story, dict):
        story = {name: member for name, member in story.items() if name != "text"} | {
            "happened": story.get("text", "")
        }
        document = document | {"story": story}
    return document | {"schema": SCHEMA}
