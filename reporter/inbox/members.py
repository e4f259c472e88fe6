"""Members: what a stored document holds, where its sender could have put anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def mapping(found: Any) -> dict[str, Any]:
    """The object, or an empty one."""
    return found if isinstance(found, dict) else {}


def mappings(found: Any) -> Iterator[dict[str, Any]]:
    """The objects in a list of them; whatever else stands there is left out."""
    return (item for item in (found if isinstance(found, list) else []) if isinstance(item, dict))


def string(found: Any) -> str:
    """The text, or an empty one."""
    return found if isinstance(found, str) else ""


def strings(found: Any) -> list[str]:
    """The texts in a list of them, without empty ones."""
    items = found if isinstance(found, list) else []
    return [item for item in items if isinstance(item, str) and item.strip()]
