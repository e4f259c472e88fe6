"""The words of one cause: a headline, then advice."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """Message ids of one cause, to be looked up in the language of the person."""

    headline: str
    advice: tuple[str, ...]
