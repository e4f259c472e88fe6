"""Brand: the name, the looks and the support contact under which an organisation offers this program."""

from __future__ import annotations

import msgspec


class Colours(msgspec.Struct, frozen=True, kw_only=True):
    """As ``#rrggbb``, empty where the program's own stay. ``accent``: the ground of the main button;
    ``on_accent``: its text; ``link``: links and the ring around what has the keyboard."""

    accent: str = ""
    on_accent: str = ""
    link: str = ""


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """Empty where the program keeps its own look.

    ``product``, ``vendor``, ``bundle_id``: names, the last as macOS writes them; ``command``: what is typed
    to start the program; ``maintainer``: who answers for the packages, ``Name <mail address>``; ``logo``,
    ``logo_dark``: a PNG each; ``phone``, ``email``, ``url``: how people reach support: no report goes there.
    """

    product: str = ""
    vendor: str = ""
    bundle_id: str = ""
    command: str = ""
    maintainer: str = ""
    logo: bytes = b""
    logo_dark: bytes = b""
    light: Colours = Colours()
    dark: Colours = Colours()
    phone: str = ""
    email: str = ""
    url: str = ""


OWN = Brand()
