"""Palette: every colour of the window, by the part it plays."""

from __future__ import annotations

import math

import msgspec

from reporter.ui.brand import Colours

LEVEL = 5
"""The steps of a channel; see ``raster.LEVEL``."""


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """Colours as Tk names them (``#rrggbb`` or a system colour).

    Text on its ground reaches a contrast of 4.5, the outline of a field and the focus ring 3
    (WCAG 2.2 AA); a test measures the two palettes of our own. Their channels are multiples of five: see
    ``raster.LEVEL``.
    """

    window: str
    footer: str
    line: str
    text: str
    muted: str
    link: str
    ring: str
    panel: str
    field: str
    field_line: str
    accent: str
    accent_hover: str
    accent_pressed: str
    on_accent: str
    button: str
    button_hover: str
    button_pressed: str
    button_line: str
    disabled: str
    disabled_fill: str
    selection: str
    scroll: str
    scroll_hover: str
    caution: str
    caution_tint: str
    success: str
    success_tint: str
    info: str
    info_tint: str


LIGHT = Palette(
    window="#ffffff",
    footer="#f5f5f5",
    line="#e1e6e6",
    text="#191e23",
    muted="#5a5f6e",
    link="#1e5ac8",
    ring="#1e5ac8",
    panel="#f0f5fa",
    field="#ffffff",
    field_line="#878c9b",
    accent="#1e5fd2",
    accent_hover="#1950b4",
    accent_pressed="#1446a0",
    on_accent="#ffffff",
    button="#ffffff",
    button_hover="#f0f5fa",
    button_pressed="#e1e6eb",
    button_line="#c3c8d2",
    disabled="#9ba0aa",
    disabled_fill="#ebebeb",
    selection="#cde1fa",
    scroll="#c3c8d2",
    scroll_hover="#9ba0aa",
    caution="#915a00",
    caution_tint="#fff0d7",
    success="#197341",
    success_tint="#dcf5e6",
    info="#1e5ac8",
    info_tint="#e1ebfa",
)

DARK = Palette(
    window="#1e2328",
    footer="#191e23",
    line="#32373c",
    text="#ebebf0",
    muted="#a5afb9",
    link="#8cb4ff",
    ring="#8cb4ff",
    panel="#282d37",
    field="#14191e",
    field_line="#78828c",
    accent="#2d69d7",
    accent_hover="#326edc",
    accent_pressed="#285ab9",
    on_accent="#ffffff",
    button="#2d3237",
    button_hover="#373c46",
    button_pressed="#23282d",
    button_line="#4b505a",
    disabled="#69737d",
    disabled_fill="#23282d",
    selection="#2d4b82",
    scroll="#4b505a",
    scroll_hover="#78828c",
    caution="#f5c35a",
    caution_tint="#3c3219",
    success="#6ed29b",
    success_tint="#1e3c28",
    info="#8cb4ff",
    info_tint="#23324b",
)

# On Windows and macOS in their own themes, the grounds and texts are the system's.
WINDOWS = msgspec.structs.replace(
    LIGHT,
    window="SystemButtonFace",
    footer="SystemButtonFace",
    text="SystemWindowText",
    link="SystemHotlight",
    ring="SystemHighlight",
    panel="SystemWindow",
    field="SystemWindow",
    selection="SystemHighlight",
)

MACOS = msgspec.structs.replace(
    LIGHT,
    window="systemWindowBackgroundColor",
    footer="systemWindowBackgroundColor",
    line="systemSeparatorColor",
    text="systemTextColor",
    muted="systemTextColor",
    link="systemLinkColor",
    ring="systemControlAccentColor",
    panel="systemTextBackgroundColor",
    field="systemTextBackgroundColor",
    selection="systemSelectedTextBackgroundColor",
)


def branded(palette: Palette, colours: Colours) -> Palette:
    """The palette with a brand's colours; the shades of its accent lead away from the text on it."""
    changes: dict[str, str] = {}
    if colours.accent:
        on_accent = colours.on_accent or palette.on_accent
        away = 0 if sum(_channels(on_accent)) > sum(_channels(colours.accent)) else 255
        changes = {
            "accent": colours.accent,
            "accent_hover": _mixed(colours.accent, away, 0.1),
            "accent_pressed": _mixed(colours.accent, away, 0.2),
            "on_accent": on_accent,
        }
    if colours.link:
        changes |= {"link": colours.link, "ring": colours.link}
    return msgspec.structs.replace(palette, **changes) if changes else palette


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _mixed(colour: str, towards: int, share: float) -> str:
    # To the next step in that direction, so that no rounding leads back.
    step = math.ceil if towards else math.floor
    mixed = [LEVEL * step((c + (towards - c) * share) / LEVEL) for c in _channels(colour)]
    return "#" + "".join(f"{c:02x}" for c in mixed)
