"""Surroundings: what the administrator told about the network around a target."""

from __future__ import annotations

import msgspec


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses that help to tell one cause from its neighbour; all optional, none public by default.

    ``control_urls``: internal addresses that answer when the network works; ``portal_url``: a page over plain
    HTTP whose answer is known; ``status_url``: the startup-error service; ``language``: of its message.
    """

    control_urls: tuple[str, ...] = ()
    portal_url: str = ""
    status_url: str = ""
    language: str = ""
